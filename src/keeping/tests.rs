//! What may go, what is written down of it, and archives that were changed.

use std::fs;
use std::path::Path;
use std::time::Duration;

use crate::clock::Timestamp;
use crate::engine::{Mode, Outcome};
use crate::journal::{Deviations, Found, Holder, Opening, RunDir, RunSummary, Standing};
use crate::keeping::tar::Header;
use crate::keeping::{Fate, Keeper, KeepingEvent, Policy, Reason, WentAlong, kept, pack, unpack};

fn holder(at: i64) -> Holder {
    Holder { operator: "jo".into(), host: "desk".into(), pid: 1, since: Timestamp::from_millis(at) }
}

fn summary(name: &str, mode: Mode, day: i64, standing: Standing) -> RunSummary {
    let at = Timestamp::from_millis(day * 86_400_000);
    let opening = Opening {
        at,
        run: name.into(),
        runbook: "vault".into(),
        title: String::new(),
        revision: "1".into(),
        mode,
        site: None,
        operator: "jo".into(),
        host: "desk".into(),
        sha256: String::new(),
        scenario: None,
    };
    RunSummary {
        dir: RunDir::new(Path::new("/nowhere").join(name)),
        opening: Some(opening),
        standing,
        holder: None,
        deviations: Deviations::default(),
        soak: None,
        sittings: 1,
        sat: Vec::new(),
        last_sat: None,
        step: None,
        records: 3,
        last_at: Some(at),
        head: String::new(),
        doubt: None,
    }
}

#[test]
fn what_fits_the_policy_goes_and_what_must_stay_stays_with_a_reason() {
    let closed = || Standing::Closed(Outcome::Completed);
    let damaged = || Standing::Damaged { line: 2, what: "x".into() };
    let mut held = summary("held", Mode::Practice, 1, Standing::Open);
    held.holder = Some(holder(0));
    let never = RunSummary { opening: None, last_at: None, ..summary("never", Mode::Live, 0, Standing::NeverOpened) };
    let runs = [
        summary("new", Mode::Practice, 9, closed()),
        summary("live-new", Mode::Live, 8, closed()),
        summary("live-old", Mode::Live, 7, closed()),
        summary("live-open", Mode::Live, 6, Standing::Open),
        summary("live-torn", Mode::Live, 5, Standing::Torn),
        summary("old", Mode::Practice, 4, closed()),
        summary("open", Mode::Practice, 3, Standing::Open),
        summary("broken", Mode::Practice, 2, damaged()),
        held,
        never,
    ];
    let now = Timestamp::from_millis(10 * 86_400_000);
    let gone = |policy: &Policy| -> Vec<String> {
        let fates = policy.fates(&runs, now, |run| run.dir.id() == "never");
        runs.iter().zip(fates).filter(|(_, fate)| *fate == Fate::Goes).map(|(run, _)| run.dir.id()).collect()
    };
    let keep = |keep| Policy { keep: Some(keep), ..Policy::default() };
    assert_eq!(gone(&keep(1)), ["old", "open"]);
    assert_eq!(gone(&Policy { older_than: Some(Duration::from_secs(6 * 86_400)), ..keep(0) }), ["open"]);
    assert_eq!(gone(&Policy { is_live: true, ..keep(1) }), ["live-old", "old", "open"]);
    let all = Policy { is_live: true, is_unverified: true, ..keep(0) };
    assert_eq!(gone(&all), ["new", "live-new", "live-old", "old", "open", "broken"]);
    assert_eq!(gone(&Policy { runbook: Some("other".into()), ..all.clone() }), [""; 0]);
    let fates = keep(0).fates(&runs, now, |_| false);
    assert_eq!(fates[1], Fate::Refused(Reason::Live));
    assert_eq!(fates[3], Fate::Refused(Reason::Unfinished));
    assert!(matches!(&fates[7], Fate::Refused(Reason::Unverified(why)) if why.contains("line 2")), "{fates:?}");
    assert!(matches!(&fates[8], Fate::Refused(Reason::Held(_))), "{fates:?}");
    // The folder is as good as the record to tell that a run is live, and what is of a newer piton is not judged.
    let mut odd =
        vec![summary("live-broken", Mode::Live, 9, damaged()), summary("newer", Mode::Practice, 8, Standing::Newer(2))];
    odd.extend(["never", "unread"].map(|name| summary(name, Mode::Practice, 7, Standing::NeverOpened)));
    odd[3].standing = Standing::Unreadable("x".into());
    let fates = all.fates(&odd, now, |run| matches!(run.dir.id().as_str(), "never" | "unread"));
    let [Fate::Refused(Reason::Untold(_)), Fate::Refused(Reason::Newer(2)), others @ ..] = &fates[..] else {
        panic!("{fates:?}")
    };
    assert!(others.iter().all(|fate| matches!(fate, Fate::Refused(Reason::Untold(_)))), "{fates:?}");
    // What has no date is no older than anything.
    let old = Policy { older_than: Some(Duration::ZERO), keep: None, ..all };
    assert!(!gone(&old).contains(&"never".to_owned()));
}

fn pruned(run: &str) -> KeepingEvent {
    KeepingEvent::NotPruned { run: run.into(), why: "x".into() }
}

#[test]
fn what_becomes_of_runs_stands_in_a_chain_and_a_damaged_one_takes_nothing_more() {
    let place = tempfile::tempdir().unwrap();
    let root = place.path();
    assert_eq!(kept(root).unwrap(), None);
    let mut keeper = Keeper::open(root, &holder(5)).unwrap();
    keeper.write(Timestamp::from_millis(7), pruned("one")).unwrap();
    assert!(Keeper::open(root, &holder(5)).is_err(), "one at a time");
    drop(keeper);
    // A clock that was put back makes no line that lies before the one before it.
    let mut keeper = Keeper::open(root, &holder(1)).unwrap();
    keeper.write(Timestamp::from_millis(6), pruned("two")).unwrap();
    let head = keeper.head().to_owned();
    drop(keeper);
    let known = kept(root).unwrap().unwrap();
    assert_eq!((known.records.len(), &known.found, &known.head), (3, &Found::Whole, &head));
    let times: Vec<i64> = known.records.iter().map(|record| record.at.as_millis()).collect();
    assert_eq!(times, [5, 7, 7], "each line has the time of what it tells, and none lies before the one before it");
    let path = root.join("keeping.jsonl");
    let whole = fs::read(&path).unwrap();
    fs::write(&path, [&whole[..], b"{\"seq\":4"].concat()).unwrap();
    assert!(matches!(kept(root).unwrap().unwrap().found, Found::Torn(_)));
    drop(Keeper::open(root, &holder(9)).unwrap());
    assert_eq!(fs::read(&path).unwrap(), whole, "the torn line is set aside");
    let first = whole.iter().position(|byte| *byte == b'\n').unwrap();
    for at in [3, first - 5, first + 9] {
        let mut bytes = whole.clone();
        bytes[at] ^= 1;
        fs::write(&path, &bytes).unwrap();
        assert!(matches!(kept(root).unwrap().unwrap().found, Found::Damaged { .. }), "{at}");
        assert!(Keeper::open(root, &holder(9)).is_err());
        assert_eq!(fs::read(&path).unwrap(), bytes);
    }
}

#[test]
fn texts_of_any_length_and_kind_fit_into_a_line_that_can_be_read_again() {
    let place = tempfile::tempdir().unwrap();
    let long = |text: &str| text.repeat(30_000);
    let who = Holder { operator: long("\u{1}"), host: long("ö"), ..holder(1) };
    let mut keeper = Keeper::open(place.path(), &who).unwrap();
    let (run, file, sha256, head) = (long("\u{1}"), long("\u{1}"), "a".repeat(64), "b".repeat(64));
    let archived = KeepingEvent::Archived { run, file, bytes: 1, sha256, records: 1, head: head.clone() };
    let along = WentAlong { signatures: 9, reviews: 99, verdicts: vec![long("\u{1}"); 99] };
    let pruned = KeepingEvent::Pruned {
        run: long("\u{1}"),
        mode: "live".into(),
        runbook: long("\u{1}ö"),
        standing: long("\\\u{1}"),
        opened_at: None,
        last_at: None,
        records: 1,
        head,
        is_verified: true,
        why: long("\u{7}"),
        beside: Some(along),
    };
    for event in [archived, pruned, KeepingEvent::NotPruned { run: long("\u{1}"), why: long("ö") }] {
        keeper.write(who.since, event).unwrap();
    }
    drop(keeper);
    let known = kept(place.path()).unwrap().unwrap();
    assert_eq!((known.records.len(), known.found), (4, Found::Whole));
    let KeepingEvent::NotPruned { why, .. } = &known.records[3].event else { panic!("{:?}", known.records[3]) };
    assert!(why.starts_with("öö") && why.ends_with(" … (cut: 60000 bytes)"), "{why}");
}

fn run_with_files(root: &Path) -> RunDir {
    let folder = root.join("2026-11-21-vault-7qf3");
    for name in ["output", "reviews", "signatures"] {
        fs::create_dir_all(folder.join(name)).unwrap();
    }
    let files = [("journal.jsonl", "{}\n"), ("output/1.txt", ""), ("output/2.txt", "all is well\n"), ("lock", "x")];
    for (name, text) in files.into_iter().chain([("reviews/jo.jsonl", "{}\n"), ("reviews/jo.lock", "")]) {
        fs::write(folder.join(name), text).unwrap();
    }
    fs::write(folder.join("output").join("x".repeat(90)), vec![7; 1_000]).unwrap();
    RunDir::new(folder)
}

#[test]
fn a_changed_byte_anywhere_in_an_archive_is_seen_and_so_is_an_end_that_is_cut_off() {
    let place = tempfile::tempdir().unwrap();
    let dir = run_with_files(place.path());
    let file = place.path().join("run.tar");
    let packed = pack(&dir, &file).unwrap();
    assert_eq!(packed.files, 5, "locks are left out");
    let read = |number: usize| {
        let to = place.path().join(format!("to-{number}"));
        let read = unpack(&file, &to);
        let names: Vec<String> = fs::read_dir(place.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .filter(|name| !name.starts_with("to-"))
            .collect();
        assert_eq!(names.len(), 2, "nothing is written elsewhere: {names:?}");
        let _ = fs::remove_dir_all(&to);
        read
    };
    let whole = read(0).unwrap();
    assert_eq!((whole.run.as_str(), &whole.problem, whole.files.len()), ("2026-11-21-vault-7qf3", &None, 5));
    let bytes = fs::read(&file).unwrap();
    for at in (0..bytes.len()).step_by(23) {
        let mut changed = bytes.clone();
        changed[at] ^= 1 << (at % 8);
        fs::write(&file, changed).unwrap();
        let is_seen = read(at + 1).is_ok_and(|read| read.problem.is_some());
        assert!(is_seen, "byte {at} of {}", bytes.len());
    }
    for length in (0..bytes.len()).step_by(997) {
        fs::write(&file, &bytes[..length]).unwrap();
        assert!(read(length).unwrap().problem.is_some(), "{length}");
    }
    assert!(pack(&dir, &file).is_err(), "what is there stays");
    for (behind, is_whole) in [(vec![0; 3 << 20], true), ([vec![0; 3 << 20], vec![1]].concat(), false)] {
        fs::write(&file, [&bytes[..], &behind].concat()).unwrap();
        assert_eq!(read(bytes.len() + behind.len()).unwrap().problem.is_none(), is_whole);
    }
}

#[test]
fn a_hostile_archive_writes_nothing_outside_of_its_folder() {
    let place = tempfile::tempdir().unwrap();
    let file = place.path().join("run.tar");
    for name in [
        "../journal.jsonl",
        "run/../../journal.jsonl",
        "/etc/journal.jsonl",
        "run//journal.jsonl",
        "journal.jsonl",
        "run/",
        "./run/x",
    ] {
        let header = Header { name: name.into(), bytes: 0, at: Timestamp::default() };
        let bytes = [&header.block().unwrap()[..], &[0; 1024]].concat();
        fs::write(&file, bytes).unwrap();
        let read = unpack(&file, &place.path().join("to")).unwrap();
        assert!(read.problem.is_some(), "{name}");
        assert!(!place.path().join("to").exists() && !place.path().join("journal.jsonl").exists(), "{name}");
    }
    // A name that is a file's and a folder's, in either order.
    for names in [["run/signatures/a", "run/signatures/a/b"], ["run/signatures/a/b", "run/signatures/a"]] {
        let blocks =
            names.map(|name| Header { name: name.into(), bytes: 0, at: Timestamp::default() }.block().unwrap());
        fs::write(&file, [&blocks.concat()[..], &[0; 1024]].concat()).unwrap();
        let read = unpack(&file, &place.path().join("to")).unwrap();
        assert!(read.problem.is_some_and(|problem| problem.contains("of a file and of a folder")), "{names:?}");
        fs::remove_dir_all(place.path().join("to")).unwrap();
    }
    let long = Header { name: format!("run/{}", "x".repeat(300)), bytes: 0, at: Timestamp::default() };
    assert_eq!(long.block(), None);
}
