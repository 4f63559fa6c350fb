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
        Past { run: "2026-11-20-vault-ha-a2b3".into(), at, outcome: Some("abandoned".into()), score: Some(12) },
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
    assert_eq!(told.score, Some(FULL.saturating_sub(lost)));
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
        "brought this about: wrong share (node vault-2, times 1)",
    ] {
        assert!(text.iter().any(|line| line.to_lowercase().contains(part)), "{part}: {text:#?}");
    }
}

#[test]
fn what_was_overruled_is_named_by_its_title() {
    let told = bad();
    let of: Vec<&str> = told.deductions.iter().map(|deduction| deduction.why.as_str()).collect();
    let overruled = of.iter().filter(|why| why.contains(" (\""));
    for why in overruled.clone() {
        assert!(why.contains('"') && !why.contains('/'), "{of:?}");
        assert!(why.contains(": \"") || why.contains(": the gate of \""), "{of:?}");
    }
    assert!(overruled.count() > 0, "{of:?}");
}

#[test]
fn a_run_without_fault_keeps_all_its_points() {
    let told = good();
    assert_eq!((told.score, told.outcome.as_deref()), (Some(FULL), Some("completed")));
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

/// Whoever gives up ends below whoever goes on to the end over whatever holds them back, with hints and slowly.
#[test]
fn giving_up_never_beats_finishing_with_deviations() {
    use crate::engine::Outcome;
    let (book, scenario) = (book(), scenario::find("vault-ha-upgrade", "wrong-share").unwrap());
    // What was done is the same; only how it ends differs.
    let mut records = recorded("right");
    let closed = records.pop().unwrap();
    let closed =
        if matches!(closed.event, crate::engine::Event::RunClosed { .. }) { closed } else { records.pop().unwrap() };
    let crate::engine::Event::RunClosed { counts, .. } = closed.event.clone() else { panic!("{closed:?}") };
    let ended = |outcome, undone: usize, overruled: usize| {
        let mut records = records.clone();
        let keys: Vec<_> = {
            let state = crate::engine::RunState::fold(&book, &records);
            state.walked().flat_map(|phase| phase.keys()).map(|(key, _)| key).collect()
        };
        let at = closed.at;
        let mut put = |at, event| {
            let seq = records.last().map_or(0, |record| record.seq) + 1;
            records.push(Record { seq, at, prev: String::new(), by: "trainee@bastion".into(), event });
        };
        let (board, reason) = (crate::engine::Board::default(), "for a test".to_owned());
        for step in keys.iter().cycle().take(overruled).cloned() {
            let (board, reason, at) = (board.clone(), reason.clone(), closed.at);
            put(at, crate::engine::Event::StepOverridden { step, reason, board });
        }
        let end = at.plus(Duration::from_secs(60));
        for step in keys.iter().rev().take(undone).cloned() {
            let (board, reason) = (board.clone(), reason.clone());
            put(end, crate::engine::Event::StepSkipped { step, reason, board });
        }
        put(end, crate::engine::Event::RunClosed { outcome, reason: String::new(), counts });
        let told = debrief(&book, Some(&scenario), &records).unwrap();
        let lost: u32 = told.deductions.iter().map(|deduction| deduction.points).sum();
        assert_eq!(told.score, Some(FULL.saturating_sub(lost)));
        told
    };
    let all = 30;
    let table = [(1, 0), (1, 3), (5, 0), (all, 0), (all, 12)];
    let given_up: Vec<u32> =
        table.iter().map(|(undone, overruled)| ended(Outcome::Abandoned, *undone, *overruled).score.unwrap()).collect();
    let finished: Vec<u32> = [1, 3, 6, 12, 25]
        .iter()
        .map(|overruled| ended(Outcome::CompletedWithDeviations, 0, *overruled).score.unwrap())
        .collect();
    let (best, worst) = (given_up.iter().max().unwrap(), finished.iter().min().unwrap());
    assert!(best < worst, "{given_up:?} {finished:?}");
    assert!(finished.is_sorted_by(|more, less| more >= less), "{finished:?}");
    assert!(given_up[0] >= given_up[3], "the earlier the dearer: {given_up:?}");
    // Hints and slowness do not turn it round, in any scenario.
    let library = crate::library::Library::open(&[]).unwrap();
    for book in library.entries().iter().filter_map(|entry| entry.runbook()) {
        for scenario in scenario::all_of(book.id.as_str()) {
            let hints: u32 = scenario.hints.iter().map(|hint| hint.points).sum();
            assert!(compute::MOST_BESIDE_HINTS + hints <= compute::GIVEN_UP, "{}/{}", book.id, scenario.id);
        }
    }
}

/// Where giving up is right, it costs nothing.
#[test]
fn giving_up_costs_nothing_where_the_right_way_does() {
    let (book, mut scenario) = (book(), scenario::find("vault-ha-upgrade", "wrong-share").unwrap());
    scenario.right.outcome = "abandoned".into();
    let told = debrief(&book, Some(&scenario), &recorded("wrong")).unwrap();
    assert!(told.deductions.iter().all(|deduction| !deduction.why.starts_with("Given up")), "{:?}", told.deductions);
}

/// Nobody has points before it is over: not in the head, not in the list of attempts, not for a machine.
#[test]
fn what_is_not_over_has_no_points() {
    let (book, scenario) = (book(), scenario::find("vault-ha-upgrade", "wrong-share").unwrap());
    let mut records = recorded("wrong");
    records.retain(|record| !matches!(record.event, crate::engine::Event::RunClosed { .. }));
    let mut told = debrief(&book, Some(&scenario), &records).unwrap();
    let at = "2026-11-21T02:00:00.000Z".parse().unwrap();
    let before =
        Past { run: "2026-11-20-vault-ha-a2b3".into(), at, outcome: Some("abandoned".into()), score: Some(12) };
    told.history = vec![before, past(&told, at)];
    assert_eq!((told.score, told.outcome.as_deref()), (None, None));
    let text: Vec<String> = lines(&told).into_iter().map(|line| line.text).collect();
    let this = text.iter().find(|line| line.ends_with("this one")).unwrap();
    assert!(this.starts_with("  -  ") && this.contains("  open  "), "{this:?}");
    assert!(text.iter().any(|line| line == " 12  2026-11-20-vault-ha-a2b3  abandoned"), "{text:#?}");
    let json = serde_json::to_value(&told).unwrap();
    assert!(json["score"].is_null() && json["history"][1]["score"].is_null(), "{json}");
    assert_eq!(json["history"][0]["score"], 12);
}
