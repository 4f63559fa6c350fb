//! `piton debrief`: what a practice run came to.

use std::sync::Arc;

use serde_json::json;

use crate::cli::error::{CliError, Kind};
use crate::cli::progress::{self, Reading, Telling};
use crate::cli::run;
use crate::clock::Timestamp;
use crate::debrief::{Debrief, Line, Past, Tone, debrief as compute, lines, past};
use crate::engine::{Event, Mode, Record};
use crate::journal::{Integrity, Remembered, RunDir, RunSummary, Standing, Store};
use crate::runbook;
use crate::scenario;
use crate::text::clean_line;
use crate::tui::wrap::wrap;

/// Columns of the printed text.
const WIDTH: usize = 100;

/// `piton debrief RUN`; without a run, the latest practice run.
///
/// # Errors
/// There is no such run, or it is none of practice.
pub fn debrief(name: Option<&str>, json: bool) -> Result<u8, CliError> {
    let (store, known) = (run::store()?, Remembered::default());
    let dir = match name {
        Some(name) => store.find(name).map_err(CliError::failed)?,
        None => latest(&store, &known)?,
    };
    let told = of_run(&store, &dir, &known, Telling::Terminal)?;
    if json {
        super::print(&json!(told).to_string());
        return Ok(0);
    }
    super::print(&clean_line(&format!("PRACTICE {} · {}", told.run, told.title)));
    for line in lines(&told) {
        print(&line);
    }
    Ok(0)
}

fn print(Line { tone, indent, text }: &Line) {
    if *tone == Tone::Head {
        super::print("");
    }
    for line in wrap(&clean_line(text), WIDTH - indent) {
        super::print(&format!("{}{line}", " ".repeat(*indent)));
    }
}

/// The debrief of the run in that folder, with the other attempts at its scenario, while it is told how far the reading is.
///
/// # Errors
/// The journal cannot be read, the run is none of practice, or somebody ended it.
pub fn of_run(store: &Store, dir: &RunDir, known: &Remembered, telling: Telling) -> Result<Debrief, CliError> {
    let reading = telling.of(&dir.journal_path().display().to_string(), [dir]);
    let read = of_folder(dir, &reading);
    reading.end()?;
    // Who comes then listens for himself.
    drop(reading);
    let (mut told, at) =
        read?.ok_or_else(|| CliError::failed(format!("{} is no practice run: only those have a debrief", dir.id())))?;
    told.history = history(store, (&told, at), known, telling)?;
    Ok(told)
}

/// The debrief of the run in that folder alone, and when it was opened; `None` when it is none of practice.
pub(super) fn of_folder(dir: &RunDir, reading: &Reading) -> Result<Option<(Debrief, Timestamp)>, CliError> {
    let path = dir.plain_journal().map_err(CliError::failed)?;
    let mut records = Vec::new();
    let found = reading.each_record(&path, &mut |record| records.push(record))?;
    let why = match found.integrity {
        Integrity::Whole | Integrity::TornTail { .. } => {
            if let Some(Event::RunOpened(opened)) = records.first().map(|record| &record.event)
                && let Some(misnamed) = dir.misnamed(&opened.run)
            {
                let shown = dir.journal_path();
                return Err(CliError::failed(clean_line(&format!("{}: {misnamed}", shown.display()))));
            }
            return Ok(of_records(&records).zip(records.first().map(|record| record.at)));
        }
        Integrity::Damaged { line, what } => {
            format!("is damaged at line {line} ({what}): its points would not be true")
        }
        Integrity::NeverOpened => "holds not one whole record".into(),
        Integrity::NewerFormat { found } => format!("is of format {found}, which this version of piton does not know"),
    };
    Err(CliError::failed(format!("the journal of {} {why}", dir.id())).hint("`piton verify` tells more"))
}

fn of_records(records: &[Record]) -> Option<Debrief> {
    let Some(Event::RunOpened(opened)) = records.first().map(|record| &record.event) else { return None };
    let (book, _) = runbook::parse(&opened.text);
    let name = opened.practice.as_ref()?.scenario.as_deref();
    let scenario = name.and_then(|name| scenario::find(opened.runbook.as_str(), name));
    compute(&book?, scenario.as_ref(), records)
}

/// Every attempt at the same scenario of the same runbook on this machine, in order. What cannot be read, and what is not over, is left out.
fn history(
    store: &Store,
    (told, at): (&Debrief, Timestamp),
    known: &Remembered,
    telling: Telling,
) -> Result<Vec<Past>, CliError> {
    let listed = match progress::listed(store, known, telling) {
        Err(error) if error.kind == Kind::Interrupted => return Err(error),
        listed => listed.unwrap_or_default(),
    };
    let is_another = |run: &&Arc<RunSummary>| {
        let opening = run.opening.as_ref();
        let is_alike = opening.is_some_and(|of| of.mode == Mode::Practice && of.runbook == told.runbook);
        is_alike && matches!(run.standing, Standing::Closed(_) | Standing::Torn) && run.dir.id() != told.run
    };
    let others: Vec<&RunDir> = listed.iter().filter(is_another).map(|run| &run.dir).collect();
    let reading = telling.of(&progress::runs_in(store), others.iter().copied());
    let mut all = vec![past(told, at)];
    for dir in others {
        match of_folder(dir, &reading) {
            Err(error) if error.kind == Kind::Interrupted => return Err(error),
            Ok(Some((other, opened_at))) if other.scenario == told.scenario && other.outcome.is_some() => {
                all.push(past(&other, opened_at));
            }
            _ => {}
        }
    }
    reading.end()?;
    all.sort_by_key(|past| past.at);
    Ok(all)
}

fn latest(store: &Store, known: &Remembered) -> Result<RunDir, CliError> {
    let runs = progress::listed(store, known, Telling::Terminal)?;
    let practised = runs.into_iter().filter(|run| {
        let is_practice = run.opening.as_ref().is_some_and(|opening| opening.mode == Mode::Practice);
        is_practice && run.last_at.is_some() && run.misnamed().is_none()
    });
    practised
        .max_by_key(|run| run::touched_at(&run.dir))
        .map(|run| run.dir.clone())
        .ok_or_else(|| CliError::failed("there is no practice run yet").hint("`piton practice RUNBOOK` opens one"))
}
