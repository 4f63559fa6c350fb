//! `piton journals` and `piton verify`: which runs there are, and whether their journals are whole.

use std::path::{Path, PathBuf};

use serde_json::json;

use crate::cli::error::CliError;
use crate::cli::run;
use crate::engine::{Mode, Outcome};
use crate::journal::{Integrity, JOURNAL_FILE, verify as verify_journal};
use crate::text::clean_line;

/// `piton journals`: one line a run, the latest last.
///
/// # Errors
/// The folder of runs cannot be read.
pub fn list(json: bool) -> Result<u8, CliError> {
    let runs = run::store()?.list().map_err(CliError::failed)?;
    if runs.is_empty() && !json {
        super::print("no runs yet: `piton practice vault-ha-upgrade` opens a first one");
    }
    for run in runs {
        let outcome = run.outcome.map_or(if run.damaged.is_some() { "damaged" } else { "suspended" }, Outcome::word);
        let mode = if run.mode == Mode::Practice { "practice" } else { "live" };
        let line = if json {
            json!({
                "run": run.id, "mode": mode, "runbook": run.runbook, "title": run.title, "operator": run.operator,
                "site": run.site, "opened_at": run.opened_at, "last_at": run.last_at, "outcome": outcome,
                "deviations": run.deviations, "records": run.records, "damaged": run.damaged,
            })
            .to_string()
        } else {
            let site = run.site.as_deref().unwrap_or("-");
            format!(
                "{:<32} {mode:<8} {outcome:<26} {} deviations · {} records · {} · {site}",
                run.id, run.deviations, run.records, run.operator,
            )
        };
        super::print(&clean_line(&line));
    }
    Ok(0)
}

/// `piton verify`: one line a journal; status 1 when one of them is damaged.
///
/// # Errors
/// A journal cannot be read.
pub fn verify(names: &[String]) -> Result<u8, CliError> {
    let mut is_damaged = false;
    for name in names {
        let path = journal_path(name)?;
        let found = verify_journal(&path).map_err(CliError::failed)?;
        let shown = path.display();
        let counted = format!("records={} head={}", found.records, found.head);
        let line = match &found.integrity {
            Integrity::Whole => format!("{shown}: whole {counted}"),
            Integrity::TornTail { line, bytes } => {
                format!("{shown}: whole {counted} (notice: line {line} is torn, {bytes} bytes; resuming sets it aside)")
            }
            Integrity::Damaged { line, what } => {
                is_damaged = true;
                format!("{shown}: DAMAGED at line {line}: {what} ({counted} before it)")
            }
        };
        super::print(&clean_line(&line));
    }
    Ok(u8::from(is_damaged))
}

/// A file as it is, the journal of a folder, or that of the run of this name.
fn journal_path(name: &str) -> Result<PathBuf, CliError> {
    let path = Path::new(name);
    if path.is_file() {
        return Ok(path.to_owned());
    }
    if path.join(JOURNAL_FILE).is_file() {
        return Ok(path.join(JOURNAL_FILE));
    }
    let dir = run::store()?.find(name).map_err(CliError::failed)?;
    Ok(dir.journal_path())
}
