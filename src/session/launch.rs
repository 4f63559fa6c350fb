//! Opening a run and going on with one: journal, first records, session.

use std::borrow::Borrow;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use serde_json::{Map, Value, json};
use tokio::runtime::Handle;
use tokio::sync::mpsc::UnboundedReceiver;

use crate::clock::{Clock, SystemClock, Timestamp};
use crate::engine::{Event, JOURNAL_FORMAT, Mode, PracticeSeen, Proposal, Record, RunOpened, RunState, SiteSeen};
use crate::exec::Runner;
use crate::health::{self, Question, Target};
use crate::journal::{
    Holder, Journal, JournalError, Lock, Misnamed, Opened, Remembered, RunDir, RunSummary, SetAside, Store,
};
use crate::runbook::{self, Runbook};
use crate::session::live::{self, Live};
use crate::session::{Session, Update};

/// Who sits down, and before what.
#[derive(Clone, Debug)]
pub struct Who {
    /// The person.
    pub operator: String,
    /// The machine.
    pub host: String,
    /// `terminal` or `plain`.
    pub face: &'static str,
}

impl Who {
    /// The author of that person's records.
    pub fn by(&self) -> String {
        format!("{}@{}", self.operator, self.host)
    }

    fn holder(&self, since: Timestamp) -> Holder {
        Holder { operator: self.operator.clone(), host: self.host.clone(), pid: std::process::id(), since }
    }
}

/// What a new run is made of.
pub struct Opening {
    /// What is walked.
    pub runbook: Arc<Runbook>,
    /// The bound inputs; secrets as references.
    pub inputs: Map<String, Value>,
    /// The place.
    pub site: Option<SiteSeen>,
    /// The simulated cluster; its presence makes the run a practice run.
    pub practice: Option<PracticeSeen>,
}

/// What a run acts on and takes its time from.
pub struct World {
    /// Where probes and sessions run.
    pub runtime: Handle,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Commands.
    pub runner: Arc<dyn Runner>,
}

/// A run with a session on it.
pub struct Launched {
    /// Where proposals go.
    pub session: Session,
    /// What the session says.
    pub updates: UnboundedReceiver<Update>,
    /// What is walked.
    pub runbook: Arc<Runbook>,
    /// The records that were on disk before this session said anything.
    pub records: Vec<Record>,
    /// What is probed.
    pub targets: Vec<Target>,
    /// The run's time.
    pub clock: Arc<dyn Clock>,
    /// Whether an earlier sitting is gone on with.
    pub is_resumed: bool,
    /// The run's folder.
    pub folder: PathBuf,
    /// Where a command runs that names no directory, for people.
    pub directory: String,
}

/// Why a run could not be opened or gone on with.
#[derive(Debug, thiserror::Error)]
pub enum LaunchError {
    /// The journal.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The journal holds a runbook that this version does not take.
    #[error("the runbook in the journal {path} cannot be read by this version of piton: {why}")]
    Runbook {
        /// The journal.
        path: PathBuf,
        /// The first diagnostic.
        why: String,
    },
    /// The journal says practice and live at once.
    #[error("the journal {0} does not say whether it is practice or live: nothing is done with it")]
    NeitherNor(PathBuf),
    /// The journal is another run's: what is recorded in it would be told of that one.
    #[error("{path}: {misnamed}; nothing is done with it")]
    NotOfThisRun {
        /// The journal.
        path: PathBuf,
        /// Whose it is.
        misnamed: Misnamed,
    },
    /// The run is over.
    #[error("the run {0} is closed: nothing can be added to it")]
    Closed(String),
    /// A run of the same place and system stands open.
    #[error("{0}: {todo}", todo = .0.todo())]
    StandsOpen(StandsOpen),
    /// A probe cannot be set up.
    #[error("a probe cannot be set up: {0}")]
    Probe(String),
    /// The system gives no thread.
    #[error("the session cannot be started: {0}")]
    Thread(#[source] std::io::Error),
}

/// A live run of the same place and system that was not closed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StandsOpen {
    /// The run, by the name of its folder.
    pub run: String,
    /// Whether the journal in there is another run's: nobody can go on with it.
    pub is_misnamed: bool,
}

impl fmt::Display for StandsOpen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the run {} of the same site and system is not closed", self.run)
    }
}

impl StandsOpen {
    /// What to do about it.
    pub fn todo(&self) -> String {
        let run = &self.run;
        match self.is_misnamed {
            true => format!("its journal is that of another run (piton verify {run})"),
            false => format!("go on with it, or give it up there (piton resume {run})"),
        }
    }
}

/// A run that lies on disk and is open.
pub struct Suspended {
    /// Its records.
    pub records: Vec<Record>,
    /// Its runbook, read from the journal itself.
    pub runbook: Arc<Runbook>,
    /// Their fold.
    pub state: RunState,
    journal: Journal,
    dir: RunDir,
    set_aside: Vec<SetAside>,
}

/// Opens a new run and sits down at it, unless a live run of the same site and system stands open: what that one left
/// half done is its to finish. Of the runs that are known nothing is read again.
///
/// # Errors
/// See [`LaunchError`]; nothing is left of a run that could not be opened but, at most, its folder.
pub fn begin(
    store: &Store,
    known: &Remembered,
    opening: Opening,
    who: &Who,
    world: World,
) -> Result<Launched, LaunchError> {
    let (runbook, at) = (opening.runbook.clone(), world.clock.now());
    let held = hold_site(store, opening.site.as_ref(), &runbook, &who.holder(at))?;
    if let Some(other) = other_open(store, known, &opening)? {
        return Err(LaunchError::StandsOpen(other));
    }
    begin_held(store, opening, held, Vec::new(), who, world)
}

/// Opens a new run although another one of the same site and system stands open, which a note in the new run then tells,
/// unless one of `notes` names it: what a person looked at before, and went on.
///
/// # Errors
/// See [`LaunchError`]; a place that somebody holds at this moment stays held.
pub fn begin_beside(
    store: &Store,
    known: &Remembered,
    opening: Opening,
    notes: Vec<String>,
    who: &Who,
    world: World,
) -> Result<Launched, LaunchError> {
    let (runbook, at) = (opening.runbook.clone(), world.clock.now());
    let held = hold_site(store, opening.site.as_ref(), &runbook, &who.holder(at))?;
    let beside = other_open(store, known, &opening)?;
    let beside = beside.filter(|other| !notes.iter().any(|note| note.contains(&other.run)));
    let beside = beside.map(|other| format!("begun although {other}"));
    let notes = beside.into_iter().chain(notes).map(|text| Proposal::Note { step: None, text });
    begin_held(store, opening, held, notes.collect(), who, world)
}

/// See [`stands_open`]; journals are read only where another run can be in the way, and not those that are known.
fn other_open(store: &Store, known: &Remembered, opening: &Opening) -> Result<Option<StandsOpen>, LaunchError> {
    if opening.site.is_none() || opening.practice.is_some() {
        return Ok(None);
    }
    Ok(stands_open(&known.list_live(store)?, opening))
}

fn begin_held(
    store: &Store,
    opening: Opening,
    held: Option<Lock>,
    told: Vec<Proposal>,
    who: &Who,
    world: World,
) -> Result<Launched, LaunchError> {
    let parts = opened(store, opening, held, who, &*world.clock)?;
    let first = std::iter::once(sit(who)).chain(told).collect();
    go(parts, first, who, world)
}

/// A new run on disk, at which nobody sits yet.
fn opened(
    store: &Store,
    opening: Opening,
    held: Option<Lock>,
    who: &Who,
    clock: &dyn Clock,
) -> Result<Parts, LaunchError> {
    let runbook = opening.runbook.clone();
    let mode = if opening.practice.is_some() { Mode::Practice } else { Mode::Live };
    let targets = targets(&runbook, &opening.inputs, opening.practice.as_ref())?;
    let at = clock.now();
    let dir = store.begin(mode, at, runbook.id.as_str())?;
    let head = head(&opening, mode, dir.id(), who);
    let (journal, record) = Journal::create(&dir, &who.holder(at), at, &who.by(), head)?;
    let records = vec![record];
    let state = RunState::fold(&runbook, &records);
    Ok(Parts { runbook, journal, state, records, targets, dir, held, is_resumed: false })
}

/// A new practice run whose clock is stepped by the caller, who also asks the targets: what it is made of, its first
/// proposal, and its folder.
pub(super) fn open_stepped(
    store: &Store,
    opening: Opening,
    who: &Who,
    clock: Arc<dyn Clock>,
    runner: Arc<dyn Runner>,
) -> Result<(Live, Vec<Record>, Proposal, PathBuf), LaunchError> {
    let parts = opened(store, opening, None, who, &*clock)?;
    let folder = parts.dir.path().to_owned();
    let (live, records) = live_of(parts, clock, runner, who);
    Ok((live, records, sit(who), folder))
}

/// Reads a run that is to be gone on with; takes its lock and sets a torn last line aside.
///
/// # Errors
/// It is closed, damaged, held by somebody else, or not there.
pub fn reopen(store: &Store, name: &str, who: &Who) -> Result<Suspended, LaunchError> {
    reopen_along(store, name, who, &mut |_, _| true)
}

/// The same; `each` is told how many bytes of its journal were read, and of how many, and says whether to read on.
///
/// # Errors
/// See [`reopen`]; or `each` ended it. Then nothing was done with the run.
pub fn reopen_along(
    store: &Store,
    name: &str,
    who: &Who,
    each: &mut dyn FnMut(u64, u64) -> bool,
) -> Result<Suspended, LaunchError> {
    let dir = store.find(name)?;
    // Before anything of it is set aside.
    let opened = dir.plain_journal().ok().and_then(|_| dir.opened());
    if let Some(misnamed) = opened.and_then(|opened| dir.misnamed(&opened.run)) {
        return Err(LaunchError::NotOfThisRun { path: dir.journal_path(), misnamed });
    }
    let now = SystemClock::starting(Timestamp::default()).now();
    let Opened { journal, records, set_aside } = Journal::open_along(&dir, &who.holder(now), each)?;
    let path = dir.journal_path();
    let text = match records.first().map(|record| &record.event) {
        // What calls itself practice and is not would reach the real systems.
        Some(Event::RunOpened(opened)) if (opened.mode == Mode::Practice) != opened.practice.is_some() => {
            return Err(LaunchError::NeitherNor(path));
        }
        Some(Event::RunOpened(opened)) => opened.text.as_str(),
        _ => "",
    };
    let (runbook, diagnostics) = runbook::parse(text);
    let runbook = Arc::new(runbook.ok_or_else(|| {
        let why = diagnostics.first().map(|diagnostic| diagnostic.message.clone()).unwrap_or_default();
        LaunchError::Runbook { path, why }
    })?);
    let state = RunState::fold(&runbook, &records);
    if state.closed.is_some() {
        return Err(LaunchError::Closed(dir.id()));
    }
    Ok(Suspended { records, runbook, state, journal, dir, set_aside })
}

/// Sits down at a suspended run.
///
/// # Errors
/// See [`LaunchError`].
pub fn go_on(store: &Store, run: Suspended, who: &Who, world: World) -> Result<Launched, LaunchError> {
    let site = run.state.opened.as_ref().and_then(|opened| opened.site.as_ref());
    let held = hold_site(store, site, &run.runbook, &who.holder(world.clock.now()))?;
    let (parts, first) = taken_up(run, held, who)?;
    go(parts, first, who, world)
}

/// The same with a practice run whose clock is stepped by the caller, as [`open_stepped`] opens one.
pub(super) fn go_on_stepped(
    run: Suspended,
    who: &Who,
    clock: Arc<dyn Clock>,
    runner: Arc<dyn Runner>,
) -> Result<(Live, Vec<Record>, Vec<Proposal>, PathBuf), LaunchError> {
    let (parts, first) = taken_up(run, None, who)?;
    let folder = parts.dir.path().to_owned();
    let (live, records) = live_of(parts, clock, runner, who);
    Ok((live, records, first, folder))
}

/// What a suspended run is made of, and what is proposed first.
fn taken_up(run: Suspended, held: Option<Lock>, who: &Who) -> Result<(Parts, Vec<Proposal>), LaunchError> {
    let Suspended { records, runbook, state, journal, dir, set_aside } = run;
    let opened = state.opened.as_ref();
    let inputs = opened.map(|opened| opened.inputs.clone()).unwrap_or_default();
    let targets = targets(&runbook, &inputs, opened.and_then(|opened| opened.practice.as_ref()))?;
    let aside = |SetAside { file, bytes, sha256 }| Proposal::TailSetAside { file, bytes, sha256 };
    let mut first: Vec<_> = set_aside.into_iter().map(aside).collect();
    if state.sitting.is_some() {
        // The last sitting never said that it ended: the machine or piton died.
        first.push(Proposal::Leave { how: crate::engine::Leaving::Interrupted });
    }
    first.push(sit(who));
    Ok((Parts { runbook, journal, state, records, targets, dir, held, is_resumed: true }, first))
}

struct Parts {
    runbook: Arc<Runbook>,
    journal: Journal,
    state: RunState,
    records: Vec<Record>,
    targets: Vec<Target>,
    dir: RunDir,
    held: Option<Lock>,
    is_resumed: bool,
}

fn go(parts: Parts, first: Vec<Proposal>, who: &Who, world: World) -> Result<Launched, LaunchError> {
    let World { runtime, clock, runner } = world;
    let (runbook, targets, is_resumed) = (parts.runbook.clone(), parts.targets.clone(), parts.is_resumed);
    let folder = parts.dir.path().to_owned();
    let directory = directory(&parts.state);
    let (live, records) = live_of(parts, clock.clone(), runner, who);
    let (session, updates) = live::start(live, first, &runtime).map_err(LaunchError::Thread)?;
    Ok(Launched { session, updates, runbook, records, targets, clock, is_resumed, folder, directory })
}

/// Where a command runs that names no directory: in that of piton itself, which its supervisor has from it.
fn directory(state: &RunState) -> String {
    let is_practice = state.opened.as_ref().is_some_and(|opened| opened.mode == Mode::Practice);
    match std::env::current_dir() {
        _ if is_practice => "the operator's home on the simulated bastion".into(),
        Ok(own) => own.display().to_string(),
        Err(why) => format!("where piton was started, which cannot be told: {why}"),
    }
}

/// What a session is made of, and the records that were there before it.
fn live_of(parts: Parts, clock: Arc<dyn Clock>, runner: Arc<dyn Runner>, who: &Who) -> (Live, Vec<Record>) {
    let live = Live {
        runbook: parts.runbook,
        journal: parts.journal,
        state: parts.state,
        clock,
        runner,
        targets: parts.targets,
        output: parts.dir.output_dir(),
        by: who.by(),
        held: parts.held,
    };
    (live, parts.records)
}

pub(super) fn head(opening: &Opening, mode: Mode, run: String, who: &Who) -> RunOpened {
    let runbook = &opening.runbook;
    RunOpened {
        format: JOURNAL_FORMAT,
        run,
        runbook: runbook.id.clone(),
        title: runbook.title.clone(),
        revision: runbook.revision.clone(),
        text: runbook.text.clone(),
        sha256: runbook.sha256.clone(),
        mode,
        inputs: opening.inputs.clone(),
        site: opening.site.clone(),
        practice: opening.practice.clone(),
        operator: who.operator.clone(),
        host: who.host.clone(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
    }
}

fn sit(who: &Who) -> Proposal {
    Proposal::Sit {
        operator: who.operator.clone(),
        host: who.host.clone(),
        pid: std::process::id(),
        face: who.face.to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
    }
}

/// What is asked. Practice asks its own simulated nodes and nobody else, whatever the runbook says.
fn targets(
    runbook: &Runbook,
    inputs: &Map<String, Value>,
    practice: Option<&PracticeSeen>,
) -> Result<Vec<Target>, LaunchError> {
    let scope = json!({ "inputs": inputs });
    let targets = health::targets(runbook, &scope).map_err(|problems| LaunchError::Probe(problems.join("; ")))?;
    let outside = practice.and_then(|seen| targets.iter().find(|target| !is_simulated(&target.question, &seen.ports)));
    match outside {
        Some(target) => {
            let why =
                format!("{} asks an address outside the simulated cluster, which practice never does", target.name());
            Err(LaunchError::Probe(why))
        }
        None => Ok(targets),
    }
}

fn is_simulated(question: &Question, ports: &[u16]) -> bool {
    let is_node = |host: &str, port: Option<u16>| host == "127.0.0.1" && port.is_some_and(|port| ports.contains(&port));
    match question {
        Question::Http(asked) | Question::Prometheus(asked, _) => {
            is_node(asked.url.host().unwrap_or_default(), asked.url.port_u16())
        }
        Question::Tcp(address) => address.rsplit_once(':').is_some_and(|(host, port)| is_node(host, port.parse().ok())),
        // The simulated cluster runs it.
        Question::Command(_) => true,
    }
}

/// One run per place and system at a time; a run without a site file, and practice, hold nothing.
fn hold_site(
    store: &Store,
    site: Option<&SiteSeen>,
    runbook: &Runbook,
    holder: &Holder,
) -> Result<Option<Lock>, LaunchError> {
    let Some(site) = site else { return Ok(None) };
    Ok(Some(store.lock_place(&site.name, &runbook.system, holder)?))
}

/// The latest of these live runs that is of the same place and system and was not closed. One whose runbook this version
/// cannot read does not count: nobody could go on with it.
pub(super) fn stands_open<R: Borrow<RunSummary>>(live: &[R], opening: &Opening) -> Option<StandsOpen> {
    let site = opening.site.as_ref().filter(|_| opening.practice.is_none())?;
    let is_there = |run: &&RunSummary| {
        let known = run.opening.as_ref().filter(|known| known.mode == Mode::Live);
        run.is_open() && known.is_some_and(|known| known.site.as_ref().is_some_and(|other| other.name == site.name))
    };
    let is_of_system = |run: &&RunSummary| {
        let book = run.dir.opened().and_then(|opened| runbook::parse(&opened.text).0);
        book.is_some_and(|book| book.system == opening.runbook.system)
    };
    let run = live.iter().map(Borrow::borrow).filter(is_there).find(is_of_system)?;
    Some(StandsOpen { run: run.dir.id(), is_misnamed: run.misnamed().is_some() })
}

#[cfg(test)]
#[path = "launch_tests.rs"]
mod tests;
