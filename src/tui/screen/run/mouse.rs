//! The mouse on the run screen: the wheel scrolls what is under it, a click looks at a step or gives a pane the keys.

use crossterm::event::{MouseButton, MouseEvent, MouseEventKind};
use ratatui::layout::Position;

use crate::tui::dialog::Dialog;
use crate::tui::message::{Effect, Instants};
use crate::tui::screen::run::layout::Pane;
use crate::tui::screen::run::{LET_GO_MS, Run};

impl Run {
    /// Chooses the row so many from the first: an option of what is asked, or one of the results.
    pub fn choose(&mut self, row: usize) -> Vec<Effect> {
        if let Some(Dialog::Choose(choice)) = &mut self.dialog {
            choice.choose(row);
            return Vec::new();
        }
        self.focus = Pane::Output;
        self.choose_nth_result(row);
        self.ask_for_output()
    }

    /// Takes what the mouse did in the panes. Keys that stand on the screen are pressed before it comes here.
    pub fn on_mouse(&mut self, mouse: MouseEvent, now: Instants) -> Vec<Effect> {
        self.derive(now);
        if self.comes_back(None, now) {
            return Vec::new();
        }
        if self.dialog.is_some() || self.card.is_some() || self.is_leaving() {
            return Vec::new();
        }
        if self.over.is_some() {
            self.on_over_mouse(mouse);
            return self.ask_for_output();
        }
        let at = Position::new(mouse.column, mouse.row);
        match (mouse.kind, self.held_border) {
            (MouseEventKind::Drag(MouseButton::Left), Some(border)) => {
                self.drag_border(border, at);
                return Vec::new();
            }
            (MouseEventKind::Up(MouseButton::Left), Some(_)) => {
                self.held_border = None;
                return vec![Effect::KeepSizes(self.sizes)];
            }
            (MouseEventKind::Down(MouseButton::Left), _) => self.held_border = self.border_at(at),
            _ => {}
        }
        let Some(pane) = self.pane_at(at) else { return Vec::new() };
        match mouse.kind {
            MouseEventKind::ScrollDown => self.wheel(pane, true),
            MouseEventKind::ScrollUp => self.wheel(pane, false),
            MouseEventKind::Down(MouseButton::Left) => {
                if pane == Pane::Steps {
                    self.click_step(at);
                } else {
                    self.focus = pane;
                }
            }
            _ => {}
        }
        self.ask_for_output()
    }

    /// A click has led back to the current step.
    pub fn note_return(&mut self, now: Instants) {
        self.last_return_ms = Some(now.real_ms);
    }

    /// Whether that was so lately that whoever clicks again cannot have looked.
    pub fn has_just_returned(&self, now: Instants) -> bool {
        self.last_return_ms.is_some_and(|last| now.real_ms.saturating_sub(last) < LET_GO_MS)
    }

    fn pane_at(&self, at: Position) -> Option<Pane> {
        let panes = self.panes(self.area());
        let all = [
            (panes.steps, Pane::Steps),
            (panes.step, Pane::Step),
            (panes.output, Pane::Output),
            (panes.health, Pane::Health),
            (panes.guards, Pane::Guards),
        ];
        all.into_iter().find(|(area, _)| area.contains(at)).map(|(_, pane)| pane)
    }

    fn wheel(&mut self, pane: Pane, is_down: bool) {
        // The step pane scrolls by many lines only: single ones belong to the keys that browse.
        let (times, by) = if pane == Pane::Step { (1, 10) } else { (3, 1) };
        for _ in 0..times {
            self.scroll_by(pane, is_down, by);
        }
    }

    fn click_step(&mut self, at: Position) {
        let panes = self.panes(self.area());
        let inside = panes.list();
        if !inside.contains(at) {
            // Beside its rows a pane is pressed as any other.
            self.focus = Pane::Steps;
            return;
        }
        let shown = self.shown_step();
        let key = {
            let list = self.checklist(shown.as_ref());
            let rows = list.rows();
            let top = list.top(&rows, inside.height);
            rows.get(top + usize::from(at.y - inside.y)).and_then(|row| list.key(*row))
        };
        match key {
            Some(_) => self.look_at(key),
            None => self.focus = Pane::Steps,
        }
    }
}
