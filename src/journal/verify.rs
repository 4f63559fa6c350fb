//! Whether a journal is whole: one pass, one line in memory at a time.

use std::fs::{File, FileType};
use std::io::{self, BufRead, BufReader};
use std::os::unix::fs::FileTypeExt;
use std::path::Path;

use crate::engine::{JOURNAL_FORMAT, Record, SignatureWatch, SignedRelease};
use crate::fs::FsError;
use crate::journal::ahead::{Ahead, Seen};
use crate::journal::chain::{Chain, Fault};
use crate::journal::error::JournalError;
use crate::journal::line::{self, Hash, MAX_LINE_BYTES, NO_PREVIOUS, Outline};
use crate::journal::reader::{RawLine, Reader};
use crate::journal::signature::{Comparison, Held, Noted};

/// The unit in which a disk writes: of a sector either the old or the new content is there after a crash.
const SECTOR_BYTES: u64 = 512;

/// So many bytes that no line holds are the trace of a torn write; fewer could come from single changed bits.
const FOREIGN_BYTES: u64 = 8;

/// What a journal is found to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verification {
    /// How many records stand in an unbroken chain from the start.
    pub records: u64,
    /// How many bytes these take.
    pub bytes: u64,
    /// The hash of the last of them: what the operator noted at the end of the run must be equal to it.
    pub head: String,
    /// Where and how the chain of these records stands: time of the last one and the outcome.
    pub chain: Chain,
    /// The releases among them that were signed: each signature was checked again.
    pub signed: Vec<SignedRelease>,
    /// What follows them.
    pub integrity: Integrity,
    /// That the last of them may be what was changed.
    pub doubt: Option<Doubt>,
}

/// A record in its place that the next line does not vouch for: either of the two was changed, and nobody can tell which.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Doubt {
    /// Its number; it is the last in the chain.
    pub record: u64,
    /// The hash of the one before it.
    pub head: String,
}

impl Verification {
    /// How many records are beyond doubt, and the hash of the last of them.
    pub fn trusted(&self) -> (u64, &str) {
        match &self.doubt {
            Some(doubt) => (doubt.record - 1, &doubt.head),
            None => (self.records, &self.head),
        }
    }
}

/// What follows the good records.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Integrity {
    /// Nothing.
    Whole,
    /// A write that a crash cut off; never acknowledged.
    TornTail {
        /// The line at which it begins.
        line: u64,
        /// How long it is.
        bytes: u64,
    },
    /// Something that a crash does not explain, or that cannot be told from an acknowledged record.
    Damaged {
        /// The line at which it was noticed.
        line: u64,
        /// What is wrong with it.
        what: String,
    },
    /// There is not one whole record. Before its first record is durable nobody is told of a run: so a crash came
    /// before it existed, or the file was emptied.
    NeverOpened,
    /// A journal of a later piton, which this one cannot judge.
    NewerFormat {
        /// Its format.
        found: u64,
    },
}

/// Verifies the journal file at `path`, which may be a link or a pipe.
pub fn verify(path: &Path) -> Result<Verification, JournalError> {
    outlines(path, &mut |_, _| {})
}

/// Verifies the journal file at `path`, tells `each` of how many bytes were read, and compares the journal with what was
/// noted of it elsewhere: how it stands to each of these.
///
/// # Errors
/// It cannot be read.
pub fn compare(
    path: &Path,
    noted: Vec<Noted>,
    mut each: impl FnMut(u64),
) -> Result<(Verification, Vec<Held>), JournalError> {
    compare_along(path, noted, |bytes, _| {
        each(bytes);
        true
    })
}

/// The same, with the outline of each good record in passing, as long as `each` says that it is to go on.
///
/// # Errors
/// It cannot be read; or `each` ended it, as [`io::ErrorKind::Interrupted`].
pub fn compare_along(
    path: &Path,
    noted: Vec<Noted>,
    mut each: impl FnMut(u64, &Outline) -> bool,
) -> Result<(Verification, Vec<Held>), JournalError> {
    let mut comparison = Comparison::new(noted);
    let verification = read_along(path, &mut |raw, record| {
        // What a record names is the hash of the one before it, so nothing is hashed twice.
        comparison.take(record.seq() - 1, record.prev());
        each(raw.offset + raw.length, &record)
    })?;
    comparison.take(verification.records, &verification.head);
    Ok((verification, comparison.end()))
}

/// All good records of the journal file at `path`, and what follows them.
pub fn read_records(path: &Path) -> Result<(Vec<Record>, Verification), JournalError> {
    let mut records = Vec::new();
    let verification = each_record(path, &mut |record| records.push(record))?;
    Ok((records, verification))
}

/// Hands on each good record of the journal file at `path`, one in memory at a time; what follows them.
///
/// # Errors
/// It cannot be read.
pub fn each_record(path: &Path, each: &mut dyn FnMut(Record)) -> Result<Verification, JournalError> {
    let source = opened(path)?;
    let read = examine(source, |_, record| each(record));
    read.map_err(|error| FsError::new("read", path, error).into())
}

/// Verifies the journal file at `path` and hands on the outline of each good record with its raw line, as long as `each`
/// says that it is to go on.
///
/// # Errors
/// It cannot be read; or `each` ended it, as [`io::ErrorKind::Interrupted`].
pub fn read_along(
    path: &Path,
    each: &mut dyn FnMut(RawLine<'_>, Outline) -> bool,
) -> Result<Verification, JournalError> {
    let mut source = opened(path)?;
    through(&mut source, each).map_err(|error| FsError::new("read", path, error).into())
}

/// The same to its end.
pub(super) fn outlines(path: &Path, each: &mut dyn FnMut(RawLine<'_>, Outline)) -> Result<Verification, JournalError> {
    read_along(path, &mut |raw, outline| {
        each(raw, outline);
        true
    })
}

fn opened(path: &Path) -> Result<BufReader<File>, JournalError> {
    let file = File::open(path).map_err(|error| FsError::new("open", path, error))?;
    if file.metadata().is_ok_and(|known| is_device(known.file_type())) {
        // What never ends would be read for ever.
        let error = io::Error::new(io::ErrorKind::InvalidInput, "it is a device, not a file or a pipe");
        return Err(FsError::new("read", path, error).into());
    }
    Ok(BufReader::with_capacity(1 << 16, file))
}

fn is_device(kind: FileType) -> bool {
    kind.is_char_device() || kind.is_block_device()
}

/// Verifies what `source` yields and hands on each good record with its raw line.
pub fn examine(source: impl BufRead, mut each: impl FnMut(RawLine<'_>, Record)) -> io::Result<Verification> {
    examine_while(source, |raw, record| {
        each(raw, record);
        true
    })
}

/// The same, as long as `each` says that it is to go on.
///
/// # Errors
/// It cannot be read; or `each` ended it, as [`io::ErrorKind::Interrupted`].
pub fn examine_while(
    mut source: impl BufRead,
    mut each: impl FnMut(RawLine<'_>, Record) -> bool,
) -> io::Result<Verification> {
    through(&mut source, &mut |raw, outline| outline.into_record(&raw).is_some_and(|record| each(raw, record)))
}

fn through(source: &mut dyn BufRead, each: &mut dyn FnMut(RawLine<'_>, Outline) -> bool) -> io::Result<Verification> {
    std::thread::scope(|scope| judged(Ahead::new(scope, Reader::new(source)), each))
}

fn judged(
    mut lines: Ahead<'_, '_, &mut dyn BufRead>,
    each: &mut dyn FnMut(RawLine<'_>, Outline) -> bool,
) -> io::Result<Verification> {
    let mut chain = Chain::default();
    let mut watch = SignatureWatch::default();
    let mut signed = Vec::new();
    let mut bytes = 0;
    let mut integrity = Integrity::Whole;
    let (mut before, mut doubt) = (NO_PREVIOUS.to_owned(), None);
    while let Some((raw, seen)) = lines.next_line()? {
        match judge(&mut chain, &mut watch, raw, seen) {
            Judged::Good(record, release) => {
                signed.extend(release.map(|release| *release));
                bytes = raw.offset + raw.length + 1;
                before.clear();
                before.push_str(record.prev());
                if !each(raw, record) {
                    return Err(io::ErrorKind::Interrupted.into());
                }
            }
            Judged::Bad(what) => integrity = Integrity::Damaged { line: raw.number, what },
            Judged::Unlinked(what) => {
                integrity = Integrity::Damaged { line: raw.number, what };
                doubt = Some(Doubt { record: chain.records(), head: std::mem::take(&mut before) });
            }
            Judged::Newer(found) => integrity = Integrity::NewerFormat { found },
            Judged::Unreadable(what) => {
                let tail = Tail::new(raw, what, chain.closed().is_some());
                integrity = tail.follow(&mut lines)?;
            }
        }
        if integrity != Integrity::Whole {
            break;
        }
    }
    if chain.records() == 0 && matches!(integrity, Integrity::Whole | Integrity::TornTail { .. }) {
        integrity = Integrity::NeverOpened;
    }
    Ok(Verification { records: chain.records(), bytes, head: chain.head().to_owned(), chain, signed, integrity, doubt })
}

pub(super) enum Judged {
    Good(Outline, Option<Box<SignedRelease>>),
    /// A whole record that does not belong here: never the work of a crash.
    Bad(String),
    /// The same, and what is wrong may as well be the record before it.
    Unlinked(String),
    /// Not a whole record: what follows tells more.
    Unreadable(String),
    Newer(u64),
}

/// Whether a raw line is the next record.
pub(super) fn judge(chain: &mut Chain, watch: &mut SignatureWatch, raw: RawLine<'_>, seen: Seen) -> Judged {
    if raw.bytes.len() > MAX_LINE_BYTES {
        return Judged::Unreadable(format!("it is longer than {MAX_LINE_BYTES} bytes"));
    }
    if !raw.is_terminated {
        return Judged::Unreadable("it has no newline at its end".into());
    }
    if raw.number == 1
        && let Some(found) = line::stated_format(raw.bytes).filter(|found| *found > u64::from(JOURNAL_FORMAT))
    {
        return Judged::Newer(found);
    }
    let record = match seen.record {
        Ok(record) => record,
        Err(what) => return Judged::Unreadable(what),
    };
    let hash = seen.hash.unwrap_or_else(|| Hash::of(raw.bytes));
    let link = record.link();
    let watched = if let Some(record) = link.record {
        watch.take(record)
    } else {
        watch.pass(link.prev);
        Ok(None)
    };
    let misplaced = |fault: Fault| match fault {
        Fault::Previous { line_before: 1.. } => Judged::Unlinked(fault.to_string()),
        _ => Judged::Bad(fault.to_string()),
    };
    match watched {
        Ok(release) => match chain.accept_link(&hash, &record.link()) {
            Ok(()) => Judged::Good(record, release.map(Box::new)),
            Err(fault) => misplaced(fault),
        },
        // It does not count to the chain; but that it has no place there would say more.
        Err(what) => chain.clone().accept_link(&hash, &record.link()).map_or_else(misplaced, |()| Judged::Bad(what)),
    }
}

/// The first line that is not a record, and everything after it.
struct Tail {
    line: u64,
    offset: u64,
    what: String,
    is_after_end: bool,
    foreign_bytes: u64,
    begins_with_a_hole: bool,
    end: u64,
    ends_in_newline: bool,
    later: Option<u64>,
}

impl Tail {
    fn new(raw: RawLine<'_>, what: String, is_after_end: bool) -> Self {
        let to_sector_end = SECTOR_BYTES - raw.offset % SECTOR_BYTES;
        let chunk = usize::try_from(to_sector_end).unwrap_or(usize::MAX);
        let begins_with_a_hole = raw.bytes.get(..chunk).is_some_and(|chunk| chunk.iter().all(|&byte| byte == 0));
        let mut tail = Self {
            line: raw.number,
            offset: raw.offset,
            what,
            is_after_end,
            foreign_bytes: 0,
            begins_with_a_hole,
            end: raw.offset,
            ends_in_newline: true,
            later: None,
        };
        tail.add(raw);
        tail
    }

    fn add(&mut self, raw: RawLine<'_>) {
        self.foreign_bytes += raw.bytes.iter().filter(|byte| **byte < b' ').count() as u64;
        self.end = raw.offset + raw.length + u64::from(raw.is_terminated);
        self.ends_in_newline = raw.is_terminated;
    }

    /// Reads on to the end. A record of this place or a later one means that the bad line was once followed; older
    /// ones can be stale content of the disk.
    fn follow<R: BufRead>(mut self, lines: &mut Ahead<'_, '_, R>) -> io::Result<Integrity> {
        // The end was reached within that line. What comes behind it by now is the rest of it: somebody is writing.
        if !self.ends_in_newline {
            return Ok(self.verdict());
        }
        while let Some((raw, seen)) = lines.next_line()? {
            self.add(raw);
            if self.later.is_none() && raw.bytes.len() <= MAX_LINE_BYTES {
                // Also one without a newline: it was begun after the bad one.
                let seq = seen.record.ok().or_else(|| Outline::of(raw.bytes).ok()).map(|record| record.link().seq);
                self.later = seq.filter(|seq| *seq >= self.line);
            }
        }
        Ok(self.verdict())
    }

    fn verdict(self) -> Integrity {
        let line = self.line;
        let is_torn = !self.ends_in_newline || self.foreign_bytes >= FOREIGN_BYTES || self.begins_with_a_hole;
        let what = self.what;
        match self.later {
            _ if self.is_after_end => {
                Integrity::Damaged { line, what: "something stands after the end of the run".into() }
            }
            Some(seq) => Integrity::Damaged {
                line,
                what: format!("{what}; record {seq} still follows, so it was not cut off by a crash"),
            },
            None if is_torn => Integrity::TornTail { line, bytes: self.end - self.offset },
            None => Integrity::Damaged { line, what },
        }
    }
}
