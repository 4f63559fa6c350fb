//! What keys that scroll do to a place in a text, and what is told of a text of which not all is in view. Pure.

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

/// How many lines lie above and below what is in view; empty where all of it is.
pub fn beyond((above, below): (usize, usize), dot: &str) -> String {
    let told = [(above, "above"), (below, "below")];
    let told = told.iter().filter(|(lines, _)| *lines > 0).map(|(lines, word)| format!("{lines} more {word}"));
    told.collect::<Vec<_>>().join(&format!(" {dot} "))
}

/// The same in fewer words.
pub fn beyond_in_short((above, below): (usize, usize)) -> String {
    let told = [(above, "above"), (below, "below")];
    let told = told.iter().filter(|(lines, _)| *lines > 0).map(|(lines, word)| format!("{lines} {word}"));
    told.collect::<Vec<_>>().join(", ")
}
