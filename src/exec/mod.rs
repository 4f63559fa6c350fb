//! Running commands: argv, never a shell line.

use std::future::Future;
use std::path::PathBuf;
use std::pin::Pin;
use std::time::Duration;

use tokio::sync::mpsc::UnboundedSender;

use crate::engine::{CommandLine, Ended, JobId, Output, Printed};

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
}
