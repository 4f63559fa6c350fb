//! The items of a phase, and of each group of a loop in a loop: when they are known, and from what they are not.

use std::collections::HashSet;

use serde_json::Value;

use crate::engine::board::{Board, Row};
use crate::engine::event::{ConditionId, Item, Tri};
use crate::engine::observe::{Verdict, json_bytes};
use crate::engine::proposal::Moment;
use crate::engine::scope::{scope, with_group};
use crate::engine::settle::MAX_STEPS;
use crate::engine::state::{Group, ItemState, PhaseState, RunState, StepStatus};
use crate::runbook::id::is_item_name;
use crate::runbook::{Expr, PhaseId, Runbook, shorten};

/// The most items that one phase may have.
pub const MAX_ITEMS: usize = 10_000;

/// The largest item, in bytes of JSON.
const MAX_ITEM_BYTES: usize = 16 * 1024;

/// Why items cannot be told.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Untold {
    /// Two have the same name; no answer of a probe mends that.
    #[error("two items are named {0}")]
    Twice(String),
    /// Anything else.
    #[error("{0}")]
    Other(String),
}

impl From<String> for Untold {
    fn from(why: String) -> Self {
        Self::Other(why)
    }
}

/// The items of that phase as they are now; the outer ones of a loop in a loop.
///
/// # Errors
/// Why they cannot be told.
pub(crate) fn bind(runbook: &Runbook, state: &RunState, moment: &Moment, id: &PhaseId) -> Result<Vec<Item>, Untold> {
    let single = vec![Item { name: None, value: Value::Null }];
    let Some(each) = runbook.phase(id).and_then(|phase| phase.for_each.as_ref()) else { return Ok(single) };
    let items = items(state, moment, each, None)?;
    has_room(runbook, state, id, &items)?;
    Ok(items)
}

/// The inner items of that group as they are now, by their own names.
///
/// # Errors
/// Why they cannot be told.
pub(crate) fn bind_group(
    runbook: &Runbook,
    state: &RunState,
    moment: &Moment,
    id: &PhaseId,
    group: &Group,
) -> Result<Vec<Item>, Untold> {
    let inner = runbook.phase(id).and_then(|phase| phase.inner.as_ref());
    let inner = inner.ok_or_else(|| "the phase has no inner loop".to_owned())?;
    let items = items(state, moment, inner, Some(&group.item.value))?;
    has_room(runbook, state, id, &items)?;
    Ok(items)
}

fn items(state: &RunState, moment: &Moment, each: &Expr, group: Option<&Value>) -> Result<Vec<Item>, Untold> {
    if let Some(why) = untold(state, &moment.board, each) {
        return Err(why.into());
    }
    let scope = scope(state, &moment.board, &Value::Null, moment.at, each.source());
    let values = each.all(&with_group(scope, group), MAX_ITEMS).map_err(|error| error.0)?;
    let mut items: Vec<Item> = Vec::with_capacity(values.len());
    let mut names = HashSet::new();
    for value in values {
        let name = value.get("name").and_then(Value::as_str).or_else(|| value.as_str());
        let name = name.filter(|name| is_item_name(name));
        let name = name.ok_or_else(|| format!("an item has no usable name: {}", shorten(&value.to_string())))?;
        if json_bytes(&value) > MAX_ITEM_BYTES {
            return Err(format!("the item {name} is larger than 16 KiB").into());
        }
        let name = name.to_owned();
        if !names.insert(name.clone()) {
            return Err(Untold::Twice(name));
        }
        items.push(Item { name: Some(name), value });
    }
    Ok(items)
}

/// The limits hold over all that is bound.
fn has_room(runbook: &Runbook, state: &RunState, id: &PhaseId, items: &[Item]) -> Result<(), String> {
    let known: usize = state.phases.iter().flat_map(|phase| &phase.items).map(|item| item.steps.len()).sum();
    let steps = runbook.phase(id).map_or(0, |phase| phase.steps.len());
    if known + steps * items.len() > MAX_STEPS {
        return Err(format!("with {} items the run would have more than {MAX_STEPS} steps", items.len()));
    }
    let bound = state.phases.iter().find(|phase| &phase.id == id).map_or(0, |phase| phase.items.len());
    if items.len() > 1 && bound + items.len() > MAX_ITEMS + 1 {
        return Err(format!("with {} items more the phase would have more than {MAX_ITEMS}", items.len()));
    }
    Ok(())
}

/// The first thing that the items of a phase are not known from: a row that says nothing.
fn untold(state: &RunState, board: &Board, each: &Expr) -> Option<String> {
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
    if state.current.is_some() || state.is_running() || state.closed.is_some() {
        return Vec::new();
    }
    let each = next_loop(runbook, state);
    each.map_or_else(Vec::new, |each| silent(state, board, each).map(|(id, row)| (id, row.why.clone())).collect())
}

/// The expression that the next items come from, when the walk has reached a phase or group that is not bound yet.
pub fn next_loop<'a>(runbook: &'a Runbook, state: &RunState) -> Option<&'a Expr> {
    let next = state.walked().find(|phase| !phase.is_passed())?;
    let planned = runbook.phase(&next.id)?;
    if !next.is_bound {
        return planned.for_each.as_ref();
    }
    next.next_group().and(planned.inner.as_ref())
}

impl PhaseState {
    /// The group whose turn it is and whose inner items are not fixed yet.
    pub(crate) fn next_group(&self) -> Option<&Group> {
        let next = self.items.iter().find(|item| item.steps.iter().any(|step| step.status == StepStatus::Pending))?;
        self.groups.get(next.group?).filter(|group| !group.is_bound)
    }
}

impl RunState {
    /// Fixes the items of a phase, or the groups of a loop in a loop.
    pub(crate) fn take_bound(&mut self, id: &PhaseId, items: &[Item]) {
        let Some(phase) = self.phases.iter_mut().find(|phase| &phase.id == id && !phase.is_bound) else { return };
        let steps = phase.items.first().map(|first| first.steps.clone()).unwrap_or_default();
        phase.is_bound = true;
        // Piton binds no more than these; a journal that was made by hand must not fill the memory.
        let items = items.iter().take(MAX_STEPS / steps.len().max(1));
        if phase.is_nested {
            phase.groups = items.map(|item| Group { item: item.clone(), is_bound: false }).collect();
            let ahead = phase.groups.iter().enumerate().map(|(at, group)| {
                let item = Item { name: group.item.name.clone(), value: Value::Null };
                ItemState { item, group: Some(at), steps: steps.clone() }
            });
            phase.items = ahead.collect();
        } else if phase.together.is_some() {
            let all: Vec<_> = items.cloned().collect();
            if all.is_empty() {
                phase.items.clear();
            }
            phase.together = Some(all);
        } else {
            let bound = items.map(|item| ItemState { item: item.clone(), group: None, steps: steps.clone() });
            phase.items = bound.collect();
        }
    }

    /// Fixes the inner items of a group, in the place of the one that stood for them.
    pub(crate) fn take_group_bound(&mut self, id: &PhaseId, name: &str, items: &[Item]) {
        let Some(phase) = self.phases.iter_mut().find(|phase| &phase.id == id) else { return };
        let is_it = |group: &Group| !group.is_bound && group.item.name.as_deref() == Some(name);
        let Some(at) = phase.groups.iter().position(is_it) else { return };
        let Some(place) = phase.items.iter().position(|item| item.group == Some(at)) else { return };
        phase.groups[at].is_bound = true;
        let steps = phase.items[place].steps.clone();
        let room = (MAX_STEPS / steps.len().max(1)).saturating_sub(phase.items.len());
        let bound = items.iter().take(room).map(|item| {
            let inner = item.name.as_deref().unwrap_or_default();
            let item = Item { name: Some(format!("{name}/{inner}")), value: item.value.clone() };
            ItemState { item, group: Some(at), steps: steps.clone() }
        });
        let bound: Vec<_> = bound.collect();
        phase.items.splice(place..=place, bound);
    }
}
