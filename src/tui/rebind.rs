//! The user's keymap, over the one that is built in: other keys for what there is. Pure.
//!
//! What would leave somebody without a way out, or let a key that is held down confirm something, is refused like a key
//! that means two things.

use std::ops::Range;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde::de::IntoDeserializer;
use serde::de::value::Error as ValueError;
use toml::Spanned;

use crate::diagnostic::Diagnostic;
use crate::tui::key::Key;
use crate::tui::keymap::{Action, Context, Keymap};

/// The most findings that are told of one file.
const MAX_FINDINGS: usize = 20;

/// The longest words for what a key does, in characters.
const MAX_DESC: usize = 120;

/// Where characters go into a text.
const TYPED_INTO: [Context; 8] = [
    Context::SetUp,
    Context::Practise,
    Context::Confirm,
    Context::Dialog,
    Context::Note,
    Context::Console,
    Context::Filter,
    Context::Pick,
];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OwnKeymap {
    #[serde(default)]
    key: Vec<OwnBinding>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OwnBinding {
    context: Spanned<String>,
    keys: Spanned<Vec<Spanned<String>>>,
    action: Spanned<String>,
    desc: Option<Spanned<String>>,
}

/// A key of the user's, and where it stands in the text.
struct Taken {
    context: Context,
    action: Action,
    key: Key,
    span: Range<usize>,
}

/// The keymap with the user's keys, which are given as TOML: `[[key]]` with `context`, `action` and `keys`, as in the
/// keymap that is built in.
///
/// # Errors
/// Everything that is wrong with the text.
pub fn rebound(text: &str) -> Result<Keymap, Vec<Diagnostic>> {
    let own: OwnKeymap = toml::from_str(text).map_err(|error| {
        let help = "each [[key]] has a context, an action and keys: [[key]] context = \"run\", action = \"note\", keys = [\"N\"]";
        vec![Diagnostic::error("keymap", error.span().unwrap_or(0..0), error.message()).with_help(help)]
    })?;
    let mut keymap = Keymap::standard();
    let (mut wrong, mut taken, mut seen) = (Vec::new(), Vec::new(), Vec::new());
    for binding in &own.key {
        if wrong.len() >= MAX_FINDINGS {
            break;
        }
        match bind(&mut keymap, binding, &mut taken) {
            Ok(pair) if seen.contains(&pair) => {
                let told = format!(
                    "{:?} stands twice in the context {:?}",
                    binding.action.get_ref(),
                    binding.context.get_ref()
                );
                wrong.push(
                    Diagnostic::error("key-twice", binding.action.span(), told)
                        .with_help("put its keys into one [[key]]"),
                );
            }
            Ok(pair) => seen.push(pair),
            Err(found) => wrong.push(found),
        }
    }
    if wrong.is_empty() {
        wrong.extend(taken.iter().filter_map(|taken| conflict(&keymap, taken)).take(MAX_FINDINGS));
    }
    if wrong.is_empty() { Ok(keymap) } else { Err(wrong) }
}

fn bind(keymap: &mut Keymap, binding: &OwnBinding, taken: &mut Vec<Taken>) -> Result<(Context, Action), Diagnostic> {
    let OwnBinding { context: in_context, keys: own_keys, action: for_action, desc } = binding;
    let context: Context = named(in_context.get_ref()).ok_or_else(|| {
        let told = format!("{:?} is no context", in_context.get_ref());
        Diagnostic::error("keymap", in_context.span(), told).with_help(CONTEXTS)
    })?;
    let unknown = || {
        let told = format!("{:?} is no action in the context {:?}", for_action.get_ref(), in_context.get_ref());
        let help = "the keymap that is built in names all there are: `piton keymap` prints it";
        Diagnostic::error("keymap", for_action.span(), told).with_help(help)
    };
    let action: Action = named(for_action.get_ref()).ok_or_else(unknown)?;
    let mut keys = Vec::new();
    for own in own_keys.get_ref() {
        let key: Key = own.get_ref().parse().map_err(|error: crate::tui::key::NotAKey| {
            let help = "a letter or sign as it is typed, or a name such as enter, esc, space, pgdn, f5, with ctrl- or alt- before it";
            Diagnostic::error("keymap", own.span(), error.to_string()).with_help(help)
        })?;
        taken.push(Taken { context, action, key, span: own.span() });
        keys.push(key);
    }
    if keys.is_empty() {
        let told = format!("{:?} has no key left", for_action.get_ref());
        return Err(Diagnostic::error("key-lost", own_keys.span(), told).with_help("an action has one key at least"));
    }
    let too_long = desc.as_ref().filter(|desc| desc.get_ref().chars().count() > MAX_DESC);
    if let Some(desc) = too_long {
        let told = format!("the words for what a key does are longer than {MAX_DESC} characters");
        return Err(Diagnostic::error("keymap", desc.span(), told).with_help("say it shorter, or leave `desc` out"));
    }
    let desc = desc.as_ref().map(|desc| desc.get_ref().clone());
    if !keymap.rebind((context, action), keys, desc) {
        return Err(unknown());
    }
    Ok((context, action))
}

/// What a word of the keymap names.
fn named<T: DeserializeOwned>(word: &str) -> Option<T> {
    let deserializer: serde::de::value::StrDeserializer<'_, ValueError> = word.into_deserializer();
    T::deserialize(deserializer).ok()
}

const CONTEXTS: &str = "the contexts are everywhere, library, changes, practise, sites, setup, before, confirm, run, overview, \
                        alarms, dialog, note, debrief, console, journals, filter, found, replay and pick";

/// What is wrong with a key of the user's in the keymap as a whole.
fn conflict(keymap: &Keymap, taken: &Taken) -> Option<Diagnostic> {
    let Taken { context, action, key, span } = taken;
    let at_once = |other: Context| other == *context || other == Context::Everywhere || *context == Context::Everywhere;
    let clash = keymap.all().iter().find(|other| {
        at_once(other.context) && (other.context, other.action) != (*context, *action) && other.keys.contains(key)
    });
    if let Some(clash) = clash {
        let told = format!("the key {key} means two things in the context {}", taken_in(*context, clash.context));
        let help = format!("it is also for {:?}: give that other keys as well, or choose another key here", clash.desc);
        return Some(Diagnostic::error("key-twice", span.clone(), told).with_help(help));
    }
    if let Some((told, help)) = lost(keymap, taken) {
        return Some(Diagnostic::error("key-lost", span.clone(), told).with_help(help));
    }
    if key.is_plain() && *context == Context::Everywhere && !matches!(action, Action::Help | Action::Palette) {
        let told = format!("the key {key} could not be typed anywhere any more");
        let help = "take one that is no character: with ctrl- or alt-, or a named key";
        return Some(Diagnostic::error("key-lost", span.clone(), told).with_help(help));
    }
    let opens = |other: Context| keymap.of(other).any(|other| other.action == Action::Act && other.keys.contains(key));
    if *action == Action::Yes && opens(Context::Run) {
        let told = format!("the key {key} would answer yes to what it opens");
        let help = "a key that is held down must not run anything: take another one";
        return Some(Diagnostic::error("key-lost", span.clone(), told).with_help(help));
    }
    let answers =
        |other: Context| keymap.of(other).any(|other| other.action == Action::Yes && other.keys.contains(key));
    if *action == Action::Act && *context == Context::Run && answers(Context::Dialog) {
        let told = format!("the key {key} says yes to what it would open");
        let help = "a key that is held down must not run anything: take another one";
        return Some(Diagnostic::error("key-lost", span.clone(), told).with_help(help));
    }
    None
}

/// Why a key never comes to its action, or takes what a text needs, and what to do about that.
fn lost(keymap: &Keymap, Taken { context, action, key, .. }: &Taken) -> Option<(String, &'static str)> {
    let own = keymap.of(*context).find(|binding| binding.action == *action);
    let own = own.map_or(&[][..], |binding| &binding.keys[..]);
    if key.is_plain() && TYPED_INTO.contains(context) && !is_for_no_text((*context, *action), own) {
        let told = format!("the key {key} is typed in the context {}", context.title());
        return Some((told, "take one that is no character: with ctrl- or alt-, or a named key"));
    }
    if key.takes_back() && (TYPED_INTO.contains(context) || *context == Context::Everywhere) {
        let told = format!("with the key {key} as {:?} a typed text could not be mended", context.title());
        return Some((told, "many terminals send ctrl-h for backspace: leave both as they are where one types"));
    }
    if let Some(sent) = key.often_sent_as().filter(|_| own.iter().all(|key| key.often_sent_as().is_some())) {
        let told = format!("many terminals send {sent} for the key {key}");
        return Some((told, "give the action a key that every terminal sends as well"));
    }
    None
}

/// Whether a character may be a key of a dialog: it answers where nothing is typed, or it scrolls beside a key that is
/// no character and is the one that is told.
fn is_for_no_text((context, action): (Context, Action), keys: &[Key]) -> bool {
    let scrolls = matches!(action, Action::Up | Action::Down | Action::PageUp | Action::PageDown);
    let is_beside = scrolls && keys.first().is_some_and(|first| !first.is_plain());
    context == Context::Dialog && (action == Action::Yes || is_beside)
}

fn taken_in(context: Context, other: Context) -> &'static str {
    if context == Context::Everywhere { other.title() } else { context.title() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::stage_tests::event;

    fn key(context: &str, action: &str, keys: &str) -> String {
        format!("[[key]]\ncontext = \"{context}\"\naction = \"{action}\"\nkeys = [{keys}]\n")
    }

    #[test]
    fn the_users_keys_take_the_place_of_those_that_are_built_in() {
        let text = key("run", "note", "\"u\", \"f5\"") + &key("dialog", "yes", "\"Y\"");
        let keymap = rebound(&text).unwrap();
        assert_eq!(keymap.resolve(&event("u"), &[Context::Run]), Some(Action::Note));
        assert_eq!(keymap.resolve(&event("n"), &[Context::Run]), None);
        assert_eq!(keymap.shown(Action::Note, Context::Run), "u");
        assert_eq!(keymap.named("y", &[Context::Dialog]), "Y");
        assert_eq!(keymap.named("esc", &[Context::Dialog]), "esc");
        assert_eq!(rebound("").unwrap().all().len(), Keymap::standard().all().len());
    }

    #[test]
    fn the_keymap_that_is_built_in_is_one_that_a_user_may_have() {
        let found = rebound(include_str!("../../assets/keymap.toml")).err().unwrap_or_default();
        assert_eq!(found, []);
    }

    #[test]
    fn what_cannot_be_is_told_with_its_line_and_what_to_do() {
        for (text, code, line, said) in [
            (key("runn", "note", "\"u\""), "keymap", 2, "no context"),
            (key("run", "notee", "\"u\""), "keymap", 3, "no action"),
            (key("library", "note", "\"u\""), "keymap", 3, "no action in the context \"library\""),
            (key("run", "note", "\"ctrl-i\""), "keymap", 4, "tab"),
            (key("run", "note", "\"enterr\""), "keymap", 4, "not a key"),
            (key("run", "note", ""), "key-lost", 4, "no key left"),
            (key("run", "note", "\"s\""), "key-twice", 4, "two things in the context run"),
            (key("run", "note", "\"ctrl-c\""), "key-twice", 4, "two things"),
            (key("everywhere", "redraw", "\"s\""), "key-twice", 4, "two things"),
            (key("everywhere", "redraw", "\"%\""), "key-lost", 4, "could not be typed"),
            (key("note", "act", "\"x\""), "key-lost", 4, "is typed"),
            (key("confirm", "act", "\"P\""), "key-lost", 4, "is typed"),
            (key("practise", "act", "\"g\""), "key-lost", 4, "is typed"),
            (key("dialog", "act", "\"g\""), "key-lost", 4, "is typed"),
            (key("dialog", "act", "\"enter\", \"g\""), "key-lost", 4, "is typed"),
            (key("dialog", "back", "\"b\""), "key-lost", 4, "is typed"),
            (key("dialog", "page-down", "\"J\", \"pgdn\""), "key-lost", 4, "is typed"),
            (key("dialog", "undo", "\"backspace\""), "key-lost", 4, "could not be mended"),
            (key("note", "act", "\"ctrl-h\""), "key-lost", 4, "could not be mended"),
            (key("everywhere", "redraw", "\"ctrl-h\""), "key-lost", 4, "could not be mended"),
            (key("run", "note", "\"shift-enter\""), "key-lost", 4, "many terminals send enter"),
            (key("run", "note", "\"ctrl-1\""), "key-lost", 4, "many terminals send 1"),
            (key("dialog", "yes", "\"enter\"") + &key("dialog", "act", "\"f2\""), "key-lost", 4, "would answer yes"),
            (key("run", "act", "\"y\"") + &key("run", "copy", "\"f2\""), "key-lost", 4, "says yes"),
            (key("run", "note", "\"u\"") + &key("run", "note", "\"E\""), "key-twice", 7, "stands twice"),
            ("[[key]]\nkeyz = []\n".into(), "keymap", 2, "keyz"),
            ("key = 3".into(), "keymap", 1, ""),
        ] {
            let found = rebound(&text).unwrap_err();
            let (first, place) = (&found[0], found[0].position(&text));
            assert_eq!((first.code, place.line), (code, line), "{text}{found:?}");
            assert!(first.message.contains(said) && first.help.is_some(), "{found:?}");
        }
    }

    #[test]
    fn a_dialog_in_which_nothing_is_typed_takes_characters() {
        for text in [
            key("dialog", "yes", "\"Y\""),
            key("dialog", "down", "\"down\", \"j\""),
            key("dialog", "page-up", "\"pgup\", \"K\""),
            key("run", "note", "\"u\", \"shift-enter\""),
            key("run", "note", "\"ctrl-h\""),
            key("run", "note", "\"ctrl-]\""),
        ] {
            assert_eq!(rebound(&text).err(), None, "{text}");
        }
    }

    #[test]
    fn a_long_list_of_wrong_keys_is_told_up_to_a_bound() {
        let found = rebound(&key("run", "nothing", "\"u\"").repeat(800)).unwrap_err();
        assert_eq!(found.len(), MAX_FINDINGS);
    }
}
