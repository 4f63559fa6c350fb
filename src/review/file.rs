//! The file of a review: read, checked, appended to.

use std::io::Write as _;
use std::path::PathBuf;

use crate::clock::Timestamp;
use crate::fs::{self, FsError};
use crate::journal::{
    Chained, ChainedFile, Found, Holder, JournalError, Lock, NO_PREVIOUS, RunDir, not_looked_at, set_aside, sha256_hex,
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
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Review {
    /// Its file.
    pub path: PathBuf,
    /// The good lines.
    pub records: Vec<ReviewRecord>,
    /// The hash of the last of them.
    pub head: String,
    /// What follows them.
    pub found: Found,
}

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

    fn read(path: PathBuf) -> Result<Self, FsError> {
        let ChainedFile { path, records, head, found } = ChainedFile::read(path)?;
        Ok(Self { path, records, head, found })
    }
}

impl Chained for ReviewRecord {
    const WHAT: &str = "record of a review";
    const MAX_LINE_BYTES: usize = 1024 * 1024;

    fn seq(&self) -> u64 {
        self.seq
    }

    fn prev(&self) -> &str {
        &self.prev
    }

    fn at(&self) -> Timestamp {
        self.at
    }

    fn fits(&self, is_first: bool) -> Result<(), String> {
        match (&self.event, is_first) {
            (ReviewEvent::ReviewOpened { format, .. }, true) if *format > REVIEW_FORMAT => {
                Err(format!("it is written in format {format} of reviews: use a newer piton"))
            }
            (ReviewEvent::ReviewOpened { .. }, false) => Err("`review_opened` stands after the first record".into()),
            (ReviewEvent::CommentAdded { .. } | ReviewEvent::VerdictGiven { .. }, true) => {
                Err("the first record is not `review_opened`".into())
            }
            _ => Ok(()),
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
    let mut file = match fs::look(&path)? {
        Some(_) => fs::open_append(&path)?,
        None => fs::create_private(&path)?,
    };
    let review = Review::read(path.clone())?;
    match review.found {
        Found::Whole => {}
        Found::Torn(offset) => set_aside(&path, &file, offset)?,
        Found::Damaged { line, what } => return Err(ReviewError::Damaged { path, line, what }),
        Found::Unread(what) => return Err(ReviewError::Damaged { path, line: 1, what }),
    }
    let by = format!("{}@{}", holder.operator, holder.host);
    let first = review.records.is_empty().then(|| ReviewEvent::ReviewOpened {
        format: REVIEW_FORMAT,
        run: dir.name(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
    });
    let mut lines = Vec::new();
    let (mut seq, mut prev) = (review.records.len() as u64, review.head);
    let at = review.records.last().map_or(holder.since, |last: &ReviewRecord| last.at.max(holder.since));
    for event in first.into_iter().chain([event]) {
        seq += 1;
        let line = line(ReviewRecord { seq, at, prev, by: by.clone(), event });
        prev = sha256_hex(&line);
        lines.extend_from_slice(&line);
        lines.push(b'\n');
    }
    let write_failed = |error| FsError::new("write", &path, error);
    file.write_all(&lines).map_err(write_failed)?;
    file.sync_data().map_err(write_failed)?;
    fs::sync_folder(&folder)?;
    Ok(Review::read(path)?)
}

/// The name of a reviewer's file: a name with what no file should be called by is told from others by its sum.
fn file_name(reviewer: &str) -> String {
    let is_plain = |c: char| c.is_alphanumeric() || matches!(c, '.' | '-' | '_');
    let plain: String = reviewer.chars().filter(|c| is_plain(*c)).collect();
    if plain == reviewer { plain } else { format!("{plain}-{}", &sha256_hex(reviewer.as_bytes())[..8]) }
}

fn line(record: ReviewRecord) -> Vec<u8> {
    serde_json::to_vec(&record).expect("a record of a review is made of texts and numbers")
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
        let at: Timestamp = self.at;
        format!("{} {at}", self.by)
    }
}
