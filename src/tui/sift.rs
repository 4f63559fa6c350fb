//! What a terminal says that is no key, and keys that came in two pieces. Pure.
//!
//! A line that is slow may cut the sequence of an arrow behind its first byte, which by itself is the key `esc`; and an
//! answer of the terminal to a question of another program, an editor for instance, may arrive late. Neither may act as
//! the keys it looks like. So `esc` waits a moment for what would make it a part of something longer, and the answers are
//! taken out.

use crossterm::event::{Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

/// The longest answer that is taken out, in characters. No terminal says more.
const LONGEST: usize = 4_096;

/// Events on their way to the screens.
#[derive(Debug, Default)]
pub struct Sift {
    held: Vec<Event>,
    within: Within,
}

/// What the held events may be the beginning of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Within {
    #[default]
    Nothing,
    /// `esc`, or a sequence behind it.
    Escape,
    /// `ESC [`, the key of which is told by its last character.
    Sequence,
    /// `ESC O`, with one more character.
    Single,
    /// OSC, DCS, APC, PM or SOS: up to BEL or ST.
    Answer,
}

impl Sift {
    /// Whether something is held that a moment without a further event decides.
    pub const fn is_waiting(&self) -> bool {
        !self.held.is_empty()
    }

    /// Takes an event; those that may go on now.
    pub fn take(&mut self, event: Event) -> Vec<Event> {
        let key = match &event {
            Event::Key(key) if key.kind != KeyEventKind::Release => Some(*key),
            _ => None,
        };
        let plain = key.and_then(plain);
        match (self.within, key, plain) {
            (Within::Nothing, Some(key), _) if is_lone_escape(key) => self.hold(event, Within::Escape),
            (Within::Nothing, Some(key), _) if begins_answer(key) => self.hold(event, Within::Answer),
            (Within::Nothing, ..) => vec![event],
            (Within::Escape, _, Some('[')) => self.hold(event, Within::Sequence),
            (Within::Escape, _, Some('O')) => self.hold(event, Within::Single),
            (Within::Escape, _, Some(']' | 'P' | '_' | '^' | 'X')) => self.hold(event, Within::Answer),
            (Within::Sequence, _, Some('0'..='9' | ';' | ':' | '<' | '=' | '>' | '?' | ' '..='/')) => {
                self.hold(event, Within::Sequence)
            }
            (Within::Sequence | Within::Single, _, Some(last @ '@'..='~')) => {
                let told: String = self.text().chain([last]).collect();
                self.forget();
                meant(&told).into_iter().collect()
            }
            (Within::Answer, Some(key), _) if ends_answer(key) => {
                self.forget();
                Vec::new()
            }
            (Within::Answer, Some(key), _) if plain.is_some() || is_lone_escape(key) => {
                let is_end =
                    plain == Some('\\') && matches!(self.held.last(), Some(Event::Key(key)) if is_lone_escape(*key));
                if is_end || self.held.len() >= LONGEST {
                    self.forget();
                    return Vec::new();
                }
                self.hold(event, Within::Answer)
            }
            _ => {
                let mut all = self.quiet();
                all.extend(self.take(event));
                all
            }
        }
    }

    /// A moment has passed without an event: what was held is what it looks like, unless it was an answer cut short.
    pub fn quiet(&mut self) -> Vec<Event> {
        let is_cut_answer = self.within == Within::Answer && self.held.len() > 2;
        self.within = Within::Nothing;
        let held = std::mem::take(&mut self.held);
        if is_cut_answer { Vec::new() } else { held }
    }

    fn hold(&mut self, event: Event, within: Within) -> Vec<Event> {
        self.held.push(event);
        self.within = within;
        Vec::new()
    }

    fn forget(&mut self) {
        self.held.clear();
        self.within = Within::Nothing;
    }

    /// The characters behind the `esc`.
    fn text(&self) -> impl Iterator<Item = char> {
        self.held.iter().filter_map(|event| if let Event::Key(key) = event { plain(*key) } else { None })
    }
}

fn plain(key: KeyEvent) -> Option<char> {
    match key.code {
        KeyCode::Char(c) if (key.modifiers - KeyModifiers::SHIFT).is_empty() => Some(c),
        _ => None,
    }
}

fn is_lone_escape(key: KeyEvent) -> bool {
    key.code == KeyCode::Esc && key.modifiers.is_empty()
}

fn is_alt(key: KeyEvent) -> bool {
    key.modifiers - KeyModifiers::SHIFT == KeyModifiers::ALT
}

fn begins_answer(key: KeyEvent) -> bool {
    is_alt(key) && matches!(key.code, KeyCode::Char(']' | 'P' | '_' | '^' | 'X'))
}

fn ends_answer(key: KeyEvent) -> bool {
    let is_bell = key.code == KeyCode::Char('g') && key.modifiers == KeyModifiers::CONTROL;
    is_bell || is_alt(key) && key.code == KeyCode::Char('\\')
}

/// The key that a sequence stands for, without the `esc` before it; `None` for one that is no key of the screens.
fn meant(told: &str) -> Option<Event> {
    let (code, modifiers) = match told {
        "[Z" => (KeyCode::BackTab, KeyModifiers::SHIFT),
        _ => {
            let code = match told {
                "[A" | "OA" => KeyCode::Up,
                "[B" | "OB" => KeyCode::Down,
                "[C" | "OC" => KeyCode::Right,
                "[D" | "OD" => KeyCode::Left,
                "[H" | "OH" | "[1~" | "[7~" => KeyCode::Home,
                "[F" | "OF" | "[4~" | "[8~" => KeyCode::End,
                "[2~" => KeyCode::Insert,
                "[3~" => KeyCode::Delete,
                "[5~" => KeyCode::PageUp,
                "[6~" => KeyCode::PageDown,
                "OP" => KeyCode::F(1),
                "OQ" => KeyCode::F(2),
                "OR" => KeyCode::F(3),
                "OS" => KeyCode::F(4),
                _ => return None,
            };
            (code, KeyModifiers::NONE)
        }
    };
    Some(Event::Key(KeyEvent::new(code, modifiers)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(code: KeyCode, modifiers: KeyModifiers) -> Event {
        Event::Key(KeyEvent::new(code, modifiers))
    }

    /// Events as crossterm tells them: `^` stands for `esc`, `~c` for alt with c, `%` for ctrl-g.
    fn events(text: &str) -> Vec<Event> {
        let mut chars = text.chars();
        let mut all = Vec::new();
        while let Some(c) = chars.next() {
            all.push(match c {
                '^' => key(KeyCode::Esc, KeyModifiers::NONE),
                '~' => key(KeyCode::Char(chars.next().unwrap()), KeyModifiers::ALT),
                '%' => key(KeyCode::Char('g'), KeyModifiers::CONTROL),
                c => key(KeyCode::Char(c), KeyModifiers::NONE),
            });
        }
        all
    }

    /// What goes on at once, and what after a moment.
    fn sifted(text: &str) -> (Vec<Event>, Vec<Event>) {
        let mut sift = Sift::default();
        let at_once = events(text).into_iter().flat_map(|event| sift.take(event)).collect();
        (at_once, sift.quiet())
    }

    #[test]
    fn keys_are_keys() {
        for text in ["abc", "j~xk", "%", "O[A", "]11;%"] {
            assert_eq!(sifted(text), (events(text), Vec::new()), "{text}");
        }
        for text in ["^", "~]", "~P", "^[", "^O", "^]"] {
            assert_eq!(sifted(text), (Vec::new(), events(text)), "{text}: after a moment");
        }
        assert_eq!(sifted("^q"), (events("^q"), Vec::new()));
        assert_eq!(sifted("^^"), (events("^"), events("^")));
        assert_eq!(sifted("~]~]"), (events("~]"), events("~]")), "a key that is held down");
        assert_eq!(sifted("^[a"), (Vec::new(), Vec::new()), "a sequence that is none of ours");
    }

    #[test]
    fn an_arrow_in_two_pieces_is_an_arrow() {
        for (text, code) in [
            ("^[A", KeyCode::Up),
            ("^OB", KeyCode::Down),
            ("^[6", KeyCode::PageDown),
            ("^[1", KeyCode::Home),
            ("^OP", KeyCode::F(1)),
        ] {
            let mut sift = Sift::default();
            let mut told: Vec<Event> = events(text).into_iter().flat_map(|event| sift.take(event)).collect();
            if text.ends_with(|c: char| c.is_ascii_digit()) {
                told.extend(sift.take(key(KeyCode::Char('~'), KeyModifiers::NONE)));
            }
            assert_eq!(told, [key(code, KeyModifiers::NONE)], "{text}");
            assert!(!sift.is_waiting());
        }
        assert_eq!(sifted("^[<0;10;5Mx"), (events("x"), Vec::new()), "a click in two pieces is nothing");
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
        let endless = format!("~]{}", "q".repeat(LONGEST * 2));
        let (at_once, _) = sifted(&endless);
        assert!(at_once.len() <= LONGEST, "what never ends is let through again at last");
    }

    #[test]
    fn a_resize_or_a_paste_within_goes_on_and_nothing_is_lost() {
        let mut sift = Sift::default();
        assert_eq!(sift.take(key(KeyCode::Esc, KeyModifiers::NONE)), []);
        let told = sift.take(Event::Paste("x".into()));
        assert_eq!(told, [key(KeyCode::Esc, KeyModifiers::NONE), Event::Paste("x".into())]);
    }
}
