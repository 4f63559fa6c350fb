//! What was typed and not recorded: it is there again when the same is opened again in this sitting. What a second person
//! types is not kept: whoever comes next looks anew.

use crate::runbook::{InputKind, StepKey};
use crate::tui::dialog::{Ask, Dialog, Note, Purpose, Reason, Statement};
use crate::tui::keymap::Action;
use crate::tui::screen::run::Run;
use crate::tui::screen::run::reading::Reading;

/// What was typed in dialogs that were left.
#[derive(Debug, Default)]
pub(super) struct Drafts {
    texts: Vec<(Of, String)>,
    /// What lies below the question whether to leave.
    below: Option<(Dialog, Reading)>,
}

/// For what a text was typed.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Of {
    Statement(StepKey),
    Reason(Purpose),
    Note(Option<StepKey>),
    Attach(Option<StepKey>),
}

impl Of {
    fn dialog(dialog: &Dialog) -> Option<Self> {
        match dialog {
            Dialog::State(Statement { kind: Some(InputKind::Secret), .. }) => None,
            Dialog::State(Statement { step, .. }) => Some(Self::Statement(step.clone())),
            Dialog::Reason(Reason { purpose, .. }) => Some(Self::Reason(purpose.bare())),
            Dialog::Note(Note { step, .. }) => Some(Self::Note(step.clone())),
            Dialog::Attach(attach) => Some(Self::Attach(attach.step.clone())),
            _ => None,
        }
    }
}

impl Run {
    /// A dialog is left: what was typed in it stays, as far as there is something.
    pub(super) fn keep_draft(&mut self, dialog: Option<&mut Dialog>) {
        let Some((dialog, of)) = dialog.and_then(|dialog| Of::dialog(dialog).map(|of| (dialog, of))) else { return };
        let text = dialog.field().map(|field| field.text()).unwrap_or_default();
        self.forget_draft(&of);
        if !text.trim().is_empty() {
            self.drafts.texts.push((of, text));
        }
    }

    /// What is opened holds what was typed in it before.
    pub(super) fn take_up_draft(&mut self, dialog: &mut Dialog) {
        let Some(of) = Of::dialog(dialog) else { return };
        let text = self.drafts.texts.iter().find(|(known, _)| *known == of).map(|(_, text)| text.clone());
        if let Some((field, text)) = dialog.field().zip(text).filter(|(field, _)| field.text().is_empty()) {
            field.restore(&text);
        }
    }

    /// What has lost what it was written for is there in the next note on the step that is shown, behind what was typed
    /// for that one.
    pub(super) fn keep_as_note(&mut self, text: String) {
        let of = Of::Note(self.shown_step());
        match self.drafts.texts.iter_mut().find(|(known, _)| *known == of) {
            Some((_, known)) => known.push_str(&format!("\n{text}")),
            None if text.trim().is_empty() => {}
            None => self.drafts.texts.push((of, text)),
        }
    }

    /// What was typed in that dialog is recorded.
    pub(super) fn draft_is_recorded(&mut self, dialog: Option<&Dialog>) {
        if let Some(of) = dialog.and_then(Of::dialog) {
            self.forget_draft(&of);
        }
    }

    fn forget_draft(&mut self, of: &Of) {
        self.drafts.texts.retain(|(known, _)| known != of);
    }

    /// Whether what was typed before would be recorded by a key that was not let go since, or before it was seen.
    pub(super) fn is_unread_draft(&mut self, action: Option<Action>, is_armed: bool) -> bool {
        let is_draft = self.dialog.as_mut().and_then(Dialog::field).is_some_and(|field| field.is_draft);
        is_draft && action == Some(Action::Act) && !is_armed
    }

    /// Asks whether to leave, over what is open.
    pub(super) fn ask_over(&mut self, ask: Ask) {
        let below = self.dialog.take().map(|dialog| (dialog, self.reading));
        self.open(Dialog::Ask(ask));
        self.drafts.below = below;
    }

    /// What lay below a question is there again as it was; not where what it asks for is being done: it would take the
    /// keys.
    pub(super) fn uncover(&mut self) {
        let below = self.drafts.below.take();
        if let Some((dialog, reading)) = below.filter(|_| self.pending.is_none()) {
            (self.dialog, self.reading) = (Some(dialog), reading);
            self.is_unseen = true;
            self.note_opened();
            self.touch();
        }
    }

    /// What lies below a question, when it is of no use any more.
    pub(super) fn take_below(&mut self) -> Option<Dialog> {
        self.drafts.below.take().map(|(dialog, _)| dialog)
    }
}

#[cfg(test)]
#[path = "drafts_tests.rs"]
mod tests;
