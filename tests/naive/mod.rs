//! The ways in which a naive probe or command is wrong about the five systems, each with the shape that the real system
//! gives, and what the shipped runbooks make of it.
//!
//! Every row says what a naive reading of the shape comes to, so that it is seen to be wrong, and what the shipped
//! runbook comes to by the way that a run takes: its probe through the prober, its step through the engine. Rows are
//! sorted by the kind of trap, with the system after it:
//!
//! - F1: a status that generic clients call an error carries the answer.
//! - F2: numbers arrive as texts.
//! - F3: the shape has changed from version to version.
//! - F4: exit codes lie.
//! - F5: the vendor's own document has it wrong.

mod argv;
mod boards;
mod probes;
mod server;
mod stage;
mod steps;

/// The traps that must have a row, in the order in which they are told above.
const TRAPS: &[&str] = &[
    "F1 vault: 429 is a healthy standby",
    "F1 vault: 473 is a healthy performance standby",
    "F1 vault: 472 is a healthy disaster recovery secondary",
    "F1 vault: 474 and 530 carry the body",
    "F1 vault: 503 is alive and sealed",
    "F1 vault: a sealed node calls itself a standby",
    "F1 vault: 501 calls itself a standby",
    "F1 nomad: 500 text/plain holds JSON",
    "F1 nomad: 429 carries the health of all servers",
    "F1 nomad: no leader is told after five seconds, in plain text",
    "F1 cockroachdb: 503 is alive and drains",
    "F1 gitlab: 503 and 500 carry the reason",
    "F1 gitlab: 404 means not allowed",
    "F2 nomad: every statistic is a text",
    "F2 cockroachdb: sums of texts",
    "F3 nomad: the version was a text and is an object",
    "F3 cockroachdb: the columns of node status come and go",
    "F3 cockroachdb: the body of /health",
    "F3 ipfs-cluster: a list, or one object after the other",
    "F3 ipfs-cluster: 200 lists peers with errors",
    "F3 ipfs-cluster: X-Stream-Error comes after the body",
    "F4 nomad: exit 1 is a normal stop",
    "F4 gitlab: gitlab:check prints failures and ends with 0",
    "F4 gitlab: a backup that lacks a part is done all the same",
    "F4 nomad: force-leave of an unknown name ends with 0",
    "F4 nomad: a drain that was declined ends with 0",
    "F4 vault: exit 2 is sealed",
    "F4 cockroachdb: a start as a stranger ends with 0",
    "F4 systemd: is-active ends with 3 while a unit is still ending",
    "F5 ipfs-cluster: remove_on_shutdown is no setting",
    "F5 ipfs-cluster: peer rm is no command",
    "F5 cockroachdb: curl without -O prints the archive",
    "F5 cockroachdb: ps | grep finds itself",
    "F5 cockroachdb: pkill ends every process of the name",
    "F5 vault: every node's new binary needs setcap",
];

/// A trap without a row would be forgotten; a row whose trap is not listed is misspelt.
#[test]
fn every_trap_has_a_row_and_every_row_a_trap() {
    let rows = [probes::traps(), steps::traps(), boards::traps(), argv::traps()].concat();
    for trap in TRAPS {
        assert!(rows.contains(trap), "no row shows {trap:?}");
    }
    for row in rows {
        assert!(TRAPS.contains(&row), "{row:?} is not listed");
    }
}
