//! What a practice run came to: the records of the run held against its scenario.
//!
//! Pure. The harm is taken from the records, not from a simulator that is built again: what the trainee saw is what counts.

mod compute;
mod text;

use std::time::Duration;

use serde::Serialize;

use crate::clock::Timestamp;

pub use compute::{Past, debrief, past};
pub use text::{Line, Tone, lines};

/// The points that a run begins with.
pub const FULL: u32 = 100;

/// What a practice run came to.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Debrief {
    /// The run's name.
    pub run: String,
    /// The runbook.
    pub runbook: String,
    /// The runbook's title.
    pub title: String,
    /// What was played; `None`: nothing.
    pub scenario: Option<Told>,
    /// The seed.
    pub seed: u64,
    /// How it ended; `None`: it is open.
    pub outcome: Option<String>,
    /// How the right way ends.
    pub expected: Option<String>,
    /// Points of [`FULL`]; `None`: it is not over, so there are none yet.
    pub score: Option<u32>,
    /// Every deduction, the largest first.
    pub deductions: Vec<Deduction>,
    /// Every sort of harm, also what costs nothing.
    pub harm: Vec<HarmDone>,
    /// Where the machine was overruled, in order.
    pub deviations: Vec<Overruled>,
    /// The faults that struck, in order.
    pub faults: Vec<Moment>,
    /// The hints that were taken, in order.
    pub hints: Vec<Moment>,
    /// How many commands were typed at the console.
    pub typed: usize,
    /// How long it took, in milliseconds of the run's clock while somebody sat there.
    pub took_ms: u64,
    /// How long the runbook plans for it, in milliseconds.
    pub planned_ms: Option<u64>,
    /// What the best way would have been.
    pub best: Vec<String>,
    /// This and the other attempts at the same scenario, in order.
    pub history: Vec<Past>,
}

/// A scenario for people.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Told {
    /// Its name.
    pub id: String,
    /// Its title.
    pub title: String,
    /// What went wrong in it; `None`: nothing did by itself.
    pub trouble: Option<String>,
    /// What is to be learnt.
    pub learn: String,
}

/// Points that were lost, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Deduction {
    /// How many.
    pub points: u32,
    /// For what.
    pub why: String,
    /// The obligations that speak of it.
    pub obligations: Vec<Asked>,
}

/// An obligation for people.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Asked {
    /// Its name.
    pub id: String,
    /// What the document asks, in words of our own.
    pub asks: String,
}

/// One sort of harm that was done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct HarmDone {
    /// Which sort.
    pub kind: String,
    /// Whom it concerned; empty: the cluster.
    pub about: String,
    /// What happened, as it was told first.
    pub told: String,
    /// How often.
    pub times: u32,
    /// For how long in all, in milliseconds.
    pub lasted_ms: u64,
    /// Whether it still stood at the end.
    pub stands: bool,
}

/// A place where the machine was overruled.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Overruled {
    /// When.
    pub at: Timestamp,
    /// In which way.
    pub way: String,
    /// The step or condition.
    pub subject: String,
    /// What people call that.
    pub title: String,
    /// The reason that was given.
    pub reason: String,
    /// The obligations that were to be met there.
    pub obligations: Vec<Asked>,
}

/// Something that happened once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Moment {
    /// When.
    pub at: Timestamp,
    /// What.
    pub told: String,
}

impl Debrief {
    /// How long it took.
    pub fn took(&self) -> Duration {
        Duration::from_millis(self.took_ms)
    }
}

#[cfg(test)]
pub(crate) mod tests;
