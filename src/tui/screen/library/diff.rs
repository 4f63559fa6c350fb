//! What is different between a runbook and its text in the last run.

use ratatui::layout::Rect;

use crate::runbook::changes::{About, Change, How, Line, Part, counted};
use crate::tui::keymap::Action;
use crate::tui::shelf::Changed;
use crate::tui::theme::{Look, Meaning};
use crate::tui::widget::paint::{Edge, Frame, Paint, Strip};
use crate::tui::widget::step::wrapped;

/// The view of what changed.
#[derive(Debug)]
pub struct Diff {
    changed: Changed,
    from: usize,
}

impl Diff {
    /// At its beginning.
    pub fn new(changed: Changed) -> Self {
        Self { changed, from: 0 }
    }

    /// Moves it.
    pub fn scroll(&mut self, action: Action, page: usize) {
        let most = lines(&self.changed, 80, &Look::plain()).len();
        self.from = action.scrolled(self.from, page).min(most);
    }

    /// Draws it.
    pub fn draw(&self, area: Rect, paint: &mut Paint<'_>) {
        let edge = Edge::of(area.width);
        let text = edge.text(area);
        let lines = lines(&self.changed, usize::from(text.width), paint.look);
        let most = lines.len().saturating_sub(usize::from(text.height));
        let from = self.from.min(most);
        let right = if from < most { "more below" } else { "" };
        paint.frame(area, &Frame { title: "Changed since the last run", right, is_focused: true, edge });
        paint.strips(text, &lines, from);
    }
}

fn lines(changed: &Changed, cells: usize, look: &Look) -> Vec<Strip> {
    let mut all = wrapped(&changed.title, cells, Meaning::Title);
    let told = format!(
        "r{} in {}, {}; r{} now",
        changed.revisions.0,
        changed.run,
        look.second_of_day(changed.at),
        changed.revisions.1
    );
    all.extend(wrapped(&told, cells, Meaning::Dim));
    let [added, removed, moved, other] = counted(&changed.changes);
    let told = if changed.changes.is_empty() {
        "nothing but layout and comments is different".to_owned()
    } else {
        format!("{added} added, {removed} removed, {moved} moved, {other} changed")
    };
    all.extend(wrapped(&told, cells, Meaning::Text));
    for change in &changed.changes {
        all.push(Strip::default());
        of_change(change, cells, &mut all);
    }
    all
}

fn of_change(change: &Change, cells: usize, all: &mut Vec<Strip>) {
    let (sign, meaning) = match change.how {
        How::Added => ("+", Meaning::Done),
        How::Removed => ("-", Meaning::Failed),
        How::Moved => ("~", Meaning::Caution),
        How::Changed => ("~", Meaning::Current),
    };
    let name = if change.part == Part::Head { String::new() } else { format!(" {}", change.name) };
    let title = if change.title.is_empty() { String::new() } else { format!("  {}", change.title) };
    let told = format!("{sign} {} {}{name}{title}", change.part.word(), change.how.word());
    all.extend(wrapped(&told, cells, meaning));
    for detail in &change.details {
        let about = match detail.about {
            About::Command => " (command)",
            About::Text => " (text)",
            About::Rule => "",
        };
        // What is gone or new as a whole is told by its commands and title; the rest can be read in the runbook.
        if matches!(change.how, How::Added | How::Removed) && detail.about == About::Rule {
            continue;
        }
        all.push(Strip::of(format!("    {}{about}", detail.key), Meaning::Dim));
        for line in &detail.lines {
            let (sign, text, meaning) = match line {
                Line::Same(text) => (" ", text, Meaning::Dim),
                Line::Old(text) => ("-", text, Meaning::Failed),
                Line::New(text) => ("+", text, Meaning::Done),
            };
            for piece in wrapped(text, cells.saturating_sub(8), meaning) {
                let mut strip = Strip::of(format!("      {sign} "), meaning);
                strip.0.extend(piece.0);
                all.push(strip);
            }
        }
    }
}
