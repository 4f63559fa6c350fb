//! A command: what is shown, what starts, and what its end comes to.

use serde_json::{Map, Value};

use crate::engine::board::Board;
use crate::engine::decide::{Decision, Judge, MAX_CAPTURED_BYTES, wrong};
use crate::engine::event::{CommandLine, Event, Item};
use crate::engine::gate::blocking;
use crate::engine::observe::{Ended, JobId, Output, Printed, json_bytes};
use crate::engine::proposal::Refusal;
use crate::engine::scope::{command_of, command_scope, item_scope, step_scope, target_of};
use crate::engine::together::captured_elsewhere;
use crate::runbook::{Action, Runbook, Step, StepKey, Truth};

/// The largest value that is captured from a command's output, in bytes of JSON.
const MAX_CAPTURE_BYTES: usize = 64 * 1024;

/// How old a sample may be that a critical step is judged on, in milliseconds.
pub const CRITICAL_SAMPLE_MS: u64 = 10_000;

/// The probes that a critical command is judged on: those that its gate and the guards that can hold it back read.
pub fn evidence(runbook: &Runbook, board: &Board, key: &StepKey) -> Vec<String> {
    let Some(step) = runbook.step(&key.phase, &key.step) else { return Vec::new() };
    let mut probes: Vec<String> = step.gate.iter().flat_map(|gate| board.read_by(&gate.holds)).collect();
    probes.extend(blocking(runbook, key, step).flat_map(|guard| board.read_by(&guard.holds)));
    probes.sort();
    probes.dedup();
    probes
}

impl Judge<'_> {
    pub(crate) fn run(&self, key: StepKey, shown: CommandLine, typed: Option<String>) -> Decision {
        let (step, _) = self.current(&key)?;
        if !matches!(step.action, Action::Run { .. }) {
            return Err(wrong(&step.action));
        }
        self.ready(&key)?;
        let (board, at) = (&self.moment.board, self.moment.at);
        let command = command_of(self.runbook, self.state, board, &key, at);
        let command = command.map_err(|error| Refusal::Undecided(error.0))?;
        if command.as_ref() != Some(&shown) {
            return Err(Refusal::NotAsShown);
        }
        self.is_target(&key, step, typed.as_deref())?;
        let job = JobId(self.state.jobs.saturating_add(1));
        self.then([Event::CommandStarted {
            step: key,
            job,
            item: None,
            command: shown,
            typed,
            board: board.recorded(),
        }])
    }

    /// Before a critical step the name of its target was typed.
    pub(crate) fn is_target(&self, key: &StepKey, step: &Step, typed: Option<&str>) -> Result<(), Refusal> {
        if !step.critical {
            return Ok(());
        }
        let target = target_of(self.runbook, self.state, key);
        if typed.map(str::trim) != Some(target.as_str()) {
            return Err(Refusal::NotTheTarget(target));
        }
        self.fresh(key)
    }

    /// A critical step is judged on samples of the last ten seconds.
    fn fresh(&self, key: &StepKey) -> Result<(), Refusal> {
        let mut old = evidence(self.runbook, &self.moment.board, key);
        let is_young = |age: Option<u64>| age.is_some_and(|age| age <= CRITICAL_SAMPLE_MS);
        old.retain(|probe| !is_young(self.moment.board.oldest_ms(std::slice::from_ref(probe))));
        if old.is_empty() {
            return Ok(());
        }
        let told = format!("its samples are older than ten seconds: ask {} again, then run it", old.join(", "));
        Err(Refusal::GateClosed(told))
    }

    pub(crate) fn finished(
        &self,
        job: JobId,
        ended: Ended,
        elapsed_ms: u64,
        output: Option<Output>,
        printed: &Printed,
    ) -> Decision {
        let running = self.state.running.iter().find(|running| running.job == job);
        let running = running.ok_or_else(|| Refusal::Unknown(format!("running command {}", job.0)))?;
        let step = running.step.clone();
        let item = running.item.clone();
        let (mut captured, trouble) = self.outcome(&step, item.as_deref(), &ended, printed);
        let met = trouble.is_none();
        let why = trouble.unwrap_or_default();
        if item.is_some() && !met {
            // What one of several gives is kept as a whole or not at all: another attempt gives it anew.
            captured.clear();
        }
        // One of several only makes its step fail when the last has ended.
        let by = self.state.step(&step).and_then(|known| known.cancelled_by.as_ref());
        let by = by.filter(|_| ended == Ended::Cancelled).map(|by| format!(" by {by}")).unwrap_or_default();
        let failed =
            (!met && item.is_none()).then(|| Event::StepFailed { step: step.clone(), why: format!("{why}{by}") });
        let finished = Event::CommandFinished { step, job, item, ended, elapsed_ms, output, met, why, captured };
        self.then(std::iter::once(finished).chain(failed))
    }

    /// What an expression about a command sees: of several, the item that it ran for.
    fn scope_of(&self, key: &StepKey, item: Option<&str>, source: &str) -> Value {
        let (board, at) = (&self.moment.board, self.moment.at);
        let named = |node: &&Item| item.is_some() && node.name.as_deref() == item;
        match self.state.nodes(key).iter().find(named) {
            Some(node) => item_scope(self.state, board, key, &node.value, at, source),
            None => step_scope(self.state, board, key, at, source),
        }
    }

    /// What was captured, and why the step failed, if it did.
    fn outcome(
        &self,
        key: &StepKey,
        item: Option<&str>,
        ended: &Ended,
        printed: &Printed,
    ) -> (Map<String, Value>, Option<String>) {
        let mut captured = Map::new();
        let Some(Step { action: Action::Run { expect, capture, .. }, .. }) = self.runbook.step(&key.phase, &key.step)
        else {
            return (captured, Some("the runbook has no such command".into()));
        };
        let Ended::Exit(status) = ended else { return (captured, Some(ended.describe())) };
        let scope_for = |source: &str| {
            let scope = self.scope_of(key, item, source);
            command_scope(scope, ended, printed)
        };
        let trouble = match expect {
            None => (*status != 0).then(|| ended.describe()),
            Some(expect) => match expect.holds.truth(&scope_for(expect.holds.source())) {
                Truth::True => None,
                Truth::False if expect.why.is_empty() => {
                    Some(format!("{}; expected {}", ended.describe(), expect.holds.source()))
                }
                Truth::False => Some(format!("{}; {}", ended.describe(), expect.why)),
                Truth::Unknown(why) => Some(format!("{}; what was expected cannot be told: {why}", ended.describe())),
            },
        };
        if trouble.is_some() {
            return (captured, trouble);
        }
        let mut room = MAX_CAPTURED_BYTES.saturating_sub(captured_elsewhere(self.state, key, item));
        for (name, value) in capture {
            match value.one(&scope_for(value.source())) {
                Ok(value) if !value.is_null() => {
                    let bytes = json_bytes(&value);
                    if bytes > MAX_CAPTURE_BYTES || bytes > room {
                        let limit = if bytes > room { "1 MiB in all" } else { "64 KiB" };
                        return (captured, Some(format!("{name} is too large to be kept: more than {limit}")));
                    }
                    room -= bytes;
                    captured.insert(name.clone(), value)
                }
                Ok(_) => return (captured, Some(format!("its output holds no {name}"))),
                Err(error) => return (captured, Some(format!("its output holds no {name}: {error}"))),
            };
        }
        (captured, None)
    }
}
