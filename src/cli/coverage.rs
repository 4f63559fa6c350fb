//! `piton coverage`: which step carries what the document asks, and which obligation nothing carries.

use std::path::PathBuf;
use std::sync::Arc;

use serde_json::{Value, json};

use crate::cli::error::CliError;
use crate::cli::run;
use crate::coverage::{Carrier, Coverage, Row};
use crate::library::{Library, Origin};
use crate::runbook::Runbook;
use crate::sources;
use crate::text::clean_line;

/// Obligations with what carries them and the other way round: of one runbook, or of all that are part of the program.
/// Status 1 when one that is owed is carried by nothing.
///
/// # Errors
/// The runbook is not there, has errors, or names no document that is known.
pub fn coverage(folder: Option<PathBuf>, name: Option<&str>, json: bool) -> Result<u8, CliError> {
    let library = run::library_of(folder)?;
    let coverage = match name {
        Some(name) => {
            let book = readable(&library, name)?;
            Coverage::of_one(&book).ok_or_else(|| {
                CliError::failed(format!("the runbook {} names no document that piton knows", book.id))
                    .hint("`[source]` gives the document's title and the headings that the runbook covers")
            })?
        }
        None => {
            let shipped = library.entries().iter().filter(|entry| entry.origin == Origin::Embedded);
            Coverage::of_all(shipped.filter_map(|entry| entry.runbook().map(Arc::as_ref)))
        }
    };
    if json {
        super::print(&clean_line(&as_json(&coverage).to_string()));
    } else {
        as_text(&coverage).iter().for_each(|line| super::print(&clean_line(line)));
    }
    Ok(u8::from(coverage.uncovered().next().is_some()))
}

fn readable(library: &Library, name: &str) -> Result<Arc<Runbook>, CliError> {
    let entry = library.find(name).map_err(CliError::failed)?;
    run::usable(&entry)
}

fn as_text(coverage: &Coverage) -> Vec<String> {
    let (owed, missing) = (coverage.owed().count(), coverage.uncovered().count());
    let mut lines = Vec::new();
    if missing > 0 {
        lines.push("Carried by nothing:".to_owned());
        lines.extend(under_headings(coverage.uncovered(), |row| row.found.obligation.asks.clone()));
        lines.push(String::new());
    }
    lines.push("Obligation → steps:".to_owned());
    let carried = coverage.rows.iter().filter(|row| !row.carriers.is_empty());
    lines.extend(under_headings(carried, |row| carriers_of(coverage, row)));
    lines.push(String::new());
    lines.push("Step → obligations:".to_owned());
    lines.extend(by_runbook(&coverage.carriers));
    lines.push(String::new());
    let mended = mended(&coverage.carriers);
    if !mended.is_empty() {
        lines.push("Mended mistakes of the documents:".to_owned());
        lines.extend(mended);
        lines.push(String::new());
    }
    lines.push(format!("{} of {owed} obligations carried", owed - missing));
    lines
}

/// One line a row, under the headings of the documents.
fn under_headings<'r>(rows: impl Iterator<Item = &'r Row>, told: impl Fn(&Row) -> String) -> Vec<String> {
    let (mut lines, mut last) = (Vec::new(), None);
    for row in rows {
        let Row { found, is_owed, .. } = row;
        if last != Some(found.heading) {
            lines.push(format!("  {}: {}", found.source.system, found.heading.path.join(" › ")));
            last = Some(found.heading);
        }
        let beyond = if *is_owed { "" } else { " (beyond the runbook's headings)" };
        let (id, kind) = (&found.obligation.id, found.obligation.kind.word());
        lines.push(format!("    {id:<10}  {kind:<11}  {}{beyond}", told(row)));
    }
    lines
}

/// `runbook: place, place; runbook: place`.
fn carriers_of(coverage: &Coverage, row: &Row) -> String {
    let mut told = String::new();
    let mut last = "";
    for carrier in row.carriers.iter().map(|at| &coverage.carriers[*at]) {
        if carrier.runbook == last {
            told.push_str(", ");
        } else {
            told.push_str(if last.is_empty() { "" } else { "; " });
            told.push_str(&format!("{}: ", carrier.runbook));
        }
        told.push_str(&carrier.name());
        last = &carrier.runbook;
    }
    told
}

fn by_runbook(carriers: &[Carrier]) -> Vec<String> {
    let width = carriers.iter().map(|carrier| carrier.name().chars().count()).max().unwrap_or(0);
    let (mut lines, mut last) = (Vec::new(), "");
    for carrier in carriers {
        if carrier.runbook != last {
            lines.push(format!("  {}", carrier.runbook));
            last = &carrier.runbook;
        }
        let ids = if carrier.ids.is_empty() { "(of the runbook's own)".to_owned() } else { carrier.ids.join(", ") };
        lines.push(format!("    {:<width$}  {ids}", carrier.name()));
    }
    lines
}

/// The steps that do other than their document, and why, under their runbooks.
fn mended(carriers: &[Carrier]) -> Vec<String> {
    let (mut lines, mut last) = (Vec::new(), "");
    for carrier in carriers.iter().filter(|carrier| !carrier.mends.is_empty()) {
        if carrier.runbook != last {
            lines.push(format!("  {}", carrier.runbook));
            last = &carrier.runbook;
        }
        for id in &carrier.mends {
            lines.push(format!("    {}  {id}", carrier.place));
            if let Some(mistake) = sources::all().iter().find_map(|source| source.mistake(id)) {
                lines.push(format!("      the document says: {}", mistake.says));
                lines.push(format!("      here instead: {}", mistake.right));
            }
        }
    }
    lines
}

fn as_json(coverage: &Coverage) -> Value {
    let place = |at: &usize| {
        let carrier = &coverage.carriers[*at];
        json!({ "runbook": carrier.runbook, "part": carrier.part.word(), "place": carrier.place })
    };
    let obligation = |row: &Row| {
        let Row { found, is_owed, carriers } = row;
        json!({
            "id": found.obligation.id, "system": found.source.system, "document": found.source.document.title,
            "path": found.heading.path, "kind": found.obligation.kind.word(), "asks": found.obligation.asks,
            "owed": is_owed, "carried_by": carriers.iter().map(place).collect::<Vec<_>>(),
        })
    };
    let step = |carrier: &Carrier| {
        let Carrier { runbook, part, place, ids, mends } = carrier;
        json!({ "runbook": runbook, "part": part.word(), "place": place, "source": ids, "mends": mends })
    };
    json!({
        "owed": coverage.owed().count(),
        "uncovered": coverage.uncovered().map(|row| &row.found.obligation.id).collect::<Vec<_>>(),
        "obligations": coverage.rows.iter().map(obligation).collect::<Vec<_>>(),
        "steps": coverage.carriers.iter().map(step).collect::<Vec<_>>(),
    })
}
