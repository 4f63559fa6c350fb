//! A state that is brought through very many records, most of which say that a condition changed.
//!
//! Of what is said of one condition only the last word counts, until something else happens: what was seen before that is
//! never made.

use std::collections::BTreeMap;

use crate::clock::Timestamp;
use crate::engine::event::{ConditionId, Record, Tri};
use crate::engine::glance::{Glance, KeptSaid};
use crate::engine::state::{RunState, Standing};
use crate::runbook::Runbook;

/// A state, and what was said of conditions since it was looked at.
pub struct Folding {
    state: RunState,
    /// By the condition's name, as it is written.
    changes: BTreeMap<String, Change>,
}

/// The last change of a condition.
struct Change {
    condition: ConditionId,
    truth: Tri,
    since: Timestamp,
    said: KeptSaid,
}

impl Folding {
    /// Before the first record.
    pub fn new(runbook: &Runbook) -> Self {
        Self { state: RunState::new(runbook), changes: BTreeMap::new() }
    }

    /// Takes one record in. Records come in order and each once.
    pub fn take(&mut self, record: Record) {
        self.settle();
        self.state.absorb(record);
    }

    /// Takes a record in that says that a condition changed; whether it is one, and was taken.
    pub fn take_change(&mut self, glance: &Glance<'_>) -> bool {
        let Some(changed) = glance.changed() else { return false };
        let (seq, at, truth) = (glance.seq, glance.at, changed.truth);
        let change = if let Some(change) = self.changes.get_mut(changed.condition) {
            change
        } else {
            let Ok(condition) = changed.condition.parse() else { return false };
            let new = Change { condition, truth, since: at, said: KeptSaid::default() };
            self.changes.entry(changed.condition.to_owned()).or_insert(new)
        };
        (change.truth, change.since) = (truth, at);
        self.state.name_stated(seq, glance.prev);
        change.said.keep(changed.said);
        self.state.turn_at(seq, at, &change.condition, truth);
        true
    }

    /// The state after all that was taken in.
    pub fn state(&mut self) -> &RunState {
        self.settle();
        &self.state
    }

    /// Gives the state the last word on each condition.
    fn settle(&mut self) {
        for change in std::mem::take(&mut self.changes).into_values() {
            let Change { condition, truth, since, said } = change;
            let (why, seen) = said.made();
            self.state.conditions.insert(condition, Standing { truth, since, why, seen, acknowledged: None });
        }
    }
}
