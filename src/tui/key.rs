//! One key as people write it: `ctrl-s`, `enter`, `Q`. Pure.

use std::fmt;
use std::str::FromStr;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

/// Not a key; why.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not a key{}", why_told(.why))]
pub struct NotAKey {
    /// What was written.
    pub text: String,
    /// What to write instead; empty when nothing is known.
    pub why: String,
}

fn why_told(why: &str) -> String {
    if why.is_empty() { String::new() } else { format!(": {why}") }
}

/// One key with its modifiers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Key {
    code: KeyCode,
    modifiers: KeyModifiers,
}

impl Key {
    /// The key of an event. Shift is part of a character, not a modifier of it.
    pub fn of(event: &KeyEvent) -> Self {
        let code = if event.code == KeyCode::BackTab { KeyCode::Tab } else { event.code };
        let mut modifiers = event.modifiers & (KeyModifiers::CONTROL | KeyModifiers::ALT | KeyModifiers::SHIFT);
        if event.code == KeyCode::BackTab {
            modifiers |= KeyModifiers::SHIFT;
        }
        if matches!(code, KeyCode::Char(_)) {
            modifiers -= KeyModifiers::SHIFT;
        }
        Self { code, modifiers }.as_sent()
    }

    /// Terminals send the same byte for a sign and for a digit with control.
    fn as_sent(self) -> Self {
        let is_control = self.modifiers == KeyModifiers::CONTROL;
        let code = match self.code {
            KeyCode::Char('4') if is_control => KeyCode::Char('\\'),
            KeyCode::Char('5') if is_control => KeyCode::Char(']'),
            KeyCode::Char('6') if is_control => KeyCode::Char('^'),
            KeyCode::Char('7') if is_control => KeyCode::Char('_'),
            code => code,
        };
        Self { code, ..self }
    }
}

impl Key {
    /// The key as it is pressed.
    pub fn event(&self) -> KeyEvent {
        KeyEvent::new(self.code, self.modifiers)
    }

    /// Whether it is a character that goes into a text.
    pub fn is_plain(&self) -> bool {
        matches!(self.code, KeyCode::Char(_)) && !self.modifiers.intersects(KeyModifiers::CONTROL | KeyModifiers::ALT)
    }

    /// Whether it takes back a character that was typed, in many terminals at least.
    pub fn takes_back(&self) -> bool {
        let is_control = self.modifiers == KeyModifiers::CONTROL;
        self.code == KeyCode::Backspace || is_control && self.code == KeyCode::Char('h')
    }

    /// What many terminals send for it, where that is another key.
    pub fn often_sent_as(&self) -> Option<String> {
        let has_more = self.modifiers.intersects(KeyModifiers::CONTROL | KeyModifiers::SHIFT);
        let is_kept = match self.code {
            KeyCode::Enter | KeyCode::Esc | KeyCode::Backspace => !has_more,
            KeyCode::Tab => !self.modifiers.contains(KeyModifiers::CONTROL),
            KeyCode::Char(c) if self.modifiers.contains(KeyModifiers::CONTROL) => {
                c.is_ascii_lowercase() || matches!(c, ' ' | '\\' | ']' | '^' | '_')
            }
            _ => true,
        };
        (!is_kept).then(|| Self { modifiers: self.modifiers & KeyModifiers::ALT, ..*self }.to_string())
    }

    /// Why no terminal ever sends it, when none does.
    fn unsent(&self) -> Option<String> {
        let KeyCode::Char(c) = self.code else { return None };
        let has = |modifier| self.modifiers.contains(modifier);
        if has(KeyModifiers::SHIFT) {
            return Some("a letter is written as it is typed: `A`, not `shift-a`".into());
        }
        if !has(KeyModifiers::CONTROL) {
            return (c.is_control() || c.is_whitespace() && c != ' ').then(String::new);
        }
        match c {
            'i' => Some("a terminal sends `tab` for it".into()),
            'm' => Some("a terminal sends `enter` for it".into()),
            '[' => Some("a terminal sends `esc` for it".into()),
            c if c.is_uppercase() => Some(format!("a terminal sends `ctrl-{}` for it", c.to_lowercase())),
            _ => None,
        }
    }
}

impl FromStr for Key {
    type Err = NotAKey;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut modifiers = KeyModifiers::NONE;
        let mut rest = text;
        for (prefix, modifier) in
            [("ctrl-", KeyModifiers::CONTROL), ("alt-", KeyModifiers::ALT), ("shift-", KeyModifiers::SHIFT)]
        {
            if let Some(shorter) = rest.strip_prefix(prefix) {
                modifiers |= modifier;
                rest = shorter;
            }
        }
        let named = NAMES.iter().find(|(name, _)| *name == rest).map(|(_, code)| *code);
        let mut chars = rest.chars();
        let code = match (named, chars.next(), chars.next()) {
            (Some(code), ..) => code,
            (None, Some(c), None) => KeyCode::Char(c),
            _ => match function_key(rest) {
                Some(number) => KeyCode::F(number),
                None => return Err(NotAKey { text: text.to_owned(), why: String::new() }),
            },
        };
        let key = Self { code, modifiers }.as_sent();
        match key.unsent() {
            Some(why) => Err(NotAKey { text: text.to_owned(), why }),
            None => Ok(key),
        }
    }
}

/// The number of `f1` to `f12`.
fn function_key(name: &str) -> Option<u8> {
    let digits = name.strip_prefix('f').filter(|digits| !digits.starts_with('0'))?;
    digits.parse().ok().filter(|number| (1..=12).contains(number))
}

const NAMES: [(&str, KeyCode); 15] = [
    ("enter", KeyCode::Enter),
    ("esc", KeyCode::Esc),
    ("tab", KeyCode::Tab),
    ("space", KeyCode::Char(' ')),
    ("up", KeyCode::Up),
    ("down", KeyCode::Down),
    ("left", KeyCode::Left),
    ("right", KeyCode::Right),
    ("pgup", KeyCode::PageUp),
    ("pgdn", KeyCode::PageDown),
    ("home", KeyCode::Home),
    ("end", KeyCode::End),
    ("backspace", KeyCode::Backspace),
    ("delete", KeyCode::Delete),
    ("insert", KeyCode::Insert),
];

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (modifier, prefix) in
            [(KeyModifiers::CONTROL, "ctrl-"), (KeyModifiers::ALT, "alt-"), (KeyModifiers::SHIFT, "shift-")]
        {
            if self.modifiers.contains(modifier) {
                f.write_str(prefix)?;
            }
        }
        match (NAMES.iter().find(|(_, code)| *code == self.code), self.code) {
            (Some((name, _)), _) => f.write_str(name),
            (None, KeyCode::Char(c)) => write!(f, "{c}"),
            (None, KeyCode::F(number)) => write!(f, "f{number}"),
            (None, other) => write!(f, "{other}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_sends_for_a_sign_is_that_sign() {
        for (byte, named) in [(0x1c, "ctrl-\\"), (0x1d, "ctrl-]"), (0x1e, "ctrl-^"), (0x1f, "ctrl-_")] {
            let sent = Key::of(&crate::tui::sequence::key_of(byte));
            assert_eq!((sent, sent.to_string()), (named.parse().unwrap(), named.to_owned()));
            assert_eq!(sent.often_sent_as(), None);
        }
    }

    #[test]
    fn keys_survive_a_round_trip() {
        for text in ["enter", "ctrl-c", "shift-tab", "Q", ".", "space", "?", "alt-x", "f1", "f12", "delete"] {
            assert_eq!(text.parse::<Key>().unwrap().to_string(), text);
        }
        assert!("".parse::<Key>().is_err());
        assert!("enterr".parse::<Key>().is_err());
        for text in ["ctrl-i", "ctrl-m", "ctrl-[", "shift-a", "ctrl-S", "f0", "f13", "f01", "ctrl-", "\u{7}"] {
            assert!(text.parse::<Key>().is_err(), "{text:?}");
        }
    }
}
