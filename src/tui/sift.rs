//! What the bytes of a terminal are: keys, the mouse, pastes, and what is none of these. Pure.
//!
//! crossterm's own reader is not used for it: it takes a byte that is cut off from the rest of its sequence at the end of
//! what it reads at once into the next key, and waits for ever for the end of a paste; its state can neither be seen nor
//! changed from outside.
//!
//! A line that is slow may cut the sequence of an arrow behind its first byte, which by itself is the key `esc`; and an
//! answer of the terminal to a question of another program, an editor for instance, may arrive late. Neither may act as
//! the keys it looks like. So `esc` waits a moment for what would make it a part of something longer, and the answers are
//! taken out. What is cut off and never goes on is dropped after a while, and does not take along the key behind it.

use std::time::Duration;

use crossterm::event::{Event, KeyEvent, KeyModifiers};

use crate::tui::sequence::{key_of, letter, oldest_mouse, sequence, single};

/// The longest answer that is taken out, in bytes. No terminal says more.
const LONGEST_ANSWER: usize = 4_096;

/// The longest sequence of a key, in bytes.
const LONGEST: usize = 128;

/// So much of a paste is handed on at once, in bytes: it may go on for as long as it likes.
const LONGEST_PASTE: usize = 1024 * 1024;

/// How long the rest of a sequence may take behind what is a key by itself.
const REST: Duration = Duration::from_millis(50);

/// How long it may take behind what is none.
const LONG_REST: Duration = Duration::from_secs(1);

/// How long a paste may rest before what has come of it is handed on.
const PASTE_REST: Duration = Duration::from_secs(2);

/// What ends a paste.
const PASTE_ENDS: &[u8] = b"\x1b[201~";

const ESC: u8 = 0x1b;
const BELL: u8 = 0x07;

/// Bytes on their way to the screens.
#[derive(Debug, Default)]
pub struct Sift {
    held: Vec<u8>,
    within: Within,
    /// Whether the `esc` that begins it was the last byte of what was read at once: it may have been a key.
    is_cut: bool,
}

/// What the held bytes may be the beginning of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Within {
    #[default]
    Nothing,
    /// `esc`, or a sequence behind it.
    Escape,
    /// `ESC [`, the key of which is told by its last byte.
    Sequence,
    /// `ESC O`, with one more byte.
    Single,
    /// `ESC [ M`, with three more bytes.
    Mouse,
    /// OSC, DCS, APC, PM or SOS: up to BEL or ST.
    Answer,
    /// A character of several bytes; with alt there is an `esc` before it.
    Letter,
    /// A paste. What marks its two ends is not held.
    Paste,
    /// A paste that rests, and whose end has not come.
    Resting,
}

impl Sift {
    /// How long nothing more may come until what is held is decided by that; `None` when nothing waits for it.
    pub fn waits(&self) -> Option<Duration> {
        match self.within {
            Within::Nothing | Within::Resting => None,
            Within::Paste => Some(PASTE_REST),
            Within::Letter | Within::Mouse => Some(LONG_REST),
            _ if self.held.len() <= 2 => Some(REST),
            _ => Some(LONG_REST),
        }
    }

    /// Takes what was read at once; what it comes to. `is_full`: there may be more that belongs to it.
    pub fn take(&mut self, bytes: &[u8], is_full: bool) -> Vec<Event> {
        if self.within == Within::Resting {
            // The rest of a paste comes in pieces, a key alone.
            let is_paste = bytes.starts_with(PASTE_ENDS) || !is_one_key(bytes);
            self.within = if is_paste { Within::Paste } else { Within::Nothing };
        }
        let mut come = Vec::new();
        for byte in bytes {
            self.step(*byte, &mut come);
        }
        if self.within == Within::Escape {
            self.is_cut = !is_full;
        }
        come
    }

    /// Nothing came for as long as it may take: what was held is what it looks like, unless that is no key.
    pub fn quiet(&mut self) -> Vec<Event> {
        let mut come = Vec::new();
        match self.within {
            Within::Paste => {
                self.hand_on(&mut come);
                self.within = Within::Resting;
            }
            _ => self.give_up(&mut come),
        }
        come
    }

    fn step(&mut self, byte: u8, come: &mut Vec<Event>) {
        match self.within {
            Within::Nothing | Within::Resting => self.begin(byte, come),
            Within::Escape => self.behind_escape(byte, come),
            Within::Sequence => self.within_sequence(byte, come),
            Within::Single => match byte {
                b'@'..=b'~' => {
                    self.forget();
                    come.extend(single(byte));
                }
                _ => self.again(byte, come),
            },
            Within::Mouse => {
                self.held.push(byte);
                if let Some(report) = self.held.get(3..6).and_then(|report| report.try_into().ok()) {
                    self.forget();
                    come.extend(oldest_mouse(report));
                }
            }
            Within::Answer => self.within_answer(byte, come),
            Within::Letter => self.within_letter(byte, come),
            Within::Paste => self.within_paste(byte, come),
        }
    }

    fn begin(&mut self, byte: u8, come: &mut Vec<Event>) {
        self.is_cut = false;
        match byte {
            ESC => self.hold(byte, Within::Escape),
            0xc2..=0xf4 => self.hold(byte, Within::Letter),
            // It begins no character.
            0x80.. => {}
            _ => come.push(Event::Key(key_of(byte))),
        }
    }

    fn behind_escape(&mut self, byte: u8, come: &mut Vec<Event>) {
        match byte {
            b'[' => self.hold(byte, Within::Sequence),
            b'O' => self.hold(byte, Within::Single),
            b']' | b'P' | b'_' | b'^' | b'X' => self.hold(byte, Within::Answer),
            ESC => self.again(byte, come),
            _ if self.is_cut => self.again(byte, come),
            0xc2..=0xf4 => self.hold(byte, Within::Letter),
            0x80.. => self.forget(),
            _ => {
                self.forget();
                come.push(with_alt(key_of(byte)));
            }
        }
    }

    fn within_sequence(&mut self, byte: u8, come: &mut Vec<Event>) {
        match (byte, &self.held[2..]) {
            (b'[', []) | (b' '..=b'?', _) if self.held.len() < LONGEST => self.hold(byte, Within::Sequence),
            (b'M', []) => self.hold(byte, Within::Mouse),
            (b'~', b"200") => {
                self.forget();
                self.within = Within::Paste;
            }
            (b'@'..=b'~', parameters) => {
                come.extend(sequence(&String::from_utf8_lossy(parameters), byte));
                self.forget();
            }
            _ => self.again(byte, come),
        }
    }

    fn within_answer(&mut self, byte: u8, come: &mut Vec<Event>) {
        let is_ending = self.held.last() == Some(&ESC);
        match byte {
            BELL => self.forget(),
            b'\\' if is_ending => self.forget(),
            ESC if self.held.len() > 2 && !is_ending => self.hold(byte, Within::Answer),
            b' '.. if !is_ending && self.held.len() < LONGEST_ANSWER => self.hold(byte, Within::Answer),
            b' '.. if !is_ending => self.forget(),
            _ => {
                let is_cut = self.is_cut;
                self.give_up(come);
                if is_ending && byte != ESC {
                    self.hold(ESC, Within::Escape);
                    self.is_cut = is_cut;
                }
                self.step(byte, come);
            }
        }
    }

    fn within_letter(&mut self, byte: u8, come: &mut Vec<Event>) {
        if !matches!(byte, 0x80..=0xbf) {
            return self.again(byte, come);
        }
        self.held.push(byte);
        let is_alt = self.held[0] == ESC;
        let bytes = &self.held[usize::from(is_alt)..];
        let wanted = match bytes[0] {
            ..0xe0 => 2,
            0xe0..=0xef => 3,
            _ => 4,
        };
        if bytes.len() < wanted {
            return;
        }
        let key = std::str::from_utf8(bytes).ok().and_then(|text| text.chars().next()).map(letter);
        self.forget();
        come.extend(key.map(|key| if is_alt { with_alt(key) } else { Event::Key(key) }));
    }

    fn within_paste(&mut self, byte: u8, come: &mut Vec<Event>) {
        self.held.push(byte);
        if self.held.ends_with(PASTE_ENDS) {
            self.held.truncate(self.held.len() - PASTE_ENDS.len());
            self.hand_on(come);
            self.forget();
        } else if self.held.len() >= LONGEST_PASTE && !self.held[LONGEST_PASTE - PASTE_ENDS.len()..].contains(&ESC) {
            self.hand_on(come);
        }
    }

    /// Hands on what came of a paste; a character that is cut off waits for its rest.
    fn hand_on(&mut self, come: &mut Vec<Event>) {
        let cut = match std::str::from_utf8(&self.held) {
            Err(error) if error.error_len().is_none() => error.valid_up_to(),
            _ => self.held.len(),
        };
        let rest = self.held.split_off(cut);
        let text = String::from_utf8_lossy(&self.held).into_owned();
        if !text.is_empty() {
            come.push(Event::Paste(text));
        }
        self.held = rest;
    }

    /// What is held goes no further: it is the keys that it looks like, or nothing where it was more than these.
    fn give_up(&mut self, come: &mut Vec<Event>) {
        let is_key = !matches!(self.within, Within::Letter | Within::Mouse);
        match self.held[..] {
            [ESC] => come.push(Event::Key(key_of(ESC))),
            [ESC, byte] if is_key && self.is_cut => come.extend([ESC, byte].map(|byte| Event::Key(key_of(byte)))),
            [ESC, byte] if is_key => come.push(with_alt(key_of(byte))),
            _ => {}
        }
        self.forget();
    }

    /// What is held goes no further, and the byte is the first of something else.
    fn again(&mut self, byte: u8, come: &mut Vec<Event>) {
        self.give_up(come);
        self.begin(byte, come);
    }

    fn hold(&mut self, byte: u8, within: Within) {
        self.held.push(byte);
        self.within = within;
    }

    fn forget(&mut self) {
        self.held.clear();
        self.within = Within::Nothing;
    }
}

fn with_alt(key: KeyEvent) -> Event {
    let KeyEvent { code, modifiers, .. } = key;
    // Shift that a letter has by itself stays.
    Event::Key(KeyEvent::new(code, modifiers | KeyModifiers::ALT))
}

/// Whether these bytes are one key: a character, or one sequence.
fn is_one_key(bytes: &[u8]) -> bool {
    let mut own = Sift::default();
    let mut come = own.take(bytes, false);
    come.extend(own.quiet());
    come.len() == 1 && own.within == Within::Nothing && !matches!(come[0], Event::Paste(_))
}

#[cfg(test)]
#[path = "sift_tests.rs"]
mod tests;
