//! Where the values of a command stand on the screen.

use std::collections::BTreeSet;
use std::ops::Range;

use proptest::prelude::*;

use super::*;
use crate::engine::CommandLine;

fn command(argv: &[&str]) -> CommandLine {
    let argv = argv.iter().map(|word| (*word).to_owned()).collect();
    CommandLine { argv, cwd: None, env: Vec::new(), timeout_ms: 1000 }
}

fn plain(pieces: &[Piece]) -> String {
    pieces.iter().map(|(piece, _)| piece.as_str()).collect()
}

fn values(pieces: &[Piece]) -> Vec<&str> {
    pieces.iter().filter(|(_, meaning)| *meaning == Meaning::Value).map(|(piece, _)| piece.as_str()).collect()
}

#[test]
fn values_stand_apart_and_the_text_is_what_is_copied() {
    for (word, place, expected) in [
        ("vault-2", 0..7, vec!["vault-2"]),
        ("vault@vault-2", 6..13, vec!["vault-2"]),
        ("it's vault-2 here", 5..12, vec!["vault-2"]),
        ("it's", 0..4, vec!["it'\\''s"]),
        ("ä", 1..2, vec![]),
        ("short", 3..90, vec![]),
        ("", 0..0, vec![]),
    ] {
        let command = command(&["ssh", word]);
        let pieces = argv(&command.argv, &[vec![], vec![place]], Meaning::Command);
        assert_eq!(plain(&pieces), tell::argv(&command));
        assert_eq!(values(&pieces), expected, "{word}");
    }
}

#[test]
fn a_secret_has_no_value_to_be_marked() {
    let secret = EnvValue::SecretEnv("TOKEN".into());
    let at = |place: Range<usize>| -> Places { std::iter::once(place).collect() };
    let pieces = variable("VAULT_TOKEN", &secret, Some(&at(0..5)), Meaning::Text);
    assert_eq!(pieces, [("VAULT_TOKEN=<secret: variable TOKEN>".to_owned(), Meaning::Text)]);
    let pieces = variable("A", &EnvValue::Plain("x y".into()), Some(&at(2..3)), Meaning::Text);
    assert_eq!((plain(&pieces).as_str(), values(&pieces)), ("A='x y'", vec!["y"]));
}

fn shown(strip: &Strip) -> String {
    strip.0.iter().map(|(text, _)| text.as_str()).collect()
}

proptest! {
    #[test]
    fn lines_are_broken_as_without_marks(
        parts in prop::collection::vec(("[ab日\u{1b} \n-]{0,12}", any::<bool>()), 0..6),
        cells in 1_usize..30,
    ) {
        let pieces: Vec<Piece> = parts
            .into_iter()
            .map(|(text, is_value)| (text, if is_value { Meaning::Value } else { Meaning::Command }))
            .collect();
        let lines = lines(&pieces, cells);
        prop_assert_eq!(lines.iter().map(shown).collect::<Vec<_>>(), wrap(&clean_block(&plain(&pieces)), cells));
    }

    #[test]
    fn what_is_marked_is_what_was_filled_in(
        words in prop::collection::vec(("[a-f]{1,6}", any::<bool>()), 1..20),
        cells in 2_usize..40,
    ) {
        // Values and fixed text have letters of their own.
        let mut pieces: Vec<Piece> = Vec::new();
        for (word, is_value) in words {
            let (word, meaning) = if is_value { (word.to_uppercase(), Meaning::Value) } else { (word, Meaning::Command) };
            pieces.extend([(word, meaning), (" ".to_owned(), Meaning::Command)]);
        }
        for strip in lines(&pieces, cells) {
            let seen: BTreeSet<(bool, bool)> = strip.0.iter().flat_map(|(text, meaning)| {
                let is_value = *meaning == Meaning::Value;
                text.chars().filter(|c| *c != ' ').map(move |c| (c.is_uppercase(), is_value)).collect::<Vec<_>>()
            }).collect();
            prop_assert!(seen.iter().all(|(is_upper, is_value)| is_upper == is_value), "{:?}", strip);
        }
    }
}
