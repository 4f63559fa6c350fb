//! Where the panes lie and what a small screen is wanted for.

use ratatui::layout::Rect;

use crate::engine::{Allowed, StepStatus, meanwhile};
use crate::runbook::{ActionKind, GuardId, ProbeId, StepKey};
use crate::tui::screen::run::Run;
use crate::tui::screen::run::draw::measure;
use crate::tui::screen::run::layout::{
    Contents, Narrow, Pane, Panes, guards_text_width, health_text_width, is_wide, most_watch_rows, panes,
    step_text_width,
};
use crate::tui::widget::checklist::Checklist;
use crate::tui::widget::guards::Guards;
use crate::tui::widget::health::Health;
use crate::tui::widget::health_table::BoardOrder;
use crate::tui::widget::meanwhile::{Watching, titles};
use crate::tui::widget::output;

/// With fewer rows above what is watched, what asks for something takes all the room.
const LEAST_OPEN_ROWS: u16 = 8;

impl Run {
    /// Whether the output belongs to what is looked at: its command runs, or its step is the one on the screen.
    pub(super) fn is_output_here(&self) -> bool {
        let is_of_it = self.printed().step.is_none() || self.printed().step == self.shown_step();
        self.state.is_running() || is_of_it || self.has_table()
    }

    /// Whether there is output, now or from the command before.
    pub fn has_output(&self) -> bool {
        self.state.is_running() || !self.printed().is_empty() || self.has_table()
    }

    /// Whether the step that is looked at runs or failed: its cautions were read, and what it prints needs the room.
    pub fn is_folded(&self) -> bool {
        let shown = self.shown_step();
        let runs = self.state.running.iter().any(|job| Some(&job.step) == shown.as_ref());
        let area = self.area();
        !is_wide((area.width, area.height)) && (runs || self.view.page.status == Some(StepStatus::Failed))
    }

    /// The list of steps as it is drawn.
    pub fn checklist<'a>(&'a self, shown: Option<&'a StepKey>) -> Checklist<'a> {
        Checklist {
            runbook: &self.runbook,
            state: &self.state,
            moment: &self.view.moment,
            tally: &self.view.tally,
            shown,
        }
    }

    /// Where the panes lie.
    pub fn panes(&self, area: Rect) -> Panes {
        // Whoever types in the console looks at the step: on what is left of the screen no other pane stands in its place,
        // and the pane that had the keys has them again when the console is closed.
        let (focus, is_zoomed) = match self.console {
            Some(_) => (Pane::Step, false),
            None => (self.focus, self.is_zoomed),
        };
        let (health_lines, guard_lines) = (self.health_lines(), self.guard_lines());
        panes(
            area,
            Contents {
                has_output: self.has_output(),
                is_output_here: self.is_output_here(),
                is_output_empty: self.printed().is_empty() && !self.has_table(),
                is_halted: self.halted.is_some(),
                health_lines,
                guard_lines,
                watch_rows: self.watch_rows(area),
                focus,
                narrow: self.narrow(area, health_lines.max(guard_lines)),
                is_zoomed,
                sizes: self.sizes,
            },
        )
    }

    /// Where they lie on the screen as it is.
    pub(in crate::tui) fn panes_on_screen(&self) -> Panes {
        self.panes(self.area())
    }

    /// What is watched while the current step is done.
    pub fn watching(&self) -> Watching<'_> {
        let all = meanwhile(&self.runbook, &self.state, &self.view.moment.board);
        Watching { runbook: &self.runbook, all, turned: &self.view.turned }
    }

    /// The titles of what a step watches; empty when it watches nothing.
    pub fn watches(&self, step: &StepKey) -> String {
        titles(&self.runbook, step)
    }

    fn watch_rows(&self, area: Rect) -> u16 {
        let most = usize::from(most_watch_rows(area.height));
        rows(self.watching().rows(usize::from(area.width.saturating_sub(2)), most))
    }

    /// What may be covered of a screen for a while: not what is watched meanwhile, where there is room for both.
    pub fn open_area(&self, area: Rect) -> Rect {
        if self.watch_rows(area) == 0 {
            return area;
        }
        let watch = self.panes(area).watch;
        let above = watch.y.saturating_sub(area.y);
        if watch.is_empty() || above < LEAST_OPEN_ROWS { area } else { Rect { height: above, ..area } }
    }

    /// How much room a dialog has.
    pub(super) fn open_size(&self) -> (u16, u16) {
        let open = self.open_area(self.area());
        (open.width, open.height)
    }

    /// The run's part of the screen: the console, while it is open, lies below it.
    pub(super) fn area(&self) -> Rect {
        self.split(Rect::new(0, 0, self.size.0, self.size.1)).0
    }

    pub(super) fn health_lines(&self) -> usize {
        let width = health_text_width(self.size.0, self.sizes);
        self.health().height(usize::from(width))
    }

    pub(super) fn guard_lines(&self) -> usize {
        let width = guards_text_width(self.size.0, self.sizes);
        Guards { runbook: &self.runbook, state: &self.state }.len(usize::from(width))
    }

    /// The last line at which the guards pane may begin.
    pub(super) fn last_guard_line(&self) -> usize {
        let panes = self.panes_on_screen();
        Guards { runbook: &self.runbook, state: &self.state }.last(panes.text(panes.guards))
    }

    /// The line at which a guard begins in its pane as it is drawn: shown alone it is as wide as the screen.
    pub(super) fn place_of_guard(&self, id: &GuardId) -> usize {
        let panes = self.panes_on_screen();
        let width = panes.text(panes.guards).width;
        Guards { runbook: &self.runbook, state: &self.state }.place(id, usize::from(width))
    }

    /// Gives the health pane the keys, with a row of the board in view that stands out.
    pub fn show_row(&mut self, probe: &ProbeId, node: Option<&str>) {
        self.leave_over();
        self.focus = Pane::Health;
        let panes = self.panes_on_screen();
        let place = panes.text(panes.health);
        self.health_scroll = self.health().place(place, (probe, node));
        self.sought = Some((probe.clone(), node.map(str::to_owned)));
    }

    /// The board as it is drawn.
    pub fn health(&self) -> Health<'_> {
        let (runbook, board, turned) = (&*self.runbook, &self.view.moment.board, &self.view.turned[..]);
        let (order, before) = (&self.view.order, &self.view.order_before);
        let order = order.get_or_init(|| BoardOrder::of(runbook, board, turned, before));
        let sought = self.sought.as_ref().filter(|_| self.focus == Pane::Health);
        Health { runbook, board, keeper: &self.keeper, turned, order, sought }
    }

    /// The last line at which the health pane may begin.
    pub(super) fn last_health_line(&self) -> usize {
        let panes = self.panes_on_screen();
        let place = panes.text(panes.health);
        self.health().on(place).saturating_sub(usize::from(place.height))
    }

    pub(super) fn step_rows(&self) -> u16 {
        let panes = self.panes(self.area());
        panes.inside(panes.step).height
    }

    /// How many lines the step pane has, and how many of them come up to the end of the cautions.
    pub(super) fn step_lines(&self) -> (usize, usize) {
        let panes = self.panes(self.area());
        measure(self, panes.prose().width)
    }

    /// Whether the step has a pane of its own now: on a small screen, or beside one that is shown alone, it has none.
    pub fn is_step_in_view(&self) -> bool {
        self.over.is_none() && self.step_rows() > 0
    }

    /// Whether the cautions reach beyond the lower edge of the step pane. Beside a pane that is shown alone nothing of them
    /// is on the screen, and the action key shows the step first.
    pub fn has_more_cautions(&self) -> bool {
        let has_unread = self.view.allowed.iter().any(|allowed| matches!(allowed, Allowed::ReadCautions(_)));
        let is_shown = self.is_at_current() && self.is_step_in_view();
        has_unread && is_shown && self.step_lines().1 > self.scroll + usize::from(self.step_rows())
    }

    /// What a small screen is wanted for; `low_lines`: how many lines health and guards have at the most.
    fn narrow(&self, area: Rect, low_lines: usize) -> Narrow {
        if is_wide((area.width, area.height)) {
            // Of a board that has room enough nothing else has to be known.
            let wants_more = low_lines > usize::from(area.height / 4);
            let step_lines = || rows(measure(self, step_text_width(area.width, self.sizes)).0);
            return Narrow { step_lines: if wants_more { step_lines() } else { 0 }, ..Narrow::default() };
        }
        let cells = area.width.saturating_sub(2);
        let printed = || output::lines(self.printed(), usize::from(cells), usize::from(area.height)).len();
        let asks = [ActionKind::Confirm, ActionKind::Ask, ActionKind::Choose, ActionKind::Release];
        Narrow {
            is_output_first: self.is_folded(),
            asks: self.is_at_current() && self.view.page.kind.is_some_and(|kind| asks.contains(&kind)),
            step_lines: rows(measure(self, cells).0),
            output_lines: rows(self.table().map_or_else(printed, |_| usize::from(area.height))),
        }
    }
}

fn rows(lines: usize) -> u16 {
    u16::try_from(lines).unwrap_or(u16::MAX)
}
