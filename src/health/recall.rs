//! The last judged answer of a target: one that says the same again comes to the same.
//!
//! What an answer comes to hangs on the target's expressions and on what they read of the answer, and on nothing else:
//! expressions know neither clock nor chance. So where all of that is as it was, nothing is evaluated anew.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use crate::health::target::Target;
use crate::health::verdict::{Heard, Judgement, Kind, judge};

/// Facts that reasons are made of, whatever the expressions read.
const ALWAYS: [&str; 3] = ["status", "exit", "error"];

/// Facts that are read out of another one: who compares that one need not compare them.
const PARSED: [(&str, &str); 2] = [("body", "text"), ("json", "stdout")];

/// Remembers what the last answer of one target came to.
#[derive(Clone, Debug)]
pub(crate) struct Recall {
    /// The facts that matter; `None`: all.
    names: Option<BTreeSet<String>>,
    last: Option<Last>,
}

#[derive(Clone, Debug)]
struct Last {
    kind: Kind,
    facts: Map<String, Value>,
    judgement: Judgement,
}

impl Recall {
    /// For the answers of that target.
    pub(crate) fn of(target: &Target) -> Self {
        let exprs = target.fields.iter().map(|(_, expr)| expr).chain([&target.ok]).chain(&target.degraded);
        let mut names: Option<BTreeSet<String>> = Some(ALWAYS.iter().map(ToString::to_string).collect());
        for expr in exprs {
            let reads = expr.reads();
            match &mut names {
                Some(names) if !reads.whole => names.extend(reads.keys.keys().cloned()),
                _ => names = None,
            }
        }
        Self { names, last: None }
    }

    /// What [`judge`] says of an answer of that target.
    pub(crate) fn judge(&mut self, target: &Target, heard: Heard) -> Judgement {
        let known =
            self.last.as_ref().filter(|last| last.kind == heard.kind && self.is_same(&last.facts, &heard.facts));
        if let Some(last) = known {
            return last.judgement.clone();
        }
        let kind = heard.kind.clone();
        let compared = heard.facts.iter().filter(|(name, _)| self.is_compared(name, &heard.facts));
        let facts = compared.map(|(name, value)| (name.clone(), value.clone())).collect();
        let judgement = judge(target, heard);
        self.last = Some(Last { kind, facts, judgement: judgement.clone() });
        judgement
    }

    /// Whether every fact that matters is what it was.
    fn is_same(&self, last: &Map<String, Value>, facts: &Map<String, Value>) -> bool {
        let mut compared = facts.iter().filter(|(name, _)| self.is_compared(name, facts));
        let mut before = last.iter();
        let is_each = before.by_ref().all(|(name, value)| {
            compared.next().is_some_and(|(other, heard)| name == other && is_exactly(value, heard))
        });
        is_each && compared.next().is_none()
    }

    /// Whether a fact is held against the last one of its name.
    fn is_compared(&self, name: &str, facts: &Map<String, Value>) -> bool {
        let matters = |name: &str| self.names.as_ref().is_none_or(|names| names.contains(name));
        let source = PARSED.iter().find(|(parsed, _)| *parsed == name).map(|(_, source)| *source);
        if source.is_some_and(|source| facts.contains_key(source)) {
            return false;
        }
        let parsed = PARSED.iter().find(|(_, source)| *source == name).map(|(parsed, _)| *parsed);
        matters(name) || parsed.is_some_and(matters)
    }
}

/// Whether they are the same to the last detail: entries of an object also in their order, which expressions see.
fn is_exactly(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Object(one), Value::Object(other)) => {
            let pairs = || one.iter().zip(other);
            one.len() == other.len() && pairs().all(|(one, other)| one.0 == other.0 && is_exactly(one.1, other.1))
        }
        (Value::Array(one), Value::Array(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| is_exactly(one, other))
        }
        // Zero has two signs, which are equal and printed differently.
        (Value::Number(one), Value::Number(other)) => one == other && one.to_string() == other.to_string(),
        _ => one == other,
    }
}

#[cfg(test)]
#[path = "recall_tests.rs"]
mod tests;
