//! How the form is laid out: the field under the cursor in full, of the others what they hold and whether that is taken.

use ratatui::layout::Rect;

use crate::site::meant;
use crate::text::clean_line;
use crate::tui::keymap::{Context, Keymap};
use crate::tui::screen::setup::form::{Form, Standing};
use crate::tui::theme::Meaning;
use crate::tui::wanted::{Question, Questions};
use crate::tui::widget::dialog::draw_field;
use crate::tui::widget::paint::{Paint, Strip};
use crate::tui::widget::step::wrapped;
use crate::tui::wrap::{cut, width};

/// How many lines the prompt of the question under the cursor may take, and why its value is not taken.
const MOST_PROMPT_LINES: usize = 4;

/// Stands where there is nothing to ask.
const NOTHING: &str = "This runbook has no inputs. {act} looks at what there is before the start.";

impl Form {
    /// Where each field stands, and the way on last: place in the form, first row, rows.
    pub(super) fn layout(&self, questions: &Questions, area: Rect) -> Vec<(usize, u16, u16)> {
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
            let told = self.told(questions, wide.saturating_sub(2)).1.len().max(1);
            let told = lines + 1 + told + usize::from(!question.history.is_empty());
            return head + u16::try_from(told).unwrap_or(3);
        }
        head + if question.given.is_empty() { 3 } else { 1 }
    }

    /// Draws it.
    pub fn draw(&self, questions: &Questions, area: Rect, keymap: &Keymap, paint: &mut Paint<'_>) {
        let places = self.layout(questions, area);
        let mut last = 0;
        for (index, y, rows) in &places {
            let place = Rect { y: *y, height: *rows, ..area };
            if *index == self.fields.len() {
                self.draw_way_on(questions, self.fields.len().saturating_sub(last), place, paint);
            } else {
                last = index + 1;
                self.draw_question(questions, *index, keymap, place, paint);
            }
        }
        if self.fields.is_empty() {
            let told = keymap.told(NOTHING, Context::SetUp);
            paint.strips(area, &wrapped(&told, usize::from(area.width), Meaning::Text), 0);
        }
    }

    /// The way on, with what keeps from it.
    fn draw_way_on(&self, questions: &Questions, below: usize, place: Rect, paint: &mut Paint<'_>) {
        let meaning = if self.chosen == self.fields.len() { Meaning::Selected } else { Meaning::Title };
        let used = paint.put((place.x, place.y), place.width, "[ look before the start ]", meaning) + 2;
        let right =
            if below > 0 { paint.put_right(place, &format!("{below} more below"), Meaning::Dim) + 2 } else { 0 };
        let (missing, wrong) = self.unfit(questions);
        let told = match (missing, wrong) {
            (0, 0) => return,
            (1, 0) => "1 value is missing".to_owned(),
            (missing, 0) => format!("{missing} values are missing"),
            (0, wrong) => format!("{wrong} not taken"),
            (missing, wrong) => format!("{missing} missing, {wrong} not taken"),
        };
        let (sign, meaning) = match () {
            () if wrong > 0 || self.is_told(questions) => (paint.look.glyphs.failed, Meaning::Problem),
            () => (paint.look.glyphs.pending, Meaning::Pending),
        };
        let room = usize::from(place.width.saturating_sub(used + right));
        let told = format!("{sign} {told}");
        let told = cut(&told, room, paint.look.glyphs.cut);
        paint.put((place.x + used, place.y), place.width.saturating_sub(used + right), &told, meaning);
    }

    /// Whether of any field it is told why its value is not taken.
    fn is_told(&self, questions: &Questions) -> bool {
        (0..self.fields.len())
            .any(|index| self.standing(questions, index) != Standing::Fine && self.why(questions, index).is_some())
    }

    /// What is told of the field under the cursor, and whether that is why its value is not taken: else what there is to
    /// know of it.
    fn told(&self, questions: &Questions, wide: u16) -> (bool, Vec<Strip>) {
        let (question, field) = (&questions.asked[self.chosen], &self.fields[self.chosen]);
        let problem = self.why(questions, self.chosen);
        let is_problem = problem.is_some();
        let told = problem.or_else(|| field.hint.clone()).or_else(|| used_as(question, &field.text()));
        let (cells, meaning) = if is_problem { (2, Meaning::Problem) } else { (0, Meaning::Dim) };
        let told = told.unwrap_or_default();
        let mut lines = wrapped(&told, usize::from(wide.saturating_sub(cells)), meaning);
        lines.retain(|line| line.width() > 0);
        lines.truncate(MOST_PROMPT_LINES);
        (is_problem, lines)
    }

    fn draw_question(&self, questions: &Questions, index: usize, keymap: &Keymap, place: Rect, paint: &mut Paint<'_>) {
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
            return self.draw_here(questions, keymap, place, paint);
        }
        let why = self.why(questions, index);
        self.draw_sign(questions, index, place, paint);
        let place = Rect { x: place.x + 2, width: place.width.saturating_sub(2), ..place };
        if !question.given.is_empty() {
            return self.draw_settled(question, index, why.is_some(), place, paint);
        }
        let text = field.text();
        let told = format!("{} ({})", question.prompt, takes(question));
        paint.put((place.x, place.y), place.width, &told, Meaning::Text);
        paint.put((place.x, place.y + 1), place.width, if text.is_empty() { "-" } else { &text }, Meaning::Command);
        let below = (place.x, place.y + 2);
        if let Some(why) = why {
            paint.put(below, place.width, &format!("{} {why}", paint.look.glyphs.failed), Meaning::Problem);
        } else if let Some(told) = used_as(question, &text) {
            paint.put(below, place.width, &told, Meaning::Dim);
        }
    }

    /// The sign of a field that is not under the cursor: what it needs, or that its value is not taken.
    fn draw_sign(&self, questions: &Questions, index: usize, place: Rect, paint: &mut Paint<'_>) {
        let (sign, meaning) = match self.standing(questions, index) {
            Standing::Fine => return,
            Standing::Missing if self.why(questions, index).is_none() => (paint.look.glyphs.pending, Meaning::Pending),
            Standing::Missing | Standing::Wrong => (paint.look.glyphs.failed, Meaning::Problem),
        };
        paint.put((place.x, place.y), 1, sign, meaning);
    }

    /// What has a value already, in a line.
    fn draw_settled(&self, question: &Question, index: usize, is_wrong: bool, place: Rect, paint: &mut Paint<'_>) {
        let text = self.fields[index].text();
        let is_changed = !self.kept[index] && text != question.default;
        let text = if self.kept[index] { told_of(question) } else { meant(&question.kind, &text).unwrap_or(text) };
        let from = if is_changed { "typed here" } else { &question.given };
        let name = format!("{:<14} ", cut(&question.input, 14, paint.look.glyphs.cut));
        let used = paint.put((place.x, place.y), place.width, &name, Meaning::Dim);
        let from = format!("  {from}");
        let from_cells = u16::try_from(width(&from)).unwrap_or(0);
        let (shown, meaning) = match () {
            () if is_wrong && !text.is_empty() => (text.as_str(), Meaning::Problem),
            () if text.is_empty() => ("-", Meaning::Dim),
            () => (text.as_str(), Meaning::Text),
        };
        let room = place.width.saturating_sub(used + from_cells);
        let used = used + paint.put((place.x + used, place.y), room, shown, meaning);
        let meaning = if is_changed { Meaning::Current } else { Meaning::Dim };
        paint.put((place.x + used, place.y), place.width.saturating_sub(used), &from, meaning);
    }

    /// The question under the cursor, told in full.
    fn draw_here(&self, questions: &Questions, keymap: &Keymap, place: Rect, paint: &mut Paint<'_>) {
        let (question, field) = (&questions.asked[self.chosen], &self.fields[self.chosen]);
        let (x, wide) = (place.x + 2, place.width.saturating_sub(2));
        paint.put((place.x, place.y), 1, paint.look.glyphs.current, Meaning::Current);
        let lines = prompt(question, usize::from(wide), Meaning::Current);
        let rows = u16::try_from(lines.len()).unwrap_or(1);
        paint.strips(Rect { x, width: wide, height: rows, ..place }, &lines, 0);
        let line = Rect { x, y: place.y + rows, width: wide, height: 1 };
        if self.kept[self.chosen] {
            paint.put((x, line.y), wide, &told_of(question), Meaning::Dim);
        } else {
            draw_field(field, line.intersection(paint.buffer.area), paint);
        }
        let mut y = line.y + 1;
        if !question.history.is_empty() {
            let keys = keymap.told("earlier here ({earlier}, {later}): ", Context::SetUp);
            let told = format!("{keys}{}", question.history.join(&format!(" {} ", paint.look.glyphs.dot)));
            paint.put((x, y), wide, &told, Meaning::Dim);
            y += 1;
        }
        let (is_problem, told) = self.told(questions, wide);
        let set_in = if is_problem { paint.put((x, y), 1, paint.look.glyphs.failed, Meaning::Problem) + 1 } else { 0 };
        let rows = u16::try_from(told.len()).unwrap_or(1);
        let told: Vec<Strip> = told.into_iter().map(|line| with_keys(line, keymap)).collect();
        paint.strips(Rect { x: x + set_in, y, width: wide.saturating_sub(set_in), height: rows }, &told, 0);
    }
}

/// A line with the keys that the user has.
fn with_keys(line: Strip, keymap: &Keymap) -> Strip {
    Strip(line.0.into_iter().map(|(text, meaning)| (keymap.told(&text, Context::SetUp), meaning)).collect())
}

/// What of a path that begins at home will be used.
fn used_as(question: &Question, text: &str) -> Option<String> {
    meant(&question.kind, text).map(|path| format!("it is used as {path}"))
}

/// A value that no field holds, by its length and its beginning.
fn told_of(question: &Question) -> String {
    let beginning: String = question.default.chars().take(200).collect();
    format!("{} bytes: {}", question.default.len(), clean_line(&beginning))
}

fn prompt(question: &Question, cells: usize, meaning: Meaning) -> Vec<Strip> {
    let is_from = !question.given.is_empty() && !question.default.is_empty();
    let from = if is_from { format!("; from {}", question.given) } else { String::new() };
    let told = format!("{}: {} ({}{from})", question.input, question.prompt, takes(question));
    let mut lines = wrapped(&told, cells, meaning);
    lines.truncate(MOST_PROMPT_LINES);
    lines
}

/// What an input takes, and whether it must be given.
fn takes(question: &Question) -> String {
    let kind = question.kind.takes();
    if question.is_optional { format!("{kind}; may stay empty") } else { format!("{kind}; required") }
}
