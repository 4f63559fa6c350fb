//! What can happen to the screens, and what they ask to have done. Both closed.

use std::path::{Path, PathBuf};
use std::time::Duration;

use crossterm::event::{KeyEvent, MouseEvent};
use serde_json::Value;

use crate::clock::Timestamp;
use crate::debrief::Debrief;
use crate::engine::{JobId, Leaving, Output, Proposal};
use crate::journal::More;
use crate::runbook::{InputKind, StepKey};
use crate::session::preflight::Preflight;
use crate::session::{Launched, Update};
use crate::tui::backstage::{JournalEntry, LibraryEntry, OpenRun, RecordFound, Recording};
use crate::tui::beside::Beside;
use crate::tui::screen::run::sizes::Sizes;
use crate::tui::shelf::{Changed, Past};
use crate::tui::sign::{KeySeen, Signing};
use crate::tui::wanted::{Questions, Wanted};

/// Everything that can happen to the screens.
pub enum Message {
    /// What time it is: comes before the others of one batch.
    Now(Instants),
    /// A key.
    Key(KeyEvent),
    /// A pasted text.
    Paste(String),
    /// The mouse.
    Mouse(MouseEvent),
    /// The terminal's new size in columns and rows.
    Resized(u16, u16),
    /// The session spoke.
    Session(Update),
    /// The screen that was asked for has been shown.
    Shown,
    /// A moment that the screen waited for has come.
    Woken,
    /// The library at a glance, nothing in it checked, and the runs that can be gone on with.
    Glanced(Vec<LibraryEntry>, Vec<OpenRun>),
    /// The runs that can be gone on with, where they took longer than a glance, or why they cannot be listed.
    Resumable(Result<Vec<OpenRun>, String>),
    /// The library, checked.
    Library(Vec<LibraryEntry>),
    /// What became of each runbook on this machine.
    Past(Vec<Past>),
    /// What is different from a runbook's last run, or why that cannot be told.
    Changes(Result<Box<Changed>, String>),
    /// What that look found before a live run opens, or why it cannot.
    Preflight(u32, Result<Preflight, String>),
    /// What the set-up form asks.
    SetUp(Result<Box<Questions>, String>),
    /// What is wrong with the text of a field.
    Checked {
        /// Which input.
        input: String,
        /// The text that was looked at.
        text: String,
        /// What is wrong.
        problem: Option<String>,
    },
    /// A run was opened or resumed; its updates follow.
    Launched(Result<Box<Launched>, String>),
    /// A file that somebody gave is being read.
    ReadingFile {
        /// The file, as it was given.
        path: String,
        /// How many bytes of it were read.
        done: u64,
        /// How many it has.
        all: u64,
        /// For how long it has been read.
        took: Duration,
    },
    /// The journal of that run is being read.
    ReadingJournal {
        /// The run's name.
        run: String,
        /// How many bytes of it were read.
        done: u64,
        /// How many it has.
        all: u64,
        /// For how long it has been read.
        took: Duration,
    },
    /// That file, as it was given, was read: what it is proposed as, or why it cannot be.
    FileRead(String, Result<Proposal, String>),
    /// What is to be signed was written.
    StatementKept {
        /// The name of the file.
        name: String,
        /// Where that file is, or why it could not be written.
        kept: Result<PathBuf, String>,
    },
    /// The text of a signature's file, or why it cannot be read.
    SignatureRead(Result<String, String>),
    /// What the rehearsal came to, or why that cannot be told.
    Debriefed(Result<Box<Debrief>, String>),
    /// All runs.
    Journals(Vec<JournalEntry>),
    /// Why they cannot be listed.
    Unlisted(String),
    /// Some of them, while the others are still being read.
    SomeJournals {
        /// How many were told of before.
        first: usize,
        /// Those that are new.
        entries: Vec<JournalEntry>,
        /// How many there will be.
        all: usize,
        /// For how long they have been read.
        took: Duration,
    },
    /// The keys with which the journal of the run in that folder, or the statement in that file, may be signed.
    Keys(PathBuf, Vec<KeySeen>),
    /// A journal was signed: what was made, or why nothing was.
    Signed(Result<String, String>),
    /// The statement of a hold point was signed: the signature, or why there is none.
    ReleaseSigned(Result<String, String>),
    /// What lies beside the journals of these runs.
    Besides(Vec<(String, Beside)>),
    /// What lies beside the journal in that folder, or why it cannot be looked at.
    Beside(PathBuf, Result<Box<Beside>, String>),
    /// What a search found in the records since it told last.
    Found {
        /// The words that were looked for.
        words: String,
        /// The runs, with the record of each.
        found: Vec<RecordFound>,
        /// Whether all runs were looked at.
        is_done: bool,
    },
    /// What was recorded of a run and where to stand in it, or why it cannot be shown.
    Recording(Result<(Box<Recording>, Option<u64>), String>),
    /// What was recorded since in the journal that is followed, or why it cannot be read any more.
    ReadOn(Result<More, String>),
    /// How the panes of a run shared the room in the sitting before.
    Sizes(Sizes),
    /// What was written in the person's own editor, or why nothing was.
    Edited(Result<String, String>),
    /// Which paths begin with what was typed.
    Completed {
        /// What was typed.
        typed: String,
        /// The paths, sorted; those of folders end with `/`.
        found: Vec<String>,
    },
    /// The end of a recorded output, or why it cannot be read.
    Recorded(RecordedOutput, Result<ReadAgain, String>),
}

/// The output of a command that ended in an earlier sitting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordedOutput {
    /// The command.
    pub job: JobId,
    /// The step that it was run for.
    pub step: StepKey,
    /// The file; none where the journal that is replayed lies in no run's folder.
    pub file: Option<PathBuf>,
    /// What it weighed when it was recorded, in bytes.
    pub bytes: u64,
    /// Its sha256 then, in lower-case hex.
    pub sha256: String,
}

impl RecordedOutput {
    /// The recorded output of that command, in the folder of its run, where it lies in one.
    pub fn of(job: JobId, step: &StepKey, output: &Output, folder: Option<&Path>) -> Option<Self> {
        // A journal names files of its own folder only.
        let name = Path::new(&output.file).file_name()?;
        let file = folder.map(|folder| folder.join("output").join(name));
        Some(Self { job, step: step.clone(), file, bytes: output.bytes, sha256: output.sha256.clone() })
    }
}

/// The end of an output that was read again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadAgain {
    /// The last part of it.
    pub tail: Vec<u8>,
    /// Whether all of it is what was recorded.
    pub is_as_recorded: bool,
}

/// Two clocks at one moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Instants {
    /// The run's clock.
    pub run: Timestamp,
    /// Real milliseconds since the screens began: for keys that are held down.
    pub real_ms: u64,
}

/// Everything that the screens ask to have done.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// Put it into the session's inbox.
    Propose(Proposal),
    /// Read the file, then propose it as the answer.
    AnswerFile {
        /// The step that asks.
        step: StepKey,
        /// The file's path.
        value: Value,
    },
    /// Read no further in the file that somebody gave.
    StopReading,
    /// Read how the panes share the room; it comes back as a message.
    ReadSizes,
    /// Remember how the panes share the room.
    KeepSizes(Sizes),
    /// Write what is to be signed into the run's folder; where it stands comes back as a message.
    KeepStatement {
        /// The run's folder.
        folder: PathBuf,
        /// The name of the file.
        name: String,
        /// What it is to hold.
        text: String,
    },
    /// Read a signature; it comes back as a message.
    ReadSignature(PathBuf),
    /// Read the end of that output; it comes back as a message.
    ReadOutput(RecordedOutput),
    /// List all runs.
    ReadJournals,
    /// Find out with which keys the journal of the run in that folder, or the statement in that file, may be signed.
    FindKeys(PathBuf),
    /// Sign that; the terminal is lent to what signs.
    Sign(Signing),
    /// Look at what lies beside the journals of all runs; it comes back as a message.
    ReadBesides,
    /// Hold what lies beside the journal in that folder against it; it comes back as a message.
    ReadBeside(PathBuf),
    /// Read what was recorded of that run; it comes back as a message.
    Replay(String),
    /// The same, standing at that record.
    ReplayAt(String, u64),
    /// Look for these words in the records of all runs, instead of whatever was looked for before; no words: for nothing.
    Search(String),
    /// Read on in the journal that is followed; what is new comes back as a message.
    ReadOn,
    /// Tell what the rehearsal in that folder came to; it comes back as a message.
    Debrief(PathBuf),
    /// End the running command.
    Cancel(JobId),
    /// Ask every probe now.
    SenseNow,
    /// End the sitting; its end is an update.
    Leave(Leaving),
    /// Read the library.
    ReadLibrary,
    /// Check what the library holds.
    CheckLibrary,
    /// Find out what became of each runbook on this machine.
    ReadPast,
    /// Find out what is different from that runbook's last run.
    Compare(String),
    /// Find out what the set-up form asks.
    SetUp {
        /// The runbook's name.
        runbook: String,
        /// Practice or live.
        is_practice: bool,
    },
    /// Look at the text of a field.
    Check {
        /// The runbook's name.
        runbook: String,
        /// Which input.
        input: String,
        /// What it takes.
        kind: InputKind,
        /// Its text.
        text: String,
    },
    /// The same for a live run with this site file; `None`: without one.
    SetUpAt {
        /// The runbook's name.
        runbook: String,
        /// The site file.
        site: Option<PathBuf>,
    },
    /// Look at what must be looked at before that live run opens.
    Preflight {
        /// Which look it is: what an earlier one finds late is of no interest any more.
        number: u32,
        /// The run.
        wanted: Wanted,
        /// Whether the commands that run unasked, and who is told a secret, were listed and accepted.
        is_accepted: bool,
    },
    /// Open a run.
    Begin(Wanted),
    /// Go on with a run.
    Resume(String),
    /// Tell that to somebody who looks elsewhere.
    Notify(String),
    /// Ask the terminal to put that text into the clipboard.
    Copy(String),
    /// Let that text be written in the person's own editor; it comes back as a message.
    Edit(String),
    /// Look at a file, copy it into the run's folder if that is wanted, and propose it as evidence.
    Attach {
        /// For which step; `None`: for the run.
        step: Option<StepKey>,
        /// The file's path.
        path: String,
        /// Whether a copy is kept.
        is_kept: bool,
    },
    /// Find out which paths begin like that; they come back as a message.
    Complete(String),
    /// Stop the process until the shell continues it.
    Suspend,
    /// Forget what the terminal shows and draw everything.
    Redraw,
    /// End the program.
    Quit,
}
