use super::*;
use crate::practice::{Shape, system};
use crate::scenario;

fn who() -> Who {
    Who { operator: "trainee".into(), host: "bastion".into(), face: "plain" }
}

/// Walks a scenario of that runbook by that way.
fn walked(book: &Arc<Runbook>, scenario: &Scenario, way: &Ending) -> (tempfile::TempDir, Walked) {
    let began: Timestamp = "2026-11-21T02:00:00.000Z".parse().unwrap();
    let (nodes, seed) = (scenario.nodes.unwrap(), scenario.seed.unwrap());
    let shape = Shape { runbook: book.id.as_str(), nodes, seed };
    let system = system(&book.system, &shape, began).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let walk_it = Walk { runbook: book.clone(), system, nodes, scenario: Some(scenario), seed, way: Some(way), began };
    let walked = walk(&Store::open(folder.path()), walk_it, &who()).unwrap();
    (folder, walked)
}

#[test]
fn dump() {
    let book = crate::library::Library::open(&[]).unwrap().find("vault-ha-upgrade").unwrap().runbook().unwrap().clone();
    let wanted = std::env::var("SCN").unwrap_or_default();
    for scenario in scenario::all_of("vault-ha-upgrade") {
        if !wanted.is_empty() && scenario.id != wanted {
            continue;
        }
        for way in [Some(&scenario.right), scenario.wrong.as_ref()].into_iter().flatten() {
            let began = crate::clock::monotonic();
            let (_folder, walked) = walked(&book, &scenario, way);
            println!("==== {} {:?} -> {:?} in {:?}", scenario.id, way.outcome, walked.state.closed, began.elapsed());
            if !wanted.is_empty() {
                for record in &walked.records {
                    println!("{} {:?}", record.at, (&record.event));
                }
            }
        }
    }
}
