//! Whether the last frame still shows all that is known: mostly every answer says what the one before it said, and to
//! find that out costs less than to draw.

use std::sync::Arc;
use std::time::Duration;

use crate::clock::Timestamp;
use crate::engine::Row;
use crate::tui::message::Instants;
use crate::tui::screen::run::layout::{health_text_width, is_wide};
use crate::tui::screen::run::{FRESH_MS, Run, View, Wakes};
use crate::tui::widget::health::{age, most_history};

/// A frame that shows all that is known.
#[derive(Clone, Copy, Debug)]
pub(super) struct Drawn {
    /// From then on it looks otherwise although nothing happens.
    until: (Option<Timestamp>, Option<u64>),
}

impl Drawn {
    fn is_over(&self, now: Instants) -> bool {
        let (run, real) = self.until;
        run.is_some_and(|run| run <= now.run) || real.is_some_and(|real| real <= now.real_ms)
    }
}

impl Run {
    /// All that is known has been drawn.
    pub fn was_drawn(&mut self, now: Instants) {
        self.drawn = self.is_steady().then(|| self.drawn_at(now));
    }

    /// Whether the last frame shows all of it still, when nothing but answers has come since.
    pub fn is_drawn(&self, now: Instants) -> bool {
        self.drawn.is_some_and(|drawn| !drawn.is_over(now)) && self.is_plain()
    }

    /// Something was derived anew: it is to be drawn, unless it looks as it did before. Then the frame holds as long as
    /// one that were drawn now: with each answer nothing is old again.
    pub(super) fn derived_after(&mut self, before: &View, now: Instants) {
        let Some(drawn) = self.drawn else { return };
        let holds = !drawn.is_over(now) && self.view.looks_like(before) && self.is_steady();
        self.drawn = holds.then(|| self.drawn_at(now));
    }

    /// A frame that shows what is known now.
    fn drawn_at(&self, now: Instants) -> Drawn {
        let Wakes { real_ms, run_ms } = self.wakes(now);
        let run = run_ms.map(|ms| now.run.plus(Duration::from_millis(ms)));
        Drawn { until: (run, real_ms.map(|ms| now.real_ms.saturating_add(ms))) }
    }

    /// Whether all answers of a row that are drawn came to the same, in each row.
    fn is_steady(&self) -> bool {
        // What is typed in the console takes rows from the panes.
        let panes = self.area();
        let is_beside = is_wide((panes.width, panes.height)) && !self.is_zoomed;
        let width = if is_beside { health_text_width(self.size.0, self.sizes) } else { self.size.0 };
        self.keeper.is_steady(usize::from(most_history(width)))
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
