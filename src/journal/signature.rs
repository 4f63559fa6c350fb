//! Signatures of journals: what somebody's key says of how far one stood. A chain shows changes before its end; that lines are
//! missing at the end, or that all was made anew, shows only what was noted elsewhere, as a hash or in a signed text.
//!
//! What is signed is a text that names the run, a number of records and the hash of the last of these; it lies with
//! its ssh signature beside the journal, in `signatures/`. Anybody with `ssh-keygen` can make one and check it; whoever can
//! write to the folder can also take a signature away, so a copy belongs elsewhere.

use std::fmt;
use std::io::Read;
use std::path::{Path, PathBuf};

use crate::clock::Timestamp;
use crate::fs::{self, FsError};
use crate::journal::error::JournalError;
use crate::journal::line::sha256_hex;
use crate::journal::store::RunDir;
use crate::signature::{Checked, SignatureError, check};

/// For what a journal is signed: `ssh-keygen -Y sign -n` this.
pub const JOURNAL_NAMESPACE: &str = "journal@piton";

/// The first line of a statement on a live run.
const LIVE_LINE: &str = "piton journal 1";

/// The first line of one on a practice run: nobody must take it for a statement on something that was done.
const PRACTICE_LINE: &str = "piton journal 1, PRACTICE";

/// How much of such a file is read, in bytes: far more than there is in one.
const MAX_BYTES: u64 = 64 * 1024;

/// How many signatures of a journal are looked at.
const MAX_SIGNATURES: usize = 1_000;

/// As who somebody signs a journal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Whoever walked the run.
    Operator,
    /// Whoever stood beside.
    Witness,
    /// Whoever looked at it afterwards.
    Reviewer,
}

impl Role {
    /// The word that stands in a statement.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Operator => "operator",
            Self::Witness => "witness",
            Self::Reviewer => "reviewer",
        }
    }

    fn of(word: &str) -> Option<Self> {
        [Self::Operator, Self::Witness, Self::Reviewer].into_iter().find(|role| role.word() == word)
    }
}

/// What is signed: one text for each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    /// Whether the run is a practice run.
    pub is_practice: bool,
    /// The run's name.
    pub run: String,
    /// How many records it had.
    pub records: u64,
    /// The hash of the last of them.
    pub head: String,
    /// When it was signed, as whoever did it says.
    pub at: Timestamp,
    /// As who.
    pub role: Role,
    /// The name given, which nothing proves but the key.
    pub by: String,
    /// How far the review stood that is signed with it.
    pub review: Option<ReviewStood>,
}

/// How far a review stood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReviewStood {
    /// How many lines it had.
    pub lines: u64,
    /// The hash of the last of them.
    pub head: String,
}

impl fmt::Display for Statement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { is_practice, run, records, head, at, role, by, review } = self;
        let role = role.word();
        let what = if *is_practice { PRACTICE_LINE } else { LIVE_LINE };
        write!(f, "{what}\nrun: {run}\nrecords: {records}\nhead: {head}\nat: {at}\nas: {role}\nby: {by}\n")?;
        review.as_ref().map_or(Ok(()), |ReviewStood { lines, head }| writeln!(f, "review: {lines} {head}"))
    }
}

impl Statement {
    /// Reads the text of a statement; only the very text that one is written as is one.
    pub fn parse(text: &str) -> Option<Self> {
        let (first, rest) = text.split_once('\n')?;
        let is_practice = first == PRACTICE_LINE;
        if !is_practice && first != LIVE_LINE {
            return None;
        }
        let mut lines = rest.lines();
        let mut field = |name: &str| lines.next()?.strip_prefix(name)?.strip_prefix(": ").map(str::to_owned);
        let mut statement = Self {
            is_practice,
            run: field("run")?,
            records: field("records")?.parse().ok()?,
            head: field("head")?,
            at: field("at")?.parse().ok()?,
            role: Role::of(&field("as")?)?,
            by: field("by")?,
            review: None,
        };
        if let Some((stood, head)) = field("review").as_deref().and_then(|review| review.split_once(' ')) {
            statement.review = Some(ReviewStood { lines: stood.parse().ok()?, head: head.to_owned() });
        }
        (statement.to_string() == text).then_some(statement)
    }

    /// The name of the file that it is kept in: those of one journal are sorted by how far it stood.
    pub fn file_name(&self) -> String {
        let sum = sha256_hex(self.to_string().as_bytes());
        format!("{:08}-{}-{}.txt", self.records, self.role.word(), &sum[..8])
    }
}

/// A statement and what stands beside it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signature {
    /// The file of the statement.
    pub path: PathBuf,
    /// What it says, and its signature, or why it is none.
    pub read: Result<(Statement, Checked), Unsigned>,
}

/// Why a file is no signed statement.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unsigned {
    /// Nobody has signed it yet.
    #[error("it is not signed yet")]
    NotSigned,
    /// It is no statement.
    #[error("it is not the text that piton writes to be signed")]
    NoStatement,
    /// The signature is none, or not one of this text.
    #[error(transparent)]
    Signature(#[from] SignatureError),
    /// It cannot be read.
    #[error("{0}")]
    Unreadable(String),
    /// There are more files than are looked at; this stands for those.
    #[error("{}: {MAX_SIGNATURES} are the most", not_looked_at(*.0))]
    Beyond(usize),
}

/// How a journal stands to a signed text or to a hash that was noted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Held {
    /// It holds what was noted, up to that record.
    Upto(u64),
    /// Records are missing at its end, or it was made anew.
    Missing {
        /// How many there must be; `None` when only the hash was noted.
        records: Option<u64>,
    },
    /// The record of that number has another hash: it was made anew.
    Differs {
        /// Its number.
        record: u64,
    },
}

/// What was noted of a journal elsewhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Noted {
    /// How many records it had, if that was noted.
    pub records: Option<u64>,
    /// The hash of the last of them.
    pub head: String,
}

/// Reads along in a journal and compares it with what was noted.
#[derive(Clone, Debug, Default)]
pub struct Comparison {
    noted: Vec<(Noted, Option<Held>)>,
}

impl Comparison {
    /// With these.
    pub fn new(noted: impl IntoIterator<Item = Noted>) -> Self {
        Self { noted: noted.into_iter().map(|noted| (noted, None)).collect() }
    }

    /// The record of that number has this hash.
    pub fn take(&mut self, record: u64, hash: &str) {
        for (noted, held) in self.noted.iter_mut().filter(|(_, held)| held.is_none()) {
            let is_equal = noted.head == hash;
            match noted.records {
                // Before the first record every journal stands alike.
                None if is_equal && record > 0 => *held = Some(Held::Upto(record)),
                Some(records) if records == record => {
                    *held = Some(if is_equal { Held::Upto(record) } else { Held::Differs { record } });
                }
                _ => {}
            }
        }
    }

    /// How it stands to each of them, in their order.
    pub fn end(self) -> Vec<Held> {
        let missing = |records| Held::Missing { records };
        self.noted.into_iter().map(|(noted, held)| held.unwrap_or_else(|| missing(noted.records))).collect()
    }
}

impl RunDir {
    /// The folder of signatures.
    pub fn signatures_dir(&self) -> PathBuf {
        self.path().join("signatures")
    }

    /// Writes a statement into a file, to be signed; its path.
    ///
    /// # Errors
    /// The folder cannot be written to.
    pub fn keep_to_sign(&self, statement: &Statement) -> Result<PathBuf, JournalError> {
        fs::ensure_private_folder(&self.signatures_dir())?;
        let path = self.signatures_dir().join(statement.file_name());
        fs::replace(&path, statement.to_string().as_bytes())?;
        Ok(path)
    }

    /// All signed statements that lie beside the journal, by how far it stood. Where there are too many to be looked at, those
    /// whose name is none that piton gives are left out, and the folder stands for what was left out.
    ///
    /// # Errors
    /// The folder cannot be read.
    pub fn signatures(&self) -> Result<Vec<Signature>, JournalError> {
        let folder = self.signatures_dir();
        let mut names: Vec<String> = fs::names(&folder)?.into_iter().filter(|name| name.ends_with(".txt")).collect();
        names.sort_by_key(|name| !is_given(name));
        let beyond = names.len().saturating_sub(MAX_SIGNATURES);
        names.truncate(MAX_SIGNATURES);
        let mut signatures: Vec<Signature> = names.iter().map(|name| Signature::read(folder.join(name))).collect();
        signatures.extend((beyond > 0).then_some(Signature { path: folder, read: Err(Unsigned::Beyond(beyond)) }));
        Ok(signatures)
    }
}

/// Whether a file has a name as [`Statement::file_name`] gives it.
fn is_given(name: &str) -> bool {
    let Some(parts) = name.strip_suffix(".txt").map(|name| name.split('-').collect::<Vec<_>>()) else { return false };
    let [records, role, sum] = parts[..] else { return false };
    let is_number = records.len() >= 8 && records.bytes().all(|byte| byte.is_ascii_digit());
    is_number && Role::of(role).is_some() && sum.len() == 8 && sum.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Says of so many files beside a journal that they were left out.
pub fn not_looked_at(files: usize) -> String {
    match files {
        1 => "1 file was not looked at".into(),
        _ => format!("{files} files were not looked at"),
    }
}

/// Where the signature of a file stands: where ssh-keygen puts it.
pub fn signature_path(statement: &Path) -> PathBuf {
    let mut name = statement.as_os_str().to_owned();
    name.push(".sig");
    PathBuf::from(name)
}

impl Signature {
    /// The statement in that file, and its signature.
    pub fn read(path: PathBuf) -> Self {
        let read = read(&path);
        Self { path, read }
    }
}

fn read(path: &Path) -> Result<(Statement, Checked), Unsigned> {
    let unreadable = |error: FsError| Unsigned::Unreadable(error.to_string());
    let text = bounded(path).map_err(unreadable)?;
    let statement = Statement::parse(&text).ok_or(Unsigned::NoStatement)?;
    let signature = signature_path(path);
    if fs::look(&signature).map_err(unreadable)?.is_none() {
        return Err(Unsigned::NotSigned);
    }
    let armored = bounded(&signature).map_err(unreadable)?;
    Ok((statement, check(&armored, JOURNAL_NAMESPACE, text.as_bytes())?))
}

/// The text of a file, as much of it as there can be in one.
fn bounded(path: &Path) -> Result<String, FsError> {
    let mut text = Vec::new();
    let read = fs::open_read(path)?.take(MAX_BYTES).read_to_end(&mut text);
    read.map_err(|error| FsError::new("read", path, error))?;
    Ok(String::from_utf8_lossy(&text).into_owned())
}
