//! What an answer comes to.

use std::time::Duration;

use serde_json::{Map, Value};

use crate::engine::{Said, Verdict, json_bytes};
use crate::health::target::Target;
use crate::runbook::{Shared, Truth};

/// The longest reason, in characters.
const MAX_WHY_CHARS: usize = 120;

/// The longest value within a reason, in characters.
const MAX_VALUE_CHARS: usize = 40;

/// The largest field, in bytes of JSON.
const MAX_FIELD_BYTES: usize = 16 * 1024;

/// The most that all fields of one answer may take, in bytes of JSON.
const MAX_FIELDS_BYTES: usize = 64 * 1024;

/// What was heard when a probe asked.
#[derive(Clone, Debug)]
pub(crate) struct Heard {
    /// What the fields' expressions see.
    pub facts: Map<String, Value>,
    /// What kind of answer it was.
    pub kind: Kind,
    /// How long it took.
    pub elapsed: Duration,
}

/// Kinds of answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// One that the probe's expressions judge.
    Answer,
    /// One that says that we may not know (401, 403).
    Forbidden(u16),
    /// Nobody listens.
    Refused,
    /// None in time.
    TimedOut,
    /// Somebody took the connection and closed it before the answer was whole; how.
    Closed(&'static str),
    /// None, for this reason.
    Nothing(String),
}

/// A judged answer.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Judgement {
    pub verdict: Verdict,
    pub why: String,
    pub fields: Map<String, Value>,
}

/// Judges an answer. The verdict's expressions see the fields, and beside them the facts that no field hides.
pub(crate) fn judge(target: &Target, heard: Heard) -> Judgement {
    let Heard { facts, kind, .. } = heard;
    match kind {
        Kind::Nothing(why) => Judgement { verdict: Verdict::Unknown, why: short(&why), fields: Map::new() },
        Kind::Refused => {
            Judgement { verdict: Verdict::Bad, why: "refused".into(), fields: lenient_fields(target, facts) }
        }
        Kind::TimedOut => {
            let why = format!("no answer within {:?}", target.timeout);
            Judgement { verdict: Verdict::Unknown, why, fields: lenient_fields(target, facts) }
        }
        // As a tunnel does whose far end is gone: what it is told apart from a silence by, the fields may say.
        Kind::Closed(why) => {
            Judgement { verdict: Verdict::Unknown, why: why.into(), fields: lenient_fields(target, facts) }
        }
        Kind::Answer => judge_answer(target, facts, None),
        Kind::Forbidden(status) => judge_answer(target, facts, Some(status)),
    }
}

/// Without an answer only those fields are kept that can be told all the same.
fn lenient_fields(target: &Target, facts: Map<String, Value>) -> Map<String, Value> {
    let facts = Value::Object(facts);
    let told = target.fields.iter().filter_map(|(name, expr)| Some((name.clone(), expr.one(&facts).ok()?)));
    let mut room = MAX_FIELDS_BYTES;
    told.filter(|(_, value)| !value.is_null() && fits(value, &mut room).is_ok()).collect()
}

/// Whether there is room for a field; records repeat it, so it must not be endless.
fn fits(value: &Value, room: &mut usize) -> Result<(), &'static str> {
    let bytes = json_bytes(value);
    if bytes > MAX_FIELD_BYTES {
        return Err("is larger than 16 KiB");
    }
    *room = room.checked_sub(bytes).ok_or("is too much: all fields may take 64 KiB together")?;
    Ok(())
}

fn judge_answer(target: &Target, facts: Map<String, Value>, forbidden: Option<u16>) -> Judgement {
    let mut seen = Shared::new(facts);
    let mut fields = Map::new();
    let (mut unreadable, mut too_large) = (None, None);
    let mut room = MAX_FIELDS_BYTES;
    // Metrics that are not there: nothing can be ok, and the reason tells more than that a field is missing.
    let said = seen.scope()["error"].as_str().map(str::to_owned);
    for (name, expr) in &target.fields {
        let mut value = seen.one(expr).unwrap_or_else(|error| {
            unreadable.get_or_insert_with(|| format!("{name} cannot be told: {error}"));
            Value::Null
        });
        if let Err(why) = fits(&value, &mut room) {
            too_large.get_or_insert_with(|| format!("{name} {why}"));
            value = Value::Null;
        }
        fields.insert(name.clone(), value);
    }
    let fact = first_fact(seen.scope());
    seen.extend(&fields);
    if let Some(why) = too_large {
        return Judgement { verdict: Verdict::Unknown, why: short(&why), fields };
    }
    if let Some(said) = said {
        let why = forbidden.map_or(said, |status| format!("forbidden: status {status}"));
        return Judgement { verdict: Verdict::Unknown, why: short(&why), fields };
    }
    let ok = seen.truth(&target.ok);
    let mut is_degraded = || target.degraded.as_ref().is_some_and(|degraded| seen.truth(degraded) == Truth::True);
    let (verdict, why) = match (ok, forbidden, unreadable) {
        (Truth::True, ..) => (Verdict::Ok, String::new()),
        _ if is_degraded() => (Verdict::Degraded, shown(&fields, &fact)),
        (_, Some(status), _) => (Verdict::Unknown, format!("forbidden: status {status}")),
        (_, None, Some(why)) => (Verdict::Unknown, why),
        (Truth::Unknown(why), None, None) => {
            (Verdict::Unknown, format!("cannot be told: {why}{}", came(target, &why, seen.scope())))
        }
        (Truth::False, None, None) => (Verdict::Bad, shown(&fields, &fact)),
    };
    Judgement { verdict, why: short(&why), fields }
}

/// What is shown for a probe without fields.
fn first_fact(facts: &Value) -> String {
    for name in ["status", "exit"] {
        if !facts[name].is_null() {
            return format!("{name} {}", facts[name]);
        }
    }
    "not ok".into()
}

/// What was asked for the field of which `why` says that it is not known, and what came instead; nothing where it says
/// that of none. What the answer holds is not told: it may be a secret that nobody declared.
fn came(target: &Target, why: &str, facts: &Value) -> String {
    let is_meant = |name: &str| why.strip_prefix(name).is_some_and(|rest| rest.starts_with(' '));
    let Some((_, expr)) = target.fields.iter().find(|(name, _)| is_meant(name)) else { return String::new() };
    let body = if facts.get("exit").is_some() { "json" } else { "body" };
    let kind = match facts.get(body) {
        _ if !expr.source().contains(&format!(".{body}")) => "",
        Some(Value::Null) => ", no JSON object",
        _ => ", JSON without it",
    };
    format!(": asked for {}; came {}{kind}", cut(expr.source().trim(), MAX_VALUE_CHARS), first_fact(facts))
}

/// Whether the reason of a row's verdict only repeats its fields.
pub fn repeats_fields(row: &Said) -> bool {
    !row.why.is_empty() && !row.fields.is_empty() && row.why == short(&shown(&row.fields, ""))
}

/// The values that a verdict rests on; what cannot be read at a glance, and what says nothing, is left out.
fn shown(fields: &Map<String, Value>, fact: &str) -> String {
    let is_told = |value: &Value| match value {
        Value::Null | Value::Object(_) | Value::Array(_) => false,
        Value::String(text) => !text.trim().is_empty(),
        _ => true,
    };
    let told: Vec<String> = fields
        .iter()
        .filter(|(_, value)| is_told(value))
        .map(|(name, value)| format!("{name} {}", brief(value)))
        .collect();
    if told.is_empty() { fact.to_owned() } else { told.join(", ") }
}

fn brief(value: &Value) -> String {
    let text = value.as_str().map_or_else(|| value.to_string(), |text| text.trim().to_owned());
    cut(&text, MAX_VALUE_CHARS)
}

fn short(why: &str) -> String {
    cut(why, MAX_WHY_CHARS)
}

fn cut(text: &str, limit: usize) -> String {
    if text.chars().count() <= limit {
        return text.to_owned();
    }
    text.chars().take(limit - 1).chain(['…']).collect()
}

#[cfg(test)]
#[path = "verdict_tests.rs"]
mod tests;
