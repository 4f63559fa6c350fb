//! Runs that are killed in the middle, with or without a torn last line, and gone on with.

use std::sync::Arc;
use std::time::Duration;

use crate::clock::Timestamp;
use crate::engine::{Event, Outcome, Record, RunState};
use crate::journal::{Store, read_records};
use crate::practice::{Shape, system};
use crate::runbook::Runbook;
use crate::scenario::{self, Deed, Ending, Move, Pattern, Scenario, When};
use crate::session::stepped::{Walk, go_on, walk};
use crate::session::witness_tests::alongside;
use crate::session::{Who, launch, practice};

/// What the death left of the write during which it came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Left {
    /// All of it.
    Whole,
    /// Its first half.
    Half,
    /// Its length, but nothing of it.
    Hole,
}

fn walk_of<'a>(book: &Arc<Runbook>, scenario: &'a Scenario, way: &'a Ending) -> Walk<'a> {
    let began: Timestamp = "2026-11-21T02:00:00.000Z".parse().unwrap();
    let (nodes, seed) = (scenario.nodes.unwrap_or(3), scenario.seed.unwrap_or(1));
    let shape = Shape { runbook: book.id.as_str(), nodes, seed, versions: &scenario.versions };
    let system = system(&book.system, &shape, began).unwrap();
    Walk { runbook: book.clone(), system, nodes, scenario: Some(scenario), seed, way: Some(way), began }
}

/// Goes back by that plan at that step.
pub fn gone_back(name: &str, at: &str, plan: &str) -> (Arc<Runbook>, Vec<Record>) {
    let runbook = crate::library::Library::open(&[]).unwrap().find(name).unwrap().runbook().unwrap().clone();
    let began: Timestamp = "2026-11-21T02:00:00.000Z".parse().unwrap();
    let system = system(&runbook.system, &Shape { runbook: name, nodes: 1, seed: 3, versions: &[] }, began).unwrap();
    let deed = Deed::RollBack(plan.into(), "it does not do what it should".into());
    let there = Move { step: Pattern::read(at).unwrap(), when: When::Open(Duration::ZERO), deed };
    let way = Ending { outcome: "rolled back".into(), told: String::new(), harm: vec![], moves: vec![there] };
    let place = tempfile::tempdir().unwrap();
    let it = Walk { runbook: runbook.clone(), system, nodes: 1, scenario: None, seed: 3, way: Some(&way), began };
    let who = Who { operator: "trainee".into(), host: "bastion".into(), face: "plain" };
    let walked = walk(&Store::open(place.path()), it, &who, &mut |_| true).unwrap();
    assert_eq!(walked.state.closed.map(|closed| closed.outcome), Some(Outcome::RolledBack), "{name}");
    (runbook, walked.records)
}

/// Walks that way, dies after so many of a hundred of its records, and is gone on with ten minutes later; how many records
/// the sessions were held against their journal at.
pub fn killed(name: &str, scenario: &str, is_right: bool, at: usize, left: Left) -> (Arc<Runbook>, Vec<Record>, u64) {
    let book = crate::library::Library::open(&[]).unwrap().find(name).unwrap().runbook().unwrap().clone();
    let scenario = scenario::find(name, scenario).unwrap();
    let way = if is_right { &scenario.right } else { scenario.wrong.as_ref().unwrap() };
    let place = tempfile::tempdir().unwrap();
    let store = Store::open(place.path());
    let who = Who { operator: "trainee".into(), host: "bastion".into(), face: "plain" };
    let first = || walk(&store, walk_of(&book, &scenario, way), &who, &mut |_| true).unwrap();
    let (walked, seen_before) = alongside(first);
    assert_eq!(walked.stopped, None, "{name}/{}", scenario.id);
    assert!(walked.state.closed.is_some());

    let path = walked.folder.join("journal.jsonl");
    let bytes = std::fs::read(&path).unwrap();
    let lines: Vec<&[u8]> = bytes.split_inclusive(|byte| *byte == b'\n').collect();
    let whole = lines.len() * at / 100;
    let torn = match left {
        Left::Whole => Vec::new(),
        Left::Half => lines[whole][..lines[whole].len() / 2].to_vec(),
        Left::Hole => vec![0; lines[whole].len()],
    };
    std::fs::write(&path, [lines[..whole].concat(), torn].concat()).unwrap();

    let run = walked.folder.file_name().unwrap().to_string_lossy().into_owned();
    let suspended = launch::reopen(&store, &run, &who).unwrap();
    assert_eq!(suspended.records.len(), whole);
    assert!(suspended.state == RunState::fold(&book, &walked.records[..whole]), "what the first sitting had then");
    // As the way stands there: what was done in the sitting before is done.
    let way = crate::session::script::left_of(way.clone(), &suspended.state);
    let again = walk_of(&book, &scenario, &way);
    let known = suspended.state.opened.as_ref().and_then(|opened| opened.practice.as_ref()).unwrap().ports.clone();
    {
        let mut system = again.system.lock().unwrap();
        for (node, port) in system.nodes().into_iter().zip(known) {
            system.place(&node, &format!("http://127.0.0.1:{port}"));
        }
        practice::replay(&mut *system, &suspended.records);
    }
    let now = suspended.state.at.plus(Duration::from_secs(600));
    let (on, seen) = alongside(|| go_on(suspended, &again, now, &who, &mut |_| true).unwrap());
    let (records, found) = read_records(&path).unwrap();
    assert_eq!(found.integrity, crate::journal::Integrity::Whole);
    assert!(records == on.records && records.len() > whole, "{} of {whole}", records.len());
    assert_eq!(seen, (records.len() - whole) as u64, "at every record");
    let is_told = records[whole..].iter().any(|record| matches!(record.event, Event::TailSetAside { .. }));
    assert_eq!(is_told, left != Left::Whole, "{left:?}");
    assert!(on.state == RunState::fold(&book, &records));
    (book, records, seen_before + seen)
}

/// A few of every kind; each is another journal.
#[test]
fn what_is_killed_and_gone_on_with_is_the_fold_of_its_journal_at_every_record() {
    let mut seen = 0;
    for (name, scenario, is_right) in [
        ("vault-single-upgrade", "calm", true),
        ("vault-single-upgrade", "wrong-share", true),
        ("vault-single-upgrade", "wrong-share", false),
        ("ipfs-cluster-recovery", "lock-held", true),
    ] {
        for (at, left) in [(20, Left::Half), (45, Left::Whole), (70, Left::Hole), (95, Left::Half)] {
            seen += killed(name, scenario, is_right, at, left).2;
        }
    }
    assert!(seen > 1_000, "{seen}");
}
