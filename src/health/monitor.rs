//! One task per target.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::sync::mpsc::Sender;
use tokio::sync::watch;
use tokio::task::AbortHandle;
use tokio::time::sleep;

use crate::clock::{Clock, monotonic};
use crate::engine::Sample;
use crate::exec::Runner;
use crate::health::probe::Prober;
use crate::health::target::Target;

/// The shortest real pause between two questions, however fast the clock runs.
const MIN_PAUSE: Duration = Duration::from_millis(10);

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
        let tasks = targets.into_iter().map(|target| {
            let asked = ask_now.subscribe();
            let prober = Prober::new(target, runner.clone());
            handle.spawn(keep_asking(prober, clock.clone(), samples.clone(), asked)).abort_handle()
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
    clock: Arc<dyn Clock>,
    samples: Sender<Sample>,
    mut asked: watch::Receiver<()>,
) {
    let mut jitter = Jitter::of(prober.target());
    let every = prober.target().every;
    loop {
        asked.mark_unchanged();
        let began = monotonic();
        let sample = prober.sample(clock.as_ref()).await;
        if samples.send(sample).await.is_err() {
            return;
        }
        let pause = clock.real(jitter.apply(every)).saturating_sub(began.elapsed()).max(MIN_PAUSE);
        tokio::select! {
            () = sleep(pause) => {}
            changed = asked.changed() => if changed.is_err() { return },
        }
    }
}

/// Spreads the questions of many targets: 10 % more or less, the same sequence for the same target every time.
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
}
