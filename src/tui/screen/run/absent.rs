//! Nobody was there for a while: the first key shows where the run stands, and does nothing else.

use crate::engine::{Event, Record};
use crate::tui::keymap::Action;
use crate::tui::message::Instants;
use crate::tui::screen::run::{Run, TOLD, fold};

/// After how long without a key or the mouse somebody is told where they were, in real milliseconds.
pub const ABSENT_MS: u64 = 15 * 60 * 1_000;

/// Whether a record follows by itself, and tells little of what happened.
pub(super) const fn follows_by_itself(event: &Event) -> bool {
    matches!(
        event,
        Event::SittingOpened { .. }
            | Event::SittingClosed { .. }
            | Event::ConditionChanged { .. }
            | Event::PhaseBound { .. }
            | Event::GroupBound { .. }
            | Event::StepBegan { .. }
            | Event::SoakSeen { .. }
    )
}

/// The last of them that tell what happened.
pub(super) fn latest(records: &[Record]) -> Vec<Record> {
    let told = records.iter().rev().filter(|record| !follows_by_itself(&record.event));
    let mut told: Vec<Record> = told.take(TOLD).cloned().collect();
    told.reverse();
    told
}

impl Run {
    /// Keeps what happened last.
    pub(super) fn remember(&mut self, records: &[Record]) {
        let told = records.iter().filter(|record| !follows_by_itself(&record.event));
        self.latest.extend(told.cloned());
        self.latest.drain(..self.latest.len().saturating_sub(TOLD));
    }

    /// Somebody is there. After a long absence a card tells where the run stands, and what was pressed is not taken;
    /// only leaving is.
    pub(in crate::tui) fn comes_back(&mut self, action: Option<Action>, now: Instants) -> bool {
        let last = self.last_there_ms.replace(now.real_ms);
        let was_absent = last.is_some_and(|last| now.real_ms.saturating_sub(last) >= ABSENT_MS);
        // What is half typed is not covered, and a run that is closed asks for nothing.
        let has_more = self.has_keys();
        let is_open = self.state.closed.is_none() && self.replayed.is_none() && !self.is_leaving();
        if !was_absent || !has_more || !is_open || action == Some(Action::Leave) {
            return false;
        }
        self.card = Some(fold::card(&self.runbook, &self.latest, &self.state, now));
        self.leave_over();
        self.look_at(None);
        self.is_unseen = true;
        self.last_act_ms = Some(now.real_ms);
        true
    }
}
