//! Plan against actual: what became of each step, and each time that it was walked.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::clock::Timestamp;
use crate::engine::{DeviationKind, Event, ItemState, PhaseState, Plan, Record, RunState, StepStatus, released_by};
use crate::report::model::{Attempt, PhaseDone, StepDone};
use crate::report::sums::{Sum, by_item};
use crate::report::told::millis;
use crate::runbook::{Action, Runbook, Step, StepKey, Template};

/// What stands for a value that is not known any more.
const GAP: &str = "…";

/// The walks through each step, in the order in which the steps were first begun.
struct Walks {
    /// Whether no plan tells of the steps that came to an end without being walked.
    is_alone: bool,
    order: Vec<StepKey>,
    of: BTreeMap<StepKey, Vec<Attempt>>,
}

impl Walks {
    /// None yet; `is_alone` where no plan can be read.
    const fn new(is_alone: bool) -> Self {
        Self { is_alone, order: Vec::new(), of: BTreeMap::new() }
    }

    /// Takes in what this record did; `state` is the state after it, where the runbook can be read.
    fn take(&mut self, record: &Record, state: Option<&RunState>) {
        match &record.event {
            Event::StepBegan { step, .. } | Event::StepRetried { step, .. } => self.begin(step, record.at),
            Event::StepPutBack { step, .. } => self.end(step, record.at, "left"),
            Event::StepsReopened { .. } | Event::StepsRenewed { .. } => self.reopened(record.at, state),
            _ => {}
        }
        let Some(step) = record.event.step() else { return };
        let status = match state {
            Some(state) => state.step(step).map(|step| step.status),
            None => status_after(&record.event),
        };
        if let Some(status) = status.filter(|status| !matches!(status, StepStatus::Current | StepStatus::Pending)) {
            self.end(step, record.at, status.word());
        }
    }

    fn begin(&mut self, step: &StepKey, at: Timestamp) {
        // A step that begins while it goes on was left without a word; it does not last twice.
        self.end(step, at, "left");
        self.walks(step).push(Attempt { began: at, ended: None, status: "current".into() });
    }

    fn end(&mut self, step: &StepKey, at: Timestamp, status: &str) {
        // What came to an end without being walked: the plan tells of it.
        if !self.of.contains_key(step) && (status == "left" || !self.is_alone) {
            return;
        }
        let walks = self.walks(step);
        match walks.last_mut() {
            Some(walk) if walk.ended.is_none() => {
                walk.ended = Some(at);
                status.clone_into(&mut walk.status);
            }
            // It came to another end without being walked again: a failed step that was skipped, say.
            Some(walk) if status != "left" && walk.status != status => {
                walks.push(Attempt { began: at, ended: Some(at), status: status.to_owned() });
            }
            Some(_) => {}
            None => walks.push(Attempt { began: at, ended: Some(at), status: status.to_owned() }),
        }
    }

    /// What went on while steps were opened again goes on no more.
    fn reopened(&mut self, at: Timestamp, state: Option<&RunState>) {
        let Some(state) = state else { return };
        for (key, walks) in &mut self.of {
            let is_current = state.step(key).is_some_and(|step| step.status == StepStatus::Current);
            for walk in walks.iter_mut().filter(|walk| walk.ended.is_none() && !is_current) {
                walk.ended = Some(at);
                "left".clone_into(&mut walk.status);
            }
        }
    }

    fn walks(&mut self, step: &StepKey) -> &mut Vec<Attempt> {
        if !self.of.contains_key(step) {
            self.order.push(step.clone());
        }
        self.of.entry(step.clone()).or_default()
    }
}

/// A run on its way through its steps, taken in record by record.
pub struct Going<'b> {
    runbook: Option<&'b Runbook>,
    state: Option<RunState>,
    walks: Walks,
}

impl<'b> Going<'b> {
    /// Before the first record; without a runbook where it cannot be read.
    pub fn new(runbook: Option<&'b Runbook>) -> Self {
        Self { runbook, state: runbook.map(RunState::new), walks: Walks::new(runbook.is_none()) }
    }

    /// Takes in the next record.
    pub fn take(&mut self, record: &Record) {
        if let Some(state) = &mut self.state {
            state.apply(record);
        }
        self.walks.take(record, self.state.as_ref());
    }

    /// Plan against actual: the plan's phases, then those of the way back that was entered.
    pub fn phases(self) -> Vec<PhaseDone> {
        self.end().0
    }

    /// The same, and where the run stands.
    pub(super) fn end(self) -> (Vec<PhaseDone>, Option<RunState>) {
        let Self { runbook, state, walks } = self;
        let done = match runbook.zip(state.as_ref()) {
            Some((runbook, state)) => phases(runbook, state, walks),
            None => walked_alone(walks),
        };
        (done, state)
    }
}

/// How a step stands after a record, where no runbook tells more.
const fn status_after(event: &Event) -> Option<StepStatus> {
    Some(match event {
        Event::StepConfirmed { .. }
        | Event::AnswerGiven { .. }
        | Event::ChoiceMade { .. }
        | Event::HoldReleased { .. }
        | Event::CheckPassed { .. }
        | Event::CheckRestored { .. }
        | Event::WaitEnded { .. }
        | Event::CommandFinished { met: true, .. } => StepStatus::Done,
        Event::WaitCut { .. } | Event::StepOverridden { .. } => StepStatus::Overridden,
        Event::StepFailed { .. } | Event::StepDisputed { .. } => StepStatus::Failed,
        Event::CheckReverted { .. } => StepStatus::Reverted,
        Event::StepSkipped { .. } => StepStatus::Skipped,
        Event::StepDeferred { .. } => StepStatus::Deferred,
        Event::StepNotApplicable { .. } => StepStatus::NotApplicable,
        _ => return None,
    })
}

/// Every phase that counts, with its steps as they went; and, at the end, the walks through steps of items that were
/// there before a loop was asked anew.
fn phases(runbook: &Runbook, state: &RunState, mut walks: Walks) -> Vec<PhaseDone> {
    let titles = Titles { state };
    let mut phases: Vec<PhaseDone> = Vec::new();
    for phase in state.counted() {
        let planned = runbook.phase(&phase.id);
        let items = phase.items.iter();
        let steps: Vec<_> = items.flat_map(|item| of_item(runbook, &titles, phase, item, &mut walks)).collect();
        phases.push(PhaseDone {
            phase: phase.id.to_string(),
            title: planned.map_or_else(|| phase.id.to_string(), |planned| titles.render(&planned.title, None)),
            way_back: match &phase.plan {
                Plan::Main => None,
                Plan::Rollback(id) => Some(id.to_string()),
            },
            any_order: phase.any_order,
            sums: by_item(&steps).map(Sum::of).collect(),
            steps,
        });
    }
    let gone = left_over(walks, |key| runbook.step(&key.phase, &key.step).map(|step| step.title.source().to_owned()));
    if !gone.is_empty() {
        let title = "Walked before their loop was asked anew".to_owned();
        phases.push(unplanned(title, gone));
    }
    phases
}

/// What was walked, where no runbook tells the plan.
fn walked_alone(walks: Walks) -> Vec<PhaseDone> {
    let steps = left_over(walks, |_| None);
    let title = "What was walked; the plan cannot be read".to_owned();
    if steps.is_empty() { Vec::new() } else { vec![unplanned(title, steps)] }
}

/// Steps that no plan tells of.
fn unplanned(title: String, steps: Vec<StepDone>) -> PhaseDone {
    let sums = by_item(&steps).map(Sum::of).collect();
    PhaseDone { phase: String::new(), title, way_back: None, any_order: false, steps, sums }
}

fn left_over(walks: Walks, title: impl Fn(&StepKey) -> Option<String>) -> Vec<StepDone> {
    let Walks { order, mut of, .. } = walks;
    let steps = order.into_iter().filter_map(|key| {
        let attempts = of.remove(&key)?;
        Some(StepDone {
            step: key.to_string(),
            title: title(&key).unwrap_or_default(),
            item: key.item.clone(),
            action: String::new(),
            status: attempts.last().map_or_else(String::new, |walk| walk.status.clone()),
            is_cut: false,
            by: String::new(),
            doer: None,
            verify: None,
            verified: None,
            waived: None,
            watch: Vec::new(),
            said: String::new(),
            planned_ms: None,
            took_ms: took(&attempts),
            attempts,
            sources: Vec::new(),
        })
    });
    steps.collect()
}

impl StepDone {
    /// How it stands, in words; a wait that was cut short goes by the word of that deviation.
    pub(super) fn word(&self) -> String {
        if self.is_cut { DeviationKind::CutWait.word().to_owned() } else { self.status.replace('_', " ") }
    }
}

fn of_item(
    runbook: &Runbook,
    titles: &Titles<'_>,
    phase: &PhaseState,
    item: &ItemState,
    walks: &mut Walks,
) -> Vec<StepDone> {
    let steps = item.steps.iter().map(|step| {
        let key = StepKey { phase: phase.id.clone(), item: item.item.name.clone(), step: step.id.clone() };
        let planned = runbook.step(&phase.id, &step.id);
        let attempts = walks.of.remove(&key).unwrap_or_default();
        StepDone {
            step: key.to_string(),
            title: planned
                .map_or_else(|| key.to_string(), |planned| titles.render(&planned.title, Some((phase, item)))),
            item: item.item.name.clone(),
            action: planned.map_or_else(String::new, |planned| planned.action.kind().word().to_owned()),
            status: step.status.word().to_owned(),
            is_cut: step.is_cut(),
            by: step.by.clone(),
            doer: step.doer.clone(),
            verify: step.verify.map(|verify| verify.word().to_owned()),
            verified: step
                .verified
                .as_ref()
                .map(|verified| format!("{}: {}", released_by(step.verify, &verified.by), verified.said)),
            waived: step.waived.as_ref().map(|waived| format!("waived by {}: {}", waived.by, waived.why)),
            watch: planned.map(|planned| watched(runbook, planned)).unwrap_or_default(),
            said: step.said.clone(),
            planned_ms: planned.and_then(planned_ms),
            took_ms: took(&attempts),
            attempts,
            sources: planned.map(|planned| planned.source.clone()).unwrap_or_default(),
        }
    });
    steps.collect()
}

/// The titles of what is to be watched during a step.
pub(super) fn watched(runbook: &Runbook, step: &Step) -> Vec<String> {
    step.watch.iter().map(|watch| runbook.watched(watch).to_owned()).collect()
}

fn took(attempts: &[Attempt]) -> u64 {
    attempts.iter().filter_map(|walk| Some(millis(walk.ended?.since(walk.began)))).sum()
}

/// How long the runbook means a step to last, where it says so.
fn planned_ms(step: &Step) -> Option<u64> {
    match &step.action {
        Action::Wait(length) => Some(millis(*length)),
        Action::Check { soak: Some(soak), .. } => Some(millis(soak.length)),
        Action::Check { hold, .. } if !hold.is_zero() => Some(millis(*hold)),
        _ => None,
    }
}

/// Titles with the values that are known from the records.
pub(super) struct Titles<'s> {
    state: &'s RunState,
}

impl<'s> Titles<'s> {
    pub(super) const fn new(state: &'s RunState) -> Self {
        Self { state }
    }

    /// The title of the step of that name.
    pub(super) fn of(&self, runbook: &Runbook, key: &StepKey) -> Option<String> {
        let step = runbook.step(&key.phase, &key.step)?;
        let phase = self.state.phases.iter().find(|phase| phase.id == key.phase);
        let item = self.state.item(key);
        Some(self.render(&step.title, phase.zip(item)))
    }

    fn render(&self, title: &Template, place: Option<(&PhaseState, &ItemState)>) -> String {
        if !title.source().contains("{{") {
            return title.source().to_owned();
        }
        let inputs = self.state.opened.as_ref().map(|opened| Value::Object(opened.inputs.clone()));
        let group = place.and_then(|(phase, item)| phase.groups.get(item.group?));
        let scope = json!({
            "inputs": inputs,
            "answers": self.state.answers,
            "node": place.map(|(_, item)| &item.item.value),
            "group": group.map(|group| &group.item.value),
        });
        title.render_known(&scope, GAP)
    }
}
