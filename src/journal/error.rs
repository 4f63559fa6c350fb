//! What can go wrong with a journal.

use std::path::PathBuf;

use crate::clock::Timestamp;
use crate::fs::FsError;
use crate::journal::chain::Fault;
use crate::journal::lock::Holder;

/// Why a journal could not be made, opened, read or continued. Each text says what, where and what to do.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// A file or folder did not do as it should; nothing was recorded.
    #[error(transparent)]
    File(#[from] FsError),

    /// Somebody else is at it.
    #[error("in use elsewhere, leave it there first: {} ({path})", held_by(holder.as_ref()))]
    Held {
        /// The lock's file.
        path: PathBuf,
        /// Who holds it, as far as can be told.
        holder: Option<Holder>,
    },

    /// There is no whole first record: a crash came before the run existed, or the file was emptied.
    #[error("{path} holds no whole record: no run was ever opened in it; start a new one")]
    NeverOpened {
        /// The journal.
        path: PathBuf,
    },

    /// It is not whole and a crash does not explain it.
    #[error(
        "{path} line {line}: {what}; nothing is appended to a damaged journal. \
         Its first {bytes} bytes are whole: keep a copy and find out who changed it, or start a new run"
    )]
    Damaged {
        /// The journal.
        path: PathBuf,
        /// Where it was noticed.
        line: u64,
        /// What is wrong.
        what: String,
        /// How many bytes before it are whole.
        bytes: u64,
    },

    /// A line is not any more what was read of it.
    #[error("{path} line {line}: it was changed since it was read")]
    Changed {
        /// The journal.
        path: PathBuf,
        /// The first such line that was met.
        line: u64,
    },

    /// A later piton wrote it.
    #[error("{path} is written in journal format {found}, this piton knows up to {known}; use a newer piton")]
    NewerFormat {
        /// The journal.
        path: PathBuf,
        /// Its format.
        found: u64,
        /// [`crate::engine::JOURNAL_FORMAT`].
        known: u32,
    },

    /// A write or sync failed, now or earlier: nothing is recorded any more in this process.
    #[error("{path} takes no more records: {why}; leave and open the run again when the cause is gone")]
    Stopped {
        /// The journal.
        path: PathBuf,
        /// The first failure.
        why: String,
    },

    /// The record would not be a valid next one; nothing was written.
    #[error("record {seq} was not written to {path}: {fault}")]
    NotNext {
        /// The journal.
        path: PathBuf,
        /// Which record.
        seq: u64,
        /// Why.
        fault: Fault,
    },

    /// The record could not be read back, or not as it was; nothing was written.
    #[error("record {seq} was not written to {path}, for it could not be read again: {why}")]
    Unreadable {
        /// The journal.
        path: PathBuf,
        /// Which record.
        seq: u64,
        /// Why.
        why: String,
    },

    /// No run has that name or beginning.
    #[error("no run begins with {prefix:?} in {root}; `piton journals` lists them")]
    NoSuchRun {
        /// What was looked for.
        prefix: String,
        /// Where.
        root: PathBuf,
    },

    /// Several have.
    #[error("{prefix:?} may be any of these runs, type more of it: {}", candidates.join(", "))]
    Ambiguous {
        /// What was looked for.
        prefix: String,
        /// What it may be.
        candidates: Vec<String>,
    },

    /// No free name was found.
    #[error("no free name for a run of {at} in {root}; remove old runs of that day")]
    NoFreeName {
        /// Where.
        root: PathBuf,
        /// The day.
        at: Timestamp,
    },
}

fn held_by(holder: Option<&Holder>) -> String {
    holder.map_or_else(|| "another process".into(), Holder::to_string)
}
