//! The small process that holds one command, so that the command outlives piton and the terminal.
//!
//! It is piton itself, started as `piton __hold FOLDER JOB`, in a session of its own. What runs comes through its
//! standard input, secrets through its environment, neither through its arguments. Into its standard output it writes
//! a byte whenever there is more to read in the output file; when it ends, that pipe closes. If nobody listens any
//! more, it goes on all the same. SIGTERM or SIGINT ends the command; SIGHUP is not heard.

use std::ffi::OsString;
use std::future::Future;
use std::io::Read;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use rustix::fs::{OFlags, fcntl_getfl, fcntl_setfl};
use serde::{Deserialize, Serialize};
use tokio::signal::unix::{SignalKind, signal};

use crate::clock::monotonic;
use crate::engine::{Ended, JobId};
use crate::exec::capture::{Excerpt, Kept};
use crate::exec::drive::{Patience, Sink, Stream, drive};
use crate::exec::group::{Group, Prepared};
use crate::exec::keep::{Claim, End, Files};
use crate::exec::secret::{Redacting, Redactor, Secret};

/// The first argument that makes piton a supervisor.
pub const HOLD: &str = "__hold";

/// Under `PITON_SECRET_0`, `PITON_SECRET_1`, … the supervisor finds the secrets; the command does not inherit these.
pub(crate) const SECRET_VARIABLE: &str = "PITON_SECRET_";

/// What the supervisor is to do: comes through its standard input, and never holds a secret.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Task {
    pub argv: Vec<String>,
    pub cwd: Option<String>,
    pub env: Vec<(String, Given)>,
    /// How many secrets the environment holds.
    pub secrets: usize,
    pub timeout_ms: u64,
    pub grace_ms: u64,
    pub drain_ms: u64,
    /// The limit of the output file.
    pub kept_bytes: u64,
    /// The limit of each stream as expressions see it.
    pub printed_bytes: usize,
}

/// The value of a variable: plain, or the number of a secret.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Given {
    Plain(String),
    Secret(usize),
}

/// Runs as supervisor. `arguments` are those after [`HOLD`].
pub fn hold_main(mut arguments: impl Iterator<Item = OsString>) -> ExitCode {
    // Refused only when this process leads a session already, which is as good.
    let _ = rustix::process::setsid();
    let folder = arguments.next().map(PathBuf::from);
    let job = arguments.next().and_then(|job| job.to_str()?.parse().ok()).map(JobId);
    let (Some(folder), Some(job)) = (folder, job) else { return ExitCode::from(2) };
    let mut text = Vec::new();
    // A text that is cut short, because piton died while it wrote, does not parse: nothing runs.
    let task = std::io::stdin().read_to_end(&mut text).ok().and_then(|_| serde_json::from_slice::<Task>(&text).ok());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    match (task, runtime) {
        (Some(task), Ok(runtime)) => runtime.block_on(hold(&task, &Files::new(&folder, job))),
        _ => ExitCode::FAILURE,
    }
}

/// Holds the command to its end, unless the job was held before.
async fn hold(task: &Task, files: &Files) -> ExitCode {
    // Before anything else, so that being asked to end never leaves the command behind unwatched.
    let stop = asked_to_stop();
    let Ok(Claim::Ours(held)) = files.claim() else { return ExitCode::FAILURE };
    if files.end().exists() || files.output().exists() || Files::sign(&held, std::process::id()).is_err() {
        return ExitCode::FAILURE;
    }
    let began = monotonic();
    let mut end = match files.create_output() {
        Ok(file) => run(task, Kept::new(file, task.kept_bytes), files, stop).await,
        Err(error) => End::bare(Ended::NotStarted(format!("its output cannot be kept: {error}"))),
    };
    end.elapsed_ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
    match files.write_end(&end) {
        Ok(()) => ExitCode::SUCCESS,
        // A full disk: perhaps the short form still fits.
        Err(_) => match files.write_end(&End { stdout: String::new(), stderr: String::new(), ..end }) {
            Ok(()) => ExitCode::SUCCESS,
            Err(_) => ExitCode::FAILURE,
        },
    }
}

async fn run(task: &Task, kept: Kept, files: &Files, stop: impl Future<Output = ()>) -> End {
    let secrets = take_secrets(task.secrets);
    let redactor = Redactor::new(secrets.iter().cloned());
    let prepared = prepare(task, &secrets);
    let mut sink = Collector {
        stdout: (redactor.stream(), Excerpt::new(task.printed_bytes)),
        stderr: (redactor.stream(), Excerpt::new(task.printed_bytes)),
        kept,
        bell: Bell::new(),
    };
    let ended = match Group::spawn(&prepared) {
        Ok(mut group) => {
            let patience = Patience {
                timeout: Duration::from_millis(task.timeout_ms),
                grace: Duration::from_millis(task.grace_ms),
                drain: Duration::from_millis(task.drain_ms),
            };
            drive(&mut group, patience, stop, &mut sink).await
        }
        Err(why) => Ended::NotStarted(why),
    };
    sink.finish(ended, files)
}

fn take_secrets(count: usize) -> Vec<Secret> {
    (0..count).map(|number| Secret::new(std::env::var(variable(number)).unwrap_or_default())).collect()
}

/// The variable in which the supervisor finds that secret.
pub(crate) fn variable(number: usize) -> String {
    format!("{SECRET_VARIABLE}{number}")
}

fn prepare(task: &Task, secrets: &[Secret]) -> Prepared {
    let value = |given: &Given| match given {
        Given::Plain(text) => Secret::new(text),
        Given::Secret(number) => secrets.get(*number).cloned().unwrap_or_else(|| Secret::new("")),
    };
    Prepared {
        argv: task.argv.clone(),
        cwd: task.cwd.clone(),
        env: task.env.iter().map(|(name, given)| (name.clone(), value(given))).collect(),
        without: (0..task.secrets).map(variable).collect(),
    }
}

/// Completes when this process is asked to end the command; hears from the moment of the call.
fn asked_to_stop() -> impl Future<Output = ()> {
    let heard = (signal(SignalKind::terminate()), signal(SignalKind::interrupt()), signal(SignalKind::hangup()));
    async move {
        let (Ok(mut terminate), Ok(mut interrupt), Ok(_unheard)) = heard else {
            return std::future::pending().await;
        };
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    }
}

/// Files what the command prints, without its secrets.
struct Collector<'a> {
    stdout: (Redacting<'a>, Excerpt),
    stderr: (Redacting<'a>, Excerpt),
    kept: Kept,
    bell: Bell,
}

impl Collector<'_> {
    fn finish(mut self, ended: Ended, files: &Files) -> End {
        for (redacting, excerpt) in [&mut self.stdout, &mut self.stderr] {
            let rest = redacting.finish();
            excerpt.push(&rest);
            self.kept.push(&rest);
        }
        let output = self.kept.finish(files.output_name());
        let (stdout, stderr) = (self.stdout.1.into_text(), self.stderr.1.into_text());
        End { ended, elapsed_ms: 0, output: Some(output), stdout, stderr }
    }
}

impl Sink for Collector<'_> {
    fn take(&mut self, stream: Stream, bytes: &[u8]) {
        let (redacting, excerpt) = match stream {
            Stream::Stdout => &mut self.stdout,
            Stream::Stderr => &mut self.stderr,
        };
        let clean = redacting.push(bytes);
        excerpt.push(&clean);
        self.kept.push(&clean);
        self.bell.ring();
    }
}

/// Tells piton, if it still listens, that there is something to read.
struct Bell;

impl Bell {
    fn new() -> Self {
        let stdout = std::io::stdout();
        if let Ok(flags) = fcntl_getfl(&stdout) {
            let _ = fcntl_setfl(&stdout, flags | OFlags::NONBLOCK);
        }
        Self
    }

    /// Never waits: a full pipe has rung already, and a broken one has nobody behind it.
    fn ring(&self) {
        let _ = rustix::io::write(std::io::stdout(), b".");
    }
}
