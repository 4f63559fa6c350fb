//! From a proposal to events, or to a refusal. Never both, never neither.

use serde_json::Value;

use crate::engine::cautions::{digest, has_changed};
use crate::engine::event::{ConditionId, Event, FileSeen, Tri};
use crate::engine::gate::{Gate, gate, has_unread_cautions};
use crate::engine::observe::json_bytes;
use crate::engine::proposal::{Moment, Proposal, Refusal};
use crate::engine::rehearsal::rehearse;
use crate::engine::release::may_release;
use crate::engine::scope::actor_of;
use crate::engine::settle::Draft;
use crate::engine::signed::{release_statement, signed};
use crate::engine::state::{RunState, StepState, StepStatus};
use crate::runbook::{Action, Runbook, Step, StepKey};

/// The longest statement, reason or note, in bytes.
pub const MAX_TEXT_BYTES: usize = 64 * 1024;

/// The most that is captured from one command, in bytes of JSON.
pub(crate) const MAX_CAPTURED_BYTES: usize = 1024 * 1024;

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
        Proposal::NoteSoak { seen } => Ok(judge.note_soak(seen.as_ref())),
        Proposal::Observe { condition, truth, why, seen } => judge.observe(condition, truth, why, seen),
        Proposal::Rehearse { what } => rehearse(state, what),
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

/// One proposal is judged with this in view.
pub(crate) struct Judge<'a> {
    pub(crate) runbook: &'a Runbook,
    pub(crate) state: &'a RunState,
    pub(crate) moment: &'a Moment,
}

/// What a judgement comes to.
pub(crate) type Decision = Result<Vec<Event>, Refusal>;

impl<'a> Judge<'a> {
    fn person(&self, proposal: Proposal) -> Decision {
        match proposal {
            Proposal::ReadCautions { step, shown } => self.read_cautions(step, &shown),
            Proposal::Confirm { step, said } => self.confirm(step, said),
            Proposal::Answer { step, value, file } => self.answer(step, value, file),
            Proposal::Choose { step, choice } => self.choose(step, choice),
            Proposal::Release { step, released_by, said, signature } => {
                self.release(step, &released_by, said, signature.as_deref())
            }
            Proposal::Dispute { step, disputed_by, said } => self.dispute(step, &disputed_by, said),
            Proposal::Run { step, shown, typed } => self.run(step, shown, typed),
            Proposal::RunAll { step, shown, typed } => self.run_all(step, shown, typed),
            Proposal::Cancel { job } => self.cancel(job),
            Proposal::Retry { step } => {
                let known = self.idle(&step)?.1;
                if known.status != StepStatus::Failed && !self.state.waits_for_peer(&step) {
                    return Err(Refusal::NotNow("the step has not failed"));
                }
                let attempt = known.attempt.saturating_add(1);
                self.then([Event::StepRetried { step, attempt }])
            }
            Proposal::Renew { step } => self.renew(step),
            Proposal::TakeUp { step } => self.take_up(&step),
            Proposal::Skip { step, reason } => {
                let (plan, _) = self.idle(&step)?;
                if plan.action.is_sensed() {
                    return Err(Refusal::SensedOnly);
                }
                let reason = text(reason, "a reason is needed")?;
                self.then([Event::StepSkipped { step, reason, board: self.moment.board.recorded() }])
            }
            Proposal::Defer { step, reason } => self.defer(step, reason),
            Proposal::Override { step, reason } => self.overrule(step, reason),
            Proposal::Restart { step, reason } => self.restart(step, reason),
            Proposal::CutWait { step, reason } => self.cut_wait(step, reason),
            Proposal::Acknowledge { condition, reason } => self.acknowledge(condition, reason),
            Proposal::Note { step, text: note } => {
                self.known(step.as_ref())?;
                Ok(vec![Event::NoteAdded { step, text: text(note, "the note is empty")? }])
            }
            Proposal::Attach { step, path, file, kept } => {
                self.known(step.as_ref())?;
                Ok(vec![Event::EvidenceAttached { step, path: text(path, "a file is needed")?, file, kept }])
            }
            Proposal::RollBack { plan, reason } => self.roll_back(plan, reason),
            Proposal::Close => self.close(),
            Proposal::Abandon { reason } => self.abandon(reason),
            _ => Err(Refusal::NotNow("that is not for a person to propose")),
        }
    }

    fn read_cautions(&self, step: StepKey, shown: &[String]) -> Decision {
        let (plan, known) = self.idle(&step)?;
        let is_unread = has_unread_cautions(plan, known) || self.has_changed_cautions(&step);
        if known.status != StepStatus::Current || !is_unread {
            return Err(Refusal::NotNow("it has no cautions that are unread"));
        }
        let texts = if shown.len() == plan.cautions.len() { shown } else { &[] };
        let texts = texts.iter().map(digest).collect();
        self.then([Event::CautionsRead { step, texts }])
    }

    fn has_changed_cautions(&self, step: &StepKey) -> bool {
        has_changed(self.runbook, self.state, &self.moment.board, step, self.moment.at)
    }

    /// What is remarked on or has evidence is a step of the run, or the run.
    fn known(&self, step: Option<&StepKey>) -> Result<(), Refusal> {
        match step.filter(|step| self.state.step(step).is_none()) {
            Some(step) => Err(Refusal::Unknown(format!("step {step}"))),
            None => Ok(()),
        }
    }

    pub(crate) fn then(&self, events: impl IntoIterator<Item = Event>) -> Decision {
        let mut draft = Draft::new(self.runbook, self.state, self.moment);
        for event in events {
            draft.push(event);
        }
        Ok(draft.settle())
    }

    /// The current step, as planned and as it stands.
    pub(crate) fn current(&self, key: &StepKey) -> Result<(&'a Step, &'a StepState), Refusal> {
        let is_current = self.state.current.as_ref() == Some(key);
        let step = self.runbook.step(&key.phase, &key.step).zip(self.state.step(key)).filter(|_| is_current);
        step.ok_or_else(|| Refusal::NotCurrent(key.clone()))
    }

    /// The current step, while no command of it runs.
    pub(crate) fn idle(&self, key: &StepKey) -> Result<(&'a Step, &'a StepState), Refusal> {
        if self.state.is_running() {
            return Err(Refusal::NotNow("a command is running"));
        }
        self.current(key)
    }

    /// The current step, when its action may be taken.
    pub(crate) fn ready(&self, key: &StepKey) -> Result<&'a Step, Refusal> {
        let (step, known) = self.idle(key)?;
        if known.status == StepStatus::Failed {
            return Err(Refusal::NotNow("the step has failed: retry, skip or override it"));
        }
        if has_unread_cautions(step, known) {
            return Err(Refusal::CautionsUnread);
        }
        if self.has_changed_cautions(key) {
            return Err(Refusal::CautionsChanged);
        }
        if self.state.waits_for_peer(key) {
            return Err(Refusal::NotNow("it is stated: another person confirms it now"));
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
        let (doer, board) = (self.doer(&key), self.moment.board.recorded());
        self.then([Event::StepConfirmed { step: key, said, doer, board }])
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
        let (doer, board) = (self.doer(&key), self.moment.board.recorded());
        self.then([Event::AnswerGiven { step: key, name: name.clone(), value, file, doer, board }])
    }

    /// Who acts in that step, when it is not the operator.
    fn doer(&self, key: &StepKey) -> Option<String> {
        actor_of(self.runbook, self.state, &self.moment.board, key, self.moment.at)
    }

    fn choose(&self, key: StepKey, choice: String) -> Decision {
        let (step, _) = self.current(&key)?;
        let Action::Choose(ways) = &step.action else { return Err(wrong(&step.action)) };
        self.ready(&key)?;
        if !ways.iter().any(|way| way.is == choice) {
            let names: Vec<_> = ways.iter().map(|way| way.is.as_str()).collect();
            return Err(Refusal::NotAnOption(names.join(", ")));
        }
        let (name, doer, board) = (key.step.to_string(), self.doer(&key), self.moment.board.recorded());
        self.then([Event::ChoiceMade { step: key, name, choice, doer, board }])
    }

    fn release(&self, key: StepKey, released_by: &str, said: String, signature: Option<&str>) -> Decision {
        let verifies = self.verifies(&key);
        if verifies.is_none() {
            let (step, _) = self.current(&key)?;
            let Action::Release { .. } = &step.action else { return Err(wrong(&step.action)) };
            self.ready(&key)?;
        } else if self.state.is_running() {
            return Err(Refusal::NotNow("a command is running"));
        }
        let released_by = may_release(self.state, &key, released_by)?;
        let said = text(said, "state what was looked at")?;
        // Whoever proposes has nothing to say of the signature: what is recorded of it is found here.
        let check = |armored| {
            let statement = release_statement(self.state, &key, &released_by, &said)?;
            signed(&statement, armored).map(Box::new).map_err(Refusal::BadSignature)
        };
        let signature = signature.map(check).transpose()?;
        let board = self.moment.board.recorded();
        self.then([Event::HoldReleased { step: key, released_by, said, verifies, signature, board }])
    }

    fn observe(&self, condition: ConditionId, truth: Tri, why: String, seen: Value) -> Decision {
        if self.state.truth(&condition) == truth {
            return Ok(vec![]);
        }
        // Nothing follows from it yet: the other conditions have still to be evaluated on the same board.
        let (before, after) = self.soak_turns(&condition, truth);
        let changed = Event::ConditionChanged { condition, truth, why, seen };
        Ok(before.into_iter().chain([changed]).chain(after).collect())
    }
}

pub(crate) fn wrong(action: &Action) -> Refusal {
    Refusal::WrongAction(action.kind().word())
}

/// A text that a person gave, trimmed at its end, neither empty nor endless.
pub(crate) fn text(text: String, empty: &'static str) -> Result<String, Refusal> {
    let text = text.trim().to_owned();
    if text.is_empty() {
        return Err(Refusal::BadText(empty));
    }
    if text.len() > MAX_TEXT_BYTES {
        return Err(Refusal::BadText("the text is longer than 64 KiB"));
    }
    Ok(text)
}
