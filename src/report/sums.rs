//! Plan against actual in sums: what the steps of one item came to, or those of a phase without items.

use serde::Serialize;

use crate::clock::Timestamp;
use crate::report::model::{PhaseDone, StepDone};
use crate::report::told::duration;

/// What stands where the runbook plans no time.
pub(super) const NOT_PLANNED: &str = "not planned";

/// What the steps of one item came to, or those of a phase without items.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Sum {
    /// The item; none in a phase without items.
    pub item: Option<String>,
    /// The planned times of those of its steps that have one and apply: waits, holds, soaks; `None`: none has.
    pub planned_ms: Option<u64>,
    /// How long those took that have one; `None`: none has.
    pub planned_took_ms: Option<u64>,
    /// How long all of its steps took.
    pub took_ms: u64,
    /// When the first of them began; `None`: none did.
    pub began: Option<Timestamp>,
    /// When the last walk ended; `None`: none did, or one goes on.
    pub ended: Option<Timestamp>,
}

/// The steps of one item each, in order.
pub(super) fn by_item(steps: &[StepDone]) -> impl Iterator<Item = &[StepDone]> {
    steps.chunk_by(|one, next| one.item == next.item)
}

impl Sum {
    /// The sum of steps of one item.
    pub(super) fn of(steps: &[StepDone]) -> Self {
        let planned = || {
            let applies = steps.iter().filter(|step| step.status != "not_applicable");
            applies.filter_map(|step| Some((step.planned_ms?, step.took_ms)))
        };
        let has_plan = planned().next().is_some();
        let walks = || steps.iter().flat_map(|step| &step.attempts);
        let is_going_on = walks().any(|walk| walk.ended.is_none());
        Self {
            item: steps.first().and_then(|step| step.item.clone()),
            planned_ms: has_plan.then(|| planned().map(|(planned, _)| planned).sum()),
            planned_took_ms: has_plan.then(|| planned().map(|(_, took)| took).sum()),
            took_ms: steps.iter().map(|step| step.took_ms).sum(),
            began: walks().map(|walk| walk.began).min(),
            ended: walks().filter_map(|walk| walk.ended).max().filter(|_| !is_going_on),
        }
    }

    /// Its name for people.
    pub(super) fn title(&self, phase: &PhaseDone) -> String {
        match &self.item {
            Some(item) => format!("Sum of {item}"),
            None if phase.phase.is_empty() => "Sum".to_owned(),
            None => "Sum of the phase".to_owned(),
        }
    }

    /// From when until when.
    pub(super) fn walked(&self, at: impl Fn(Timestamp) -> String) -> String {
        match (self.began, self.ended) {
            (Some(began), Some(ended)) => format!("{} to {}", at(began), at(ended)),
            (Some(began), None) => format!("since {}", at(began)),
            (None, _) => String::new(),
        }
    }

    /// What was planned.
    pub(super) fn planned(&self) -> String {
        self.planned_ms.map_or_else(|| NOT_PLANNED.to_owned(), duration)
    }

    /// How long it took; empty where nothing was walked.
    pub(super) fn took(&self) -> String {
        if self.began.is_none() { String::new() } else { duration(self.took_ms) }
    }

    /// How long that took for which a time is planned, where there is some.
    pub(super) fn told(&self) -> String {
        let told = self.planned_took_ms.filter(|_| self.began.is_some());
        told.map(|took| format!("what is planned of it took {}", duration(took))).unwrap_or_default()
    }
}

/// What is planned of a run, and of its parts, in a sentence.
pub(super) fn what_is_planned(planned_ms: Option<u64>) -> String {
    let whole = planned_ms
        .map_or_else(|| "The runbook plans no time for the whole".to_owned(), |ms| format!("Planned {}", duration(ms)));
    format!("{whole}; of single steps a runbook plans waits, holds and soaks alone")
}
