//! GitLab's runbooks, walked by the real binary against the simulated instance.

use std::thread;

use crate::support::binary::Home;

/// Walks a runbook by itself on an instance of so many machines, to its end.
fn walk(book: &str, machines: &str) {
    let home = Home::new();
    let output = home.output(&["practice", book, "--nodes", machines, "--autopilot", "--speed", "200"]);
    let printed = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{book}: {printed} {}", String::from_utf8_lossy(&output.stderr));
    assert!(printed.contains(": completed"), "{book}: {printed}");
}

#[test]
fn the_autopilot_walks_the_calm_run_of_each_runbook_to_its_end() {
    let walks = [("gitlab-before-upgrade", "3"), ("gitlab-upgrade", "2"), ("gitlab-backup-rehearsal", "1")];
    let walking = walks.map(|(book, machines)| thread::spawn(move || walk(book, machines)));
    for walk in walking {
        walk.join().expect("it is walked");
    }
}
