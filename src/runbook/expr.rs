//! Expressions: the allow-listed part of jq, checked at load, compiled once.
//!
//! Nothing here reads a clock, the environment or a file.

use std::fmt;
use std::sync::{Arc, OnceLock};

use serde_json::Value;

use crate::runbook::reads::Reads;
use crate::runbook::ready::Ready;
use crate::runbook::{allow, jq, native, unknown};

/// What a condition came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Truth {
    /// It holds.
    True,
    /// It does not hold.
    False,
    /// It could not be told, and why.
    Unknown(String),
}

/// Why an expression gave no value; a lower-case fragment for people.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct EvalError(pub String);

/// Why an expression or text was refused at load.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExprError {
    /// Where in the expression's own source, in bytes.
    pub span: std::ops::Range<usize>,
    /// What is wrong, a lower-case fragment.
    pub message: String,
    /// What to do instead.
    pub help: Option<String>,
}

/// The most bytes that one evaluation may give, over all its outputs.
const MAX_OUTPUT_BYTES: usize = 1024 * 1024;

/// One checked expression. It is compiled when it is first evaluated.
#[derive(Clone)]
pub struct Expr(Arc<Inner>);

struct Inner {
    source: String,
    reads: Reads,
    filter: OnceLock<Option<jq::Filter>>,
}

impl fmt::Debug for Expr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Expr({:?})", self.0.source)
    }
}

impl Expr {
    /// Takes `source`, or says where it is outside the allow-list.
    pub fn compile(source: &str) -> Result<Self, ExprError> {
        let reads = allow::with_term(source, |term| Reads::of(source, term))?;
        Ok(Self(Arc::new(Inner { source: source.to_owned(), reads, filter: OnceLock::new() })))
    }

    /// The text it was compiled from.
    pub fn source(&self) -> &str {
        &self.0.source
    }

    /// What it reads of its scope.
    pub fn reads(&self) -> &Reads {
        &self.0.reads
    }

    /// Which probes it reads by name (the `vault` of `.health.vault`), sorted, each once. One that reads `.health` as
    /// a whole is told by `reads().is_whole("health")`.
    pub fn probes(&self) -> Vec<String> {
        self.0.reads.names("health").map(|(name, _)| name.to_owned()).collect()
    }

    /// Its first output; none is an error.
    pub fn first(&self, scope: &Value) -> Result<Value, EvalError> {
        let mut first = None;
        self.each(scope, &[], |value| {
            first = Some(value);
            false
        })?;
        first.ok_or_else(|| EvalError("gave nothing".into()))
    }

    /// All its outputs, at most `limit`; more is an error.
    pub fn all(&self, scope: &Value, limit: usize) -> Result<Vec<Value>, EvalError> {
        let mut all = Vec::new();
        let mut is_over = false;
        self.each(scope, &[], |value| {
            is_over = all.len() >= limit;
            all.push(value);
            !is_over
        })?;
        if is_over { Err(EvalError(format!("gave more than {limit} values"))) } else { Ok(all) }
    }

    /// Its only output. None is an error, and so are several: which of them was meant cannot be told.
    pub fn one(&self, scope: &Value) -> Result<Value, EvalError> {
        self.one_with(scope, &[])
    }

    /// The same, where some keys of the scope are ready.
    pub(crate) fn one_with(&self, scope: &Value, ready: &[(&str, Ready)]) -> Result<Value, EvalError> {
        let mut outputs = Vec::with_capacity(2);
        self.each(scope, ready, |value| {
            outputs.push(value);
            outputs.len() < 2
        })?;
        match (outputs.pop(), outputs.is_empty()) {
            (Some(only), true) => Ok(only),
            (Some(_), false) => {
                Err(EvalError("gave several values where one is meant; use all(…), any(…) or first(…)".into()))
            }
            (None, _) => Err(EvalError("gave nothing".into())),
        }
    }

    fn each(
        &self,
        scope: &Value,
        ready: &[(&str, Ready)],
        mut each: impl FnMut(Value) -> bool,
    ) -> Result<(), EvalError> {
        let compile = || allow::with_term(&self.0.source, jq::compile).ok().flatten();
        let Some(filter) = self.0.filter.get_or_init(compile) else {
            return Err(EvalError("cannot be compiled".into()));
        };
        let mut room = MAX_OUTPUT_BYTES;
        let mut failed = None;
        let run = jq::run(filter, native::scope(scope, &self.0.reads, ready), |value| {
            match native::from_val(&value, &mut room) {
                Ok(value) => each(value),
                Err(error) => {
                    failed = Some(error);
                    false
                }
            }
        });
        // What was looked at is gathered again only for an error.
        let in_words = |error| {
            let seen = native::scope(scope, &self.0.reads, ready);
            unknown::told(error, &self.0.source, &self.0.reads, &seen)
        };
        run.map_err(in_words)?;
        failed.map_or(Ok(()), Err)
    }

    /// What it is evaluated on, to the last detail.
    #[cfg(test)]
    pub(crate) fn sees(&self, scope: &Value, ready: &[(&str, Ready)]) -> String {
        format!("{:?}", native::scope(scope, &self.0.reads, ready))
    }

    /// Its output as a condition: `true`, `false`, and everything else (also `null`, errors and several outputs) unknown.
    pub fn truth(&self, scope: &Value) -> Truth {
        self.truth_with(scope, &[])
    }

    /// The same, where some keys of the scope are ready. An expression that looks at its scope as a whole does not see
    /// those.
    pub fn truth_with(&self, scope: &Value, ready: &[(&str, Ready)]) -> Truth {
        match self.one_with(scope, ready) {
            Ok(Value::Bool(true)) => Truth::True,
            Ok(Value::Bool(false)) => Truth::False,
            Ok(other) => {
                Truth::Unknown(format!("gave {} instead of true or false", native::shorten(&other.to_string())))
            }
            Err(error) => Truth::Unknown(error.0),
        }
    }
}

#[cfg(test)]
#[path = "tests/expr/mod.rs"]
mod tests;
