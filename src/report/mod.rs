//! What is handed in: a run as a report, and a plan as a paper to walk by.
//!
//! Pure: records and runbook become a model ([`Report`], [`Paper`]), and writers make text of it. Nothing here reads a
//! file or a clock, so one journal gives one report. Every text goes through `text` in the writers: what comes from
//! outside is shown, never obeyed.

mod build;
mod chart;
mod conditions;
mod health;
mod html;
mod json;
mod markdown;
mod model;
mod page;
mod paper;
mod paper_html;
mod paper_markdown;
mod steps;
mod sums;
mod told;

pub use build::{Beside, Material, build};
pub use html::html;
pub use json::{SCHEMA, cleaned, json};
pub use markdown::markdown;
pub use model::*;
pub use paper::{Paper, paper};
pub use paper_html::paper_html;
pub use paper_markdown::paper_markdown;
pub use steps::Going;
pub use sums::Sum;
pub use told::{command_line, deviation, duration, millis, plain, told_line};
