//! The tail of a command's output: bounded, cleaned line by line.

use std::collections::VecDeque;

use crate::engine::JobId;
use crate::runbook::StepKey;
use crate::text::clean_output_line;
use crate::tui::message::{ReadAgain, RecordedOutput};
use crate::tui::widget::progress;

/// How many lines are kept.
const MAX_LINES: usize = 2_000;

/// How many bytes of one line are kept; the rest of it is on disk only.
const MAX_LINE_BYTES: usize = 4_096;

/// What the running or last command printed.
#[derive(Clone, Debug, Default)]
pub struct OutputTail {
    /// Whose output it is.
    pub job: Option<JobId>,
    /// The step that it was run for, as far as that is known.
    pub step: Option<StepKey>,
    /// How far the pane is scrolled up from the end.
    pub up: usize,
    /// Of what was read again from disk: whether that is what was recorded.
    pub check: Option<Check>,
    /// How many lines are kept at most; 0: as many as of a single command.
    most: usize,
    lines: VecDeque<String>,
    partial: Vec<u8>,
    left_out: u64,
    share: Option<u32>,
    is_growing: bool,
}

/// Whether what was read again is what was recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Check {
    /// Size and sha256 are those in the journal.
    AsRecorded,
    /// They are not.
    Changed,
    /// It cannot be read any more.
    Gone,
    /// It lies with its run, and the journal that is replayed does not.
    Elsewhere,
}

impl Check {
    /// What became of it, and what was read, or why it could not be.
    pub fn of(recorded: &RecordedOutput, read: Result<ReadAgain, String>) -> (Vec<u8>, Self) {
        match read {
            Ok(ReadAgain { tail, is_as_recorded: true }) => (tail, Self::AsRecorded),
            Ok(ReadAgain { tail, is_as_recorded: false }) => (tail, Self::Changed),
            Err(why) if recorded.file.is_none() => (why.into_bytes(), Self::Elsewhere),
            Err(why) => (why.into_bytes(), Self::Gone),
        }
    }

    /// For the edge of the pane.
    pub const fn told(self) -> &'static str {
        match self {
            Self::AsRecorded => "as recorded",
            Self::Changed => "CHANGED since it was recorded",
            Self::Gone => "NOT THERE any more",
            Self::Elsewhere => "NOT BESIDE this file",
        }
    }
}

impl OutputTail {
    /// An empty tail for that job.
    pub fn of(job: JobId, step: Option<StepKey>) -> Self {
        Self { job: Some(job), step, ..Self::default() }
    }

    /// One of many: it keeps no more lines than that.
    pub fn short(job: JobId, step: Option<StepKey>, most: usize) -> Self {
        Self { most: most.min(MAX_LINES), ..Self::of(job, step) }
    }

    /// Takes more output in.
    pub fn push(&mut self, bytes: &[u8]) {
        let most = if self.most == 0 { MAX_LINES } else { self.most };
        let mut parts = bytes.split(|byte| *byte == b'\n').peekable();
        while let Some(part) = parts.next() {
            let part = last_overwrite(part).map_or(part, |at| {
                self.partial.clear();
                &part[at..]
            });
            let room = MAX_LINE_BYTES.saturating_sub(self.partial.len()).min(part.len());
            self.partial.extend_from_slice(&part[..room]);
            // A bar that is drawn again and again over itself is as long as its last state.
            if let Some(at) = last_overwrite(&self.partial) {
                self.partial.drain(..at);
            }
            if parts.peek().is_some() {
                let line = std::mem::take(&mut self.partial);
                self.lines.push_back(clean_output_line(&line));
                if self.lines.len() > most {
                    self.lines.pop_front();
                    self.left_out += 1;
                }
            }
        }
        self.take_share();
    }

    /// A share that is printed once is one of anything, as of a full disk: only one that grows tells how far the command is.
    fn take_share(&mut self) {
        let Some(share) = self.last().and_then(|line| progress::printed(&line)) else { return };
        match self.share.replace(share) {
            Some(before) if share > before => self.is_growing = true,
            Some(before) if share < before => self.is_growing = false,
            _ => {}
        }
    }

    /// How much is done by what is printed, in parts of a hundred.
    pub fn share(&self) -> Option<u32> {
        self.share.filter(|_| self.is_growing)
    }

    /// Whether there is nothing to show.
    pub fn is_empty(&self) -> bool {
        self.lines.is_empty() && self.partial.is_empty()
    }

    /// How many lines there are.
    pub fn len(&self) -> usize {
        self.lines.len() + usize::from(!self.partial.is_empty())
    }

    /// How many lines were dropped at the beginning.
    pub fn left_out(&self) -> u64 {
        self.left_out
    }

    /// All lines, in order.
    pub fn all(&self) -> impl Iterator<Item = String> {
        let partial = (!self.partial.is_empty()).then(|| clean_output_line(&self.partial));
        self.lines.iter().cloned().chain(partial)
    }

    /// The last line that is not empty, wherever the pane is scrolled to.
    pub fn last(&self) -> Option<String> {
        let partial = (!self.partial.is_empty()).then(|| clean_output_line(&self.partial));
        let lines = partial.into_iter().chain(self.lines.iter().rev().take(3).cloned());
        lines.into_iter().find(|line| !line.trim().is_empty())
    }

    /// The `count` lines that are in view, the latest last; empty ones at the end are left out.
    pub fn tail(&self, count: usize) -> Vec<String> {
        let partial = (!self.partial.is_empty()).then(|| clean_output_line(&self.partial));
        let is_blank = |line: &&String| line.trim().is_empty();
        let blank = partial.iter().chain(self.lines.iter().rev()).take_while(is_blank).count();
        let all = self.len() - blank;
        let end = all.saturating_sub(self.up.min(all.saturating_sub(count)));
        let begin = end.saturating_sub(count);
        self.lines.iter().cloned().chain(partial).skip(begin).take(end - begin).collect()
    }
}

/// Where the last carriage return stands behind which something is written over the line.
fn last_overwrite(bytes: &[u8]) -> Option<usize> {
    let end = bytes.iter().rposition(|byte| *byte != b'\r')?;
    bytes[..end].iter().rposition(|byte| *byte == b'\r')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_share_that_grows_tells_how_far_a_command_is() {
        let mut tail = OutputTail::of(JobId(1), None);
        let mut told = |printed: &str| {
            tail.push(printed.as_bytes());
            tail.share()
        };
        assert_eq!(told("/dev/sda1  50G  45G  5G  90% /\n"), None, "a disk");
        assert_eq!(told("waiting\n"), None);
        assert_eq!(told("  1% [>   ]"), None, "something else begins");
        assert_eq!(told("\r 12% [=>  ]"), Some(12));
        assert_eq!(told("\nmirror 2 of 3\n"), Some(12), "what is told between two of them changes nothing");
        assert_eq!(told("\r 33,5% [==> ]"), Some(33));
        assert_eq!(told("\r  2% [>   ]"), None, "the next file");
    }

    #[test]
    fn output_that_never_ends_stays_bounded() {
        let mut tail = OutputTail::of(JobId(1), None);
        for _ in 0..100 {
            tail.push(&b"y\n".repeat(1_000));
        }
        tail.push(&vec![b'x'; 1 << 20]);
        assert_eq!(tail.len(), MAX_LINES + 1);
        assert_eq!(tail.left_out(), 98_000);
        assert_eq!(tail.tail(1)[0].len(), MAX_LINE_BYTES);
    }

    #[test]
    fn a_bar_that_is_written_over_and_over_is_seen_to_its_end() {
        let mut tail = OutputTail::of(JobId(1), None);
        tail.push(b"fetching");
        for share in 0..=100 {
            tail.push(format!("\r{share}% {}", "#".repeat(200)).as_bytes());
        }
        assert!(tail.tail(1)[0].starts_with("␍100% #"), "{:?}", tail.tail(1));
        tail.push(b"\r");
        assert!(tail.tail(1)[0].starts_with("␍100% #"), "{:?}", tail.tail(1));
        tail.push(b"\ndone\r\n");
        assert_eq!(tail.tail(1), ["done"]);
        let mut whole = OutputTail::of(JobId(1), None);
        whole.push(b"1%\r2%\r3%\nplain\n");
        assert_eq!(whole.tail(2), ["␍3%", "plain"]);
    }

    #[test]
    fn pieces_of_a_line_are_joined_and_scrolling_up_stops_at_the_first() {
        let mut tail = OutputTail::of(JobId(1), None);
        tail.push(b"on");
        tail.push(b"e\r\ntwo\nthr\x1b");
        assert_eq!(tail.tail(9), ["one", "two", "thr␛"]);
        tail.up = 99;
        assert_eq!(tail.tail(2), ["one", "two"]);
    }
}
