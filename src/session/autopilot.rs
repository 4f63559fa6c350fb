//! A scripted operator for practice runs: demonstrations and tests. It proposes only what is allowed.

use serde_json::{Value, json};

use crate::engine::scope::{command_of, target_of};
use crate::engine::{
    Allowed, Gate, Moment, Proposal, RunState, cautions_of, commands_of, gate, is_together, may_release, ways_on,
};
use crate::runbook::{Action, InputKind, Runbook, StepKey};

/// How often a failed step is tried again before the run is given up.
const MAX_ATTEMPTS: u32 = 3;

/// What the autopilot says where a person would say what was seen.
const SAID: &str = "as expected (autopilot)";

/// Who releases hold points in practice; the other where somebody goes by the first name.
const RELEASERS: [&str; 2] = ["second operator", "another operator"];

/// The next proposal of a careful operator; `None` while there is nothing to do but wait.
pub fn next(runbook: &Runbook, state: &RunState, moment: &Moment) -> Option<Proposal> {
    let ways_on = ways_on(runbook, state, moment);
    ways_on.iter().find_map(|choice| match choice {
        Allowed::ReadCautions(step) => {
            let shown = cautions_of(runbook, state, &moment.board, step, moment.at);
            Some(Proposal::ReadCautions { step: step.clone(), shown })
        }
        Allowed::Confirm(step) => confirm(runbook, step),
        Allowed::Answer(step) => answer(runbook, state, step),
        Allowed::Choose(step) => choose(runbook, step),
        Allowed::Release(step) | Allowed::Verify(step) => release(state, step),
        Allowed::Run(step) => run(runbook, state, moment, step),
        Allowed::Restart(step) => Some(restart(state, step)),
        Allowed::Retry(step) => Some(retry(state, step)),
        Allowed::Renew(step) => Some(renew(state, step)),
        Allowed::Close => Some(Proposal::Close),
        _ => None,
    })
}

/// Why nothing happens, for people; `None` when no step waits.
pub fn waiting_for(runbook: &Runbook, state: &RunState, moment: &Moment) -> Option<String> {
    let Some(key) = &state.current else { return crate::engine::stalled(runbook, state, moment) };
    match gate(runbook, state, key, moment.at) {
        Gate::Open => None,
        Gate::Closed(holds) => Some(holds.iter().map(crate::engine::Hold::describe).collect::<Vec<_>>().join("; ")),
    }
}

fn confirm(runbook: &Runbook, key: &StepKey) -> Option<Proposal> {
    let Action::Confirm { options, .. } = &runbook.step(&key.phase, &key.step)?.action else { return None };
    let said = options.first().cloned().unwrap_or_else(|| SAID.to_owned());
    Some(Proposal::Confirm { step: key.clone(), said })
}

fn answer(runbook: &Runbook, state: &RunState, key: &StepKey) -> Option<Proposal> {
    let Action::Ask { name, kind, .. } = &runbook.step(&key.phase, &key.step)?.action else { return None };
    // Where an input of that name says what is expected, a rehearsal finds just that.
    let expected = state.opened.as_ref().and_then(|opened| opened.inputs.get(name.as_str()));
    let value = match (kind, expected) {
        (InputKind::Text, Some(Value::String(text))) => json!(text),
        _ => answer_of(kind)?,
    };
    Some(Proposal::Answer { step: key.clone(), value, file: None })
}

fn choose(runbook: &Runbook, key: &StepKey) -> Option<Proposal> {
    let Action::Choose(ways) = &runbook.step(&key.phase, &key.step)?.action else { return None };
    Some(Proposal::Choose { step: key.clone(), choice: ways.first()?.is.clone() })
}

fn release(state: &RunState, key: &StepKey) -> Option<Proposal> {
    let released_by = RELEASERS.iter().find_map(|name| may_release(state, key, name).ok())?;
    Some(Proposal::Release { step: key.clone(), released_by, said: SAID.to_owned(), signature: None })
}

/// An answer of that kind; `None` where a rehearsal has none to give.
fn answer_of(kind: &InputKind) -> Option<Value> {
    Some(match kind {
        InputKind::Text => json!(SAID),
        InputKind::Number => json!(1),
        InputKind::Bool => json!(true),
        InputKind::Version => json!("1.0.0"),
        InputKind::Duration => json!("1m"),
        InputKind::Url => json!("http://127.0.0.1/"),
        InputKind::Choice(options) => json!(options.first()?),
        InputKind::Path | InputKind::Nodes(_) | InputKind::Command | InputKind::Secret => return None,
    })
}

fn run(runbook: &Runbook, state: &RunState, moment: &Moment, key: &StepKey) -> Option<Proposal> {
    let is_critical = runbook.step(&key.phase, &key.step).is_some_and(|step| step.critical);
    let typed = is_critical.then(|| target_of(runbook, state, key));
    if is_together(runbook, key) {
        let shown = commands_of(runbook, state, &moment.board, key, moment.at, usize::MAX).ok().flatten()?;
        return Some(Proposal::RunAll { step: key.clone(), shown, typed });
    }
    let shown = command_of(runbook, state, &moment.board, key, moment.at).ok().flatten()?;
    Some(Proposal::Run { step: key.clone(), shown, typed })
}

/// Goes back a few times; a condition that still wants it then is none that going back changes.
fn restart(state: &RunState, key: &StepKey) -> Proposal {
    let attempts = state.step(key).map_or(0, |step| step.attempt);
    if attempts < MAX_ATTEMPTS {
        return Proposal::Restart { step: key.clone(), reason: SAID.to_owned() };
    }
    Proposal::Abandon { reason: format!("{key} led back {} times already", attempts.saturating_sub(1)) }
}

/// Evidence that is too old each time the walk comes back will not be fresh the next time either.
fn renew(state: &RunState, key: &StepKey) -> Proposal {
    let renewals = state.step(key).map_or(0, |step| step.renewals);
    if renewals < MAX_ATTEMPTS {
        return Proposal::Renew { step: key.clone() };
    }
    Proposal::Abandon { reason: format!("what {key} wants fresh was done anew {renewals} times, and is too old again") }
}

fn retry(state: &RunState, key: &StepKey) -> Proposal {
    let attempts = state.step(key).map_or(0, |step| step.attempt);
    if attempts < MAX_ATTEMPTS {
        return Proposal::Retry { step: key.clone() };
    }
    let why = state.step(key).map(|step| step.said.clone()).unwrap_or_default();
    Proposal::Abandon { reason: format!("{key} failed {attempts} times: {why}") }
}
