//! Steps that a second person verifies: at the same moment, or independently of the first and later. Who that may be,
//! in which words, and with which signature is a matter of hold points (`release.rs`, `signed.rs`): a verification is
//! recorded as a release of the step.

use serde_json::Value;

use crate::clock::Timestamp;
use crate::engine::dispute::Stood;
use crate::engine::signed::Opening;
use crate::engine::state::{Chosen, PhaseState, RunState, StepState, StepStatus};
use crate::engine::stated::Stated;
use crate::runbook::{StepKey, Verify};

/// What a second person has yet to verify.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unverified {
    /// Where the step began.
    pub opening: Option<Opening>,
    /// What is to be verified: what is signed of the verification names that.
    pub stated: Option<Stated>,
    /// Who sat at the run when the first person was done.
    pub operator: Option<String>,
    /// How the step stood before somebody saw something else.
    pub stood: Option<Box<Stood>>,
    /// What the first person decided or answered, while it counts for nothing without the second person's word.
    pub withheld: Option<Box<Withheld>>,
}

/// What a person stated that expressions read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Withheld {
    /// The value of that name.
    Answer(String, Value),
    /// The decision of that name.
    Choice(String, Chosen),
}

/// The second person's word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified {
    /// Who.
    pub by: String,
    /// What was seen.
    pub said: String,
    /// When.
    pub at: Timestamp,
}

/// That nobody verified a step, and the run went on without.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waived {
    /// Who said so.
    pub by: String,
    /// Why.
    pub why: String,
    /// When.
    pub at: Timestamp,
}

impl RunState {
    /// Whether a second person has yet to confirm what was just stated: the step is still the current one.
    pub fn waits_for_peer(&self, key: &StepKey) -> bool {
        let is_stated = || self.unverified.get(key).is_some_and(|unverified| unverified.stood.is_none());
        self.current.as_ref() == Some(key) && is_stated()
    }

    /// The steps of the walked plan that somebody has yet to verify independently, in the order of the plan.
    pub fn to_verify(&self) -> Vec<StepKey> {
        if self.unverified.is_empty() {
            return Vec::new();
        }
        let steps = self.walked().flat_map(|phase| phase.keys());
        let is_due = |key: &StepKey| self.unverified.contains_key(key) && !self.waits_for_peer(key);
        steps.map(|(key, _)| key).filter(is_due).collect()
    }

    /// The first person is done with a step; whether it waits for a second one before it counts as done.
    pub(crate) fn await_verification(&mut self, key: &StepKey) -> bool {
        let Some(verify) = self.step(key).and_then(|step| step.verify) else { return false };
        let opening = self.opening.clone().filter(|opening| opening.step == *key);
        let operator = self.sitting.as_ref().map(|sitting| sitting.operator.clone());
        let (stated, withheld, stood) = (None, None, None);
        self.unverified.insert(key.clone(), Unverified { opening, stated, withheld, operator, stood });
        verify == Verify::Peer
    }

    /// Expressions read what was stated from here on; what is stated for a second person at the same moment, only with
    /// that person's word.
    pub(crate) fn give_or_withhold(&mut self, key: &StepKey, given: Withheld) {
        if self.waits_for_peer(key) {
            self.unverified.entry(key.clone()).and_modify(|unverified| unverified.withheld = Some(Box::new(given)));
            return;
        }
        match given {
            Withheld::Answer(name, value) => self.give(key, &name, &value),
            Withheld::Choice(name, chosen) => {
                self.choices.insert(name, chosen);
            }
        }
    }

    /// Whether the walk has gone on behind a step that is still to be verified.
    pub(crate) fn lies_behind(&self, key: &StepKey) -> bool {
        self.current.as_ref() != Some(key) && self.unverified.contains_key(key)
    }

    /// Nobody will verify that step: it is done as it was.
    pub(crate) fn waive_verification(&mut self, key: &StepKey, by: &str, why: &str) {
        let Some(unverified) = self.unverified.remove(key) else { return };
        if let Some(stood) = unverified.stood {
            self.stand_again(key, *stood);
        }
        let waived = Waived { by: by.to_owned(), why: why.to_owned(), at: self.at };
        self.change(key, |step| step.waived = Some(Box::new(waived)));
    }

    /// The steps that are done and that nobody will verify any more as they should be, because the run went back or is
    /// closed, in the order of the plan.
    pub fn never_verified(&self) -> Vec<StepKey> {
        if self.unverified.is_empty() {
            return Vec::new();
        }
        let is_over = |phase: &&PhaseState| self.closed.is_some() || phase.plan != self.plan;
        let steps = self.counted().filter(is_over).flat_map(PhaseState::keys);
        let is_left =
            |(key, step): &(StepKey, &StepState)| step.status == StepStatus::Done && self.unverified.contains_key(key);
        steps.filter(is_left).map(|(key, _)| key).collect()
    }

    /// The second person's word on a step; whether that was still to come.
    pub(crate) fn take_verification(&mut self, key: &StepKey, by: &str, said: &str) -> bool {
        let Some(unverified) = self.unverified.remove(key) else { return false };
        let at = self.at;
        let is_current = self.current.as_ref() == Some(key);
        let is_stated = is_current && unverified.stood.is_none();
        if let Some(stood) = unverified.stood {
            self.stand_again(key, *stood);
        }
        self.change(key, |step| {
            step.verified = Some(Verified { by: by.to_owned(), said: said.to_owned(), at });
            if is_stated {
                step.status = StepStatus::Done;
                step.ended = Some(at);
            }
        });
        if is_current {
            self.current = None;
        }
        if let Some(withheld) = unverified.withheld {
            self.give_or_withhold(key, *withheld);
        }
        true
    }

    /// What was stated for a second person at the same moment counts for nothing once that moment is over.
    pub(crate) fn forget_peer(&mut self) {
        let Some(key) = self.current.clone().filter(|key| self.waits_for_peer(key)) else { return };
        if self.unverified.remove(&key).is_some() {
            self.change(&key, |step| {
                step.said.clear();
                step.by.clear();
                step.doer = None;
            });
        }
    }
}
