//! The keys at the lower edge of a dialog.

use crate::tui::keymap::{Action, Context, Keymap};
use crate::tui::theme::Meaning;
use crate::tui::widget::paint::Strip;
use crate::tui::wrap::width;

/// The key that tells all keys; where one types it is one that is no character.
const HELP: &str = "f1";

/// What is done with a text: the help tells of it where there is no room.
const OF_TEXT: [&str; 3] = ["line", "editor", "undo"];

/// What the keys of a sheet are called, which the user may have changed.
pub(super) struct Named<'a> {
    pub keymap: &'a Keymap,
    pub context: Context,
}

impl Named<'_> {
    /// The keys as they are built in, word by word, as the user has them.
    fn keys(&self, keys: &str) -> String {
        if keys == HELP {
            return self.keymap.shown_in_text(Action::Help, Context::Everywhere);
        }
        let contexts = [self.context, Context::Everywhere];
        let told = keys.split(' ').map(|word| match word.strip_suffix(',') {
            Some(word) => format!("{},", self.keymap.named(word, &contexts)),
            None => self.keymap.named(word, &contexts).to_owned(),
        });
        told.collect::<Vec<_>>().join(" ")
    }
}

/// The keys of a sheet, each key told from its word; those that scroll where there is something to scroll,
/// and those of the text as far as there is room.
pub(super) fn offered(keys: &str, (scrolls, cells): (bool, usize), named: &Named<'_>) -> Strip {
    let mut strip = Strip::default();
    let offers = keys.split("   ").map(|offer| offer.split_once('|').unwrap_or((offer, "")));
    let offers = offers.filter(|(_, word)| scrolls || *word != "scroll");
    let offers = offers.map(|(key, word)| (named.keys(key), word)).filter(|(key, _)| !key.is_empty());
    for (index, (key, word)) in offers.enumerate() {
        let wide = width(&key) + width(word) + 4;
        if OF_TEXT.contains(&word) && strip.width() + wide > cells {
            continue;
        }
        let gap = if index == 0 { "" } else { "   " };
        strip = strip.and(gap, Meaning::Text).and(key, Meaning::Focus).and(format!(" {word}"), Meaning::Text);
    }
    strip
}
