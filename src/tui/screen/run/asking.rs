//! A critical command is judged on answers of the last seconds: where they are older, its probes are asked when it is
//! confirmed, and it is proposed when they have answered.

use crate::clock::Timestamp;
use crate::engine::{CRITICAL_SAMPLE_MS, Proposal, evidence};
use crate::runbook::StepKey;
use crate::tui::dialog::Dialog;
use crate::tui::keymap::Action;
use crate::tui::message::{Effect, Instants};
use crate::tui::screen::run::Run;

/// Younger answers are good enough to go on, in milliseconds: the session judges a little later.
const YOUNG_MS: u64 = CRITICAL_SAMPLE_MS - 2_000;

/// How often the probes are asked before the session decides on what there is: the first may have grown old while the
/// last one answered.
const ROUNDS: u8 = 3;

/// A command that was confirmed and whose probes are being asked.
#[derive(Debug)]
pub(super) struct Asking {
    step: StepKey,
    proposal: Proposal,
    probes: Vec<String>,
    /// When they were asked, by the run's clock.
    since: Timestamp,
    rounds: u8,
}

impl Run {
    /// Proposes what a dialog asks for; a critical command whose evidence is too old only when that was asked for anew.
    pub(super) fn propose_on_fresh(&mut self, proposal: Proposal, now: Instants) -> Vec<Effect> {
        let step = match &proposal {
            Proposal::Run { step, typed: Some(_), .. } | Proposal::RunAll { step, typed: Some(_), .. }
                if self.pending.is_none() && self.halted.is_none() =>
            {
                step
            }
            _ => return self.propose(proposal),
        };
        let board = self.keeper.board(now.run);
        let probes = evidence(&self.runbook, &board, step);
        if board.oldest_ms(&probes).is_some_and(|age| age <= YOUNG_MS) {
            return self.propose(proposal);
        }
        let step = step.clone();
        self.asking = Some(Asking { step, proposal, probes, since: now.run, rounds: 1 });
        vec![Effect::SenseNow]
    }

    /// A probe has answered: whether it was the last that a confirmed command waits for.
    pub(super) fn answered(&mut self, now: Instants) -> Vec<Effect> {
        let is_open = |asking: &Asking| matches!(&self.dialog, Some(Dialog::Command(box_)) if box_.step == asking.step);
        let Some(mut asking) = self.asking.take().filter(is_open) else { return Vec::new() };
        let oldest = self.keeper.board(now.run).oldest_ms(&asking.probes);
        let waited = u64::try_from(now.run.since(asking.since).as_millis()).unwrap_or(u64::MAX);
        if oldest.is_some_and(|age| age <= YOUNG_MS) {
            return self.propose(asking.proposal);
        }
        let have_all_answered = oldest.is_some_and(|age| age < waited);
        if have_all_answered && asking.rounds >= ROUNDS {
            return self.propose(asking.proposal);
        }
        if have_all_answered {
            asking.since = now.run;
            asking.rounds += 1;
        }
        self.asking = Some(asking);
        if have_all_answered { vec![Effect::SenseNow] } else { Vec::new() }
    }

    /// A key while the probes are asked: whether nothing is to be done about it. All but looking takes the command back.
    pub(super) fn waits_for_answers(&mut self, action: Option<Action>) -> bool {
        match action {
            Some(Action::Act) => self.asking.is_some(),
            Some(Action::Up | Action::Down | Action::PageUp | Action::PageDown) => false,
            _ => {
                self.asking = None;
                false
            }
        }
    }

    /// What is being asked, in words.
    pub fn asking_told(&self) -> Option<String> {
        let asking = self.asking.as_ref()?;
        Some(format!("asking {}: it runs on their answers; {{back}} takes it back", asking.probes.join(", ")))
    }
}

#[cfg(test)]
#[path = "asking_tests.rs"]
mod tests;
