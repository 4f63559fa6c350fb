//! The backward edge: a person reopens everything from a phase on, and nothing of what was recorded is lost.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::clock::Timestamp;
use crate::engine::decide::{Decision, Judge, text, wrong};
use crate::engine::event::{ConditionId, Event};
use crate::engine::planned::fresh;
use crate::engine::proposal::Refusal;
use crate::engine::state::{RunState, StepState, StepStatus};
use crate::runbook::{Action, PhaseId, StepKey};

/// How a step stood when it was last reopened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Before {
    /// How many attempts there were so far.
    pub attempts: u32,
    /// How it stood then.
    pub status: StepStatus,
    /// What was said of it.
    pub said: String,
    /// Who brought it to its status.
    pub by: String,
    /// When it came to it.
    pub ended: Option<Timestamp>,
}

/// By name, the values that steps gave: for each phase that gave one its last, the latest at the end.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Given(BTreeMap<String, Vec<(PhaseId, Value)>>);

impl Given {
    fn add(&mut self, phase: &PhaseId, name: &str, value: &Value) {
        let values = self.0.entry(name.to_owned()).or_default();
        values.retain(|(of, _)| of != phase);
        values.push((phase.clone(), value.clone()));
    }

    /// Forgets what these phases gave.
    fn forget(&mut self, is_reopened: impl Fn(&PhaseId) -> bool) {
        for values in self.0.values_mut() {
            values.retain(|(of, _)| !is_reopened(of));
        }
        self.0.retain(|_, values| !values.is_empty());
    }

    fn values(&self) -> Map<String, Value> {
        let latest = self.0.iter().filter_map(|(name, values)| Some((name.clone(), values.last()?.1.clone())));
        latest.collect()
    }
}

impl Judge<'_> {
    pub(crate) fn restart(&self, key: StepKey, reason: String) -> Decision {
        let (step, _) = self.current(&key)?;
        let Action::Restart(from) = &step.action else { return Err(wrong(&step.action)) };
        self.ready(&key)?;
        if reopened(self.state, from, &key).is_empty() {
            return Err(Refusal::Unknown(format!("phase {from} to go back to")));
        }
        let reason = text(reason, "a reason is needed")?;
        let (from, board) = (from.clone(), self.moment.board.recorded());
        self.then([Event::StepsReopened { step: key, from, reason, board }])
    }
}

/// The phases that are reopened when that step leads back to `from`: all from it on in the plan of that step. None when
/// there is no such phase up to the step's own.
pub fn reopened<'s>(state: &'s RunState, from: &PhaseId, step: &StepKey) -> Vec<&'s PhaseId> {
    let plan = state.phases.iter().find(|phase| phase.id == step.phase).map(|phase| &phase.plan);
    let of_plan: Vec<_> =
        state.phases.iter().filter(|phase| Some(&phase.plan) == plan).map(|phase| &phase.id).collect();
    let at = |id: &PhaseId| of_plan.iter().position(|of| *of == id);
    match (at(from), at(&step.phase)) {
        (Some(first), Some(own)) if first <= own => of_plan[first..].to_vec(),
        _ => Vec::new(),
    }
}

impl RunState {
    /// A step gave a value.
    pub(crate) fn give(&mut self, step: &StepKey, name: &str, value: &Value) {
        self.given.add(&step.phase, name, value);
        self.answers.insert(name.to_owned(), value.clone());
    }

    /// Everything from that phase on is pending again; loops are asked anew.
    pub(crate) fn reopen(&mut self, step: &StepKey, from: &PhaseId, by: &str, reason: &str) {
        let reopened: Vec<PhaseId> = reopened(self, from, step).into_iter().cloned().collect();
        let is_reopened = |id: &PhaseId| reopened.contains(id);
        let at = self.at;
        for phase in self.phases.iter_mut().filter(|phase| is_reopened(&phase.id)) {
            for (key, known) in phase.keys() {
                if known.attempt > 0 || known.status.is_accounted() {
                    remember(&mut self.before, key, known);
                }
            }
            let item = fresh(&phase.steps);
            phase.is_bound = false;
            phase.groups.clear();
            phase.together = phase.together.is_some().then(Vec::new);
            phase.items = vec![item];
        }
        if let Some(own) = self.before.get_mut(step) {
            own.status = StepStatus::Done;
            own.said = format!("went back to {from}: {reason}");
            own.by = by.to_owned();
            own.ended = Some(at);
        }
        self.cautions.forget(is_reopened);
        self.unverified.retain(|key, _| !is_reopened(&key.phase));
        self.choices.retain(|_, chosen| !is_reopened(&chosen.phase));
        self.given.forget(is_reopened);
        self.answers = self.given.values();
        self.conditions.retain(|id, _| match id {
            ConditionId::Gate(key) | ConditionId::Check(key) => !is_reopened(&key.phase),
            _ => true,
        });
        self.current = None;
    }

    /// The number of the next first attempt at a step.
    pub(crate) fn next_attempt(&self, key: &StepKey) -> u32 {
        self.before.get(key).map_or(0, |before| before.attempts).saturating_add(1)
    }
}

/// Keeps how a step stood before it is opened anew.
pub(crate) fn remember(before: &mut BTreeMap<StepKey, Before>, key: StepKey, known: &StepState) {
    let attempts = before.get(&key).map_or(0, |before| before.attempts).max(known.attempt);
    let (said, by) = (known.said.clone(), known.by.clone());
    before.insert(key, Before { attempts, status: known.status, said, by, ended: known.ended });
}
