//! The records of a journal and the state after each of them, found quickly wherever one looks.

use std::sync::Arc;

use crate::clock::Timestamp;
use crate::engine::{Record, RunState};
use crate::runbook::Runbook;
use crate::tui::screen::replay::marks::{Kind, Marks};
use crate::tui::screen::run::replayed::BoardSeen;

/// At most so many states are kept.
const MOST_KEPT: usize = 192;

/// So many records lie between two of them at least.
const LEAST_APART: usize = 256;

/// The records of a journal; they are numbered from 1. Kept are their lines, and a record is read when it is asked for:
/// it takes ten times as much memory.
pub struct Tape {
    /// What was walked.
    pub runbook: Arc<Runbook>,
    /// What is marked.
    pub marks: Marks,
    lines: Vec<Box<[u8]>>,
    times: Vec<Timestamp>,
    /// How many records were folded into each kept state, in order.
    kept: Vec<(usize, RunState)>,
    apart: usize,
    /// The state after the last record.
    last: RunState,
    /// The numbers of the records that hold a board.
    boards: Vec<usize>,
}

impl Tape {
    /// The lines of these records of a run of that runbook.
    pub fn new(runbook: Arc<Runbook>, lines: Vec<Box<[u8]>>) -> Self {
        let apart = (lines.len() / MOST_KEPT).max(LEAST_APART);
        let last = RunState::new(&runbook);
        let (marks, kept, boards) = (Marks::default(), Vec::new(), Vec::new());
        let mut tape = Self { runbook, marks, lines: Vec::new(), times: Vec::new(), kept, apart, last, boards };
        for line in lines {
            let record = read(&line);
            tape.take(line, &record);
        }
        tape
    }

    /// Takes in what was recorded since.
    pub fn extend(&mut self, records: &[Record]) {
        for record in records {
            let line = serde_json::to_vec(record).expect("a record is plain data with text keys");
            self.take(line.into(), record);
        }
    }

    fn take(&mut self, line: Box<[u8]>, record: &Record) {
        self.last.apply(record);
        self.lines.push(line);
        self.times.push(record.at);
        let number = self.lines.len();
        self.marks.take(number, record);
        if record.event.board().is_some_and(|board| !board.rows.is_empty()) {
            self.boards.push(number);
        }
        if number.is_multiple_of(self.apart) {
            self.kept.push((number, self.last.clone()));
        }
        if self.kept.len() > 2 * MOST_KEPT {
            let apart = 2 * self.apart;
            self.kept.retain(|(number, _)| number.is_multiple_of(apart));
            self.apart = apart;
        }
    }

    /// How many records there are.
    pub fn count(&self) -> usize {
        self.lines.len()
    }

    /// Whether the run is closed by the last of them.
    pub fn is_closed(&self) -> bool {
        self.last.closed.is_some()
    }

    /// The record of that number, the first or the last one where there is none.
    pub fn record(&self, number: usize) -> Record {
        read(&self.lines[number.clamp(1, self.lines.len()) - 1])
    }

    /// The time of that record.
    pub fn time(&self, number: usize) -> Timestamp {
        self.times[number.clamp(1, self.times.len()) - 1]
    }

    /// Brings a state from after record `from` to after record `to`; a shorter way begins at a state that was kept.
    pub fn bring(&self, state: &mut RunState, from: usize, to: usize) {
        let near = self.kept.partition_point(|(number, _)| *number <= to).checked_sub(1).map(|at| &self.kept[at]);
        let from = match near {
            Some((number, kept)) if to < from || *number > from => {
                *state = kept.clone();
                *number
            }
            None if to < from => {
                *state = RunState::new(&self.runbook);
                0
            }
            _ => from,
        };
        for line in &self.lines[from..to] {
            state.apply(&read(line));
        }
    }

    /// How many records a leap takes in at most.
    #[cfg(test)]
    pub fn longest_way(&self) -> usize {
        self.apart
    }

    /// The last board that was recorded up to that record.
    pub fn board_at(&self, number: usize) -> Option<BoardSeen> {
        let at = self.boards.partition_point(|board| *board <= number).checked_sub(1)?;
        let record = self.record(self.boards[at]);
        let rows = record.event.board()?.rows.clone();
        let is_old = self.marks.next(self.boards[at], Some(Kind::Sitting), true).is_some_and(|next| next <= number);
        Some(BoardSeen { seq: record.seq, at: record.at, is_old, rows })
    }
}

/// The record of a line.
fn read(line: &[u8]) -> Record {
    serde_json::from_slice(line).expect("whoever read the journal has read this line as a record")
}
