//! What the command of a step printed that has ended: read again from disk when somebody looks at that step.

use crate::engine::Kept;
use crate::runbook::StepKey;
use crate::tui::message::{Effect, RecordedOutput};
use crate::tui::screen::run::Run;
use crate::tui::screen::run::output::{Check, OutputTail};

impl Run {
    /// The output that is wanted: that of the step that is browsed; in a replay else that of the step that is shown, or
    /// of the last command that ended before.
    fn wanted(&self) -> Option<(StepKey, Kept)> {
        let of = |key: StepKey| {
            let kept = self.state.step(&key)?.output.as_deref()?.clone();
            Some((key, kept))
        };
        if self.replayed.is_none() {
            return of(self.browsed.clone()?).filter(|(_, kept)| self.output.job != Some(kept.job));
        }
        let shown = self.shown_step().and_then(of);
        if shown.is_some() || self.state.is_running() {
            return shown;
        }
        let steps = self.state.phases.iter().flat_map(|phase| phase.keys());
        let kept = steps.filter_map(|(key, step)| Some((key, step.output.as_deref()?)));
        kept.max_by_key(|(_, kept)| kept.job).map(|(key, kept)| (key, kept.clone()))
    }

    /// What is shown as output: what is being printed or was printed last, or what was read again.
    pub fn printed(&self) -> &OutputTail {
        let wanted = self.wanted().map(|(_, kept)| kept.job);
        if wanted.is_some() && wanted == self.again.job { &self.again } else { &self.output }
    }

    /// The same, to be scrolled.
    pub(super) fn printed_mut(&mut self) -> &mut OutputTail {
        let wanted = self.wanted().map(|(_, kept)| kept.job);
        if wanted.is_some() && wanted == self.again.job { &mut self.again } else { &mut self.output }
    }

    /// Asks for the output that is wanted, unless it was asked for.
    pub(super) fn ask_for_evidence(&mut self) -> Vec<Effect> {
        let Some((step, kept)) = self.wanted() else { return Vec::new() };
        if self.again.job == Some(kept.job) {
            return Vec::new();
        }
        let Some(recorded) = RecordedOutput::of(kept.job, &step, &kept.output, self.kept_in()) else {
            return Vec::new();
        };
        self.again = OutputTail::of(kept.job, Some(step));
        vec![Effect::ReadOutput(recorded)]
    }

    /// Takes in what was asked for; false when it was not that.
    pub(super) fn take_evidence(&mut self, of: &RecordedOutput, (tail, check): (&[u8], Check)) -> bool {
        if self.again.job != Some(of.job) {
            return false;
        }
        if self.again.is_empty() {
            self.again.push(tail);
            self.again.check = Some(check);
        }
        true
    }
}
