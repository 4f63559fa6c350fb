//! What a second person verifies: the record that stated or finished the step, and what a person reads of it.
//!
//! A signature of a verification names that record by its hash, which covers what was stated, the board beside it and
//! all that was recorded before. What is stated anew is another record, and wants another signature.

use crate::engine::cautions::digest;
use crate::engine::event::{Event, Record};
use crate::engine::state::RunState;
use crate::runbook::StepKey;

/// What was stated of a step, or how it was finished.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stated {
    /// The number of that record.
    pub seq: u64,
    /// Its hash.
    pub hash: String,
    /// What a person reads of it.
    pub said: String,
}

impl Stated {
    /// What a record states of a step, without its hash: that is named by the record after it.
    pub(crate) fn of(record: &Record) -> Option<(&StepKey, Self)> {
        let (step, said) = stated(&record.event)?;
        Some((step, Self { seq: record.seq, hash: String::new(), said }))
    }
}

impl RunState {
    /// A record is about to be taken in: it names the hash of the one before it as that lies in the journal.
    pub(crate) fn name_stated(&mut self, seq: u64, prev: &str) {
        let stated = self.unverified.values_mut().filter_map(|unverified| unverified.stated.as_mut());
        for stated in stated.filter(|stated| stated.seq + 1 == seq) {
            prev.clone_into(&mut stated.hash);
        }
    }

    /// A record was taken in: what it states is what a second person verifies.
    pub(crate) fn note_stated(&mut self, record: &Record) {
        let Some((step, mut stated)) = Stated::of(record) else { return };
        let Some(unverified) = self.unverified.get_mut(step) else { return };
        // Until another record follows nobody names its hash; it is written as this makes it.
        let line = serde_json::to_vec(record).unwrap_or_default();
        stated.hash = digest(&line);
        unverified.stated = Some(stated);
    }
}

/// What an event states of a step. A journal is checked by what this makes of it: it must stay as it is.
fn stated(event: &Event) -> Option<(&StepKey, String)> {
    Some(match event {
        Event::StepConfirmed { step, said, .. } => (step, said.clone()),
        Event::AnswerGiven { step, value, .. } => {
            (step, value.as_str().map_or_else(|| value.to_string(), str::to_owned))
        }
        Event::ChoiceMade { step, choice, .. } => (step, choice.clone()),
        Event::CommandFinished { step, ended, met: true, .. } => (step, ended.describe()),
        Event::CheckPassed { step, .. } => (step, "sensed".to_owned()),
        Event::WaitEnded { step } => (step, "waited".to_owned()),
        Event::HoldReleased { step, released_by, said, verifies: None, .. } => {
            (step, format!("released by {released_by}: {said}"))
        }
        _ => return None,
    })
}
