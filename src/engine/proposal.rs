//! What an operator, a probe or a finished command asks to have recorded, and why it may be refused.

use serde_json::{Number, Value};

use crate::clock::Timestamp;
use crate::engine::board::Board;
use crate::engine::event::{CommandLine, ConditionId, FileSeen, ItemCommand, Leaving, RunOpened, Tri};
use crate::engine::observe::{Ended, JobId, Output, Printed};
use crate::engine::rehearsal::Happening;
use crate::runbook::{RollbackId, StepKey};
use crate::signature::SignatureError;

/// The world at the moment of judging: the engine has no other.
#[derive(Clone, Debug, PartialEq)]
pub struct Moment {
    /// Now.
    pub at: Timestamp,
    /// All latest samples.
    pub board: Board,
}

/// Something that may become one or more events.
#[derive(Clone, Debug, PartialEq)]
pub enum Proposal {
    /// Open the run; only as the very first.
    Open(Box<RunOpened>),
    /// Sit down at a run.
    Sit { operator: String, host: String, pid: u32, face: String, version: String },
    /// Leave the run as it stands.
    Leave { how: Leaving },
    /// Go on with whatever time and the board allow: open phases, begin steps, end waits, pass or fail checks.
    Advance,
    /// The cautions of the current step were on the screen, and read so.
    ReadCautions { step: StepKey, shown: Vec<String> },
    /// State what was seen.
    Confirm { step: StepKey, said: String },
    /// Give a value; `file` when it is a path.
    Answer { step: StepKey, value: Value, file: Option<FileSeen> },
    /// Take the way of that name.
    Choose { step: StepKey, choice: String },
    /// A second person lets the run go on, and says what was looked at; signed, if `signature` is the text of an ssh
    /// signature of what [`crate::engine::release_statement`] says.
    Release { step: StepKey, released_by: String, said: String, signature: Option<String> },
    /// A second person, who looks at what a step has come to, sees something else, and says what.
    Dispute { step: StepKey, disputed_by: String, said: String },
    /// Start the command, exactly as it was shown. `typed` is the target's name for a critical step.
    Run { step: StepKey, shown: CommandLine, typed: Option<String> },
    /// Start these commands, exactly as they were shown, one for each item of a phase that takes them together.
    RunAll { step: StepKey, shown: Vec<ItemCommand>, typed: Option<String> },
    /// End the running command, and with it all of a step that takes its items together.
    Cancel { job: JobId },
    /// A command ended.
    Finished { job: JobId, ended: Ended, elapsed_ms: u64, output: Option<Output>, printed: Printed },
    /// Try a failed step again.
    Retry { step: StepKey },
    /// Do again what this step wants fresh and what has become too old.
    Renew { step: StepKey },
    /// Take this step up in the place of the current one, where the phase takes its steps in any order.
    TakeUp { step: StepKey },
    /// Leave a step out.
    Skip { step: StepKey, reason: String },
    /// Put a step off until the phase that its plan names.
    Defer { step: StepKey, reason: String },
    /// Declare a step done against the machine.
    Override { step: StepKey, reason: String },
    /// Go back to the phase that the step leads back to.
    Restart { step: StepKey, reason: String },
    /// End a wait early.
    CutWait { step: StepKey, reason: String },
    /// Go on although a guard or gate does not hold.
    Acknowledge { condition: ConditionId, reason: String },
    /// A condition was evaluated. What follows from it follows with [`Proposal::Advance`], when all have been.
    Observe { condition: ConditionId, truth: Tri, why: String, seen: Value },
    /// Write down what was seen of the running soak; `seen` is the worst value that was met since the last record.
    NoteSoak { seen: Option<Number> },
    /// Remark on a step, or on the run.
    Note { step: Option<StepKey>, text: String },
    /// Name a file as evidence for a step, or for the run; `kept` is the name of its copy in the run's folder.
    Attach { step: Option<StepKey>, path: String, file: FileSeen, kept: Option<String> },
    /// Leave the plan for a way back.
    RollBack { plan: RollbackId, reason: String },
    /// In a practice run: this happened in the simulated cluster, or the trainee asks for it.
    Rehearse { what: Happening },
    /// The wall clock was moved.
    ClockJumped { by_ms: i64 },
    /// A torn last line was set aside.
    TailSetAside { file: String, bytes: u64, sha256: String },
    /// Close the finished run.
    Close,
    /// Give the run up: what is left is skipped with this reason.
    Abandon { reason: String },
}

/// Why a proposal was not taken; a value, not an error. [`std::fmt::Display`] gives a fragment for people.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The run is closed.
    #[error("the run is closed")]
    Closed,
    /// The run is open already, or not open yet.
    #[error("{0}")]
    NotNow(&'static str),
    /// It is not the current step.
    #[error("{0} is not the current step")]
    NotCurrent(StepKey),
    /// The step asks for something else.
    #[error("this step asks for something else: {0}")]
    WrongAction(&'static str),
    /// The cautions have not been read.
    #[error("read the cautions first")]
    CautionsUnread,
    /// A caution reads otherwise than when it was read.
    #[error("the cautions read otherwise now than when they were read: read them again")]
    CautionsChanged,
    /// A reason, note or statement is empty or too long.
    #[error("{0}")]
    BadText(&'static str),
    /// The statement is none of the options.
    #[error("answer with one of: {0}")]
    NotAnOption(String),
    /// The one who releases has a hand in what is released.
    #[error("another person must release it: {0} acts here")]
    SamePerson(String),
    /// The release is signed, but not as it should be.
    #[error("{0}")]
    BadSignature(SignatureError),
    /// The value does not fit.
    #[error("that value does not fit: {0}")]
    BadValue(String),
    /// The gate does not stand open; the gate itself tells why.
    #[error("the gate is closed: {0}")]
    GateClosed(String),
    /// What would run now is not what was shown.
    #[error("what would run has changed since it was shown; look again")]
    NotAsShown,
    /// The name typed is not the target's.
    #[error("type {0:?} to go on")]
    NotTheTarget(String),
    /// A sensed step cannot be ticked or skipped, only overridden.
    #[error("piton senses this itself: it can only be overridden, with a reason")]
    SensedOnly,
    /// Steps are left.
    #[error("{0} steps are not accounted for")]
    Unaccounted(u32),
    /// A second person has yet to verify steps.
    #[error("{0} of its steps are not verified by a second person")]
    Unverified(usize),
    /// There is nothing of that name.
    #[error("there is no {0}")]
    Unknown(String),
    /// An expression gave no value.
    #[error("{0}")]
    Undecided(String),
}
