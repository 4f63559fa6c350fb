//! What a person can do where no step can open.

use crate::engine::{Allowed, Plan, allowed, next_loop};
use crate::tui::screen::run::Run;

/// Where somebody gives no answer.
const SILENT: &str = "It opens by itself when they answer: every answer of a probe is looked at. Until then: ask every \
                      probe now, see in the health pane what they answer, mend what they find, go on with a reason \
                      without those that stay silent, or leave and come back.";

/// Where the list comes from what the probes say.
const SENSED: &str = "The run goes on by itself as soon as this changes: every answer of a probe is looked at. Until \
                      then: ask every probe now, see in the health pane what they answer, mend what they find, or \
                      leave and come back.";

/// Where it comes from what is fixed by now.
const FIXED: &str = "Nothing changes here by waiting: the list of this phase comes from inputs and answers alone. \
                     Give the run up with a reason; then open it anew with the list put right.";

/// The same, when there is a way back.
const FIXED_BUT_BACK: &str = "Nothing changes here by waiting: the list of this phase comes from inputs and answers \
                              alone. Go back if something was changed, or give the run up with a reason; then open it \
                              anew with the list put right.";

/// The same on the way back, of which there is none.
const FIXED_ON_THE_WAY: &str = "Nothing changes here by waiting: the list of this phase comes from inputs and answers \
                                alone. Do by hand what is left of this way back, and give the run up with a reason.";

impl Run {
    /// In a replay, where no step is current and the run goes on: what is recorded of the next one. What could be done
    /// then cannot be done now.
    pub fn opens_next(&self) -> Option<String> {
        let ahead = &self.replayed.as_ref()?.ahead;
        let state = &self.state;
        let is_open = state.current.is_none() && state.closed.is_none() && !state.is_running();
        is_open.then(|| ahead.told())
    }

    /// What can be done about a walk that stands still.
    pub(super) fn way_on(&self) -> &'static str {
        let offered = allowed(&self.runbook, &self.state, &self.view.moment);
        if offered.iter().any(|offered| matches!(offered, Allowed::Acknowledge(_))) {
            return SILENT;
        }
        let each = next_loop(&self.runbook, &self.state);
        let is_fixed = each.is_some_and(|each| self.view.moment.board.read_by(each).is_empty());
        match (&self.state.plan, &self.view.rollback) {
            _ if !is_fixed => SENSED,
            (Plan::Rollback(_), _) => FIXED_ON_THE_WAY,
            (Plan::Main, Some(_)) => FIXED_BUT_BACK,
            (Plan::Main, None) => FIXED,
        }
    }
}
