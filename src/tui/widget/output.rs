//! The tail of a command's output.

use ratatui::layout::Rect;

use crate::tui::screen::run::output::OutputTail;
use crate::tui::theme::Meaning;
use crate::tui::widget::paint::Paint;

/// Draws the tail.
pub fn draw(tail: &OutputTail, area: Rect, paint: &mut Paint<'_>) {
    if tail.is_empty() {
        paint.put((area.x, area.y), area.width, "nothing printed yet", Meaning::Dim);
        return;
    }
    for (y, line) in (area.y..area.bottom()).zip(tail.tail(usize::from(area.height))) {
        paint.put((area.x, y), area.width, &line, Meaning::Text);
    }
}
