//! What the keys of the run screen do.

use crossterm::event::{KeyCode, KeyEvent, KeyEventKind};

use crate::engine::{Allowed, Leaving, Proposal};
use crate::tui::dialog::{Answer, Ask, Dialog, Field, Lines, Note, Purpose, Reason};
use crate::tui::keymap::{Action, Context};
use crate::tui::message::{Effect, Instants};
use crate::tui::screen::run::away::FIRST_BACK;
use crate::tui::screen::run::layout::Pane;
use crate::tui::screen::run::signing::on_release_key;
use crate::tui::screen::run::{Card, Run};
use crate::tui::tell;
use crate::tui::widget::dialog::{is_seen, rows_of};

impl Run {
    /// Takes a key. `is_large_enough` is false while the step cannot be seen: then only leaving is possible.
    pub fn on_key(
        &mut self,
        action: Option<Action>,
        key: KeyEvent,
        now: Instants,
        is_large_enough: bool,
    ) -> Vec<Effect> {
        self.derive_world(now);
        if self.is_leaving() {
            return if action == Some(Action::Leave) { vec![Effect::Quit] } else { Vec::new() };
        }
        self.note_key(now);
        if is_large_enough && self.comes_back(action, now) {
            return Vec::new();
        }
        let is_armed = self.is_armed(now) && key.kind == KeyEventKind::Press;
        if action == Some(Action::Act) {
            self.last_act_ms = Some(now.real_ms);
        }
        if !is_large_enough {
            return self.on_key_unseen(action, now);
        }
        if self.context() == Context::Console && action != Some(Action::Leave) {
            return self.on_console_key(action, key);
        }
        if self.drops(action, key, now) {
            return Vec::new();
        }
        if action == Some(Action::Leave) {
            return self.ask_to_leave(now);
        }
        if self.dialog.is_some() {
            return self.on_dialog_key(action, key, now, is_armed);
        }
        if let Some(card) = self.card.as_mut() {
            match action {
                Some(Action::Act | Action::Back) if is_armed => self.card = None,
                Some(action) => scroll_card(card, action),
                None => {}
            }
            return Vec::new();
        }
        self.notice = None;
        if key.code == KeyCode::Esc && self.file.is_some() {
            return self.read_no_further();
        }
        if self.over.is_some() {
            return action.and_then(|action| self.on_over_key(action)).unwrap_or_default();
        }
        match action {
            Some(Action::Act) => self.act(is_armed),
            Some(action) => self.on_action(action),
            None => self.open_at_number(key, is_armed),
        }
    }

    /// On a screen that is too small nothing can be confirmed, but one can leave.
    fn on_key_unseen(&mut self, action: Option<Action>, now: Instants) -> Vec<Effect> {
        if action != Some(Action::Leave) {
            return Vec::new();
        }
        self.leave(now);
        vec![Effect::Leave(Leaving::Left)]
    }

    fn ask_to_leave(&mut self, now: Instants) -> Vec<Effect> {
        let is_asked = matches!(self.dialog, Some(Dialog::Ask(Ask::Leave) | Dialog::Outcome));
        if is_asked || self.state.closed.is_some() {
            self.leave(now);
            return vec![Effect::Leave(Leaving::Left)];
        }
        self.ask_over(Ask::Leave);
        Vec::new()
    }

    fn on_dialog_key(&mut self, action: Option<Action>, key: KeyEvent, now: Instants, is_armed: bool) -> Vec<Effect> {
        let is_unseen = self.is_unseen;
        let is_barred = self.pending.is_some() && !self.is_way_out();
        if is_barred {
            // What is typed while it is being saved is meant for what comes after it.
            self.burst.lose();
        }
        if self.is_unread_draft(action, is_armed) || self.is_one_go(action, now) || self.waits_for_answers(action) {
            return Vec::new();
        }
        if self.is_other_key(action, is_armed) {
            return Vec::new();
        }
        let Some(dialog) = self.dialog.as_mut() else { return Vec::new() };
        let is_answer = matches!(action, Some(Action::Act | Action::Yes));
        let must_be_seen = !matches!(
            dialog,
            Dialog::State(_) | Dialog::Release(_) | Dialog::Reason(_) | Dialog::Note(_) | Dialog::Attach(_)
        );
        let is_typed = dialog.is_typing() && action != Some(Action::Act);
        if is_answer && !is_typed && (is_barred || (must_be_seen && is_unseen)) {
            return Vec::new();
        }
        if matches!(dialog, Dialog::Outcome) && action == Some(Action::Act) && !is_armed {
            return Vec::new();
        }
        if matches!(dialog, Dialog::Outcome) && action == Some(Action::Sign) {
            return vec![Effect::FindKeys(self.folder.clone())];
        }
        if self.reads_on(action) {
            return Vec::new();
        }
        let Some(dialog) = self.dialog.as_mut() else { return Vec::new() };
        if let Dialog::Release(release) = dialog
            && let Some(effects) = on_release_key(release, action, &self.state, &self.folder)
        {
            self.read_dialog();
            return effects;
        }
        let answer = dialog.on(action, key);
        self.look_at_dialog();
        match answer {
            Answer::Stay => Vec::new(),
            Answer::Close => {
                let is_way_out = self.is_way_out();
                let mut closed = self.dialog.take();
                self.keep_draft(closed.as_mut());
                self.closed(closed);
                self.uncover();
                if is_way_out { Vec::new() } else { self.read_no_further() }
            }
            Answer::Propose(proposal) => self.propose_on_fresh(proposal, now),
            Answer::Do(Effect::Leave(how)) => {
                self.leave(now);
                vec![Effect::Leave(how)]
            }
            Answer::Do(effect) => self.ask_for(effect),
        }
    }

    /// Keeps scrolling within the lines, and notes when all of a command has been in view.
    pub(super) fn look_at_dialog(&mut self) {
        self.read_dialog();
        let size = self.open_size();
        let named = match &self.dialog {
            Some(Dialog::Command(command)) => (self.spoken(&command.step), self.watches(&command.step)),
            _ => Default::default(),
        };
        match self.dialog.as_mut() {
            Some(Dialog::Command(command)) => {
                command.rows = rows_of(command, size);
                command.is_seen |= is_seen(command, (&named.0, &named.1), size);
            }
            Some(Dialog::Why(scroll)) => *scroll = (*scroll).min(500),
            _ => {}
        }
    }

    pub(super) fn propose(&mut self, proposal: Proposal) -> Vec<Effect> {
        if self.halted.is_some() || self.pending.is_some() {
            return Vec::new();
        }
        self.pending = Some(proposal.clone());
        vec![Effect::Propose(proposal)]
    }

    /// The natural next thing: back to the current step, read on, or open what the step asks for.
    pub(super) fn act(&mut self, is_armed: bool) -> Vec<Effect> {
        if !self.is_at_current() {
            self.look_at(None);
            return Vec::new();
        }
        if !self.is_step_in_view() {
            // What would be confirmed must be seen first.
            self.focus = Pane::Step;
            self.is_unseen = true;
            return Vec::new();
        }
        if !is_armed || self.pending.is_some() {
            self.not_taken();
            return Vec::new();
        }
        let drawn = std::mem::take(&mut self.view.page.cautions);
        self.is_page_stale = true;
        self.derive_page();
        if self.view.page.cautions != drawn {
            // What was on the screen does not read so any more.
            self.is_unseen = true;
            self.not_taken();
            return Vec::new();
        }
        let offered = self.offered(Action::Act).cloned();
        match offered {
            Some(Allowed::ReadCautions(step)) => {
                if self.has_more_cautions() {
                    self.scroll += usize::from(self.step_rows().saturating_sub(2).max(1));
                    return Vec::new();
                }
                let shown = self.view.page.cautions.iter().map(|caution| caution.text.clone()).collect();
                self.propose(Proposal::ReadCautions { step, shown })
            }
            Some(Allowed::Confirm(step) | Allowed::Answer(step)) => self.open_statement(step),
            Some(Allowed::Choose(step)) => self.open_choice(step),
            Some(Allowed::Release(step)) => self.open_release(step),
            Some(Allowed::Restart(step)) => {
                let told = self.meaning_of_restart(&step);
                self.open(reason(Purpose::Restart(step, told)));
                Vec::new()
            }
            Some(Allowed::Run(step)) => self.open_command(step),
            _ => {
                if self.state.current.is_none()
                    && let Some(step) = self.to_verify()
                {
                    return self.open_release(step);
                }
                if self.view.allowed.contains(&Allowed::Close) {
                    self.open(Dialog::Ask(Ask::Close));
                } else if !self.state.is_running() && (self.state.current.is_some() || self.view.stalled.is_some()) {
                    self.open(Dialog::Why(0));
                } else {
                    self.burst.lose();
                }
                Vec::new()
            }
        }
    }

    /// Does what looks only: for a run that is replayed.
    pub(in crate::tui::screen) fn look(&mut self, action: Action, now: Instants) -> Vec<Effect> {
        self.derive(now);
        self.on_action(action)
    }

    fn on_action(&mut self, action: Action) -> Vec<Effect> {
        if self.is_elsewhere(action) {
            self.notice = Some(FIRST_BACK.into());
            return Vec::new();
        }
        match action {
            Action::Why => self.open(Dialog::Why(0)),
            Action::Overview => self.open_overview(),
            Action::Unfold => self.unfold(),
            Action::Alarms => self.open_alarms(),
            Action::Seen => self.see_alarms(),
            Action::Console => return self.open_console(),
            Action::Hint => return self.take_hint(),
            Action::Return => self.look_at(None),
            Action::Zoom => self.zoom(),
            Action::Narrower | Action::Wider | Action::Lower | Action::Higher | Action::EvenSizes => {
                return self.resize_pane(action);
            }
            Action::Attach => self.open_attach(),
            Action::NextPane => self.focus = self.focus.next(self.has_output()),
            Action::PreviousPane => self.focus = self.focus.previous(self.has_output()),
            Action::Up | Action::Down | Action::PageUp | Action::PageDown | Action::First | Action::Last => {
                self.scroll_pane(self.focus, action);
            }
            Action::SenseNow => return vec![Effect::SenseNow],
            Action::Sign => return vec![Effect::FindKeys(self.folder.clone())],
            other => return self.on_offer(other),
        }
        // Another step, pane or item may have come into view.
        self.ask_for_output()
    }

    /// An action that the engine must allow.
    fn on_offer(&mut self, action: Action) -> Vec<Effect> {
        let offered = self.offered(action).cloned();
        let is_way_out = matches!(offered, Some(Allowed::Cancel(_) | Allowed::Leave));
        let Some(offered) = offered.filter(|_| self.pending.is_none() || is_way_out) else {
            self.notice = self.not_offered(action);
            return Vec::new();
        };
        let dialog = match offered {
            Allowed::Skip(step) => reason(Purpose::Skip(step)),
            Allowed::Defer(step) => reason(self.put_off(step)),
            Allowed::Override(first) => reason(Purpose::Override(self.to_waive().unwrap_or(first))),
            Allowed::Verify(first) => return self.open_release(self.to_verify().unwrap_or(first)),
            Allowed::Dispute(first) => return self.open_dispute(self.to_dispute().unwrap_or(first)),
            Allowed::CutWait(step) => reason(Purpose::CutWait(step)),
            Allowed::Acknowledge(condition) => {
                let known = self.state.conditions.get(&condition);
                let why = known.map(|known| known.why.as_str()).filter(|why| !why.is_empty());
                let told = format!(
                    "{} {}{}",
                    tell::condition(&self.runbook, &condition),
                    tell::tri(self.state.truth(&condition)),
                    why.map(|why| format!(": {why}")).unwrap_or_default()
                );
                reason(Purpose::Acknowledge(condition, told))
            }
            Allowed::RollBack(plan) => {
                let told = self.meaning_of_way_back(&plan);
                reason(Purpose::RollBack(plan, told))
            }
            Allowed::Abandon => reason(Purpose::Abandon),
            Allowed::Note => Dialog::Note(Note { step: self.shown_step(), field: Field::new(Lines::Several) }),
            Allowed::Close => Dialog::Ask(Ask::Close),
            Allowed::Leave => Dialog::Ask(Ask::Leave),
            Allowed::Cancel(job) => Dialog::Ask(Ask::Cancel(job, tell::cancelling(&self.state))),
            Allowed::Retry(step) => return self.propose(Proposal::Retry { step }),
            Allowed::Renew(step) => return self.propose(Proposal::Renew { step }),
            Allowed::TakeUp(step) => return self.propose(Proposal::TakeUp { step }),
            Allowed::ReadCautions(_)
            | Allowed::Confirm(_)
            | Allowed::Answer(_)
            | Allowed::Choose(_)
            | Allowed::Release(_)
            | Allowed::Restart(_)
            | Allowed::Run(_) => return Vec::new(),
        };
        self.open(dialog);
        Vec::new()
    }
}

/// The dialog that asks for a reason.
fn reason(purpose: Purpose) -> Dialog {
    Dialog::Reason(Reason { purpose, field: Field::new(Lines::Several) })
}

fn scroll_card(card: &mut Card, action: Action) {
    card.scroll = action.scrolled(card.scroll, 10).min(200);
}
