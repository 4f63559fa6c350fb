//! Commands on this machine, each held by a supervisor process.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::future::Future;
use std::path::PathBuf;
use std::pin::Pin;
use std::process::Stdio;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::process::{Child, ChildStdout, Command};
use tokio::runtime::Handle;
use tokio::sync::mpsc::UnboundedSender;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use crate::engine::{CommandLine, Ended, EnvValue, JobId};
use crate::exec::follow::Tail;
use crate::exec::group::Prepared;
use crate::exec::keep::{Claim, End, Files};
use crate::exec::once::run_once;
use crate::exec::secret::{Secret, SecretError, Secrets};
use crate::exec::supervise::{Given, HOLD, Task, variable};
use crate::exec::{Answer, Job, JobReport, Runner};

/// The shortest time between two reports of one job, so that a flood does not keep the screen busy.
const REPORT_EVERY: Duration = Duration::from_millis(20);

/// How often a job of an earlier sitting is looked at: its supervisor has no way to call.
const RESUME_POLL: Duration = Duration::from_millis(200);

/// How much is kept and how patient a [`LocalRunner`] is.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// The output file's size, in bytes; what a command writes beyond is counted, not kept.
    pub kept_bytes: u64,
    /// Of each stream, what expressions see, in bytes.
    pub printed_bytes: usize,
    /// From SIGTERM to SIGKILL.
    pub grace: Duration,
    /// How long descendants of an ended command may hold its output open.
    pub drain: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            kept_bytes: 64 * 1024 * 1024,
            printed_bytes: 1024 * 1024,
            grace: Duration::from_secs(5),
            drain: Duration::from_secs(2),
        }
    }
}

/// Runs commands on this machine.
#[derive(Clone)]
pub struct LocalRunner {
    handle: Handle,
    piton: PathBuf,
    secrets: Secrets,
    limits: Limits,
    running: Arc<Mutex<HashMap<JobId, CancellationToken>>>,
}

impl LocalRunner {
    /// Works on `handle`'s runtime. `piton` is this program's own file, which is started again as supervisor.
    pub fn new(handle: Handle, piton: PathBuf) -> Self {
        Self { handle, piton, secrets: Secrets::of_process(), limits: Limits::default(), running: Arc::default() }
    }

    /// With other limits than the default ones.
    #[must_use]
    pub fn with_limits(self, limits: Limits) -> Self {
        Self { limits, ..self }
    }

    /// With secrets from elsewhere than the environment.
    #[must_use]
    pub fn with_secrets(self, secrets: Secrets) -> Self {
        Self { secrets, ..self }
    }

    /// The secrets it has looked up: whoever shows or stores text from outside redacts it with these.
    pub fn secrets(&self) -> &Secrets {
        &self.secrets
    }

    /// Runs `work` for a job in the background and reports its end.
    fn spawn<F>(&self, job: Job, reports: UnboundedSender<JobReport>, work: impl FnOnce(Self, Watched) -> F)
    where
        F: Future<Output = End> + Send + 'static,
    {
        let id = job.id;
        let token = CancellationToken::new();
        match self.lock().entry(id) {
            Entry::Occupied(_) => return report(&reports, id, not_started("it is running already")),
            Entry::Vacant(place) => _ = place.insert(token.clone()),
        }
        let watched = Watched { files: Files::new(&job.folder, id), job, token, reports: reports.clone() };
        let work = work(self.clone(), watched);
        let running = self.running.clone();
        self.handle.spawn(async move {
            let end = work.await;
            running.lock().unwrap_or_else(PoisonError::into_inner).remove(&id);
            report(&reports, id, end);
        });
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<JobId, CancellationToken>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Starts the supervisor and follows it to its end.
    async fn hold(self, watched: Watched) -> End {
        let (task, secrets) = tokio::select! {
            task = self.task(&watched.job.command) => match task {
                Ok(task) => task,
                Err(why) => return not_started(why.to_string()),
            },
            () = watched.token.cancelled() => return not_started("cancelled before it started"),
        };
        let files = &watched.files;
        if let Err(error) = files.make_folder() {
            return not_started(format!("the folder {} cannot be made: {error}", watched.job.folder.display()));
        }
        if files.held().exists() {
            return not_started("a job of this number was started before");
        }
        let (mut child, mut bell) = match self.supervisor(&watched.job, &task, &secrets).await {
            Ok(started) => started,
            Err(error) => {
                return not_started(format!("its supervisor {} cannot be started: {error}", self.piton.display()));
            }
        };
        let pid = child.id().and_then(|pid| i32::try_from(pid).ok());
        watched.follow(&mut bell, pid).await;
        let _ = child.wait().await;
        match files.read_end() {
            Some(end) => end,
            None if !files.held().exists() => not_started("its supervisor ended before it began"),
            None => watched.abandoned().await,
        }
    }

    /// What the supervisor is told, and the secrets that it finds in its environment.
    async fn task(&self, command: &CommandLine) -> Result<(Task, Vec<Secret>), SecretError> {
        let mut own = Vec::new();
        for (_, value) in &command.env {
            own.push(self.secrets.resolve(value).await?);
        }
        let (mut env, mut secrets) = (Vec::new(), Vec::new());
        for ((name, value), resolved) in command.env.iter().zip(own) {
            let given = match value {
                EnvValue::Plain(text) => Given::Plain(text.clone()),
                EnvValue::SecretEnv(_) | EnvValue::SecretCommand(_) => {
                    secrets.push(resolved);
                    Given::Secret(secrets.len() - 1)
                }
            };
            env.push((name.clone(), given));
        }
        // The command may print what an earlier one was given, so the supervisor knows all of them.
        let others: Vec<Secret> = self.secrets.known().into_iter().filter(|known| !secrets.contains(known)).collect();
        secrets.extend(others);
        let task = Task {
            argv: command.argv.clone(),
            cwd: command.cwd.clone(),
            env,
            secrets: secrets.len(),
            timeout_ms: command.timeout_ms,
            grace_ms: millis(self.limits.grace),
            drain_ms: millis(self.limits.drain),
            kept_bytes: self.limits.kept_bytes,
            printed_bytes: self.limits.printed_bytes,
        };
        Ok((task, secrets))
    }

    async fn supervisor(&self, job: &Job, task: &Task, secrets: &[Secret]) -> std::io::Result<(Child, ChildStdout)> {
        let mut command = Command::new(&self.piton);
        command.arg(HOLD).arg(&job.folder).arg(job.id.0.to_string());
        command.envs(secrets.iter().enumerate().map(|(number, secret)| (variable(number), secret.reveal())));
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn()?;
        let missing = || std::io::Error::from(std::io::ErrorKind::BrokenPipe);
        let mut stdin = child.stdin.take().ok_or_else(missing)?;
        let bell = child.stdout.take().ok_or_else(missing)?;
        stdin.write_all(&serde_json::to_vec(task)?).await?;
        Ok((child, bell))
    }

    /// Follows a job of an earlier sitting.
    async fn take_up(self, watched: Watched) -> End {
        let mut tail = watched.tail();
        let mut is_told = false;
        loop {
            match watched.files.claim() {
                Ok(Claim::Ours(_held)) => {
                    tail.look(&watched.reports);
                    return match watched.files.read_end() {
                        Some(end) => end,
                        None => watched.lost().await,
                    };
                }
                Ok(Claim::Taken(held)) => {
                    tail.look(&watched.reports);
                    if watched.token.is_cancelled() && !is_told {
                        // It holds the lock, so the number is still its own.
                        is_told = terminate(Files::signed_by(&held));
                    }
                    tokio::select! {
                        () = sleep(RESUME_POLL) => {}
                        () = watched.token.cancelled(), if !watched.token.is_cancelled() => {}
                    }
                }
                Err(_) => return End::bare(Ended::Lost),
            }
        }
    }
}

impl Runner for LocalRunner {
    fn start(&self, job: Job, reports: UnboundedSender<JobReport>) {
        self.spawn(job, reports, Self::hold);
    }

    fn resume(&self, job: Job, reports: UnboundedSender<JobReport>) {
        self.spawn(job, reports, Self::take_up);
    }

    fn cancel(&self, job: JobId) {
        if let Some(token) = self.lock().get(&job) {
            token.cancel();
        }
    }

    fn once(&self, command: CommandLine) -> Pin<Box<dyn Future<Output = Answer> + Send + '_>> {
        Box::pin(async move {
            let mut prepared = Prepared::plain(&command);
            for (name, value) in &command.env {
                match self.secrets.resolve(value).await {
                    Ok(value) => prepared.env.push((name.clone(), value)),
                    Err(why) => {
                        let ended = Ended::NotStarted(why.to_string());
                        return Answer { ended, printed: crate::engine::Printed::default() };
                    }
                }
            }
            run_once(prepared, Duration::from_millis(command.timeout_ms), &self.secrets.redactor()).await
        })
    }

    fn secret(&self, reference: EnvValue) -> Pin<Box<dyn Future<Output = Result<Secret, SecretError>> + Send + '_>> {
        Box::pin(async move { self.secrets.resolve(&reference).await })
    }
}

/// A job that is being watched.
struct Watched {
    job: Job,
    files: Files,
    token: CancellationToken,
    reports: UnboundedSender<JobReport>,
}

impl Watched {
    fn tail(&self) -> Tail {
        Tail::new(self.job.id, self.files.output())
    }

    /// Reports output until the supervisor closes its pipe; passes a cancellation on to it.
    async fn follow(&self, bell: &mut ChildStdout, supervisor: Option<i32>) {
        let mut tail = self.tail();
        let mut rings = [0; 256];
        let mut is_told = false;
        loop {
            tokio::select! {
                count = bell.read(&mut rings) => {
                    tail.look(&self.reports);
                    if count.unwrap_or(0) == 0 {
                        return;
                    }
                    tokio::select! {
                        () = sleep(REPORT_EVERY) => {}
                        () = closed(bell) => {
                            tail.look(&self.reports);
                            return;
                        }
                        () = self.token.cancelled(), if !is_told => {
                            is_told = true;
                            terminate(supervisor);
                        }
                    }
                    tail.look(&self.reports);
                }
                () = self.token.cancelled(), if !is_told => {
                    is_told = true;
                    // Not reaped yet, so the number is still its own.
                    terminate(supervisor);
                }
            }
        }
    }

    /// The supervisor that this process started ended without a word.
    async fn abandoned(&self) -> End {
        match self.files.claim() {
            Ok(Claim::Ours(_held)) => self.lost().await,
            _ => End::bare(Ended::Lost),
        }
    }

    /// Nobody holds the job and its end is not known: this is put on record, so that it stays so. The caller holds
    /// the claim, so a supervisor that comes late finds that it must not start.
    async fn lost(&self) -> End {
        let files = self.files.clone();
        let output = tokio::task::spawn_blocking(move || files.leftover()).await.ok().flatten();
        let end = End { output, ..End::bare(Ended::Lost) };
        // Without the record the next sitting comes to the same result.
        let _ = self.files.write_end(&end);
        end
    }
}

/// Reads until the pipe is closed.
async fn closed(bell: &mut ChildStdout) {
    let mut rings = [0; 256];
    while bell.read(&mut rings).await.is_ok_and(|count| count > 0) {}
}

/// Whether there was a process to tell.
fn terminate(supervisor: Option<i32>) -> bool {
    // ESRCH: it ended in this moment by itself.
    supervisor.and_then(Pid::from_raw).is_some_and(|pid| kill_process(pid, Signal::TERM).is_ok())
}

fn report(reports: &UnboundedSender<JobReport>, job: JobId, end: End) {
    let (elapsed, printed) = (Duration::from_millis(end.elapsed_ms), end.printed());
    // Nobody listens: the run is being left. The end is on disk.
    let _ = reports.send(JobReport::Finished { job, ended: end.ended, elapsed, output: end.output, printed });
}

fn not_started(why: impl Into<String>) -> End {
    End::bare(Ended::NotStarted(why.into()))
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
