//! Evidence that has become too old is done anew: the walk goes back to those steps alone, and then on where it stood.

use crate::clock::Timestamp;
use crate::engine::decide::{Decision, Judge};
use crate::engine::event::{ConditionId, Event};
use crate::engine::gate::{Hold, limited};
use crate::engine::hang::hangs_on;
use crate::engine::planned::fresh;
use crate::engine::proposal::Refusal;
use crate::engine::restart::remember;
use crate::engine::state::{PhaseState, RunState, StepState, StepStatus};
use crate::runbook::{Runbook, StepKey};

/// What must be done anew before that step: of the evidence that it wants fresh, whatever is too old, and what came
/// after that in the same pass, since it may speak of it. None when nothing is too old, or when it belongs to a plan
/// that was left; none either when one of them is not to be repeated, or when what was decided or done since hangs on
/// them: that would stand on evidence that is gone.
pub fn renewable(runbook: &Runbook, state: &RunState, step: &StepKey, now: Timestamp) -> Vec<StepKey> {
    let evidence = limited(runbook, state, step, now);
    let is_old = |hold: &Option<Hold>| matches!(hold, Some(Hold::Stale { .. }));
    let old: Vec<_> = evidence.iter().filter(|(_, hold)| is_old(hold)).map(|(key, _)| key).collect();
    let ended = |key: &StepKey| {
        let done = |known: &&StepState| matches!(known.status, StepStatus::Done | StepStatus::Overridden);
        state.step(key).filter(done).and_then(|known| known.ended)
    };
    let follows = |key: &StepKey| {
        let same = old.iter().filter(|old| old.phase == key.phase && old.item == key.item);
        same.map(|old| ended(old)).any(|old| ended(key).is_some() && ended(key) >= old)
    };
    let is_walked = |key: &StepKey| state.walked().any(|phase| phase.id == key.phase);
    if !old.iter().all(|key| is_walked(key)) {
        return Vec::new();
    }
    let mut renewed = Vec::new();
    for (key, _) in &evidence {
        if follows(key) && !renewed.contains(key) {
            renewed.push(key.clone());
        }
    }
    let is_grave =
        |key: &StepKey| runbook.step(&key.phase, &key.step).is_none_or(|step| step.irreversible || step.critical);
    if renewed.iter().any(is_grave) || hangs_on(runbook, state, step, &renewed) {
        return Vec::new();
    }
    renewed
}

/// Whether some of its evidence is too old, be it renewable or not.
fn is_stale(judge: &Judge<'_>, step: &StepKey) -> bool {
    let evidence = limited(judge.runbook, judge.state, step, judge.moment.at);
    evidence.iter().any(|(_, hold)| matches!(hold, Some(Hold::Stale { .. })))
}

impl Judge<'_> {
    pub(crate) fn renew(&self, step: StepKey) -> Decision {
        if self.idle(&step)?.1.status != StepStatus::Current {
            return Err(Refusal::NotNow("the step has failed: try it again first"));
        }
        if self.state.waits_for_peer(&step) {
            return Err(Refusal::NotNow("it is stated: another person confirms it now"));
        }
        let renewed = renewable(self.runbook, self.state, &step, self.moment.at);
        if renewed.is_empty() {
            let why = if is_stale(self, &step) {
                "what cannot be repeated, or what was decided since, hangs on its evidence"
            } else {
                "none of its evidence is too old"
            };
            return Err(Refusal::NotNow(why));
        }
        self.then([Event::StepsRenewed { step, renewed }])
    }
}

impl RunState {
    /// These steps are pending again, and so is the one that wants them.
    pub(crate) fn renew(&mut self, step: &StepKey, renewed: &[StepKey]) {
        for key in renewed {
            let Some(known) = self.step(key).cloned() else { continue };
            remember(&mut self.before, key.clone(), &known);
            let planned = self.phases.iter().find(|phase| phase.id == key.phase).map(|phase| fresh(&phase.steps));
            let new = planned.and_then(|item| item.steps.into_iter().find(|planned| planned.id == key.step));
            self.change(key, |state| {
                new.iter().for_each(|new| *state = StepState { is_renewed: true, ..StepState::clone(new) });
            });
            self.unverified.remove(key);
            self.conditions.remove(&ConditionId::Gate(key.clone()));
            self.conditions.remove(&ConditionId::Check(key.clone()));
        }
        self.change(step, |state| {
            state.status = StepStatus::Pending;
            state.is_renewed = true;
            state.renewals = state.renewals.saturating_add(1);
        });
        self.conditions.remove(&ConditionId::Gate(step.clone()));
        self.conditions.remove(&ConditionId::Check(step.clone()));
        self.current = None;
    }
}

impl PhaseState {
    /// Whether the turn of that step's item has come before: one of its steps has begun, or was left out.
    pub(crate) fn is_entered(&self, key: &StepKey) -> bool {
        let own = self.items.iter().filter(|item| item.item.name == key.item);
        own.flat_map(|item| &item.steps).any(|step| step.attempt > 0 || step.status != StepStatus::Pending)
    }
}
