//! What conditions see, made ready once for many of them, is what each would see for itself.

use std::sync::LazyLock;

use super::nested::in_a_group;
use super::together::at_agree;
use super::*;
use crate::engine::scope::{scope, step_scope};
use crate::engine::sight::Sight;
use crate::runbook::{Expr, StepId};

/// What conditions read, and how: by name, by key, as a whole, in another order.
const SOURCES: &[&str] = &[
    "[.health.a[] | select(.verdict != \"ok\")] | length <= 1",
    ".health.a | tojson",
    ".health.b | tojson",
    ".health.nobody | tojson",
    ".health | tojson",
    ".health.a, .health",
    ".health | keys_unsorted | tojson",
    "[.health[] | .[] | .age] | tojson",
    ".[\"health\"].a[0] | to_entries | tojson",
    ".health as {a: $a} | $a | tojson",
    "[.health.a[].why, .health.b[].node] | tojson",
    "all(.health.a[]; .x < 1)",
    "any(.health.b[]; .x == .y)",
    ".health.a[0].x == .health.b[0].x",
    ".health.a | map(.x) | add",
    ".inputs.many | tojson",
    ".inputs.nodes | length == 3",
    ".inputs | tojson",
    ".inputs.nobody",
    ".inputs as $i | .health.a | any(.node.name == $i.nodes[0].name)",
    ".node as $n | all(.health.a[]; .node.name != $n.name)",
    ".node, .nodes, .group | tojson",
    ".nodes | tojson",
    ".group | tojson",
    ". | tojson",
    "[.[] | type] | tojson",
    "{health, inputs} | tojson",
    ".run.elapsed == 0 and .answers == {} and .passed.stop",
    "[.steps, .passed, .began, .choices] | tojson",
    "\"health inputs\" == .run",
];

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        (-3..3).prop_map(Value::from),
        "[a-c]{0,2}".prop_map(Value::from),
        "\\PC{0,4}".prop_map(Value::from),
    ];
    leaf.prop_recursive(8, 40, 3, |inner| {
        let entries = prop::collection::vec(("[a-c]", inner.clone()), 0..3);
        prop_oneof![
            prop::collection::vec(inner, 0..3).prop_map(Value::from),
            entries.prop_map(|entries| Value::Object(entries.into_iter().collect())),
        ]
    })
}

fn row() -> impl Strategy<Value = Row> {
    let name = prop::sample::select(vec!["x", "y", "node", "verdict", "age", "why", "a/b"]);
    let fields = prop::collection::vec((name, value()), 0..4);
    let verdict = prop::sample::select(vec![Verdict::Ok, Verdict::Degraded, Verdict::Bad, Verdict::Unknown]);
    let probe = prop::sample::select(vec!["a", "b", "c"]);
    let item = prop_oneof![value(), Just(json!({ "name": "n1" }))];
    (probe, verdict, prop::option::of(any::<u64>()), "[a-c]{0,3}", fields, item).prop_map(
        |(probe, verdict, age_ms, why, fields, item)| {
            let fields = fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
            let (probe, node) = (ProbeId::new(probe), Some("n1".into()));
            Said { probe, node, verdict, why, fields, item }.aged(age_ms)
        },
    )
}

static EXPRS: LazyLock<Vec<Expr>> =
    LazyLock::new(|| SOURCES.iter().map(|source| Expr::compile(source).unwrap()).collect());

/// Runs whose steps see no item, one of several, several together, or an item of an item.
static STATES: LazyLock<Vec<(RunState, Vec<Option<StepKey>>)>> = LazyLock::new(|| {
    let nowhere = StepKey { phase: PhaseId::new("p"), item: Some("n1".into()), step: StepId::new("s") };
    let mut states = vec![(RunState::new(&book()), vec![None, Some(nowhere.clone())])];
    for walk in [Walk::opened(), at_stop(), at_agree(3), in_a_group()] {
        let key = walk.key();
        states.push((walk.state, vec![None, Some(key), Some(nowhere.clone())]));
    }
    states
});

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn what_is_ready_is_what_each_condition_would_see(
        rows in prop::collection::vec(row(), 0..8),
        many in value(),
        order in Just((0..SOURCES.len()).collect::<Vec<_>>()).prop_shuffle(),
    ) {
        let (board, now) = (Board { rows }, Timestamp::from_millis(2_000_000));
        for (state, keys) in STATES.iter() {
            let mut state = state.clone();
            if let Some(opened) = &mut state.opened {
                std::sync::Arc::make_mut(opened).inputs.insert("many".into(), many.clone());
            }
            let mut sight = Sight::new(&state, &board, now);
            for (expr, key) in order.iter().flat_map(|at| keys.iter().map(|key| (&EXPRS[*at], key.as_ref()))) {
                let source = expr.source();
                let alone = match key {
                    Some(key) => step_scope(&state, &board, key, now, source),
                    None => scope(&state, &board, &Value::Null, now, source),
                };
                let (scope, ready) = sight.scope(expr, key);
                prop_assert_eq!(expr.sees(&scope, &ready), expr.sees(&alone, &[]), "{} from {:?}", source, key);
                prop_assert_eq!(sight.truth(expr, key), expr.truth(&alone), "{} from {:?}", source, key);
            }
        }
    }
}
