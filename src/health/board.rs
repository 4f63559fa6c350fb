//! The latest sample of every target, as long as it is fresh.

use std::collections::VecDeque;
use std::time::Duration;

use serde_json::{Map, Value};

use crate::clock::{Clock, Timestamp};
use crate::engine::{Board, Row, Sample, Verdict};
use crate::health::target::Target;
use crate::runbook::ProbeId;

/// A sample older than so many intervals says nothing any more.
const STALE_INTERVALS: u32 = 3;

/// How many answers of a target are remembered.
const HISTORY: usize = 60;

/// The real time that an answer is good for at least, when the clock runs faster than sockets can follow.
const REAL_GRACE: Duration = Duration::from_millis(500);

/// One answer in the history of a target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Beat {
    /// What it came to.
    pub verdict: Verdict,
    /// How long it took.
    pub elapsed: Duration,
}

/// Keeps the latest samples and makes boards of them.
#[derive(Clone, Debug)]
pub struct BoardKeeper {
    kept: Vec<Kept>,
}

#[derive(Clone, Debug)]
struct Kept {
    probe: ProbeId,
    node: Option<String>,
    item: Value,
    fresh_for: Duration,
    /// An answer is good for so long all the same.
    at_least: Duration,
    latest: Option<Sample>,
    history: VecDeque<Beat>,
}

impl BoardKeeper {
    /// A board on which nothing is known yet, with a row for each target, in their order.
    pub fn new(targets: &[Target]) -> Self {
        let kept = targets.iter().map(|target| Kept {
            probe: target.probe.clone(),
            node: target.node.clone(),
            item: target.item.clone(),
            // A probe that may take longer than its interval is given the time for its next answer.
            fresh_for: (target.every * STALE_INTERVALS).max(target.every + target.timeout),
            at_least: Duration::ZERO,
            latest: None,
            history: VecDeque::with_capacity(HISTORY),
        });
        Self { kept: kept.collect() }
    }

    /// For a clock that runs fast: an answer stays fresh for half a second of real time at least.
    #[must_use]
    pub fn paced_by(mut self, clock: &dyn Clock) -> Self {
        for kept in &mut self.kept {
            let real = clock.real(kept.fresh_for);
            if real < REAL_GRACE && !real.is_zero() {
                kept.fresh_for = kept.fresh_for.mul_f64(REAL_GRACE.div_duration_f64(real));
            }
        }
        self
    }

    /// From now on an answer stays fresh for so long at least: whoever steps the clock asks as rarely.
    pub fn lasting(&mut self, at_least: Duration) {
        for kept in &mut self.kept {
            kept.at_least = at_least;
        }
    }

    /// Takes a sample in; one that is older than what is there, or of no target, is left.
    pub fn take(&mut self, sample: Sample) {
        let is_its = |kept: &&mut Kept| kept.probe == sample.probe && kept.node == sample.node;
        let Some(kept) = self.kept.iter_mut().find(is_its) else { return };
        if kept.latest.as_ref().is_some_and(|latest| latest.at > sample.at) {
            return;
        }
        if kept.history.len() == HISTORY {
            kept.history.pop_front();
        }
        kept.history.push_back(Beat { verdict: sample.verdict, elapsed: sample.elapsed });
        kept.latest = Some(sample);
    }

    /// Whether the answer before this one had gone stale when it came: nothing is known of the time in between.
    pub fn is_after_gap(&self, sample: &Sample) -> bool {
        let row = self.kept.iter().find(|kept| kept.probe == sample.probe && kept.node == sample.node);
        row.and_then(Kept::stale_from).is_some_and(|stale| stale <= sample.at)
    }

    /// All rows as they stand at `now`.
    pub fn board(&self, now: Timestamp) -> Board {
        Board { rows: self.kept.iter().map(|kept| kept.row(now)).collect() }
    }

    /// When the next row that is fresh at `now` will be stale, unless it is answered again.
    pub fn next_stale(&self, now: Timestamp) -> Option<Timestamp> {
        self.kept.iter().filter_map(Kept::stale_from).filter(|stale| *stale > now).min()
    }

    /// The latest answers in that row of the board, at most sixty, the oldest first.
    pub fn history(&self, row: usize) -> impl Iterator<Item = Beat> + '_ {
        self.kept.get(row).into_iter().flat_map(|kept| kept.history.iter().copied())
    }
}

impl Kept {
    /// The first moment at which the latest sample is too old.
    fn stale_from(&self) -> Option<Timestamp> {
        self.latest.as_ref().map(|latest| latest.at.plus(self.fresh_for.max(self.at_least) + Duration::from_millis(1)))
    }

    fn row(&self, now: Timestamp) -> Row {
        let age = self.latest.as_ref().map(|latest| now.since(latest.at));
        let is_stale = self.stale_from().is_some_and(|stale| stale <= now);
        let (verdict, why, fields) = match &self.latest {
            None => (Verdict::Unknown, "no answer yet".to_owned(), Map::new()),
            // What a stale answer said is gone with it: an expression must not build on it.
            Some(latest) if is_stale => {
                let seconds = now.since(latest.at).as_secs();
                (Verdict::Unknown, format!("stale: last answer {seconds} s ago"), Map::new())
            }
            Some(latest) => (latest.verdict, latest.why.clone(), latest.fields.clone()),
        };
        Row {
            probe: self.probe.clone(),
            node: self.node.clone(),
            verdict,
            why,
            age_ms: age.map(|age| u64::try_from(age.as_millis()).unwrap_or(u64::MAX)),
            fields,
            item: self.item.clone(),
        }
    }
}

#[cfg(test)]
#[path = "board_tests.rs"]
mod tests;
