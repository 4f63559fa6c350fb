//! Commands of a run whose clock is stepped: they are run in the simulated cluster at once, and end when their time has come.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::mpsc::UnboundedSender;

use crate::clock::{Clock, FixedClock, Timestamp};
use crate::engine::{CommandLine, Ended, EnvValue, JobId, Record};
use crate::exec::{Answer, Job, JobReport, Runner, Secret, SecretError};
use crate::session::practice::{PRACTICE_SECRET, keep, printed};
use crate::session::rehearsal::Rehearsal;

/// Runs commands in the cluster; they end when the clock has been stepped so far.
pub(super) struct SteppedRunner {
    rehearsal: Mutex<Rehearsal>,
    clock: Arc<FixedClock>,
    jobs: Mutex<Vec<(Timestamp, JobReport)>>,
}

impl SteppedRunner {
    /// A runner for that cluster and what is played in it, by that clock.
    pub(super) fn new(rehearsal: Rehearsal, clock: Arc<FixedClock>) -> Self {
        Self { rehearsal: Mutex::new(rehearsal), clock, jobs: Mutex::default() }
    }

    /// The cluster and what is played in it.
    pub(super) fn rehearsal(&self) -> MutexGuard<'_, Rehearsal> {
        self.rehearsal.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn jobs(&self) -> MutexGuard<'_, Vec<(Timestamp, JobReport)>> {
        self.jobs.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// When the next command ends.
    pub(super) fn next_end(&self) -> Option<Timestamp> {
        self.jobs().iter().map(|(at, _)| *at).min()
    }

    /// The commands that have ended, in the order in which they did.
    pub(super) fn ended(&self, now: Timestamp) -> Vec<JobReport> {
        let mut ended: Vec<_> = self.jobs().extract_if(.., |(at, _)| *at <= now).collect();
        ended.sort_by_key(|(at, _)| *at);
        ended.into_iter().map(|(_, report)| report).collect()
    }

    fn answer(&self, line: &CommandLine) -> Answer {
        let result = self.rehearsal().command(&line.argv, self.clock.now());
        Answer { ended: Ended::Exit(result.exit), printed: printed(&result) }
    }
}

impl Runner for SteppedRunner {
    fn start(&self, job: Job, reports: UnboundedSender<JobReport>) {
        let now = self.clock.now();
        let result = self.rehearsal().command(&job.command.argv, now);
        let happened = self.rehearsal().take(&[]);
        // The one who steps holds the other end.
        let _ = reports.send(JobReport::Happened(happened));
        let limit = Duration::from_millis(job.command.timeout_ms);
        let takes = Duration::from_millis(result.takes_ms);
        let (elapsed, ended) = if takes > limit { (limit, Ended::TimedOut) } else { (takes, Ended::Exit(result.exit)) };
        let printed = printed(&result);
        let output = keep(&job, format!("{}{}", printed.stdout, printed.stderr).as_bytes());
        let report = JobReport::Finished { job: job.id, ended, elapsed, output, printed };
        self.jobs().push((now.plus(elapsed), report));
    }

    fn resume(&self, job: Job, reports: UnboundedSender<JobReport>) {
        self.start(job, reports);
    }

    fn cancel(&self, id: JobId) {
        self.jobs().retain(|(_, report)| !matches!(report, JobReport::Finished { job, .. } if *job == id));
    }

    fn recorded(&self, records: &[Record], reports: &UnboundedSender<JobReport>) {
        let happened = self.rehearsal().take(records);
        // The one who steps holds the other end.
        let _ = reports.send(JobReport::Happened(happened));
    }

    fn once(&self, command: CommandLine) -> Pin<Box<dyn Future<Output = Answer> + Send + '_>> {
        Box::pin(std::future::ready(self.answer(&command)))
    }

    fn secret(&self, _: EnvValue) -> Pin<Box<dyn Future<Output = Result<Secret, SecretError>> + Send + '_>> {
        Box::pin(std::future::ready(Ok(Secret::new(PRACTICE_SECRET))))
    }
}
