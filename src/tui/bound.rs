//! Commands with the values in them that are bound to this run, so that they stand out from the fixed text. Pure.

use crate::engine::EnvValue;
use crate::engine::filled::Places;
use crate::text::clean_block;
use crate::tui::flow::Piece;
use crate::tui::tell;
use crate::tui::theme::Meaning;
use crate::tui::widget::paint::Strip;
use crate::tui::wrap::wrap;

/// A command as [`tell::argv`] tells it, its values apart.
pub fn argv(words: &[String], filled: &[Places], fixed: Meaning) -> Vec<Piece> {
    let mut pieces = Vec::new();
    for (at, word) in words.iter().enumerate() {
        if at > 0 {
            pieces.push((" ".to_owned(), fixed));
        }
        argument(word, filled.get(at).map(Vec::as_slice).unwrap_or_default(), fixed, &mut pieces);
    }
    pieces
}

/// A variable as [`tell::variable`] tells it, its values apart; of a secret there are none.
pub fn variable(name: &str, value: &EnvValue, places: Option<&Places>, fixed: Meaning) -> Vec<Piece> {
    let EnvValue::Plain(value) = value else { return vec![(tell::variable(name, value), fixed)] };
    let mut pieces = vec![(format!("{name}="), fixed)];
    argument(value, places.map(Vec::as_slice).unwrap_or_default(), fixed, &mut pieces);
    pieces
}

/// A text with its values apart.
pub fn text(text: &str, places: &Places, fixed: Meaning) -> Vec<Piece> {
    let mut pieces = Vec::new();
    marked(text, places, fixed, |part| part.to_owned(), &mut pieces);
    pieces
}

/// One argument as [`tell::argument`] tells it.
fn argument(word: &str, places: &[std::ops::Range<usize>], fixed: Meaning, pieces: &mut Vec<Piece>) {
    if tell::argument(word) == word {
        return marked(word, places, fixed, str::to_owned, pieces);
    }
    pieces.push(("'".to_owned(), fixed));
    marked(word, places, fixed, |part| part.replace('\'', "'\\''"), pieces);
    pieces.push(("'".to_owned(), fixed));
}

fn marked(
    text: &str,
    places: &[std::ops::Range<usize>],
    fixed: Meaning,
    told: impl Fn(&str) -> String,
    pieces: &mut Vec<Piece>,
) {
    let mut at = 0;
    for place in places {
        let (Some(before), Some(value)) = (text.get(at..place.start), text.get(place.clone())) else { break };
        pieces.push((told(before), fixed));
        pieces.push((told(value), Meaning::Value));
        at = place.end;
    }
    pieces.push((told(text.get(at..).unwrap_or_default()), fixed));
    pieces.retain(|(piece, _)| !piece.is_empty());
}

/// The lines of a text of pieces, `cells` wide: broken where [`wrap`] breaks the whole text, cleaned like all that comes
/// from outside.
pub fn lines(pieces: &[Piece], cells: usize) -> Vec<Strip> {
    let whole: String = pieces.iter().map(|(piece, _)| piece.as_str()).collect();
    let clean = clean_block(&whole);
    // What had to be cleaned is shown without marks: what stands where is not known any more.
    let known = clean == whole;
    let mut source = pieces.iter().flat_map(|(piece, meaning)| piece.chars().map(move |c| (c, *meaning))).peekable();
    let fallback = pieces.iter().map(|(_, meaning)| *meaning).find(|meaning| *meaning != Meaning::Value);
    let fixed = fallback.unwrap_or(Meaning::Value);
    let strip = |line: String| {
        let mut strip = Strip::default();
        for c in line.chars() {
            // Breaking a text takes spaces away at the ends of lines and moves lines in; nothing else changes.
            while c != ' ' && source.next_if(|(other, _)| matches!(other, ' ' | '\n') && *other != c).is_some() {}
            let meaning = source.next_if(|(other, _)| known && *other == c).map_or(fixed, |(_, meaning)| meaning);
            match strip.0.last_mut().filter(|(_, last)| *last == meaning) {
                Some((joined, _)) => joined.push(c),
                None => strip.0.push((c.to_string(), meaning)),
            }
        }
        strip
    };
    wrap(&clean, cells).into_iter().map(strip).collect()
}

#[cfg(test)]
#[path = "bound_tests.rs"]
mod tests;
