//! What a record must be and hold to be a hit.

use serde_json::Value;

use crate::engine::{DeviationKind, Event, Record};
use crate::report::deviation;

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
        let is_overruled =
            || ["skipped", "overridden", "cut", "acknowledged", "deferred"].iter().any(|w| lower.contains(w));
        self.words.iter().filter(is_plain).all(|word| lower.contains(word.as_str()))
            && self.step.as_ref().is_none_or(|step| step.contains(['"', '\\']) || lower.contains(step.as_str()))
            && (self.deviation.is_none() || is_overruled())
    }

    /// Whether a record is a hit.
    pub(super) fn is_hit(&self, record: &Record) -> bool {
        let overruled = deviation(&record.event);
        if let Some(wanted) = self.deviation
            && !overruled.as_ref().is_some_and(|(kind, ..)| wanted.is_none_or(|wanted| wanted == *kind))
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
}

/// Whether every word stands in the record: in what sort of event it is, or in a text or number of it. Keys do not count, nor
/// does the text of the runbook.
fn holds(record: &Record, words: &[String]) -> bool {
    let mut text = String::new();
    match &record.event {
        Event::RunOpened(opened) => {
            let of = [opened.run.as_str(), opened.runbook.as_str(), &opened.title, &opened.revision, &opened.operator];
            of.iter().for_each(|part| put(&mut text, part));
            opened.inputs.values().for_each(|value| gather(value, &mut text));
            opened.site.iter().for_each(|site| put(&mut text, &format!("{} {}", site.environment, site.name)));
        }
        event => {
            let Ok(Value::Object(event)) = serde_json::to_value(event) else { return false };
            for (kind, value) in &event {
                put(&mut text, &kind.replace('_', " "));
                put(&mut text, kind);
                gather(value, &mut text);
            }
        }
    }
    let text = text.to_lowercase();
    words.iter().all(|word| text.contains(word.as_str()))
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
