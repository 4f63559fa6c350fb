//! Values made ready for expressions once, for several that read them.

use std::collections::BTreeMap;

use jaq_json::Val;
use serde_json::{Map, Value};

use crate::runbook::expr::{EvalError, Expr, Truth};
use crate::runbook::native::into_val;

/// A value as expressions see it. A copy costs nothing.
#[derive(Clone, Debug, Default)]
pub struct Ready(pub(crate) Val);

impl Ready {
    /// A list.
    pub fn list(items: impl IntoIterator<Item = Self>) -> Self {
        Self(items.into_iter().map(|item| item.0).collect())
    }

    /// An object; of two entries of one key the later counts, in the place of the first.
    pub fn object(entries: impl IntoIterator<Item = (Self, Self)>) -> Self {
        Self(Val::obj(entries.into_iter().map(|(key, value)| (key.0, value.0)).collect()))
    }

    /// A text of the program.
    pub fn word(text: &'static str) -> Self {
        Self(Val::utf8_str(text))
    }

    /// A number.
    pub fn number(number: f64) -> Self {
        Self(Val::from(number))
    }
}

impl From<String> for Ready {
    fn from(text: String) -> Self {
        Self(Val::from(text))
    }
}

impl From<&Value> for Ready {
    fn from(value: &Value) -> Self {
        Self(into_val(value))
    }
}

/// A scope that several expressions see: each part of it is made ready once, when the first of them reads it.
#[derive(Clone, Debug)]
pub struct Shared {
    scope: Value,
    /// By key; those that are read as a whole.
    whole: BTreeMap<String, Ready>,
    /// By key, and by the name below it that is read.
    parts: BTreeMap<String, BTreeMap<String, Ready>>,
}

impl Shared {
    /// A scope of which nothing has been read.
    pub fn new(scope: Map<String, Value>) -> Self {
        Self { scope: Value::Object(scope), whole: BTreeMap::new(), parts: BTreeMap::new() }
    }

    /// The scope itself.
    pub fn scope(&self) -> &Value {
        &self.scope
    }

    /// Puts these entries into it; they hide those of their names.
    pub fn extend(&mut self, entries: &Map<String, Value>) {
        for name in entries.keys() {
            self.whole.remove(name);
            self.parts.remove(name);
        }
        if let Some(scope) = self.scope.as_object_mut() {
            scope.extend(entries.iter().map(|(name, value)| (name.clone(), value.clone())));
        }
    }

    /// What [`Expr::one`] says.
    ///
    /// # Errors
    /// Those of [`Expr::one`].
    pub fn one(&mut self, expr: &Expr) -> Result<Value, EvalError> {
        let ready = self.read_by(expr);
        expr.one_with(&self.scope, &ready)
    }

    /// What [`Expr::truth`] says.
    pub fn truth(&mut self, expr: &Expr) -> Truth {
        let ready = self.read_by(expr);
        expr.truth_with(&self.scope, &ready)
    }

    fn read_by<'e>(&mut self, expr: &'e Expr) -> Vec<(&'e str, Ready)> {
        let reads = expr.reads();
        let Self { scope, whole, parts } = self;
        let Some(entries) = scope.as_object().filter(|_| !reads.whole) else { return Vec::new() };
        let made = reads.keys.iter().filter_map(|(key, read)| {
            let ready = match entries.get(key)? {
                Value::Object(names) if !read.whole => {
                    let known = parts.entry(key.clone()).or_default();
                    let below = read.names.keys().filter_map(|name| names.get(name).map(|value| (name, value)));
                    Ready::object(below.map(|(name, value)| {
                        let part = known.entry(name.clone()).or_insert_with(|| Ready::from(value));
                        (Ready::from(name.clone()), part.clone())
                    }))
                }
                other => whole.entry(key.clone()).or_insert_with(|| Ready::from(other)).clone(),
            };
            Some((key.as_str(), ready))
        });
        made.collect()
    }
}
