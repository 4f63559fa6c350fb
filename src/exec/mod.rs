//! Running commands: argv, never a shell line.
//!
//! A job is held by a supervisor process ([`hold_main`]) so that it outlives piton; what it prints goes to the run's
//! output folder without the secrets that piton looked up. A probe's command runs inside piton and is killed with it.
//!
//! Absent here: what a command is for, whether its end was the expected one, and anything that shows it.

mod borrower;
mod capture;
mod drive;
mod follow;
mod group;
mod keep;
mod local;
mod once;
pub mod scripted;
pub mod secret;
mod supervise;

use std::future::Future;
use std::path::PathBuf;
use std::pin::Pin;
use std::time::Duration;

use tokio::sync::mpsc::UnboundedSender;

use crate::engine::{CommandLine, Ended, EnvValue, Happening, JobId, Output, Printed, Record};

pub use borrower::Borrower;
pub use local::{Limits, LocalRunner};
pub use scripted::{Reply, ScriptedRunner};
pub use secret::{Redactor, Secret, SecretError, Secrets};
pub use supervise::{HOLD, hold_main};

/// A command with the place where its output is kept.
#[derive(Clone, Debug)]
pub struct Job {
    /// Its number in the run.
    pub id: JobId,
    /// What runs.
    pub command: CommandLine,
    /// The run's `output` folder.
    pub folder: PathBuf,
}

/// What a job says while it runs.
#[derive(Clone, Debug)]
pub enum JobReport {
    /// It printed something; raw, to be made harmless before it is shown.
    Printed { job: JobId, bytes: Vec<u8> },
    /// It ended; nothing follows.
    Finished { job: JobId, ended: Ended, elapsed: Duration, output: Option<Output>, printed: Printed },
    /// Of no job: all that happened in a simulated cluster at one moment.
    Happened(Vec<Happening>),
}

/// The answer of a command that a probe asked.
#[derive(Clone, Debug)]
pub struct Answer {
    /// How it ended.
    pub ended: Ended,
    /// What it printed, bounded.
    pub printed: Printed,
}

/// Something that runs commands: this machine, or a practice cluster.
pub trait Runner: Send + Sync {
    /// Starts a job in the background; everything it says goes to `reports`, `Finished` exactly once.
    fn start(&self, job: Job, reports: UnboundedSender<JobReport>);

    /// Takes up a job that an earlier sitting started: reports its remaining output and its end. A job that nothing
    /// is known of is reported as [`Ended::Lost`].
    fn resume(&self, job: Job, reports: UnboundedSender<JobReport>);

    /// Ends a running job: SIGTERM, after five seconds SIGKILL, to its whole process group. Without effect when it
    /// has ended.
    fn cancel(&self, job: JobId);

    /// Runs a probe's command to its end, killing it after its timeout.
    fn once(&self, command: CommandLine) -> Pin<Box<dyn Future<Output = Answer> + Send + '_>>;

    /// These records are on disk, and no work that they demand has begun. A practice cluster lets faults strike by them;
    /// what happens there it tells `reports`.
    fn recorded(&self, _records: &[Record], _reports: &UnboundedSender<JobReport>) {}

    /// Looks up the value behind a reference, for a probe's header. A practice cluster has its own secrets.
    fn secret(&self, reference: EnvValue) -> Pin<Box<dyn Future<Output = Result<Secret, SecretError>> + Send + '_>> {
        Box::pin(async move { Secrets::of_process().resolve(&reference).await })
    }
}
