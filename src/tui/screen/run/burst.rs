//! Keys that come in one go: typed ahead, over a slow line, or pasted. What they do must have been seen before they
//! can overrule the machine, and what has lost its dialog is dropped, not taken for something else.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use crate::tui::dialog::{Ask, Dialog};
use crate::tui::keymap::Action;
use crate::tui::message::Instants;
use crate::tui::screen::run::{LET_GO_MS, Run};

/// Told when the action key did nothing.
const TOO_SOON: &str = "not taken: the action key acts again after a pause";

/// Told when the action key came before the step was on the screen.
const UNSEEN: &str = "look, then press it again: not taken, it was not on the screen yet";

/// Told when letters have lost what they were typed for.
const LOST: &str = "not taken: typed before there was anything to type into; pause, then look";

/// Told when a reason was typed in one go with the key that opened its dialog.
const ONE_GO: &str = "read it, then press again after a pause: typed in one go, not recorded";

/// Told when a command was confirmed with a key that does not run it.
const OTHER_KEY: &str = "this key does not run it: the one below does";

/// Keys of which each follows the one before within [`LET_GO_MS`].
#[derive(Debug, Default)]
pub(super) struct Burst {
    last_ms: Option<u64>,
    /// How many keys and pastes it has.
    len: usize,
    /// What its keys were typed for is not there.
    is_lost: bool,
    /// The dialog that lies there was opened in it.
    has_opened: bool,
}

impl Burst {
    /// A key or a paste has come: it belongs to the burst, or begins one.
    fn take(&mut self, real_ms: u64) {
        if !self.is_on(real_ms) {
            *self = Self::default();
        }
        self.last_ms = Some(real_ms);
        self.len += 1;
    }

    /// Whether a key at this moment would belong to it.
    fn is_on(&self, real_ms: u64) -> bool {
        self.last_ms.is_some_and(|last| real_ms.saturating_sub(last) < LET_GO_MS)
    }

    /// Nothing is there any more that its keys could have been meant for.
    pub(super) fn lose(&mut self) {
        self.is_lost = true;
    }

    /// Whether what is typed now has nothing that it could be meant for.
    pub(super) fn is_lost(&self, real_ms: u64) -> bool {
        self.is_lost && self.is_on(real_ms)
    }

    /// In how many milliseconds it is over, when that changes what keys do.
    pub(super) fn left_ms(&self, real_ms: u64) -> Option<u64> {
        let last = self.last_ms.filter(|_| (self.is_lost || self.has_opened) && self.is_on(real_ms))?;
        Some((last + LET_GO_MS).saturating_sub(real_ms))
    }
}

impl Run {
    /// Counts a key to its burst.
    pub(super) fn note_key(&mut self, now: Instants) {
        self.burst.take(now.real_ms);
    }

    /// A dialog was opened by a key.
    pub(super) fn note_opened(&mut self) {
        self.burst.has_opened = match &self.dialog {
            Some(Dialog::Reason(_)) => true,
            // Two keys with nothing before them are meant; amid others they are part of a text.
            Some(Dialog::Ask(_)) => self.burst.len > 1,
            _ => false,
        };
    }

    /// Drops a key whose burst was typed for something that is not there; whether it was dropped.
    pub(super) fn drops(&mut self, action: Option<Action>, key: KeyEvent, now: Instants) -> bool {
        let is_dropped = self.dialog.is_none()
            && self.card.is_none()
            && self.burst.is_lost(now.real_ms)
            && (is_letter(key) || action == Some(Action::Act));
        if is_dropped {
            self.notice = Some(if is_letter(key) { LOST } else { TOO_SOON }.into());
        }
        is_dropped
    }

    /// The action key was pressed and does nothing: what follows it in one go was typed for what it should have opened.
    pub(super) fn not_taken(&mut self) {
        self.burst.lose();
        self.notice = Some(if self.is_unseen { UNSEEN } else { TOO_SOON }.into());
    }

    /// A dialog that records what overrules the machine is not answered in one go with the key that opened it.
    pub(super) fn is_one_go(&mut self, action: Option<Action>, now: Instants) -> bool {
        let is_answer = match &self.dialog {
            Some(Dialog::Reason(_)) => action == Some(Action::Act),
            Some(Dialog::Ask(_)) => matches!(action, Some(Action::Yes | Action::Act)),
            _ => false,
        };
        let is_one_go = is_answer && self.must_pause(now);
        if is_one_go {
            match self.dialog.as_mut() {
                Some(Dialog::Ask(_)) => self.notice = Some(ONE_GO.into()),
                Some(dialog) => dialog.refuse(ONE_GO),
                None => {}
            }
        }
        is_one_go
    }

    /// A command for which nothing is typed has a key of its own: the one that opened it tells that, once it was let go.
    pub(super) fn is_other_key(&mut self, action: Option<Action>, is_armed: bool) -> bool {
        match self.dialog.as_mut() {
            Some(Dialog::Command(command)) if action == Some(Action::Act) && command.target.is_none() => {
                if is_armed {
                    command.field.refuse(OTHER_KEY);
                }
                true
            }
            _ => false,
        }
    }

    /// Whether the dialog that lies there is answered only after a pause.
    pub fn must_pause(&self, now: Instants) -> bool {
        let can_overrule = matches!(self.dialog, Some(Dialog::Reason(_) | Dialog::Ask(Ask::Cancel(..) | Ask::Close)));
        can_overrule && self.burst.has_opened && self.burst.is_on(now.real_ms)
    }

    /// Takes a pasted text.
    pub fn paste(&mut self, text: &str, now: Instants) {
        self.note_key(now);
        if self.comes_back(None, now) {
            return;
        }
        if self.dialog.is_none() && self.paste_to_console(text) {
            return;
        }
        match self.dialog.as_mut().and_then(Dialog::field) {
            Some(field) => field.paste(text),
            None => {
                self.burst.lose();
                self.notice = Some("not taken: there is nothing to paste into".into());
            }
        }
    }
}

/// Whether a key is part of a text.
fn is_letter(key: KeyEvent) -> bool {
    matches!(key.code, KeyCode::Char(_)) && !key.modifiers.intersects(KeyModifiers::CONTROL | KeyModifiers::ALT)
}

#[cfg(test)]
#[path = "burst_tests.rs"]
mod tests;
