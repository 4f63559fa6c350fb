//! Death and failure at the writes and syncs of the whole program: a kill alone cannot see an acknowledgement that came
//! before its sync, for the page cache outlives the process.

use std::path::Path;

use super::walk::{Ended, Walk, completes, hold_ports, is_sound, play_all, practice, resume, short};
use crate::support::binary::{Home, records};
use crate::support::fault::under_faults;

/// Only the journal itself counts.
const JOURNAL: &str = "/journal.jsonl";

/// One call on the journal, as the preloaded library logged it.
#[derive(Debug, PartialEq, Eq)]
struct Call {
    name: String,
    number: u64,
}

fn calls(log: &Path) -> Vec<Call> {
    let text = std::fs::read_to_string(log).unwrap_or_default();
    let call = |line: &str| {
        let mut words = line.split(' ');
        let name = words.next().unwrap().to_owned();
        Call { name, number: words.next().unwrap().parse().unwrap() }
    };
    text.lines().map(call).collect()
}

/// Walks the short runbook under that plan of faults; what it came to, and the calls on its journal.
fn faulty(home: &Home, plan: &str) -> (Ended, Vec<Call>) {
    let log = home.path().join("calls");
    let ended = Walk::start(under_faults(&mut short(home), plan, JOURNAL, Some(&log))).end();
    (ended, calls(&log))
}

/// The number of the last record that the first `count` writes brought, of the journal as it lies there.
fn record_of(home: &Home, calls: &[Call], count: usize) -> u64 {
    let writes = calls.iter().filter(|call| call.name == "write").take(count);
    let bytes = usize::try_from(writes.map(|call| call.number).sum::<u64>()).unwrap();
    let journal = std::fs::read(home.run().journal_path()).unwrap();
    let lines = journal[..bytes].iter().filter(|byte| **byte == b'\n').count();
    assert!(bytes == 0 || journal[bytes - 1] == b'\n', "a write ends with a record");
    lines as u64
}

/// The calls by which a run changes its journal.
fn changes(calls: &[Call]) -> Vec<&str> {
    calls.iter().map(|call| call.name.as_str()).filter(|name| *name != "open").collect()
}

/// How many syncs a whole walk of the short runbook has at least.
fn syncs() -> usize {
    let home = Home::new();
    let (ended, calls) = faulty(&home, "");
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    calls.iter().filter(|call| call.name == "fdatasync").count()
}

#[test]
fn death_at_every_write_and_sync_shows_no_record_that_was_not_synced() {
    // Between two walks the order of answers may join or part some records, so a few more are tried than one has.
    let most = syncs() + 3;
    let faults = ["fdatasync:@:kill", "fdatasync:@:killafter", "write:@:kill", "write:@:torn=100", "write:@:zero=100"];
    play_all(most * faults.len(), |round| {
        let (n, fault) = (round / faults.len() + 1, faults[round % faults.len()]);
        let plan = fault.replace('@', &n.to_string());
        let home = Home::new();
        let (ended, calls) = faulty(&home, &plan);
        if ended.code == Some(0) {
            assert!(n + 6 > most, "{plan}: never met");
            return is_sound(&home.run(), &[], &plan);
        }
        assert_eq!(ended.signal, Some(9), "{plan}: {}", ended.stderr);
        let durable = record_of(&home, &calls, n - 1);
        assert!(ended.last() <= durable, "{plan}: {} was shown, {durable} were synced", ended.last());
        let run = home.run();
        let before = records(&run).0;
        if before.is_empty() {
            return assert_eq!((durable, ended.last()), (0, 0), "{plan}");
        }
        let _ports = hold_ports(&before);
        completes(&home, &run, &plan);
    });
}

#[test]
fn after_one_failed_write_or_sync_nothing_is_shown_and_the_run_ends_with_an_error() {
    let most = syncs() - 3;
    let rounds: Vec<(usize, &str)> = (1..=most)
        .step_by(2)
        .flat_map(|n| ["fdatasync:@:EIO", "write:@:ENOSPC", "write:@:short=50,write:%+:ENOSPC"].map(|plan| (n, plan)))
        .collect();
    play_all(rounds.len(), |round| {
        let (n, plan) = rounds[round];
        let plan = plan.replace('@', &n.to_string()).replace('%', &(n + 1).to_string());
        let home = Home::new();
        let (ended, calls) = faulty(&home, &plan);
        assert_eq!(ended.code, Some(1), "{plan}: {}", ended.stderr);
        assert!(ended.stderr.contains(&home.run().journal_path().display().to_string()), "{plan}: {}", ended.stderr);
        assert_eq!(ended.last(), record_of(&home, &calls, n - 1), "{plan}: all that was synced is shown, no more");
        let syncs = changes(&calls).iter().filter(|name| **name == "fdatasync").count();
        assert_eq!(syncs, n - usize::from(plan.starts_with("write")), "{plan}: no sync after a failure");
        if ended.last() > 0 {
            let run = home.run();
            let _ports = hold_ports(&records(&run).0);
            completes(&home, &run, &plan);
        }
    });
}

#[test]
fn a_decision_is_one_write_and_one_sync_and_the_journal_is_only_appended_to() {
    let home = Home::new();
    let log = home.path().join("calls");
    let ended = Walk::start(under_faults(&mut practice(&home), "", JOURNAL, Some(&log))).end();
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let walked = calls(&log);
    only_appended(&walked);
    let changes = changes(&walked);
    let appends = changes.len() / 2;
    assert_eq!(changes, ["write", "fdatasync"].repeat(appends), "one write, then one sync");
    let (records, _) = records(&home.run());
    assert_eq!(ended.last(), records.len() as u64);
    assert_eq!(record_of(&home, &walked, appends), records.len() as u64);
    // Records of one decision have one time and one author: there are never fewer decisions than such groups.
    let groups = records.chunk_by(|a, b| (a.at, &a.by) == (b.at, &b.by)).count();
    assert!((groups..=records.len()).contains(&appends), "{groups} groups, {appends} appends");
    println!("{} records in {appends} appends: {appends} writes, {appends} fdatasyncs", records.len());
}

#[test]
fn a_resumed_journal_is_only_appended_to() {
    let home = Home::new();
    let (ended, _) = faulty(&home, "fdatasync:8:kill");
    assert_eq!(ended.signal, Some(9));
    let run = home.run();
    let _ports = hold_ports(&records(&run).0);
    let log = home.path().join("resumed");
    let ended = Walk::start(under_faults(&mut resume(&home, &run), "", JOURNAL, Some(&log))).end();
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let resumed = calls(&log);
    only_appended(&resumed);
    let changes = changes(&resumed);
    // What is read was perhaps never synced: that is done once, before anything is built on it.
    assert_eq!(changes[0], "fsync");
    assert_eq!(changes[1..], ["write", "fdatasync"].repeat(changes.len() / 2));
}

/// Requires that the journal was opened for nothing but reading or appending, never cut and never replaced.
#[track_caller]
fn only_appended(calls: &[Call]) {
    let flags: Vec<u64> = calls.iter().filter(|call| call.name == "open").map(|call| call.number).collect();
    let (access, append, truncate) = (0o3, u64::from(O_APPEND), u64::from(O_TRUNC));
    assert!(!flags.is_empty(), "the library sees how files are opened");
    for flags in flags {
        assert!(flags & access == 0 || flags & append != 0, "opened for writing anywhere: {flags:o}");
        assert_eq!(flags & truncate, 0, "opened so that it is emptied: {flags:o}");
    }
    assert!(!calls.iter().any(|call| ["ftruncate", "rename"].contains(&call.name.as_str())), "cut or replaced");
}

const O_APPEND: u32 = rustix::fs::OFlags::APPEND.bits();
const O_TRUNC: u32 = rustix::fs::OFlags::TRUNC.bits();
