//! The ways back: which is offered, why the others are not, and over what one would go.

use serde_json::Value;

use crate::engine::bind::bind;
use crate::engine::event::Item;
use crate::engine::proposal::Moment;
use crate::engine::scope::scope;
use crate::engine::state::{Plan, RunState};
use crate::runbook::{PhaseId, Rollback, Runbook, Truth};

/// The way back that is offered now: the first whose `when` holds.
pub fn offered_rollback<'a>(runbook: &'a Runbook, state: &RunState, moment: &Moment) -> Option<&'a Rollback> {
    ways_back(runbook, state, moment).find(|(_, truth)| *truth == Truth::True).map(|(plan, _)| plan)
}

/// Every way back from where the run stands, in the author's order, with what its `when` comes to; none once one was
/// taken or the run is closed.
pub fn ways_back<'a>(
    runbook: &'a Runbook,
    state: &RunState,
    moment: &Moment,
) -> impl Iterator<Item = (&'a Rollback, Truth)> {
    let is_on_its_way = state.plan == Plan::Main && state.closed.is_none() && state.opened.is_some();
    let plans = if is_on_its_way { runbook.rollbacks.as_slice() } else { &[] };
    plans.iter().map(|plan| {
        let truth = plan.when.as_ref().map_or(Truth::True, |when| {
            let scope = scope(state, &moment.board, &Value::Null, moment.at, when.source());
            when.truth(&scope)
        });
        (plan, truth)
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
    plan.phases.iter().map(|phase| (&phase.id, bind(runbook, state, moment, &phase.id)))
}
