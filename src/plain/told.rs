//! What is recorded of a practice run that walks itself, printed line by line.

use std::io::{self, Write};
use std::sync::Arc;

use crate::engine::{Mode, Record, RunState};
use crate::plain::words;
use crate::runbook::Runbook;

/// Prints records that are on disk, and follows the run for what is to be made of them.
pub struct Teller<'o> {
    runbook: Arc<Runbook>,
    state: RunState,
    out: &'o mut dyn Write,
    gone: Option<io::Error>,
}

impl<'o> Teller<'o> {
    /// Tells of a run of which nobody need hear what `before` records.
    pub fn new(runbook: Arc<Runbook>, before: &[Record], out: &'o mut dyn Write) -> Self {
        let state = RunState::fold(&runbook, before);
        Self { runbook, state, out, gone: None }
    }

    /// Prints `recorded #N PRACTICE …` for each record; whether somebody hears it.
    pub fn tell(&mut self, records: &[Record]) -> bool {
        for record in records {
            self.state.apply(record);
            if self.gone.is_none() {
                self.gone = print(self.out, &self.runbook, &self.state, std::slice::from_ref(record)).err();
            }
        }
        self.gone.is_none()
    }

    /// Why nobody hears it any more.
    pub fn gone(self) -> Option<io::Error> {
        self.gone
    }
}

/// Prints records as a run tells them that has come so far.
pub(crate) fn print(out: &mut dyn Write, runbook: &Runbook, state: &RunState, records: &[Record]) -> io::Result<()> {
    let mode = state.opened.as_ref().map_or(Mode::Practice, |opened| opened.mode);
    for record in records {
        // At once: it may be broken to the width of a terminal.
        let line = format!("{}{}\n", words::line(record, mode), words::turned(runbook, state, record));
        out.write_all(line.as_bytes())?;
    }
    out.flush()
}
