//! Records and scenario → [`Debrief`].

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Serialize;

use crate::clock::Timestamp;
use crate::debrief::{Asked, Debrief, Deduction, FULL, HarmDone, Moment, Overruled, Told};
use crate::engine::scope::title_text;
use crate::engine::{ConditionId, Deviation, DeviationKind, Event, Happening, Outcome, PracticeSeen, Record, RunState};
use crate::runbook::{Runbook, StepKey};
use crate::scenario::{HarmRule, Scenario, When};
use crate::sources;

/// What it costs to end otherwise than the right way does.
const WRONG_END: u32 = 30;
/// What it costs to give up where the right way goes on, however little is left; the rest goes by what is left undone.
/// It is more than overruling, slowness and the hints of a scenario cost together: whoever takes the run to its end,
/// over whatever holds it back, has done more. (What harm that does is counted beside it, either way.)
pub(super) const GIVEN_UP: u32 = 90;
/// What it costs to pass a guard or a gate, or to declare a step done.
const OVERRULED: u32 = 10;
/// What it costs to leave a step out or to cut a wait.
const LEFT_OUT: u32 = 5;
/// The most that overruling costs.
const MOST_FOR_OVERRULING: u32 = 60;
/// A point for so many percent of the planned time beyond it.
const PERCENT_A_POINT: u64 = 10;
/// The most that slowness costs.
const MOST_FOR_TIME: u64 = 10;

/// The most that a run loses which is taken to its end without harm, but for hints.
#[cfg(test)]
pub(super) const MOST_BESIDE_HINTS: u32 = MOST_FOR_OVERRULING + MOST_FOR_TIME as u32;

/// One attempt at a scenario.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Past {
    /// The run's name.
    pub run: String,
    /// When it was opened.
    pub at: Timestamp,
    /// How it ended; `None`: it is open.
    pub outcome: Option<String>,
    /// Points; `None`: it is not over.
    pub score: Option<u32>,
}

/// What the records of a practice run come to; `None` when they are of a live run.
pub fn debrief(runbook: &Runbook, scenario: Option<&Scenario>, records: &[Record]) -> Option<Debrief> {
    let state = RunState::fold(runbook, records);
    let opened = state.opened.clone()?;
    let practice: PracticeSeen = opened.practice.clone()?;
    let sat = sittings(records);
    let harm = harm_done(&state, &sat);
    let took: Duration = sat.iter().map(|(from, until)| until.since(*from)).sum();
    let planned = runbook.minutes.map(|minutes| Duration::from_secs(u64::from(minutes) * 60));
    let outcome = state.closed.as_ref().map(|closed| closed.outcome.word().to_owned());
    let expected = scenario.map(|scenario| scenario.right.outcome.clone());
    let own: Vec<&Deviation> = state.own_deviations().collect();
    let deviations: Vec<Overruled> = own.iter().map(|deviation| overruled(runbook, &state, deviation)).collect();
    let mut deductions = Vec::new();
    deductions.extend(for_the_end(&state, outcome.as_deref(), expected.as_deref()));
    deductions.extend(scenario.iter().flat_map(|scenario| &scenario.harms).filter_map(|rule| for_harm(rule, &harm)));
    deductions.extend(for_deviations(own.iter().map(|deviation| deviation.kind).zip(&deviations)));
    deductions.extend(for_hints(&state));
    deductions.extend(planned.and_then(|planned| for_time(took, planned)));
    deductions.sort_by_key(|deduction| std::cmp::Reverse(deduction.points));
    let lost: u32 = deductions.iter().map(|deduction| deduction.points).sum();
    let told = |scenario: &Scenario| Told {
        id: scenario.id.clone(),
        title: scenario.title.clone(),
        trouble: scenario.trouble.clone(),
        learn: scenario.learn.clone(),
    };
    Some(Debrief {
        run: opened.run.clone(),
        runbook: opened.runbook.to_string(),
        title: opened.title.clone(),
        scenario: scenario.map(told),
        seed: practice.seed,
        score: outcome.is_some().then(|| FULL.saturating_sub(lost)),
        outcome,
        expected,
        deductions,
        harm,
        deviations,
        faults: moments(&state, |what| matches!(what, Happening::FaultStruck { .. })),
        hints: moments(&state, |what| matches!(what, Happening::HintTaken { .. })),
        typed: state.happenings.iter().filter(|(_, what)| matches!(what, Happening::Typed { .. })).count(),
        took_ms: millis(took),
        planned_ms: planned.map(millis),
        best: scenario.map(best).unwrap_or_default(),
        history: Vec::new(),
    })
}

/// An attempt as the history lists it.
pub fn past(debrief: &Debrief, opened_at: Timestamp) -> Past {
    Past { run: debrief.run.clone(), at: opened_at, outcome: debrief.outcome.clone(), score: debrief.score }
}

/// When somebody sat there, as far as it is recorded.
fn sittings(records: &[Record]) -> Vec<(Timestamp, Timestamp)> {
    let mut sat = Vec::new();
    let mut since = None;
    for record in records {
        match &record.event {
            Event::SittingOpened { .. } => since = since.or(Some(record.at)),
            Event::SittingClosed { .. } | Event::RunClosed { .. } => {
                sat.extend(since.take().map(|since| (since, record.at)));
            }
            _ => {}
        }
    }
    sat.extend(since.zip(records.last()).map(|(since, last)| (since, last.at)));
    sat
}

/// How long it was within the sittings: nobody answers for what a suspended rehearsal does meanwhile.
fn seen(from: Timestamp, until: Timestamp, sat: &[(Timestamp, Timestamp)]) -> Duration {
    sat.iter().map(|(open, close)| until.min(*close).since(from.max(*open))).sum()
}

fn harm_done(state: &RunState, sat: &[(Timestamp, Timestamp)]) -> Vec<HarmDone> {
    let end = state.closed.as_ref().map_or(state.at, |closed| closed.at);
    let mut done: BTreeMap<(String, String), (HarmDone, Option<Timestamp>)> = BTreeMap::new();
    for (_, what) in state.happenings.iter() {
        match what {
            Happening::HarmBegan { kind, about, since, told } => {
                let entry = done.entry((kind.clone(), about.clone())).or_insert_with(|| {
                    let (kind, about, told) = (kind.clone(), about.clone(), told.clone());
                    (HarmDone { kind, about, told, times: 0, lasted_ms: 0, stands: false }, None)
                });
                entry.0.times += 1;
                entry.1 = entry.1.or(Some(*since));
            }
            Happening::HarmEnded { kind, about, at } => {
                if let Some((harm, since)) = done.get_mut(&(kind.clone(), about.clone())) {
                    harm.lasted_ms += since.take().map_or(0, |since| millis(seen(since, *at, sat)));
                }
            }
            _ => {}
        }
    }
    let ended = done.into_values().map(|(mut harm, since)| {
        harm.stands = since.is_some();
        harm.lasted_ms += since.map_or(0, |since| millis(seen(since, end, sat)));
        harm
    });
    ended.collect()
}

fn for_harm(rule: &HarmRule, harm: &[HarmDone]) -> Option<Deduction> {
    let its = harm.iter().filter(|harm| harm.kind == rule.kind && (harm.stands || !rule.at_the_end));
    let (mut times, mut lasted, mut about) = (0_u32, Duration::ZERO, Vec::new());
    for harm in its {
        times += if rule.at_the_end { 1 } else { harm.times };
        lasted += Duration::from_millis(harm.lasted_ms);
        about.extend((!harm.about.is_empty()).then(|| harm.about.clone()));
    }
    let beyond = lasted.saturating_sub(rule.allowed);
    if times == 0 || (rule.allowed > Duration::ZERO && beyond.is_zero()) {
        return None;
    }
    let by_time = millis(beyond).saturating_mul(rule.millipoints_a_second).div_ceil(1_000_000);
    let points = u32::try_from(by_time).unwrap_or(rule.most).saturating_add(rule.points.saturating_mul(times));
    let points = points.min(rule.most);
    let mut why = rule.title.clone();
    if !about.is_empty() {
        why.push_str(&format!(" ({})", about.join(", ")));
    }
    if rule.millipoints_a_second > 0 {
        why.push_str(&format!(", for {}", tenths(lasted)));
        if !rule.allowed.is_zero() {
            why.push_str(&format!(" ({} are to be expected)", tenths(rule.allowed)));
        }
    }
    let obligations = asked(rule.obligations.iter().map(String::as_str));
    (points > 0).then_some(Deduction { points, why, obligations })
}

fn for_the_end(state: &RunState, outcome: Option<&str>, expected: Option<&str>) -> Option<Deduction> {
    let (outcome, expected) = (outcome?, expected?);
    // Deviations are counted one by one.
    if outcome == expected || (outcome == "completed with deviations" && expected == "completed") {
        return None;
    }
    let (points, how) = if outcome == Outcome::Abandoned.word() {
        let undone = state.deviations.iter().filter(|deviation| state.is_left_undone(deviation)).count();
        let all = state.walked().flat_map(|phase| phase.keys()).count().max(1);
        let rest = (FULL - GIVEN_UP) as usize;
        let by_steps = u32::try_from((rest * undone).div_ceil(all)).unwrap_or(0).min(FULL - GIVEN_UP);
        (GIVEN_UP + by_steps, format!("Given up with {undone} of {all} steps undone"))
    } else {
        (WRONG_END, format!("It ended {outcome}"))
    };
    Some(Deduction { points, why: format!("{how}; the right way ends {expected}"), obligations: Vec::new() })
}

fn for_deviations<'d>(deviations: impl Iterator<Item = (DeviationKind, &'d Overruled)>) -> Vec<Deduction> {
    let mut left = MOST_FOR_OVERRULING;
    let told = deviations.map(|(kind, told)| {
        let points = match kind {
            DeviationKind::Override | DeviationKind::Acknowledged => OVERRULED,
            DeviationKind::Skip | DeviationKind::CutWait | DeviationKind::Waived => LEFT_OUT,
            // Whoever says so has done right; what was wrong before shows in what the run came to.
            DeviationKind::Deferred | DeviationKind::Disputed => 0,
        };
        let taken = points.min(left);
        left -= taken;
        let most =
            if taken < points { format!("; overruling costs {MOST_FOR_OVERRULING} at most") } else { String::new() };
        let why = format!("{}: {} ({:?}){most}", capital(&told.way), told.title, told.reason);
        Deduction { points: taken, why, obligations: told.obligations.clone() }
    });
    told.collect()
}

fn for_hints(state: &RunState) -> Vec<Deduction> {
    let hints = state.happenings.iter().filter_map(|(_, what)| match what {
        Happening::HintTaken { id, points, .. } if *points > 0 => {
            Some(Deduction { points: *points, why: format!("Hint {id}"), obligations: Vec::new() })
        }
        _ => None,
    });
    hints.collect()
}

fn for_time(took: Duration, planned: Duration) -> Option<Deduction> {
    let over = took.saturating_sub(planned);
    let percent = millis(over).saturating_mul(100).checked_div(millis(planned))?;
    let points = u32::try_from((percent / PERCENT_A_POINT).min(MOST_FOR_TIME)).ok().filter(|points| *points > 0)?;
    let why = format!("It took {} minutes of {} planned", took.as_secs() / 60, planned.as_secs() / 60);
    Some(Deduction { points, why, obligations: Vec::new() })
}

/// What was overruled, as people know it: a step by its title, a guard by its own.
fn title_of(runbook: &Runbook, state: &RunState, subject: &str) -> String {
    let step = |key: &StepKey| {
        let Some(step) = runbook.step(&key.phase, &key.step) else { return key.to_string() };
        let title = title_text(&step.title, state, &state.board, key, state.at);
        let of = key.item.as_ref().filter(|item| !title.contains(*item)).map(|item| format!(" of {item}"));
        format!("\"{title}\"{}", of.unwrap_or_default())
    };
    match subject.parse::<ConditionId>() {
        Ok(ConditionId::Guard(id)) => {
            let guard = runbook.guards.iter().find(|guard| guard.id == id);
            guard.map_or_else(|| subject.to_owned(), |guard| format!("\"{}\"", guard.title))
        }
        Ok(ConditionId::Gate(key)) => format!("the gate of {}", step(&key)),
        Ok(ConditionId::Check(key)) => format!("what {} waits for", step(&key)),
        _ => subject.parse::<StepKey>().map_or_else(|_| subject.to_owned(), |key| step(&key)),
    }
}

fn overruled(runbook: &Runbook, state: &RunState, deviation: &Deviation) -> Overruled {
    let ids = match deviation.subject.parse::<ConditionId>() {
        Ok(ConditionId::Guard(guard)) => {
            let guard = runbook.guards.iter().find(|known| known.id == guard);
            guard.map(|guard| guard.source.clone()).unwrap_or_default()
        }
        Ok(ConditionId::Gate(step) | ConditionId::Check(step)) => of_step(runbook, &step),
        _ => deviation.subject.parse::<StepKey>().map(|step| of_step(runbook, &step)).unwrap_or_default(),
    };
    Overruled {
        at: deviation.at,
        way: deviation.kind.word().to_owned(),
        subject: deviation.subject.clone(),
        title: title_of(runbook, state, &deviation.subject),
        reason: deviation.reason.clone(),
        obligations: asked(ids.iter().map(String::as_str)),
    }
}

fn of_step(runbook: &Runbook, key: &StepKey) -> Vec<String> {
    runbook.step(&key.phase, &key.step).map(|step| step.source.clone()).unwrap_or_default()
}

fn asked<'i>(ids: impl Iterator<Item = &'i str>) -> Vec<Asked> {
    let asked = ids.map(|id| {
        let asks = sources::find(id).map(|found| found.obligation.asks.clone()).unwrap_or_default();
        Asked { id: id.to_owned(), asks }
    });
    asked.collect()
}

fn best(scenario: &Scenario) -> Vec<String> {
    let moves = scenario.right.moves.iter().map(|step| {
        let when = match step.when {
            When::Failed => ", when it has failed",
            When::Open(_) => "",
        };
        format!("At {}{when}: {}", step.step, step.deed.told())
    });
    std::iter::once(scenario.right.told.clone()).chain(moves).collect()
}

fn moments(state: &RunState, is_meant: impl Fn(&Happening) -> bool) -> Vec<Moment> {
    let meant = state.happenings.iter().filter(|(_, what)| is_meant(what));
    meant.map(|(at, what)| Moment { at: *at, told: what.told() }).collect()
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

/// A time in seconds with one decimal.
pub(super) fn tenths(time: Duration) -> String {
    format!("{:.1} s", time.as_secs_f64())
}

fn capital(word: &str) -> String {
    let mut chars = word.chars();
    chars.next().map(|first| first.to_uppercase().chain(chars).collect()).unwrap_or_default()
}
