//! The keys of the current context, from the keymap itself.

use ratatui::layout::Rect;

use crate::tui::app::App;
use crate::tui::key::Key;
use crate::tui::keymap::{Action, Binding, Context, Keymap};
use crate::tui::palette::takes_a_list;
use crate::tui::theme::Meaning;
use crate::tui::widget::paint::{Edge, Frame, Paint, Strip};
use crate::tui::wrap::wrap;

/// The help.
pub struct Help<'a> {
    /// What keys mean.
    pub keymap: &'a Keymap,
    /// The contexts of the screen.
    pub contexts: Vec<Context>,
    /// Whether characters go into a text there: none of them is a key then.
    pub is_typing: bool,
    /// There is a menu of what can be done there.
    has_menu: bool,
}

/// How wide the box is on a screen of that width.
fn box_width(screen: u16) -> u16 {
    // Beside a box that takes nearly all, the rest would be letters without sense.
    if screen < 100 { screen } else { 84 }
}

/// How wide its text is.
fn text_cells(screen: u16) -> usize {
    usize::from(box_width(screen).saturating_sub(4))
}

impl<'a> Help<'a> {
    /// The keys of what is on the screen.
    pub fn of(app: &'a App) -> Self {
        Self {
            keymap: &app.keymap,
            contexts: app.screen.contexts(),
            is_typing: app.screen.is_typing(),
            has_menu: takes_a_list(app),
        }
    }

    /// The keys of a binding that do there what it says.
    fn keys_of(&self, binding: &Binding) -> Vec<String> {
        if binding.action == Action::Palette && !self.has_menu {
            return Vec::new();
        }
        let is_typed = |key: &&Key| self.is_typing && key.is_plain();
        binding.keys.iter().filter(|key| !is_typed(key)).map(ToString::to_string).collect()
    }

    fn lines(&self, cells: usize) -> Vec<Strip> {
        let mut lines = Vec::new();
        let mut contexts = self.contexts.clone();
        if contexts.contains(&Context::Run) {
            contexts.extend([Context::Dialog, Context::Note, Context::Pick]);
        }
        contexts.push(Context::Everywhere);
        for context in contexts {
            lines.push(Strip::of(context.title(), Meaning::Title));
            for binding in self.keymap.of(context) {
                let keys = self.keys_of(binding);
                if keys.is_empty() {
                    continue;
                }
                for (index, line) in wrap(&binding.desc, cells.saturating_sub(20)).into_iter().enumerate() {
                    let keys = if index == 0 { keys.join(", ") } else { String::new() };
                    lines.push(Strip::of(format!("  {keys:<18}"), Meaning::Focus).and(line, Meaning::Text));
                }
            }
        }
        lines
    }

    /// How many lines there are on a screen of that width.
    pub fn height(&self, screen: u16) -> usize {
        self.lines(text_cells(screen)).len()
    }

    /// Draws it over whatever is there, from line `from` on.
    pub fn draw(&self, area: Rect, from: usize, paint: &mut Paint<'_>) {
        let lines = self.lines(text_cells(area.width));
        let wanted = u16::try_from(lines.len()).unwrap_or(u16::MAX).saturating_add(2);
        let height = wanted.min(area.height.saturating_sub(2));
        let width = box_width(area.width);
        let place = Rect::new(
            area.x + (area.width - width) / 2,
            area.y + (area.height.saturating_sub(height)) / 2,
            width,
            height,
        );
        paint.fill(place, Meaning::Text);
        let key = |action| self.keymap.shown(action, Context::Run);
        let more = if lines.len() + 2 > usize::from(height) {
            format!("{}, {}: more; any other key closes", key(Action::Up), key(Action::Down))
        } else {
            "any key closes".to_owned()
        };
        let frame = Frame { title: "Keys", right: &more, is_focused: true, edge: Edge::Whole };
        let inside = paint.frame(place, &frame);
        let from = from.min(lines.len().saturating_sub(usize::from(inside.height)));
        let inside = Rect { x: inside.x + 1, width: inside.width.saturating_sub(2), ..inside };
        paint.strips(inside, &lines, from);
    }
}
