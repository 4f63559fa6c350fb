//! The dialog of a hold point: the second person's name first, then what that person looked at, then, if it is wanted,
//! a signature of both.

use std::path::PathBuf;

use crate::engine::{Proposal, Refusal};
use crate::runbook::{StepKey, Verify};
use crate::signature::{BEGIN, END};
use crate::tui::dialog::{Answer, Field, Lines};
use crate::tui::message::Effect;

/// What is asked when nothing was said.
const NOTHING_SAID: &str = "state what was looked at";

/// The same of somebody who sees something else.
const NOTHING_SEEN: &str = "state what is seen instead";

/// A hold point, before the person who releases it.
#[derive(Debug)]
pub struct Release {
    /// The step that holds.
    pub step: StepKey,
    /// How the second person verifies the step; `None`: it is a hold point.
    pub verify: Option<Verify>,
    /// Whether that person sees something else.
    pub is_dispute: bool,
    /// Whether the page shows that step for it alone: it shows the current one again afterwards.
    pub is_shown_for_it: bool,
    /// Who must release it, in the author's words.
    pub who: String,
    /// The name that was typed and is taken; empty while it is asked for.
    pub released_by: String,
    /// Where the name is typed.
    pub name: Field,
    /// Where it is typed what was looked at.
    pub said: Field,
    /// What is signed, once that was asked for.
    pub signing: Option<Signing>,
}

/// A statement, before the person who signs it.
#[derive(Debug)]
pub struct Signing {
    /// What is signed.
    pub statement: String,
    /// The name of the file that is to hold it.
    pub name: String,
    /// Where that file is, or why it could not be written; `None` until that is known.
    pub kept: Option<Result<PathBuf, String>>,
    /// Where the signature is pasted, or the path of its file typed.
    pub field: Field,
    /// How far the lines above the field are scrolled.
    pub scroll: usize,
    /// ssh-keygen did not sign: what is typed may be meant for it and is taken nowhere, until a key that types nothing.
    pub is_refused: bool,
}

impl Signing {
    /// A statement that is not signed yet.
    pub fn new(statement: String, name: String) -> Self {
        Self { statement, name, kept: None, field: Field::default(), scroll: 0, is_refused: false }
    }
}

impl Release {
    /// A hold point of which nothing is typed yet.
    pub fn new(step: StepKey, who: String) -> Self {
        let (name, said) = (Field::default(), Field::new(Lines::Several));
        let (released_by, signing) = (String::new(), None);
        Self { step, verify: None, is_dispute: false, is_shown_for_it: false, who, released_by, name, said, signing }
    }

    /// Whether the name is taken already.
    pub fn is_named(&self) -> bool {
        !self.released_by.is_empty()
    }

    /// The field that is typed in now.
    pub fn field(&self) -> &Field {
        match &self.signing {
            Some(signing) => &signing.field,
            None if self.is_named() => &self.said,
            None => &self.name,
        }
    }

    /// [`Release::field`], to type in.
    pub fn field_mut(&mut self) -> &mut Field {
        match &mut self.signing {
            Some(signing) => &mut signing.field,
            None if !self.released_by.is_empty() => &mut self.said,
            None => &mut self.name,
        }
    }

    /// The name was judged.
    pub fn name_judged(&mut self, judged: Result<String, Refusal>) {
        match judged {
            Ok(name) => self.released_by = name,
            Err(refusal) => self.name.problem = Some(refusal.to_string()),
        }
    }

    /// What was looked at; without it the field says that it is needed.
    pub fn said(&mut self) -> Option<String> {
        let said = self.said.text().trim().to_owned();
        if said.is_empty() {
            self.said.problem = Some(NOTHING_SAID.into());
            return None;
        }
        Some(said)
    }

    /// What is proposed with this signature.
    pub fn proposal(&mut self, signature: String) -> Option<Proposal> {
        let said = self.said()?;
        let (step, released_by) = (self.step.clone(), self.released_by.clone());
        Some(Proposal::Release { step, released_by, said, signature: Some(signature) })
    }

    /// It was not taken; why.
    pub fn refuse(&mut self, why: &str) {
        let field = self.field_mut();
        if field.text().contains(BEGIN) {
            // The next paste begins anew, not behind what was wrong.
            *field = Field::default();
        }
        field.problem = Some(why.to_owned());
    }

    /// Proposes the release, once there is a name.
    pub(super) fn act(&mut self) -> Answer {
        if !self.is_named() {
            return Answer::Stay;
        }
        if self.signing.is_some() {
            return self.act_signed();
        }
        let (step, released_by) = (self.step.clone(), self.released_by.clone());
        if self.is_dispute {
            let disputed_by = released_by;
            return self.said.take(NOTHING_SEEN, |said| Proposal::Dispute { step, disputed_by, said });
        }
        self.said.take(NOTHING_SAID, |said| Proposal::Release { step, released_by, said, signature: None })
    }

    fn act_signed(&mut self) -> Answer {
        let field = self.field_mut();
        let text = field.text().trim().to_owned();
        if text.is_empty() {
            // A held key must not go on without what was asked for a moment ago.
            return field.refuse("paste the signature, or give the path of its file; {back} goes back, to do without");
        }
        if !text.contains(BEGIN) {
            return Answer::Do(Effect::ReadSignature(PathBuf::from(text)));
        }
        if !text.contains(END) {
            // A terminal that does not tell a paste from keys sends each of its lines with an enter.
            field.paste(" ");
            return field.refuse(&format!("the signature goes on, up to {END}"));
        }
        self.proposal(text).map_or(Answer::Stay, Answer::Propose)
    }

    /// Back to the field before, or away.
    pub(super) fn back(&mut self) -> Answer {
        if !self.is_named() {
            return Answer::Close;
        }
        if self.signing.take().is_none() {
            self.released_by.clear();
        }
        Answer::Stay
    }
}
