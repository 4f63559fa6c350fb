//! What the library tells of a runbook beside its head: what is in it, what became of it on this machine, what changed.

use crate::clock::Timestamp;
use crate::runbook::changes::Change;

/// What is in a runbook, at a glance.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Preview {
    /// The document that it was made from.
    pub document: String,
    /// The headings of it that it covers.
    pub headings: Vec<String>,
    /// What it asks for before it starts: names of what has no default.
    pub asked: Vec<String>,
    /// How many inputs have a default or may stay empty.
    pub settled: usize,
    /// How many probes and guards it has.
    pub watched: (usize, usize),
    /// Its phases, in order.
    pub phases: Vec<PhaseSeen>,
    /// Its ways back, each with its number of steps.
    pub ways_back: Vec<(String, usize)>,
    /// The sha256 of its text, in lower-case hex.
    pub sha256: String,
}

/// A phase, at a glance.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PhaseSeen {
    /// Its title.
    pub title: String,
    /// The titles of its steps.
    pub steps: Vec<String>,
    /// Whether it is walked once for each of some items.
    pub is_loop: bool,
}

/// What became of a runbook on this machine.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Past {
    /// The runbook's name.
    pub runbook: String,
    /// The latest live run; of practice, where there is none.
    pub last: Option<LastRun>,
    /// Whether its text is another one than in that run.
    pub is_changed: bool,
    /// What was practised.
    pub scores: Vec<Score>,
}

/// A run of a runbook.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LastRun {
    /// Its name.
    pub run: String,
    /// When it was opened.
    pub at: Timestamp,
    /// The word on it: its outcome, or where it stands.
    pub outcome: String,
    /// `practice`, or environment and name of the site.
    pub place: String,
    /// Whether it is a practice run.
    pub is_practice: bool,
    /// Whether it is done as it was planned.
    pub is_well: bool,
}

/// How a scenario was practised.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Score {
    /// The scenario's name; empty for a cluster in which nothing goes wrong by itself.
    pub scenario: String,
    /// How often it was walked to an end.
    pub attempts: u32,
    /// The most points.
    pub best: u32,
    /// The points of the latest attempt.
    pub last: u32,
    /// When that was opened.
    pub last_at: Timestamp,
}

/// What is different between a runbook and its text in the last run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changed {
    /// The runbook's name.
    pub runbook: String,
    /// Its title.
    pub title: String,
    /// The run in whose journal the older text stands.
    pub run: String,
    /// When that was opened.
    pub at: Timestamp,
    /// The revisions: then and now.
    pub revisions: (String, String),
    /// All that is different.
    pub changes: Vec<Change>,
}
