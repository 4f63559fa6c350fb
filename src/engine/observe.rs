//! Words in which the world is reported: samples, verdicts, the board, how a command ended.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::clock::Timestamp;
use crate::runbook::{Expr, ProbeId};

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

/// The latest sample of one probe and node.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Row {
    /// Which probe.
    pub probe: ProbeId,
    /// Which item, by name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub node: Option<String>,
    /// What it came to.
    pub verdict: Verdict,
    /// The reason in a few words.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub why: String,
    /// How old the sample was, in milliseconds; absent when there was none yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub age_ms: Option<u64>,
    /// The probe's fields.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub fields: Map<String, Value>,
    /// The item itself (the node's table); bound inputs hold it, so records do not repeat it.
    #[serde(skip)]
    pub item: Value,
}

/// All latest samples, as they stood at one moment.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Board {
    /// In the order of the runbook's probes, then of their items.
    pub rows: Vec<Row>,
}

/// The most bytes of fields, as JSON, that one record of a board holds; what is beyond it is told to be left out.
const MAX_RECORDED_BYTES: usize = 4 * 1024 * 1024;

/// How many bytes a value takes as JSON.
pub fn json_bytes(value: &impl Serialize) -> usize {
    serde_json::to_string(value).map_or(usize::MAX, |text| text.len())
}

impl Board {
    /// The board as a record holds it: every verdict, and fields as far as there is room for them.
    #[must_use]
    pub fn recorded(&self) -> Self {
        let mut room = MAX_RECORDED_BYTES;
        let rows = self.rows.iter().map(|row| match room.checked_sub(json_bytes(&row.fields)) {
            Some(left) => {
                room = left;
                row.clone()
            }
            None => {
                let left_out = "its fields are left out here: the board is too large";
                let why = if row.why.is_empty() { left_out.to_owned() } else { format!("{}; {left_out}", row.why) };
                Row { why, fields: Map::new(), ..row.clone() }
            }
        });
        Self { rows: rows.collect() }
    }

    /// The row of that probe and node.
    pub fn row(&self, probe: &ProbeId, node: Option<&str>) -> Option<&Row> {
        self.rows.iter().find(|row| &row.probe == probe && row.node.as_deref() == node)
    }

    /// The probes that an expression reads: those that it names, or all when it looks at `.health` as a whole.
    pub fn read_by(&self, expr: &Expr) -> Vec<String> {
        if !expr.reads().is_whole("health") {
            return expr.probes();
        }
        let mut all: Vec<String> = self.rows.iter().map(|row| row.probe.to_string()).collect();
        all.dedup();
        all
    }

    /// Why nothing can be told from these probes: every row of them is unknown; `None` where one is not, or none is there.
    pub fn silence(&self, probes: &[String]) -> Option<String> {
        let mut rows = self.rows.iter().filter(|row| probes.iter().any(|probe| probe == row.probe.as_str())).peekable();
        let first = *rows.peek()?;
        if rows.any(|row| row.verdict != Verdict::Unknown) {
            return None;
        }
        let who = first.node.as_deref().unwrap_or(first.probe.as_str());
        Some(format!("nobody gives an answer: {who}: {}", first.why))
    }

    /// This board as it might be if the rows of these probes that are unknown were well: each as the first row of its
    /// probe that is ok, or not there where none is.
    pub(crate) fn hopeful(&self, probes: &[String]) -> Self {
        let is_lost =
            |row: &Row| row.verdict == Verdict::Unknown && probes.iter().any(|probe| probe == row.probe.as_str());
        let well = |row: &Row| self.rows.iter().find(|other| other.probe == row.probe && other.verdict == Verdict::Ok);
        let rows = self.rows.iter().filter_map(|row| {
            if !is_lost(row) {
                return Some(row.clone());
            }
            Some(Row { node: row.node.clone(), item: row.item.clone(), ..well(row)?.clone() })
        });
        Self { rows: rows.collect() }
    }

    /// The age of the oldest sample of these probes; `None` when one of them has no sample at all.
    pub fn oldest_ms(&self, probes: &[String]) -> Option<u64> {
        self.rows
            .iter()
            .filter(|row| probes.iter().any(|probe| probe == row.probe.as_str()))
            .map(|row| row.age_ms)
            .try_fold(0, |oldest, age| Some(oldest.max(age?)))
    }
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
