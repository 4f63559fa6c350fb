//! Where a person goes on against the machine: always with a reason.

use serde_json::Value;

use crate::engine::allowed::{Allowed, acknowledgeable};
use crate::engine::bind::silent_now;
use crate::engine::decide::{Decision, Judge, text, wrong};
use crate::engine::event::{ConditionId, Event, Tri};
use crate::engine::gate::{Gate, gate};
use crate::engine::proposal::Refusal;
use crate::engine::scope::millis;
use crate::runbook::{Action, StepKey};

impl Judge<'_> {
    /// Declares the current step done, or a check that has reverted; of one that nobody comes to verify, while nothing
    /// else is current, it only says that: the step is done already.
    pub(crate) fn overrule(&self, step: StepKey, reason: String) -> Decision {
        let current = self.idle(&step).map(drop);
        let is_due = || self.state.current.is_none() && self.state.to_verify().contains(&step);
        let has_reverted = || self.state.reverted().any(|reverted| *reverted == step);
        let is_other = current.is_err() && !self.state.is_running();
        let is_reverted = is_other && has_reverted();
        let is_waived = is_other && !is_reverted && is_due();
        if !is_waived && !is_reverted {
            current?;
        }
        let (reason, board) = (text(reason, "a reason is needed")?, self.moment.board.recorded());
        if is_waived {
            return self.then([Event::VerificationWaived { step, reason, board }]);
        }
        let overridden = Event::StepOverridden { step, reason, board };
        if is_reverted {
            return self.then([overridden]);
        }
        self.then(self.note_soak(None).into_iter().chain([overridden]))
    }

    pub(crate) fn cut_wait(&self, key: StepKey, reason: String) -> Decision {
        let (step, known) = self.idle(&key)?;
        let Action::Wait(length) = &step.action else { return Err(wrong(&step.action)) };
        let passed = self.moment.at.since(known.began.unwrap_or(self.moment.at));
        let left_ms = millis(length.saturating_sub(passed));
        let reason = text(reason, "a reason is needed")?;
        self.then([Event::WaitCut { step: key, reason, left_ms }])
    }

    pub(crate) fn acknowledge(&self, condition: ConditionId, reason: String) -> Decision {
        if self.state.is_running() {
            return Err(Refusal::NotNow("a command is running"));
        }
        // What was stated waits for another person alone.
        let current = self.state.current.as_ref().filter(|key| !self.state.waits_for_peer(key));
        let is_offered = match current.map(|key| gate(self.runbook, self.state, key, self.moment.at)) {
            Some(Gate::Closed(holds)) => holds
                .into_iter()
                .filter_map(acknowledgeable)
                .any(|allowed| matches!(allowed, Allowed::Acknowledge(offered) if offered == condition)),
            _ => false,
        };
        let silent = silent_now(self.runbook, self.state, &self.moment.board);
        let silent = silent.into_iter().find_map(|(offered, why)| (offered == condition).then_some(why));
        if !is_offered && silent.is_none() {
            return Err(Refusal::NotNow("it does not hold the run back"));
        }
        let reason = text(reason, "a reason is needed")?;
        // What is acknowledged is what is known: without a record of that there would be nothing to hold on to.
        let is_known = self.state.conditions.get(&condition);
        let is_known = is_known.is_some_and(|known| silent.is_none() || known.truth == Tri::Unknown);
        let unknown = (!is_known).then(|| Event::ConditionChanged {
            condition: condition.clone(),
            truth: Tri::Unknown,
            why: silent.unwrap_or_else(|| "never sensed".into()),
            seen: Value::Null,
        });
        self.then(unknown.into_iter().chain([Event::GuardAcknowledged { condition, reason }]))
    }
}
