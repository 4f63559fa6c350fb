//! The debrief of a practice run that was closed: a page that scrolls.

use ratatui::layout::Rect;

use crate::debrief::{Debrief, Line, Tone, lines};
use crate::engine::Leaving;
use crate::text::clean_line;
use crate::tui::app::App;
use crate::tui::keymap::{Action, Context};
use crate::tui::message::Effect;
use crate::tui::screen::run::Run;
use crate::tui::theme::Meaning;
use crate::tui::widget::paint::{Edge, Frame, Paint, Strip};
use crate::tui::widget::step::wrapped;
use crate::tui::wrap::wrap;

/// The screen.
pub struct DebriefScreen {
    /// The run that was closed: its sitting is still open.
    pub run: Box<Run>,
    debrief: Debrief,
    scroll: usize,
}

impl DebriefScreen {
    /// Shows that debrief over that run.
    pub fn new(run: Box<Run>, debrief: Debrief) -> Self {
        Self { run, debrief, scroll: 0 }
    }

    /// What a key asks for.
    pub fn on(&mut self, action: Option<Action>, size: (u16, u16)) -> Vec<Effect> {
        let page = usize::from(size.1.saturating_sub(6)).max(1);
        let last = self.strips(usize::from(size.0.saturating_sub(4)), "·").len().saturating_sub(page);
        match action {
            Some(Action::Down) => self.scroll = (self.scroll + 1).min(last),
            Some(Action::Up) => self.scroll = self.scroll.saturating_sub(1),
            Some(Action::PageDown) => self.scroll = (self.scroll + page).min(last),
            Some(Action::PageUp) => self.scroll = self.scroll.saturating_sub(page),
            Some(Action::Sign) => return vec![Effect::FindKeys(self.run.folder.clone())],
            Some(Action::Leave | Action::Back | Action::Act) => return vec![Effect::Leave(Leaving::Left)],
            _ => {}
        }
        Vec::new()
    }

    /// Draws it.
    pub fn draw(&self, app: &App, area: Rect, paint: &mut Paint<'_>) {
        let [bar, page, keys] = [
            Rect { height: 1, ..area },
            Rect { y: area.y + 1, height: area.height - 2, ..area },
            Rect { y: area.bottom() - 1, height: 1, ..area },
        ];
        paint.fill(bar, Meaning::Bar);
        let used = 1 + paint.put((bar.x + 1, bar.y), bar.width, "piton ", Meaning::Key);
        let title = format!("{} {} {}", self.debrief.title, paint.look.glyphs.dot, self.debrief.run);
        let room = bar.width.saturating_sub(used + 12);
        paint.put((bar.x + used, bar.y), room, &title, Meaning::Bar);
        paint.put_right(Rect { width: bar.width - 1, ..bar }, "PRACTICE", Meaning::Key);
        let strips = self.strips(usize::from(page.width.saturating_sub(4)), paint.look.glyphs.dot);
        let shown = usize::from(page.height.saturating_sub(2));
        let from = self.scroll.min(strips.len().saturating_sub(shown));
        let right = match strips.len() > shown {
            true => format!("{}-{} of {}", from + 1, (from + shown).min(strips.len()), strips.len()),
            false => String::new(),
        };
        let frame = Frame { title: "Debrief", right: &right, edge: Edge::Whole, is_focused: true };
        let inside = paint.frame(page, &frame);
        let inside = Rect { x: inside.x + 1, width: inside.width.saturating_sub(2), ..inside };
        paint.strips(inside, &strips, from);
        paint.fill(keys, Meaning::Bar);
        let mut x = keys.x + 1;
        for (action, word) in
            [(Action::Down, "down"), (Action::PageDown, "page"), (Action::Sign, "sign"), (Action::Act, "leave")]
        {
            let key = app.keymap.shown(action, Context::Debrief);
            let room = keys.right().saturating_sub(x);
            x += paint.offer((x, keys.y), room, (&key, word), (Meaning::Key, Meaning::Bar)) + 3;
        }
    }

    /// The lines, with that sign between short facts.
    fn strips(&self, cells: usize, dot: &str) -> Vec<Strip> {
        let mut strips: Vec<Strip> = Vec::new();
        if let Some(signed) = &self.run.signed {
            let (told, meaning) = match signed {
                Ok(told) => (told, Meaning::Ok),
                Err(why) => (why, Meaning::Problem),
            };
            strips.extend(wrapped(told, cells, meaning));
        }
        for Line { tone, indent, text } in lines(&self.debrief) {
            if tone == Tone::Head {
                strips.push(Strip::default());
            }
            let meaning = match tone {
                Tone::Head => Meaning::Title,
                Tone::Good => Meaning::Ok,
                Tone::Bad => Meaning::Bad,
                Tone::Plain => Meaning::Text,
                Tone::Quiet => Meaning::Dim,
            };
            let margin = " ".repeat(indent);
            let wrapped = wrap(&clean_line(&text.replace('·', dot)), cells.saturating_sub(indent).max(1));
            strips.extend(wrapped.into_iter().map(|line| Strip::of(format!("{margin}{line}"), meaning)));
        }
        strips
    }
}
