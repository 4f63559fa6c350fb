//! What happens around the screens: signals, and a terminal that is gone.

use std::fs::File;
use std::io::{self, IsTerminal};
use std::os::fd::{AsFd, OwnedFd};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Poll;

use rustix::event::{PollFd, PollFlags, poll};
use rustix::process::Signal;
use signal_hook::SigId;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc::UnboundedSender;

use crate::tui::terminal::{ending, is_lent, stop_waiting};

/// What happens around the screens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outside {
    /// SIGTERM or SIGHUP: the program is to end.
    End,
    /// SIGINT or SIGQUIT: so too, unless it was meant for the program that has the terminal.
    Broken,
    /// SIGTSTP: the process is to stop until it is continued.
    Stop,
    /// SIGCONT: it was continued.
    Continued,
    /// SIGWINCH: the terminal has another size. crossterm tells that too, but loses it when a key comes at the same time.
    Resized,
    /// The terminal is gone.
    Gone,
    /// A part of piton panicked; what it said.
    Panicked(String),
}

/// Watches for all of it.
pub struct Watch {
    listener: UnboundedSender<Outside>,
    noted: Vec<Noted>,
    /// To be asked whether it hung up; taken before it can have.
    terminal: Option<OwnedFd>,
}

/// A signal that is only noted, as long as nobody listens.
struct Noted {
    has_come: Arc<AtomicBool>,
    outside: Outside,
    registered: Vec<SigId>,
}

impl Noted {
    fn has_come(&self) -> bool {
        self.has_come.load(Ordering::SeqCst)
    }

    fn forget(&self) {
        for id in &self.registered {
            signal_hook::low_level::unregister(*id);
        }
    }
}

impl Watch {
    /// What happens will go to that listener.
    pub fn new(listener: UnboundedSender<Outside>) -> Self {
        Self { listener, noted: Vec::new(), terminal: None }
    }

    /// Notes signals from now on, before the terminal is taken and before there is a task that could listen:
    /// [`Watch::listen`] tells what has come. One that ends the program wakes whoever waits for the terminal.
    pub fn note(&mut self) -> io::Result<()> {
        let stdin = io::stdin();
        self.terminal = Some(if stdin.is_terminal() {
            stdin.as_fd().try_clone_to_owned()?
        } else {
            File::open("/dev/tty")?.into()
        });
        for (signal, outside) in signals() {
            let has_come = Arc::new(AtomicBool::new(false));
            let mut registered = vec![signal_hook::flag::register(signal, Arc::clone(&has_come))?];
            if matches!(outside, Outside::End | Outside::Broken) {
                registered.push(signal_hook::low_level::pipe::register(signal, ending()?)?);
            }
            self.noted.push(Noted { has_come, outside, registered });
        }
        Ok(())
    }

    /// Begins to listen, inside a runtime: what happens goes to the listener, first what was only noted.
    pub fn listen(&mut self) -> io::Result<()> {
        // A stop that is told twice would have to be continued twice; one that is missed is asked for again.
        self.noted.iter().filter(|noted| noted.outside == Outside::Stop).for_each(Noted::forget);
        watch_signals(&self.listener)?;
        self.noted.iter().for_each(Noted::forget);
        let came: Vec<Outside> = self.noted.drain(..).filter(Noted::has_come).map(|noted| noted.outside).collect();
        // Whoever was continued is not to stop any more.
        let is_continued = came.contains(&Outside::Continued);
        for outside in came.into_iter().filter(|outside| !(is_continued && *outside == Outside::Stop)) {
            // Whoever does not listen has ended.
            let _ = self.listener.send(outside);
        }
        match self.terminal.take() {
            Some(terminal) => watch_terminal(terminal, self.listener.clone()),
            None => Ok(()),
        }
    }
}

/// Puts an input that never says anything in the place of a terminal that is gone, so that crossterm, which reads a
/// dead one for ever, sleeps for what is left of the program.
pub fn silence_input() {
    if let Ok((silent, speaker)) = std::io::pipe() {
        // Without it the program ends as well, only warmer.
        let _ = rustix::stdio::dup2_stdin(&silent);
        // Closing it would end the input, and be read for ever too.
        std::mem::forget(speaker);
    }
}

/// Which signals are watched, by number, and what each is taken for.
fn signals() -> [(i32, Outside); 7] {
    [
        (Signal::TERM.as_raw(), Outside::End),
        (Signal::HUP.as_raw(), Outside::End),
        (Signal::INT.as_raw(), Outside::Broken),
        (Signal::QUIT.as_raw(), Outside::Broken),
        (Signal::TSTP.as_raw(), Outside::Stop),
        (Signal::CONT.as_raw(), Outside::Continued),
        (Signal::WINCH.as_raw(), Outside::Resized),
    ]
}

fn watch_signals(listener: &UnboundedSender<Outside>) -> io::Result<()> {
    let mut watched = Vec::new();
    for (number, outside) in signals() {
        watched.push((signal(SignalKind::from_raw(number))?, outside));
    }
    let listener = listener.clone();
    tokio::spawn(async move {
        loop {
            let outside = std::future::poll_fn(|context| {
                for (signals, outside) in &mut watched {
                    if signals.poll_recv(context).is_ready() {
                        return Poll::Ready(outside.clone());
                    }
                }
                Poll::Pending
            });
            let outside = outside.await;
            let is_end = outside == Outside::End || (outside == Outside::Broken && !is_lent());
            if listener.send(outside).is_err() {
                return;
            }
            if is_end {
                stop_waiting();
            }
        }
    });
    Ok(())
}

/// A thread that sleeps until the terminal hangs up. Reading cannot tell: crossterm reads a dead terminal for ever,
/// and a process that leads no session gets no signal.
fn watch_terminal(terminal: OwnedFd, listener: UnboundedSender<Outside>) -> io::Result<()> {
    std::thread::Builder::new().name("terminal-watch".into()).spawn(move || {
        loop {
            let mut watched = [PollFd::new(&terminal, PollFlags::empty())];
            match poll(&mut watched, None) {
                Err(rustix::io::Errno::INTR) => {}
                Err(_) => return,
                Ok(_) if watched[0].revents().is_empty() => {}
                Ok(_) => {
                    // Nobody listens any more when the screens have ended first.
                    let _ = listener.send(Outside::Gone);
                    return;
                }
            }
        }
    })?;
    Ok(())
}
