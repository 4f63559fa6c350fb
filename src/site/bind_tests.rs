use serde_json::json;

use super::*;
use crate::site;

const BOOK: &str = r#"
format = 1
id = "book"
title = "A book"
system = "vault"
[inputs.target]
type = "version"
prompt = "Version"
[inputs.nodes]
type = "nodes"
prompt = "Nodes"
fields = ["api"]
[inputs.ticket]
type = "text"
prompt = "Ticket"
optional = true
[inputs.window]
type = "duration"
prompt = "Window"
default = "1h"
[inputs.token]
type = "secret"
prompt = "Token"
default = { env = "TOKEN" }
[inputs.stop]
type = "command"
prompt = "Stops it"
default = ["stop", "{{ .node.api }}"]
[[phase]]
id = "only"
title = "Only"
[[phase.step]]
id = "step"
title = "Step"
wait = "1s"
"#;

fn book() -> Runbook {
    let (book, findings) = crate::runbook::parse(BOOK);
    assert_eq!(findings, []);
    book.unwrap()
}

fn site(inputs: &str) -> Site {
    let (site, findings) = site::parse(&format!("name = \"here\"\n[inputs]\n{inputs}"));
    assert_eq!(findings, []);
    site.unwrap()
}

fn set(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

#[test]
fn each_input_takes_its_value_from_the_first_place_that_has_one() {
    let site =
        site("target = \"1.16.0\"\nwindow = \"2h\"\nnodes = [{ name = \"a\", api = \"https://a\" }]\nother-book = 1");
    let asked = Map::from_iter([("ticket".to_owned(), json!("CHG-1"))]);
    let bound = bind(&book(), &set(&[("target", "1.17.3")]), Some(&site), &asked).unwrap();
    assert_eq!(
        Value::Object(bound.inputs),
        json!({
            "target": "1.17.3", "nodes": [{"name": "a", "api": "https://a"}], "ticket": "CHG-1", "window": "2h",
            "token": {"env": "TOKEN"}, "stop": ["stop", "{{ .node.api }}"],
        })
    );
    let from: Vec<Given> = bound.from.iter().map(|(_, from)| *from).collect();
    assert_eq!(from, [Given::Set, Given::Site, Given::Asked, Given::Site, Given::Default, Given::Default]);
    assert_eq!((bound.missing.len(), bound.unused), (0, vec!["other-book".to_owned()]));
}

#[test]
fn what_nobody_gave_is_asked_or_null() {
    let bound = bind(&book(), &[], None, &Map::new()).unwrap();
    assert_eq!(bound.missing, [InputId::new("target"), InputId::new("nodes")]);
    assert_eq!(bound.inputs["ticket"], json!(null));
    let bound = bind(&book(), &[], None, &Map::from_iter([("window".to_owned(), json!("3h"))])).unwrap();
    assert_eq!(bound.inputs["window"], json!("3h"), "what a person changed counts more than the default");
}

#[test]
fn what_does_not_fit_is_told_all_at_once() {
    let site =
        site("nodes = [{ name = \"a\" }]\nstop = [\"x\", \"{{ .inputs.token }}\"]\nwindows = \"1h\"\nticket = 4");
    let asked = Map::from_iter([("nobody".to_owned(), json!(1))]);
    let problems = bind(&book(), &set(&[("target", "new"), ("tarket", "1.2.3")]), Some(&site), &asked).unwrap_err();
    let told: Vec<String> = problems.iter().map(BindProblem::to_string).collect();
    assert_eq!(
        told,
        [
            "tarket (from --set): the runbook has no such input",
            "nobody (from what was typed): the runbook has no such input",
            "windows (from the site file): the runbook has no such input",
            "target (from --set): not a version such as 1.17.3",
            "nodes (from the site file): node a has no `api`",
            "ticket (from the site file): expected a text, found 4",
            "stop (from the site file): in argument 1: `token` is a secret; it cannot stand in a command",
        ]
    );
    assert_eq!(problems[0].help.as_deref(), Some("did you mean `target`?"));
}

#[test]
fn a_site_for_another_system_is_refused() {
    let (site, _) = site::parse("name = \"here\"\nsystem = \"nomad\"");
    let problems = bind(&book(), &[], site.as_ref(), &Map::new()).unwrap_err();
    assert_eq!(problems[0].message, "the site is for nomad, the runbook for vault");
}

#[test]
fn values_never_come_with_a_secret_in_them() {
    let problems = bind(&book(), &set(&[("token", "hvs.CAESIJ")]), None, &Map::new()).unwrap_err();
    assert!(!problems[0].to_string().contains("CAESIJ"), "{problems:?}");
}

#[test]
fn a_version_has_no_v_where_the_commands_put_one_before_it() {
    for (argument, given, fits) in [
        ("app-v{{ .inputs.target }}.tgz", "v1.17.3", false),
        ("app-v{{ .inputs.target }}.tgz", "1.17.3", true),
        ("app-{{ .inputs.target }}.tgz", "v1.17.3", true),
        ("dev{{ .inputs.target }}", "v1.17.3", true),
        ("v{{ .inputs.ticket }}", "v1.17.3", true),
    ] {
        let text = BOOK.replace("[\"stop\", \"{{ .node.api }}\"]", &format!("[\"stop\", \"{argument}\"]"));
        let runbook = crate::runbook::parse(&text).0.unwrap();
        let set = [
            ("target".to_owned(), given.to_owned()),
            ("nodes".to_owned(), r#"[{"name": "a", "api": "http://a"}]"#.to_owned()),
        ];
        let bound = bind(&runbook, &set, None, &Map::new());
        let told = bound.err().map(|problems| problems.iter().map(|one| one.message.clone()).collect::<String>());
        let expected = "give it without the v: the runbook's commands put one before it".to_owned();
        assert_eq!(told, (!fits).then_some(expected), "{argument} {given}");
    }
}

/// Wherever a path comes from, it is used as it is meant; what is no path stays as it was given, and another's home is
/// not taken.
#[test]
fn a_path_that_begins_at_home_is_used_as_it_is_meant() {
    let path = |name: &str, default: &str| format!("[inputs.{name}]\ntype = \"path\"\nprompt = \"P\"\n{default}");
    let paths = ["set", "site", "asked"].map(|name| path(name, ""));
    let source = BOOK.replacen(
        "[inputs.target]",
        &format!("{}{}[inputs.target]", paths.concat(), path("default", "default = \"~/d\"\n")),
        1,
    );
    let (book, findings) = crate::runbook::parse(&source);
    assert_eq!(findings, []);
    let site = site("site = \"~/b\"\ntarget = \"1.2\"\nnodes = [{ name = \"a\", api = \"~/n\" }]");
    let given = set(&[("set", "~/a"), ("ticket", "~/t")]);
    let asked = Map::from_iter([("asked".to_owned(), json!("./~jo/c"))]);
    let book = book.unwrap();
    let others = Map::from_iter([("asked".to_owned(), json!("~jo/c"))]);
    let told = bind(&book, &given, Some(&site), &others).unwrap_err();
    assert!(told.len() == 1 && told[0].message.contains("~jo is not looked up"), "{told:?}");
    let bound = bind(&book, &given, Some(&site), &asked).unwrap().inputs;
    for (name, expected) in [("set", at_home("~/a")), ("site", at_home("~/b")), ("default", at_home("~/d"))] {
        assert_eq!(bound[name], json!(expected), "{name}");
    }
    assert_eq!(std::env::var("HOME").is_ok_and(|home| home.starts_with('/')), bound["set"] != json!("~/a"));
    assert_eq!((&bound["asked"], &bound["ticket"]), (&json!("./~jo/c"), &json!("~/t")));
    assert_eq!(bound["nodes"][0]["api"], json!("~/n"));
}
