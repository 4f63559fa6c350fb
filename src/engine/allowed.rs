//! What may be proposed now: what the action bar, the plain mode and the autopilot offer.

use crate::engine::back::offered_rollback;
use crate::engine::bind::silent_now;
use crate::engine::cautions::has_changed;
use crate::engine::defer::may_defer;
use crate::engine::event::{ConditionId, Tri};
use crate::engine::gate::{Gate, Hold, gate, has_unread_cautions};
use crate::engine::observe::JobId;
use crate::engine::proposal::Moment;
use crate::engine::renew::renewable;
use crate::engine::state::{RunState, StepStatus};
use crate::engine::take_up::takeable;
use crate::runbook::{Action, ActionKind, RollbackId, Runbook, StepKey};

/// Something that a person may do now. No face offers more, or hides any of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Allowed {
    /// Say that the cautions were read.
    ReadCautions(StepKey),
    /// State what was seen.
    Confirm(StepKey),
    /// Give the value.
    Answer(StepKey),
    /// Take one of the ways.
    Choose(StepKey),
    /// Let a second person say that the run may go on, or confirm what was just stated.
    Release(StepKey),
    /// Let a second person verify what was done before.
    Verify(StepKey),
    /// Let a second person say that something else is so than what was stated or sensed.
    Dispute(StepKey),
    /// Start the command.
    Run(StepKey),
    /// Go back to an earlier phase.
    Restart(StepKey),
    /// End the running command.
    Cancel(JobId),
    /// Try again.
    Retry(StepKey),
    /// Do again what it wants fresh and what has become too old.
    Renew(StepKey),
    /// Leave it out.
    Skip(StepKey),
    /// Put it off.
    Defer(StepKey),
    /// Take this step up in the place of the current one.
    TakeUp(StepKey),
    /// Declare it done.
    Override(StepKey),
    /// End the wait.
    CutWait(StepKey),
    /// Go on although this guard or gate does not hold, or without the answer that the next phase's items hang on.
    Acknowledge(ConditionId),
    /// Remark.
    Note,
    /// Go back by this plan.
    RollBack(RollbackId),
    /// Close the finished run.
    Close,
    /// Give the run up.
    Abandon,
    /// Leave it as it stands.
    Leave,
}

/// All that a person may do now, the most natural first.
pub fn allowed(runbook: &Runbook, state: &RunState, moment: &Moment) -> Vec<Allowed> {
    let mut allowed = ways_on(runbook, state, moment);
    if state.opened.is_none() || state.closed.is_some() || state.sitting.is_none() {
        return allowed;
    }
    allowed.push(Allowed::Note);
    if state.running.is_empty() {
        allowed.extend(offered_rollback(runbook, state, moment).map(|plan| Allowed::RollBack(plan.id.clone())));
        allowed.push(Allowed::Abandon);
    }
    allowed.push(Allowed::Leave);
    allowed
}

/// The part of it that is about the current step and what comes next: whoever only goes on need not know the ways back.
pub fn ways_on(runbook: &Runbook, state: &RunState, moment: &Moment) -> Vec<Allowed> {
    if state.opened.is_none() || state.closed.is_some() || state.sitting.is_none() {
        return Vec::new();
    }
    let mut allowed = Vec::new();
    if let Some(job) = state.running.first() {
        allowed.push(Allowed::Cancel(job.job));
        return allowed;
    }
    if let Some(key) = &state.current {
        of_the_step(runbook, state, key, moment, &mut allowed);
    }
    let silent = silent_now(runbook, state, &moment.board);
    allowed.extend(silent.into_iter().map(|(condition, _)| Allowed::Acknowledge(condition)));
    allowed.extend(state.reverted().cloned().map(Allowed::Override));
    let to_verify = state.to_verify();
    allowed.extend(to_verify.iter().cloned().map(Allowed::Verify));
    allowed.extend(to_verify.iter().cloned().map(Allowed::Dispute));
    if state.current.is_none() {
        // Where nobody can be found that is overruled, as anything else is.
        allowed.extend(to_verify.into_iter().map(Allowed::Override));
    }
    if is_walked(state) {
        allowed.push(Allowed::Close);
    }
    allowed
}

/// Whether every step of the walked plan is accounted for.
pub(crate) fn is_walked(state: &RunState) -> bool {
    state.walked().all(crate::engine::state::PhaseState::is_accounted) && state.to_verify().is_empty()
}

fn of_the_step(runbook: &Runbook, state: &RunState, key: &StepKey, moment: &Moment, allowed: &mut Vec<Allowed>) {
    let Some((step, known)) = runbook.step(&key.phase, &key.step).zip(state.step(key)) else { return };
    let key = key.clone();
    if known.status == StepStatus::Failed {
        allowed.push(Allowed::Retry(key.clone()));
    } else if state.waits_for_peer(&key) {
        // Whoever stated it may state it anew, as long as the other has not said what else is so.
        allowed.extend([Allowed::Release(key.clone()), Allowed::Retry(key.clone()), Allowed::Dispute(key.clone())]);
    } else {
        let gate = gate(runbook, state, &key, moment.at);
        if has_unread_cautions(step, known) || has_changed(runbook, state, &moment.board, &key, moment.at) {
            allowed.push(Allowed::ReadCautions(key.clone()));
        } else if gate == Gate::Open {
            match step.action.kind() {
                ActionKind::Confirm => allowed.push(Allowed::Confirm(key.clone())),
                ActionKind::Ask => allowed.push(Allowed::Answer(key.clone())),
                ActionKind::Run => allowed.push(Allowed::Run(key.clone())),
                ActionKind::Choose => allowed.push(Allowed::Choose(key.clone())),
                ActionKind::Release => allowed.push(Allowed::Release(key.clone())),
                ActionKind::Restart => allowed.push(Allowed::Restart(key.clone())),
                ActionKind::Check | ActionKind::Wait => {}
            }
        }
        if matches!(step.action, Action::Wait(_)) {
            allowed.push(Allowed::CutWait(key.clone()));
        }
        if !renewable(runbook, state, &key, moment.at).is_empty() {
            allowed.push(Allowed::Renew(key.clone()));
        }
        if let Gate::Closed(holds) = gate {
            allowed.extend(holds.into_iter().filter_map(acknowledgeable));
        }
    }
    if !step.action.is_sensed() {
        allowed.push(Allowed::Skip(key.clone()));
    }
    if may_defer(runbook, state, &key).is_some() {
        allowed.push(Allowed::Defer(key.clone()));
    }
    allowed.push(Allowed::Override(key));
    allowed.extend(takeable(runbook, state, moment).into_iter().map(Allowed::TakeUp));
}

/// Guards and gates can be passed; what a check waits for can only be overridden.
pub(crate) fn acknowledgeable(hold: Hold) -> Option<Allowed> {
    match hold {
        Hold::Condition { condition: condition @ (ConditionId::Guard(_) | ConditionId::Gate(_)), truth, .. }
            if truth != Tri::True =>
        {
            Some(Allowed::Acknowledge(condition))
        }
        _ => None,
    }
}
