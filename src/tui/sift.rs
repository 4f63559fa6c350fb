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
mod tests {
    use crossterm::event::KeyCode;
    use proptest::prelude::*;

    use super::*;

    fn key(code: KeyCode, modifiers: KeyModifiers) -> Event {
        Event::Key(KeyEvent::new(code, modifiers))
    }

    /// What is read at once, each: `^` stands for an `esc` that is cut off from what comes behind it, `~c` for `esc` and c
    /// together, `%` for ctrl-g.
    fn reads(text: &str) -> Vec<Vec<u8>> {
        let (mut all, mut one) = (Vec::new(), Vec::new());
        let mut chars = text.chars();
        while let Some(c) = chars.next() {
            match c {
                '^' => {
                    one.push(ESC);
                    all.push(std::mem::take(&mut one));
                }
                '~' => one.extend([ESC, u8::try_from(chars.next().unwrap()).unwrap()]),
                '%' => one.push(BELL),
                c => one.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
            }
        }
        all.push(one);
        all
    }

    /// The same as keys.
    fn events(text: &str) -> Vec<Event> {
        let mut chars = text.chars();
        let mut all = Vec::new();
        while let Some(c) = chars.next() {
            all.push(match c {
                '^' => key(KeyCode::Esc, KeyModifiers::NONE),
                '~' => with_alt(letter(chars.next().unwrap())),
                '%' => key(KeyCode::Char('g'), KeyModifiers::CONTROL),
                c => Event::Key(letter(c)),
            });
        }
        all
    }

    /// What goes on at once, and what after a moment.
    fn sifted(text: &str) -> (Vec<Event>, Vec<Event>) {
        let mut sift = Sift::default();
        let at_once = reads(text).iter().flat_map(|read| sift.take(read, false)).collect();
        (at_once, sift.quiet())
    }

    #[test]
    fn keys_are_keys() {
        for text in ["abc", "j~xk", "%", "O[A", "]11;%", "äÖ€𝕏"] {
            assert_eq!(sifted(text), (events(text), Vec::new()), "{text}");
        }
        for text in ["^", "~]", "~P", "^[", "^O", "^]"] {
            assert_eq!(sifted(text), (Vec::new(), events(text)), "{text}: after a moment");
        }
        assert_eq!(sifted("^q"), (events("^q"), Vec::new()));
        assert_eq!(sifted("^^"), (events("^"), events("^")));
        assert_eq!(sifted("~]~]"), (events("~]"), events("~]")), "a key that is held down");
        assert_eq!(sifted("^[a"), (Vec::new(), Vec::new()), "a sequence that is none of ours");
        let mut sift = Sift::default();
        assert_eq!(sift.take("\u{1b}ä\r\t\u{7f}\u{3}\0".as_bytes(), false).len(), 6);
        assert_eq!(sift.waits(), None);
    }

    #[test]
    fn an_arrow_in_two_pieces_is_an_arrow() {
        for (text, code) in [
            ("^[A", KeyCode::Up),
            ("^OB", KeyCode::Down),
            ("^[6|", KeyCode::PageDown),
            ("^[1|", KeyCode::Home),
            ("^OP", KeyCode::F(1)),
        ] {
            let mut sift = Sift::default();
            let mut told: Vec<Event> = Vec::new();
            for read in reads(text) {
                told.extend(sift.take(
                    &read.iter().map(|byte| if *byte == b'|' { b'~' } else { *byte }).collect::<Vec<_>>(),
                    false,
                ));
            }
            assert_eq!(told, [key(code, KeyModifiers::NONE)], "{text}");
            assert_eq!(sift.waits(), None);
        }
        assert_eq!(sifted("^[<0;0;5Mx"), (events("x"), Vec::new()), "a click nowhere is nothing");
    }

    #[test]
    fn answers_are_taken_out() {
        for text in [
            "~]11;rgb:1e1e/1e1e/1e1e%",
            "~P1$r0 q~\\",
            "~P>|xterm(388)~\\",
            "^]11;rgb:0/0/0^\\",
            "~_Gi=1;OK~\\",
            "~]52;c;q",
        ] {
            assert_eq!(sifted(text), (Vec::new(), Vec::new()), "{text}");
        }
        assert_eq!(sifted("a~P1$r0 q~\\b"), (events("ab"), Vec::new()));
        let endless = format!("~]{}", "q".repeat(LONGEST_ANSWER * 2));
        let (at_once, _) = sifted(&endless);
        assert!((1..=LONGEST_ANSWER + 1).contains(&at_once.len()), "what never ends is let through again at last");
        assert_eq!(sifted("~]11;rgb\u{3}").0, [key(KeyCode::Char('c'), KeyModifiers::CONTROL)], "ctrl-c is none of it");
        assert_eq!(sifted("~]11;rgb~[A").0, [key(KeyCode::Up, KeyModifiers::NONE)], "nor is an arrow");
    }

    #[test]
    fn an_esc_at_the_very_end_of_what_is_read_at_once_takes_no_key_along() {
        // As many as are read at once, the last of them the beginning of something.
        for (last, next, wanted) in [
            (&b"\x1b"[..], &b"[A"[..], key(KeyCode::Up, KeyModifiers::NONE)),
            (b"\x1b", b"x", key(KeyCode::Char('x'), KeyModifiers::ALT)),
            (b"\x1b[", b"B", key(KeyCode::Down, KeyModifiers::NONE)),
            (b"\xc3", b"\xa4", key(KeyCode::Char('\u{e4}'), KeyModifiers::NONE)),
        ] {
            let mut sift = Sift::default();
            let full = [&vec![b'a'; 1024 - last.len()][..], last].concat();
            assert_eq!(sift.take(&full, true).len(), 1024 - last.len());
            assert_eq!(sift.take(next, false), [wanted]);
        }
        // Where that was all, it is the key, and the next is one, too.
        let mut sift = Sift::default();
        assert_eq!(sift.take(&[&[b'a'; 1023][..], b"\x1b"].concat(), true).len(), 1023);
        assert_eq!(sift.waits(), Some(REST));
        assert_eq!(sift.quiet(), [key(KeyCode::Esc, KeyModifiers::NONE)]);
        assert_eq!(sift.take(b"q", false), events("q"));
    }

    #[test]
    fn half_a_character_takes_no_key_along() {
        for half in [&b"\xc3"[..], b"\xe2\x82", b"\xf0\x9d\x95", b"\xff", b"\x80", b"\x1b\xc3", b"\xed\xa0\x80"] {
            let mut sift = Sift::default();
            assert_eq!(sift.take(half, false), [], "{half:?}");
            assert_eq!(
                sift.take(b"q\x1b[A", false),
                [events("q"), vec![key(KeyCode::Up, KeyModifiers::NONE)]].concat()
            );
            assert_eq!(sift.take(half, false), []);
            assert_eq!(sift.quiet(), []);
            assert_eq!(sift.take(b"\r", false), [key(KeyCode::Enter, KeyModifiers::NONE)], "{half:?}");
        }
    }

    #[test]
    fn a_paste_is_one_event_in_however_many_pieces_it_comes() {
        let text = "a line\n\u{1b}[A and another: ä€𝕏\r";
        let bytes = [b"\x1b[200~", text.as_bytes(), PASTE_ENDS, b"q"].concat();
        for size in 1..bytes.len() {
            let mut sift = Sift::default();
            let come: Vec<Event> = bytes.chunks(size).flat_map(|piece| sift.take(piece, false)).collect();
            assert_eq!(come, [vec![Event::Paste(text.into())], events("q")].concat(), "{size}");
        }
    }

    #[test]
    fn a_paste_without_an_end_is_handed_on_after_a_while_and_keys_are_keys_again() {
        let mut sift = Sift::default();
        assert_eq!(sift.take(b"\x1b[200~half of", false), []);
        assert_eq!(sift.waits(), Some(PASTE_REST));
        assert_eq!(sift.quiet(), [Event::Paste("half of".into())]);
        assert_eq!(sift.waits(), None);
        // It goes on after all: nothing of that is a key.
        assert_eq!(sift.take(b" it\rY", false), []);
        assert_eq!(sift.quiet(), [Event::Paste(" it\rY".into())]);
        assert_eq!(sift.take(b" all\x1b[201~", false), [Event::Paste(" all".into())]);
        assert_eq!(sift.take(b"\rq", false).len(), 2);
        // Or it does not, and a key comes.
        for (bytes, code) in
            [(&b"q"[..], KeyCode::Char('q')), (b"\x1b[A", KeyCode::Up), ("ä".as_bytes(), KeyCode::Char('ä'))]
        {
            let mut sift = Sift::default();
            sift.take(b"\x1b[200~half", false);
            sift.quiet();
            assert_eq!(sift.take(bytes, false), [key(code, KeyModifiers::NONE)]);
            assert_eq!(sift.take(b"ab", false), events("ab"));
        }
        // The end comes by itself.
        let mut sift = Sift::default();
        sift.take(b"\x1b[200~half", false);
        sift.quiet();
        assert_eq!(sift.take(PASTE_ENDS, false), []);
        assert_eq!(sift.take(b"\r", false), [key(KeyCode::Enter, KeyModifiers::NONE)]);
    }

    #[test]
    fn a_paste_of_any_length_takes_bounded_memory() {
        let mut sift = Sift::default();
        sift.take(b"\x1b[200~", false);
        let mut length = 0;
        for _ in 0..4_000 {
            for event in sift.take("ä".repeat(512).as_bytes(), true) {
                let Event::Paste(text) = event else { panic!("it is a paste") };
                length += text.len();
                assert!(text.chars().all(|c| c == 'ä'), "no character is cut in two");
            }
            assert!(sift.held.len() <= LONGEST_PASTE);
        }
        assert!(length > 2 * LONGEST_PASTE);
    }

    proptest! {
        #[test]
        fn whatever_comes_in_whatever_pieces_it_ends_and_keys_are_keys_again(
            reads in prop::collection::vec((prop::collection::vec(any::<u8>(), 0..40), any::<bool>()), 0..12)
        ) {
            let mut sift = Sift::default();
            for (read, is_quiet) in &reads {
                sift.take(read, false);
                if *is_quiet {
                    sift.quiet();
                }
            }
            sift.quiet();
            prop_assert!(sift.waits().is_none());
            prop_assert_eq!(sift.take(b"q", false), events("q"));
        }
    }
}
