use std::time::Duration;

use serde_json::{Map, json};

use super::*;
use crate::clock::Timestamp;
use crate::health::Question;
use crate::runbook::Expr;

fn expr(text: &str) -> Expr {
    Expr::compile(text).unwrap()
}

fn sample(node: &str, verdict: Verdict, why: &str) -> Sample {
    Sample {
        probe: ProbeId::new("vault"),
        node: Some(node.into()),
        at: Timestamp::default(),
        verdict,
        why: why.into(),
        fields: Map::new(),
        elapsed: Duration::ZERO,
    }
}

/// A row whose probe has a field with the version.
fn target(node: &str) -> Target {
    Target {
        probe: ProbeId::new("vault"),
        title: "Vault".into(),
        node: Some(node.into()),
        item: json!({ "name": node }),
        every: Duration::from_secs(2),
        timeout: Duration::from_secs(2),
        filled: Vec::new(),
        question: Question::Tcp(format!("{node}:8200")),
        fields: vec![("version".into(), expr(".version"))],
        ok: expr("true"),
        degraded: None,
    }
}

/// Twelve degraded rows stand before nine bad ones by name, each with a reason of its own.
#[test]
fn the_bad_are_told_before_the_degraded_and_every_row_is_counted() {
    let degraded = (1..=12).map(|n| sample(&format!("a-{n}"), Verdict::Degraded, &format!("reason {n}")));
    let bad = (1..=9).map(|n| sample(&format!("b-{n}"), Verdict::Bad, &format!("status {n}")));
    let found = reached(&degraded.chain(bad).chain([sample("c-1", Verdict::Ok, "")]).collect::<Vec<_>>());
    let told: Vec<&str> = found.iter().map(|one| one.told.as_str()).collect();
    assert!(told[..8].iter().all(|line| line.starts_with("vault[b-") && line.contains(" bad: status")), "{told:#?}");
    assert_eq!(told[8..], ["vault: 13 more are not ok: 1 bad, 12 degraded", "vault: 1 of 22 answered and are ok"]);
    let looks = found.iter().filter(|one| one.mark == Mark::Look);
    assert_eq!(looks.map(|one| one.count).sum::<usize>(), 21);
}

#[test]
fn rows_of_which_the_same_is_to_be_said_are_told_together_and_counted_one_by_one() {
    let found = reached(&(1..=6).map(|n| sample(&format!("n-{n}"), Verdict::Bad, "refused")).collect::<Vec<_>>());
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].told, "vault[n-1], vault[n-2], vault[n-3], vault[n-4] and 2 more: bad: refused");
    assert_eq!(found[0].count, 6);
}

#[test]
fn whose_version_cannot_be_told_is_said() {
    let telling = |node: &str, version: &str| {
        let mut one = sample(node, Verdict::Ok, "");
        one.fields.insert("version".into(), json!(version));
        one
    };
    let refused = sample("n-2", Verdict::Bad, "refused");
    let targets = [target("n-1"), target("n-2")];
    for (samples, mark, told) in [
        (vec![sample("n-1", Verdict::Bad, "refused"), refused.clone()], Mark::Look, "what runs cannot be told"),
        (
            vec![telling("n-1", "1.16.2"), refused.clone()],
            Mark::Ok,
            "runs 1.16.2, as the run expects; one more tells none",
        ),
        (vec![telling("n-1", "1.17.3"), refused], Mark::Look, "but vault[n-1] runs 1.17.3; one more tells none"),
    ] {
        let found = versions("1.16.2", &targets, &samples).unwrap();
        assert!(found.mark == mark && found.told.contains(told), "{found:?}");
    }
    // A runbook that asks nobody for a version leaves nothing out.
    assert_eq!(versions("1.16.2", &[], &[]), None);
}

#[test]
fn a_version_is_the_expected_one_whatever_stands_around_it() {
    for (seen, expected, fits) in [
        ("1.16.2", "1.16.2", true),
        ("v23.1.14", "23.1.14", true),
        ("1.16.2+ent", "1.16.2", true),
        ("1.16.20", "1.16.2", false),
        ("1.16", "1.16.2", false),
        ("1.16.2.1", "1.16.2", false),
        ("", "1.16.2", false),
    ] {
        assert_eq!(is_version(seen, expected), fits, "{seen} {expected}");
    }
}
