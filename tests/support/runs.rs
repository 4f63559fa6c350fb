//! Runs to record: heads, holders, places.

use std::path::Path;

use piton::clock::Timestamp;
use piton::engine::{Event, JOURNAL_FORMAT, Leaving, Mode, Record, RunOpened};
use piton::journal::{Holder, Journal, JournalError, NO_PREVIOUS, Opened, RunDir, Store, sha256_hex};
use piton::runbook::RunbookId;

/// 2026-11-21T02:41:10Z and so many milliseconds.
pub fn at(millis: i64) -> Timestamp {
    Timestamp::from_millis(1_795_228_870_000 + millis)
}

/// This process.
pub fn holder() -> Holder {
    Holder { operator: "maria".into(), host: "bastion".into(), pid: std::process::id(), since: at(0) }
}

/// The head of a run named `run`.
pub fn head(run: &str) -> RunOpened {
    let text = "format = 1\nid = \"vault-ha-upgrade\"\n".to_owned();
    RunOpened {
        format: JOURNAL_FORMAT,
        run: run.into(),
        runbook: RunbookId::new("vault-ha-upgrade"),
        title: "Upgrade a Vault HA cluster".into(),
        revision: "2026-11-01".into(),
        sha256: sha256_hex(text.as_bytes()),
        text,
        mode: Mode::Live,
        inputs: serde_json::Map::new(),
        site: None,
        practice: None,
        operator: "maria".into(),
        host: "bastion".into(),
        version: "0.1.0".into(),
    }
}

/// A remark.
pub fn note(text: &str) -> Event {
    Event::NoteAdded { step: None, text: text.into() }
}

/// The end of a sitting.
pub fn left() -> Event {
    Event::SittingClosed { how: Leaving::Left }
}

/// Begins a live run in a store at `root`; its journal has one record.
pub fn begin(root: &Path) -> (RunDir, Journal, Record) {
    let dir = Store::open(root).begin(Mode::Live, at(0), "vault-ha-upgrade").unwrap();
    let (journal, record) = Journal::create(&dir, &holder(), at(0), "maria@bastion", head(&dir.id())).unwrap();
    (dir, journal, record)
}

/// A closed journal of `lines` records with its folder.
pub fn journal_of(root: &Path, lines: usize) -> RunDir {
    let (dir, mut journal, _) = begin(root);
    for line in 2..=lines {
        journal.append(at(line as i64), "maria@bastion", vec![note(&format!("remark number {line}"))]).unwrap();
    }
    dir
}

/// The lines of a journal that was changed, each with the hash of the one before it.
pub fn chained_anew(text: &str) -> String {
    let (mut chained, mut prev) = (String::new(), NO_PREVIOUS.to_owned());
    for line in text.lines() {
        let (before, rest) = line.split_once("\"prev\":\"").expect("a record names the one before it");
        let line = format!("{before}\"prev\":\"{prev}{}", &rest[prev.len()..]);
        prev = sha256_hex(line.as_bytes());
        chained.push_str(&(line + "\n"));
    }
    chained
}

/// Opens a run again.
pub fn reopen(dir: &RunDir) -> Result<Opened, JournalError> {
    Journal::open(dir, &holder())
}
