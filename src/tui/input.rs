//! Keys, the mouse and pastes, read on a thread of their own.
//!
//! In the middle of a sequence the thread waits for the rest of it, which cannot hold up the loop that draws, records and
//! ends the program. It reads the terminal itself; what the bytes are says [`Sift`]. It can be held back while another
//! program has the terminal.

use std::fs::File;
use std::io::{self, IsTerminal, PipeReader, PipeWriter, Read, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crossterm::event::Event;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use tokio::sync::mpsc::{Receiver, Sender, channel};

use crate::clock::monotonic;
use crate::tui::sift::Sift;

/// How many events may wait to be taken in; more stay with the terminal.
const WAITING: usize = 4_096;

/// How many bytes are read at once.
const AT_ONCE: usize = 4_096;

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
    let mut bytes = [0; AT_ONCE];
    let mut heard = monotonic();
    loop {
        let left = sift.waits().map(|waits| (heard + waits).saturating_duration_since(monotonic()));
        let come = match wait(terminal, &wakes, left)? {
            Came::Nothing => sift.quiet(),
            Came::Call => {
                if wakes.read(&mut [0; 64])? == 0 {
                    return Ok(());
                }
                wait_behind(gate);
                heard = monotonic();
                continue;
            }
            Came::Bytes => {
                let count = match rustix::io::read(terminal, &mut bytes) {
                    Err(rustix::io::Errno::INTR | rustix::io::Errno::AGAIN) => continue,
                    Err(error) => return Err(error.into()),
                    Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
                    Ok(count) => count,
                };
                heard = monotonic();
                sift.take(&bytes[..count], count == AT_ONCE)
            }
        };
        for event in come {
            if sender.blocking_send(Ok(event)).is_err() {
                return Ok(());
            }
        }
    }
}

/// What it was that somebody waited for.
enum Came {
    /// There is something to be read.
    Bytes,
    /// The thread is called.
    Call,
    /// Neither, as long as it was waited for.
    Nothing,
}

/// Waits until something is there, for no longer than `left`.
fn wait(terminal: &OwnedFd, wakes: &PipeReader, left: Option<Duration>) -> io::Result<Came> {
    let end: Option<Instant> = left.map(|left| monotonic() + left);
    loop {
        let left = end.map(|end| end.saturating_duration_since(monotonic()));
        let left =
            left.map(|left| Timespec { tv_sec: left.as_secs().cast_signed(), tv_nsec: left.subsec_nanos().into() });
        let mut watched = [PollFd::new(terminal, PollFlags::IN), PollFd::new(wakes, PollFlags::IN)];
        match poll(&mut watched, left.as_ref()) {
            Err(rustix::io::Errno::INTR) => continue,
            Err(error) => return Err(error.into()),
            Ok(0) => return Ok(Came::Nothing),
            Ok(_) => {}
        }
        let [said, woken] = [watched[0].revents(), watched[1].revents()];
        if !woken.is_empty() {
            return Ok(Came::Call);
        }
        if said.intersects(PollFlags::HUP | PollFlags::ERR | PollFlags::NVAL) {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        return Ok(Came::Bytes);
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
