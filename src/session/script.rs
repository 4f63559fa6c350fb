//! The autopilot with a scenario's moves: where the scenario says nothing, it does what [`autopilot`] does.
//!
//! What was done is read from the run itself, so nothing is kept here, and a run that is resumed goes on where it stood.

use std::time::Duration;

use crate::engine::{Allowed, Happening, Moment, Proposal, RunState, StepStatus, allowed};
use crate::runbook::{Runbook, StepKey};
use crate::scenario::{Deed, Ending, Move, When};
use crate::session::autopilot;

/// How long a failed step is left before it is tried again.
const PAUSE: Duration = Duration::from_secs(3);

/// How long what was typed at a failed step is given to take effect: a server drains and comes up.
const AFTER_TYPING: Duration = Duration::from_secs(30);

/// How often a move tries a failed step again.
const MOST_ATTEMPTS: u32 = 5;

/// The next proposal on that way; `None` while there is nothing to do but wait.
pub fn next(way: Option<&Ending>, runbook: &Runbook, state: &RunState, moment: &Moment) -> Option<Proposal> {
    let Some(way) = way else { return autopilot::next(runbook, state, moment) };
    if state.sitting.is_none() || state.closed.is_some() || state.is_running() || is_unanswered(state) {
        return None;
    }
    match of_moves(&way.moves, runbook, state, moment) {
        Step::Do(proposal) => Some(proposal),
        Step::Wait => None,
        Step::AsUsual => usual(runbook, state, moment),
    }
}

/// What the straight way does. Nobody tries again in the very moment in which something failed. (In a simulated cluster the
/// probes' answers keep coming, so that somebody looks again when the pause is over.)
fn usual(runbook: &Runbook, state: &RunState, moment: &Moment) -> Option<Proposal> {
    let next = autopilot::next(runbook, state, moment)?;
    if let Proposal::Retry { step } = &next {
        let Some(ended) = state.step(step).and_then(|known| known.ended) else { return Some(next) };
        let typed = state.happenings.iter().rfind(|(_, what)| matches!(what, Happening::Typed { .. }));
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
    let name = key.to_string();
    let typed = typed(state);
    let mut lines_before = 0;
    for step in moves {
        let first = lines_before;
        if let Deed::Type(lines) = &step.deed {
            lines_before += lines.len();
        }
        if !step.step.is_met(&name) {
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
