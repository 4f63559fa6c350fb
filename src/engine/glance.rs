//! Records of the kinds that a long journal is full of, read where they lie in their lines: in a fraction of the time that
//! serde takes, and without a copy.
//!
//! What is written exactly as piton writes it is known at a glance. Whatever is written in another way, and every other
//! kind of record, is in doubt and not judged here: that is for [`Record`]'s own reading, with which this one always agrees.

use serde_json::{Map, Value};

use crate::clock::Timestamp;
use crate::engine::event::{ConditionId, Event, Record, Tri};
use crate::runbook::StepKey;

/// How deep values lie in each other at most.
const MOST_DEEP: usize = 32;

/// The most digits of a number that is certainly no larger than a `u64`.
const MOST_DIGITS: usize = 18;

/// A record as it lies in its line.
pub struct Glance<'l> {
    /// Its number.
    pub seq: u64,
    /// Its time.
    pub at: Timestamp,
    /// The hash that it names.
    pub prev: &'l str,
    by: Text<'l>,
    event: Kind<'l>,
}

/// What happened: nothing else is known at a glance.
enum Kind<'l> {
    /// [`Event::ConditionChanged`].
    Changed { condition: &'l str, truth: Tri, why: Text<'l>, seen: &'l str },
    /// [`Event::NoteAdded`].
    Note { step: Option<&'l str>, text: Text<'l> },
}

impl<'l> Glance<'l> {
    /// The record of a raw line, without its newline; `None` where there is any doubt.
    pub fn of(line: &'l [u8]) -> Option<Self> {
        let mut rest = Rest(std::str::from_utf8(line).ok()?);
        rest.pass("{\"seq\":")?;
        let seq = rest.number()?;
        rest.pass(",\"at\":\"")?;
        let at = rest.plain()?.parse().ok()?;
        rest.pass(",\"prev\":\"")?;
        let prev = rest.plain()?;
        rest.pass(",\"by\":\"")?;
        let by = rest.text()?;
        rest.pass(",\"event\":{\"")?;
        let event = match rest.plain()? {
            "condition_changed" => rest.changed()?,
            "note_added" => rest.note()?,
            _ => return None,
        };
        (rest.0 == "}}}").then_some(Self { seq, at, prev, by, event })
    }

    /// The record itself.
    pub fn record(&self) -> Option<Record> {
        let event = match &self.event {
            Kind::Changed { condition, truth, why, seen } => Event::ConditionChanged {
                condition: condition.parse().ok()?,
                truth: *truth,
                why: why.made()?,
                seen: Rest(seen).made()?,
            },
            Kind::Note { step, text } => {
                let step = step.map(str::parse).transpose().ok()?;
                Event::NoteAdded { step, text: text.made()? }
            }
        };
        Some(Record { seq: self.seq, at: self.at, prev: self.prev.to_owned(), by: self.by.made()?, event })
    }
}

/// What stands between two quotes.
#[derive(Clone, Copy)]
struct Text<'l> {
    raw: &'l str,
    /// Whether something in it is written in another way than it reads.
    is_escaped: bool,
}

impl Text<'_> {
    fn made(self) -> Option<String> {
        if self.is_escaped {
            serde_json::from_str(&format!("\"{}\"", self.raw)).ok()
        } else {
            Some(self.raw.to_owned())
        }
    }
}

/// What is left of a line.
struct Rest<'l>(&'l str);

impl<'l> Rest<'l> {
    fn pass(&mut self, expected: &str) -> Option<()> {
        self.0 = self.0.strip_prefix(expected)?;
        Some(())
    }

    fn passes(&mut self, expected: &str) -> bool {
        self.pass(expected).is_some()
    }

    /// So many bytes of it.
    fn take(&mut self, length: usize) -> Option<&'l str> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }

    /// How many digits stand at its beginning.
    fn digits(&self) -> usize {
        self.0.bytes().take_while(u8::is_ascii_digit).count()
    }

    /// A whole number.
    fn number(&mut self) -> Option<u64> {
        let digits = self.digits();
        let text = self.take(digits)?;
        let is_plain = (1..=MOST_DIGITS).contains(&digits) && (digits == 1 || !text.starts_with('0'));
        if is_plain { text.parse().ok() } else { None }
    }

    /// The text behind a quote that was passed, with the quote that ends it.
    fn text(&mut self) -> Option<Text<'l>> {
        let bytes = self.0.as_bytes();
        let (mut end, mut is_escaped) = (0, false);
        loop {
            match bytes.get(end)? {
                b'"' => break,
                b'\\' => {
                    let is_known =
                        matches!(bytes.get(end + 1)?, b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't');
                    (end, is_escaped) = (end + 2, true);
                    if !is_known {
                        return None;
                    }
                }
                0..b' ' => return None,
                _ => end += 1,
            }
        }
        let raw = self.take(end)?;
        self.pass("\"")?;
        Some(Text { raw, is_escaped })
    }

    /// The same, of which nothing is written in another way than it reads.
    fn plain(&mut self) -> Option<&'l str> {
        let text = self.text()?;
        (!text.is_escaped).then_some(text.raw)
    }

    fn changed(&mut self) -> Option<Kind<'l>> {
        self.pass(":{\"condition\":\"")?;
        let condition = self.plain().filter(|name| ConditionId::is_name(name))?;
        self.pass(",\"truth\":\"")?;
        let truth = match self.plain()? {
            "true" => Tri::True,
            "false" => Tri::False,
            "unknown" => Tri::Unknown,
            _ => return None,
        };
        self.pass(",\"why\":\"")?;
        let why = self.text()?;
        self.pass(",\"seen\":")?;
        let before = self.0;
        self.value(0)?;
        let seen = before.get(..before.len() - self.0.len())?;
        Some(Kind::Changed { condition, truth, why, seen })
    }

    fn note(&mut self) -> Option<Kind<'l>> {
        self.pass(":{\"step\":")?;
        let step = if self.passes("null") {
            None
        } else {
            self.pass("\"")?;
            Some(self.plain().filter(|step| step.parse::<StepKey>().is_ok())?)
        };
        self.pass(",\"text\":\"")?;
        Some(Kind::Note { step, text: self.text()? })
    }

    /// Passes over a value that is certainly one.
    fn value(&mut self, deep: usize) -> Option<()> {
        if deep > MOST_DEEP {
            return None;
        }
        match self.0.as_bytes().first()? {
            b'"' => {
                self.pass("\"")?;
                self.text().map(drop)
            }
            b'{' => self.members("{", "}", &mut |rest| {
                rest.pass("\"")?;
                rest.text()?;
                rest.pass(":")?;
                rest.value(deep + 1)
            }),
            b'[' => self.members("[", "]", &mut |rest| rest.value(deep + 1)),
            b't' => self.pass("true"),
            b'f' => self.pass("false"),
            b'n' => self.pass("null"),
            _ => self.figure().map(drop),
        }
    }

    /// What stands between that beginning and that end, with commas in between.
    fn members(&mut self, begin: &str, end: &str, each: &mut dyn FnMut(&mut Self) -> Option<()>) -> Option<()> {
        self.pass(begin)?;
        if self.passes(end) {
            return Some(());
        }
        loop {
            each(self)?;
            if !self.passes(",") {
                return self.pass(end);
            }
        }
    }

    /// A number as it is written, of no more digits than are certainly within what can be held.
    fn figure(&mut self) -> Option<&'l str> {
        let before = self.0;
        self.passes("-");
        self.number()?;
        if self.passes(".") {
            let digits = self.digits();
            self.take(digits).filter(|_| (1..=MOST_DIGITS).contains(&digits))?;
        }
        // Behind it a value has ended; an exponent is for another reader.
        let is_end = self.0.starts_with([',', '}', ']']) || self.0.is_empty();
        before.get(..before.len() - self.0.len()).filter(|_| is_end)
    }

    /// The value that was passed over.
    fn made(&mut self) -> Option<Value> {
        Some(match self.0.as_bytes().first()? {
            b'"' => {
                self.pass("\"")?;
                Value::String(self.text()?.made()?)
            }
            b'{' => {
                let mut map = Map::new();
                self.members("{", "}", &mut |rest| {
                    rest.pass("\"")?;
                    let name = rest.text()?.made()?;
                    rest.pass(":")?;
                    map.insert(name, rest.made()?);
                    Some(())
                })?;
                Value::Object(map)
            }
            b'[' => {
                let mut values = Vec::new();
                self.members("[", "]", &mut |rest| {
                    values.push(rest.made()?);
                    Some(())
                })?;
                Value::Array(values)
            }
            b't' => self.pass("true").map(|()| Value::Bool(true))?,
            b'f' => self.pass("false").map(|()| Value::Bool(false))?,
            b'n' => self.pass("null").map(|()| Value::Null)?,
            _ => {
                let figure = self.figure()?;
                let is_whole = figure.bytes().all(|byte| byte.is_ascii_digit());
                // What has a sign or a fraction is worth what serde makes of it.
                if is_whole { figure.parse::<u64>().ok()?.into() } else { serde_json::from_str(figure).ok()? }
            }
        })
    }
}
