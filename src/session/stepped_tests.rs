use std::collections::BTreeSet;

use super::*;
use crate::debrief::debrief;
use crate::engine::Outcome;
use crate::practice::{Shape, system as simulated};
use crate::scenario::{self, Deed};
use crate::session::witness_tests::alongside;

fn who() -> Who {
    Who { operator: "trainee".into(), host: "bastion".into(), face: "plain" }
}

/// Walks a scenario of that runbook with that seed.
fn walked(book: &Arc<Runbook>, scenario: &Scenario, way: &Ending, seed: u64) -> (tempfile::TempDir, Walked) {
    let began: Timestamp = "2026-11-21T02:00:00.000Z".parse().unwrap();
    let nodes = scenario.nodes.unwrap_or(3);
    let shape = Shape { runbook: book.id.as_str(), nodes, seed, versions: &scenario.versions };
    let system = simulated(&book.system, &shape, began).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let walk_it = Walk { runbook: book.clone(), system, nodes, scenario: Some(scenario), seed, way: Some(way), began };
    // At every record what the session has is the fold of the bytes that are on disk by then.
    let (walked, seen) = alongside(|| walk(&Store::open(folder.path()), walk_it, &who(), &mut |_| true).unwrap());
    assert_eq!(walked.stopped, None, "{}/{} {}", book.id, scenario.id, told(&walked));
    assert_eq!(seen + 1, walked.records.len() as u64, "{}/{}", book.id, scenario.id);
    (folder, walked)
}

/// Every shipped scenario of that system with its runbook.
fn all_of(system: &str) -> Vec<(Arc<Runbook>, Scenario)> {
    let library = crate::library::Library::open(&[]).unwrap();
    let books = library.entries().iter().filter_map(|entry| entry.runbook().cloned());
    let books = books.filter(|book| book.system == system);
    let pairs =
        books.flat_map(|book| scenario::all_of(book.id.as_str()).into_iter().map(move |one| (book.clone(), one)));
    pairs.collect()
}

fn told(walked: &Walked) -> String {
    let lines = walked.state.happenings.iter().map(|(at, what)| format!("  {at} {}\n", what.told()));
    format!("at {:?}:\n{}", walked.state.current, lines.collect::<String>())
}

/// A calm one and four others at least; every one of them comes to its right ending.
fn come_to_their_right_ending(system: &str) {
    let all = all_of(system);
    assert!(all.len() >= 5, "{}", all.len());
    for (book, scenario) in all {
        let (_folder, walked) = walked(&book, &scenario, &scenario.right, scenario.seed.unwrap());
        let name = format!("{}/{}", book.id, scenario.id);
        let outcome = walked.state.closed.as_ref().map(|closed| closed.outcome.word());
        assert_eq!(outcome, Some(&*scenario.right.outcome), "{name} {}", told(&walked));
        let debrief = debrief(&book, Some(&scenario), &walked.records).unwrap();
        assert_eq!((debrief.score, debrief.deductions), (Some(100), vec![]), "{name} {}", told(&walked));
        let struck: BTreeSet<_> = walked.state.happenings.iter().filter_map(|(_, what)| struck(what)).collect();
        let meant: BTreeSet<_> = scenario.faults.iter().map(|fault| fault.id.as_str()).collect();
        assert_eq!(struck, meant, "{name}: each fault strikes");
    }
}

fn struck(what: &crate::engine::Happening) -> Option<&str> {
    match what {
        crate::engine::Happening::FaultStruck { id, .. } => Some(id),
        _ => None,
    }
}

fn end_with_the_harm_that_is_stated(system: &str) {
    for (book, scenario) in all_of(system) {
        let Some(wrong) = &scenario.wrong else { continue };
        let (_folder, walked) = walked(&book, &scenario, wrong, scenario.seed.unwrap());
        let name = format!("{}/{}", book.id, scenario.id);
        let outcome = walked.state.closed.as_ref().map(|closed| closed.outcome.word());
        assert_eq!(outcome, Some(&*wrong.outcome), "{name} {}", told(&walked));
        let debrief = debrief(&book, Some(&scenario), &walked.records).unwrap();
        assert!(!wrong.harm.is_empty(), "{name}: a wrong way does harm");
        for kind in &wrong.harm {
            let rule = scenario.harms.iter().find(|rule| rule.kind == *kind).unwrap();
            let is_told = debrief.deductions.iter().any(|deduction| deduction.why.starts_with(&rule.title));
            assert!(is_told, "{name}: {kind} {:?} {}", debrief.deductions, told(&walked));
        }
        assert!(debrief.score.unwrap() < 80, "{name}: {:?}", debrief.score);
    }
}

/// Chance may pick any seed: the right way still leads to the end.
fn do_not_hang_on_the_seed(system: &str) {
    for (book, scenario) in all_of(system) {
        let (_folder, walked) = walked(&book, &scenario, &scenario.right, 4_711);
        let outcome = walked.state.closed.as_ref().map(|closed| closed.outcome.word());
        assert_eq!(outcome, Some(&*scenario.right.outcome), "{} {}", scenario.id, told(&walked));
    }
}

fn give_the_same_journal_byte_for_byte(system: &str) {
    for (book, scenario) in all_of(system).into_iter().filter(|(_, scenario)| scenario.id != "calm").take(3) {
        let journal = |seed| {
            let (_folder, walked) = walked(&book, &scenario, &scenario.right, seed);
            assert_eq!(walked.state.closed.as_ref().map(|closed| closed.outcome), Some(Outcome::Completed));
            let text = std::fs::read_to_string(walked.folder.join("journal.jsonl")).unwrap();
            // Only the run's own name is drawn anew.
            let name = walked.folder.file_name().unwrap().to_string_lossy().into_owned();
            let events = text.lines().map(|line| {
                let mut record: serde_json::Value = serde_json::from_str(line).unwrap();
                record["prev"] = serde_json::Value::Null;
                record.to_string().replace(&name, "RUN")
            });
            events.collect::<Vec<_>>()
        };
        let (once, again, other) = (journal(21), journal(21), journal(22));
        assert!(once == again, "{}", scenario.id);
        assert!(once != other, "{}: the seed matters", scenario.id);
    }
}

fn have_faults_of_their_simulator(system: &str) {
    for (book, scenario) in all_of(system) {
        let shape = Shape { runbook: book.id.as_str(), nodes: 3, seed: 1, versions: &[] };
        let known = simulated(&book.system, &shape, Timestamp::default()).unwrap().lock().unwrap().faults();
        for fault in &scenario.faults {
            // Its arguments are right: it strikes on the right way.
            assert!(known.iter().any(|(name, _)| *name == fault.fault), "{}/{}: {}", book.id, scenario.id, fault.fault);
        }
    }
}

/// Through the whole day, and in the end with no binary that leads back.
#[test]
fn the_day_of_the_calm_cockroachdb_upgrade_is_soaked_whole() {
    let (book, scenario) = all_of("cockroachdb").into_iter().find(|(_, one)| one.id == "calm").unwrap();
    let (_folder, walked) = walked(&book, &scenario, &scenario.right, 1);
    let day = walked.state.step(&"soak/day".parse().unwrap()).unwrap();
    assert_eq!(day.status, crate::engine::StepStatus::Done);
    let soak = day.ended.unwrap().since(day.began.unwrap());
    assert!((86_400..86_700).contains(&soak.as_secs()), "{soak:?}");
}

/// What stands behind a list is read here as over a socket.
#[test]
fn a_list_that_breaks_off_is_seen_by_its_trailer() {
    const BREAKS_OFF: &str = r#"
format  = 1
id      = "breaks-off"
runbook = "ipfs-cluster-standard"
title   = "A list breaks off"
learn   = "Look behind it."
[[fault]]
id    = "off"
fault = "list-breaks-off"
with  = { node = "cluster-2" }
[right]
outcome = "abandoned"
told    = "Leave it."
[[right.move]]
step    = "prepare/healthy"
after   = "60s"
abandon = "the list breaks off"
"#;
    let (scenario, findings) = scenario::parse(BREAKS_OFF);
    let scenario = scenario.unwrap_or_else(|| panic!("{findings:?}"));
    let (book, _) = all_of("ipfs-cluster").into_iter().find(|(book, _)| book.id.as_str() == scenario.runbook).unwrap();
    let (_folder, walked) = walked(&book, &scenario, &scenario.right, 1);
    let journal = std::fs::read_to_string(walked.folder.join("journal.jsonl")).unwrap();
    assert!(journal.contains("the list broke off"), "{}", told(&walked));
    assert_eq!(walked.state.closed.as_ref().map(|closed| closed.outcome), Some(Outcome::Abandoned));
}

fn calm_vault() -> (Arc<Runbook>, Scenario) {
    let is_it = |(book, one): &(Arc<Runbook>, Scenario)| book.id.as_str() == "vault-single-upgrade" && one.id == "calm";
    all_of("vault").into_iter().find(is_it).unwrap()
}

fn walk_of<'a>(book: &Arc<Runbook>, scenario: &'a Scenario, way: &'a Ending) -> Walk<'a> {
    let began: Timestamp = "2026-11-21T02:00:00.000Z".parse().unwrap();
    let system =
        simulated(&book.system, &Shape { runbook: book.id.as_str(), nodes: 1, seed: 1, versions: &[] }, began).unwrap();
    Walk { runbook: book.clone(), system, nodes: 1, scenario: Some(scenario), seed: 1, way: Some(way), began }
}

/// Otherwise what follows is another way than the one that was meant, and nobody is told.
#[test]
fn a_move_whose_place_has_passed_breaks_the_walk_off_and_is_named() {
    let (book, scenario) = calm_vault();
    let step = |step: &str, when, deed| crate::scenario::Move {
        step: crate::scenario::Pattern::read(step).unwrap(),
        when,
        deed,
    };
    let (later, failed) = (crate::scenario::When::Open(Duration::from_secs(7_200)), crate::scenario::When::Failed);
    for (made, told) in [
        // It passes by itself before.
        (step("server[vault-1]/ready", later, Deed::Override("it is".into())), "server[vault-1]/ready, 7200 s after"),
        (
            step("server[vault-1]/stop", failed, Deed::Type(vec!["true".into()])),
            "server[vault-1]/stop, when it has failed",
        ),
        // There is no such step, which is known when the run is over.
        (step("nowhere/*", failed, Deed::Retry), "nowhere/*, when it has failed: try again"),
    ] {
        let way = Ending { moves: vec![made], ..scenario.right.clone() };
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path());
        let walked = walk(&store, walk_of(&book, &scenario, &way), &who(), &mut |_| true).unwrap();
        let why = walked.stopped.as_ref().map(ToString::to_string).unwrap_or_default();
        assert!(why.contains(told) && why.contains("its place has passed"), "{told}: {why:?}");
    }
}

/// Whoever looks on has it left in the middle, and then goes on with it.
#[test]
fn a_walk_that_is_broken_off_is_interrupted_and_can_be_gone_on_with() {
    let (book, scenario) = calm_vault();
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path());
    let (mut looks, mut shown) = (0, Vec::new());
    let mut look = |records: &[Record]| {
        looks += 1;
        shown.extend(records.iter().map(|record| record.seq));
        looks < 40
    };
    let it = walk(&store, walk_of(&book, &scenario, &scenario.right), &who(), &mut look).unwrap();
    assert_eq!((it.state.closed.as_ref(), it.stopped.as_ref()), (None, None));
    let last = it.records.last().map(|record| record.event.clone());
    assert!(matches!(last, Some(crate::engine::Event::SittingClosed { how: Leaving::Interrupted })), "{last:?}");
    assert_eq!(shown, (1..=it.records.len() as u64).collect::<Vec<_>>(), "each record is shown once, in order");
    let name = it.folder.file_name().unwrap().to_string_lossy().into_owned();
    let before = launch::reopen(&store, &name, &who()).unwrap();
    let again = walk_of(&book, &scenario, &scenario.right);
    for (node, port) in placed_at(&again.system, &before) {
        again.system.lock().unwrap().place(&node, &format!("http://127.0.0.1:{port}"));
    }
    crate::session::practice::replay(&mut *again.system.lock().unwrap(), &before.records);
    let (now, count) = (before.state.at.plus(Duration::from_secs(600)), before.records.len());
    let mut shown = Vec::new();
    let mut look = |records: &[Record]| {
        shown.extend(records.iter().map(|record| record.seq));
        true
    };
    let on = go_on(before, &again, now, &who(), &mut look).unwrap();
    assert_eq!(on.state.closed.as_ref().map(|closed| closed.outcome), Some(Outcome::Completed), "{}", told(&on));
    assert_eq!(shown, (count as u64 + 1..=on.records.len() as u64).collect::<Vec<_>>());
}

/// The scenarios of each system are walked beside those of the others.
macro_rules! scenarios_of {
    ($($name:ident: $system:literal),* $(,)?) => {
        const WALKED: &[&str] = &[$($system),*];
        $(mod $name {
            #[test]
            fn come_to_their_right_ending() {
                super::come_to_their_right_ending($system);
            }

            #[test]
            fn end_with_the_harm_that_is_stated() {
                super::end_with_the_harm_that_is_stated($system);
            }

            #[test]
            fn do_not_hang_on_the_seed() {
                super::do_not_hang_on_the_seed($system);
            }

            #[test]
            fn give_the_same_journal_byte_for_byte() {
                super::give_the_same_journal_byte_for_byte($system);
            }

            #[test]
            fn have_faults_of_their_simulator() {
                super::have_faults_of_their_simulator($system);
            }
        })*
    };
}

scenarios_of! { cockroachdb: "cockroachdb", gitlab: "gitlab", ipfs_cluster: "ipfs-cluster", nomad: "nomad", vault: "vault" }

/// No shipped scenario is left out here.
#[test]
fn every_scenario_is_of_a_runbook_whose_system_is_walked() {
    let walked: Vec<String> =
        WALKED.iter().flat_map(|system| all_of(system)).map(|(book, one)| format!("{}/{}", book.id, one.id)).collect();
    let packed: Vec<&str> = crate::packed::SCENARIOS.iter().map(|packed| packed.name).collect();
    for name in packed {
        assert!(walked.iter().any(|known| known == name), "{name}");
    }
    // Each of them is held against its journal at every record.
    let ways = WALKED.iter().flat_map(|system| all_of(system)).map(|(_, one)| 1 + usize::from(one.wrong.is_some()));
    assert!(ways.sum::<usize>() >= 50);
}
