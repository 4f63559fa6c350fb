//! Going back, as the run screen tells it: why it is not possible now, and what it would mean.

use crate::engine::{Moment, Plan, RunState, asked_by_way_back, items_of_way_back, reopened, ways_back};
use crate::runbook::{Action, Rollback, RollbackId, Runbook, StepKey, Truth};
use crate::tui::screen::run::Run;
use crate::tui::screen::run::naming::phase_title;
use crate::tui::widget::ending;

/// How many items of a loop are named.
const NAMED: usize = 12;

/// The way back that is offered now; and when none is, whether of one that cannot be told.
pub(super) fn offered(runbook: &Runbook, state: &RunState, moment: &Moment) -> (Option<(RollbackId, String)>, bool) {
    let mut is_unknown = false;
    for (plan, truth) in ways_back(runbook, state, moment) {
        match truth {
            Truth::True => return (Some((plan.id.clone(), plan.title.clone())), false),
            Truth::Unknown(_) => is_unknown = true,
            Truth::False => {}
        }
    }
    (None, is_unknown)
}

impl Run {
    /// Why none is offered, in short.
    pub(super) fn no_way_back(&self) -> &'static str {
        if self.state.plan != Plan::Main {
            "this is the way back already"
        } else if self.view.is_back_unknown {
            "whether there is a way back cannot be told now; {why} tells why"
        } else {
            "there is no way back now; {why} tells why"
        }
    }

    /// What going back by that plan would mean, in sentences.
    pub fn meaning_of_way_back(&self, id: &RollbackId) -> Vec<String> {
        let Some(plan) = self.runbook.rollback(id) else { return Vec::new() };
        let steps = self.state.walked().flat_map(|phase| phase.keys());
        let left = steps.filter(|(_, step)| !step.status.is_accounted()).count();
        let noun = if left == 1 { "step that is" } else { "steps that are" };
        let mut told =
            vec![format!("The plan is left for good: {}. The {left} {noun} left will not be done.", plan.title)];
        told.extend(ending::unverified_for_good(self));
        let moment = &self.view.moment;
        for (phase, items) in items_of_way_back(&self.runbook, &self.state, moment, plan) {
            let title = phase_title(&self.runbook, &self.state, moment, phase);
            told.push(match items {
                Ok(items) if items.is_empty() => format!("- {title}: for nobody"),
                Ok(items) => {
                    let names: Vec<_> = items.iter().filter_map(|item| item.name.as_deref()).collect();
                    let more = names.len().saturating_sub(NAMED);
                    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
                    let named = names[..names.len().min(NAMED)].join(", ");
                    if named.is_empty() { format!("- {title}") } else { format!("- {title}: {named}{more}") }
                }
                Err(why) => format!("- {title}: for whom cannot be told yet: {why}"),
            });
        }
        told
    }

    /// What going back to an earlier phase would mean, in sentences.
    pub(super) fn meaning_of_restart(&self, key: &StepKey) -> Vec<String> {
        let step = self.runbook.step(&key.phase, &key.step);
        let Some(Action::Restart(from)) = step.map(|step| &step.action) else { return Vec::new() };
        let phases = reopened(&self.state, from, key);
        let steps = self.state.phases.iter().filter(|phase| phases.contains(&&phase.id)).flat_map(|phase| phase.keys());
        let done = steps.filter(|(_, step)| step.status.is_accounted()).count();
        let title = phase_title(&self.runbook, &self.state, &self.view.moment, from);
        let noun = if done == 1 { "step that is done or left out is" } else { "steps that are done or left out are" };
        vec![
            format!(
                "The run goes back to the phase {title:?}: {done} {noun} opened again, loops are asked anew, and what \
                 was answered and decided there is forgotten."
            ),
            "What was recorded stays in the journal, and so do deviations.".into(),
        ]
    }

    /// Of every way back whether it is offered, and why not, in words: which parts of what it asks for are false. When all is
    /// wanted, with its rule.
    pub fn ways_back_told(&self, is_full: bool) -> Vec<String> {
        let mut is_offered = false;
        let mut told = Vec::new();
        for (plan, truth) in ways_back(&self.runbook, &self.state, &self.view.moment) {
            let standing = match &truth {
                Truth::True if is_offered => "possible; the one above comes first".to_owned(),
                Truth::True => "offered now".to_owned(),
                Truth::False => format!("not now: this is not so: {}", self.asked_by(plan)),
                Truth::Unknown(why) => {
                    format!("not now: it cannot be told ({why}) whether this is so: {}", self.asked_by(plan))
                }
            };
            is_offered |= truth == Truth::True;
            told.push(format!("way back, {}: {standing}", plan.title));
            if let Some(when) = plan.when.as_ref().filter(|_| is_full && truth != Truth::True) {
                told.push(format!("  its rule: {}", when.source().split_whitespace().collect::<Vec<_>>().join(" ")));
            }
        }
        if told.is_empty() && self.runbook.rollbacks.is_empty() {
            told.push("way back: this runbook has none".into());
        }
        told
    }

    fn asked_by(&self, plan: &Rollback) -> String {
        asked_by_way_back(&self.runbook, &self.state, &self.view.moment, plan)
    }
}
