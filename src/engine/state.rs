//! A run's state: the fold of its records, and nothing else.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Map, Value};

use crate::clock::Timestamp;
use crate::engine::began::Began;
use crate::engine::board::Board;
use crate::engine::cautions::CautionsOfLoops;
use crate::engine::deviation::Deviation;
use crate::engine::disturb::{Disturbed, Turn};
use crate::engine::event::{CommandLine, ConditionId, Counts, Item, Outcome, RunOpened, Tri};
use crate::engine::evidence::Attached;
use crate::engine::grown::Grown;
use crate::engine::observe::{JobId, Output};
use crate::engine::planned::unbound;
use crate::engine::rehearsal::Happening;
use crate::engine::relied::Relied;
use crate::engine::restart::{Before, Given};
use crate::engine::signed::Opening;
use crate::engine::soak::SoakState;
use crate::engine::together::{Batch, ItemResult};
use crate::engine::verified::{Unverified, Verified, Waived};
use crate::runbook::{GuardId, PhaseId, ProbeId, RollbackId, Runbook, StepId, StepKey, Verify};

/// Everything that is known of a run.
#[derive(Clone, Debug, PartialEq)]
pub struct RunState {
    /// The run's head; `None` before the first record.
    pub opened: Option<Arc<RunOpened>>,
    /// When it was opened.
    pub opened_at: Timestamp,
    /// The last record's number.
    pub seq: u64,
    /// The last record's time.
    pub at: Timestamp,
    /// The open sitting.
    pub sitting: Option<Sitting>,
    /// How many sittings there were.
    pub sittings: u32,
    /// The phases of the plan, then of every rollback plan.
    pub phases: Vec<PhaseState>,
    /// Every probe of the runbook, those that ask nobody here included.
    pub probes: Vec<ProbeId>,
    /// Which plan is walked.
    pub plan: Plan,
    /// The current step.
    pub current: Option<StepKey>,
    /// Where the step began that began last.
    pub opening: Option<Opening>,
    /// The commands that run: more than one only in a phase that takes its items together.
    pub running: Vec<RunningJob>,
    /// The commands of a step that takes its items together, from when they were approved until all have ended.
    pub batch: Option<Batch>,
    /// How many commands were started.
    pub jobs: u64,
    /// What is known of each condition; one that is absent is unknown.
    pub conditions: BTreeMap<ConditionId, Standing>,
    /// Since when guards do not hold, as far as anybody saw; a sitting that begins changes nothing of it.
    pub broken: BTreeMap<GuardId, Timestamp>,
    /// How each row of the board turned.
    pub turns: BTreeMap<ConditionId, Turn>,
    /// What its steps disturbed, and since when.
    pub disturbed: Disturbed,
    /// The checks that passed since something was changed: what they sensed has to be so still.
    pub relied: Relied,
    /// Values given and captured, by name.
    pub answers: Map<String, Value>,
    /// Where those come from.
    pub given: Given,
    /// How the steps stood that were reopened.
    pub before: BTreeMap<StepKey, Before>,
    /// What a second person has yet to verify.
    pub unverified: BTreeMap<StepKey, Unverified>,
    /// For how long steps were the current one of this sitting that were left for another one since.
    pub looked: BTreeMap<StepKey, Duration>,
    /// The decisions that stand, by the names of their choices.
    pub choices: BTreeMap<String, Chosen>,
    /// What was really begun on which item.
    pub began: Began,
    /// The cautions that were read in loops.
    pub cautions: CautionsOfLoops,
    /// Where a person overruled the machine, in order.
    pub deviations: Grown<Deviation>,
    /// Remarks, in order.
    pub notes: Grown<Note>,
    /// Files that are evidence.
    pub attached: Grown<Attached>,
    /// In a practice run: what happened beside its steps, in order.
    pub happenings: Grown<(Timestamp, Happening)>,
    /// The board as last recorded.
    pub board: Board,
    /// The end.
    pub closed: Option<Closed>,
}

/// Which plan is walked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Plan {
    /// The runbook's own phases.
    Main,
    /// This way back.
    Rollback(RollbackId),
}

/// One person at one terminal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sitting {
    /// Who.
    pub operator: String,
    /// On which host.
    pub host: String,
    /// Since when.
    pub since: Timestamp,
}

/// A phase and its items.
#[derive(Clone, Debug, PartialEq)]
pub struct PhaseState {
    /// Its name.
    pub id: PhaseId,
    /// The plan it belongs to.
    pub plan: Plan,
    /// Its steps as they are planned, in order.
    pub steps: Arc<[Planned]>,
    /// Whether its items are fixed. Before, it has one item that stands for those to come.
    pub is_bound: bool,
    /// Whether it is a loop in a loop.
    pub is_nested: bool,
    /// Whether the steps of a pass may be taken in any order.
    pub any_order: bool,
    /// The outer items of a loop in a loop, once they are fixed.
    pub groups: Vec<Group>,
    /// Its items; for a group that is not bound yet, one that stands for those to come and is named as the group. Of a
    /// phase that takes them together, the one pass for all.
    pub items: Vec<ItemState>,
    /// What it takes together, once that is known; `None` in any other phase.
    pub together: Option<Vec<Item>>,
}

/// What a step is before anything is known of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Planned {
    /// Its name within the phase.
    pub id: StepId,
    /// Whether it is a check that soaks.
    pub is_soak: bool,
    /// How a second person verifies it.
    pub verify: Option<Verify>,
}

/// An outer item of a loop in a loop.
#[derive(Clone, Debug, PartialEq)]
pub struct Group {
    /// What it is, bound to `.group`.
    pub item: Item,
    /// Whether its inner items are fixed; there may be none.
    pub is_bound: bool,
}

/// One pass through a phase.
#[derive(Clone, Debug, PartialEq)]
pub struct ItemState {
    /// What it is for; named `outer/inner` in a loop in a loop.
    pub item: Item,
    /// Its place among the phase's groups, in a loop in a loop.
    pub group: Option<usize>,
    /// Its steps in order; those that do not differ are shared by all copies of a state.
    pub steps: Vec<Arc<StepState>>,
}

/// One step of one item.
#[derive(Clone, Debug, PartialEq)]
pub struct StepState {
    /// Its name within the phase.
    pub id: StepId,
    /// How it stands.
    pub status: StepStatus,
    /// Which attempt, from 1; 0 before it began.
    pub attempt: u32,
    /// When this attempt began.
    pub began: Option<Timestamp>,
    /// When it came to its status.
    pub ended: Option<Timestamp>,
    /// Whether its cautions were read.
    pub cautions_read: bool,
    /// The sha256 of each of them as it read then; empty where that was not recorded.
    pub cautions_as_read: Vec<String>,
    /// How often they were read, because they read otherwise.
    pub readings: u32,
    /// Whether an attempt of it failed, also when it was tried again since.
    pub has_failed: bool,
    /// What was said of it: the statement, the reason, or why it failed or does not apply.
    pub said: String,
    /// Who brought it to its status.
    pub by: String,
    /// Who did it, where that was another.
    pub doer: Option<String>,
    /// How a second person verifies it.
    pub verify: Option<Verify>,
    /// That person's word.
    pub verified: Option<Verified>,
    /// That nobody verified it, and the run went on without.
    pub waived: Option<Box<Waived>>,
    /// How its soak stands, when it is a check that soaks.
    pub soak: Option<Box<SoakState>>,
    /// Whether it is done anew, or goes on behind what is: it begins without being asked again whether it applies.
    pub is_renewed: bool,
    /// How often its evidence was done anew.
    pub renewals: u32,
    /// Every person who did something in it, as `operator@host`, in the order of the first deed.
    pub actors: Vec<String>,
    /// What became of each item, by name, in a step that takes them together.
    pub results: BTreeMap<String, ItemResult>,
    /// Whether its last end was that of a wait that was cut short; see [`StepState::is_cut`].
    pub was_cut: bool,
    /// Who wanted what it runs to end, in this attempt.
    pub cancelled_by: Option<String>,
    /// What its last command printed, once that has ended.
    pub output: Option<Box<Kept>>,
}

/// The kept output of a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// The command.
    pub job: JobId,
    /// Where its output lies, and what it weighs.
    pub output: Output,
}

/// How a step stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum StepStatus {
    /// Not yet.
    Pending,
    /// It is the one.
    Current,
    /// As it should.
    Done,
    /// The run is interrupted here.
    Failed,
    /// Left out by a person.
    Skipped,
    /// Its condition did not hold.
    NotApplicable,
    /// Declared done by a person.
    Overridden,
    /// Put off by a person: it comes back.
    Deferred,
    /// A check that had passed and is not so any more, before anything was changed.
    Reverted,
}

impl StepStatus {
    /// The word that is shown and that expressions see.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Current => "current",
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Skipped => "skipped",
            Self::NotApplicable => "not_applicable",
            Self::Overridden => "overridden",
            Self::Deferred => "deferred",
            Self::Reverted => "reverted",
        }
    }

    /// Whether nothing is left to do about it.
    pub const fn is_accounted(self) -> bool {
        matches!(self, Self::Done | Self::Skipped | Self::NotApplicable | Self::Overridden)
    }

    /// Whether the walk goes on behind it: nothing is left to do about it, or not now.
    pub const fn is_passed(self) -> bool {
        self.is_accounted() || matches!(self, Self::Deferred | Self::Reverted)
    }
}

/// A decision that was taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chosen {
    /// The phase of the step that asked.
    pub phase: PhaseId,
    /// The name of the way.
    pub way: String,
}

/// A command that has started and of which no end is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunningJob {
    /// Its number.
    pub job: JobId,
    /// The step it belongs to.
    pub step: StepKey,
    /// The item that it runs for, in a phase that takes them together.
    pub item: Option<String>,
    /// What runs.
    pub command: CommandLine,
    /// Since when.
    pub since: Timestamp,
}

/// What is known of a condition.
#[derive(Clone, Debug, PartialEq)]
pub struct Standing {
    /// True, false or unknown.
    pub truth: Tri,
    /// Since when without a break.
    pub since: Timestamp,
    /// Why, in a few words.
    pub why: String,
    /// The values seen.
    pub seen: Value,
    /// A person goes on regardless, for this reason.
    pub acknowledged: Option<String>,
}

/// A remark.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// The record.
    pub seq: u64,
    /// When.
    pub at: Timestamp,
    /// Who.
    pub by: String,
    /// On which step.
    pub step: Option<StepKey>,
    /// What.
    pub text: String,
}

/// The end of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Closed {
    /// When.
    pub at: Timestamp,
    /// The word.
    pub outcome: Outcome,
    /// The reason given, if any.
    pub reason: String,
}

impl RunState {
    /// The state before the first record.
    pub fn new(runbook: &Runbook) -> Self {
        let main = runbook.phases.iter().map(|phase| unbound(phase, Plan::Main));
        let ways_back = runbook
            .rollbacks
            .iter()
            .flat_map(|plan| plan.phases.iter().map(|phase| unbound(phase, Plan::Rollback(plan.id.clone()))));
        Self {
            opened: None,
            opened_at: Timestamp::default(),
            seq: 0,
            at: Timestamp::default(),
            sitting: None,
            sittings: 0,
            phases: main.chain(ways_back).collect(),
            probes: runbook.health.iter().map(|probe| probe.id.clone()).collect(),
            plan: Plan::Main,
            current: None,
            opening: None,
            running: Vec::new(),
            batch: None,
            jobs: 0,
            conditions: BTreeMap::new(),
            broken: BTreeMap::new(),
            turns: BTreeMap::new(),
            disturbed: Disturbed::new(runbook),
            relied: Relied::new(runbook),
            answers: Map::new(),
            given: Given::default(),
            before: BTreeMap::new(),
            unverified: BTreeMap::new(),
            looked: BTreeMap::new(),
            choices: BTreeMap::new(),
            began: Began::new(runbook),
            cautions: CautionsOfLoops::default(),
            deviations: Grown::default(),
            notes: Grown::default(),
            attached: Grown::default(),
            happenings: Grown::default(),
            board: Board::default(),
            closed: None,
        }
    }

    /// The phases of the plan that is walked.
    pub fn walked(&self) -> impl Iterator<Item = &PhaseState> {
        self.phases.iter().filter(|phase| phase.plan == self.plan)
    }

    /// The phases that count: the plan's own, and those of the way back once it was entered.
    pub fn counted(&self) -> impl Iterator<Item = &PhaseState> {
        self.phases.iter().filter(|phase| phase.plan == Plan::Main || phase.plan == self.plan)
    }

    /// Whether a command runs, or is about to.
    pub fn is_running(&self) -> bool {
        !self.running.is_empty() || self.batch.is_some()
    }

    /// A step's state.
    pub fn step(&self, key: &StepKey) -> Option<&StepState> {
        self.item(key)?.steps.iter().map(Arc::as_ref).find(|step| step.id == key.step)
    }

    /// The item a step belongs to.
    pub fn item(&self, key: &StepKey) -> Option<&ItemState> {
        let phase = self.phases.iter().find(|phase| phase.id == key.phase)?;
        phase.items.iter().find(|item| item.item.name == key.item)
    }

    /// The outer item of the pass that a step belongs to, in a loop in a loop.
    pub fn group(&self, key: &StepKey) -> Option<&Group> {
        let phase = self.phases.iter().find(|phase| phase.id == key.phase)?;
        phase.groups.get(self.item(key)?.group?)
    }

    /// How many of the counted steps are in each state.
    pub fn counts(&self) -> Counts {
        let mut counts = Counts::default();
        for step in self.counted().flat_map(|phase| &phase.items).flat_map(|item| &item.steps) {
            let count = match step.status {
                StepStatus::Pending => &mut counts.pending,
                StepStatus::Current => &mut counts.current,
                StepStatus::Done => &mut counts.done,
                StepStatus::Failed => &mut counts.failed,
                StepStatus::Skipped => &mut counts.skipped,
                StepStatus::NotApplicable => &mut counts.not_applicable,
                StepStatus::Overridden => &mut counts.overridden,
                StepStatus::Deferred => &mut counts.deferred,
                StepStatus::Reverted => &mut counts.reverted,
            };
            *count += 1;
        }
        counts
    }

    /// How long a step has been the current one of this sitting, also before it was left for another one. While nobody
    /// sits, nothing is sensed.
    pub fn looked_at_for(&self, key: &StepKey, now: Timestamp) -> Duration {
        let sitting = self.sitting.as_ref().map(|sitting| sitting.since);
        let began = self.step(key).and_then(|step| step.began);
        let before = self.looked.get(key).copied().unwrap_or_default();
        before.saturating_add(now.since(began.max(sitting).filter(|_| began.is_some()).unwrap_or(now)))
    }

    /// What is known of a condition: true, false or unknown.
    pub fn truth(&self, condition: &ConditionId) -> Tri {
        self.conditions.get(condition).map_or(Tri::Unknown, |standing| standing.truth)
    }
}

impl PhaseState {
    /// The names of its steps, item by item, in the order in which they are walked.
    pub fn keys(&self) -> impl Iterator<Item = (StepKey, &StepState)> {
        self.items.iter().flat_map(move |item| {
            item.steps.iter().map(move |step| {
                let key = StepKey { phase: self.id.clone(), item: item.item.name.clone(), step: step.id.clone() };
                (key, &**step)
            })
        })
    }

    /// The first step that has not begun.
    pub(crate) fn next_pending(&self) -> Option<StepKey> {
        self.items.iter().find_map(|item| {
            let step = item.steps.iter().find(|step| step.status == StepStatus::Pending)?;
            Some(StepKey { phase: self.id.clone(), item: item.item.name.clone(), step: step.id.clone() })
        })
    }

    /// Whether its items are fixed and the walk goes on behind it.
    pub fn is_passed(&self) -> bool {
        self.is_bound && self.items.iter().flat_map(|item| &item.steps).all(|step| step.status.is_passed())
    }

    /// Whether its items are fixed and nothing is left to do in it.
    pub fn is_accounted(&self) -> bool {
        self.is_bound && self.items.iter().flat_map(|item| &item.steps).all(|step| step.status.is_accounted())
    }
}
