//! The keys of the current context, from the keymap itself.

use ratatui::layout::Rect;

use crate::tui::keymap::{Context, Keymap};
use crate::tui::theme::Meaning;
use crate::tui::widget::paint::{Edge, Frame, Paint, Strip};

/// The help.
pub struct Help<'a> {
    /// What keys mean.
    pub keymap: &'a Keymap,
    /// The contexts of the screen.
    pub contexts: Vec<Context>,
}

impl Help<'_> {
    fn lines(&self) -> Vec<Strip> {
        let mut lines = Vec::new();
        let mut contexts = self.contexts.clone();
        if contexts.contains(&Context::Run) {
            contexts.extend([Context::Dialog, Context::Note]);
        }
        contexts.push(Context::Everywhere);
        for context in contexts {
            lines.push(Strip::of(context.title(), Meaning::Title));
            for binding in self.keymap.of(context) {
                let keys: Vec<_> = binding.keys.iter().map(ToString::to_string).collect();
                lines.push(
                    Strip::of(format!("  {:<18}", keys.join(", ")), Meaning::Focus).and(&binding.desc, Meaning::Text),
                );
            }
        }
        lines
    }

    /// How many lines there are.
    pub fn height(&self) -> usize {
        self.lines().len()
    }

    /// Draws it over whatever is there, from line `from` on.
    pub fn draw(&self, area: Rect, from: usize, paint: &mut Paint<'_>) {
        let lines = self.lines();
        let wanted = u16::try_from(lines.len()).unwrap_or(u16::MAX).saturating_add(2);
        let height = wanted.min(area.height.saturating_sub(2));
        let width = area.width.saturating_sub(4).min(84);
        let place = Rect::new(
            area.x + (area.width - width) / 2,
            area.y + (area.height.saturating_sub(height)) / 2,
            width,
            height,
        );
        paint.fill(place, Meaning::Text);
        let more = if lines.len() + 2 > usize::from(height) { "up, down: more" } else { "any key closes" };
        let frame = Frame { title: "Keys", right: more, is_focused: true, edge: Edge::Whole };
        let inside = paint.frame(place, &frame);
        let from = from.min(lines.len().saturating_sub(usize::from(inside.height)));
        let inside = Rect { x: inside.x + 1, width: inside.width.saturating_sub(2), ..inside };
        paint.strips(inside, &lines, from);
    }
}
