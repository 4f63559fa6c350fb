//! One task per target.
//!
//! Targets of one interval are asked in groups, each group at the same moments: what a few nodes tell is of one moment
//! then, and a machine that only watches is woken once for all of them.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::runtime::Handle;
use tokio::sync::mpsc::Sender;
use tokio::sync::watch;
use tokio::task::AbortHandle;
use tokio::time::sleep_until;

use crate::clock::{Clock, monotonic};
use crate::engine::Sample;
use crate::exec::Runner;
use crate::health::probe::Prober;
use crate::health::target::Target;

/// The shortest real pause between two questions, however fast the clock runs.
const MIN_PAUSE: Duration = Duration::from_millis(10);

/// How many targets are asked at the same moments: so many questions at once are no burst.
const TOGETHER: usize = 8;

/// Asks all targets until it is dropped.
pub struct Monitor {
    tasks: Vec<AbortHandle>,
    ask_now: watch::Sender<()>,
}

impl Monitor {
    /// Starts asking on `handle`'s runtime: every target at once, then again after its interval on `clock`. What is
    /// heard goes to `samples`; a target is asked again only when there is room for its answer.
    pub fn start(
        handle: Handle,
        targets: Vec<Target>,
        clock: Arc<dyn Clock>,
        runner: Arc<dyn Runner>,
        samples: Sender<Sample>,
    ) -> Self {
        let (ask_now, _) = watch::channel(());
        let schedules = schedules(targets.iter().map(|target| (target.every, Jitter::of(target))), monotonic());
        let tasks = targets.into_iter().zip(schedules).map(|(target, moments)| {
            let asked = ask_now.subscribe();
            let prober = Prober::new(target, runner.clone());
            handle.spawn(keep_asking(prober, moments, clock.clone(), samples.clone(), asked)).abort_handle()
        });
        Self { tasks: tasks.collect(), ask_now }
    }

    /// Asks every target now. One that is being asked already is asked again right afterwards, so that a sample
    /// begun after this call comes in any case.
    pub fn sense_now(&self) {
        self.ask_now.send_replace(());
    }
}

impl Drop for Monitor {
    fn drop(&mut self) {
        self.tasks.iter().for_each(AbortHandle::abort);
    }
}

async fn keep_asking(
    mut prober: Prober,
    mut moments: Schedule,
    clock: Arc<dyn Clock>,
    samples: Sender<Sample>,
    mut asked: watch::Receiver<()>,
) {
    loop {
        asked.mark_unchanged();
        let due = moments.after(monotonic(), clock.as_ref());
        let sample = prober.sample(clock.as_ref()).await;
        if samples.send(sample).await.is_err() {
            return;
        }
        // One that took longer than its interval is asked again at once.
        let due = due.max(monotonic() + MIN_PAUSE);
        tokio::select! {
            () = sleep_until(due.into()) => {}
            changed = asked.changed() => if changed.is_err() { return },
        }
    }
}

/// For each target, told by its interval and how its questions would be spread, the moments at which it is asked: the
/// same for [`TOGETHER`] of one interval.
fn schedules(targets: impl Iterator<Item = (Duration, Jitter)>, now: Instant) -> Vec<Schedule> {
    let mut groups: HashMap<Duration, (usize, Jitter)> = HashMap::new();
    let schedule = |(every, own): (Duration, Jitter)| {
        let (count, jitter) = groups.entry(every).or_insert((0, own));
        if *count == TOGETHER {
            (*count, *jitter) = (0, own);
        }
        *count += 1;
        Schedule { due: now, every, jitter: *jitter }
    };
    targets.map(schedule).collect()
}

/// The moments at which a target is asked, whatever its answers take.
#[derive(Clone, Copy)]
struct Schedule {
    due: Instant,
    every: Duration,
    jitter: Jitter,
}

impl Schedule {
    /// The first of them after `now`.
    fn after(&mut self, now: Instant, clock: &dyn Clock) -> Instant {
        while self.due <= now {
            self.due += clock.real(self.jitter.apply(self.every)).max(MIN_PAUSE);
        }
        self.due
    }
}

/// Spreads the questions of many groups: 10 % more or less, the same sequence for the same first target every time.
#[derive(Clone, Copy)]
struct Jitter(u64);

impl Jitter {
    fn of(target: &Target) -> Self {
        let mut hasher = DefaultHasher::new();
        (&target.probe, &target.node).hash(&mut hasher);
        Self(hasher.finish())
    }

    fn apply(&mut self, every: Duration) -> Duration {
        // The step of a linear congruential generator; its upper bits are good enough to spread questions.
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let per_mille = u32::try_from((self.0 >> 33) % 201).unwrap_or(100);
        every.mul_f64(f64::from(900 + per_mille) / 1000.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jitter_stays_within_a_tenth_and_is_the_same_every_time() {
        let every = Duration::from_secs(2);
        let sequence = |seed| {
            let mut jitter = Jitter(seed);
            (0..1000).map(|_| jitter.apply(every)).collect::<Vec<_>>()
        };
        let once = sequence(7);
        assert!(once.iter().all(|pause| (1800..=2200).contains(&pause.as_millis())));
        assert!(once.iter().any(|pause| pause.as_millis() < 1850) && once.iter().any(|pause| pause.as_millis() > 2150));
        assert_eq!(once, sequence(7));
        assert_ne!(once, sequence(8));
    }

    #[test]
    fn eight_targets_of_one_interval_are_asked_at_the_same_moments_and_the_next_eight_at_others() {
        let targets = (0..32).map(|number| (Duration::from_secs(1 + number % 2), Jitter(number)));
        let (now, clock) = (monotonic(), crate::clock::FixedClock::default());
        let moments = |mut schedule: Schedule| {
            let mut moment = now;
            (0..100).map(|_| (moment = schedule.after(moment, &clock), moment).1).collect::<Vec<_>>()
        };
        let moments: Vec<_> = schedules(targets, now).into_iter().map(moments).collect();
        for (number, of) in moments.iter().enumerate() {
            assert_eq!(of, &moments[number / 16 * 16 + number % 2], "target {number} is asked with its group");
        }
        assert_ne!(moments[0], moments[16]);
        assert_ne!(moments[1], moments[17]);
    }

    #[test]
    fn a_moment_that_an_answer_outlasted_is_passed_over() {
        let (now, clock) = (monotonic(), crate::clock::FixedClock::default());
        let mut schedule = Schedule { due: now, every: Duration::from_secs(1), jitter: Jitter(7) };
        let first = schedule.after(now, &clock);
        let later = schedule.after(first + Duration::from_secs(10), &clock);
        assert!(later > first + Duration::from_secs(10) && later < first + Duration::from_secs(12));
    }
}
