//! `piton replay`: a journal in the screens of its run.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use crate::cli::args::ReplayArguments;
use crate::cli::backstage::Stage;
use crate::cli::error::CliError;
use crate::cli::looks::Looks;
use crate::cli::progress::Progress;
use crate::cli::{dialogue, journals, run, strange};
use crate::engine::{Event, Record, SignatureWatch};
use crate::journal::{Follower, Integrity, Lines, folder_of, is_held, read_along};
use crate::runbook;
use crate::tui::{Recording, Start, Tape};

/// After how many records it is told how far the reading has come.
const TOLD_EVERY: u64 = 256;

/// `piton replay RUN`.
///
/// # Errors
/// There is no terminal, or no such journal, or it holds no whole record.
pub fn replay(folder: Option<PathBuf>, typed: &ReplayArguments, looks: &Looks) -> Result<u8, CliError> {
    if !run::has_terminal() || dialogue::is_dumb() {
        let told = match run::has_terminal() {
            true => "a replay is a screen, and TERM says that this terminal shows lines only",
            false => "a replay needs a terminal",
        };
        return Err(CliError::usage(told).hint("`piton report`, `piton verify` and `piton debrief` print instead"));
    }
    let options = looks.options()?;
    let path = journals::journal_path(&typed.run)?;
    let mut progress = Progress::new(&path);
    let recording = recording(&path, typed.follow, &mut |bytes, _| progress.at(bytes));
    progress.end()?;
    let recording = recording?;
    let count = recording.tape.count();
    if let Some(at) = typed.at.filter(|at| usize::try_from(*at).is_ok_and(|at| at > count)) {
        let told = format!("there is no record {at}: the journal holds {count}");
        return Err(CliError::usage(told));
    }
    drop(progress);
    run::replay(Start::Replay(Box::new(recording), typed.at), Stage::new(folder)?, options)
}

/// Told how many bytes were read, and of how many; says whether to read on.
pub type Each<'a> = &'a mut dyn FnMut(u64, u64) -> bool;

/// What the journal at that path holds. No lock is taken, and nothing is written.
///
/// # Errors
/// It cannot be read, holds no whole record, or a runbook that this version does not take; or `each` ended it.
pub fn recording(path: &Path, is_followed: bool, each: Each<'_>) -> Result<Recording, CliError> {
    let all = std::fs::metadata(path).map_or(0, |known| known.len());
    let (mut tape, mut refused, mut watch) = (None, None, SignatureWatch::default());
    let read = read_along(path, &mut |raw, outline| {
        if let Some(record) = outline.record().filter(|_| is_followed) {
            // It was found good a moment ago.
            let _ = watch.take(record);
        }
        if tape.is_none() {
            match begun(path, outline.record()) {
                Ok(begun) => tape = Some(begun),
                Err(why) => {
                    refused = Some(why);
                    return false;
                }
            }
        }
        let is_taken = tape.as_mut().is_some_and(|tape| tape.take(&raw, outline));
        is_taken && (!raw.number.is_multiple_of(TOLD_EVERY) || each(raw.offset + raw.length, all))
    });
    if let Some(why) = refused {
        return Err(why);
    }
    let found = read.map_err(CliError::failed)?;
    let shown = path.display();
    let Some(mut tape) = tape else {
        if let Some(what) = strange::told(path) {
            return Err(CliError::failed(format!("{shown} is {what}")));
        }
        return Err(CliError::failed(match &found.integrity {
            Integrity::NewerFormat { found } => {
                format!("{shown} is written in journal format {found}: use a newer piton")
            }
            Integrity::Damaged { line, what } => {
                format!("{shown} is broken at line {line}: {what}; there is nothing before it")
            }
            _ => format!("{shown} holds no whole record: there is nothing to show"),
        }));
    };
    tape.ends(&found.head);
    let is_running = is_held(path);
    let follower = is_followed.then(|| Arc::new(Mutex::new(Follower::after(path, &found, watch))));
    let (integrity, doubtful) = (found.integrity, found.doubt.map(|doubt| doubt.record));
    let run = tape.record(1).ok().and_then(|first| match first.event {
        Event::RunOpened(opened) => Some(opened.run),
        _ => None,
    });
    let dir = folder_of(path);
    let misnamed = dir.as_ref().zip(run).and_then(|(dir, run)| dir.misnamed(&run));
    let folder = dir.map(|dir| dir.path().to_owned());
    Ok(Recording { tape, integrity, doubtful, misnamed, folder, is_running, follower })
}

/// The tape of the run that this first record opens, with nothing on it yet.
fn begun(path: &Path, first: Option<&Record>) -> Result<Tape, CliError> {
    let text =
        if let Some(Event::RunOpened(opened)) = first.map(|first| &first.event) { opened.text.as_str() } else { "" };
    let (book, findings) = runbook::parse(text);
    let book = book.ok_or_else(|| {
        let why = findings.first().map(|found| found.message.clone()).unwrap_or_default();
        let shown = path.display();
        CliError::failed(format!("the runbook in {shown} cannot be read by this version of piton: {why}"))
    })?;
    Ok(Tape::new(Arc::new(book), Lines::of(path)))
}
