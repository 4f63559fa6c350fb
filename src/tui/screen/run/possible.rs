//! What can be done on the run screen at this moment, and why something cannot.

use crate::engine::Allowed;
use crate::runbook::StepKey;
use crate::tui::keymap::Action;
use crate::tui::message::{Effect, Instants};
use crate::tui::screen::run::Run;
use crate::tui::screen::run::away::{FIRST_BACK, is_about_step};
use crate::tui::screen::run::cautions::NOTHING_FOLDED;
use crate::tui::screen::run::layout::Pane;

/// Whether an action is proposed to the engine, which must allow it.
const fn is_offer(action: Action) -> bool {
    let is_of_run = matches!(
        action,
        Action::Cancel
            | Action::RollBack
            | Action::Abandon
            | Action::Close
            | Action::Note
            | Action::Verify
            | Action::Dispute
            | Action::TakeUp
    );
    is_of_run || is_about_step(action)
}

/// What is told where texts may not be copied.
pub const NO_COPY: &str = "config.toml says copy = false";

impl Run {
    /// Why an action does nothing at this moment; `None` when it does something.
    pub fn against(&self, action: Action, may_copy: bool) -> Option<String> {
        if self.is_leaving() {
            return Some("the sitting is being closed".into());
        }
        if self.is_elsewhere(action) {
            return Some(FIRST_BACK.into());
        }
        let is_allowed = || self.offered(action).is_some();
        match action {
            Action::Act if self.replayed.is_none() => self.against_act(is_allowed()),
            Action::Return if self.is_at_current() => Some("the current step is on the screen".into()),
            Action::Unfold if !self.has_folded() => Some(NOTHING_FOLDED.into()),
            Action::Seen if self.unseen().next().is_none() => Some("no alarm waits to be seen".into()),
            Action::Console if !self.is_rehearsal() => Some("it is there in practice only".into()),
            Action::Hint if self.next_hint().is_none() => Some("there is no further hint for this step".into()),
            Action::Copy if !may_copy => Some(NO_COPY.into()),
            Action::Attach if self.pending.is_none() && self.view.allowed.contains(&Allowed::Note) => None,
            Action::Attach => self.not_offered(action),
            action if !is_offer(action) => None,
            Action::Cancel if is_allowed() => None,
            _ if self.pending.is_some() => self.saving_told(),
            _ if is_allowed() => None,
            action => self.not_offered(action),
        }
    }

    fn against_act(&self, is_allowed: bool) -> Option<String> {
        if !self.is_at_current() || is_allowed || self.view.allowed.contains(&Allowed::Close) {
            return None;
        }
        if self.pending.is_some() {
            return self.saving_told();
        }
        let tells_why = !self.state.is_running() && (self.state.current.is_some() || self.view.stalled.is_some());
        (!tells_why).then(|| "nothing is asked for now".into())
    }

    /// A key was pressed in what lies over the run.
    pub fn note_over(&mut self, now: Instants) {
        self.note_key(now);
    }

    /// The key that confirms was pressed elsewhere: it must be let go before it acts here.
    pub fn note_act(&mut self, now: Instants) {
        self.last_act_ms = Some(now.real_ms);
    }

    /// Looks at a step that was searched.
    pub fn look_for(&mut self, step: StepKey) -> Vec<Effect> {
        self.over = None;
        self.look_at(Some(step));
        self.ask_for_output()
    }

    /// Shows a line of the output that was searched: with the keys there, and the line in the middle.
    pub fn show_line(&mut self, line: usize) {
        self.over = None;
        self.focus = Pane::Output;
        let panes = self.panes(self.area());
        let half = usize::from(panes.inside(panes.output).height) / 2;
        let printed = self.printed_mut();
        printed.up = printed.len().saturating_sub(line + 1 + half);
    }
}
