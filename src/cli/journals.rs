//! `piton journals`: which runs there are, and which of them fit.

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::{Value, json};

use crate::cli::args_of_runs::{JournalsArguments, JournalsCommand};
use crate::cli::error::CliError;
use crate::cli::found::Narrowed;
use crate::cli::{keeping, packed, run};
use crate::engine::Mode;
use crate::journal::{Remembered, RunDir, RunSummary, SoakSeen, Standing, in_order};
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
    let runs = Remembered::default().list(&store).map_err(CliError::failed)?;
    let narrowed = Narrowed::new(typed);
    if runs.is_empty() && !typed.json {
        super::print("no runs yet: `piton practice vault-ha-upgrade` opens a first one");
    }
    let mut shown = 0;
    let fitting: Vec<&RunSummary> = runs.iter().rev().map(AsRef::as_ref).filter(|run| narrowed.may_be(run)).collect();
    let look = |at: usize| (fitting[at], narrowed.found(fitting[at]));
    in_order(fitting.len(), &|| true, &look, &mut |(run, found)| {
        let Some(found) = found else { return };
        shown += 1;
        if typed.json {
            let mut told = as_json(run);
            if narrowed.is_searched() {
                told["found"] = found.as_json();
            }
            super::print(&cleaned(told).to_string());
        } else {
            super::print(&clean_line(&as_line(run)));
            found.lines().iter().for_each(|line| super::print(line));
        }
    });
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

fn as_line(run: &RunSummary) -> String {
    let head = run.opening.as_ref();
    let mode = head.map_or("-", |head| mode_word(head.mode));
    let operator = head.map_or("-", |head| head.operator.as_str());
    let site = head.and_then(|head| head.site.as_ref()).map_or("-", |site| site.name.as_str());
    let deviations = run.deviations.total();
    let lasted = lasted(run).map_or_else(|| "-".into(), duration);
    let sittings = run.sittings;
    let sittings = if sittings == 1 { "1 sitting".into() } else { format!("{sittings} sittings") };
    format!(
        "{:<32} {mode:<8} {:<25} {deviations} deviations · {} records · {operator} · {site} · {lasted} · {sittings}{}",
        run.dir.id(),
        standing(run),
        run.doubt.as_ref().map_or(run.records, |doubt| doubt.record - 1),
        run.soak.as_ref().map(soaking).unwrap_or_default(),
    )
}

/// What a list tells of a soak: as it was last recorded, for nobody looks at it now.
fn soaking(soak: &SoakSeen) -> String {
    let seconds = |ms: u64| ms / 1000;
    format!(
        " · {} soaks since {}: {} s of {} s, {} s of it seen",
        soak.step,
        soak.since,
        soak.until.since(soak.since).as_secs(),
        seconds(soak.length_ms),
        seconds(soak.covered_ms)
    )
}

fn as_json(run: &RunSummary) -> Value {
    let head = run.opening.as_ref();
    json!({
        "run": run.dir.id(),
        "mode": head.map(|head| mode_word(head.mode)),
        "runbook": head.map(|head| &head.runbook),
        "title": head.map(|head| &head.title),
        "revision": head.map(|head| &head.revision),
        "operator": head.map(|head| &head.operator),
        "host": head.map(|head| &head.host),
        "site": head.and_then(|head| head.site.as_ref()).map(|site| &site.name),
        "opened_at": head.map(|head| head.at),
        "last_at": run.last_at,
        "duration_ms": lasted(run).map(|lasted| u64::try_from(lasted.as_millis()).unwrap_or(u64::MAX)),
        "standing": standing(run),
        "outcome": match &run.standing {
            Standing::Closed(outcome) if run.misnamed().is_none() => Some(outcome.word()),
            _ => None,
        },
        "integrity": integrity(run),
        "is_of_this_run": run.misnamed().is_none(),
        "deviations": run.deviations.total(),
        "sittings": run.sittings,
        "sat": run.sat,
        "soak": run.soak.as_ref().map(|soak| json!({
            "step": soak.step,
            "since": soak.since,
            "until": soak.until,
            "covered_ms": soak.covered_ms,
            "length_ms": soak.length_ms,
        })),
        "records": run.doubt.as_ref().map_or(run.records, |doubt| doubt.record - 1),
        "head": run.doubt.as_ref().map_or(&run.head, |doubt| &doubt.head),
        "doubtful_record": run.doubt.as_ref().map(|doubt| doubt.record),
    })
}

const fn mode_word(mode: Mode) -> &'static str {
    match mode {
        Mode::Practice => "practice",
        Mode::Live => "live",
    }
}

/// The folder of a run by its name, its folder or its journal: that which lies beside the journal belongs to it.
///
/// # Errors
/// There is no such run, or what is named is not in a run's folder.
pub fn run_dir(name: &str) -> Result<RunDir, CliError> {
    let path = journal_path(name)?;
    let folder = path.parent().filter(|_| path.file_name().is_some_and(|name| name == "journal.jsonl"));
    let folder = folder.ok_or_else(|| {
        let why = format!("{} is not the journal of a run's folder", path.display());
        CliError::usage(why).hint("what is said of a run lies beside its journal: name the run or its folder")
    })?;
    Ok(RunDir::new(folder.canonicalize().map_err(CliError::failed)?))
}

/// A file as it is, the journal of a folder, or that of the run of this name.
///
/// # Errors
/// There is no such run, or what stands in the place of its journal is no plain file.
pub fn journal_path(name: &str) -> Result<PathBuf, CliError> {
    let path = Path::new(name);
    if path.is_dir() {
        return RunDir::new(path).plain_journal().map_err(CliError::failed);
    }
    // A pipe will do as well as a file.
    if path.exists() {
        return Ok(path.to_owned());
    }
    run::store()?.find(name).map_err(CliError::failed)?.plain_journal().map_err(CliError::failed)
}
