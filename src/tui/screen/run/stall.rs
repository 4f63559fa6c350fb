//! What a person can do where no step can open.

use crate::engine::{Allowed, next_loop};
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
                     Go back if something was changed, or give the run up with a reason; then open it anew with the \
                     list put right.";

impl Run {
    /// What can be done about a walk that stands still.
    pub(super) fn way_on(&self) -> &'static str {
        if self.view.allowed.iter().any(|allowed| matches!(allowed, Allowed::Acknowledge(_))) {
            return SILENT;
        }
        let each = next_loop(&self.runbook, &self.state);
        let is_fixed = each.is_some_and(|each| self.view.moment.board.read_by(each).is_empty());
        if is_fixed { FIXED } else { SENSED }
    }
}
