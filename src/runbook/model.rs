//! A checked runbook: valid by construction, immutable, shared by [`std::sync::Arc`].

use std::time::Duration;

use serde_json::Value;

use crate::runbook::expr::Expr;
use crate::runbook::id::{GuardId, InputId, PhaseId, ProbeId, RollbackId, RunbookId, StepId};
use crate::runbook::template::Template;

/// A whole runbook, as the loader accepts it.
#[derive(Clone, Debug)]
pub struct Runbook {
    /// Its name, also the file's stem.
    pub id: RunbookId,
    /// One line for people.
    pub title: String,
    /// The author's own revision word.
    pub revision: String,
    /// The system it changes (`vault`, `nomad`, …): with the site it names what one run holds at a time.
    pub system: String,
    /// What it does, in a sentence or two.
    pub summary: String,
    /// Planned duration in minutes.
    pub minutes: Option<u32>,
    /// The document it was derived from.
    pub source: Option<Source>,
    /// What must be bound before a run opens, in the author's order.
    pub inputs: Vec<Input>,
    /// The probes of the health pane.
    pub health: Vec<Probe>,
    /// Conditions that hold through the whole run.
    pub guards: Vec<Guard>,
    /// The plan.
    pub phases: Vec<Phase>,
    /// Ways back; the first whose `when` holds is the one offered.
    pub rollbacks: Vec<Rollback>,
    /// The text it was parsed from, byte for byte.
    pub text: String,
    /// Lower-case hex sha256 of `text`.
    pub sha256: String,
}

/// Where a runbook's obligations come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// The document's title.
    pub document: String,
    /// The headings that this runbook covers.
    pub headings: Vec<String>,
}

/// Something bound before the run opens.
#[derive(Clone, Debug)]
pub struct Input {
    /// Its name: `.inputs.<id>` in expressions.
    pub id: InputId,
    /// What kind of value it takes.
    pub kind: InputKind,
    /// The question asked on the set-up screen.
    pub prompt: String,
    /// Bound when neither `--set` nor the site says otherwise. For a command: a list of texts.
    pub default: Option<Value>,
    /// Whether the run may open without it; it then reads as `null`.
    pub optional: bool,
}

/// What an input takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum InputKind {
    /// Any one-line text.
    Text,
    /// A JSON number.
    Number,
    /// Yes or no.
    Bool,
    /// A version such as `1.17.3`, kept as text.
    Version,
    /// A duration such as `1h 30m`, kept as text.
    Duration,
    /// An http or https address.
    Url,
    /// A path on this machine.
    Path,
    /// One of these words.
    Choice(Vec<String>),
    /// A list of tables, each with `name` and these fields.
    Nodes(Vec<String>),
    /// An argv: a list of texts, each of which may hold `{{ … }}`.
    Command,
    /// A reference to a secret: `{ env = "NAME" }` or `{ command = […] }`. Its value is never kept.
    Secret,
}

/// One thing asked again and again.
#[derive(Clone, Debug)]
pub struct Probe {
    /// Its name: `.health.<id>` in expressions.
    pub id: ProbeId,
    /// Title of its table.
    pub title: String,
    /// One probe per element, bound to `.node`; without it a single one.
    pub each: Option<Expr>,
    /// The interval.
    pub every: Duration,
    /// How long one answer may take.
    pub timeout: Duration,
    /// What is asked.
    pub ask: Ask,
    /// Named values taken from an answer, in the author's order.
    pub fields: Vec<(String, Expr)>,
    /// Over the fields: the verdict is ok.
    pub ok: Expr,
    /// Over the fields, when not ok: the verdict is degraded rather than bad.
    pub degraded: Option<Expr>,
}

/// The kinds of question a probe asks.
#[derive(Clone, Debug)]
pub enum Ask {
    /// An HTTP GET; any status is an answer. Redirects are not followed.
    Http {
        /// The address.
        url: Template,
        /// Header names and values.
        headers: Vec<(String, HeaderValue)>,
        /// A PEM file with the authorities to trust instead of the system's.
        ca: Option<Template>,
    },
    /// Metrics over HTTP, fetched as with `Http`.
    Prometheus {
        /// The address of a page of metrics; with `query` that of a Prometheus server.
        url: Template,
        /// Header names and values.
        headers: Vec<(String, HeaderValue)>,
        /// A PEM file with the authorities to trust instead of the system's.
        ca: Option<Template>,
        /// PromQL that the server answers.
        query: Option<Template>,
    },
    /// Whether `host:port` accepts a connection.
    Tcp(Template),
    /// An argv whose exit status and output are looked at.
    Command(Argv),
}

/// A header's value: a text, or a reference to a secret that is looked up when the request is sent.
#[derive(Clone, Debug)]
pub enum HeaderValue {
    /// A text with values.
    Text(Template),
    /// A secret.
    Secret(SecretRef),
}

/// Where a secret is found; never what it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SecretRef {
    /// An environment variable of the piton process.
    Env(String),
    /// The first line a command prints.
    Command(Vec<String>),
    /// An input of type secret.
    Input(InputId),
}

/// A command line.
#[derive(Clone, Debug)]
pub enum Argv {
    /// An input of type command.
    Input(InputId),
    /// Written out in the runbook, one text per argument.
    Words(Vec<Template>),
}

/// A condition that holds through the whole run.
#[derive(Clone, Debug)]
pub struct Guard {
    /// Its name.
    pub id: GuardId,
    /// One line for people.
    pub title: String,
    /// The obligations of the document that it carries.
    pub source: Vec<String>,
    /// The condition.
    pub holds: Expr,
    /// What breaking it costs.
    pub why: String,
    /// What it holds back while it is broken or unknown.
    pub blocks: Vec<Blocked>,
}

/// What a guard holds back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Blocked {
    /// Every step with this action.
    Kind(ActionKind),
    /// One step, in every item of its phase.
    Step(PhaseId, StepId),
}

/// A group of steps, walked once or once per item.
#[derive(Clone, Debug)]
pub struct Phase {
    /// Its name.
    pub id: PhaseId,
    /// One line for people.
    pub title: Template,
    /// The items, evaluated when the phase opens and then fixed in the journal.
    pub for_each: Option<Expr>,
    /// Evaluated as each item's turn comes (once, without `for_each`); false: its steps are not applicable.
    pub when: Option<Condition>,
    /// The steps in order.
    pub steps: Vec<Step>,
}

/// An expression with the reason that is told when it does not hold.
#[derive(Clone, Debug)]
pub struct Condition {
    /// What must hold.
    pub holds: Expr,
    /// Why, in the author's words; empty when none was given.
    pub why: String,
}

/// One thing to do, state, wait for or sense.
#[derive(Clone, Debug)]
pub struct Step {
    /// Its name within the phase.
    pub id: StepId,
    /// One line for people, verb first.
    pub title: Template,
    /// The obligations of the document that it carries.
    pub source: Vec<String>,
    /// The document's mistakes, by id, because of which it does other than the document.
    pub mends: Vec<String>,
    /// Shown before the action; it is inert until they were.
    pub cautions: Vec<Caution>,
    /// Explanation in Markdown.
    pub text: Option<Template>,
    /// False when the step opens: not applicable, with the reason.
    pub when: Option<Condition>,
    /// Must hold before the action may be taken.
    pub gate: Option<Condition>,
    /// Evidence that must exist, and be fresh.
    pub requires: Vec<Requirement>,
    /// The target's name is typed, and the gate is judged on samples no older than ten seconds.
    pub critical: bool,
    /// The point of no return.
    pub irreversible: bool,
    /// The action.
    pub action: Action,
}

/// A text that precedes an action.
#[derive(Clone, Debug)]
pub struct Caution {
    /// How much is at stake.
    pub level: CautionLevel,
    /// The text.
    pub text: Template,
}

/// How much is at stake.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum CautionLevel {
    /// Good to know.
    Note,
    /// The service may suffer.
    Caution,
    /// People or data may.
    Warning,
}

/// Another step that must have been done, and how recently.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Requirement {
    /// The phase of that step.
    pub phase: PhaseId,
    /// That step; in a loop the same item's.
    pub step: StepId,
    /// How old its evidence may be.
    pub within: Option<Duration>,
}

/// What a step asks for.
#[derive(Clone, Debug)]
pub enum Action {
    /// Done by hand: the operator states what was seen.
    Confirm {
        /// The question.
        prompt: Template,
        /// The answers it takes; empty: any text.
        options: Vec<String>,
    },
    /// A value kept as evidence.
    Ask {
        /// `.answers.<name>` in expressions.
        name: String,
        /// The question.
        prompt: Template,
        /// What it takes; a path is hashed.
        kind: InputKind,
    },
    /// A command.
    Run {
        /// What runs.
        argv: Argv,
        /// The directory it runs in; piton's own without it.
        cwd: Option<Template>,
        /// Variables set for it beside piton's own.
        env: Vec<(String, HeaderValue)>,
        /// How long it may take.
        timeout: Duration,
        /// Over `exit`, `stdout`, `stderr`, `json`: it did what it should. Exit status 0 without it.
        expect: Option<Condition>,
        /// Values taken from its output into `.answers`.
        capture: Vec<(String, Expr)>,
    },
    /// Sensed: opens by itself.
    Check {
        /// What must hold.
        holds: Expr,
        /// For how long without a break.
        hold: Duration,
        /// After this long it fails; `None`: it waits for ever.
        timeout: Option<Duration>,
        /// What it means, in the author's words.
        why: String,
    },
    /// A plain timer.
    Wait(Duration),
    /// A decision between named ways. It is read as `.choices.<id of the step>`, so that id is unique over the
    /// choices of the whole book; its question is the step's title.
    Choose(Vec<Way>),
    /// A hold point: another person than the one who acts lets the run go on.
    Release {
        /// Who that is, in the author's words.
        who: String,
    },
}

/// One of the ways that a step of a choice offers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Way {
    /// Its plain name: what `.choices` holds once it is chosen.
    pub is: String,
    /// One line for people.
    pub title: String,
}

/// The name of an action, as `blocks` and the faces use it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ActionKind {
    /// See [`Action::Confirm`].
    Confirm,
    /// See [`Action::Ask`].
    Ask,
    /// See [`Action::Run`].
    Run,
    /// See [`Action::Check`].
    Check,
    /// See [`Action::Wait`].
    Wait,
    /// See [`Action::Choose`].
    Choose,
    /// See [`Action::Release`].
    Release,
}

impl ActionKind {
    /// All of them, in the order in which they are told.
    pub const ALL: [Self; 7] =
        [Self::Confirm, Self::Ask, Self::Run, Self::Check, Self::Wait, Self::Choose, Self::Release];

    /// The key of the format that stands for it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Confirm => "confirm",
            Self::Ask => "ask",
            Self::Run => "run",
            Self::Check => "check",
            Self::Wait => "wait",
            Self::Choose => "choose",
            Self::Release => "release",
        }
    }
}

impl Action {
    /// Which kind it is.
    pub const fn kind(&self) -> ActionKind {
        match self {
            Self::Confirm { .. } => ActionKind::Confirm,
            Self::Ask { .. } => ActionKind::Ask,
            Self::Run { .. } => ActionKind::Run,
            Self::Check { .. } => ActionKind::Check,
            Self::Wait(_) => ActionKind::Wait,
            Self::Choose(_) => ActionKind::Choose,
            Self::Release { .. } => ActionKind::Release,
        }
    }

    /// Whether piton itself observes its end, so that nobody may tick it by hand.
    pub const fn is_sensed(&self) -> bool {
        matches!(self, Self::Check { .. } | Self::Wait(_))
    }
}

/// A way back.
#[derive(Clone, Debug)]
pub struct Rollback {
    /// Its name.
    pub id: RollbackId,
    /// One line for people: what going back means now.
    pub title: String,
    /// Offered while this holds.
    pub when: Option<Expr>,
    /// The obligations of the document that the plan carries.
    pub source: Vec<String>,
    /// Its plan.
    pub phases: Vec<Phase>,
}

impl Runbook {
    /// The phase of that name, in the plan or in a rollback plan.
    pub fn phase(&self, id: &PhaseId) -> Option<&Phase> {
        self.phases.iter().chain(self.rollbacks.iter().flat_map(|plan| &plan.phases)).find(|phase| &phase.id == id)
    }

    /// The step of that name in that phase.
    pub fn step(&self, phase: &PhaseId, step: &StepId) -> Option<&Step> {
        self.phase(phase)?.steps.iter().find(|candidate| &candidate.id == step)
    }

    /// The rollback plan of that name.
    pub fn rollback(&self, id: &RollbackId) -> Option<&Rollback> {
        self.rollbacks.iter().find(|plan| &plan.id == id)
    }

    /// The input of that name.
    pub fn input(&self, id: &InputId) -> Option<&Input> {
        self.inputs.iter().find(|input| &input.id == id)
    }
}
