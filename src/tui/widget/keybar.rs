//! The action bar: keys with their words. A click on one is its key.

use ratatui::layout::Rect;

use crate::tui::app::App;
use crate::tui::keymap::{Action, Context, Keymap};
use crate::tui::theme::Meaning;
use crate::tui::widget::paint::{Paint, Strip};
use crate::tui::widget::step::wrapped;
use crate::tui::wrap::width;

/// What is offered: the action, where its key is looked up, its word.
pub type Offer = (Action, Context, &'static str);

/// How many cells lie between two offers.
const GAP: usize = 3;

/// Draws the line above the bar: what went wrong, else what is being done, else what narrows the list. What went wrong
/// is told to its end: it takes lines of what stands above it, a third of the screen at most.
pub fn draw_status(
    area: Rect,
    (problem, busy): (Option<&str>, Option<&str>),
    narrowed: Option<Strip>,
    paint: &mut Paint<'_>,
) {
    let (at, cells) = ((area.x + 1, area.bottom() - 2), area.width.saturating_sub(2));
    if let Some(problem) = problem {
        let lines = lines_of(area, problem);
        let rows = u16::try_from(lines.len()).unwrap_or(1).max(1);
        let place = Rect { y: (at.1 + 1).saturating_sub(rows), height: rows, ..area };
        paint.fill(place, Meaning::Text);
        paint.put((at.0, place.y), cells, paint.look.glyphs.alert, Meaning::Problem);
        paint.strips(Rect { x: at.0 + 2, width: cells.saturating_sub(2), ..place }, &lines, 0);
    } else if let Some(busy) = busy {
        paint.put(at, cells, busy, Meaning::Current);
    } else if let Some(told) = narrowed {
        paint.strip(at, cells, &told);
    }
}

/// What went wrong, in the lines that it takes.
fn lines_of(area: Rect, problem: &str) -> Vec<Strip> {
    let mut lines = wrapped(problem, usize::from(area.width.saturating_sub(4)), Meaning::Problem);
    lines.truncate(usize::from(area.height / 3).max(1));
    lines
}

/// What is left of a screen between its first row and what went wrong, or the line where that would be told.
pub fn body(area: Rect, problem: Option<&str>) -> Rect {
    let lines = problem.map_or(0, |problem| lines_of(area, problem).len());
    let told = u16::try_from(lines.saturating_sub(1)).unwrap_or(0);
    Rect { y: area.y + 1, height: area.height.saturating_sub(3 + told), ..area }
}

/// Draws an action bar of these actions.
pub fn draw_keys<'a>(
    app: &App,
    bar: Rect,
    keys: impl Iterator<Item = &'a (Action, Context, &'a str)>,
    paint: &mut Paint<'_>,
) {
    paint.fill(bar, Meaning::Bar);
    let mut x = bar.x + 1;
    for (action, context, word) in keys {
        let room = bar.right().saturating_sub(x);
        let key = match app.screen.is_typing() {
            true => app.keymap.shown_in_text(*action, *context),
            false => app.keymap.shown(*action, *context),
        };
        x += paint.offer((x, bar.y), room, (&key, word), (Meaning::Key, Meaning::Bar)) + 3;
    }
}

/// The action under a column of the bar.
pub fn key_at(keymap: &Keymap, offers: &[Offer], column: u16) -> Option<Action> {
    let mut from = 1;
    for (action, context, word) in offers {
        let until = from + width(&keymap.shown(*action, *context)) + 1 + width(word);
        if (from..until).contains(&usize::from(column)) {
            return Some(*action);
        }
        from = until + GAP;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_click_on_a_key_or_its_word_is_the_key() {
        let keymap = Keymap::standard();
        let offers = [(Action::Act, Context::Library, "set up"), (Action::Help, Context::Everywhere, "help")];
        let hit: Vec<_> = (0..24).map(|column| key_at(&keymap, &offers, column)).collect();
        //  " enter set up   ? help"
        assert_eq!(
            (hit[0], hit[1], hit[12], hit[13], hit[15]),
            (None, Some(Action::Act), Some(Action::Act), None, None)
        );
        assert_eq!((hit[16], hit[21], hit[22]), (Some(Action::Help), Some(Action::Help), None));
    }
}
