//! Files that were attached to a run or to a step of it.

use crate::clock::Timestamp;
use crate::engine::event::{Event, FileSeen};
use crate::runbook::StepKey;

/// A file that is evidence, as it was when it was attached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attached {
    /// The record.
    pub seq: u64,
    /// When.
    pub at: Timestamp,
    /// Who.
    pub by: String,
    /// For which step.
    pub step: Option<StepKey>,
    /// Where it was.
    pub path: String,
    /// What it was.
    pub file: FileSeen,
    /// The name of its copy in the run's folder.
    pub kept: Option<String>,
}

impl Attached {
    /// The file that this event attaches, if it does.
    pub(crate) fn of((seq, at, by): (u64, Timestamp, &str), event: &Event) -> Option<Self> {
        let Event::EvidenceAttached { step, path, file, kept } = event.clone() else { return None };
        Some(Self { seq, at, by: by.to_owned(), step, path, file, kept })
    }
}
