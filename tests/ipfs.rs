//! The runbooks of IPFS Cluster, rehearsed by the real binary from the first step to the last.

use piton::engine::{Event, Outcome};

use crate::support::binary::Home;

/// Walks a runbook in a rehearsal; the run must be completed, and no command may have been tried twice.
fn walked(runbook: &str) {
    let home = Home::new();
    let output = home.output(&["practice", runbook, "--autopilot", "--speed", "80"]);
    let told = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{runbook}: {told}{}", String::from_utf8_lossy(&output.stderr));
    let records = home.records();
    let closed = records.iter().find_map(|record| match &record.event {
        Event::RunClosed { outcome, .. } => Some(*outcome),
        _ => None,
    });
    assert_eq!(closed, Some(Outcome::Completed), "{told}");
    let failed = told.lines().filter(|line| line.contains(" FAILED ")).collect::<Vec<_>>();
    assert!(failed.is_empty(), "{runbook}: {failed:?}");
}

#[test]
fn the_calm_rehearsals_are_walked_to_completed() {
    let runbooks = ["ipfs-cluster-standard", "ipfs-cluster-bootstrap", "ipfs-cluster-recovery"];
    std::thread::scope(|scope| {
        let walks = runbooks.map(|runbook| scope.spawn(move || walked(runbook)));
        for walk in walks {
            if let Err(panic) = walk.join() {
                std::panic::resume_unwind(panic);
            }
        }
    });
}
