//! Keys and pastes, read on a thread of their own.
//!
//! In the middle of a sequence crossterm waits for the rest of it. On this thread that cannot hold up the loop that draws,
//! records and ends the program. The thread waits for the terminal itself and asks crossterm only when there is something
//! to be read, so that it can be held back while another program has the terminal.
//!
//! crossterm's feature `use-dev-tty` is needed: its other source watches the terminal by edges, so it leaves what is
//! beyond the first 1,024 bytes of a paste unread until the next key.

use std::fs::File;
use std::io::{self, IsTerminal, PipeReader, PipeWriter, Read, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crossterm::event::{Event, poll as is_there, read};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use tokio::sync::mpsc::{Receiver, Sender, channel};

use crate::clock::monotonic;
use crate::tui::sift::Sift;

/// How many events may wait to be taken in; more stay with the terminal.
const WAITING: usize = 4_096;

/// How long what was read already is asked for. Asked for no time at all, crossterm does not look; asked for less than a
/// millisecond, it looks again and again until that is over, on a processor that is wanted for the frame.
const MOMENT: Duration = Duration::from_micros(50);

/// How often it is asked: where the thread lost its processor for that moment, crossterm has not looked at all.
const ASKED: usize = 2;

/// How long the rest of a sequence may take behind its first byte.
const REST: Duration = Duration::from_millis(50);

/// How long the thread may take to let go of the terminal.
const LET_GO: Duration = Duration::from_millis(500);

/// What the terminal says. After an error nothing comes any more.
pub struct Input {
    /// Keys, pastes and clicks.
    pub events: Receiver<io::Result<Event>>,
    gate: Arc<Gate>,
    waker: PipeWriter,
}

/// Whether the thread may read.
#[derive(Default)]
struct Gate {
    held: Mutex<Held>,
    changed: Condvar,
}

#[derive(Default)]
struct Held {
    is_wanted: bool,
    is_so: bool,
}

impl Gate {
    fn lock(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Begins to read.
///
/// # Errors
/// There is no terminal, or the system gives no thread.
pub fn begin() -> io::Result<Input> {
    let stdin = io::stdin();
    let terminal: OwnedFd =
        if stdin.is_terminal() { stdin.as_fd().try_clone_to_owned()? } else { File::open("/dev/tty")?.into() };
    let (sender, events) = channel(WAITING);
    let (wakes, waker) = io::pipe()?;
    let gate = Arc::new(Gate::default());
    let input = Input { events, gate: Arc::clone(&gate), waker };
    std::thread::Builder::new().name("terminal-input".into()).spawn(move || {
        let ended = listen(&terminal, wakes, &gate, &sender);
        if let Err(error) = ended {
            // Nobody listens any more when the screens have ended first.
            let _ = sender.blocking_send(Err(error));
        }
        // Nobody is to wait for a thread that has ended.
        gate.lock().is_so = true;
        gate.changed.notify_all();
    })?;
    Ok(input)
}

impl Input {
    /// Nothing is read from now on, until [`Input::go_on`].
    pub fn hold(&mut self) {
        self.gate.lock().is_wanted = true;
        // It fails when the thread has ended, and then nothing is read anyway.
        let _ = self.waker.write(b"x");
        let held = self.gate.lock();
        let is_not = |held: &mut Held| !held.is_so;
        drop(self.gate.changed.wait_timeout_while(held, LET_GO, is_not).unwrap_or_else(PoisonError::into_inner));
    }

    /// Reads again.
    pub fn go_on(&mut self) {
        self.gate.lock().is_wanted = false;
        self.gate.changed.notify_all();
    }
}

/// Hands on what comes until the terminal is gone or nobody listens any more.
fn listen(
    terminal: &OwnedFd,
    mut wakes: PipeReader,
    gate: &Gate,
    sender: &Sender<io::Result<Event>>,
) -> io::Result<()> {
    let mut sift = Sift::default();
    loop {
        let mut watched = [PollFd::new(terminal, PollFlags::IN), PollFd::new(&wakes, PollFlags::IN)];
        match poll(&mut watched, None) {
            Err(rustix::io::Errno::INTR) => continue,
            Err(error) => return Err(error.into()),
            Ok(_) => {}
        }
        let [said, woken] = [watched[0].revents(), watched[1].revents()];
        if !woken.is_empty() {
            if wakes.read(&mut [0; 64])? == 0 {
                return Ok(());
            }
            wait_behind(gate);
            continue;
        }
        if said.intersects(PollFlags::HUP | PollFlags::ERR | PollFlags::NVAL) {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        loop {
            let is_more = is_more()? || (sift.is_waiting() && comes(terminal)? && is_more()?);
            let come = if is_more { sift.take(read()?) } else { sift.quiet() };
            for event in come {
                if sender.blocking_send(Ok(event)).is_err() {
                    return Ok(());
                }
            }
            if !is_more {
                break;
            }
        }
    }
}

/// Whether there is an event that was read already, or can be read at once.
fn is_more() -> io::Result<bool> {
    for _ in 0..ASKED {
        if is_there(MOMENT)? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Waits for the rest of a sequence: whether anything comes in time.
fn comes(terminal: &OwnedFd) -> io::Result<bool> {
    let end = monotonic() + REST;
    loop {
        let left = end.saturating_duration_since(monotonic());
        let left = Timespec { tv_sec: 0, tv_nsec: left.subsec_nanos().into() };
        match poll(&mut [PollFd::new(terminal, PollFlags::IN)], Some(&left)) {
            Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
            Ok(ready) => return Ok(ready > 0),
        }
    }
}

/// Waits as long as another program has the terminal.
fn wait_behind(gate: &Gate) {
    let mut held = gate.lock();
    held.is_so = true;
    gate.changed.notify_all();
    held = gate.changed.wait_while(held, |held| held.is_wanted).unwrap_or_else(PoisonError::into_inner);
    held.is_so = false;
}
