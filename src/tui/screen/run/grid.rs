//! All phases and all nodes of a run in one grid: gathered once for a state, so that a frame only looks up what it shows.

use std::collections::{HashMap, HashSet};

use crate::engine::{ItemState, PhaseState, Plan, RunState, StepStatus};
use crate::runbook::{InputKind, Runbook, StepKey};
use crate::tui::widget::checklist::{sum, sum_of};
use crate::tui::widget::names::Common;
use crate::tui::widget::results::Standing;

/// How many are done, of how many, and the mark that stands for all of them.
pub type Sum = (usize, usize, StepStatus);

/// The grid of one state.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Grid {
    /// The names of the columns; the first one stands for all together and has none.
    pub columns: Vec<Option<String>>,
    /// The phases that are walked.
    pub phases: Vec<GridPhase>,
    /// What the names of the nodes have in common.
    pub common: Common,
    has_groups: bool,
    seq: u64,
}

/// One phase of it.
#[derive(Clone, Debug, PartialEq)]
pub struct GridPhase {
    /// Its place in the state.
    pub at: usize,
    /// Whether more items may come.
    pub is_open_ended: bool,
    /// Of all items together.
    pub all: Sum,
    /// Of each step over all items.
    pub steps: Vec<Sum>,
    /// Of each item.
    items: Vec<Sum>,
    /// Which item stands in which column.
    of_column: Vec<Option<usize>>,
    /// Which columns it takes together.
    together: Vec<bool>,
}

/// Of which phases the steps are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fold {
    /// Of all.
    All,
    /// Of this one.
    Only(usize),
}

impl Fold {
    const fn is_open(self, phase: usize) -> bool {
        match self {
            Self::All => true,
            Self::Only(only) => only == phase,
        }
    }
}

/// A line of the grid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Line {
    /// A phase, by its place in the grid.
    Phase(usize),
    /// A step of it.
    Step(usize, usize),
}

/// What stands in a cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cell {
    /// The phase has nothing for that node.
    Blank,
    /// Several steps; whether more may come.
    Several(Sum, bool),
    /// One step.
    One(StepStatus),
    /// What became of one node in a step that takes them together.
    Together(Standing),
}

/// The name of an item without that of its outer one.
pub fn inner(name: &str) -> &str {
    name.rsplit('/').next().unwrap_or(name)
}

impl Grid {
    /// Gathers it; `before` is what was gathered last of the same run.
    pub fn of(runbook: &Runbook, state: &RunState, before: &Self) -> Self {
        let is_shown = |phase: &PhaseState| phase.plan == Plan::Main || phase.plan == state.plan;
        let shown: Vec<(usize, &PhaseState)> =
            state.phases.iter().enumerate().filter(|(_, phase)| is_shown(phase)).collect();
        let columns = columns(runbook, state, shown.iter().map(|(_, phase)| *phase));
        let phases = shown.into_iter().map(|(at, phase)| GridPhase::of(runbook, (at, phase), &columns)).collect();
        let columns: Vec<Option<String>> =
            columns.into_iter().map(|name| (!name.is_empty()).then(|| name.to_owned())).collect();
        let common = match columns == before.columns {
            true => before.common,
            false => Common::of(columns.iter().flatten().map(|name| inner(name))),
        };
        let has_groups = state.phases.iter().any(|phase| phase.is_nested && phase.is_bound);
        Self { columns, phases, common, has_groups, seq: state.seq }
    }

    /// Whether it is that of this state.
    pub fn is_of(&self, state: &RunState) -> bool {
        self.seq == state.seq && !self.columns.is_empty()
    }

    /// Whether items stand under outer ones, as `outer/inner`.
    pub fn has_groups(&self) -> bool {
        self.has_groups
    }

    /// How many lines there are.
    pub fn len(&self, fold: Fold) -> usize {
        self.phases.iter().enumerate().map(|(p, phase)| 1 + if fold.is_open(p) { phase.steps.len() } else { 0 }).sum()
    }

    /// The line at that place.
    pub fn line(&self, at: usize, fold: Fold) -> Option<Line> {
        let mut left = at;
        for (p, phase) in self.phases.iter().enumerate() {
            let lines = 1 + if fold.is_open(p) { phase.steps.len() } else { 0 };
            match left.checked_sub(lines) {
                Some(rest) => left = rest,
                None if left == 0 => return Some(Line::Phase(p)),
                None => return Some(Line::Step(p, left - 1)),
            }
        }
        None
    }

    /// Where a line stands; a step that is folded away stands in the line of its phase.
    pub fn place(&self, line: Line, fold: Fold) -> usize {
        let (p, s) = match line {
            Line::Phase(p) => (p, None),
            Line::Step(p, s) => (p, Some(s)),
        };
        let before: usize = self.phases[..p.min(self.phases.len())]
            .iter()
            .enumerate()
            .map(|(p, phase)| 1 + if fold.is_open(p) { phase.steps.len() } else { 0 })
            .sum();
        before + s.filter(|_| fold.is_open(p)).map_or(0, |s| s + 1)
    }

    /// What stands in a cell.
    pub fn cell(&self, state: &RunState, line: Line, column: usize) -> Cell {
        #[cfg(test)]
        LOOKED.with(|looked| looked.set(looked.get() + 1));
        let (Line::Phase(p) | Line::Step(p, _)) = line;
        let Some(phase) = self.phases.get(p) else { return Cell::Blank };
        let step = if let Line::Step(_, s) = line { Some(s) } else { None };
        let Some(known) = state.phases.get(phase.at) else { return Cell::Blank };
        if column == 0 {
            return match (step, &known.items[..]) {
                (None, _) => Cell::Several(phase.all, phase.is_open_ended),
                (Some(s), [only]) if only.item.name.is_none() => {
                    only.steps.get(s).map_or(Cell::Blank, |step| Cell::One(step.status))
                }
                (Some(s), _) => phase.steps.get(s).map_or(Cell::Blank, |sum| Cell::Several(*sum, phase.is_open_ended)),
            };
        }
        if phase.together.get(column) == Some(&true) {
            return self.of_together(state, known, step, column);
        }
        let Some(i) = phase.of_column.get(column).copied().flatten() else { return Cell::Blank };
        match step {
            None => phase.items.get(i).map_or(Cell::Blank, |sum| Cell::Several(*sum, false)),
            Some(s) => {
                let step = known.items.get(i).and_then(|item| item.steps.get(s));
                step.map_or(Cell::Blank, |step| Cell::One(step.status))
            }
        }
    }

    /// What became of one node in a phase that takes them together: in a step, or the worst of all.
    fn of_together(&self, state: &RunState, phase: &PhaseState, step: Option<usize>, column: usize) -> Cell {
        let (Some(Some(name)), Some(item)) = (self.columns.get(column), phase.items.first()) else {
            return Cell::Blank;
        };
        let standing = |s: usize| {
            let key = StepKey { phase: phase.id.clone(), item: None, step: item.steps.get(s)?.id.clone() };
            Some(Standing::of(state, &key, name)).filter(|standing| *standing != Standing::Idle)
        };
        let found = match step {
            Some(s) => standing(s),
            None => (0..item.steps.len()).filter_map(standing).max_by_key(|standing| standing.weight()),
        };
        found.map_or(Cell::Blank, Cell::Together)
    }

    /// The step that a cell leads to: what is left to do of several, else the first of them.
    pub fn key(&self, state: &RunState, line: Line, column: usize) -> Option<StepKey> {
        let (Line::Phase(p) | Line::Step(p, _)) = line;
        let phase = self.phases.get(p)?;
        let known = state.phases.get(phase.at)?;
        let items: Vec<&ItemState> = if column == 0 || phase.together.get(column) == Some(&true) {
            known.items.iter().collect()
        } else {
            vec![known.items.get(phase.of_column.get(column).copied().flatten()?)?]
        };
        let key = |item: &ItemState, s: usize| {
            let step = item.steps.get(s)?.id.clone();
            Some(StepKey { phase: known.id.clone(), item: item.item.name.clone(), step })
        };
        if let Line::Step(_, s) = line {
            let is_left = |item: &&&ItemState| item.steps.get(s).is_some_and(|step| !step.status.is_accounted());
            return key(items.iter().find(is_left).or(items.first())?, s);
        }
        let left = items.iter().find_map(|item| {
            let s = item.steps.iter().position(|step| !step.status.is_accounted())?;
            key(item, s)
        });
        left.or_else(|| key(items.first()?, 0))
    }

    /// The line and column of a step.
    pub fn find(&self, state: &RunState, key: &StepKey) -> Option<(Line, usize)> {
        let p = self.phases.iter().position(|phase| state.phases.get(phase.at).is_some_and(|of| of.id == key.phase))?;
        let s = state.phases.get(self.phases[p].at)?.steps.iter().position(|step| step.id == key.step)?;
        let column = self.columns.iter().position(|column| *column == key.item)?;
        Some((Line::Step(p, s), column))
    }
}

#[cfg(test)]
thread_local! {
    /// How many cells were looked up: what a frame costs.
    pub static LOOKED: std::cell::Cell<usize> = const { std::cell::Cell::new(0) };
}

impl GridPhase {
    fn of(runbook: &Runbook, (at, phase): (usize, &PhaseState), columns: &[&str]) -> Self {
        let names: HashMap<&str, usize> =
            phase.items.iter().enumerate().filter_map(|(i, item)| Some((item.item.name.as_deref()?, i))).collect();
        let taken: HashSet<&str> = phase.together.iter().flatten().filter_map(|item| item.name.as_deref()).collect();
        let is_loop = runbook.phase(&phase.id).is_some_and(|phase| phase.for_each.is_some());
        let is_open_ended = if phase.is_bound { phase.groups.iter().any(|group| !group.is_bound) } else { is_loop };
        let of_step = |s: usize| {
            let its = || phase.items.iter().filter_map(|item| item.steps.get(s).map(AsRef::as_ref));
            match sum_of(its()) {
                // Under way is the phase; of a step it is said only where it is the current one.
                (done, all, StepStatus::Current) if its().all(|step| step.status != StepStatus::Current) => {
                    (done, all, StepStatus::Pending)
                }
                sum => sum,
            }
        };
        Self {
            at,
            is_open_ended: is_open_ended && !phase.is_accounted(),
            all: sum(phase.items.iter()),
            steps: (0..phase.steps.len()).map(of_step).collect(),
            items: phase.items.iter().map(|item| sum(std::iter::once(item))).collect(),
            of_column: columns.iter().map(|name| names.get(name).copied()).collect(),
            together: columns.iter().map(|name| taken.contains(name)).collect(),
        }
    }
}

/// The names of the columns, an empty one first: the nodes in the order in which they were given, then every other item.
fn columns<'a>(runbook: &Runbook, state: &'a RunState, phases: impl Iterator<Item = &'a PhaseState>) -> Vec<&'a str> {
    let given = runbook.inputs.iter().filter(|input| matches!(input.kind, InputKind::Nodes(_)));
    let given = given.filter_map(|input| state.opened.as_ref()?.inputs.get(input.id.as_str())?.as_array());
    let given = given.flatten().filter_map(|node| node.get("name")?.as_str());
    let of_phases = phases.flat_map(|phase| {
        let items = phase.items.iter().map(|item| &item.item);
        items.chain(phase.together.iter().flatten()).filter_map(|item| item.name.as_deref())
    });
    let mut known = HashSet::new();
    std::iter::once("").chain(given).chain(of_phases).filter(|name| known.insert(*name)).collect()
}
