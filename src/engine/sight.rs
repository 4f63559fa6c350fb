//! What conditions see of a run and its board, made ready once for all that are evaluated at one moment.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::clock::Timestamp;
use crate::engine::board::{Board, Row};
use crate::engine::scope::{scope, small_scope, step_scope};
use crate::engine::state::RunState;
use crate::runbook::{Expr, Ready, StepKey, Truth};

/// A run and its board at one moment, with what has been made ready of them: the inputs and the probes' rows that some
/// condition has read.
pub struct Sight<'b> {
    state: &'b RunState,
    pub(crate) board: &'b Board,
    now: Timestamp,
    inputs: BTreeMap<String, Ready>,
    /// `None` for a probe that the run does not have.
    probes: BTreeMap<String, Option<Ready>>,
}

impl<'b> Sight<'b> {
    /// For the conditions of one moment.
    pub fn new(state: &'b RunState, board: &'b Board, now: Timestamp) -> Self {
        Self { state, board, now, inputs: BTreeMap::new(), probes: BTreeMap::new() }
    }

    /// The same run at the same moment, with another board.
    pub(crate) fn on<'c>(&self, board: &'c Board) -> Sight<'c>
    where
        'b: 'c,
    {
        Sight::new(self.state, board, self.now)
    }

    /// What a condition comes to, seen from a step or from none: what `Expr::truth` says in that step's scope.
    pub(crate) fn truth(&mut self, holds: &Expr, key: Option<&StepKey>) -> Truth {
        let (scope, ready) = self.scope(holds, key);
        holds.truth_with(&scope, &ready)
    }

    /// What `expr` sees: the scope, and what of it is ready.
    pub(crate) fn scope(&mut self, expr: &Expr, key: Option<&StepKey>) -> (Value, Vec<(&'static str, Ready)>) {
        let (state, now, source) = (self.state, self.now, expr.source());
        if !expr.reads().whole {
            let ready = vec![("inputs", self.inputs(expr)), ("health", self.health(expr))];
            return (small_scope(state, key, now, source), ready);
        }
        let whole = match key {
            Some(key) => step_scope(state, self.board, key, now, source),
            None => scope(state, self.board, &Value::Null, now, source),
        };
        (whole, Vec::new())
    }

    /// What `expr` reads of `.health`.
    fn health(&mut self, expr: &Expr) -> Ready {
        let (state, board) = (self.state, self.board);
        let mut read = board.read_by(expr);
        if expr.reads().is_whole("health") {
            read.retain(|probe| !state.probes.iter().any(|known| known.as_str() == probe));
            read.splice(0..0, state.probes.iter().map(ToString::to_string));
        }
        let entry = |probe: String| {
            let rows = self.probes.entry(probe.clone()).or_insert_with_key(|probe| rows(state, board, probe));
            rows.clone().map(|rows| (Ready::from(probe), rows))
        };
        Ready::object(read.into_iter().filter_map(entry))
    }

    /// What `expr` reads of `.inputs`.
    fn inputs(&mut self, expr: &Expr) -> Ready {
        let Some(opened) = &self.state.opened else { return Ready::object([]) };
        let read: Vec<(&str, &Value)> = if expr.reads().is_whole("inputs") {
            opened.inputs.iter().map(|(name, value)| (name.as_str(), value)).collect()
        } else {
            let named = expr.reads().names("inputs");
            named.filter_map(|(name, _)| opened.inputs.get(name).map(|value| (name, value))).collect()
        };
        Ready::object(read.into_iter().map(|(name, value)| {
            let ready = self.inputs.entry(name.to_owned()).or_insert_with(|| Ready::from(value));
            (Ready::from(name.to_owned()), ready.clone())
        }))
    }
}

/// The rows of a probe; `None` for one that the run does not have.
fn rows(state: &RunState, board: &Board, probe: &str) -> Option<Ready> {
    let mut rows = board.rows.iter().filter(|row| row.probe.as_str() == probe).peekable();
    if rows.peek().is_none() && !state.probes.iter().any(|known| known.as_str() == probe) {
        return None;
    }
    Some(Ready::list(rows.map(ready)))
}

fn ready(row: &Row) -> Ready {
    let fields = row.fields.iter().map(|(name, value)| (Ready::from(name.clone()), Ready::from(value)));
    let age = row.age_ms.map_or(Ready::default(), |age| Ready::number(age as f64 / 1000.0));
    Ready::object(fields.chain([
        (Ready::word("node"), Ready::from(&row.item)),
        (Ready::word("verdict"), Ready::word(row.verdict.word())),
        (Ready::word("age"), age),
        (Ready::word("why"), Ready::from(row.why.clone())),
    ]))
}
