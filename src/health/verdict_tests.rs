use serde_json::json;

use super::*;
use crate::health::target::Question;
use crate::runbook::{Expr, ProbeId};

fn expr(source: &str) -> Expr {
    Expr::compile(source).unwrap_or_else(|error| panic!("{source}: {}", error.message))
}

pub(crate) fn target(fields: &[(&str, &str)], ok: &str, degraded: Option<&str>) -> Target {
    Target {
        probe: ProbeId::new("vault"),
        title: "Vault".into(),
        node: Some("vault-1".into()),
        item: json!({"name": "vault-1"}),
        every: Duration::from_secs(2),
        timeout: Duration::from_millis(1500),
        filled: Vec::new(),
        question: Question::Tcp("127.0.0.1:1".into()),
        fields: fields.iter().map(|(name, source)| ((*name).to_owned(), expr(source))).collect(),
        ok: expr(ok),
        degraded: degraded.map(expr),
    }
}

fn judged(target: &Target, kind: Kind, facts: Value) -> (Verdict, String, Value) {
    let Value::Object(facts) = facts else { panic!("facts are an object") };
    let Judgement { verdict, why, fields } = judge(target, Heard { facts, kind, elapsed: Duration::ZERO });
    (verdict, why, Value::Object(fields))
}

const ROLE: (&str, &str) = ("role", "if .refused then \"down\" elif .body.sealed then \"sealed\" else .body.role end");

#[test]
fn an_answer_is_judged_by_its_fields() {
    let probe = target(&[ROLE, ("version", ".body.version")], ".role == \"active\"", Some(".role == \"sealed\""));
    let long = "x".repeat(400);
    for (body, verdict, why) in [
        (json!({"role": "active", "version": "1.2"}), Verdict::Ok, ""),
        (json!({"sealed": true}), Verdict::Degraded, "role sealed"),
        (json!({"role": "lost", "version": 3}), Verdict::Bad, "role lost, version 3"),
        (json!(null), Verdict::Bad, "status 200"),
        (json!({"role": long}), Verdict::Bad, &format!("role {}…", &long[..39])),
        (json!("text"), Verdict::Unknown, "role cannot be told: "),
    ] {
        let (found, said, _) = judged(&probe, Kind::Answer, json!({"status": 200, "body": body, "refused": false}));
        assert_eq!(found, verdict, "{body}");
        assert!(if why.ends_with(": ") { said.starts_with(why) } else { said == why }, "{said:?} instead of {why:?}");
    }
}

#[test]
fn what_cannot_be_told_is_unknown_and_never_healthy() {
    let null = target(&[], ".status", None);
    assert_eq!(judged(&null, Kind::Answer, json!({"status": null})).0, Verdict::Unknown);
    let fails = target(&[], ".status | error", None);
    assert_eq!(judged(&fails, Kind::Answer, json!({"status": 200})).0, Verdict::Unknown);

    // What an unreadable answer does not hold passes for nothing, least of all for little.
    for (field, ok) in [(".body.used", ".it < 90"), (".body.alerts | length", ".it == 0"), ("1, .status", ".it < 90")] {
        let (verdict, why, _) =
            judged(&target(&[("it", field)], ok, None), Kind::Answer, json!({"status": 502, "body": null}));
        assert_eq!(verdict, Verdict::Unknown, "{ok}: {why}");
    }

    // A field that failed spoils a bad verdict, not a good one.
    let broken = [("peers", ".body | length"), ("up", ".status == 200"), ("bad", ".status | keys")];
    let (verdict, why, fields) =
        judged(&target(&broken, ".up", None), Kind::Answer, json!({"status": 200, "body": [1, 2]}));
    assert_eq!((verdict, why.as_str()), (Verdict::Ok, ""));
    assert_eq!(fields, json!({"peers": 2, "up": true, "bad": null}));
    let (verdict, why, _) =
        judged(&target(&broken, ".bad == 1", None), Kind::Answer, json!({"status": 200, "body": []}));
    assert_eq!(verdict, Verdict::Unknown);
    assert!(why.starts_with("bad cannot be told: "), "{why}");
}

#[test]
fn what_is_not_known_is_told_with_what_was_asked_for_and_what_came() {
    let told = |(field, source): (&str, &str), facts: Value| {
        let ok = format!(".{field} > 0");
        judged(&target(&[(field, source)], &ok, None), Kind::Answer, facts).1
    };
    for (field, facts, why) in [
        (
            ("pins", ".body.pins"),
            json!({"status": 502, "body": null, "text": "<h1>Bad Gateway</h1>"}),
            "pins is not known: asked for .body.pins; came status 502, no JSON object",
        ),
        (
            ("pins", ".body.pins"),
            json!({"status": 200, "body": {"peers": 3}, "text": "{}"}),
            "pins is not known: asked for .body.pins; came status 200, JSON without it",
        ),
        (
            ("pins", ".json.count"),
            json!({"exit": 1, "json": null, "stdout": "", "stderr": "\nError: no route to host\nmore\n"}),
            "pins is not known: asked for .json.count; came exit 1, no JSON object",
        ),
        (
            ("pins", ".stdout|if .==\"x\" then null else . end"),
            json!({"exit": 0, "json": null, "stdout": "x", "stderr": ""}),
            "pins is not known: asked for .stdout|if .==\"x\" then null else . end; came exit 0",
        ),
    ] {
        let said = told(field, facts);
        assert_eq!(said, format!("cannot be told: {why}"));
    }
}

#[test]
fn a_forbidden_answer_is_unknown_unless_it_is_all_the_probe_wants() {
    let facts = json!({"status": 403, "body": {"errors": ["permission denied"]}, "refused": false});
    let role = target(&[ROLE], ".role == \"active\"", None);
    let (verdict, why, _) = judged(&role, Kind::Forbidden(403), facts.clone());
    assert_eq!((verdict, why.as_str()), (Verdict::Unknown, "forbidden: status 403"));
    let alive = target(&[], ".status < 500", None);
    assert_eq!(judged(&alive, Kind::Forbidden(403), facts).0, Verdict::Ok);
}

#[test]
fn no_answer_keeps_only_what_can_be_told_without_one() {
    let probe = target(
        &[ROLE, ("gone", ".refused"), ("slow", ".timed_out"), ("version", ".body.version"), ("keys", ".body | keys")],
        "true",
        Some("true"),
    );
    let facts = |refused: bool| json!({"status": null, "body": null, "refused": refused, "timed_out": !refused});
    let (verdict, why, fields) = judged(&probe, Kind::Refused, facts(true));
    assert_eq!((verdict, why.as_str()), (Verdict::Bad, "refused"));
    assert_eq!(fields, json!({"role": "down", "gone": true, "slow": false}));
    let (verdict, why, fields) = judged(&probe, Kind::TimedOut, facts(false));
    assert_eq!((verdict, why.as_str()), (Verdict::Unknown, "no answer within 1.5s"));
    assert_eq!(fields, json!({"gone": false, "slow": true}));
    let (verdict, why, fields) = judged(&probe, Kind::Nothing("no such host".into()), facts(false));
    assert_eq!((verdict, why.as_str(), fields), (Verdict::Unknown, "no such host", json!({})));
}

#[test]
fn an_endless_field_is_unknown_and_not_kept() {
    let probe = target(&[("role", ".body.role"), ("log", ".text")], "true", Some("true"));
    let facts = |bytes: usize| json!({"status": 200, "body": {"role": "active"}, "text": "x".repeat(bytes)});
    let (verdict, why, fields) = judged(&probe, Kind::Answer, facts(16 * 1024 - 1));
    assert_eq!((verdict, why.as_str()), (Verdict::Unknown, "log is larger than 16 KiB"));
    assert_eq!(fields, json!({"role": "active", "log": null}));
    assert_eq!(judged(&probe, Kind::Answer, facts(16 * 1024 - 2)).0, Verdict::Ok);
    assert_eq!(judged(&probe, Kind::TimedOut, facts(20_000)).2, json!({"role": "active"}));

    let many: Vec<String> = (0..5).map(|n| format!("log{n}")).collect();
    let many: Vec<(&str, &str)> = many.iter().map(|name| (name.as_str(), ".text")).collect();
    let (verdict, why, _) = judged(&target(&many, "true", None), Kind::Answer, facts(15_000));
    assert_eq!((verdict, why.as_str()), (Verdict::Unknown, "log4 is too much: all fields may take 64 KiB together"));
}
