//! Regular expressions as `grep` and `pgrep` take them.

use regex_bites::{Regex, RegexBuilder};

/// The longest expression, in bytes; one that is longer, or counts its repetitions, would take too long to search for.
const MOST_BYTES: usize = 256;

/// In which way a pattern is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Style {
    /// `grep`: `\|`, `\(`, `\+`.
    Basic,
    /// `grep -E`, `pgrep`: `|`, `(`, `+`.
    Extended,
    /// `grep -F`: every character stands for itself.
    Fixed,
}

/// Reads patterns of which one is to be found; the error is what is wrong with them.
pub(super) fn compile(patterns: &[&str], style: Style, around: (&str, &str), folds: bool) -> Result<Regex, String> {
    let too_long = patterns.iter().map(|pattern| pattern.len()).sum::<usize>() > MOST_BYTES;
    let counts = style != Style::Fixed && patterns.iter().any(|pattern| pattern.contains('{'));
    if too_long || counts {
        return Err("practice: such an expression is not simulated".into());
    }
    let each: Vec<String> = patterns.iter().map(|pattern| translated(pattern, style)).collect();
    let whole = format!("{}(?:{}){}", around.0, each.join("|"), around.1);
    RegexBuilder::new(&whole).case_insensitive(folds).build().map_err(|_| "Invalid regular expression".to_owned())
}

/// The same in the words of the engine.
fn translated(pattern: &str, style: Style) -> String {
    if style == Style::Fixed {
        return pattern.chars().map(literal).collect();
    }
    let mut text = String::new();
    let mut chars = pattern.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        let is_first =
            text.is_empty() || text.ends_with(['(', '|']) && !text.ends_with("\\(") && !text.ends_with("\\|");
        match (c, style) {
            ('\\', _) => match chars.next().map(|(_, escaped)| escaped) {
                None => text.push_str("\\\\"),
                Some('<' | '>') => text.push_str("\\b"),
                Some(c @ ('b' | 'w' | 'W' | 's' | 'S')) => text.extend(['\\', c]),
                Some(c @ ('|' | '(' | ')' | '+' | '?')) if style == Style::Basic => text.push(c),
                Some(c) => text.push_str(&literal(c)),
            },
            ('[', _) => text.push_str(&bracket(&mut chars)),
            ('|' | '(' | ')' | '+' | '?', Style::Basic) => text.push_str(&literal(c)),
            ('*', _) if is_first || text.ends_with('^') && text.len() == 1 => text.push_str("\\*"),
            ('^', Style::Basic) if !is_first => text.push_str("\\^"),
            ('$', Style::Basic) if !matches!(&pattern[at + 1..], "") && !pattern[at + 1..].starts_with("\\|") => {
                text.push_str("\\$");
            }
            ('.' | '*' | '^' | '$' | '|' | '(' | ')' | '+' | '?', _) => text.push(c),
            (c, _) => text.push_str(&literal(c)),
        }
    }
    text
}

/// A character that stands for itself.
fn literal(c: char) -> String {
    match c.is_alphanumeric() || c == '_' || !c.is_ascii() {
        true => c.to_string(),
        false if c.is_ascii_punctuation() => format!("\\{c}"),
        false => c.to_string(),
    }
}

/// What stands between brackets; `[` itself was taken. A backslash has no meaning there.
fn bracket(chars: &mut std::iter::Peekable<std::str::CharIndices<'_>>) -> String {
    let mut text = String::from("[");
    if chars.next_if(|(_, c)| *c == '^').is_some() {
        text.push('^');
    }
    if chars.next_if(|(_, c)| *c == ']').is_some() {
        text.push_str("\\]");
    }
    while let Some((_, c)) = chars.next() {
        match c {
            ']' => return text + "]",
            '[' if chars.peek().is_some_and(|(_, next)| *next == ':') => {
                text.push('[');
                for (_, inner) in chars.by_ref() {
                    text.push(inner);
                    if inner == ']' {
                        break;
                    }
                }
            }
            '[' | '\\' | '&' | '~' => text.extend(['\\', c]),
            c => text.push(c),
        }
    }
    // It is never closed: the engine says so.
    text
}

#[cfg(test)]
mod tests {
    use super::{Style, compile};

    #[test]
    fn an_expression_finds_what_grep_finds() {
        for (pattern, style, line, found) in [
            ("[c]ockroach", Style::Basic, "/usr/bin/cockroach start", true),
            ("[c]ockroach", Style::Basic, "grep [c]ockroach", false),
            ("a\\|b", Style::Basic, "xbx", true),
            ("a|b", Style::Basic, "xbx", false),
            ("a|b", Style::Extended, "xbx", true),
            ("a.c", Style::Basic, "abc", true),
            ("a.c", Style::Fixed, "abc", false),
            ("1\\.2", Style::Basic, "1.2", true),
            ("1\\.2", Style::Basic, "1x2", false),
            ("^7", Style::Basic, "71", true),
            ("^7", Style::Basic, "17", false),
            ("7$", Style::Basic, "17", true),
            ("a^b$c", Style::Basic, "a^b$c", true),
            ("*x", Style::Basic, "*x", true),
            ("ab*c", Style::Basic, "ac", true),
            ("[[:digit:]]\\+-[]x]", Style::Basic, "12-]", true),
            ("(a+)", Style::Basic, "(a+)", true),
            ("\\<ab\\>", Style::Basic, "x ab y", true),
            ("\\<ab\\>", Style::Basic, "xab y", false),
        ] {
            let regex = compile(&[pattern], style, ("", ""), false).unwrap();
            assert_eq!(regex.is_match(line), found, "{pattern} in {line}");
        }
        for wrong in ["[a", "a\\(", &"a".repeat(300), "a{3}"] {
            assert!(compile(&[wrong], Style::Basic, ("", ""), false).is_err(), "{wrong}");
        }
    }
}
