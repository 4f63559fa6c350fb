//! Runs held against each other, pure: each is boiled down from its records ([`Gathered`] gives a [`Run`]), and two of them are
//! compared part by part ([`compare`]), or many are counted ([`Counting`]).
//!
//! Nothing here reads a file or a clock. One record is taken in at a time, so that a long journal is never in memory as
//! a whole.

mod many;
mod pair;
mod run;

pub use many::{Counting, Often, Spread, Statistics, StepTimes, Text};
pub use pair::{Command, Comparison, Differing, Overruled, Reading, StepPair, compare};
pub use run::{Deviated, Gathered, Ran, Run, StepWent};

#[cfg(test)]
mod tests;
