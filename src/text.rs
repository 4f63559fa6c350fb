//! Text from outside, made harmless: what a terminal would obey or hide becomes something one can see.
//!
//! Control characters become their pictures (`␛`), characters that reorder or hide text become their names
//! (`<U+202E>`), accents are bounded, tabs become spaces. Everything here is idempotent.

use std::borrow::Cow;
use std::fmt::{Display, Write as _};
use std::time::Duration;

use unicode_width::UnicodeWidthChar as _;

/// Columns between the tab stops of a line of text.
const LINE_TAB: usize = 4;
/// Columns between the tab stops of command output.
const OUTPUT_TAB: usize = 8;
/// How many characters without width may follow one that has some.
const MAX_MARKS: usize = 4;
/// The longest control string (a title, a link) that is taken out of output as one, in bytes.
const MAX_CONTROL_STRING: usize = 2048;

/// One line: newlines are shown too (`␊`).
pub fn clean_line(text: &str) -> Cow<'_, str> {
    if is_clean(text, false) { Cow::Borrowed(text) } else { Cow::Owned(clean(text, false, LINE_TAB)) }
}

/// Several lines: newlines stay, and `\r\n` counts as one.
pub fn clean_block(text: &str) -> Cow<'_, str> {
    if is_clean(text, true) { Cow::Borrowed(text) } else { Cow::Owned(clean(text, true, LINE_TAB)) }
}

/// So many of something, for people: `1 step`, `2 steps`.
pub fn counted(count: impl Display + PartialEq + From<u8>, noun: &str) -> String {
    let plural = if count == 1.into() { "" } else { "s" };
    format!("{count} {noun}{plural}")
}

/// An amount of bytes for people: `512 B`, `41.9 GB`.
pub fn amount(bytes: u64) -> String {
    let mut unit = 1_u64;
    let mut name = "B";
    for larger in ["kB", "MB", "GB", "TB", "PB", "EB"] {
        if bytes / unit < 1_000 {
            break;
        }
        (unit, name) = (unit * 1_000, larger);
    }
    if unit == 1 {
        return format!("{bytes} B");
    }
    format!("{}.{} {name}", bytes / unit, bytes % unit / (unit / 10))
}

/// How fast something goes of which so much of all was done in that time: so much a second, and how long the rest takes at
/// that. `None`: what is told of the first moments would be a guess.
pub fn pace(done: u64, all: u64, took: Duration) -> Option<(u64, Duration)> {
    let millis = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
    if done == 0 || millis < 200 {
        return None;
    }
    let rate = done.saturating_mul(1_000) / millis;
    Some((rate, Duration::from_secs(all.saturating_sub(done) / rate.max(1))))
}

/// What a command printed, as lines. A last newline ends a line and does not begin one.
pub fn clean_output(bytes: &[u8]) -> Vec<String> {
    let mut lines: Vec<String> = bytes.split(|byte| *byte == b'\n').map(clean_output_line).collect();
    if bytes.last().is_none_or(|last| *last == b'\n') {
        lines.pop();
    }
    lines
}

/// One line of what a command printed, given without its newline.
///
/// Colours are dropped; every other escape sequence leaves a sign. A carriage return starts the line anew, as a
/// progress bar does; `␍` in front tells that something was written over.
pub fn clean_output_line(line: &[u8]) -> String {
    let line = String::from_utf8_lossy(line);
    let line = line.trim_end_matches('\r');
    let (overwritten, last) = line.rsplit_once('\r').map_or((false, line), |(_, last)| (true, last));
    let mut plain = String::with_capacity(last.len());
    if overwritten {
        plain.push('␍');
    }
    let mut rest = last;
    while let Some(at) = rest.find('\u{1b}') {
        plain.push_str(&rest[..at]);
        let sequence = &rest[at + 1..];
        let (sign, length) = escape(sequence);
        plain.push_str(sign);
        rest = &sequence[length..];
    }
    plain.push_str(rest);
    if is_clean(&plain, false) { plain } else { clean(&plain, false, OUTPUT_TAB) }
}

/// The sign for the escape sequence whose text after ESC starts `rest`, and how many bytes of it are taken away.
fn escape(rest: &str) -> (&'static str, usize) {
    match rest.as_bytes().first() {
        Some(b'[') => control_sequence(rest),
        Some(b']') => control_string(rest).map_or(("␛", 0), |length| ("␛]…", length)),
        Some(b'P' | b'X' | b'^' | b'_') => control_string(rest).map_or(("␛", 0), |length| ("␛…", length)),
        _ => ("␛", 0),
    }
}

/// A well-formed colour is taken away without a sign; everything else stays as visible text.
fn control_sequence(rest: &str) -> (&'static str, usize) {
    let body = &rest[1..];
    let length = body.bytes().take_while(|byte| byte.is_ascii_digit() || matches!(byte, b';' | b':')).count();
    match body.as_bytes().get(length) {
        Some(b'm') => ("", length + 2),
        _ => ("␛", 0),
    }
}

/// How long a control string is, its end included. One that does not end soon is not taken for one, because it would
/// swallow what follows.
fn control_string(rest: &str) -> Option<usize> {
    let bell = rest.find('\u{7}').map(|at| at + 1);
    let terminator = rest.find("\u{1b}\\").map(|at| at + 2);
    let end = match (bell, terminator) {
        (Some(bell), Some(terminator)) => bell.min(terminator),
        (one, other) => one.or(other)?,
    };
    (end <= MAX_CONTROL_STRING).then_some(end)
}

/// Characters that a terminal or a reader would not see, or that change the order of what is seen.
///
/// Those that reorder text are told apart by [`is_reordering`].
pub fn is_hidden(c: char) -> bool {
    !c.is_ascii()
        && matches!(c,
        '\u{80}'..='\u{9f}' | '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
        | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
        | '\u{3164}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{13430}'..='\u{1345f}'
        | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

/// Embeddings, overrides and isolates: they make text read differently from what it says.
pub fn is_reordering(c: char) -> bool {
    matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

fn is_mark(c: char) -> bool {
    c.width() == Some(0)
}

fn is_clean(text: &str, lines: bool) -> bool {
    if text.bytes().all(|byte| (0x20..0x7f).contains(&byte) || (lines && byte == b'\n')) {
        return true;
    }
    let mut marks = 0;
    text.chars().all(|c| {
        marks = if is_mark(c) { marks + 1 } else { 0 };
        marks <= MAX_MARKS && !is_hidden(c) && (!c.is_control() || (lines && c == '\n'))
    })
}

fn clean(text: &str, lines: bool, tab: usize) -> String {
    let mut out = String::with_capacity(text.len() + 16);
    let (mut column, mut marks, mut dropped) = (0, 0, 0_usize);
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        if is_mark(c) && !is_hidden(c) && !c.is_control() {
            marks += 1;
            if marks > MAX_MARKS {
                dropped += 1;
            } else {
                out.push(c);
            }
            continue;
        }
        marks = 0;
        tell_dropped(&mut out, &mut dropped);
        let before = out.len();
        match c {
            '\n' if lines => {
                out.push('\n');
                column = 0;
                continue;
            }
            '\r' if lines && chars.peek() == Some(&'\n') => continue,
            '\t' => out.extend(std::iter::repeat_n(' ', tab - column % tab)),
            '\u{7f}' => out.push('␡'),
            c if c.is_ascii_control() => out.push(picture(c)),
            c if is_hidden(c) || c.is_control() => {
                // Writing to a text cannot fail.
                let _ = write!(out, "<U+{:04X}>", u32::from(c));
            }
            c => {
                out.push(c);
                column += c.width().unwrap_or(0);
                continue;
            }
        }
        column += out[before..].chars().count();
    }
    tell_dropped(&mut out, &mut dropped);
    out
}

fn tell_dropped(out: &mut String, dropped: &mut usize) {
    if *dropped > 0 {
        let _ = write!(out, "<+{dropped} marks>");
        *dropped = 0;
    }
}

fn picture(control: char) -> char {
    char::from_u32(0x2400 + u32::from(control)).unwrap_or('␀')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn one_is_told_otherwise_than_none_and_many() {
        assert_eq!([0_u64, 1, 2].map(|count| counted(count, "step")), ["0 steps", "1 step", "2 steps"]);
        assert_eq!([1_usize, 300].map(|count| counted(count, "more record")), ["1 more record", "300 more records"]);
    }

    #[test]
    fn an_amount_has_the_unit_that_fits() {
        let cases = [(0, "0 B"), (999, "999 B"), (1_000, "1.0 kB"), (41_943_040_000, "41.9 GB"), (u64::MAX, "18.4 EB")];
        for (bytes, told) in cases {
            assert_eq!(amount(bytes), told);
        }
    }

    #[test]
    fn what_a_terminal_would_obey_or_hide_is_shown() {
        for (text, shown) in [
            ("plain ä 漢 ✔", "plain ä 漢 ✔"),
            ("a\u{1b}[31mb", "a␛[31mb"),
            ("deny\u{8}\u{8}allow", "deny␈␈allow"),
            ("a\tb", "a   b"),
            ("a\nb\r", "a␊b␍"),
            ("\u{7f}\u{0}\u{7}", "␡␀␇"),
            ("\u{9b}31m", "<U+009B>31m"),
            ("a\u{202e}b\u{2066}", "a<U+202E>b<U+2066>"),
            ("\u{200b}\u{feff}\u{2028}\u{ad}", "<U+200B><U+FEFF><U+2028><U+00AD>"),
            ("\u{e0041}", "<U+E0041>"),
            ("e\u{301}\u{301}\u{301}\u{301}\u{301}\u{301}x", "e\u{301}\u{301}\u{301}\u{301}<+2 marks>x"),
        ] {
            assert_eq!(clean_line(text), shown, "{text:?}");
        }
        assert_eq!(clean_block("a\r\nb\n\tc\r"), "a\nb\n    c␍");
        assert!(matches!(clean_line("plain"), Cow::Borrowed(_)));
    }

    #[test]
    fn output_loses_its_colours_and_shows_the_rest() {
        for (bytes, lines) in [
            (&b"one\ntwo"[..], &["one", "two"][..]),
            (b"one\r\n\r\n", &["one", ""]),
            (b"", &[]),
            (b"\x1b[1;31mred\x1b[0m", &["red"]),
            (b" 10%\r 50%\r100%\n", &["\u{240d}100%"]),
            (b"\x1b[2J\x1b[Hboo", &["␛[2J␛[Hboo"]),
            (b"\x1b]0;title\x07text", &["␛]…text"]),
            (b"\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\", &["␛]…link␛]…"]),
            (b"\x1b]0;never ends\nnext", &["␛]0;never ends", "next"]),
            (b"\x1bPq data\x1b\\after", &["␛…after"]),
            (b"\x1b[?25l\x1bc\x1b", &["␛[?25l␛c␛"]),
            (b"a\tb\xff\xfe", &["a       b\u{fffd}\u{fffd}"]),
            (b"deny\x08\x08\x08\x08allow", &["deny␈␈␈␈allow"]),
        ] {
            assert_eq!(clean_output(bytes), lines, "{bytes:?}");
        }
    }

    fn hostile() -> impl Strategy<Value = String> {
        let parts = [
            "\u{1b}",
            "[",
            "31m",
            "]",
            "\u{7}",
            "\\",
            "a",
            "\r",
            "\n",
            "\t",
            "\u{301}",
            "\u{202e}",
            "\u{9b}",
            "é",
            "漢",
            "\u{200d}",
            "<+2 marks>",
            "\u{fe0f}",
        ];
        proptest::collection::vec(
            prop_oneof![
                proptest::sample::select(parts.to_vec()).prop_map(str::to_owned),
                any::<char>().prop_map(String::from)
            ],
            0..24,
        )
        .prop_map(|parts| parts.concat())
    }

    fn is_harmless(text: &str) -> bool {
        text.chars().all(|c| !c.is_control() && !is_hidden(c))
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn cleaning_is_harmless_and_idempotent(text in hostile()) {
            let line = clean_line(&text).into_owned();
            prop_assert!(is_harmless(&line), "{line:?}");
            prop_assert_eq!(&*clean_line(&line), &line);
            let block = clean_block(&text).into_owned();
            prop_assert!(is_harmless(&block.replace('\n', "")), "{block:?}");
            prop_assert_eq!(&*clean_block(&block), &block);
            for line in clean_output(text.as_bytes()) {
                prop_assert!(is_harmless(&line), "{line:?}");
                prop_assert_eq!(clean_output_line(line.as_bytes()), line);
            }
        }

        #[test]
        fn what_is_left_out_leaves_a_sign(text in hostile()) {
            let plain: String = text.chars().filter(|c| is_harmless(&c.to_string())).collect();
            prop_assert!(clean_line(&text).chars().count() >= plain.chars().count().min(1));
            prop_assert!(text.is_empty() || !clean_line(&text).is_empty());
        }
    }
}
