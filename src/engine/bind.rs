//! The items of a phase: when they are known, and from what they are not.

use std::collections::HashSet;

use serde_json::Value;

use crate::engine::event::{ConditionId, Item, Tri};
use crate::engine::observe::{Board, Row, Verdict, json_bytes};
use crate::engine::proposal::Moment;
use crate::engine::scope::scope;
use crate::engine::settle::MAX_STEPS;
use crate::engine::state::RunState;
use crate::runbook::id::is_item_name;
use crate::runbook::{Expr, Runbook, shorten};

/// The most items that one phase may have.
pub const MAX_ITEMS: usize = 10_000;

/// The largest item, in bytes of JSON.
const MAX_ITEM_BYTES: usize = 16 * 1024;

/// The items of that phase as they are now.
///
/// # Errors
/// Why they cannot be told.
pub(crate) fn bind(
    runbook: &Runbook,
    state: &RunState,
    moment: &Moment,
    id: &crate::runbook::PhaseId,
) -> Result<Vec<Item>, String> {
    let single = vec![Item { name: None, value: Value::Null }];
    let Some(each) = runbook.phase(id).and_then(|phase| phase.for_each.as_ref()) else { return Ok(single) };
    if let Some(why) = untold(state, &moment.board, each) {
        return Err(why);
    }
    let scope = scope(state, &moment.board, &Value::Null, moment.at, each.source());
    let values = each.all(&scope, MAX_ITEMS).map_err(|error| error.0)?;
    let mut items: Vec<Item> = Vec::with_capacity(values.len());
    let mut names = HashSet::new();
    for value in values {
        let name = value.get("name").and_then(Value::as_str).or_else(|| value.as_str());
        let name = name.filter(|name| is_item_name(name));
        let name = name.ok_or_else(|| format!("an item has no usable name: {}", shorten(&value.to_string())))?;
        if json_bytes(&value) > MAX_ITEM_BYTES {
            return Err(format!("the item {name} is larger than 16 KiB"));
        }
        let name = name.to_owned();
        if !names.insert(name.clone()) {
            return Err(format!("two items are named {name}"));
        }
        items.push(Item { name: Some(name), value });
    }
    let known: usize = state.phases.iter().flat_map(|phase| &phase.items).map(|item| item.steps.len()).sum();
    let steps = runbook.phase(id).map_or(0, |phase| phase.steps.len());
    if known + steps * items.len() > MAX_STEPS {
        return Err(format!("with {} items the run would have more than {MAX_STEPS} steps", items.len()));
    }
    Ok(items)
}

/// The first thing that the items of a phase are not known from: a probe that asks nobody, or a row that says nothing.
fn untold(state: &RunState, board: &Board, each: &Expr) -> Option<String> {
    let asks_nobody = |probe: &&String| board.rows.iter().all(|row| row.probe.as_str() != probe.as_str());
    if let Some(probe) = board.read_by(each).iter().find(asks_nobody) {
        return Some(format!("the probe {probe} asks nobody"));
    }
    let silent: Vec<_> = silent(state, board, each).collect();
    let (id, row) = silent.first()?;
    let more = if silent.len() > 1 { format!(" (and {} more)", silent.len() - 1) } else { String::new() };
    let why = if row.why.is_empty() { "no answer" } else { row.why.as_str() };
    Some(format!("{id} is unknown: {why}{more}"))
}

/// The rows that the expression reads, that say nothing, and without which nobody has agreed to go on.
fn silent<'a>(state: &'a RunState, board: &'a Board, each: &Expr) -> impl Iterator<Item = (ConditionId, &'a Row)> {
    let probes = board.read_by(each);
    let unknown = board
        .rows
        .iter()
        .filter(move |row| row.verdict == Verdict::Unknown && probes.iter().any(|probe| probe == row.probe.as_str()));
    unknown.map(|row| (ConditionId::Health(row.probe.clone(), row.node.clone()), row)).filter(|(id, _)| {
        let known = state.conditions.get(id);
        known.is_none_or(|known| known.truth != Tri::Unknown || known.acknowledged.is_none())
    })
}

/// The silent rows that keep the next phase from opening, each with what is known of it: a person may go on without
/// them.
pub(crate) fn silent_now(runbook: &Runbook, state: &RunState, board: &Board) -> Vec<(ConditionId, String)> {
    if state.current.is_some() || state.job.is_some() || state.closed.is_some() {
        return Vec::new();
    }
    let next = state.walked().find(|phase| !phase.is_passed()).filter(|phase| !phase.is_bound);
    let each = next.and_then(|phase| runbook.phase(&phase.id)).and_then(|phase| phase.for_each.as_ref());
    each.map_or_else(Vec::new, |each| silent(state, board, each).map(|(id, row)| (id, row.why.clone())).collect())
}
