//! Every shipped way back, walked on the stepped clock from a step in the middle: it ends as rolled back, and takes the
//! nodes that were changed, in the order in which it is safe.

use std::sync::Arc;

use super::*;
use crate::engine::Event;
use crate::library::Library;
use crate::practice::{Shape, system};
use crate::scenario::{Deed, Move, Pattern, When};
use crate::session::witness_tests::alongside;

/// A book, the step at which one goes back, the plan, and the plan's phases with the items that it took.
type Row = (&'static str, &'static str, &'static str, &'static [&'static str]);

const TABLE: &[Row] = &[
    ("vault-ha-upgrade", "standbys[vault-3]/started", "old-binary", &["undo: vault-3 vault-2"]),
    (
        "vault-ha-upgrade",
        "whole/*",
        "data-and-binary",
        &[
            "halt: vault-1 vault-2 vault-3",
            "put-back: vault-1 vault-2 vault-3",
            "bring-up: vault-1 vault-2 vault-3",
            "back",
        ],
    ),
    ("vault-single-upgrade", "server/installed", "old-binary", &["undo: vault-1"]),
    ("vault-single-upgrade", "verify/*", "data-and-binary", &["put-back: vault-1"]),
    (
        "vault-replication-upgrade",
        "whole/*",
        "data-and-binary",
        &[
            "halt: vault-1 vault-3 vault-2",
            "put-back: vault-1 vault-2 vault-3",
            "bring-up: vault-1 vault-2 vault-3",
            "back",
        ],
    ),
    ("vault-replication-upgrade", "clusters/started", "old-binary", &["undo: vault-west-2"]),
    (
        "vault-upgrade-rehearsal",
        "unseal/*",
        "take-down",
        &["halt: trial-1 trial-2 trial-3", "destroy: trial-1 trial-2 trial-3", "aftermath"],
    ),
    ("nomad-servers-in-place", "leader/*", "empty-and-rejoin", &["undo: nomad-server-2 nomad-server-3"]),
    (
        "nomad-servers-in-place",
        "whole/*",
        "mend-forward",
        &[
            "road",
            "forward",
            "halt: nomad-server-2 nomad-server-3 nomad-server-1",
            "keys: nomad-server-1 nomad-server-2 nomad-server-3",
            "bring-up: nomad-server-1 nomad-server-2 nomad-server-3",
            "back",
        ],
    ),
    (
        "nomad-servers-add-remove",
        "between/*",
        "take-out",
        &["out: nomad-server-4 nomad-server-5 nomad-server-6", "as-before"],
    ),
    (
        "nomad-clients",
        "whole/*",
        "clients-back",
        &["undo: nomad-client-1 nomad-client-2 nomad-client-3 nomad-client-4"],
    ),
    ("nomad-enterprise", "leader/*", "empty-and-rejoin", &["undo: nomad-server-2 nomad-server-3"]),
    ("cockroachdb-rolling-upgrade", "soak/*", "old-binary", &["evidence", "back: crdb-1 crdb-2 crdb-3", "all-back"]),
    (
        "ipfs-cluster-standard",
        "back/*",
        "all-back",
        &["halt", "put-back: cluster-1 cluster-2 cluster-3", "start-old", "old-whole"],
    ),
    ("ipfs-cluster-standard", "stopped/*", "again", &["start-again", "as-before"]),
    (
        "ipfs-cluster-bootstrap",
        "join/*",
        "old-version",
        &[
            "others-down: cluster-2 cluster-3",
            "last-back: cluster-1",
            "last-up: cluster-1",
            "old-binaries: cluster-2 cluster-3",
            "rejoin: cluster-2 cluster-3",
        ],
    ),
    ("ipfs-cluster-recovery", "first/*", "as-found", &["down", "as-it-was: cluster-1"]),
    (
        "gitlab-upgrade",
        "finish/*",
        "restore",
        &["decide", "halt: gitlab-1", "old-package: gitlab-1", "data", "up: gitlab-1", "back"],
    ),
    ("gitlab-backup-rehearsal", "prove/*", "silence", &["quiet: gitlab-test", "tidy"]),
];

fn gone_back(book: &str, at: &str, plan: &str) -> (String, Vec<String>) {
    let library = Library::open(&[]).unwrap();
    let runbook: Arc<Runbook> = library.find(book).unwrap().runbook().unwrap().clone();
    let began: Timestamp = "2026-11-21T02:00:00.000Z".parse().unwrap();
    let nodes = if book.contains("single") || book.contains("gitlab") { 1 } else { 3 };
    let system = system(&runbook.system, &Shape { runbook: book, nodes, seed: 3, versions: &[] }, began).unwrap();
    let deed = Deed::RollBack(plan.into(), "it does not do what it should".into());
    let there = Move { step: Pattern::read(at).unwrap(), when: When::Open(Duration::ZERO), deed };
    let way = Ending { outcome: "rolled back".into(), told: String::new(), harm: vec![], moves: vec![there] };
    let folder = tempfile::tempdir().unwrap();
    let walk_it = Walk { runbook, system, nodes, scenario: None, seed: 3, way: Some(&way), began };
    let who = Who { operator: "trainee".into(), host: "bastion".into(), face: "plain" };
    let (walked, seen) = alongside(|| walk(&Store::open(folder.path()), walk_it, &who, &mut |_| true).unwrap());
    assert_eq!(seen + 1, walked.records.len() as u64, "{book}, {plan}");
    assert_eq!(walked.stopped, None, "{book}, {plan}");
    let outcome = walked.state.closed.as_ref().map_or("open", |closed| closed.outcome.word());
    let taken = walked.state.walked().filter(|phase| !phase.items.is_empty()).map(|phase| {
        let items: Vec<_> = phase.items.iter().filter_map(|item| item.item.name.as_deref()).collect();
        if items.is_empty() { phase.id.to_string() } else { format!("{}: {}", phase.id, items.join(" ")) }
    });
    let last = walked.records.iter().rev().find(|record| matches!(record.event, Event::StepFailed { .. }));
    (format!("{outcome}; failed last: {:?}", last.map(|record| &record.event)), taken.collect())
}

/// Those of one system, so that they are walked beside each other.
fn every_way_back_takes_what_was_changed(system: &str) {
    for (book, at, plan, wanted) in TABLE.iter().filter(|row| row.0.starts_with(system)) {
        let (outcome, taken) = gone_back(book, at, plan);
        assert!(outcome.starts_with("rolled back"), "{book}, {plan}: {outcome}");
        assert_eq!(taken, *wanted, "{book}, {plan}");
    }
}

#[test]
fn of_vault() {
    every_way_back_takes_what_was_changed("vault");
}

#[test]
fn of_nomad() {
    every_way_back_takes_what_was_changed("nomad");
}

#[test]
fn of_cockroachdb() {
    every_way_back_takes_what_was_changed("cockroachdb");
}

#[test]
fn of_ipfs_cluster() {
    every_way_back_takes_what_was_changed("ipfs-cluster");
}

#[test]
fn of_gitlab() {
    every_way_back_takes_what_was_changed("gitlab");
}
