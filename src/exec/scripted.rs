//! A runner that runs nothing: it answers from a table. For tests of whatever needs a [`Runner`].
//!
//! ```
//! use piton::exec::{Reply, ScriptedRunner};
//!
//! let runner = ScriptedRunner::new()
//!     .answering(&["systemctl", "stop"], Reply::exit(0).stdout("stopped\n"))
//!     .answering(&["sleep"], Reply::exit(0).held());
//! # let _ = runner;
//! ```
//!
//! The first row whose words begin the argv answers; without one the command is not started. Everything is reported
//! at once, inside the call, so that a test needs neither a runtime nor a pause; a held job waits for
//! [`ScriptedRunner::release`] or for its cancellation.

use std::collections::HashMap;
use std::future::{Future, ready};
use std::pin::Pin;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use sha2::{Digest, Sha256};
use tokio::sync::mpsc::UnboundedSender;

use crate::engine::{CommandLine, Ended, EnvValue, JobId, Output, Printed};
use crate::exec::capture::hex;
use crate::exec::{Answer, Job, JobReport, Runner, Secret, SecretError, Secrets};

/// What a scripted command comes to.
#[derive(Clone, Debug)]
pub struct Reply {
    ended: Ended,
    printed: Printed,
    elapsed: Duration,
    is_held: bool,
}

impl Reply {
    /// Ends by itself with this status, having printed nothing.
    pub fn exit(status: i32) -> Self {
        Self::ended(Ended::Exit(status))
    }

    /// Ends in this way.
    pub fn ended(ended: Ended) -> Self {
        Self { ended, printed: Printed::default(), elapsed: Duration::from_millis(1), is_held: false }
    }

    /// Prints this to its standard output.
    #[must_use]
    pub fn stdout(mut self, text: &str) -> Self {
        self.printed.stdout = text.into();
        self
    }

    /// Prints this to its standard error.
    #[must_use]
    pub fn stderr(mut self, text: &str) -> Self {
        self.printed.stderr = text.into();
        self
    }

    /// Is said to have taken this long.
    #[must_use]
    pub fn after(mut self, elapsed: Duration) -> Self {
        self.elapsed = elapsed;
        self
    }

    /// Prints at once, but ends only when it is released or cancelled.
    #[must_use]
    pub fn held(mut self) -> Self {
        self.is_held = true;
        self
    }
}

/// Answers from a table. See the module.
#[derive(Debug)]
pub struct ScriptedRunner {
    table: Vec<(Vec<String>, Reply)>,
    earlier: HashMap<JobId, Reply>,
    secrets: Secrets,
    log: Mutex<Log>,
}

#[derive(Debug, Default)]
struct Log {
    started: Vec<(JobId, CommandLine)>,
    asked: Vec<CommandLine>,
    cancelled: Vec<JobId>,
    held: HashMap<JobId, (Reply, UnboundedSender<JobReport>)>,
}

impl Default for ScriptedRunner {
    fn default() -> Self {
        Self::new()
    }
}

impl ScriptedRunner {
    /// An empty table: no command starts, and no secret is known.
    pub fn new() -> Self {
        let secrets = Secrets::of_table(HashMap::new());
        Self { table: Vec::new(), earlier: HashMap::new(), secrets, log: Mutex::default() }
    }

    /// Commands whose argv begins with `words` come to `reply`.
    #[must_use]
    pub fn answering(mut self, words: &[&str], reply: Reply) -> Self {
        self.table.push((words.iter().map(|word| (*word).to_owned()).collect(), reply));
        self
    }

    /// When this job of an earlier sitting is taken up, it comes to `reply`. Others are lost.
    #[must_use]
    pub fn resuming(mut self, job: JobId, reply: Reply) -> Self {
        self.earlier.insert(job, reply);
        self
    }

    /// Knows this secret variable.
    #[must_use]
    pub fn with_secrets(mut self, secrets: Secrets) -> Self {
        self.secrets = secrets;
        self
    }

    /// Every job that was started, in order.
    pub fn started(&self) -> Vec<(JobId, CommandLine)> {
        self.log().started.clone()
    }

    /// Every command that a probe asked, in order.
    pub fn asked(&self) -> Vec<CommandLine> {
        self.log().asked.clone()
    }

    /// Every job whose cancellation was asked for, in order.
    pub fn cancelled(&self) -> Vec<JobId> {
        self.log().cancelled.clone()
    }

    /// Lets a held job come to its end; without effect on any other.
    pub fn release(&self, job: JobId) {
        let held = self.log().held.remove(&job);
        if let Some((reply, reports)) = held {
            finish(job, reply, &reports);
        }
    }

    fn log(&self) -> MutexGuard<'_, Log> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn reply(&self, argv: &[String]) -> Reply {
        let row = self.table.iter().find(|(words, _)| argv.starts_with(words));
        row.map_or_else(
            || Reply::ended(Ended::NotStarted("it is not in the script".into())),
            |(_, reply)| reply.clone(),
        )
    }

    fn play(&self, job: JobId, reply: Reply, reports: UnboundedSender<JobReport>) {
        for text in [&reply.printed.stdout, &reply.printed.stderr] {
            if !text.is_empty() {
                send(&reports, JobReport::Printed { job, bytes: text.clone().into_bytes() });
            }
        }
        if reply.is_held {
            self.log().held.insert(job, (reply, reports));
        } else {
            finish(job, reply, &reports);
        }
    }
}

impl Runner for ScriptedRunner {
    fn start(&self, job: Job, reports: UnboundedSender<JobReport>) {
        let reply = self.reply(&job.command.argv);
        self.log().started.push((job.id, job.command));
        self.play(job.id, reply, reports);
    }

    fn resume(&self, job: Job, reports: UnboundedSender<JobReport>) {
        let reply = self.earlier.get(&job.id).cloned().unwrap_or_else(|| Reply::ended(Ended::Lost));
        self.play(job.id, reply, reports);
    }

    fn cancel(&self, job: JobId) {
        let held = {
            let mut log = self.log();
            log.cancelled.push(job);
            log.held.remove(&job)
        };
        if let Some((reply, reports)) = held {
            finish(job, Reply { ended: Ended::Cancelled, ..reply }, &reports);
        }
    }

    fn once(&self, command: CommandLine) -> Pin<Box<dyn Future<Output = Answer> + Send + '_>> {
        let reply = self.reply(&command.argv);
        self.log().asked.push(command);
        Box::pin(ready(Answer { ended: reply.ended, printed: reply.printed }))
    }

    fn secret(&self, reference: EnvValue) -> Pin<Box<dyn Future<Output = Result<Secret, SecretError>> + Send + '_>> {
        Box::pin(async move { self.secrets.resolve(&reference).await })
    }
}

fn finish(job: JobId, reply: Reply, reports: &UnboundedSender<JobReport>) {
    let text = format!("{}{}", reply.printed.stdout, reply.printed.stderr);
    let is_kept = !matches!(reply.ended, Ended::NotStarted(_) | Ended::Lost);
    let output = is_kept.then(|| Output {
        file: format!("{}.out", job.0),
        bytes: text.len() as u64,
        sha256: hex(&Sha256::digest(text.as_bytes())),
        left_out_bytes: 0,
    });
    let Reply { ended, elapsed, printed, .. } = reply;
    send(reports, JobReport::Finished { job, ended, elapsed, output, printed });
}

fn send(reports: &UnboundedSender<JobReport>, report: JobReport) {
    // A test that no longer listens has seen enough.
    let _ = reports.send(report);
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use tokio::sync::mpsc::unbounded_channel;

    use super::*;

    fn job(id: u64, argv: &[&str]) -> Job {
        let argv = argv.iter().map(|word| (*word).to_owned()).collect();
        let command = CommandLine { argv, cwd: None, env: Vec::new(), timeout_ms: 1000 };
        Job { id: JobId(id), command, folder: PathBuf::new() }
    }

    #[test]
    fn it_answers_from_its_table_at_once_and_holds_what_it_shall_hold() {
        let runner = ScriptedRunner::new()
            .answering(&["echo", "hi"], Reply::exit(0).stdout("hi\n"))
            .answering(&["sleep"], Reply::exit(0).held());
        let (reports, mut seen) = unbounded_channel();
        let mut next = || match seen.try_recv() {
            Ok(JobReport::Printed { bytes, .. }) => String::from_utf8(bytes).unwrap(),
            Ok(JobReport::Finished { job, ended, .. }) => format!("{}: {}", job.0, ended.describe()),
            Ok(JobReport::Happened(_)) | Err(_) => String::new(),
        };
        runner.start(job(1, &["echo", "hi", "there"]), reports.clone());
        assert_eq!([next(), next(), next()], ["hi\n", "1: exit status 0", ""]);
        runner.start(job(2, &["rm"]), reports.clone());
        assert_eq!(next(), "2: not started: it is not in the script");
        for id in [3, 4] {
            runner.start(job(id, &["sleep", "9"]), reports.clone());
        }
        assert_eq!(next(), "");
        runner.cancel(JobId(4));
        runner.release(JobId(3));
        assert_eq!([next(), next()], ["4: cancelled", "3: exit status 0"]);
        runner.resume(job(9, &["x"]), reports);
        assert_eq!(next(), "9: lost: how it ended is not known");
        assert_eq!(runner.started().len(), 4);
    }
}
