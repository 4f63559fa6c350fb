//! What keys and mouse do in a replay. Nothing of it can be proposed to anybody.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers, MouseButton, MouseEvent, MouseEventKind};
use ratatui::layout::Position;

use crate::tui::dialog::Dialog;
use crate::tui::keymap::Action;
use crate::tui::message::{Effect, Instants};
use crate::tui::screen::replay::marks::{Kind, jump};
use crate::tui::screen::replay::{Replay, timeline};

/// More digits than any journal has records.
const MOST_DIGITS: usize = 9;

impl Replay {
    /// Takes a key.
    pub fn on_key(&mut self, action: Option<Action>, key: KeyEvent, now: Instants) -> Vec<Effect> {
        self.notice = None;
        if action == Some(Action::Leave) {
            return vec![Effect::Quit];
        }
        if self.asked.is_some() {
            self.type_number(action, key);
            return self.run.ask_for_output();
        }
        let Some(action) = action else { return Vec::new() };
        if let Some(Dialog::Why(scroll) | Dialog::Beside(scroll)) = &mut self.run.dialog {
            match action {
                Action::Down => *scroll = (*scroll + 1).min(500),
                Action::PageDown => *scroll = (*scroll + 10).min(500),
                Action::Up => *scroll = scroll.saturating_sub(1),
                Action::PageUp => *scroll = scroll.saturating_sub(10),
                _ => self.run.dialog = None,
            }
            return Vec::new();
        }
        if self.run.over.is_some()
            && let Some(effects) = self.run.on_over_key(action)
        {
            return effects;
        }
        if action == Action::Back {
            return vec![if self.list.is_some() { Effect::ReadJournals } else { Effect::Quit }];
        }
        self.on_action(action, now)
    }

    fn on_action(&mut self, action: Action, now: Instants) -> Vec<Effect> {
        match action {
            Action::Play => self.play_or_pause(now.real_ms),
            Action::Faster | Action::Slower => self.change_speed(action == Action::Faster, now.real_ms),
            Action::Forward => self.go(self.at + 1),
            Action::Backward => self.go(self.at.saturating_sub(1)),
            Action::First => self.go(1),
            Action::Last => self.go(self.tape.count()),
            Action::GoTo => self.asked = Some(String::new()),
            Action::Beside => self.run.dialog = Some(Dialog::Beside(0)),
            other => {
                let Some((kind, is_forward)) = jump(other) else { return self.run.look(other, now) };
                match self.tape.marks.next(self.at, kind, is_forward) {
                    Some(to) => self.go(to),
                    None => {
                        self.notice = Some(no_mark(kind, is_forward));
                    }
                }
            }
        }
        self.run.ask_for_output()
    }

    /// Why an action does nothing at this moment; `None` when it does something.
    pub fn against(&self, action: Action, may_copy: bool) -> Option<String> {
        if let Some((kind, is_forward)) = jump(action) {
            let is_there = self.tape.marks.next(self.at, kind, is_forward).is_some();
            return (!is_there).then(|| no_mark(kind, is_forward));
        }
        self.run.against(action, may_copy)
    }

    /// Goes to that record.
    pub fn go_to(&mut self, record: usize) -> Vec<Effect> {
        self.go(record);
        self.run.ask_for_output()
    }

    /// Goes to a record by hand: then it does not play on.
    fn go(&mut self, to: usize) {
        self.pause();
        self.run.browsed = None;
        self.stand(to);
    }

    fn type_number(&mut self, action: Option<Action>, key: KeyEvent) {
        let Some(typed) = self.asked.as_mut() else { return };
        match (action, key.code) {
            (Some(Action::Back), _) => self.asked = None,
            (Some(Action::Act), _) => {
                let wanted = typed.parse::<usize>().ok();
                match wanted.filter(|number| (1..=self.tape.count()).contains(number)) {
                    Some(number) => {
                        self.asked = None;
                        self.go(number);
                    }
                    // What was typed can be put right.
                    None if typed.is_empty() => self.notice = Some("a number is typed first".into()),
                    None => self.notice = Some("there is no such record".into()),
                }
            }
            (_, KeyCode::Backspace) => drop(typed.pop()),
            (_, KeyCode::Char(digit))
                if digit.is_ascii_digit() && typed.len() < MOST_DIGITS && key.modifiers == KeyModifiers::NONE =>
            {
                typed.push(digit);
            }
            _ => {}
        }
    }

    /// Takes what the mouse did: on the timeline it seeks, elsewhere it does as in a run.
    pub fn on_mouse(&mut self, mouse: MouseEvent, now: Instants) -> Vec<Effect> {
        let track = timeline::track(self.run.panes_on_screen().bar);
        let is_on_track = track.contains(Position::new(mouse.column, mouse.row));
        match mouse.kind {
            MouseEventKind::Down(MouseButton::Left) if is_on_track => self.is_dragging = true,
            MouseEventKind::Up(MouseButton::Left) if self.is_dragging => {
                self.is_dragging = false;
                return Vec::new();
            }
            _ => {}
        }
        let is_seeking = matches!(mouse.kind, MouseEventKind::Down(_) | MouseEventKind::Drag(MouseButton::Left));
        if self.is_dragging && is_seeking {
            self.notice = None;
            self.go(timeline::record_at(track, mouse.column, self.tape.count()));
            return self.run.ask_for_output();
        }
        self.run.on_mouse(mouse, now)
    }
}

/// There is no such mark on that side.
fn no_mark(kind: Option<Kind>, is_forward: bool) -> String {
    let what = kind.map_or("mark", |kind| kind.words().0);
    format!("there is no {what} {} this record", if is_forward { "after" } else { "before" })
}
