//! A program that is lent the terminal: an editor, or ssh-keygen. It is ended when piton is.

use std::io;
use std::os::fd::OwnedFd;
use std::process::{Child, Command, ExitStatus};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::process::{
    Pid, PidfdFlags, Signal, WaitId, WaitIdOptions, kill_process, pidfd_open, pidfd_send_signal, test_kill_process,
    waitid,
};

use crate::clock::monotonic;

/// The most that is taken of what it prints, in bytes.
const MAX_PRINTED: u64 = 64 * 1024;

/// How long its last words are waited for where something else keeps its end of the pipe.
const LAST_WORDS: Duration = Duration::from_secs(2);

/// How long one that is ended is waited for, once it was asked, and once more when it was made to.
const PATIENCE: Duration = Duration::from_millis(500);

/// How often it is looked whether it has.
const LOOK: Duration = Duration::from_millis(2);

/// What a program that has the terminal needs to be waited for, and to be ended from elsewhere. Its clones are the same one.
#[derive(Clone, Debug, Default)]
pub struct Borrower(Arc<(Mutex<Known>, Condvar)>);

#[derive(Debug, Default)]
struct Known {
    /// The program, as long as it has not been waited for.
    running: Option<Pid>,
    /// It is to end, or not to begin.
    is_ended: bool,
    /// It has ended, and what it left is gone.
    is_over: bool,
}

impl Borrower {
    fn known(&self) -> MutexGuard<'_, Known> {
        self.0.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Runs it to its end; how it ended, and what it printed where its output is a pipe.
    ///
    /// # Errors
    /// It cannot be started, printed more than 64 KiB, or was to end before it began.
    pub fn run(&self, command: &mut Command) -> io::Result<(ExitStatus, Vec<u8>)> {
        self.run_heard(command, &mut |_| {})
    }

    /// The same; `hear` is given what it says besides, as it says it, where that goes into a pipe.
    ///
    /// # Errors
    /// It cannot be started, printed more than 64 KiB, or was to end before it began.
    pub fn run_heard(&self, command: &mut Command, hear: &mut dyn FnMut(&[u8])) -> io::Result<(ExitStatus, Vec<u8>)> {
        let mut known = self.known();
        if known.is_ended {
            return Err(io::Error::other("piton ends"));
        }
        let mut child = command.spawn()?;
        let pid = Pid::from_child(&child);
        known.running = Some(pid);
        drop(known);
        let mut printed = Vec::new();
        let overheard = overheard(&mut child, pid).map(|heard| take_in(&heard, &mut printed, hear));
        if overheard.is_err() {
            child.kill()?;
        }
        self.known().running = None;
        let ended = child.wait()?;
        overheard?;
        if printed.len() as u64 > MAX_PRINTED {
            return Err(io::Error::other(format!("it printed more than {MAX_PRINTED} bytes")));
        }
        Ok((ended, printed))
    }

    /// What it left is gone: whoever ends it waits for this.
    pub fn tidied(&self) {
        self.known().is_over = true;
        self.0.1.notify_all();
    }

    /// Whether it was ended, or is to end.
    pub fn is_ended(&self) -> bool {
        self.known().is_ended
    }

    /// Ends it and all that it has started: first it is asked, so that it can put its own things in order. Comes back when
    /// what it left is gone, or it is of no use to wait for that.
    pub fn end(&self) {
        let mut known = self.known();
        known.is_ended = true;
        let all = known.running.map(with_descendants).unwrap_or_default();
        drop(known);
        for signal in [Signal::TERM, Signal::KILL] {
            all.iter().for_each(|process| process.send(signal));
            let began = monotonic();
            while began.elapsed() < PATIENCE && !all.iter().all(Process::is_gone) {
                std::thread::park_timeout(LOOK);
            }
        }
        let is_going_on = |known: &mut Known| !known.is_over;
        // A disk that takes longer keeps the file, which nobody else can read.
        drop(self.0.1.wait_timeout_while(self.known(), PATIENCE, is_going_on));
    }
}

/// What is heard of a program that was begun.
enum Heard {
    Printed(Vec<u8>),
    Said(Vec<u8>),
    Ended,
}

/// Listens to a program on threads of their own: what it has started may keep its ends of the pipes for longer than it
/// lives itself, and nobody waits for that. It is not waited for here, so that its number stays its own.
fn overheard(child: &mut Child, pid: Pid) -> io::Result<Receiver<Heard>> {
    let (teller, heard) = channel();
    if let Some(said) = child.stderr.take() {
        listen(said, Heard::Said, teller.clone())?;
    }
    if let Some(output) = child.stdout.take() {
        listen(output, Heard::Printed, teller.clone())?;
    }
    std::thread::Builder::new().spawn(move || {
        while matches!(waitid(WaitId::Pid(pid), WaitIdOptions::EXITED | WaitIdOptions::NOWAIT), Err(Errno::INTR)) {}
        let _ = teller.send(Heard::Ended);
    })?;
    Ok(heard)
}

/// Tells all that comes out of a pipe until nobody has its other end any more, or nobody listens.
fn listen(mut from: impl io::Read + Send + 'static, of: fn(Vec<u8>) -> Heard, to: Sender<Heard>) -> io::Result<()> {
    std::thread::Builder::new().spawn(move || {
        let mut buffer = [0; 1024];
        loop {
            match from.read(&mut buffer) {
                Ok(0) => return,
                Ok(read) if to.send(of(buffer[..read].to_vec())).is_err() => return,
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(_) => return,
            }
        }
    })?;
    Ok(())
}

/// Takes in what is heard until the program has ended, and what it said last.
fn take_in(heard: &Receiver<Heard>, printed: &mut Vec<u8>, hear: &mut dyn FnMut(&[u8])) {
    let mut next = heard.recv().ok();
    let mut has_ended = false;
    while let Some(told) = next {
        match told {
            Heard::Said(said) => hear(&said),
            Heard::Printed(more) if printed.len() as u64 <= MAX_PRINTED => printed.extend(more),
            Heard::Printed(_) => {}
            Heard::Ended => has_ended = true,
        }
        next = if has_ended { heard.recv_timeout(LAST_WORDS).ok() } else { heard.recv().ok() };
    }
}

/// A process that is to end; by a handle that stands for no other process later, where the system has those.
#[derive(Debug)]
struct Process(Pid, Option<OwnedFd>);

impl Process {
    fn of(pid: Pid) -> Self {
        Self(pid, pidfd_open(pid, PidfdFlags::empty()).ok())
    }

    /// One that is stopped is continued, so that it takes the signal.
    fn send(&self, signal: Signal) {
        for signal in [signal, Signal::CONT] {
            // It may have ended by itself.
            let _ = match &self.1 {
                Some(handle) => pidfd_send_signal(handle, signal),
                None => kill_process(self.0, signal),
            };
        }
    }

    fn is_gone(&self) -> bool {
        match &self.1 {
            Some(handle) => {
                let mut watched = [PollFd::new(handle, PollFlags::IN)];
                poll(&mut watched, Some(&Timespec { tv_sec: 0, tv_nsec: 0 })).is_ok_and(|ended| ended > 0)
            }
            None => test_kill_process(self.0).is_err(),
        }
    }
}

/// A process and all that it or its own have started.
fn with_descendants(first: Pid) -> Vec<Process> {
    let mut parents = Vec::new();
    for entry in std::fs::read_dir("/proc").into_iter().flatten().flatten() {
        let Some(pid) = entry.file_name().to_str().and_then(|name| name.parse::<i32>().ok()) else { continue };
        let stat = std::fs::read_to_string(entry.path().join("stat")).unwrap_or_default();
        // Behind the name, in which anything can stand: the state, and the parent.
        let parent = stat.rsplit_once(')').and_then(|(_, rest)| rest.split_whitespace().nth(1)?.parse::<i32>().ok());
        parents.extend(parent.map(|parent| (pid, parent)));
    }
    let mut found = vec![first.as_raw_nonzero().get()];
    let mut at = 0;
    while let Some(parent) = found.get(at).copied() {
        found.extend(parents.iter().filter(|(_, of)| *of == parent).map(|(pid, _)| *pid));
        at += 1;
    }
    found.into_iter().filter_map(Pid::from_raw).map(Process::of).collect()
}

#[cfg(test)]
mod tests {
    use std::process::Stdio;

    use super::*;

    #[test]
    fn what_it_says_besides_is_heard_to_its_end_and_is_no_part_of_what_it_prints() {
        let mut command = Command::new("sh");
        command.args(["-c", "echo one; echo why >&2; echo two; exit 3"]).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut heard = Vec::new();
        let ended = Borrower::default().run_heard(&mut command, &mut |said| heard.extend_from_slice(said));
        let (ended, printed) = ended.expect("it runs");
        assert_eq!((ended.code(), &printed[..], &heard[..]), (Some(3), &b"one\ntwo\n"[..], &b"why\n"[..]));
    }

    #[test]
    fn what_it_has_started_and_keeps_its_pipes_is_not_waited_for() {
        let mut command = Command::new("sh");
        command.args(["-c", "sleep 600 & echo $!; exit 3"]).stdout(Stdio::piped()).stderr(Stdio::piped());
        let (ended, printed) = Borrower::default().run_heard(&mut command, &mut |_| {}).expect("it runs");
        let pid =
            std::str::from_utf8(&printed).unwrap().trim().parse().ok().and_then(Pid::from_raw).expect("its number");
        assert_eq!((ended.code(), test_kill_process(pid)), (Some(3), Ok(())), "it was waited for");
        kill_process(pid, Signal::KILL).unwrap();
    }
}
