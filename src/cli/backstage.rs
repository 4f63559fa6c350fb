//! What the screens ask of the rest of the program.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::{Map, Value};
use tokio::runtime::Handle;

use crate::cli::error::CliError;
use crate::cli::journals::standing;
use crate::cli::practice::{self, Wanted};
use crate::cli::{debrief, journals, place, replay, run};
use crate::debrief::Debrief;
use crate::engine::Mode;
use crate::journal::{RunDir, RunSummary, Standing, Store};
use crate::library::{Entry, Library};
use crate::runbook::value::parse_value;
use crate::runbook::{InputKind, Runbook};
use crate::session::launch;
use crate::session::{Launched, Opening};
use crate::site::{Bound, Site, bind};
use crate::text::clean_line;
use crate::tui::{Backstage, JournalEntry, LibraryEntry, OpenRun, Question, Questions, Recording};

/// The file that remembers how the panes share the room, beside the folders of the runs.
const SIZES: &str = "panes.toml";

/// More than that it never holds, in bytes.
const MOST_SIZES: u64 = 4_096;

/// The program behind the screens.
pub struct Stage {
    library: Library,
    store: Store,
    set: Vec<(String, String)>,
    site: Option<Site>,
    beside: bool,
}

impl Stage {
    /// With the runbooks of `folder` beside the shipped ones and the user's.
    ///
    /// # Errors
    /// There is no place to keep runs in.
    pub fn new(folder: Option<PathBuf>) -> Result<Self, CliError> {
        let (library, store) = (run::library_of(folder)?, run::store()?);
        Ok(Self { library, store, set: Vec::new(), site: None, beside: false })
    }

    /// With inputs that are bound already, and whether an open run of the same place is no hindrance.
    #[must_use]
    pub fn bound(self, set: Vec<(String, String)>, site: Option<Site>, beside: bool) -> Self {
        Self { set, site, beside, ..self }
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
        let entry = self.library.find(name).map_err(|error| error.to_string())?;
        run::usable(&entry).map_err(told)
    }

    fn bind(&self, runbook: &Runbook, asked: &Map<String, Value>) -> Result<Bound, String> {
        bind(runbook, &self.set, self.site.as_ref(), asked).map_err(|problems| run::unbound(&problems).message)
    }

    fn begin_live(&self, runbook: Arc<Runbook>, answers: &[(String, String)]) -> Result<Launched, String> {
        let mut asked = Map::new();
        for (name, text) in answers.iter().filter(|(_, text)| !text.trim().is_empty()) {
            let input = runbook.inputs.iter().find(|input| input.id.as_str() == name);
            let kind = &input.ok_or_else(|| format!("there is no input {name}"))?.kind;
            asked.insert(name.clone(), parse_value(kind, text).map_err(|problem| format!("{name}: {problem}"))?);
        }
        let bound = self.bind(&runbook, &asked)?;
        if let Some(left) = bound.missing.first() {
            return Err(format!("{left} is not bound"));
        }
        let site = self.site.as_ref().map(run::seen);
        let opening = Opening { runbook, inputs: bound.inputs, site, practice: None };
        let world = run::live_world(&Handle::current(), crate::clock::Timestamp::default()).map_err(told)?;
        let begin = if self.beside { launch::begin_beside } else { launch::begin };
        begin(&self.store, opening, &place::who("terminal"), world).map_err(|error| error.to_string())
    }
}

impl Backstage for Stage {
    fn glance(&self) -> Vec<LibraryEntry> {
        self.listed(|entry, shown| {
            let head = entry.head().unwrap_or_default();
            shown.has_practice = crate::practice::is_simulated(&head.system);
            (shown.title, shown.revision, shown.system) = (head.title, head.revision, head.system);
            (shown.summary, shown.minutes) = (head.summary, head.minutes);
        })
    }

    fn library(&self) -> Vec<LibraryEntry> {
        self.listed(|entry, shown| match entry.runbook() {
            Some(book) => {
                shown.title.clone_from(&book.title);
                shown.revision.clone_from(&book.revision);
                shown.system.clone_from(&book.system);
                shown.summary.clone_from(&book.summary);
                shown.minutes = book.minutes;
                shown.has_practice = practice::hindrance(book).is_none();
            }
            None => shown.problems = entry.findings().iter().map(|found| found.message.clone()).collect(),
        })
    }

    fn resumable(&self) -> Vec<OpenRun> {
        let mut runs = self.store.list().unwrap_or_default();
        runs.retain(RunSummary::is_open);
        runs.sort_by_key(|run| std::cmp::Reverse(run.last_at));
        let open = |run: RunSummary| OpenRun {
            standing: format!("{}, {} records", standing(&run), run.records),
            run: run.dir.id(),
            place: run.opening.as_ref().map(place_of).unwrap_or_default(),
            title: run.opening.map(|head| head.title).unwrap_or_default(),
            last: run.last_at.unwrap_or_default(),
        };
        runs.into_iter().map(open).collect()
    }

    fn journals(&self) -> Vec<JournalEntry> {
        self.store.list().unwrap_or_default().iter().map(entry).collect()
    }

    fn recording(&self, run: &str) -> Result<Recording, String> {
        let dir = self.store.find(run).map_err(|error| error.to_string())?;
        let is_running = crate::journal::holder_of(&dir.lock_path()).is_some();
        replay::recording(&dir.journal_path(), is_running).map_err(told)
    }

    fn sizes(&self) -> Option<String> {
        let path = self.store.root().join(SIZES);
        match crate::fs::look(&path) {
            Ok(None) => return None,
            Ok(Some(about)) if about.len() <= MOST_SIZES => {}
            Ok(Some(_)) | Err(_) => {
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
        let mut questions =
            Questions { runbook: runbook.to_owned(), title: book.title.clone(), is_practice, ..Default::default() };
        if is_practice {
            return Ok(questions);
        }
        let bound = self.bind(&book, &Map::new())?;
        questions.site = self.site.as_ref().map(run::seen);
        questions.bound = bound.inputs.iter().map(|(name, value)| (name.clone(), shown(value))).collect();
        let asked = book.inputs.iter().filter(|input| bound.missing.contains(&input.id));
        questions.asked = asked
            .map(|input| Question {
                input: input.id.to_string(),
                kind: input.kind.clone(),
                prompt: input.prompt.clone(),
                default: input.default.as_ref().map(shown).unwrap_or_default(),
                is_optional: input.optional,
            })
            .collect();
        Ok(questions)
    }

    fn check_input(&self, runbook: &str, input: &str, text: &str) -> Option<String> {
        let book = self.find(runbook).ok()?;
        let input = book.inputs.iter().find(|candidate| candidate.id.as_str() == input)?;
        if text.trim().is_empty() {
            return (!input.optional).then(|| "a value is needed".to_owned());
        }
        parse_value(&input.kind, text).err().map(|problem| match input.kind {
            InputKind::Nodes(_) => format!("{problem}; nodes are easier to give in a site file (--site)"),
            _ => problem,
        })
    }

    fn begin(&self, runbook: &str, is_practice: bool, answers: &[(String, String)]) -> Result<Launched, String> {
        let book = self.find(runbook)?;
        if !is_practice {
            return self.begin_live(book, answers);
        }
        let who = place::who("terminal");
        let runtime = Handle::current();
        runtime.block_on(practice::begin(&self.store, book, Wanted::default(), &who, &runtime)).map_err(told)
    }

    fn resume(&self, run: &str) -> Result<Launched, String> {
        let who = place::who("terminal");
        let suspended = launch::reopen(&self.store, run, &who).map_err(|error| error.to_string())?;
        run::resume_with(&self.store, suspended, 1.0, &who, &Handle::current()).map_err(told)
    }

    fn debrief(&self, folder: &Path) -> Result<Debrief, String> {
        debrief::of_run(&self.store, &RunDir::new(folder)).map_err(told)
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
        is_damaged: !run.is_open() && !matches!(run.standing, Standing::Closed(_)),
    }
}

/// What a run acts on, in a few words.
fn place_of(opened: &crate::journal::Opening) -> String {
    match (&opened.mode, &opened.site) {
        (Mode::Practice, _) => "practice".into(),
        (Mode::Live, Some(site)) => format!("{} {}", site.environment, site.name).trim().to_owned(),
        (Mode::Live, None) => "live".into(),
    }
}

fn shown(value: &Value) -> String {
    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    clean_line(&text).into_owned()
}

fn told(error: CliError) -> String {
    error.message
}
