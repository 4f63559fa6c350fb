//! The dialog of a hold point: the second person's name first, then what that person looked at.

use crate::engine::{Proposal, Refusal};
use crate::runbook::StepKey;
use crate::tui::dialog::{Answer, Field};

/// A hold point, before the person who releases it.
#[derive(Debug)]
pub struct Release {
    /// The step that holds.
    pub step: StepKey,
    /// Who must release it, in the author's words.
    pub who: String,
    /// The name that was typed and is taken; empty while it is asked for.
    pub released_by: String,
    /// Where the name is typed.
    pub name: Field,
    /// Where it is typed what was looked at.
    pub said: Field,
}

impl Release {
    /// A hold point of which nothing is typed yet.
    pub fn new(step: StepKey, who: String) -> Self {
        Self { step, who, released_by: String::new(), name: Field::default(), said: Field::default() }
    }

    /// Whether the name is taken already.
    pub fn is_named(&self) -> bool {
        !self.released_by.is_empty()
    }

    /// The field that is typed in now.
    pub fn field(&self) -> &Field {
        if self.is_named() { &self.said } else { &self.name }
    }

    /// [`Release::field`], to type in.
    pub fn field_mut(&mut self) -> &mut Field {
        if self.is_named() { &mut self.said } else { &mut self.name }
    }

    /// The name was judged.
    pub fn name_judged(&mut self, judged: Result<String, Refusal>) {
        match judged {
            Ok(name) => self.released_by = name,
            Err(refusal) => self.name.problem = Some(refusal.to_string()),
        }
    }

    /// Proposes the release, once there is a name.
    pub(super) fn act(&mut self) -> Answer {
        if !self.is_named() {
            return Answer::Stay;
        }
        let (step, released_by) = (self.step.clone(), self.released_by.clone());
        self.said.take("state what was looked at", |said| Proposal::Release {
            step,
            released_by,
            said,
            signature: None,
        })
    }

    /// Back to the name, or away.
    pub(super) fn back(&mut self) -> Answer {
        if !self.is_named() {
            return Answer::Close;
        }
        self.released_by.clear();
        Answer::Stay
    }
}
