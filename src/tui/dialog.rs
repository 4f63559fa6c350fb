//! What lies over the run screen and asks for something. Dialogs start empty, so that no key by itself records anything.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use crate::engine::filled::Filled;
use crate::engine::{CommandLine, ConditionId, ItemCommand, JobId, Leaving, Proposal};
use crate::runbook::value::parse_value;
use crate::runbook::{InputKind, RollbackId, StepKey};
use crate::tui::attach::Attach;
use crate::tui::choice::Choice;
pub use crate::tui::field::{Field, Lines};
use crate::tui::keymap::Action;
use crate::tui::message::Effect;
use crate::tui::release::Release;

/// What lies over the run screen.
#[derive(Debug)]
pub enum Dialog {
    /// A statement of what was seen, or a value.
    State(Statement),
    /// A statement, value or decision that is one of some options.
    Choose(Choice),
    /// A hold point, before the person who releases it.
    Release(Box<Release>),
    /// A command that is about to run.
    Command(Box<CommandBox>),
    /// A reason for overruling the machine.
    Reason(Reason),
    /// A note.
    Note(Note),
    /// A file that is to be evidence.
    Attach(Box<Attach>),
    /// A question that wants a yes.
    Ask(Ask),
    /// Why the gate stands as it does; how far it is scrolled.
    Why(usize),
    /// What was signed and said of a run that is replayed; how far it is scrolled.
    Beside(usize),
    /// The run is closed.
    Outcome,
}

/// A statement of what was seen, or a value.
#[derive(Debug)]
pub struct Statement {
    /// The step that asks.
    pub step: StepKey,
    /// The question.
    pub prompt: String,
    /// The kind of value; `None` for a statement.
    pub kind: Option<InputKind>,
    /// What is typed.
    pub field: Field,
}

/// A command that is about to run.
#[derive(Debug)]
pub struct CommandBox {
    /// The step that it belongs to.
    pub step: StepKey,
    /// Exactly what runs: what was shown, whatever changes meanwhile.
    pub shown: Shown,
    /// Where values were filled in, command by command.
    pub filled: Vec<Filled>,
    /// Where it runs if it names no directory.
    pub directory: String,
    /// The name to be typed, for a critical step.
    pub target: Option<String>,
    /// What is typed.
    pub field: Field,
    /// How far it is scrolled.
    pub scroll: usize,
    /// How many lines are in view: a page is no more, so that none is passed over.
    pub rows: usize,
    /// Whether all of it has been on the screen.
    pub is_seen: bool,
}

/// What a command box is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shown {
    /// One command.
    One(CommandLine),
    /// A command for each item of a phase that takes them together.
    All(Vec<ItemCommand>),
}

/// What a reason is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Leave the step out.
    Skip(StepKey),
    /// Put the step off; with the title of the phase before which it comes back.
    Defer(StepKey, String),
    /// Declare the step done.
    Override(StepKey),
    /// End the wait.
    CutWait(StepKey),
    /// Go back to an earlier phase; with what that means.
    Restart(StepKey, Vec<String>),
    /// Go on although it does not hold; with what is shown of it.
    Acknowledge(ConditionId, String),
    /// Go back; with what that means.
    RollBack(RollbackId, Vec<String>),
    /// Give the run up.
    Abandon,
}

impl Purpose {
    /// The same without what it means, which changes with the run.
    pub fn bare(&self) -> Self {
        match self.clone() {
            Self::Defer(step, _) => Self::Defer(step, String::new()),
            Self::Restart(step, _) => Self::Restart(step, Vec::new()),
            Self::Acknowledge(condition, _) => Self::Acknowledge(condition, String::new()),
            Self::RollBack(plan, _) => Self::RollBack(plan, Vec::new()),
            purpose => purpose,
        }
    }
}

/// A reason for overruling the machine.
#[derive(Debug)]
pub struct Reason {
    /// What for.
    pub purpose: Purpose,
    /// What is typed.
    pub field: Field,
}

/// A note.
#[derive(Debug)]
pub struct Note {
    /// On which step; `None`: on the run.
    pub step: Option<StepKey>,
    /// What is typed.
    pub field: Field,
}

/// A question that wants a yes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ask {
    /// End the running command?
    Cancel(JobId, String),
    /// Leave the run as it stands?
    Leave,
    /// Close the run?
    Close,
}

impl Ask {
    /// Whether it is of no use when no command runs.
    pub fn is_about_job(&self) -> bool {
        matches!(self, Self::Cancel(..))
    }
}

/// What a key did to a dialog.
#[derive(Debug)]
pub enum Answer {
    /// It stays.
    Stay,
    /// It is closed without anything.
    Close,
    /// This is proposed; it stays until that is answered.
    Propose(Proposal),
    /// This is done, and it is closed.
    Do(Effect),
}

impl Dialog {
    /// The step it is about, when it is of no use once that step is not the current one.
    pub fn step(&self) -> Option<&StepKey> {
        match self {
            Self::State(statement) => Some(&statement.step),
            Self::Choose(choice) => Some(&choice.step),
            Self::Release(release) => Some(&release.step),
            Self::Command(command) => Some(&command.step),
            Self::Reason(reason) => match &reason.purpose {
                Purpose::Skip(step)
                | Purpose::Defer(step, _)
                | Purpose::Override(step)
                | Purpose::CutWait(step)
                | Purpose::Restart(step, _) => Some(step),
                _ => None,
            },
            Self::Note(_) | Self::Attach(_) | Self::Ask(_) | Self::Why(_) | Self::Beside(_) | Self::Outcome => None,
        }
    }

    /// Its text field.
    pub fn field(&mut self) -> Option<&mut Field> {
        match self {
            Self::State(statement) => Some(&mut statement.field),
            Self::Command(command) if command.target.is_some() => Some(&mut command.field),
            Self::Release(release) => Some(release.field_mut()),
            Self::Reason(reason) => Some(&mut reason.field),
            Self::Note(note) => Some(&mut note.field),
            Self::Attach(attach) => Some(&mut attach.field),
            _ => None,
        }
    }

    /// Whether a character goes into a text.
    pub fn is_typing(&self) -> bool {
        match self {
            Self::State(_) | Self::Release(_) | Self::Reason(_) | Self::Note(_) | Self::Attach(_) => true,
            Self::Command(command) => command.target.is_some(),
            _ => false,
        }
    }

    /// What it asked for was not taken; why.
    pub fn refuse(&mut self, why: &str) {
        if let Self::Choose(choice) = self {
            choice.problem = Some(why.to_owned());
        } else if let Self::Release(release) = self {
            release.refuse(why);
        } else if let Some(field) = self.field() {
            field.problem = Some(why.to_owned());
        }
    }

    /// Takes a key.
    pub fn on(&mut self, action: Option<Action>, key: KeyEvent) -> Answer {
        let is_plain = matches!(key.code, KeyCode::Char(_))
            && !key.modifiers.intersects(KeyModifiers::CONTROL | KeyModifiers::ALT);
        if self.is_typing() && is_plain {
            self.type_key(key);
            return Answer::Stay;
        }
        match action {
            Some(Action::Back) => match self {
                Self::Release(release) => release.back(),
                _ => Answer::Close,
            },
            Some(Action::Act) => self.act(),
            Some(action @ (Action::Undo | Action::Redo | Action::LineBreak)) => {
                self.change_text(action);
                Answer::Stay
            }
            Some(Action::Edit) => match self.edited_text() {
                Some(text) => Answer::Do(Effect::Edit(text)),
                None => Answer::Stay,
            },
            Some(Action::Keep) => {
                if let Self::Attach(attach) = self {
                    attach.is_kept = !attach.is_kept;
                }
                Answer::Stay
            }
            Some(Action::Complete) => match self.typed_path() {
                Some(path) => Answer::Do(Effect::Complete(path)),
                None => Answer::Stay,
            },
            // What a hold point needs for it is not known here.
            Some(Action::Sign) => Answer::Stay,
            Some(Action::Yes) => self.yes(),
            Some(action @ (Action::Up | Action::Down | Action::PageUp | Action::PageDown))
                if !matches!(self, Self::Note(_)) || key.code == KeyCode::Null =>
            {
                if !self.moves_in_text(action, key) {
                    self.scroll(action);
                }
                Answer::Stay
            }
            _ => {
                if let (Self::Choose(choice), KeyCode::Char(c)) = (&mut *self, key.code) {
                    choice.take_digit(c);
                }
                self.type_key(key);
                Answer::Stay
            }
        }
    }

    fn change_text(&mut self, action: Action) {
        let Some(field) = self.field() else { return };
        match action {
            Action::LineBreak => field.break_line(),
            _ => field.undo(action == Action::Undo),
        }
    }

    /// Moves the cursor in a text of several rows; whether it was that. The wheel scrolls only, but in a note, which has
    /// nothing above its text.
    fn moves_in_text(&mut self, action: Action, key: KeyEvent) -> bool {
        let code = match action {
            Action::Up => KeyCode::Up,
            Action::Down => KeyCode::Down,
            _ => return false,
        };
        let is_text = !matches!(self, Self::Release(release) if release.signing.is_some());
        let is_meant = key.code != KeyCode::Null || matches!(self, Self::Note(_));
        let field = self.field().filter(|field| is_text && is_meant && field.is_area());
        field.map(|field| field.type_key(code.into())).is_some()
    }

    /// The text that may be written in an editor: what was seen, a reason or a note.
    fn edited_text(&mut self) -> Option<String> {
        match self {
            Self::State(_) | Self::Reason(_) | Self::Note(_) => self.field().map(|field| field.text()),
            _ => None,
        }
    }

    /// The path that is being typed, where one is asked for.
    fn typed_path(&mut self) -> Option<String> {
        let is_path = match self {
            Self::State(statement) => statement.kind == Some(InputKind::Path),
            Self::Attach(_) => true,
            _ => false,
        };
        self.field().filter(|_| is_path).map(|field| field.text())
    }

    fn type_key(&mut self, key: KeyEvent) {
        if let Some(field) = self.field() {
            field.type_key(key);
        }
    }

    fn act(&mut self) -> Answer {
        match self {
            Self::State(statement) => statement.act(),
            Self::Choose(choice) => choice.act(),
            Self::Release(release) => release.act(),
            Self::Command(command) => command.act(),
            Self::Reason(reason) => reason.act(),
            Self::Note(note) => {
                let step = note.step.clone();
                note.field.take("the note is empty", |text| Proposal::Note { step, text })
            }
            Self::Attach(attach) => attach.act(),
            Self::Why(_) | Self::Beside(_) => Answer::Close,
            Self::Ask(_) => Answer::Stay,
            Self::Outcome => Answer::Do(Effect::Leave(Leaving::Left)),
        }
    }

    fn yes(&mut self) -> Answer {
        match self {
            Self::Ask(Ask::Cancel(job, _)) => Answer::Do(Effect::Cancel(*job)),
            Self::Ask(Ask::Leave) => Answer::Do(Effect::Leave(Leaving::Left)),
            Self::Ask(Ask::Close) => Answer::Propose(Proposal::Close),
            Self::Command(command) if command.target.is_none() => command.start(None),
            _ => Answer::Stay,
        }
    }

    fn scroll(&mut self, action: Action) {
        let by = if matches!(action, Action::PageUp | Action::PageDown) { 10 } else { 1 };
        let is_down = matches!(action, Action::Down | Action::PageDown);
        let moved = |from: usize| if is_down { from + by } else { from.saturating_sub(by) };
        match self {
            Self::Choose(choice) => choice.step_by(is_down),
            Self::Release(release) => {
                if let Some(signing) = &mut release.signing {
                    signing.scroll = moved(signing.scroll).min(500);
                }
            }
            Self::Command(command) => {
                let page = command.rows.clamp(1, by);
                command.scroll = if is_down { command.scroll + page } else { command.scroll.saturating_sub(page) };
            }
            Self::Why(scroll) | Self::Beside(scroll) => *scroll = moved(*scroll),
            _ => {}
        }
    }
}

impl Statement {
    fn act(&mut self) -> Answer {
        let step = self.step.clone();
        let Some(kind) = self.kind.clone() else {
            return self.field.take("state what was seen", |said| Proposal::Confirm { step, said });
        };
        let text = self.field.text().trim().to_owned();
        if text.is_empty() {
            return self.field.refuse("a value is needed");
        }
        let value = match parse_value(&kind, &text) {
            Ok(value) => value,
            Err(why) => return self.field.refuse(&why),
        };
        if kind == InputKind::Path {
            return Answer::Do(Effect::AnswerFile { step, value });
        }
        Answer::Propose(Proposal::Answer { step, value, file: None })
    }
}

impl CommandBox {
    fn act(&mut self) -> Answer {
        let Some(target) = self.target.clone() else { return Answer::Stay };
        let typed = self.field.text().trim().to_owned();
        if typed != target {
            if typed.is_empty() {
                return self.field.refuse("type the target's name");
            }
            // The next try begins anew, not behind what was wrong.
            self.field = Field::default();
            return self.field.refuse(&format!("that is not the target's name: {typed}"));
        }
        self.start(Some(typed))
    }

    fn start(&mut self, typed: Option<String>) -> Answer {
        if !self.is_seen {
            return self.field.refuse("scroll down first: not all of the command has been on the screen");
        }
        let step = self.step.clone();
        Answer::Propose(match self.shown.clone() {
            Shown::One(shown) => Proposal::Run { step, shown, typed },
            Shown::All(shown) => Proposal::RunAll { step, shown, typed },
        })
    }
}

impl Reason {
    fn act(&mut self) -> Answer {
        let purpose = self.purpose.clone();
        self.field.take("a reason is needed", |reason| match purpose {
            Purpose::Skip(step) => Proposal::Skip { step, reason },
            Purpose::Defer(step, _) => Proposal::Defer { step, reason },
            Purpose::Override(step) => Proposal::Override { step, reason },
            Purpose::CutWait(step) => Proposal::CutWait { step, reason },
            Purpose::Restart(step, _) => Proposal::Restart { step, reason },
            Purpose::Acknowledge(condition, _) => Proposal::Acknowledge { condition, reason },
            Purpose::RollBack(plan, _) => Proposal::RollBack { plan, reason },
            Purpose::Abandon => Proposal::Abandon { reason },
        })
    }
}
