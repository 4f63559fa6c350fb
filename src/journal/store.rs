//! The state directory: where runs live, how they are named and found.
//!
//! `runs/<run id>/` and `practice/<run id>/`, each with `journal.jsonl`, `lock` and `output/`; `locks/` for places.

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::io::{BufReader, ErrorKind};
use std::path::{Path, PathBuf};

use crate::clock::Timestamp;
use crate::engine::{Event, Mode, Record, RunOpened};
use crate::fs::{self, FsError};
use crate::journal::error::JournalError;
use crate::journal::line::sha256_hex;
use crate::journal::lock::{Holder, Lock, holder_of};
use crate::journal::reader::Reader;
use crate::journal::summary::{RunSummary, place, summarize};

/// Characters of the random end of a name: none looks like another, none needs a shift key.
const ALPHABET: &[u8] = b"23456789abcdefghjkmnpqrstvwxyz";

/// How long the day is that stands before the runbook.
const DAY_CHARS: usize = "2026-11-21".len();

/// How long that end is.
const RANDOM_CHARS: usize = 4;

/// How much is written to see whether a journal can be: more than a block.
const TRIAL_BYTES: usize = 8 * 1024;

/// How many names are tried before the day counts as full.
const TRIES: u32 = 1000;

/// How the names of folders begin that are being deleted: they are runs no more.
pub const PRUNED_PREFIX: &str = ".pruned-";

/// How much of a place's name goes into the name of its lock file.
const MAX_LOCK_NAME: usize = 100;

/// The folder of one run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunDir {
    path: PathBuf,
}

impl RunDir {
    /// The run whose folder is `path`.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into() }
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The run's name: that of its folder.
    pub fn id(&self) -> String {
        self.path.file_name().unwrap_or_default().to_string_lossy().into_owned()
    }

    /// The run's name as its journal says it: a folder may have been given another one since. That of the folder where
    /// the journal cannot be read.
    pub fn name(&self) -> String {
        self.opened().map_or_else(|| self.id(), |opened| opened.run)
    }

    /// The head of the run, from its first record alone; `None` when that cannot be read.
    pub fn opened(&self) -> Option<RunOpened> {
        let file = fs::open_read(&self.journal_path()).ok()?;
        let mut reader = Reader::new(BufReader::new(file));
        let line = reader.next_line().ok()??;
        let record: Record = serde_json::from_slice(line.bytes).ok()?;
        if let Event::RunOpened(opened) = record.event { Some(*opened) } else { None }
    }

    /// The journal's file.
    pub fn journal_path(&self) -> PathBuf {
        self.path.join("journal.jsonl")
    }

    /// The same once it is known to be a plain file and no link: anything else in its place could be waited for without
    /// end, or be a file that is none of the run's.
    ///
    /// # Errors
    /// It is not there, is none, or cannot be read.
    pub fn plain_journal(&self) -> Result<PathBuf, FsError> {
        let path = self.journal_path();
        fs::open_read(&path).map(|_| path)
    }

    /// The folder of command output.
    pub fn output_dir(&self) -> PathBuf {
        self.path.join("output")
    }

    /// Writes a statement that somebody is to sign into a file beside the journal; its path.
    pub fn keep_statement(&self, name: &str, text: &str) -> Result<PathBuf, JournalError> {
        let path = self.path.join(name);
        fs::replace(&path, text.as_bytes())?;
        Ok(path)
    }

    /// The lock of the run's one writer.
    pub fn lock_path(&self) -> PathBuf {
        self.path.join("lock")
    }
}

/// Piton's part of the state directory.
#[derive(Clone, Debug)]
pub struct Store {
    root: PathBuf,
}

impl Store {
    /// The store in `root`; nothing is touched before a run begins.
    pub fn open(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }

    /// Where it is.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Makes the folder of a new run with a name of its own, such as `2026-11-21-vault-ha-7qf3`. The run exists only
    /// when its journal was created in it.
    pub fn begin(&self, mode: Mode, at: Timestamp, runbook: &str) -> Result<RunDir, JournalError> {
        self.begin_with(mode, at, runbook, random_end)
    }

    /// The same, with the random end of the names given for each try.
    pub(super) fn begin_with(
        &self,
        mode: Mode,
        at: Timestamp,
        runbook: &str,
        end: impl Fn(u32) -> String,
    ) -> Result<RunDir, JournalError> {
        let folder = self.folder(mode);
        fs::ensure_folder(&self.root)?;
        fs::ensure_private_folder(&folder)?;
        let date: String = at.to_string().chars().take(DAY_CHARS).collect();
        let short = runbook.strip_suffix("-upgrade").filter(|short| !short.is_empty()).unwrap_or(runbook);
        for attempt in 0..TRIES {
            let id = format!("{date}-{short}-{}", end(attempt));
            if self.find_exactly(&id)?.is_some() {
                continue;
            }
            let path = folder.join(id);
            match fs::create_private_folder(&path) {
                Err(error) if error.source.kind() == ErrorKind::AlreadyExists => {}
                made => return Ok(made.map(|()| RunDir::new(path))?),
            }
        }
        Err(JournalError::NoFreeName { root: folder, at })
    }

    /// The one run whose name is `prefix` or begins with it.
    pub fn find(&self, prefix: &str) -> Result<RunDir, JournalError> {
        let mut found = self.runs()?;
        // Nothing is a start of every name, and names none.
        found.retain(|run| !prefix.is_empty() && run.id().starts_with(prefix));
        if let Some(exact) = found.iter().find(|run| run.id() == prefix) {
            return Ok(exact.clone());
        }
        match found.as_slice() {
            [] => Err(JournalError::NoSuchRun { prefix: prefix.to_owned(), root: self.root.clone() }),
            [one] => Ok(one.clone()),
            several => Err(JournalError::Ambiguous {
                prefix: prefix.to_owned(),
                candidates: several.iter().map(RunDir::id).collect(),
            }),
        }
    }

    /// All runs, live and practice, the latest first; each journal is read once. One that cannot be read is listed
    /// with the reason.
    pub fn list(&self) -> Result<Vec<RunSummary>, JournalError> {
        let mut summaries: Vec<_> = self.runs()?.into_iter().map(summarize).collect();
        summaries.sort_by_cached_key(place);
        Ok(summaries)
    }

    /// The same of the live runs alone.
    ///
    /// # Errors
    /// Their folder cannot be listed.
    pub fn list_live(&self) -> Result<Vec<RunSummary>, JournalError> {
        let mut summaries: Vec<_> = self.live_runs()?.into_iter().map(summarize).collect();
        summaries.sort_by_cached_key(place);
        Ok(summaries)
    }

    /// Reserves a system at a site for one live run; the lock is to be held as long as the run is walked. It covers
    /// the runs of this state directory.
    pub fn lock_place(&self, site: &str, system: &str, holder: &Holder) -> Result<Lock, JournalError> {
        fs::ensure_folder(&self.root)?;
        fs::ensure_private_folder(&self.root.join("locks"))?;
        Lock::take(&self.place_path(site, system), holder)
    }

    /// Who holds a system at a site now: nobody, as far as it can be told.
    pub fn place_holder(&self, site: &str, system: &str) -> Option<Holder> {
        holder_of(&self.place_path(site, system))
    }

    fn place_path(&self, site: &str, system: &str) -> PathBuf {
        self.root.join("locks").join(format!("{}--{}.lock", lock_name(site), lock_name(system)))
    }

    /// Writes a file where journals are written, syncs it and takes it away again: how many bytes are free there.
    ///
    /// # Errors
    /// It cannot be done; nor could a journal be written.
    pub fn trial(&self, mode: Mode) -> Result<u64, JournalError> {
        let folder = self.folder(mode);
        fs::ensure_folder(&self.root)?;
        fs::ensure_private_folder(&folder)?;
        let path = folder.join(format!(".trial-{}", std::process::id()));
        let written = fs::replace(&path, &[b'x'; TRIAL_BYTES]);
        // What was written in part is in the way as well.
        let _ = std::fs::remove_file(&path);
        written?;
        Ok(fs::free_bytes(&folder)?)
    }

    fn folder(&self, mode: Mode) -> PathBuf {
        self.root.join(match mode {
            Mode::Live => "runs",
            Mode::Practice => "practice",
        })
    }

    /// The folders of all runs, live and practice, in no order that means anything; no journal is read.
    ///
    /// # Errors
    /// The folders cannot be listed.
    pub fn runs(&self) -> Result<Vec<RunDir>, JournalError> {
        self.folders(&[Mode::Live, Mode::Practice], |name| !name.starts_with(PRUNED_PREFIX))
    }

    /// Those of all live runs: what concerns real systems need not wait for what was practised.
    ///
    /// # Errors
    /// The folder cannot be listed.
    pub fn live_runs(&self) -> Result<Vec<RunDir>, JournalError> {
        self.folders(&[Mode::Live], |name| !name.starts_with(PRUNED_PREFIX))
    }

    /// The folders of runs that were being deleted when a crash ended it.
    ///
    /// # Errors
    /// The folders cannot be listed.
    pub fn half_pruned(&self) -> Result<Vec<RunDir>, JournalError> {
        self.folders(&[Mode::Live, Mode::Practice], |name| name.starts_with(PRUNED_PREFIX))
    }

    fn folders(&self, modes: &[Mode], is_wanted: impl Fn(&str) -> bool) -> Result<Vec<RunDir>, JournalError> {
        let mut found = Vec::new();
        for folder in modes.iter().map(|mode| self.folder(*mode)) {
            for name in fs::names(&folder)?.into_iter().filter(|name| is_wanted(name)) {
                let path = folder.join(name);
                if fs::look(&path)?.is_some_and(|metadata| metadata.is_dir()) {
                    found.push(RunDir::new(path));
                }
            }
        }
        Ok(found)
    }

    fn find_exactly(&self, id: &str) -> Result<Option<RunDir>, JournalError> {
        for mode in [Mode::Live, Mode::Practice] {
            let path = self.folder(mode).join(id);
            if fs::look(&path)?.is_some() {
                return Ok(Some(RunDir::new(path)));
            }
        }
        Ok(None)
    }
}

/// Whether that is the name of a run as [`Store::begin`] makes it: the day, a runbook, a random end.
pub(super) fn is_run_id(name: &str) -> bool {
    let is_day = |day: &str| {
        day.bytes().enumerate().all(|(at, byte)| if matches!(at, 4 | 7) { byte == b'-' } else { byte.is_ascii_digit() })
    };
    let day = name.get(..DAY_CHARS).filter(|day| is_day(day));
    let rest = day.and_then(|day| name[day.len()..].strip_prefix('-'));
    let Some((runbook, end)) = rest.and_then(|rest| rest.rsplit_once('-')) else { return false };
    !runbook.is_empty() && end.len() == RANDOM_CHARS && end.bytes().all(|byte| ALPHABET.contains(&byte))
}

/// The system seeds this hasher from its own randomness; nothing here needs to be secret, only different.
fn random_end(attempt: u32) -> String {
    let base = ALPHABET.len() as u64;
    let mut random = RandomState::new().hash_one(attempt);
    let mut end = String::with_capacity(RANDOM_CHARS);
    for _ in 0..RANDOM_CHARS {
        let index = usize::try_from(random % base).expect("smaller than the alphabet");
        end.push(char::from(ALPHABET[index]));
        random /= base;
    }
    end
}

/// A name as part of a file's name, so that different pairs of names never share a file: everything but plain
/// characters is escaped, and so is each dash that could be taken for the separator.
fn lock_name(name: &str) -> String {
    let mut text = String::with_capacity(name.len());
    for (index, byte) in name.bytes().enumerate() {
        let at_edge = index == 0 || index + 1 == name.len();
        let is_plain = match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'_' => true,
            b'.' => index > 0,
            b'-' => !at_edge && !text.ends_with('-'),
            _ => false,
        };
        match is_plain {
            true => text.push(char::from(byte)),
            false => text.push_str(&format!("%{byte:02x}")),
        }
    }
    if text.len() > MAX_LOCK_NAME {
        text.truncate(MAX_LOCK_NAME / 2);
        text = format!("{text}%{}", &sha256_hex(name.as_bytes())[..32]);
    }
    text
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn a_taken_name_is_tried_again_with_another_and_a_full_day_is_told() {
        let place = tempfile::tempdir().unwrap();
        let store = Store::open(place.path());
        let begin =
            |mode| store.begin_with(mode, Timestamp::default(), "vault-upgrade", |attempt| (attempt / 500).to_string());
        assert_eq!(begin(Mode::Live).unwrap().id(), "1970-01-01-vault-0");
        // Live and practice runs share their names, so that a prefix never means two.
        assert_eq!(begin(Mode::Practice).unwrap().id(), "1970-01-01-vault-1");
        assert!(matches!(begin(Mode::Live), Err(JournalError::NoFreeName { .. })));
    }

    #[test]
    fn random_ends_differ() {
        let ends: BTreeSet<String> = (0..1000).map(random_end).collect();
        assert!(ends.len() > 980, "{}", ends.len());
        assert!(ends.iter().all(|end| end.len() == RANDOM_CHARS && end.bytes().all(|byte| ALPHABET.contains(&byte))));
    }

    #[test]
    fn different_places_never_share_a_lock() {
        let names =
            ["", "a", "b", "-", "--", "a-", "-a", "a-b", "a--b", "%2d", "A", ".", "..", "a.b", "a/b", "ä", "a b"];
        let mut seen = BTreeSet::new();
        for site in names {
            for system in names {
                let file = format!("{}--{}.lock", lock_name(site), lock_name(system));
                assert!(!file.contains('/') && !file.starts_with('.'), "{file}");
                assert!(seen.insert(file), "{site:?} and {system:?}");
            }
        }
    }
}
