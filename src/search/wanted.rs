//! What a record must be and hold to be a hit.

use crate::clock::Timestamp;
use crate::engine::{DeviationKind, Outcome, Record, is_left_undone};
use crate::report::deviation;
use crate::search::text::text_of;

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
            let words = ["skipped", "overridden", "cut", "acknowledged", "deferred", "disputed", "waived"];
            words.iter().any(|word| lower.contains(word))
        };
        self.words.iter().filter(is_plain).all(|word| lower.contains(word.as_str()))
            && self.step.as_ref().is_none_or(|step| step.contains(['"', '\\']) || lower.contains(step.as_str()))
            && (self.deviation.is_none() || is_overruled())
    }

    /// The record of that line, with the text that was looked through, when it is a hit. The words are looked for before the record
    /// is decoded: what that takes in memory may be many times the line.
    pub(super) fn hit(&self, line: &str, closed: Option<(Outcome, Timestamp)>) -> Option<(Record, String)> {
        let looked_through = text_of(line)?;
        let lower = looked_through.to_lowercase();
        if !self.words.iter().all(|word| lower.contains(word.as_str())) {
            return None;
        }
        let record = serde_json::from_slice(line.as_bytes()).ok()?;
        self.is_about(&record, closed).then_some((record, looked_through))
    }

    /// Whether a record is of the step and of the way that are looked for.
    fn is_about(&self, record: &Record, closed: Option<(Outcome, Timestamp)>) -> bool {
        let overruled = deviation(&record.event);
        let is_own = |kind: DeviationKind| !is_left_undone(kind, record.at, closed);
        if let Some(wanted) = self.deviation
            && !overruled
                .as_ref()
                .is_some_and(|(kind, ..)| is_own(*kind) && wanted.is_none_or(|wanted| wanted == *kind))
        {
            return false;
        }
        let Some(step) = &self.step else { return true };
        let of_step = record.event.step().map(ToString::to_string);
        // What is acknowledged is named by its condition, which names the step.
        let about = of_step.or_else(|| overruled.map(|(_, subject, _)| subject)).unwrap_or_default();
        about.to_lowercase().contains(step.as_str())
    }

    /// The place in what was looked through where the first word stands that what is told of the record does not hold.
    pub(super) fn passage(&self, text: &str, told: &str) -> Option<String> {
        let told = told.to_lowercase();
        let word = self.words.iter().find(|word| !told.contains(word.as_str()))?;
        let found = |line: &str| line.char_indices().find(|(at, _)| begins(&line[*at..], word)).map(|(at, _)| at);
        let (line, at) = text.lines().find_map(|line| found(line).map(|at| (line, at)))?;
        let from = line[..at].char_indices().rev().nth(BEFORE - 1).map_or(0, |(from, _)| from);
        let to = line[at..].char_indices().nth(BEHIND).map_or(line.len(), |(to, _)| at + to);
        let (open, end) = (if from > 0 { "..." } else { "" }, if to < line.len() { "..." } else { "" });
        Some(format!("{open}{}{end}", &line[from..to]))
    }
}

/// Whether the text begins with that word, which is in lower case.
fn begins(text: &str, word: &str) -> bool {
    let mut lower = text.chars().flat_map(char::to_lowercase);
    word.chars().all(|c| lower.next() == Some(c))
}
