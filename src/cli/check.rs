//! `piton check` and `piton list`: what is wrong with runbooks, and which there are.

use std::path::{Path, PathBuf};

use serde_json::json;

use crate::cli::error::CliError;
use crate::cli::run;
use crate::diagnostic::render_all;
use crate::text::clean_line;
use crate::{fs, runbook, site};

/// `piton check`: every diagnostic of every file, in one pass. Status 1 when one of them is an error.
///
/// # Errors
/// A file cannot be read.
pub fn check(files: &[PathBuf]) -> Result<u8, CliError> {
    let mut has_errors = false;
    for path in files {
        let text = fs::read_text(path).map_err(CliError::failed)?;
        let name = path.display().to_string();
        let diagnostics = if is_site(path, &text) {
            site::parse(&text).1
        } else {
            runbook::parse(&text).1
        };
        let diagnostics: Vec<_> = diagnostics.into_iter().map(|diagnostic| diagnostic.in_file(&name)).collect();
        if diagnostics.is_empty() {
            super::print(&format!("{}: nothing to say", clean_line(&name)));
            continue;
        }
        has_errors |= diagnostics.iter().any(crate::diagnostic::Diagnostic::is_error);
        super::print(render_all(&diagnostics, &text, false).trim_end());
        let errors = diagnostics.iter().filter(|diagnostic| diagnostic.is_error()).count();
        let advice = diagnostics.len() - errors;
        super::print(&format!("{}: {errors} errors, {advice} pieces of advice", clean_line(&name)));
    }
    Ok(u8::from(has_errors))
}

/// `piton list`: every runbook with its origin; those with errors say so.
///
/// # Errors
/// There is no home directory.
pub fn list(folder: Option<PathBuf>, json: bool) -> Result<u8, CliError> {
    for entry in run::library_of(folder)?.entries() {
        let line = match (&entry.runbook, json) {
            (Some(book), true) => json!({
                "id": book.id, "title": book.title, "system": book.system, "revision": book.revision,
                "minutes": book.minutes, "summary": book.summary, "origin": entry.origin.to_string(), "sha256": book.sha256,
            })
            .to_string(),
            (None, true) => json!({ "id": entry.id, "origin": entry.origin.to_string(), "errors": entry.errors() }).to_string(),
            (Some(book), false) => {
                let minutes = book.minutes.map(|minutes| format!(" · {minutes} min")).unwrap_or_default();
                format!("{:<24} {} · {}{minutes} · {}", book.id.as_str(), book.title, book.system, entry.origin)
            }
            (None, false) => format!("{:<24} {} errors · {} (see `piton check`)", entry.id, entry.errors(), entry.origin),
        };
        super::print(&clean_line(&line));
    }
    Ok(0)
}

/// A file that binds a runbook to a place has no `format` of its own and says its name.
fn is_site(path: &Path, text: &str) -> bool {
    let says_site = path.parent().and_then(Path::file_name).is_some_and(|folder| folder == "sites");
    says_site || (!text.contains("[[phase]]") && text.contains("environment"))
}
