//! Another step than the current one is looked at: what is about the current one is not done from there.

use crate::tui::keymap::Action;
use crate::tui::screen::run::Run;

/// Whether an action is proposed about the current step, whichever is looked at.
pub const fn is_about_step(action: Action) -> bool {
    matches!(
        action,
        Action::Retry | Action::Skip | Action::Defer | Action::Override | Action::CutWait | Action::Acknowledge
    )
}

impl Run {
    /// Whether an action waits until the current step is looked at again.
    pub fn is_elsewhere(&self, action: Action) -> bool {
        let is_about_current = is_about_step(action) || action == Action::Why;
        !self.is_at_current() && self.state.current.is_some() && is_about_current
    }
}

/// What is told of such a key, as [`crate::tui::keymap::Keymap::told`] reads it.
pub const FIRST_BACK: &str = "back to the current step first ({return})";
