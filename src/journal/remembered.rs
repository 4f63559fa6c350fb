//! Summaries of runs that are made anew only for journals that were written to since: a list of many runs is read once.

use std::collections::{BTreeMap, HashMap};
use std::num::NonZero;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Mutex, PoisonError};
use std::thread::{Builder, available_parallelism};
use std::time::{Duration, SystemTime};

use crate::clock::monotonic;
use crate::journal::error::JournalError;
use crate::journal::lock::holder_of;
use crate::journal::store::{RunDir, Store};
use crate::journal::summary::{RunSummary, sort, summarize};

/// How many runs are read at a time, at most.
const MOST_HELPERS: usize = 4;

/// So many runs are worth somebody who helps.
const FOR_EACH_HELPER: usize = 16;

/// How often it is told what was read.
const TELL_EVERY: Duration = Duration::from_millis(100);

/// Told which summaries are new, and how many there will be; says whether to read on.
pub type Each<'a> = &'a mut dyn FnMut(&[RunSummary], usize) -> bool;

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
        Ok(self.all_of(store.runs()?))
    }

    /// The same as [`Store::list_live`], likewise.
    ///
    /// # Errors
    /// The folder of live runs cannot be listed.
    pub fn list_live(&self, store: &Store) -> Result<Vec<RunSummary>, JournalError> {
        Ok(self.all_of(store.live_runs()?))
    }

    fn all_of(&self, mut dirs: Vec<RunDir>) -> Vec<RunSummary> {
        // The oldest first: so it meets whoever lists them with somebody looking on, and neither reads what the other has.
        dirs.sort_by_cached_key(RunDir::id);
        let mut summaries = self.read(&dirs, &mut |_, _| true);
        sort(&mut summaries);
        summaries
    }

    /// The same, begun with the latest by their names. `each` is told what was read since it was told last, and of how many
    /// runs; it says whether to read on. What was read then is all that is listed.
    ///
    /// # Errors
    /// The folder of runs cannot be listed.
    pub fn list_along(&self, store: &Store, each: Each<'_>) -> Result<Vec<RunSummary>, JournalError> {
        let mut dirs = store.runs()?;
        dirs.sort_by_cached_key(|dir| std::cmp::Reverse(dir.id()));
        let mut summaries = self.read(&dirs, each);
        sort(&mut summaries);
        Ok(summaries)
    }

    /// Reads those that are not known, several at a time, and hands all on in their order.
    fn read(&self, dirs: &[RunDir], each: Each<'_>) -> Vec<RunSummary> {
        let (next, is_ended) = (AtomicUsize::new(0), AtomicBool::new(false));
        let (sender, receiver) = channel();
        let work = |sender: Sender<(usize, RunSummary)>| {
            while !is_ended.load(Ordering::Relaxed) {
                let at = next.fetch_add(1, Ordering::Relaxed);
                let Some(dir) = dirs.get(at) else { return };
                // Whoever wants them may have had enough.
                let _ = sender.send((at, self.of(dir.clone())));
            }
        };
        // How many threads can be had is asked of several files.
        let helpers = match dirs.len() / FOR_EACH_HELPER {
            0 => 0,
            wanted => available_parallelism().map_or(1, NonZero::get).min(MOST_HELPERS).min(wanted),
        };
        std::thread::scope(|scope| {
            let begun = (0..helpers).filter(|_| {
                let (work, sender) = (&work, sender.clone());
                Builder::new().name("listing".into()).spawn_scoped(scope, move || work(sender)).is_ok()
            });
            if begun.count() == 0 {
                work(sender);
            } else {
                drop(sender);
            }
            let (mut told, mut told_at) = (0, monotonic());
            let mut early: BTreeMap<usize, RunSummary> = BTreeMap::new();
            let mut all = Vec::with_capacity(dirs.len());
            for (at, summary) in receiver {
                early.insert(at, summary);
                while let Some(summary) = early.remove(&all.len()) {
                    all.push(summary);
                }
                if told_at.elapsed() >= TELL_EVERY {
                    if !each(&all[told..], dirs.len()) {
                        is_ended.store(true, Ordering::Relaxed);
                        break;
                    }
                    (told, told_at) = (all.len(), monotonic());
                }
            }
            all
        })
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

    #[test]
    fn what_was_practised_is_not_read_for_the_live_runs() {
        let place = tempfile::tempdir().unwrap();
        let store = Store::open(place.path());
        let golden = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/journals/format-1.jsonl");
        for mode in [Mode::Live, Mode::Practice, Mode::Live] {
            let dir = store.begin(mode, Timestamp::default(), "vault-ha").unwrap();
            std::fs::copy(golden, dir.journal_path()).unwrap();
        }
        let remembered = Remembered::default();
        let live = remembered.list_live(&store).unwrap();
        assert_eq!((live.len(), remembered.known.lock().unwrap().len()), (2, 2));
        assert_eq!(live, store.list_live().unwrap());
        assert!(live.iter().all(|run| run.dir.path().starts_with(place.path().join("runs"))));
        assert_eq!(remembered.list(&store).unwrap().len(), 3);
    }

    /// Whoever looks on is told of all of them once, in order, and can end it.
    #[test]
    fn a_long_list_is_told_while_it_is_read_and_can_be_ended() {
        let place = tempfile::tempdir().unwrap();
        let store = Store::open(place.path());
        let golden = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/journals/format-1.jsonl");
        for number in 0..200 {
            let end = |_| format!("{number:04}");
            let dir = store.begin_with(Mode::Live, Timestamp::default(), "vault-ha", end).unwrap();
            std::fs::copy(golden, dir.journal_path()).unwrap();
        }
        let remembered = Remembered::default();
        let mut told: Vec<String> = Vec::new();
        let first = |told: &mut Vec<String>, new: &[RunSummary]| {
            told.extend(new.iter().map(|summary| summary.dir.id()));
            told.len() < 20
        };
        let some = remembered.list_along(&store, &mut |new, all| all == 200 && first(&mut told, new)).unwrap();
        assert!(some.len() >= told.len() && some.len() <= 200);
        // They come by their names, the latest first.
        let mut sorted = told.clone();
        sorted.sort_by(|one, other| other.cmp(one));
        assert_eq!(told, sorted);
        assert_eq!(told.first().map(String::as_str), (!told.is_empty()).then_some("1970-01-01-vault-ha-0199"));
        assert_eq!(remembered.list_along(&store, &mut |_, _| true).unwrap(), store.list().unwrap());
        assert_eq!(remembered.list(&store).unwrap(), store.list().unwrap());
    }
}
