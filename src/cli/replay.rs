//! `piton replay`: a journal in the screens of its run.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use crate::cli::args::ReplayArguments;
use crate::cli::backstage::Stage;
use crate::cli::error::CliError;
use crate::cli::looks::Looks;
use crate::cli::{journals, run};
use crate::engine::{Event, Record};
use crate::journal::{Follower, Integrity, RunDir, holder_of, read_lines};
use crate::runbook;
use crate::tui::{Recording, Start};

/// `piton replay RUN`.
///
/// # Errors
/// There is no terminal, or no such journal, or it holds no whole record.
pub fn replay(folder: Option<PathBuf>, typed: &ReplayArguments, looks: &Looks) -> Result<u8, CliError> {
    if !run::has_terminal() {
        return Err(CliError::usage("a replay needs a terminal")
            .hint("`piton report`, `piton verify` and `piton debrief` print instead"));
    }
    let options = looks.options()?;
    let recording = recording(&journals::journal_path(&typed.run)?, typed.follow)?;
    if let Some(at) = typed.at.filter(|at| usize::try_from(*at).is_ok_and(|at| at > recording.lines.len())) {
        let told = format!("there is no record {at}: the journal holds {}", recording.lines.len());
        return Err(CliError::usage(told));
    }
    run::replay(Start::Replay(Box::new(recording), typed.at), Stage::new(folder)?, options)
}

/// What the journal at that path holds. No lock is taken, and nothing is written.
///
/// # Errors
/// It cannot be read, holds no whole record, or a runbook that this version does not take.
pub fn recording(path: &Path, is_followed: bool) -> Result<Recording, CliError> {
    let (lines, found) = read_lines(path).map_err(CliError::failed)?;
    let first: Option<Record> = lines.first().and_then(|line| serde_json::from_slice(line).ok());
    let shown = path.display();
    let text = match (first.as_ref().map(|record| &record.event), &found.integrity) {
        (Some(Event::RunOpened(opened)), _) => opened.text.as_str(),
        (_, Integrity::NewerFormat { found }) => {
            return Err(CliError::failed(format!("{shown} is written in journal format {found}: use a newer piton")));
        }
        (_, Integrity::Damaged { line, what }) => {
            return Err(CliError::failed(format!(
                "{shown} is broken at line {line}: {what}; there is nothing before it"
            )));
        }
        _ => return Err(CliError::failed(format!("{shown} holds no whole record: there is nothing to show"))),
    };
    let (book, findings) = runbook::parse(text);
    let book = book.ok_or_else(|| {
        let why = findings.first().map(|found| found.message.clone()).unwrap_or_default();
        CliError::failed(format!("the runbook in {shown} cannot be read by this version of piton: {why}"))
    })?;
    let folder = path.parent().unwrap_or(Path::new(".")).to_owned();
    let is_running = holder_of(&RunDir::new(&folder).lock_path()).is_some();
    let follower = is_followed.then(|| {
        let records = lines.iter().filter_map(|line| serde_json::from_slice(line).ok());
        Arc::new(Mutex::new(Follower::after(path, &found, records)))
    });
    let integrity = found.integrity;
    Ok(Recording { runbook: Arc::new(book), lines, integrity, folder, is_running, follower })
}
