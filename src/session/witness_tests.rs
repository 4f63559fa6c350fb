//! Looks on beside a session: after each record its state is the fold of what its journal holds up to there, and no record
//! contradicts those before it.

use std::cell::RefCell;
use std::fs::File;
use std::io::{BufRead, BufReader, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use crate::engine::{Record, RunState, contradiction};
use crate::runbook::Runbook;

thread_local! {
    static WITNESS: RefCell<Option<Witness>> = const { RefCell::new(None) };
}

/// Somebody who reads along.
#[derive(Default)]
struct Witness {
    /// The journal that is read, up to which byte, and what its lines fold to so far.
    read: Option<(PathBuf, u64, RunState)>,
    seen: u64,
}

/// Runs `walk`, whose sessions run on this thread, with somebody beside who compares; and how many records were compared.
pub fn alongside<T>(walk: impl FnOnce() -> T) -> (T, u64) {
    WITNESS.set(Some(Witness::default()));
    let walked = walk();
    (walked, WITNESS.take().map_or(0, |witness| witness.seen))
}

/// A session has this state after this record, which is in its journal with all those before it.
pub(super) fn see(journal: &Path, runbook: &Runbook, record: &Record, state: &RunState) {
    WITNESS.with_borrow_mut(|witness| {
        if let Some(witness) = witness {
            witness.see(journal, runbook, record, state);
        }
    });
}

impl Witness {
    fn see(&mut self, journal: &Path, runbook: &Runbook, record: &Record, state: &RunState) {
        let known = self.read.take().filter(|(path, _, fold)| path == journal && fold.seq + 1 == record.seq);
        let (_, mut offset, mut fold) = known.unwrap_or_else(|| (journal.into(), 0, RunState::new(runbook)));
        let mut file = File::open(journal).unwrap();
        file.seek(SeekFrom::Start(offset)).unwrap();
        let mut lines = BufReader::new(file);
        while fold.seq < record.seq {
            let mut line = Vec::new();
            offset += lines.read_until(b'\n', &mut line).unwrap() as u64;
            let read: Record = serde_json::from_slice(&line).unwrap();
            let found = contradiction(runbook, &fold, &read);
            assert_eq!(found, None, "{} in {}", read.seq, journal.display());
            fold.apply(&read);
            if fold.seq == record.seq {
                assert!(read == *record, "record {} is not what the journal holds", record.seq);
            }
        }
        assert!(fold == *state, "after record {} of {}", record.seq, journal.display());
        self.seen += 1;
        self.read = Some((journal.into(), offset, fold));
    }
}
