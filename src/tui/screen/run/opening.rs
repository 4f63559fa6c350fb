//! What opens over the run screen for what a step asks for.

use crossterm::event::{KeyCode, KeyEvent};

use crate::engine::filled::{Filled, filled_of};
use crate::engine::scope::{command_of, target_of};
use crate::engine::{Allowed, commands_of, is_together};
use crate::runbook::{Action as StepAction, InputKind, StepKey, Verify};
use crate::tui::attach::{Attach, complete};
use crate::tui::choice::{Choice, Gives, Pick};
use crate::tui::dialog::{CommandBox, Dialog, Field, Lines, Note, Purpose, Shown, Statement};
use crate::tui::keymap::Action;
use crate::tui::message::{Effect, Instants};
use crate::tui::release::Release;
use crate::tui::screen::run::Run;
use crate::tui::screen::run::layout::Pane;
use crate::tui::screen::run::naming::phase_named;
use crate::tui::screen::run::reading::Reading;

impl Run {
    /// What putting off comes to: before which phase the step comes back.
    pub(super) fn put_off(&self, step: StepKey) -> Purpose {
        let until = self.runbook.step(&step.phase, &step.step).and_then(|planned| planned.defer.as_ref());
        let until = until.map(|phase| phase_named(&self.runbook, &self.state, phase)).unwrap_or_default();
        Purpose::Defer(step, until)
    }

    pub(super) fn open(&mut self, mut dialog: Dialog) {
        self.take_up_draft(&mut dialog);
        self.dialog = Some(dialog);
        self.is_unseen = true;
        self.asking = None;
        self.reading = Reading::default();
        self.note_opened();
        self.read_dialog();
    }

    /// What was written in an editor comes into the text that it was written for; what has lost that becomes a note that
    /// can still be thrown away.
    pub fn edited(&mut self, written: Result<String, String>) {
        let is_free = self.dialog.is_none();
        match (written, self.dialog.as_mut().and_then(Dialog::field)) {
            (Ok(text), Some(field)) => {
                let is_emptied = text.is_empty() && !field.text().is_empty();
                field.replace(&text);
                field.problem = is_emptied.then(|| "the editor left nothing: {undo} brings back what was there".into());
            }
            (Ok(text), None) if is_free => {
                let mut field = Field::new(Lines::Several);
                field.paste(&text);
                self.open(Dialog::Note(Note { step: self.shown_step(), field }));
                self.notice = Some("what it was written for is over: it can be kept as a note".into());
            }
            (Ok(text), None) => {
                self.keep_as_note(text);
                self.notice = Some("what it was written for is over: it is in your next note here, {note}".into());
            }
            (Err(why), Some(field)) => field.problem = Some(why),
            (Err(why), None) => self.notice = Some(why),
        }
    }

    /// A file is attached whenever a note may be written.
    pub(super) fn open_attach(&mut self) {
        if self.pending.is_some() || !self.view.allowed.contains(&Allowed::Note) {
            self.notice = self.not_offered(Action::Attach);
            return;
        }
        self.open(Dialog::Attach(Box::new(Attach::new(self.shown_step()))));
    }

    /// Which paths begin as it was typed is known.
    pub fn completed(&mut self, typed: &str, found: &[String]) {
        if let Some(field) = self.dialog.as_mut().and_then(Dialog::field) {
            complete(field, typed, found);
        }
    }

    pub(super) fn open_statement(&mut self, step: StepKey) -> Vec<Effect> {
        let page = &self.view.page;
        let prompt = match page.actor.as_str() {
            "" => page.prompt.clone(),
            actor => format!("{} (done by {actor})", page.prompt),
        };
        let (options, gives) = match self.runbook.step(&step.phase, &step.step).map(|planned| &planned.action) {
            Some(StepAction::Confirm { options, .. }) => (options.clone(), Gives::Statement),
            Some(StepAction::Ask { kind: InputKind::Bool, .. }) => {
                (vec!["yes".into(), "no".into()], Gives::Value(InputKind::Bool))
            }
            Some(StepAction::Ask { kind: kind @ InputKind::Choice(options), .. }) => {
                (options.clone(), Gives::Value(kind.clone()))
            }
            Some(StepAction::Ask { kind, .. }) => (Vec::new(), Gives::Value(kind.clone())),
            _ => (Vec::new(), Gives::Statement),
        };
        let dialog = if options.is_empty() {
            let kind = if let Gives::Value(kind) = gives { Some(kind) } else { None };
            let lines = match &kind {
                None => Lines::Several,
                Some(InputKind::Text) => Lines::Wrapped,
                Some(_) => Lines::One,
            };
            Dialog::State(Statement { step, prompt, kind, field: Field::new(lines) })
        } else {
            Dialog::Choose(Choice::new(step, prompt, options.into_iter().map(Pick::plain).collect(), gives))
        };
        self.open(dialog);
        Vec::new()
    }

    /// The number of an answer that stands in the step's pane opens the question with that one chosen; nothing is
    /// recorded by it.
    pub(super) fn open_at_number(&mut self, key: KeyEvent, is_armed: bool) -> Vec<Effect> {
        let KeyCode::Char(c @ '1'..='9') = key.code else { return Vec::new() };
        if !key.modifiers.is_empty() || !self.asks_by_number() {
            return Vec::new();
        }
        let effects = self.act(is_armed);
        if let Some(Dialog::Choose(choice)) = &mut self.dialog {
            choice.take_digit(c);
        }
        effects
    }

    /// The same by a click on that answer; where nothing is asked the pane gets the keys, as by a click beside it.
    pub fn open_at_answer(&mut self, at: usize, now: Instants) -> Vec<Effect> {
        self.derive(now);
        self.focus = Pane::Step;
        if !self.asks_by_number() {
            return self.ask_for_output();
        }
        self.notice = None;
        let effects = self.act(self.is_armed(now));
        if let Some(Dialog::Choose(choice)) = &mut self.dialog {
            choice.choose(at);
        }
        effects
    }

    /// Whether the step that is looked at asks for one of the answers that stand in its pane.
    fn asks_by_number(&self) -> bool {
        let is_numbered = !self.view.page.options.is_empty() || !self.view.page.ways.is_empty();
        let asks =
            matches!(self.offered(Action::Act), Some(Allowed::Confirm(_) | Allowed::Answer(_) | Allowed::Choose(_)));
        is_numbered && asks && self.is_at_current()
    }

    pub(super) fn open_choice(&mut self, step: StepKey) -> Vec<Effect> {
        let page = &self.view.page;
        let ways = page.ways.iter().cloned().map(|(title, value)| Pick { value, title }).collect();
        let choice = Choice::new(step, page.title.clone(), ways, Gives::Decision);
        self.open(Dialog::Choose(choice));
        Vec::new()
    }

    pub(super) fn open_release(&mut self, step: StepKey) -> Vec<Effect> {
        let planned = self.runbook.step(&step.phase, &step.step);
        let (who, verify) = match planned.map(|planned| (&planned.action, planned.verify)) {
            Some((StepAction::Release { who }, _)) => (who.clone(), None),
            Some((_, Some(Verify::Peer))) => {
                ("confirmed by a second person at the same moment".into(), Some(Verify::Peer))
            }
            _ => ("verified by another person, who looks anew".into(), Some(Verify::Independent)),
        };
        // Who verifies it sees the step, wherever the run stands.
        let is_shown_for_it = verify.is_some() && self.shown_step().as_ref() != Some(&step);
        if is_shown_for_it {
            self.look_at(Some(step.clone()));
        }
        self.open(Dialog::Release(Box::new(Release { verify, is_shown_for_it, ..Release::new(step, who) })));
        Vec::new()
    }

    /// A second person sees something else.
    pub(super) fn open_dispute(&mut self, step: StepKey) -> Vec<Effect> {
        let opened = self.open_release(step);
        if let Some(Dialog::Release(release)) = &mut self.dialog {
            release.who = "somebody else looks, and sees something else".into();
            release.is_dispute = true;
        }
        opened
    }

    /// A dialog is closed: what the page showed for it alone is shown no more.
    pub(super) fn closed(&mut self, dialog: Option<Dialog>) {
        if matches!(dialog, Some(Dialog::Release(release)) if release.is_shown_for_it) {
            self.look_at(None);
        }
    }

    /// The step that is looked at, if somebody is to verify it, else the first of them.
    pub(super) fn to_verify(&self) -> Option<StepKey> {
        self.second_looks_at(|allowed| if let Allowed::Verify(key) = allowed { Some(key) } else { None })
    }

    /// The same of those of which somebody may see something else.
    pub(super) fn to_dispute(&self) -> Option<StepKey> {
        self.second_looks_at(|allowed| if let Allowed::Dispute(key) = allowed { Some(key) } else { None })
    }

    /// The same of those that nobody comes to verify.
    pub(super) fn to_waive(&self) -> Option<StepKey> {
        self.second_looks_at(|allowed| if let Allowed::Override(key) = allowed { Some(key) } else { None })
    }

    fn second_looks_at(&self, of: impl Fn(&Allowed) -> Option<&StepKey>) -> Option<StepKey> {
        let shown = self.shown_step();
        let all = || self.view.allowed.iter().filter_map(&of);
        all().find(|key| Some(*key) == shown.as_ref()).or_else(|| all().next()).cloned()
    }

    /// Where values were filled in, command by command.
    fn filled(&self, step: &StepKey, shown: &Shown) -> Vec<Filled> {
        let moment = &self.view.moment;
        let of =
            |item, command| filled_of(&self.runbook, (&self.state, &moment.board), step, (item, command), moment.at);
        match shown {
            Shown::One(command) => vec![of(None, command)],
            Shown::All(all) => all.iter().map(|one| of(Some(&one.item), &one.command)).collect(),
        }
    }

    pub(super) fn open_command(&mut self, step: StepKey) -> Vec<Effect> {
        let moment = &self.view.moment;
        let (book, state, board, at) = (&*self.runbook, &self.state, &moment.board, moment.at);
        let shown = if is_together(book, &step) {
            commands_of(book, state, board, &step, at, usize::MAX).map(|shown| shown.map(Shown::All))
        } else {
            command_of(book, state, board, &step, at).map(|shown| shown.map(Shown::One))
        };
        let shown = match shown {
            Ok(Some(shown)) => shown,
            Ok(None) => return Vec::new(),
            Err(why) => {
                self.notice = Some(format!("what would run cannot be told: {why}"));
                return Vec::new();
            }
        };
        let is_critical = self.runbook.step(&step.phase, &step.step).is_some_and(|planned| planned.critical);
        let target = is_critical.then(|| target_of(&self.runbook, &self.state, &step));
        let filled = self.filled(&step, &shown);
        let field = Field::default();
        let directory = self.directory.clone();
        let command = CommandBox { step, shown, filled, directory, target, field, scroll: 0, rows: 1, is_seen: false };
        self.open(Dialog::Command(Box::new(command)));
        self.look_at_dialog();
        if is_critical { vec![Effect::SenseNow] } else { Vec::new() }
    }
}
