//! The lines of a journal, read as records and hashed before they are asked for: by helpers, where there are many.
//!
//! Whoever asks gets them in order. Of a long journal a few blocks are under way at a time, so memory stays bounded.

use std::collections::VecDeque;
use std::io::{self, BufRead};
use std::num::NonZero;
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{Builder, Scope};

use crate::journal::line::{Hash, MAX_LINE_BYTES, Sight};
use crate::journal::reader::{Place, RawLine, Reader};

/// How many bytes of lines make a block, at least.
const BLOCK_BYTES: usize = 64 * 1024;

/// So many blocks are looked at by whoever asks: to begin helpers would cost more than they help.
const BLOCKS_ALONE: usize = 4;

/// How many blocks are under way at most.
const MOST_AHEAD: usize = 8;

/// How many helpers there are at most.
const MOST_HELPERS: usize = 4;

/// What was made of a line.
pub(super) struct Seen<S> {
    /// What is wanted of the record, or why it is none.
    pub record: Result<S, String>,
    /// The hash of the line; `None` of one that is not whole.
    pub hash: Option<Hash>,
}

impl<S: Sight> Seen<S> {
    /// What that line is. One that is cut off or too long to be a record is neither read nor hashed.
    pub fn of(raw: &RawLine<'_>) -> Self {
        if !raw.is_terminated || raw.bytes.len() > MAX_LINE_BYTES {
            return Self { record: Err("it is not whole".into()), hash: None };
        }
        // Said without serde's own "at line 1", which would contradict the line told.
        let told = |error: serde_json::Error| format!("it is not a record: {}", without_line(&error.to_string()));
        Self { record: S::of(raw.bytes).map_err(told), hash: Some(Hash::of(raw.bytes)) }
    }
}

fn without_line(text: &str) -> String {
    match text.split_once(" at line 1 column ") {
        Some((what, column)) => format!("{what} at byte {column}"),
        None => text.to_owned(),
    }
}

/// Some lines, one after the other.
struct Block<S> {
    bytes: Vec<u8>,
    lines: Vec<Line<S>>,
}

/// One of them: a raw line whose bytes are those of the block up to `end`.
struct Line<S> {
    place: Place,
    end: usize,
    seen: Option<Seen<S>>,
}

impl<S> Default for Block<S> {
    fn default() -> Self {
        Self { bytes: Vec::new(), lines: Vec::new() }
    }
}

impl<S: Sight> Block<S> {
    fn raw(&self, at: usize) -> RawLine<'_> {
        let begin = at.checked_sub(1).map_or(0, |before| self.lines[before].end);
        let Line { place, end, .. } = &self.lines[at];
        place.of(&self.bytes[begin..*end])
    }

    fn look(&mut self) {
        for at in 0..self.lines.len() {
            let seen = Seen::of(&self.raw(at));
            self.lines[at].seen = Some(seen);
        }
    }
}

/// A block to be looked at, and where it goes then.
type Job<S> = (Block<S>, SyncSender<Block<S>>);

/// Reads lines ahead.
pub(super) struct Ahead<'scope, 'env, R, S> {
    scope: &'scope Scope<'scope, 'env>,
    reader: Reader<R>,
    helpers: Option<Sender<Job<S>>>,
    under_way: VecDeque<Receiver<Block<S>>>,
    block: Block<S>,
    next: usize,
    blocks: usize,
}

impl<'scope, 'env, R: BufRead, S: Sight + 'scope> Ahead<'scope, 'env, R, S> {
    /// Reads from there; its helpers end with that scope.
    pub fn new(scope: &'scope Scope<'scope, 'env>, reader: Reader<R>) -> Self {
        let (under_way, block) = (VecDeque::new(), Block::default());
        Self { scope, reader, helpers: None, under_way, block, next: 0, blocks: 0 }
    }

    /// The next line and what it is; `None` at the end.
    pub fn next_line(&mut self) -> io::Result<Option<(RawLine<'_>, Seen<S>)>> {
        if self.next == self.block.lines.len() {
            self.turn()?;
        }
        let Some(line) = self.block.lines.get_mut(self.next) else { return Ok(None) };
        let seen = line.seen.take();
        let raw = self.block.raw(self.next);
        self.next += 1;
        Ok(Some((raw, seen.unwrap_or_else(|| Seen::of(&raw)))))
    }

    /// Goes on to the next block, which is empty at the end.
    fn turn(&mut self) -> io::Result<()> {
        self.next = 0;
        self.blocks += 1;
        if self.blocks == BLOCKS_ALONE + 1 {
            self.helpers = helpers(self.scope);
        }
        let mut spare = std::mem::take(&mut self.block);
        let Some(helpers) = &self.helpers else {
            self.block = read(&mut self.reader, spare)?;
            // Each is looked at when it is asked for.
            return Ok(());
        };
        while self.under_way.len() < MOST_AHEAD {
            let block = read(&mut self.reader, std::mem::take(&mut spare))?;
            if block.lines.is_empty() {
                break;
            }
            let (done, looked) = sync_channel(1);
            helpers.send((block, done)).map_err(|_| gone())?;
            self.under_way.push_back(looked);
        }
        let first = self.under_way.pop_front().map(|first| first.recv().map_err(|_| gone()));
        self.block = first.transpose()?.unwrap_or_default();
        Ok(())
    }
}

/// A helper ends early only when it breaks, which ends the program.
fn gone() -> io::Error {
    io::Error::other("whoever helped to read it has gone")
}

fn read<R: BufRead, S>(reader: &mut Reader<R>, spare: Block<S>) -> io::Result<Block<S>> {
    let mut block = spare;
    block.bytes.clear();
    block.lines.clear();
    while block.bytes.len() < BLOCK_BYTES {
        let Some(place) = reader.next_into(&mut block.bytes)? else { break };
        block.lines.push(Line { place, end: block.bytes.len(), seen: None });
    }
    Ok(block)
}

/// As many as there are processors; none where there is one only, or the system gives no thread.
fn helpers<'scope, S: Sight + 'scope>(scope: &'scope Scope<'scope, '_>) -> Option<Sender<Job<S>>> {
    let count = std::thread::available_parallelism().map_or(1, NonZero::get).min(MOST_HELPERS);
    if count < 2 {
        return None;
    }
    let (jobs, waiting) = channel::<Job<S>>();
    let waiting = Arc::new(Mutex::new(waiting));
    let begun = (0..count).filter(|_| {
        let waiting = Arc::clone(&waiting);
        let help = move || {
            loop {
                // Held while it waits: whoever waits too has nothing else to do.
                let job = waiting.lock().unwrap_or_else(PoisonError::into_inner).recv();
                let Ok((mut block, done)) = job else { return };
                block.look();
                // Whoever asked may have had enough.
                let _ = done.send(block);
            }
        };
        Builder::new().name("reading".into()).spawn_scoped(scope, help).is_ok()
    });
    (begun.count() > 0).then_some(jobs)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::Record;
    use crate::journal::line::sha256_hex;

    type Whole<'scope, 'env, R> = Ahead<'scope, 'env, R, Box<Record>>;

    /// However many blocks there are, every line comes once and in order, with what it is.
    #[test]
    fn lines_come_in_order_whoever_looked_at_them() {
        let line = |number: usize| format!("{{\"number\":{number},\"filler\":\"{}\"}}", "x".repeat(number % 700));
        for count in [0, 1, 500, 20_000] {
            let text: String = (1..=count).map(|number| line(number) + "\n").collect();
            let text = text + "cut off";
            std::thread::scope(|scope| {
                let mut ahead = Whole::new(scope, Reader::new(text.as_bytes()));
                let mut offset = 0;
                for number in 1..=count {
                    let (raw, seen) = ahead.next_line().unwrap().unwrap();
                    assert_eq!((raw.number, raw.offset, raw.is_terminated), (number as u64, offset, true));
                    assert_eq!(raw.bytes, line(number).as_bytes());
                    assert_eq!(seen.hash.unwrap().as_str(), sha256_hex(raw.bytes));
                    assert!(seen.record.unwrap_err().contains("it is not a record"));
                    offset += raw.length + 1;
                }
                let (last, seen) = ahead.next_line().unwrap().unwrap();
                assert_eq!((last.bytes, last.is_terminated, seen.hash), (&b"cut off"[..], false, None));
                assert!(ahead.next_line().unwrap().is_none());
                assert!(ahead.next_line().unwrap().is_none());
            });
        }
    }

    /// Whoever has had enough is not kept waiting for what is under way.
    #[test]
    fn who_has_enough_leaves() {
        let text = "a line that is none\n".repeat(200_000);
        let numbers = std::thread::scope(|scope| {
            let mut ahead = Whole::new(scope, Reader::new(text.as_bytes()));
            (0..100_000).map(|_| ahead.next_line().unwrap().unwrap().0.number).sum::<u64>()
        });
        assert_eq!(numbers, 5_000_050_000);
    }
}
