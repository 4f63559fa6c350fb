//! How far the reading of a long journal has come, on a terminal; and that somebody ended it.

use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use signal_hook::SigId;
use signal_hook::consts::SIGINT;
use signal_hook::flag;

use crate::cli::error::CliError;
use crate::clock;
use crate::engine::Record;
use crate::journal::{Remembered, RunDir, RunSummary, Store, Verification, read_along};
use crate::text::clean_line;
use crate::tui::tell::reading;
use crate::tui::wrap::cut;

/// From so many bytes on it is told how far the reading has come.
const LONG: u64 = 8 * 1024 * 1024;

/// How often.
const PROGRESS_EVERY: Duration = Duration::from_millis(200);

/// How far the reading of a long journal has come, on a terminal. As long as it goes on, ctrl-c (SIGINT) ends the reading; from its
/// end on it ends the program as ever, until this is dropped: who comes then listens for himself.
pub struct Progress {
    /// What is read.
    shown: String,
    bytes: u64,
    is_told: bool,
    read: u64,
    began: Instant,
    told: Option<Instant>,
    /// Somebody wants it to end.
    is_ended: Arc<AtomicBool>,
    /// It did.
    is_stopped: bool,
    /// Nothing is read any more.
    is_over: Arc<AtomicBool>,
    registered: Vec<SigId>,
}

impl Drop for Progress {
    fn drop(&mut self) {
        for id in self.registered.drain(..) {
            signal_hook::low_level::unregister(id);
        }
    }
}

impl Progress {
    /// Of the file at that path; nothing is told of a short one.
    pub fn new(path: &Path) -> Self {
        Self::of(path, path.to_owned())
    }

    /// The same of a file that is shown under another name.
    pub fn of(path: &Path, shown: PathBuf) -> Self {
        let metadata = std::fs::metadata(path).ok().filter(std::fs::Metadata::is_file);
        // Who waits for a pipe looks at nothing meanwhile: there it ends the program at once, as where it cannot be heard.
        Self::begin(
            shown.display().to_string(),
            metadata.as_ref().map_or(0, std::fs::Metadata::len),
            metadata.is_some(),
        )
    }

    fn begin(shown: String, bytes: u64, is_heard: bool) -> Self {
        let is_told = bytes >= LONG && std::io::stderr().is_terminal();
        let (is_ended, is_over) = <(Arc<AtomicBool>, Arc<AtomicBool>)>::default();
        let mut registered = Vec::new();
        if is_heard && !is_ignored() {
            // The second time, too.
            registered.extend(flag::register_conditional_default(SIGINT, Arc::clone(&is_ended)));
            registered.extend(flag::register_conditional_default(SIGINT, Arc::clone(&is_over)));
            registered.extend(flag::register(SIGINT, Arc::clone(&is_ended)));
        }
        let (began, is_stopped) = (clock::monotonic(), false);
        Self { shown, bytes, is_told, read: 0, began, told: None, is_ended, is_stopped, is_over, registered }
    }

    /// So many bytes were read; whether to read on.
    #[must_use]
    pub fn at(&mut self, bytes: u64) -> bool {
        self.read = bytes;
        self.is_stopped = self.is_ended.load(Ordering::SeqCst);
        if self.is_stopped {
            return false;
        }
        if self.is_told {
            self.tell();
        }
        true
    }

    fn tell(&mut self) {
        let now = clock::monotonic();
        if now.duration_since(self.told.unwrap_or(self.began)) < PROGRESS_EVERY {
            return;
        }
        self.told = Some(now);
        let far = reading(self.read, self.bytes, now.duration_since(self.began));
        let line = format!("{far}, ctrl-c to stop: {}", self.shown);
        // A line that wraps would not be written over.
        let cells = crossterm::terminal::size().map_or(80, |(columns, _)| usize::from(columns).saturating_sub(1));
        let line = clean_line(&line);
        let _ = write!(std::io::stderr(), "\r{}\u{1b}[K", cut(&line, cells, "..."));
    }

    /// Takes the line away, until it is told again.
    fn hide(&self) {
        if self.told.is_some() {
            let _ = write!(std::io::stderr(), "\r\u{1b}[K");
        }
    }

    /// Takes the line away again.
    ///
    /// # Errors
    /// Somebody ended the reading: how far it was.
    pub fn end(&self) -> Result<(), CliError> {
        self.is_over.store(true, Ordering::SeqCst);
        self.hide();
        if !self.is_ended.load(Ordering::SeqCst) {
            return Ok(());
        }
        let (path, read, all) = (&self.shown, self.read, self.bytes);
        if !self.is_stopped {
            return Err(CliError::interrupted(format!("{path} was read to its end, and nothing was done with it")));
        }
        let share = read.saturating_mul(100).checked_div(all).map(|share| format!(" ({} %)", share.min(100)));
        let far = format!("up to byte {read} of {}{}", all.max(read), share.unwrap_or_default());
        Err(CliError::interrupted(format!("{path} was read {far}; nothing was changed")))
    }
}

/// Hands on each good record of the journal at that path, one in memory at a time, and tells how far its reading has come; what
/// follows them. For a command without screens.
///
/// # Errors
/// It cannot be read, or somebody ended it.
pub fn each_record(path: &Path, each: &mut dyn FnMut(Record)) -> Result<Verification, CliError> {
    let mut progress = Progress::new(path);
    let read = read_along(path, &mut |raw, outline| {
        let end = raw.offset + raw.length + 1;
        outline.into_record(&raw).is_some_and(|record| {
            each(record);
            progress.at(end)
        })
    });
    progress.end()?;
    read.map_err(CliError::failed)
}

/// After so many bytes somebody looks whether it is to be told how far the reading of many journals has come.
const LOOK_EVERY: u64 = 64 * 1024;

/// How far the reading of many journals has come, whoever of several reads them, as one; and that somebody ended it.
pub struct Reading {
    read: AtomicU64,
    is_ended: Arc<AtomicBool>,
    /// `None`: nobody looks on, and whoever does otherwise has a way of his own to end it.
    progress: Option<Mutex<Progress>>,
}

/// Who is told of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Telling {
    /// Whoever sits at the terminal.
    Terminal,
    /// Nobody: a screen tells it in its own way.
    Nobody,
}

impl Telling {
    /// Of the journals of these runs; `what` says of them what is read.
    pub fn of<'r>(self, what: &str, runs: impl IntoIterator<Item = &'r RunDir>) -> Reading {
        if self == Self::Nobody {
            return Reading { read: AtomicU64::new(0), is_ended: Arc::default(), progress: None };
        }
        let length = |run: &RunDir| std::fs::symlink_metadata(run.journal_path()).map_or(0, |found| found.len());
        let progress = Progress::begin(what.to_owned(), runs.into_iter().map(length).sum(), true);
        let is_ended = Arc::clone(&progress.is_ended);
        Reading { read: AtomicU64::new(0), is_ended, progress: Some(Mutex::new(progress)) }
    }
}

impl Reading {
    /// So many bytes more were read; whether to read on.
    #[must_use]
    pub fn more(&self, bytes: u64) -> bool {
        let before = self.read.fetch_add(bytes, Ordering::Relaxed);
        let read = before.saturating_add(bytes);
        if before / LOOK_EVERY == read / LOOK_EVERY {
            return self.goes_on();
        }
        self.progress().is_none_or(|mut progress| progress.at(read))
    }

    /// Whether nobody ended it.
    pub fn goes_on(&self) -> bool {
        !self.is_ended.load(Ordering::SeqCst)
    }

    /// Takes the line away for what is printed now.
    pub fn aside(&self) {
        self.progress().iter().for_each(|progress| progress.hide());
    }

    /// The same as [`each_record`], of one of the journals.
    ///
    /// # Errors
    /// It cannot be read, or somebody ended it.
    pub fn each_record(&self, path: &Path, each: &mut dyn FnMut(Record)) -> Result<Verification, CliError> {
        let read = read_along(path, &mut |raw, outline| {
            let length = raw.length + 1;
            outline.into_record(&raw).is_some_and(|record| {
                each(record);
                self.more(length)
            })
        });
        if !self.goes_on() {
            self.end()?;
        }
        read.map_err(CliError::failed)
    }

    /// Takes the line away.
    ///
    /// # Errors
    /// Somebody ended the reading: how far it was.
    pub fn end(&self) -> Result<(), CliError> {
        let Some(mut progress) = self.progress() else { return Ok(()) };
        let _ = progress.at(self.read.load(Ordering::Relaxed));
        progress.end()
    }

    fn progress(&self) -> Option<MutexGuard<'_, Progress>> {
        self.progress.as_ref().map(|progress| progress.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// The runs of a store, the latest first, while it is told how far the reading of their journals is. Those that are
/// remembered are not read.
///
/// # Errors
/// The folder of runs cannot be listed, or somebody ended it.
pub fn listed(store: &Store, known: &Remembered, telling: Telling) -> Result<Vec<Arc<RunSummary>>, CliError> {
    let runs = store.runs().map_err(CliError::failed)?;
    let reading = telling.of(&runs_in(store), &runs);
    let listed = known.list_read(store, &|bytes| reading.more(bytes)).map_err(CliError::failed);
    reading.end()?;
    listed
}

/// Reads the live runs of a store that are not remembered, likewise. That they cannot be listed is told by whoever wants the list.
///
/// # Errors
/// Somebody ended it.
pub fn read_live(store: &Store, known: &Remembered) -> Result<(), CliError> {
    let reading = Telling::Terminal.of(&runs_in(store), &store.live_runs().unwrap_or_default());
    drop(known.list_live_read(store, &|bytes| reading.more(bytes)));
    reading.end()
}

/// What is read of a store.
pub fn runs_in(store: &Store) -> String {
    format!("what was recorded in {}", store.root().display())
}

/// Whether whoever started the program wants that signal to go unheard, as a shell does of what it starts behind it.
fn is_ignored() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = ignored.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or_default();
    mask >> (SIGINT - 1) & 1 == 1
}
