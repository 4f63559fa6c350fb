//! Keys × context → action, from `assets/keymap.toml`. Pure.

use crossterm::event::KeyEvent;
use serde::Deserialize;
use serde::de::value::{Error as ValueError, StrDeserializer};

use crate::tui::key::{Key, NotAKey};

/// Where a key is pressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Context {
    /// Wherever nothing nearer takes the key.
    Everywhere,
    /// The list of runbooks.
    Library,
    /// What changed since the last run.
    Changes,
    /// The choice of what is practised.
    Practise,
    /// The choice of a site.
    Sites,
    /// The set-up form.
    SetUp,
    /// What is looked at before the start.
    Before,
    /// The name that starts a live run.
    Confirm,
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
    /// The list of alarms.
    Alarms,
    /// A journal that is played back.
    Replay,
    /// A list out of which one is picked.
    Pick,
    /// What was searched and stands: from hit to hit.
    Found,
}

impl Context {
    /// The heading in the help.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Everywhere => "everywhere",
            Self::Library => "library",
            Self::Changes => "what changed",
            Self::Practise => "practice",
            Self::Sites => "sites",
            Self::SetUp => "set-up",
            Self::Before => "before the start",
            Self::Confirm => "start",
            Self::Run => "run",
            Self::Dialog => "dialog",
            Self::Note => "note",
            Self::Debrief => "debrief",
            Self::Console => "console",
            Self::Journals => "journals",
            Self::Filter => "line",
            Self::Overview => "overview",
            Self::Alarms => "alarms",
            Self::Replay => "replay",
            Self::Pick => "list",
            Self::Found => "after a search",
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
    /// See [`crate::engine::Allowed::Verify`].
    Verify,
    /// See [`crate::engine::Allowed::Dispute`].
    Dispute,
    /// See [`crate::engine::Allowed::TakeUp`].
    TakeUp,
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
    /// Show what somebody should know of now.
    Alarms,
    /// Show less or more lines.
    Fold,
    /// Show the cautions in full that are folded.
    Unfold,
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
    /// Show what changed since the last run.
    Changes,
    /// The value before, of earlier runs.
    Earlier,
    /// The value after that one.
    Later,
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
    /// The next remark of a reviewer.
    NextRemark,
    /// The one before.
    PreviousRemark,
    /// What was signed and said of the run.
    Beside,
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
    /// Pick out of all that can be done here.
    Palette,
    /// Search what has the keys.
    Search,
    /// The next hit of a search.
    NextHit,
    /// The hit before.
    PreviousHit,
    /// Copy what is looked at.
    Copy,
    /// Attach a file.
    Attach,
    /// Keep a copy of it, or none.
    Keep,
    /// Write a path out as far as it is clear.
    Complete,
    /// Write the text in an editor of one's own.
    Edit,
    /// Take back the last change of the text.
    Undo,
    /// Make it again.
    Redo,
    /// Begin another line.
    LineBreak,
    /// The keys of this screen.
    Help,
    /// Stop the process until the shell continues it.
    Suspend,
    /// Draw everything again.
    Redraw,
}

/// Why a text is not a keymap.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeymapError {
    /// Not a key.
    #[error(transparent)]
    NotAKey(#[from] NotAKey),
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
    /// Where the user gave other keys: the context, the key that is built in, and the one that is shown instead.
    renamed: Vec<(Context, String, String)>,
}

/// The text of the keymap that is built in.
const STANDARD: &str = include_str!("../../assets/keymap.toml");

fn plain_binding(entry: &str) -> Option<Binding> {
    let value = |name: &str| entry.lines().find_map(|line| line.strip_prefix(name)?.trim_start().strip_prefix("= "));
    let quoted = |text: &str| Some(text.strip_prefix('"')?.strip_suffix('"')?.to_owned());
    let keys = value("keys")?.strip_prefix('[')?.strip_suffix(']')?.split(", ");
    Some(Binding {
        context: named(&quoted(value("context")?)?)?,
        keys: keys.map(|key| quoted(key)?.parse().ok()).collect::<Option<_>>()?,
        action: named(&quoted(value("action")?)?)?,
        desc: quoted(value("desc")?)?,
    })
}

/// A context or action by its name.
fn named<'n, T: Deserialize<'n>>(name: &'n str) -> Option<T> {
    T::deserialize(StrDeserializer::<ValueError>::new(name)).ok()
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
    /// The keymap that is built in. Read as TOML it would take longer than everything else up to the first frame.
    pub fn standard() -> Self {
        Self::plain(STANDARD).expect("a test reads the keymap that is built in")
    }

    /// A keymap from a text that is as plain as the one that is built in: four lines for each key, nothing escaped.
    fn plain(text: &str) -> Option<Self> {
        let bindings = text.split("[[key]]\n").skip(1).map(plain_binding).collect::<Option<_>>()?;
        Some(Self { bindings, renamed: Vec::new() })
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
        Ok(Self { bindings, renamed: Vec::new() })
    }

    /// Gives an action of a context other keys; whether there is such an action there.
    pub(super) fn rebind(
        &mut self,
        (context, action): (Context, Action),
        keys: Vec<Key>,
        desc: Option<String>,
    ) -> bool {
        let here = |binding: &&mut Binding| binding.context == context && binding.action == action;
        let Some(binding) = self.bindings.iter_mut().find(here) else { return false };
        let (old, new) = (binding.keys.first().map(Key::to_string), keys.first().map(Key::to_string));
        self.renamed.extend(old.zip(new).map(|(old, new)| (context, old, new)));
        binding.keys = keys;
        binding.desc = desc.unwrap_or_else(|| std::mem::take(&mut binding.desc));
        true
    }

    /// What stands on the screen for a key that is built in: the one that the user has instead.
    pub fn named<'a>(&'a self, key: &'a str, contexts: &[Context]) -> &'a str {
        let mut instead = self.renamed.iter().filter(|(context, old, _)| contexts.contains(context) && old == key);
        instead.next().map_or(key, |(_, _, new)| new)
    }

    /// A sentence with the keys that the user has: `{return}` stands for the key of that action in that context.
    pub fn told(&self, text: &str, context: Context) -> String {
        let mut told = String::with_capacity(text.len());
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('{') {
            told.push_str(before);
            let known = after.split_once('}').and_then(|(name, behind)| {
                let action = named(name)?;
                let key = self.shown(action, context);
                (!key.is_empty()).then_some((key, behind))
            });
            match known {
                Some((key, behind)) => {
                    told.push_str(&key);
                    rest = behind;
                }
                None => {
                    told.push('{');
                    rest = after;
                }
            }
        }
        told.push_str(rest);
        told
    }

    /// All bindings, in the file's order.
    pub fn all(&self) -> &[Binding] {
        &self.bindings
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

    /// The key of an action that types no character; empty when it has none.
    pub fn shown_in_text(&self, action: Action, context: Context) -> String {
        let found = self.of(context).find(|binding| binding.action == action);
        let key = found.and_then(|binding| binding.keys.iter().find(|key| !key.is_plain()));
        key.map(Key::to_string).unwrap_or_default()
    }

    /// The bindings of one context, in the file's order.
    pub fn of(&self, context: Context) -> impl Iterator<Item = &Binding> {
        self.bindings.iter().filter(move |binding| binding.context == context)
    }
}

#[cfg(test)]
mod tests {
    use crossterm::event::{KeyCode, KeyModifiers};

    use super::*;

    #[test]
    fn the_keymap_that_is_built_in_parses_and_describes_every_key() {
        let keymap = Keymap::standard();
        assert!(keymap.bindings.iter().all(|binding| !binding.desc.is_empty() && !binding.keys.is_empty()));
        assert_eq!(format!("{keymap:?}"), format!("{:?}", Keymap::parse(STANDARD).unwrap()));
    }

    #[test]
    fn a_sentence_names_the_keys_that_there_are() {
        let keymap =
            crate::tui::rebind::rebound("[[key]]\ncontext = \"run\"\naction = \"return\"\nkeys = [\"u\"]\n").unwrap();
        for (text, expected) in [
            ("back first ({return}), {why} tells why", "back first (u), w tells why"),
            ("{nothing} and {no-such} and {", "{nothing} and {no-such} and {"),
            ("a {{return}}", "a {u}"),
            ("plain", "plain"),
        ] {
            assert_eq!(keymap.told(text, Context::Run), expected);
        }
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
