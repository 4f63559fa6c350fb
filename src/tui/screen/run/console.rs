//! The console of a rehearsal: a pane below the run in which the trainee types commands to the simulated bastion. What
//! stands in it is what the journal has.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::layout::Rect;

use crate::engine::{Happening, Proposal, RunState};
use crate::scenario::{self, Hint};
use crate::text::clean_line;
use crate::tui::app::SMALLEST_RUN;
use crate::tui::keymap::{Action, Context, Keymap};
use crate::tui::message::Effect;
use crate::tui::screen::run::Run;
use crate::tui::spot::Press;
use crate::tui::theme::Meaning;
use crate::tui::widget::paint::{Edge, Frame, Paint, Strip};
use crate::tui::wrap::{width, wrap};

/// With fewer rows nothing can be seen of what is typed.
const LEAST_ROWS: u16 = 4;

/// What stands before a typed line.
const PROMPT: &str = "bastion$ ";

/// The pane while it is open.
#[derive(Clone, Debug, Default)]
pub struct Console {
    input: String,
    /// How many lines it is scrolled up.
    up: usize,
    /// Which earlier line was fetched back, counted from the last one.
    recalled: usize,
}

impl Console {
    fn on(&mut self, action: Option<Action>, key: KeyEvent, state: &RunState) -> Option<String> {
        match (action, key.code) {
            (Some(Action::Act), _) if !self.input.trim().is_empty() => {
                (self.up, self.recalled) = (0, 0);
                return Some(std::mem::take(&mut self.input));
            }
            (Some(Action::Up), _) => self.recall(self.recalled + 1, state),
            (Some(Action::Down), _) => self.recall(self.recalled.saturating_sub(1), state),
            (Some(Action::PageUp), _) => self.up = (self.up + 5).min(transcript(state, 80).len()),
            (Some(Action::PageDown), _) => self.up = self.up.saturating_sub(5),
            (_, KeyCode::Backspace) => drop(self.input.pop()),
            (_, KeyCode::Char(c)) if (key.modifiers - KeyModifiers::SHIFT).is_empty() => self.input.push(c),
            _ => {}
        }
        None
    }

    fn recall(&mut self, which: usize, state: &RunState) {
        let typed = state.happenings.iter().rev().filter_map(|(_, what)| match what {
            Happening::Typed { line } => Some(line),
            _ => None,
        });
        match which.checked_sub(1).map(|at| typed.clone().nth(at)) {
            None => (self.recalled, self.input) = (0, String::new()),
            Some(Some(line)) => (self.recalled, self.input) = (which, line.clone()),
            Some(None) => {}
        }
    }
}

/// What was typed, what was answered, and the hints that were taken.
fn transcript(state: &RunState, cells: usize) -> Vec<Strip> {
    let mut strips = Vec::new();
    for (_, what) in state.happenings.iter() {
        match what {
            Happening::Typed { line } => {
                strips.push(Strip::of(format!("{PROMPT}{}", clean_line(line)), Meaning::Focus))
            }
            Happening::Answered { printed, exit } => {
                strips.extend(printed.lines().map(|line| Strip::of(clean_line(line).into_owned(), Meaning::Text)));
                if *exit != 0 {
                    strips.push(Strip::of(format!("exit status {exit}"), Meaning::Bad));
                }
            }
            Happening::HintTaken { told, points, .. } => {
                let told = format!("hint (-{points}): {}", clean_line(told));
                strips.extend(wrap(&told, cells.max(1)).into_iter().map(|line| Strip::of(line, Meaning::Degraded)));
            }
            _ => {}
        }
    }
    let count = |is_it: fn(&Happening) -> bool| state.happenings.iter().filter(|(_, what)| is_it(what)).count();
    let typed = count(|what| matches!(what, Happening::Typed { .. }));
    if typed > count(|what| matches!(what, Happening::Answered { .. })) {
        strips.push(Strip::of("it runs", Meaning::Dim));
    }
    strips
}

impl Run {
    /// Whether a rehearsal is shown.
    pub fn is_rehearsal(&self) -> bool {
        self.state.opened.as_ref().is_some_and(|opened| opened.practice.is_some())
    }

    /// Opens the console; in a live run there is none.
    pub(super) fn open_console(&mut self) -> Vec<Effect> {
        if self.is_rehearsal() {
            self.console = Some(Console::default());
        } else {
            self.notice = Some("the console is there in practice only".into());
        }
        Vec::new()
    }

    /// The next hint about the current step that was not taken yet.
    pub fn next_hint(&self) -> Option<&Hint> {
        let hints = self.hints.get_or_init(|| {
            let practice = self.state.opened.as_ref().and_then(|opened| opened.practice.as_ref());
            let name = practice.and_then(|practice| practice.scenario.as_deref());
            let scenario = name.and_then(|name| scenario::find(self.runbook.id.as_str(), name));
            scenario.map_or_else(Vec::new, |scenario| scenario.hints)
        });
        let step = self.state.current.as_ref().map(ToString::to_string).unwrap_or_default();
        let is_taken = |id: &str| {
            let taken = |what: &Happening| matches!(what, Happening::HintTaken { id: known, .. } if known == id);
            self.state.happenings.iter().any(|(_, what)| taken(what))
        };
        let is_about = |hint: &&Hint| hint.step.as_ref().is_none_or(|pattern| pattern.is_met(&step));
        hints.iter().find(|hint| !is_taken(&hint.id) && is_about(hint))
    }

    /// Asks for the next hint about the current step.
    pub(super) fn take_hint(&mut self) -> Vec<Effect> {
        let Some(hint) = self.next_hint().cloned() else {
            self.notice = Some("there is no further hint for this step".into());
            return Vec::new();
        };
        self.console.get_or_insert_default();
        let what = Happening::HintTaken { id: hint.id, told: hint.text, points: hint.points };
        vec![Effect::Propose(Proposal::Rehearse { what })]
    }

    /// What a key does in the open console.
    pub(super) fn on_console_key(&mut self, action: Option<Action>, key: KeyEvent) -> Vec<Effect> {
        if action == Some(Action::Back) {
            self.console = None;
            return Vec::new();
        }
        let line = self.console.as_mut().and_then(|console| console.on(action, key, &self.state));
        let what = line.map(|line| Happening::Typed { line });
        what.map(|what| Effect::Propose(Proposal::Rehearse { what })).into_iter().collect()
    }

    /// Puts a pasted text behind what is typed, its first line.
    pub(super) fn paste_to_console(&mut self, text: &str) -> bool {
        let Some(console) = &mut self.console else { return false };
        console.input.extend(text.lines().next().unwrap_or_default().chars().filter(|c| !c.is_control()));
        true
    }

    /// The run's part of the screen and the console's.
    pub(super) fn split(&self, area: Rect) -> (Rect, Rect) {
        let wanted = if self.console.is_some() { (area.height * 2 / 5).max(6) } else { 0 };
        // On a screen that has no room for both it takes what it needs.
        let height = wanted.min(area.height.saturating_sub(SMALLEST_RUN.1)).max(wanted.min(LEAST_ROWS));
        let run = Rect { height: area.height - height, ..area };
        (run, Rect { y: run.bottom(), height, ..area })
    }

    /// Draws the console, if it is open.
    pub(super) fn draw_console(&self, keymap: &Keymap, area: Rect, paint: &mut Paint<'_>) {
        let Some(console) = &self.console else { return };
        if area.height < 3 {
            return;
        }
        paint.fill(area, Meaning::Text);
        let [run, close] = [Action::Act, Action::Back].map(|action| keymap.shown(action, Context::Console));
        let right = format!("{run} runs it, {close} closes");
        let frame =
            Frame { title: "Console of the simulated bastion", right: &right, edge: Edge::Whole, is_focused: true };
        let inside = paint.frame(area, &frame);
        let right_cells = u16::try_from(width(&right)).unwrap_or(u16::MAX).min(inside.width);
        let close_cells = u16::try_from(width(&close) + " closes".len()).unwrap_or(u16::MAX).min(right_cells);
        let end = inside.right().saturating_sub(2);
        let run_cells = right_cells.saturating_sub(close_cells + 2);
        paint.spot(Rect::new(end.saturating_sub(right_cells), area.y, run_cells, 1), Press::Key(run));
        paint.spot(Rect::new(end.saturating_sub(close_cells), area.y, close_cells, 1), Press::Key(close));
        let cells = usize::from(inside.width);
        let strips = transcript(&self.state, cells);
        let rows = usize::from(inside.height.saturating_sub(1));
        let last = strips.len().saturating_sub(rows);
        let from = last.saturating_sub(console.up);
        paint.strips(Rect { height: inside.height.saturating_sub(1), ..inside }, &strips, from);
        // As in a shell, the prompt stands right behind what was printed.
        let y =
            inside.y + u16::try_from(strips.len().min(rows)).unwrap_or(u16::MAX).min(inside.height.saturating_sub(1));
        let used = paint.put((inside.x, y), inside.width, PROMPT, Meaning::Focus);
        // The end of a long line is what is being typed.
        let room = usize::from(inside.width.saturating_sub(used + 1));
        let mut shown = console.input.as_str();
        while width(shown) > room {
            shown = shown.char_indices().nth(1).map_or("", |(at, _)| &shown[at..]);
        }
        let x = inside.x + used;
        let typed = paint.put((x, y), inside.width.saturating_sub(used), shown, Meaning::Text);
        paint.put((x + typed, y), 1, "_", Meaning::Focus);
    }
}
