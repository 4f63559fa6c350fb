//! What an expression reads, and that it ends whatever it is.

use super::*;

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
            // What is not known is named by what is read: only for that the two have other words.
            let alike = |error: EvalError| if error.0.ends_with("not known") { EvalError("not known".into()) } else { error };
            prop_assert_eq!(expr.all(&scope, 50).map_err(alike), full.all(&scope, 50).map_err(alike));
        }
    }
}
