//! What the screens ask of the rest of the program.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use serde_json::{Map, Value};
use tokio::runtime::Handle;

use crate::cli::error::CliError;
use crate::cli::journals::standing;
use crate::cli::progress::Telling;
use crate::cli::shelf::Memory;
use crate::cli::{beside, debrief, journals, place, practice, replay, run, setup, shelf, sign, verify};
use crate::debrief::Debrief;
use crate::engine::Mode;
use crate::exec::Borrower;
use crate::journal::{Role, RunDir, RunSummary, Standing, Store, in_order};
use crate::library::{Entry, Library};
use crate::runbook::Runbook;
use crate::runbook::value::parse_value;
use crate::scenario;
use crate::search;
use crate::session::launch;
use crate::session::preflight::{Preflight, Preparation};
use crate::session::{Launched, Opening};
use crate::site::{Bound, Site, bind};
use crate::text::{clean_line, counted};
use crate::tui::beside::Beside;
use crate::tui::shelf::{Changed, Past};
use crate::tui::sign::KeySeen;
use crate::tui::wanted::{Questions, ScenarioOffered, Wanted};
use crate::tui::{Backstage, EachJournals, GoesOn, JournalEntry, LibraryEntry, OpenRun, RecordFound, Recording};

/// The file that remembers how the panes share the room, beside the folders of the runs.
const SIZES: &str = "panes.toml";

/// More than that it never holds, in bytes.
const MOST_SIZES: u64 = 4_096;

/// The program behind the screens.
pub struct Stage {
    library: Library,
    store: Store,
    memory: Memory,
    set: Vec<(String, String)>,
    /// The site that was given, with its file.
    site: Option<(PathBuf, Site)>,
    beside: bool,
    /// The runbook whose start was asked for with nothing left to ask.
    ready: Option<String>,
    /// The runbook that was read when the program was started with its name, until it is asked for.
    given: Mutex<Option<(String, Arc<Runbook>)>>,
    /// What is being set up: what was looked at is what is opened, whatever becomes of the files meanwhile.
    chosen: Mutex<Option<Chosen>>,
    /// The runs that were listed last, the latest first, with how many good records each has: what is searched.
    listed: Mutex<Arc<Vec<(RunDir, u64)>>>,
    runtime: Arc<OnceLock<Handle>>,
}

/// What is being set up.
#[derive(Clone)]
struct Chosen {
    name: String,
    runbook: Arc<Runbook>,
    site: Option<(PathBuf, Site)>,
}

impl Stage {
    /// With the runbooks of `folder` beside the shipped ones and the user's.
    ///
    /// # Errors
    /// There is no place to keep runs in.
    pub fn new(folder: Option<PathBuf>) -> Result<Self, CliError> {
        Ok(Self::of(run::library_shown(folder)?, run::store()?))
    }

    /// With just these runbooks and runs.
    pub(super) fn of(library: Library, store: Store) -> Self {
        Self {
            library,
            store,
            memory: Memory::default(),
            set: Vec::new(),
            site: None,
            beside: false,
            ready: None,
            given: Mutex::default(),
            chosen: Mutex::default(),
            listed: Mutex::default(),
            runtime: Arc::default(),
        }
    }

    /// Where it waits to be told the threads on which answers are awaited, once there are some.
    pub(super) fn waits(&self) -> Arc<OnceLock<Handle>> {
        Arc::clone(&self.runtime)
    }

    /// With a runbook that was read already: it is not read anew when it is set up first.
    #[must_use]
    pub(super) fn given(self, name: String, runbook: Arc<Runbook>) -> Self {
        Self { given: Mutex::new(Some((name, runbook))), ..self }
    }

    /// With inputs that are bound already, and whether an open run of the same place is no hindrance.
    #[must_use]
    pub fn bound(self, set: Vec<(String, String)>, site: Option<(PathBuf, Site)>, beside: bool) -> Self {
        Self { set, site, beside, ..self }
    }

    /// With a runbook for which nothing is left to ask.
    #[must_use]
    pub fn ready(self, runbook: Option<String>) -> Self {
        Self { ready: runbook, ..self }
    }

    /// What is listed of each runbook that can be named.
    fn listed(&self, tell: impl Fn(&Entry, &mut LibraryEntry)) -> Vec<LibraryEntry> {
        let entries = self.library.entries().iter().filter(|entry| !entry.is_shadowed);
        let listed = entries.map(|entry| {
            let (id, origin) = (entry.id.clone(), entry.origin.name(&entry.id));
            let mut shown = LibraryEntry { id, origin, ..Default::default() };
            tell(entry, &mut shown);
            shown
        });
        listed.collect()
    }

    fn find(&self, name: &str) -> Result<Arc<Runbook>, String> {
        let mut given = self.given.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, runbook)) = given.take_if(|(given, _)| given == name) {
            return Ok(runbook);
        }
        drop(given);
        let entry = self.library.find(name).map_err(|error| error.to_string())?;
        run::usable(&entry).map_err(told)
    }

    /// What is being set up under that name, or the runbook with the site that was given.
    fn chosen(&self, name: &str) -> Result<Chosen, String> {
        let known = self.chosen.lock().unwrap_or_else(PoisonError::into_inner).clone();
        match known.filter(|chosen| chosen.name == name) {
            Some(chosen) => Ok(chosen),
            None => Ok(Chosen { name: name.to_owned(), runbook: self.find(name)?, site: self.site.clone() }),
        }
    }

    fn bind(&self, chosen: &Chosen, asked: &Map<String, Value>) -> Result<Bound, String> {
        let site = chosen.site.as_ref().map(|(_, site)| site);
        bind(&chosen.runbook, &self.set, site, asked).map_err(|problems| run::unbound(&problems).message)
    }

    /// A live run with these answers, as it would open.
    fn opening(&self, runbook: &str, answers: &[(String, String)]) -> Result<Opening, String> {
        let chosen = self.chosen(runbook)?;
        let book = &chosen.runbook;
        let mut asked = Map::new();
        for (name, text) in answers {
            let input = book.inputs.iter().find(|input| input.id.as_str() == name);
            let input = input.ok_or_else(|| format!("there is no input {name}"))?;
            let value = match text.trim() {
                // What had a value and was emptied is to have none.
                "" if input.optional => Value::Null,
                "" => continue,
                _ => parse_value(&input.kind, text).map_err(|problem| format!("{name}: {problem}"))?,
            };
            asked.insert(name.clone(), value);
        }
        let bound = self.bind(&chosen, &asked)?;
        if let Some(left) = bound.missing.first() {
            return Err(format!("{left} is not bound"));
        }
        let site = chosen.site.as_ref().map(|(_, site)| run::seen(site));
        Ok(Opening { runbook: chosen.runbook, inputs: bound.inputs, site, practice: None })
    }

    /// What is asked of a live run of what is chosen.
    fn ask(&self, chosen: Chosen) -> Result<Questions, String> {
        let bound = self.bind(&chosen, &Map::new())?;
        let site = chosen.site.as_ref().map(|(_, site)| site);
        let history = setup::history(&self.memory.list_live(&self.store), &chosen.runbook, site);
        let book = &chosen.runbook;
        let questions = Questions {
            runbook: chosen.name.clone(),
            title: book.title.clone(),
            version: version(book),
            site: site.map(run::seen),
            site_file: chosen.site.as_ref().map(|(file, _)| file.clone()),
            is_ready: self.ready.as_ref() == Some(&chosen.name) && bound.missing.is_empty(),
            asked: setup::questions(book, &bound, &history),
            ..Questions::default()
        };
        *self.chosen.lock().unwrap_or_else(PoisonError::into_inner) = Some(chosen);
        Ok(questions)
    }

    /// What can be practised.
    fn rehearsals(&self, name: &str, book: &Runbook) -> Questions {
        let scores = self.memory.scores(&self.memory.list(&self.store), book.id.as_str());
        let scenarios: Vec<ScenarioOffered> = scenario::all_of(book.id.as_str())
            .into_iter()
            .map(|one| ScenarioOffered {
                is_calm: one.id == scenario::CALM,
                hints: one.hints.len(),
                seed: one.seed,
                score: scores.iter().find(|score| score.scenario == one.id).cloned(),
                id: one.id,
                title: one.title,
                trouble: one.trouble,
                learn: one.learn,
            })
            .collect();
        Questions {
            runbook: name.to_owned(),
            title: book.title.clone(),
            version: version(book),
            is_practice: true,
            scenarios,
            seed: practice::some_seed(),
            ..Questions::default()
        }
    }

    fn begin_live(&self, opening: Opening, notes: &[String]) -> Result<Launched, String> {
        let world = run::live_world(&Handle::current(), crate::clock::Timestamp::default()).map_err(told)?;
        let who = place::who("terminal");
        let launched = if self.beside || !notes.is_empty() {
            launch::begin_beside(&self.store, &self.memory.runs, opening, notes.to_vec(), &who, world)
        } else {
            launch::begin(&self.store, &self.memory.runs, opening, &who, world)
        };
        launched.map_err(|error| error.to_string())
    }
}

/// The revision of a runbook, and which text it is.
fn version(book: &Runbook) -> String {
    format!("{} r{}, sha256 {}", book.id, book.revision, book.sha256.get(..8).unwrap_or_default())
}

impl Backstage for Stage {
    fn glance(&self) -> Vec<LibraryEntry> {
        self.listed(|entry, shown| {
            shelf::of_head(entry, shown);
            shown.has_practice = crate::practice::is_simulated(&shown.system);
        })
    }

    fn library(&self) -> Vec<LibraryEntry> {
        let mut listed = self.listed(|entry, shown| match entry.runbook() {
            Some(book) => {
                shown.title.clone_from(&book.title);
                shown.revision.clone_from(&book.revision);
                shown.system.clone_from(&book.system);
                shown.summary.clone_from(&book.summary);
                shown.minutes = book.minutes;
                shown.has_practice = practice::hindrance(book).is_none();
                shown.preview = Some(Box::new(shelf::preview(book)));
            }
            None => {
                shelf::of_head(entry, shown);
                shown.problems = shelf::problems(entry);
                shown.is_unread = shelf::is_unread(entry);
            }
        });
        // What cannot be started is not in the way of what can.
        listed.sort_by_key(|entry| !entry.problems.is_empty());
        listed
    }

    fn resumable(&self) -> Result<Vec<OpenRun>, String> {
        let mut runs = self.memory.listed(&self.store)?;
        runs.retain(|run| run.is_open());
        runs.sort_by_key(|run| (run.misnamed().is_some(), std::cmp::Reverse(run.last_at)));
        let open = |run: &Arc<RunSummary>| OpenRun {
            standing: format!("{}, {}", standing(run), counted(run.records, "record")),
            is_misnamed: run.misnamed().is_some(),
            run: run.dir.id(),
            place: run.opening.as_ref().map(place_of).unwrap_or_default(),
            title: run.opening.as_ref().map(|head| head.title.clone()).unwrap_or_default(),
            last: run.last_at.unwrap_or_default(),
            step: run.step.clone().unwrap_or_default(),
            operator: run.last_sat.clone().unwrap_or_default(),
        };
        Ok(runs.iter().map(open).collect())
    }

    fn journals(&self, each: EachJournals<'_>, goes_on: GoesOn<'_>) -> Result<Vec<JournalEntry>, String> {
        let mut told = |new: &[Arc<RunSummary>], all| each(new.iter().map(|run| entry(run)).collect(), all);
        let runs = self.memory.list_along(&self.store, &mut told, goes_on)?;
        let listed = runs.iter().map(|run| (run.dir.clone(), run.records)).collect();
        *self.listed.lock().unwrap_or_else(PoisonError::into_inner) = Arc::new(listed);
        Ok(runs.iter().map(|run| entry(run)).collect())
    }

    fn search(&self, words: &str, found: &mut dyn FnMut(RecordFound), goes_on: GoesOn<'_>) {
        let listed = Arc::clone(&self.listed.lock().unwrap_or_else(PoisonError::into_inner));
        let wanted = search::Wanted::words(words);
        let look = |at: usize| {
            let (dir, records) = &listed[at];
            let search = search::Search { wanted: &wanted, records: *records, closed: None, goes_on: &|_| goes_on() };
            let mut first = None;
            let mut take = |hit: search::Hit| {
                // The first one will do; that it is in what was bound at the opening tells least.
                let is_enough = hit.seq > 1;
                first = Some(hit);
                !is_enough
            };
            // One that cannot be read is listed as that; the others are searched.
            if let Err(error) = search::search(&dir.journal_path(), &search, &mut take) {
                tracing::debug!(%error, "a journal is not searched");
            }
            let told = |hit: search::Hit| clean_line(&hit.told).into_owned();
            first.map(|hit| RecordFound { run: dir.id(), seq: hit.seq, told: told(hit) })
        };
        in_order(listed.len(), goes_on, &look, &mut |hit| hit.into_iter().for_each(&mut *found));
    }

    fn besides(&self) -> Vec<(String, Beside)> {
        let signers = verify::signers(None).map_err(told);
        let runs = self.memory.list(&self.store);
        let of = |run: &Arc<RunSummary>| {
            let signers = signers.as_ref().map(Option::as_ref).map_err(String::as_str);
            Some((run.dir.id(), beside::of_summary(run, signers)?))
        };
        runs.iter().filter_map(of).collect()
    }

    fn beside(&self, folder: &Path) -> Result<Beside, String> {
        beside::of_folder(folder).map_err(told)
    }

    fn keys(&self) -> Vec<KeySeen> {
        sign::keys()
    }

    fn sign(&self, run: &Path, role: Role, key: &Path, borrower: &Borrower) -> Result<String, String> {
        let dir = journals::run_dir(&run.display().to_string()).map_err(told)?;
        sign::sign_with(&dir, role, key, borrower).map_err(told)
    }

    fn sign_release(&self, statement: &Path, key: &Path, borrower: &Borrower) -> Result<String, String> {
        sign::sign_release(statement, key, borrower).map_err(told)
    }

    fn recording(&self, run: &str, each: &mut dyn FnMut(u64, u64) -> bool) -> Result<Recording, String> {
        let dir = self.store.find(run).map_err(|error| error.to_string())?;
        let is_running = crate::journal::holder_of(&dir.lock_path()).is_some();
        let path = dir.plain_journal().map_err(|error| error.to_string())?;
        replay::recording(&path, is_running, each).map_err(told)
    }

    fn sizes(&self) -> Option<String> {
        let path = self.store.root().join(SIZES);
        match crate::fs::look(&path) {
            Ok(None) => return None,
            Ok(Some(about)) if about.len() <= MOST_SIZES => {}
            _ => {
                tracing::warn!(path = %path.display(), "the remembered sizes of the panes are not read");
                return None;
            }
        }
        let mut text = String::new();
        let read = crate::fs::open_read(&path).map_err(std::io::Error::other);
        match read.and_then(|file| file.take(MOST_SIZES).read_to_string(&mut text)) {
            Ok(_) => Some(text),
            Err(error) => {
                tracing::warn!(%error, "the remembered sizes of the panes are not read");
                None
            }
        }
    }

    fn keep_sizes(&self, text: &str) {
        let root = self.store.root();
        let kept = crate::fs::ensure_private_folder(root);
        if let Err(error) = kept.and_then(|()| crate::fs::replace(&root.join(SIZES), text.as_bytes())) {
            tracing::warn!(%error, "the sizes of the panes are not remembered");
        }
    }

    fn set_up(&self, runbook: &str, is_practice: bool) -> Result<Questions, String> {
        let book = self.find(runbook)?;
        if is_practice {
            return Ok(self.rehearsals(runbook, &book));
        }
        let sites = if self.site.is_none() { setup::sites(&book, &self.set) } else { Vec::new() };
        let questions = self.ask(Chosen { name: runbook.to_owned(), runbook: book, site: self.site.clone() })?;
        // Nothing is left to ask: the site was not wanted.
        let sites = if questions.is_ready { Vec::new() } else { sites };
        let sites_folder = setup::sites_folder().map(|folder| folder.display().to_string()).unwrap_or_default();
        Ok(Questions { sites, sites_folder, ..questions })
    }

    fn set_up_at(&self, runbook: &str, site: Option<&Path>) -> Result<Questions, String> {
        let book = self.find(runbook)?;
        let site = site.map(|file| Ok::<_, String>((file.to_owned(), setup::site_at(file)?))).transpose()?;
        self.ask(Chosen { name: runbook.to_owned(), runbook: book, site })
    }

    fn preflight(&self, wanted: &Wanted, is_accepted: bool) -> Result<Preflight, String> {
        let Wanted::Live { runbook, answers, .. } = wanted else { return Err("practice needs none".into()) };
        let opening = self.opening(runbook, answers)?;
        // What was given as a whole is wanted before the screens have a runtime. It comes after the first frame.
        let handle = Handle::try_current().unwrap_or_else(|_| self.runtime.wait().clone());
        let world = run::live_world(&handle, crate::clock::Timestamp::default()).map_err(told)?;
        let (store, remembered, who) = (&self.store, &self.memory.runs, place::who("terminal"));
        let prepared = Preparation { store, remembered, opening: &opening, who: &who, world: &world };
        handle.block_on(prepared.look(is_accepted))
    }

    fn past(&self) -> Vec<Past> {
        self.memory.past(&self.store, &self.library)
    }

    fn changes(&self, runbook: &str) -> Result<Changed, String> {
        self.memory.changed(&self.store, &*self.find(runbook)?)
    }

    fn check_input(&self, runbook: &str, input: &str, text: &str) -> Option<String> {
        setup::doubt(&self.chosen(runbook).ok()?.runbook, input, text)
    }

    fn begin(&self, wanted: &Wanted) -> Result<Launched, String> {
        match wanted {
            Wanted::Live { runbook, answers, notes, .. } => self.begin_live(self.opening(runbook, answers)?, notes),
            Wanted::Practice { runbook, scenario, seed, speed_milli } => {
                let (scenario, seed) = (scenario.clone(), *seed);
                #[expect(clippy::cast_precision_loss, reason = "a speed is at most ten million thousandths")]
                let speed = *speed_milli as f64 / 1_000.0;
                let played = practice::Wanted { nodes: None, seed, scenario, speed };
                let (who, runtime) = (place::who("terminal"), Handle::current());
                let begun = practice::begin(&self.store, self.find(runbook)?, played, &who, &runtime);
                runtime.block_on(begun).map_err(told)
            }
        }
    }

    fn resume(&self, run: &str, each: &mut dyn FnMut(u64, u64) -> bool) -> Result<Launched, String> {
        let (who, mut is_wanted) = (place::who("terminal"), true);
        let suspended = launch::reopen_along(&self.store, run, &who, &mut |done, all| {
            is_wanted = each(done, all);
            is_wanted
        });
        let suspended = suspended.map_err(|error| match is_wanted {
            true => error.to_string(),
            false => format!("{run} is not gone on with: its journal was not read to the end"),
        })?;
        run::resume_with(&self.store, suspended, 1.0, &who, &Handle::current()).map_err(told)
    }

    fn debrief(&self, folder: &Path) -> Result<Debrief, String> {
        debrief::of_run(&self.store, &RunDir::new(folder), &self.memory.runs, Telling::Nobody).map_err(told)
    }
}

/// A run as the list of all runs tells of it.
fn entry(run: &RunSummary) -> JournalEntry {
    let head = run.opening.as_ref();
    JournalEntry {
        run: run.dir.id(),
        title: head.map(|head| head.title.clone()).unwrap_or_default(),
        place: head.map(place_of).unwrap_or_default(),
        operator: head.map(|head| format!("{}@{}", head.operator, head.host)).unwrap_or_default(),
        opened: head.map(|head| head.at),
        lasted: journals::lasted(run).map(journals::duration).unwrap_or_default(),
        outcome: journals::word(run),
        integrity: journals::integrity(run),
        deviations: run.deviations.total(),
        sittings: run.sittings,
        records: run.records,
        is_practice: head.is_some_and(|head| head.mode == Mode::Practice),
        is_closed: matches!(run.standing, Standing::Closed(_)),
        beside: Beside::default(),
        is_damaged: run.misnamed().is_some() || !run.is_open() && !matches!(run.standing, Standing::Closed(_)),
    }
}

/// What a run acts on, in a few words.
pub(super) fn place_of(opened: &crate::journal::Opening) -> String {
    match (&opened.mode, &opened.site) {
        (Mode::Practice, _) => "practice".into(),
        (Mode::Live, Some(site)) => format!("{} {}", site.environment, site.name).trim().to_owned(),
        (Mode::Live, None) => "live".into(),
    }
}

fn told(error: CliError) -> String {
    error.message
}

#[cfg(test)]
#[path = "pictures_tests.rs"]
mod pictures;
