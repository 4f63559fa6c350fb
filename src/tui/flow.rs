//! Text of several meanings, broken into lines at its spaces. Pure.

use unicode_segmentation::UnicodeSegmentation;

use crate::tui::theme::Meaning;
use crate::tui::widget::paint::Strip;
use crate::tui::wrap::width;

/// A part of a text that means one thing.
pub type Piece = (String, Meaning);

/// The lines of a text, at most `cells` wide each. A word that is longer is broken where the line ends.
pub fn flow(pieces: &[Piece], cells: usize) -> Vec<Strip> {
    let mut flowing = Flowing { cells: cells.max(1), ..Flowing::default() };
    for (text, meaning) in pieces {
        for cluster in text.graphemes(true) {
            match cluster {
                "\n" => flowing.end_line(),
                " " => {
                    flowing.end_word();
                    flowing.spaces.push((" ".into(), *meaning));
                }
                _ => flowing.word.push((cluster.into(), *meaning)),
            }
        }
    }
    flowing.end_word();
    if !flowing.line.is_empty() {
        flowing.end_line();
    }
    flowing.lines
}

#[derive(Default)]
struct Flowing {
    cells: usize,
    lines: Vec<Strip>,
    line: Vec<Piece>,
    used: usize,
    spaces: Vec<Piece>,
    word: Vec<Piece>,
}

impl Flowing {
    fn end_word(&mut self) {
        if self.word.is_empty() {
            return;
        }
        let word = std::mem::take(&mut self.word);
        let wide: usize = word.iter().map(|(cluster, _)| width(cluster)).sum();
        if self.used > 0 && self.used + self.spaces.len() + wide > self.cells {
            self.end_line();
        }
        // Spaces at the beginning of a line that was broken are its end.
        let spaces = std::mem::take(&mut self.spaces);
        if self.used > 0 {
            self.used += spaces.len();
            self.line.extend(spaces);
        }
        for (cluster, meaning) in word {
            let wide = width(&cluster);
            if self.used > 0 && self.used + wide > self.cells {
                self.end_line();
            }
            self.used += wide;
            self.line.push((cluster, meaning));
        }
    }

    fn end_line(&mut self) {
        self.end_word_within();
        self.spaces.clear();
        self.used = 0;
        let mut strip = Strip::default();
        for (text, meaning) in self.line.drain(..) {
            match strip.0.last_mut().filter(|(_, last)| *last == meaning) {
                Some((joined, _)) => joined.push_str(&text),
                None => strip.0.push((text, meaning)),
            }
        }
        self.lines.push(strip);
    }

    /// A line that is ended by force ends the word before it.
    fn end_word_within(&mut self) {
        if !self.word.is_empty() {
            self.end_word();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(lines: &[Strip]) -> Vec<String> {
        lines.iter().map(|line| line.0.iter().map(|(text, _)| text.as_str()).collect()).collect()
    }

    #[test]
    fn a_word_of_two_meanings_is_not_broken_between_them() {
        let pieces =
            [("run ".to_owned(), Meaning::Text), ("vault".into(), Meaning::Command), (", now".into(), Meaning::Text)];
        assert_eq!(told(&flow(&pieces, 8)), ["run", "vault,", "now"]);
        assert_eq!(told(&flow(&pieces, 40)), ["run vault, now"]);
    }

    #[test]
    fn lines_fit_whatever_they_hold() {
        let pieces =
            [("日本語 is three wide characters\nand-a-word-that-is-longer-than-any-line".to_owned(), Meaning::Text)];
        for cells in 2..40 {
            let lines = flow(&pieces, cells);
            assert!(lines.iter().all(|line| line.width() <= cells), "{cells}: {lines:?}");
            let squeezed = told(&lines).concat().replace(' ', "");
            assert_eq!(squeezed, pieces[0].0.replace(['\n', ' '], ""));
        }
        assert_eq!(flow(&[], 10), []);
    }
}
