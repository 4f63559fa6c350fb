use super::*;
use crate::runbook::parse;

fn shipped(name: &str) -> Runbook {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("runbooks/{name}.toml"));
    parse(&std::fs::read_to_string(path).unwrap()).0.unwrap()
}

fn told(book: &Runbook, rule: &str) -> Option<String> {
    Words::of(book).rule(&Expr::compile(rule).unwrap())
}

#[test]
fn a_rule_is_told_with_the_titles_of_what_it_looks_at() {
    let book = shipped("vault-ha-upgrade");
    let cases = [
        (r#"(.began."active/hand-over" | length) > 0"#, "“Shut down (each)” of “The node that was active” was begun"),
        (
            r#".began."active/hand-over" | length == 0"#,
            "“Shut down (each)” of “The node that was active” was not begun",
        ),
        (
            r#"(.began."standbys/stop" + .began."active/hand-over" | length) > 0 | not"#,
            "neither “Shut down (each)” of “Each standby” nor “Shut down (each)” of “The node that was active” was begun",
        ),
        (
            r#".inputs.target as $t | any(.health.vault[]; .role == "active" and .version == $t)"#,
            "“Vault” shows one whose role is active and whose version is input target",
        ),
        (r#"any(.health.vault[]; .version == "1.17") | not"#, "“Vault” shows none whose version is 1.17"),
        (
            r#".inputs.from as $f | any(.health.vault[]; .version != null and .version != $f)"#,
            "“Vault” shows one whose version is not input from, but known",
        ),
        (
            r#"all(.health.vault[]; .role == "standby" or .role == null)"#,
            "“Vault” shows of each that its role is standby or its role is not known",
        ),
        (
            r#"(.inputs.storage == "raft" or .answers.rehearsal == "not at all") and .inputs.managed"#,
            "either input storage is raft, or answer rehearsal is “not at all”, and input managed is true",
        ),
        (r#".inputs.target == null"#, "input target is not bound"),
        (
            r#"("v" + .inputs.from) as $b | any(.health.vault[]; .version != $b)"#,
            "“Vault” shows one whose version is not v‹input from›",
        ),
    ];
    for (rule, expected) in cases {
        assert_eq!(told(&book, rule).as_deref(), Some(expected), "{rule}");
    }
}

#[test]
fn what_is_more_than_words_can_tell_is_told_by_what_it_looks_at() {
    let book = shipped("vault-ha-upgrade");
    for rule in [
        r#"[.health.vault[] | select(.role == "active")] | length == 1"#,
        r#"(.inputs.target | version) > (.inputs.from | version)"#,
        r#"any(.health.vault[]; .version | startswith("1."))"#,
        r#"(.began."standbys/stop" | length) > 2"#,
        r#"(.inputs.target | split(".")) as $t | any(.health.vault[]; .version == $t)"#,
    ] {
        assert_eq!(told(&book, rule), None, "{rule}");
    }
    let rule = r#".inputs.target as $t | any(.health.vault[] | select(.version == $t); .role == "active") or (.began."active/hand-over" | length) > 3"#;
    assert_eq!(
        Words::of(&book).looks_at(&Expr::compile(rule).unwrap()),
        "“Vault”, input target and whether “Shut down (each)” of “The node that was active” was begun"
    );
}

/// Every shipped way back is told in words, or by what it looks at: never by signs of an expression.
#[test]
fn no_shipped_way_back_is_told_as_an_expression() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("runbooks");
    let (mut words, mut all) = (0, 0);
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let Some(name) = path.file_stem().filter(|_| path.extension().is_some_and(|end| end == "toml")) else {
            continue;
        };
        let book = shipped(&name.to_string_lossy());
        for rule in book.rollbacks.iter().filter_map(|plan| plan.when.as_ref()) {
            let told = Words::of(&book).rule(rule);
            (words, all) = (words + usize::from(told.is_some()), all + 1);
            let told = told.unwrap_or_else(|| Words::of(&book).looks_at(rule));
            let is_bare =
                told.contains(['|', '$', '[', '{', '=']) || told.contains(".health") || told.contains(".began");
            assert!(!is_bare, "{}: {told}", book.id);
        }
    }
    assert!(words * 4 >= all * 3, "{words} of {all}");
}
