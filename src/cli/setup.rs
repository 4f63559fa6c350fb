//! What is asked before a live run opens: sites, inputs with their earlier values, and what is looked at before.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::{Map, Value};

use crate::cli::run;
use crate::diagnostic::{Diagnostic, render_all};
use crate::engine::Mode;
use crate::fs;
use crate::journal::RunSummary;
use crate::library::{read_site, user_folder};
use crate::runbook::takes::NODES_HINT;
use crate::runbook::value::parse_value;
use crate::runbook::{Input, InputKind, Runbook};
use crate::site::{Bound, Given, Site, bind, check_input};
use crate::text::clean_line;
use crate::tui::wanted::{Question, SiteOffered};

/// How many earlier runs are looked at for their values.
const MOST_RUNS: usize = 20;

/// How many earlier values are offered for one input.
const MOST_VALUES: usize = 5;

/// An earlier value that is longer is not offered, in bytes.
const MOST_BYTES: usize = 4 * 1024;

/// Where the user's site files lie.
pub fn sites_folder() -> Option<PathBuf> {
    Some(user_folder()?.parent()?.join("sites"))
}

/// The site files that can be chosen for a runbook, by name; one that cannot be taken tells why, and so does their folder
/// where it cannot be listed: it must not look as if there were none. `set` is bound before them.
pub fn sites(runbook: &Runbook, set: &[(String, String)]) -> Vec<SiteOffered> {
    let Some(folder) = sites_folder() else { return Vec::new() };
    sites_in(folder, runbook, set)
}

fn sites_in(folder: PathBuf, runbook: &Runbook, set: &[(String, String)]) -> Vec<SiteOffered> {
    let names = match fs::names(&folder) {
        Ok(names) => names,
        Err(error) => return vec![SiteOffered { problem: error.to_string(), site: None, file: folder }],
    };
    let files = names.into_iter().filter(|name| name.ends_with(".toml")).map(|name| folder.join(name));
    let mut all: Vec<SiteOffered> = files.map(|file| offered(file, runbook, set)).collect();
    // What can be taken comes first.
    all.sort_by_key(|site| !site.problem.is_empty());
    all
}

fn offered(file: PathBuf, runbook: &Runbook, set: &[(String, String)]) -> SiteOffered {
    match read_site(&file) {
        Err(error) => SiteOffered { problem: error.to_string(), site: None, file },
        Ok((source, None, findings)) => {
            SiteOffered { problem: render_all(&findings, &source, false), site: None, file }
        }
        Ok((source, Some(site), _)) => {
            let problem = unfit(&site, &source, &file.display().to_string(), runbook, set);
            SiteOffered { problem, site: Some(run::seen(&site)), file }
        }
    }
}

/// Why a site does not fit a runbook, with the places in its file; empty when it does.
fn unfit(site: &Site, source: &str, file: &str, runbook: &Runbook, set: &[(String, String)]) -> String {
    let problems = bind(runbook, set, Some(site), &Map::new()).err().unwrap_or_default();
    let of_site = problems.into_iter().filter(|problem| problem.from == Given::Site);
    let told: Vec<Diagnostic> = of_site
        .map(|problem| {
            let key = |name: &str| source.find(&format!("\n{name}")).map_or(0..0, |at| at + 1..at + 1 + name.len());
            let span = site.places.get(&problem.name).cloned().unwrap_or_else(|| key(&problem.name));
            let told = Diagnostic::error("does-not-fit", span, format!("{}: {}", problem.name, problem.message));
            let told = told.in_file(file);
            match problem.help {
                Some(help) => told.with_help(help),
                None => told,
            }
        })
        .collect();
    render_all(&told, source, false)
}

/// All inputs as questions: what must be asked first, then what has a value already.
pub fn questions(runbook: &Runbook, bound: &Bound, history: &[Map<String, Value>]) -> Vec<Question> {
    let question = |input: &Input| {
        let is_missing = bound.missing.contains(&input.id);
        let from = bound.from.iter().find(|(id, _)| *id == input.id).map(|(_, from)| from.words());
        Question {
            input: input.id.to_string(),
            kind: input.kind.clone(),
            prompt: input.prompt.clone(),
            default: bound.inputs.get(input.id.as_str()).map(|value| text(&input.kind, value)).unwrap_or_default(),
            given: if is_missing { String::new() } else { from.unwrap_or("may stay empty").to_owned() },
            is_optional: input.optional,
            history: earlier(input, history),
        }
    };
    let (asked, settled): (Vec<&Input>, Vec<&Input>) =
        runbook.inputs.iter().partition(|input| bound.missing.contains(&input.id));
    asked.into_iter().chain(settled).map(question).collect()
}

/// What is wrong with a text that is typed for an input; nothing where it would do.
pub fn doubt(runbook: &Runbook, input: &str, text: &str) -> Option<String> {
    let input = runbook.inputs.iter().find(|candidate| candidate.id.as_str() == input)?;
    if text.trim().is_empty() {
        return (!input.optional).then(|| "a value is needed".to_owned());
    }
    match (parse_value(&input.kind, text), &input.kind) {
        (Ok(value), _) => check_input(runbook, input, &value).err(),
        (Err(problem), InputKind::Nodes(_)) => Some(format!("{problem}; {NODES_HINT}")),
        (Err(problem), _) => Some(problem),
    }
}

/// A value as it would be typed.
fn text(kind: &InputKind, value: &Value) -> String {
    let text = match (kind, value) {
        (_, Value::Null) => String::new(),
        (InputKind::Bool, Value::Bool(value)) => if *value { "yes" } else { "no" }.to_owned(),
        (_, Value::String(text)) => text.clone(),
        (_, other) => other.to_string(),
    };
    clean_line(&text).into_owned()
}

fn earlier(input: &Input, history: &[Map<String, Value>]) -> Vec<String> {
    let mut values: Vec<String> = Vec::new();
    // Of a secret not even the place is repeated.
    if input.kind == InputKind::Secret {
        return values;
    }
    for inputs in history {
        let value = inputs.get(input.id.as_str()).map(|value| text(&input.kind, value)).unwrap_or_default();
        if !value.is_empty() && value.len() <= MOST_BYTES && !values.contains(&value) && values.len() < MOST_VALUES {
            values.push(value);
        }
    }
    values
}

/// What earlier live runs of that runbook at that site were bound to, the latest first.
pub fn history(known: &[Arc<RunSummary>], runbook: &Runbook, site: Option<&Site>) -> Vec<Map<String, Value>> {
    let name = site.map(|site| site.name.as_str());
    let runs = known.iter().filter(|run| {
        run.opening.as_ref().is_some_and(|opening| {
            opening.mode == Mode::Live
                && opening.runbook == runbook.id.as_str()
                && opening.site.as_ref().map(|site| site.name.as_str()) == name
        })
    });
    runs.take(MOST_RUNS).filter_map(|run| Some(run.dir.opened()?.inputs)).collect()
}

/// The site in a file.
///
/// # Errors
/// It cannot be read, or has errors.
pub fn site_at(path: &Path) -> Result<Site, String> {
    run::site_at(path).map_err(|error| error.message)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runbook::parse;

    #[test]
    fn a_folder_of_sites_that_cannot_be_listed_is_not_one_without_sites() {
        let place = tempfile::tempdir().unwrap();
        let folder = place.path().join("sites");
        let book = parse(&crate::library::Library::open(&[]).unwrap().entries()[0].source()).0.unwrap();
        assert_eq!(sites_in(folder.clone(), &book, &[]), []);
        std::fs::write(&folder, "").unwrap();
        let offered = sites_in(folder.clone(), &book, &[]);
        assert_eq!((offered.len(), &offered[0].file, &offered[0].site), (1, &folder, &None));
        assert!(offered[0].problem.contains("cannot list"), "{}", offered[0].problem);
    }
}
