//! What a step disturbs: a row of the board that turns bad because of it is expected to, for a while.
//!
//! Only how it is told hangs on that: guards and gates look at the row as it is.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::Value;

use crate::clock::Timestamp;
use crate::engine::event::{ConditionId, Event, Item, Tri};
use crate::engine::observe::{Ended, JobId};
use crate::engine::state::RunState;
use crate::runbook::{Action, Disturbance, Others, PhaseId, ProbeId, Runbook, Step, StepId, StepKey};

/// How a row of the board turned, by the records alone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Turn {
    /// When it became ok last.
    pub ok_since: Timestamp,
    /// When it stopped being ok after that.
    pub not_ok_since: Option<Timestamp>,
    /// Whether it has been sensed in this sitting.
    pub is_sensed: bool,
    /// When a check that looks at it passed last while it was ok.
    pub seen_well: Option<Timestamp>,
}

impl Turn {
    /// The row's condition came to that; a row that was never ok has not turned.
    pub(crate) fn after(turn: Option<Self>, truth: Tri, at: Timestamp) -> Option<Self> {
        match (turn, truth) {
            (_, Tri::True) => {
                let seen_well = turn.and_then(|turn| turn.seen_well);
                Some(Self { ok_since: at, not_ok_since: None, is_sensed: true, seen_well })
            }
            (Some(turn), _) => Some(Self { not_ok_since: turn.not_ok_since.or(Some(at)), is_sensed: true, ..turn }),
            (None, _) => None,
        }
    }
}

/// What is to be made of a row that is not ok.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turned {
    /// A step disturbs it.
    Expected {
        /// For so long it still may.
        left: Duration,
    },
    /// A step disturbed it, and it should be ok again.
    Overdue {
        /// Since when it should.
        since: Timestamp,
    },
    /// It was ok, and nothing that was done explains why it is not.
    Unexpected {
        /// Since when it is not.
        since: Timestamp,
    },
}

impl Turned {
    /// Since when somebody should look at it; `None` while it is expected.
    pub const fn alarm(self) -> Option<Timestamp> {
        match self {
            Self::Expected { .. } => None,
            Self::Overdue { since } | Self::Unexpected { since } => Some(since),
        }
    }
}

/// How many starts of one step for one item are kept: the first, and the latest.
const MAX_STARTS: usize = 16;

/// When each step that disturbs something began to, and whom. What is opened again later closes no such time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Disturbed {
    of: BTreeMap<(PhaseId, StepId), OfStep>,
    /// Of each check the probes that it looks at; `None`: all.
    checks: BTreeMap<(PhaseId, StepId), Option<Vec<String>>>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct OfStep {
    /// Whether a command does it; else a person.
    is_run: bool,
    /// By the name on the board, in order; `None`: all rows are meant.
    starts: BTreeMap<Option<String>, Vec<Start>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Start {
    at: Timestamp,
    /// The command that was started.
    job: Option<JobId>,
}

impl Disturbed {
    /// Nothing is disturbed yet.
    pub(crate) fn new(runbook: &Runbook) -> Self {
        let plans = runbook.phases.iter().chain(runbook.rollbacks.iter().flat_map(|plan| &plan.phases));
        let steps = plans.flat_map(|phase| phase.steps.iter().map(|step| (phase.id.clone(), step)));
        let of = |step: &Step| OfStep { is_run: matches!(step.action, Action::Run { .. }), starts: BTreeMap::new() };
        let checks = steps.clone().filter_map(|(phase, step)| {
            let Action::Check { holds, .. } = &step.action else { return None };
            let probes = (!holds.reads().is_whole("health")).then(|| holds.probes());
            Some(((phase, step.id.clone()), probes))
        });
        let checks = checks.collect();
        let disturbing = steps.filter(|(_, step)| step.disturbs.is_some());
        Self { of: disturbing.map(|(phase, step)| ((phase, step.id.clone()), of(step))).collect(), checks }
    }

    fn of(&mut self, key: &StepKey) -> Option<&mut OfStep> {
        self.of.get_mut(&(key.phase.clone(), key.step.clone()))
    }
}

impl OfStep {
    fn start(&mut self, node: Option<String>, start: Start) {
        let starts = self.starts.entry(node).or_default();
        starts.push(start);
        if starts.len() > MAX_STARTS {
            starts.remove(1);
        }
    }

    /// A command could not be started after all.
    fn take_back(&mut self, job: JobId) {
        self.starts.values_mut().for_each(|starts| starts.retain(|start| start.job != Some(job)));
        self.starts.retain(|_, starts| !starts.is_empty());
    }
}

impl RunState {
    /// Notes what begins to be disturbed with this event: when its command starts, or, when a person acts, when the
    /// step begins. Of one that takes its items together each is disturbed by its own command.
    pub(crate) fn note_disturbed(&mut self, event: &Event) {
        let (key, item, job) = match event {
            Event::CommandStarted { step, job, item, .. } => (step, item.as_ref(), Some(*job)),
            Event::StepBegan { step, .. } | Event::StepRetried { step, .. } => (step, None, None),
            Event::CommandFinished { step, job, ended: Ended::NotStarted(_), .. } => {
                if let Some(of) = self.disturbed.of(step) {
                    of.take_back(*job);
                }
                return;
            }
            _ => return,
        };
        if self.disturbed.of(key).is_none_or(|of| of.is_run != job.is_some()) {
            return;
        }
        let node = match item {
            Some(item) => self.nodes(key).iter().find(|node| node.name.as_ref() == Some(item)).and_then(name),
            None => self.item(key).and_then(|known| name(&known.item)),
        };
        let (node, at) = (node.map(str::to_owned), self.at);
        if let Some(of) = self.disturbed.of(key) {
            of.start(node, Start { at, job });
        }
    }
}

impl RunState {
    /// A check passed: the rows that it looks at and that are ok have been seen well, whatever disturbed them before.
    pub(crate) fn note_seen_well(&mut self, key: &StepKey) {
        let Some(probes) = self.disturbed.checks.get(&(key.phase.clone(), key.step.clone())) else { return };
        for (id, turn) in &mut self.turns {
            let ConditionId::Health(probe, _) = id else { continue };
            let is_read = probes.as_ref().is_none_or(|probes| probes.iter().any(|name| name == probe.as_str()));
            if is_read && turn.not_ok_since.is_none() {
                turn.seen_well = Some(self.at);
            }
        }
    }
}

/// The time in which a step may disturb what it names.
struct Window<'a> {
    probes: &'a [ProbeId],
    /// The only item that is meant; `None`: all.
    node: Option<&'a str>,
    /// Whether it is about the rows of other nodes, which may come and go in it.
    is_of_others: bool,
    from: Timestamp,
    /// Until then a row may turn bad in it.
    turns_until: Timestamp,
    /// Until then a row that turned bad in it should be ok again: the latest start gives it its time anew.
    until: Timestamp,
}

/// The rows that are not ok although they were, or that a step is allowed to disturb, and what is to be made of each.
pub fn turned(runbook: &Runbook, state: &RunState, now: Timestamp) -> Vec<(ConditionId, Turned)> {
    let windows = windows(runbook, state);
    let mut found = Vec::new();
    for (id, known) in &state.conditions {
        let ConditionId::Health(probe, node) = id else { continue };
        // What has not been sensed in this sitting yet says nothing.
        let is_sensed = known.truth == Tri::False || state.turns.get(id).is_some_and(|turn| turn.is_sensed);
        if known.truth != Tri::True && is_sensed {
            let its = windows.iter().filter(|window| window.is_about(probe, node.as_deref()));
            found.extend(judge(state.turns.get(id), its, now).map(|turned| (id.clone(), turned)));
        }
    }
    found
}

fn judge<'w>(turn: Option<&Turn>, windows: impl Iterator<Item = &'w Window<'w>>, now: Timestamp) -> Option<Turned> {
    let open: Vec<_> = windows.filter(|window| turn.is_none_or(|turn| window.is_open_to(turn))).collect();
    let until = open.iter().map(|window| window.until).max();
    let expected = until.filter(|until| *until > now).map(|until| Turned::Expected { left: until.since(now) });
    let Some(since) = turn.and_then(|turn| turn.not_ok_since) else { return expected };
    let is_caused = open.iter().any(|window| window.from <= since && since < window.turns_until);
    match (is_caused, until) {
        (true, Some(until)) => expected.or(Some(Turned::Overdue { since: until })),
        _ => Some(Turned::Unexpected { since }),
    }
}

impl Window<'_> {
    fn is_about(&self, probe: &ProbeId, node: Option<&str>) -> bool {
        let is_its = self.node.is_none() || node.is_none() || self.node == node;
        is_its && self.probes.contains(probe)
    }

    /// It is over for a row that has become ok in it, or that a check saw ok after it began. Rows of other nodes come and
    /// go, as in an election: for them it lasts its time.
    fn is_open_to(&self, turn: &Turn) -> bool {
        let is_unseen = turn.seen_well.is_none_or(|seen| seen <= self.from);
        self.is_of_others || (is_unseen && turn.ok_since <= self.from)
    }
}

/// Every time in which a step disturbed something.
fn windows<'a>(runbook: &'a Runbook, state: &'a RunState) -> Vec<Window<'a>> {
    let mut windows = Vec::new();
    for ((phase, step), of) in &state.disturbed.of {
        let disturbs = runbook.step(phase, step).and_then(|step| step.disturbs.as_ref());
        let Some(Disturbance { probes, length, others }) = disturbs else { continue };
        for (node, starts) in &of.starts {
            windows.extend(windows_of(starts, (probes, *length), node.as_deref(), false));
            if let Some(Others { probes, length }) = others {
                windows.extend(windows_of(starts, (probes, *length), None, true));
            }
        }
    }
    windows
}

fn windows_of<'a>(
    starts: &[Start],
    (probes, length): (&'a [ProbeId], Duration),
    node: Option<&'a str>,
    is_of_others: bool,
) -> impl Iterator<Item = Window<'a>> {
    let until = starts.iter().map(|start| start.at.plus(length)).max().unwrap_or_default();
    let window = move |start: &Start| {
        let (from, turns_until) = (start.at, start.at.plus(length));
        Window { probes, node, is_of_others, from, turns_until, until }
    };
    starts.iter().map(window)
}

/// What an item is called on the board.
fn name(item: &Item) -> Option<&str> {
    item.value.get("name").and_then(Value::as_str).or(item.name.as_deref())
}
