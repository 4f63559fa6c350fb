//! What became of runs: `keeping.jsonl`, read, checked and appended to.

use std::fmt;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::clock::Timestamp;
use crate::fs::{self, FsError};
use crate::journal::{AppendError, Appender, ChainedEvent, ChainedFile, ChainedRecord, Holder, JournalError, Lock};
use crate::text::counted;

/// The longest text of a record, in bytes: longer ones are cut, and said to be. All of a record's texts fit into a line, however
/// they are escaped.
const MAX_TEXT_BYTES: usize = 1_000;

/// The longest path of a record, in bytes: no system takes a longer one.
const MAX_PATH_BYTES: usize = 4_096;

/// How many verdicts of a run that went are told, and the longest of them, in bytes.
const MOST_VERDICTS: usize = 16;
const MAX_VERDICT_BYTES: usize = 200;

/// The format in which it is written.
pub const KEEPING_FORMAT: u32 = 1;

/// One line.
pub type KeepingRecord = ChainedRecord<KeepingEvent>;

/// What others had left beside a journal, which went with its run.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WentAlong {
    /// How many signatures of the journal.
    pub signatures: usize,
    /// How many reviews.
    pub reviews: usize,
    /// The verdicts among them that counted, each with who gave it; of very many the first ones.
    pub verdicts: Vec<String>,
}

impl fmt::Display for WentAlong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { signatures, reviews, verdicts } = self;
        write!(f, "{} and {}", counted(*signatures, "signature"), counted(*reviews, "review"))?;
        if verdicts.is_empty() { Ok(()) } else { write!(f, " ({})", verdicts.join(", ")) }
    }
}

/// What was done with a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum KeepingEvent {
    /// The first line.
    KeepingOpened {
        /// [`KEEPING_FORMAT`].
        format: u32,
        /// The version of piton that wrote it.
        version: String,
    },
    /// A copy of the run was written into one file.
    Archived {
        /// Its name.
        run: String,
        /// The file.
        file: String,
        /// Its size.
        bytes: u64,
        /// Lower-case hex sha256 of it.
        sha256: String,
        /// How many good records the journal had.
        records: u64,
        /// The hash of the last of them.
        head: String,
    },
    /// The run was deleted; written before the first of its files went.
    Pruned {
        /// Its name.
        run: String,
        /// `live` or `practice`: in which folder it lay.
        mode: String,
        /// The runbook's name; empty where nobody knows.
        runbook: String,
        /// Its outcome, or how it stood.
        standing: String,
        /// When it was opened.
        opened_at: Option<Timestamp>,
        /// When its last good record was written.
        last_at: Option<Timestamp>,
        /// How many good records the journal had.
        records: u64,
        /// The hash of the last of them.
        head: String,
        /// Whether the journal was found whole just before.
        is_verified: bool,
        /// By which policy.
        why: String,
        /// What others had left beside the journal; nothing where nobody had, and in lines of earlier versions.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        beside: Option<WentAlong>,
    },
    /// What a crash or an error had left of a run that was being deleted is gone now, too.
    PruneEnded {
        /// Its name.
        run: String,
    },
    /// What was to be deleted could not be, or not all of it.
    NotPruned {
        /// Its name.
        run: String,
        /// Why.
        why: String,
    },
}

impl KeepingEvent {
    /// The same with texts of bounded length.
    fn bounded(mut self) -> Self {
        match &mut self {
            Self::KeepingOpened { .. } => {}
            Self::Archived { run, file, .. } => {
                cut(run, MAX_TEXT_BYTES);
                cut(file, MAX_PATH_BYTES);
            }
            Self::Pruned { run, runbook, standing, why, beside, .. } => {
                [run, runbook, standing, why].into_iter().for_each(|text| cut(text, MAX_TEXT_BYTES));
                let verdicts = beside.iter_mut().map(|beside| &mut beside.verdicts);
                verdicts.for_each(|verdicts| {
                    verdicts.truncate(MOST_VERDICTS);
                    verdicts.iter_mut().for_each(|verdict| cut(verdict, MAX_VERDICT_BYTES));
                });
            }
            Self::PruneEnded { run } => cut(run, MAX_TEXT_BYTES),
            Self::NotPruned { run, why } => [run, why].into_iter().for_each(|text| cut(text, MAX_TEXT_BYTES)),
        }
        self
    }
}

/// Cuts a text to so many bytes, and says that it did.
fn cut(text: &mut String, limit: usize) {
    let length = text.len();
    if length <= limit {
        return;
    }
    let end = (0..=limit).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    text.truncate(end);
    text.push_str(&format!(" … (cut: {length} bytes)"));
}

/// What became of runs, as far as it is whole.
pub type Kept = ChainedFile<KeepingEvent>;

impl ChainedEvent for KeepingEvent {
    const WHAT: &str = "such record";
    const FORMAT: u32 = KEEPING_FORMAT;
    const OPENING: &str = "keeping_opened";
    const MAX_LINE_BYTES: usize = 64 * 1024;

    fn opens(&self) -> Option<u32> {
        match self {
            Self::KeepingOpened { format, .. } => Some(*format),
            _ => None,
        }
    }
}

/// Why nothing can be written down; then nothing is deleted either.
#[derive(Debug, thiserror::Error)]
pub enum KeepingError {
    /// A file did not do as it should, or somebody else writes to it.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// It is not whole.
    #[error(
        "{path} line {line}: {what}; nothing is deleted as long as it cannot be written down: move it away to begin a new one"
    )]
    Damaged {
        /// The file.
        path: PathBuf,
        /// Where it was noticed.
        line: u64,
        /// What is wrong.
        what: String,
    },
}

impl From<FsError> for KeepingError {
    fn from(error: FsError) -> Self {
        Self::Journal(error.into())
    }
}

/// What became of the runs below `root`; `None`: nothing was ever archived or deleted.
///
/// # Errors
/// The file cannot be read.
pub fn kept(root: &Path) -> Result<Option<Kept>, FsError> {
    let path = root.join("keeping.jsonl");
    if fs::look(&path)?.is_none() {
        return Ok(None);
    }
    ChainedFile::read(path).map(Some)
}

/// Holds off everybody else who would write down what becomes of runs: whoever lists them to delete some does that behind it.
pub struct Hold {
    root: PathBuf,
    holder: Holder,
    lock: Lock,
}

impl Hold {
    /// Takes the lock of the file below `root`; nothing is written yet.
    ///
    /// # Errors
    /// It is held by somebody else, or cannot be written to.
    pub fn take(root: &Path, holder: &Holder) -> Result<Self, KeepingError> {
        fs::ensure_folder(root)?;
        let lock = Lock::take(&root.join("keeping.lock"), holder)?;
        Ok(Self { root: root.to_owned(), holder: holder.clone(), lock })
    }

    /// Opens the file, or begins it. A line that a crash cut off is moved to a file of its own first.
    ///
    /// # Errors
    /// It is damaged, or cannot be written to.
    pub fn open(self) -> Result<Keeper, KeepingError> {
        Keeper::opened(self)
    }
}

/// Writes down what becomes of runs. One at a time, as long as it is held.
pub struct Keeper {
    file: Appender<KeepingEvent>,
    _lock: Lock,
}

impl Keeper {
    /// Opens the file below `root`, or begins it. A line that a crash cut off is moved to a file of its own first.
    ///
    /// # Errors
    /// It is damaged, held by somebody else, or cannot be written to.
    pub fn open(root: &Path, holder: &Holder) -> Result<Self, KeepingError> {
        Hold::take(root, holder)?.open()
    }

    fn opened(hold: Hold) -> Result<Self, KeepingError> {
        let Hold { root, holder, lock } = hold;
        let path = root.join("keeping.jsonl");
        let mut by = format!("{}@{}", holder.operator, holder.host);
        cut(&mut by, MAX_TEXT_BYTES);
        let file = Appender::open(path.clone(), by).map_err(|error| match error {
            AppendError::Failed(error) => error.into(),
            AppendError::Damaged { line, what } => KeepingError::Damaged { path, line, what },
        })?;
        let mut keeper = Self { file, _lock: lock };
        if keeper.file.is_new() {
            let version = env!("CARGO_PKG_VERSION").to_owned();
            keeper.write(holder.since, KeepingEvent::KeepingOpened { format: KEEPING_FORMAT, version })?;
            fs::sync_folder(&root)?;
        }
        Ok(keeper)
    }

    /// Writes one line, of what happened at that time; it is on disk when this returns. No line lies before the one before it.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn write(&mut self, at: Timestamp, event: KeepingEvent) -> Result<(), KeepingError> {
        Ok(self.file.write(at, [event.bounded()])?)
    }

    /// The hash of the last line.
    pub fn head(&self) -> &str {
        self.file.head()
    }
}
