//! The alarms of a run: what somebody should know of now, by severity. They follow from the state and the board alone,
//! and each is there as long as its condition is; only whether it was seen is remembered here.

use std::cell::LazyCell;
use std::collections::HashMap;

use crate::clock::Timestamp;
use crate::engine::Gate;
use crate::engine::{Board, ConditionId, Hold, RunState, StepStatus, Tri, Turned, Verdict};
use crate::runbook::{ProbeId, Runbook, StepKey};
use crate::tui::message::Instants;
use crate::tui::screen::run::Run;
use crate::tui::widget::checklist::Tally;

/// How grave it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Good to know: it is expected, or was decided.
    Advisory,
    /// The service may suffer, or cannot be seen.
    Caution,
    /// Something is not as it must be, and nobody has answered for it.
    Warning,
}

/// What an alarm is about.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Subject {
    /// A guard, or a row of the board.
    Condition(ConditionId),
    /// A step.
    Step(StepKey),
}

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// A row of the board turned.
    Turned(Turned),
    /// A row of the board has not been ok in this run.
    NeverOk,
    /// A guard does not hold, or nobody knows.
    Guard,
    /// The run is interrupted by a step that failed.
    Failed,
    /// A check that had passed is not so any more.
    Reverted,
    /// A step was put off and comes back.
    PutOff,
}

/// Something that somebody should know of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alarm {
    /// How grave it is.
    pub severity: Severity,
    /// What it is about.
    pub subject: Subject,
    /// What happened.
    pub what: What,
    /// What the board says of the row now.
    pub word: &'static str,
    /// Whether it is known not to be as it should, or is not known at all.
    pub truth: Tri,
    /// Since when.
    pub since: Timestamp,
    /// Whether somebody answered for it, with a reason in the journal.
    pub is_acknowledged: bool,
}

/// How many alarms there are of each severity, and how many of them nobody has seen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AlarmCounts {
    /// Warnings, cautions, advisories.
    pub of: [usize; 3],
    /// Warnings and cautions that nobody has seen.
    pub unseen: usize,
}

/// All alarms of a state, the gravest first, the latest of these first.
pub(super) fn alarms(
    runbook: &Runbook,
    (state, tally): (&RunState, &Tally),
    board: &Board,
    turned: &[(ConditionId, Turned)],
) -> Vec<Alarm> {
    let mut found = of_rows(state, board, turned);
    for guard in &runbook.guards {
        let id = ConditionId::Guard(guard.id.clone());
        let Some(known) = state.conditions.get(&id) else { continue };
        // What has not been looked at in this sitting yet says nothing.
        let is_open = known.truth == Tri::False || (known.truth == Tri::Unknown && is_sensed(state, known.since));
        if !is_open {
            continue;
        }
        let is_acknowledged = known.acknowledged.is_some();
        let is_grave = known.truth == Tri::False && !is_acknowledged;
        // In a sitting before, if nobody has seen it hold since.
        let broken = state.broken.get(&guard.id).filter(|_| known.truth == Tri::False);
        found.push(Alarm {
            severity: if is_grave { Severity::Warning } else { Severity::Caution },
            subject: Subject::Condition(id),
            what: What::Guard,
            word: "",
            truth: known.truth,
            since: broken.copied().unwrap_or(known.since),
            is_acknowledged,
        });
    }
    if tally.all().iter().any(|(status, count)| *count > 0 && open_end(*status).is_some()) {
        found.extend(of_steps(state));
    }
    // Of many advisories those about rows that are bad come first.
    let is_slight = |alarm: &Alarm| alarm.severity == Severity::Advisory && alarm.word == Verdict::Degraded.word();
    found.sort_by_key(|alarm| std::cmp::Reverse((alarm.severity, !is_slight(alarm), alarm.since)));
    found
}

/// Whether something became unknown after the sitting began, not with it.
fn is_sensed(state: &RunState, since: Timestamp) -> bool {
    state.sitting.as_ref().is_some_and(|sitting| since > sitting.since)
}

fn of_rows(state: &RunState, board: &Board, turned: &[(ConditionId, Turned)]) -> Vec<Alarm> {
    let told: HashMap<&ConditionId, Turned> = turned.iter().map(|(id, turned)| (id, *turned)).collect();
    // Mostly all is well, and nobody is looked up.
    let verdicts: LazyCell<HashMap<(&ProbeId, Option<&String>), Verdict>, _> =
        LazyCell::new(|| board.rows.iter().map(|row| ((&row.probe, row.node.as_ref()), row.verdict)).collect());
    let alarm = |(id, known): (&ConditionId, &crate::engine::Standing)| {
        let ConditionId::Health(probe, node) = id else { return None };
        if known.truth == Tri::True {
            return None;
        }
        let turned = told.get(id).copied();
        // A row that came well meanwhile, or cannot be told, was bad.
        let verdict = verdicts.get(&(probe, node.as_ref())).filter(|verdict| **verdict == Verdict::Degraded);
        let verdict = verdict.copied().unwrap_or(Verdict::Bad);
        let severity = match turned {
            Some(Turned::Expected { .. }) => Severity::Advisory,
            Some(_) if known.truth == Tri::False && verdict == Verdict::Bad => Severity::Warning,
            Some(_) => Severity::Caution,
            None if known.truth == Tri::False => Severity::Advisory,
            None => return None,
        };
        let is_acknowledged = known.acknowledged.is_some();
        Some(Alarm {
            severity: if is_acknowledged { severity.min(Severity::Caution) } else { severity },
            subject: Subject::Condition(id.clone()),
            what: turned.map_or(What::NeverOk, What::Turned),
            word: verdict.word(),
            truth: known.truth,
            since: turned.and_then(Turned::alarm).unwrap_or(known.since),
            is_acknowledged,
        })
    };
    state.conditions.iter().filter_map(alarm).collect()
}

/// What is told of a step that stands so, where something is left open with it.
const fn open_end(status: StepStatus) -> Option<(Severity, What)> {
    match status {
        StepStatus::Failed => Some((Severity::Warning, What::Failed)),
        StepStatus::Reverted => Some((Severity::Warning, What::Reverted)),
        StepStatus::Deferred => Some((Severity::Advisory, What::PutOff)),
        _ => None,
    }
}

fn of_steps(state: &RunState) -> Vec<Alarm> {
    let alarm = |key: StepKey, severity, what, since| Alarm {
        severity,
        subject: Subject::Step(key),
        what,
        word: "",
        truth: Tri::False,
        since,
        is_acknowledged: false,
    };
    let items = state.counted().flat_map(|phase| phase.items.iter().map(move |item| (phase, item)));
    let steps = items.flat_map(|(phase, item)| item.steps.iter().map(move |step| (phase, item, step)));
    let of = steps.filter_map(|(phase, item, step)| {
        // Of the others not even a key is made: a run may have thousands of steps.
        let (severity, what) = open_end(step.status)?;
        let key = StepKey { phase: phase.id.clone(), item: item.item.name.clone(), step: step.id.clone() };
        Some(alarm(key, severity, what, step.ended.or(step.began).unwrap_or(state.at)))
    });
    of.collect()
}

impl Run {
    /// Whether somebody has seen an alarm, or answered for it.
    pub fn is_seen(&self, alarm: &Alarm) -> bool {
        alarm.is_acknowledged || self.seen.get(&alarm.subject) == Some(&alarm.since)
    }

    /// The alarms that nobody has seen yet and that nothing else on the screen tells, the gravest first.
    pub fn unseen(&self) -> impl Iterator<Item = &Alarm> {
        let grave = self.view.alarms.iter().take_while(|alarm| alarm.severity > Severity::Advisory);
        grave.filter(|alarm| !self.is_seen(alarm) && !self.is_told_anyway(alarm))
    }

    /// A step that failed is the current one; a guard or a check that holds it back is told with it.
    fn is_told_anyway(&self, alarm: &Alarm) -> bool {
        match &alarm.subject {
            Subject::Step(key) if alarm.what == What::Reverted => {
                let is_it = |hold: &Hold| matches!(hold, Hold::Reverted { step, .. } if step == key);
                matches!(&self.view.gate, Gate::Closed(holds) if holds.iter().any(is_it))
            }
            Subject::Step(_) => true,
            Subject::Condition(id @ ConditionId::Guard(_)) => {
                let is_it = |hold: &Hold| matches!(hold, Hold::Condition { condition, .. } if condition == id);
                matches!(&self.view.gate, Gate::Closed(holds) if holds.iter().any(is_it))
            }
            Subject::Condition(_) => false,
        }
    }

    /// How many alarms there are.
    pub fn alarm_counts(&self) -> AlarmCounts {
        let mut counts = AlarmCounts::default();
        for alarm in &self.view.alarms {
            let place = match alarm.severity {
                Severity::Warning => 0,
                Severity::Caution => 1,
                Severity::Advisory => 2,
            };
            counts.of[place] += 1;
            let is_new = alarm.severity > Severity::Advisory && alarm.what != What::Failed && !self.is_seen(alarm);
            counts.unseen += usize::from(is_new);
        }
        counts
    }

    /// The operator has seen what is told now.
    pub(super) fn see_alarms(&mut self) {
        // What is no alarm any more need not be remembered.
        let grave = self.view.alarms.iter().filter(|alarm| alarm.severity > Severity::Advisory);
        self.seen = grave.map(|alarm| (alarm.subject.clone(), alarm.since)).collect();
    }

    /// When the next second of what is expected is over.
    pub(super) fn next_overdue_ms(&self, now: Instants) -> Option<u64> {
        let passed = now.run.since(self.view.moment.at);
        let left = self.view.turned.iter().filter_map(|(_, turned)| match turned {
            Turned::Expected { left } => Some(left.saturating_sub(passed)),
            _ => None,
        });
        left.min().map(|left| u64::try_from(left.as_millis() % 1_000).unwrap_or_default().max(1))
    }
}
