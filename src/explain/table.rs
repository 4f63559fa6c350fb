//! One entry a code.

use crate::explain::{ADVICE, ERRORS, ERRORS_OWN, ERRORS_WALK};

/// What is behind a code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Explanation {
    /// The code, as it stands in the brackets of a diagnostic.
    pub code: &'static str,
    /// What is wrong, in one line.
    pub title: &'static str,
    /// Why it matters and what to do, in paragraphs without line breaks.
    pub why: &'static str,
    /// A part of a runbook that has it; empty where a few lines cannot show it.
    pub bad: &'static str,
    /// The same, mended.
    pub good: &'static str,
}

/// All of them: advice first, each group by code.
pub fn all() -> impl Iterator<Item = &'static Explanation> {
    let mut errors: Vec<_> = ERRORS.iter().chain(ERRORS_WALK).chain(ERRORS_OWN).collect();
    errors.sort_by_key(|entry| entry.code);
    ADVICE.iter().chain(errors)
}

/// The entry of that code.
pub fn of(code: &str) -> Option<&'static Explanation> {
    all().find(|entry| entry.code == code)
}

impl Explanation {
    /// Whether it is advice rather than an error.
    pub fn is_advice(&self) -> bool {
        ADVICE.iter().any(|entry| entry.code == self.code)
    }

    /// The whole entry for people, in lines of at most `width` characters, the examples as they are.
    pub fn text(&self, width: usize) -> String {
        let word = if self.is_advice() { "advice" } else { "error" };
        let mut text = format!("{word}[{}]: {}\n\n", self.code, self.title);
        let paragraphs: Vec<String> = self.why.lines().map(|line| wrapped(line, width)).collect();
        text.push_str(&paragraphs.join("\n"));
        for (lead, example) in [("Instead of", self.bad), ("write", self.good)] {
            if !example.is_empty() {
                let lines: Vec<String> = example.trim().lines().map(indented).collect();
                text.push_str(&format!("\n{lead}\n\n{}\n", lines.join("\n")));
            }
        }
        text.trim_end().to_owned()
    }
}

fn indented(line: &str) -> String {
    if line.is_empty() { String::new() } else { format!("    {line}") }
}

fn wrapped(paragraph: &str, width: usize) -> String {
    let mut text = String::new();
    let mut used = 0;
    for word in paragraph.split_whitespace() {
        let length = word.chars().count();
        if used > 0 && used + 1 + length > width {
            text.push('\n');
            used = 0;
        } else if used > 0 {
            text.push(' ');
            used += 1;
        }
        text.push_str(word);
        used += length;
    }
    text.push('\n');
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_is_printed_with_both_examples_and_in_short_lines() {
        for entry in all() {
            let text = entry.text(80);
            assert!(text.contains(&format!("[{}]: {}", entry.code, entry.title)), "{text}");
            assert_eq!(entry.bad.is_empty(), entry.good.is_empty(), "{}", entry.code);
            let prose = text.lines().filter(|line| !line.starts_with("    "));
            assert!(prose.into_iter().all(|line| line.chars().count() <= 80), "{text}");
            assert!(!entry.why.is_empty() && !entry.title.ends_with('.') && entry.why.ends_with('.'), "{}", entry.code);
        }
        let text = of("no-expect").unwrap().text(80);
        assert!(text.starts_with("advice[no-expect]: ") && text.contains("\nInstead of\n\n    ["), "{text}");
    }

    #[test]
    fn codes_stand_in_order_and_once() {
        for group in [ADVICE, ERRORS, ERRORS_WALK] {
            assert!(group.windows(2).all(|pair| pair[0].code < pair[1].code), "{group:?}");
        }
        for is_advice in [true, false] {
            let codes: Vec<_> = all().filter(|entry| entry.is_advice() == is_advice).map(|entry| entry.code).collect();
            assert!(codes.is_sorted(), "{codes:?}");
        }
        assert!(ADVICE.iter().all(|entry| ERRORS.iter().all(|other| other.code != entry.code)));
        assert!(of("nothing").is_none());
    }
}
