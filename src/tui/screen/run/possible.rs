//! What can be done on the run screen at this moment, and why something cannot.

use crate::engine::{Allowed, Gate, StepStatus};
use crate::runbook::StepKey;
use crate::tui::keymap::Action;
use crate::tui::message::{Effect, Instants};
use crate::tui::screen::run::Run;
use crate::tui::screen::run::away::{FIRST_BACK, is_about_step};
use crate::tui::screen::run::cautions::NOTHING_FOLDED;
use crate::tui::screen::run::layout::Pane;
use crate::tui::tell;
use crate::tui::widget::status::key_of;

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

    /// Why nothing is offered for that action; `None` for a key that has nothing to do with the run.
    pub(super) fn not_offered(&self, action: Action) -> Option<String> {
        if let Action::Help | Action::Yes | Action::Back | Action::Practice = action {
            return None;
        }
        if self.pending.is_some() {
            // It is read after that, too.
            return Some("not taken: what came before it was still being saved".into());
        }
        Some(match action {
            _ if self.state.closed.is_some() => "the run is closed: nothing more is recorded in it".into(),
            Action::Cancel => "no command is running".into(),
            Action::RollBack if self.state.is_running() => {
                "a command is running: end it first with {cancel}, or let it end; then {roll-back} goes back".into()
            }
            _ if self.state.is_running() => "a command is running: end it with {cancel}, or let it end".into(),
            Action::RollBack => self.no_way_back().into(),
            Action::TakeUp => self.no_take_up().into(),
            Action::Close if self.state.to_verify().is_empty() => {
                "steps are left: a run is closed once each of them is accounted for".into()
            }
            Action::Close => "a second person has to verify first: {verify}".into(),
            Action::Verify => "nothing waits for a second person to verify it".into(),
            Action::Dispute => "nothing waits for a second person who could say that it is otherwise".into(),
            action => self.no_such_step(action),
        })
    }

    /// Why that is not done with the current step, in a few words.
    fn no_such_step(&self, action: Action) -> String {
        let current = self.state.current.as_ref();
        let known = current.and_then(|key| self.runbook.step(&key.phase, &key.step).zip(self.state.step(key)));
        let Some((step, known)) = known else { return "no step is current".into() };
        let has_failed = known.status == StepStatus::Failed;
        let told = match action {
            Action::Retry => "only a step that failed is tried again",
            Action::Skip => "what is waited for or sensed is not skipped; {override} overrides it, with a reason",
            Action::Defer if step.defer.is_none() => "the runbook does not let this step be put off",
            Action::Defer => "this step cannot be put off any longer: nothing else is left before it",
            Action::CutWait => "only a wait for a set time is cut short",
            Action::Acknowledge if has_failed => {
                "the step failed: it is tried again ({retry}), skipped ({skip}) or overridden ({override})"
            }
            Action::Acknowledge => match self.view.gate {
                Gate::Open => "nothing holds this step back",
                Gate::Closed(_) => "what holds it back cannot be acknowledged; {why} tells what it is",
            },
            _ => "this step does not ask for that",
        };
        told.into()
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

    /// The words that stand in the bar for an action now: all of them, where its key is for several things.
    pub fn words_for(&self, action: Action) -> String {
        let words: Vec<&str> = self
            .view
            .allowed
            .iter()
            .filter(|allowed| key_of(allowed).0 == action)
            .map(|one| tell::offer(one).0)
            .collect();
        words.join(" ")
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
