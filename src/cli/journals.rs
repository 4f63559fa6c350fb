//! `piton journals`: which runs there are, and which of them fit.

use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::cli::args_of_runs::{JournalsArguments, JournalsCommand};
use crate::cli::error::CliError;
use crate::cli::found::Narrowed;
use crate::cli::listed::{Widths, as_json, as_line};
use crate::cli::progress::{self, Telling};
use crate::cli::{beside, keeping, packed, run, verify};
use crate::journal::{Remembered, RunDir, RunSummary, Standing, folder_of, in_order};
use crate::report::cleaned;
use crate::text::clean_line;

/// `piton journals`: one line a run, the latest last; below it the records that were looked for.
///
/// # Errors
/// The folder of runs cannot be read.
pub fn journals(typed: &JournalsArguments) -> Result<u8, CliError> {
    match &typed.command {
        Some(JournalsCommand::Prune(typed)) => return keeping::prune(typed),
        Some(JournalsCommand::Archive { run, file }) => return packed::archive(run, file),
        None if typed.gone => return keeping::gone(typed.json),
        None => {}
    }
    let store = run::store()?;
    let runs = progress::listed(&store, &Remembered::default(), Telling::Terminal)?;
    let narrowed = Narrowed::new(typed);
    if runs.is_empty() && !typed.json {
        super::print("no runs yet: `piton practice vault-ha-upgrade` opens a first one");
    }
    let mut shown = 0;
    let fitting: Vec<&RunSummary> = runs.iter().rev().map(AsRef::as_ref).filter(|run| narrowed.may_be(run)).collect();
    let signers = verify::signers(None).map_err(|error| error.message);
    let signers = signers.as_ref().map(Option::as_ref).map_err(String::as_str);
    let widths = Widths::of(&fitting);
    // Without words to look for nothing is read a second time.
    let searched = fitting.iter().filter(|_| narrowed.is_searched()).map(|run| &run.dir);
    let reading = Telling::Terminal.of(&progress::runs_in(&store), searched);
    let look = |at: usize| {
        let (run, found) = (fitting[at], narrowed.found(fitting[at], &|bytes| reading.more(bytes))?);
        Some((run, found, beside::of_summary(run, signers)))
    };
    in_order(fitting.len(), &|| reading.goes_on(), &look, &mut |told| {
        let Some((run, found, beside)) = told.filter(|_| reading.goes_on()) else { return };
        shown += 1;
        reading.aside();
        if typed.json {
            let mut told = as_json(run, beside.as_ref());
            if narrowed.is_searched() {
                told["found"] = found.as_json();
            }
            super::print(&cleaned(told).to_string());
        } else {
            super::print(&clean_line(&as_line(run, beside.as_ref(), &widths)));
            found.lines().iter().for_each(|line| super::print(line));
        }
    });
    reading.end()?;
    if !typed.json && narrowed.is_all() {
        keeping::told(&store).iter().for_each(|line| super::print(line));
    }
    if shown == 0 && !narrowed.is_all() && !typed.json {
        super::print("none of the runs fits");
    }
    Ok(u8::from(shown == 0 && !narrowed.is_all()))
}

/// Where a run stands, in a word or a few.
pub fn standing(run: &RunSummary) -> String {
    if let Some(misnamed) = run.misnamed() {
        return misnamed.to_string();
    }
    match &run.standing {
        Standing::Open if run.holder.is_some() => "running".into(),
        Standing::Open => "suspended".into(),
        Standing::Torn => "suspended, torn".into(),
        Standing::Closed(outcome) => outcome.word().into(),
        Standing::NeverOpened => "never opened".into(),
        Standing::Damaged { line, what } => format!("DAMAGED at line {line}: {what}"),
        Standing::Newer(format) => format!("cannot be read: {}", newer(*format)),
        Standing::Unreadable(why) => format!("cannot be read: {why}"),
    }
}

/// How it stands in a word, without what is wrong with its journal.
pub fn word(run: &RunSummary) -> String {
    match &run.standing {
        _ if run.misnamed().is_some() => "NOT OF THIS RUN".into(),
        Standing::Torn => "suspended".into(),
        Standing::Damaged { .. } => "DAMAGED".into(),
        Standing::Newer(_) | Standing::Unreadable(_) => "cannot be read".into(),
        _ => standing(run),
    }
}

/// Whether the chain of its journal is whole, and of this run. That it is verified is more: nothing is said here of what lies
/// beside it, nor whether its records can have followed from each other.
pub fn integrity(run: &RunSummary) -> String {
    if let Some(misnamed) = run.misnamed() {
        return misnamed.to_string();
    }
    match &run.standing {
        Standing::Open | Standing::Closed(_) => "intact".into(),
        Standing::Torn => "torn at its end".into(),
        Standing::NeverOpened => "without a record".into(),
        Standing::Damaged { line, what } => format!("broken at line {line}: {what}"),
        Standing::Newer(format) => newer(*format),
        Standing::Unreadable(why) => why.clone(),
    }
}

fn newer(format: u64) -> String {
    format!("written in journal format {format}: use a newer piton")
}

/// From the first to the last record.
pub fn lasted(run: &RunSummary) -> Option<Duration> {
    Some(run.last_at?.since(run.opening.as_ref()?.at))
}

/// `42s`, `12m 05s`, `3h 12m`, `2d 03h`.
pub fn duration(lasted: Duration) -> String {
    let seconds = lasted.as_secs();
    let (minutes, hours, days) = (seconds / 60, seconds / 3_600, seconds / 86_400);
    match () {
        () if days > 0 => format!("{days}d {:02}h", hours % 24),
        () if hours > 0 => format!("{hours}h {:02}m", minutes % 60),
        () if minutes > 0 => format!("{minutes}m {:02}s", seconds % 60),
        () => format!("{seconds}s"),
    }
}

/// The folder of a run by its name, its folder or its journal: that which lies beside the journal belongs to it.
///
/// # Errors
/// There is no such run, or what is named is not in a run's folder.
pub fn run_dir(name: &str) -> Result<RunDir, CliError> {
    let path = journal_path(name)?;
    let dir = folder_of(&path).ok_or_else(|| {
        let why = format!("{} is not the journal of a run's folder", path.display());
        CliError::usage(why).hint("what is said of a run lies beside its journal: name the run or its folder")
    })?;
    Ok(RunDir::new(dir.path().canonicalize().map_err(CliError::failed)?))
}

/// How a run can be named.
const GIVEN: &str = "a run is given by its name, which `piton journals` lists, by its folder, or by its journal";

/// A file as it is, the journal of a folder, or that of the run of this name.
///
/// # Errors
/// There is no such run, or what stands in the place of its journal is no plain file.
pub fn journal_path(name: &str) -> Result<PathBuf, CliError> {
    let path = Path::new(name);
    if path.is_dir() {
        if path.join("journal.jsonl").symlink_metadata().is_err() {
            let why = format!("the folder {name} is not that of a run: there is no journal.jsonl in it");
            return Err(CliError::failed(why).hint(GIVEN));
        }
        return RunDir::new(path).plain_journal().map_err(CliError::failed);
    }
    // A pipe will do as well as a file.
    if path.exists() {
        return Ok(path.to_owned());
    }
    if name.contains('/') {
        return Err(CliError::failed(format!("there is no file or folder {name}: check the path")).hint(GIVEN));
    }
    run::store()?.find(name).map_err(CliError::failed)?.plain_journal().map_err(CliError::failed)
}
