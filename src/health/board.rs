//! The latest sample of every target, as long as it is fresh.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Map;

use crate::clock::{Clock, Timestamp};
use crate::engine::{Board, Row, Said, Sample, Verdict};
use crate::health::target::Target;

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
    /// What the latest sample said; before there is one, that nothing is known.
    said: Arc<Said>,
    /// When it was complete.
    at: Option<Timestamp>,
    fresh_for: Duration,
    /// An answer is good for so long all the same.
    at_least: Duration,
    history: VecDeque<Beat>,
    /// How many answers in a row came to the same.
    alike: usize,
}

impl BoardKeeper {
    /// A board on which nothing is known yet, with a row for each target, in their order.
    pub fn new(targets: &[Target]) -> Self {
        let kept = targets.iter().map(|target| Kept {
            said: Arc::new(Said {
                probe: target.probe.clone(),
                node: target.node.clone(),
                verdict: Verdict::Unknown,
                why: "no answer yet".into(),
                fields: Map::new(),
                item: target.item.clone(),
            }),
            at: None,
            // A probe that may take longer than its interval is given the time for its next answer.
            fresh_for: (target.every * STALE_INTERVALS).max(target.every + target.timeout),
            at_least: Duration::ZERO,
            history: VecDeque::with_capacity(HISTORY),
            alike: 0,
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
        let Some(kept) = self.kept.iter_mut().find(|kept| kept.is_of(&sample)) else { return };
        if kept.at.is_some_and(|latest| latest > sample.at) {
            return;
        }
        let is_alike = kept.history.back().is_some_and(|beat| beat.verdict == sample.verdict);
        kept.alike = if is_alike { kept.alike + 1 } else { 1 };
        if kept.history.len() == HISTORY {
            kept.history.pop_front();
        }
        kept.history.push_back(Beat { verdict: sample.verdict, elapsed: sample.elapsed });
        let Sample { probe, node, at, verdict, why, fields, .. } = sample;
        let item = kept.said.item.clone();
        (kept.said, kept.at) = (Arc::new(Said { probe, node, verdict, why, fields, item }), Some(at));
    }

    /// Whether the answer before this one had gone stale when it came: nothing is known of the time in between.
    pub fn is_after_gap(&self, sample: &Sample) -> bool {
        let row = self.kept.iter().find(|kept| kept.is_of(sample));
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

    /// Whether the latest answers of each row, so many of them, came to the same: as long as they do, these look alike.
    pub fn is_steady(&self, answers: usize) -> bool {
        self.kept.iter().all(|kept| kept.at.is_none() || kept.alike >= answers)
    }

    /// The latest answers in that row of the board, at most sixty, the oldest first.
    pub fn history(&self, row: usize) -> impl Iterator<Item = Beat> + '_ {
        self.kept.get(row).into_iter().flat_map(|kept| kept.history.iter().copied())
    }
}

impl Kept {
    fn is_of(&self, sample: &Sample) -> bool {
        self.said.probe == sample.probe && self.said.node == sample.node
    }

    /// The first moment at which the latest sample is too old.
    fn stale_from(&self) -> Option<Timestamp> {
        self.at.map(|at| at.plus(self.fresh_for.max(self.at_least) + Duration::from_millis(1)))
    }

    fn row(&self, now: Timestamp) -> Row {
        let Some(at) = self.at else { return Row::of(Arc::clone(&self.said), None) };
        let age = now.since(at);
        let age_ms = Some(u64::try_from(age.as_millis()).unwrap_or(u64::MAX));
        if self.stale_from().is_none_or(|stale| stale > now) {
            return Row::of(Arc::clone(&self.said), age_ms);
        }
        // What a stale answer said is gone with it: an expression must not build on it.
        let (probe, node, item) = (self.said.probe.clone(), self.said.node.clone(), self.said.item.clone());
        let why = format!("stale: last answer {} s ago", age.as_secs());
        Said { probe, node, verdict: Verdict::Unknown, why, fields: Map::new(), item }.aged(age_ms)
    }
}

#[cfg(test)]
#[path = "board_tests.rs"]
mod tests;
