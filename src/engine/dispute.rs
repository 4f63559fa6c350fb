//! A second person looks, and sees something else than what the first stated or piton sensed.
//!
//! The step has failed then, and the walk comes back to it: at once where nothing of the current step was begun, else
//! as soon as that one is over. From there on it is a failed step like any other: it is tried again (and then verified
//! anew), left out, overruled, or the run goes back. What was to be verified independently may also be found good by
//! another look, since nobody should have to do again what cannot be done twice because somebody looked at the wrong
//! valve. Whichever it is, that the two did not see the same stays a deviation of the run.

use crate::clock::Timestamp;
use crate::engine::decide::{Decision, Judge, text};
use crate::engine::deviation::DeviationKind;
use crate::engine::event::Event;
use crate::engine::proposal::Refusal;
use crate::engine::release::may_release;
use crate::engine::state::{RunState, StepStatus};
use crate::engine::take_up::untouched;
use crate::runbook::{StepKey, Verify};

/// How a step stood before a second person saw something else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stood {
    /// What was said of it.
    said: String,
    /// Who said so.
    by: String,
    /// Who did it, where that was another.
    doer: Option<String>,
    /// When it was done.
    ended: Option<Timestamp>,
}

impl Judge<'_> {
    /// How that step is to be verified by a second person now; `None` when it is not.
    pub(crate) fn verifies(&self, key: &StepKey) -> Option<Verify> {
        let is_due = self.state.waits_for_peer(key) || self.state.to_verify().contains(key);
        self.state.step(key).filter(|_| is_due)?.verify
    }

    pub(crate) fn dispute(&self, key: StepKey, disputed_by: &str, said: String) -> Decision {
        let Some(verifies) = self.verifies(&key) else {
            return Err(Refusal::NotNow("no second person is asked about this step now"));
        };
        if self.state.is_running() {
            return Err(Refusal::NotNow("a command is running"));
        }
        let disputed_by = may_release(self.state, &key, disputed_by)?;
        let said = text(said, "state what is seen instead")?;
        let board = self.moment.board.recorded();
        // What is current is left for it, unless something of that was begun: then that comes to its end first.
        let left = untouched(self.runbook, self.state).ok().filter(|current| **current != key);
        let left = left.map(|current| Event::StepPutBack { step: current.clone(), instead: key.clone() });
        let disputed = Event::StepDisputed { step: key, disputed_by, said, verifies, board };
        self.then([disputed].into_iter().chain(left))
    }
}

impl RunState {
    /// A second person saw something else.
    pub(crate) fn take_dispute(&mut self, key: &StepKey, by: &str, disputed_by: &str, said: &str) {
        let is_current = self.current.as_ref() == Some(key);
        let told = format!("{disputed_by} saw something else: {said}");
        let known = self.step(key);
        let is_independent = known.is_some_and(|known| known.verify == Some(Verify::Independent));
        let stood = known.map(|known| Stood {
            said: known.said.clone(),
            by: known.by.clone(),
            doer: known.doer.clone(),
            ended: known.ended,
        });
        // What may still be found good by another look keeps how it stood.
        let unverified = self.unverified.get(key).cloned().filter(|_| is_independent);
        self.end(key, StepStatus::Failed, by, &told);
        self.change(key, |step| step.has_failed = true);
        match unverified {
            Some(mut unverified) => {
                unverified.stood = unverified.stood.take().or(stood.map(Box::new));
                self.unverified.insert(key.clone(), unverified);
            }
            None => self.forget_choice(key),
        }
        if is_current {
            self.current = Some(key.clone());
        }
        self.deviate(by, DeviationKind::Disputed, key.to_string(), &told);
    }

    /// Where nothing is current the walk comes back to what is disputed, the first in the order of the plan.
    pub(crate) fn come_back(&mut self) {
        let is_disputed = |state: &Self, key: &StepKey| state.unverified.get(key).is_some_and(|it| it.stood.is_some());
        let is_free = self.current.is_none() && self.closed.is_none();
        if is_free && self.unverified.values().any(|unverified| unverified.stood.is_some()) {
            self.current = self.to_verify().into_iter().find(|key| is_disputed(self, key));
        }
    }

    /// The step begins anew; whether somebody had seen something else. What is signed of its verification names where it
    /// began, also when others began since.
    pub(crate) fn forget_dispute(&mut self, key: &StepKey) -> bool {
        let Some(unverified) = self.unverified.remove(key) else { return false };
        let is_disputed = unverified.stood.is_some();
        if is_disputed && unverified.opening.is_some() {
            self.opening = unverified.opening;
        }
        is_disputed
    }

    /// Another look found good what was disputed: the step is done as it was, and no fresher for it.
    pub(crate) fn stand_again(&mut self, key: &StepKey, stood: Stood) {
        let Stood { said, by, doer, ended } = stood;
        self.change(key, |step| {
            step.status = StepStatus::Done;
            (step.said, step.by, step.doer, step.ended) = (said, by, doer, ended);
        });
    }
}
