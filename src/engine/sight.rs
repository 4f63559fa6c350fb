//! What conditions see of a run and its board, made ready once for all that are evaluated at one moment.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::engine::observe::{Board, Row};
use crate::engine::state::RunState;
use crate::runbook::{Expr, Ready};

/// A board, with what has been made ready of it: each probe's rows when a condition first reads them.
pub struct Sight<'b> {
    pub(crate) board: &'b Board,
    probes: BTreeMap<String, Option<Ready>>,
}

impl<'b> Sight<'b> {
    /// For the conditions of one moment.
    pub fn new(board: &'b Board) -> Self {
        Self { board, probes: BTreeMap::new() }
    }

    /// What `expr` reads of `.health`, `probes` being those that it reads.
    pub(crate) fn health(&mut self, probes: &[String]) -> Ready {
        let mut entries = Vec::new();
        for probe in probes {
            let board = self.board;
            let rows = self.probes.entry(probe.clone()).or_insert_with(|| rows(board, probe));
            entries.extend(rows.clone().map(|rows| (Ready::text(probe), rows)));
        }
        Ready::object(entries)
    }
}

/// The rows of a probe, if it has any.
fn rows(board: &Board, probe: &str) -> Option<Ready> {
    let mut rows = board.rows.iter().filter(|row| row.probe.as_str() == probe).peekable();
    rows.peek()?;
    Some(Ready::list(rows.map(ready)))
}

fn ready(row: &Row) -> Ready {
    let fields = row.fields.iter().map(|(name, value)| (Ready::text(name), Ready::from(value)));
    let age = row.age_ms.map_or(Ready::default(), |age| Ready::number(age as f64 / 1000.0));
    Ready::object(fields.chain([
        (Ready::word("node"), Ready::from(&row.item)),
        (Ready::word("verdict"), Ready::word(row.verdict.word())),
        (Ready::word("age"), age),
        (Ready::word("why"), Ready::text(&row.why)),
    ]))
}

/// What `expr` reads of `.inputs`.
pub(crate) fn inputs(state: &RunState, expr: &Expr) -> Ready {
    let Some(opened) = &state.opened else { return Ready::object([]) };
    let is_read =
        |name: &str| expr.reads().is_whole("inputs") || expr.reads().names("inputs").any(|(read, _)| read == name);
    let read = opened.inputs.iter().filter(|(name, _)| is_read(name));
    Ready::object(read.map(|(name, value): (&String, &Value)| (Ready::text(name), Ready::from(value))))
}

#[cfg(test)]
mod tests {
    use serde_json::{Map, json};

    use super::*;
    use crate::engine::observe::Verdict;
    use crate::engine::scope::scope;
    use crate::engine::state::RunState;
    use crate::runbook::{ProbeId, Truth};

    #[test]
    fn conditions_see_the_same_as_texts() {
        let row = |probe: &str, age_ms: Option<u64>, fields: &Value| Row {
            probe: ProbeId::new(probe),
            node: Some("a".into()),
            verdict: Verdict::Degraded,
            why: "slow".into(),
            age_ms,
            fields: fields.as_object().cloned().unwrap_or_default(),
            item: json!({ "name": "a", "port": 1.5, "tags": ["x", null, true] }),
        };
        let board = Board {
            rows: vec![
                row("one", Some(1500), &json!({ "why": "own", "n": 3, "deep": { "a": [1, { "b": 2 }] } })),
                row("two", None, &json!({})),
                row("one", Some(2000), &json!({ "n": -1 })),
            ],
        };
        let state = RunState::default();
        let mut sight = Sight::new(&board);
        for source in [".health.one | tojson", ".health.two | tojson", ".health.none | tojson", ".health | tojson"] {
            let expr = Expr::compile(source).unwrap();
            let told =
                expr.first(&scope(&state, &board, &Value::Null, crate::clock::Timestamp::default(), source)).unwrap();
            let same = Expr::compile(&format!("({source}) == {told}")).unwrap();
            let health = sight.health(&board.read_by(&same));
            assert_eq!(same.truth_with(&Value::Object(Map::new()), &[("health", health)]), Truth::True, "{told}");
        }
    }
}
