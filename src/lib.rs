//! piton: a terminal runbook assistant.
//!
//! Read in this order: [`runbook`] (what is walked), [`engine`] (what a run means), then `journal`, `session`, `tui`.

pub mod clock;
pub mod diagnostic;
pub mod engine;
pub mod exec;
pub mod fs;
pub mod health;
pub mod journal;
pub mod practice;
pub mod runbook;
pub mod session;
pub mod text;
pub mod tui;
