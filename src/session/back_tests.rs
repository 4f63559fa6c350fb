//! Every shipped way back, walked on the stepped clock from a step in the middle: it ends as rolled back, and takes the
//! nodes that were changed, in the order in which it is safe.

use std::sync::Arc;

use super::*;
use crate::library::Library;
use crate::practice::{Shape, system};
use crate::scenario::{Deed, Move, Pattern, When};

/// A book, the step at which one goes back, the plan, and the plan's phases with the items that it took.
type Row = (&'static str, &'static str, &'static str, &'static [&'static str]);

const TABLE: &[Row] = &[
    ("vault-ha-upgrade", "standbys[vault-3]/started", "old-binary", &[]),
    ("vault-ha-upgrade", "whole/*", "data-and-binary", &[]),
    ("vault-single-upgrade", "server/installed", "old-binary", &[]),
    ("vault-single-upgrade", "verify/*", "data-and-binary", &[]),
    ("vault-replication-upgrade", "whole/*", "data-and-binary", &[]),
    ("vault-replication-upgrade", "clusters/started", "old-binary", &[]),
    ("vault-upgrade-rehearsal", "unseal/*", "take-down", &[]),
    ("nomad-servers-in-place", "leader/*", "empty-and-rejoin", &[]),
    ("nomad-servers-in-place", "whole/*", "mend-forward", &[]),
    ("nomad-servers-add-remove", "between/*", "take-out", &[]),
    ("nomad-clients", "whole/*", "clients-back", &[]),
    ("nomad-enterprise", "leader/*", "empty-and-rejoin", &[]),
    ("cockroachdb-rolling-upgrade", "soak/*", "old-binary", &[]),
    ("ipfs-cluster-standard", "back/*", "all-back", &[]),
    ("ipfs-cluster-standard", "stopped/*", "again", &[]),
    ("ipfs-cluster-bootstrap", "join/*", "old-version", &[]),
    ("ipfs-cluster-recovery", "first/*", "as-found", &[]),
    ("gitlab-upgrade", "finish/*", "restore", &[]),
    ("gitlab-backup-rehearsal", "prove/*", "silence", &[]),
];

fn gone_back(book: &str, at: &str, plan: &str) -> (String, Vec<String>) {
    let library = Library::open(&[]).unwrap();
    let runbook: Arc<Runbook> = library.find(book).unwrap().runbook().unwrap().clone();
    let began: Timestamp = "2026-11-21T02:00:00.000Z".parse().unwrap();
    let nodes = if book.contains("single") || book.contains("gitlab") { 1 } else { 3 };
    let system = system(&runbook.system, &Shape { runbook: book, nodes, seed: 3 }, began).unwrap();
    let deed = Deed::RollBack(plan.into(), "it does not do what it should".into());
    let there = Move { step: Pattern::read(at).unwrap(), when: When::Open(Duration::ZERO), deed };
    let way = Ending { outcome: "rolled back".into(), told: String::new(), harm: vec![], moves: vec![there] };
    let folder = tempfile::tempdir().unwrap();
    let walk_it = Walk { runbook, system, nodes, scenario: None, seed: 3, way: Some(&way), began };
    let who = Who { operator: "trainee".into(), host: "bastion".into(), face: "plain" };
    let walked = walk(&Store::open(folder.path()), walk_it, &who).unwrap();
    let outcome = walked.state.closed.as_ref().map_or("open", |closed| closed.outcome.word());
    let taken = walked.state.walked().filter(|phase| !phase.items.is_empty()).map(|phase| {
        let items: Vec<_> = phase.items.iter().filter_map(|item| item.item.name.clone()).collect();
        format!("{}: {}", phase.id, items.join(" "))
    });
    (format!("{outcome} at {:?}", walked.state.current), taken.collect())
}

#[test]
fn every_way_back_takes_what_was_changed_in_the_safe_order() {
    for (book, at, plan, wanted) in TABLE {
        let (outcome, taken) = gone_back(book, at, plan);
        println!("{book} {at} {plan}: {outcome} {taken:?} {wanted:?}");
    }
}
