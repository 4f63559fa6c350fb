//! What a step asks for.

use std::time::Duration;

use crate::runbook::expr::Expr;
use crate::runbook::id::PhaseId;
use crate::runbook::model::{Argv, Condition, HeaderValue, InputKind};
use crate::runbook::template::Template;

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
        /// For how long with breaks, instead of `hold`: it goes on over sittings.
        soak: Option<Box<Soak>>,
        /// After this long it fails; `None`: it waits for ever.
        timeout: Option<Duration>,
        /// What is told where it does not hold, in the author's words.
        why: String,
    },
    /// A plain timer, from the beginning of the step. A wait that begins with something observed, and starts again
    /// when that flaps, is a check with `hold`.
    Wait(Duration),
    /// A decision between named ways. It is read as `.choices.<id of the step>`, so that id is unique over the
    /// choices of the whole book; its question is the step's title.
    Choose(Vec<Way>),
    /// A hold point: another person than the one who acts lets the run go on.
    Release {
        /// Who that is, in the author's words.
        who: String,
    },
    /// The backward edge: a person reopens everything from this phase on, which comes before the step's own or is it.
    Restart(PhaseId),
}

/// How long a check must hold when it goes on over sittings, and how much of that time must have been seen.
#[derive(Clone, Debug)]
pub struct Soak {
    /// From the first moment at which it was sensed to hold.
    pub length: Duration,
    /// How much of the time that passed must have been sensed to hold, in percent.
    pub coverage: u8,
    /// A number whose worst value is kept.
    pub worst: Option<Worst>,
}

/// A number that is looked at while a check soaks.
#[derive(Clone, Debug)]
pub struct Worst {
    /// What it counts, for people.
    pub title: String,
    /// The number.
    pub is: Expr,
    /// Which of two values is the worse one.
    pub side: Worse,
}

/// Which of two values is the worse one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Worse {
    /// The higher.
    Higher,
    /// The lower.
    Lower,
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
    /// See [`Action::Restart`].
    Restart,
}

impl ActionKind {
    /// All of them, in the order in which they are told.
    pub const ALL: [Self; 8] =
        [Self::Confirm, Self::Ask, Self::Run, Self::Check, Self::Wait, Self::Choose, Self::Release, Self::Restart];

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
            Self::Restart => "restart",
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
            Self::Restart(_) => ActionKind::Restart,
        }
    }

    /// Whether piton itself observes its end, so that nobody may tick it by hand.
    pub const fn is_sensed(&self) -> bool {
        matches!(self, Self::Check { .. } | Self::Wait(_))
    }
}
