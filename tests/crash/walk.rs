//! The real binary on autopilot, watched line by line, and what its journal holds afterwards.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Read};
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use piton::engine::{Event, Outcome, Record};
use piton::journal::{Integrity, RunDir};
use tokio::net::TcpSocket;

use crate::support::binary::{Home, records};

/// How many times as fast as real time the simulated cluster runs. At ten times this the runbook's shortest time limit,
/// a minute, is no more than a busy machine may need for anything.
pub const SPEED: &str = "100";

/// The file of the short runbook: one step of every kind.
pub const SHORT_BOOK: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/crash/short.toml");

/// Far longer than a whole run takes, also on a busy machine.
const LIMIT: Duration = Duration::from_secs(120);

/// The walk of the shipped runbook from its beginning.
pub fn practice(home: &Home) -> Command {
    home.command(&["practice", "vault-ha-upgrade", "--autopilot", "--speed", SPEED])
}

/// The walk of the short runbook beside this file.
pub fn short(home: &Home) -> Command {
    home.command(&["practice", SHORT_BOOK, "--autopilot", "--speed", SPEED])
}

/// Going on with a run.
pub fn resume(home: &Home, run: &RunDir) -> Command {
    home.command(&["resume", &run.id(), "--autopilot", "--speed", SPEED])
}

/// A running program, whose lines are read as they come.
pub struct Walk {
    child: Child,
    lines: Receiver<String>,
    stderr: JoinHandle<String>,
    printed: Vec<u64>,
}

/// A program that has ended.
pub struct Ended {
    /// Its exit status, when it exited.
    pub code: Option<i32>,
    /// The signal that ended it, when one did.
    pub signal: Option<i32>,
    /// The numbers of all records that it showed as recorded.
    pub printed: Vec<u64>,
    /// What it wrote to standard error.
    pub stderr: String,
}

impl Ended {
    /// The last record that was shown; 0 when none was.
    pub fn last(&self) -> u64 {
        self.printed.last().copied().unwrap_or(0)
    }
}

impl Walk {
    /// Starts it.
    pub fn start(command: &mut Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the binary starts");
        let (sender, lines) = channel();
        let mut stdout = BufReader::new(child.stdout.take().expect("it is piped"));
        std::thread::spawn(move || {
            let mut line = String::new();
            // What has no line end was not shown as a whole.
            while stdout.read_line(&mut line).is_ok_and(|read| read > 0) && line.ends_with('\n') {
                if sender.send(std::mem::take(&mut line)).is_err() {
                    return;
                }
            }
        });
        let mut stderr = child.stderr.take().expect("it is piped");
        let stderr = std::thread::spawn(move || {
            let mut text = String::new();
            stderr.read_to_string(&mut text).expect("it says text");
            text
        });
        Self { child, lines, stderr, printed: Vec::new() }
    }

    /// The process.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Reads until `count` records were shown; whether that came before the end of the output.
    pub fn until(&mut self, count: usize) -> bool {
        while self.printed.len() < count {
            if !self.read() {
                return false;
            }
        }
        true
    }

    /// Kills it at once, whatever it is doing.
    pub fn kill(mut self) -> Ended {
        self.child.kill().expect("it can be killed, also when it has just ended");
        self.end()
    }

    /// Waits until it ends by itself.
    pub fn end(mut self) -> Ended {
        while self.read() {}
        let status = self.child.wait().expect("it can be waited for");
        let stderr = self.stderr.join().expect("the reader does not panic");
        Ended { code: status.code(), signal: status.signal(), printed: self.printed, stderr }
    }

    /// Takes in one line; whether there was one.
    fn read(&mut self) -> bool {
        let line = match self.lines.recv_timeout(LIMIT) {
            Ok(line) => line,
            Err(std::sync::mpsc::RecvTimeoutError::Disconnected) => return false,
            Err(std::sync::mpsc::RecvTimeoutError::Timeout) => {
                // Nothing else would end it.
                let _ = self.child.kill();
                panic!("nothing was said for {LIMIT:?} after record {:?}", self.printed.last());
            }
        };
        if let Some(rest) = line.strip_prefix("recorded #") {
            let seq = rest.split(' ').next().and_then(|seq| seq.parse().ok());
            self.printed.push(seq.unwrap_or_else(|| panic!("{line:?}")));
        }
        true
    }
}

/// Whether the end of a run is on disk.
pub fn is_closed(records: &[Record]) -> bool {
    records.last().is_some_and(|record| matches!(record.event, Event::RunClosed { .. }))
}

/// Goes on with a run that died, unless it died after its end, and requires that it comes to its end, and that all is
/// right with its journal.
#[track_caller]
pub fn completes(home: &Home, run: &RunDir, what: &str) {
    let before = records(run).0;
    if is_closed(&before) {
        return is_sound(run, &before, what);
    }
    let resumed = Walk::start(&mut resume(home, run)).end();
    let Ended { code, signal, stderr, .. } = &resumed;
    assert_eq!((*code, *signal, stderr.as_str()), (Some(0), None, ""), "{what}\n{}", story(run));
    let first = resumed.printed.first().copied().unwrap_or(0);
    assert_eq!(first, before.len() as u64 + 1, "{what}: what is recorded next follows what was there");
    is_sound(run, &before, what);
}

/// Requires a whole, completed journal that begins with `before` and in which nothing was done twice.
#[track_caller]
pub fn is_sound(run: &RunDir, before: &[Record], what: &str) {
    let (after, verification) = records(run);
    assert_eq!(verification.integrity, Integrity::Whole, "{what}");
    assert_eq!(&after[..before.len()], before, "{what}: no record was changed");
    let closed = after.last().map(|record| &record.event);
    assert!(matches!(closed, Some(Event::RunClosed { outcome: Outcome::Completed, .. })), "{what}: {closed:?}");
    let mut attempt = 0;
    let mut seen = BTreeSet::new();
    for record in &after {
        match &record.event {
            Event::StepBegan { attempt: next, .. } | Event::StepRetried { attempt: next, .. } => attempt = *next,
            _ => {}
        }
        let Some(deed) = deed(&record.event) else { continue };
        assert!(seen.insert((deed.clone(), attempt)), "{what}: record {} does it again: {deed}", record.seq);
    }
}

/// The last records of a run, for a panic.
pub fn story(run: &RunDir) -> String {
    let records = records(run).0;
    let last = records.iter().skip(records.len().saturating_sub(40));
    last.map(|record| piton::plain::line(record, piton::engine::Mode::Practice) + "\n").collect()
}

/// What happens at most once in an attempt at a step, however often piton dies.
fn deed(event: &Event) -> Option<String> {
    Some(match event {
        Event::RunOpened(_) => "opened".into(),
        Event::PhaseBound { phase, .. } => format!("bound {phase}"),
        Event::GroupBound { phase, group, .. } => format!("bound {group} of {phase}"),
        Event::StepBegan { step, .. } | Event::StepRetried { step, .. } => format!("began {step}"),
        Event::CautionsRead { step, .. } => format!("cautions of {step}"),
        Event::StepConfirmed { step, .. }
        | Event::AnswerGiven { step, .. }
        | Event::ChoiceMade { step, .. }
        | Event::HoldReleased { step, .. } => format!("done {step}"),
        Event::CommandsApproved { step, .. } => format!("approved {step}"),
        Event::CommandStarted { step, item, .. } => format!("started {step} {item:?}"),
        Event::CommandFinished { step, item, .. } => format!("finished {step} {item:?}"),
        Event::CheckPassed { step, .. } | Event::WaitEnded { step } => format!("sensed {step}"),
        Event::StepNotApplicable { step, .. } => format!("not applicable {step}"),
        Event::RunClosed { .. } => "closed".into(),
        _ => return None,
    })
}

/// Holds the ports of a run's simulated cluster, so that between two sittings no other cluster is given one of them.
pub fn hold_ports(records: &[Record]) -> Vec<TcpSocket> {
    let opened = records.first().map(|record| &record.event);
    let Some(Event::RunOpened(opened)) = opened else { return Vec::new() };
    let ports = opened.practice.iter().flat_map(|practice| practice.ports.clone());
    let held = ports.map(|port| {
        let socket = TcpSocket::new_v4()?;
        socket.set_reuseport(true)?;
        socket.bind(std::net::SocketAddr::from((std::net::Ipv4Addr::LOCALHOST, port)))?;
        Ok(socket)
    });
    held.collect::<std::io::Result<_>>().expect("a port can be shared with piton")
}

/// Plays all rounds, several at a time, for each waits for its disk and its cluster most of the time.
pub fn play_all(rounds: usize, play: impl Fn(usize) + Sync) {
    let next = AtomicUsize::new(0);
    let is_failed = AtomicBool::new(false);
    let workers = std::thread::available_parallelism().map_or(2, usize::from) * 2;
    std::thread::scope(|scope| {
        for _ in 0..workers.min(rounds) {
            scope.spawn(|| {
                loop {
                    let round = next.fetch_add(1, Ordering::Relaxed);
                    if round >= rounds || is_failed.load(Ordering::Relaxed) {
                        return;
                    }
                    let failing = OnPanic(&is_failed);
                    play(round);
                    drop(failing);
                }
            });
        }
    });
}

/// Tells the other workers that one has failed, so that its message comes soon.
struct OnPanic<'a>(&'a AtomicBool);

impl Drop for OnPanic<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.store(true, Ordering::Relaxed);
        }
    }
}
