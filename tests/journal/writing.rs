//! What is written is what is read, and anybody can recompute the chain.

use std::io::Write;
use std::process::{Command, Stdio};

use piton::engine::{Counts, Event, Outcome};
use piton::journal::{Fault, Integrity, JournalError, NO_PREVIOUS, read_records, verify};
use proptest::prelude::*;

use crate::support::runs::{at, begin, head, left, note, reopen};

#[test]
fn what_append_returns_is_what_a_reader_finds() {
    let place = tempfile::tempdir().unwrap();
    let (dir, mut journal, first) = begin(place.path());
    let mut records = vec![first];
    records.extend(
        journal.append(at(5), "piton", vec![note("one"), note("two\nlines \u{2028} \"quoted\" \\ ü"), left()]).unwrap(),
    );
    records.extend(journal.append(at(5), "maria@bastion", vec![note("three")]).unwrap());
    assert_eq!(records.iter().map(|record| record.seq).collect::<Vec<_>>(), [1, 2, 3, 4, 5]);

    let (found, verification) = read_records(&dir.journal_path()).unwrap();
    assert_eq!(found, records);
    assert_eq!(verification.integrity, Integrity::Whole);
    assert_eq!((verification.records, verification.head.as_str()), (journal.count(), journal.head()));
    drop(journal);
    let opened = reopen(&dir).unwrap();
    assert_eq!(opened.records, records);
    assert_eq!(opened.set_aside, []);
}

#[test]
fn the_chain_can_be_recomputed_with_sha256sum() {
    let place = tempfile::tempdir().unwrap();
    let (dir, mut journal, _) = begin(place.path());
    journal.append(at(1), "piton", vec![note("one"), note("two")]).unwrap();
    let mut previous = NO_PREVIOUS.to_owned();
    for line in std::fs::read_to_string(dir.journal_path()).unwrap().lines() {
        let value: serde_json::Value = serde_json::from_str(line).unwrap();
        assert_eq!(value["prev"], previous);
        let mut sum = Command::new("sha256sum").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        sum.stdin.take().unwrap().write_all(line.as_bytes()).unwrap();
        let output = String::from_utf8(sum.wait_with_output().unwrap().stdout).unwrap();
        previous = output.split(' ').next().unwrap().to_owned();
    }
    assert_eq!(previous, journal.head());
}

#[test]
fn what_may_not_follow_is_refused_and_the_journal_goes_on() {
    let place = tempfile::tempdir().unwrap();
    let (dir, mut journal, _) = begin(place.path());
    journal.append(at(10), "piton", vec![note("one")]).unwrap();
    let before = std::fs::read(dir.journal_path()).unwrap();
    let second_head = Event::RunOpened(Box::new(head("again")));
    let odd_step = Event::StepOverridden {
        step: piton::runbook::StepKey {
            phase: piton::runbook::PhaseId::new("no[t"),
            item: None,
            step: piton::runbook::StepId::new("a step"),
        },
        reason: String::new(),
        board: Default::default(),
    };
    for (moment, event) in [
        (at(9), note("earlier")),
        (at(11), second_head),
        (at(11), odd_step),
        (piton::clock::Timestamp::from_millis(i64::MAX), note("beyond the calendar")),
        (at(11), note(&"long ".repeat(7 << 20))),
    ] {
        let refused = journal.append(moment, "piton", vec![note("with it"), event]).unwrap_err();
        assert!(matches!(refused, JournalError::NotNext { .. } | JournalError::Unreadable { .. }), "{refused}");
    }
    assert_eq!(journal.append(at(11), "piton", Vec::new()).unwrap(), []);
    assert_eq!(std::fs::read(dir.journal_path()).unwrap(), before);
    assert_eq!(journal.append(at(11), "piton", vec![note("two")]).unwrap()[0].seq, 3);
    assert_eq!(verify(&dir.journal_path()).unwrap().integrity, Integrity::Whole);
}

#[test]
fn nothing_follows_the_end() {
    let place = tempfile::tempdir().unwrap();
    let (dir, mut journal, _) = begin(place.path());
    let end = || Event::RunClosed { outcome: Outcome::Abandoned, reason: "over".into(), counts: Counts::default() };
    let refused = journal.append(at(1), "piton", vec![end(), note("after")]).unwrap_err();
    assert!(matches!(refused, JournalError::NotNext { fault: Fault::AfterEnd, .. }), "{refused}");
    journal.append(at(1), "piton", vec![end()]).unwrap();
    assert_eq!(journal.closed(), Some(Outcome::Abandoned));
    assert!(journal.append(at(1), "piton", vec![note("after")]).is_err());
    drop(journal);
    assert!(reopen(&dir).unwrap().journal.append(at(1), "piton", vec![note("after")]).is_err());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn any_texts_in_any_decisions_come_back(decisions in prop::collection::vec(prop::collection::vec(any::<String>(), 0..4), 0..8)) {
        let place = tempfile::tempdir().unwrap();
        let (dir, mut journal, _) = begin(place.path());
        for texts in &decisions {
            journal.append(at(0), "maria@bastion", texts.iter().map(|text| note(text)).collect()).unwrap();
        }
        let (records, verification) = read_records(&dir.journal_path()).unwrap();
        let found: Vec<Event> = records.into_iter().skip(1).map(|record| record.event).collect();
        let given: Vec<Event> = decisions.iter().flatten().map(|text| note(text)).collect();
        prop_assert_eq!(found, given);
        prop_assert_eq!(verification.integrity, Integrity::Whole);
        prop_assert_eq!(verification.head, journal.head());
    }
}
