//! What makes a line the next one of its journal. The writer and the verifier obey this same code.

use std::fmt;

use crate::clock::Timestamp;
use crate::engine::{Event, JOURNAL_FORMAT, Outcome, Record};
use crate::journal::line::{Hash, Link, NO_PREVIOUS, sha256_hex};

/// How far a journal has come: enough to tell whether a record may follow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chain {
    records: u64,
    head: String,
    last_at: Option<Timestamp>,
    closed: Option<Outcome>,
}

/// Why a record does not follow.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is said in full by its text below")]
pub enum Fault {
    Sequence { expected: u64, found: u64 },
    Previous { line_before: u64 },
    NoHead,
    SecondHead,
    Format { found: u32 },
    RunbookText,
    TimeWentBack { before: Timestamp, at: Timestamp },
    AfterEnd,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sequence { expected, found } => {
                write!(f, "record {found} stands where record {expected} belongs: lines are lost, repeated or moved")
            }
            Self::Previous { line_before: 0 } => f.write_str("the first record names a line before it"),
            Self::Previous { line_before } => {
                write!(
                    f,
                    "its `prev` is not the sha256 of line {line_before}: one of the two was changed, so record {line_before} is doubtful"
                )
            }
            Self::NoHead => f.write_str("the first record is not `run_opened`"),
            Self::SecondHead => f.write_str("`run_opened` stands after the first record"),
            Self::Format { found } => write!(f, "there is no journal format {found}"),
            Self::RunbookText => f.write_str("the sha256 in `run_opened` is not that of its runbook text"),
            Self::TimeWentBack { before, at } => {
                write!(f, "its time {at} lies before {before}, that of the record before it")
            }
            Self::AfterEnd => f.write_str("it stands after the end of the run"),
        }
    }
}

impl Default for Chain {
    fn default() -> Self {
        Self { records: 0, head: NO_PREVIOUS.into(), last_at: None, closed: None }
    }
}

impl Chain {
    /// Takes the record of that raw line (without newline) as the next one, or tells why it is not.
    pub fn accept(&mut self, raw: &[u8], record: &Record) -> Result<(), Fault> {
        self.accept_link(&Hash::of(raw), &Link::of(record))
    }

    /// The same with the hash of that line.
    pub(super) fn accept_link(&mut self, hash: &Hash, link: &Link<'_>) -> Result<(), Fault> {
        let expected = self.records + 1;
        if link.seq != expected {
            return Err(Fault::Sequence { expected, found: link.seq });
        }
        if link.prev != self.head {
            return Err(Fault::Previous { line_before: self.records });
        }
        if self.closed.is_some() {
            return Err(Fault::AfterEnd);
        }
        if let Some(before) = self.last_at.filter(|before| link.at < *before) {
            return Err(Fault::TimeWentBack { before, at: link.at });
        }
        check_head(link)?;
        self.records = expected;
        self.head.clear();
        self.head.push_str(hash.as_str());
        self.last_at = Some(link.at);
        if let Some(Event::RunClosed { outcome, .. }) = link.record.map(|record| &record.event) {
            self.closed = Some(*outcome);
        }
        Ok(())
    }

    /// How many records there are.
    pub fn records(&self) -> u64 {
        self.records
    }

    /// The hash of the last line; 64 zeros before the first.
    pub fn head(&self) -> &str {
        &self.head
    }

    /// The time of the last record.
    pub fn last_at(&self) -> Option<Timestamp> {
        self.last_at
    }

    /// The outcome, when the run is closed.
    pub fn closed(&self) -> Option<Outcome> {
        self.closed
    }
}

fn check_head(link: &Link<'_>) -> Result<(), Fault> {
    match link.record.map(|record| &record.event) {
        Some(Event::RunOpened(_)) if link.seq != 1 => Err(Fault::SecondHead),
        Some(Event::RunOpened(head)) if head.format != JOURNAL_FORMAT => Err(Fault::Format { found: head.format }),
        Some(Event::RunOpened(head)) if head.sha256 != sha256_hex(head.text.as_bytes()) => Err(Fault::RunbookText),
        Some(Event::RunOpened(_)) => Ok(()),
        _ if link.seq == 1 => Err(Fault::NoHead),
        _ => Ok(()),
    }
}
