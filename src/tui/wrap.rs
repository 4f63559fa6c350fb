//! Breaking texts into lines that fit, and cutting lines that do not.

use std::borrow::Cow;

use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

/// How many cells a text takes.
pub fn width(text: &str) -> usize {
    UnicodeWidthStr::width(text)
}

/// The text, or as much of it as fits with `mark` at its end.
pub fn cut<'a>(text: &'a str, cells: usize, mark: &str) -> Cow<'a, str> {
    if width(text) <= cells {
        return Cow::Borrowed(text);
    }
    let room = cells.saturating_sub(width(mark));
    let mut kept = String::new();
    let mut used = 0;
    for cluster in text.graphemes(true) {
        let wide = width(cluster);
        if used + wide > room {
            break;
        }
        kept.push_str(cluster);
        used += wide;
    }
    if width(mark) <= cells {
        kept.push_str(mark);
    }
    Cow::Owned(kept)
}

/// The lines of a text, broken at spaces where they are longer than `cells`. A list item hangs under its own text.
pub fn wrap(text: &str, cells: usize) -> Vec<String> {
    let cells = cells.max(1);
    let mut lines = Vec::new();
    for line in text.split('\n') {
        let indent = hanging(line).min(cells / 2);
        wrap_line(line.trim_end(), cells, indent, &mut lines);
    }
    lines
}

/// How far the second line of a list item is moved in.
fn hanging(line: &str) -> usize {
    let rest = line.trim_start();
    let lead = line.len() - rest.len();
    let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
    if rest.starts_with("- ") || rest.starts_with("* ") {
        lead + 2
    } else if digits > 0 && rest[digits..].starts_with(". ") {
        lead + digits + 2
    } else {
        lead
    }
}

fn wrap_line(line: &str, cells: usize, indent: usize, lines: &mut Vec<String>) {
    let mut current = String::new();
    let mut used = 0;
    let mut is_first_word = true;
    for word in line.split_inclusive(' ') {
        let bare = word.trim_end_matches(' ');
        if !is_first_word && used + width(bare) > cells {
            lines.push(current.trim_end().to_owned());
            current = " ".repeat(indent);
            used = indent;
        }
        for cluster in word.graphemes(true) {
            let wide = width(cluster);
            if used + wide > cells && cluster != " " {
                lines.push(std::mem::replace(&mut current, " ".repeat(indent)));
                used = indent;
            }
            if used + wide <= cells {
                current.push_str(cluster);
                used += wide;
            }
        }
        is_first_word = false;
    }
    lines.push(current.trim_end().to_owned());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_fit_and_lose_no_word() {
        let text = "Stop Vault on the node, with SIGTERM only.\n\n- a list item that is longer than the line is";
        for cells in 1..60 {
            let lines = wrap(text, cells);
            assert!(lines.iter().all(|line| width(line) <= cells), "{cells}: {lines:?}");
            let squeezed: String = lines.concat().split(' ').collect();
            assert_eq!(squeezed, text.replace(['\n', ' '], ""), "{cells}");
        }
    }

    #[test]
    fn a_wide_character_is_never_cut_in_two() {
        assert_eq!(cut("日本語", 4, "…"), "日…");
        assert_eq!(cut("日本語", 6, "…"), "日本語");
        assert_eq!(cut("abc", 0, "…"), "");
    }

    #[test]
    fn a_list_item_hangs() {
        assert_eq!(wrap("- one two three", 9), ["- one two", "  three"]);
    }
}
