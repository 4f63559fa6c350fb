//! `grep`.

use regex_bites::Regex;

use super::Arguments;
use super::filters::{Source, Wanted, text};
use super::pattern::{Style, compile};

/// Bytes that are searched for an expression; whoever needs more is told.
const MOST_SEARCHED: usize = 8 << 20;

/// What is searched for.
struct Search<'w> {
    given: &'w Arguments,
    regex: Regex,
    /// Patterns that are found as they are.
    plain: Option<Vec<&'w str>>,
    most: usize,
    before: usize,
    after: usize,
    is_named: bool,
}

/// The lines that are meant; with what is said when the pattern is none.
pub(super) fn grep(wanted: &Wanted, sources: &[Source]) -> (i32, String, String) {
    let search = match Search::of(wanted, sources.len()) {
        Ok(search) => search,
        Err(why) => return (2, String::new(), format!("grep: {why}\n")),
    };
    let searched: usize = sources.iter().map(|(_, bytes)| bytes.len()).sum();
    if search.plain.is_none() && searched > MOST_SEARCHED {
        return (2, String::new(), "grep: memory exhausted\n".into());
    }
    let (mut shown, mut count) = (String::new(), 0);
    for (name, bytes) in sources {
        let text = text(bytes);
        let lines: Vec<&str> = text.lines().collect();
        let meant: Vec<usize> = (0..lines.len()).filter(|at| search.means(lines[*at])).take(search.most).collect();
        count += meant.len();
        search.show(if name.is_empty() { "(standard input)" } else { name }, &lines, &meant, &mut shown);
    }
    let exit = i32::from(count == 0);
    match wanted.given.has(&["q", "quiet", "silent"]) {
        true => (exit, String::new(), String::new()),
        false => (exit, shown, String::new()),
    }
}

impl<'w> Search<'w> {
    fn of(wanted: &'w Wanted, sources: usize) -> Result<Self, String> {
        let given = &wanted.given;
        let named = given.options.iter().filter(|(name, _)| matches!(name.as_str(), "e" | "regexp"));
        let mut patterns: Vec<&str> = named.filter_map(|(_, value)| value.as_deref()).collect();
        if patterns.is_empty() {
            patterns.push(&wanted.pattern);
        }
        let style = match wanted.name.as_str() {
            "fgrep" => Style::Fixed,
            "egrep" => Style::Extended,
            _ if given.has(&["F", "fixed-strings"]) => Style::Fixed,
            _ if given.has(&["E", "extended-regexp", "P", "perl-regexp"]) => Style::Extended,
            _ => Style::Basic,
        };
        let around = match () {
            () if given.has(&["x", "line-regexp"]) => ("^", "$"),
            () if given.has(&["w", "word-regexp"]) => ("\\b", "\\b"),
            () => ("", ""),
        };
        let folds = given.has(&["i", "y", "ignore-case"]);
        let regex = compile(&patterns, style, around, folds)?;
        let is_text = |pattern: &&str| pattern.chars().all(|c| c.is_alphanumeric() || " -_:/=,".contains(c));
        let is_plain = !folds && around == ("", "") && patterns.iter().all(is_text);
        let number = |names: &[&str]| given.value(names).and_then(|text| text.parse::<usize>().ok());
        let reach = number(&["C", "context"]).unwrap_or(0);
        Ok(Self {
            given,
            regex,
            plain: is_plain.then_some(patterns),
            most: number(&["m", "max-count"]).unwrap_or(usize::MAX),
            before: number(&["B", "before-context"]).unwrap_or(reach),
            after: number(&["A", "after-context"]).unwrap_or(reach),
            is_named: sources > 1 && !given.has(&["h", "no-filename"]) || given.has(&["H", "with-filename"]),
        })
    }

    fn means(&self, line: &str) -> bool {
        let is_found = match &self.plain {
            Some(patterns) => patterns.iter().any(|pattern| line.contains(pattern)),
            None => self.regex.is_match(line),
        };
        is_found != self.given.has(&["v", "invert-match"])
    }

    /// What is printed of one source, of which those lines are meant.
    fn show(&self, name: &str, lines: &[&str], meant: &[usize], shown: &mut String) {
        let given = self.given;
        let head = |at: usize, mark: char| {
            let number = if given.has(&["n", "line-number"]) { format!("{}{mark}", at + 1) } else { String::new() };
            if self.is_named { format!("{name}{mark}{number}") } else { number }
        };
        match () {
            () if given.has(&["l", "files-with-matches"]) => {
                shown.push_str(&if meant.is_empty() { String::new() } else { format!("{name}\n") });
            }
            () if given.has(&["c", "count"]) => {
                let name = if self.is_named { format!("{name}:") } else { String::new() };
                shown.push_str(&format!("{name}{}\n", meant.len()));
            }
            () if given.has(&["o", "only-matching"]) => {
                for &at in meant {
                    let hits = self.regex.find_iter(lines[at]);
                    hits.for_each(|hit| shown.push_str(&format!("{}{}\n", head(at, ':'), hit.as_str())));
                }
            }
            () => {
                for (place, at) in self.around(lines.len(), meant) {
                    match at {
                        None => shown.push_str("--\n"),
                        Some(mark) => shown.push_str(&format!("{}{}\n", head(place, mark), lines[place])),
                    }
                }
            }
        }
    }

    /// The lines to be shown with the mark of each: those that are meant, and those around them; `None`: a gap.
    fn around(&self, all: usize, meant: &[usize]) -> Vec<(usize, Option<char>)> {
        let (mut found, mut next) = (Vec::new(), 0);
        for (index, &at) in meant.iter().enumerate() {
            let from = at.saturating_sub(self.before).max(next);
            if self.before.max(self.after) > 0 && index > 0 && from > next {
                found.push((at, None));
            }
            let following = meant.get(index + 1).copied().unwrap_or(all);
            let until = at.saturating_add(self.after).saturating_add(1).min(following).max(at + 1);
            found.extend((from..until).map(|line| (line, Some(if line == at { ':' } else { '-' }))));
            next = until;
        }
        found
    }
}
