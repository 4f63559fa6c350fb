//! When the screen of a run must be looked at again although nothing happens.

use std::time::Duration;

use crate::clock::Timestamp;
use crate::engine::{Gate, Hold, fresh_for};
use crate::tui::message::Instants;
use crate::tui::screen::run::{LEAVE_MS, LET_GO_MS, Run};

/// Younger samples are shown as of now, in milliseconds: an age that runs on every row would redraw for ever.
pub const FRESH_MS: u64 = 5_000;

/// In how many milliseconds the screen must be looked at again although nothing happens.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Wakes {
    /// Real ones.
    pub real_ms: Option<u64>,
    /// Those of the run's clock.
    pub run_ms: Option<u64>,
}

impl Run {
    /// When it must be looked at again although nothing happens.
    pub fn wakes(&self, now: Instants) -> Wakes {
        let millis = |duration: Duration| u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
        let until_armed = self.last_act_ms.filter(|last| now.real_ms.saturating_sub(*last) < LET_GO_MS);
        let real = [
            until_armed.map(|last| (last + LET_GO_MS).saturating_sub(now.real_ms)),
            self.burst.left_ms(now.real_ms),
            self.leaving_since_ms.map(|since| (since + LEAVE_MS).saturating_sub(now.real_ms)),
        ];
        let run = [
            self.is_counting().then(|| 1_000 - millis(now.run.since(Timestamp::default())) % 1_000),
            self.keeper.next_stale(now.run).map(|stale| millis(stale.since(now.run))),
            self.next_age_ms(now),
            self.next_overdue_ms(now),
            self.next_too_old_ms(now),
            // The clock and the time that passed turn at the same moment.
            self.state.opened.is_some().then(|| 60_000 - millis(now.run.since(Timestamp::default())) % 60_000),
        ];
        let soonest = |all: &[Option<u64>]| all.iter().flatten().min().map(|ms| (*ms).max(1));
        Wakes { real_ms: soonest(&real), run_ms: soonest(&run) }
    }

    /// Whether seconds run on the screen.
    fn is_counting(&self) -> bool {
        let is_left = |hold: &Hold| match hold {
            Hold::Holding { .. } | Hold::Waiting { .. } => true,
            // A day is counted by the minute, its end by the second.
            Hold::Soaking { left, .. } => left.as_secs() < 60,
            _ => false,
        };
        self.state.is_running() || matches!(&self.view.gate, Gate::Closed(holds) if holds.iter().any(is_left))
    }

    /// When the next age on the screen changes: ages are shown from five seconds on.
    fn next_age_ms(&self, now: Instants) -> Option<u64> {
        let board = &self.view.moment.board;
        let passed = u64::try_from(now.run.since(self.view.moment.at).as_millis()).unwrap_or(u64::MAX);
        let ages = board.rows.iter().filter_map(|row| row.age_ms).map(|age| age.saturating_add(passed));
        ages.map(|age| if age < FRESH_MS { FRESH_MS - age } else { 1_000 - age % 1_000 }).min()
    }

    /// When the first of the current step's evidence becomes too old: it may be just as old as it says, no older.
    fn next_too_old_ms(&self, now: Instants) -> Option<u64> {
        let left = fresh_for(&self.runbook, &self.state, self.state.current.as_ref()?, now.run)?;
        Some(u64::try_from(left.as_millis()).unwrap_or(u64::MAX).saturating_add(1))
    }
}
