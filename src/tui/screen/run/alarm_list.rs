//! The list of alarms: which one is chosen, and where it leads.

use ratatui::layout::Position;

use crate::engine::ConditionId;
use crate::tui::keymap::Action;
use crate::tui::message::Effect;
use crate::tui::screen::run::Run;
use crate::tui::screen::run::alarm::{Alarm, Subject};
use crate::tui::screen::run::layout::Pane;
use crate::tui::screen::run::over::Over;

/// How many rows tell more of the chosen alarm, a gap above them included.
pub const MORE_ROWS: u16 = 4;

/// From how many rows on there is room for that.
const ROWS_FOR_MORE: u16 = 9;

/// What is looked at in the list.
#[derive(Debug, Default)]
pub struct AlarmList {
    /// The alarm that was chosen by hand; else the first.
    chosen: Option<Subject>,
}

impl AlarmList {
    /// The place of the chosen alarm. One that is gone leaves its place to the first.
    pub fn at(&self, alarms: &[Alarm]) -> usize {
        let chosen = self.chosen.as_ref();
        chosen.and_then(|chosen| alarms.iter().position(|alarm| alarm.subject == *chosen)).unwrap_or(0)
    }

    /// How many rows of so many the list has, below its heading.
    pub const fn rows(height: u16) -> u16 {
        let foot = if height >= ROWS_FOR_MORE { MORE_ROWS + 1 } else { 0 };
        height.saturating_sub(1 + foot)
    }

    /// The first alarm in view.
    pub fn first(&self, alarms: &[Alarm], rows: u16) -> usize {
        let rows = usize::from(rows).max(1);
        (self.at(alarms) / rows * rows).min(alarms.len().saturating_sub(rows))
    }
}

impl Run {
    pub(super) fn open_alarms(&mut self) {
        self.put_over(Over::Alarms(AlarmList::default()));
    }

    pub(super) fn on_alarms_key(&mut self, action: Action) -> Option<Vec<Effect>> {
        let page = usize::from(AlarmList::rows(self.over_area().height)).max(1);
        let Some(Over::Alarms(list)) = &mut self.over else { return None };
        let alarms = &self.view.alarms;
        let at = list.at(alarms);
        let to = match action {
            Action::Up => at.saturating_sub(1),
            Action::Down => at + 1,
            Action::PageUp => at.saturating_sub(page),
            Action::PageDown => at + page,
            Action::Seen => {
                self.see_alarms();
                return Some(Vec::new());
            }
            Action::Act => {
                self.go_to_alarm(at);
                return Some(self.ask_for_output());
            }
            _ => return None,
        };
        list.chosen = alarms.get(to.min(alarms.len().saturating_sub(1))).map(|alarm| alarm.subject.clone());
        Some(Vec::new())
    }

    /// A click goes where the alarm under it leads.
    pub(super) fn click_alarm(&mut self, at: Position) {
        let area = self.over_area();
        let rows = AlarmList::rows(area.height);
        let Some(Over::Alarms(list)) = &self.over else { return };
        if at.y <= area.y || at.y > area.y + rows || !area.contains(at) {
            return;
        }
        let place = list.first(&self.view.alarms, rows) + usize::from(at.y - area.y - 1);
        self.go_to_alarm(place);
    }

    /// Shows what an alarm is about: the step, the guard, or the row of the board.
    fn go_to_alarm(&mut self, at: usize) {
        let Some(subject) = self.view.alarms.get(at).map(|alarm| alarm.subject.clone()) else { return };
        match subject {
            Subject::Step(key) => self.show_step(Some(key)),
            Subject::Condition(ConditionId::Guard(id)) => {
                self.leave_over();
                self.focus = Pane::Guards;
                self.guards_scroll = self.place_of_guard(&id);
            }
            Subject::Condition(ConditionId::Health(probe, node)) => {
                self.show_row(&probe, node.as_deref());
            }
            Subject::Condition(_) => self.show_step(None),
        }
    }
}
