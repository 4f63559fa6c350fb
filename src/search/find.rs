//! One journal, line by line.

use std::io::{self, BufReader};
use std::path::Path;

use crate::clock::Timestamp;
use crate::engine::{Outcome, Record};
use crate::fs::{self, FsError};
use crate::journal::Reader;
use crate::report::told_line;
use crate::search::wanted::Wanted;

/// The longest text that a hit tells, in characters.
const MAX_TOLD: usize = 300;

/// How much of a file is read at once, in bytes.
const BUFFER: usize = 64 * 1024;

/// A record that is one of those that are looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hit {
    /// Its number.
    pub seq: u64,
    /// Its time.
    pub at: Timestamp,
    /// Who.
    pub by: String,
    /// What it tells, in one line; not cleaned.
    pub told: String,
}

/// Where and for what it is searched, and how long.
pub struct Search<'s> {
    /// What is looked for.
    pub wanted: &'s Wanted,
    /// How many good records the journal has: none behind them is a hit.
    pub records: u64,
    /// How and when the run ended, as far as that is known: what it leaves undone that is given up is no deviation.
    pub closed: Option<(Outcome, Timestamp)>,
    /// Whether somebody still wants to know; asked at every line, and told how long that is.
    pub goes_on: &'s dyn Fn(u64) -> bool,
}

/// Hands on each hit in that journal until `each` says that it is enough. No lock is taken.
///
/// # Errors
/// It cannot be read, or is no plain file.
pub fn search(path: &Path, search: &Search<'_>, each: &mut dyn FnMut(Hit) -> bool) -> Result<(), FsError> {
    let file = fs::open_read(path)?;
    lines(file, search, each).map_err(|error| FsError::new("read", path, error))
}

fn lines(file: std::fs::File, search: &Search<'_>, each: &mut dyn FnMut(Hit) -> bool) -> io::Result<()> {
    let mut reader = Reader::new(BufReader::with_capacity(BUFFER, file));
    while let Some(raw) = reader.next_line()? {
        if raw.number > search.records || !(search.goes_on)(raw.length + 1) {
            return Ok(());
        }
        let Ok(text) = std::str::from_utf8(raw.bytes) else { continue };
        if !search.wanted.may_be(&text.to_lowercase()) {
            continue;
        }
        if let Some((record, looked_through)) = search.wanted.hit(text, search.closed)
            && !each(hit(&record, &looked_through, search.wanted))
        {
            return Ok(());
        }
    }
    Ok(())
}

fn hit(record: &Record, looked_through: &str, wanted: &Wanted) -> Hit {
    let told = told_line(record);
    let mut told = told.char_indices().nth(MAX_TOLD).map_or(told.as_str(), |(end, _)| &told[..end]).to_owned();
    // What is told of the record may leave out why it is one.
    if let Some(passage) = wanted.passage(looked_through, &told) {
        told = format!("\"{passage}\" in: {told}");
    }
    Hit { seq: record.seq, at: record.at, by: record.by.clone(), told }
}
