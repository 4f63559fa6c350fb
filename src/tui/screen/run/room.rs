//! What the panes of a small screen are wanted for.

use ratatui::layout::Rect;

use crate::engine::StepStatus;
use crate::runbook::ActionKind;
use crate::tui::screen::run::Run;
use crate::tui::screen::run::draw::measure;
use crate::tui::screen::run::layout::{Narrow, is_wide};
use crate::tui::widget::output;

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
        !is_wide(self.size) && (runs || self.view.page.status == Some(StepStatus::Failed))
    }

    /// What a small screen is wanted for.
    pub(super) fn narrow(&self, area: Rect) -> Narrow {
        if is_wide((area.width, area.height)) {
            return Narrow::default();
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
