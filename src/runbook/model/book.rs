//! The book itself: inputs, guards, phases, steps, ways back.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::runbook::expr::Expr;
use crate::runbook::id::{GuardId, InputId, PhaseId, ProbeId, RollbackId, RunbookId, StepId};
use crate::runbook::model::{Action, ActionKind, Probe};
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

/// How the items of a phase are taken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Order {
    /// One item after the other, each through all steps.
    #[default]
    OneByOne,
    /// All at once: each step is walked once and concerns all items; a command runs once per item.
    Together,
    /// One item after the other; the steps of each in whichever order a person takes them up.
    Any,
}

/// A group of steps, walked once or once per item.
#[derive(Clone, Debug)]
pub struct Phase {
    /// Its name.
    pub id: PhaseId,
    /// One line for people.
    pub title: Template,
    /// The items, evaluated when the phase opens and then fixed in the journal. All but the last are
    /// `[ … ] | .[:-1][]`, and a phase behind it takes the last with `[ … ] | .[-1]`.
    pub for_each: Option<Expr>,
    /// In a loop in a loop: the items within one item of `for_each`, which it sees as `.group`; evaluated when that
    /// one's turn comes, and then fixed in the journal too.
    pub inner: Option<Expr>,
    /// How its items are taken.
    pub order: Order,
    /// Evaluated as each item's turn comes (once, without `for_each` or when they are taken together); false: its
    /// steps are not applicable.
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
    /// What it makes bad for a while.
    pub disturbs: Option<Disturbance>,
    /// May be put off until this later phase of its plan opens.
    pub defer: Option<PhaseId>,
    /// Who acts, when it is not the operator.
    pub actor: Option<Template>,
    /// A second person verifies it.
    pub verify: Option<Verify>,
    /// What is to be watched as long as it is current.
    pub watch: Vec<Watch>,
    /// The action.
    pub action: Action,
}

impl Step {
    /// Whether it says of itself that it changes something: it runs a command, disturbs, is critical or irreversible.
    pub const fn changes_something(&self) -> bool {
        self.critical || self.irreversible || self.disturbs.is_some() || matches!(self.action, Action::Run { .. })
    }
}

/// What is to be watched while a step is done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Watch {
    /// All rows of a probe.
    Probe(ProbeId),
    /// A guard.
    Guard(GuardId),
}

/// How a second person verifies a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verify {
    /// At the same moment: the step is done when both have said what they saw.
    Peer,
    /// Later, on their own: the step is done, but the run is not completed before.
    Independent,
}

impl Verify {
    /// The word of the format.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Peer => "peer",
            Self::Independent => "independent",
        }
    }
}

/// What a step makes bad for a while, so that nobody is alarmed by it before the time is over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Disturbance {
    /// The probes; in a loop only the rows of the item's own node.
    pub probes: Vec<ProbeId>,
    /// For how long: from the start of its command, or from its beginning where a person acts.
    pub length: Duration,
    /// What it makes bad of all other nodes besides.
    pub others: Option<Others>,
}

/// What a step makes bad of other nodes than its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Others {
    /// The probes: every row of them.
    pub probes: Vec<ProbeId>,
    /// For how long, from the same moment.
    pub length: Duration,
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

    /// The title of what a step watches.
    pub fn watched<'a>(&'a self, watch: &'a Watch) -> &'a str {
        match watch {
            Watch::Probe(id) => {
                self.health.iter().find(|probe| &probe.id == id).map_or(id.as_str(), |probe| probe.title.as_str())
            }
            Watch::Guard(id) => {
                self.guards.iter().find(|guard| &guard.id == id).map_or(id.as_str(), |guard| guard.title.as_str())
            }
        }
    }

    /// Why a value of the right kind does not fit all the same: the commands put a `v` before that version themselves.
    pub fn misfit(&self, input: &Input, value: &Value) -> Option<&'static str> {
        let has_one =
            input.kind == InputKind::Version && value.as_str().is_some_and(|text| text.trim().starts_with('v'));
        let used = format!("v{{{{ .inputs.{} }}}}", input.id);
        let puts_one =
            |text: &str| text.match_indices(&used).any(|(at, _)| !text[..at].ends_with(|c: char| c.is_alphanumeric()));
        let mut defaults = self.inputs.iter().filter_map(|input| input.default.as_ref());
        (has_one && defaults.any(|default| puts_one(&default.to_string())))
            .then_some("give it without the v: the runbook's commands put one before it")
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
