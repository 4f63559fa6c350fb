//! The ways in which a plan ends: to its end, on a way back, given up.

use crate::engine::allowed::is_walked;
use crate::engine::back::{blocked, offered_rollback, ways_back};
use crate::engine::board::Board;
use crate::engine::decide::{Decision, Judge, text};
use crate::engine::event::{Event, Outcome};
use crate::engine::proposal::Refusal;
use crate::engine::settle::Draft;
use crate::engine::state::{Plan, RunState, StepState, StepStatus};
use crate::runbook::{Rollback, RollbackId, StepKey, Truth, shorten};

/// Begins what is said of a step that was left behind when the run went back.
pub(crate) const WENT_BACK: &str = "the run went back: ";

impl StepState {
    /// Whether it stands as a wait that was cut short: it counts as overridden, and goes by a word of its own.
    pub fn is_cut(&self) -> bool {
        self.was_cut && self.status == StepStatus::Overridden
    }

    /// Whether it is accounted for although nobody did it: left out, or left behind when the run went back.
    pub fn is_undone(&self) -> bool {
        match self.status {
            StepStatus::Skipped => true,
            StepStatus::NotApplicable => self.said.starts_with(WENT_BACK),
            _ => false,
        }
    }
}

impl RunState {
    /// How many of the counted steps are accounted for although nobody did them.
    pub fn undone(&self) -> u32 {
        let steps = self.counted().flat_map(|phase| &phase.items).flat_map(|item| &item.steps);
        steps.fold(0, |undone, step| undone + u32::from(step.is_undone()))
    }

    /// How many of those that count as overridden are waits that were cut short.
    pub fn cuts(&self) -> u32 {
        let steps = self.counted().flat_map(|phase| &phase.items).flat_map(|item| &item.steps);
        steps.fold(0, |cuts, step| cuts + u32::from(step.is_cut()))
    }
}

impl Judge<'_> {
    pub(crate) fn roll_back(&self, plan: RollbackId, reason: String) -> Decision {
        if self.state.is_running() {
            return Err(Refusal::NotNow("a command is running"));
        }
        let is_it = |(known, _): &(&Rollback, Truth)| known.id == plan;
        let offered = offered_rollback(self.runbook, self.state, self.moment).filter(|offered| offered.id == plan);
        let Some(offered) = offered else {
            return Err(match ways_back(self.runbook, self.state, self.moment).find(is_it) {
                Some((_, Truth::Unknown(why))) => {
                    Refusal::Undecided(format!("the way back {plan} cannot be told: {why}"))
                }
                _ => Refusal::Unknown(format!("way back {plan} that is offered now")),
            });
        };
        if let Some(why) = blocked(self.runbook, self.state, self.moment, offered) {
            return Err(Refusal::Undecided(format!("the way back {plan} cannot be told: {why}")));
        }
        let reason = text(reason, "a reason is needed")?;
        let why = format!("{WENT_BACK}{}", shorten(&reason));
        let board = self.moment.board.recorded();
        let mut events = self.leave(&why, |step| Event::StepNotApplicable { step, why: why.clone() });
        events.push(Event::RollbackEntered { plan, reason, board });
        self.then(events)
    }

    /// The steps of the walked plan that are not accounted for.
    fn left(&self) -> Vec<StepKey> {
        let steps = self.state.walked().flat_map(|phase| phase.keys());
        steps.filter(|(_, step)| !step.status.is_accounted()).map(|(key, _)| key).collect()
    }

    /// What becomes of the steps that are left behind: those that failed stay failed, whatever was tried since, and those
    /// that reverted stay so; it would be untrue that they did not apply or were left out. `end` says what becomes of the others.
    fn leave(&self, why: &str, end: impl Fn(StepKey) -> Event) -> Vec<Event> {
        let left = self.left().into_iter().filter_map(|step| {
            let known = self.state.step(&step)?;
            match known.status {
                StepStatus::Failed | StepStatus::Reverted => None,
                _ if known.has_failed => {
                    Some(Event::StepFailed { step, why: format!("it failed before and was not mended; {why}") })
                }
                _ => Some(end(step)),
            }
        });
        left.collect()
    }

    pub(crate) fn close(&self) -> Decision {
        let unverified = self.state.to_verify();
        if self.left().is_empty() && !unverified.is_empty() {
            return Err(Refusal::Unverified(unverified.len()));
        }
        if !is_walked(self.state) || self.state.is_running() {
            let left = u32::try_from(self.left().len()).unwrap_or(u32::MAX);
            return Err(Refusal::Unaccounted(left));
        }
        let outcome = match self.state.plan {
            Plan::Rollback(_) => Outcome::RolledBack,
            Plan::Main if self.state.deviations.is_empty() => Outcome::Completed,
            Plan::Main => Outcome::CompletedWithDeviations,
        };
        let counts = self.state.counts();
        Ok(vec![Event::RunClosed { outcome, reason: String::new(), counts }])
    }

    pub(crate) fn abandon(&self, reason: String) -> Decision {
        if self.state.is_running() {
            return Err(Refusal::NotNow("a command is running"));
        }
        let reason = text(reason, "a reason is needed")?;
        let mut draft = Draft::new(self.runbook, self.state, self.moment);
        // One record holds the reason in full; those of the steps need not.
        let why = format!("abandoned: {}", shorten(&reason));
        for event in self.leave(&why, |step| {
            let (reason, board) = (why.clone(), Board::default());
            Event::StepSkipped { step, reason, board }
        }) {
            draft.push(event);
        }
        let counts = draft.state.counts();
        draft.push(Event::RunClosed { outcome: Outcome::Abandoned, reason, counts });
        Ok(draft.events)
    }
}
