//! Where a person overruled the machine, or another person, and in which way.

use crate::clock::Timestamp;
use crate::engine::{Outcome, RunState};

/// Where a person overruled the machine, or another person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deviation {
    /// The record.
    pub seq: u64,
    /// When.
    pub at: Timestamp,
    /// Who.
    pub by: String,
    /// What.
    pub kind: DeviationKind,
    /// The step or condition, by name.
    pub subject: String,
    /// Why.
    pub reason: String,
}

/// The ways to overrule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeviationKind {
    /// A step was left out.
    Skip,
    /// A step was declared done.
    Override,
    /// A wait was ended early.
    CutWait,
    /// A guard or gate was passed.
    Acknowledged,
    /// A step was put off.
    Deferred,
    /// A second person saw something else than what was stated or sensed.
    Disputed,
    /// Nobody verified a step, and the run went on without that.
    Waived,
}

impl DeviationKind {
    /// The word that is shown.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Skip => "skip",
            Self::Override => "override",
            Self::CutWait => "cut wait",
            Self::Acknowledged => "acknowledged",
            Self::Deferred => "deferred",
            Self::Disputed => "disputed",
            Self::Waived => "waived",
        }
    }
}

/// Whether a deviation recorded at `at` is a step that was left with all others when the run was given up, and no
/// deviation of its own: giving up is one deed. `closed`: how and when the run ended. The one rule for every count.
pub fn is_left_undone(kind: DeviationKind, at: Timestamp, closed: Option<(Outcome, Timestamp)>) -> bool {
    kind == DeviationKind::Skip && closed == Some((Outcome::Abandoned, at))
}

impl RunState {
    /// [`is_left_undone`], of a deviation of this run.
    pub fn is_left_undone(&self, deviation: &Deviation) -> bool {
        let closed = self.closed.as_ref().map(|closed| (closed.outcome, closed.at));
        is_left_undone(deviation.kind, deviation.at, closed)
    }

    /// What was overruled, without what was left undone when the run was given up.
    pub fn own_deviations(&self) -> impl Iterator<Item = &Deviation> + Clone {
        self.deviations.iter().filter(|deviation| !self.is_left_undone(deviation))
    }
}
