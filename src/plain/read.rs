//! Typed lines, read on a thread of their own: each with the moment since which it may have been there.

use std::fs::File;
use std::io::{PipeReader, PipeWriter, Read};
use std::os::fd::{AsFd, OwnedFd};
use std::thread::JoinHandle;
use std::time::Instant;

use rustix::event::{PollFd, PollFlags, poll};
use tokio::sync::mpsc::{Receiver, Sender, channel};

use crate::clock::monotonic;

/// The longest line that is taken, in bytes.
const MAX_LINE_BYTES: usize = 64 * 1024;

/// How many lines may wait to be looked at: a flood waits outside, not in memory.
const WAITING: usize = 256;

/// Something that was typed, or the end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Heard {
    /// Since when it was there at the earliest: what lay ready together has the moment of the first of it.
    pub at: Instant,
    /// What.
    pub what: Typed,
}

/// What was typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Typed {
    /// A line of text, without its end.
    Line(String),
    /// A line that is none that a person types; why.
    Odd(&'static str),
    /// Nothing comes any more.
    End,
}

/// What is typed, and whoever reads it.
#[derive(Debug)]
pub struct Typing {
    /// The lines.
    pub lines: Receiver<Heard>,
    reader: JoinHandle<()>,
    /// As long as this is open, it is read.
    stop: PipeWriter,
}

impl Typing {
    /// Reads nothing more: what is typed from now on is for somebody else.
    pub fn stop(self) {
        let Self { lines, reader, stop } = self;
        drop(lines);
        drop(stop);
        // One that panicked reads nothing either.
        let _ = reader.join();
    }
}

/// Reads lines on a thread until nothing comes any more or nobody listens.
///
/// # Errors
/// The system gives no thread, or no pipe.
pub fn listen(input: OwnedFd) -> std::io::Result<Typing> {
    let (teller, lines) = channel(WAITING);
    let (stopped, stop) = std::io::pipe()?;
    let reader = std::thread::Builder::new().name("typed".into());
    let reader = reader.spawn(move || read_all(File::from(input), &stopped, &teller))?;
    Ok(Typing { lines, reader, stop })
}

fn read_all(mut input: File, stopped: &PipeReader, teller: &Sender<Heard>) {
    let mut cutter = Cutter::default();
    let mut at = monotonic();
    let mut block = [0; 4096];
    loop {
        // What is there already came with what was read before, as far as anybody can tell.
        if !is_ready(&input) {
            wait(&input, stopped);
            at = monotonic();
        }
        if is_ready(stopped) {
            return;
        }
        let read = match input.read(&mut block) {
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
            // A terminal that is gone cannot be read.
            Ok(0) | Err(_) => {
                let _ = teller.blocking_send(Heard { at, what: Typed::End });
                return;
            }
            Ok(read) => read,
        };
        for what in cutter.take(&block[..read]) {
            if teller.blocking_send(Heard { at, what }).is_err() {
                return;
            }
        }
    }
}

/// Whether there is something to read, or it is at its end.
fn is_ready(input: &impl AsFd) -> bool {
    let mut watched = [PollFd::new(input, PollFlags::IN)];
    poll(&mut watched, Some(&rustix::time::Timespec { tv_sec: 0, tv_nsec: 0 })).is_ok_and(|ready| ready > 0)
}

fn wait(input: &File, stopped: &PipeReader) {
    // Whatever this comes to, reading tells.
    let _ = poll(&mut [PollFd::new(input, PollFlags::IN), PollFd::new(stopped, PollFlags::IN)], None);
}

/// Cuts bytes into lines. A last line without an end is none: whoever typed it did not finish it.
#[derive(Debug, Default)]
struct Cutter {
    line: Vec<u8>,
    is_too_long: bool,
}

impl Cutter {
    fn take(&mut self, bytes: &[u8]) -> Vec<Typed> {
        let mut lines = Vec::new();
        for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
            let (text, is_whole) = piece.strip_suffix(b"\n").map_or((piece, false), |text| (text, true));
            if self.line.len() + text.len() > MAX_LINE_BYTES {
                self.is_too_long = true;
                self.line = Vec::new();
            }
            if !self.is_too_long {
                self.line.extend_from_slice(text);
            }
            if is_whole {
                let line = std::mem::take(&mut self.line);
                let is_too_long = std::mem::take(&mut self.is_too_long);
                lines.push(if is_too_long { Typed::Odd("it is longer than 64 KiB") } else { typed(line) });
            }
        }
        lines
    }
}

fn typed(line: Vec<u8>) -> Typed {
    let Ok(text) = String::from_utf8(line) else { return Typed::Odd("it is not UTF-8 text") };
    let text = text.trim_end_matches('\r').replace('\t', " ");
    if text.chars().any(char::is_control) {
        return Typed::Odd("there are control characters in it, as those of arrow keys");
    }
    Typed::Line(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(text: &str) -> Typed {
        Typed::Line(text.to_owned())
    }

    #[test]
    fn lines_are_cut_wherever_the_bytes_were() {
        let mut cutter = Cutter::default();
        assert_eq!(cutter.take(b"con"), []);
        assert_eq!(cutter.take(b"firm\r\n\nhel"), [line("confirm"), line("")]);
        assert_eq!(cutter.take(b"p\tme\nrest"), [line("help me")]);
    }

    #[test]
    fn what_nobody_types_is_no_line() {
        let mut cutter = Cutter::default();
        for (bytes, why) in [
            (&b"\x1b[A\n"[..], "there are control characters in it, as those of arrow keys"),
            (b"yes\x00\n", "there are control characters in it, as those of arrow keys"),
            (b"\xff\xfe\n", "it is not UTF-8 text"),
        ] {
            assert_eq!(cutter.take(bytes), [Typed::Odd(why)], "{bytes:?}");
        }
    }

    #[test]
    fn an_endless_line_is_not_kept_and_the_next_one_is_heard() {
        let mut cutter = Cutter::default();
        for _ in 0..1_000 {
            assert_eq!(cutter.take(&[b'a'; 4096]), []);
            assert!(cutter.line.capacity() <= 4 * MAX_LINE_BYTES);
        }
        assert_eq!(cutter.take(b"\nhelp\n"), [Typed::Odd("it is longer than 64 KiB"), line("help")]);
    }

    #[test]
    fn what_is_typed_after_it_was_stopped_is_left_to_others() {
        let (reader, writer) = std::io::pipe().unwrap();
        let mut own = reader.try_clone().unwrap();
        let mut typing = listen(reader.into()).unwrap();
        std::io::Write::write_all(&mut &writer, b"one\n").unwrap();
        assert_eq!(typing.lines.blocking_recv().unwrap().what, line("one"));
        typing.stop();
        std::io::Write::write_all(&mut &writer, b"a passphrase\n").unwrap();
        drop(writer);
        let mut left = String::new();
        own.read_to_string(&mut left).unwrap();
        assert_eq!(left, "a passphrase\n");
    }

    #[test]
    fn lines_that_lay_ready_together_have_one_moment_and_then_it_ends() {
        let (reader, writer) = std::io::pipe().unwrap();
        std::io::Write::write_all(&mut &writer, b"one\ntwo\nthree").unwrap();
        drop(writer);
        let mut typing = listen(reader.into()).unwrap();
        let heard: Vec<_> = std::iter::from_fn(|| typing.lines.blocking_recv()).collect();
        let what: Vec<_> = heard.iter().map(|heard| heard.what.clone()).collect();
        assert_eq!(what, [line("one"), line("two"), Typed::End]);
        assert!(heard.windows(2).all(|pair| pair[0].at == pair[1].at));
    }
}
