use super::*;

const BOOK: &str = r#"
format = 1
id = "book"
title = "A book"
revision = "1"
[inputs.stop]
type = "command"
prompt = "Stops it"
default = ["ssh", "{{ .node.ssh }}", "stop it"]
[[health]]
id = "vault"
title = "Vault"
http = { url = "https://a" }
[[guard]]
id = "one"
holds = "true"
[[phase]]
id = "only"
title = "Only"
[[phase.step]]
id = "look"
title = "Look"
text = """
One.
Two.
Three."""
[[phase.step]]
id = "act"
title = "Act"
run = ["systemctl", "stop", "vault"]
expect = { holds = ".exit == 0", why = "It must." }
[[phase.step]]
id = "rest"
title = "Rest"
wait = "1s"
[[rollback]]
id = "back"
title = "Back"
[[rollback.phase]]
id = "undo"
title = "Undo"
[[rollback.phase.step]]
id = "rest"
title = "Rest"
wait = "1s"
"#;

/// Each change as `how part name`, followed by its keys.
fn told(before: &str, now: &str) -> Vec<String> {
    let found = changes(before, now).unwrap();
    let told = found.iter().map(|change| {
        let keys: Vec<_> = change.details.iter().map(|detail| detail.key.as_str()).collect();
        let all = format!("{} {} {} {}", change.how.word(), change.part.word(), change.name, keys.join(" "));
        all.trim_end().to_owned()
    });
    told.collect()
}

#[test]
fn each_sort_of_change_is_told_as_what_it_is() {
    let step = "[[phase.step]]\nid = \"rest\"\ntitle = \"Rest\"\nwait = \"1s\"\n";
    let without = BOOK.replacen(step, "", 1);
    let added = "[[phase.step]]\nid = \"more\"\ntitle = \"More\"\nrun = [\"a\", \"b\"]\n[[rollback]]\n";
    let first = BOOK.replacen("[[phase.step]]\nid = \"look\"", &format!("{step}[[phase.step]]\nid = \"look\""), 1);
    let moved = {
        let at = first.rfind(&format!("{step}[[rollback]]")).unwrap();
        format!("{}{}", &first[..at], &first[at + step.len()..])
    };
    let table: &[(&str, String, &[&str])] = &[
        ("nothing", BOOK.to_owned(), &[]),
        ("layout and comments", BOOK.replace("[[guard]]", "# said\n\n[[guard]]"), &[]),
        ("revision", BOOK.replace("revision = \"1\"", "revision = \"2\""), &["changed head  revision"]),
        ("command of an input", BOOK.replace("stop it", "halt it"), &["changed input stop default"]),
        ("command of a step", BOOK.replace("\"vault\"]", "\"bao\"]"), &["changed step only/act run"]),
        ("address of a probe", BOOK.replace("https://a", "https://b"), &["changed probe vault http.url"]),
        ("guard", BOOK.replace("holds = \"true\"", "holds = \"false\""), &["changed guard one holds"]),
        ("reason", BOOK.replace("It must.", "It has to."), &["changed step only/act expect.why"]),
        ("step gone", without.clone(), &["removed step only/rest title wait"]),
        ("step added", BOOK.replacen("[[rollback]]\n", added, 1), &["added step only/more run title"]),
        ("step moved", moved, &["moved step only/rest"]),
        (
            "step of a way back",
            BOOK.replace("id = \"undo\"", "id = \"redo\""),
            &[
                "removed phase back: undo title",
                "removed step back: undo/rest title wait",
                "added phase back: redo title",
                "added step back: redo/rest title wait",
            ],
        ),
    ];
    for (name, now, expected) in table {
        let mut found = told(BOOK, now);
        let mut expected: Vec<String> = expected.iter().map(|line| (*line).to_owned()).collect();
        if *name == "step of a way back" {
            found.sort();
            expected.sort();
        }
        assert_eq!(found, expected, "{name}");
    }
}

#[test]
fn what_is_gone_stands_where_it_stood() {
    let now = BOOK.replacen("id = \"act\"", "id = \"do\"", 1).replace("title = \"Rest\"", "title = \"Sit\"");
    assert_eq!(
        told(BOOK, &now),
        [
            "added step only/do run title expect.why expect.holds",
            "removed step only/act run title expect.why expect.holds",
            "changed step only/rest title",
            "changed step back: undo/rest title"
        ]
    );
}

#[test]
fn a_text_is_compared_line_by_line_and_a_command_as_it_is_typed() {
    let now = BOOK.replace("Two.\n", "Two and a half.\n").replace("\"systemctl\", \"stop\"", "\"kill it\"");
    let found = changes(BOOK, &now).unwrap();
    let (old, new, same) = (
        |text: &str| Line::Old(text.to_owned()),
        |text: &str| Line::New(text.to_owned()),
        |text: &str| Line::Same(text.to_owned()),
    );
    assert_eq!(found[0].details[0].lines, [same("One."), old("Two."), new("Two and a half."), same("Three.")]);
    assert_eq!((found[0].details[0].about, found[1].details[0].about), (About::Text, About::Command));
    assert_eq!(found[1].details[0].lines, [old("systemctl stop vault"), new("\"kill it\" vault")]);
    assert_eq!(counted(&found), [0, 0, 0, 2]);
}

#[test]
fn what_is_no_toml_cannot_be_compared_and_what_is_no_runbook_can() {
    assert_eq!(changes("a = ", BOOK), Err(Incomparable::Before));
    assert_eq!(changes(BOOK, "a = "), Err(Incomparable::Now));
    for odd in ["phase = 3", "inputs = []", "[[phase]]\nstep = [1]", "[[phase.step]]\n[[phase.step]]", ""] {
        assert_eq!(changes(odd, odd).unwrap(), [], "{odd}");
        changes(BOOK, odd).unwrap();
        changes(odd, BOOK).unwrap();
    }
}

#[test]
fn every_shipped_runbook_is_as_it_is_and_all_of_it_is_told_beside_another() {
    let texts: Vec<String> = crate::packed::RUNBOOKS.iter().map(crate::packed::Packed::text).collect();
    for text in &texts {
        assert_eq!(changes(text, text).unwrap(), []);
        assert!(changes("", text).unwrap().iter().filter(|change| change.part == Part::Step).count() > 3);
    }
}
