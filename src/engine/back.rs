//! The ways back: which is offered, why the others are not, and over what one would go.

use crate::engine::bind::{Untold, bind};
use crate::engine::event::{Item, Tri};
use crate::engine::gate::judged_way_back;
use crate::engine::proposal::Moment;
use crate::engine::settle::titled;
use crate::engine::sight::Sight;
use crate::engine::state::{Plan, RunState};
use crate::runbook::parts::{Part, parts};
use crate::runbook::words::Words;
use crate::runbook::{Expr, PhaseId, Rollback, Runbook, Truth};

/// The way back that is offered now: the first whose `when` holds.
pub fn offered_rollback<'a>(runbook: &'a Runbook, state: &RunState, moment: &Moment) -> Option<&'a Rollback> {
    ways_back(runbook, state, moment).find(|(_, truth)| *truth == Truth::True).map(|(plan, _)| plan)
}

/// Every way back from where the run stands, in the author's order, with what its `when` comes to; none once one was
/// taken or the run is closed. Where loops stand in loops, one of which a phase could not open is unknown, whatever its
/// `when` says: it would leave the plan for a dead end.
pub fn ways_back<'a, 's>(
    runbook: &'a Runbook,
    state: &'s RunState,
    moment: &'s Moment,
) -> impl Iterator<Item = (&'a Rollback, Truth)> {
    let is_on_its_way = state.plan == Plan::Main && state.closed.is_none() && state.opened.is_some();
    let plans = if is_on_its_way { runbook.rollbacks.as_slice() } else { &[] };
    let mut sight = Sight::new(state, &moment.board, moment.at);
    plans.iter().map(move |plan| {
        let truth = plan.when.as_ref().map_or(Truth::True, |when| sight.truth(when, None));
        // To look at all items costs more than all else here, and elsewhere they hardly have one name twice.
        let is_asked = truth == Truth::True && runbook.phases.iter().any(|phase| phase.inner.is_some());
        let blocked = if is_asked { blocked(runbook, state, moment, plan) } else { None };
        (plan, blocked.map_or(truth, Truth::Unknown))
    })
}

/// Why a phase of that way back could not open: what was begun, from which it takes its items, has a name twice, as
/// that of a loop in a loop may, whose groups are not part of it. What is begun becomes only more.
pub(crate) fn blocked(runbook: &Runbook, state: &RunState, moment: &Moment, plan: &Rollback) -> Option<String> {
    let reads_began = |each: &Expr| each.reads().whole || each.reads().keys.contains_key("began");
    plan.phases.iter().filter(|phase| phase.for_each.as_ref().is_some_and(reads_began)).find_map(|phase| {
        let Err(why @ Untold::Twice(_)) = bind(runbook, state, moment, &phase.id) else { return None };
        Some(format!("{} cannot open: {why}", titled(runbook, state, moment, &phase.id)))
    })
}

/// The phases of a way back with the items that each would have if it opened now, or why they cannot be told. Later
/// phases may come to have others: they are bound when their turn comes.
pub fn items_of_way_back<'a>(
    runbook: &'a Runbook,
    state: &'a RunState,
    moment: &'a Moment,
    plan: &'a Rollback,
) -> impl Iterator<Item = (&'a PhaseId, Result<Vec<Item>, String>)> {
    plan.phases.iter().map(|phase| (&phase.id, bind(runbook, state, moment, &phase.id).map_err(|why| why.to_string())))
}

/// What that way back asks for and does not find so, in words: of a rule with parts those that are false, else all of it. What
/// cannot be told in words is told by what it looks at.
pub fn asked_by_way_back(runbook: &Runbook, state: &RunState, moment: &Moment, plan: &Rollback) -> String {
    let Some(rule) = &plan.when else { return String::new() };
    let words = Words::of(runbook);
    let told = |rule: &Expr| words.rule(rule).unwrap_or_else(|| format!("what it asks of {}", words.looks_at(rule)));
    let judged = judged_way_back(state, moment, plan);
    let is_false = |(part, (_, truth)): (Part, &(String, Tri))| (*truth == Tri::False).then(|| told(&part.expr));
    let lacking: Vec<String> = parts(rule).into_iter().zip(&judged).filter_map(is_false).collect();
    let told = if lacking.is_empty() { told(rule) } else { lacking.join("; and this: ") };
    // As titles and gaps are marked wherever a run is walked.
    told.replace(['“', '”'], "\"").replace('‹', "<").replace('›', ">")
}
