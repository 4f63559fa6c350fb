//! Journals of format 1 as they were once written: later versions must read them, and write the same.

use std::path::Path;

use piton::engine::{Outcome, Record};
use piton::journal::{Integrity, read_records, sha256_hex};

/// Each file with the sha256 of its last line and its end.
const FILES: [(&str, &str, Outcome); 3] = [
    (
        "format-1.jsonl",
        "693c4e018d4c6ae9455adeef45d60d677b686687a3dc53cbd669c6d50ba19fdb",
        Outcome::CompletedWithDeviations,
    ),
    (
        "format-1-decisions.jsonl",
        "06ba1177cf4c31e6bc532eebca108a324a4848fa7e26c57d01286abf207ff788",
        Outcome::Completed,
    ),
    (SIGNED, "cb11d54c46e1bc8d2491b80d29e6a8c639af7e6ed5218172610828d1d3c5687d", Outcome::Completed),
];

/// The one whose releases ssh-keygen has signed.
const SIGNED: &str = "format-1-signed.jsonl";

/// Every kind of event that format 1 knows; each occurs in one of the files.
const KINDS: [&str; 27] = [
    "run_opened",
    "sitting_opened",
    "sitting_closed",
    "phase_bound",
    "step_began",
    "cautions_read",
    "step_confirmed",
    "answer_given",
    "choice_made",
    "hold_released",
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
    let mut kinds: Vec<String> = Vec::new();
    for (file, head, outcome) in FILES {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/journals").join(file);
        let (records, verification) = read_records(&path).unwrap();
        assert_eq!(verification.integrity, Integrity::Whole, "{file}");
        assert_eq!(verification.head, head);
        assert_eq!(verification.chain.closed(), Some(outcome));

        let text = std::fs::read_to_string(&path).unwrap();
        assert_eq!(verification.bytes, text.len() as u64);
        assert_eq!(sha256_hex(text.lines().last().unwrap().as_bytes()), head);
        assert_eq!(records.len(), text.lines().count());
        for (record, line) in records.iter().zip(text.lines()) {
            assert_eq!(serde_json::to_string(record).unwrap(), line);
        }
        kinds.extend(records.iter().map(kind));
    }
    for kind in KINDS {
        assert!(kinds.iter().any(|found| found == kind), "{kind} is in none of the files");
    }
}

#[test]
fn the_signatures_of_a_journal_of_format_1_stay_good() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/journals").join(SIGNED);
    let (_, verification) = read_records(&path).unwrap();
    let signed: Vec<_> = verification.signed.iter().map(|release| release.signed.key_type.as_str()).collect();
    assert_eq!(signed, ["ssh-ed25519", "ecdsa-sha2-nistp256", "ssh-rsa"]);
}

fn kind(record: &Record) -> String {
    let value = serde_json::to_value(&record.event).unwrap();
    value.as_object().unwrap().keys().next().unwrap().clone()
}
