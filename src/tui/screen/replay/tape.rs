//! The records of a journal and the state after each of them, found quickly wherever one looks.

use std::sync::Arc;

use crate::clock::Timestamp;
use crate::engine::{Contradiction, Event, Folding, Glance, Record, RunState, contradiction};
use crate::journal::{JournalError, Lines, Outline, RawLine};
use crate::runbook::Runbook;
use crate::tui::screen::replay::marks::{Kind, Marks};
use crate::tui::screen::run::replayed::{Ahead, BoardSeen};

/// At most so many states are kept: of a run of some hundred steps each takes a tenth of a MiB.
const MOST_KEPT: usize = 256;

/// So many records lie between two of them at least.
const LEAST_APART: usize = 2048;

/// The records of a journal; they are numbered from 1. Kept is where they lie, and a record is read when it is asked for.
pub struct Tape {
    /// What was walked.
    pub runbook: Arc<Runbook>,
    /// What is marked.
    pub marks: Marks,
    /// The first record that cannot follow from those before it.
    pub contradiction: Option<Contradiction>,
    lines: Lines,
    times: Vec<Timestamp>,
    /// How many records were folded into each kept state, in order.
    kept: Vec<(usize, RunState)>,
    apart: usize,
    /// Up to the last record.
    folding: Folding,
    is_closed: bool,
    /// The numbers of the records that hold a board.
    boards: Vec<usize>,
    /// The numbers of the records with which a step becomes the current one while none was.
    openings: Vec<usize>,
    has_current: bool,
}

impl Tape {
    /// A run of that runbook, whose records are still to be taken in.
    pub fn new(runbook: Arc<Runbook>, lines: Lines) -> Self {
        let folding = Folding::new(&runbook);
        let (marks, times, kept, boards) = (Marks::default(), Vec::new(), Vec::new(), Vec::new());
        let (contradiction, is_closed, has_current, openings) = (None, false, false, Vec::new());
        let apart = LEAST_APART;
        Self {
            runbook,
            marks,
            contradiction,
            lines,
            times,
            kept,
            apart,
            folding,
            is_closed,
            boards,
            openings,
            has_current,
        }
    }

    /// Takes in the next record of the file that its lines are of; whether the line is that of this outline.
    pub fn take(&mut self, raw: &RawLine<'_>, outline: Outline) -> bool {
        self.lines.take(raw, outline.prev());
        let glance = if outline.record().is_none() { Glance::of(raw.bytes) } else { None };
        if let Some(glance) = glance.filter(|glance| self.folding.take_change(glance)) {
            self.note(glance.at, glance.changed().and_then(Kind::of_change), false);
            return true;
        }
        let Some(record) = outline.into_record(raw) else { return false };
        self.fold(record);
        true
    }

    /// All of the file was taken in; the hash of its last line.
    pub fn ends(&mut self, head: &str) {
        self.lines.ends(head);
    }

    /// Takes in what was recorded since.
    pub fn extend(&mut self, records: &[Record]) {
        for record in records {
            let line = serde_json::to_vec(record).expect("a record is plain data with text keys");
            self.lines.keep(line.into());
            self.fold(record.clone());
        }
    }

    fn fold(&mut self, record: Record) {
        let has_board = record.event.board().is_some_and(|board| !board.rows.is_empty());
        let (at, kind) = (record.at, Kind::of(&record.event));
        self.is_closed |= matches!(record.event, Event::RunClosed { .. });
        self.marks.leave_undone(self.times.len() + 1, &record);
        if self.contradiction.is_none() {
            self.contradiction = contradiction(&self.runbook, self.folding.state(), &record);
        }
        self.folding.take(record);
        self.note(at, kind, has_board);
        let has_current = self.folding.state().current.is_some();
        if has_current && !std::mem::replace(&mut self.has_current, has_current) {
            self.openings.push(self.times.len());
        }
        self.has_current = has_current;
    }

    /// Notes what was taken in last.
    fn note(&mut self, at: Timestamp, kind: Option<Kind>, has_board: bool) {
        self.times.push(at);
        let number = self.times.len();
        self.marks.take(number, at, kind);
        if has_board {
            self.boards.push(number);
        }
        if number.is_multiple_of(self.apart) {
            self.kept.push((number, self.folding.state().clone()));
        }
        if self.kept.len() > MOST_KEPT {
            let apart = 2 * self.apart;
            self.kept.retain(|(number, _)| number.is_multiple_of(apart));
            self.apart = apart;
        }
    }

    /// How many records there are.
    pub fn count(&self) -> usize {
        self.times.len()
    }

    /// Whether the run is closed by the last of them.
    pub fn is_closed(&self) -> bool {
        self.is_closed
    }

    /// The record of that number, the first or the last one where there is none.
    ///
    /// # Errors
    /// It cannot be read any more, or is not what it was.
    pub fn record(&self, number: usize) -> Result<Record, JournalError> {
        self.lines.record(number.clamp(1, self.count()))
    }

    /// The last of the records that are read together with that one: where it cannot be read, none of them can.
    pub fn read_with(&self, number: usize) -> usize {
        self.lines.read_with(number)
    }

    /// The time of that record.
    pub fn time(&self, number: usize) -> Timestamp {
        self.times[number.clamp(1, self.times.len()) - 1]
    }

    /// The state after record `to`, begun from the one after record `from` or from one that was kept, whichever way is
    /// shorter.
    ///
    /// # Errors
    /// A record on the way cannot be read any more, or is not what it was.
    pub fn brought(&self, state: &RunState, from: usize, to: usize) -> Result<RunState, JournalError> {
        let near = self.kept.partition_point(|(number, _)| *number <= to).checked_sub(1).map(|at| &self.kept[at]);
        let (from, mut state) = match near {
            Some((number, kept)) if to < from || *number > from => (*number, kept.clone()),
            None if to < from => (0, RunState::new(&self.runbook)),
            _ => (from, state.clone()),
        };
        self.lines.each(from, to, &mut |record| state.apply(record))?;
        Ok(state)
    }

    /// How many records a leap takes in at most.
    #[cfg(test)]
    pub fn longest_way(&self) -> usize {
        self.apart
    }

    /// What comes after that record: whether more was recorded of the same moment, and when a step opens next.
    pub fn ahead(&self, number: usize) -> Ahead {
        let is_between = number < self.count() && self.time(number + 1) == self.time(number);
        let next = self.openings.get(self.openings.partition_point(|opening| *opening <= number));
        let opens = next.map(|next| (*next, self.time(*next).since(self.time(number))));
        Ahead { is_between, opens }
    }

    /// The last board that was recorded up to that record.
    ///
    /// # Errors
    /// It cannot be read any more, or is not what it was.
    pub fn board_at(&self, number: usize) -> Result<Option<BoardSeen>, JournalError> {
        let at = self.boards.partition_point(|board| *board <= number);
        let Some(board) = at.checked_sub(1).map(|at| self.boards[at]) else { return Ok(None) };
        let record = self.record(board)?;
        let Some(rows) = record.event.board().map(|board| board.rows.clone()) else { return Ok(None) };
        let is_old = self.marks.next(board, Some(Kind::Sitting), true).is_some_and(|next| next <= number);
        Ok(Some(BoardSeen { seq: record.seq, at: record.at, is_old, rows }))
    }
}
