//! What keys that scroll do to a place in a text. Pure.

use crate::tui::keymap::Action;

impl Action {
    /// The line a text begins with after this action, when it began with `from` and a page has so many lines.
    pub const fn scrolled(self, from: usize, page: usize) -> usize {
        match self {
            Self::Up => from.saturating_sub(1),
            Self::Down => from.saturating_add(1),
            Self::PageUp => from.saturating_sub(page),
            Self::PageDown => from.saturating_add(page),
            _ => from,
        }
    }
}
