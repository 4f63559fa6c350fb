//! Summaries of runs that are made anew only for journals that were written to since: a list of many runs is read once.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use std::time::SystemTime;

use crate::journal::error::JournalError;
use crate::journal::lock::holder_of;
use crate::journal::store::{RunDir, Store};
use crate::journal::summary::{RunSummary, sort, summarize};

/// How a journal's file looked when it was read: when it was written to, and its length in bytes.
pub type Stamp = (SystemTime, u64);

/// How the journal of a run looks now; `None` when there is none.
pub fn stamp(dir: &RunDir) -> Option<Stamp> {
    let found = std::fs::symlink_metadata(dir.journal_path()).ok()?;
    Some((found.modified().ok()?, found.len()))
}

/// What is known of runs.
#[derive(Debug, Default)]
pub struct Remembered {
    known: Mutex<HashMap<PathBuf, (Stamp, RunSummary)>>,
}

impl Remembered {
    /// The same as [`Store::list`]; only journals that are new or were written to are read.
    ///
    /// # Errors
    /// The folder of runs cannot be listed.
    pub fn list(&self, store: &Store) -> Result<Vec<RunSummary>, JournalError> {
        let mut summaries: Vec<RunSummary> = store.runs()?.into_iter().map(|dir| self.of(dir)).collect();
        sort(&mut summaries);
        Ok(summaries)
    }

    fn of(&self, dir: RunDir) -> RunSummary {
        let now = stamp(&dir);
        let known = || self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let found = known().get(dir.path()).filter(|(then, _)| Some(*then) == now).map(|(_, summary)| summary.clone());
        if let Some(summary) = found {
            // Who sits there changes without a record.
            return RunSummary { holder: holder_of(&dir.lock_path()), ..summary };
        }
        let path = dir.path().to_owned();
        let summary = summarize(dir);
        if let Some(stamp) = now {
            known().insert(path, (stamp, summary.clone()));
        }
        summary
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Timestamp;
    use crate::engine::Mode;
    use crate::journal::summary::Standing;

    #[test]
    fn a_journal_is_read_again_when_it_was_written_to_and_not_otherwise() {
        let place = tempfile::tempdir().unwrap();
        let store = Store::open(place.path());
        let dir = store.begin(Mode::Live, Timestamp::default(), "vault-ha").unwrap();
        let golden = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/journals/format-1.jsonl");
        let whole = std::fs::read(golden).unwrap();
        let first = whole.iter().position(|byte| *byte == b'\n').unwrap() + 1;
        std::fs::write(dir.journal_path(), &whole[..first]).unwrap();
        let remembered = Remembered::default();
        let list = |remembered: &Remembered| remembered.list(&store).unwrap().pop().unwrap();
        assert_eq!(list(&remembered), store.list().unwrap().pop().unwrap());
        assert_eq!(list(&remembered).records, 1);
        // As long as it looks the same it is not read: what it holds now is no journal.
        let before = std::fs::metadata(dir.journal_path()).unwrap().modified().unwrap();
        std::fs::write(dir.journal_path(), vec![b'x'; first]).unwrap();
        let file = std::fs::File::options().write(true).open(dir.journal_path()).unwrap();
        file.set_modified(before).unwrap();
        assert_eq!((list(&remembered).records, list(&remembered).standing), (1, Standing::Open));
        std::fs::write(dir.journal_path(), &whole).unwrap();
        assert_eq!(list(&remembered), store.list().unwrap().pop().unwrap());
    }
}
