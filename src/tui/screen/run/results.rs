//! The results of a step that takes its items together: which of them is chosen, and what each printed.

use std::collections::HashMap;

use crate::engine::JobId;
use crate::runbook::StepKey;
use crate::tui::message::{Effect, RecordedOutput};
use crate::tui::screen::run::Run;
use crate::tui::screen::run::output::{Check, OutputTail};
use crate::tui::widget::results::{Results, Standing};

/// How many lines of output are kept for all items together, and the fewest for each of them.
const LINES: (usize, usize) = (20_000, 20);

/// What is looked at of the results.
#[derive(Debug, Default)]
pub struct Looked {
    /// The item that was chosen by hand.
    chosen: Option<String>,
    /// What each command printed.
    printed: HashMap<JobId, OutputTail>,
}

/// A table that is on the screen.
pub struct Table {
    /// The step.
    pub step: StepKey,
    /// Its items with how they stand.
    pub items: Vec<(String, Standing)>,
    /// Which of them is chosen.
    pub chosen: usize,
}

impl Run {
    /// The step whose results are shown: the one that runs, else the one that is looked at.
    fn table_step(&self) -> Option<StepKey> {
        match self.state.running.first() {
            Some(running) => running.item.is_some().then(|| running.step.clone()),
            None => {
                self.shown_step().filter(|step| self.state.step(step).is_some_and(|known| !known.results.is_empty()))
            }
        }
    }

    /// Whether results are shown in the place of a single command's output.
    pub fn has_table(&self) -> bool {
        self.table_step().is_some()
    }

    /// The results that are shown.
    pub fn table(&self) -> Option<Table> {
        let step = self.table_step()?;
        let names = self.state.nodes(&step).iter().filter_map(|item| item.name.clone());
        let items: Vec<_> = names.map(|name| (name.clone(), Standing::of(&self.state, &step, &name))).collect();
        let first = |wanted: &[Standing]| items.iter().position(|(_, standing)| wanted.contains(standing));
        let by_hand = self.looked.chosen.as_ref();
        let by_hand = by_hand.and_then(|chosen| items.iter().position(|(name, _)| name == chosen));
        // What went wrong comes first, then what still runs.
        let chosen = by_hand.or_else(|| first(&[Standing::Failed, Standing::Unknown]));
        let chosen = chosen.or_else(|| first(&[Standing::Running])).unwrap_or(0);
        Some(Table { step, items, chosen })
    }

    /// Chooses the item so many from the first.
    pub(super) fn choose_nth_result(&mut self, at: usize) {
        let name = self.table().and_then(|table| table.items.get(at).map(|(name, _)| name.clone()));
        self.looked.chosen = name.or_else(|| self.looked.chosen.take());
    }

    /// The table as it is drawn.
    pub fn results<'a>(&'a self, table: &'a Table, now: crate::clock::Timestamp) -> Results<'a> {
        let job = self.job_of(table);
        Results {
            state: &self.state,
            step: &table.step,
            items: &table.items,
            chosen: table.chosen,
            output: job.and_then(|job| self.looked.printed.get(&job)),
            now,
        }
    }

    fn job_of(&self, table: &Table) -> Option<JobId> {
        let (name, _) = table.items.get(table.chosen)?;
        Some(self.state.step(&table.step)?.results.get(name)?.job)
    }

    /// Chooses the item so many rows away.
    pub(super) fn choose_item(&mut self, is_down: bool, by: usize) {
        let Some(table) = self.table() else { return };
        let last = table.items.len().saturating_sub(1);
        let at = if is_down { (table.chosen + by).min(last) } else { table.chosen.saturating_sub(by) };
        self.looked.chosen = table.items.get(at).map(|(name, _)| name.clone());
    }

    /// Scrolls the output of the chosen item.
    pub(super) fn scroll_item(&mut self, is_down: bool, by: usize) {
        let Some(job) = self.table().and_then(|table| self.job_of(&table)) else { return };
        if let Some(tail) = self.looked.printed.get_mut(&job) {
            tail.up = if is_down { tail.up.saturating_sub(by) } else { tail.up.saturating_add(by).min(tail.len()) };
        }
    }

    /// A command of an item printed something; false when it is no such command.
    pub(super) fn printed_for_item(&mut self, job: JobId, bytes: &[u8]) -> bool {
        let Some(running) = self.state.running.iter().find(|running| running.job == job && running.item.is_some())
        else {
            return false;
        };
        let lines = (LINES.0 / self.state.nodes(&running.step).len().max(1)).max(LINES.1);
        let step = running.step.clone();
        self.looked.printed.entry(job).or_insert_with(|| OutputTail::short(job, Some(step), lines)).push(bytes);
        true
    }

    /// Asks for the recorded output of the chosen item, unless it is known or was asked for.
    pub fn ask_for_output(&mut self) -> Vec<Effect> {
        let Some(table) = self.table() else { return self.ask_for_evidence() };
        let Some((name, _)) = table.items.get(table.chosen) else { return Vec::new() };
        let result = self.state.step(&table.step).and_then(|known| known.results.get(name));
        let Some((job, output)) = result.and_then(|result| Some((result.job, result.output.as_ref()?))) else {
            return Vec::new();
        };
        let Some(recorded) = RecordedOutput::of(job, &table.step, output, self.kept_in()) else { return Vec::new() };
        if self.looked.printed.contains_key(&job) {
            return Vec::new();
        }
        self.looked.printed.insert(job, OutputTail::of(job, Some(table.step.clone())));
        vec![Effect::ReadOutput(recorded)]
    }

    /// Takes in what an earlier command of an item printed; false when it is no such command.
    pub(super) fn take_recorded_for_item(&mut self, of: &RecordedOutput, (tail, check): (&[u8], Check)) -> bool {
        let known = self.state.step(&of.step);
        if !known.is_some_and(|known| known.results.values().any(|result| result.job == of.job)) {
            return false;
        }
        let printed =
            self.looked.printed.entry(of.job).or_insert_with(|| OutputTail::of(of.job, Some(of.step.clone())));
        if printed.is_empty() {
            printed.push(tail);
            printed.check = Some(check);
        }
        true
    }

    /// An item is chosen by its name.
    pub(super) fn choose_result(&mut self, item: Option<String>) {
        self.looked.chosen = item;
    }

    /// Another attempt, or another step: what was chosen by hand does not matter any more.
    pub(super) fn choose_anew(&mut self) {
        self.looked.chosen = None;
    }
}
