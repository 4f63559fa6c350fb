//! The tail of a command's output. A line that is too long goes on below: what went wrong often stands at its end.

use ratatui::layout::Rect;

use crate::tui::screen::run::output::OutputTail;
use crate::tui::theme::Meaning;
use crate::tui::widget::paint::Paint;
use crate::tui::wrap::{width, wrap};

/// Draws the tail; while it is empty, that.
pub fn draw_or(tail: &OutputTail, empty: &str, area: Rect, paint: &mut Paint<'_>) {
    if tail.is_empty() {
        for (y, line) in (area.y..area.bottom()).zip(wrap(empty, usize::from(area.width))) {
            paint.put((area.x, y), area.width, &line, Meaning::Dim);
        }
        return;
    }
    let lines = lines(tail, usize::from(area.width), usize::from(area.height));
    for (y, line) in (area.y..area.bottom()).zip(&lines) {
        paint.put((area.x, y), area.width, line, Meaning::Text);
    }
}

/// What is in view in so many rows, the latest last.
pub fn lines(tail: &OutputTail, cells: usize, rows: usize) -> Vec<String> {
    let shown = tail.tail(rows);
    let is_at_top = tail.up > 0 && tail.up + rows >= tail.len();
    let last_rows = shown.last().map_or(0, |last| folded(last, cells).len());
    let mut lines: Vec<String> = shown.iter().flat_map(|line| folded(line, cells)).collect();
    let over = lines.len().saturating_sub(rows);
    if !is_at_top {
        // Of a last line that is longer than all the room its beginning is told.
        lines.drain(..over.min(lines.len() - last_rows));
    }
    lines.truncate(rows);
    lines
}

fn folded(line: &str, cells: usize) -> Vec<String> {
    if width(line) <= cells { vec![line.to_owned()] } else { wrap(line, cells) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::JobId;

    fn tail(text: &str) -> OutputTail {
        let mut tail = OutputTail::of(JobId(1), None);
        tail.push(text.as_bytes());
        tail
    }

    #[test]
    fn the_last_line_that_says_something_is_in_view_whole() {
        let long = tail("Unpacking\nError: the migration must be marked as finished first\n\n\n");
        assert_eq!(lines(&long, 24, 3), ["Error: the migration", "must be marked as", "finished first"]);
        assert_eq!(lines(&long, 24, 2), ["Error: the migration", "must be marked as"]);
        assert_eq!(lines(&long, 80, 2), ["Unpacking", "Error: the migration must be marked as finished first"]);
        assert_eq!(lines(&tail("\n\n"), 80, 3), [""; 0]);
    }

    #[test]
    fn scrolled_up_the_first_line_can_be_reached() {
        let mut long = tail(&format!("first\n{}last", "a line that is too long for it\n".repeat(6)));
        long.up = 99;
        assert_eq!(lines(&long, 10, 3), ["first", "a line", "that is"]);
        for up in 0..9 {
            long.up = up;
            for rows in 1..12 {
                assert!(lines(&long, 10, rows).len() <= rows);
            }
        }
    }
}
