//! `piton verify` of the small chained files: what became of runs, and what was said of them.

use std::io::Read;
use std::path::Path;

use crate::cli::error::CliError;
use crate::cli::verify::tell_head;
use crate::fs;
use crate::journal::{ChainedEvent, ChainedFile};
use crate::keeping::KeepingEvent;
use crate::review::ReviewEvent;
use crate::text::clean_line;

/// So much of a first line tells what it opens, in bytes: what stands before that is a number, a time, a hash and a name.
const HEAD_BYTES: u64 = 8 * 1024;

/// Whether that file is as it must be, if its first line says that it is one of these; says so. `None` of any other.
///
/// # Errors
/// It cannot be read.
pub fn held(path: &Path, head: Option<&str>) -> Result<Option<bool>, CliError> {
    // A pipe is read once, and is a journal.
    if !std::fs::metadata(path).is_ok_and(|known| known.is_file()) {
        return Ok(None);
    }
    let mut first = Vec::new();
    let file = fs::open_plain(path).map_err(CliError::failed)?;
    file.take(HEAD_BYTES).read_to_end(&mut first).map_err(CliError::failed)?;
    let first = first.split(|byte| *byte == b'\n').next().unwrap_or_default();
    match event(&String::from_utf8_lossy(first)) {
        Some("keeping_opened") => told::<KeepingEvent>(path, head).map(Some),
        Some("review_opened") => told::<ReviewEvent>(path, head).map(Some),
        _ => Ok(None),
    }
}

/// What happened by a line, of which the beginning is enough.
fn event(line: &str) -> Option<&str> {
    line.split_once("\"event\":{\"")?.1.split('"').next()
}

fn told<E: ChainedEvent>(path: &Path, head: Option<&str>) -> Result<bool, CliError> {
    let file = ChainedFile::<E>::read(path.canonicalize().map_err(CliError::failed)?).map_err(CliError::failed)?;
    let file = ChainedFile { path: path.to_owned(), ..file };
    super::print(&clean_line(&file.told()));
    let Some(head) = head else { return Ok(!file.found.is_damage()) };
    // A line names the hash of the one before it.
    let hashes = file.records.iter().skip(1).map(|record| record.prev.as_str()).chain([file.head.as_str()]);
    let record = (1..).zip(hashes).take(file.records.len()).find(|(_, hash)| *hash == head).map(|(record, _)| record);
    let is_noted = tell_head(&path.display().to_string(), record, file.records.len() as u64);
    Ok(is_noted && !file.found.is_damage())
}
