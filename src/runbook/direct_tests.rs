//! What is evaluated directly is what jq says: the same values, the same errors, and the same cost.

use std::cell::Cell;

use jaq_json::Num;
use proptest::prelude::*;

use super::*;
use crate::runbook::allow::with_term;
use crate::runbook::expr::EvalError;
use crate::runbook::jq::{BUDGET, Filter, compile, compile_plainly, run_on};

/// All outputs, the error, and what is left of the budget.
fn outcome(filter: &Filter, input: &Val, budget: u64) -> (Vec<String>, Result<(), EvalError>, u64) {
    let left = Cell::new(budget);
    let mut outputs = Vec::new();
    let result = run_on(&left, filter, input.clone(), |value| {
        outputs.push(format!("{value:?}"));
        outputs.len() < 20
    });
    (outputs, result, left.get())
}

fn both_ways(source: &str) -> (Filter, Filter) {
    let compiled = |compile: fn(&Term<&str>) -> Option<Filter>| with_term(source, compile).ok().flatten();
    compiled(compile)
        .zip(compiled(compile_plainly))
        .unwrap_or_else(|| panic!("{source}: {:?}", with_term(source, |_| ()).err()))
}

/// Both ways come to the same on every budget of these.
fn assert_same(source: &str, input: &Val, budgets: impl IntoIterator<Item = u64>) {
    let (direct, plain) = both_ways(source);
    assert!(plain.parts().is_empty(), "{source}: it is left to jq");
    for budget in budgets {
        let (ours, theirs) = (outcome(&direct, input, budget), outcome(&plain, input, budget));
        assert_eq!(ours, theirs, "{source} on {input} with {budget}");
    }
}

fn object(entries: impl IntoIterator<Item = (&'static str, Val)>) -> Val {
    Val::obj(entries.into_iter().map(|(key, value)| (Val::from(key.to_owned()), value)).collect())
}

fn list(items: impl IntoIterator<Item = Val>) -> Val {
    items.into_iter().collect()
}

fn text(text: &str) -> Val {
    Val::from(text.to_owned())
}

/// Lists in objects in lists, so many of them.
fn deep(levels: usize) -> Val {
    (0..levels).fold(Val::Null, |inner, _| list([object([("a", inner)])]))
}

/// Values such as no probe should give, and such as each gives.
fn hostile() -> Vec<Val> {
    let numbers = [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, -0.0, 0.1, 1e300].map(Val::from);
    let whole = [isize::MIN, -1, 0, 1, 2, isize::MAX].map(Val::from);
    let large = [u64::MAX, u64::MAX - 1].map(|number| Val::Num(Num::from_integral(number)));
    let decimal = ["1e1000", "0.10", "340282366920938463463374607431768211456"].map(|n| Val::from_num(n).unwrap());
    let texts = ["", "a", "b", "1.2.3", "1.10.0-rc1", "é\u{301}\u{1f600}", "a\u{0}b"].map(text);
    let mut all: Vec<_> = [Val::Null, Val::Bool(true), Val::Bool(false), list([]), object([]), deep(40)].into();
    all.extend(numbers.into_iter().chain(whole).chain(large).chain(decimal).chain(texts));
    all.extend([text(&"1".repeat(5000)), Val::byte_str(vec![0xff, 0xfe]), Val::utf8_str(vec![0xc3, 0x28])]);
    all.push((0..500_isize).map(Val::from).collect());
    all
}

fn value() -> impl Strategy<Value = Val> {
    prop::sample::select(hostile()).prop_recursive(4, 24, 4, |inner| {
        let keys = prop::sample::select(vec!["a", "b", "c", "verdict"]);
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(list),
            prop::collection::vec((keys, inner), 0..4).prop_map(object),
        ]
    })
}

/// Expressions that give one value, and such as give many, in each other.
fn source() -> impl Strategy<Value = String> {
    let leaves = vec![
        ".",
        ".a",
        ".b",
        ".a.b",
        ".c.a.b",
        ".[\"a\"]",
        ".[0]",
        ".[-1]",
        ".a[1]",
        ".a?",
        ".a[]",
        ".[]?",
        ".[1:]",
        "$v",
        "$v.a",
        "$w.b[0]",
        "null",
        "true",
        "false",
        "0",
        "-1",
        "1.0",
        "1e1000",
        "9223372036854775808",
        "\"\"",
        "\"a\"",
        "\"1.2.3\"",
        "\"a\\nb\"",
        "\"\\(.a)\"",
        "[]",
        "{}",
        "empty",
        "not",
        "length",
        "version",
        "error",
        "type",
        "first",
        "isnumber",
        "{a: .b}",
        "[.[]?]",
        "@json \"\\(.)\"",
    ];
    let leaf = prop::sample::select(leaves).prop_map(str::to_owned);
    leaf.prop_recursive(5, 40, 3, |inner| {
        let one = vec![
            "(@)",
            "(@ | not)",
            "(@ | length)",
            "(@ | version)",
            "(@).a",
            "(@)[0]",
            "[@]",
            "-(@)",
            "(@)?",
            "first(@)",
            "isempty(@)",
            "any(@)",
            "all(@)",
            "map(@)",
            "[.[]? | select(@)]",
            "(@ | tojson)",
            "{a: (@)}",
            "\"x\\(@)\"",
            "(@ | error)",
            "(try error(@) catch .)",
            "add(@)",
        ];
        let two = vec![
            "(@ and %)",
            "(@ or %)",
            "(@ == %)",
            "(@ != %)",
            "(@ < %)",
            "(@ <= %)",
            "(@ > %)",
            "(@ >= %)",
            "(@ | %)",
            "(@ , %)",
            "(@ // %)",
            "(@ + %)",
            "(@ - %)",
            "(@ * %)",
            "(@ as $v | %)",
            "(@ as {a: $w} | %)",
            "(@ as [$v, $w] | %)",
            "any(@; %)",
            "all(@; %)",
            "(if @ then % end)",
            "(if @ then % else . end)",
            "(try @ catch %)",
            ".[@]?",
            "(@ | select(%))",
        ];
        let filled = |(form, left, right): (&str, String, String)| {
            form.replace('%', "\u{1}").replace('@', &left).replace('\u{1}', &right)
        };
        prop_oneof![
            (prop::sample::select(one), inner.clone(), Just(String::new())).prop_map(filled),
            (prop::sample::select(two), inner.clone(), inner).prop_map(filled),
        ]
    })
    .prop_map(|inner| format!(". as $v | .a? as $w | {inner}"))
    .prop_filter("it passes the fence", |source| with_term(source, |_| ()).is_ok())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, ..ProptestConfig::default() })]

    #[test]
    fn direct_evaluation_is_what_jq_says(source in source(), input in value(), budget in 1..400u64) {
        assert_same(&source, &input, [budget, BUDGET]);
    }
}

/// Expressions as runbooks hold them.
const CONDITIONS: &[&str] = &[
    "all(.health.node[]; .verdict == \"ok\")",
    "any(.health.node[]; .role == \"active\" and .version == \"1.16.2\")",
    "[.health.node[] | select(.verdict != \"ok\")] | length <= 1",
    ".node as $n | all(.health.node[]; .node.name != $n or .age < 5 and .x > .y)",
    "(.inputs.target | version) >= (\"1.16.0\" | version)",
    ".health.node | map(.applied) | (max - min) < 10",
    ".health.node[0].x == .health.node[1].x",
    ".node == null and (.run.mode | not)",
];

fn cluster(values: &[Val]) -> Val {
    let row = |value: &Val| {
        object([
            ("verdict", text(if matches!(value, Val::Null) { "bad" } else { "ok" })),
            ("node", object([("name", value.clone())])),
            ("role", value.clone()),
            ("version", text("1.16.2")),
            ("age", Val::from(1.5)),
            ("x", value.clone()),
            ("y", Val::from(1_isize)),
            ("applied", value.clone()),
        ])
    };
    let inputs = object([("target", text("1.17.3"))]);
    object([("health", object([("node", values.iter().map(row).collect())])), ("inputs", inputs), ("node", Val::Null)])
}

#[test]
fn conditions_end_at_the_same_step_on_every_budget() {
    for source in CONDITIONS {
        for value in hostile() {
            assert_same(source, &cluster(std::slice::from_ref(&value)), (1..120).chain([1000, BUDGET]));
        }
        let many: Vec<Val> = (0..300_isize).map(Val::from).collect();
        assert_same(source, &cluster(&many), (1..12_000).step_by(97).chain([BUDGET]));
    }
}

#[test]
fn two_sides_meet_whatever_they_are() {
    for left in hostile() {
        for right in hostile() {
            let input = object([("a", left.clone()), ("b", right)]);
            for operator in ["==", "!=", "<", "<=", ">", ">=", "and", "or"] {
                assert_same(&format!(".a {operator} .b"), &input, [3, 9, BUDGET]);
                // Either side, or both, may fail.
                assert_same(&format!("(.a | length) {operator} (.b | version)"), &input, [9, BUDGET]);
            }
            assert_same(".a == null or .b == 1 or .a < \"b\"", &input, [BUDGET]);
        }
        assert_same(".a.b, .[0], .[\"a\"], length, version, not", &left, [BUDGET]);
        assert_same("try length catch ., try version catch ., (.a | not)", &left, [BUDGET]);
    }
}

#[test]
fn most_of_a_condition_is_direct() {
    let parts = |source: &str| both_ways(source).0.parts().len();
    assert_eq!(parts(".inputs.target == \"x\""), 1, "the whole of it");
    assert_eq!(parts("all(.health.node[]; .verdict == \"ok\")"), 1, "what each is asked");
    assert_eq!(parts(".[]"), 0);
    let many = (0..100).map(|n| format!("(.a{n}[] == .b{n})")).collect::<Vec<_>>().join(", ");
    assert!(with_term(&many, |_| ()).is_err(), "no expression is that long");
    let many = (0..40).map(|n| format!("[.a{n} == .b{n}]")).collect::<Vec<_>>().join(" == 1 , ");
    assert_eq!(parts(&many), MAX_PARTS, "the rest is left to jq");
    assert_same(&many, &object([]), [50, BUDGET]);
    assert_same(". as $a | . as $b | . as $c | . as $d | $a == $b and $c == $d", &text("x"), [50, BUDGET]);
}
