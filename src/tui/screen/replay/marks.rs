//! What is marked on the timeline: where a person overruled the machine, what failed, what was remarked.

use std::time::Duration;

use crate::clock::Timestamp;
use crate::engine::{Changed, ConditionId, DeviationKind, Event, Record, Tri, is_left_undone};
use crate::tui::keymap::Action;
use crate::tui::theme::Meaning;

/// From which time between two records on nothing happened for long.
pub const GAP: Duration = Duration::from_secs(5 * 60);

/// What a record is marked as. The later of two is drawn where there is room for one only.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Somebody sat down.
    Sitting,
    /// A remark.
    Note,
    /// A guard does not hold any more.
    Guard,
    /// The way back was entered, or a phase opened anew.
    Back,
    /// A person overruled the machine.
    Deviation,
    /// A step failed or has reverted.
    Failure,
    /// A reviewer remarked on it.
    Remark,
}

/// All of them, in the order in which they are told.
pub const KINDS: [Kind; 7] =
    [Kind::Remark, Kind::Deviation, Kind::Failure, Kind::Guard, Kind::Note, Kind::Sitting, Kind::Back];

impl Kind {
    /// What that record is, if it is marked.
    pub fn of(event: &Event) -> Option<Self> {
        match event {
            Event::StepSkipped { .. }
            | Event::StepOverridden { .. }
            | Event::StepDeferred { .. }
            | Event::StepDisputed { .. }
            | Event::VerificationWaived { .. }
            | Event::WaitCut { .. }
            | Event::GuardAcknowledged { .. } => Some(Self::Deviation),
            Event::StepFailed { .. } | Event::CheckReverted { .. } => Some(Self::Failure),
            Event::NoteAdded { .. } => Some(Self::Note),
            Event::ConditionChanged { condition: ConditionId::Guard(_), truth: Tri::False, .. } => Some(Self::Guard),
            Event::SittingOpened { .. } => Some(Self::Sitting),
            Event::RollbackEntered { .. } | Event::StepsReopened { .. } => Some(Self::Back),
            _ => None,
        }
    }

    /// What a record is that says that a condition changed.
    pub fn of_change(changed: &Changed<'_>) -> Option<Self> {
        (changed.truth == Tri::False && changed.condition.starts_with("guard/")).then_some(Self::Guard)
    }

    /// Its letter on the timeline.
    pub const fn letter(self) -> &'static str {
        match self {
            Self::Sitting => "S",
            Self::Note => "N",
            Self::Guard => "G",
            Self::Back => "B",
            Self::Deviation => "D",
            Self::Failure => "F",
            Self::Remark => "R",
        }
    }

    /// In a word, for one and for many.
    pub const fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Sitting => ("sitting", "sittings"),
            Self::Note => ("note", "notes"),
            Self::Guard => ("guard break", "guard breaks"),
            Self::Back => ("way back", "ways back"),
            Self::Deviation => ("deviation", "deviations"),
            Self::Failure => ("failure", "failures"),
            Self::Remark => ("remark", "remarks"),
        }
    }

    /// How it looks.
    pub const fn meaning(self) -> Meaning {
        match self {
            Self::Sitting => Meaning::Current,
            Self::Note | Self::Remark => Meaning::Note,
            Self::Guard => Meaning::Degraded,
            Self::Back | Self::Deviation => Meaning::Deviation,
            Self::Failure => Meaning::Failed,
        }
    }

    /// The action that goes to the next one.
    pub const fn action(self) -> Action {
        match self {
            Self::Sitting => Action::NextSitting,
            Self::Note => Action::NextNote,
            Self::Guard => Action::NextGuard,
            Self::Back => Action::NextBack,
            Self::Deviation => Action::NextDeviation,
            Self::Failure => Action::NextFailure,
            Self::Remark => Action::NextRemark,
        }
    }
}

/// What an action jumps to: which kind, `None` being all of them, and whether forward.
pub const fn jump(action: Action) -> Option<(Option<Kind>, bool)> {
    Some(match action {
        Action::NextMark => (None, true),
        Action::PreviousMark => (None, false),
        Action::NextSitting => (Some(Kind::Sitting), true),
        Action::PreviousSitting => (Some(Kind::Sitting), false),
        Action::NextNote => (Some(Kind::Note), true),
        Action::PreviousNote => (Some(Kind::Note), false),
        Action::NextGuard => (Some(Kind::Guard), true),
        Action::PreviousGuard => (Some(Kind::Guard), false),
        Action::NextBack => (Some(Kind::Back), true),
        Action::PreviousBack => (Some(Kind::Back), false),
        Action::NextDeviation => (Some(Kind::Deviation), true),
        Action::PreviousDeviation => (Some(Kind::Deviation), false),
        Action::NextFailure => (Some(Kind::Failure), true),
        Action::PreviousFailure => (Some(Kind::Failure), false),
        Action::NextRemark => (Some(Kind::Remark), true),
        Action::PreviousRemark => (Some(Kind::Remark), false),
        _ => return None,
    })
}

/// The marked records of a journal, and where nothing happened for long; all by the records' numbers.
#[derive(Clone, Debug, Default)]
pub struct Marks {
    /// What is marked, in order.
    pub marks: Vec<(usize, Kind)>,
    /// The records before which there is a gap.
    pub gaps: Vec<usize>,
    last: Option<Timestamp>,
    /// The last moment at which steps were left out, and the records of it.
    skipped: (Timestamp, Vec<usize>),
}

impl Marks {
    /// Takes in the next record, that is marked as this.
    pub fn take(&mut self, number: usize, at: Timestamp, kind: Option<Kind>) {
        self.marks.extend(kind.map(|kind| (number, kind)));
        if self.last.is_some_and(|last| at.since(last) >= GAP) {
            self.gaps.push(number);
        }
        self.last = Some(at);
    }

    /// The steps that a run leaves undone when it is given up are no marks.
    pub fn leave_undone(&mut self, number: usize, record: &Record) {
        match &record.event {
            Event::StepSkipped { .. } if self.skipped.0 == record.at => self.skipped.1.push(number),
            Event::StepSkipped { .. } => self.skipped = (record.at, vec![number]),
            Event::RunClosed { outcome, .. } => {
                let (at, skipped) = std::mem::take(&mut self.skipped);
                if is_left_undone(DeviationKind::Skip, at, Some((*outcome, record.at))) {
                    self.marks.retain(|(number, _)| skipped.binary_search(number).is_err());
                }
            }
            _ => {}
        }
    }

    /// Reviewers remarked on these records.
    pub fn remark(&mut self, records: impl Iterator<Item = usize>) {
        self.marks.retain(|(_, kind)| *kind != Kind::Remark);
        self.marks.extend(records.map(|record| (record, Kind::Remark)));
        self.marks.sort_unstable();
        self.marks.dedup();
    }

    /// How many there are of one kind.
    pub fn count(&self, kind: Kind) -> usize {
        self.marks.iter().filter(|(_, of)| *of == kind).count()
    }

    /// The nearest one after or before that record.
    pub fn next(&self, from: usize, kind: Option<Kind>, is_forward: bool) -> Option<usize> {
        let mut wanted = self.marks.iter().filter(|(_, of)| kind.is_none_or(|kind| kind == *of)).map(|(at, _)| *at);
        if is_forward { wanted.find(|at| *at > from) } else { wanted.take_while(|at| *at < from).last() }
    }
}
