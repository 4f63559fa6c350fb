//! What a run has really begun on which item: `.began` in expressions, so that a way back goes over exactly that.
//!
//! An item is begun in a step as soon as a command of that step was started for it, however it ended, unless the
//! system could not start it at all; or as soon as that step came to be done or overridden in any other way. A step
//! that was only looked at, skipped, not applicable, or a check that failed begins nothing. A command that fails when
//! it is tried again takes nothing back, and neither does a restart: what was changed stays changed.

use std::collections::{BTreeMap, HashMap};

use serde_json::{Map, Value};

use crate::engine::event::{Event, Item};
use crate::engine::observe::{Ended, JobId};
use crate::engine::state::RunState;
use crate::runbook::{Phase, PhaseId, Runbook, StepId, StepKey};

/// The items that were begun, phase by phase.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Began(BTreeMap<PhaseId, OfPhase>);

/// The begun items of one phase, each kept once however many of its steps were begun.
#[derive(Clone, Debug, Default, PartialEq)]
struct OfPhase {
    items: Vec<Item>,
    places: HashMap<Option<String>, usize>,
    steps: BTreeMap<StepId, Vec<Deed>>,
}

/// That a step was begun on an item.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Deed {
    /// Its place among the phase's items.
    item: usize,
    /// The command that it was begun with.
    job: Option<JobId>,
}

impl Began {
    /// Nothing is begun. Every step has its list, so that an expression that reads it finds an empty one.
    pub(crate) fn new(runbook: &Runbook) -> Self {
        let phases = runbook.phases.iter().chain(runbook.rollbacks.iter().flat_map(|plan| &plan.phases));
        let of = |phase: &Phase| OfPhase {
            steps: phase.steps.iter().map(|step| (step.id.clone(), Vec::new())).collect(),
            ..OfPhase::default()
        };
        Self(phases.map(|phase| (phase.id.clone(), of(phase))).collect())
    }

    /// By `phase/step`, the values of the items on which that step was begun, in the order in which they were first
    /// begun; a phase without a loop gives one `null`.
    pub(crate) fn value(&self) -> Value {
        let mut all = Map::new();
        for (phase, of) in &self.0 {
            for (step, deeds) in &of.steps {
                let values = deeds.iter().filter_map(|deed| of.items.get(deed.item)).map(|item| item.value.clone());
                all.insert(format!("{phase}/{step}"), values.collect());
            }
        }
        Value::Object(all)
    }

    fn add(&mut self, key: &StepKey, item: &Item, job: Option<JobId>) {
        let of = self.0.entry(key.phase.clone()).or_default();
        let at = *of.places.entry(item.name.clone()).or_insert_with(|| {
            of.items.push(item.clone());
            of.items.len() - 1
        });
        let deeds = of.steps.entry(key.step.clone()).or_default();
        // Items mostly come one after the other, so the one that is looked for is nearly always the last.
        if !deeds.iter().rev().any(|deed| deed.item == at) {
            deeds.push(Deed { item: at, job });
        }
    }

    /// A command could not be started after all.
    fn take_back(&mut self, key: &StepKey, job: JobId) {
        let deeds = self.0.get_mut(&key.phase).and_then(|of| of.steps.get_mut(&key.step));
        if let Some(deeds) = deeds {
            deeds.retain(|deed| deed.job != Some(job));
        }
    }
}

impl RunState {
    /// Notes what this event begins.
    pub(crate) fn note_begun(&mut self, event: &Event) {
        let (key, job) = match event {
            Event::CommandStarted { step, job, .. } => (step, Some(*job)),
            Event::CommandFinished { step, job, ended: Ended::NotStarted(_), .. } => {
                return self.began.take_back(step, *job);
            }
            Event::StepConfirmed { step, .. }
            | Event::AnswerGiven { step, .. }
            | Event::ChoiceMade { step, .. }
            | Event::HoldReleased { step, .. }
            | Event::CheckPassed { step, .. }
            | Event::WaitEnded { step }
            | Event::WaitCut { step, .. }
            | Event::StepOverridden { step, .. } => (step, None),
            _ => return,
        };
        let items: Vec<Item> = match (event, self.together(key)) {
            (Event::CommandStarted { item: Some(name), .. }, Some(all)) => {
                all.iter().filter(|item| item.name.as_ref() == Some(name)).cloned().collect()
            }
            // What is said of a step that takes its items together is said of all of them.
            (_, Some(all)) => all.to_vec(),
            (_, None) => self.item(key).map(|item| item.item.clone()).into_iter().collect(),
        };
        for item in &items {
            self.began.add(key, item, job);
        }
    }
}
