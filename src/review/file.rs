//! The file of a review: read, checked, appended to.

use std::path::PathBuf;

use crate::fs::{self, FsError};
use crate::journal::{
    AppendError, Appender, ChainedEvent, ChainedFile, Found, Holder, JournalError, Lock, NO_PREVIOUS, RunDir,
    not_looked_at, sha256_hex,
};
use crate::review::record::{REVIEW_FORMAT, ReviewEvent, ReviewRecord, Said, Seen, Verdict};

/// The longest text that is taken, in bytes.
const MAX_TEXT_BYTES: usize = 64 * 1024;

/// How many reviews of a run are looked at.
const MAX_REVIEWS: usize = 1_000;

/// Why nothing was added to a review. Each text says what, where and what to do.
#[derive(Debug, thiserror::Error)]
pub enum ReviewError {
    /// A file did not do as it should, or somebody else writes to it.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// It is not whole.
    #[error("{path} line {line}: {what}; nothing is added to a damaged review: move it away to begin a new one")]
    Damaged {
        /// The file.
        path: PathBuf,
        /// Where it was noticed.
        line: u64,
        /// What is wrong.
        what: String,
    },
    /// It was said in no words.
    #[error("say why, in words: nothing was added")]
    Empty,
    /// It was said in too many.
    #[error("a text of a review has at most {MAX_TEXT_BYTES} bytes: nothing was added")]
    Long,
    /// There is no such record.
    #[error("there is no record {record}: the journal has {records}; nothing was added")]
    NoRecord {
        /// The number that was given.
        record: u64,
        /// How many there are.
        records: u64,
    },
}

impl From<FsError> for ReviewError {
    fn from(error: FsError) -> Self {
        Self::Journal(error.into())
    }
}

/// A review as it lies beside a journal.
pub type Review = ChainedFile<ReviewEvent>;

impl Review {
    /// The verdict that counts: the last one, who gave it, and its words.
    pub fn verdict(&self) -> Option<(&ReviewRecord, Verdict, &str)> {
        self.records.iter().rev().find_map(|record| match &record.event {
            ReviewEvent::VerdictGiven { verdict, text, .. } => Some((record, *verdict, text.as_str())),
            _ => None,
        })
    }

    /// How far the journal stood at each line that says so.
    pub fn seen(&self) -> impl Iterator<Item = &Seen> {
        self.records.iter().filter_map(|record| match &record.event {
            ReviewEvent::CommentAdded { seen, .. } | ReviewEvent::VerdictGiven { seen, .. } => Some(seen),
            ReviewEvent::ReviewOpened { .. } => None,
        })
    }

    /// The run that it says to be of.
    pub fn run(&self) -> Option<&str> {
        match &self.records.first()?.event {
            ReviewEvent::ReviewOpened { run, .. } => Some(run),
            _ => None,
        }
    }

    /// The hash of that line, counted from 1.
    pub fn hash_at(&self, line: u64) -> Option<&str> {
        let line = usize::try_from(line).ok().filter(|line| (1..=self.records.len()).contains(line))?;
        // A line names the hash of the one before it.
        Some(self.records.get(line).map_or(self.head.as_str(), |next| &next.prev))
    }

    fn or_damaged(mut self) -> Self {
        if self.records.is_empty() && !self.found.is_damage() {
            self.found = Found::Damaged { line: 1, what: "there is not one whole line: the file was emptied".into() };
        }
        self
    }

    /// One of which nothing can be told, and why.
    fn unread(path: PathBuf, why: String) -> Self {
        Self { path, records: Vec::new(), head: NO_PREVIOUS.to_owned(), found: Found::Unread(why) }
    }
}

impl ChainedEvent for ReviewEvent {
    const WHAT: &str = "record of a review";
    const FORMAT: u32 = REVIEW_FORMAT;
    const OPENING: &str = "review_opened";
    const MAX_LINE_BYTES: usize = 1024 * 1024;

    fn opens(&self) -> Option<u32> {
        match self {
            Self::ReviewOpened { format, .. } => Some(*format),
            Self::CommentAdded { .. } | Self::VerdictGiven { .. } => None,
        }
    }
}

/// The folder of a run's reviews.
fn folder(dir: &RunDir) -> PathBuf {
    dir.path().join("reviews")
}

/// All reviews of a run, by the names of their files. One of which nothing is left is damaged: it may have been emptied, and
/// only a crash while it was begun explains it otherwise. So is one that cannot be read; and where there are too many to be
/// looked at, the folder stands for what was left out.
///
/// # Errors
/// The folder cannot be read.
pub fn all(dir: &RunDir) -> Result<Vec<Review>, ReviewError> {
    let folder = folder(dir);
    let mut names: Vec<String> = fs::names(&folder)?.into_iter().filter(|name| name.ends_with(".jsonl")).collect();
    let beyond = names.len().saturating_sub(MAX_REVIEWS);
    names.truncate(MAX_REVIEWS);
    let read = |path: PathBuf| {
        let read = Review::read(path.clone()).map(Review::or_damaged);
        read.unwrap_or_else(|error| Review::unread(path, error.source.to_string()))
    };
    let mut reviews: Vec<Review> = names.iter().map(|name| read(folder.join(name))).collect();
    let beyond = (beyond > 0).then(|| format!("{}: {MAX_REVIEWS} are the most", not_looked_at(beyond)));
    reviews.extend(beyond.map(|why| Review::unread(folder, why)));
    Ok(reviews)
}

/// The review of that reviewer, if there is one.
///
/// # Errors
/// It cannot be read.
pub fn of(dir: &RunDir, reviewer: &str) -> Result<Option<Review>, ReviewError> {
    let path = folder(dir).join(format!("{}.jsonl", file_name(reviewer)));
    let is_there = fs::look(&path)?.is_some();
    Ok(if is_there { Some(Review::read(path)?.or_damaged()) } else { None })
}

/// Adds to the review of this holder what is said of the journal as it was seen; the review as it is then.
///
/// A line that a crash cut off is moved to a file of its own first.
///
/// # Errors
/// Nothing was added: it is said in no words, of no record, or the file is damaged or cannot be written to.
pub fn add(dir: &RunDir, holder: &Holder, seen: Seen, said: Said) -> Result<Review, ReviewError> {
    let event = judged(seen, said)?;
    let folder = folder(dir);
    fs::ensure_private_folder(&folder)?;
    let name = file_name(&holder.operator);
    let _lock = Lock::take(&folder.join(format!("{name}.lock")), holder)?;
    let path = folder.join(format!("{name}.jsonl"));
    let by = format!("{}@{}", holder.operator, holder.host);
    let mut file = Appender::open(path.clone(), by).map_err(|error| match error {
        AppendError::Failed(error) => error.into(),
        AppendError::Damaged { line, what } => ReviewError::Damaged { path: path.clone(), line, what },
    })?;
    let first = file.is_new().then(|| ReviewEvent::ReviewOpened {
        format: REVIEW_FORMAT,
        run: dir.name(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
    });
    file.write(holder.since, first.into_iter().chain([event]))?;
    fs::sync_folder(&folder)?;
    Ok(Review::read(path)?)
}

/// The name of a reviewer's file: a name with what no file should be called by is told from others by its sum.
fn file_name(reviewer: &str) -> String {
    let is_plain = |c: char| c.is_alphanumeric() || matches!(c, '.' | '-' | '_');
    let plain: String = reviewer.chars().filter(|c| is_plain(*c)).collect();
    if plain == reviewer { plain } else { format!("{plain}-{}", &sha256_hex(reviewer.as_bytes())[..8]) }
}

fn judged(seen: Seen, said: Said) -> Result<ReviewEvent, ReviewError> {
    let (text, may_be_empty) = match &said {
        Said::Comment { text, .. } => (text, false),
        Said::Verdict { verdict, text } => (text, *verdict == Verdict::Accepted),
    };
    let text = text.trim().to_owned();
    if text.is_empty() && !may_be_empty {
        return Err(ReviewError::Empty);
    }
    if text.len() > MAX_TEXT_BYTES {
        return Err(ReviewError::Long);
    }
    match said {
        Said::Comment { record: Some(record), .. } if record == 0 || record > seen.records => {
            Err(ReviewError::NoRecord { record, records: seen.records })
        }
        Said::Comment { record, .. } => Ok(ReviewEvent::CommentAdded { seen, record, text }),
        Said::Verdict { verdict, .. } => Ok(ReviewEvent::VerdictGiven { seen, verdict, text }),
    }
}

impl Said {
    /// A remark on the whole run, or on one record of it.
    pub fn comment(record: Option<u64>, text: impl Into<String>) -> Self {
        Self::Comment { record, text: text.into() }
    }
}

impl ReviewRecord {
    /// When it was written, in words with who.
    pub fn whose(&self) -> String {
        format!("{} {}", self.by, self.at)
    }
}
