//! Where the set-up stands, and what keys and the mouse do to it.

use crossterm::event::{KeyEvent, MouseButton, MouseEvent, MouseEventKind};
use ratatui::layout::Rect;

use crate::session::preflight::{self, Mark, Preflight};
use crate::tui::dialog::Field;
use crate::tui::keymap::{Action, Context, Keymap};
use crate::tui::message::Effect;
use crate::tui::screen::setup::before::Before;
use crate::tui::screen::setup::form::{Form, Passed};
use crate::tui::screen::setup::sites::Sites;
use crate::tui::theme::Look;
use crate::tui::wanted::{Questions, Wanted};
use crate::tui::widget::keybar::{Offer, body, key_at};
use crate::tui::widget::paint::Edge;

/// The state of the set-up screen.
#[derive(Debug)]
pub struct SetUp {
    pub(super) questions: Questions,
    pub(super) stage: Stage,
    pub(super) sites: Sites,
    /// How far what is told of the site under the cursor is scrolled.
    pub(super) told_from: usize,
    pub(super) form: Form,
    pub(super) before: Before,
    /// What is typed to start it.
    pub(super) typed: Field,
    pub(super) busy: Option<String>,
    /// Which look is on its way, of how many.
    pub(super) looking: Option<u32>,
    looks: u32,
    pub(super) problem: Option<String>,
}

/// What is being done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    /// A site is chosen.
    Site,
    /// Inputs are given.
    Form,
    /// What must be looked at before is shown.
    Before,
    /// The name of the environment is typed.
    Confirm,
}

impl SetUp {
    /// A set-up of these questions, and what must be done first.
    pub fn new(questions: Questions) -> (Self, Vec<Effect>) {
        let form = Form::new(&questions);
        let stage = if questions.sites.is_empty() { Stage::Form } else { Stage::Site };
        let mut set_up = Self {
            stage,
            sites: Sites::new(&questions),
            told_from: 0,
            form,
            before: Before::default(),
            typed: Field::default(),
            busy: None,
            looking: None,
            looks: 0,
            problem: None,
            questions,
        };
        let effects =
            if set_up.questions.is_ready { set_up.look(false) } else { set_up.form.checks(&set_up.questions) };
        (set_up, effects)
    }

    /// The questions with the site that was chosen: the sites stay to be chosen from.
    pub fn with_site(&mut self, questions: Questions) -> Vec<Effect> {
        self.busy = None;
        let sites = std::mem::take(&mut self.questions.sites);
        self.questions = Questions { sites, ..questions };
        (self.form, self.stage) = (Form::new(&self.questions), Stage::Form);
        self.form.checks(&self.questions)
    }

    /// What was found out about the text of a field.
    pub fn checked(&mut self, input: &str, text: &str, problem: Option<String>) {
        self.form.checked(&self.questions, input, text, problem);
    }

    /// Which paths begin as it was typed is known.
    pub fn completed(&mut self, typed: &str, found: &[String]) -> Vec<Effect> {
        if self.stage == Stage::Form { self.form.completed(&self.questions, typed, found) } else { Vec::new() }
    }

    /// The run could not be opened, or the site does not fit; why.
    pub fn refuse(&mut self, why: String) {
        if self.stage == Stage::Confirm {
            self.stage = Stage::Before;
        }
        self.busy = None;
        self.problem = Some(why);
    }

    /// Takes in what that look found.
    pub fn found(&mut self, number: u32, found: Result<Preflight, String>) {
        if self.looking != Some(number) {
            return;
        }
        (self.busy, self.looking) = (None, None);
        match found {
            Ok(found) => self.before.take(found),
            Err(why) => {
                self.stage = Stage::Form;
                self.problem = Some(why);
            }
        }
    }

    /// Where a key is looked up.
    pub fn contexts(&self) -> Vec<Context> {
        vec![match self.stage {
            Stage::Site => Context::Sites,
            Stage::Form => Context::SetUp,
            Stage::Before => Context::Before,
            Stage::Confirm => Context::Confirm,
        }]
    }

    /// Whether a character goes into a field.
    pub fn is_typing(&self) -> bool {
        match self.stage {
            Stage::Form => self.form.is_typing(),
            Stage::Confirm => true,
            Stage::Site | Stage::Before => false,
        }
    }

    /// Does what a key asks for.
    pub fn on(&mut self, action: Option<Action>, key: KeyEvent, size: (u16, u16)) -> Vec<Effect> {
        if action == Some(Action::Leave) {
            return vec![Effect::Quit];
        }
        if self.looking.is_some() && action == Some(Action::Back) {
            // Somebody who does not answer holds nobody up.
            (self.busy, self.looking, self.stage) = (None, None, Stage::Form);
            return Vec::new();
        }
        if self.busy.is_some() {
            return Vec::new();
        }
        match (self.stage, action) {
            (Stage::Site, Some(action)) => self.on_sites(action, size),
            (Stage::Site, None) => Vec::new(),
            (Stage::Form, action) => self.on_form(action, key),
            (Stage::Before, Some(action)) => self.on_before(action, size),
            (Stage::Before, None) => Vec::new(),
            (Stage::Confirm, Some(Action::Back)) => {
                self.stage = Stage::Before;
                Vec::new()
            }
            (Stage::Confirm, Some(Action::Act)) => self.begin(),
            (Stage::Confirm, _) => {
                self.typed.type_key(key);
                Vec::new()
            }
        }
    }

    fn on_sites(&mut self, action: Action, size: (u16, u16)) -> Vec<Effect> {
        self.problem = None;
        let from = std::mem::take(&mut self.told_from);
        match action {
            Action::PageUp | Action::PageDown => {
                let (most, page) = self.sites.scrolls(&self.questions, Self::inside(size, None), &Look::plain());
                self.told_from = action.scrolled(from, page).min(most);
            }
            Action::First => self.sites.turn(isize::MIN, &self.questions),
            Action::Last => self.sites.turn(isize::MAX, &self.questions),
            Action::Up => self.sites.turn(-1, &self.questions),
            Action::Down => self.sites.turn(1, &self.questions),
            Action::Back => return vec![Effect::ReadLibrary],
            Action::Act => match self.sites.taken(&self.questions) {
                Ok(site) => {
                    self.busy = Some("reading the site".into());
                    return vec![Effect::SetUpAt { runbook: self.questions.runbook.clone(), site }];
                }
                Err(why) => self.problem = Some(why),
            },
            _ => {}
        }
        Vec::new()
    }

    fn on_form(&mut self, action: Option<Action>, key: KeyEvent) -> Vec<Effect> {
        self.problem = None;
        if action == Some(Action::Back) {
            if self.questions.sites.is_empty() {
                return vec![Effect::ReadLibrary];
            }
            self.stage = Stage::Site;
            return Vec::new();
        }
        match self.form.on(&self.questions, action, key) {
            Passed::Effects(effects) => effects,
            Passed::Start => self.look(false),
        }
    }

    fn on_before(&mut self, action: Action, size: (u16, u16)) -> Vec<Effect> {
        self.problem = None;
        let (cells, height) = Self::room(size);
        let Some(found) = &self.before.found else { return Vec::new() };
        let (is_stopped, has_looks) = (found.is_stopped(), found.of(Mark::Look).next().is_some());
        match action {
            Action::Back => self.stage = Stage::Form,
            Action::Yes if !found.is_asked && !self.before.is_seen(&self.questions, cells, height) => {
                self.problem = Some("the list goes on below: look at all of it first".into());
            }
            Action::Yes if !found.is_asked => return self.look(true),
            Action::SenseNow => return self.look(found.is_asked && found.has_unasked()),
            Action::Act | Action::Acknowledge if is_stopped => {
                self.problem = Some("the run cannot start as long as something stands at stop".into());
            }
            Action::Act | Action::Acknowledge if !found.is_asked => {
                self.problem =
                    Some("what is listed above is done without a question each time: {yes} takes that on".into());
            }
            Action::Act if has_looks => {
                self.problem =
                    Some("something is to be looked at: {acknowledge} goes on all the same, and is recorded".into());
            }
            Action::Act | Action::Acknowledge => (self.stage, self.typed) = (Stage::Confirm, Field::default()),
            _ => self.before.scroll(action, &self.questions, cells, height),
        }
        Vec::new()
    }

    /// The run that is to be opened, as far as it is known.
    fn wanted(&self) -> Wanted {
        Wanted::Live {
            runbook: self.questions.runbook.clone(),
            site: self.questions.site_file.clone(),
            answers: self.form.answers(&self.questions),
            notes: self.before.found.as_ref().and_then(Preflight::note).into_iter().collect(),
        }
    }

    fn look(&mut self, is_accepted: bool) -> Vec<Effect> {
        self.stage = Stage::Before;
        if !is_accepted {
            self.before = Before::default();
        }
        self.looks += 1;
        self.looking = Some(self.looks);
        self.busy = Some("looking at what there is before the start".into());
        vec![Effect::Preflight { number: self.looks, wanted: self.wanted(), is_accepted }]
    }

    fn begin(&mut self) -> Vec<Effect> {
        if let Err(why) = preflight::confirm(self.questions.site.as_ref(), &self.typed.text()) {
            // The next try begins anew, not behind what was wrong.
            self.typed = Field::default();
            self.typed.problem = Some(why);
            return Vec::new();
        }
        self.busy = Some("opening the run".into());
        vec![Effect::Begin(self.wanted())]
    }

    /// Takes a pasted text.
    pub fn paste(&mut self, text: &str) -> Vec<Effect> {
        match self.stage {
            _ if self.busy.is_some() => Vec::new(),
            Stage::Form => self.form.paste(&self.questions, text),
            Stage::Confirm => {
                self.typed.paste(text);
                Vec::new()
            }
            Stage::Site | Stage::Before => Vec::new(),
        }
    }

    /// Takes what the mouse did: a click chooses, one on a key is that key.
    pub fn on_mouse(&mut self, mouse: MouseEvent, size: (u16, u16), keymap: &Keymap) -> Vec<Effect> {
        let key = KeyEvent::from(crossterm::event::KeyCode::Null);
        let inside = Self::inside(size, self.problem(keymap).as_deref());
        let is_at_told = self.stage == Stage::Site && Sites::is_told_at(&self.questions, inside, mouse.row);
        match mouse.kind {
            MouseEventKind::ScrollDown | MouseEventKind::ScrollUp if is_at_told => {
                let is_down = mouse.kind == MouseEventKind::ScrollDown;
                self.on(Some(if is_down { Action::PageDown } else { Action::PageUp }), key, size)
            }
            MouseEventKind::ScrollDown => self.on(Some(Action::Down), key, size),
            MouseEventKind::ScrollUp => self.on(Some(Action::Up), key, size),
            MouseEventKind::Down(MouseButton::Left) if mouse.row + 1 == size.1 => {
                let action = key_at(keymap, &self.offers(), mouse.column);
                action.map(|action| self.on(Some(action), key, size)).unwrap_or_default()
            }
            // Whoever reads on there is not taken back to its beginning.
            MouseEventKind::Down(MouseButton::Left) if is_at_told => Vec::new(),
            MouseEventKind::Down(MouseButton::Left) if self.busy.is_none() && inside.bottom() > mouse.row => {
                (self.problem, self.told_from) = (None, 0);
                let is_again = match self.stage {
                    Stage::Site => self.sites.click(&self.questions, inside, mouse.row),
                    Stage::Form => self.form.click(&self.questions, inside, mouse.row),
                    Stage::Before | Stage::Confirm => false,
                };
                if is_again { self.on(Some(Action::Act), key, size) } else { Vec::new() }
            }
            _ => Vec::new(),
        }
    }

    /// The keys that are offered.
    pub(super) fn offers(&self) -> Vec<Offer> {
        let leave = (Action::Leave, Context::Everywhere, "leave");
        match self.stage {
            Stage::Site => vec![
                self.sites.offer(&self.questions),
                (Action::Back, Context::Sites, "library"),
                (Action::Help, Context::Everywhere, "help"),
                leave,
            ],
            Stage::Form => {
                let back = if self.questions.sites.is_empty() { "library" } else { "sites" };
                let word = match self.form.is_typing() {
                    true => "next",
                    false if self.form.is_fit(&self.questions) => "look before the start",
                    false => "to the first of them",
                };
                let mut keys = vec![(Action::Act, Context::SetUp, word)];
                keys.extend(self.field_offers());
                let help = (Action::Help, Context::Everywhere, "help");
                keys.extend([(Action::Back, Context::SetUp, back), help, leave]);
                keys
            }
            Stage::Before => {
                let next = match &self.before.found {
                    None => None,
                    Some(found) if found.is_stopped() => None,
                    Some(found) if !found.is_asked => Some((Action::Yes, Context::Before, "allow these")),
                    Some(found) if found.of(Mark::Look).next().is_some() => {
                        Some((Action::Acknowledge, Context::Before, "go on all the same"))
                    }
                    Some(_) => Some((Action::Act, Context::Before, "go on")),
                };
                let rest = [
                    (Action::SenseNow, Context::Before, "look again"),
                    (Action::Down, Context::Before, "scroll"),
                    (Action::Back, Context::Before, "inputs"),
                    leave,
                ];
                next.into_iter().chain(rest).collect()
            }
            Stage::Confirm => {
                let help = (Action::Help, Context::Everywhere, "help");
                vec![(Action::Act, Context::Confirm, "start"), (Action::Back, Context::Confirm, "back"), help, leave]
            }
        }
    }

    /// The keys of the field under the cursor.
    fn field_offers(&self) -> Vec<Offer> {
        let (form, questions) = (&self.form, &self.questions);
        let mut keys = Vec::new();
        match () {
            () if !form.is_typing() && questions.asked.is_empty() => {}
            () if !form.is_typing() => keys.push((Action::Up, Context::SetUp, "above")),
            () if form.typed_path(questions).is_some() => keys.push((Action::Complete, Context::SetUp, "complete")),
            () => keys.push((Action::Complete, Context::SetUp, "below")),
        }
        if form.has_options(questions) {
            keys.push((Action::Right, Context::SetUp, "other option"));
        }
        if form.has_history(questions) {
            keys.push((Action::Earlier, Context::SetUp, "earlier"));
        }
        if form.is_in_history() {
            keys.push((Action::Later, Context::SetUp, "later"));
        }
        keys
    }

    /// What went wrong, with the keys that it names.
    pub(super) fn problem(&self, keymap: &Keymap) -> Option<String> {
        self.problem.as_deref().map(|problem| keymap.told(problem, Context::Before))
    }

    /// What is inside of the pane, above what is told of what went wrong.
    pub(super) fn inside((columns, rows): (u16, u16), problem: Option<&str>) -> Rect {
        Edge::of(columns).text(body(Rect::new(0, 0, columns, rows), problem))
    }

    /// Columns and rows of what is inside of the pane.
    fn room(size: (u16, u16)) -> (usize, usize) {
        // With the key that is taken, what went wrong is told no more.
        let inside = Self::inside(size, None);
        (usize::from(inside.width), usize::from(inside.height))
    }
}
