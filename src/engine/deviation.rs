//! Where a person overruled the machine, or another person, and in which way.

use crate::clock::Timestamp;

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
