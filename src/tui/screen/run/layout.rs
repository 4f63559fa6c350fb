//! Where the panes of the run screen lie. Pure, so that keys and the mouse know what is drawn where.

use ratatui::layout::Rect;

use crate::tui::screen::run::sizes::{Sizes, part};
use crate::tui::widget::paint::Edge;

/// The panes that can have the keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pane {
    /// The step that is looked at.
    Step,
    /// The list of steps.
    Steps,
    /// What a command prints.
    Output,
    /// The board.
    Health,
    /// The guards.
    Guards,
}

impl Pane {
    /// The pane that gets the keys next.
    pub fn next(self, has_output: bool) -> Self {
        match self {
            Self::Step => Self::Steps,
            Self::Steps if has_output => Self::Output,
            Self::Steps | Self::Output => Self::Health,
            Self::Health => Self::Guards,
            Self::Guards => Self::Step,
        }
    }

    /// The pane that had the keys before.
    pub fn previous(self, has_output: bool) -> Self {
        match self {
            Self::Step => Self::Guards,
            Self::Steps => Self::Step,
            Self::Health if has_output => Self::Output,
            // The output's is gone when nothing is printed any more, and had the keys until then.
            Self::Output | Self::Health => Self::Steps,
            Self::Guards => Self::Health,
        }
    }
}

/// What the layout depends on besides the size.
#[derive(Clone, Copy, Debug)]
pub struct Contents {
    /// Whether there is output to show.
    pub has_output: bool,
    /// Whether that output belongs to the step on the screen; where room is scarce no other is shown.
    pub is_output_here: bool,
    /// Whether nothing of it is printed yet.
    pub is_output_empty: bool,
    /// Whether the journal cannot be written.
    pub is_halted: bool,
    /// How many lines the health pane wants.
    pub health_lines: usize,
    /// How many lines the guards pane wants.
    pub guard_lines: usize,
    /// How many rows what is watched meanwhile has.
    pub watch_rows: u16,
    /// Which pane has the keys.
    pub focus: Pane,
    /// What counts only where room is scarce.
    pub narrow: Narrow,
    /// Whether the pane that has the keys is shown alone.
    pub is_zoomed: bool,
    /// How the panes share the room.
    pub sizes: Sizes,
}

/// What a small screen is wanted for.
#[derive(Clone, Copy, Debug, Default)]
pub struct Narrow {
    /// Whether the step runs or failed, so that what it prints comes first.
    pub is_output_first: bool,
    /// Whether the step only asks, so that the output of an earlier one may be what it asks about.
    pub asks: bool,
    /// How many lines the step has; on a wide screen only where the board wants more than its share of the rows.
    pub step_lines: u16,
    /// How many lines the output has, as far as they can matter.
    pub output_lines: u16,
}

impl Narrow {
    /// How many rows step and output want, frames included.
    fn rows(self) -> u16 {
        self.step_lines.saturating_add(self.output_lines).saturating_add(2)
    }
}

/// Where everything lies; a pane that is not shown is empty.
#[derive(Clone, Copy, Debug, Default)]
pub struct Panes {
    /// Title, environment, run, the way back.
    pub header: Rect,
    /// The alarm.
    pub banner: Rect,
    /// All that lies between them and the status line.
    pub body: Rect,
    /// The list of steps.
    pub steps: Rect,
    /// The step.
    pub step: Rect,
    /// The output.
    pub output: Rect,
    /// The board.
    pub health: Rect,
    /// The guards.
    pub guards: Rect,
    /// Two lines that stand for health and guards where there is no room for the panes.
    pub summary: Rect,
    /// What is watched while the current step is done; beside every pane, and never scrolled.
    pub watch: Rect,
    /// What is told.
    pub status: Rect,
    /// What may be done.
    pub bar: Rect,
    /// Whether panes have whole frames.
    pub is_wide: bool,
    /// Whether the list of steps stands right below the header, without a frame.
    pub is_list_bare: bool,
}

impl Panes {
    /// How panes are framed.
    pub fn edge(&self) -> Edge {
        if self.is_wide { Edge::Whole } else { Edge::Top }
    }

    /// Where the text of the step stands: no line is longer than the eye follows.
    pub fn prose(&self) -> Rect {
        let text = self.text(self.step);
        Rect { width: text.width.min(MOST_PROSE), ..text }
    }

    /// Where the list of steps is drawn.
    pub fn list(&self) -> Rect {
        if self.is_list_bare { self.steps } else { self.inside(self.steps) }
    }

    /// Where the text of a pane stands: inside its frame, a column away from its sides.
    pub fn text(&self, pane: Rect) -> Rect {
        self.edge().text(pane)
    }

    /// Where a pane lies.
    pub const fn of(&self, pane: Pane) -> Rect {
        match pane {
            Pane::Steps => self.steps,
            Pane::Step => self.step,
            Pane::Output => self.output,
            Pane::Health => self.health,
            Pane::Guards => self.guards,
        }
    }

    const fn of_mut(&mut self, pane: Pane) -> &mut Rect {
        match pane {
            Pane::Steps => &mut self.steps,
            Pane::Step => &mut self.step,
            Pane::Output => &mut self.output,
            Pane::Health => &mut self.health,
            Pane::Guards => &mut self.guards,
        }
    }

    /// Whether the guards stand below the list of steps, not beside health.
    pub fn are_guards_below_steps(&self) -> bool {
        self.is_wide && are_guards_below_steps(self.body.width)
    }

    /// What is inside the frame of a pane.
    pub fn inside(&self, pane: Rect) -> Rect {
        self.edge().inside(pane)
    }
}

/// From which size on all panes stand beside each other, in columns and rows.
const WIDE: (u16, u16) = (100, 28);

/// From how many columns on health and guards stand beside each other; on fewer the guards are below the list of steps, so
/// that the board has room for what an upgrade is looked at for: versions, addresses, what is the matter.
const GUARDS_BESIDE: u16 = 190;

/// How many rows the header has: what is walked and where, the run and what going back means now, how many steps stand
/// how.
const HEADER_ROWS: u16 = 3;

/// From which size on the list of steps and what health and guards come to stand beside the pane that has the keys.
const STACKED: (u16, u16) = (60, 15);

/// From how many rows on all panes stand above each other where there is no room beside.
const TALL: u16 = 40;

/// From how many rows on there is room for how many steps stand how.
const ROWS_FOR_TALLY: u16 = 12;

/// How many rows the action bar has: what the step allows, what the run allows.
const BAR_ROWS: u16 = 2;

/// Longer lines of text are not read with ease, in cells.
const MOST_PROSE: u16 = 110;

/// No pane is narrower or lower than that, frame included.
const LEAST_COLUMNS: u16 = 24;
const LEAST_ROWS: u16 = 4;

/// Nor is what stands above health and guards.
const LEAST_STEP_ROWS: u16 = 10;

/// How many rows the output of an earlier step keeps, frame included: what comes next needs the room.
const EARLIER_OUTPUT_ROWS: u16 = 5;

/// How many rows output that is still to come keeps, frame included.
const EMPTY_OUTPUT_ROWS: u16 = 4;

/// How many rows what is watched meanwhile may have on a screen of so many.
pub const fn most_watch_rows(height: u16) -> u16 {
    match height {
        0..20 => 1,
        20..36 => 2,
        _ => 3,
    }
}

/// Whether all panes stand beside each other on a screen of that size.
pub fn is_wide((width, height): (u16, u16)) -> bool {
    width >= WIDE.0 && height >= WIDE.1
}

/// Whether there is room for one pane only on a screen of that size.
pub const fn is_tiny((width, height): (u16, u16)) -> bool {
    width < STACKED.0 || height < STACKED.1
}

/// Lays the run screen out.
pub fn panes(area: Rect, contents: Contents) -> Panes {
    let is_wide = is_wide((area.width, area.height));
    let is_tiny = is_tiny((area.width, area.height));
    let banner_rows = u16::from(contents.is_halted);
    let mut rows = Rows { area };
    let mut panes = Panes { is_wide, ..Panes::default() };
    panes.header = rows.top(if area.height < ROWS_FOR_TALLY { HEADER_ROWS - 1 } else { HEADER_ROWS });
    panes.banner = rows.top(banner_rows);
    panes.bar = rows.bottom(BAR_ROWS);
    panes.status = rows.bottom(1);
    panes.watch = rows.bottom(contents.watch_rows);
    panes.body = rows.area;
    match contents.is_zoomed {
        true => *panes.of_mut(contents.focus) = panes.body,
        false if is_wide => wide(rows, contents, &mut panes),
        false if area.height >= TALL => tall(rows, contents, &mut panes),
        false if is_tiny => tiny(rows, contents, &mut panes),
        false => narrow(rows, contents, &mut panes),
    }
    panes
}

fn wide(rows: Rows, contents: Contents, panes: &mut Panes) {
    let (body, sizes) = (rows.area, contents.sizes);
    let left = left_width(body.width, sizes);
    let mut column = Rows { area: Rect { width: left, ..body } };
    let mut right = Rows { area: Rect { x: body.x + left, width: body.width - left, ..body } };
    let is_below = are_guards_below_steps(body.width);
    let lines = if is_below { contents.health_lines } else { contents.health_lines.max(contents.guard_lines) };
    let most = low_share(body.height).max(spare_rows(body.height, contents));
    let wanted = u16::try_from(lines.max(3) + 2).unwrap_or(most).min(most);
    let low =
        right.bottom(part(sizes.low, body.height, wanted, (LEAST_ROWS, body.height.saturating_sub(LEAST_STEP_ROWS))));
    if is_below {
        let most = (body.height / 4).max(LEAST_ROWS);
        panes.guards = column.bottom(u16::try_from(contents.guard_lines + 2).unwrap_or(most).min(most));
        panes.health = low;
    } else {
        let guards = guards_width(low.width, sizes);
        panes.health = Rect { width: low.width - guards, ..low };
        panes.guards = Rect { x: low.right() - guards, width: guards, ..low };
    }
    panes.steps = column.area;
    if contents.has_output {
        let wanted = wide_output_rows(right.area.height, contents);
        let room = right.area.height.saturating_sub(LEAST_ROWS);
        panes.output = right.bottom(part(sizes.output, body.height, wanted, (LEAST_ROWS, room)));
    }
    panes.step = right.area;
}

/// How many of so many rows health and guards may have, whatever else there is.
const fn low_share(rows: u16) -> u16 {
    rows * 2 / 5
}

/// How many of so many rows neither the step nor the output needs.
fn spare_rows(rows: u16, contents: Contents) -> u16 {
    let output = wide_output_rows(rows - low_share(rows), contents);
    rows.saturating_sub(contents.narrow.step_lines.saturating_add(2)).saturating_sub(output)
}

/// How many of the rows of step and output the output has on a wide screen by itself, frame included.
fn wide_output_rows(rows: u16, contents: Contents) -> u16 {
    let most = match contents {
        Contents { has_output: false, .. } => 0,
        Contents { is_output_here: false, .. } => EARLIER_OUTPUT_ROWS,
        Contents { is_output_empty: true, .. } => EMPTY_OUTPUT_ROWS,
        _ => u16::MAX,
    };
    (rows * 2 / 5).min(most)
}

/// Whether the guards stand below the list of steps on a wide screen of so many columns.
const fn are_guards_below_steps(width: u16) -> bool {
    width < GUARDS_BESIDE
}

/// How wide the guards pane is, frame included, beside a health pane: together they have `both` columns.
fn guards_width(both: u16, sizes: Sizes) -> u16 {
    let by_itself = (both * 2 / 5).clamp(28, 44);
    part(sizes.guards, both, by_itself, (LEAST_COLUMNS, both.saturating_sub(LEAST_COLUMNS)))
}

/// How wide the left column of a wide screen is.
fn left_width(width: u16, sizes: Sizes) -> u16 {
    let by_itself = (width * 5 / 12).clamp(40, 72);
    part(sizes.steps, width, by_itself, (LEAST_COLUMNS, width.saturating_sub(2 * LEAST_COLUMNS)))
}

/// How wide the text of the guards pane is on a screen of that width.
pub fn guards_text_width(width: u16, sizes: Sizes) -> u16 {
    if width < WIDE.0 {
        return width.saturating_sub(2);
    }
    let left = left_width(width, sizes);
    if are_guards_below_steps(width) { left } else { guards_width(width - left, sizes) }.saturating_sub(4)
}

/// How wide the text of the health pane is on a screen of that width.
pub fn health_text_width(width: u16, sizes: Sizes) -> u16 {
    if width < WIDE.0 {
        return width.saturating_sub(2);
    }
    let right = width - left_width(width, sizes);
    let guards = if are_guards_below_steps(width) { 0 } else { guards_width(right, sizes) };
    right.saturating_sub(guards + 4)
}

/// How wide the text of the step is on a wide screen of that width.
pub fn step_text_width(width: u16, sizes: Sizes) -> u16 {
    (width - left_width(width, sizes)).saturating_sub(4).min(MOST_PROSE)
}

fn narrow(mut rows: Rows, contents: Contents, panes: &mut Panes) {
    panes.summary = rows.bottom(2);
    match contents.focus {
        Pane::Steps => panes.steps = rows.area,
        Pane::Health => panes.health = rows.area,
        Pane::Guards => panes.guards = rows.area,
        Pane::Output => panes.output = rows.area,
        Pane::Step => {
            let wanted = contents.narrow;
            panes.steps = rows.top(match rows.area.height {
                15.. if wanted.is_output_first && wanted.rows() > rows.area.height - 4 => 2,
                15.. => 4,
                10.. => 2,
                _ => 1,
            });
            panes.is_list_bare = true;
            panes.output = rows.bottom(output_rows(rows.area.height, contents));
            panes.step = rows.area;
        }
    }
}

/// All of them, one above the other: what the step needs, the rest no higher than it is long.
fn tall(mut rows: Rows, contents: Contents, panes: &mut Panes) {
    let all = rows.area.height;
    let lines = |lines: usize| u16::try_from(lines + 1).unwrap_or(u16::MAX);
    panes.steps = rows.top((all / 4).clamp(LEAST_ROWS, TALL / 2));
    panes.guards = rows.bottom(lines(contents.guard_lines).clamp(2, (all / 6).max(2)));
    panes.health = rows.bottom(lines(contents.health_lines).clamp(2, (all / 4).max(2)));
    panes.output = rows.bottom(output_rows(rows.area.height, contents));
    panes.step = rows.area;
}

/// One pane alone: that which has the keys.
fn tiny(mut rows: Rows, contents: Contents, panes: &mut Panes) {
    if rows.area.height > 8 {
        panes.summary = rows.bottom(1);
    }
    *panes.of_mut(contents.focus) = rows.area;
}

/// How many of `rows` the output has on a small screen, frame included.
fn output_rows(rows: u16, contents: Contents) -> u16 {
    let Narrow { is_output_first, asks, step_lines, output_lines } = contents.narrow;
    let spare = rows.saturating_sub(step_lines.saturating_add(1));
    let wanted = output_lines.saturating_add(1);
    let part = rows * 2 / 5;
    match (contents.has_output, contents.is_output_here) {
        (true, true) if contents.is_output_empty => part.min(EMPTY_OUTPUT_ROWS - 1),
        (true, true) if is_output_first => part.max(wanted.min(spare.max(rows / 2))),
        (true, true) => part,
        // One row tells the last line.
        (true, false) if asks && rows > 4 => {
            if spare < 3 {
                1
            } else {
                wanted.min(spare)
            }
        }
        _ => 0,
    }
}

/// What is left of an area from which rows are taken.
struct Rows {
    area: Rect,
}

impl Rows {
    fn top(&mut self, rows: u16) -> Rect {
        let rows = rows.min(self.area.height);
        let taken = Rect { height: rows, ..self.area };
        self.area.y += rows;
        self.area.height -= rows;
        taken
    }

    fn bottom(&mut self, rows: u16) -> Rect {
        let rows = rows.min(self.area.height);
        self.area.height -= rows;
        Rect { y: self.area.bottom(), height: rows, ..self.area }
    }
}

#[cfg(test)]
#[path = "layout_tests.rs"]
mod tests;
