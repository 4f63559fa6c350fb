//! What cannot wait for a question to be answered: what turns bad is told at once, a caution that reads otherwise takes
//! the question back, and what was asked is asked anew.

use crate::engine::{Allowed, ConditionId, Event, Tri, has_changed, meanwhile, turned};
use crate::engine::{Meanwhile, Turned};
use crate::plain::dialogue::Dialogue;
use crate::plain::step;
use crate::runbook::StepKey;

impl Dialogue<'_> {
    /// Whether a record tells of something that whoever answers a question must know before the answer: a guard that does
    /// not hold, a row that turned bad although nothing was expected to disturb it, and what is to be watched now.
    pub(super) fn is_urgent(&self, event: &Event) -> bool {
        let Event::ConditionChanged { condition, truth, .. } = event else { return false };
        match condition {
            ConditionId::Gate(_) | ConditionId::Check(_) => false,
            _ if self.is_watched(condition) => true,
            ConditionId::Guard(_) => *truth != Tri::True,
            ConditionId::Health(..) => {
                let turned = turned(&self.runbook, &self.state, self.state.at);
                let is_it = |(id, turned): &(ConditionId, Turned)| {
                    id == condition && !matches!(turned, Turned::Expected { .. })
                };
                turned.iter().any(is_it)
            }
        }
    }

    fn is_watched(&self, condition: &ConditionId) -> bool {
        let moment = self.moment();
        let watched = meanwhile(&self.runbook, &self.state, &moment.board);
        watched.iter().any(|watched: &Meanwhile| watched.condition() == *condition)
    }

    /// The cautions of the step at hand read otherwise than when they were read: what is asked is taken back.
    pub(super) fn take_back_unread(&mut self) {
        let Some(key) = self.question.as_ref().and_then(|question| question.acts_in()) else { return };
        if self.offers().contains(&Allowed::ReadCautions(key.clone())) {
            (self.question, self.sensing) = (None, None);
            self.mouth.say("This question is taken back. Nothing was recorded for it.");
            self.is_new = true;
        }
    }

    /// Tells the cautions of a step in full where they read otherwise than when they were read.
    pub(super) fn tell_changed_cautions(&mut self, key: &StepKey) {
        let moment = self.moment();
        if has_changed(&self.runbook, &self.state, &moment.board, key, moment.at) {
            self.mouth.say("The cautions read otherwise now than when they were read:");
            self.note_cautions(key);
            self.with(|told, mouth| step::tell_cautions(told, key, true, mouth));
        }
    }

    /// What was told meanwhile stands between a question and its answer: it is asked anew.
    pub(super) fn ask_anew(&mut self) {
        let is_interrupted = std::mem::take(&mut self.is_interrupted);
        if let Some(question) = self.question.clone().filter(|_| is_interrupted && self.sensing.is_none()) {
            self.ask(question);
        }
    }
}
