//! `piton run`, `piton resume` and the library: runs in the terminal.

use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use tokio::runtime::Handle;

use crate::cli::args::{ResumeArguments, RunArguments, Speed};
use crate::cli::backstage::Stage;
use crate::cli::begin::Unbound;
use crate::cli::error::{CliError, SUSPENDED};
use crate::cli::looks::{Looks, reporting};
use crate::cli::progress::{self, Progress, Telling};
use crate::cli::runtime::Runtime;
use crate::cli::{begin, dialogue, log, place, practice, stepped};
use crate::clock::{SystemClock, Timestamp};
use crate::diagnostic::render_all;
use crate::engine::{Leaving, Outcome, SiteSeen};
use crate::exec::LocalRunner;
use crate::journal::{Remembered, RunDir, Store, verify};
use crate::library::{Entry, Library, read_site, user_folder};
use crate::plain;
use crate::runbook::Runbook;
use crate::session::launch::{self, LaunchError};
use crate::session::preflight::name_to_type;
use crate::session::{Launched, Opening, Suspended, Update, Who, World, script};
use crate::site::{BindProblem, Environment, Site};
use crate::tui::{self, Options, Shown, Start, TuiError};

/// The library screen.
///
/// # Errors
/// There is no terminal.
pub fn library(folder: Option<PathBuf>, looks: &Looks) -> Result<u8, CliError> {
    if !has_terminal() {
        return Err(CliError::usage("the library needs a terminal").hint("`piton list` prints what it holds"));
    }
    if dialogue::is_dumb() {
        let error = CliError::usage("the library is a screen, and TERM says that this terminal shows lines only");
        return Err(
            error.hint("`piton list` prints what it holds; `piton run` and `piton practice` go line by line here")
        );
    }
    let options = looks.options()?;
    log::start()?;
    face_alone(open(Start::Library, Stage::new(folder)?, options))
}

/// `piton run`.
///
/// # Errors
/// The runbook or site is not there or wrong, an input is not bound, the journal cannot be written.
pub fn run(folder: Option<PathBuf>, typed: &RunArguments, looks: &Looks) -> Result<u8, CliError> {
    let is_plain = dialogue::is_wanted(typed.plain);
    let options = looks.options_unless(is_plain)?;
    log::start()?;
    let library = library_of(folder)?;
    let runbook = found(&library, &typed.runbook)?;
    let file = typed.binding.site.clone();
    let site = file.as_deref().map(site_at).transpose()?;
    let bound = crate::site::bind(&runbook, &typed.binding.set, site.as_ref(), &serde_json::Map::new());
    let bound = bound.map_err(|problems| unbound(&problems))?;
    let is_on_screens = !is_plain && has_terminal();
    let is_asked = is_plain && std::io::stdin().is_terminal();
    if !bound.missing.is_empty() && !is_on_screens && !is_asked {
        let names: Vec<_> = bound.missing.iter().map(ToString::to_string).collect();
        return Err(CliError::usage(format!("these inputs are not bound: {}", names.join(", ")))
            .hint("bind them with --set INPUT=VALUE or in a site file (--site)"));
    }
    if is_on_screens {
        let ready = bound.missing.is_empty().then(|| typed.runbook.clone());
        let site = file.zip(site);
        let stage = Stage::of(library, store()?).given(typed.runbook.clone(), runbook);
        let stage = stage.bound(typed.binding.set.clone(), site, typed.beside).ready(ready);
        let start = Start::SetUp { runbook: typed.runbook.clone(), is_practice: false };
        // Nobody is to take "no run was opened" for "it is done".
        return face_or(open(start, stage, options), SUSPENDED);
    }
    let opening = Opening { runbook, inputs: bound.inputs, site: site.as_ref().map(seen), practice: None };
    let unbound = Unbound { set: &typed.binding.set, site: site.as_ref(), missing: &bound.missing };
    if !is_plain || !std::io::stdin().is_terminal() {
        let name = name_to_type(opening.site.as_ref());
        return Err(CliError::suspended(format!("there is no terminal to confirm {name} in: no run was opened"))
            .hint("in a terminal the same command shows what is found before the start, and asks")
            .hint("a run that is no practice is walked by a person only"));
    }
    begin::in_lines(opening, &unbound, typed.beside)
}

/// `piton resume`.
///
/// # Errors
/// There is no such run, or it cannot be gone on with.
pub fn resume(folder: Option<PathBuf>, typed: &ResumeArguments, looks: &Looks) -> Result<u8, CliError> {
    drop(folder);
    let is_plain = dialogue::is_wanted(typed.plain);
    let options = looks.options_unless(is_plain || typed.autopilot)?;
    let store = store()?;
    let name = match &typed.run {
        Some(name) => name.clone(),
        None => latest_open(&store)?,
    };
    let who = place::who(if typed.autopilot || is_plain { "plain" } else { "terminal" });
    let mut progress = Progress::new(&store.find(&name).map_err(CliError::failed)?.journal_path());
    let suspended = launch::reopen_along(&store, &name, &who, &mut |bytes, _| progress.at(bytes));
    progress.end()?;
    let suspended = suspended.map_err(launch_error)?;
    let is_practice = suspended.state.opened.as_ref().is_some_and(|opened| opened.practice.is_some());
    if typed.autopilot && !is_practice {
        return Err(CliError::usage("the autopilot walks practice runs only"));
    }
    if is_plain && !is_practice && !std::io::stdin().is_terminal() {
        return Err(CliError::suspended(format!("there is no terminal to type in: {name} is left suspended"))
            .hint("a run that is no practice is walked by a person only"));
    }
    let paced = Speed::paced(typed.speed, typed.autopilot).map_err(CliError::usage)?;
    let way = if typed.autopilot { practice::way_of(&suspended.records, false)? } else { None };
    let way = way.map(|way| script::left_of(way, &suspended.state));
    let Some(speed) = paced else {
        drop(progress);
        return stepped::resume(suspended, way.as_ref(), &who);
    };
    let runtime = Runtime::start()?;
    let launched = resume_with(&store, suspended, speed, &who, &runtime)?;
    drop(progress);
    if typed.autopilot {
        practice::autopilot(&runtime, launched, way.as_ref())
    } else if is_plain {
        dialogue::in_lines(&runtime, launched)
    } else {
        in_terminal(&runtime, launched, options)
    }
}

/// Sits down at a suspended run in the world it belongs to.
///
/// # Errors
/// It cannot be gone on with.
pub fn resume_with(
    store: &Store,
    suspended: Suspended,
    speed: f64,
    who: &Who,
    runtime: &Handle,
) -> Result<Launched, CliError> {
    let seen = suspended.state.opened.as_ref().and_then(|opened| opened.practice.clone());
    if let Some(seen) = seen {
        return runtime.block_on(practice::go_on(store, suspended, seen, speed, who, runtime));
    }
    let world = live_world(runtime, suspended.state.at)?;
    launch::go_on(store, suspended, who, world).map_err(launch_error)
}

/// Shows a run in the terminal; without one it is left suspended.
///
/// # Errors
/// There is no terminal, or it cannot be used.
pub fn in_terminal(runtime: &Runtime, launched: Launched, options: Options) -> Result<u8, CliError> {
    if !has_terminal() {
        let folder = launched.folder.clone();
        runtime.block_on(leave(launched));
        let name = folder.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let error = CliError::suspended(format!("there is no terminal to walk {name} in: nothing was done"))
            .hint(format!("in a terminal, `piton resume {name}` goes on with it"));
        let is_practice = is_of_practice(&folder);
        return Err(if is_practice {
            error.hint(format!("`piton resume {name} --autopilot` goes on with it without one"))
        } else {
            error.hint("a run that is no practice is walked by a person only")
        });
    }
    face(runtime, open(Start::Run(Box::new(launched)), Stage::new(None)?, options), SUSPENDED)
}

/// Shows a journal in the terminal.
///
/// # Errors
/// The terminal cannot be used.
pub fn replay(start: Start, stage: Stage, options: Options) -> Result<u8, CliError> {
    face_alone(open(start, stage, options))
}

/// Where runs are kept.
///
/// # Errors
/// There is no home directory.
pub fn store() -> Result<Store, CliError> {
    Ok(Store::open(place::state_root()?))
}

/// A runbook by name or file.
///
/// # Errors
/// It is not there, or has errors.
pub fn find(folder: Option<PathBuf>, name: &str) -> Result<Arc<Runbook>, CliError> {
    log::start()?;
    found(&library_of(folder)?, name)
}

/// The same in that library.
fn found(library: &Library, name: &str) -> Result<Arc<Runbook>, CliError> {
    let entry = library.find(name);
    let entry = entry.map_err(|error| CliError::failed(error).hint("`piton list` shows what is there"))?;
    usable(&entry)
}

/// The book of an entry, or everything that is wrong with it.
///
/// # Errors
/// It has errors.
pub fn usable(entry: &Entry) -> Result<Arc<Runbook>, CliError> {
    entry.runbook().cloned().ok_or_else(|| {
        let told = render_all(entry.findings(), &entry.source(), false);
        CliError::failed(format!("the runbook {} has errors\n{}", entry.id, told.trim_end()))
    })
}

/// The library: shipped runbooks, the user's, and those of `folder`.
///
/// # Errors
/// There is no home directory.
pub fn library_of(folder: Option<PathBuf>) -> Result<Library, CliError> {
    let folders: Vec<_> = folder.into_iter().chain(user_folder()).collect();
    Library::open(&folders).map_err(CliError::failed)
}

/// The same for the screens: where the user's own runbooks cannot be listed, that stands among the others.
///
/// # Errors
/// The folder that was given cannot be listed.
pub fn library_shown(folder: Option<PathBuf>) -> Result<Library, CliError> {
    match user_folder().map(|own| (crate::fs::names(&own), own)) {
        Some((Err(trouble), own)) => {
            let given: Vec<_> = folder.into_iter().collect();
            Ok(Library::open(&given).map_err(CliError::failed)?.without(own, &trouble))
        }
        _ => library_of(folder),
    }
}

/// What a live run acts on.
///
/// # Errors
/// The program's own file cannot be found.
pub fn live_world(runtime: &Handle, not_before: Timestamp) -> Result<World, CliError> {
    let piton = std::env::current_exe().map_err(CliError::failed)?;
    let runner = Arc::new(LocalRunner::new(runtime.clone(), piton));
    Ok(World { runtime: runtime.clone(), clock: Arc::new(SystemClock::starting(not_before)), runner })
}

/// The last line of a run: its outcome, records and head, for the ticket.
///
/// # Errors
/// The journal cannot be read.
pub fn told_head(folder: &Path, outcome: Option<Outcome>) -> Result<String, CliError> {
    let found = verify(&RunDir::new(folder).journal_path()).map_err(CliError::failed)?;
    let name = folder.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let word = outcome.map_or("suspended", Outcome::word);
    Ok(format!("{}{name}: {word} · records={} head={}", watermark(folder), found.records, found.head))
}

/// What marks a line about a practice run; nothing for a live one. The two are kept in different places.
fn watermark(folder: &Path) -> &'static str {
    if is_of_practice(folder) { plain::WATERMARK } else { "" }
}

/// Whether the folder of a run is that of a practice run.
pub fn is_of_practice(folder: &Path) -> bool {
    folder.parent().and_then(Path::file_name).is_some_and(|place| place == "practice")
}

/// What is wrong with how inputs were bound.
pub fn unbound(problems: &[BindProblem]) -> CliError {
    let help = problems.iter().filter_map(|problem| problem.help.as_deref());
    let told: Vec<_> = problems.iter().map(ToString::to_string).chain(help.map(str::to_owned)).collect();
    CliError::usage(told.join("\n       ")).hint("bind inputs with --set INPUT=VALUE or in a site file (--site)")
}

/// A run that could not be opened, with what to do about it.
pub fn launch_error(error: LaunchError) -> CliError {
    let stands_open = matches!(error, LaunchError::StandsOpen(_));
    let told = CliError::failed(error);
    if stands_open { told.hint("`piton run … --beside` begins another one all the same") } else { told }
}

/// A first frame that is drawn, and who waits for the threads that come after it.
struct Drawn {
    shown: Shown,
    waits: Arc<OnceLock<Handle>>,
}

/// The first frame.
fn open(start: Start, stage: Stage, options: Options) -> Drawn {
    let report = |error: &TuiError| crate::cli::failed(&broken(error));
    let waits = stage.waits();
    Drawn { shown: tui::open(start, Arc::new(stage), reporting(options, report)), waits }
}

/// All that follows a first frame that was drawn before there were threads to await anything on.
fn face_alone(drawn: Drawn) -> Result<u8, CliError> {
    face_or(drawn, 0)
}

/// The same; what the status is when no run was opened.
fn face_or(drawn: Drawn, without_run: u8) -> Result<u8, CliError> {
    face(&Runtime::start()?, drawn, without_run)
}

/// All that follows it.
fn face(runtime: &Runtime, drawn: Drawn, without_run: u8) -> Result<u8, CliError> {
    // Nobody else tells them.
    let _ = drawn.waits.set(Handle::clone(runtime));
    let exit = runtime.block_on(drawn.shown.live()).map_err(|error| broken(&error))?;
    let Some(folder) = exit.folder else { return Ok(without_run) };
    if exit.is_terminal_gone {
        return Ok(exit.outcome.map_or(SUSPENDED, Outcome::exit_status));
    }
    if let Some(why) = exit.halted {
        return Err(CliError::failed(format!("the journal could not be written: {why}")));
    }
    tui::print_after(&told_head(&folder, exit.outcome)?);
    if exit.outcome.is_none() {
        tui::print_after(&go_on_with(&folder));
    }
    Ok(exit.outcome.map_or(SUSPENDED, Outcome::exit_status))
}

/// How to go on with a run that is not over.
pub fn go_on_with(folder: &Path) -> String {
    let name = folder.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    format!("{}go on with: piton resume {name}", watermark(folder))
}

/// The screens broke; the run that was on them is still there.
fn broken(error: &TuiError) -> CliError {
    let told = CliError::failed(error);
    match error {
        TuiError::Panicked { folder: Some(folder), .. } => told.hint(go_on_with(folder)),
        _ => told,
    }
}

async fn leave(launched: Launched) {
    let Launched { session, mut updates, .. } = launched;
    session.leave(Leaving::Interrupted);
    while let Some(update) = updates.recv().await {
        if matches!(update, Update::Ended) {
            return;
        }
    }
}

/// When something was recorded last, by the clock of the machine: that of a rehearsal may run a thousand times as fast.
pub fn touched_at(dir: &RunDir) -> Option<std::time::SystemTime> {
    std::fs::metadata(dir.journal_path()).and_then(|found| found.modified()).ok()
}

fn latest_open(store: &Store) -> Result<String, CliError> {
    let runs = progress::listed(store, &Remembered::default(), Telling::Terminal)?;
    let own = runs.into_iter().filter(|run| run.is_open() && run.misnamed().is_none());
    let latest = own.max_by_key(|run| touched_at(&run.dir));
    latest.map(|run| run.dir.id()).ok_or_else(|| {
        CliError::failed("there is no suspended run").hint("`piton journals` lists all runs of this machine")
    })
}

/// The site in a file.
///
/// # Errors
/// It cannot be read, or has errors.
pub fn site_at(path: &Path) -> Result<Site, CliError> {
    let (source, site, findings) = read_site(path).map_err(CliError::failed)?;
    site.ok_or_else(|| {
        let told = render_all(&findings, &source, false);
        CliError::failed(format!("the site file {} has errors\n{}", path.display(), told.trim_end()))
    })
}

/// The place as the journal keeps it.
pub fn seen(site: &Site) -> SiteSeen {
    let Environment { word, colour } = site.environment.clone();
    SiteSeen { name: site.name.clone(), environment: word, colour }
}

/// Whether standard input and output are a terminal.
pub fn has_terminal() -> bool {
    std::io::stdin().is_terminal() && std::io::stdout().is_terminal()
}
