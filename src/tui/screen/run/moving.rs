//! Where the operator looks: which step, and how far each pane is scrolled.

use crate::engine::{ItemState, PhaseState};
use crate::runbook::StepKey;
use crate::tui::keymap::Action;
use crate::tui::screen::run::Run;
use crate::tui::screen::run::layout::Pane;

impl Run {
    /// Looks at a step; `None`: at the current one.
    pub(super) fn look_at(&mut self, step: Option<StepKey>) {
        self.browsed = step.filter(|step| self.state.current.as_ref() != Some(step));
        self.scroll = 0;
        self.is_unseen = true;
        self.is_page_stale = true;
    }

    pub(super) fn scroll_pane(&mut self, pane: Pane, action: Action) {
        let panes = self.panes_on_screen();
        // A line of the page before stays in view, or a heading.
        let page = usize::from(panes.inside(panes.of(pane)).height).saturating_sub(1).max(1);
        let (is_down, by) = match action {
            Action::Down => (true, 1),
            Action::PageDown => (true, page.max(2)),
            Action::PageUp => (false, page.max(2)),
            Action::First => (false, usize::MAX),
            Action::Last => (true, usize::MAX),
            _ => (false, 1),
        };
        self.scroll_by(pane, is_down, by);
    }

    /// Moves by so many lines, or steps; by one in the step pane goes to another step.
    pub(super) fn scroll_by(&mut self, pane: Pane, is_down: bool, by: usize) {
        let down = |from: usize, last: usize| from.saturating_add(by).min(last);
        let moved = |from: usize, last: usize| if is_down { down(from, last) } else { from.saturating_sub(by) };
        match pane {
            Pane::Step if by == 1 => self.browse(is_down, 1),
            Pane::Steps => self.browse(is_down, by),
            Pane::Step => {
                self.derive_page();
                let last = self.step_lines().0.saturating_sub(usize::from(self.step_rows()));
                self.scroll = moved(self.scroll, last);
            }
            Pane::Output if self.has_table() && by == 1 => self.choose_item(is_down, 1),
            Pane::Output if self.has_table() => self.scroll_item(is_down, by),
            Pane::Output => {
                let printed = self.printed_mut();
                printed.up = if is_down { printed.up.saturating_sub(by) } else { down(printed.up, printed.len()) };
            }
            Pane::Health => {
                self.sought = None;
                self.health_scroll = moved(self.health_scroll, self.last_health_line());
            }
            Pane::Guards => self.guards_scroll = moved(self.guards_scroll, self.last_guard_line()),
        }
    }

    /// Looks at the step that is so many steps away, or at the last one in that direction.
    fn browse(&mut self, is_down: bool, by: usize) {
        let shown = self.shown_step();
        let items = || self.state.counted().flat_map(|phase| phase.items.iter().map(move |item| (phase, item)));
        let is_its = |(phase, item): &(&PhaseState, &ItemState)| {
            shown.as_ref().is_some_and(|key| key.phase == phase.id && key.item == item.item.name)
        };
        let Some((_, its)) = items().find(is_its) else { return };
        let before: usize = items().take_while(|pair| !is_its(pair)).map(|(_, item)| item.steps.len()).sum();
        let within = its.steps.iter().position(|step| shown.as_ref().is_some_and(|key| key.step == step.id));
        let at = before + within.unwrap_or(0);
        let last = items().map(|(_, item)| item.steps.len()).sum::<usize>().saturating_sub(1);
        let mut to = if is_down { at.saturating_add(by).min(last) } else { at.saturating_sub(by) };
        if to == at {
            return;
        }
        let next = items().find_map(|(phase, item)| {
            let step = item.steps.get(to);
            to = to.wrapping_sub(item.steps.len());
            let step = step?.id.clone();
            Some(StepKey { phase: phase.id.clone(), item: item.item.name.clone(), step })
        });
        self.look_at(next);
    }
}
