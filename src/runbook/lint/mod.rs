//! Advice about a runbook that is taken: what a careful reader would still ask its author to look at.
//!
//! Whatever is doubtful is not told: advice that is wrong teaches authors to read none of it.

mod advice;
mod command;
mod walk;
mod wording;

pub use advice::{check, parse};

#[cfg(test)]
mod tests;
