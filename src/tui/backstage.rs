//! What the screens need from behind the stage: the library, set-up, and opened runs. Whoever starts the screens
//! implements it, so that they know neither files nor how a run is launched.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use crate::clock::Timestamp;
use crate::debrief::Debrief;
use crate::engine::Outcome;
use crate::exec::Borrower;
use crate::journal::{Follower, Integrity, Misnamed, Role};
use crate::session::Launched;
use crate::session::preflight::Preflight;
use crate::tui::beside::Beside;
use crate::tui::screen::replay::tape::Tape;
use crate::tui::shelf::{Changed, Past, Preview};
use crate::tui::sign::KeySeen;
use crate::tui::wanted::{Questions, Wanted};

/// Who is told of runs while they are listed: those that are new, and how many there will be.
pub type EachJournals<'a> = &'a mut dyn FnMut(Vec<JournalEntry>, usize);

/// Whether somebody still wants to know.
pub type GoesOn<'a> = &'a (dyn Fn() -> bool + Sync);

/// Everything that the screens ask of the rest of the program. Called off the drawing thread, except `check_input`;
/// what opens a run is called inside a tokio runtime.
pub trait Backstage: Send + Sync {
    /// The runbooks that can be started.
    fn library(&self) -> Vec<LibraryEntry>;

    /// The same as far as it can be told at once: nothing has been checked.
    fn glance(&self) -> Vec<LibraryEntry>;

    /// The runs that were not closed, the latest first.
    ///
    /// # Errors
    /// The runs of this machine cannot be listed; for people.
    fn resumable(&self) -> Result<Vec<OpenRun>, String>;

    /// What must still be asked before that runbook can start, with the site file that was given, if any.
    ///
    /// # Errors
    /// There is no such runbook, or it does not load; for people.
    fn set_up(&self, runbook: &str, is_practice: bool) -> Result<Questions, String>;

    /// The same for a live run with this site file; `None`: without one.
    ///
    /// # Errors
    /// See [`Backstage::set_up`]; the site file does not fit the runbook.
    fn set_up_at(&self, runbook: &str, _site: Option<&Path>) -> Result<Questions, String> {
        self.set_up(runbook, false)
    }

    /// What is found before that live run opens. Commands run only when `is_accepted`: they were listed before.
    ///
    /// # Errors
    /// It cannot be set up at all; why, for people.
    fn preflight(&self, _wanted: &Wanted, _is_accepted: bool) -> Result<Preflight, String> {
        Ok(Preflight { is_asked: true, ..Preflight::default() })
    }

    /// What became of each runbook on this machine.
    fn past(&self) -> Vec<Past> {
        Vec::new()
    }

    /// What is different between that runbook and its text in its last run.
    ///
    /// # Errors
    /// There is no such run, or it cannot be told; for people.
    fn changes(&self, _runbook: &str) -> Result<Changed, String> {
        Err("no runs are kept here".into())
    }

    /// What is wrong with a text as the value of that input; quick, called at every key.
    fn check_input(&self, runbook: &str, input: &str, text: &str) -> Option<String>;

    /// Opens a run.
    ///
    /// # Errors
    /// Why it cannot be opened, for people.
    fn begin(&self, wanted: &Wanted) -> Result<Launched, String>;

    /// Goes on with an unfinished run. `each` is told how many bytes of its journal were read, and of how many; it says
    /// whether to read on.
    ///
    /// # Errors
    /// Why it cannot be resumed, for people.
    fn resume(&self, run: &str, each: &mut dyn FnMut(u64, u64) -> bool) -> Result<Launched, String>;

    /// All runs, the latest first. While they are read, `each` is told which are new, the latest first by their names, and
    /// how many there will be. Nothing more is read, also of a journal that is long, once somebody ended it.
    ///
    /// # Errors
    /// They cannot be listed; for people.
    fn journals(&self, _each: EachJournals<'_>, _goes_on: GoesOn<'_>) -> Result<Vec<JournalEntry>, String> {
        Ok(Vec::new())
    }

    /// Looks for words in the records of the runs that were listed last, the latest first, and hands on the first record of
    /// each that holds them all, as long as somebody wants to know.
    fn search(&self, _words: &str, _found: &mut dyn FnMut(RecordFound), _goes_on: GoesOn<'_>) {}

    /// What was recorded of that run. Nothing is locked or written. `each` is told how many bytes were read, and of how many;
    /// it says whether to read on.
    ///
    /// # Errors
    /// Why its journal cannot be shown, for people.
    fn recording(&self, _run: &str, _each: &mut dyn FnMut(u64, u64) -> bool) -> Result<Recording, String> {
        Err("no journals are kept here".into())
    }

    /// What lies beside the journals of the runs, of those that have something there; not held against their records.
    fn besides(&self) -> Vec<(String, Beside)> {
        Vec::new()
    }

    /// What lies beside the journal in that folder, held against it.
    ///
    /// # Errors
    /// Why it cannot be looked at, for people.
    fn beside(&self, _folder: &Path) -> Result<Beside, String> {
        Ok(Beside::default())
    }

    /// The keys with which whoever sits here may sign.
    fn keys(&self) -> Vec<KeySeen> {
        Vec::new()
    }

    /// Signs a journal, as far as it stands; what was made, for people. The terminal must be free for what ssh-keygen asks.
    ///
    /// # Errors
    /// Why it is not signed, for people.
    fn sign(&self, _run: &Path, _role: Role, _key: &Path, _borrower: &Borrower) -> Result<String, String> {
        Err("nothing is signed here".into())
    }

    /// Signs the statement of a hold point that is in that file; the signature. The terminal must be free likewise.
    ///
    /// # Errors
    /// Why it is not signed, for people.
    fn sign_release(&self, _statement: &Path, _key: &Path, _borrower: &Borrower) -> Result<String, String> {
        Err("nothing is signed here".into())
    }

    /// The text that remembers how the panes share the room; `None`: there is none.
    fn sizes(&self) -> Option<String> {
        None
    }

    /// Remembers that text for the next sitting. What goes wrong is no matter for the run.
    fn keep_sizes(&self, _text: &str) {}

    /// What the rehearsal in that folder came to.
    ///
    /// # Errors
    /// Why that cannot be told, for people.
    fn debrief(&self, _folder: &Path) -> Result<Debrief, String> {
        Err("nothing is told of rehearsals here".into())
    }
}

/// One runbook of the library.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LibraryEntry {
    /// Its name.
    pub id: String,
    /// One line for people.
    pub title: String,
    /// The author's revision.
    pub revision: String,
    /// What it changes.
    pub system: String,
    /// What it does.
    pub summary: String,
    /// Planned duration.
    pub minutes: Option<u32>,
    /// Where it comes from: built in, or a path.
    pub origin: String,
    /// Whether there is a simulated cluster for it.
    pub has_practice: bool,
    /// Why it cannot be started, each with its place and below that what to do; empty when it can.
    pub problems: Vec<String>,
    /// That it was not even read is the problem: no check of its text tells more.
    pub is_unread: bool,
    /// What is in it, once it was read.
    pub preview: Option<Box<Preview>>,
}

/// A run that was not closed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OpenRun {
    /// Its name.
    pub run: String,
    /// The runbook's title.
    pub title: String,
    /// What it acts on: `practice`, or environment and name of the site.
    pub place: String,
    /// Its last record's time.
    pub last: Timestamp,
    /// Where it stands, or why it cannot be resumed.
    pub standing: String,
    /// Whether its journal is another run's: it cannot be gone on with.
    pub is_misnamed: bool,
    /// The step that was begun last; empty where none was.
    pub step: String,
    /// Who sat at it last, as `operator@host`.
    pub operator: String,
}

/// A run as the list of all runs tells of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct JournalEntry {
    /// Its name.
    pub run: String,
    /// The runbook's title.
    pub title: String,
    /// What it acts on: `practice`, or environment and name of the site.
    pub place: String,
    /// Who opened it, as `operator@host`.
    pub operator: String,
    /// When.
    pub opened: Option<Timestamp>,
    /// From its first to its last record, for people.
    pub lasted: String,
    /// The word on it: its outcome, or where it stands.
    pub outcome: String,
    /// Whether its journal is whole, in words.
    pub integrity: String,
    /// How often a person overruled the machine.
    pub deviations: u32,
    /// How many sittings it had.
    pub sittings: u32,
    /// How many good records it has.
    pub records: u64,
    /// Whether it is a practice run.
    pub is_practice: bool,
    /// Whether it was closed.
    pub is_closed: bool,
    /// Whether its journal is broken or cannot be read.
    pub is_damaged: bool,
    /// What lies beside its journal.
    pub beside: Beside,
}

/// A record that holds what was looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordFound {
    /// The run's name.
    pub run: String,
    /// The record's number.
    pub seq: u64,
    /// What it tells, in one line.
    pub told: String,
}

impl JournalEntry {
    /// All that a filter looks at, in lower case.
    pub fn text(&self) -> String {
        let Self { run, title, place, operator, outcome, integrity, .. } = self;
        let deviations = if self.deviations > 0 { "deviations" } else { "" };
        let opened = self.opened.map(|at| at.to_string()).unwrap_or_default();
        let beside: Vec<_> = self.beside.words(self.records, false).into_iter().map(|(word, _)| word).collect();
        let beside = beside.join(" ");
        format!("{run} {title} {place} {operator} {outcome} {integrity} {opened} {deviations} {beside}").to_lowercase()
    }
}

/// What was recorded of a run.
pub struct Recording {
    /// Its good records; there is one at least.
    pub tape: Tape,
    /// What follows them.
    pub integrity: Integrity,
    /// That the last of its records may be what was changed.
    pub doubtful: Option<u64>,
    /// That the journal lies in another run's folder.
    pub misnamed: Option<Misnamed>,
    /// The run's folder; none where the file only lies there, or anywhere, under another name than a run's journal has.
    pub folder: Option<PathBuf>,
    /// Whether somebody is at it now.
    pub is_running: bool,
    /// Reads on, when that is wanted.
    pub follower: Option<Arc<Mutex<Follower>>>,
}

/// Where the screens begin.
pub enum Start {
    /// At the list of runbooks.
    Library,
    /// At the set-up form of this runbook.
    SetUp {
        /// The runbook's name.
        runbook: String,
        /// Practice or live.
        is_practice: bool,
    },
    /// In this run.
    Run(Box<Launched>),
    /// In the replay of this one, at that record.
    Replay(Box<Recording>, Option<u64>),
}

/// How the screens ended.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Exit {
    /// The run that was on the screen, if any.
    pub run: Option<String>,
    /// Its folder.
    pub folder: Option<PathBuf>,
    /// The word on it, when it was closed.
    pub outcome: Option<Outcome>,
    /// The number of its last record that is known to be on disk.
    pub records: u64,
    /// The sha256 of that record's line.
    pub head: Option<String>,
    /// A signal or a lost terminal ended it.
    pub is_interrupted: bool,
    /// Nobody is there to read anything any more: print nothing.
    pub is_terminal_gone: bool,
    /// Why the journal could not be written any more.
    pub halted: Option<String>,
}

/// Why the screens cannot go on.
#[derive(Debug, thiserror::Error)]
pub enum TuiError {
    /// There is no terminal, or it cannot be set up.
    #[error("cannot use the terminal: {0}")]
    Terminal(#[from] std::io::Error),
    /// A part of piton panicked; the sitting was closed as interrupted.
    #[error("piton has a bug and had to stop: {said}")]
    Panicked {
        /// What it said.
        said: String,
        /// The folder of the run that was on the screen.
        folder: Option<PathBuf>,
    },
}
