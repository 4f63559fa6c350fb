//! The form: one field per input, looked at as it is typed. What must be asked comes first; what has a value already can be
//! changed below.

use crossterm::event::{KeyCode, KeyEvent};
use ratatui::layout::Rect;

use crate::runbook::InputKind;
use crate::text::clean_line;
use crate::tui::dialog::Field;
use crate::tui::keymap::Action;
use crate::tui::message::Effect;
use crate::tui::theme::Meaning;
use crate::tui::wanted::{Question, Questions};
use crate::tui::widget::dialog::draw_field;
use crate::tui::widget::paint::{Paint, Strip};
use crate::tui::widget::step::wrapped;
use crate::tui::wrap::{cut, width};

/// How many lines the prompt of the question under the cursor may take, and why its value is not taken.
const MOST_PROMPT_LINES: usize = 4;

/// Inputs as they stand.
#[derive(Debug)]
pub struct Form {
    fields: Vec<Field>,
    /// Which of them stay as they are given: a field cannot hold their text, it is too long or not one line.
    kept: Vec<bool>,
    /// The field under the cursor; one past the last goes on.
    chosen: usize,
    /// Which of the earlier values stands in the field, counted from 1.
    earlier: usize,
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
        Self { fields, kept, chosen: if is_all_settled { questions.asked.len() } else { 0 }, earlier: 0 }
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

    /// Whether a character goes into a field.
    pub fn is_typing(&self) -> bool {
        self.chosen < self.fields.len()
    }

    /// Whether there are earlier values for the field under the cursor.
    pub fn has_history(&self, questions: &Questions) -> bool {
        questions.asked.get(self.chosen).is_some_and(|question| !question.history.is_empty())
    }

    /// Does what a key asks for.
    pub fn on(&mut self, questions: &Questions, action: Option<Action>, key: KeyEvent) -> Passed {
        let to = match action {
            Some(Action::Up) => self.chosen.saturating_sub(1),
            Some(Action::Down) => (self.chosen + 1).min(self.fields.len()),
            Some(Action::Act) if self.is_typing() => self.next_asked(questions),
            Some(Action::Act) => {
                return match self.unfit(questions) {
                    None => Passed::Start,
                    Some(at) => {
                        self.chosen = at;
                        Passed::Effects(Vec::new())
                    }
                };
            }
            Some(Action::Earlier | Action::Later) => {
                return Passed::Effects(self.turn_history(questions, action == Some(Action::Earlier)));
            }
            _ => return Passed::Effects(self.type_key(questions, key)),
        };
        (self.chosen, self.earlier) = (to, 0);
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

    fn type_key(&mut self, questions: &Questions, key: KeyEvent) -> Vec<Effect> {
        if self.is_kept() {
            return Vec::new();
        }
        let Some((field, question)) = self.fields.get_mut(self.chosen).zip(questions.asked.get(self.chosen)) else {
            return Vec::new();
        };
        let before = field.text();
        match (options(question), key.code) {
            (Some(options), KeyCode::Left | KeyCode::Right | KeyCode::Char(' ')) => {
                *field = Field::with(turned(&options, &before, key.code != KeyCode::Left));
            }
            _ => field.type_key(key),
        }
        if field.text() == before { Vec::new() } else { self.check(questions, self.chosen).into_iter().collect() }
    }

    /// Takes a pasted text.
    pub fn paste(&mut self, questions: &Questions, text: &str) -> Vec<Effect> {
        if self.is_kept() {
            return Vec::new();
        }
        match self.fields.get_mut(self.chosen) {
            Some(field) => field.paste(text),
            None => return Vec::new(),
        }
        self.check(questions, self.chosen).into_iter().collect()
    }

    /// The first field that is not as it must be.
    fn unfit(&mut self, questions: &Questions) -> Option<usize> {
        let is_empty = |at: &usize| {
            !self.kept[*at] && !questions.asked[*at].is_optional && self.fields[*at].text().trim().is_empty()
        };
        if let Some(at) = (0..self.fields.len()).find(is_empty) {
            let is_nodes = matches!(questions.asked[at].kind, InputKind::Nodes(_));
            let hint = if is_nodes { "; nodes are easier to give in a site file (--site)" } else { "" };
            self.fields[at].problem = Some(format!("a value is needed{hint}"));
            return Some(at);
        }
        self.fields.iter().zip(&self.kept).position(|(field, is_kept)| !is_kept && field.problem.is_some())
    }

    /// What was typed: of what has a value already, only what was changed.
    pub fn answers(&self, questions: &Questions) -> Vec<(String, String)> {
        let all = questions.asked.iter().zip(&self.fields).zip(&self.kept);
        let typed = all.filter(|((question, field), is_kept)| {
            !**is_kept && (question.given.is_empty() || field.text() != question.default)
        });
        typed.map(|((question, field), _)| (question.input.clone(), field.text())).collect()
    }

    /// Where each field stands, and the way on last: place in the form, first row, rows.
    fn layout(&self, questions: &Questions, area: Rect) -> Vec<(usize, u16, u16)> {
        let rows: Vec<u16> = (0..self.fields.len()).map(|index| self.rows(questions, index, area.width)).collect();
        let room = area.height.saturating_sub(2);
        let mut first = 0;
        // From the way on all is seen from its beginning.
        let here = if self.chosen < self.fields.len() { self.chosen } else { 0 };
        while first < here && rows[first..=here].iter().sum::<u16>() > room {
            first += 1;
        }
        let (mut y, mut places) = (area.y, Vec::new());
        for (index, rows) in rows.iter().enumerate().skip(first) {
            if y + rows > area.y + room && index != here {
                break;
            }
            places.push((index, y, *rows));
            y += rows;
        }
        places.push((self.fields.len(), area.bottom().saturating_sub(1), 1));
        places
    }

    fn rows(&self, questions: &Questions, index: usize, wide: u16) -> u16 {
        let question = &questions.asked[index];
        let is_first_settled = !question.given.is_empty()
            && index.checked_sub(1).is_none_or(|before| questions.asked[before].given.is_empty());
        let head = u16::from(is_first_settled) * 2;
        if index == self.chosen {
            let lines = prompt(question, usize::from(wide.saturating_sub(2)), Meaning::Text).len();
            let told = problem(&self.fields[index], wide.saturating_sub(2)).len().max(1);
            let told = lines + 1 + told + usize::from(!question.history.is_empty());
            return head + u16::try_from(told).unwrap_or(3);
        }
        head + if question.given.is_empty() { 3 } else { 1 }
    }

    /// A click on that row: whether it is on the way on.
    pub fn click(&mut self, questions: &Questions, area: Rect, row: u16) -> bool {
        let places = self.layout(questions, area);
        let hit = places.iter().find(|(_, y, rows)| (*y..y + rows).contains(&row)).map(|(index, ..)| *index);
        let Some(index) = hit else { return false };
        (self.chosen, self.earlier) = (index, 0);
        index == self.fields.len()
    }

    /// Draws it.
    pub fn draw(&self, questions: &Questions, area: Rect, paint: &mut Paint<'_>) {
        let places = self.layout(questions, area);
        let mut last = 0;
        for (index, y, rows) in &places {
            let place = Rect { y: *y, height: *rows, ..area };
            if *index == self.fields.len() {
                let meaning = if self.chosen == *index { Meaning::Selected } else { Meaning::Title };
                let below = self.fields.len().saturating_sub(last);
                paint.put((area.x, place.y), area.width, "[ look before the start ]", meaning);
                if below > 0 {
                    paint.put_right(place, &format!("{below} more below"), Meaning::Dim);
                }
            } else {
                last = index + 1;
                self.draw_question(questions, *index, place, paint);
            }
        }
    }

    fn draw_question(&self, questions: &Questions, index: usize, place: Rect, paint: &mut Paint<'_>) {
        let (question, field) = (&questions.asked[index], &self.fields[index]);
        let is_here = index == self.chosen;
        let mut place = place;
        let is_first_settled = !question.given.is_empty()
            && index.checked_sub(1).is_none_or(|before| questions.asked[before].given.is_empty());
        if is_first_settled {
            paint.put(
                (place.x, place.y + 1),
                place.width,
                "These have a value; they can be changed here",
                Meaning::Title,
            );
            place = Rect { y: place.y + 2, height: place.height.saturating_sub(2), ..place };
        }
        if is_here {
            return draw_here(question, field, self.kept[index], place, paint);
        }
        let (x, wide) = (place.x + 2, place.width.saturating_sub(2));
        let text = field.text();
        if question.given.is_empty() {
            let told = format!("{} ({})", question.prompt, takes(question));
            paint.put((x, place.y), wide, &told, Meaning::Text);
            paint.put((x, place.y + 1), wide, if text.is_empty() { "-" } else { &text }, Meaning::Command);
            if let Some(problem) = field.problem.as_ref().filter(|_| !text.is_empty()) {
                let told = format!("{} {problem}", paint.look.glyphs.failed);
                paint.put((x, place.y + 2), wide, &told, Meaning::Problem);
            }
            return;
        }
        let is_changed = !self.kept[index] && text != question.default;
        let text = if self.kept[index] { told_of(question) } else { text };
        let from = if is_changed { "typed here" } else { &question.given };
        let name = format!("{:<14} ", cut(&question.input, 14, paint.look.glyphs.cut));
        let used = paint.put((x, place.y), wide, &name, Meaning::Dim);
        let from = format!("  {from}");
        let from_cells = u16::try_from(width(&from)).unwrap_or(0);
        let (shown, meaning) = match () {
            () if field.problem.is_some() => (text.as_str(), Meaning::Problem),
            () if text.is_empty() => ("-", Meaning::Dim),
            () => (text.as_str(), Meaning::Text),
        };
        let room = wide.saturating_sub(used + from_cells);
        let used = used + paint.put((x + used, place.y), room, shown, meaning);
        let meaning = if is_changed { Meaning::Current } else { Meaning::Dim };
        paint.put((x + used, place.y), wide.saturating_sub(used), &from, meaning);
    }
}

/// The question under the cursor, told in full.
fn draw_here(question: &Question, field: &Field, is_kept: bool, place: Rect, paint: &mut Paint<'_>) {
    let (x, wide) = (place.x + 2, place.width.saturating_sub(2));
    paint.put((place.x, place.y), 1, paint.look.glyphs.current, Meaning::Current);
    let lines = prompt(question, usize::from(wide), Meaning::Current);
    let rows = u16::try_from(lines.len()).unwrap_or(1);
    paint.strips(Rect { x, width: wide, height: rows, ..place }, &lines, 0);
    let line = Rect { x, y: place.y + rows, width: wide, height: 1 };
    if is_kept {
        paint.put((x, line.y), wide, &told_of(question), Meaning::Dim);
    } else {
        draw_field(field, line.intersection(paint.buffer.area), paint);
    }
    let mut y = line.y + 1;
    if !question.history.is_empty() {
        let told = format!("earlier here: {}", question.history.join(&format!(" {} ", paint.look.glyphs.dot)));
        paint.put((x, y), wide, &told, Meaning::Dim);
        y += 1;
    }
    let told = problem(field, wide);
    if !told.is_empty() {
        paint.put((x, y), 1, paint.look.glyphs.failed, Meaning::Problem);
        let rows = u16::try_from(told.len()).unwrap_or(1);
        paint.strips(Rect { x: x + 2, y, width: wide.saturating_sub(2), height: rows }, &told, 0);
    }
}

/// Why the value of the field under the cursor is not taken, behind its sign.
fn problem(field: &Field, wide: u16) -> Vec<Strip> {
    let told = field.problem.as_deref().unwrap_or_default();
    let mut lines =
        if told.is_empty() { Vec::new() } else { wrapped(told, usize::from(wide.saturating_sub(2)), Meaning::Problem) };
    lines.truncate(MOST_PROMPT_LINES);
    lines
}

/// A value that no field holds, by its length and its beginning.
fn told_of(question: &Question) -> String {
    let beginning: String = question.default.chars().take(200).collect();
    format!("{} bytes: {}", question.default.len(), clean_line(&beginning))
}

fn prompt(question: &Question, cells: usize, meaning: Meaning) -> Vec<Strip> {
    let from = if question.given.is_empty() { String::new() } else { format!("; from {}", question.given) };
    let told = format!("{}: {} ({}{from})", question.input, question.prompt, takes(question));
    let mut lines = wrapped(&told, cells, meaning);
    lines.truncate(MOST_PROMPT_LINES);
    lines
}

/// What an input takes, in a word or two, and whether it must be given.
fn takes(question: &Question) -> String {
    let kind = match &question.kind {
        InputKind::Text => "text".to_owned(),
        InputKind::Number => "number".into(),
        InputKind::Bool => "yes or no".into(),
        InputKind::Version => "version".into(),
        InputKind::Duration => "duration, such as 1h 30m".into(),
        InputKind::Url => "address".into(),
        InputKind::Path => "path".into(),
        InputKind::Choice(options) => options.join(", "),
        InputKind::Nodes(fields) => {
            let keys: Vec<_> = fields.iter().map(|field| format!(", \"{field}\": ...")).collect();
            format!("[{{\"name\": ...{}}}, ...]", keys.concat())
        }
        InputKind::Command => "command: one word per argument".into(),
        InputKind::Secret => "secret: where it is found, never its value".into(),
    };
    if question.is_optional { format!("{kind}; may stay empty") } else { format!("{kind}; required") }
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
