//! What the session says, taken in.

use crate::engine::{Allowed, Event, Gate, Moment, Proposal, Record, RunState};
use crate::journal::sha256_hex;
use crate::runbook::Runbook;
use crate::session::Update;
use crate::tui::dialog::{Ask, Dialog, Purpose, Reason};
use crate::tui::message::{Effect, Instants, ReadAgain, RecordedOutput};
use crate::tui::screen::run::absent::follows_by_itself;
use crate::tui::screen::run::naming::spoken;
use crate::tui::screen::run::output::{Check, OutputTail};
use crate::tui::screen::run::page::StepPage;
use crate::tui::screen::run::{Card, Run, TOLD, View};
use crate::tui::tell;
use crate::tui::widget::checklist::Tally;
use crate::tui::widget::health_table::BoardOrder;

impl View {
    /// What is known of a moment before anything was derived from it.
    pub(super) fn underived(moment: Moment, state: &RunState) -> Self {
        Self {
            moment,
            allowed: Vec::new(),
            gate: Gate::Closed(Vec::new()),
            rollback: None,
            is_back_unknown: false,
            stalled: None,
            turned: Vec::new(),
            alarms: Vec::new(),
            order: std::cell::OnceCell::new(),
            order_before: BoardOrder::default(),
            tally: Tally::of(state),
            page: StepPage::default(),
        }
    }
}

impl Run {
    /// Takes one update in.
    pub fn on_update(&mut self, update: Update, now: Instants) -> Vec<Effect> {
        match update {
            Update::Recorded(records) => self.recorded(&records),
            Update::Refused(proposal, refusal) => {
                if self.pending.as_ref() == Some(&*proposal) {
                    self.refuse(&refusal.to_string());
                }
            }
            Update::Sampled(sample) => {
                if self.asking.is_some() {
                    self.drawn = None;
                }
                self.keeper.take(*sample);
                self.touch();
                return self.answered(now);
            }
            Update::Printed(job, bytes) => {
                if self.printed_for_item(job, &bytes) {
                    return Vec::new();
                }
                if self.output.job != Some(job) {
                    let step = self.state.running.first().map(|running| running.step.clone());
                    self.output = OutputTail::of(job, step);
                }
                self.output.push(&bytes);
                return Vec::new();
            }
            Update::Halted(why) => {
                self.halted = Some(why);
                self.soaking.halt(now.run);
                (self.pending, self.dialog) = (None, None);
                self.take_below();
                if self.file.take().is_some() {
                    self.touch();
                    return vec![Effect::StopReading];
                }
            }
            Update::Ended => {
                self.leave(now);
                return vec![Effect::Quit];
            }
        }
        self.touch();
        Vec::new()
    }

    /// Takes in what an earlier sitting's command printed, unless another has printed since.
    pub fn take_recorded(&mut self, of: RecordedOutput, read: Result<ReadAgain, String>) {
        let (tail, check) = Check::of(&of, read);
        if self.take_recorded_for_item(&of, (&tail, check)) || self.take_evidence(&of, (&tail, check)) {
            return;
        }
        if self.output.job.is_some() || self.replayed.is_some() {
            return;
        }
        self.output = OutputTail::of(of.job, Some(of.step));
        self.output.check = Some(check);
        self.output.push(&tail);
    }

    fn recorded(&mut self, records: &[Record]) {
        let before = self.state.current.clone();
        self.remember(records);
        for record in records {
            self.state.apply(record);
            match &record.event {
                Event::CommandStarted { job, step, item: None, .. } => {
                    self.output = OutputTail::of(*job, Some(step.clone()));
                }
                Event::CommandsApproved { .. } => {
                    // What was printed before is no longer what was printed last.
                    self.output = OutputTail::default();
                    self.choose_anew();
                }
                Event::StepFailed { .. } => self.choose_anew(),
                // It is the current one now: what comes after it is followed.
                Event::StepPutBack { instead, .. } if self.is_looked_at(instead) => self.browsed = None,
                _ => {}
            }
            if self.pending.as_ref().is_some_and(|pending| answers(pending, &record.event)) {
                self.pending = None;
                self.notice = None;
                // Whoever is about to leave or to end a command goes on with that.
                let closed = self.dialog.take_if(|dialog| !matches!(dialog, Dialog::Ask(Ask::Leave | Ask::Cancel(..))));
                let closed = closed.or_else(|| self.take_below());
                self.draft_is_recorded(closed.as_ref());
                self.closed(closed);
            }
        }
        if let Some(last) = records.last() {
            self.head = Some(head_of(last));
        }
        if self.state.current != before {
            self.is_unseen = true;
            if self.browsed.is_none() {
                self.scroll = 0;
            }
        }
        if self.state.closed.is_some() {
            self.take_below();
            self.dialog = Some(Dialog::Outcome);
        }
    }

    /// A dialog about a step that is no longer the current one, or about a wait that is over, is of no use.
    pub(super) fn close_outdated_dialog(&mut self) {
        let is_outdated = self.dialog.as_ref().is_some_and(|dialog| match dialog.step() {
            Some(step) => {
                let is_due = self.state.unverified.contains_key(step) || self.state.reverted().any(|key| key == step);
                self.state.current.as_ref() != Some(step) && !is_due
            }
            None => matches!(dialog, Dialog::Ask(ask) if ask.is_about_job() && !self.state.is_running()),
        });
        let is_mended = self.is_acknowledged_in_vain();
        let is_unread = self.is_of_unread_cautions();
        if (is_outdated || is_mended || is_unread) && self.pending.is_none() {
            let mut closed = self.dialog.take();
            self.keep_draft(closed.as_mut());
            self.closed(closed);
            self.burst.lose();
            let told = match (is_unread, is_mended) {
                (true, _) => "the cautions read otherwise now than when they were read: read them again",
                (_, true) => "it does not hold the run back any more",
                _ => "the run has moved on",
            };
            self.notice = Some(told.into());
            if is_unread {
                self.scroll = 0;
                self.is_unseen = true;
            }
        }
    }

    /// Whether the dialog acts in a step whose cautions read otherwise now than when they were read.
    fn is_of_unread_cautions(&self) -> bool {
        let acts = match &self.dialog {
            Some(Dialog::Reason(reason)) => matches!(reason.purpose, Purpose::Restart(..)),
            dialog => dialog.is_some(),
        };
        let step = self.dialog.as_ref().and_then(Dialog::step).filter(|_| acts && self.halted.is_none());
        step.is_some_and(|step| self.view.allowed.contains(&Allowed::ReadCautions(step.clone())))
    }

    /// Whether a reason is being given to go on regardless of what holds nothing back now.
    fn is_acknowledged_in_vain(&self) -> bool {
        let Some(Dialog::Reason(Reason { purpose: Purpose::Acknowledge(condition, _), .. })) = &self.dialog else {
            return false;
        };
        let is_it = |allowed: &Allowed| matches!(allowed, Allowed::Acknowledge(offered) if offered == condition);
        self.halted.is_none() && !self.view.allowed.iter().any(is_it)
    }
}

/// Whether this event is what became of that proposal.
fn answers(proposal: &Proposal, event: &Event) -> bool {
    match (proposal, event) {
        (Proposal::ReadCautions { step, .. }, Event::CautionsRead { step: of, .. })
        | (Proposal::Confirm { step, .. }, Event::StepConfirmed { step: of, .. })
        | (Proposal::Answer { step, .. }, Event::AnswerGiven { step: of, .. })
        | (Proposal::Choose { step, .. }, Event::ChoiceMade { step: of, .. })
        | (Proposal::Release { step, .. }, Event::HoldReleased { step: of, .. })
        | (Proposal::Dispute { step, .. }, Event::StepDisputed { step: of, .. })
        | (Proposal::Run { step, .. }, Event::CommandStarted { step: of, .. })
        | (Proposal::Restart { step, .. }, Event::StepsReopened { step: of, .. })
        | (Proposal::RunAll { step, .. }, Event::CommandsApproved { step: of, .. })
        | (Proposal::Retry { step }, Event::StepRetried { step: of, .. })
        | (Proposal::Renew { step }, Event::StepsRenewed { step: of, .. })
        | (Proposal::TakeUp { step }, Event::StepPutBack { instead: of, .. })
        | (Proposal::Skip { step, .. }, Event::StepSkipped { step: of, .. })
        | (Proposal::Defer { step, .. }, Event::StepDeferred { step: of, .. })
        | (
            Proposal::Override { step, .. },
            Event::StepOverridden { step: of, .. } | Event::VerificationWaived { step: of, .. },
        )
        | (Proposal::CutWait { step, .. }, Event::WaitCut { step: of, .. }) => step == of,
        (Proposal::Acknowledge { condition, .. }, Event::GuardAcknowledged { condition: of, .. }) => condition == of,
        (Proposal::Note { .. }, Event::NoteAdded { .. })
        | (Proposal::Attach { .. }, Event::EvidenceAttached { .. })
        | (Proposal::RollBack { .. }, Event::RollbackEntered { .. })
        | (Proposal::Close | Proposal::Abandon { .. }, Event::RunClosed { .. }) => true,
        _ => false,
    }
}

/// The sha256 of a record's line, lower-case hex: what the next record names as `prev`.
pub(in crate::tui::screen) fn head_of(record: &Record) -> String {
    let line = serde_json::to_vec(record).expect("a record is plain data with text keys");
    sha256_hex(&line)
}

/// What the resume card tells: the last things that happened before this sitting.
pub(super) fn card(runbook: &Runbook, records: &[Record], state: &RunState, now: Instants) -> Card {
    let told = records.iter().rev().filter(|record| !follows_by_itself(&record.event)).take(TOLD);
    let moment = Moment { at: now.run, board: state.board.clone() };
    let event = |event: &Event| match event.step() {
        Some(key) => tell::event(event).replace(&key.to_string(), &spoken(runbook, state, &moment, key)),
        None => tell::event(event),
    };
    let mut told: Vec<_> =
        told.map(|record| (record.at, tell::author(record).to_owned(), event(&record.event))).collect();
    told.reverse();
    Card { told, board: state.board.clone(), scroll: 0 }
}
