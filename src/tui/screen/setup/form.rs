//! The form: one field per input, looked at as it is typed. What must be asked comes first; what has a value already can be
//! changed below.

use crossterm::event::{KeyCode, KeyEvent};
use ratatui::layout::Rect;

use crate::runbook::InputKind;
use crate::runbook::takes::NODES_HINT;
use crate::tui::attach::complete;
use crate::tui::dialog::Field;
use crate::tui::keymap::Action;
use crate::tui::message::Effect;
use crate::tui::wanted::{Question, Questions};
use crate::tui::wrap::width;

/// Inputs as they stand.
#[derive(Debug)]
pub struct Form {
    pub(super) fields: Vec<Field>,
    /// Which of them stay as they are given: a field cannot hold their text, it is too long or not one line.
    pub(super) kept: Vec<bool>,
    /// Which of them somebody went on from: what is missing or wrong there is told.
    left: Vec<bool>,
    /// The field under the cursor; one past the last goes on.
    pub(super) chosen: usize,
    /// Which of the earlier values stands in the field, counted from 1.
    earlier: usize,
    /// Whether something was typed since the cursor came to the field.
    is_typed: bool,
}

/// How a field stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    /// Its value is taken.
    Fine,
    /// It has none, and needs one.
    Missing,
    /// Its value is not taken.
    Wrong,
}

/// What a key came to.
pub enum Passed {
    /// This is to be done.
    Effects(Vec<Effect>),
    /// Everything is there: go on.
    Start,
}

impl Form {
    /// A form with the values that are known.
    pub fn new(questions: &Questions) -> Self {
        let mut fields: Vec<Field> = questions.asked.iter().map(|question| Field::with(&question.default)).collect();
        let is_kept = |(question, field): (&Question, &mut Field)| {
            let is_kept = !question.given.is_empty() && field.text() != question.default;
            if is_kept {
                *field = Field::default();
            }
            is_kept
        };
        let kept = questions.asked.iter().zip(&mut fields).map(is_kept).collect();
        let is_all_settled = questions.asked.iter().all(|question| !question.given.is_empty());
        let left = vec![false; questions.asked.len()];
        let chosen = if is_all_settled { questions.asked.len() } else { 0 };
        Self { fields, kept, left, chosen, earlier: 0, is_typed: false }
    }

    /// What must be looked at first.
    pub fn checks(&self, questions: &Questions) -> Vec<Effect> {
        let asked = |index: &usize| questions.asked[*index].given.is_empty();
        (0..self.fields.len()).filter(asked).filter_map(|index| self.check(questions, index)).collect()
    }

    fn check(&self, questions: &Questions, index: usize) -> Option<Effect> {
        let question = questions.asked.get(index)?;
        Some(Effect::Check {
            runbook: questions.runbook.clone(),
            input: question.input.clone(),
            kind: question.kind.clone(),
            text: self.fields[index].text(),
        })
    }

    /// What was found out about the text of a field.
    pub fn checked(&mut self, questions: &Questions, input: &str, text: &str, problem: Option<String>) {
        let asked = questions.asked.iter();
        for (field, _) in self.fields.iter_mut().zip(asked).filter(|(_, question)| question.input == input) {
            if field.text() == text {
                field.problem.clone_from(&problem);
            }
        }
    }

    /// How that field stands.
    pub(super) fn standing(&self, questions: &Questions, index: usize) -> Standing {
        let (question, field) = (&questions.asked[index], &self.fields[index]);
        match field.text().trim().is_empty() {
            _ if self.kept[index] => Standing::Fine,
            true if question.is_optional => Standing::Fine,
            true => Standing::Missing,
            false if field.problem.is_some() => Standing::Wrong,
            false => Standing::Fine,
        }
    }

    /// Why the value of that field is not taken; of one that nobody has gone on from it is not told that it is missing.
    pub(super) fn why(&self, questions: &Questions, index: usize) -> Option<String> {
        match self.standing(questions, index) {
            Standing::Missing if !self.left[index] => None,
            Standing::Missing => {
                let is_nodes = matches!(questions.asked[index].kind, InputKind::Nodes(_));
                let hint = if is_nodes { format!("; {NODES_HINT}") } else { String::new() };
                Some(format!("a value is needed{hint}"))
            }
            Standing::Fine | Standing::Wrong => self.fields[index].problem.clone(),
        }
    }

    /// How many values are missing, and how many are not taken.
    pub(super) fn unfit(&self, questions: &Questions) -> (usize, usize) {
        let count = |wanted| (0..self.fields.len()).filter(|index| self.standing(questions, *index) == wanted).count();
        (count(Standing::Missing), count(Standing::Wrong))
    }

    /// Whether every value is taken.
    pub fn is_fit(&self, questions: &Questions) -> bool {
        self.unfit(questions) == (0, 0)
    }

    /// Whether a character goes into a field.
    pub fn is_typing(&self) -> bool {
        self.chosen < self.fields.len()
    }

    /// Whether there are earlier values for the field under the cursor.
    pub fn has_history(&self, questions: &Questions) -> bool {
        questions.asked.get(self.chosen).is_some_and(|question| !question.history.is_empty())
    }

    /// Whether there is a later one than the earlier value that stands there.
    pub fn is_in_history(&self) -> bool {
        self.earlier > 0
    }

    /// Whether the field under the cursor takes one of several options.
    pub fn has_options(&self, questions: &Questions) -> bool {
        questions.asked.get(self.chosen).is_some_and(|question| options(question).is_some())
    }

    /// The path that is being typed: it can be written out. What stands there since before is gone on from.
    pub fn typed_path(&self, questions: &Questions) -> Option<String> {
        let is_path = questions.asked.get(self.chosen).is_some_and(|question| question.kind == InputKind::Path);
        let text = self.fields.get(self.chosen).filter(|_| is_path && self.is_typed)?.text();
        (!text.trim().is_empty()).then_some(text)
    }

    /// Takes in which paths begin as it was typed. That none does is no fault: it may lie on another machine, or be made.
    pub fn completed(&mut self, questions: &Questions, typed: &str, found: &[String]) -> Vec<Effect> {
        let is_meant = self.typed_path(questions).as_deref() == Some(typed);
        let Some(field) = self.fields.get_mut(self.chosen).filter(|_| is_meant) else { return Vec::new() };
        let problem = field.problem.take();
        complete(field, typed, found);
        field.hint = field.problem.take().or_else(|| field.hint.take());
        if field.text() != typed {
            return self.check(questions, self.chosen).into_iter().collect();
        }
        field.problem = problem;
        if field.hint.is_none() {
            field.hint = Some("nothing is there to write out behind that: {act} goes on".into());
        }
        Vec::new()
    }

    /// The cursor goes to that field.
    fn go_to(&mut self, to: usize) {
        if let Some(left) = self.left.get_mut(self.chosen).filter(|_| to != self.chosen) {
            *left = true;
        }
        (self.chosen, self.earlier, self.is_typed) = (to, 0, false);
    }

    /// Does what a key asks for.
    pub fn on(&mut self, questions: &Questions, action: Option<Action>, key: KeyEvent) -> Passed {
        let below = (self.chosen + 1).min(self.fields.len());
        match action {
            Some(Action::Up) => self.go_to(self.chosen.saturating_sub(1)),
            Some(Action::Down) => self.go_to(below),
            Some(Action::Complete) => match self.typed_path(questions) {
                Some(path) => return Passed::Effects(vec![Effect::Complete(path)]),
                None => self.go_to(below),
            },
            Some(Action::Act) if self.is_typing() => self.go_to(self.next_asked(questions)),
            Some(Action::Act) => return self.start(questions),
            Some(Action::Earlier | Action::Later) => {
                return Passed::Effects(self.turn_history(questions, action == Some(Action::Earlier)));
            }
            _ => return Passed::Effects(self.type_key(questions, action, key)),
        }
        Passed::Effects(Vec::new())
    }

    /// Goes on when every value is taken, else to the first that is not.
    fn start(&mut self, questions: &Questions) -> Passed {
        let is_unfit = |index: &usize| self.standing(questions, *index) != Standing::Fine;
        let Some(first) = (0..self.fields.len()).find(is_unfit) else { return Passed::Start };
        self.left.fill(true);
        self.go_to(first);
        Passed::Effects(Vec::new())
    }

    /// The next field that must be asked; behind the last of them, the way on.
    fn next_asked(&self, questions: &Questions) -> usize {
        let is_asked = questions.asked.get(self.chosen).is_some_and(|question| question.given.is_empty());
        let next = self.chosen + 1;
        match questions.asked.get(next) {
            Some(question) if is_asked && !question.given.is_empty() => self.fields.len(),
            _ => next.min(self.fields.len()),
        }
    }

    fn turn_history(&mut self, questions: &Questions, is_earlier: bool) -> Vec<Effect> {
        let Some(question) = questions.asked.get(self.chosen) else { return Vec::new() };
        let last = question.history.len();
        self.earlier = if is_earlier { (self.earlier + 1).min(last) } else { self.earlier.saturating_sub(1) };
        let text = match self.earlier.checked_sub(1) {
            Some(at) => question.history.get(at),
            None => Some(&question.default),
        };
        let Some(text) = text.filter(|_| !self.is_kept()) else { return Vec::new() };
        self.fields[self.chosen] = Field::with(text);
        self.check(questions, self.chosen).into_iter().collect()
    }

    /// Whether what is under the cursor stays as it is given; a person who would change it is told so.
    fn is_kept(&mut self) -> bool {
        let is_kept = self.kept.get(self.chosen) == Some(&true);
        if is_kept {
            self.fields[self.chosen].problem = Some("it is too long to be changed here, or more than a line".into());
        }
        is_kept
    }

    fn type_key(&mut self, questions: &Questions, action: Option<Action>, key: KeyEvent) -> Vec<Effect> {
        let question = questions.asked.get(self.chosen);
        self.change(questions, |field| match (question.and_then(options), action, key.code) {
            (Some(options), Some(Action::Left), _) => *field = Field::with(turned(&options, &field.text(), false)),
            (Some(options), Some(Action::Right), _) | (Some(options), None, KeyCode::Char(' ')) => {
                *field = Field::with(turned(&options, &field.text(), true));
            }
            (_, Some(Action::Undo | Action::Redo), _) => field.undo(action == Some(Action::Undo)),
            _ => field.type_key(key),
        })
    }

    /// Takes a pasted text.
    pub fn paste(&mut self, questions: &Questions, text: &str) -> Vec<Effect> {
        self.change(questions, |field| {
            field.paste(text);
            // That is said of the paste, not of what stands there.
            field.hint = field.problem.take();
        })
    }

    /// Changes the text under the cursor; a key that leaves it as it is leaves what is told of it, too.
    fn change(&mut self, questions: &Questions, how: impl FnOnce(&mut Field)) -> Vec<Effect> {
        if self.is_kept() {
            return Vec::new();
        }
        let Some(field) = self.fields.get_mut(self.chosen) else { return Vec::new() };
        let (before, problem) = (field.text(), field.problem.clone());
        how(field);
        if field.text() == before {
            field.problem = problem;
            return Vec::new();
        }
        self.is_typed = true;
        self.check(questions, self.chosen).into_iter().collect()
    }

    /// What was typed: of what has a value already, only what was changed.
    pub fn answers(&self, questions: &Questions) -> Vec<(String, String)> {
        let all = questions.asked.iter().zip(&self.fields).zip(&self.kept);
        let typed = all.filter(|((question, field), is_kept)| {
            !**is_kept && (question.given.is_empty() || field.text() != question.default)
        });
        typed.map(|((question, field), _)| (question.input.clone(), field.text())).collect()
    }

    /// A click on that row: whether it is on the way on.
    pub fn click(&mut self, questions: &Questions, area: Rect, row: u16) -> bool {
        let places = self.layout(questions, area);
        let hit = places.iter().find(|(_, y, rows)| (*y..y + rows).contains(&row)).map(|(index, ..)| *index);
        let Some(index) = hit else { return false };
        self.go_to(index);
        index == self.fields.len()
    }
}

/// The values that left and right go through.
fn options(question: &Question) -> Option<Vec<String>> {
    match &question.kind {
        InputKind::Bool => Some(vec!["yes".into(), "no".into()]),
        InputKind::Choice(options) => Some(options.clone()),
        _ => None,
    }
}

fn turned<'a>(options: &'a [String], now: &str, is_forward: bool) -> &'a str {
    let count = options.len();
    let next = match options.iter().position(|option| option == now) {
        None => 0,
        Some(at) if is_forward => (at + 1) % count.max(1),
        Some(at) => (at + count.saturating_sub(1)) % count.max(1),
    };
    debug_assert!(options.iter().all(|option| width(option) < 1_000));
    options.get(next).map_or("", String::as_str)
}
