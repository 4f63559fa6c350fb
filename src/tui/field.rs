//! A text that is typed.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use tui_textarea::{CursorMove, TextArea, WrapMode};

use crate::engine::Proposal;
use crate::text::{clean_block, clean_line};
use crate::tui::dialog::Answer;

/// The longest text that a field takes, in bytes.
const MAX_FIELD_BYTES: usize = 64 * 1024;

/// How many changes can be taken back.
const MAX_CHANGES: usize = 100;

/// Which text a field takes, and how it is seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lines {
    /// One line, of which the part around the cursor is seen.
    One,
    /// One line that is broken on the screen only.
    Wrapped,
    /// Several lines.
    Several,
}

/// A text area with the reason why its text is not taken.
#[derive(Debug)]
pub struct Field {
    /// The text area.
    pub area: TextArea<'static>,
    /// Why it is not taken.
    pub problem: Option<String>,
    /// What is to be known of it, until it is typed into.
    pub hint: Option<String>,
    /// Whether it was typed before the dialog was left, and not touched since.
    pub is_draft: bool,
    /// How many of the names that fit were told, while nothing is typed.
    pub told: usize,
    lines: Lines,
    /// What it held before each change that can be taken back, and what it held before those were taken back.
    past: Vec<Held>,
    future: Vec<Held>,
    /// What the last key did.
    going: Option<Going>,
}

/// What a field held, and where the cursor stood.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Held {
    lines: Vec<String>,
    cursor: (usize, usize),
}

/// What several keys do one after the other, as one change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Going {
    Word,
    Gap,
    Deletion,
}

impl Going {
    /// Whether a key that does that belongs to what the one before did: a word, with the gap behind it.
    fn goes_on(before: Option<Self>, now: Option<Self>) -> bool {
        match (before, now) {
            (Some(Self::Word), Some(Self::Gap)) => true,
            (Some(before), Some(now)) => before == now,
            _ => false,
        }
    }
}

impl Default for Field {
    fn default() -> Self {
        Self::new(Lines::One)
    }
}

impl Field {
    /// An empty field.
    pub fn new(lines: Lines) -> Self {
        let mut area = TextArea::default();
        area.set_cursor_line_style(ratatui::style::Style::new());
        // Its own history takes back one character at a time.
        area.set_max_histories(0);
        if lines != Lines::One {
            area.set_wrap_mode(WrapMode::WordOrGlyph);
        }
        let (past, future) = (Vec::new(), Vec::new());
        Self { area, problem: None, hint: None, is_draft: false, told: 0, lines, past, future, going: None }
    }

    /// A field with a text in it.
    pub fn with(text: &str) -> Self {
        let mut field = Self::default();
        field.put(text);
        field
    }

    /// Whether it takes only one line.
    pub fn is_one_line(&self) -> bool {
        self.lines != Lines::Several
    }

    /// Whether its text is broken into the lines of an area.
    pub fn is_area(&self) -> bool {
        self.lines != Lines::One
    }

    /// What is typed.
    pub fn text(&self) -> String {
        self.area.lines().join("\n")
    }

    /// Takes a key; control characters of a text never reach it.
    pub fn type_key(&mut self, key: KeyEvent) {
        let was_draft = self.touch();
        let is_plain = !key.modifiers.intersects(KeyModifiers::CONTROL | KeyModifiers::ALT);
        match key.code {
            KeyCode::Char(c) if is_plain => self.type_char(c),
            KeyCode::Enter if self.is_one_line() => {}
            KeyCode::Tab => {}
            // Another way to say enter, which is not to do what an editor does with them.
            KeyCode::Char('j' | 'm') if key.modifiers == KeyModifiers::CONTROL => self.break_line(),
            KeyCode::Char('u') if was_draft && key.modifiers == KeyModifiers::CONTROL => self.replace(""),
            _ => self.edit(key),
        }
    }

    /// Begins another line, where it takes several.
    pub fn break_line(&mut self) {
        if !self.is_one_line() {
            self.paste("\n");
        }
    }

    fn type_char(&mut self, c: char) {
        let before = self.held();
        self.put(c.encode_utf8(&mut [0; 4]));
        self.changed(before, Some(if c == ' ' { Going::Gap } else { Going::Word }));
    }

    /// Takes a key that types no character.
    fn edit(&mut self, key: KeyEvent) {
        let before = self.held();
        let is_control = key.modifiers == KeyModifiers::CONTROL;
        let is_changed = match key.code {
            // As in a shell, where nothing stands before the cursor nothing is cleared.
            KeyCode::Char('u') if is_control => self.area.cursor().1 > 0 && self.area.delete_line_by_head(),
            _ => self.area.input(key),
        };
        let is_deletion = matches!(key.code, KeyCode::Backspace | KeyCode::Delete);
        if is_changed {
            self.changed(before, is_deletion.then_some(Going::Deletion));
        } else {
            self.going = None;
        }
    }

    /// Takes back the last change, or makes it again.
    pub fn undo(&mut self, is_back: bool) {
        self.touch();
        self.going = None;
        let now = self.held();
        let (from, to) = if is_back { (&mut self.past, &mut self.future) } else { (&mut self.future, &mut self.past) };
        let Some(Held { lines, cursor: (row, column) }) = from.pop() else { return };
        to.push(now);
        self.clear();
        self.area.insert_str(lines.join("\n"));
        let at = |at| u16::try_from(at).unwrap_or(u16::MAX);
        self.area.move_cursor(CursorMove::Jump(at(row), at(column)));
    }

    /// Holds that text instead of what it held; undoing brings that back.
    pub fn replace(&mut self, text: &str) {
        self.touch();
        let before = self.held();
        self.clear();
        self.put(text);
        self.changed(before, None);
        if self.is_one_line() && text.trim_end_matches(['\r', '\n']).contains('\n') {
            self.hint = Some("several lines became one: this text has only one".into());
        }
    }

    /// Takes a pasted text, made harmless.
    pub fn paste(&mut self, text: &str) {
        self.touch();
        let before = self.held();
        self.put(text);
        self.changed(before, None);
    }

    /// Holds what was typed before.
    pub fn restore(&mut self, draft: &str) {
        self.put(draft);
        self.is_draft = true;
        self.hint = Some("your draft of before; ctrl-u empties it".into());
    }

    /// The cursor goes where the text was clicked: so many rows and columns from the area's corner.
    pub fn click(&mut self, row: u16, column: u16) {
        self.going = None;
        let (top, left) = self.area.scroll_offset();
        let at = self.area.screen_to_data(usize::from(row) + usize::from(top), usize::from(column) + usize::from(left));
        let index = |at| u16::try_from(at).unwrap_or(u16::MAX);
        self.area.cancel_selection();
        self.area.move_cursor(CursorMove::Jump(index(at.0), index(at.1)));
    }

    /// How many of its lines lie above and below the `rows` in which it was drawn last.
    pub fn beyond(&self, rows: u16) -> (usize, usize) {
        if !self.is_area() {
            return (0, 0);
        }
        let above = usize::from(self.area.scroll_offset().0);
        let start = |row: usize| self.area.screen_to_data(row, 0);
        let end = start(usize::MAX);
        // Each line on the screen begins further on in the text than the one before, up to the last one.
        let (mut first, mut most) = (above + usize::from(rows.max(1)) - 1, MAX_FIELD_BYTES);
        while first < most {
            let middle = first.midpoint(most);
            (first, most) = if start(middle) == end { (first, middle) } else { (middle + 1, most) };
        }
        (above, first + 1 - above - usize::from(rows.max(1)))
    }

    /// It is typed into; whether it held what was typed before.
    fn touch(&mut self) -> bool {
        (self.problem, self.hint, self.told) = (None, None, 0);
        std::mem::take(&mut self.is_draft)
    }

    fn held(&self) -> Held {
        let cursor = self.area.cursor();
        Held { lines: self.area.lines().to_vec(), cursor: (cursor.0, cursor.1) }
    }

    /// It held that before a key that did this.
    fn changed(&mut self, before: Held, now: Option<Going>) {
        if before.lines == self.area.lines() {
            return;
        }
        if !Going::goes_on(self.going, now) {
            if self.past.len() == MAX_CHANGES {
                self.past.remove(0);
            }
            self.past.push(before);
        }
        self.future.clear();
        self.going = now;
    }

    fn clear(&mut self) {
        let yanked = self.area.yank_text();
        self.area.select_all();
        self.area.cut();
        self.area.set_yank_text(yanked);
    }

    /// Puts a text where the cursor stands, made harmless.
    fn put(&mut self, text: &str) {
        let breaks = self.area.lines().len().saturating_sub(1);
        let held = breaks + self.area.lines().iter().map(String::len).sum::<usize>();
        if held + text.len() > MAX_FIELD_BYTES {
            self.problem = Some("a text longer than 64 KiB is not taken".into());
            return;
        }
        let text = text.replace("\r\n", "\n").replace('\r', "\n");
        if self.is_one_line() {
            self.area.insert_str(clean_line(text.trim_end_matches('\n').replace('\n', " ").as_str()));
        } else {
            self.area.insert_str(clean_block(&text));
        }
    }

    pub(super) fn refuse(&mut self, why: &str) -> Answer {
        self.problem = Some(why.to_owned());
        Answer::Stay
    }

    /// Proposes what is typed, unless that is nothing.
    pub(super) fn take(&mut self, empty: &str, proposal: impl FnOnce(String) -> Proposal) -> Answer {
        let text = self.text().trim().to_owned();
        if text.is_empty() { self.refuse(empty) } else { Answer::Propose(proposal(text)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::stage_tests::event;

    /// A terminal that is in another mode for a moment sends these for enter.
    #[test]
    fn what_is_another_word_for_enter_deletes_nothing() {
        for key in ["ctrl-j", "ctrl-m"] {
            for (lines, after) in [(Lines::One, "line one"), (Lines::Several, "line one\n")] {
                let mut field = Field::new(lines);
                field.paste("line one");
                field.type_key(if key == "ctrl-j" {
                    event(key)
                } else {
                    KeyEvent::new(KeyCode::Char('m'), KeyModifiers::CONTROL)
                });
                assert_eq!(field.text(), after, "{key}");
            }
        }
    }

    fn typed(field: &mut Field, text: &str) {
        text.chars().for_each(|c| field.type_key(KeyCode::Char(c).into()));
    }

    #[test]
    fn a_word_is_taken_back_at_once_and_made_again() {
        let mut field = Field::new(Lines::Several);
        typed(&mut field, "drain it  now");
        let mut seen = vec![field.text()];
        for is_back in [true, true, true, true, false, false, false, false] {
            field.undo(is_back);
            seen.push(field.text());
        }
        let (one, two, all) = ("drain ", "drain it  ", "drain it  now");
        assert_eq!(seen, [all, two, one, "", "", one, two, all, all]);
    }

    #[test]
    fn what_was_deleted_pasted_or_replaced_comes_back_as_one() {
        let mut field = Field::new(Lines::Several);
        typed(&mut field, "abc");
        (0..3).for_each(|_| field.type_key(event("backspace")));
        field.paste("two words");
        field.replace("by\nan editor");
        for expected in ["two words", "", "abc", ""] {
            field.undo(true);
            assert_eq!(field.text(), expected);
        }
        field.undo(false);
        typed(&mut field, "d");
        field.undo(false);
        assert_eq!(field.text(), "abcd", "what was taken back is gone once something else is typed");
    }

    /// Where the cursor was moved, another change begins, and the cursor comes back with the text.
    #[test]
    fn a_change_stands_where_it_was_made() {
        let mut field = Field::default();
        typed(&mut field, "ac");
        field.type_key(event("left"));
        typed(&mut field, "b");
        field.undo(true);
        assert_eq!((field.text().as_str(), field.area.cursor().1), ("ac", 1));
        typed(&mut field, "x");
        assert_eq!(field.text(), "axc");
    }

    #[test]
    fn a_draft_is_emptied_by_one_key_and_comes_back() {
        let mut field = Field::new(Lines::Several);
        field.restore("two\nlines");
        assert!(field.is_draft && field.hint.is_some());
        field.type_key(event("ctrl-u"));
        assert_eq!((field.text().as_str(), field.is_draft, field.hint.is_some()), ("", false, false));
        field.undo(true);
        assert_eq!(field.text(), "two\nlines");
    }

    #[test]
    fn an_answer_of_one_line_tells_that_others_became_part_of_it() {
        let mut field = Field::new(Lines::Wrapped);
        field.replace("one line\n");
        assert_eq!(field.hint, None);
        field.replace("three\nshort\nlines\n");
        assert_eq!(field.text(), "three short lines");
        assert!(field.hint.is_some());
    }
}
