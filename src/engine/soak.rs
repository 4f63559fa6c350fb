//! A soak: a check that must hold for so long that nobody sits there all the time.
//!
//! Its time counts from the first moment at which what it waits for was sensed to hold. When that does not hold any
//! more, it starts again. Time in which nobody sensed it is a gap: told, never taken for healthy.

use std::time::Duration;

use serde_json::Number;

use crate::clock::Timestamp;
use crate::engine::board::{Board, Row};
use crate::engine::decide::Judge;
use crate::engine::event::{ConditionId, Event, Soaked, Tri};
use crate::engine::gate::Hold;
use crate::engine::observe::Verdict;
use crate::engine::proposal::Moment;
use crate::engine::scope::{millis, step_scope};
use crate::engine::state::{RunState, StepStatus};
use crate::runbook::{Action, Expr, Runbook, Soak, StepKey, Worse};

/// How often what was seen of a soak is recorded: what a crash can make unseen.
pub const HEARTBEAT: Duration = Duration::from_secs(600);

/// How often at most a value that gets worse and worse is recorded.
pub const WORSE_EVERY: Duration = Duration::from_secs(60);

/// What is known of a step's soak, by the records alone.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SoakState {
    /// Since when; `None` before it was first sensed to hold, and after it was sensed not to.
    pub since: Option<Timestamp>,
    /// Whether it is sensed to hold now.
    pub is_sensed: bool,
    /// Up to when what was sensed is in [`SoakState::covered`].
    pub seen_until: Timestamp,
    /// For how long it was sensed to hold, up to [`SoakState::seen_until`].
    pub covered: Duration,
    /// The longest time in which nobody sensed it and that is over.
    pub longest_gap: Duration,
    /// The worst value.
    pub worst: Option<Number>,
    /// When that was last recorded.
    pub noted: Timestamp,
    /// How often it started again.
    pub restarts: u32,
    /// When it started again last, and how long it had lasted by then.
    pub broken: Option<(Timestamp, Duration)>,
    /// When it came to its end.
    pub ended: Option<Timestamp>,
}

impl SoakState {
    /// The condition came to that.
    pub(crate) fn turn(&mut self, truth: Tri, at: Timestamp) {
        if self.ended.is_some() {
            return;
        }
        match (truth, self.since) {
            (Tri::True, Some(_)) => {
                self.longest_gap = self.longest_gap.max(at.since(self.seen_until));
                self.seen_until = at.max(self.seen_until);
            }
            (Tri::True, None) => {
                let (restarts, broken) = (self.restarts, self.broken);
                *self = Self { since: Some(at), seen_until: at, noted: at, restarts, broken, ..Self::default() };
            }
            (Tri::False, Some(since)) => {
                let (restarts, broken) = (self.restarts + 1, Some((at, at.since(since))));
                *self = Self { restarts, broken, ..Self::default() };
            }
            (Tri::False, None) | (Tri::Unknown, _) => {}
        }
        self.is_sensed = truth == Tri::True;
    }

    /// What was seen is recorded.
    pub(crate) fn see(&mut self, until: Timestamp, covered: Duration, worst: Option<&Number>, at: Timestamp) {
        if self.since.is_some() {
            self.seen_until = until.max(self.seen_until);
            self.covered = covered;
            self.worst = worst.cloned();
            self.noted = at;
        }
    }

    /// The step is done with; `soaked` when it is because it soaked long enough.
    pub(crate) fn end(&mut self, soaked: Option<&Soaked>, at: Timestamp) {
        if let Some(soaked) = soaked {
            self.see(at, Duration::from_millis(soaked.covered_ms), soaked.worst.as_ref(), at);
            self.longest_gap = Duration::from_millis(soaked.longest_gap_ms);
        }
        self.ended.get_or_insert(at);
    }

    /// Nobody looks any more.
    pub(crate) fn look_away(&mut self) {
        self.is_sensed = false;
    }

    /// For how long it was sensed to hold, up to `at`.
    fn covered_at(&self, at: Timestamp) -> Duration {
        self.covered + if self.is_sensed { at.since(self.seen_until) } else { Duration::ZERO }
    }

    /// The longest gap, one that is not over included.
    fn longest_gap_at(&self, at: Timestamp) -> Duration {
        let open = if self.is_sensed { Duration::ZERO } else { at.since(self.seen_until) };
        self.longest_gap.max(if self.since.is_some() { open } else { Duration::ZERO })
    }
}

/// How a soak stands, for whoever shows it.
#[derive(Clone, Debug, PartialEq)]
pub struct SoakView {
    /// Since when; `None` while it has not been sensed to hold.
    pub since: Option<Timestamp>,
    /// How long that is.
    pub elapsed: Duration,
    /// How long it must be.
    pub length: Duration,
    /// For how much of that it was sensed to hold.
    pub covered: Duration,
    /// The same in percent, rounded down.
    pub coverage: u8,
    /// How much it must be, in percent.
    pub needed: u8,
    /// Since when nobody senses it; `None` while it is sensed.
    pub gap_since: Option<Timestamp>,
    /// The longest gap.
    pub longest_gap: Duration,
    /// What the worst value counts, and that value.
    pub worst: Option<(String, Option<Number>)>,
    /// How long it takes at the least from now on, if it is sensed to hold all the time.
    pub left: Duration,
    /// How often it started again.
    pub restarts: u32,
    /// When it started again last, and how long it had lasted by then.
    pub broken: Option<(Timestamp, Duration)>,
}

/// How the soak of that step stands; `None` where there is none.
pub fn soak_view(runbook: &Runbook, state: &RunState, key: &StepKey, now: Timestamp) -> Option<SoakView> {
    let spec = spec(runbook, key)?;
    let soak = state.step(key)?.soak.as_deref()?;
    Some(view(soak, spec, soak.ended.unwrap_or(now)))
}

fn view(soak: &SoakState, spec: &Soak, now: Timestamp) -> SoakView {
    let elapsed = soak.since.map_or(Duration::ZERO, |since| now.since(since));
    let covered = soak.covered_at(now).min(elapsed);
    let is_missing = soak.since.is_some() && !soak.is_sensed && soak.ended.is_none();
    SoakView {
        since: soak.since,
        elapsed,
        length: spec.length,
        covered,
        coverage: percent(covered, elapsed),
        needed: spec.coverage,
        gap_since: is_missing.then_some(soak.seen_until),
        longest_gap: soak.longest_gap_at(now),
        worst: spec.worst.as_ref().map(|worst| (worst.title.clone(), soak.worst.clone())),
        left: left(elapsed, covered, spec),
        restarts: soak.restarts,
        broken: soak.broken,
    }
}

/// How much of the time that passed was covered, rounded down: what is not quite enough must not look it.
fn percent(covered: Duration, elapsed: Duration) -> u8 {
    if elapsed.is_zero() {
        return 100;
    }
    u8::try_from(covered.as_millis() * 100 / elapsed.as_millis().max(1)).unwrap_or(100).min(100)
}

/// How long it takes until it is long enough and enough of it was seen, if it is seen from now on.
fn left(elapsed: Duration, covered: Duration, spec: &Soak) -> Duration {
    let needed = u128::from(spec.coverage.min(99));
    // (covered + x) / (elapsed + x) is enough from this x on.
    let short = (elapsed.as_millis() * needed).saturating_sub(covered.as_millis() * 100);
    let until_seen = short.div_ceil(100 - needed);
    let until_seen = Duration::from_millis(u64::try_from(until_seen).unwrap_or(u64::MAX));
    spec.length.saturating_sub(elapsed).max(until_seen)
}

/// What holds a soak back whose condition holds.
pub(crate) fn held(spec: &Soak, soak: Option<&SoakState>, now: Timestamp) -> Option<Hold> {
    let unknown = SoakState::default();
    let view = view(soak.unwrap_or(&unknown), spec, now);
    let is_short = view.since.is_none() || !view.left.is_zero();
    is_short.then_some(Hold::Soaking {
        elapsed: view.elapsed,
        length: view.length,
        coverage: view.coverage,
        needed: view.needed,
        left: view.left,
    })
}

/// The soak that a check asks for.
fn spec<'a>(runbook: &'a Runbook, key: &StepKey) -> Option<&'a Soak> {
    match &runbook.step(&key.phase, &key.step)?.action {
        Action::Check { soak, .. } => soak.as_deref(),
        _ => None,
    }
}

/// Why it cannot be told that what a soak waits for does not hold: somebody who is asked gives no answer. A day is not
/// to start again because one answer was lost; it is a gap.
pub(crate) fn unseen(runbook: &Runbook, condition: &ConditionId, board: &Board, probes: &[String]) -> Option<String> {
    let ConditionId::Check(key) = condition else { return None };
    spec(runbook, key)?;
    let is_asked = |row: &&Row| probes.iter().any(|probe| probe == row.probe.as_str());
    let row = board.rows.iter().filter(is_asked).find(|row| row.verdict == Verdict::Unknown)?;
    let who = row.node.as_deref().unwrap_or(row.probe.as_str());
    Some(if row.why.is_empty() { format!("{who} gives no answer") } else { format!("{who}: {}", row.why) })
}

/// The current step's soak while what it waits for is sensed to hold.
fn running<'a>(runbook: &'a Runbook, state: &'a RunState) -> Option<(&'a StepKey, &'a Soak, &'a SoakState)> {
    let key = state.current.as_ref()?;
    let soak = state.step(key).filter(|step| step.status == StepStatus::Current)?.soak.as_deref()?;
    (soak.is_sensed && soak.since.is_some()).then_some((key, spec(runbook, key)?, soak))
}

/// The value that a soak looks at, as it is on the board; `None` when it cannot be told.
pub fn looked_at(runbook: &Runbook, state: &RunState, moment: &Moment) -> Option<(Worse, Number)> {
    let (key, spec, _) = running(runbook, state)?;
    let worst = spec.worst.as_ref()?;
    let scope = step_scope(state, &moment.board, key, moment.at, worst.is.source());
    Some((worst.side, plain(worst.is.one(&scope).ok()?.as_f64()?)?))
}

/// A number as a record holds it: whole, or with three decimals. More would not come back from the disk as it was.
fn plain(number: f64) -> Option<Number> {
    const WHOLE: f64 = 9e15;
    const EXACT: f64 = 1e12;
    if !number.is_finite() || number.abs() > WHOLE {
        return None;
    }
    let rounded = if number.abs() > EXACT { number.round() } else { (number * 1000.0).round() / 1000.0 };
    if rounded.fract() == 0.0 {
        #[expect(clippy::cast_possible_truncation, reason = "it is whole and well within an i64")]
        return Some(Number::from(rounded as i64));
    }
    Number::from_f64(rounded)
}

/// The worse of two values.
pub fn worse(side: Worse, one: Option<&Number>, other: Option<&Number>) -> Option<Number> {
    let (Some(one), Some(other)) = (one, other) else { return one.or(other).cloned() };
    let is_higher = one.as_f64() >= other.as_f64();
    let takes_one = if side == Worse::Higher { is_higher } else { !is_higher };
    Some(if takes_one { one.clone() } else { other.clone() })
}

/// What is to be recorded of the running soak: up to when it was sensed, and the worst value, `seen` included, which a
/// watcher may have met between two records. `None` while none runs.
pub(crate) fn note(runbook: &Runbook, state: &RunState, moment: &Moment, seen: Option<&Number>) -> Option<Event> {
    let (key, spec, soak) = running(runbook, state)?;
    let Action::Check { holds, .. } = &runbook.step(&key.phase, &key.step)?.action else { return None };
    let until = proved(&moment.board, holds, moment.at)?.max(soak.seen_until);
    let worst = spec.worst.as_ref().and_then(|worst| {
        let now = looked_at(runbook, state, moment).map(|(_, value)| value);
        let met = worse(worst.side, soak.worst.as_ref(), seen);
        worse(worst.side, met.as_ref(), now.as_ref())
    });
    Some(Event::SoakSeen {
        step: key.clone(),
        since: soak.since?,
        until,
        covered_ms: millis(soak.covered_at(until)),
        length_ms: millis(spec.length),
        worst,
    })
}

/// The last moment up to which the answers on the board prove anything: the oldest of them is from then.
fn proved(board: &Board, holds: &Expr, at: Timestamp) -> Option<Timestamp> {
    let oldest = board.oldest_ms(&board.read_by(holds))?;
    let oldest = i64::try_from(oldest).ok()?;
    Some(Timestamp::from_millis(at.as_millis().saturating_sub(oldest)))
}

/// In how long a record of the running soak is due; `None` while none runs.
pub fn note_due(runbook: &Runbook, state: &RunState, now: Timestamp) -> Option<Duration> {
    let (_, _, soak) = running(runbook, state)?;
    Some(HEARTBEAT.saturating_sub(now.since(soak.noted)))
}

/// The end of a soak that is long enough, as the record of it holds it.
pub(crate) fn soaked(runbook: &Runbook, state: &RunState, key: &StepKey, moment: &Moment) -> Option<Soaked> {
    let view = soak_view(runbook, state, key, moment.at)?;
    let now = looked_at(runbook, state, moment);
    let kept = state.step(key)?.soak.as_deref()?.worst.clone();
    Some(Soaked {
        since: view.since?,
        covered_ms: millis(view.covered),
        longest_gap_ms: millis(view.longest_gap),
        worst: now.map_or(kept.clone(), |(side, value)| worse(side, kept.as_ref(), Some(&value))),
    })
}

impl Judge<'_> {
    /// What was seen of the running soak is written down.
    pub(crate) fn note_soak(&self, seen: Option<&Number>) -> Vec<Event> {
        note(self.runbook, self.state, self.moment, seen).into_iter().collect()
    }

    /// What a change of this condition means to the soak that waits for it: before the change, and after it.
    pub(crate) fn soak_turns(&self, condition: &ConditionId, truth: Tri) -> (Option<Event>, Option<Event>) {
        let ConditionId::Check(key) = condition else { return (None, None) };
        match truth {
            Tri::True => (None, self.begun(key)),
            Tri::Unknown => (note(self.runbook, self.state, self.moment, None), None),
            Tri::False => (None, self.restarted(key)),
        }
    }

    /// It is sensed to hold for the first time.
    fn begun(&self, key: &StepKey) -> Option<Event> {
        let length = spec(self.runbook, key)?.length;
        let soak = self.state.step(key)?.soak.as_deref().filter(|soak| soak.ended.is_none())?;
        let (since, until) = (self.moment.at, self.moment.at);
        let length_ms = millis(length);
        let begun = Event::SoakSeen { step: key.clone(), since, until, covered_ms: 0, length_ms, worst: None };
        soak.since.is_none().then_some(begun)
    }

    fn restarted(&self, key: &StepKey) -> Option<Event> {
        let soak = self.state.step(key)?.soak.as_deref().filter(|soak| soak.ended.is_none())?;
        let since = soak.since?;
        let lasted_ms = millis(self.moment.at.since(since));
        let covered_ms = millis(soak.covered_at(self.moment.at));
        Some(Event::SoakRestarted { step: key.clone(), since, lasted_ms, covered_ms, worst: soak.worst.clone() })
    }
}
