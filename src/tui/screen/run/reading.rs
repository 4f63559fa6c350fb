//! What a dialog tells must have been on the screen before it is answered. Where there is no room for all of it, the
//! action key reads on.

use crate::tui::keymap::Action;
use crate::tui::screen::run::Run;
use crate::tui::widget::dialog::room_of;

/// How much of a dialog was read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reading {
    /// The first line in view.
    pub from: usize,
    /// How many lines from the first one on have been in view.
    seen: usize,
}

impl Run {
    /// Notes what of the dialog is in view.
    pub(super) fn read_dialog(&mut self) {
        let Some((lines, rows)) = room_of(self, self.open_size()) else { return };
        let last = lines.saturating_sub(rows);
        let from = self.reading.from.min(last);
        // What was passed over was not read.
        let is_next = from <= self.reading.seen;
        let seen = if is_next { self.reading.seen.max(from + rows) } else { self.reading.seen };
        self.reading = Reading { from, seen };
    }

    /// Takes a key that reads on, or an answer that comes too early; whether it was one.
    pub(super) fn reads_on(&mut self, action: Option<Action>) -> bool {
        let Some((lines, rows)) = room_of(self, self.open_size()) else { return false };
        let is_line = matches!(action, Some(Action::Up | Action::Down));
        if is_line && lines <= rows {
            // They are for what is typed.
            return false;
        }
        let is_answer = matches!(action, Some(Action::Act | Action::Yes));
        let is_unread = self.reading.seen < lines;
        let by = match action {
            Some(Action::Down) => 1,
            Some(Action::PageDown) => rows.max(1),
            Some(Action::Act | Action::Yes) if is_unread => rows.max(1),
            Some(Action::Up) => {
                self.reading.from = self.reading.from.saturating_sub(1);
                return true;
            }
            Some(Action::PageUp) => {
                self.reading.from = self.reading.from.saturating_sub(rows.max(1));
                return true;
            }
            _ => return false,
        };
        // Reading on begins where the eye has come to.
        let from = if is_answer { self.reading.seen.saturating_sub(rows) } else { self.reading.from };
        self.reading.from = (from + by).min(lines.saturating_sub(rows));
        self.is_unseen |= is_answer;
        self.read_dialog();
        true
    }
}
