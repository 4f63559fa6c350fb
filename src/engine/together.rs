//! Steps that concern all items of a phase at once: one step, a command per item, a result per item.

use std::collections::VecDeque;

use serde_json::Value;

use crate::clock::Timestamp;
use crate::engine::board::Board;
use crate::engine::decide::{Decision, Judge, wrong};
use crate::engine::event::{Event, Item, ItemCommand};
use crate::engine::observe::{Ended, JobId, Output, json_bytes};
use crate::engine::proposal::Refusal;
use crate::engine::scope::{argv_of, item_scope, line_of};
use crate::engine::settle::Draft;
use crate::engine::state::{RunState, RunningJob};
use crate::runbook::{Action, EvalError, Order, Runbook, StepKey, shorten};

/// How many commands of one step run at the same time; the others begin as these end. Enough for every cluster that
/// is restarted at once by hand, and few enough that a small bastion holds their supervisors.
pub const MAX_AT_ONCE: usize = 32;

/// The most that all commands of one step may come to, in bytes of JSON: they stand in one record.
const MAX_COMMANDS_BYTES: usize = 8 * 1024 * 1024;

/// How many items the reason of a failed step names.
const TOLD: usize = 8;

/// The commands of a step that a person has seen and wants to run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Batch {
    /// The step that they belong to.
    pub step: StepKey,
    /// Those that have not started, in order.
    pub waiting: VecDeque<ItemCommand>,
}

/// What became of one item in a step that takes all items together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ItemResult {
    /// Its latest command.
    pub job: JobId,
    /// When that started.
    pub started: Timestamp,
    /// How it ended; `None` while no end is known.
    pub ended: Option<Ended>,
    /// How long it took, in milliseconds.
    pub elapsed_ms: u64,
    /// Whether that is what the step expected.
    pub met: bool,
    /// Why not.
    pub why: String,
    /// What it printed, once it has ended.
    pub output: Option<Output>,
    /// How much was captured from it, in bytes of JSON.
    pub captured_bytes: usize,
}

/// Whether the phase takes its items together.
pub fn is_together(runbook: &Runbook, key: &StepKey) -> bool {
    runbook.phase(&key.phase).is_some_and(|phase| phase.order == Order::Together)
}

/// Exactly what a step of a phase that takes its items together would run now, item by item: everything, or, when it
/// is tried again, what has not succeeded. At most `most` of them. `None` when it is no such step.
///
/// # Errors
/// A text in it gives no value, or a value that is no argument.
pub fn commands_of(
    runbook: &Runbook,
    state: &RunState,
    board: &Board,
    key: &StepKey,
    now: Timestamp,
    most: usize,
) -> Result<Option<Vec<ItemCommand>>, EvalError> {
    let action = runbook.step(&key.phase, &key.step).map(|step| &step.action);
    let Some(action @ Action::Run { argv, .. }) = action.filter(|_| is_together(runbook, key)) else { return Ok(None) };
    let argv = argv_of(state, argv)?;
    let mut room = MAX_COMMANDS_BYTES;
    let commands = left(state, key).take(most).map(|(name, value)| {
        let told = |error: EvalError| EvalError(format!("{name}: {}", error.0));
        let scope_for = |source: &str| item_scope(state, board, key, value, now, source);
        let command = line_of(state, action, &argv, &scope_for).map_err(told)?;
        let left = room.checked_sub(json_bytes(&command));
        room = left.ok_or_else(|| EvalError("all commands together are longer than 8 MiB".into()))?;
        Ok(ItemCommand { item: name.to_owned(), command })
    });
    commands.collect::<Result<_, _>>().map(Some)
}

/// How many commands a step would run now; `None` when it does not take its items together.
pub fn count_of(runbook: &Runbook, state: &RunState, key: &StepKey) -> Option<usize> {
    is_together(runbook, key).then(|| left(state, key).count())
}

/// The items of a step that have not succeeded in it, in order.
fn left<'s>(state: &'s RunState, key: &StepKey) -> impl Iterator<Item = (&'s str, &'s Value)> {
    let results = state.step(key).map(|step| &step.results);
    state.nodes(key).iter().filter_map(move |item| {
        let name = item.name.as_deref()?;
        let is_met = results.and_then(|results| results.get(name)).is_some_and(|result| result.met);
        (!is_met).then_some((name, &item.value))
    })
}

impl Judge<'_> {
    pub(crate) fn run_all(&self, key: StepKey, shown: Vec<ItemCommand>, typed: Option<String>) -> Decision {
        let (step, _) = self.current(&key)?;
        if !matches!(step.action, Action::Run { .. }) {
            return Err(wrong(&step.action));
        }
        self.ready(&key)?;
        let (board, at) = (&self.moment.board, self.moment.at);
        let commands = commands_of(self.runbook, self.state, board, &key, at, usize::MAX);
        let commands = commands.map_err(|error| Refusal::Undecided(error.0))?;
        let commands = commands.ok_or(Refusal::NotNow("this step runs one command"))?;
        if commands != shown {
            return Err(Refusal::NotAsShown);
        }
        self.is_target(&key, step, typed.as_deref())?;
        self.then([Event::CommandsApproved { step: key, commands: shown, typed, board: board.recorded() }])
    }

    /// The operator wants what runs to end: who it was is recorded. Of a step that takes its items together nothing more
    /// starts.
    pub(crate) fn cancel(&self, job: JobId) -> Decision {
        let running = self.state.running.iter().find(|running| running.job == job);
        let running = running.ok_or_else(|| Refusal::Unknown(format!("running command {}", job.0)))?;
        Ok(vec![Event::CancelAsked { step: running.step.clone() }])
    }
}

impl Draft<'_> {
    /// What follows by itself while commands run, or when the last of a step has ended.
    pub(crate) fn go_on_together(&mut self) -> bool {
        let Some(batch) = &self.state.batch else { return false };
        let (step, running) = (batch.step.clone(), self.state.running.len());
        if let Some(next) = batch.waiting.front().filter(|_| running < MAX_AT_ONCE) {
            let ItemCommand { item, command } = next.clone();
            let job = JobId(self.state.jobs.saturating_add(1));
            let (item, board) = (Some(item), Board::default());
            self.push(Event::CommandStarted { step, job, item, command, typed: None, board });
            return true;
        }
        if running > 0 {
            return false;
        }
        let why = trouble(&self.state, &step);
        self.push(Event::StepFailed { step, why });
        true
    }
}

/// Why a step that takes its items together failed: which of them, and how.
fn trouble(state: &RunState, key: &StepKey) -> String {
    let results = state.step(key).map(|step| &step.results);
    let told: Vec<_> = left(state, key)
        .map(|(name, _)| match results.and_then(|results| results.get(name)) {
            Some(ItemResult { ended: Some(_), why, .. }) => format!("{name}: {}", shorten(why)),
            _ => format!("{name}: not started"),
        })
        .collect();
    let all = state.nodes(key).len();
    let more = told.len().saturating_sub(TOLD);
    let more = if more > 0 { format!("; and {more} more") } else { String::new() };
    let by = state.step(key).and_then(|step| step.cancelled_by.as_ref());
    let by = by.map(|by| format!("; cancelled by {by}")).unwrap_or_default();
    format!("{} of {all} not as expected: {}{more}{by}", told.len(), told[..told.len().min(TOLD)].join("; "))
}

/// How much the other items of that step have given, in bytes of JSON.
pub(crate) fn captured_elsewhere(state: &RunState, key: &StepKey, item: Option<&str>) -> usize {
    let results = state.step(key).into_iter().flat_map(|step| &step.results);
    let others = results.filter(|(name, _)| Some(name.as_str()) != item);
    others.map(|(_, result)| result.captured_bytes).sum()
}

impl RunState {
    /// The items of a phase that takes them together; none in any other.
    pub fn nodes(&self, key: &StepKey) -> &[Item] {
        self.together(key).unwrap_or_default()
    }

    /// The items of a phase that takes them together; `None` in any other phase.
    pub(crate) fn together(&self, key: &StepKey) -> Option<&[Item]> {
        self.phases.iter().find(|phase| phase.id == key.phase)?.together.as_deref()
    }

    /// Takes in what happened to a step's commands, when it takes its items together.
    pub(crate) fn take_together(&mut self, event: &Event) {
        match event {
            Event::CommandsApproved { step, commands, board, .. } => {
                self.board = board.clone();
                self.batch = Some(Batch { step: step.clone(), waiting: commands.iter().cloned().collect() });
            }
            Event::CommandStarted { step, job, item: Some(item), command, .. } => {
                let (job, since) = (*job, self.at);
                self.jobs = self.jobs.max(job.0);
                if let Some(batch) = self.batch.as_mut() {
                    batch.waiting.retain(|waiting| &waiting.item != item);
                }
                let (of, command) = (step.clone(), command.clone());
                self.running.push(RunningJob { job, step: of, item: Some(item.clone()), command, since });
                let result = ItemResult {
                    job,
                    started: since,
                    ended: None,
                    elapsed_ms: 0,
                    met: false,
                    why: String::new(),
                    output: None,
                    captured_bytes: 0,
                };
                self.change(step, |state| {
                    state.results.insert(item.clone(), result);
                });
            }
            _ => {}
        }
    }

    /// Takes in that the command of one item ended; true when that was the last and all came to what was expected.
    pub(crate) fn take_item_end(&mut self, event: &Event) -> bool {
        let Event::CommandFinished { step, job, item: Some(item), ended, elapsed_ms, output, met, why, captured } =
            event
        else {
            return false;
        };
        let is_first = self.step(step).is_none_or(|known| known.results.values().all(|result| !result.met));
        let captured_bytes = if captured.is_empty() { 0 } else { json_bytes(captured) };
        self.change(step, |state| {
            if let Some(result) = state.results.get_mut(item).filter(|result| result.job == *job) {
                result.ended = Some(ended.clone());
                result.elapsed_ms = *elapsed_ms;
                result.met = *met;
                result.why.clone_from(why);
                result.output.clone_from(output);
                result.captured_bytes = captured_bytes;
            }
        });
        for (name, value) in captured {
            self.answer_for(step, name, item, value, is_first);
        }
        let is_over = self.running.is_empty() && self.batch.as_ref().is_none_or(|batch| batch.waiting.is_empty());
        let is_done = is_over && left(self, step).next().is_none();
        if is_done {
            self.batch = None;
        }
        is_done
    }

    /// An answer with a value per item; the first of a step does away with what was there before.
    fn answer_for(&mut self, step: &StepKey, name: &str, item: &str, value: &Value, is_first: bool) {
        let known = self.answers.get(name).and_then(Value::as_object).filter(|_| !is_first);
        let mut values = known.cloned().unwrap_or_default();
        values.insert(item.to_owned(), value.clone());
        self.give(step, name, &Value::Object(values));
    }

    /// What has not started starts no more: it was cancelled, or the person who had seen it has left.
    pub(crate) fn wait_no_more(&mut self) {
        if let Some(batch) = self.batch.as_mut() {
            batch.waiting.clear();
        }
    }
}
