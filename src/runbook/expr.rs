//! Expressions: the allow-listed part of jq, compiled once at load, and texts that hold them.
//!
//! Nothing here reads a clock, the environment or a file.

use std::fmt;

use serde_json::Value;

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

/// One compiled expression.
#[derive(Clone)]
pub struct Expr {
    source: String,
}

impl fmt::Debug for Expr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Expr({:?})", self.source)
    }
}

impl Expr {
    /// Compiles `source`, or says where it is outside the allow-list.
    pub fn compile(source: &str) -> Result<Self, ExprError> {
        Ok(Self { source: source.to_owned() })
    }

    /// The text it was compiled from.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// Which probes it reads (the `vault` of `.health.vault`), sorted, each once.
    pub fn probes(&self) -> Vec<String> {
        Vec::new()
    }

    /// Its first output; none is an error.
    pub fn first(&self, _scope: &Value) -> Result<Value, EvalError> {
        Err(EvalError("not built yet".into()))
    }

    /// All its outputs, at most `limit`; more is an error.
    pub fn all(&self, _scope: &Value, _limit: usize) -> Result<Vec<Value>, EvalError> {
        Err(EvalError("not built yet".into()))
    }

    /// Its first output as a condition: `true`, `false`, and everything else (also `null` and errors) unknown.
    pub fn truth(&self, scope: &Value) -> Truth {
        match self.first(scope) {
            Ok(Value::Bool(true)) => Truth::True,
            Ok(Value::Bool(false)) => Truth::False,
            Ok(other) => Truth::Unknown(format!("gave {other} instead of true or false")),
            Err(error) => Truth::Unknown(error.0),
        }
    }
}

/// A text with `{{ expression }}` parts.
#[derive(Clone, Debug)]
pub struct Template {
    source: String,
}

impl Template {
    /// Compiles `source`, or says which part of it is wrong.
    pub fn compile(source: &str) -> Result<Self, ExprError> {
        Ok(Self { source: source.to_owned() })
    }

    /// The text it was compiled from.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// Which probes its expressions read, sorted, each once.
    pub fn probes(&self) -> Vec<String> {
        Vec::new()
    }

    /// The text with its values: strings as they are, everything else as JSON. `null` is an error.
    pub fn render(&self, _scope: &Value) -> Result<String, EvalError> {
        Ok(self.source.clone())
    }
}
