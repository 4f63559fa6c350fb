//! `restart`: the backward edge, and whether it leads backwards.

use crate::runbook::id::PhaseId;
use crate::runbook::model::Action;
use crate::runbook::nearest::nearest;
use crate::runbook::parse::{Counted, Place, Reader};
use crate::runbook::raw::Item;

impl<'d> Reader<'d> {
    pub(crate) fn restart(&mut self, item: &Item<'d>, place: Place) -> Option<Action> {
        let text = item.text(&mut self.findings)?;
        if !self.is_name(&text) {
            return None;
        }
        if place.any_order {
            let message = "what leads back has no place among steps that are taken in any order".to_owned();
            let help = "nobody could tell what was done before it: put it into a phase of its own behind this one";
            self.findings.helped("misplaced-key", &text.span, message, help);
        }
        self.restarts.push((place, text.clone()));
        Some(Action::Restart(PhaseId::new(text.value)))
    }

    /// Every restart leads to a phase of its own plan that does not come later.
    pub(crate) fn check_restarts(&mut self, counted: &Counted<'d>) {
        for (from, text) in std::mem::take(&mut self.restarts) {
            let found = counted.phases.iter().find(|(_, name)| name.value == text.value);
            let Some((to, _)) = found else {
                let near = nearest(text.value, counted.phases.iter().map(|(_, name)| name.value));
                let help = match near {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => "name a phase of this plan that comes before, or this one".into(),
                };
                let message = format!("there is no phase `{}`", text.value);
                self.findings.helped("unknown-name", &text.span, message, help);
                continue;
            };
            if to.plan != from.plan || to.phase > from.phase {
                let what = if to.plan == from.plan { "comes only later" } else { "is of another plan" };
                let help = "a restart leads back: to a phase of its own plan that comes before, or to its own";
                let message = format!("the phase `{}` {what}", text.value);
                self.findings.helped("later", &text.span, message, help);
            }
        }
    }
}
