//! The cautions of the step that is looked at: what was read for an earlier item of its loop, word for word, folds to
//! one line, and one key shows it whole.

use crate::engine::{RunState, read_for};
use crate::runbook::{Caution, CautionLevel, StepKey, Template};
use crate::tui::screen::run::Run;

/// A caution as it stands on the screen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    /// How much is at stake.
    pub level: CautionLevel,
    /// Its text with its values.
    pub text: String,
    /// The item for which it was read before, where it is folded for that.
    pub read_for: Option<String>,
}

/// The cautions of a step.
pub(super) fn shown(
    state: &RunState,
    key: &StepKey,
    cautions: &[Caution],
    text: impl Fn(&Template) -> String,
) -> Vec<Shown> {
    let shown = |caution: &Caution| {
        let text = text(&caution.text);
        let read_for = read_for(state, key, &text).map(str::to_owned);
        Shown { level: caution.level, text, read_for }
    };
    cautions.iter().map(shown).collect()
}

impl Run {
    /// Whether something on the page is folded because it was read before, or would be.
    pub fn has_folded(&self) -> bool {
        self.is_unfolded() || self.view.page.cautions.iter().any(|caution| caution.read_for.is_some())
    }

    /// Whether the cautions of the step that is looked at were asked for in full.
    pub fn is_unfolded(&self) -> bool {
        self.unfolded.is_some() && self.unfolded == self.view.page.key
    }

    /// Shows in full what is folded, or folds it again.
    pub(super) fn unfold(&mut self) {
        if !self.has_folded() {
            self.notice = Some(NOTHING_FOLDED.into());
            return;
        }
        self.unfolded = if self.is_unfolded() { None } else { self.view.page.key.clone() };
        self.scroll = 0;
        self.is_unseen = true;
        self.is_page_stale = true;
    }

    /// Takes back what folds, where all was asked for.
    pub(super) fn unfold_page(&mut self) {
        if self.is_unfolded() {
            self.view.page.cautions.iter_mut().for_each(|caution| caution.read_for = None);
        }
    }
}

/// Why the key that unfolds does nothing.
pub(super) const NOTHING_FOLDED: &str = "no caution of this step is folded";
