//! The records of a journal and the state after each of them, found quickly wherever one looks.

use std::sync::Arc;

use crate::engine::{Board, Event, Record, RunState};
use crate::runbook::Runbook;
use crate::tui::screen::replay::marks::{Kind, Marks};
use crate::tui::screen::run::replayed::BoardSeen;

/// At most so many states are kept.
const MOST_KEPT: usize = 64;

/// So many records lie between two of them at least.
const LEAST_APART: usize = 256;

/// The records of a journal; they are numbered from 1.
pub struct Tape {
    /// What was walked.
    pub runbook: Arc<Runbook>,
    /// What is marked.
    pub marks: Marks,
    records: Vec<Record>,
    /// How many records were folded into each kept state, in order.
    kept: Vec<(usize, RunState)>,
    apart: usize,
    /// The state after the last record.
    last: RunState,
    /// The numbers of the records that hold a board.
    boards: Vec<usize>,
}

impl Tape {
    /// These records of a run of that runbook.
    pub fn new(runbook: Arc<Runbook>, records: Vec<Record>) -> Self {
        let apart = (records.len() / MOST_KEPT).max(LEAST_APART);
        let last = RunState::new(&runbook);
        let (marks, kept, boards) = (Marks::default(), Vec::new(), Vec::new());
        let mut tape = Self { runbook, marks, records: Vec::new(), kept, apart, last, boards };
        tape.extend(records);
        tape
    }

    /// Takes in what was recorded since.
    pub fn extend(&mut self, records: Vec<Record>) {
        for record in records {
            self.last.apply(&record);
            let number = self.records.len() + 1;
            self.marks.take(number, &record);
            if board_of(&record.event).is_some() {
                self.boards.push(number);
            }
            self.records.push(record);
            if number.is_multiple_of(self.apart) {
                self.kept.push((number, self.last.clone()));
            }
        }
        if self.kept.len() > 2 * MOST_KEPT {
            let mut index = 0;
            self.kept.retain(|_| {
                index += 1;
                index % 2 == 0
            });
            self.apart *= 2;
        }
    }

    /// How many records there are.
    pub fn count(&self) -> usize {
        self.records.len()
    }

    /// The record of that number, the first or the last one where there is none.
    pub fn record(&self, number: usize) -> &Record {
        &self.records[number.clamp(1, self.records.len()) - 1]
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
        for record in &self.records[from..to] {
            state.apply(record);
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
        let rows = board_of(&record.event)?.rows.clone();
        let is_old = self.marks.next(self.boards[at], Some(Kind::Sitting), true).is_some_and(|next| next <= number);
        Some(BoardSeen { seq: record.seq, at: record.at, is_old, rows })
    }
}

/// The board that a record holds; an empty one stands where nobody looked.
fn board_of(event: &Event) -> Option<&Board> {
    match event {
        Event::StepConfirmed { board, .. }
        | Event::AnswerGiven { board, .. }
        | Event::ChoiceMade { board, .. }
        | Event::HoldReleased { board, .. }
        | Event::CommandsApproved { board, .. }
        | Event::CommandStarted { board, .. }
        | Event::CheckPassed { board, .. }
        | Event::StepSkipped { board, .. }
        | Event::StepDeferred { board, .. }
        | Event::StepOverridden { board, .. }
        | Event::StepsReopened { board, .. }
        | Event::RollbackEntered { board, .. } => Some(board).filter(|board| !board.rows.is_empty()),
        _ => None,
    }
}
