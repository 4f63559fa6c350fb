//! Sees one command through to its end: drains its pipes, enforces its timeout, ends it when asked to.

use std::future::Future;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::signal::unix::{SignalKind, signal};
use tokio::time::sleep;

use crate::engine::Ended;
use crate::exec::group::Group;

const READ_BYTES: usize = 64 * 1024;

/// How often it looks whether a terminated group is gone whose first process has ended already.
const GROUP_POLL: Duration = Duration::from_millis(20);

/// How long a killed process may take to vanish; one stuck in the kernel can take for ever.
const UNKILLABLE: Duration = Duration::from_secs(5);

/// The patience with a command.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Patience {
    /// How long it may run.
    pub timeout: Duration,
    /// How long it may take to end after SIGTERM before SIGKILL.
    pub grace: Duration,
    /// How long its pipes may stay open after it has ended, held by its descendants.
    pub drain: Duration,
}

/// Which of the two pipes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stream {
    Stdout,
    Stderr,
}

/// Takes what a command prints.
pub(crate) trait Sink {
    /// The next bytes of one of the pipes.
    fn take(&mut self, stream: Stream, bytes: &[u8]);
}

/// Where a command stands.
enum Phase {
    /// It runs; when the timer rings it has run too long.
    Running,
    /// It was sent SIGTERM for this reason; when the timer rings it is killed.
    Asked(Ended),
    /// It was sent SIGKILL; when the timer rings it is given up.
    Killed(Ended),
    /// It has ended by itself; when the timer rings its pipes are no longer waited for.
    Draining(Ended),
}

/// Sees `group` through to its end. When `stop` completes it is cancelled.
pub(crate) async fn drive(
    group: &mut Group,
    patience: Patience,
    stop: impl Future<Output = ()>,
    sink: &mut (dyn Sink + Send),
) -> Ended {
    // Registered before the first look, so that no end is missed.
    let mut children = signal(SignalKind::child()).ok();
    let (mut out, mut err) = (vec![0; READ_BYTES], vec![0; READ_BYTES]);
    let (mut is_out_open, mut is_err_open) = (true, true);
    let mut own_end = group.ended();
    let mut phase = Phase::Running;
    let timer = sleep(patience.timeout);
    tokio::pin!(timer, stop);
    let mut may_stop = true;
    loop {
        if let (Some(ended), Phase::Running) = (&own_end, &phase) {
            phase = Phase::Draining(ended.clone());
            timer.set(sleep(patience.drain));
        }
        let is_quiet = own_end.is_some() && !is_out_open && !is_err_open;
        match phase {
            Phase::Draining(ended) | Phase::Killed(ended) if is_quiet => return ended,
            Phase::Asked(why) if is_quiet && !group.is_alive() => return why,
            _ => {}
        }
        tokio::select! {
            count = read(&mut group.stdout, &mut out), if is_out_open => {
                is_out_open = count > 0;
                sink.take(Stream::Stdout, &out[..count]);
            }
            count = read(&mut group.stderr, &mut err), if is_err_open => {
                is_err_open = count > 0;
                sink.take(Stream::Stderr, &err[..count]);
            }
            () = next(&mut children), if own_end.is_none() => own_end = group.ended(),
            () = sleep(GROUP_POLL), if is_quiet => {}
            () = &mut stop, if may_stop => {
                may_stop = false;
                if matches!(phase, Phase::Running) {
                    phase = ask(group, Ended::Cancelled);
                    timer.set(sleep(patience.grace));
                }
            }
            () = &mut timer => {
                let left = if own_end.is_some() { patience.drain } else { UNKILLABLE };
                let (next, wait) = match phase {
                    Phase::Running => (ask(group, Ended::TimedOut), patience.grace),
                    Phase::Asked(why) => (kill(group, why), left),
                    Phase::Killed(ended) | Phase::Draining(ended) => return ended,
                };
                phase = next;
                timer.set(sleep(wait));
            }
        }
    }
}

fn ask(group: &Group, why: Ended) -> Phase {
    group.terminate();
    Phase::Asked(why)
}

fn kill(group: &Group, why: Ended) -> Phase {
    group.kill();
    Phase::Killed(why)
}

/// Counts an unreadable pipe as a closed one.
async fn read(pipe: &mut (impl AsyncRead + Unpin), buffer: &mut [u8]) -> usize {
    pipe.read(buffer).await.unwrap_or(0)
}

/// The next end of a child; without a signal handler it looks now and then.
async fn next(children: &mut Option<tokio::signal::unix::Signal>) {
    match children {
        Some(children) => _ = children.recv().await,
        None => sleep(GROUP_POLL).await,
    }
}
