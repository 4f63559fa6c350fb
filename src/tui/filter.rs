//! What narrows a list while it is typed: words each of which a shown row holds. Pure.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use crate::tui::keymap::Action;
use crate::tui::theme::Meaning;
use crate::tui::widget::paint::Strip;

/// The longest filter, in characters.
const MOST_TYPED: usize = 60;

/// What it costs that a word stands within another, and that it is not in what is seen.
const WITHIN: usize = 2;
const BESIDES: usize = 4;

/// How a word stands in a text: 0 as a whole word, 1 as the beginning of one, else within; `None`: not at all.
fn place(text: &str, word: &str) -> Option<usize> {
    let is_edge = |c: Option<char>| c.is_none_or(|c| !c.is_alphanumeric());
    let places = text.match_indices(word).map(|(at, _)| {
        let is_start = is_edge(text[..at].chars().next_back());
        match (is_start, is_edge(text[at + word.len()..].chars().next())) {
            (true, true) => 0,
            (true, false) => 1,
            (false, _) => WITHIN,
        }
    });
    places.min()
}

/// The filter of a list.
#[derive(Debug, Default)]
pub struct Filter {
    text: String,
    is_typing: bool,
}

impl Filter {
    /// Whether characters go into it.
    pub const fn is_typing(&self) -> bool {
        self.is_typing
    }

    /// Whether all is shown.
    pub const fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// Characters go into it from now on.
    pub const fn begin(&mut self) {
        self.is_typing = true;
    }

    /// All is shown again.
    pub fn clear(&mut self) {
        *self = Self::default();
    }

    /// Takes a key while it is typed; whether it was for the filter.
    pub fn take(&mut self, action: Option<Action>, key: KeyEvent) -> bool {
        if !self.is_typing {
            return false;
        }
        if let Some(action @ (Action::Act | Action::Back)) = action {
            self.on(action);
            return true;
        }
        match key.code {
            KeyCode::Backspace => {
                self.text.pop();
            }
            KeyCode::Char(c) if (key.modifiers - KeyModifiers::SHIFT).is_empty() => self.paste(&c.to_string()),
            _ => return false,
        }
        true
    }

    /// Takes the key that keeps what was typed, or the one that shows all again.
    pub fn on(&mut self, action: Action) {
        match action {
            Action::Act => self.is_typing = false,
            Action::Back => self.clear(),
            _ => {}
        }
    }

    /// Takes pasted or typed text while it is typed.
    pub fn paste(&mut self, text: &str) {
        if self.is_typing {
            let room = MOST_TYPED.saturating_sub(self.text.chars().count());
            self.text.extend(text.chars().filter(|c| !c.is_control()).take(room));
        }
    }

    /// Its words, each of which a row holds in some letter case.
    pub fn words(&self) -> Vec<String> {
        self.text.split_whitespace().map(str::to_lowercase).collect()
    }

    /// How well what is seen of something, and what is told of it besides, fit the words: the less the better; `None`: a
    /// word is missing. What is not seen counts only where a word begins: within words two letters are everywhere.
    pub fn fit(&self, seen: &[&str], besides: &str) -> Option<usize> {
        let (seen, besides) = (seen.join(" ").to_lowercase(), besides.to_lowercase());
        let score = |word: &String| match place(&seen, word) {
            Some(place) => Some(place),
            None => place(&besides, word).filter(|place| *place < WITHIN).map(|place| BESIDES + place),
        };
        self.words().iter().map(score).sum()
    }

    /// What the status line tells of it.
    pub fn told(&self) -> Option<Strip> {
        let cursor = if self.is_typing { "_" } else { "" };
        let is_told = self.is_typing || !self.text.is_empty();
        is_told
            .then(|| Strip::of("only what holds: ", Meaning::Dim).and(format!("{}{cursor}", self.text), Meaning::Input))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(code: KeyCode) -> KeyEvent {
        KeyEvent::new(code, KeyModifiers::NONE)
    }

    #[test]
    fn what_is_seen_as_a_word_fits_best_and_what_is_not_seen_only_where_it_begins_a_word() {
        let filter = Filter { text: "HA cluster".into(), is_typing: true };
        for (seen, besides, fit) in [
            (["vault-ha-upgrade", "Upgrade a Vault HA cluster"], "", Some(0)),
            (["nomad", "Harden the clusters"], "", Some(2)),
            (["share", "One cluster"], "", Some(WITHIN)),
            (["cockroach", "Upgrade a cluster"], "what has to be finalized", Some(BESIDES + 1)),
            (["cockroach", "Upgrade a cluster"], "what changes", None),
            (["vault", "Vault HA"], "", None),
        ] {
            assert_eq!(filter.fit(&seen, besides), fit, "{seen:?} {besides}");
        }
    }

    #[test]
    fn it_takes_characters_while_it_is_typed_and_no_more_than_a_line_of_them() {
        let mut filter = Filter::default();
        assert!(!filter.take(None, key(KeyCode::Char('a'))));
        filter.paste("not yet");
        assert!(filter.is_empty() && filter.told().is_none());
        filter.begin();
        assert!(filter.take(None, key(KeyCode::Char('É'))));
        filter.paste("a\u{1b}b  C");
        assert_eq!(filter.words(), ["éab", "c"]);
        assert!(filter.take(None, key(KeyCode::Backspace)));
        assert_eq!(filter.words(), ["éab"]);
        assert!(!filter.take(None, KeyEvent::new(KeyCode::Char('c'), KeyModifiers::CONTROL)));
        filter.paste(&"x".repeat(1_000));
        assert_eq!(filter.text.chars().count(), MOST_TYPED);
        assert!(filter.take(Some(Action::Act), key(KeyCode::Enter)));
        assert!(!filter.is_typing() && !filter.is_empty(), "what was typed stays");
        filter.begin();
        assert!(filter.take(Some(Action::Back), key(KeyCode::Esc)));
        assert!(!filter.is_typing() && filter.is_empty());
    }
}
