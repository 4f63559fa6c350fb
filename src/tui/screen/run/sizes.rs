//! How the panes share the room: as fits best, or as the operator drew it, remembered from one sitting to the next.

use ratatui::layout::{Position, Rect};
use serde::{Deserialize, Serialize};

use crate::tui::keymap::Action;
use crate::tui::message::Effect;
use crate::tui::screen::run::Run;
use crate::tui::screen::run::layout::{Pane, Panes};

/// What each part has of the whole, in thousandths; what was never drawn is as fits best.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Sizes {
    /// The list of steps, of the columns.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub steps: Option<u16>,
    /// The output, of the rows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub output: Option<u16>,
    /// Health and guards, of the rows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub low: Option<u16>,
    /// The guards, of the columns that they share with health.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub guards: Option<u16>,
}

/// What stands at the head of the file that remembers them.
const HEAD: &str = "# How the panes of the run screen share the room, in thousandths of it. Written by piton.\n";

/// A whole, in thousandths.
const WHOLE: u16 = 1_000;

impl Sizes {
    /// Sizes from the text that remembers them.
    ///
    /// # Errors
    /// It is no such text, or a size is none; why.
    pub fn parse(text: &str) -> Result<Self, String> {
        let sizes: Self = toml::from_str(text).map_err(|error| error.message().to_owned())?;
        let Self { steps, output, low, guards } = sizes;
        let wrong = [steps, output, low, guards].into_iter().flatten().find(|size| !(1..WHOLE).contains(size));
        wrong.map_or(Ok(sizes), |size| Err(format!("{size} is no part of {WHOLE}")))
    }

    /// The text that remembers them.
    pub fn text(&self) -> String {
        // Plain numbers under plain names always have a text.
        format!("{HEAD}{}", toml::to_string(self).unwrap_or_default())
    }
}

/// A part of `whole` cells that is as large as it was drawn, else `by_itself`; never outside `least..=most`.
pub fn part(size: Option<u16>, whole: u16, by_itself: u16, (least, most): (u16, u16)) -> u16 {
    let drawn = size.map(|size| cells_of(size, whole));
    drawn.unwrap_or(by_itself).clamp(least.min(most), most.max(1))
}

fn cells_of(size: u16, whole: u16) -> u16 {
    u16::try_from((u32::from(size) * u32::from(whole) + u32::from(WHOLE) / 2) / u32::from(WHOLE)).unwrap_or(whole)
}

fn size_of(cells: u16, whole: u16) -> u16 {
    let size = (u32::from(cells) * u32::from(WHOLE) + u32::from(whole) / 2) / u32::from(whole.max(1));
    u16::try_from(size).unwrap_or(WHOLE).clamp(1, WHOLE - 1)
}

/// An edge between panes that can be moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Border {
    /// Right of the list of steps.
    Steps,
    /// Above the output.
    Output,
    /// Above health and guards.
    Low,
    /// Between health and guards.
    Guards,
}

/// How far a key moves an edge, in columns.
const COLUMNS: i32 = 4;

/// How far it moves one up or down, in rows.
const ROWS: i32 = 2;

impl Run {
    /// The panes share the room as that says.
    pub fn set_sizes(&mut self, sizes: Sizes) {
        if self.sizes != sizes {
            self.sizes = sizes;
            self.is_unseen = true;
        }
    }

    /// Shows the pane that has the keys alone, or all of them again.
    pub(super) fn zoom(&mut self) {
        self.is_zoomed = !self.is_zoomed;
        self.is_unseen = true;
    }

    /// Makes the pane that has the keys narrower, wider, lower or higher; or all panes as they were before.
    pub(super) fn resize_pane(&mut self, action: Action) -> Vec<Effect> {
        if action == Action::EvenSizes {
            self.set_sizes(Sizes::default());
            return vec![Effect::KeepSizes(self.sizes)];
        }
        let panes = self.panes_on_screen();
        if !panes.is_wide || self.is_zoomed {
            self.notice = Some("only where panes stand beside each other; {zoom} shows one alone, or all again".into());
            return Vec::new();
        }
        let more = if matches!(action, Action::Wider | Action::Higher) { 1 } else { -1 };
        let is_across = matches!(action, Action::Wider | Action::Narrower);
        let has_output = !panes.output.is_empty();
        let is_below = panes.are_guards_below_steps();
        let (border, by) = match (self.focus, is_across) {
            (Pane::Guards, true) if is_below => (Border::Steps, COLUMNS * more),
            (Pane::Health, true) if is_below => (Border::Steps, -COLUMNS * more),
            (Pane::Guards, false) if is_below => {
                self.notice = Some("the guards have the rows that they need, a quarter at most".into());
                return Vec::new();
            }
            (Pane::Steps, true) => (Border::Steps, COLUMNS * more),
            (Pane::Step | Pane::Output, true) => (Border::Steps, -COLUMNS * more),
            (Pane::Health, true) => (Border::Guards, COLUMNS * more),
            (Pane::Guards, true) => (Border::Guards, -COLUMNS * more),
            (Pane::Steps, false) => {
                self.notice = Some("the list of steps is as high as it can be".into());
                return Vec::new();
            }
            (Pane::Step, false) if has_output => (Border::Output, ROWS * more),
            (Pane::Output, false) => (Border::Output, -ROWS * more),
            (Pane::Step, false) => (Border::Low, ROWS * more),
            (Pane::Health | Pane::Guards, false) => (Border::Low, -ROWS * more),
        };
        let at = i32::from(place_of(border, &panes)) + by;
        self.move_border(border, u16::try_from(at).unwrap_or(0), &panes);
        vec![Effect::KeepSizes(self.sizes)]
    }

    /// The edge under the mouse, if it can be moved.
    pub(super) fn border_at(&self, at: Position) -> Option<Border> {
        let panes = self.panes_on_screen();
        if !panes.is_wide || self.is_zoomed || self.over.is_some() {
            return None;
        }
        let is_beside = |left: Rect| at.x + 1 == left.right() || at.x == left.right();
        let in_low = at.y > panes.health.y && at.y < panes.health.bottom();
        match () {
            () if !panes.body.contains(at) => None,
            () if is_beside(panes.steps) => Some(Border::Steps),
            () if in_low && !panes.are_guards_below_steps() && is_beside(panes.health) => Some(Border::Guards),
            () if at.x < panes.step.x => None,
            () if at.y == panes.health.y => Some(Border::Low),
            () if !panes.output.is_empty() && at.y == panes.output.y => Some(Border::Output),
            () => None,
        }
    }

    /// Moves an edge to where the mouse is.
    pub(super) fn drag_border(&mut self, border: Border, at: Position) {
        let panes = self.panes_on_screen();
        let to = if matches!(border, Border::Steps | Border::Guards) { at.x } else { at.y };
        self.move_border(border, to, &panes);
    }

    fn move_border(&mut self, border: Border, to: u16, panes: &Panes) {
        let body = panes.body;
        let mut sizes = self.sizes;
        let lower = body.bottom();
        match border {
            Border::Steps => sizes.steps = Some(size_of(to.saturating_sub(body.x), body.width)),
            Border::Output => {
                sizes.output = Some(size_of(panes.output.bottom().saturating_sub(to), body.height));
            }
            Border::Low => sizes.low = Some(size_of(lower.saturating_sub(to), body.height)),
            Border::Guards => {
                let both = panes.health.width + panes.guards.width;
                sizes.guards = Some(size_of(panes.guards.right().saturating_sub(to), both));
            }
        }
        self.set_sizes(sizes);
    }
}

/// Where an edge lies.
fn place_of(border: Border, panes: &Panes) -> u16 {
    match border {
        Border::Steps => panes.step.x,
        Border::Output => panes.output.y,
        Border::Low => panes.health.y,
        Border::Guards => panes.guards.x,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_survive_their_text_and_what_is_none_is_refused() {
        let sizes = Sizes { steps: Some(417), output: None, low: Some(1), guards: Some(999) };
        assert_eq!(Sizes::parse(&sizes.text()), Ok(sizes));
        assert_eq!(Sizes::parse(&Sizes::default().text()), Ok(Sizes::default()));
        assert_eq!(Sizes::parse(""), Ok(Sizes::default()));
        for text in ["steps = 0", "steps = 1000", "low = 70000", "low = -1", "steps = \"\\u001b[2J\"", "more = 1", "{"]
        {
            assert!(Sizes::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_part_that_was_drawn_is_as_many_cells_again() {
        for whole in 20..=500 {
            for cells in 10..whole - 9 {
                assert_eq!(part(Some(size_of(cells, whole)), whole, 1, (1, whole)), cells, "{cells} of {whole}");
            }
        }
    }
}
