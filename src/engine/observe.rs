//! Words in which the world is reported: samples, verdicts, how a command ended.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::clock::Timestamp;
use crate::runbook::ProbeId;

/// What a probe's latest answer comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// As it should be.
    Ok,
    /// Alive, not as it should be.
    Degraded,
    /// Not as it should be, or refused.
    Bad,
    /// No answer, a stale, forbidden or unreadable one. Never counts as healthy.
    Unknown,
}

impl Verdict {
    /// The word that is shown and that expressions see.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Degraded => "degraded",
            Self::Bad => "bad",
            Self::Unknown => "unknown",
        }
    }
}

/// One answer of one probe.
#[derive(Clone, Debug, PartialEq)]
pub struct Sample {
    /// Which probe.
    pub probe: ProbeId,
    /// Which item, by name; `None` for a probe without `each`.
    pub node: Option<String>,
    /// When the answer was complete.
    pub at: Timestamp,
    /// What it comes to.
    pub verdict: Verdict,
    /// The reason in a few words, for people; empty when ok.
    pub why: String,
    /// The probe's fields.
    pub fields: Map<String, Value>,
    /// How long the answer took.
    pub elapsed: Duration,
}

/// How many bytes a value takes as JSON.
pub fn json_bytes(value: &impl Serialize) -> usize {
    serde_json::to_string(value).map_or(usize::MAX, |text| text.len())
}

/// Names a started command within its run; counted from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct JobId(pub u64);

/// How a command came to its end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ended {
    /// By itself, with this status.
    Exit(i32),
    /// Killed by this signal, not by piton.
    Signal(i32),
    /// Killed by piton after its timeout.
    TimedOut,
    /// Killed by piton because the operator cancelled it.
    Cancelled,
    /// It never started, and why.
    NotStarted(String),
    /// Piton and its supervisor both ended while it ran; how it ended is not known.
    Lost,
}

impl Ended {
    /// In a few words, for people and for expressions.
    pub fn describe(&self) -> String {
        match self {
            Self::Exit(status) => format!("exit status {status}"),
            Self::Signal(signal) => format!("killed by signal {signal}"),
            Self::TimedOut => "timed out".into(),
            Self::Cancelled => "cancelled".into(),
            Self::NotStarted(why) => format!("not started: {why}"),
            Self::Lost => "lost: how it ended is not known".into(),
        }
    }
}

/// Where a command's full output lies and what it weighs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Output {
    /// The file's name inside the run's `output` folder.
    pub file: String,
    /// Its size in bytes.
    pub bytes: u64,
    /// Lower-case hex sha256 of it.
    pub sha256: String,
    /// Bytes that the command wrote beyond the limit and that were not kept.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub left_out_bytes: u64,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde wants a reference")]
fn is_zero(number: &u64) -> bool {
    *number == 0
}

/// What a finished command left behind, as expressions see it. Not journaled as a whole.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Printed {
    /// Standard output as text, bounded; bytes that are not UTF-8 are replaced.
    pub stdout: String,
    /// Standard error likewise.
    pub stderr: String,
}
