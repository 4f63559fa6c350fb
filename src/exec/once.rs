//! A command run to its end inside this process, without a supervisor: for probes and for looking secrets up.

use std::future::pending;
use std::time::Duration;

use crate::engine::{Ended, Printed};
use crate::exec::Answer;
use crate::exec::capture::Excerpt;
use crate::exec::drive::{Patience, Sink, Stream, drive};
use crate::exec::group::{Group, Prepared};
use crate::exec::secret::{Redacting, Redactor};

/// How much of each stream is kept.
const KEPT_BYTES: usize = 1024 * 1024;

/// A probe gets no long farewell: the next one is due.
const GRACE: Duration = Duration::from_millis(500);
const DRAIN: Duration = Duration::from_millis(500);

/// Runs it to its end; its whole group is killed after `timeout`, or when the future is dropped.
pub(crate) async fn run_once(prepared: Prepared, timeout: Duration, redactor: &Redactor) -> Answer {
    let mut leash = match Group::spawn(&prepared) {
        Ok(group) => Leash(Some(group)),
        Err(why) => return Answer { ended: Ended::NotStarted(why), printed: Printed::default() },
    };
    let mut both = Both {
        stdout: (redactor.stream(), Excerpt::new(KEPT_BYTES)),
        stderr: (redactor.stream(), Excerpt::new(KEPT_BYTES)),
    };
    let patience = Patience { timeout, grace: GRACE, drain: DRAIN };
    let ended = match &mut leash.0 {
        Some(group) => drive(group, patience, pending(), &mut both).await,
        None => Ended::Lost,
    };
    leash.0 = None;
    Answer { ended, printed: both.finish() }
}

/// Kills the group of a command whose answer is no longer wanted; empty once it has ended.
struct Leash(Option<Group>);

impl Drop for Leash {
    fn drop(&mut self) {
        let Some(mut group) = self.0.take() else { return };
        // A command that has been reaped must not be signalled: its number may be another's by now.
        if group.ended().is_none() {
            group.kill();
            // Reaped elsewhere, since dropping must not wait.
            std::thread::spawn(move || group.reap());
        }
    }
}

struct Both<'a> {
    stdout: (Redacting<'a>, Excerpt),
    stderr: (Redacting<'a>, Excerpt),
}

impl Both<'_> {
    fn finish(mut self) -> Printed {
        for (redacting, excerpt) in [&mut self.stdout, &mut self.stderr] {
            excerpt.push(&redacting.finish());
        }
        Printed { stdout: self.stdout.1.into_text(), stderr: self.stderr.1.into_text() }
    }
}

impl Sink for Both<'_> {
    fn take(&mut self, stream: Stream, bytes: &[u8]) {
        let (redacting, excerpt) = match stream {
            Stream::Stdout => &mut self.stdout,
            Stream::Stderr => &mut self.stderr,
        };
        excerpt.push(&redacting.push(bytes));
    }
}
