//! The latest sample of every probe and node, and how its verdict went.

use std::collections::VecDeque;
use std::time::Duration;

use serde_json::Value;

use crate::clock::Timestamp;
use crate::engine::{Board, Row, Sample, Verdict};
use crate::runbook::{ProbeId, Runbook};

/// How many verdicts of a row are kept for its history.
pub const HISTORY: usize = 32;

/// Keeps the board of one run.
#[derive(Clone, Debug, Default)]
pub struct BoardKeeper {
    rows: Vec<Kept>,
}

#[derive(Clone, Debug)]
struct Kept {
    probe: ProbeId,
    node: Option<String>,
    item: Value,
    every: Duration,
    last: Option<Sample>,
    history: VecDeque<Verdict>,
}

impl BoardKeeper {
    /// An empty board with these rows.
    pub fn new(runbook: &Runbook, targets: Vec<(ProbeId, Option<String>, Value)>) -> Self {
        let every = |id: &ProbeId| runbook.health.iter().find(|probe| &probe.id == id).map(|probe| probe.every);
        let rows = targets.into_iter().map(|(probe, node, item)| Kept {
            every: every(&probe).unwrap_or(Duration::from_secs(2)),
            probe,
            node,
            item,
            last: None,
            history: VecDeque::new(),
        });
        Self { rows: rows.collect() }
    }

    /// Takes a sample in; one that no row waits for is dropped.
    pub fn take(&mut self, sample: Sample) {
        let row = self.rows.iter_mut().find(|row| row.probe == sample.probe && row.node == sample.node);
        if let Some(row) = row {
            if row.history.len() == HISTORY {
                row.history.pop_front();
            }
            row.history.push_back(sample.verdict);
            row.last = Some(sample);
        }
    }

    /// The board as it stands now: a sample older than three intervals is unknown.
    pub fn board(&self, now: Timestamp) -> Board {
        Board { rows: self.rows.iter().map(|kept| kept.row(now)).collect() }
    }

    /// When the next sample becomes too old, if none follows.
    pub fn next_stale(&self, now: Timestamp) -> Option<Timestamp> {
        self.rows.iter().filter_map(Kept::stale_at).filter(|at| *at > now).min()
    }

    /// The verdicts of a row, the latest last.
    pub fn history(&self, probe: &ProbeId, node: Option<&str>) -> impl Iterator<Item = Verdict> {
        let row = self.rows.iter().find(|row| &row.probe == probe && row.node.as_deref() == node);
        row.into_iter().flat_map(|row| row.history.iter().copied())
    }
}

impl Kept {
    fn stale_at(&self) -> Option<Timestamp> {
        self.last.as_ref().map(|last| last.at.plus(self.every * 3 + Duration::from_millis(1)))
    }

    fn row(&self, now: Timestamp) -> Row {
        let (probe, node, item) = (self.probe.clone(), self.node.clone(), self.item.clone());
        let Some(last) = &self.last else {
            let why = "no answer yet".into();
            return Row { probe, node, item, verdict: Verdict::Unknown, why, age_ms: None, fields: Default::default() };
        };
        let age_ms = Some(u64::try_from(now.since(last.at).as_millis()).unwrap_or(u64::MAX));
        let is_stale = self.stale_at().is_some_and(|at| at <= now);
        let (verdict, why) = if is_stale {
            (Verdict::Unknown, "the last answer is too old".into())
        } else {
            (last.verdict, last.why.clone())
        };
        Row { probe, node, item, verdict, why, age_ms, fields: last.fields.clone() }
    }
}
