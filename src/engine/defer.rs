//! A step that is put off: until a later phase of its plan opens, and no longer.

use crate::engine::decide::{Decision, Judge, text};
use crate::engine::deviation::DeviationKind;
use crate::engine::event::Event;
use crate::engine::proposal::Refusal;
use crate::engine::state::{PhaseState, RunState, StepStatus};
use crate::runbook::{PhaseId, Runbook, StepKey};

/// Where the walk stands when deferred steps are passed by: at which of the walked phases; behind the last when nothing
/// else is left. `but` is passed by too.
fn place(state: &RunState, but: Option<&StepKey>) -> usize {
    let is_left = |phase: &PhaseState| {
        !phase.is_bound || phase.keys().any(|(key, step)| !step.status.is_passed() && Some(&key) != but)
    };
    let walked: Vec<_> = state.walked().collect();
    walked.iter().position(|phase| is_left(phase)).unwrap_or(walked.len())
}

/// Until when that step may be put off.
fn until<'a>(runbook: &'a Runbook, key: &StepKey) -> Option<&'a PhaseId> {
    runbook.step(&key.phase, &key.step)?.defer.as_ref()
}

/// Whether a step that is put off until that phase must be taken up when the walk stands at `place`.
fn is_due(state: &RunState, until: &PhaseId, place: usize) -> bool {
    let opens = state.walked().position(|phase| &phase.id == until);
    let is_open = state.walked().nth(place).is_some_and(|phase| phase.is_bound);
    opens.is_none_or(|opens| opens < place || (opens == place && !is_open)) || place >= state.walked().count()
}

/// The step that was put off and must be taken up now, before anything else begins.
pub(crate) fn due(runbook: &Runbook, state: &RunState) -> Option<StepKey> {
    // Looked for at every step of a run, of which most never put anything off.
    if state.deviations.iter().all(|deviation| deviation.kind != DeviationKind::Deferred) {
        return None;
    }
    let mut deferred =
        state.walked().flat_map(PhaseState::keys).filter(|(_, step)| step.status == StepStatus::Deferred).peekable();
    deferred.peek()?;
    let place = place(state, None);
    let is_due = |key: &StepKey| until(runbook, key).is_none_or(|until| is_due(state, until, place));
    deferred.map(|(key, _)| key).find(is_due)
}

/// Until which phase the current step may be put off now; `None` when it may not: it is not of that kind, or there is
/// nothing to do before that phase opens.
pub fn may_defer<'a>(runbook: &'a Runbook, state: &RunState, key: &StepKey) -> Option<&'a PhaseId> {
    let until = until(runbook, key)?;
    (!is_due(state, until, place(state, Some(key)))).then_some(until)
}

impl Judge<'_> {
    pub(crate) fn defer(&self, step: StepKey, reason: String) -> Decision {
        self.idle(&step)?;
        let until = may_defer(self.runbook, self.state, &step);
        let until = until.ok_or(Refusal::NotNow("it cannot be put off, or not any longer"))?.clone();
        let reason = text(reason, "a reason is needed")?;
        self.then([Event::StepDeferred { step, until, reason, board: self.moment.board.recorded() }])
    }
}
