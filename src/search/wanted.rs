//! What a record must be and hold to be a hit.

use serde_json::Value;

use crate::clock::Timestamp;
use crate::engine::{DeviationKind, Event, Outcome, Record, is_left_undone};
use crate::report::deviation;

/// How many characters of a passage stand before the word, and from it on.
const BEFORE: usize = 30;
const BEHIND: usize = 60;

/// The ways to overrule the machine, as they are typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Way(pub DeviationKind);

/// What is looked for: all of it in the same record.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    words: Vec<String>,
    step: Option<String>,
    deviation: Option<Option<DeviationKind>>,
}

impl Wanted {
    /// Words, each of which stands in the record, in some letter case.
    pub fn words(text: &str) -> Self {
        Self { words: text.split_whitespace().map(str::to_lowercase).collect(), ..Self::default() }
    }

    /// Only records of steps whose name holds that text.
    #[must_use]
    pub fn of_step(self, step: Option<&str>) -> Self {
        Self { step: step.map(str::to_lowercase), ..self }
    }

    /// Only records that overrule the machine: in this way, or in any.
    #[must_use]
    pub fn overruling(self, deviation: Option<Option<Way>>) -> Self {
        Self { deviation: deviation.map(|way| way.map(|Way(kind)| kind)), ..self }
    }

    /// Whether every record is one.
    pub fn is_any(&self) -> bool {
        self.words.is_empty() && self.step.is_none() && self.deviation.is_none()
    }

    /// Whether a raw line may be a hit: what it certainly does not hold need not be decoded. `lower` is the line in lower
    /// case.
    pub(super) fn may_be(&self, lower: &str) -> bool {
        // JSON writes some characters in another way; words with these are looked for in what is decoded.
        let is_plain = |word: &&String| !word.contains(['"', '\\']) && !word.chars().any(char::is_control);
        let is_overruled = || {
            ["skipped", "overridden", "cut", "acknowledged", "deferred", "disputed"].iter().any(|w| lower.contains(w))
        };
        self.words.iter().filter(is_plain).all(|word| lower.contains(word.as_str()))
            && self.step.as_ref().is_none_or(|step| step.contains(['"', '\\']) || lower.contains(step.as_str()))
            && (self.deviation.is_none() || is_overruled())
    }

    /// Whether a record is a hit.
    pub(super) fn is_hit(&self, record: &Record, closed: Option<(Outcome, Timestamp)>) -> bool {
        let overruled = deviation(&record.event);
        let is_own = |kind: DeviationKind| !is_left_undone(kind, record.at, closed);
        if let Some(wanted) = self.deviation
            && !overruled
                .as_ref()
                .is_some_and(|(kind, ..)| is_own(*kind) && wanted.is_none_or(|wanted| wanted == *kind))
        {
            return false;
        }
        if let Some(step) = &self.step {
            let of_step = record.event.step().map(ToString::to_string);
            // What is acknowledged is named by its condition, which names the step.
            let about = of_step.or_else(|| overruled.map(|(_, subject, _)| subject)).unwrap_or_default();
            if !about.to_lowercase().contains(step.as_str()) {
                return false;
            }
        }
        self.words.is_empty() || holds(record, &self.words)
    }

    /// The place in a record where the first word stands that what is told of the record does not hold.
    pub(super) fn passage(&self, record: &Record, told: &str) -> Option<String> {
        let told = told.to_lowercase();
        let word = self.words.iter().find(|word| !told.contains(word.as_str()))?;
        let text = text_of(record);
        let found = |line: &str| line.char_indices().find(|(at, _)| begins(&line[*at..], word)).map(|(at, _)| at);
        let (line, at) = text.lines().find_map(|line| found(line).map(|at| (line, at)))?;
        let from = line[..at].char_indices().rev().nth(BEFORE - 1).map_or(0, |(from, _)| from);
        let to = line[at..].char_indices().nth(BEHIND).map_or(line.len(), |(to, _)| at + to);
        let (open, end) = (if from > 0 { "..." } else { "" }, if to < line.len() { "..." } else { "" });
        Some(format!("{open}{}{end}", &line[from..to]))
    }
}

/// Whether every word stands in the record: in what sort of event it is, or in a text or number of it.
fn holds(record: &Record, words: &[String]) -> bool {
    let text = text_of(record).to_lowercase();
    words.iter().all(|word| text.contains(word.as_str()))
}

/// What is looked through, a line each. Keys do not count, nor does the text of the runbook.
fn text_of(record: &Record) -> String {
    let mut text = String::new();
    match &record.event {
        Event::RunOpened(opened) => {
            let of = [opened.run.as_str(), opened.runbook.as_str(), &opened.title, &opened.revision, &opened.operator];
            of.iter().for_each(|part| put(&mut text, part));
            opened.inputs.values().for_each(|value| gather(value, &mut text));
            opened.site.iter().for_each(|site| put(&mut text, &format!("{} {}", site.environment, site.name)));
        }
        event => {
            let Ok(Value::Object(event)) = serde_json::to_value(event) else { return text };
            for (kind, value) in &event {
                put(&mut text, &kind.replace('_', " "));
                put(&mut text, kind);
                gather(value, &mut text);
            }
        }
    }
    text
}

/// Whether the text begins with that word, which is in lower case.
fn begins(text: &str, word: &str) -> bool {
    let mut lower = text.chars().flat_map(char::to_lowercase);
    word.chars().all(|c| lower.next() == Some(c))
}

fn gather(value: &Value, text: &mut String) {
    match value {
        Value::String(value) => put(text, value),
        Value::Number(number) => put(text, &number.to_string()),
        Value::Array(values) => values.iter().for_each(|value| gather(value, text)),
        Value::Object(map) => map.values().for_each(|value| gather(value, text)),
        Value::Null | Value::Bool(_) => {}
    }
}

fn put(text: &mut String, part: &str) {
    text.push_str(part);
    text.push('\n');
}
