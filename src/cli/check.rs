//! `piton check` and `piton list`: what is wrong with runbooks, and which there are.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use serde_json::json;

use crate::cli::error::CliError;
use crate::cli::run;
use crate::diagnostic::{Diagnostic, render_all};
use crate::fs::{self, FsError};
use crate::library::{Entry, Library, Origin, is_site_file, read_file, read_site, user_folder};
use crate::scenario;
use crate::text::{clean_line, counted};

/// `piton check`: every diagnostic of every file, in one pass. Status 1 when one of them is an error.
///
/// # Errors
/// A file cannot be read.
pub fn check(files: &[PathBuf]) -> Result<u8, CliError> {
    let mut has_errors = false;
    for path in files {
        let (text, findings) = look_at(path)?;
        let name = path.display().to_string();
        let errors = findings.iter().filter(|finding| finding.is_error()).count();
        let advice = findings.len() - errors;
        has_errors |= errors > 0;
        if !findings.is_empty() {
            super::print(render_all(&findings, &text, false).trim_end());
        }
        super::print(&clean_line(&format!(
            "{name}: {}, {} of advice",
            counted(errors, "error"),
            counted(advice, "piece")
        )));
    }
    Ok(u8::from(has_errors))
}

/// A file's text and what is to be said of it, as a scenario, a site file or a runbook.
fn look_at(path: &Path) -> Result<(String, Vec<Diagnostic>), CliError> {
    if is_site_file(path).map_err(CliError::failed)? {
        let (text, _, findings) = read_site(path).map_err(CliError::failed)?;
        return Ok((text, findings));
    }
    let entry = read_file(path).map_err(CliError::failed)?;
    let source = entry.source();
    if scenario::is_scenario(&source) {
        let name = path.display().to_string();
        let findings = scenario::parse(&source).1.into_iter().map(|finding| finding.in_file(&name)).collect();
        return Ok((source.into_owned(), findings));
    }
    let findings = entry.findings().to_vec();
    Ok((entry.source().into_owned(), findings))
}

/// `piton list`: every runbook with its origin; those with errors say so.
///
/// # Errors
/// There is no home directory.
pub fn list(folder: Option<PathBuf>, json: bool) -> Result<u8, CliError> {
    let (library, trouble) = listable(folder)?;
    if let Some(trouble) = trouble {
        // What there is besides can be listed all the same, whether or not anybody hears of it.
        let told = format!("piton: your own runbooks are not listed: {trouble}");
        let _ = writeln!(std::io::stderr(), "{}", clean_line(&told));
    }
    let widest = library.entries().iter().map(|entry| entry.id.chars().count()).max().unwrap_or_default().min(WIDEST);
    for entry in library.entries() {
        let line = match (entry.runbook(), json) {
            (Some(book), true) => json!({
                "id": book.id, "title": book.title, "system": book.system, "revision": book.revision,
                "minutes": book.minutes, "summary": book.summary, "origin": entry.origin.name(&entry.id), "sha256": book.sha256,
            })
            .to_string(),
            (None, true) => json!({ "id": entry.id, "origin": entry.origin.name(&entry.id), "errors": errors(entry) }).to_string(),
            (Some(book), false) => {
                let planned = book.minutes.map(|minutes| format!(" · {}", planned(minutes))).unwrap_or_default();
                // Most names begin with their system.
                let is_named = book.id.as_str().starts_with(book.system.as_str());
                let system = if is_named { String::new() } else { format!(" · {}", book.system) };
                format!("{:<widest$}  {}{system}{planned}{}", book.id.as_str(), book.title, from(entry))
            }
            (None, false) => format!("{:<widest$}  {}{}", entry.id, counted(errors(entry), "error"), from(entry)),
        };
        super::print(&clean_line(&line));
    }
    Ok(0)
}

/// Up to this width of the longest name all begin their titles below each other.
const WIDEST: usize = 40;

/// Where a runbook of somebody's own is.
fn from(entry: &Entry) -> String {
    match &entry.origin {
        Origin::Embedded => String::new(),
        Origin::File(path) => format!(" · {}", path.display()),
    }
}

/// How long it is planned to take: `45m`, `2h`, `1h 15m`.
fn planned(minutes: u32) -> String {
    match (minutes / 60, minutes % 60) {
        (0, minutes) => format!("{minutes}m"),
        (hours, 0) => format!("{hours}h"),
        (hours, minutes) => format!("{hours}h {minutes:02}m"),
    }
}

/// What can be listed, and why the user's own runbooks cannot be, when they cannot.
fn listable(folder: Option<PathBuf>) -> Result<(Library, Option<FsError>), CliError> {
    match user_folder().map(|own| fs::names(&own)) {
        Some(Err(trouble)) => {
            let given: Vec<_> = folder.into_iter().collect();
            Ok((Library::open(&given).map_err(CliError::failed)?, Some(trouble)))
        }
        _ => Ok((run::library_of(folder)?, None)),
    }
}

fn errors(entry: &Entry) -> usize {
    entry.findings().iter().filter(|finding| finding.is_error()).count()
}
