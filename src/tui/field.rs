//! A text that is typed.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use tui_textarea::{TextArea, WrapMode};

use crate::engine::Proposal;
use crate::text::{clean_block, clean_line};
use crate::tui::dialog::Answer;

/// The longest text that a field takes, in bytes.
const MAX_FIELD_BYTES: usize = 64 * 1024;

/// A text area with the reason why its text is not taken.
#[derive(Debug)]
pub struct Field {
    /// The text area.
    pub area: TextArea<'static>,
    /// Why it is not taken.
    pub problem: Option<String>,
    is_one_line: bool,
}

impl Default for Field {
    fn default() -> Self {
        Self::new(true)
    }
}

impl Field {
    /// An empty field.
    pub fn new(is_one_line: bool) -> Self {
        let mut area = TextArea::default();
        area.set_cursor_line_style(ratatui::style::Style::new());
        if !is_one_line {
            area.set_wrap_mode(WrapMode::WordOrGlyph);
        }
        Self { area, problem: None, is_one_line }
    }

    /// A field with a text in it.
    pub fn with(text: &str) -> Self {
        let mut field = Self::default();
        field.paste(text);
        field
    }

    /// Whether it takes only one line.
    pub fn is_one_line(&self) -> bool {
        self.is_one_line
    }

    /// What is typed.
    pub fn text(&self) -> String {
        self.area.lines().join("\n")
    }

    /// Takes a key; control characters of a text never reach it.
    pub fn type_key(&mut self, key: KeyEvent) {
        self.problem = None;
        let is_plain = !key.modifiers.intersects(KeyModifiers::CONTROL | KeyModifiers::ALT);
        match key.code {
            KeyCode::Char(c) if is_plain => self.paste(c.encode_utf8(&mut [0; 4])),
            KeyCode::Enter if self.is_one_line => {}
            KeyCode::Tab => {}
            // Another way to say enter, which is not to do what an editor does with them.
            KeyCode::Char('j' | 'm') if key.modifiers == KeyModifiers::CONTROL => {
                if !self.is_one_line {
                    self.paste("\n");
                }
            }
            // As in a shell, where nothing stands before the cursor nothing is cleared.
            KeyCode::Char('u') if key.modifiers == KeyModifiers::CONTROL => {
                if self.area.cursor().1 > 0 {
                    self.area.delete_line_by_head();
                }
            }
            _ => {
                self.area.input(key);
            }
        }
    }

    /// Takes back the last change, or makes it again.
    pub fn undo(&mut self, is_back: bool) {
        self.problem = None;
        if is_back {
            self.area.undo()
        } else {
            self.area.redo()
        };
    }

    /// Holds that text instead of what it held; undoing brings that back.
    pub fn replace(&mut self, text: &str) {
        self.area.select_all();
        self.area.cut();
        self.paste(text);
    }

    /// Takes a pasted text, made harmless.
    pub fn paste(&mut self, text: &str) {
        self.problem = None;
        let held: usize = self.area.lines().iter().map(|line| line.len() + 1).sum();
        if held + text.len() > MAX_FIELD_BYTES {
            self.problem = Some("a text longer than 64 KiB is not taken".into());
            return;
        }
        let text = text.replace("\r\n", "\n").replace('\r', "\n");
        if self.is_one_line {
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
            for (is_one_line, after) in [(true, "line one"), (false, "line one\n")] {
                let mut field = Field::new(is_one_line);
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
}
