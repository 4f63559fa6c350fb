//! Whether the last frame still shows all that is known: mostly every answer says what the one before it said, and to
//! find that out costs less than to draw.

use std::sync::Arc;
use std::time::Duration;

use crate::clock::Timestamp;
use crate::engine::Row;
use crate::tui::message::Instants;
use crate::tui::screen::run::{FRESH_MS, Run, View, Wakes};
use crate::tui::widget::health::{age, most_history};

/// A frame that shows all that is known.
#[derive(Clone, Copy, Debug)]
pub(super) struct Drawn {
    /// From then on it looks otherwise although nothing happens.
    until: (Option<Timestamp>, Option<u64>),
}

impl Run {
    /// All that is known has been drawn.
    pub fn was_drawn(&mut self, now: Instants) {
        self.drawn = None;
        if !self.is_steady() {
            return;
        }
        let Wakes { real_ms, run_ms } = self.wakes(now);
        let run = run_ms.map(|ms| now.run.plus(Duration::from_millis(ms)));
        self.drawn = Some(Drawn { until: (run, real_ms.map(|ms| now.real_ms.saturating_add(ms))) });
    }

    /// Whether the last frame shows all of it still, when nothing but answers has come since.
    pub fn is_drawn(&self, now: Instants) -> bool {
        let is_over = |Drawn { until: (run, real) }| {
            run.is_some_and(|run| run <= now.run) || real.is_some_and(|real| real <= now.real_ms)
        };
        self.drawn.is_some_and(|drawn| !is_over(drawn)) && self.is_plain()
    }

    /// Something was derived anew: it is to be drawn, unless it looks as it did before.
    pub(super) fn derived_after(&mut self, before: &View) {
        if self.drawn.is_some() && !(self.view.looks_like(before) && self.is_steady()) {
            self.drawn = None;
        }
    }

    /// Whether all answers of a row that are drawn came to the same, in each row: no pane is wider than the terminal.
    fn is_steady(&self) -> bool {
        self.keeper.is_steady(usize::from(most_history(self.size.0)))
    }

    /// Whether nothing is on the screen that follows answers in a way of its own.
    fn is_plain(&self) -> bool {
        self.dialog.is_none()
            && self.over.is_none()
            && self.asking.is_none()
            && self.card.is_none()
            && self.replayed.is_none()
            && !self.is_soaking()
    }
}

/// Whether a row says and is drawn as old as that one. Nearly all are told apart by numbers.
fn looks_like(row: &Row, before: &Row) -> bool {
    let is_fresh = |row: &Row| row.age_ms.is_some_and(|age| age < FRESH_MS);
    let is_as_old =
        row.age_ms == before.age_ms || is_fresh(row) && is_fresh(before) || age(row.age_ms) == age(before.age_ms);
    is_as_old && (Arc::ptr_eq(row.said(), before.said()) || row.said() == before.said())
}

impl View {
    /// Whether it looks as that one did, apart from the page.
    fn looks_like(&self, before: &Self) -> bool {
        let (rows, rows_before) = (&self.moment.board.rows, &before.moment.board.rows);
        let is_alike = rows.len() == rows_before.len()
            && rows.iter().zip(rows_before).all(|(row, before)| looks_like(row, before));
        is_alike
            && self.allowed == before.allowed
            && self.gate == before.gate
            && self.rollback == before.rollback
            && self.is_back_unknown == before.is_back_unknown
            && self.stalled == before.stalled
            && self.turned == before.turned
            && self.alarms == before.alarms
    }
}
