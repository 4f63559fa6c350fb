//! What is left as it is when a run ends: what was not done, and what it changed.

use crate::engine::deviation::DeviationKind;
use crate::engine::state::{RunState, StepState, StepStatus};
use crate::runbook::{Action, Runbook, Step, StepKey};

/// Steps of which something may have been changed that the run does not undo: the critical, the irreversible and what makes
/// something bad for a while; where none of these was begun, all that run something.
pub fn changing(runbook: &Runbook, state: &RunState) -> Vec<StepKey> {
    let all = state.counted().flat_map(|phase| phase.keys());
    let steps: Vec<_> = all.filter(|(key, step)| is_begun(state, key, step)).collect();
    let planned = |key: &StepKey| runbook.step(&key.phase, &key.step);
    let named = |is_meant: &dyn Fn(&Step) -> bool| -> Vec<StepKey> {
        let meant = steps.iter().filter(|(key, _)| planned(key).is_some_and(is_meant));
        meant.map(|(key, _)| key.clone()).collect()
    };
    let grave = named(&|step| step.critical || step.irreversible || step.disturbs.is_some());
    if grave.is_empty() { named(&|step| matches!(step.action, Action::Run { .. })) } else { grave }
}

/// Whether a step may have changed something: it was done, or begun and not left out. Who has read its cautions has
/// done nothing yet.
fn is_begun(state: &RunState, key: &StepKey, step: &StepState) -> bool {
    match step.status {
        StepStatus::Done | StepStatus::Failed => true,
        StepStatus::Current => {
            step.has_failed || state.waits_for_peer(key) || step.output.is_some() || !step.results.is_empty()
        }
        StepStatus::Skipped | StepStatus::Overridden => step.has_failed,
        _ => false,
    }
}

/// The steps that have failed.
pub fn failed(state: &RunState) -> Vec<StepKey> {
    let steps = state.counted().flat_map(|phase| phase.keys());
    steps.filter(|(_, step)| step.status == StepStatus::Failed).map(|(key, _)| key).collect()
}

/// `3 skipped, 16 left behind when it went back, 1 failed`: nothing when every step was done or did not apply.
pub fn not_done(state: &RunState) -> String {
    let counts = state.counts();
    let behind = state.undone() - counts.skipped;
    let told = [(counts.skipped, "skipped"), (behind, "left behind when it went back"), (counts.failed, "failed")];
    let told = told.into_iter().filter(|(count, _)| *count > 0).map(|(count, word)| format!("{count} {word}"));
    told.collect::<Vec<_>>().join(", ")
}

/// `1 override, 2 skip`: how many deviations of each kind there are.
pub fn deviations(kinds: impl Iterator<Item = DeviationKind> + Clone) -> String {
    let all = [
        DeviationKind::Skip,
        DeviationKind::Deferred,
        DeviationKind::Override,
        DeviationKind::CutWait,
        DeviationKind::Acknowledged,
        DeviationKind::Disputed,
        DeviationKind::Waived,
    ];
    let counted = all.into_iter().filter_map(|kind| {
        let count = kinds.clone().filter(|other| *other == kind).count();
        (count > 0).then(|| format!("{count} {}", kind.word()))
    });
    counted.collect::<Vec<_>>().join(", ")
}
