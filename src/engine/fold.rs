//! How a record changes a run's state.

use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use crate::clock::Timestamp;
use crate::engine::deviation::{Deviation, DeviationKind};
use crate::engine::disturb::Turn;
use crate::engine::event::{ConditionId, Event, Leaving, Record, Tri};
use crate::engine::evidence::Attached;
use crate::engine::observe::{JobId, Output};
use crate::engine::signed::{Opening, signed_by};
use crate::engine::soak::SoakState;
use crate::engine::state::{
    Chosen, Closed, Kept, Note, Plan, RunState, RunningJob, Sitting, Standing, StepState, StepStatus,
};
use crate::engine::verified::Withheld;
use crate::runbook::{Runbook, StepKey};

impl RunState {
    /// The fold of these records over [`RunState::new`].
    pub fn fold<'a>(runbook: &Runbook, records: impl IntoIterator<Item = &'a Record>) -> Self {
        let mut state = Self::new(runbook);
        for record in records {
            state.apply(record);
        }
        state
    }

    /// Takes one record in. Records come in order and each once.
    pub fn apply(&mut self, record: &Record) {
        self.name_stated(record.seq, &record.prev);
        self.take(record.seq, record.at, &record.by, &record.event);
        self.opening = Opening::of(record).or_else(|| self.opening.take());
        self.note_stated(record);
    }

    /// The same with a record that nobody else needs: of what is most frequent nothing is copied.
    pub(crate) fn absorb(&mut self, record: Record) {
        let Record { seq, at, .. } = record;
        match record.event {
            Event::NoteAdded { step, text } => {
                self.name_stated(seq, &record.prev);
                (self.seq, self.at) = (seq, at);
                self.notes.push(Note { seq, at, by: record.by, step, text });
            }
            event => self.apply(&Record { event, ..record }),
        }
    }

    /// [`RunState::apply`] for an event that has no record yet.
    pub(crate) fn take(&mut self, seq: u64, at: Timestamp, by: &str, event: &Event) {
        self.seq = seq;
        self.at = at;
        self.take_event(seq, by, event);
        self.come_back();
    }

    fn take_event(&mut self, seq: u64, by: &str, event: &Event) {
        let at = self.at;
        match event {
            Event::RunOpened(opened) => {
                self.opened = Some(Arc::new((**opened).clone()));
                self.opened_at = at;
            }
            Event::SittingOpened { operator, host, .. } => {
                self.stand_up();
                self.sitting = Some(Sitting { operator: operator.clone(), host: host.clone(), since: at });
                self.sittings += 1;
                self.forget_conditions(at);
            }
            Event::SittingClosed { how: Leaving::Left | Leaving::Interrupted } => self.stand_up(),
            Event::PhaseBound { phase, items } => self.take_bound(phase, items),
            Event::GroupBound { phase, group, items } => self.take_group_bound(phase, group, items),
            Event::ConditionChanged { condition, truth, why, seen } => {
                let standing =
                    Standing { truth: *truth, since: at, why: why.clone(), seen: seen.clone(), acknowledged: None };
                self.conditions.insert(condition.clone(), standing);
                self.turn(condition, *truth, at);
            }
            Event::GuardAcknowledged { condition, reason } => {
                if let Some(standing) = self.conditions.get_mut(condition) {
                    standing.acknowledged = Some(reason.clone());
                }
                self.deviate(by, DeviationKind::Acknowledged, condition.to_string(), reason);
                if let ConditionId::Check(step) = condition {
                    self.overrule_reverted(step, by, reason);
                }
            }
            Event::NoteAdded { step, text } => {
                self.notes.push(Note { seq, at, by: by.to_owned(), step: step.clone(), text: text.clone() });
            }
            Event::EvidenceAttached { .. } => self.attached.extend(Attached::of((seq, at, by), event)),
            Event::RollbackEntered { plan, board, .. } => {
                self.plan = Plan::Rollback(plan.clone());
                self.board = board.clone();
                // A step that failed stays behind as it is.
                self.current = None;
                self.note_relied(event);
            }
            Event::RunClosed { outcome, reason, .. } => {
                self.closed = Some(Closed { at, outcome: *outcome, reason: reason.clone() });
                self.current = None;
                self.note_relied(event);
            }
            Event::Rehearsed { what } => self.happenings.push((at, (**what).clone())),
            Event::ClockJumped { .. } | Event::TailSetAside { .. } => {}
            of_a_step => {
                self.note_actor(by, of_a_step);
                self.note_begun(of_a_step);
                self.note_disturbed(of_a_step);
                self.take_step(by, of_a_step);
                self.note_relied(of_a_step);
            }
        }
    }

    /// Nobody sits here any more.
    fn stand_up(&mut self) {
        self.sitting = None;
        self.forget_peer();
        self.looked.clear();
        self.look_away();
        // What was to follow by itself was seen by somebody who is gone.
        self.wait_no_more();
    }

    /// Notes who did something in a step.
    fn note_actor(&mut self, by: &str, event: &Event) {
        let Some(step) = deed(event) else { return };
        self.change(step, |state| {
            if !state.actors.iter().any(|actor| actor == by) {
                state.actors.push(by.to_owned());
            }
        });
    }

    /// What happened to a step before it came to an end.
    fn take_step(&mut self, by: &str, event: &Event) {
        match event {
            Event::StepBegan { step, attempt } => self.begin(step, *attempt, true),
            Event::StepRetried { step, attempt } => self.begin(step, *attempt, false),
            Event::CautionsRead { step, texts } => {
                self.change(step, |state| {
                    state.readings = if state.cautions_read { state.readings.saturating_add(1) } else { 1 };
                    state.cautions_read = true;
                    state.cautions_as_read.clone_from(texts);
                });
                self.cautions.note(step, by, texts);
            }
            Event::CommandsApproved { .. } | Event::CommandStarted { item: Some(_), .. } => self.take_together(event),
            Event::CancelAsked { step } => {
                self.change(step, |state| state.cancelled_by = Some(by.to_owned()));
                self.wait_no_more();
            }
            Event::CommandStarted { step, job, item: None, command, board, .. } => {
                self.keep(step, *job, None);
                self.board = board.clone();
                self.jobs = self.jobs.max(job.0);
                let (step, command) = (step.clone(), command.clone());
                self.running = vec![RunningJob { job: *job, step, item: None, command, since: self.at }];
            }
            Event::CommandFinished { step, job, item: Some(_), .. } => {
                self.running.retain(|running| running.job != *job);
                if self.take_item_end(event) {
                    let said = format!("all {} as expected", self.nodes(step).len());
                    self.end(step, StepStatus::Done, by, &said);
                }
            }
            Event::CommandFinished { step, job, item: None, ended, output, met, captured, .. } => {
                self.running.clear();
                self.keep(step, *job, output.as_ref());
                captured.iter().for_each(|(name, value)| self.give(step, name, value));
                if *met {
                    self.end(step, StepStatus::Done, by, &ended.describe());
                }
            }
            Event::SoakSeen { step, until, covered_ms, worst, .. } => {
                let at = self.at;
                self.soak(step, |soak| soak.see(*until, Duration::from_millis(*covered_ms), worst.as_ref(), at));
            }
            Event::StepFailed { step, why } => {
                self.batch = None;
                self.end(step, StepStatus::Failed, by, why);
                self.change(step, |state| state.has_failed = true);
                self.current = Some(step.clone());
            }
            end => self.take_end(by, end),
        }
    }

    /// An attempt at a step begins. Another one does not do again what has succeeded for an item, unless a second person
    /// says that it has not.
    fn begin(&mut self, step: &StepKey, attempt: u32, is_first: bool) {
        let at = self.at;
        let is_disputed = self.forget_dispute(step);
        self.change(step, |state| {
            state.status = StepStatus::Current;
            state.attempt = attempt;
            state.began = Some(at);
            state.ended = None;
            state.is_renewed = false;
            state.cancelled_by = None;
            state.verified = None;
            state.waived = None;
            state.soak.iter_mut().for_each(|soak| **soak = SoakState::default());
            if is_first || is_disputed {
                state.output = None;
                state.results.clear();
            }
        });
        self.conditions.remove(&ConditionId::Check(step.clone()));
        self.forget_choice(step);
        self.current = Some(step.clone());
    }

    /// Notes what the command of a step printed.
    fn keep(&mut self, step: &StepKey, job: JobId, output: Option<&Output>) {
        self.change(step, |state| state.output = output.cloned().map(|output| Box::new(Kept { job, output })));
    }

    /// How a step came to be accounted for.
    fn take_end(&mut self, by: &str, event: &Event) {
        match event {
            Event::StepConfirmed { step, said, doer, board } => {
                self.board = board.clone();
                self.end(step, StepStatus::Done, by, said);
                self.done_by(step, doer.as_ref());
            }
            Event::AnswerGiven { step, name, value, doer, board, .. } => {
                self.board = board.clone();
                let said = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
                self.end(step, StepStatus::Done, by, &said);
                self.done_by(step, doer.as_ref());
                self.give_or_withhold(step, Withheld::Answer(name.clone(), value.clone()));
            }
            Event::ChoiceMade { step, name, choice, doer, board } => {
                self.board = board.clone();
                self.end(step, StepStatus::Done, by, choice);
                self.done_by(step, doer.as_ref());
                let chosen = Chosen { phase: step.phase.clone(), way: choice.clone() };
                self.give_or_withhold(step, Withheld::Choice(name.clone(), chosen));
            }
            Event::HoldReleased { step, released_by, said, signature, board, .. } => {
                self.board = board.clone();
                if self.take_verification(step, released_by, said) {
                    return;
                }
                let said = format!("released by {released_by}{}: {said}", signed_by(signature));
                self.end(step, StepStatus::Done, by, &said);
            }
            Event::CheckPassed { .. } | Event::CheckReverted { .. } | Event::CheckRestored { .. } => {
                self.take_sensed(by, event);
            }
            Event::WaitEnded { step } => self.end(step, StepStatus::Done, by, ""),
            Event::WaitCut { step, reason, .. } => {
                self.deviate(by, DeviationKind::CutWait, step.to_string(), reason);
                self.end(step, StepStatus::Overridden, by, reason);
                self.change(step, |state| state.was_cut = true);
            }
            Event::StepsReopened { step, from, reason, board } => {
                self.board = board.clone();
                self.reopen(step, from, by, reason);
            }
            Event::StepsRenewed { step, renewed } => self.renew(step, renewed),
            Event::StepPutBack { step, .. } => self.put_back(step),
            Event::StepNotApplicable { step, why } => {
                self.forget_choice(step);
                self.end(step, StepStatus::NotApplicable, by, why);
            }
            against_the_plan => self.take_deviation(by, against_the_plan),
        }
    }

    /// What a check came to.
    fn take_sensed(&mut self, by: &str, event: &Event) {
        match event {
            Event::CheckPassed { step, doer, soaked, board, .. } => {
                self.board = board.clone();
                let at = self.at;
                self.soak(step, |soak| soak.end(soaked.as_ref(), at));
                self.note_seen_well(step);
                let sensed = self.conditions.remove(&ConditionId::Check(step.clone()));
                self.end(step, StepStatus::Done, by, "sensed");
                self.done_by(step, doer.as_ref());
                self.rely_on(step, sensed);
            }
            Event::CheckReverted { step, why, board } => {
                self.board = board.clone();
                self.take_reverted(step, by, StepStatus::Reverted, why);
            }
            Event::CheckRestored { step, board, .. } => {
                self.board = board.clone();
                self.note_seen_well(step);
                self.take_reverted(step, by, StepStatus::Done, "sensed again");
            }
            _ => {}
        }
    }

    /// How a person went on without doing what a step asks for.
    fn take_deviation(&mut self, by: &str, event: &Event) {
        match event {
            Event::StepSkipped { step, reason, board } => {
                self.board = board.clone();
                self.deviate(by, DeviationKind::Skip, step.to_string(), reason);
                self.end(step, StepStatus::Skipped, by, reason);
            }
            Event::VerificationWaived { step, reason, board } => {
                self.board = board.clone();
                self.deviate(by, DeviationKind::Waived, step.to_string(), reason);
                self.waive_verification(step, by, reason);
            }
            Event::StepOverridden { step, reason, board } => {
                self.board = board.clone();
                self.deviate(by, DeviationKind::Override, step.to_string(), reason);
                if self.lies_behind(step) && !self.reverted().any(|reverted| reverted == step) {
                    // So it was recorded that nobody verified it, before there was a record for that.
                    return self.waive_verification(step, by, reason);
                }
                self.end(step, StepStatus::Overridden, by, reason);
            }
            Event::StepDeferred { step, reason, board, .. } => {
                self.board = board.clone();
                self.deviate(by, DeviationKind::Deferred, step.to_string(), reason);
                self.end(step, StepStatus::Deferred, by, reason);
                // What was read now is forgotten by the time it comes back.
                self.change(step, |state| state.cautions_read = false);
            }
            Event::StepDisputed { step, disputed_by, said, board, .. } => {
                self.board = board.clone();
                self.take_dispute(step, by, disputed_by, said);
            }
            _ => {}
        }
    }

    pub(crate) fn end(&mut self, step: &StepKey, status: StepStatus, by: &str, said: &str) {
        let at = self.at;
        self.unverified.remove(step);
        self.looked.remove(step);
        let waits_for_peer = status == StepStatus::Done && self.await_verification(step);
        let status = if waits_for_peer { StepStatus::Current } else { status };
        self.change(step, |state| {
            state.status = status;
            state.ended = (!waits_for_peer).then_some(at);
            state.soak.iter_mut().for_each(|soak| soak.end(None, at));
            by.clone_into(&mut state.by);
            said.clone_into(&mut state.said);
            state.doer = None;
            state.was_cut = false;
        });
        if self.current.as_ref() == Some(step) && !waits_for_peer {
            self.current = None;
        }
        if status.is_passed() {
            // Nobody asks any more; the journal keeps them, and a long run must not carry them along.
            self.conditions.remove(&ConditionId::Gate(step.clone()));
            self.conditions.remove(&ConditionId::Check(step.clone()));
        }
    }

    /// Notes who did what was just said to be done.
    fn done_by(&mut self, step: &StepKey, doer: Option<&String>) {
        self.change(step, |state| state.doer = doer.cloned());
    }

    /// What a record that says that a condition changed means, beyond what the condition then is.
    pub(crate) fn turn_at(&mut self, seq: u64, at: Timestamp, condition: &ConditionId, truth: Tri) {
        (self.seq, self.at) = (seq, at);
        self.turn(condition, truth, at);
    }

    /// What a changed condition means beyond itself.
    fn turn(&mut self, condition: &ConditionId, truth: Tri, at: Timestamp) {
        match condition {
            // What soaked before and is relied on since does not soak again.
            ConditionId::Check(step) if self.relied.keys().contains(step) => {}
            ConditionId::Check(step) => self.soak(step, |soak| soak.turn(truth, at)),
            ConditionId::Health(..) => {
                let known = self.turns.get_mut(condition);
                match (Turn::after(known.as_deref().copied(), truth, at), known) {
                    (Some(turn), Some(known)) => *known = turn,
                    (Some(turn), None) => drop(self.turns.insert(condition.clone(), turn)),
                    (None, _) => {}
                }
            }
            ConditionId::Guard(id) => match truth {
                Tri::True => drop(self.broken.remove(id)),
                Tri::False => drop(self.broken.entry(id.clone()).or_insert(at)),
                // It was broken when it was last seen.
                Tri::Unknown => {}
            },
            ConditionId::Gate(_) => {}
        }
    }

    /// Changes the soak of a step that has one.
    fn soak(&mut self, step: &StepKey, change: impl FnOnce(&mut SoakState)) {
        self.change(step, |state| {
            if let Some(soak) = state.soak.as_deref_mut() {
                change(soak);
            }
        });
    }

    /// Nobody senses anything from here on.
    fn look_away(&mut self) {
        if let Some(step) = self.current.clone() {
            self.soak(&step, SoakState::look_away);
        }
    }

    pub(crate) fn change(&mut self, key: &StepKey, change: impl FnOnce(&mut StepState)) {
        let found = self
            .phases
            .iter_mut()
            .find(|phase| phase.id == key.phase)
            .and_then(|phase| phase.items.iter_mut().find(|item| item.item.name == key.item))
            .and_then(|item| item.steps.iter_mut().find(|step| step.id == key.step));
        if let Some(step) = found {
            change(Arc::make_mut(step));
        }
    }

    /// What was decided for one item of a loop does not stand for the next.
    pub(crate) fn forget_choice(&mut self, step: &StepKey) {
        if self.choices.get(step.step.as_str()).is_some_and(|chosen| chosen.phase == step.phase) {
            self.choices.remove(step.step.as_str());
        }
    }

    fn forget_conditions(&mut self, at: Timestamp) {
        self.turns.values_mut().for_each(|turn| turn.is_sensed = false);
        for standing in self.conditions.values_mut() {
            *standing = Standing {
                truth: Tri::Unknown,
                since: at,
                why: "not sensed in this sitting yet".into(),
                seen: Value::Null,
                acknowledged: None,
            };
        }
    }

    pub(crate) fn deviate(&mut self, by: &str, kind: DeviationKind, subject: String, reason: &str) {
        let (seq, at) = (self.seq, self.at);
        self.deviations.push(Deviation { seq, at, by: by.to_owned(), kind, subject, reason: reason.to_owned() });
    }
}

/// The step in which a person did something, by an event that nothing but a person brings about.
fn deed(event: &Event) -> Option<&StepKey> {
    match event {
        Event::CautionsRead { step, .. }
        | Event::StepConfirmed { step, .. }
        | Event::AnswerGiven { step, .. }
        | Event::ChoiceMade { step, .. }
        | Event::HoldReleased { step, .. }
        | Event::CommandsApproved { step, .. }
        | Event::CancelAsked { step }
        | Event::CommandStarted { step, item: None, .. }
        | Event::WaitCut { step, .. }
        | Event::StepRetried { step, .. }
        | Event::StepSkipped { step, .. }
        | Event::StepDeferred { step, .. }
        | Event::StepsReopened { step, .. }
        | Event::StepsRenewed { step, .. }
        | Event::VerificationWaived { step, .. }
        | Event::StepOverridden { step, .. } => Some(step),
        _ => None,
    }
}
