//! `defer` of a step: the phase until which it may be put off.

use crate::runbook::id::{PhaseId, is_plain_name};
use crate::runbook::model::Action;
use crate::runbook::nearest::nearest;
use crate::runbook::parse::{Counted, Place, Reader};
use crate::runbook::raw::{Table, Text};

impl<'d> Reader<'d> {
    /// The phase that is named; it is looked for when all phases have been read.
    pub(crate) fn defer(
        &mut self,
        table: &mut Table<'d>,
        action: Option<&Action>,
        place: Place,
        counted: &mut Counted<'d>,
    ) -> Option<PhaseId> {
        let (key, item) = table.take_with_key("defer")?;
        let text = item.text(&mut self.findings)?;
        if action.is_some_and(Action::is_sensed) {
            let message = "what piton senses itself cannot be put off".to_owned();
            let help = "`defer` belongs to a step that a person takes; a check may stand in a later phase";
            self.findings.helped("misplaced-key", &key, message, help);
        }
        if !is_plain_name(text.value) {
            let message = format!("{:?} does not name a phase", text.value);
            self.findings.helped("bad-name", &text.span, message, "write the id of a later phase");
            return None;
        }
        counted.defers.push((place, text.clone()));
        Some(PhaseId::new(text.value))
    }

    /// A step is put off until a later phase of its own plan.
    pub(crate) fn check_deferred(&mut self, counted: &Counted<'_>) {
        for (from, text) in &counted.defers {
            let found = counted.phases.iter().find(|(_, name)| name.value == text.value);
            let Some((phase, _)) = found else {
                let near = nearest(text.value, counted.phases.iter().map(|(_, name)| name.value));
                let help =
                    near.map_or("name a later phase of this plan".into(), |near| format!("did you mean `{near}`?"));
                self.findings.helped("unknown-name", &text.span, format!("there is no phase `{}`", text.value), help);
                continue;
            };
            if phase.plan != from.plan || phase.phase <= from.phase {
                let message = format!("the phase `{}` does not come after this step in its plan", text.value);
                let help = "a step that is put off comes back before the phase that is named here opens";
                self.findings.helped("not-later", &text.span, message, help);
            } else {
                self.check_required(counted, (from, text), phase);
            }
        }
    }

    /// No step before the phase until which one may be put off requires that one: it would hold the walk up, and what
    /// it waits for comes back only behind it.
    fn check_required(&mut self, counted: &Counted<'_>, (from, text): (&Place, &Text<'_>), until: &Place) {
        let at = |place: &Place| (place.plan, place.phase, place.step);
        let phase_of = |place: &Place| {
            let is_it = |(known, _): &&(Place, Text<'_>)| (known.plan, known.phase) == (place.plan, place.phase);
            counted.phases.iter().find(is_it).map_or("", |(_, name)| name.value)
        };
        let step_of = |place: &Place| {
            counted.steps.iter().find(|(known, _)| at(known) == at(place)).map_or("", |(_, name)| name.value)
        };
        let (phase, step) = (phase_of(from), step_of(from));
        for (by, required, requirement) in &counted.requires {
            let is_it = requirement.phase.as_str() == phase && requirement.step.as_str() == step;
            if !is_it || by.plan != from.plan || by.phase >= until.phase || at(by) <= at(from) {
                continue;
            }
            let message = format!(
                "`{phase}/{step}` may be put off until `{}` opens, and this step comes before that",
                text.value
            );
            let help = if by.phase == from.phase {
                "what a step of the same phase requires cannot be put off: move one of the two to another phase".into()
            } else {
                format!("let it be put off until `{}` at most", phase_of(by))
            };
            self.findings.helped("put-off-required", &required.span, message, help);
        }
    }
}
