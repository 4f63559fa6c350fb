//! What the library tells of runbooks beside their heads: what is in them, what became of them here, what changed.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use crate::cli::progress::Telling;
use crate::cli::{debrief, journals};
use crate::clock::Timestamp;
use crate::diagnostic::Position;
use crate::engine::scope::MISSING;
use crate::engine::{Mode, Outcome};
use crate::journal::{JournalError, Opening, Remembered, RunDir, RunSummary, Stamp, Standing, Store, stamp};
use crate::library::{Entry, Library};
use crate::runbook::changes::changes;
use crate::runbook::{Phase, Runbook};
use crate::text::clean_line;
use crate::tui::LibraryEntry;
use crate::tui::screen::run::naming::{GAP, gapped};
use crate::tui::shelf::{Changed, LastRun, Past, PhaseSeen, Preview, Score};

/// How many practice runs are looked at for their points, the latest first.
const MOST_RUNS: usize = 300;

/// A journal that is longer than that is not read for its points, in bytes.
const MOST_BYTES: u64 = 32 * 1024 * 1024;

/// What stands at the top of a runbook, unchecked.
pub fn of_head(entry: &Entry, shown: &mut LibraryEntry) {
    let head = entry.head().unwrap_or_default();
    (shown.title, shown.revision, shown.system) = (head.title, head.revision, head.system);
    (shown.summary, shown.minutes) = (head.summary, head.minutes);
}

/// Whether it was not even read: a check of its file tells no more.
pub fn is_unread(entry: &Entry) -> bool {
    entry.source().is_empty() && entry.findings().iter().any(|found| found.code == "unreadable")
}

/// Why it does not load: the place of each error with what is wrong there, and below it what to do.
pub fn problems(entry: &Entry) -> Vec<String> {
    let source = entry.source();
    let told = entry.findings().iter().filter(|found| found.is_error()).map(|found| {
        let Position { line, column } = found.position(&source);
        let help = found.help.as_ref().map(|help| format!("\nhelp: {help}")).unwrap_or_default();
        // What cannot be read at all has no place.
        let place = if source.is_empty() { String::new() } else { format!("line {line}, column {column}: ") };
        format!("{place}{}{help}", found.message)
    });
    let told: Vec<String> = told.collect();
    // Whatever is wrong, it does not load.
    if told.is_empty() { vec!["it cannot be read".into()] } else { told }
}

/// What is known of runs, read once as long as their journals stay as they are.
#[derive(Debug, Default)]
pub struct Memory {
    /// Their summaries.
    pub runs: Remembered,
    points: Mutex<HashMap<PathBuf, (Stamp, Option<Points>)>>,
}

/// What a practice run came to.
#[derive(Clone, Debug)]
struct Points {
    score: u32,
    at: Timestamp,
}

impl Memory {
    /// The runs of a store, the latest first; none where they cannot be listed, which [`Memory::listed`] tells.
    pub fn list(&self, store: &Store) -> Vec<Arc<RunSummary>> {
        self.listed(store).unwrap_or_default()
    }

    /// The same.
    ///
    /// # Errors
    /// They cannot be listed; for people.
    pub fn listed(&self, store: &Store) -> Result<Vec<Arc<RunSummary>>, String> {
        self.runs.list(store).map_err(unlisted)
    }

    /// The live ones, likewise.
    pub fn list_live(&self, store: &Store) -> Vec<Arc<RunSummary>> {
        self.runs.list_live(store).unwrap_or_default()
    }

    /// The same with somebody who is told what was read meanwhile, of how many, as long as it is to go on.
    ///
    /// # Errors
    /// See [`Memory::listed`].
    pub fn list_along(
        &self,
        store: &Store,
        each: &mut dyn FnMut(&[Arc<RunSummary>], usize),
        goes_on: &(dyn Fn() -> bool + Sync),
    ) -> Result<Vec<Arc<RunSummary>>, String> {
        self.runs.list_along(store, each, &|_| goes_on()).map_err(unlisted)
    }

    /// How each scenario of a runbook was practised, in the order of their names.
    pub fn scores(&self, known: &[Arc<RunSummary>], runbook: &str) -> Vec<Score> {
        let mut all: Vec<Score> = Vec::new();
        let practised = known.iter().filter(|run| is_of(run, runbook, Mode::Practice));
        let over = practised.filter(|run| matches!(run.standing, Standing::Closed(_))).take(MOST_RUNS);
        for run in over {
            let Some((opening, points)) = run.opening.as_ref().zip(self.points(&run.dir)) else { continue };
            let name = opening.scenario.clone().unwrap_or_default();
            match all.iter_mut().find(|score| score.scenario == name) {
                Some(score) => {
                    score.attempts += 1;
                    score.best = score.best.max(points.score);
                }
                // The first one is the latest.
                None => all.push(Score {
                    scenario: name,
                    attempts: 1,
                    best: points.score,
                    last: points.score,
                    last_at: points.at,
                }),
            }
        }
        all.sort_by(|one, other| one.scenario.cmp(&other.scenario));
        all
    }

    fn points(&self, dir: &RunDir) -> Option<Points> {
        let now = stamp(dir).filter(|(_, length)| *length <= MOST_BYTES)?;
        let known = || self.points.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, points)) = known().get(dir.path()).filter(|(then, _)| *then == now) {
            return points.clone();
        }
        let told = debrief::of_folder(dir, &Telling::Nobody.of("", [])).ok().flatten();
        let points = told.and_then(|(told, at)| Some(Points { score: told.score?, at }));
        known().insert(dir.path().to_owned(), (now, points.clone()));
        points
    }

    /// What became of every runbook of the library; of none where the runs cannot be listed, for nothing is known then.
    pub fn past(&self, store: &Store, library: &Library) -> Vec<Past> {
        let Ok(known) = self.listed(store) else { return Vec::new() };
        let entries = library.entries().iter().filter(|entry| !entry.is_shadowed);
        let past = entries.map(|entry| {
            let last = last_of(&known, &entry.id);
            let text = last.and_then(|(_, opening)| entry.runbook().map(|book| book.sha256 != opening.sha256));
            Past {
                runbook: entry.id.clone(),
                last: last.map(|(run, opening)| last_run(run, opening)),
                is_changed: text.unwrap_or(false),
                scores: self.scores(&known, &entry.id),
            }
        });
        past.collect()
    }

    /// What is different between a runbook and its text in its last run.
    ///
    /// # Errors
    /// There is no such run, or one of the texts cannot be read.
    pub fn changed(&self, store: &Store, runbook: &Runbook) -> Result<Changed, String> {
        let known = self.listed(store)?;
        let (run, opening) = last_of(&known, runbook.id.as_str()).ok_or("it was never run here")?;
        let opened = run.dir.opened().ok_or_else(|| format!("the first record of {} cannot be read", run.dir.id()))?;
        Ok(Changed {
            runbook: runbook.id.to_string(),
            title: runbook.title.clone(),
            run: run.dir.id(),
            at: opening.at,
            revisions: (opened.revision, runbook.revision.clone()),
            changes: changes(&opened.text, &runbook.text).map_err(|error| error.to_string())?,
        })
    }
}

fn unlisted(error: JournalError) -> String {
    format!("the runs of this machine are not known: {error}")
}

fn is_of(run: &RunSummary, runbook: &str, mode: Mode) -> bool {
    run.opening.as_ref().is_some_and(|opening| opening.runbook == runbook && opening.mode == mode)
}

/// The latest live run of a runbook; where there is none, the latest of practice.
fn last_of<'a>(known: &'a [Arc<RunSummary>], runbook: &str) -> Option<(&'a RunSummary, &'a Opening)> {
    let latest = |mode| known.iter().find(|run| is_of(run, runbook, mode));
    let run = latest(Mode::Live).or_else(|| latest(Mode::Practice))?;
    Some((run, run.opening.as_ref()?))
}

fn last_run(run: &RunSummary, opening: &Opening) -> LastRun {
    LastRun {
        run: run.dir.id(),
        at: opening.at,
        outcome: journals::word(run),
        place: crate::cli::backstage::place_of(opening),
        is_practice: opening.mode == Mode::Practice,
        is_well: run.misnamed().is_none()
            && run.standing == Standing::Closed(Outcome::Completed)
            && run.deviations.total() == 0,
    }
}

/// What is in a runbook.
pub fn preview(book: &Runbook) -> Preview {
    // What will stand in a title is not known before a run.
    let title = |text: &str| clean_line(&gapped(text, MISSING)).into_owned();
    let step_title = |phase: &Phase, text: &str| {
        let told = if phase.for_each.is_some() { gapped(text, GAP) } else { gapped(text, MISSING) };
        clean_line(&told).into_owned()
    };
    let is_asked = |input: &&crate::runbook::Input| input.default.is_none() && !input.optional;
    let asked: Vec<String> = book.inputs.iter().filter(is_asked).map(|input| input.id.to_string()).collect();
    let phase = |phase: &Phase| PhaseSeen {
        title: title(phase.title.source()),
        steps: phase.steps.iter().map(|step| step_title(phase, step.title.source())).collect(),
        is_loop: phase.for_each.is_some(),
    };
    let steps = |phases: &[Phase]| phases.iter().map(|phase| phase.steps.len()).sum();
    Preview {
        document: book.source.as_ref().map(|source| source.document.clone()).unwrap_or_default(),
        headings: book.source.as_ref().map(|source| source.headings.clone()).unwrap_or_default(),
        settled: book.inputs.len() - asked.len(),
        asked,
        watched: (book.health.len(), book.guards.len()),
        phases: book.phases.iter().map(phase).collect(),
        ways_back: book.rollbacks.iter().map(|way| (way.title.clone(), steps(&way.phases))).collect(),
        sha256: book.sha256.clone(),
    }
}

#[cfg(test)]
#[path = "shelf_tests.rs"]
mod tests;
