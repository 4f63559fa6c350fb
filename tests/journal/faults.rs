//! Failing, short and torn writes, failing syncs, full disks and death at every point: nothing acknowledged is lost,
//! and nothing is acknowledged that was not synced.

use std::path::Path;
use std::process::Command;

use piton::engine::Event;
use piton::journal::{Integrity, RunDir, Store, read_records};

use super::child::{Said, child, said, started};
use crate::support::fault::under_faults;
use crate::support::runs::{at, begin, journal_of, note, reopen};

/// A child that appends ten records to `dir` under that plan of faults.
fn appending(dir: &RunDir, plan: &str) -> Said {
    said(under_faults(&mut child("append", dir.path()), plan, "/journal.jsonl", None))
}

/// Opens the run again, and requires every acknowledged record, and that it goes on.
fn survived(dir: &RunDir, said: &Said, what: &str) {
    let opened = reopen(dir).unwrap_or_else(|error| panic!("{what}: {error}"));
    let acknowledged = said.acks.last().copied().unwrap_or(1);
    assert!(opened.records.len() as u64 >= acknowledged, "{what}: {} of {acknowledged}", opened.records.len());
    let mut journal = opened.journal;
    journal.append(at(99), "piton", opened.set_aside.into_iter().map(Event::from).collect()).unwrap();
    journal.append(at(99), "piton", vec![note("one")]).unwrap();
    journal.append(at(99), "piton", vec![note("two")]).unwrap();
    let (records, verification) = read_records(&dir.journal_path()).unwrap();
    assert_eq!(verification.integrity, Integrity::Whole, "{what}");
    assert_eq!(records.len() as u64, journal.count(), "{what}");
}

#[test]
fn one_decision_is_one_write_and_one_sync() {
    let place = tempfile::tempdir().unwrap();
    let dir = journal_of(place.path(), 1);
    let log = place.path().join("log");
    let done = said(under_faults(&mut child("append", dir.path()), "", "/journal.jsonl", Some(&log)));
    assert_eq!(done.acks, (2..=11).collect::<Vec<u64>>());
    let log = std::fs::read_to_string(log).unwrap();
    let calls = log.lines().map(|line| line.split(' ').next().unwrap());
    let calls: Vec<&str> = calls.filter(|call| *call != "open").collect();
    // What was read at the opening is made durable once; then each record costs exactly this.
    assert_eq!(calls, [vec!["fsync"], ["write", "fdatasync"].repeat(10)].concat());
}

/// The counted calls of a child on files whose path holds `path`: each with the last part of its file's name.
fn calls(role: &str, folder: &Path, path: &str) -> Vec<String> {
    let place = tempfile::tempdir().unwrap();
    let log = place.path().join("log");
    assert!(said(under_faults(&mut child(role, folder), "", path, Some(&log))).is_success);
    let log = std::fs::read_to_string(log).unwrap();
    let call = |line: &str| {
        let (call, name) = (line.split(' ').next().unwrap(), line.rsplit('/').next().unwrap());
        format!("{call} {}", if name.starts_with("2026-") { "RUN" } else { name })
    };
    // How a file is opened changes nothing in it.
    log.lines().filter(|line| !line.starts_with("open ")).map(call).collect()
}

/// What a power cut may undo is seen only in the order of the calls: no test can take the page cache away.
#[test]
fn a_run_is_told_of_after_its_folders_and_its_first_record_are_durable() {
    let place = tempfile::tempdir().unwrap();
    let root = place.path().join("state");
    let expected = [
        &*format!("fsync {}", place.path().file_name().unwrap().to_str().unwrap()),
        "fsync state",
        "fsync runs",
        "write lock",
        "write journal.jsonl",
        "fdatasync journal.jsonl",
        "fsync RUN",
    ];
    let found = calls("begin", &root, place.path().to_str().unwrap());
    let lock_is_emptied = ["ftruncate lock"];
    let found: Vec<&str> = found.iter().map(String::as_str).filter(|call| !lock_is_emptied.contains(call)).collect();
    assert_eq!(found, expected);
}

#[test]
fn a_torn_tail_is_durable_beside_before_it_is_cut_off() {
    let place = tempfile::tempdir().unwrap();
    let dir = journal_of(place.path(), 2);
    let bytes = std::fs::read(dir.journal_path()).unwrap();
    std::fs::write(dir.journal_path(), &bytes[..bytes.len() - 1]).unwrap();
    let found = calls("open", dir.path(), dir.path().to_str().unwrap());
    let found: Vec<&str> = found.iter().map(String::as_str).filter(|call| !call.ends_with(" lock")).collect();
    let torn = std::fs::read_dir(dir.path()).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let torn = torn.filter(|name| name.contains("torn")).collect::<String>();
    // How the kernel copies the bytes is its own affair; a plain write is not needed for it.
    let found: Vec<&str> = found.into_iter().filter(|call| !call.starts_with("write ")).collect();
    let fresh = format!("fsync {torn}.new");
    let renamed = format!("rename {torn}");
    assert_eq!(found, [&*fresh, &*renamed, "fsync RUN", "ftruncate journal.jsonl", "fsync journal.jsonl", "fsync RUN"]);
}

#[test]
fn after_a_failed_write_or_sync_nothing_is_recorded_any_more() {
    for call in ["write", "fdatasync"] {
        for error in ["EIO", "ENOSPC", "EDQUOT"] {
            for (n, onwards) in [(1, ""), (1, "+"), (4, ""), (4, "+"), (10, "")] {
                let plan = format!("{call}:{n}{onwards}:{error}");
                let place = tempfile::tempdir().unwrap();
                let dir = journal_of(place.path(), 1);
                let said = appending(&dir, &plan);
                assert_eq!(said.acks, (2..2 + n - 1).collect::<Vec<u64>>(), "{plan}");
                assert_eq!(said.halts.len() as u64, (11 - n).min(3), "{plan}");
                for halt in &said.halts {
                    assert!(
                        halt.contains("journal.jsonl") && halt.contains("bytes were to be recorded"),
                        "{plan}: {halt}"
                    );
                    assert_eq!(halt, &said.halts[0], "{plan}: always the first reason");
                }
                survived(&dir, &said, &plan);
            }
        }
    }
}

#[test]
fn interrupted_and_short_writes_are_carried_on() {
    for plan in ["write:3:EINTR", "write:3:short=1", "write:3:short=100,write:4:short=7", "fdatasync:3:EINTR"] {
        let place = tempfile::tempdir().unwrap();
        let dir = journal_of(place.path(), 1);
        let said = appending(&dir, plan);
        assert_eq!(said.acks, (2..=11).collect::<Vec<u64>>(), "{plan}");
        assert!(said.is_success, "{plan}");
        survived(&dir, &said, plan);
    }
}

#[test]
fn a_disk_that_fills_up_in_the_middle_of_a_write_stops_the_journal_with_a_torn_tail() {
    for part in [1, 100, 200] {
        let plan = format!("write:5:short={part},write:6+:ENOSPC");
        let place = tempfile::tempdir().unwrap();
        let dir = journal_of(place.path(), 1);
        let said = appending(&dir, &plan);
        assert_eq!(said.acks, [2, 3, 4, 5], "{plan}");
        assert!(said.halts[0].contains("make room"), "{}", said.halts[0]);
        assert_eq!(said.left.as_deref(), Some(&*format!("records=5 TornTail {{ line: 6, bytes: {part} }}")));
        survived(&dir, &said, &plan);
    }
}

/// Death before a sync shows an acknowledgement that came before it: the page cache would hide that from a kill alone.
#[test]
fn death_at_every_write_and_sync_loses_no_acknowledged_record() {
    for call in ["write", "fdatasync"] {
        for fault in ["kill", "killafter", "torn=0", "torn=1", "torn=150", "zero=1", "zero=150"] {
            if call == "fdatasync" && fault.contains('=') {
                continue;
            }
            for n in 1..=10 {
                let plan = format!("{call}:{n}:{fault}");
                let place = tempfile::tempdir().unwrap();
                let dir = journal_of(place.path(), 1);
                let said = appending(&dir, &plan);
                assert_eq!(said.acks, (2..2 + n - 1).collect::<Vec<u64>>(), "{plan}");
                assert!(!said.is_success, "{plan}");
                survived(&dir, &said, &plan);
            }
        }
    }
}

#[test]
fn a_kill_at_any_moment_loses_no_acknowledged_record() {
    for round in 0..24 {
        let place = tempfile::tempdir().unwrap();
        let dir = journal_of(place.path(), 1);
        let (mut other, lines) = started(&mut child("append for ever", dir.path()));
        let mut acks = Vec::new();
        for line in lines.map_while(Result::ok) {
            if let Some(seq) = line.strip_prefix("ack ").and_then(|seq| seq.parse().ok()) {
                acks.push(seq);
                if acks.len() == round * 3 + 1 {
                    other.kill().unwrap();
                }
            }
        }
        other.wait().unwrap();
        assert!(!acks.is_empty());
        survived(&dir, &Said { acks, halts: Vec::new(), left: None, is_success: false }, &format!("round {round}"));
    }
}

/// Calls a child plays under each fault at its n-th call, n = 1, 2, … until the fault is no longer met.
fn sweep(faults: &[&str], calls: &[&str], mut play: impl FnMut(&str) -> bool) {
    for call in calls {
        for fault in faults {
            let mut n = 1;
            while play(&format!("{call}:{n}:{fault}")) {
                n += 1;
                assert!(n < 50, "{call}:{n}:{fault} is met for ever");
            }
            assert!(n > 1, "{call}:{fault} was never met");
        }
    }
}

#[test]
fn a_run_exists_only_when_its_first_record_is_durable() {
    sweep(&["EIO", "ENOSPC", "kill", "killafter"], &["write", "fdatasync", "fsync"], |plan| {
        let place = tempfile::tempdir().unwrap();
        let root = place.path().join("state");
        let said = said(under_faults(&mut child("begin", &root), plan, root.to_str().unwrap(), None));
        let listed = Store::open(&root).list().unwrap();
        for summary in &listed {
            // A folder without a whole first record is told as such; one with it is a run like any other.
            if summary.records > 0 {
                reopen(&summary.dir).unwrap();
            }
        }
        if said.acks == [1] {
            assert_eq!(listed.iter().map(|summary| summary.records).collect::<Vec<_>>(), [1], "{plan}");
        }
        !said.is_success
    });
}

#[test]
fn a_torn_tail_is_kept_whatever_happens_while_it_is_set_aside() {
    sweep(&["EIO", "ENOSPC", "kill", "killafter"], &["write", "fsync", "rename", "ftruncate"], |plan| {
        let place = tempfile::tempdir().unwrap();
        let dir = journal_of(place.path(), 3);
        let bytes = std::fs::read(dir.journal_path()).unwrap();
        let end = bytes.len() - 20;
        let start = bytes[..end].iter().rposition(|byte| *byte == b'\n').unwrap() + 1;
        std::fs::write(dir.journal_path(), &bytes[..end]).unwrap();
        let said = said(under_faults(&mut child("open", dir.path()), plan, "/journal.", None));
        let set_aside = reopen(&dir).unwrap_or_else(|error| panic!("{plan}: {error}")).set_aside;
        assert_eq!(set_aside.len(), 1, "{plan}");
        assert_eq!(std::fs::read(dir.path().join(&set_aside[0].file)).unwrap(), &bytes[start..end], "{plan}");
        survived(&dir, &said, plan);
        !said.is_success
    });
}

/// The limit of a shell works without privileges: the system takes a part of the write, then refuses.
#[test]
fn a_file_that_may_not_grow_stops_the_journal() {
    let place = tempfile::tempdir().unwrap();
    let dir = journal_of(place.path(), 1);
    let mut limited = Command::new("sh");
    limited.args(["-c", "trap '' XFSZ; ulimit -f 4; exec \"$@\"", "sh"]);
    let said = said(inside(&mut limited, &child("append", dir.path())));
    assert!(!said.acks.is_empty() && !said.is_success);
    assert!(said.halts[0].contains("journal.jsonl") && said.halts[0].contains("limit"), "{}", said.halts[0]);
    survived(&dir, &said, "ulimit");
}

/// A real full disk: a small one, mounted as root or in a name space of one's own.
#[test]
fn a_full_file_system_stops_the_journal() {
    let place = tempfile::tempdir().unwrap();
    let small = |flags: &str, then: &str| {
        let mut command = Command::new("unshare");
        let mount = format!("mount -t tmpfs -o size=64k none \"$0\" && {then}");
        command.arg(flags).args(["sh", "-c", &mount]).arg(place.path());
        command
    };
    let can = |flags: &&str| small(flags, "true").output().is_ok_and(|output| output.status.success());
    let flags = ["-m", "-rm"].into_iter().find(can);
    let flags = flags.expect("this test fills a disk: run it as root, or where `unshare -rm` is allowed");
    let said = said(inside(&mut small(flags, "exec \"$@\""), &child("begin and append for ever", place.path())));
    assert!(said.acks.len() > 100 && !said.is_success, "{:?}", said.acks.len());
    assert!(said.halts[0].contains("journal.jsonl") && said.halts[0].contains("make room"), "{}", said.halts[0]);
    let acknowledged = said.acks.last().unwrap();
    assert!(said.left.unwrap().starts_with(&format!("records={acknowledged} ")));
}

/// `outer`, running `inner` with its environment.
fn inside<'a>(outer: &'a mut Command, inner: &Command) -> &'a mut Command {
    outer.arg(inner.get_program()).args(inner.get_args());
    outer.envs(inner.get_envs().filter_map(|(name, value)| Some((name, value?))))
}

#[test]
fn a_begun_run_is_written_where_it_says() {
    let place = tempfile::tempdir().unwrap();
    let (dir, journal, _) = begin(place.path());
    assert!(dir.path().starts_with(place.path()) && Path::new(&dir.journal_path()).is_file());
    assert_eq!(journal.dir(), &dir);
}
