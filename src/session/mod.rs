//! The imperative shell of a run: one thread that owns journal and state. It knows no terminal.
//!
//! Everything that may become an event enters one inbox, so there is one order: proposals of people, samples of
//! probes, reports of commands. Whatever is said has been recorded first.

mod asking;
pub mod autopilot;
pub mod given;
pub mod launch;
pub mod live;
pub mod practice;
pub mod preflight;
mod reached;
pub mod rehearsal;
pub mod script;
mod soak;
pub mod stepped;
mod stepped_runner;

#[cfg(test)]
pub mod killed_tests;
#[cfg(test)]
pub mod witness_tests;

use std::sync::Arc;

use tokio::sync::mpsc::UnboundedSender;

pub use launch::{Launched, Opening, Suspended, Who, World};

use crate::engine::{Event, JobId, Leaving, Proposal, Record, Refusal, Sample};

/// All that a session ever says, in order.
#[derive(Clone, Debug)]
pub enum Update {
    /// These records are on disk, synced; fold them.
    Recorded(Arc<[Record]>),
    /// A proposal was not taken.
    Refused(Box<Proposal>, Refusal),
    /// A probe answered.
    Sampled(Box<Sample>),
    /// A command printed something; raw, without the values of known secrets.
    Printed(JobId, Vec<u8>),
    /// The journal cannot be written any more: the run takes no confirmations; why, for people.
    Halted(String),
    /// The session is over: the last thing it says.
    Ended,
}

/// What enters a session's inbox.
#[derive(Debug)]
pub enum Incoming {
    /// A person, or whoever stands for one, proposes.
    Propose(Proposal),
    /// End the running command; of a step that takes its items together, all of its commands.
    Cancel(JobId),
    /// Ask every probe now.
    SenseNow,
    /// A probe answered.
    Sample(Sample),
    /// A command printed or ended.
    Job(crate::exec::JobReport),
    /// Record that the sitting is over, say [`Update::Ended`] and stop.
    Leave(Leaving),
}

/// A handle on a running session. Dropping the last one ends the sitting as interrupted.
#[derive(Clone, Debug)]
pub struct Session {
    inbox: UnboundedSender<Incoming>,
}

impl Session {
    /// A handle that puts things into `inbox`.
    pub fn new(inbox: UnboundedSender<Incoming>) -> Self {
        Self { inbox }
    }

    /// Proposes something; the answer is an [`Update`]. After the end of the session nothing happens.
    pub fn propose(&self, proposal: Proposal) {
        self.say(Incoming::Propose(proposal));
    }

    /// Ends the running command; of a step that takes its items together, all of its commands.
    pub fn cancel(&self, job: JobId) {
        self.say(Incoming::Cancel(job));
    }

    /// Asks every probe now, before the next interval.
    pub fn sense_now(&self) {
        self.say(Incoming::SenseNow);
    }

    /// Ends the sitting.
    pub fn leave(&self, how: Leaving) {
        self.say(Incoming::Leave(how));
    }

    /// Whether the session has ended; its last records are on disk then, as far as they could be written.
    pub fn is_over(&self) -> bool {
        self.inbox.is_closed()
    }

    fn say(&self, incoming: Incoming) {
        // The session may have ended a moment ago; then nobody is left to tell, and nothing is lost.
        let _ = self.inbox.send(incoming);
    }
}

/// The last event of these records that closes the run, if one does.
pub fn closing(records: &[Record]) -> Option<&Event> {
    records.iter().map(|record| &record.event).find(|event| matches!(event, Event::RunClosed { .. }))
}
