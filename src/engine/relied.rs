//! What was sensed has to be so still when something is changed next.
//!
//! A check that passed is relied on, and sensed on, until something may have been changed: a command starts, or a step
//! begins that a person does by hand. From then on the world may be another one on purpose, and what was sensed before says
//! nothing of it. Where it is not so any more before that, the check has reverted: it is no longer done, and no command
//! starts, and nothing begins that a person changes by hand, until it is so again, for as long as the check asks for, or
//! until a person goes on regardless. What soaked need not soak again for that.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::engine::event::{ConditionId, Event, Tri};
use crate::engine::gate::Hold;
use crate::engine::scope::millis;
use crate::engine::settle::Draft;
use crate::engine::state::{RunState, Standing, StepStatus};
use crate::runbook::{Action, PhaseId, Runbook, Step, StepId, StepKey};

/// How many checks are relied on at most: the first ones, so that one that reverted is never forgotten.
const MAX_RELIED: usize = 64;

/// The checks that passed since something was changed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Relied {
    /// In the order in which they passed.
    passed: Vec<StepKey>,
    /// What a person does by hand, and whether it says of itself that it changes something.
    by_hand: BTreeMap<(PhaseId, StepId), bool>,
}

impl Relied {
    /// Nothing has passed yet.
    pub(crate) fn new(runbook: &Runbook) -> Self {
        let plans = runbook.phases.iter().chain(runbook.rollbacks.iter().flat_map(|plan| &plan.phases));
        let steps = plans.flat_map(|phase| phase.steps.iter().map(|step| (phase.id.clone(), step)));
        let is_by_hand = |step: &Step| match step.action {
            Action::Run { .. } => false,
            Action::Confirm { .. } => true,
            _ => step.changes_something(),
        };
        let by_hand = steps.filter(|(_, step)| is_by_hand(step));
        let by_hand = by_hand.map(|(phase, step)| ((phase, step.id.clone()), step.changes_something()));
        Self { passed: Vec::new(), by_hand: by_hand.collect() }
    }

    /// Them, in the order in which they passed.
    pub fn keys(&self) -> &[StepKey] {
        &self.passed
    }

    /// Whether a person does that step by hand; and if so, whether it says that it changes something.
    fn by_hand(&self, key: &StepKey) -> Option<bool> {
        self.by_hand.get(&(key.phase.clone(), key.step.clone())).copied()
    }
}

impl RunState {
    /// Notes what an event means to the checks that are relied on.
    pub(crate) fn note_relied(&mut self, event: &Event) {
        match event {
            Event::CommandsApproved { .. }
            | Event::CommandStarted { .. }
            | Event::RollbackEntered { .. }
            | Event::RunClosed { .. } => self.rely_on_none(|_| true),
            Event::StepBegan { step, .. } | Event::StepRetried { step, .. } if self.relied.by_hand(step).is_some() => {
                // What had reverted by then did so before anybody can have changed anything.
                let reverted: Vec<_> = self.reverted().cloned().collect();
                self.rely_on_none(|key| !reverted.contains(key));
            }
            Event::StepBegan { step, .. }
            | Event::StepRetried { step, .. }
            | Event::StepDisputed { step, .. }
            | Event::StepOverridden { step, .. } => self.rely_on_none(|key| key == step),
            Event::StepsReopened { .. } | Event::StepsRenewed { .. } => {
                let is_left =
                    |state: &Self, key: &StepKey| state.step(key).is_none_or(|known| !known.status.is_passed());
                let left: Vec<_> = self.relied.passed.iter().filter(|key| is_left(self, key)).cloned().collect();
                self.rely_on_none(|key| left.contains(key));
            }
            _ => {}
        }
    }

    fn rely_on_none(&mut self, of: impl Fn(&StepKey) -> bool) {
        let conditions = &mut self.conditions;
        self.relied.passed.retain(|key| {
            let is_left = !of(key);
            if !is_left {
                conditions.remove(&ConditionId::Check(key.clone()));
            }
            is_left
        });
    }

    /// A check passed, its condition standing like that: from here on it is relied on.
    pub(crate) fn rely_on(&mut self, key: &StepKey, sensed: Option<Standing>) {
        if self.relied.passed.len() < MAX_RELIED {
            self.conditions.extend(sensed.map(|sensed| (ConditionId::Check(key.clone()), sensed)));
            self.relied.passed.push(key.clone());
        }
    }

    /// A check that is relied on is done no more, or done again.
    pub(crate) fn take_reverted(&mut self, key: &StepKey, by: &str, status: StepStatus, said: &str) {
        let at = self.at;
        self.change(key, |step| {
            (step.status, step.ended) = (status, Some(at));
            by.clone_into(&mut step.by);
            said.clone_into(&mut step.said);
        });
    }

    /// A person goes on regardless of what a check came to that is relied on. One that had reverted is overruled by that.
    pub(crate) fn overrule_reverted(&mut self, key: &StepKey, by: &str, reason: &str) {
        if self.reverted().any(|reverted| reverted == key) {
            self.end(key, StepStatus::Overridden, by, reason);
            self.rely_on_none(|relied| relied == key);
        }
    }

    /// The checks that are not so any more, in the order in which they had passed.
    pub fn reverted(&self) -> impl Iterator<Item = &StepKey> {
        let is_it = |key: &&StepKey| self.step(key).is_some_and(|known| known.status == StepStatus::Reverted);
        self.relied.passed.iter().filter(is_it)
    }
}

/// What is not as it was sensed, or cannot be told to be, of all that a step relies on by which something is changed.
pub(crate) fn not_as_sensed(state: &RunState, step: &Step) -> Vec<Hold> {
    let keys = state.relied.keys().iter().filter(|_| step.changes_something());
    keys.filter_map(|key| doubt(state, key)).collect()
}

/// What is to be doubted of a check that is relied on.
pub(crate) fn doubt(state: &RunState, key: &StepKey) -> Option<Hold> {
    let sensed = state.conditions.get(&ConditionId::Check(key.clone()));
    let truth = sensed.map_or(Tri::True, |sensed| sensed.truth);
    if sensed.is_some_and(|sensed| sensed.acknowledged.is_some()) {
        return None;
    }
    let has_reverted = state.step(key).is_some_and(|known| known.status == StepStatus::Reverted);
    let why = || sensed.map(|sensed| sensed.why.clone()).unwrap_or_default();
    (has_reverted || truth != Tri::True).then(|| Hold::Reverted { step: key.clone(), truth, why: why() })
}

impl Draft<'_> {
    /// A check that is relied on turned, for long enough.
    pub(super) fn turn_relied(&mut self) -> bool {
        let turned = self.state.relied.keys().iter().find_map(|key| {
            let (known, sensed) =
                self.state.step(key).zip(self.state.conditions.get(&ConditionId::Check(key.clone())))?;
            let held = self.moment.at.since(sensed.since);
            // Asked with every answer, and mostly nothing has turned: only what has is written out.
            let named = || (key.clone(), self.moment.board.recorded());
            match (known.status, sensed.truth) {
                (StepStatus::Done, Tri::False) => {
                    let (step, board) = named();
                    Some(Event::CheckReverted { step, why: sensed.why.clone(), board })
                }
                (StepStatus::Reverted, Tri::True) if held >= self.asked_for(key) => {
                    let (step, board) = named();
                    Some(Event::CheckRestored { step, held_ms: millis(held), board })
                }
                _ => None,
            }
        });
        turned.map(|event| self.push(event)).is_some()
    }

    /// What has reverted and what a step has to wait for before it begins: what a person changes by hand is held back by
    /// nothing once it has begun.
    pub(super) fn waits_for_reverted(&self, key: &StepKey) -> Option<&StepKey> {
        self.state.reverted().next().filter(|_| self.state.relied.by_hand(key) == Some(true))
    }

    /// For how long what a check senses must hold.
    fn asked_for(&self, key: &StepKey) -> Duration {
        match self.runbook.step(&key.phase, &key.step).map(|step| &step.action) {
            Some(Action::Check { hold, .. }) => *hold,
            _ => Duration::ZERO,
        }
    }
}
