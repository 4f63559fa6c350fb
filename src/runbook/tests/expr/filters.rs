//! What expressions give.

use super::*;

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
        ("\"a1 B22\" | capture(\"(?<word>[a-z])(?<number>[0-9]+)\"; \"gi\")", json!({"word": "a", "number": "1"})),
        ("[\"a1 b22\" | capture(\"(?<number>[0-9]+)\"; \"g\") | .number]", json!(["1", "22"])),
        ("[\"a1 b22\" | capture(\"(?<number>[0-9]*)\"; \"gn\") | .number]", json!(["1", "22"])),
        ("[\"a1 b22\" | capture(\"(?<number>[0-9]*)\"; \"n\") | .number]", json!(["1"])),
        ("\"ab\" | capture(\"(?<a>a)(?<c>c)?\")", json!({"a": "a"})),
        ("\"x\" | [capture(\"(?<a>a)\")]", json!([])),
        ("\"a\\nb\" | test(\"^b$\"), test(\"^b$\"; \"m\"), test(\"a.b\"; \"s\"), test(\"^B.*\"; \"pi\")", json!(false)),
        (
            "\"a\\nb\" | [test(\"^b$\"; \"m\"), test(\"a.b\"), test(\"a.b\"; \"s\"), test(\"^b\"; \"p\")]",
            json!([true, false, true, true]),
        ),
        ("\"ü1\" | capture(\"(?<u>ü)\"; \"x\")", json!({"u": "ü"})),
        ("\"aab\" | capture(\"(?<a>a+)\"; \"l\")", json!({"a": "a"})),
        ("\"a\" | test(\"a\"; \"q\")", json!("fails")),
        ("\"a\" | test(\"(\")", json!("fails")),
        ("1 | test(\"a\")", json!("fails")),
        ("\"a\" | test(1)", json!("fails")),
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
        ("\"/ü-._~+\" | @uri", json!("%2F%C3%BC-._~%2B")),
        ("{a: 1} | @base64", json!("eyJhIjoxfQ==")),
        ("\"ü\" | @base64 | @base64d", json!("ü")),
        ("\"gA==\" | @base64d", json!("\u{fffd}")),
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
        (".missing < 90", "missing is not known"),
        ("90 > .missing", "missing is not known"),
        (".missing <= .missing", "missing is not known"),
        (".nothing.at.all < 1", "nothing.at is not known"),
        (".text >= 30", "a text and a number cannot be compared by size"),
        (".yes < 1", "true or false and a number cannot be compared by size"),
        ("any(.used, .missing; . < 30)", "missing is not known"),
        (".missing == .nothing.at.all", "missing and nothing.at are not known"),
        ("any(.used, .missing; . == .missing)", "cannot index 40 with \"missing\""),
        (". as $all | any(.used, .missing; . == $all.missing)", "missing is not known"),
        ("(.missing | length) == 0", "missing is not known"),
        (".missing | length <= 1", "missing is not known"),
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
