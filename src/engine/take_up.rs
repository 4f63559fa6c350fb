//! Steps in any order: another step of the same pass is taken up in the place of the current one.

use crate::engine::decide::{Decision, Judge};
use crate::engine::event::{ConditionId, Event};
use crate::engine::proposal::{Moment, Refusal};
use crate::engine::settle::Draft;
use crate::engine::state::{RunState, StepStatus};
use crate::runbook::{Action, Order, Requirement, Runbook, StepKey};

/// The steps that may be taken up now in the place of the current one: those of its pass that have not begun, when its
/// phase takes them in any order.
pub fn takeable(runbook: &Runbook, state: &RunState, moment: &Moment) -> Vec<StepKey> {
    let Ok(current) = replaceable(runbook, state) else { return Vec::new() };
    let Some(item) = state.item(current) else { return Vec::new() };
    let keys = item.steps.iter().map(|step| StepKey { step: step.id.clone(), ..current.clone() });
    keys.filter(|key| may_take(runbook, state, moment, current, key).is_ok()).collect()
}

/// The current step, when another may be taken up in its place.
fn replaceable<'s>(runbook: &Runbook, state: &'s RunState) -> Result<&'s StepKey, Refusal> {
    let is_bound = |phase| runbook.phase(phase).is_none_or(|phase| phase.order != Order::Any);
    if !state.is_running() && state.current.as_ref().is_some_and(|current| is_bound(&current.phase)) {
        return Err(Refusal::NotNow("the steps of this phase have a binding order"));
    }
    untouched(runbook, state)
}

/// The current step, when nothing of it was begun, so that nothing is left half done and nothing that was seen of it is
/// lost where the walk goes elsewhere. Its cautions may have been read; they are read again.
pub(crate) fn untouched<'s>(runbook: &Runbook, state: &'s RunState) -> Result<&'s StepKey, Refusal> {
    if state.is_running() {
        return Err(Refusal::NotNow("a command is running"));
    }
    let current = state.current.as_ref().ok_or(Refusal::NotNow("no step is current"))?;
    let begun = Refusal::NotNow("the current step has been begun: it comes to its end first");
    let (step, known) = runbook.step(&current.phase, &current.step).zip(state.step(current)).ok_or(begun.clone())?;
    let is_timed = matches!(step.action, Action::Wait(_) | Action::Check { soak: Some(_), .. });
    let is_first = known.attempt == state.next_attempt(current) && !known.has_failed;
    let is_untouched = known.status == StepStatus::Current && is_first && known.output.is_none();
    if is_timed || !is_untouched || state.waits_for_peer(current) {
        return Err(begun);
    }
    Ok(current)
}

/// Whether that step may be taken up in the place of the current one.
fn may_take(
    runbook: &Runbook,
    state: &RunState,
    moment: &Moment,
    current: &StepKey,
    key: &StepKey,
) -> Result<(), Refusal> {
    let is_mate = (&key.phase, &key.item) == (&current.phase, &current.item);
    let found = runbook.step(&key.phase, &key.step).zip(state.step(key)).filter(|_| is_mate);
    let (step, known) = found.ok_or(Refusal::NotNow("it is no step of this pass of the phase"))?;
    if known.status != StepStatus::Pending {
        return Err(Refusal::NotNow("it is not pending"));
    }
    let is_open = |needed: &Requirement| {
        let own = StepKey { step: needed.step.clone(), ..key.clone() };
        needed.phase == key.phase && state.step(&own).is_some_and(|known| !known.status.is_accounted())
    };
    if step.requires.iter().any(is_open) {
        return Err(Refusal::NotNow("a step that it requires comes first"));
    }
    if step.changes_something() && is_held(runbook, state, moment, key) {
        return Err(Refusal::NotNow("a hold point that stands before it comes first"));
    }
    let Some(when) = step.when.as_ref().filter(|_| !known.is_renewed) else { return Ok(()) };
    match Draft::new(runbook, state, moment).applies(when, key) {
        Some(Ok(())) => Ok(()),
        Some(Err(why)) => Err(Refusal::Undecided(format!("it does not apply: {why}"))),
        None => Err(Refusal::NotNow("whether it applies waits for a first answer of its probes")),
    }
}

/// Whether a hold point that stands before that step in its pass lets nothing go on yet.
fn is_held(runbook: &Runbook, state: &RunState, moment: &Moment, key: &StepKey) -> bool {
    let steps = state.item(key).map_or(&[][..], |item| &item.steps);
    let open = steps.iter().take_while(|known| known.id != key.step).filter(|known| !known.status.is_passed());
    let mut open = open.map(|known| StepKey { step: known.id.clone(), ..key.clone() });
    open.any(|before| {
        let step = runbook.step(&before.phase, &before.step);
        let Some(step) = step.filter(|step| matches!(step.action, Action::Release { .. })) else { return false };
        let applies = |when| Draft::new(runbook, state, moment).applies(when, &before);
        !matches!(step.when.as_ref().map(applies), Some(Some(Err(_))))
    })
}

impl Judge<'_> {
    pub(crate) fn take_up(&self, key: &StepKey) -> Decision {
        let current = replaceable(self.runbook, self.state)?;
        may_take(self.runbook, self.state, self.moment, current, key)?;
        let mut draft = Draft::new(self.runbook, self.state, self.moment);
        draft.push(Event::StepPutBack { step: current.clone(), instead: key.clone() });
        draft.push(draft.begun(key));
        Ok(draft.settle())
    }
}

impl RunState {
    /// The step is pending again, as if nobody had looked at it. It had applied: that is not asked again.
    pub(crate) fn put_back(&mut self, step: &StepKey) {
        let looked = self.looked_at_for(step, self.at);
        self.looked.insert(step.clone(), looked);
        self.unverified.remove(step);
        self.change(step, |state| {
            state.status = StepStatus::Pending;
            state.attempt = 0;
            state.began = None;
            state.cautions_read = false;
            state.is_renewed = true;
        });
        self.conditions.remove(&ConditionId::Gate(step.clone()));
        self.conditions.remove(&ConditionId::Check(step.clone()));
        self.current = None;
    }
}
