//! Keys × context → action, from `assets/keymap.toml`. Pure.

use std::fmt;
use std::str::FromStr;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use serde::Deserialize;

/// Where a key is pressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Context {
    /// Wherever nothing nearer takes the key.
    Everywhere,
    /// The list of runbooks.
    Library,
    /// The set-up form.
    SetUp,
    /// The run screen.
    Run,
    /// A dialog on the run screen.
    Dialog,
    /// The note's text area.
    Note,
    /// The debrief of a rehearsal.
    Debrief,
    /// The console of a rehearsal.
    Console,
    /// The list of all runs.
    Journals,
    /// A line that is typed at the lower edge of a screen.
    Filter,
    /// All phases and nodes of a run at once.
    Overview,
    /// A journal that is played back.
    Replay,
}

impl Context {
    /// The heading in the help.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Everywhere => "everywhere",
            Self::Library => "library",
            Self::SetUp => "set-up",
            Self::Run => "run",
            Self::Dialog => "dialog",
            Self::Note => "note",
            Self::Debrief => "debrief",
            Self::Console => "console",
            Self::Journals => "journals",
            Self::Filter => "line",
            Self::Overview => "overview",
            Self::Replay => "replay",
        }
    }
}

/// What a key asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Action {
    /// The natural next thing.
    Act,
    /// Yes, to a question that asks for it.
    Yes,
    /// Close without doing anything.
    Back,
    /// Sign what is about to be recorded.
    Sign,
    /// See [`crate::engine::Allowed::Retry`].
    Retry,
    /// See [`crate::engine::Allowed::Skip`].
    Skip,
    /// See [`crate::engine::Allowed::Defer`].
    Defer,
    /// See [`crate::engine::Allowed::Override`].
    Override,
    /// See [`crate::engine::Allowed::CutWait`].
    CutWait,
    /// See [`crate::engine::Allowed::Acknowledge`].
    Acknowledge,
    /// See [`crate::engine::Allowed::Cancel`].
    Cancel,
    /// See [`crate::engine::Allowed::RollBack`].
    RollBack,
    /// See [`crate::engine::Allowed::Abandon`].
    Abandon,
    /// See [`crate::engine::Allowed::Close`].
    Close,
    /// See [`crate::engine::Allowed::Note`].
    Note,
    /// Show the gate's reasons.
    Why,
    /// Show all phases and all nodes at once.
    Overview,
    /// Show less or more lines.
    Fold,
    /// Show the pane that has the keys alone, or all again.
    Zoom,
    /// That pane narrower.
    Narrower,
    /// That pane wider.
    Wider,
    /// That pane lower.
    Lower,
    /// That pane higher.
    Higher,
    /// All panes as they are by themselves.
    EvenSizes,
    /// One to the left.
    Left,
    /// One to the right.
    Right,
    /// Open the console of a rehearsal.
    Console,
    /// Take the next hint of a rehearsal.
    Hint,
    /// The alarm was seen.
    Seen,
    /// Ask every probe now.
    SenseNow,
    /// Back to the current step.
    Return,
    /// One up.
    Up,
    /// One down.
    Down,
    /// A page up.
    PageUp,
    /// A page down.
    PageDown,
    /// The keys to the next pane.
    NextPane,
    /// The keys to the pane before.
    PreviousPane,
    /// Set up a practice run.
    Practice,
    /// Show all runs.
    Journals,
    /// Type what the runs that are shown must hold.
    Filter,
    /// Play, or stop playing.
    Play,
    /// Play faster.
    Faster,
    /// Play more slowly.
    Slower,
    /// The next record.
    Forward,
    /// The record before.
    Backward,
    /// The first record.
    First,
    /// The last record.
    Last,
    /// Type the number of a record.
    GoTo,
    /// The next marked record.
    NextMark,
    /// The marked record before.
    PreviousMark,
    /// The next deviation.
    NextDeviation,
    /// The deviation before.
    PreviousDeviation,
    /// The next failure.
    NextFailure,
    /// The failure before.
    PreviousFailure,
    /// The next break of a guard.
    NextGuard,
    /// The break of a guard before.
    PreviousGuard,
    /// The next note.
    NextNote,
    /// The note before.
    PreviousNote,
    /// The next sitting.
    NextSitting,
    /// The sitting before.
    PreviousSitting,
    /// The next way back.
    NextBack,
    /// The way back before.
    PreviousBack,
    /// Leave as it stands.
    Leave,
    /// The keys of this screen.
    Help,
    /// Stop the process until the shell continues it.
    Suspend,
    /// Draw everything again.
    Redraw,
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
        Self { code, modifiers }
    }
}

/// Why a text is not a key or a keymap.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeymapError {
    /// Not a key.
    #[error("{0:?} is not a key")]
    NotAKey(String),
    /// The text cannot be read.
    #[error("{0}")]
    Unreadable(String),
    /// Two bindings want it.
    #[error("the key {key} means two things in the context {context}")]
    Twice {
        /// The key.
        key: String,
        /// Where.
        context: &'static str,
    },
}

impl FromStr for Key {
    type Err = KeymapError;

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
            _ => return Err(KeymapError::NotAKey(text.to_owned())),
        };
        Ok(Self { code, modifiers })
    }
}

const NAMES: [(&str, KeyCode); 14] = [
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
    ("f1", KeyCode::F(1)),
    ("backspace", KeyCode::Backspace),
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
            (None, other) => write!(f, "{other}"),
        }
    }
}

/// One line of the keymap.
#[derive(Clone, Debug)]
pub struct Binding {
    /// Where it holds.
    pub context: Context,
    /// The keys, the first being the one that is shown.
    pub keys: Vec<Key>,
    /// What they ask for.
    pub action: Action,
    /// What it does, for people.
    pub desc: String,
}

/// All bindings.
#[derive(Clone, Debug)]
pub struct Keymap {
    bindings: Vec<Binding>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawKeymap {
    key: Vec<RawBinding>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawBinding {
    context: Context,
    keys: Vec<String>,
    action: Action,
    desc: String,
}

impl Keymap {
    /// The keymap that is built in.
    pub fn standard() -> Self {
        Self::parse(include_str!("../../assets/keymap.toml")).expect("a test parses the keymap that is built in")
    }

    /// A keymap from its TOML text.
    ///
    /// # Errors
    /// The text is not a keymap, or a key means two things in one context.
    pub fn parse(text: &str) -> Result<Self, KeymapError> {
        let raw: RawKeymap =
            toml::from_str(text).map_err(|error| KeymapError::Unreadable(error.message().to_owned()))?;
        let mut bindings: Vec<Binding> = Vec::new();
        for raw in raw.key {
            let keys = raw.keys.iter().map(|key| key.parse()).collect::<Result<Vec<Key>, _>>()?;
            let taken = bindings.iter().filter(|other| other.context == raw.context).flat_map(|other| &other.keys);
            if let Some(key) = taken.clone().find(|key| keys.contains(key)) {
                return Err(KeymapError::Twice { key: key.to_string(), context: raw.context.title() });
            }
            bindings.push(Binding { context: raw.context, keys, action: raw.action, desc: raw.desc });
        }
        Ok(Self { bindings })
    }

    /// What a key asks for; nearer contexts come first.
    pub fn resolve(&self, event: &KeyEvent, contexts: &[Context]) -> Option<Action> {
        let key = Key::of(event);
        contexts.iter().find_map(|context| {
            let here = self.bindings.iter().filter(|binding| binding.context == *context);
            here.clone().find(|binding| binding.keys.contains(&key)).map(|binding| binding.action)
        })
    }

    /// The key that is shown for an action; empty when it has none.
    pub fn shown(&self, action: Action, context: Context) -> String {
        let found = self.bindings.iter().find(|binding| binding.action == action && binding.context == context);
        found.and_then(|binding| binding.keys.first()).map(Key::to_string).unwrap_or_default()
    }

    /// The bindings of one context, in the file's order.
    pub fn of(&self, context: Context) -> impl Iterator<Item = &Binding> {
        self.bindings.iter().filter(move |binding| binding.context == context)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_keymap_that_is_built_in_parses_and_describes_every_key() {
        let keymap = Keymap::standard();
        assert!(keymap.bindings.iter().all(|binding| !binding.desc.is_empty() && !binding.keys.is_empty()));
    }

    #[test]
    fn keys_survive_a_round_trip() {
        for text in ["enter", "ctrl-c", "shift-tab", "Q", ".", "space", "?", "alt-x", "f1"] {
            assert_eq!(text.parse::<Key>().unwrap().to_string(), text);
        }
        assert!("".parse::<Key>().is_err());
        assert!("enterr".parse::<Key>().is_err());
    }

    #[test]
    fn a_nearer_context_comes_first() {
        let keymap = Keymap::standard();
        let enter = KeyEvent::new(KeyCode::Enter, KeyModifiers::NONE);
        assert_eq!(keymap.resolve(&enter, &[Context::Run, Context::Everywhere]), Some(Action::Act));
        let capital = KeyEvent::new(KeyCode::Char('Q'), KeyModifiers::SHIFT);
        assert_eq!(keymap.resolve(&capital, &[Context::Run]), Some(Action::Close));
        assert_eq!(keymap.resolve(&capital, &[Context::Library]), None);
    }

    #[test]
    fn a_key_that_means_two_things_is_refused() {
        let twice = "[[key]]\ncontext = \"run\"\nkeys = [\"a\"]\naction = \"up\"\ndesc = \"x\"\n";
        assert!(matches!(Keymap::parse(&twice.repeat(2)), Err(KeymapError::Twice { .. })));
    }
}
