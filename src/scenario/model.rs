//! What a scenario is once it is accepted.

use std::fmt;
use std::time::Duration;

use serde_json::{Map, Value};

/// A rehearsal with something to learn.
#[derive(Clone, Debug, PartialEq)]
pub struct Scenario {
    /// Its name within the runbook's.
    pub id: String,
    /// The runbook that is rehearsed.
    pub runbook: String,
    /// One line: how things stand and what is to be done. It is read before, and gives nothing away.
    pub title: String,
    /// What goes wrong, in one line, for the debrief; `None`: nothing does.
    pub trouble: Option<String>,
    /// What the trainee is to learn.
    pub learn: String,
    /// How many nodes; `None`: as many as the runbook needs.
    pub nodes: Option<u8>,
    /// The versions of the way: the one that runs, the stops, the target; empty: as the simulator has them.
    pub versions: Vec<String>,
    /// The seed, unless another is asked for.
    pub seed: Option<u64>,
    /// What goes wrong, and when.
    pub faults: Vec<Fault>,
    /// What counts as harm.
    pub harms: Vec<HarmRule>,
    /// What helps, and what it costs.
    pub hints: Vec<Hint>,
    /// How the right way ends, with its moves beside the straight way.
    pub right: Ending,
    /// How the wrong way ends, with its moves; `None`: there is none to show.
    pub wrong: Option<Ending>,
}

/// Something that goes wrong once.
#[derive(Clone, Debug, PartialEq)]
pub struct Fault {
    /// Its name within the scenario.
    pub id: String,
    /// The simulator's fault.
    pub fault: String,
    /// With what.
    pub with: Map<String, Value>,
    /// When.
    pub trigger: Trigger,
    /// How likely, in percent; the seed decides.
    pub chance: u8,
}

/// When a fault strikes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trigger {
    /// It stands from the start.
    Start,
    /// A step begins.
    Step(Pattern),
    /// So long after the run was opened.
    After(Duration),
    /// A command of the runbook, or one that was typed, holds this text.
    Command(String),
}

/// Which steps are meant: `phase/step`, or `phase[item]/step` for one item; `*` stands for any part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern {
    /// The phase.
    pub phase: String,
    /// The item; `None`: any.
    pub item: Option<String>,
    /// The step.
    pub step: String,
}

/// What one sort of harm costs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HarmRule {
    /// The simulator's sort of harm.
    pub kind: String,
    /// What is told of it.
    pub title: String,
    /// Points for each time it was done.
    pub points: u32,
    /// Points for each second of it beyond what is allowed, in thousandths.
    pub millipoints_a_second: u64,
    /// The most points.
    pub most: u32,
    /// For how long in all it is no harm.
    pub allowed: Duration,
    /// Only what still stands at the end counts.
    pub at_the_end: bool,
    /// The obligations that speak of it.
    pub obligations: Vec<String>,
}

/// Something that helps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hint {
    /// Its name within the scenario.
    pub id: String,
    /// At which steps it helps; `None`: at any.
    pub step: Option<Pattern>,
    /// What it costs.
    pub points: u32,
    /// What it says.
    pub text: String,
}

/// A way through the scenario and its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ending {
    /// The outcome's word.
    pub outcome: String,
    /// What that way is, for the debrief.
    pub told: String,
    /// The sorts of harm that it ends with.
    pub harm: Vec<String>,
    /// What is done beside the straight way.
    pub moves: Vec<Move>,
}

/// Something done at a step instead of what the straight way does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Move {
    /// At which step.
    pub step: Pattern,
    /// When.
    pub when: When,
    /// What.
    pub deed: Deed,
}

/// When a move is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// So long after the step began.
    Open(Duration),
    /// The step has failed.
    Failed,
}

/// What a move does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Deed {
    /// These commands are typed at the console, one after the other.
    Type(Vec<String>),
    /// The step is tried again.
    Retry,
    /// This way is taken where the step lets choose.
    Choose(String),
    /// This is answered where the step asks.
    Answer(String),
    /// The step is left out.
    Skip(String),
    /// The step is declared done.
    Override(String),
    /// Whatever holds the step back is acknowledged.
    Acknowledge(String),
    /// The way back of this name is entered.
    RollBack(String, String),
    /// The run is given up.
    Abandon(String),
}

impl Pattern {
    /// Reads `phase/step` or `phase[item]/step`.
    pub fn read(text: &str) -> Option<Self> {
        let (head, step) = text.rsplit_once('/')?;
        let (phase, item) = match head.split_once('[') {
            Some((phase, item)) => (phase, Some(item.strip_suffix(']')?.to_owned())),
            None => (head, None),
        };
        let is_whole = !phase.is_empty() && !step.is_empty() && item.as_deref() != Some("");
        is_whole.then(|| Self { phase: phase.to_owned(), item, step: step.to_owned() })
    }

    /// Whether the step of that name is meant: `phase/step` or `phase[item]/step`.
    pub fn is_met(&self, name: &str) -> bool {
        let Some(other) = Self::read(name) else { return false };
        self.is_in(&other.phase) && self.is_at(other.item.as_deref(), &other.step)
    }

    /// Whether steps of that phase are meant.
    pub fn is_in(&self, phase: &str) -> bool {
        fits(&self.phase, phase)
    }

    /// Whether, in a phase that is meant, that step of that item is.
    pub fn is_at(&self, item: Option<&str>, step: &str) -> bool {
        let its = self.item.as_ref().is_none_or(|pattern| item.is_some_and(|name| fits(pattern, name)));
        its && fits(&self.step, step)
    }
}

fn fits(pattern: &str, name: &str) -> bool {
    pattern == "*" || pattern == name
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.item {
            Some(item) => write!(f, "{}[{item}]/{}", self.phase, self.step),
            None => write!(f, "{}/{}", self.phase, self.step),
        }
    }
}

impl Deed {
    /// What is done, in words for people.
    pub fn told(&self) -> String {
        match self {
            Self::Type(lines) => format!("type `{}`", lines.join("`, then `")),
            Self::Retry => "try again".into(),
            Self::Choose(way) => format!("choose {way}"),
            Self::Answer(text) => format!("answer {text:?}"),
            Self::Skip(_) => "leave it out".into(),
            Self::Override(_) => "declare it done".into(),
            Self::Acknowledge(_) => "acknowledge what holds it back".into(),
            Self::RollBack(plan, _) => format!("go back by {plan}"),
            Self::Abandon(_) => "give the run up".into(),
        }
    }
}
