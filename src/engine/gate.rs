//! May this step go on? The one function that `decide` obeys and the screens draw.

use std::time::Duration;

use crate::clock::Timestamp;
use crate::engine::board::Board;
use crate::engine::event::{ConditionId, Tri};
use crate::engine::proposal::Moment;
use crate::engine::relied::{doubt, not_as_sensed};
use crate::engine::sight::Sight;
use crate::engine::soak;
use crate::engine::state::{RunState, StepState, StepStatus};
use crate::runbook::parts::{Part, parts};
use crate::runbook::{Action, Blocked, Expr, Guard, Requirement, Rollback, Runbook, Step, StepKey, Truth};

/// Whether a step's action may be taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Gate {
    /// It may.
    Open,
    /// It may not, for each of these reasons.
    Closed(Vec<Hold>),
}

/// One thing that holds a step back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Hold {
    /// Its cautions have not been read.
    Cautions,
    /// A command of it is running.
    Running,
    /// This step must have been done first.
    Missing(StepKey),
    /// This step was done too long ago.
    Stale {
        /// Which.
        step: StepKey,
        /// How long ago.
        age: Duration,
        /// How long ago it may be.
        within: Duration,
    },
    /// A guard, the step's own gate, or what a check waits for does not hold, or is not known to.
    Condition {
        /// Which.
        condition: ConditionId,
        /// False or unknown.
        truth: Tri,
        /// Why, as it was sensed; may be empty.
        why: String,
    },
    /// A check that had passed is not so any more, or is not known to be, and nothing was changed since.
    Reverted {
        /// Which.
        step: StepKey,
        /// Whether it is so now: true when only its time is not over.
        truth: Tri,
        /// Why, as it was sensed; may be empty.
        why: String,
    },
    /// It holds, not yet for long enough.
    Holding {
        /// What is left.
        left: Duration,
    },
    /// It holds and soaks, not yet for long enough, or too little of it was seen.
    Soaking {
        /// How long it soaks.
        elapsed: Duration,
        /// How long it must.
        length: Duration,
        /// How much of that was seen, in percent.
        coverage: u8,
        /// How much must be, in percent.
        needed: u8,
        /// What is left at the least.
        left: Duration,
    },
    /// The timer runs.
    Waiting {
        /// What is left.
        left: Duration,
    },
}

impl Hold {
    /// What has become of a check that had passed.
    pub const fn turned(truth: Tri) -> &'static str {
        match truth {
            Tri::True => "is so again, not yet for long enough",
            Tri::False => "is not so any more",
            Tri::Unknown => "was sensed, and is not known to be so now",
        }
    }

    /// In a few words, for a refusal.
    pub fn describe(&self) -> String {
        match self {
            Self::Cautions => "the cautions are unread".into(),
            Self::Running => "its command is running".into(),
            Self::Missing(step) => format!("{step} has not been done"),
            Self::Stale { step, age, within } => {
                format!("{step} was done {} s ago, at most {} s are allowed", age.as_secs(), within.as_secs())
            }
            Self::Condition { condition, truth, why } => {
                let word = if *truth == Tri::False { "does not hold" } else { "is unknown" };
                if why.is_empty() { format!("{condition} {word}") } else { format!("{condition} {word}: {why}") }
            }
            Self::Reverted { step, truth, why } => {
                let word = Self::turned(*truth);
                if why.is_empty() { format!("{step} {word}") } else { format!("{step} {word}: {why}") }
            }
            Self::Holding { left } => format!("it must hold for {} s more", left.as_secs() + 1),
            Self::Soaking { elapsed, length, coverage, needed, .. } => format!(
                "it soaks for {} s of {} s, {coverage} % of that seen, {needed} % are needed",
                elapsed.as_secs(),
                length.as_secs()
            ),
            Self::Waiting { left } => format!("{} s are left", left.as_secs() + 1),
        }
    }
}

/// The gate of a step at `now`. Reads only the conditions that are in the state.
pub fn gate(runbook: &Runbook, state: &RunState, key: &StepKey, now: Timestamp) -> Gate {
    let Some(step) = runbook.step(&key.phase, &key.step) else { return Gate::Closed(vec![]) };
    let mut holds = Vec::new();
    let known = state.step(key);
    if state.running.iter().any(|job| &job.step == key) {
        holds.push(Hold::Running);
    }
    if known.is_none_or(|known| has_unread_cautions(step, known)) {
        holds.push(Hold::Cautions);
    }
    for requirement in &step.requires {
        let wanted = required(state, key, requirement);
        holds.extend(wanted.into_iter().filter_map(|wanted| unmet(state, wanted, requirement.within, now)));
    }
    if step.gate.is_some() {
        holds.extend(standing(state, ConditionId::Gate(key.clone())));
    }
    for guard in blocking(runbook, key, step) {
        holds.extend(standing(state, ConditionId::Guard(guard.id.clone())));
    }
    for reverted in not_as_sensed(state, step) {
        if !holds.contains(&reverted) {
            holds.push(reverted);
        }
    }
    holds.extend(sensed(state, key, step, now));
    if holds.is_empty() { Gate::Open } else { Gate::Closed(holds) }
}

/// Whether the step's action is inert because its cautions have not been read. What piton senses needs no reader.
pub fn has_unread_cautions(step: &Step, known: &StepState) -> bool {
    !step.action.is_sensed() && !step.cautions.is_empty() && !known.cautions_read
}

/// The guards that hold this step back while they are broken.
pub fn blocking<'a>(runbook: &'a Runbook, key: &'a StepKey, step: &'a Step) -> impl Iterator<Item = &'a Guard> {
    runbook.guards.iter().filter(move |guard| {
        guard.blocks.iter().any(|blocked| match blocked {
            Blocked::Kind(kind) => *kind == step.action.kind(),
            Blocked::Step(phase, id) => phase == &key.phase && id == &step.id,
        })
    })
}

/// The conditions that matter now: every guard, the checks that are relied on, and the gate and check of the current step.
pub fn watched(runbook: &Runbook, state: &RunState) -> Vec<ConditionId> {
    let mut watched: Vec<_> = runbook.guards.iter().map(|guard| ConditionId::Guard(guard.id.clone())).collect();
    watched.extend(state.relied.keys().iter().cloned().map(ConditionId::Check));
    if let Some(key) = &state.current
        && let Some(step) = runbook.step(&key.phase, &key.step)
    {
        if step.gate.is_some() {
            watched.push(ConditionId::Gate(key.clone()));
        }
        if matches!(step.action, Action::Check { .. }) {
            watched.push(ConditionId::Check(key.clone()));
        }
    }
    watched
}

/// What a watched condition is judged by: its rule, the author's reason, and the step whose item the rule sees.
fn rule<'a>(runbook: &'a Runbook, condition: &'a ConditionId) -> Option<(&'a Expr, &'a str, Option<&'a StepKey>)> {
    Some(match condition {
        ConditionId::Health(..) => return None,
        ConditionId::Guard(id) => {
            let guard = runbook.guards.iter().find(|guard| &guard.id == id)?;
            (&guard.holds, guard.why.as_str(), None)
        }
        ConditionId::Gate(key) => {
            let gate = runbook.step(&key.phase, &key.step)?.gate.as_ref()?;
            (&gate.holds, gate.why.as_str(), Some(key))
        }
        ConditionId::Check(key) => {
            let step = runbook.step(&key.phase, &key.step)?;
            let Action::Check { holds, why, .. } = &step.action else { return None };
            (holds, why.as_str(), Some(key))
        }
    })
}

/// Evaluates a watched condition on a board: what it comes to, why, and which probes it looked at.
pub fn evaluate(
    runbook: &Runbook,
    state: &RunState,
    board: &Board,
    condition: &ConditionId,
    now: Timestamp,
) -> Option<(Tri, String, Vec<String>)> {
    evaluate_at(runbook, &mut Sight::new(state, board, now), condition)
}

/// The same for one of several conditions of one moment, which share what they see.
pub fn evaluate_at(
    runbook: &Runbook,
    sight: &mut Sight<'_>,
    condition: &ConditionId,
) -> Option<(Tri, String, Vec<String>)> {
    let (holds, told, key) = rule(runbook, condition)?;
    let probes = sight.board.read_by(holds);
    let (truth, why) = match judge(sight, holds, key) {
        (Tri::False, _) => {
            let lost = || {
                let why = soak::unseen(runbook, condition, sight.board, &probes)?;
                // What is false also if whoever is silent were well is no gap.
                let hopeful = sight.board.hopeful(&probes);
                let is_false = judge(&mut sight.on(&hopeful), holds, key).0 == Tri::False;
                (!is_false).then_some(why)
            };
            match lost().or_else(|| sight.board.silence(&probes)) {
                Some(why) => (Tri::Unknown, why),
                None => (Tri::False, told.to_owned()),
            }
        }
        judged => judged,
    };
    Some((truth, why, probes))
}

/// The parts that the rule of a watched condition joins with `and`, and what each comes to; empty for a rule that is
/// no such chain, or of which the parts together do not say what the whole says.
pub fn judged_parts(
    runbook: &Runbook,
    state: &RunState,
    board: &Board,
    condition: &ConditionId,
    now: Timestamp,
) -> Vec<(String, Tri)> {
    let Some((holds, _, key)) = rule(runbook, condition) else { return Vec::new() };
    parts_of(&mut Sight::new(state, board, now), holds, key)
}

/// The same of what a way back asks for.
pub(super) fn judged_way_back(state: &RunState, moment: &Moment, plan: &Rollback) -> Vec<(String, Tri)> {
    let mut sight = Sight::new(state, &moment.board, moment.at);
    plan.when.as_ref().map(|when| parts_of(&mut sight, when, None)).unwrap_or_default()
}

fn parts_of(sight: &mut Sight<'_>, holds: &Expr, key: Option<&StepKey>) -> Vec<(String, Tri)> {
    let mut judged = |part: Part| (part.source, judge(sight, &part.expr, key).0);
    let parts: Vec<_> = parts(holds).into_iter().map(&mut judged).collect();
    let is_whole = judge(sight, holds, key).0 == Tri::True;
    let is_each = parts.iter().all(|(_, truth)| *truth == Tri::True);
    if is_whole == is_each { parts } else { Vec::new() }
}

/// What an expression comes to, and why that cannot be told. What a silent probe is asked about is unknown.
fn judge(sight: &mut Sight<'_>, holds: &Expr, key: Option<&StepKey>) -> (Tri, String) {
    let probes = sight.board.read_by(holds);
    let mut asked = sight.board.rows.iter().filter(|row| probes.iter().any(|probe| probe == row.probe.as_str()));
    if let Some(row) = asked.find(|row| row.age_ms.is_none()) {
        let node = row.node.as_deref().unwrap_or("it");
        return (Tri::Unknown, format!("no answer from {node} yet"));
    }
    match sight.truth(holds, key) {
        Truth::True => (Tri::True, String::new()),
        Truth::False => (Tri::False, String::new()),
        Truth::Unknown(why) => (Tri::Unknown, why),
    }
}

/// What a requirement comes to: the same item's step, or that of the group around it; or, where that phase has no such
/// item, the step of each of its items, of a group only that group's.
fn required(state: &RunState, key: &StepKey, requirement: &Requirement) -> Vec<StepKey> {
    let (phase, step) = (requirement.phase.clone(), requirement.step.clone());
    let own = StepKey { phase, step, item: key.item.clone() };
    let known = match state.phases.iter().find(|phase| phase.id == own.phase) {
        Some(known) if known.id != key.phase && state.item(&own).is_none() => known,
        _ => return vec![own],
    };
    let group = key.item.as_deref().and_then(|item| item.split_once('/')).map(|(group, _)| group.to_owned());
    let around = StepKey { item: group, ..own.clone() };
    if around.item.is_some() && state.item(&around).is_some() {
        return vec![around];
    }
    let all = || known.items.iter().map(|item| item.item.name.as_deref());
    let is_inside = |name: &Option<&str>| {
        let outer = name.and_then(|name| name.split_once('/')).map(|(outer, _)| outer);
        outer.is_some() && outer == key.item.as_deref()
    };
    let inside: Vec<_> = all().filter(is_inside).collect();
    let names = if inside.is_empty() { all().collect() } else { inside };
    names.into_iter().map(|name| StepKey { item: name.map(str::to_owned), ..own.clone() }).collect()
}

/// The steps still to be done that cannot open once `key` is left out.
pub fn needing(runbook: &Runbook, state: &RunState, key: &StepKey) -> Vec<StepKey> {
    let is_it = |requirement: &&Requirement| requirement.phase == key.phase && requirement.step == key.step;
    let needs = |other: &StepKey| {
        let requires = runbook.step(&other.phase, &other.step).map(|step| step.requires.as_slice()).unwrap_or_default();
        requires.iter().filter(is_it).any(|requirement| required(state, other, requirement).contains(key))
    };
    let steps = state.walked().flat_map(|phase| phase.keys());
    steps.filter(|(other, step)| !step.status.is_accounted() && needs(other)).map(|(other, _)| other).collect()
}

/// The evidence that a step wants fresh, and what holds it back there.
pub(crate) fn limited(
    runbook: &Runbook,
    state: &RunState,
    key: &StepKey,
    now: Timestamp,
) -> Vec<(StepKey, Option<Hold>)> {
    let requires = runbook.step(&key.phase, &key.step).map(|step| step.requires.as_slice()).unwrap_or_default();
    let mut limited = Vec::new();
    for requirement in requires.iter().filter(|requirement| requirement.within.is_some()) {
        for wanted in required(state, key, requirement) {
            let hold = unmet(state, wanted.clone(), requirement.within, now);
            limited.push((wanted, hold));
        }
    }
    limited
}

/// How long until the first of its evidence that is fresh is not so any more.
pub fn fresh_for(runbook: &Runbook, state: &RunState, key: &StepKey, now: Timestamp) -> Option<Duration> {
    let requires = runbook.step(&key.phase, &key.step).map(|step| step.requires.as_slice()).unwrap_or_default();
    let left = requires.iter().filter_map(|requirement| {
        let within = requirement.within?;
        let wanted = required(state, key, requirement);
        let done = wanted.iter().filter_map(|wanted| state.step(wanted)).filter(|known| is_done(known));
        done.filter_map(|known| within.checked_sub(now.since(known.ended.unwrap_or_default()))).min()
    });
    left.min()
}

fn is_done(known: &StepState) -> bool {
    matches!(known.status, StepStatus::Done | StepStatus::Overridden)
}

fn unmet(state: &RunState, step: StepKey, within: Option<Duration>, now: Timestamp) -> Option<Hold> {
    let known = state.step(&step);
    let done = known.filter(|known| is_done(known));
    if known.is_some_and(|known| known.status == StepStatus::Reverted) {
        return doubt(state, &step).or(Some(Hold::Missing(step)));
    }
    let Some(done) = done else {
        let excused = known.is_some_and(|known| known.status == StepStatus::NotApplicable);
        return (!excused).then_some(Hold::Missing(step));
    };
    let age = now.since(done.ended.unwrap_or_default());
    within.filter(|within| age > *within).map(|within| Hold::Stale { step, age, within })
}

fn standing(state: &RunState, condition: ConditionId) -> Option<Hold> {
    let known = state.conditions.get(&condition);
    let truth = known.map_or(Tri::Unknown, |known| known.truth);
    if truth == Tri::True || known.is_some_and(|known| known.acknowledged.is_some()) {
        return None;
    }
    let why = known.map(|known| known.why.clone()).unwrap_or_default();
    Some(Hold::Condition { condition, truth, why })
}

fn sensed(state: &RunState, key: &StepKey, step: &Step, now: Timestamp) -> Option<Hold> {
    let began = state.step(key).and_then(|known| known.began);
    match &step.action {
        Action::Check { hold, soak, .. } => {
            let condition = ConditionId::Check(key.clone());
            let since = state.conditions.get(&condition).map(|known| known.since);
            if let Some(closed) = standing(state, condition) {
                return Some(closed);
            }
            if let Some(soak) = soak {
                return soak::held(soak, state.step(key).and_then(|known| known.soak.as_deref()), now);
            }
            let left = hold.saturating_sub(now.since(since.max(began).unwrap_or(now)));
            (!left.is_zero()).then_some(Hold::Holding { left })
        }
        Action::Wait(length) => {
            let left = length.saturating_sub(now.since(began.unwrap_or(now)));
            (!left.is_zero()).then_some(Hold::Waiting { left })
        }
        _ => None,
    }
}
