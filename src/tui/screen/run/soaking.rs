//! What the screen meets of a running soak between two records: the worst value on the board so far.

use serde_json::Number;

use crate::clock::Timestamp;
use crate::engine::{ConditionId, Moment, RunState, StepStatus, Tri, evaluate, looked_at, soak_view, worse};
use crate::runbook::{Runbook, StepKey, Worse};
use crate::tui::screen::run::page::StepPage;

/// The worst value of one soak, as far as it was on the board while the screen looked.
#[derive(Debug, Default)]
pub(super) struct Soaking {
    /// Which soak: its step, and since when it runs.
    of: Option<(StepKey, Timestamp)>,
    /// Which of two values is the worse, and the worst.
    met: Option<(Worse, Number)>,
    /// Since when nothing can be recorded: what is seen from then on will not count.
    halted: Option<Timestamp>,
}

impl Soaking {
    /// Nothing can be recorded any more.
    pub(super) fn halt(&mut self, at: Timestamp) {
        self.halted.get_or_insert(at);
    }

    /// Looks at the board. What makes the soak start again, or cannot be told, is none of its values.
    pub(super) fn look(&mut self, runbook: &Runbook, state: &RunState, moment: &Moment) {
        let Some((side, value)) = looked_at(runbook, state, moment).filter(|_| self.halted.is_none()) else { return };
        let check = state.current.clone().map(ConditionId::Check);
        let seen = check.and_then(|check| evaluate(runbook, state, &moment.board, &check, moment.at));
        if seen.is_none_or(|(truth, ..)| truth != Tri::True) {
            return;
        }
        let Some(of) = state.current.clone().and_then(|key| {
            let since = state.step(&key)?.soak.as_deref()?.since?;
            Some((key, since))
        }) else {
            return;
        };
        if self.of.as_ref() != Some(&of) {
            (self.of, self.met) = (Some(of), None);
        }
        let met = self.met.as_ref().map(|(_, met)| met);
        self.met = worse(side, met, Some(&value)).map(|worst| (side, worst));
    }

    /// Puts what was met on the page of that soak: a record of it comes later. Once the soak is over,
    /// the record counts.
    pub(super) fn told(&self, page: &mut StepPage, runbook: &Runbook, state: &RunState) {
        if let (Some(at), Some(key), Some(_)) = (self.halted, &page.key, &page.soak) {
            page.soak = soak_view(runbook, state, key, at).map(|soak| (soak, at));
        }
        let (Some((of, since)), Some((side, met))) = (&self.of, &self.met) else { return };
        let is_its = page.key.as_ref() == Some(of) && page.status == Some(StepStatus::Current);
        if let Some((soak, _)) = page.soak.as_mut().filter(|(soak, _)| is_its && soak.since == Some(*since))
            && let Some((_, worst)) = &mut soak.worst
        {
            *worst = worse(*side, worst.as_ref(), Some(met));
        }
    }
}
