//! What stands in the place of the panes as long as it is looked at: the overview, the list of alarms.

use crossterm::event::{MouseButton, MouseEvent, MouseEventKind};
use ratatui::layout::{Position, Rect};

use crate::tui::keymap::{Action, Context};
use crate::tui::message::Effect;
use crate::tui::screen::run::Run;
use crate::tui::screen::run::alarm_list::AlarmList;
use crate::tui::screen::run::layout::Pane;
use crate::tui::screen::run::overview::Overview;

/// What stands in the place of the panes.
#[derive(Debug)]
pub enum Over {
    /// All phases and all nodes.
    Overview(Box<Overview>),
    /// What somebody should know of now.
    Alarms(AlarmList),
}

impl Over {
    /// Where a key is looked up while it is there.
    pub const fn context(&self) -> Context {
        match self {
            Self::Overview(_) => Context::Overview,
            Self::Alarms(_) => Context::Alarms,
        }
    }
}

impl Run {
    /// Puts it in the place of the panes.
    pub(super) fn put_over(&mut self, over: Over) {
        self.over = Some(over);
        self.is_unseen = true;
    }

    /// Where it lies, inside its frame.
    pub(in crate::tui) fn over_area(&self) -> Rect {
        let panes = self.panes_on_screen();
        panes.text(panes.body)
    }

    /// The panes are shown again.
    pub(super) fn leave_over(&mut self) {
        self.over = None;
        self.is_unseen = true;
    }

    /// Shows a step in its pane.
    pub(super) fn show_step(&mut self, step: Option<crate::runbook::StepKey>) {
        self.leave_over();
        self.focus = Pane::Step;
        self.look_at(step);
    }

    /// Takes a key for it; `None`: it has no use for that key.
    pub(in crate::tui::screen) fn on_over_key(&mut self, action: Action) -> Option<Vec<Effect>> {
        match self.over.as_ref()? {
            _ if action == Action::Back => self.leave_over(),
            Over::Overview(_) => return self.on_overview_key(action),
            Over::Alarms(_) => return self.on_alarms_key(action),
        }
        Some(Vec::new())
    }

    /// Takes what the mouse did on it.
    pub(super) fn on_over_mouse(&mut self, mouse: MouseEvent) {
        let at = Position::new(mouse.column, mouse.row);
        let action = match mouse.kind {
            MouseEventKind::ScrollDown => Action::Down,
            MouseEventKind::ScrollUp => Action::Up,
            MouseEventKind::Down(MouseButton::Left) => {
                match self.over {
                    Some(Over::Overview(_)) => self.click_cell(at),
                    Some(Over::Alarms(_)) => self.click_alarm(at),
                    None => {}
                }
                return;
            }
            _ => return,
        };
        for _ in 0..3 {
            self.on_over_key(action);
        }
    }
}
