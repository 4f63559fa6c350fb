use std::path::Path;
use std::sync::Arc;

use super::*;
use crate::engine::Record;
use crate::runbook::Runbook;
use crate::scenario;

fn book() -> Arc<Runbook> {
    crate::library::Library::open(&[]).unwrap().find("vault-ha-upgrade").unwrap().runbook().unwrap().clone()
}

/// What a walk of the scenario `wrong-share` recorded once, but for what a debrief does not read: however the simulator
/// takes its time, these stay as they are.
fn recorded(way: &str) -> Vec<Record> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/debrief").join(format!("{way}.jsonl"));
    let text = std::fs::read_to_string(path).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// A debrief with everything in it, of a run of a fixed name.
pub(crate) fn bad() -> Debrief {
    let (book, scenario) = (book(), scenario::find("vault-ha-upgrade", "wrong-share").unwrap());
    let mut told = debrief(&book, Some(&scenario), &recorded("wrong")).unwrap();
    let at = "2026-11-20T02:00:00.000Z".parse().unwrap();
    told.history = vec![
        Past { run: "2026-11-20-vault-ha-a2b3".into(), at, outcome: Some("abandoned".into()), score: 12 },
        past(&told, "2026-11-21T02:00:00.000Z".parse().unwrap()),
    ];
    told
}

/// A debrief of a run without any fault of the trainee.
pub(crate) fn good() -> Debrief {
    let (book, scenario) = (book(), scenario::find("vault-ha-upgrade", "wrong-share").unwrap());
    debrief(&book, Some(&scenario), &recorded("right")).unwrap()
}

#[test]
fn every_point_is_accounted_for_and_every_deviation_names_what_the_document_asks() {
    let told = bad();
    let lost: u32 = told.deductions.iter().map(|deduction| deduction.points).sum();
    assert_eq!(told.score, FULL.saturating_sub(lost));
    assert!(told.deductions.is_sorted_by_key(|deduction| std::cmp::Reverse(deduction.points)));
    assert_eq!(told.deviations.len(), 4, "giving the run up is one deed: {:?}", told.deviations);
    for deviation in &told.deviations {
        assert!(!deviation.obligations.is_empty(), "{deviation:?}");
        assert!(deviation.obligations.iter().all(|asked| asked.asks.ends_with('.')), "{deviation:?}");
    }
    let away = told.harm.iter().find(|harm| harm.kind == "away" && harm.about == "vault-2").unwrap();
    assert!(away.stands && away.lasted_ms > 10_000, "{away:?}");
    let text: Vec<String> = lines(&told).into_iter().map(|line| line.text).collect();
    for part in [
        "a node was left sealed",
        "vlt-ha-08 unseal the standby",
        "told above",
        "the best way",
        "this one",
        "slip struck",
    ] {
        assert!(text.iter().any(|line| line.to_lowercase().contains(part)), "{part}: {text:#?}");
    }
}

#[test]
fn a_run_without_fault_keeps_all_its_points() {
    let told = good();
    assert_eq!((told.score, told.outcome.as_deref()), (FULL, Some("completed")));
    assert!(told.deductions.is_empty() && told.deviations.is_empty());
    assert_eq!(told.faults.len(), 1);
}

#[test]
fn time_in_which_nobody_sat_there_is_no_harm() {
    let (book, scenario) = (book(), scenario::find("vault-ha-upgrade", "wrong-share").unwrap());
    let mut records = recorded("wrong");
    let whole = debrief(&book, Some(&scenario), &records).unwrap();
    // The run is left in the middle of its harm, for a day.
    let at = records.iter().position(|record| format!("{:?}", record.event).contains("no-active-node")).unwrap() + 1;
    let (left, back) = (records[at].at, Duration::from_secs(86_400));
    let record = |at, event| Record { seq: 0, at, prev: String::new(), by: String::new(), event };
    let sat = records.iter().find(|record| format!("{:?}", record.event).starts_with("SittingOpened")).unwrap();
    let sat = sat.event.clone();
    for later in &mut records[at..] {
        later.at = later.at.plus(back);
        shift(&mut later.event, back);
    }
    records.insert(at, record(left, crate::engine::Event::SittingClosed { how: crate::engine::Leaving::Left }));
    records.insert(at + 1, record(left.plus(back), sat));
    let split = debrief(&book, Some(&scenario), &records).unwrap();
    let lasted = |told: &Debrief| told.harm.iter().map(|harm| harm.lasted_ms).sum::<u64>();
    assert_eq!((split.took_ms, split.score), (whole.took_ms, whole.score));
    assert_eq!(lasted(&split), lasted(&whole));
}

fn shift(event: &mut crate::engine::Event, by: Duration) {
    use crate::engine::{Event, Happening};
    let Event::Rehearsed { what } = event else { return };
    match &mut **what {
        Happening::HarmBegan { since: at, .. } | Happening::HarmEnded { at, .. } => *at = at.plus(by),
        _ => {}
    }
}
