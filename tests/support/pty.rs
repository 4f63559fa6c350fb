//! A program in a pseudo-terminal whose other end emulates a terminal: type, wait for the screen, look, end it.

use std::fmt::Write as _;
use std::fs::File;
use std::io::{PipeReader, PipeWriter, Read as _, Write as _};
use std::num::NonZeroU16;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::process::{Command, ExitStatus, Stdio};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::thread::JoinHandle;
use std::time::Duration;

use piton::clock::monotonic;
use rustix::event::{PollFd, PollFlags, poll};
use rustix::fs::{Mode, OFlags};
use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process, waitid};
use rustix::termios::{Termios, Winsize, tcgetattr, tcsetwinsize};

use super::census::{Census, Query};

/// For how long nothing is written between two frames.
const QUIET: Duration = Duration::from_millis(30);

/// How the program hangs on its terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hold {
    /// It leads its session and the terminal controls it: a hang-up is signalled to it.
    Leader,
    /// The same, with SIGHUP ignored from the start (as under `nohup`).
    LeaderIgnoringHangUp,
    /// The terminal is not its controlling one: nobody signals it.
    Stranger,
}

/// Whether the terminal answers what it is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answers {
    /// As a usual terminal does.
    Usual,
    /// Never.
    Mute,
}

/// How a program is put into a terminal.
pub struct Start {
    command: Command,
    rows: u16,
    cols: u16,
    hold: Hold,
    answers: Answers,
}

impl Start {
    /// `program` in a terminal of 120 columns and 40 rows that answers, leading its session.
    pub fn new(program: &str, args: &[&str]) -> Self {
        let mut command = Command::new(program);
        command.args(args).env("TERM", "xterm-256color").env_remove("NO_COLOR").env_remove("COLORTERM");
        Self { command, rows: 40, cols: 120, hold: Hold::Leader, answers: Answers::Usual }
    }

    /// The command itself, for its environment and directory.
    pub fn with(mut self, change: impl FnOnce(&mut Command)) -> Self {
        change(&mut self.command);
        self
    }

    /// Another size.
    pub fn size(mut self, rows: u16, cols: u16) -> Self {
        (self.rows, self.cols) = (rows, cols);
        self
    }

    /// Another way of hanging on the terminal.
    pub fn hold(mut self, hold: Hold) -> Self {
        self.hold = hold;
        self
    }

    /// A terminal that answers nothing, or one that does.
    pub fn answers(mut self, answers: Answers) -> Self {
        self.answers = answers;
        self
    }

    /// Starts it.
    pub fn spawn(self) -> Terminal {
        Terminal::start(self)
    }
}

/// A running (or ended) program and its terminal. Dropping it kills the program.
pub struct Terminal {
    shared: Arc<Shared>,
    master: Option<pty_process::blocking::Pty>,
    /// Keeps the slave side's settings readable after the program has gone.
    slave: Option<OwnedFd>,
    before: Termios,
    pid: Pid,
    wake: PipeWriter,
    reader: Option<JoinHandle<()>>,
}

struct Shared {
    seen: Mutex<Seen>,
    changed: Condvar,
}

struct Seen {
    screen: vt100::Parser,
    census: Census,
    raw: Vec<u8>,
    exit: Option<ExitStatus>,
    /// What it had computed when it ended.
    cpu: Duration,
}

impl Shared {
    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    fn change(&self, change: impl FnOnce(&mut Seen)) {
        change(&mut self.seen());
        self.changed.notify_all();
    }
}

fn cells(count: u16) -> NonZeroU16 {
    NonZeroU16::new(count).unwrap_or(NonZeroU16::MIN)
}

impl Terminal {
    fn start(start: Start) -> Self {
        let (master, slave) = pty_process::blocking::open().expect("the system has a free pseudo-terminal");
        master.resize(pty_process::Size::new(start.rows, start.cols)).expect("a new terminal can be resized");
        let before = tcgetattr(&slave).expect("a terminal has settings");
        let kept = slave.as_fd().try_clone_to_owned().expect("a descriptor can be copied");
        let mut child = match start.hold {
            Hold::Leader => pty_process::blocking::Command::from(start.command).spawn(slave).expect("it starts"),
            Hold::LeaderIgnoringHangUp => {
                pty_process::blocking::Command::from(ignoring_hang_up(&start.command)).spawn(slave).expect("it starts")
            }
            Hold::Stranger => stranger(start.command, &slave),
        };
        let pid = Pid::from_child(&child);
        let shared = Arc::new(Shared {
            seen: Mutex::new(Seen {
                screen: vt100::Parser::new(cells(start.rows), cells(start.cols), 0),
                census: Census::default(),
                raw: Vec::new(),
                exit: None,
                cpu: Duration::ZERO,
            }),
            changed: Condvar::new(),
        });
        let (sleeper, wake) = std::io::pipe().expect("the system has a free pipe");
        let input = master.as_fd().try_clone_to_owned().expect("a descriptor can be copied");
        let reader = {
            let shared = Arc::clone(&shared);
            std::thread::spawn(move || read_all(&shared, input, &sleeper, start.answers))
        };
        let waiter = Arc::clone(&shared);
        std::thread::spawn(move || {
            // First only told that it has ended: until it is waited for, the system knows what it computed.
            let ended = waitid(WaitId::Pid(pid), WaitIdOptions::EXITED | WaitIdOptions::NOWAIT);
            let cpu = ended.map(|_| cpu_of(pid.as_raw_nonzero().get())).unwrap_or_default();
            let exit = child.wait().expect("a child can be waited for once");
            waiter.change(|seen| (seen.exit, seen.cpu) = (Some(exit), cpu));
        });
        Self { shared, master: Some(master), slave: Some(kept), before, pid, wake, reader: Some(reader) }
    }

    /// The program's process id.
    pub fn pid(&self) -> Pid {
        self.pid
    }

    /// Waits until the screen is as `wanted` says; panics with the screen when it does not come to that in time.
    #[track_caller]
    pub fn wait_for(&self, what: &str, limit: Duration, wanted: impl Fn(&str) -> bool) -> String {
        let screen = self.wait(limit, |seen| {
            let text = seen.screen.screen().contents();
            wanted(&text).then_some(text)
        });
        screen.unwrap_or_else(|| panic!("{what}: not within {limit:?}\n{}", self.describe()))
    }

    /// Waits until the screen contains `text`.
    #[track_caller]
    pub fn wait_text(&self, text: &str, limit: Duration) -> String {
        self.wait_for(&format!("{text:?} on the screen"), limit, |screen| screen.contains(text))
    }

    /// Waits until the screen is another than `before`, or the program has ended; none when neither comes in time.
    pub fn changed(&self, before: &str, limit: Duration) -> Option<String> {
        self.wait(limit, |seen| {
            let text = seen.screen.screen().contents();
            (text != before || seen.exit.is_some()).then_some(text)
        })
    }

    /// The screen once nothing was written for a moment: a frame may come in several pieces.
    pub fn settled(&self) -> String {
        let mut written = self.shared.seen().raw.len();
        while let Some(more) = self.wait(QUIET, |seen| Some(seen.raw.len()).filter(|more| *more != written)) {
            written = more;
        }
        self.screen()
    }

    /// Waits until the program has ended and its last output is read; panics with the screen when it does not.
    #[track_caller]
    pub fn wait_exit(&mut self, limit: Duration) -> Exit {
        let exit = self.wait(limit, |seen| seen.exit);
        let exit = exit.unwrap_or_else(|| panic!("the program has not ended within {limit:?}\n{}", self.describe()));
        self.stop_reading();
        Exit { code: exit.code(), signal: exit.signal() }
    }

    /// Waits until a signal has stopped the program.
    #[track_caller]
    pub fn wait_stopped(&self, limit: Duration) {
        let (pid, (teller, told)) = (self.pid, std::sync::mpsc::channel());
        std::thread::spawn(move || {
            let stopped = waitid(WaitId::Pid(pid), WaitIdOptions::STOPPED | WaitIdOptions::NOWAIT);
            // The test may have given up meanwhile.
            let _ = teller.send(stopped.is_ok());
        });
        assert_eq!(told.recv_timeout(limit), Ok(true), "it is not stopped within {limit:?}\n{}", self.describe());
    }

    /// Whether the program has not ended yet.
    pub fn is_running(&self) -> bool {
        self.shared.seen().exit.is_none()
    }

    /// The screen as text.
    pub fn screen(&self) -> String {
        self.shared.seen().screen.screen().contents()
    }

    /// Everything that was written so far.
    pub fn raw(&self) -> Vec<u8> {
        self.shared.seen().raw.clone()
    }

    /// Asks the census of everything that was written so far.
    pub fn census<T>(&self, ask: impl FnOnce(&Census) -> T) -> T {
        ask(&self.shared.seen().census)
    }

    /// Types text.
    pub fn type_text(&self, text: &str) {
        self.send(text.as_bytes());
    }

    /// Presses a key: `enter`, `esc`, `tab`, `backspace`, an arrow, `page-up`, `page-down`, `home`, `end`, `ctrl-x`,
    /// or one character.
    pub fn key(&self, name: &str) {
        let is_application = self.census(|census| census.is_on(1));
        self.send(&key_bytes(name, is_application));
    }

    /// Pastes text as a terminal with bracketed paste does.
    pub fn paste(&self, text: &str) {
        self.send(format!("\x1b[200~{text}\x1b[201~").as_bytes());
    }

    fn send(&self, bytes: &[u8]) {
        let mut master = self.master.as_ref().expect("the terminal has not been taken away");
        master.write_all(bytes).expect("a terminal takes keys");
    }

    /// Changes the size of the terminal; the program is signalled.
    pub fn resize(&self, rows: u16, cols: u16) {
        self.shared.change(|seen| seen.screen.screen_mut().set_size(cells(rows), cells(cols)));
        let size = Winsize { ws_row: rows, ws_col: cols, ws_xpixel: 0, ws_ypixel: 0 };
        tcsetwinsize(self.master.as_ref().expect("the terminal has not been taken away"), size).expect("a new size");
    }

    /// Sends a signal to the program itself.
    pub fn signal(&self, signal: Signal) {
        kill_process(self.pid, signal).expect("the program is still there");
    }

    /// Kills it at once.
    pub fn kill(&self) {
        // It may have ended in this very moment, which is what is wanted.
        let _ = kill_process(self.pid, Signal::KILL);
    }

    /// Takes the terminal away, as a lost connection does: every descriptor of the other end is closed.
    pub fn hang_up(&mut self) {
        self.stop_reading();
        self.slave = None;
        self.master = None;
    }

    /// Nothing is read any more and nothing more fits in, as behind a connection that has stalled: whoever writes waits.
    pub fn stall(&mut self) {
        self.stop_reading();
        let slave = self.slave.as_ref().expect("the terminal is there").as_raw_fd();
        let flags = OFlags::WRONLY | OFlags::NONBLOCK | OFlags::NOCTTY;
        // Opened anew: not to wait is a property of this opening, not of the program's.
        let own = rustix::fs::open(format!("/proc/self/fd/{slave}"), flags, Mode::empty()).expect("it is open here");
        let mut own = File::from(own);
        while own.write(&[b' '; 512]).is_ok() {}
        while own.write(b" ").is_ok() {}
    }

    /// How long the program has computed so far, or in all when it has ended: user and system time.
    pub fn cpu(&self) -> Duration {
        let seen = self.shared.seen();
        if seen.exit.is_some() { seen.cpu } else { cpu_of(self.pid.as_raw_nonzero().get()) }
    }

    /// Waits until nothing was written for `still`; how many bytes were written in all. That nothing more comes can
    /// be seen in no other way than by looking for a while.
    #[track_caller]
    pub fn wait_still(&self, still: Duration, limit: Duration) -> usize {
        let end = monotonic() + limit;
        loop {
            let written = self.shared.seen().raw.len();
            if self.wait(still, |seen| (seen.raw.len() > written).then_some(())).is_none() {
                return written;
            }
            assert!(monotonic() < end, "never still within {limit:?}\n{}", self.describe());
        }
    }

    /// Waits until nothing is computed for a while. That nothing is done can be seen in no other way than by looking.
    #[track_caller]
    pub fn wait_idle(&self, limit: Duration) {
        let end = monotonic() + limit;
        let mut before = self.cpu();
        loop {
            self.wait(10 * QUIET, |_| None::<()>);
            let now = self.cpu();
            if now == before {
                return;
            }
            before = now;
            assert!(monotonic() < end, "never idle within {limit:?}\n{}", self.describe());
        }
    }

    /// Waits until more than so many bytes were written in all.
    #[track_caller]
    pub fn wait_written(&self, count: usize, limit: Duration) {
        let more = self.wait(limit, |seen| (seen.raw.len() > count).then_some(()));
        assert!(more.is_some(), "nothing more written within {limit:?}\n{}", self.describe());
    }

    /// Panics unless the terminal is as it was before the program: modes, cursor, style and line settings.
    #[track_caller]
    pub fn assert_restored(&self) {
        let mut left = self.census(Census::left_behind);
        if let Some(slave) = &self.slave {
            let after = tcgetattr(slave).expect("a terminal has settings");
            if format!("{:?}", self.before) != format!("{after:?}") {
                left.push(format!("line settings: {:?} is now {after:?}", self.before));
            }
        }
        assert!(left.is_empty(), "left behind: {}\n{}", left.join(", "), self.describe());
    }

    /// The screen with a frame, for a panic.
    pub fn describe(&self) -> String {
        let seen = self.shared.seen();
        let (_, cols) = seen.screen.screen().size();
        let mut text = format!("exit: {:?}, {} bytes written\n", seen.exit, seen.raw.len());
        let bar = "-".repeat(usize::from(cols.get()));
        let _ = writeln!(text, "+{bar}+");
        for row in seen.screen.screen().rows(0, cols.get()) {
            let _ = writeln!(text, "|{row:<width$}|", width = usize::from(cols.get()));
        }
        let _ = writeln!(text, "+{bar}+");
        text
    }

    /// Waits for something among what is seen; none when the time is over. Never polls: it is woken by output.
    fn wait<T>(&self, limit: Duration, wanted: impl Fn(&Seen) -> Option<T>) -> Option<T> {
        let end = monotonic() + limit;
        let mut seen = self.shared.seen();
        loop {
            if let Some(found) = wanted(&seen) {
                return Some(found);
            }
            let left = end.checked_duration_since(monotonic()).filter(|left| !left.is_zero())?;
            seen = self.shared.changed.wait_timeout(seen, left).unwrap_or_else(std::sync::PoisonError::into_inner).0;
        }
    }

    /// Ends the reader after it has taken in what lies ready.
    fn stop_reading(&mut self) {
        if let Some(reader) = self.reader.take() {
            self.wake.write_all(b"x").expect("the reader holds the other end of the pipe");
            reader.join().expect("the reader does not panic");
        }
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        if self.is_running() {
            self.kill();
        }
        if std::thread::panicking() {
            eprintln!("{}", self.describe());
        }
    }
}

/// How a program ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exit {
    /// Its exit status, when it exited.
    pub code: Option<i32>,
    /// The signal that ended it, when one did.
    pub signal: Option<i32>,
}

fn ignoring_hang_up(command: &Command) -> Command {
    let mut shell = Command::new("sh");
    shell.args(["-c", "trap '' HUP; exec \"$@\"", "sh"]).arg(command.get_program()).args(command.get_args());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => shell.env(name, value),
            None => shell.env_remove(name),
        };
    }
    if let Some(folder) = command.get_current_dir() {
        shell.current_dir(folder);
    }
    shell
}

fn stranger(mut command: Command, slave: &impl AsFd) -> std::process::Child {
    let end = || Stdio::from(slave.as_fd().try_clone_to_owned().expect("a descriptor can be copied"));
    command.process_group(0).stdin(end()).stdout(end()).stderr(end()).spawn().expect("it starts")
}

fn read_all(shared: &Shared, master: OwnedFd, sleeper: &PipeReader, answers: Answers) {
    let mut master = File::from(master);
    let mut buffer = [0; 65536];
    loop {
        let mut ends = [PollFd::new(&master, PollFlags::IN), PollFd::new(sleeper, PollFlags::IN)];
        if poll(&mut ends, None).is_err() {
            continue;
        }
        let (is_ready, is_over) = (!ends[0].revents().is_empty(), !ends[1].revents().is_empty());
        if is_ready {
            // An error says that nobody holds the slave any more: all is read.
            let Ok(count @ 1..) = master.read(&mut buffer) else { return };
            let mut asked = Vec::new();
            shared.change(|seen| {
                seen.screen.process(&buffer[..count]);
                seen.census.take(&buffer[..count]);
                seen.raw.extend_from_slice(&buffer[..count]);
                asked = seen.census.queries();
            });
            for query in asked.iter().filter(|_| answers == Answers::Usual) {
                // The program may have gone in the meantime.
                let _ = master.write_all(&answer(*query, shared));
            }
        } else if is_over {
            return;
        }
    }
}

fn answer(query: Query, shared: &Shared) -> Vec<u8> {
    match query {
        Query::CursorPosition => {
            let (row, col) = shared.seen().screen.screen().cursor_position();
            format!("\x1b[{};{}R", row + 1, col + 1).into_bytes()
        }
        Query::Attributes => b"\x1b[?62;22c".to_vec(),
        Query::Keyboard => b"\x1b[?0u".to_vec(),
    }
}

fn key_bytes(name: &str, is_application: bool) -> Vec<u8> {
    let arrow = |letter: char| format!("\x1b{}{letter}", if is_application { 'O' } else { '[' }).into_bytes();
    match name {
        "enter" => b"\r".to_vec(),
        "esc" => b"\x1b".to_vec(),
        "tab" => b"\t".to_vec(),
        "back-tab" => b"\x1b[Z".to_vec(),
        "backspace" => b"\x7f".to_vec(),
        "up" => arrow('A'),
        "down" => arrow('B'),
        "right" => arrow('C'),
        "left" => arrow('D'),
        "home" => arrow('H'),
        "end" => arrow('F'),
        "page-up" => b"\x1b[5~".to_vec(),
        "page-down" => b"\x1b[6~".to_vec(),
        "delete" => b"\x1b[3~".to_vec(),
        control if control.starts_with("ctrl-") => vec![control.as_bytes()[5] & 0x1f],
        alt if alt.starts_with("alt-") => [b"\x1b", &alt.as_bytes()[4..]].concat(),
        text => text.as_bytes().to_vec(),
    }
}

/// User and system time of a process so far, from the kernel; zero when it is gone.
pub fn cpu_of(pid: i32) -> Duration {
    // A zombie still has its times: field 14 and 15 after the name in parentheses, in hundredths of a second.
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let fields = stat.rsplit(')').next().unwrap_or_default().split_whitespace();
    let ticks: u64 = fields.skip(11).take(2).filter_map(|field| field.parse::<u64>().ok()).sum();
    Duration::from_millis(ticks * 10)
}
