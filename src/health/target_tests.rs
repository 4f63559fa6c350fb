use serde_json::json;

use super::*;
use crate::runbook::{InputId, RunbookId};

fn template(source: &str) -> Template {
    Template::compile(source).unwrap()
}

fn probe(each: Option<&str>, ask: Ask) -> Probe {
    Probe {
        id: ProbeId::new("vault"),
        title: "Vault".into(),
        when: None,
        each: each.map(|each| Expr::compile(each).unwrap()),
        every: Duration::from_secs(2),
        timeout: Duration::from_secs(1),
        ask,
        fields: Vec::new(),
        ok: Expr::compile(".status == 200").unwrap(),
        degraded: None,
    }
}

fn http(url: &str, headers: Vec<(&str, runbook::HeaderValue)>, ca: Option<&str>) -> Ask {
    let headers = headers.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    Ask::Http { url: template(url), headers, ca: ca.map(template) }
}

fn runbook(health: Vec<Probe>) -> Runbook {
    Runbook {
        id: RunbookId::new("test"),
        title: String::new(),
        revision: String::new(),
        system: String::new(),
        summary: String::new(),
        minutes: None,
        source: None,
        inputs: Vec::new(),
        health,
        guards: Vec::new(),
        phases: Vec::new(),
        rollbacks: Vec::new(),
        text: String::new(),
        sha256: String::new(),
    }
}

fn scope() -> Value {
    json!({"inputs": {
        "nodes": [{"name": "a", "api": "http://127.0.0.1:1"}, {"name": "b", "api": "https://b:8200"}],
        "token": {"env": "TOKEN"},
        "printer": {"command": ["pass", "show"]},
        "ca": null,
        "ask": ["ssh", "{{ .node.name }}", "it's {{ .node.api }}"],
    }})
}

fn one(ask: Ask) -> Result<Target, Vec<String>> {
    targets(&runbook(vec![probe(Some(".inputs.nodes[1]"), ask)]), &scope()).map(|mut all| all.remove(0))
}

#[test]
fn a_probe_is_asked_for_each_item_with_everything_rendered() {
    let secret = |secret| runbook::HeaderValue::Secret(secret);
    let headers = vec![
        ("X-Name", runbook::HeaderValue::Text(template("{{ .node.name }}"))),
        ("X-Env", secret(SecretRef::Env("VAR".into()))),
        ("X-Input", secret(SecretRef::Input(InputId::new("printer")))),
        ("X-Unbound", secret(SecretRef::Input(InputId::new("none")))),
    ];
    let ask = http("{{ .node.api }}/v1/sys/health", headers, Some("{{ .inputs.ca }}"));
    let single = probe(None, Ask::Tcp(template("localhost:{{ 80 }}")));
    let all = targets(&runbook(vec![probe(Some(".inputs.nodes[]"), ask), single]), &scope()).unwrap();
    assert_eq!(all.iter().map(Target::name).collect::<Vec<_>>(), ["vault[a]", "vault[b]", "vault"]);
    assert_eq!(all[0].item, scope()["inputs"]["nodes"][0]);
    let Question::Http(question) = &all[1].question else { panic!("it is an http question") };
    assert_eq!(question.url.to_string(), "https://b:8200/v1/sys/health");
    assert_eq!(question.ca, None);
    let shown: Vec<String> = question.headers.iter().map(|(name, text)| format!("{name}: {text:?}")).collect();
    assert_eq!(
        shown,
        [
            "x-name: Plain(\"b\")",
            "x-env: Secret(SecretEnv(\"VAR\"))",
            "x-input: Secret(SecretCommand([\"pass\", \"show\"]))"
        ]
    );
    let Question::Tcp(address) = &all[2].question else { panic!("it is a tcp question") };
    assert_eq!((address.as_str(), &all[2].item), ("localhost:80", &Value::Null));
}

#[test]
fn a_query_is_sent_to_the_server_that_the_address_names() {
    let ask = |url: &str, query: Option<&str>| {
        let (url, query) = (template(url), query.map(template));
        one(Ask::Prometheus { url, headers: Vec::new(), ca: None, query })
    };
    for (url, query, sent, metrics) in [
        ("{{ .node.api }}/metrics?a=b", None, "https://b:8200/metrics?a=b", Metrics::Page),
        ("http://p:9090", Some("up"), "http://p:9090/api/v1/query?query=up", Metrics::Query),
        (
            "http://p/sub/",
            Some("sum(x{job=\"ü\"}) + {{ 1 }}"),
            "http://p/sub/api/v1/query?query=sum%28x%7Bjob%3D%22%C3%BC%22%7D%29%20%2B%201",
            Metrics::Query,
        ),
    ] {
        let Question::Prometheus(asked, kind) = ask(url, query).unwrap().question else {
            panic!("it asks for metrics")
        };
        assert_eq!((asked.url.to_string().as_str(), kind), (sent, metrics));
    }
    let problems = ask("http://p/?a=b", Some("up")).unwrap_err();
    assert_eq!(problems, ["probe vault for b: http://p/?a=b is not the address of a server alone: it has a `?`"]);
}

#[test]
fn a_command_comes_from_the_runbook_or_from_an_input() {
    let words = Argv::Words(vec![template("echo"), template("{{ .node.name }}")]);
    for (argv, expected, filled) in [
        (words, vec!["echo", "b"], vec![vec![], vec![0..1]]),
        (
            Argv::Input(InputId::new("ask")),
            vec!["ssh", "b", "it's https://b:8200"],
            vec![vec![], vec![0..1], vec![5..19]],
        ),
    ] {
        let target = one(Ask::Command(argv)).unwrap();
        assert_eq!(target.filled, filled);
        let Question::Command(line) = target.question else { panic!("it is a command") };
        assert_eq!(line.argv, expected);
        assert_eq!(line.timeout_ms, 1000);
    }
}

#[test]
fn what_cannot_be_asked_is_told_for_every_probe() {
    let plain = |url: &str| http(url, Vec::new(), None);
    for (ask, why) in [
        (plain("ftp://b"), "\"ftp://b\" does not begin with http:// or https://"),
        (plain("/v1"), "\"/v1\" names no host"),
        (plain("https://me:pass@b/"), "the address of b holds a user; put it into a header"),
        (plain("http://b c/"), "\"http://b c/\" is no address: "),
        (Ask::Tcp(template("host")), "\"host\" is not of the form host:port"),
        (Ask::Command(Argv::Input(InputId::new("none"))), "the command none is not bound"),
    ] {
        let problems = one(ask).unwrap_err();
        assert_eq!(problems.len(), 1);
        assert!(problems[0].starts_with(&format!("probe vault for b: {why}")), "{problems:?}");
    }
    for (each, why) in [
        (".inputs.nodes[] | {}", "probe vault: {} has no name"),
        ("\"a\", \"b\", \"a\"", "probe vault: two items are named a"),
        ("\"a/b\"", "probe vault: \"a/b\" cannot name an item"),
    ] {
        let both = vec![probe(Some(each), plain("http://a")), probe(None, plain("/no"))];
        let problems = targets(&runbook(both), &scope()).unwrap_err();
        assert_eq!(problems, [why.to_owned(), "probe vault: \"/no\" names no host".to_owned()]);
    }
}

#[test]
fn a_probe_asks_nobody_where_its_when_is_false_or_its_each_is_empty() {
    let asked = |when: &str, each: &str| {
        let mut one = probe(Some(each), http("http://{{ .node }}", vec![], None));
        one.when = Some(Expr::compile(when).unwrap());
        targets(&runbook(vec![one]), &scope()).map(|all| all.len())
    };
    assert_eq!(asked(".inputs.ca == null", "\"a\", \"b\""), Ok(2));
    assert_eq!(asked(".inputs.ca == null", "empty"), Ok(0));
    assert_eq!(asked(".inputs.ca != null", "\"a\", \"b\""), Ok(0));
    assert_eq!(asked("false", ".inputs.nodes[] | {}"), Ok(0), "what is not asked need not be right");
    let problems = asked(".inputs.ca.x.y", "\"a\"").unwrap_err();
    assert!(problems[0].starts_with("probe vault: its `when` cannot be told: "), "{problems:?}");
}
