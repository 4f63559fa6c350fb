//! A practice cluster as a runner: commands of the runbook reach the simulator, and nothing else.

use std::collections::{HashMap, HashSet};
use std::fs::OpenOptions;
use std::future::Future;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use sha2::{Digest, Sha256};
use tokio::runtime::Handle;
use tokio::sync::mpsc::UnboundedSender;
use tokio_util::sync::CancellationToken;

use crate::clock::{Clock, Timestamp};
use crate::engine::{CommandLine, Ended, EnvValue, Event, Happening, JobId, Output, Printed, Record};
use crate::exec::{Answer, Job, JobReport, Runner, Secret, SecretError};
use crate::practice::{CommandResult, Practice, System};
use crate::session::rehearsal::{Rehearsal, console};

/// What every secret is in a rehearsal.
pub(super) const PRACTICE_SECRET: &str = "practice";

/// However fast the clock runs, a command is given so much real time: what counts is how long it takes on that clock, not
/// how long this machine needs to work it out.
const LEAST_LIMIT: Duration = Duration::from_millis(500);

/// Runs commands in a simulated cluster.
#[derive(Clone)]
pub struct PracticeRunner {
    practice: Arc<Practice>,
    rehearsal: Arc<Mutex<Rehearsal>>,
    /// The moment for which a look at the scenario's clock is planned.
    planned: Arc<Mutex<Option<Timestamp>>>,
    clock: Arc<dyn Clock>,
    runtime: Handle,
    running: Arc<Mutex<HashMap<JobId, CancellationToken>>>,
}

impl PracticeRunner {
    /// A runner for this cluster and what is played in it.
    pub fn new(practice: Arc<Practice>, rehearsal: Rehearsal, clock: Arc<dyn Clock>, runtime: Handle) -> Self {
        let rehearsal = Arc::new(Mutex::new(rehearsal));
        Self { practice, rehearsal, planned: Arc::default(), clock, runtime, running: Arc::default() }
    }

    fn rehearsal(&self) -> std::sync::MutexGuard<'_, Rehearsal> {
        self.rehearsal.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Tells what happened, and sees to it that the scenario's next fault strikes in time.
    fn tell(&self, happened: Vec<Happening>, reports: &UnboundedSender<JobReport>) {
        let has_struck = happened.iter().any(|what| !matches!(what, Happening::HarmEnded { .. }));
        if !happened.is_empty() {
            // The session may have ended a moment ago.
            let _ = reports.send(JobReport::Happened(happened));
        }
        if has_struck {
            let practice = Arc::clone(&self.practice);
            self.runtime.spawn(async move { practice.look().await });
        }
        let Some(at) = self.rehearsal().wakes_at() else { return };
        let mut planned = self.planned.lock().unwrap_or_else(PoisonError::into_inner);
        if *planned != Some(at) {
            *planned = Some(at);
            self.runtime.spawn(self.clone().wait(at, reports.clone()));
        }
    }

    async fn wait(self, at: Timestamp, reports: UnboundedSender<JobReport>) {
        let left = self.clock.real(at.since(self.clock.now())) + Duration::from_millis(1);
        tokio::select! {
            () = tokio::time::sleep(left) => {}
            () = reports.closed() => return,
        }
        let happened = self.rehearsal().pass(self.clock.now());
        self.tell(happened, &reports);
    }

    async fn hold(self, job: Job, reports: UnboundedSender<JobReport>) {
        let began = self.clock.now();
        let token = CancellationToken::new();
        self.lock().insert(job.id, token.clone());
        let timeout_ms = job.command.timeout_ms;
        let limit = self.clock.real(Duration::from_millis(timeout_ms)).max(LEAST_LIMIT);
        let ended = tokio::select! {
            result = self.practice.command(&job.command.argv) => match result.takes_ms <= timeout_ms {
                true => Ok(result),
                false => Err(Ended::TimedOut),
            },
            () = token.cancelled() => Err(Ended::Cancelled),
            () = tokio::time::sleep(limit) => Err(Ended::TimedOut),
        };
        self.lock().remove(&job.id);
        let (ended, printed) = match ended {
            Ok(result) => (Ended::Exit(result.exit), printed(&result)),
            Err(ended) => (ended, Printed::default()),
        };
        let text = format!("{}{}", printed.stdout, printed.stderr);
        if !text.is_empty() {
            let _ = reports.send(JobReport::Printed { job: job.id, bytes: text.clone().into_bytes() });
        }
        let happened = self.rehearsal().take(&[]);
        self.tell(happened, &reports);
        let output = keep(&job, text.as_bytes());
        let elapsed = self.clock.now().since(began);
        let _ = reports.send(JobReport::Finished { job: job.id, ended, elapsed, output, printed });
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<JobId, CancellationToken>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Runner for PracticeRunner {
    fn start(&self, job: Job, reports: UnboundedSender<JobReport>) {
        self.runtime.spawn(self.clone().hold(job, reports));
    }

    /// A simulated command leaves nothing behind when piton dies, so it is done again in the cluster built anew.
    fn resume(&self, job: Job, reports: UnboundedSender<JobReport>) {
        self.start(job, reports);
    }

    fn recorded(&self, records: &[Record], reports: &UnboundedSender<JobReport>) {
        let happened = self.rehearsal().take(records);
        self.tell(happened, reports);
    }

    fn cancel(&self, job: JobId) {
        if let Some(token) = self.lock().get(&job) {
            token.cancel();
        }
    }

    fn once(&self, command: CommandLine) -> Pin<Box<dyn Future<Output = Answer> + Send + '_>> {
        Box::pin(async move {
            let result = self.practice.command(&command.argv).await;
            Answer { ended: Ended::Exit(result.exit), printed: printed(&result) }
        })
    }

    /// A rehearsal has no use for a real secret: neither the environment nor a command of this machine is asked.
    fn secret(&self, _: EnvValue) -> Pin<Box<dyn Future<Output = Result<Secret, SecretError>> + Send + '_>> {
        Box::pin(std::future::ready(Ok(Secret::new(PRACTICE_SECRET))))
    }
}

/// Brings a new cluster to where the journal left it: the recorded commands and faults at their recorded times.
pub fn replay(system: &mut dyn System, records: &[Record]) {
    let done: HashSet<JobId> = records.iter().filter_map(done).collect();
    let mut status = 0;
    for record in records {
        match &record.event {
            // When it was started, and not when its end was recorded: by then more may have happened.
            Event::CommandStarted { job, command, .. } if done.contains(job) => {
                system.advance(record.at);
                system.command(&command.argv, record.at);
            }
            Event::Rehearsed { what } => replay_happening(system, what, record.at, &mut status),
            _ => {}
        }
    }
}

/// The command that a record tells the end of. What a simulated command does it does at once: being cancelled or timed out
/// takes nothing back.
fn done(record: &Record) -> Option<JobId> {
    match &record.event {
        Event::CommandFinished { job, ended: Ended::Exit(_) | Ended::Cancelled | Ended::TimedOut, .. } => Some(*job),
        _ => None,
    }
}

/// What struck strikes again, and what was typed is typed again.
fn replay_happening(system: &mut dyn System, what: &Happening, at: Timestamp, status: &mut i32) {
    system.advance(at);
    match what {
        Happening::FaultStruck { id, fault, with } => {
            if let Err(error) = system.fault(fault, with, at) {
                tracing::warn!(%error, id, "a recorded fault cannot be set again");
            }
        }
        Happening::Typed { line } => {
            system.command(&console(line, *status), at);
        }
        Happening::Answered { exit, .. } => *status = *exit,
        _ => {}
    }
}

pub(super) fn printed(result: &CommandResult) -> Printed {
    Printed { stdout: result.stdout.clone(), stderr: result.stderr.clone() }
}

/// Keeps the output beside the journal. A practice run goes on without it when that fails.
pub(super) fn keep(job: &Job, bytes: &[u8]) -> Option<Output> {
    let file = format!("{}.out", job.id.0);
    let path = job.folder.join(&file);
    let written = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(path)
        .and_then(|mut kept| kept.write_all(bytes));
    if let Err(error) = written {
        tracing::warn!(%error, file, "the output could not be kept");
        return None;
    }
    let sha256 = Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    Some(Output { file, bytes: bytes.len() as u64, sha256, left_out_bytes: 0 })
}

#[cfg(test)]
#[path = "practice_tests.rs"]
mod tests;
