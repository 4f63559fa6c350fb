//! A journal of format 1 as it was once written: later versions must read it, and write the same.

use std::path::Path;

use piton::engine::{Outcome, Record};
use piton::journal::{Integrity, read_records, sha256_hex};

const HEAD: &str = "693c4e018d4c6ae9455adeef45d60d677b686687a3dc53cbd669c6d50ba19fdb";

/// Every kind of event that format 1 knows; each occurs in the file.
const KINDS: [&str; 25] = [
    "run_opened",
    "sitting_opened",
    "sitting_closed",
    "phase_bound",
    "step_began",
    "cautions_read",
    "step_confirmed",
    "answer_given",
    "command_started",
    "command_finished",
    "check_passed",
    "wait_ended",
    "wait_cut",
    "step_failed",
    "step_retried",
    "step_skipped",
    "step_overridden",
    "step_not_applicable",
    "condition_changed",
    "guard_acknowledged",
    "note_added",
    "rollback_entered",
    "clock_jumped",
    "tail_set_aside",
    "run_closed",
];

#[test]
fn a_journal_of_format_1_is_read_verified_and_would_be_written_the_same() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/journals/format-1.jsonl");
    let (records, verification) = read_records(&path).unwrap();
    assert_eq!(verification.integrity, Integrity::Whole);
    assert_eq!(verification.head, HEAD);
    assert_eq!(verification.chain.closed(), Some(Outcome::CompletedWithDeviations));

    let text = std::fs::read_to_string(&path).unwrap();
    assert_eq!(verification.bytes, text.len() as u64);
    assert_eq!(sha256_hex(text.lines().last().unwrap().as_bytes()), HEAD);
    assert_eq!(records.len(), text.lines().count());
    for (record, line) in records.iter().zip(text.lines()) {
        assert_eq!(serde_json::to_string(record).unwrap(), line);
    }
    let kinds: Vec<String> = records.iter().map(kind).collect();
    for kind in KINDS {
        assert!(kinds.iter().any(|found| found == kind), "{kind} is not in the file");
    }
}

fn kind(record: &Record) -> String {
    let value = serde_json::to_value(&record.event).unwrap();
    value.as_object().unwrap().keys().next().unwrap().clone()
}
