//! What commands print: the first lines as they come, the last ones when somebody asks.

use std::collections::{BTreeMap, VecDeque};
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;

use crate::engine::{JobId, Kept, RunState};
use crate::text::clean_output;

/// How many lines of a command are told as they come.
const MAX_TOLD: usize = 100;

/// How many of its last lines are kept to be told again.
const MAX_KEPT: usize = 200;

/// Of how many commands.
const MAX_JOBS: usize = 64;

/// A line that is longer is cut.
const MAX_LINE_BYTES: usize = 8 * 1024;

/// How much of the end of a file is read, in bytes.
const MAX_TAIL_BYTES: u64 = 64 * 1024;

/// What commands have printed in this sitting.
#[derive(Debug, Default)]
pub struct PrintedLines {
    jobs: BTreeMap<JobId, Lines>,
}

#[derive(Debug, Default)]
struct Lines {
    rest: Vec<u8>,
    told: usize,
    kept: VecDeque<String>,
}

impl PrintedLines {
    /// Takes what a command printed: the lines that are to be told.
    pub fn take(&mut self, job: JobId, bytes: &[u8]) -> Vec<String> {
        while self.jobs.len() >= MAX_JOBS && !self.jobs.contains_key(&job) {
            self.jobs.pop_first();
        }
        let lines = self.jobs.entry(job).or_default();
        let mut told = Vec::new();
        let pieces = bytes.split_inclusive(|byte| *byte == b'\n').flat_map(|piece| piece.chunks(MAX_LINE_BYTES));
        for piece in pieces {
            lines.rest.extend_from_slice(piece);
            if piece.ends_with(b"\n") || lines.rest.len() >= MAX_LINE_BYTES {
                told.extend(lines.end());
            }
        }
        told
    }

    /// A command has ended: what it printed without ending the line.
    pub fn end(&mut self, job: JobId) -> Option<String> {
        let lines = self.jobs.get_mut(&job)?;
        if lines.rest.is_empty() { None } else { lines.end() }
    }

    /// The last lines of that command, as far as it printed in this sitting.
    pub fn last(&self, job: JobId) -> Option<impl Iterator<Item = &str>> {
        Some(self.jobs.get(&job)?.kept.iter().map(String::as_str))
    }

    /// The command that printed last.
    pub fn latest(&self) -> Option<JobId> {
        self.jobs.keys().next_back().copied()
    }
}

impl Lines {
    /// The line is whole: what is to be told of it, if anything.
    fn end(&mut self) -> Option<String> {
        let line = clean_output(&std::mem::take(&mut self.rest)).pop().unwrap_or_default();
        self.kept.push_back(line.clone());
        if self.kept.len() > MAX_KEPT {
            self.kept.pop_front();
        }
        self.told += 1;
        match self.told {
            0..=MAX_TOLD => Some(line),
            told if told == MAX_TOLD + 1 => {
                Some("(it prints more, which is kept; type output to hear the end of it)".into())
            }
            _ => None,
        }
    }
}

/// The last command of which output is kept.
pub fn latest_kept(state: &RunState) -> Option<&Kept> {
    let steps = state.phases.iter().flat_map(|phase| phase.keys());
    steps.filter_map(|(_, step)| step.output.as_deref()).max_by_key(|kept| kept.job)
}

/// The end of the file in which the output of a command is kept.
///
/// # Errors
/// It is not there, is none, or cannot be read.
pub fn tail(path: &Path) -> std::io::Result<Vec<String>> {
    // A pipe that was put there would be waited for for ever.
    if !std::fs::symlink_metadata(path)?.is_file() {
        return Err(std::io::Error::other("it is not a file"));
    }
    let mut file = File::open(path)?;
    let left_out = file.metadata()?.len().saturating_sub(MAX_TAIL_BYTES);
    file.seek(SeekFrom::Start(left_out))?;
    let mut bytes = Vec::new();
    file.take(MAX_TAIL_BYTES).read_to_end(&mut bytes)?;
    let mut lines = clean_output(&bytes);
    let too_many = lines.len().saturating_sub(MAX_KEPT);
    lines.drain(..too_many);
    Ok(lines)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_told_when_they_are_whole_and_only_the_first_of_a_flood() {
        let mut printed = PrintedLines::default();
        assert_eq!(printed.take(JobId(1), b"one\ntw"), ["one"]);
        assert_eq!(printed.take(JobId(1), b"o\x1b[2J\n"), ["two␛[2J"]);
        assert_eq!(printed.take(JobId(1), b"end"), Vec::<String>::new());
        assert_eq!(printed.end(JobId(1)).as_deref(), Some("end"));
        assert_eq!(printed.end(JobId(1)), None);
        let told = printed.take(JobId(2), "line\n".repeat(5_000).as_bytes());
        assert_eq!(told.len(), MAX_TOLD + 1);
        assert_eq!(printed.last(JobId(2)).map(Iterator::count), Some(MAX_KEPT));
        assert!(printed.take(JobId(3), &[b'x'; 100_000]).iter().all(|line| line.len() <= 2 * MAX_LINE_BYTES));
        assert_eq!(printed.latest(), Some(JobId(3)));
    }
}
