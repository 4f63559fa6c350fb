use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::runbook::Template;

fn scope() -> Value {
    json!({
        "inputs": {"target": "1.17.3", "nodes": [{"name": "a", "ssh": "h1"}, {"name": "b", "ssh": "h2"}]},
        "node": {"name": "b", "api": "https://b:8200"},
        "answers": {"snapshot": "/tmp/s", "count": 3, "ok": true},
        "health": {"vault": [
            {"node": {"name": "a"}, "verdict": "ok", "role": "active", "version": "1.16.2"},
            {"node": {"name": "b"}, "verdict": "ok", "role": "standby", "version": "1.17.3"},
            {"node": {"name": "c"}, "verdict": "bad", "role": null, "version": null},
        ]},
        "words": ["x", "y"], "text": "Vault v1.17.3\nok", "numbers": [3, 1, 2], "deep": [[1, [2]], 3],
        "body": {"initialized": true, "sealed": false, "standby": true, "index": 18446744073709551615u64},
    })
}

#[test]
fn everyday_filters_give_what_jq_gives() {
    for (source, expected) in [
        (".inputs.target", json!("1.17.3")),
        (".node.name", json!("b")),
        (".missing", json!(null)),
        (".missing.below", json!(null)),
        ("[.health.vault[] | select(.verdict != \"ok\")] | length <= 1", json!(true)),
        ("[.health.vault[] | select(.role == \"standby\") | .node.name]", json!(["b"])),
        (".node.name as $n | [.health.vault[] | select(.node.name == $n)][0].version", json!("1.17.3")),
        ("any(.health.vault[]; .role == \"active\")", json!(true)),
        ("all(.health.vault[]; .verdict == \"ok\")", json!(false)),
        (".health.vault | map(.verdict) | unique", json!(["bad", "ok"])),
        (".health.vault | all(.verdict == \"ok\")", json!(false)),
        (".health.vault | any", json!(true)),
        (
            ".body | if .initialized | not then \"u\" elif .sealed then \"sealed\" elif .standby then \"standby\" else \"active\" end",
            json!("standby"),
        ),
        ("(.inputs.target | version) >= (\"1.16.9\" | version)", json!(true)),
        (
            "[\"1.10.0\", \"1.9.0\", \"1.10.0-rc10\", \"1.10.0-rc2\"] | sort_by(version)",
            json!(["1.9.0", "1.10.0-rc2", "1.10.0-rc10", "1.10.0"]),
        ),
        ("(\"1.16.1+ent\" | version) == (\"v1.16.1\" | version)", json!(true)),
        ("\"1.17\" | version", json!([1, 17, 0, 0, [1]])),
        (".numbers | sort", json!([1, 2, 3])),
        (".numbers | add", json!(6)),
        ("add(.numbers[])", json!(6)),
        (".words | add", json!("xy")),
        (".numbers | min, max", json!(1)),
        (".numbers | [min, max]", json!([1, 3])),
        (".health.vault | min_by(.version) | .node.name", json!("c")),
        (".health.vault | max_by(.version) | .node.name", json!("b")),
        (".health.vault | group_by(.verdict) | map(length)", json!([1, 2])),
        (".health.vault | unique_by(.verdict) | length", json!(2)),
        (".health.vault | first.node.name", json!("a")),
        (".health.vault | last | .node.name", json!("c")),
        ("first(.numbers[])", json!(3)),
        ("last(.numbers[])", json!(2)),
        (".numbers | nth(1)", json!(1)),
        (".numbers[1:]", json!([1, 2])),
        (".numbers[-1]", json!(2)),
        (".words | join(\", \")", json!("x, y")),
        ("[1, null, true, \"a\"] | join(\"-\")", json!("1--true-a")),
        (".text | split(\"\\n\") | .[0]", json!("Vault v1.17.3")),
        (".text | startswith(\"Vault\") and endswith(\"ok\")", json!(true)),
        (".text | contains(\"1.17\")", json!(true)),
        ("\"a\" | inside(\"bar\")", json!(true)),
        (".text | index(\"v1\")", json!(6)),
        (".text | rindex(\"k\")", json!(15)),
        (".text | test(\"v[0-9.]+\")", json!(true)),
        (".text | test(\"VAULT\"; \"i\")", json!(true)),
        (".text | capture(\"v(?<version>[0-9.]+)\")", json!({"version": "1.17.3"})),
        (".text | ltrimstr(\"Vault \") | rtrimstr(\"\\nok\")", json!("v1.17.3")),
        ("\" x \" | trim, ltrim, rtrim", json!("x")),
        (".text | ascii_downcase | ascii_upcase | length", json!(16)),
        ("\"42\" | tonumber", json!(42)),
        ("\"4.5\" | tonumber + 1", json!(5.5)),
        ("42 | tostring", json!("42")),
        ("{a: 1} | tojson", json!("{\"a\":1}")),
        ("\"true\" | toboolean", json!(true)),
        ("\"\\(.node.name)-\\(1 + 1)\"", json!("b-2")),
        ("@base64 \"\\(.node.name)\"", json!("Yg==")),
        ("\"Yg==\" | @base64d", json!("b")),
        ("\"a b\" | @uri", json!("a%20b")),
        (".node | keys", json!(["api", "name"])),
        (".node | has(\"api\")", json!(true)),
        ("\"api\" | in({api: 1})", json!(true)),
        (".node | to_entries | map(.key)", json!(["name", "api"])),
        ("[{key: \"a\", value: 1}, {name: \"b\", value: 2}] | from_entries", json!({"a": 1, "b": 2})),
        (".node | with_entries(.value |= .)", json!("refused")),
        (".node | map_values(length)", json!({"name": 1, "api": 14})),
        (".deep | flatten", json!([1, 2, 3])),
        (".deep | flatten(1)", json!([1, [2], 3])),
        (".numbers | reverse", json!([2, 1, 3])),
        (".numbers | index(2)", json!("fails")),
        ("[.[] | type] | length", json!(9)),
        (
            "[1, \"a\", null, [], {}, true] | map(type)",
            json!(["number", "string", "null", "array", "object", "boolean"]),
        ),
        ("[1, \"a\", null] | map(values, numbers, strings) ", json!([1, 1, "a", "a"])),
        (".missing // \"none\"", json!("none")),
        ("(.text | tonumber)? // 7", json!(7)),
        ("try error(\"x\") catch .", json!("x")),
        ("1 + 2 * 3 - 4 / 2", json!(5)),
        ("7 % 3, -1", json!(1)),
        ("[1, 2, 3] - [2]", json!([1, 3])),
        ("{a: {b: 1}} + {c: 2}", json!({"a": {"b": 1}, "c": 2})),
        ("{name: .node.name, $n}", json!("refused")),
        (".node | {name, x: 1}", json!({"name": "b", "x": 1})),
        (". as {node: {$name}} | $name", json!("b")),
        (".numbers as [$a, $b] | $a - $b", json!(2)),
        ("1.5 | floor, ceil, round, abs", json!(1)),
        ("any(empty; true), all(empty; false)", json!(false)),
        (
            "[any(1, 2; . == 2), all(1, 2; . == 2), any([1, null][]; .), ([] | all), ([null] | any)]",
            json!([true, false, true, true, false]),
        ),
        ("[1, 2, 3] | map(select(. > 1, . > 2))", json!([2, 3, 3])),
        ("isempty(error(\"x\"))", json!("fails")),
        ("isempty(.numbers[])", json!(false)),
        (".body.index", json!(18446744073709551615u64)),
        (".[\"node\"][\"name\"]", json!("b")),
        (".node.\"name\"", json!("b")),
        ("\"ab\" | utf8bytelength", json!(2)),
        ("null | not", json!(true)),
        ("true and (false or true)", json!(true)),
    ] {
        let outcome = match Expr::compile(source) {
            Ok(expr) => expr.first(&scope()).unwrap_or(json!("fails")),
            Err(_) => json!("refused"),
        };
        assert_eq!(outcome, expected, "{source}");
    }
}

#[test]
fn what_does_not_end_or_looks_outside_is_refused_where_it_stands() {
    for (source, at, says) in [
        ("def f: 1; f", "f", "`def`"),
        ("reduce .[] as $x (0; . + $x)", "reduce", "`reduce`"),
        ("foreach .[] as $x (0; . + $x)", "foreach", "`foreach`"),
        ("1 | range(10)", "range", "`range`"),
        ("repeat(1)", "repeat", "`repeat`"),
        ("recurse", "recurse", "`recurse`"),
        (".a | ..", "..", "`..`"),
        ("while(true; .)", "while", "`while`"),
        ("until(true; .)", "until", "`until`"),
        ("limit(3; .[])", "limit", "`limit`"),
        ("input", "input", "`input`"),
        ("inputs", "inputs", "`inputs`"),
        ("env.HOME", "env", "`env`"),
        ("$ENV.HOME", "$ENV", "`$ENV`"),
        ("now", "now", "`now`"),
        ("debug", "debug", "`debug`"),
        ("halt", "halt", "`halt`"),
        ("label $x | break $x", "$x", "`label`"),
        (".a = 1", "=", "`=`"),
        (".a |= 1", "|=", "`|=`"),
        (".a += 1", "+=", "`+=`"),
        (".a //= 1", "//=", "`//=`"),
        ("\"ab\" * 3", "ab", "`*`"),
        (".a | walk(.)", "walk", "`walk`"),
        ("fromjson", "fromjson", "`fromjson`"),
        ("$x", "$x", "no variable `$x`"),
        (". as $x | $y", "$y", "no variable `$y`"),
        ("(. as $x | 1) | $x", "$x", "no variable `$x`"),
        ("lenght", "lenght", "no filter `lenght`"),
        ("startswith", "startswith", "takes 1 arguments"),
        ("map(1; 2)", "map", "takes 1 arguments"),
        ("@sh \"a\"", "@sh", "no filter `@sh`"),
        ("a::b", "a::b", "no filter `a::b`"),
        ("1 +", "+", "found the end"),
        ("(1", "1", "closing parenthesis"),
        ("\"a", "a", "closing quote"),
        (".a 'b'", "'", "a quote"),
        (".a ) ", ")", "unexpected"),
        ("if 1 then 2", "2", "`else` or `end`"),
        ("[1; 2]", ";", "`]`"),
        ("each_(1)", "each_", "no filter `each_`"),
    ] {
        let error = Expr::compile(source).expect_err(source);
        assert_eq!(&source[error.span.clone()], at, "{source}: {error:?}");
        assert!(error.message.contains(says), "{source}: {error:?}");
    }
    let near = Expr::compile(".a | lenght").unwrap_err();
    assert_eq!(near.help.as_deref(), Some("did you mean `length`?"));
    for source in ["", "  ", "# comment"] {
        assert_eq!(Expr::compile(source).unwrap_err().message, "the expression is empty", "{source:?}");
    }
    assert!(Expr::compile(&format!("1{}", " ".repeat(allow::MAX_SOURCE_BYTES))).is_err());
    assert!(Expr::compile(&format!("{}1{}", "[".repeat(65), "]".repeat(65))).is_err());
}

#[test]
fn a_condition_is_true_only_on_true() {
    for (source, truth) in [
        ("true", Truth::True),
        ("1 == 2", Truth::False),
        ("null", Truth::Unknown("gave null instead of true or false".into())),
        ("\"true\"", Truth::Unknown("gave \"true\" instead of true or false".into())),
        ("empty", Truth::Unknown("gave nothing".into())),
        // The first node is well, the third is not.
        (
            ".health.vault[].verdict == \"ok\"",
            Truth::Unknown("gave several values where one is meant; use all(…), any(…) or first(…)".into()),
        ),
        ("true, error(\"late\")", Truth::Unknown("late".into())),
        ("all(.health.vault[]; .verdict == \"ok\")", Truth::False),
        ("error(\"no\")", Truth::Unknown("no".into())),
        (".text.below", Truth::Unknown("cannot index \"Vault v1.17.3\\nok\" with \"below\"".into())),
        ("\"latest\" | version", Truth::Unknown("\"latest\" is not a version".into())),
    ] {
        assert_eq!(Expr::compile(source).unwrap().truth(&scope()), truth, "{source}");
    }
}

#[test]
fn what_is_not_known_passes_for_nothing() {
    let scope = json!({"used": 40, "text": "40", "missing": null, "zero": 0, "huge": 1e308, "yes": true});
    for (source, reason) in [
        (".missing < 90", "null and a number cannot be compared by size"),
        ("90 > .missing", "a number and null cannot be compared by size"),
        (".missing <= .missing", "null and null cannot be compared by size"),
        (".nothing.at.all < 1", "null and a number cannot be compared by size"),
        (".text >= 30", "a text and a number cannot be compared by size"),
        (".yes < 1", "true or false and a number cannot be compared by size"),
        ("any(.used, .missing; . < 30)", "null and a number cannot be compared by size"),
        (".missing == .nothing.at.all", "null and null: neither is known, so not that they are equal"),
        ("any(.used, .missing; . == .missing)", "cannot index 40 with \"missing\""),
        (
            ". as $all | any(.used, .missing; . == $all.missing)",
            "null and null: neither is known, so not that they are equal",
        ),
        ("(.missing | length) == 0", "null has no length"),
        (".missing | length <= 1", "null has no length"),
        (".zero / .zero < 1", "the result is not a number"),
        (".zero / .zero != 1", "the result is not a number"),
        ("(.huge * 10) - (.huge * 10) <= 0", "the result is not a number"),
        ("(.huge * 10) * 0 != 1", "the result is not a number"),
        ("-(.zero / .zero) <= 0", "the result is not a number"),
    ] {
        let truth = Expr::compile(source).unwrap().truth(&scope);
        assert_eq!(truth, Truth::Unknown(reason.into()), "{source}");
    }
    for source in [
        ".used < 90",
        "90 > .used",
        ".text < \"5\"",
        "[1, 2] < [1, 3]",
        ".used >= 40 and .used <= 40.0",
        "false < true",
    ] {
        assert_eq!(Expr::compile(source).unwrap().truth(&scope), Truth::True, "{source}");
    }
}

#[test]
fn outputs_are_counted() {
    let expr = Expr::compile(".numbers[]").unwrap();
    assert_eq!(expr.all(&scope(), 3).unwrap(), [json!(3), json!(1), json!(2)]);
    assert_eq!(expr.all(&scope(), 2), Err(EvalError("gave more than 2 values".into())));
}

#[test]
fn whatever_grows_is_stopped() {
    let long: Vec<u32> = (0..20_000).collect();
    let scope = json!({"long": long, "text": "x".repeat(100_000)});
    let doubled = |part: &str, start: &str, end: &str| format!("{start}{}{end}", part.repeat(58));
    for source in [
        doubled(" | . + .", "\"aaaaaaaaaaaaaaaa\"", ""),
        doubled(" | [., .]", "1", " | tostring"),
        doubled(" | {a: ., b: .}", "1", " | tojson"),
        doubled(" | [., .]", "1", " | flatten | length"),
        doubled(" | [., .]", "1", " | . == 1"),
        doubled(" | . * .", "123456789", ""),
        doubled(" + (1, 2)", "1", " | empty"),
        format!("{{{}}}", (0..58).map(|index| format!("k{index}: (1, 2)")).collect::<Vec<_>>().join(", ")) + " | empty",
        format!("[{}]", ["(1, 2)"; 5].join(", ")) + &" | .[] as $x | .[] as $y".repeat(20) + " | empty",
        "[.long[] as $x | .long[] | select(. == $x)] | length".into(),
        "[.long[] + .long[] + .long[]] | length".into(),
        "isempty(.long[] as $x | .long[] as $y | try error(\"x\") catch empty)".into(),
        ".long - .long".into(),
        ".long | contains([.[] | -1])".into(),
        ".long as $l | [$l[] | . == $l] | any".into(),
        "[.long[] | \"\\(.)\"] | join(\"x\" + ([\"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\"] | add + add + add + add)) | . as $x | [$x, $x, $x, $x, $x, $x]".into(),
        ".text | test(\"(x+x+)+y\")".into(),
        "[.text, .text] | .[0] as $t | [.[] , .[]] | map(. + $t + $t + $t + $t + $t + $t)".into(),
    ] {
        let expr = Expr::compile(&source).unwrap_or_else(|error| panic!("{source}: {error:?}"));
        let start = crate::clock::monotonic();
        let outcome = expr.first(&scope);
        assert!(start.elapsed().as_secs() < 60, "{source}: {:?}", start.elapsed());
        assert!(matches!(outcome, Err(_) | Ok(Value::Bool(_))), "{source}: {:.80}", outcome.unwrap().to_string());
    }
    let caught = Expr::compile("[.long[] as $x | try (.long[] | select(. == $x)) catch 0] | length > 0").unwrap();
    assert!(matches!(caught.truth(&scope), Truth::Unknown(_)), "an empty account cannot be caught");
}

#[test]
fn honest_filters_over_a_thousand_nodes_fit_the_account() {
    let node = |index: usize| json!({"node": {"name": format!("n{index}"), "api": "https://x"}, "verdict": "ok", "age": 1, "why": "", "role": "standby", "version": "1.17.3", "index": index});
    let scope = json!({"health": {"vault": (0..1000).map(node).collect::<Vec<_>>()}, "node": {"name": "n7"}, "inputs": {"target": "1.17.3"}});
    for source in [
        "[.health.vault[] | select(.verdict != \"ok\")] | length <= 1",
        ".node.name as $n | [.health.vault[] | select(.node.name == $n)] | length == 1",
        "(.inputs.target | version) as $t | all(.health.vault[]; (.version | version) <= $t)",
        "(.health.vault | map(.index) | max) - (.health.vault | map(.index) | min) < 1000",
        "[.health.vault[] | .node.name] | sort | unique | length == 1000",
        ".health.vault | group_by(.role) | map({role: .[0].role, count: length}) | length == 1",
        "[.health.vault[] | {key: .node.name, value: .role}] | from_entries | length == 1000",
        "[.health.vault[].version] | unique == [\"1.17.3\"]",
    ] {
        assert_eq!(Expr::compile(source).unwrap().truth(&scope), Truth::True, "{source}");
    }
}

#[test]
fn nested_expressions_fit_a_stack_of_two_mebibytes() {
    let sources = [
        format!("{}1{}", "[".repeat(64), "]".repeat(64)),
        format!("{}1{}", "[".repeat(62), "]".repeat(62)),
        format!("{}1{}", "{a:".repeat(62), "}".repeat(62)),
        format!("{}1{}", "(1 + ".repeat(62), ")".repeat(62)),
        format!("{}.{}", "map(".repeat(62), ")".repeat(62)),
        format!("{}.{}", "[.] | any(".repeat(30), ")".repeat(30)),
        format!("{}.{}", "\"\\(".repeat(30), ")\"".repeat(30)),
        format!("\"{}\"", "\\(1)".repeat(60)),
        format!("{}1{}", "if true then ".repeat(30), " else 2 end".repeat(30)),
        format!("if 1 then 2 {} end", "elif false then 3 ".repeat(60)),
        format!("1{}", " + 1".repeat(62)),
        format!("1{}", " - 1".repeat(62)),
        format!("1{}", " * 1".repeat(62)),
        format!("1{}", " // 1".repeat(62)),
        format!("1{}", " and 1".repeat(62)),
        format!("1{}", " < 1".repeat(62)),
        format!("1{}", " | . + 1".repeat(31)),
        format!("1{}", " | tostring".repeat(62)),
        format!("[1]{}", " | sort".repeat(61)),
        format!("1{}", " as $x | $x".repeat(62)),
        format!("{}1", "try ".repeat(62)),
        format!("{}1", "- ".repeat(62)),
        format!(".{}", "a.".repeat(61) + "a"),
        format!(".{}", "[0]".repeat(61)),
        format!("1{}", " + 1".repeat(399)),
        format!("1{}", " | 1".repeat(399)),
        format!("{}1", "- ".repeat(399)),
        format!("{}1", "try ".repeat(399)),
        format!("{}1", "if ".repeat(399)),
        format!("1{}", " as $x | 1".repeat(190)),
        format!("{}1", "reduce ".repeat(399)),
        format!("{}1", "def f: ".repeat(399)),
        format!("{}1", "label $x | ".repeat(199)),
        format!("1 as {}$x{} | 1", "[".repeat(62), "]".repeat(62)),
        format!("1 as {}$x{} | 1", "{a:".repeat(62), "}".repeat(62)),
        "-".repeat(4000),
        "try ".repeat(1000),
        "if ".repeat(1000),
        "def f:".repeat(600),
        "reduce ".repeat(500),
        "label $x|".repeat(400),
        "1|".repeat(2000),
    ];
    let calls = crate::runbook::filters::FILTERS
        .iter()
        .flat_map(|(name, arities, _)| arities.iter().map(move |count| (*name, *count)));
    let calls = calls.filter(|(_, count)| *count > 0).flat_map(|(name, count)| {
        let rest = "; .".repeat(count - 1);
        [
            format!("{}.{}", format!("{name}(").repeat(21), format!("{rest})").repeat(21)),
            format!("{}.{}", format!("[.] | {name}(").repeat(15), format!("{rest})").repeat(15)),
            format!("{}.{}", format!("{name}({}", ".; ".repeat(count - 1)).repeat(21), ")".repeat(21)),
        ]
    });
    let sources: Vec<String> = sources.into_iter().chain(calls).collect();
    let run = move || {
        for source in sources {
            match Expr::compile(&source) {
                Ok(expr) => drop(expr.first(&json!({"a": {"a": 1}}))),
                Err(error) => assert!(!error.message.is_empty(), "{source}"),
            }
        }
    };
    std::thread::Builder::new().stack_size(2 * 1024 * 1024).spawn(run).unwrap().join().unwrap();
}

#[test]
fn reads_are_found_without_running() {
    for (source, whole, probes) in [
        (".health.vault[]", false, vec!["vault"]),
        (".health[\"vault\"] | .health", false, vec!["vault"]),
        (".health as $h | $h.vault, $h.tcp", false, vec!["tcp", "vault"]),
        (".health | .vault | length", false, vec!["vault"]),
        (". as {health: {vault: $v}} | $v", false, vec!["vault"]),
        ("select(.health.vault[0].verdict == \"ok\") | .node", false, vec!["vault"]),
        ("any(.health.vault[]; .verdict == \"ok\")", false, vec!["vault"]),
        ("\"\\(.health.vault)\"", false, vec!["vault"]),
        ("if .node then .health.a else .health.b end", false, vec!["a", "b"]),
        ("[.health[][]] | length", true, vec![]),
        ("tojson", true, vec![]),
        ("{health} | .health.vault", true, vec![]),
        (".[\"he\" + \"alth\"]", true, vec![]),
        (".node.health.vault", false, vec![]),
    ] {
        let expr = Expr::compile(source).unwrap();
        assert_eq!(
            (expr.reads().is_whole("health"), expr.probes()),
            (whole, probes.iter().map(|p| (*p).to_owned()).collect()),
            "{source}"
        );
    }
}

fn fragment() -> impl Strategy<Value = String> {
    let words = [
        ".",
        ".a",
        ".a.b",
        "[",
        "]",
        "(",
        ")",
        "{",
        "}",
        "|",
        ",",
        "+",
        "-",
        "*",
        "/",
        "%",
        "==",
        "!=",
        "<",
        "and",
        "or",
        "not",
        "if",
        "then",
        "elif",
        "else",
        "end",
        "try",
        "catch",
        "as",
        "$x",
        "?",
        "//",
        ":",
        ";",
        "\"",
        "\\(",
        "map(",
        "select(",
        "length",
        "add",
        "sort",
        "first",
        "keys",
        "version",
        "tostring",
        "1",
        "0",
        "null",
        "true",
        "\"a\"",
        "..",
        "@json",
        "join(\",\")",
        "flatten",
        "group_by(",
        "to_entries",
        "from_entries",
        "contains(",
        "index(",
        "min",
        "test(",
    ];
    proptest::collection::vec(proptest::sample::select(words.to_vec()), 0..14).prop_map(|words| words.join(" "))
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 2000, ..ProptestConfig::default() })]

    #[test]
    fn any_text_is_refused_or_ends(source in prop_oneof!["\\PC{0,60}", fragment()]) {
        let scope = json!({"a": {"b": [1, "x", null, {"c": i64::MIN}]}});
        match Expr::compile(&source) {
            Ok(expr) => {
                prop_assert!(expr.first(&scope) != Err(EvalError("cannot be compiled".into())), "{source}");
                let _ = expr.all(&json!([3, "b", [], {}]), 100);
            }
            Err(error) => prop_assert!(source.get(error.span.clone()).is_some(), "{source:?} {error:?}"),
        }
        if let Err(error) = Template::compile(&source) {
            prop_assert!(source.get(error.span.clone()).is_some(), "{source:?} {error:?}");
        }
    }

    #[test]
    fn pruning_the_scope_changes_nothing(source in fragment()) {
        let scope = json!({"a": {"b": [1, "x"], "c": 2}, "health": {"v": 1}});
        if let Ok(expr) = Expr::compile(&source) {
            let mut whole = expr.reads().clone();
            whole.whole = true;
            let full = Expr(Arc::new(Inner { source: source.clone(), reads: whole, filter: OnceLock::new() }));
            prop_assert_eq!(expr.all(&scope, 50), full.all(&scope, 50));
        }
    }
}
