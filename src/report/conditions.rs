//! Conditions on paper: what can be told in words is, the rest has a number under which it stands at the end.

use crate::runbook::parts::parts;
use crate::runbook::words::{Words, is_name};
use crate::runbook::{Expr, Runbook};

/// A condition, or a list of items, that is told by its number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Numbered {
    /// What it is: `condition`, `list`.
    pub kind: &'static str,
    /// As it stands in the runbook.
    pub source: String,
    /// Where it is told, in order.
    pub told_at: Vec<String>,
}

/// The conditions of a runbook, numbered in the order in which they are told.
pub(super) struct Conditions<'b> {
    runbook: &'b Runbook,
    numbered: Vec<Numbered>,
}

impl<'b> Conditions<'b> {
    /// None yet.
    pub(super) const fn new(runbook: &'b Runbook) -> Self {
        Self { runbook, numbered: Vec::new() }
    }

    /// All that have a number, the first of them 1.
    pub(super) fn end(self) -> Vec<Numbered> {
        self.numbered
    }

    /// That this holds: `input managed is true`, `the exit status is 0 and condition 4 holds`.
    pub(super) fn holds(&mut self, rule: &Expr, place: &str) -> String {
        let mut chain: Vec<String> = parts(rule).into_iter().map(|part| part.source).collect();
        if chain.is_empty() {
            chain.push(rule.source().trim().to_owned());
        }
        let words = Words::of(self.runbook);
        let told: Vec<Option<String>> = chain.iter().map(|part| words.part(part)).collect();
        let is_whole = told.iter().all(Option::is_some);
        let mut clauses: Vec<String> = told.into_iter().flatten().collect();
        if !is_whole {
            clauses.push(format!("condition {} holds", self.number("condition", rule, place)));
        }
        clauses.join(" and ")
    }

    /// What is walked for: `each of input nodes`, `each of list 3`.
    pub(super) fn each(&mut self, items: &Expr, place: &str) -> String {
        let source = items.source().trim();
        match source.strip_suffix("[]").and_then(|path| path.strip_prefix(".inputs.")).filter(|name| is_name(name)) {
            Some(input) => format!("each of input {input}"),
            None => format!("each of list {}", self.number("list", items, place)),
        }
    }

    fn number(&mut self, kind: &'static str, rule: &Expr, place: &str) -> usize {
        let source = dedented(rule.source());
        let known = self.numbered.iter().position(|one| one.kind == kind && one.source == source);
        let at = known.unwrap_or_else(|| {
            self.numbered.push(Numbered { kind, source, told_at: Vec::new() });
            self.numbered.len() - 1
        });
        let told_at = &mut self.numbered[at].told_at;
        if told_at.last().is_none_or(|last| last != place) {
            told_at.push(place.to_owned());
        }
        at + 1
    }
}

/// Without the empty lines around it and what all of its lines are indented by.
fn dedented(source: &str) -> String {
    let lines: Vec<&str> = source.trim_matches('\n').trim_end().lines().collect();
    let filled = lines.iter().filter(|line| !line.trim().is_empty());
    let indent = filled.map(|line| line.len() - line.trim_start_matches(' ').len()).min().unwrap_or_default();
    let lines: Vec<&str> = lines.iter().map(|line| line.get(indent..).unwrap_or_default()).collect();
    lines.join("\n")
}

/// What is told when a condition does not hold, behind a sentence; nothing where the author says nothing.
pub(super) fn if_not(why: &str) -> String {
    if why.trim().is_empty() { String::new() } else { format!(" If not: {}", sentence(why)) }
}

/// A text with one mark at its end.
pub(super) fn sentence(text: &str) -> String {
    let text = text.trim();
    if text.is_empty() || text.ends_with(['.', '!', '?', ':']) { text.to_owned() } else { format!("{text}.") }
}

/// A text without the full stop at its end, to stand within a sentence.
pub(super) fn clause(text: &str) -> &str {
    let text = text.trim();
    text.strip_suffix('.').filter(|rest| !rest.ends_with('.')).unwrap_or(text)
}
