//! piton: a terminal runbook assistant.
//!
//! Read in this order: [`runbook`] (what is walked), [`engine`] (what a run means), then [`journal`], [`session`],
//! [`tui`]. `ARCHITECTURE.md` is the map.

// In layer order: each group imports from those above it only.

pub mod clock;
pub mod fs;
pub mod packed;
pub mod signature;
pub mod text;

pub mod config;
pub mod diagnostic;
pub mod explain;

pub mod practice;
pub mod runbook;
pub mod sources;

pub mod coverage;
pub mod engine;
pub mod site;

pub mod exec;
pub mod journal;
pub mod library;

pub mod health;
pub mod scenario;

pub mod keeping;
pub mod review;

pub mod debrief;
pub mod report;

pub mod compare;
pub mod search;

pub mod session;

pub mod plain;
pub mod tui;

pub mod cli;
