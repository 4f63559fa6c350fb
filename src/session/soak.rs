//! What a session remembers of a running soak between two records: the worst value that was met meanwhile.

use serde_json::Number;

use crate::clock::Timestamp;
use crate::engine::{Moment, Proposal, RunState, SoakState, WORSE_EVERY, looked_at, note_due, worse};
use crate::runbook::{Runbook, StepKey};

/// Watches the soak of the current step.
#[derive(Debug, Default)]
pub(crate) struct SoakWatch {
    /// Which soak it is: its step, and since when it runs.
    of: Option<(StepKey, Timestamp)>,
    /// The worst value of it.
    met: Option<Number>,
}

impl SoakWatch {
    /// Looks at the board, and proposes what is due to be recorded.
    pub(crate) fn look(&mut self, runbook: &Runbook, state: &RunState, moment: &Moment) -> Option<Proposal> {
        let due = note_due(runbook, state, moment.at)?;
        let (key, soak) = current(state)?;
        let of = (key.clone(), soak.since?);
        if self.of.as_ref() != Some(&of) {
            *self = Self { of: Some(of), met: soak.worst.clone() };
        }
        if let Some((side, value)) = looked_at(runbook, state, moment) {
            self.met = worse(side, self.met.as_ref(), Some(&value));
            let is_worse = worse(side, soak.worst.as_ref(), self.met.as_ref()) != soak.worst;
            let is_rare = soak.worst.is_none() || moment.at.since(soak.noted) >= WORSE_EVERY;
            if is_worse && is_rare {
                return Some(self.note(state));
            }
        }
        due.is_zero().then(|| self.note(state))
    }

    /// All that was met, to be recorded before it is forgotten: the sitting ends, or the soak may.
    pub(crate) fn note(&self, state: &RunState) -> Proposal {
        Proposal::NoteSoak { seen: self.met.clone().filter(|_| self.is_its(state)) }
    }

    /// Whether a value was met that is not recorded of the soak that runs.
    pub(crate) fn is_unrecorded(&self, state: &RunState) -> bool {
        let recorded = current(state).and_then(|(_, soak)| soak.worst.as_ref());
        self.is_its(state) && self.met.is_some() && self.met.as_ref() != recorded
    }

    fn is_its(&self, state: &RunState) -> bool {
        let now = current(state).and_then(|(key, soak)| Some((key, soak.since?)));
        self.of.as_ref().map(|(key, since)| (key, *since)) == now && now.is_some()
    }
}

fn current(state: &RunState) -> Option<(&StepKey, &SoakState)> {
    let key = state.current.as_ref()?;
    Some((key, state.step(key)?.soak.as_deref()?))
}
