//! What hangs on evidence: what was decided or done after it, by what it gave.

use crate::engine::scope::argv_of;
use crate::engine::state::{RunState, StepState, StepStatus};
use crate::runbook::{Action, Expr, HeaderValue, Phase, Runbook, Step, StepKey, Template};

/// A value that a step gives: the key of the scope, and the name below it.
type Value<'a> = (&'static str, &'a str);

/// Whether anything that has passed since hangs on these steps, beside what is done anew with them: whether a step or
/// a phase applies, what a step showed, ran or looked at, or that somebody released a hold point. The other items of
/// the loop that `step` stands in went their own way on what was fresh then.
pub(crate) fn hangs_on(runbook: &Runbook, state: &RunState, step: &StepKey, renewed: &[StepKey]) -> bool {
    let values: Vec<Value<'_>> =
        renewed.iter().filter_map(|key| runbook.step(&key.phase, &key.step)).flat_map(given).collect();
    let ended = |key: &StepKey| state.step(key).and_then(|known| known.ended);
    let since = renewed.iter().filter_map(ended).min();
    let mut is_behind = false;
    for known in state.walked().skip_while(|phase| renewed.iter().all(|key| key.phase != phase.id)) {
        let Some(phase) = runbook.phase(&known.id) else { continue };
        if known.is_bound && is_decided_by(phase, &values) {
            return true;
        }
        for (key, known) in known.keys() {
            let is_renewed = renewed.contains(&key);
            is_behind |= is_renewed;
            let is_own = is_renewed || &key == step;
            let is_other = key.phase == step.phase && key.item != step.item;
            let has_passed = known.status != StepStatus::Pending && (is_behind || known.ended >= since);
            let Some(planned) = phase.steps.iter().find(|planned| planned.id == key.step) else { continue };
            let is_applied = || planned.when.as_ref().is_some_and(|when| reads(&when.holds, &values));
            if is_own && is_applied() || !is_own && !is_other && has_passed && rests(state, planned, known, &values) {
                return true;
            }
        }
    }
    false
}

/// What a step gives.
fn given(step: &Step) -> Vec<Value<'_>> {
    match &step.action {
        Action::Choose(_) => vec![("choices", step.id.as_str())],
        Action::Ask { name, .. } => vec![("answers", name)],
        Action::Run { capture, .. } => capture.iter().map(|(name, _)| ("answers", name.as_str())).collect(),
        _ => Vec::new(),
    }
}

/// Whether a phase applies, or to which items, is decided by one of the values.
fn is_decided_by(phase: &Phase, values: &[Value<'_>]) -> bool {
    let when = phase.when.as_ref().map(|when| &when.holds);
    phase.for_each.iter().chain(&phase.inner).chain(when).any(|expr| reads(expr, values))
}

/// Whether a step that has passed rests on one of the values, or on the one who released it.
fn rests(state: &RunState, step: &Step, known: &StepState, values: &[Value<'_>]) -> bool {
    if step.when.as_ref().is_some_and(|when| reads(&when.holds, values)) {
        return true;
    }
    known.status != StepStatus::NotApplicable
        && (matches!(step.action, Action::Release { .. })
            || known.verified.is_some()
            || is_read_by(state, step, values))
}

fn is_read_by(state: &RunState, step: &Step, values: &[Value<'_>]) -> bool {
    let cautions = step.cautions.iter().map(|caution| &caution.text);
    let shown = [&step.title].into_iter().chain(&step.text).chain(&step.actor).chain(cautions);
    let gate = step.gate.as_ref().map(|gate| &gate.holds);
    is_shown(shown, values) || gate.is_some_and(|gate| reads(gate, values)) || is_acted_on(state, &step.action, values)
}

fn is_acted_on(state: &RunState, action: &Action, values: &[Value<'_>]) -> bool {
    match action {
        Action::Confirm { prompt, .. } | Action::Ask { prompt, .. } => is_shown([prompt], values),
        Action::Run { argv, cwd, env, expect, capture, .. } => {
            // A command that cannot be read here may read anything.
            let is_run = argv_of(state, argv).map_or(true, |argv| is_shown(argv.iter(), values));
            let text = |value: &HeaderValue| match value {
                HeaderValue::Text(text) => is_shown([text], values),
                HeaderValue::Secret(_) => false,
            };
            let judged = expect.iter().map(|expect| &expect.holds).chain(capture.iter().map(|(_, expr)| expr));
            is_run
                || is_shown(cwd, values)
                || env.iter().any(|(_, value)| text(value))
                || judged.into_iter().any(|expr| reads(expr, values))
        }
        Action::Check { holds, .. } => reads(holds, values),
        Action::Wait(_) | Action::Choose(_) | Action::Release { .. } | Action::Restart(_) => false,
    }
}

fn is_shown<'a>(templates: impl IntoIterator<Item = &'a Template>, values: &[Value<'_>]) -> bool {
    templates.into_iter().flat_map(Template::expressions).any(|(_, expr)| reads(expr, values))
}

fn reads(expr: &Expr, values: &[Value<'_>]) -> bool {
    let reads = expr.reads();
    values.iter().any(|(key, name)| reads.is_whole(key) || reads.names(key).any(|(read, _)| read == *name))
}
