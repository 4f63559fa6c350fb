//! From a proposal to events, or to a refusal. Never both, never neither.

use serde_json::{Map, Value};

use crate::engine::allowed::is_walked;
use crate::engine::event::{CommandLine, ConditionId, Event, FileSeen, Outcome, Tri};
use crate::engine::gate::{Gate, blocking, gate, has_unread_cautions};
use crate::engine::observe::{Ended, JobId, Output, Printed, json_bytes};
use crate::engine::proposal::{Moment, Proposal, Refusal};
use crate::engine::release::may_release;
use crate::engine::scope::{command_of, command_scope, millis, step_scope, target_of};
use crate::engine::settle::{Draft, offered_rollback, silent_now};
use crate::engine::state::{Plan, RunState, StepState, StepStatus};
use crate::runbook::{Action, RollbackId, Runbook, Step, StepKey, Truth, shorten};

/// The longest statement, reason or note, in bytes.
pub const MAX_TEXT_BYTES: usize = 64 * 1024;

/// The largest value that is captured from a command's output, in bytes of JSON.
const MAX_CAPTURE_BYTES: usize = 64 * 1024;

/// The most that is captured from one command, in bytes of JSON.
const MAX_CAPTURED_BYTES: usize = 1024 * 1024;

/// How old a sample may be that a critical step is judged on, in milliseconds.
pub const CRITICAL_SAMPLE_MS: u64 = 10_000;

/// Judges a proposal at a moment. The events are to be recorded together, in this order; none means that nothing
/// changes.
///
/// # Errors
/// A [`Refusal`] says why nothing is to be recorded.
pub fn decide(runbook: &Runbook, state: &RunState, proposal: Proposal, moment: &Moment) -> Result<Vec<Event>, Refusal> {
    if state.closed.is_some() {
        // Nothing follows the end; whoever leaves after it has nothing to record.
        return if matches!(proposal, Proposal::Leave { .. }) { Ok(vec![]) } else { Err(Refusal::Closed) };
    }
    if let Proposal::Open(opened) = proposal {
        let is_new = state.opened.is_none();
        return if is_new {
            Ok(vec![Event::RunOpened(opened)])
        } else {
            Err(Refusal::NotNow("the run is open already"))
        };
    }
    if state.opened.is_none() {
        return Err(Refusal::NotNow("the run is not open yet"));
    }
    let judge = Judge { runbook, state, moment };
    match proposal {
        Proposal::Sit { operator, host, pid, face, version } => {
            judge.then([Event::SittingOpened { operator, host, pid, face, version }])
        }
        Proposal::Leave { how } => Ok(vec![Event::SittingClosed { how }]),
        Proposal::Advance => judge.then([]),
        Proposal::Observe { condition, truth, why, seen } => judge.observe(condition, truth, why, seen),
        Proposal::ClockJumped { by_ms } => Ok(vec![Event::ClockJumped { by_ms }]),
        Proposal::TailSetAside { file, bytes, sha256 } => Ok(vec![Event::TailSetAside { file, bytes, sha256 }]),
        Proposal::Finished { job, ended, elapsed_ms, output, printed } => {
            judge.finished(job, ended, elapsed_ms, output, &printed)
        }
        from_a_person if state.sitting.is_none() => {
            drop(from_a_person);
            Err(Refusal::NotNow("nobody sits at this run"))
        }
        from_a_person => judge.person(from_a_person),
    }
}

struct Judge<'a> {
    runbook: &'a Runbook,
    state: &'a RunState,
    moment: &'a Moment,
}

type Decision = Result<Vec<Event>, Refusal>;

impl<'a> Judge<'a> {
    fn person(&self, proposal: Proposal) -> Decision {
        match proposal {
            Proposal::ReadCautions { step } => {
                let (plan, known) = self.idle(&step)?;
                if known.status != StepStatus::Current || !has_unread_cautions(plan, known) {
                    return Err(Refusal::NotNow("it has no cautions that are unread"));
                }
                self.then([Event::CautionsRead { step }])
            }
            Proposal::Confirm { step, said } => self.confirm(step, said),
            Proposal::Answer { step, value, file } => self.answer(step, value, file),
            Proposal::Choose { step, choice } => self.choose(step, choice),
            Proposal::Release { step, released_by, said } => self.release(step, &released_by, said),
            Proposal::Run { step, shown, typed } => self.run(step, shown, typed),
            Proposal::Retry { step } => {
                let known = self.idle(&step)?.1;
                if known.status != StepStatus::Failed {
                    return Err(Refusal::NotNow("the step has not failed"));
                }
                let attempt = known.attempt.saturating_add(1);
                self.then([Event::StepRetried { step, attempt }])
            }
            Proposal::Skip { step, reason } => {
                let (plan, _) = self.idle(&step)?;
                if plan.action.is_sensed() {
                    return Err(Refusal::SensedOnly);
                }
                let reason = text(reason, "a reason is needed")?;
                self.then([Event::StepSkipped { step, reason, board: self.moment.board.recorded() }])
            }
            Proposal::Override { step, reason } => {
                self.idle(&step)?;
                let reason = text(reason, "a reason is needed")?;
                self.then([Event::StepOverridden { step, reason, board: self.moment.board.recorded() }])
            }
            Proposal::CutWait { step, reason } => self.cut_wait(step, reason),
            Proposal::Acknowledge { condition, reason } => self.acknowledge(condition, reason),
            Proposal::Note { step, text: note } => {
                if let Some(step) = step.as_ref().filter(|step| self.state.step(step).is_none()) {
                    return Err(Refusal::Unknown(format!("step {step}")));
                }
                Ok(vec![Event::NoteAdded { step, text: text(note, "the note is empty")? }])
            }
            Proposal::RollBack { plan, reason } => self.roll_back(plan, reason),
            Proposal::Close => self.close(),
            Proposal::Abandon { reason } => self.abandon(reason),
            _ => Err(Refusal::NotNow("that is not for a person to propose")),
        }
    }

    fn then(&self, events: impl IntoIterator<Item = Event>) -> Decision {
        let mut draft = Draft::new(self.runbook, self.state, self.moment);
        for event in events {
            draft.push(event);
        }
        Ok(draft.settle())
    }

    /// The current step, as planned and as it stands.
    fn current(&self, key: &StepKey) -> Result<(&'a Step, &'a StepState), Refusal> {
        let is_current = self.state.current.as_ref() == Some(key);
        let step = self.runbook.step(&key.phase, &key.step).zip(self.state.step(key)).filter(|_| is_current);
        step.ok_or_else(|| Refusal::NotCurrent(key.clone()))
    }

    /// The current step, while no command of it runs.
    fn idle(&self, key: &StepKey) -> Result<(&'a Step, &'a StepState), Refusal> {
        if self.state.job.is_some() {
            return Err(Refusal::NotNow("a command is running"));
        }
        self.current(key)
    }

    /// The current step, when its action may be taken.
    fn ready(&self, key: &StepKey) -> Result<&'a Step, Refusal> {
        let (step, known) = self.idle(key)?;
        if known.status == StepStatus::Failed {
            return Err(Refusal::NotNow("the step has failed: retry, skip or override it"));
        }
        if has_unread_cautions(step, known) {
            return Err(Refusal::CautionsUnread);
        }
        match gate(self.runbook, self.state, key, self.moment.at) {
            Gate::Open => Ok(step),
            Gate::Closed(holds) => {
                let holds: Vec<_> = holds.iter().map(crate::engine::gate::Hold::describe).collect();
                Err(Refusal::GateClosed(holds.join("; ")))
            }
        }
    }

    fn confirm(&self, key: StepKey, said: String) -> Decision {
        let (step, _) = self.current(&key)?;
        let Action::Confirm { options, .. } = &step.action else { return Err(wrong(&step.action)) };
        self.ready(&key)?;
        let said = text(said, "state what was seen")?;
        if !options.is_empty() && !options.contains(&said) {
            return Err(Refusal::NotAnOption(options.join(", ")));
        }
        self.then([Event::StepConfirmed { step: key, said, board: self.moment.board.recorded() }])
    }

    fn answer(&self, key: StepKey, value: Value, file: Option<FileSeen>) -> Decision {
        let (step, _) = self.current(&key)?;
        let Action::Ask { name, kind, .. } = &step.action else { return Err(wrong(&step.action)) };
        self.ready(&key)?;
        crate::runbook::value::check_value(kind, &value).map_err(Refusal::BadValue)?;
        if json_bytes(&value) > MAX_CAPTURED_BYTES {
            return Err(Refusal::BadValue("it is larger than 1 MiB".into()));
        }
        if *kind == crate::runbook::InputKind::Path && file.is_none() {
            return Err(Refusal::BadValue("the file could not be read".into()));
        }
        let board = self.moment.board.recorded();
        self.then([Event::AnswerGiven { step: key, name: name.clone(), value, file, board }])
    }

    fn choose(&self, key: StepKey, choice: String) -> Decision {
        let (step, _) = self.current(&key)?;
        let Action::Choose(ways) = &step.action else { return Err(wrong(&step.action)) };
        self.ready(&key)?;
        if !ways.iter().any(|way| way.is == choice) {
            let names: Vec<_> = ways.iter().map(|way| way.is.as_str()).collect();
            return Err(Refusal::NotAnOption(names.join(", ")));
        }
        let (name, board) = (key.step.to_string(), self.moment.board.recorded());
        self.then([Event::ChoiceMade { step: key, name, choice, board }])
    }

    fn release(&self, key: StepKey, released_by: &str, said: String) -> Decision {
        let (step, _) = self.current(&key)?;
        let Action::Release { .. } = &step.action else { return Err(wrong(&step.action)) };
        self.ready(&key)?;
        let released_by = may_release(self.state, &key, released_by)?;
        let said = text(said, "state what was looked at")?;
        self.then([Event::HoldReleased { step: key, released_by, said, board: self.moment.board.recorded() }])
    }

    fn run(&self, key: StepKey, shown: CommandLine, typed: Option<String>) -> Decision {
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
        if step.critical {
            let target = target_of(self.state, &key);
            if typed.as_deref().map(str::trim) != Some(target.as_str()) {
                return Err(Refusal::NotTheTarget(target));
            }
            self.fresh(&key, step)?;
        }
        let job = JobId(self.state.jobs.saturating_add(1));
        self.then([Event::CommandStarted { step: key, job, command: shown, typed, board: board.recorded() }])
    }

    /// A critical step is judged on samples of the last ten seconds.
    fn fresh(&self, key: &StepKey, step: &Step) -> Result<(), Refusal> {
        let board = &self.moment.board;
        let mut probes: Vec<String> = step.gate.iter().flat_map(|gate| board.read_by(&gate.holds)).collect();
        probes.extend(blocking(self.runbook, key, step).flat_map(|guard| board.read_by(&guard.holds)));
        match board.oldest_ms(&probes) {
            Some(age) if age <= CRITICAL_SAMPLE_MS => Ok(()),
            _ => Err(Refusal::GateClosed("its samples are older than ten seconds".into())),
        }
    }

    fn finished(
        &self,
        job: JobId,
        ended: Ended,
        elapsed_ms: u64,
        output: Option<Output>,
        printed: &Printed,
    ) -> Decision {
        let running = self.state.job.as_ref().filter(|running| running.job == job);
        let running = running.ok_or_else(|| Refusal::Unknown(format!("running command {}", job.0)))?;
        let step = running.step.clone();
        let (captured, trouble) = self.outcome(&step, &ended, printed);
        let met = trouble.is_none();
        let why = trouble.unwrap_or_default();
        let failed = (!met).then(|| Event::StepFailed { step: step.clone(), why: why.clone() });
        let finished = Event::CommandFinished { step, job, ended, elapsed_ms, output, met, why, captured };
        self.then(std::iter::once(finished).chain(failed))
    }

    /// What was captured, and why the step failed, if it did.
    fn outcome(&self, key: &StepKey, ended: &Ended, printed: &Printed) -> (Map<String, Value>, Option<String>) {
        let mut captured = Map::new();
        let Some(Step { action: Action::Run { expect, capture, .. }, .. }) = self.runbook.step(&key.phase, &key.step)
        else {
            return (captured, Some("the runbook has no such command".into()));
        };
        let Ended::Exit(status) = ended else { return (captured, Some(ended.describe())) };
        let scope_for = |source: &str| {
            let scope = step_scope(self.state, &self.moment.board, key, self.moment.at, source);
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
        let mut room = MAX_CAPTURED_BYTES;
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

    fn cut_wait(&self, key: StepKey, reason: String) -> Decision {
        let (step, known) = self.idle(&key)?;
        let Action::Wait(length) = &step.action else { return Err(wrong(&step.action)) };
        let passed = self.moment.at.since(known.began.unwrap_or(self.moment.at));
        let left_ms = millis(length.saturating_sub(passed));
        let reason = text(reason, "a reason is needed")?;
        self.then([Event::WaitCut { step: key, reason, left_ms }])
    }

    fn acknowledge(&self, condition: ConditionId, reason: String) -> Decision {
        if self.state.job.is_some() {
            return Err(Refusal::NotNow("a command is running"));
        }
        let current = self.state.current.as_ref();
        let is_offered = match current.map(|key| gate(self.runbook, self.state, key, self.moment.at)) {
            Some(Gate::Closed(holds)) => holds
                .into_iter()
                .filter_map(crate::engine::allowed::acknowledgeable)
                .any(|allowed| matches!(allowed, crate::engine::Allowed::Acknowledge(offered) if offered == condition)),
            _ => false,
        };
        let silent = silent_now(self.runbook, self.state, &self.moment.board);
        let silent = silent.into_iter().find_map(|(offered, why)| (offered == condition).then_some(why));
        if !is_offered && silent.is_none() {
            return Err(Refusal::NotNow("it does not hold the run back"));
        }
        let reason = text(reason, "a reason is needed")?;
        // What is acknowledged is what is known: without a record of that there would be nothing to hold on to.
        let is_known = self.state.conditions.get(&condition);
        let is_known = is_known.is_some_and(|known| silent.is_none() || known.truth == Tri::Unknown);
        let unknown = (!is_known).then(|| Event::ConditionChanged {
            condition: condition.clone(),
            truth: Tri::Unknown,
            why: silent.unwrap_or_else(|| "never sensed".into()),
            seen: Value::Null,
        });
        self.then(unknown.into_iter().chain([Event::GuardAcknowledged { condition, reason }]))
    }

    fn observe(&self, condition: ConditionId, truth: Tri, why: String, seen: Value) -> Decision {
        if self.state.truth(&condition) == truth {
            return Ok(vec![]);
        }
        // Nothing follows from it yet: the other conditions have still to be evaluated on the same board.
        Ok(vec![Event::ConditionChanged { condition, truth, why, seen }])
    }

    fn roll_back(&self, plan: RollbackId, reason: String) -> Decision {
        if self.state.job.is_some() {
            return Err(Refusal::NotNow("a command is running"));
        }
        let offered = offered_rollback(self.runbook, self.state, self.moment);
        if offered.is_none_or(|offered| offered.id != plan) {
            return Err(Refusal::Unknown(format!("way back {plan} that is offered now")));
        }
        let reason = text(reason, "a reason is needed")?;
        let why = format!("the run went back: {}", shorten(&reason));
        let left = self.left().into_iter().map(|step| Event::StepNotApplicable { step, why: why.clone() });
        let board = self.moment.board.recorded();
        let mut events: Vec<_> = left.collect();
        events.push(Event::RollbackEntered { plan, reason, board });
        self.then(events)
    }

    /// The steps of the walked plan that are not accounted for.
    fn left(&self) -> Vec<StepKey> {
        let steps = self.state.walked().flat_map(|phase| phase.keys());
        steps.filter(|(_, step)| !step.status.is_accounted()).map(|(key, _)| key).collect()
    }

    fn close(&self) -> Decision {
        if !is_walked(self.state) || self.state.job.is_some() {
            let left = u32::try_from(self.left().len()).unwrap_or(u32::MAX);
            return Err(Refusal::Unaccounted(left));
        }
        let outcome = match self.state.plan {
            Plan::Rollback(_) => Outcome::RolledBack,
            Plan::Main if self.state.deviations.is_empty() => Outcome::Completed,
            Plan::Main => Outcome::CompletedWithDeviations,
        };
        let counts = self.state.counts();
        Ok(vec![Event::RunClosed { outcome, reason: String::new(), counts }])
    }

    fn abandon(&self, reason: String) -> Decision {
        if self.state.job.is_some() {
            return Err(Refusal::NotNow("a command is running"));
        }
        let reason = text(reason, "a reason is needed")?;
        let mut draft = Draft::new(self.runbook, self.state, self.moment);
        // One record holds the reason in full; those of the steps need not.
        let why = format!("abandoned: {}", shorten(&reason));
        for step in self.left() {
            draft.push(Event::StepSkipped { step, reason: why.clone(), board: crate::engine::Board::default() });
        }
        let counts = draft.state.counts();
        draft.push(Event::RunClosed { outcome: Outcome::Abandoned, reason, counts });
        Ok(draft.events)
    }
}

fn wrong(action: &Action) -> Refusal {
    Refusal::WrongAction(action.kind().word())
}

/// A text that a person gave, trimmed at its end, neither empty nor endless.
fn text(text: String, empty: &'static str) -> Result<String, Refusal> {
    let text = text.trim().to_owned();
    if text.is_empty() {
        return Err(Refusal::BadText(empty));
    }
    if text.len() > MAX_TEXT_BYTES {
        return Err(Refusal::BadText("the text is longer than 64 KiB"));
    }
    Ok(text)
}
