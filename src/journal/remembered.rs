//! Summaries of runs that are made anew only for journals that were written to since: a list of many runs is read once.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use crate::clock::monotonic;
use crate::journal::error::JournalError;
use crate::journal::lock::holder_of;
use crate::journal::several::in_order;
use crate::journal::store::{RunDir, Store};
use crate::journal::summary::{RunSummary, place, summarize_along};

/// How often it is told what was read.
const TELL_EVERY: Duration = Duration::from_millis(100);

/// From so many doublings of a MiB on a journal takes longer to be read than that.
const LONG: u32 = 4;

/// Told which summaries are new, and how many there will be.
pub type Each<'a> = &'a mut dyn FnMut(&[Arc<RunSummary>], usize);

/// Told how many bytes more of journals were read, by whoever reads one; says whether to read on.
pub type More<'a> = &'a (dyn Fn(u64) -> bool + Sync);

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
    known: Mutex<HashMap<PathBuf, (Stamp, Arc<RunSummary>)>>,
    /// The runs whose journals are being read at this moment: nobody reads one beside that.
    reading: Mutex<HashSet<PathBuf>>,
    /// One of them is not read any more.
    was_read: Condvar,
}

/// As long as this lives its maker reads that journal.
#[derive(Debug)]
struct BeingRead<'a> {
    by: &'a Remembered,
    run: PathBuf,
}

impl Drop for BeingRead<'_> {
    fn drop(&mut self) {
        self.by.reading.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.run);
        self.by.was_read.notify_all();
    }
}

impl Remembered {
    /// The same as [`Store::list`]; only journals that are new or were written to are read.
    ///
    /// # Errors
    /// The folder of runs cannot be listed.
    pub fn list(&self, store: &Store) -> Result<Vec<Arc<RunSummary>>, JournalError> {
        self.list_read(store, &|_| true)
    }

    /// The same with somebody who is told how much was read; what was read is all that is listed where that one ends it.
    ///
    /// # Errors
    /// The folder of runs cannot be listed.
    pub fn list_read(&self, store: &Store, more: More<'_>) -> Result<Vec<Arc<RunSummary>>, JournalError> {
        Ok(self.all_of(store.runs()?, more))
    }

    /// The same as [`Store::list_live`], likewise.
    ///
    /// # Errors
    /// The folder of live runs cannot be listed.
    pub fn list_live(&self, store: &Store) -> Result<Vec<Arc<RunSummary>>, JournalError> {
        self.list_live_read(store, &|_| true)
    }

    /// The same with somebody who is told how much was read, as [`Remembered::list_read`].
    ///
    /// # Errors
    /// The folder of live runs cannot be listed.
    pub fn list_live_read(&self, store: &Store, more: More<'_>) -> Result<Vec<Arc<RunSummary>>, JournalError> {
        Ok(self.all_of(store.live_runs()?, more))
    }

    fn all_of(&self, mut dirs: Vec<RunDir>, more: More<'_>) -> Vec<Arc<RunSummary>> {
        // The oldest first.
        dirs.sort_by_cached_key(RunDir::id);
        let mut summaries = Vec::with_capacity(dirs.len());
        in_order(dirs.len(), &|| more(0), &|at| self.of(dirs[at].clone(), more), &mut |summary| {
            summaries.push(summary)
        });
        summaries.sort_by_cached_key(|summary| place(summary));
        summaries
    }

    /// The same, begun with those that are read at once, the latest of these first by their names: a long journal makes
    /// nobody wait for the others. `each` is told what was read since it was told last, and of how many runs. `more` is as
    /// for [`Remembered::list_read`].
    ///
    /// # Errors
    /// The folder of runs cannot be listed.
    pub fn list_along(
        &self,
        store: &Store,
        each: Each<'_>,
        more: More<'_>,
    ) -> Result<Vec<Arc<RunSummary>>, JournalError> {
        let mut dirs: Vec<_> = store.runs()?.into_iter().map(|dir| (self.pains(&dir), dir)).collect();
        dirs.sort_by_cached_key(|(pains, dir)| (*pains, std::cmp::Reverse(dir.id())));
        let mut summaries = self.read(&dirs, each, more);
        summaries.sort_by_cached_key(|summary| place(summary));
        Ok(summaries)
    }

    /// How long the journal is that is to be read of that run, in doublings of a MiB: what takes about as long stands
    /// together. None where nothing is to be read.
    fn pains(&self, dir: &RunDir) -> Option<u32> {
        let now = stamp(dir)?;
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let is_known = known.get(dir.path()).is_some_and(|(then, _)| *then == now);
        (!is_known).then(|| (now.1 >> 20).checked_ilog2().map_or(0, |doublings| doublings + 1))
    }

    /// Reads those that are not known, several at a time, and hands all on in their order.
    fn read(&self, dirs: &[(Option<u32>, RunDir)], each: Each<'_>, more: More<'_>) -> Vec<Arc<RunSummary>> {
        let (mut told, mut told_at) = (0, monotonic());
        let mut all = Vec::with_capacity(dirs.len());
        let mut take = |summary| {
            all.push(summary);
            // Behind a long one nobody would be told for a while.
            let is_long_next = dirs.get(all.len()).is_some_and(|(pains, _)| *pains >= Some(LONG));
            if is_long_next || told_at.elapsed() >= TELL_EVERY {
                each(&all[told..], dirs.len());
                (told, told_at) = (all.len(), monotonic());
            }
        };
        in_order(dirs.len(), &|| more(0), &|at| self.of(dirs[at].1.clone(), more), &mut take);
        all
    }

    fn of(&self, dir: RunDir, more: More<'_>) -> Arc<RunSummary> {
        let mut reading = None;
        // What another one reads is known afterwards; unless that one was ended, or nobody waits for it any more.
        while reading.is_none() {
            if let Some(summary) = self.known_of(&dir) {
                return summary;
            }
            reading = self.begin_reading(dir.path());
            if reading.is_none() && !more(0) {
                break;
            }
        }
        if let Some(summary) = self.known_of(&dir) {
            return summary;
        }
        let (now, path) = (stamp(&dir), dir.path().to_owned());
        let known = || self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let summary = Arc::new(summarize_along(dir, more));
        // What was ended before its end is not known.
        if let Some(stamp) = now.filter(|_| more(0)) {
            known().insert(path, (stamp, Arc::clone(&summary)));
        }
        drop(reading);
        summary
    }

    /// What is known of a run whose journal looks as it did.
    fn known_of(&self, dir: &RunDir) -> Option<Arc<RunSummary>> {
        let now = stamp(dir);
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let summary =
            known.get(dir.path()).filter(|(then, _)| Some(*then) == now).map(|(_, known)| Arc::clone(known))?;
        drop(known);
        // Who sits there changes without a record.
        let holder = holder_of(&dir.lock_path());
        let is_same = holder == summary.holder;
        Some(if is_same { summary } else { RunSummary { holder, ..RunSummary::clone(&summary) }.into() })
    }

    /// Nobody else reads that journal now: it is this one's to read. Else waits for a moment until it is read.
    fn begin_reading(&self, run: &Path) -> Option<BeingRead<'_>> {
        let mut reading = self.reading.lock().unwrap_or_else(PoisonError::into_inner);
        if reading.insert(run.to_owned()) {
            return Some(BeingRead { by: self, run: run.to_owned() });
        }
        drop(self.was_read.wait_timeout(reading, TELL_EVERY));
        None
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

    use super::*;
    use crate::clock::Timestamp;
    use crate::engine::Mode;
    use crate::journal::summary::Standing;

    /// A store of one live run, whose journal is the golden one.
    fn with_one_run(root: &Path) -> (Store, RunDir) {
        let golden = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/journals/format-1.jsonl");
        let store = Store::open(root);
        let dir = store.begin(Mode::Live, Timestamp::default(), "vault-ha").unwrap();
        std::fs::copy(golden, dir.journal_path()).unwrap();
        (store, dir)
    }

    #[test]
    fn a_journal_is_read_again_when_it_was_written_to_and_not_otherwise() {
        let place = tempfile::tempdir().unwrap();
        let (store, dir) = with_one_run(place.path());
        let whole = std::fs::read(dir.journal_path()).unwrap();
        let first = whole.iter().position(|byte| *byte == b'\n').unwrap() + 1;
        std::fs::write(dir.journal_path(), &whole[..first]).unwrap();
        let remembered = Remembered::default();
        let list = |remembered: &Remembered| remembered.list(&store).unwrap().pop().unwrap();
        assert_eq!(*list(&remembered), store.list().unwrap().pop().unwrap());
        assert_eq!(list(&remembered).records, 1);
        // As long as it looks the same it is not read: what it holds now is no journal.
        let before = std::fs::metadata(dir.journal_path()).unwrap().modified().unwrap();
        std::fs::write(dir.journal_path(), vec![b'x'; first]).unwrap();
        let file = std::fs::File::options().write(true).open(dir.journal_path()).unwrap();
        file.set_modified(before).unwrap();
        assert_eq!((list(&remembered).records, list(&remembered).standing.clone()), (1, Standing::Open));
        std::fs::write(dir.journal_path(), &whole).unwrap();
        assert_eq!(*list(&remembered), store.list().unwrap().pop().unwrap());
    }

    #[test]
    fn a_journal_that_somebody_reads_is_not_read_beside_that() {
        let place = tempfile::tempdir().unwrap();
        let (store, dir) = with_one_run(place.path());
        let (remembered, bytes) = (Remembered::default(), AtomicU64::new(0));
        let barrier = std::sync::Barrier::new(2);
        let (is_met, is_here) = (AtomicBool::new(false), AtomicBool::new(false));
        std::thread::scope(|scope| {
            scope.spawn(|| {
                let first = |more: u64| {
                    bytes.fetch_add(more, Ordering::Relaxed);
                    if more > 0 && !is_met.swap(true, Ordering::Relaxed) {
                        // In the middle of it somebody else begins, and has looked.
                        barrier.wait();
                        while !is_here.load(Ordering::Relaxed) {
                            std::thread::yield_now();
                        }
                    }
                    true
                };
                assert_eq!(remembered.list_read(&store, &first).unwrap().len(), 1);
            });
            barrier.wait();
            let second = |more: u64| {
                bytes.fetch_add(more, Ordering::Relaxed);
                is_here.store(true, Ordering::Relaxed);
                true
            };
            assert_eq!(*remembered.list_read(&store, &second).unwrap()[0], store.list().unwrap()[0]);
        });
        let length = std::fs::metadata(dir.journal_path()).unwrap().len();
        assert!(bytes.into_inner() <= length, "it was read twice");
        // Whoever waits for another's reading is not held by it.
        let (other, ended) = (Remembered::default(), AtomicBool::new(false));
        let _reading = other.begin_reading(dir.path()).expect("nobody reads it");
        other.list_read(&store, &|_| !ended.swap(true, Ordering::Relaxed)).unwrap();
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
        assert!(live.iter().map(|run| &**run).eq(&store.list_live().unwrap()));
        assert!(live.iter().all(|run| run.dir.path().starts_with(place.path().join("runs"))));
        assert_eq!(remembered.list(&store).unwrap().len(), 3);
    }

    /// Whoever looks on does not wait for a long journal, also where that is the latest.
    #[test]
    fn what_is_read_at_once_is_told_before_a_long_journal_is_read() {
        let place = tempfile::tempdir().unwrap();
        let store = Store::open(place.path());
        let golden = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/journals/format-1.jsonl");
        for (name, length) in [("1", None), ("2", Some(20)), ("3", None), ("4", Some(90))] {
            let dir = store.begin_with(Mode::Live, Timestamp::default(), "vault-ha", |_| name.to_owned()).unwrap();
            std::fs::copy(golden, dir.journal_path()).unwrap();
            let file = std::fs::File::options().write(true).open(dir.journal_path()).unwrap();
            length.into_iter().for_each(|mib| file.set_len(mib << 20).unwrap());
        }
        let remembered = Remembered::default();
        let mut told: Vec<String> = Vec::new();
        let mut each = |new: &[Arc<RunSummary>], _| {
            told.push(new.iter().map(|run| run.dir.id().split_off("1970-01-01-vault-ha-".len())).collect());
        };
        remembered.list_along(&store, &mut each, &|_| true).unwrap();
        // The longest one is told with the list, or before it where it took long.
        assert_eq!(told[..2], ["31", "2"]);
        told.clear();
        assert_eq!(remembered.list_read(&store, &|bytes| bytes == 0).unwrap().len(), 4, "nothing is read again");
    }

    /// Whoever ends it waits for no journal to be read to its end, and what was read of it is not taken for all of it.
    #[test]
    fn the_reading_of_a_long_journal_is_ended_within_it() {
        let place = tempfile::tempdir().unwrap();
        let (store, dir) = with_one_run(place.path());
        let (remembered, read) = (Remembered::default(), AtomicU64::new(0));
        let more = |bytes| read.fetch_add(bytes, Ordering::Relaxed) + bytes < 2_000;
        let all = std::fs::metadata(dir.journal_path()).unwrap().len();
        for is_along in [false, true] {
            read.store(0, Ordering::Relaxed);
            let listed = match is_along {
                true => remembered.list_along(&store, &mut |_, _| (), &more),
                false => remembered.list_read(&store, &more),
            };
            assert_eq!(listed.unwrap().len(), 1);
            assert!((2_000..all / 2).contains(&read.load(Ordering::Relaxed)), "{read:?} of {all}");
        }
        assert_eq!(remembered.list(&store).unwrap(), [Arc::new(store.list().unwrap().remove(0))]);
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
        let is_ended = AtomicBool::new(false);
        let mut first = |new: &[Arc<RunSummary>], all: usize| {
            told.extend(new.iter().map(|summary| summary.dir.id()));
            is_ended.store(all != 200 || told.len() >= 20, Ordering::Relaxed);
        };
        let some = remembered.list_along(&store, &mut first, &|_| !is_ended.load(Ordering::Relaxed)).unwrap();
        assert!(some.len() >= told.len() && some.len() <= 200);
        // They come by their names, the latest first.
        let mut sorted = told.clone();
        sorted.sort_by(|one, other| other.cmp(one));
        assert_eq!(told, sorted);
        assert_eq!(told.first().map(String::as_str), (!told.is_empty()).then_some("1970-01-01-vault-ha-0199"));
        let all: Vec<Arc<RunSummary>> = store.list().unwrap().into_iter().map(Arc::new).collect();
        assert_eq!(remembered.list_along(&store, &mut |_, _| (), &|_| true).unwrap(), all);
        assert_eq!(remembered.list(&store).unwrap(), all);
    }
}
