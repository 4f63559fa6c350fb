//! The autopilot with a scenario's moves: where the scenario says nothing, it does what [`autopilot`] does.
//!
//! What was done is read from the run itself, so nothing is kept here, and a run that is resumed goes on where it stood.

use std::time::Duration;

use serde_json::json;

use crate::engine::{
    Allowed, DeviationKind, Happening, Moment, Outcome, Plan, Proposal, RunState, StepState, StepStatus, allowed,
};
use crate::runbook::{Runbook, StepKey};
use crate::scenario::{Deed, Ending, Move, When};
use crate::session::autopilot;

/// How long a failed step is left before it is tried again.
const PAUSE: Duration = Duration::from_secs(3);

/// How long what was typed at a failed step is given to take effect: a server drains and comes up.
const AFTER_TYPING: Duration = Duration::from_secs(30);

/// How often a move tries a failed step again.
const MOST_ATTEMPTS: u32 = 5;

/// A move that was not made, and can no more be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the way of the scenario cannot be gone: its move {0} was not made, and its place has passed")]
pub struct Missed(String);

/// The next proposal on that way; `None` while there is nothing to do but wait.
///
/// # Errors
/// A move of the way was not made, and its place has passed: what follows is another way than the one that was meant.
pub fn next(
    way: Option<&Ending>,
    runbook: &Runbook,
    state: &RunState,
    moment: &Moment,
) -> Result<Option<Proposal>, Missed> {
    let Some(way) = way else { return Ok(autopilot::next(runbook, state, moment)) };
    if let Some(missed) = missed(way, state) {
        return Err(missed);
    }
    if state.sitting.is_none() || state.closed.is_some() || state.is_running() || is_unanswered(state) {
        return Ok(None);
    }
    Ok(match of_moves(&way.moves, runbook, state, moment) {
        Step::Do(proposal) => Some(proposal),
        Step::Wait => None,
        Step::AsUsual => usual(runbook, state, moment),
    })
}

/// What is left of a way where somebody has gone another one so far: the moves whose place is still to come.
pub fn left_of(way: Ending, state: &RunState) -> Ending {
    if missed(&way, state).is_none() {
        return way;
    }
    // Whatever was typed counts as typed before the first line that is left.
    let typed = Deed::Type(vec![String::new(); typed(state)]);
    let before = way.moves.first().map(|first| Move { deed: typed, ..first.clone() });
    let left = way.moves.into_iter().filter(|step| !has_passed(step, state) && !is_made(step, false, state));
    Ending { moves: before.into_iter().chain(left).collect(), ..way }
}

/// The first move that was not made although its place has passed: every step that it is for is over, or the run is.
fn missed(way: &Ending, state: &RunState) -> Option<Missed> {
    let (typed, mut lines_before) = (typed(state), 0);
    way.moves.iter().find_map(|step| {
        if let Deed::Type(lines) = &step.deed {
            lines_before += lines.len();
        }
        let is_missed = !is_made(step, typed >= lines_before, state) && has_passed(step, state);
        is_missed.then(|| Missed(told(step)))
    })
}

/// A move, for people.
fn told(step: &Move) -> String {
    let when = match step.when {
        When::Failed => "when it has failed".to_owned(),
        When::Open(after) => format!("{} s after it began", after.as_secs()),
    };
    format!("at {}, {when}: {}", step.step, step.deed.told())
}

/// Whether the run shows that it was made.
fn is_made(step: &Move, is_typed: bool, state: &RunState) -> bool {
    let deviates = |kind: DeviationKind, why: &str| {
        let mut its = state.deviations.iter().filter(|deviation| deviation.kind == kind && deviation.reason == why);
        // What is acknowledged is a condition, and names no step.
        its.any(|deviation| kind == DeviationKind::Acknowledged || step.step.is_met(&deviation.subject))
    };
    match &step.deed {
        Deed::Type(_) => is_typed,
        Deed::Retry => meant(step, state).any(|step| step.attempt > 1),
        // What was said there is what was meant, or its place has passed.
        Deed::Choose(said) | Deed::Answer(said) => {
            meant(step, state).any(|one| one.status == StepStatus::Done && one.said == *said)
        }
        Deed::Skip(why) => deviates(DeviationKind::Skip, why),
        Deed::Override(why) => deviates(DeviationKind::Override, why),
        Deed::Acknowledge(why) => deviates(DeviationKind::Acknowledged, why),
        Deed::RollBack(plan, _) => matches!(&state.plan, Plan::Rollback(taken) if taken.as_str() == plan),
        Deed::Abandon(_) => state.closed.as_ref().is_some_and(|closed| closed.outcome == Outcome::Abandoned),
    }
}

fn has_passed(step: &Move, state: &RunState) -> bool {
    let mut steps = meant(step, state).peekable();
    state.closed.is_some() || steps.peek().is_some() && steps.all(|step| step.status.is_accounted())
}

/// The steps that a move is for, as far as they are known.
fn meant<'s>(step: &'s Move, state: &'s RunState) -> impl Iterator<Item = &'s StepState> {
    let phases = state.counted().filter(|phase| step.step.is_in(phase.id.as_str()));
    let items = phases.flat_map(|phase| &phase.items);
    items.flat_map(move |item| {
        let name = item.item.name.as_deref();
        item.steps.iter().map(AsRef::as_ref).filter(move |one: &&StepState| step.step.is_at(name, one.id.as_str()))
    })
}

/// What the straight way does. Nobody tries again in the very moment in which something failed. (In a simulated cluster the
/// probes' answers keep coming, so that somebody looks again when the pause is over.)
fn usual(runbook: &Runbook, state: &RunState, moment: &Moment) -> Option<Proposal> {
    let next = autopilot::next(runbook, state, moment)?;
    if let Proposal::Retry { step } = &next {
        let Some(ended) = state.step(step).and_then(|known| known.ended) else { return Some(next) };
        let is_console = |what: &Happening| matches!(what, Happening::Typed { .. } | Happening::Answered { .. });
        let typed = state.happenings.iter().rfind(|(_, what)| is_console(what));
        let typed = typed.map(|(at, _)| *at).filter(|at| *at >= ended);
        let ready = typed.map_or(ended.plus(PAUSE), |typed| typed.plus(AFTER_TYPING));
        return (ready <= moment.at).then_some(next);
    }
    Some(next)
}

enum Step {
    Do(Proposal),
    Wait,
    AsUsual,
}

fn of_moves(moves: &[Move], runbook: &Runbook, state: &RunState, moment: &Moment) -> Step {
    let Some(key) = &state.current else { return Step::AsUsual };
    let Some(known) = state.step(key) else { return Step::AsUsual };
    let typed = typed(state);
    let mut lines_before = 0;
    for step in moves {
        let first = lines_before;
        if let Deed::Type(lines) = &step.deed {
            lines_before += lines.len();
        }
        if !step.step.is_in(key.phase.as_str()) || !step.step.is_at(key.item.as_deref(), key.step.as_str()) {
            continue;
        }
        let is_due = match (step.when, known.status) {
            (When::Failed, StepStatus::Failed) => true,
            (When::Open(after), StepStatus::Current) => known.began.is_some_and(|began| began.plus(after) <= moment.at),
            _ => continue,
        };
        match proposal(&step.deed, (typed, first), runbook, state, moment, key) {
            Some(_) if !is_due => return Step::Wait,
            Some(proposal) => return Step::Do(proposal),
            None => {}
        }
    }
    Step::AsUsual
}

/// What the deed asks for now; `None` when it is done, or cannot be done.
fn proposal(
    deed: &Deed,
    (typed, first): (usize, usize),
    runbook: &Runbook,
    state: &RunState,
    moment: &Moment,
    key: &StepKey,
) -> Option<Proposal> {
    let step = || key.clone();
    match deed {
        Deed::Type(lines) => {
            let line = lines.get(typed.checked_sub(first)?)?.clone();
            Some(Proposal::Rehearse { what: Happening::Typed { line } })
        }
        Deed::Retry => {
            let attempts = state.step(key).map_or(0, |step| step.attempt);
            (attempts < MOST_ATTEMPTS).then(|| Proposal::Retry { step: step() })
        }
        // Not before what has to be read there was read.
        Deed::Choose(way) => allowed(runbook, state, moment)
            .iter()
            .any(|choice| matches!(choice, Allowed::Choose(open) if open == key))
            .then(|| Proposal::Choose { step: step(), choice: way.clone() }),
        Deed::Answer(text) => Some(Proposal::Answer { step: step(), value: json!(text), file: None }),
        Deed::Skip(reason) => Some(Proposal::Skip { step: step(), reason: reason.clone() }),
        Deed::Override(reason) => Some(Proposal::Override { step: step(), reason: reason.clone() }),
        Deed::Acknowledge(reason) => allowed(runbook, state, moment).into_iter().find_map(|choice| match choice {
            Allowed::Acknowledge(condition) => Some(Proposal::Acknowledge { condition, reason: reason.clone() }),
            _ => None,
        }),
        Deed::RollBack(plan, reason) => allowed(runbook, state, moment).into_iter().find_map(|choice| match choice {
            Allowed::RollBack(offered) if offered.as_str() == plan => {
                Some(Proposal::RollBack { plan: offered, reason: reason.clone() })
            }
            _ => None,
        }),
        Deed::Abandon(reason) => Some(Proposal::Abandon { reason: reason.clone() }),
    }
}

fn typed(state: &RunState) -> usize {
    state.happenings.iter().filter(|(_, what)| matches!(what, Happening::Typed { .. })).count()
}

/// Whether something was typed that is not answered yet.
fn is_unanswered(state: &RunState) -> bool {
    let answered = state.happenings.iter().filter(|(_, what)| matches!(what, Happening::Answered { .. })).count();
    typed(state) > answered
}
