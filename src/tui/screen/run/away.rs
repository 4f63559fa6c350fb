//! Another step than the current one is looked at: what is about the current one is not done from there.

use crate::engine::Allowed;
use crate::runbook::StepKey;
use crate::tui::keymap::Action;
use crate::tui::screen::run::Run;
use crate::tui::widget::status::key_of;

/// Whether an action is proposed about the current step, whichever is looked at.
pub const fn is_about_step(action: Action) -> bool {
    matches!(
        action,
        Action::Retry | Action::Skip | Action::Defer | Action::Override | Action::CutWait | Action::Acknowledge
    )
}

impl Run {
    /// Whether an action waits until the current step is looked at again; what has reverted is overridden where it is
    /// looked at.
    pub fn is_elsewhere(&self, action: Action) -> bool {
        let is_its_own = || {
            let offered = self.browsed.clone().map(Allowed::Override);
            action == Action::Override && offered.is_some_and(|offered| self.view.allowed.contains(&offered))
        };
        !self.is_at_current() && self.state.current.is_some() && is_about_step(action) && !is_its_own()
    }

    /// What the engine allows behind that key; of the steps that may be taken up only the one that is looked at.
    pub(super) fn offered(&self, action: Action) -> Option<&Allowed> {
        let is_it = |allowed: &&Allowed| match allowed {
            Allowed::TakeUp(step) => action == Action::TakeUp && self.is_looked_at(step),
            other => key_of(other).0 == action,
        };
        self.view.allowed.iter().find(is_it)
    }

    /// Whether the current step is a soak.
    pub fn is_soaking(&self) -> bool {
        let current = self.state.current.as_ref().and_then(|key| self.state.step(key));
        current.is_some_and(|step| step.soak.is_some())
    }

    /// Whether that step is the one that is looked at.
    pub fn is_looked_at(&self, step: &StepKey) -> bool {
        self.browsed.as_ref() == Some(step)
    }

    /// Why the step that is looked at is not taken up.
    pub(super) fn no_take_up(&self) -> &'static str {
        let current = self.state.current.as_ref();
        let phase = current.and_then(|key| self.state.phases.iter().find(|phase| phase.id == key.phase));
        let is_any = phase.is_some_and(|phase| phase.any_order);
        let is_other = self
            .browsed
            .as_ref()
            .zip(current)
            .is_some_and(|(browsed, current)| (&browsed.phase, &browsed.item) != (&current.phase, &current.item));
        let can_any = self.view.allowed.iter().any(|allowed| matches!(allowed, Allowed::TakeUp(_)));
        match (is_any, can_any) {
            (false, _) => "the order of these steps is binding",
            (true, _) if self.is_at_current() => "this step is the current one: move to the step to take up first",
            (true, _) if is_other => "only a step of the same phase and item can be taken up",
            (true, true) => {
                "this step cannot be taken up now: it is not pending, does not apply, or something before it comes first"
            }
            (true, false) => "the current step has been begun, or nothing else may be taken up here",
        }
    }
}

/// What is told of such a key, as [`crate::tui::keymap::Keymap::told`] reads it.
pub const FIRST_BACK: &str = "back to the current step first ({return})";
