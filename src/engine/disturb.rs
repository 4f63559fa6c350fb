//! What a step disturbs: a row of the board that turns bad because of it is expected to, for a while.
//!
//! Only how it is told hangs on that: guards and gates look at the row as it is.

use std::time::Duration;

use serde_json::Value;

use crate::clock::Timestamp;
use crate::engine::event::{ConditionId, Item, Tri};
use crate::engine::state::{RunState, StepState};
use crate::runbook::{Action, Disturbance, ProbeId, Runbook, Step};

/// How a row of the board turned, by the records alone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Turn {
    /// When it became ok last.
    pub ok_since: Timestamp,
    /// When it stopped being ok after that.
    pub not_ok_since: Option<Timestamp>,
    /// Whether it has been sensed in this sitting.
    pub is_sensed: bool,
}

impl Turn {
    /// The row's condition came to that; a row that was never ok has not turned.
    pub(crate) fn after(turn: Option<Self>, truth: Tri, at: Timestamp) -> Option<Self> {
        match (turn, truth) {
            (_, Tri::True) => Some(Self { ok_since: at, not_ok_since: None, is_sensed: true }),
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

/// When the attempts at a step, or at one item of it, started their commands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Started {
    /// That of the first.
    pub first: Timestamp,
    /// That of the latest.
    pub latest: Timestamp,
}

impl Started {
    const fn at(at: Timestamp) -> Self {
        Self { first: at, latest: at }
    }

    /// A command was started at that attempt, after `before`.
    pub(crate) fn again(before: Option<Self>, attempt: u32, at: Timestamp) -> Self {
        let first = before.filter(|_| attempt > 1).map_or(at, |before| before.first);
        Self { first, latest: at }
    }
}

/// The time in which a step may disturb what it names.
struct Window<'a> {
    probes: &'a [ProbeId],
    /// The only item that is meant; `None`: all.
    node: Option<&'a str>,
    from: Timestamp,
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
    // A window is over for a row that has become ok in it.
    let open: Vec<_> = windows.filter(|window| turn.is_none_or(|turn| turn.ok_since <= window.from)).collect();
    let until = open.iter().map(|window| window.until).max();
    let expected = until.filter(|until| *until > now).map(|until| Turned::Expected { left: until.since(now) });
    let Some(since) = turn.and_then(|turn| turn.not_ok_since) else { return expected };
    let is_caused = open.iter().any(|window| window.from <= since && since < window.until);
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
}

/// Every time in which a step disturbed something.
fn windows<'a>(runbook: &'a Runbook, state: &'a RunState) -> Vec<Window<'a>> {
    let plans = runbook.phases.iter().chain(runbook.rollbacks.iter().flat_map(|plan| &plan.phases));
    let mut windows = Vec::new();
    for phase in plans.filter(|phase| phase.steps.iter().any(|step| step.disturbs.is_some())) {
        for known in state.phases.iter().filter(|known| known.id == phase.id) {
            let together = known.together.as_deref();
            for (item, (step, known)) in known.items.iter().flat_map(|item| {
                let steps = phase.steps.iter().zip(&item.steps);
                steps.map(move |step| (&item.item, step))
            }) {
                let Some(Disturbance { probes, length }) = &step.disturbs else { continue };
                let begun = starts(step, known, item, together);
                // What went bad at the first attempt is expected until the latest has had its time; what was ok in
                // between may go bad once more.
                windows.extend(begun.flat_map(|(node, Started { first, latest })| {
                    let until = latest.plus(*length);
                    [first, latest].map(|from| Window { probes, node, from, until })
                }));
            }
        }
    }
    windows
}

/// When a step began to disturb, and whom: when its command started, or, when a person acts, when it began. Of one that
/// takes its items together each is disturbed by its own command.
fn starts<'a>(
    step: &'a Step,
    known: &'a StepState,
    item: &'a Item,
    together: Option<&'a [Item]>,
) -> impl Iterator<Item = (Option<&'a str>, Started)> {
    let is_run = matches!(step.action, Action::Run { .. });
    let all = together.filter(|_| is_run).unwrap_or_default();
    let each = all.iter().filter_map(|item| {
        let result = known.results.get(item.name.as_deref()?)?;
        Some((name(item), result.started))
    });
    let begun = if is_run { known.started } else { known.began.map(Started::at) };
    begun.map(|begun| (name(item), begun)).into_iter().chain(each)
}

/// What an item is called on the board.
fn name(item: &Item) -> Option<&str> {
    item.value.get("name").and_then(Value::as_str).or(item.name.as_deref())
}
