//! The terminal: taken, drawn on, and given back whatever happens.
//!
//! Frames are compared here, not in ratatui's `Terminal`: that one writes even when nothing changed, and its `Drop`
//! prints to a standard error that may be gone.

use std::fs::File;
use std::io::{self, PipeReader, PipeWriter, Write};
use std::os::fd::{AsFd, AsRawFd};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use crossterm::terminal::{disable_raw_mode, enable_raw_mode};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{Mode, OFlags};
use rustix::termios::{OptionalActions, QueueSelector, Termios, tcflush, tcgetattr, tcsetattr};

use crate::clock::monotonic;
use crate::config::Notify;
use crate::text::clean_line;
use crate::tui::encode::encode;

/// The largest part of a terminal that is drawn on, in columns and rows.
const LARGEST: (u16, u16) = (500, 300);

/// How much of a message is told, in characters.
const LONGEST_TOLD: usize = 200;

const ENTER: &[u8] = b"\x1b[?1049h\x1b[2J\x1b[?25l\x1b[?2004h";
/// Clicks and the wheel as SGR reports; motion is not asked for, so that a moving mouse wakes nobody.
const MOUSE: &[u8] = b"\x1b[?1000h\x1b[?1002h\x1b[?1006h";
const LEAVE: &[u8] = b"\x1b[?1006l\x1b[?1002l\x1b[?1000l\x1b[?2004l\x1b[0m\x1b[?1049l\x1b[?25h";

/// Whether the terminal is ours at this moment.
static IS_TAKEN: AtomicBool = AtomicBool::new(false);

/// Whether the alternate screen was entered, and is to be left.
static IS_ENTERED: AtomicBool = AtomicBool::new(false);

/// A second way to standard output, which no lock of a panicking thread can bar.
static OUT: OnceLock<File> = OnceLock::new();

/// Whether another program has the terminal.
static IS_LENT: AtomicBool = AtomicBool::new(false);

/// Readable as soon as the program is to end.
static END: OnceLock<(PipeReader, PipeWriter)> = OnceLock::new();

/// Whether the terminal took nothing any more when the program was to end.
static IS_STALLED: AtomicBool = AtomicBool::new(false);

/// How long a terminal that takes nothing is waited for once the program is to end, and since when it is.
const PATIENCE: Duration = Duration::from_millis(200);
static LAST_CHANCE: OnceLock<Instant> = OnceLock::new();
const AT_ONCE: Timespec = Timespec { tv_sec: 0, tv_nsec: 0 };

/// The terminal while it is ours. Dropping it gives it back.
pub struct Terminal {
    shown: Buffer,
    next: Buffer,
    has_mouse: bool,
    /// The alternate screen has not been entered yet.
    must_enter: bool,
    must_clear: bool,
    /// What is said to the terminal with the next frame, besides what is drawn.
    said: Vec<u8>,
}

impl Terminal {
    /// Takes the terminal: raw mode, alternate screen, bracketed paste, mouse. Nothing is asked of it. What enters the
    /// screens goes out with the first frame, in one write.
    ///
    /// Whoever calls has called [`prepare`] and watches the signals by then.
    pub fn take(has_mouse: bool) -> io::Result<Self> {
        enable_raw_mode()?;
        IS_TAKEN.store(true, Ordering::SeqCst);
        Ok(Self {
            shown: Buffer::default(),
            next: Buffer::default(),
            has_mouse,
            must_enter: true,
            must_clear: true,
            said: Vec::new(),
        })
    }

    /// Takes the terminal again after the process was stopped; everything is drawn anew.
    pub fn take_again(&mut self) -> io::Result<()> {
        // Whoever had the terminal meanwhile may have changed its mode, and entering raw mode twice does nothing.
        disable_raw_mode()?;
        enable_raw_mode()?;
        // What was typed before was typed for somebody else, and perhaps made another key by the mode there was.
        let _ = tcflush(io::stdin(), QueueSelector::IFlush);
        IS_TAKEN.store(true, Ordering::SeqCst);
        self.must_enter = true;
        self.forget();
        Ok(())
    }

    /// Forgets what the terminal shows: the next frame is drawn whole.
    pub fn forget(&mut self) {
        self.must_clear = true;
    }

    /// Whether a frame that looks as the last one has nothing to write.
    pub fn is_at_rest(&self) -> bool {
        self.said.is_empty() && !self.must_clear && !self.must_enter
    }

    /// Asks the terminal to put a text into the clipboard (OSC 52); it goes out with the next frame. Nothing tells whether
    /// the terminal does it.
    pub fn copy(&mut self, text: &str) {
        self.said.extend_from_slice(b"\x1b]52;c;");
        self.said.extend_from_slice(BASE64.encode(text).as_bytes());
        self.said.extend_from_slice(b"\x1b\\");
    }

    /// Tells something to somebody who looks elsewhere, as far as the terminal can; it goes out with the next frame.
    pub fn notify(&mut self, how: Notify, told: &str) {
        let told: String = clean_line(told).chars().take(LONGEST_TOLD).collect();
        let said = match how {
            Notify::Off => return,
            Notify::Bell => "\x07".to_owned(),
            Notify::Desktop => format!("\x1b]9;piton: {told}\x1b\\"),
            Notify::Desktop777 => format!("\x1b]777;notify;piton;{told}\x1b\\"),
        };
        self.said.extend_from_slice(said.as_bytes());
    }

    /// Its size in columns and rows, as far as it is drawn on.
    pub fn size() -> io::Result<(u16, u16)> {
        let size = rustix::termios::tcgetwinsize(out()?)?;
        Ok((size.ws_col, size.ws_row))
    }

    /// Draws a frame: only what differs from what is shown is written, in one write; nothing when nothing differs.
    pub fn draw(&mut self, size: (u16, u16), view: impl FnOnce(Rect, &mut Buffer)) -> io::Result<()> {
        let area = Rect::new(0, 0, size.0.min(LARGEST.0), size.1.min(LARGEST.1));
        let mut bytes = Vec::new();
        if std::mem::take(&mut self.must_enter) {
            bytes.extend_from_slice(ENTER);
            bytes.extend_from_slice(if self.has_mouse { MOUSE } else { b"" });
        }
        let is_cleared = self.must_clear || self.shown.area != area;
        if is_cleared {
            self.must_clear = false;
            bytes.extend_from_slice(b"\x1b[0m\x1b[2J");
        }
        if self.next.area == area {
            self.next.reset();
        } else {
            self.next = Buffer::empty(area);
        }
        view(area, &mut self.next);
        encode((!is_cleared).then_some(&self.shown), &self.next, &mut bytes);
        bytes.append(&mut self.said);
        std::mem::swap(&mut self.shown, &mut self.next);
        if bytes.is_empty() {
            return Ok(());
        }
        // Not before: leaving what was never entered moves the cursor of the screen that is there.
        IS_ENTERED.store(true, Ordering::SeqCst);
        write(&bytes)
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        give_back();
    }
}

/// Opens what is written to and what ends a wait, before anything of the terminal is changed.
pub fn prepare() -> io::Result<()> {
    if OUT.get().is_none() {
        // Another caller was first: theirs is as good.
        let _ = OUT.set(open()?);
        let _ = END.set(io::pipe()?);
    }
    Ok(())
}

/// Where a byte says that the program is to end, and nothing is waited for any more.
pub fn ending() -> io::Result<PipeWriter> {
    let (_, end) = END.get().ok_or_else(|| io::Error::other("the terminal was not prepared"))?;
    end.try_clone()
}

/// Gives the terminal back: once, from any thread, whatever state it is in. A terminal that is gone is no error.
pub fn give_back() {
    if IS_TAKEN.swap(false, Ordering::SeqCst) {
        // Nobody can be told when this fails: the terminal that would show it is the one that is gone.
        if IS_ENTERED.swap(false, Ordering::SeqCst) {
            let _ = write(LEAVE);
        }
        let _ = disable_raw_mode();
    }
}

/// Prints a line after the screens, as far as the terminal takes it: the end of the program does not hang on it.
pub fn print_after(line: &str) {
    let _ = write(format!("{line}\n").as_bytes());
}

/// Whether nobody is at the other end of the terminal any more, or nothing that is written reaches them.
pub fn is_gone() -> bool {
    let Ok(out) = out() else { return false };
    let mut watched = [PollFd::new(&out, PollFlags::empty())];
    let is_answered = poll(&mut watched, Some(&AT_ONCE)).is_ok();
    let is_hung_up = is_answered && watched[0].revents().intersects(PollFlags::HUP | PollFlags::ERR);
    is_hung_up || IS_STALLED.load(Ordering::SeqCst)
}

/// Another program has the terminal from now on, or not any more.
pub fn lend(is_lent: bool) {
    if is_lent {
        *lent_as() = out().ok().and_then(|out| tcgetattr(out).ok());
    }
    IS_LENT.store(is_lent, Ordering::SeqCst);
}

/// Puts the terminal in order after a program to which it was lent and which was ended, whatever it left. A terminal
/// that is gone is no error.
pub fn regain() {
    if IS_LENT.swap(false, Ordering::SeqCst) {
        if let (Some(before), Ok(out)) = (lent_as().take(), out()) {
            let _ = tcsetattr(out, OptionalActions::Now, &before);
        }
        // Whether or not it left the alternate screen: entered and left, the cursor stands where it stood.
        let _ = write(ENTER).and_then(|()| write(LEAVE));
    }
}

/// The modes in which it was lent.
fn lent_as() -> MutexGuard<'static, Option<Termios>> {
    static LENT_AS: Mutex<Option<Termios>> = Mutex::new(None);
    LENT_AS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Whether another program has the terminal.
pub fn is_lent() -> bool {
    IS_LENT.load(Ordering::SeqCst)
}

/// From now on a terminal that takes nothing is not waited for: the program is to end.
pub fn stop_waiting() {
    if let Some((_, end)) = END.get() {
        // It fails when it is full, and then it was said often enough.
        let _ = (&*end).write(b"x");
    }
}

/// Standard output for writing without waiting. It is opened anew, because not to wait is a property of an opening and
/// this one is shared with the shell; where it cannot be, it is written to as it is.
fn open() -> io::Result<File> {
    let stdout = io::stdout();
    let flags = OFlags::WRONLY | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
    match rustix::fs::open(format!("/proc/self/fd/{}", stdout.as_raw_fd()), flags, Mode::empty()) {
        Ok(own) => Ok(File::from(own)),
        Err(_) => Ok(File::from(stdout.as_fd().try_clone_to_owned()?)),
    }
}

fn out() -> io::Result<&'static File> {
    OUT.get().ok_or_else(|| io::Error::other("the terminal was not taken"))
}

/// Writes all of it, as fast as the terminal takes it.
fn write(mut bytes: &[u8]) -> io::Result<()> {
    let mut out = out()?;
    while !bytes.is_empty() {
        match out.write(bytes) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(written) => bytes = &bytes[written..],
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => wait_for_room(out)?,
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Waits until the terminal takes something, or until the program is to end and the terminal had its last chance.
fn wait_for_room(out: &File) -> io::Result<()> {
    if IS_STALLED.load(Ordering::SeqCst) {
        return Err(stalled());
    }
    let mut waited = vec![PollFd::new(out, PollFlags::OUT)];
    waited.extend(END.get().map(|(end, _)| PollFd::new(end, PollFlags::IN)));
    let is_ending = match poll(&mut waited, None) {
        // Whoever waits looks again.
        Err(rustix::io::Errno::INTR) => false,
        Err(error) => return Err(error.into()),
        Ok(_) => waited.get(1).is_some_and(|end| !end.revents().is_empty()),
    };
    if is_ending && LAST_CHANCE.get_or_init(monotonic).elapsed() > PATIENCE {
        IS_STALLED.store(true, Ordering::SeqCst);
        return Err(stalled());
    }
    if is_ending && waited[0].revents().is_empty() {
        // Not for as long as it takes: what is waited for above is there already.
        let moment = Timespec { tv_sec: 0, tv_nsec: 20_000_000 };
        let _ = poll(&mut waited[..1], Some(&moment));
    }
    Ok(())
}

fn stalled() -> io::Error {
    io::Error::new(io::ErrorKind::TimedOut, "the terminal takes nothing any more")
}
