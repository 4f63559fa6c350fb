use std::time::Duration;

use serde_json::json;

use super::*;
use crate::health::target::Question;
use crate::runbook::{Expr, ProbeId};

fn target(fields: &[(&str, &str)], ok: &str, degraded: Option<&str>) -> Target {
    let compile = |source: &str| Expr::compile(source).unwrap();
    Target {
        probe: ProbeId::new("it"),
        title: "It".into(),
        node: None,
        item: Value::Null,
        every: Duration::from_secs(1),
        timeout: Duration::from_secs(1),
        filled: Vec::new(),
        question: Question::Tcp("127.0.0.1:1".into()),
        fields: fields.iter().map(|(name, source)| ((*name).to_owned(), compile(source))).collect(),
        ok: compile(ok),
        degraded: degraded.map(compile),
    }
}

fn heard(kind: Kind, facts: &Value) -> Heard {
    Heard { facts: facts.as_object().unwrap().clone(), kind, elapsed: Duration::ZERO }
}

/// A body as it was printed, with what is read out of it.
fn answer(status: u16, text: &str, elapsed: u64) -> Value {
    let body = serde_json::from_str(text).unwrap_or(Value::Null);
    json!({ "status": status, "headers": {"date": format!("{elapsed}")}, "body": body, "text": text, "elapsed_ms": elapsed })
}

/// Whatever was heard before, the next answer comes to what it comes to by itself.
#[test]
fn an_answer_comes_to_the_same_with_and_without_a_memory() {
    let targets = [
        target(&[("role", ".body.role"), ("n", ".body.n")], ".role == \"active\"", Some(".n == 0")),
        target(&[("names", ".body | keys_unsorted")], ".names == [\"role\", \"n\"]", None),
        target(&[("said", ".text")], ".status == 200", None),
        target(&[], ".elapsed_ms < 5", None),
        target(&[("all", ". | tojson")], ".status == 200", None),
        target(&[("date", ".headers.date")], ".date == \"1\"", None),
        target(&[("sign", ".body.n | tostring")], ".sign == \"0\"", None),
    ];
    let texts = [
        "{\"role\":\"active\",\"n\":1}",
        "{\"n\":1,\"role\":\"active\"}",
        "{\"role\":\"standby\",\"n\":0}",
        "{\"role\":\"standby\",\"n\":-0.0}",
        "{\"role\":\"standby\",\"n\":0.0}",
        "not json",
    ];
    let mut heards = Vec::new();
    for text in texts {
        for (status, elapsed) in [(200, 1), (200, 9), (503, 9)] {
            for kind in [Kind::Answer, Kind::Forbidden(403), Kind::TimedOut, Kind::Refused] {
                heards.push(heard(kind, &answer(status, text, elapsed)));
            }
        }
    }
    for target in &targets {
        let mut recall = Recall::of(target);
        for (one, next) in heards.iter().flat_map(|one| heards.iter().map(move |next| (one, next))) {
            for heard in [one, one, next] {
                assert_eq!(recall.judge(target, heard.clone()), judge(target, heard.clone()), "{target:?} {heard:?}");
            }
        }
    }
}

#[test]
fn what_nobody_reads_is_not_compared() {
    let target = target(&[("role", ".body.role")], ".role == \"active\"", None);
    let mut recall = Recall::of(&target);
    let said = "{\"role\":\"active\"}";
    recall.judge(&target, heard(Kind::Answer, &answer(200, said, 1)));
    let (last, later) = (recall.last.clone().unwrap(), answer(200, said, 7));
    assert!(recall.is_same(&last.facts, later.as_object().unwrap()), "it was sent at another time");
    assert!(!recall.is_same(&last.facts, answer(429, said, 1).as_object().unwrap()));
    assert!(!last.facts.contains_key("body"), "the text stands for it");
}
