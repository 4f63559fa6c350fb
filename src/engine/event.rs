//! What happened: the durable contract. A run's state is the fold of its records.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Number, Value};

use crate::clock::Timestamp;
use crate::engine::board::Board;
pub use crate::engine::condition::{BadConditionId, ConditionId};
use crate::engine::observe::{Ended, JobId, Output};
use crate::engine::rehearsal::Happening;
use crate::engine::signed::Signed;
use crate::runbook::{PhaseId, RollbackId, RunbookId, StepKey, Verify};

/// The journal format that this version writes.
pub const JOURNAL_FORMAT: u32 = 1;

/// One line of the journal: an event with its place, its time and its author.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Record {
    /// Counted from 1.
    pub seq: u64,
    /// When it was judged; never before the record before it.
    pub at: Timestamp,
    /// Lower-case hex sha256 of the previous raw line without its newline; 64 zeros in the first.
    pub prev: String,
    /// Who: `operator@host`, or `piton` for what was sensed.
    pub by: String,
    /// What happened.
    pub event: Event,
}

/// Everything that can happen in a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Event {
    /// The run exists: always the first record, and only there.
    RunOpened(Box<RunOpened>),
    /// A person sat down. Every condition is unknown again until it is sensed anew.
    SittingOpened { operator: String, host: String, pid: u32, face: String, version: String },
    /// The sitting is over; the run may go on in another.
    SittingClosed { how: Leaving },
    /// A phase opened: its items are fixed from here on. `[null-named]` single item without a loop.
    PhaseBound { phase: PhaseId, items: Vec<Item> },
    /// In a loop in a loop, the turn of an outer item came: its inner items are fixed from here on, by their own names.
    GroupBound { phase: PhaseId, group: String, items: Vec<Item> },
    /// The step is the current one.
    StepBegan { step: StepKey, attempt: u32 },
    /// Its cautions were on the screen and the operator said so.
    CautionsRead {
        step: StepKey,
        /// The sha256 of each as it read: what reads otherwise later is read again, what repeats in a loop is folded.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        texts: Vec<String>,
    },
    /// Done by hand, and what was seen.
    StepConfirmed {
        step: StepKey,
        said: String,
        /// Who did it, where that is another than the one who says so, the record's author.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        doer: Option<String>,
        board: Board,
    },
    /// A value was given.
    AnswerGiven {
        step: StepKey,
        name: String,
        value: Value,
        file: Option<FileSeen>,
        /// Who gave it, where that is another than the one who says so, the record's author.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        doer: Option<String>,
        board: Board,
    },
    /// A decision was taken: `choice` is the name of the way.
    ChoiceMade {
        step: StepKey,
        name: String,
        choice: String,
        /// Who took it, where that is another than the one who says so, the record's author.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        doer: Option<String>,
        board: Board,
    },
    /// A second person let the run go on, and what that person looked at. The record's author is the first.
    HoldReleased {
        step: StepKey,
        released_by: String,
        said: String,
        /// How that person verified what the step had come to, when it is no hold point.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        verifies: Option<Verify>,
        /// What that person signed, when it was signed.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        signature: Option<Box<Signed>>,
        board: Board,
    },
    /// A second person looked at what a step had come to, and saw something else: the step has failed. The record's
    /// author is the one who sat at the run.
    StepDisputed {
        step: StepKey,
        disputed_by: String,
        said: String,
        /// How that person was to verify it.
        verifies: Verify,
        board: Board,
    },
    /// The commands of a step that takes its items together were all on the screen, and are to run.
    CommandsApproved { step: StepKey, commands: Vec<ItemCommand>, typed: Option<String>, board: Board },
    /// A person wants what a step runs to end; of one that takes its items together those that wait start no more.
    CancelAsked { step: StepKey },
    /// A command is about to start.
    ///
    /// In a phase that takes its items together it is for `item`, and the board stands in [`Event::CommandsApproved`].
    CommandStarted {
        step: StepKey,
        job: JobId,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        item: Option<String>,
        command: CommandLine,
        typed: Option<String>,
        board: Board,
    },
    /// It ended. `met` tells whether that is what the step expected.
    CommandFinished {
        step: StepKey,
        job: JobId,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        item: Option<String>,
        ended: Ended,
        elapsed_ms: u64,
        output: Option<Output>,
        met: bool,
        why: String,
        captured: Map<String, Value>,
    },
    /// What the step waits for held long enough.
    CheckPassed {
        step: StepKey,
        held_ms: u64,
        /// Who acted, where that is another than the operator.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        doer: Option<String>,
        /// What was seen of it, when it soaked.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        soaked: Option<Soaked>,
        board: Board,
    },
    /// What a check that had passed sensed is not so any more, and nothing was changed since: it is not done.
    CheckReverted { step: StepKey, why: String, board: Board },
    /// What had reverted is so again, for as long as its check asks for: it is done again.
    CheckRestored { step: StepKey, held_ms: u64, board: Board },
    /// What a check soaks for held up to `until`, of all the time since `since` for `covered_ms`.
    SoakSeen {
        step: StepKey,
        since: Timestamp,
        until: Timestamp,
        covered_ms: u64,
        length_ms: u64,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        worst: Option<Number>,
    },
    /// What a check soaks for does not hold any more: it starts again when it does.
    SoakRestarted {
        step: StepKey,
        since: Timestamp,
        lasted_ms: u64,
        covered_ms: u64,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        worst: Option<Number>,
    },
    /// The timer ran out.
    WaitEnded { step: StepKey },
    /// The operator ended a wait early.
    WaitCut { step: StepKey, reason: String, left_ms: u64 },
    /// The step failed; the run is interrupted there.
    StepFailed { step: StepKey, why: String },
    /// Another attempt.
    StepRetried { step: StepKey, attempt: u32 },
    /// In a phase whose steps are taken in any order, a person takes up `instead` of this step, of which nothing was
    /// begun: it is pending again.
    StepPutBack { step: StepKey, instead: StepKey },
    /// Left out, by a person, with a reason.
    StepSkipped { step: StepKey, reason: String, board: Board },
    /// Put off by a person, with a reason: it comes back before that phase opens.
    StepDeferred { step: StepKey, until: PhaseId, reason: String, board: Board },
    /// Declared done against the machine, by a person, with a reason.
    StepOverridden { step: StepKey, reason: String, board: Board },
    /// Nobody verified the step, which stays done: a person goes on without that, with a reason.
    VerificationWaived { step: StepKey, reason: String, board: Board },
    /// A person went back: every step from that phase on is pending again, and its loops are asked anew.
    StepsReopened { step: StepKey, from: PhaseId, reason: String, board: Board },
    /// Evidence that this step wants fresh was too old: those steps are pending again, and it waits for them.
    StepsRenewed { step: StepKey, renewed: Vec<StepKey> },
    /// Its `when` (or its phase's) did not hold when its turn came.
    StepNotApplicable { step: StepKey, why: String },
    /// A condition changed, with the values seen.
    ConditionChanged { condition: ConditionId, truth: Tri, why: String, seen: Value },
    /// A person goes on although this guard or gate does not hold, valid until the condition changes; or although a check
    /// has reverted, which counts as overridden from then on.
    GuardAcknowledged { condition: ConditionId, reason: String },
    /// A remark.
    NoteAdded { step: Option<StepKey>, text: String },
    /// A file is evidence: where it was, what it was, and the name of its copy in the run's folder when one is kept.
    EvidenceAttached { step: Option<StepKey>, path: String, file: FileSeen, kept: Option<String> },
    /// The plan is left for a way back.
    RollbackEntered { plan: RollbackId, reason: String, board: Board },
    /// In a practice run: what happened in the simulated cluster, or between it and the trainee.
    Rehearsed { what: Box<Happening> },
    /// The wall clock was moved against the monotonic one.
    ClockJumped { by_ms: i64 },
    /// A torn last line was set aside when the journal was opened again.
    TailSetAside { file: String, bytes: u64, sha256: String },
    /// The end; nothing follows it.
    RunClosed { outcome: Outcome, reason: String, counts: Counts },
}

/// The head of a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RunOpened {
    /// [`JOURNAL_FORMAT`] at the time of writing.
    pub format: u32,
    /// The run's name, sortable by time.
    pub run: String,
    /// The runbook's name.
    pub runbook: RunbookId,
    /// Its title.
    pub title: String,
    /// Its revision.
    pub revision: String,
    /// Its whole text.
    pub text: String,
    /// Lower-case hex sha256 of `text`.
    pub sha256: String,
    /// Live or practice.
    pub mode: Mode,
    /// The bound inputs; secrets as references.
    pub inputs: Map<String, Value>,
    /// The place, when a site file was given.
    pub site: Option<SiteSeen>,
    /// The simulated cluster, in practice.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub practice: Option<PracticeSeen>,
    /// Who opened it.
    pub operator: String,
    /// On which host.
    pub host: String,
    /// Piton's version.
    pub version: String,
}

/// What was seen of a check that soaked.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Soaked {
    /// Since when without being sensed not to hold.
    pub since: Timestamp,
    /// For how much of that it was sensed to hold.
    pub covered_ms: u64,
    /// The longest time in which nobody sensed it.
    pub longest_gap_ms: u64,
    /// The worst value of what was looked at meanwhile.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub worst: Option<Number>,
}

/// Real or rehearsed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// Against real systems.
    Live,
    /// Against a simulated cluster.
    Practice,
}

/// What a simulated cluster is built from; with the recorded commands it can be built again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PracticeSeen {
    /// How many nodes.
    pub nodes: u8,
    /// The seed of everything that chance decides.
    pub seed: u64,
    /// The scenario's name within the runbook's; without one nothing goes wrong by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scenario: Option<String>,
    /// The port of each node on 127.0.0.1, in the nodes' order.
    pub ports: Vec<u16>,
}

/// The place a run is bound to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SiteSeen {
    /// Its name.
    pub name: String,
    /// The word on every frame, such as `PRODUCTION`.
    pub environment: String,
    /// A colour's name for it.
    pub colour: String,
}

/// One element of a loop.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Item {
    /// Its name; `None` is the single pass of a phase without `for_each`.
    pub name: Option<String>,
    /// Its value, bound to `.node`.
    pub value: Value,
}

/// Exactly what runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CommandLine {
    /// Program and arguments.
    pub argv: Vec<String>,
    /// The directory; piton's own without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cwd: Option<String>,
    /// Variables set for it: name and plain value, or the reference of a secret as text (`env:NAME`, `command`).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub env: Vec<(String, EnvValue)>,
    /// How long it may take.
    pub timeout_ms: u64,
}

/// What runs for one item of a phase that takes them together.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ItemCommand {
    /// The item's name.
    pub item: String,
    /// Exactly what runs for it.
    pub command: CommandLine,
}

/// The value of a variable: plain, or a reference that is resolved just before the start and never written down.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EnvValue {
    /// As it is.
    Plain(String),
    /// The value of this variable of piton's own environment.
    SecretEnv(String),
    /// The first line that this command prints.
    SecretCommand(Vec<String>),
}

/// A file given as evidence, as it was.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FileSeen {
    /// Its size in bytes.
    pub bytes: u64,
    /// Lower-case hex sha256 of it.
    pub sha256: String,
}

/// How a sitting ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Leaving {
    /// The operator left, or the run was closed.
    Left,
    /// A signal, a lost terminal or the end of the input.
    Interrupted,
}

/// True, false, or not known: the reason stands beside it in the record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Tri {
    /// It holds.
    True,
    /// It does not hold.
    False,
    /// It cannot be told.
    Unknown,
}

/// The word on a closed run. It does not lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Every step done or not applicable, nothing overruled.
    Completed,
    /// To the end, with deviations.
    CompletedWithDeviations,
    /// Walked back by a rollback plan.
    RolledBack,
    /// Given up before the end.
    Abandoned,
}

impl Outcome {
    /// The word that is shown.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Completed => "completed",
            Self::CompletedWithDeviations => "completed with deviations",
            Self::RolledBack => "rolled back",
            Self::Abandoned => "abandoned",
        }
    }

    /// The exit status of a program that ended with it.
    pub const fn exit_status(self) -> u8 {
        match self {
            Self::Completed => 0,
            Self::CompletedWithDeviations => 10,
            Self::RolledBack => 20,
            Self::Abandoned => 30,
        }
    }
}

/// How many steps are in each state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Counts {
    pub pending: u32,
    pub current: u32,
    pub done: u32,
    pub failed: u32,
    pub skipped: u32,
    pub not_applicable: u32,
    pub overridden: u32,
    #[serde(default, skip_serializing_if = "is_zero")]
    pub deferred: u32,
    #[serde(default, skip_serializing_if = "is_zero")]
    pub reverted: u32,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde wants a reference")]
fn is_zero(number: &u32) -> bool {
    *number == 0
}
