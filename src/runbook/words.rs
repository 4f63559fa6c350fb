//! What a rule says, in words, as far as it can be told so: for paper, reports, screens and lines.

use jaq_core::load::parse::{BinaryOp, Pattern, Term};
use jaq_core::ops::{Cmp, Math};
use jaq_core::path::Part;

use crate::runbook::allow::with_term;
use crate::runbook::reads::literal;
use crate::runbook::{Action, Expr, Phase, Runbook, Step, Template};

/// How many of the things that a rule looks at are named.
const MOST_NAMED: usize = 5;

/// Tells what rules of a runbook say.
#[derive(Clone, Copy)]
pub struct Words<'b> {
    runbook: &'b Runbook,
}

impl<'b> Words<'b> {
    /// Of the rules of that runbook.
    pub const fn of(runbook: &'b Runbook) -> Self {
        Self { runbook }
    }

    /// What the rule says; `None` where that is more than these words can tell.
    pub fn rule(self, rule: &Expr) -> Option<String> {
        let said = with_term(rule.source(), |term| Saying { words: self, known: Vec::new() }.clause(term, false));
        said.ok().flatten().map(|clause| clause.told(true))
    }

    /// What the rule looks at, where more cannot be told of it: `“Vault”, input target and whether “Stop it” was begun`.
    pub fn looks_at(self, rule: &Expr) -> String {
        let reads = rule.reads();
        let names = |key: &'static str| reads.names(key).map(|(name, _)| name);
        let mut all: Vec<String> = names("health").map(|probe| self.probe(probe)).collect();
        all.extend(names("inputs").map(|name| format!("input {name}")));
        all.extend(names("answers").map(|name| format!("answer {name}")));
        all.extend(names("choices").map(|step| format!("the decision “{}”", self.question(step).unwrap_or(step))));
        all.extend(names("began").map(|step| format!("whether {} was begun", self.step(step))));
        if names("steps").next().is_some() || reads.is_whole("steps") {
            all.push("how steps ended".into());
        }
        if all.len() > MOST_NAMED {
            let more = all.len() - MOST_NAMED;
            all.truncate(MOST_NAMED);
            all.push(format!("{more} more"));
        }
        if all.is_empty() { "how the run stands".into() } else { joined(&all, "and") }
    }

    /// One comparison, or one value that is true or is not.
    pub fn part(self, part: &str) -> Option<String> {
        let part = part.strip_prefix('(').and_then(|part| part.strip_suffix(')')).unwrap_or(part).trim();
        let (path, rest) = part.split_once(' ').unwrap_or((part, ""));
        let (name, is_input) = self.named(path)?;
        let (known, unknown) = known_words(is_input);
        Some(match (rest.split_once(' ').unwrap_or((rest, "")), path) {
            (("", _), _) => format!("{name} is true"),
            (("|", "not"), _) => format!("{name} is not true"),
            (("==", "null"), _) => format!("{name} is {unknown}"),
            (("!=", "null"), _) => format!("{name} is {known}"),
            (("==", value), _) => format!("{name} is {}", plain(value, path)?),
            (("!=", value), _) => format!("{name} is not {}", plain(value, path)?),
            _ => return None,
        })
    }

    /// What people call the value at that path, and whether it is an input.
    fn named(self, path: &str) -> Option<(String, bool)> {
        if path == ".exit" {
            return Some(("the exit status".into(), false));
        }
        let (root, key) = path.strip_prefix('.')?.split_once('.')?;
        let name = key.strip_prefix('"').and_then(|key| key.strip_suffix('"')).unwrap_or(key);
        let is_plain = is_name(name) || (root == "steps" && !name.contains(['"', '[', '(', ' ']));
        let told = match root {
            _ if !is_plain => return None,
            "inputs" => format!("input {name}"),
            "answers" => format!("answer {name}"),
            "steps" => format!("step {name}"),
            "node" | "group" => format!("‹{root}.{name}›"),
            "choices" => format!("the decision “{}”", self.question(name)?),
            _ => return None,
        };
        Some((told, root == "inputs"))
    }

    /// The title of the step at which that is decided.
    fn question(self, id: &str) -> Option<&'b str> {
        let plans = self.runbook.rollbacks.iter().flat_map(|plan| &plan.phases);
        let steps = self.runbook.phases.iter().chain(plans).flat_map(|phase: &Phase| &phase.steps);
        let mut asking = steps.filter(|step| step.id.as_str() == id && matches!(step.action, Action::Choose(_)));
        asking.next().map(|step| &step.title).map(Template::source).filter(|title| !title.contains("{{"))
    }

    /// The title of what a probe asks.
    fn probe(self, id: &str) -> String {
        let probe = self.runbook.health.iter().find(|probe| probe.id.as_str() == id);
        format!("“{}”", probe.map_or(id, |probe| probe.title.as_str()))
    }

    /// The title of the step `phase/step`, without what differs between its items; with its phase, where another is called
    /// so as well.
    fn step(self, key: &str) -> String {
        let plans = self.runbook.rollbacks.iter().flat_map(|plan| &plan.phases);
        let phases = self.runbook.phases.iter().chain(plans);
        let all = phases.flat_map(|phase| phase.steps.iter().map(move |step| (phase, step)));
        let titled = |step: &Step| without_gaps(step.title.source());
        let is_it =
            |(phase, step): &(&Phase, &Step)| key.split_once('/') == Some((phase.id.as_str(), step.id.as_str()));
        let Some((phase, step)) = all.clone().find(is_it) else { return format!("“{key}”") };
        let title = titled(step);
        let is_one = all.filter(|(_, other)| titled(other) == title).count() == 1;
        let of = if is_one { String::new() } else { format!(" of “{}”", without_gaps(phase.title.source())) };
        format!("“{title}”{of}")
    }
}

/// What a rule says, before it is put together.
enum Clause {
    One(String),
    All(Vec<Clause>),
    Any(Vec<Clause>),
}

impl Clause {
    /// Joins two by `and` or `or`; what is joined by the same becomes one list.
    fn join(left: Self, right: Self, is_and: bool) -> Self {
        let flat = |clause| match clause {
            Self::All(all) if is_and => all,
            Self::Any(all) if !is_and => all,
            other => vec![other],
        };
        let all = [flat(left), flat(right)].into_iter().flatten().collect();
        if is_and { Self::All(all) } else { Self::Any(all) }
    }

    /// What some of the rows show: each part begins as the first one does.
    fn of_rows(self, begin: &str, is_first: bool) -> String {
        let (all, word, lead) = match self {
            Self::One(told) => return format!("{begin} {told}"),
            Self::All(all) => (all, "and", "both "),
            Self::Any(all) => (all, "or", "either "),
        };
        let all: Vec<String> = all.into_iter().map(|clause| clause.of_rows(begin, false)).collect();
        format!("{}{}", if is_first { "" } else { lead }, all.join(&format!(" {word} ")))
    }

    fn told(self, is_first: bool) -> String {
        let (all, word, lead) = match self {
            Self::One(told) => return told,
            Self::All(all) => (all, "and", "both "),
            Self::Any(all) => (all, "or", "either "),
        };
        let all: Vec<String> = all.into_iter().map(|clause| clause.told(false)).collect();
        // Within another list it must be seen where this one begins.
        format!("{}{}", if is_first { "" } else { lead }, all.join(&format!(", {word} ")))
    }
}

/// Tells one rule.
struct Saying<'b, 's> {
    words: Words<'b>,
    /// What its names stand for, as far as that can be told.
    known: Vec<(&'s str, Option<String>)>,
}

impl<'s> Saying<'_, 's> {
    /// What it says, or that this is not so.
    fn clause(&mut self, term: &Term<&'s str>, is_not: bool) -> Option<Clause> {
        match term {
            Term::BinOp(left, operator @ (BinaryOp::And | BinaryOp::Or), right) => {
                let is_and = matches!(operator, BinaryOp::And) != is_not;
                Some(Clause::join(self.clause(left, is_not)?, self.clause(right, is_not)?, is_and))
            }
            Term::BinOp(value, BinaryOp::Pipe(Some(Pattern::Var(name))), rest) => {
                let value = self.value(value).map(|(told, _)| told);
                self.known.push((name, value));
                self.clause(rest, is_not)
            }
            Term::BinOp(said, BinaryOp::Pipe(None), end) => match &**end {
                Term::Call("not", none) if none.is_empty() => self.clause(said, !is_not),
                Term::BinOp(length, BinaryOp::Cmp(cmp), count) if is_length(length) => {
                    self.begun(said, (*cmp, count), is_not)
                }
                _ => None,
            },
            Term::BinOp(left, BinaryOp::Cmp(cmp), right) => {
                if let Term::BinOp(said, BinaryOp::Pipe(None), length) = &**left
                    && is_length(length)
                {
                    return self.begun(said, (*cmp, right), is_not);
                }
                self.compared(left, (*cmp, right), is_not).map(Clause::One)
            }
            Term::Call(which @ ("any" | "all"), rows) => match &rows[..] {
                [rows, of_each] => self.rows(*which == "any", rows, of_each, is_not),
                _ => None,
            },
            value => {
                let (told, _) = self.value(value).filter(|_| matches!(value, Term::Path(..)))?;
                Some(Clause::One(format!("{told} is {}", if is_not { "not true" } else { "true" })))
            }
        }
    }

    fn compared(&self, left: &Term<&'s str>, (cmp, right): (Cmp, &Term<&'s str>), is_not: bool) -> Option<String> {
        let is_same = is_same(cmp)? != is_not;
        let (left, is_input) = self.value(left)?;
        let (known, unknown) = known_words(is_input);
        Some(match (right, is_same) {
            (Term::Call("null", _), true) => format!("{left} is {unknown}"),
            (Term::Call("null", _), false) => format!("{left} is {known}"),
            (_, true) => format!("{left} is {}", self.value(right)?.0),
            (_, false) => format!("{left} is not {}", self.value(right)?.0),
        })
    }

    /// Whether steps were begun: how long the list is of the items on which they were.
    fn begun(&self, lists: &Term<&'s str>, (cmp, count): (Cmp, &Term<&'s str>), is_not: bool) -> Option<Clause> {
        let was_begun = match (cmp, count) {
            (Cmp::Gt | Cmp::Ne, Term::Num("0")) | (Cmp::Ge, Term::Num("1")) => true,
            (Cmp::Eq, Term::Num("0")) => false,
            _ => return None,
        };
        let mut steps = Vec::new();
        self.lists(lists, &mut steps)?;
        Some(Clause::One(match (&steps[..], was_begun != is_not) {
            ([one], true) => format!("{one} was begun"),
            ([one], false) => format!("{one} was not begun"),
            (_, true) => format!("{} was begun", joined(&steps, "or")),
            (_, false) => format!("neither {} was begun", joined(&steps, "nor")),
        }))
    }

    /// The steps of lists that are joined.
    fn lists(&self, lists: &Term<&'s str>, steps: &mut Vec<String>) -> Option<()> {
        if let Term::BinOp(left, BinaryOp::Math(Math::Add), right) = lists {
            self.lists(left, steps)?;
            return self.lists(right, steps);
        }
        let path = keys(lists)?;
        let [Some("began"), Some(step)] = path[..] else { return None };
        steps.push(self.words.step(step));
        Some(())
    }

    /// What some or all rows of a probe show.
    fn rows(&mut self, is_any: bool, rows: &Term<&'s str>, of_each: &Term<&'s str>, is_not: bool) -> Option<Clause> {
        let path = keys(rows)?;
        let [Some("health"), Some(probe), None] = path[..] else { return None };
        let (probe, of_row) = (self.words.probe(probe), self.of_row(of_each, false)?);
        let shown = of_row.of_rows(if is_any { "whose" } else { "its" }, true);
        Some(Clause::One(match (is_any, is_not) {
            (true, false) => format!("{probe} shows one {shown}"),
            (true, true) => format!("{probe} shows none {shown}"),
            (false, false) => format!("{probe} shows of each that {shown}"),
            (false, true) => format!("{probe} shows not of each that {shown}"),
        }))
    }

    /// What a row shows.
    fn of_row(&mut self, term: &Term<&'s str>, is_not: bool) -> Option<Clause> {
        match term {
            Term::BinOp(left, operator @ (BinaryOp::And | BinaryOp::Or), right) => {
                let is_and = matches!(operator, BinaryOp::And) != is_not;
                let (left, right) = (self.of_row(left, is_not)?, self.of_row(right, is_not)?);
                // That it is known is said by what it is not.
                if let (Clause::One(known), Clause::One(other)) = (&left, &right)
                    && let Some(field) = known.strip_suffix(" is known")
                    && is_and
                    && other.starts_with(&format!("{field} is not "))
                {
                    return Some(Clause::One(format!("{other}, but known")));
                }
                Some(Clause::join(left, right, is_and))
            }
            Term::BinOp(said, BinaryOp::Pipe(None), end) if matches!(&**end, Term::Call("not", _)) => {
                self.of_row(said, !is_not)
            }
            Term::BinOp(field, BinaryOp::Cmp(cmp), value) => {
                let field: Option<Vec<&str>> = keys(field)?.into_iter().collect();
                let (field, is_same) = (field?.join(" "), is_same(*cmp)? != is_not);
                Some(Clause::One(match (&**value, is_same) {
                    (Term::Call("null", _), true) => format!("{field} is not known"),
                    (Term::Call("null", _), false) => format!("{field} is known"),
                    (value, true) => format!("{field} is {}", self.value(value)?.0),
                    (value, false) => format!("{field} is not {}", self.value(value)?.0),
                }))
            }
            _ => None,
        }
    }

    /// What people call a value, and whether it is an input.
    fn value(&self, term: &Term<&'s str>) -> Option<(String, bool)> {
        Some(match term {
            Term::Num(number) => ((*number).to_owned(), false),
            Term::Call(word @ ("true" | "false"), none) if none.is_empty() => ((*word).to_owned(), false),
            Term::Var(name) => {
                let told = self.known.iter().rev().find(|(known, _)| known == name)?.1.clone()?;
                let is_input = told.starts_with("input ");
                (told, is_input)
            }
            Term::BinOp(before, BinaryOp::Math(Math::Add), value) => {
                (format!("{}‹{}›", literal(before)?, self.value(value)?.0), false)
            }
            Term::Path(..) => {
                let path = keys(term)?;
                let [Some(root), Some(key)] = path[..] else { return None };
                return self.words.named(&format!(".{root}.{key}"));
            }
            _ => {
                let text = literal(term).filter(|text| !text.is_empty() && !text.contains(['"', '\\']))?;
                (if text.contains(' ') { format!("“{text}”") } else { text.to_owned() }, false)
            }
        })
    }
}

/// The keys of a path from the scope or the row on; `None` for one that stands for everything below.
fn keys<'s>(term: &Term<&'s str>) -> Option<Vec<Option<&'s str>>> {
    let Term::Path(base, path) = term else { return None };
    let key = |part: &Part<Term<&'s str>>| match part {
        Part::Index(key) => literal(key).map(Some),
        Part::Range(None, None) => Some(None),
        Part::Range(..) => None,
    };
    if !matches!(**base, Term::Id) {
        return None;
    }
    path.0.iter().map(|(part, _)| key(part)).collect()
}

fn is_length(term: &Term<&str>) -> bool {
    matches!(term, Term::Call("length", none) if none.is_empty())
}

/// Whether the two sides must be the same; `None` where it is another comparison.
const fn is_same(cmp: Cmp) -> Option<bool> {
    match cmp {
        Cmp::Eq => Some(true),
        Cmp::Ne => Some(false),
        _ => None,
    }
}

const fn known_words(is_input: bool) -> (&'static str, &'static str) {
    if is_input { ("bound", "not bound") } else { ("known", "not known") }
}

/// `a, b or c`.
pub(crate) fn joined(all: &[String], word: &str) -> String {
    match all {
        [before @ .., last] if !before.is_empty() => format!("{} {word} {last}", before.join(", ")),
        _ => all.concat(),
    }
}

/// A title without the values that differ between items.
fn without_gaps(title: &str) -> String {
    let mut told = String::new();
    let mut rest = title;
    while let Some((before, after)) = rest.split_once("{{") {
        let Some((_, behind)) = after.split_once("}}") else { break };
        told.push_str(before);
        told.push_str("(each)");
        rest = behind;
    }
    told + rest
}

/// A value as it stands in an expression, for people; `None` where it is more than a plain value.
fn plain(value: &str, path: &str) -> Option<String> {
    if let Some(text) = value.strip_prefix('"').and_then(|text| text.strip_suffix('"')) {
        let is_plain = !text.is_empty() && !text.contains(['"', '\\']);
        let text = if path.starts_with(".steps.") { text.replace('_', " ") } else { text.to_owned() };
        return is_plain.then(|| if text.contains(' ') { format!("“{text}”") } else { text });
    }
    (value == "true" || value == "false" || value.parse::<i64>().is_ok()).then(|| value.to_owned())
}

/// Whether it is the name of an input, an answer or a step.
pub fn is_name(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'))
}

#[cfg(test)]
#[path = "words_tests.rs"]
mod tests;
