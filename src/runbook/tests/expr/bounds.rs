//! What is refused, and what is stopped.

use super::*;

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
