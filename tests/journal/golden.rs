//! Journals of format 1 as they were once written: later versions must read them, and write the same.

use std::path::Path;

use piton::engine::{Outcome, Record, Story};
use piton::journal::{Integrity, read_records, sha256_hex};

/// Each file with the sha256 of its last line and its end.
const FILES: [(&str, &str, Outcome); 11] = [
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
    ("format-1-loops.jsonl", "5b186efb5dec3aaf13987f4087873b6233e1400366b6337e19dda8a3e3fa8d88", Outcome::Completed),
    ("format-1-evidence.jsonl", "3d42c723a64129c5e27358a9479d277501b4f2daa356d313c4681dfaf5225dbd", Outcome::Completed),
    ("format-1-order.jsonl", "4e47501e92443df0d689c82a91324580752ad6b700f895858c9991fc44fdd231", Outcome::Completed),
    ("format-1-people.jsonl", "c73d0c3a50795cefe760343ef0e374b83f90cfdb6a3a0a121fd5753911b69206", Outcome::Completed),
    (
        "format-1-disputed.jsonl",
        "20a0a5524453e8919ac599681cd64d30dca2627062dccc4e0e76fa7edffeaaf8",
        Outcome::CompletedWithDeviations,
    ),
    (
        "format-1-waived.jsonl",
        "1683805aded054729c219aacf19064c7e19d761358e30a35d5d650532bc7647f",
        Outcome::CompletedWithDeviations,
    ),
    ("format-1-reverted.jsonl", "6834e08288e29b093186c29e0d0cd108f4d77a9a9c78f5754cffb3ae517724cb", Outcome::Abandoned),
    ("format-1-practice.jsonl", "0125362742cfba4e7c0b130f5b777c469e53f3bb0810570f9a7f828aeb7932e7", Outcome::Abandoned),
];

/// The one whose releases ssh-keygen has signed.
const SIGNED: &str = "format-1-signed.jsonl";

/// Every kind of event that there is, by the name under which it is written; each occurs in one of the files.
fn all_kinds() -> Vec<String> {
    let source = include_str!("../../src/engine/event.rs");
    let body = source.split_once("pub enum Event {").expect("it is defined there").1;
    let body = body.split_once("\n}").expect("it ends").0;
    let is_variant = |line: &&str| line.starts_with("    ") && line[4..].starts_with(|c: char| c.is_ascii_uppercase());
    let name = |line: &str| line.trim().chars().take_while(char::is_ascii_alphabetic).collect::<String>();
    body.lines().filter(is_variant).map(|line| snake(&name(line))).collect()
}

fn snake(name: &str) -> String {
    let word = |c: char| if c.is_ascii_uppercase() { format!("_{}", c.to_ascii_lowercase()) } else { c.to_string() };
    name.chars().map(word).collect::<String>().trim_start_matches('_').to_owned()
}

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
    let all = all_kinds();
    assert!(all.len() >= 35 && kinds.iter().all(|kind| all.contains(kind)), "{all:?}");
    for kind in all {
        assert!(kinds.contains(&kind), "{kind} is in none of the files");
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

/// A file that somebody appends to while it is read: its end is met within a line, and is elsewhere a moment later.
struct Growing(Vec<Vec<u8>>);

impl std::io::Read for Growing {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        let Some(first) = self.0.first_mut() else { return Ok(0) };
        let length = first.len().min(into.len());
        into[..length].copy_from_slice(&first[..length]);
        first.drain(..length);
        if length == 0 {
            // The end, as it is now.
            self.0.remove(0);
        }
        Ok(length)
    }
}

#[test]
fn a_line_that_is_being_written_is_torn_and_no_damage() {
    let whole = include_bytes!("../data/journals/format-1.jsonl");
    let last = whole[..whole.len() - 1].iter().rposition(|byte| *byte == b'\n').expect("it has lines") + 1;
    let cut = last + (whole.len() - last) / 2;
    let source = Growing(vec![whole[..cut].to_vec(), whole[cut..].to_vec()]);
    let found = piton::journal::examine(std::io::BufReader::new(source), |_, _| {}).expect("it can be read");
    assert!(matches!(found.integrity, piton::journal::Integrity::TornTail { .. }), "{:?}", found.integrity);
}

#[test]
fn no_journal_that_was_ever_recorded_contradicts_itself() {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data");
    let recorded = ["report/live/journal.jsonl", "debrief/right.jsonl", "debrief/wrong.jsonl"].map(str::to_owned);
    let files = FILES.iter().map(|(file, ..)| format!("journals/{file}")).chain(recorded);
    let mut found = Vec::new();
    for file in files {
        let mut story = Story::default();
        let (records, _) = read_records(&data.join(&file)).unwrap();
        records.iter().for_each(|record| story.take(record));
        found.extend(story.found().map(|found| format!("{file}: {found}")));
    }
    assert_eq!(found, [""; 0]);
}
