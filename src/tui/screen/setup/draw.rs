//! How the set-up is laid out.

use ratatui::layout::Rect;

use crate::session::preflight::{Preflight, name_to_type};
use crate::tui::app::App;
use crate::tui::keymap::{Action, Context};
use crate::tui::screen::setup::state::{SetUp, Stage};
use crate::tui::theme::Meaning;
use crate::tui::widget::dialog::draw_field;
use crate::tui::widget::keybar::{body, draw_keys, draw_status};
use crate::tui::widget::paint::{Edge, Frame, Paint, Strip};
use crate::tui::widget::step::wrapped;

impl SetUp {
    /// Draws it.
    pub fn draw(&self, app: &App, area: Rect, paint: &mut Paint<'_>) {
        let size = (area.width, area.height);
        self.draw_header(area, paint);
        let problem = self.problem(&app.keymap);
        let body = body(area, problem.as_deref());
        let edge = Edge::of(area.width);
        let title = match self.stage {
            Stage::Site => "Set up a live run: the site",
            Stage::Form => "Set up a live run: its inputs",
            Stage::Before => "Before the start",
            Stage::Confirm => "Start",
        };
        let inside = Self::inside(size, problem.as_deref());
        let (lines, from) = match self.stage {
            Stage::Before | Stage::Confirm => {
                let lines = self.before.lines(&self.questions, usize::from(inside.width), paint.look);
                let most = lines.len().saturating_sub(usize::from(inside.height));
                (lines, self.before.from.min(most))
            }
            _ => (Vec::new(), 0),
        };
        let is_cut = from + usize::from(inside.height) < lines.len();
        let right = if is_cut { "more below" } else { "" };
        paint.frame(body, &Frame { title, right, is_focused: true, edge });
        match self.stage {
            Stage::Site => {
                let key = format!("{}: ", app.keymap.shown(Action::PageDown, Context::Sites));
                self.sites.draw(&self.questions, inside, (self.told_from, &key), paint);
            }
            Stage::Form => self.form.draw(&self.questions, inside, &app.keymap, paint),
            Stage::Before => paint.strips(inside, &lines, from),
            Stage::Confirm => {
                paint.strips(inside, &lines, from);
                self.draw_confirm(body, paint);
            }
        }
        draw_status(area, (problem.as_deref(), self.busy.as_deref()), None, paint);
        draw_keys(app, Rect { y: area.bottom() - 1, height: 1, ..area }, self.offers().iter(), paint);
    }

    fn draw_header(&self, area: Rect, paint: &mut Paint<'_>) {
        paint.fill(Rect { height: 1, ..area }, Meaning::Bar);
        let mut x = area.x + 1;
        let room = area.width / 2;
        x += paint.put((x, area.y), room, &format!("piton {}", self.questions.title), Meaning::Bar) + 2;
        match &self.questions.site {
            None => {
                let style = paint.look.theme.environment("red");
                paint.put_styled((x, area.y), area.right().saturating_sub(x), " LIVE ", style);
            }
            Some(site) => {
                let style = paint.look.theme.environment(&site.colour);
                let left = area.right().saturating_sub(x);
                x += paint.put_styled((x, area.y), left, &format!(" {} ", site.environment), style) + 1;
                paint.put((x, area.y), area.right().saturating_sub(x), &site.name, Meaning::Bar);
            }
        }
    }

    fn draw_confirm(&self, body: Rect, paint: &mut Paint<'_>) {
        let expected = name_to_type(self.questions.site.as_ref());
        let wide = body.width.min(72);
        let cells = usize::from(wide.saturating_sub(4));
        let mut lines = wrapped("This starts a live run: what runs, runs on real systems.", cells, Meaning::Warning);
        if let Some(site) = &self.questions.site {
            lines.extend(wrapped(
                &format!("Site {}, environment {}.", site.name, site.environment),
                cells,
                Meaning::Text,
            ));
        }
        let looks = self.before.found.as_ref().map_or(0, Preflight::to_look_at);
        if looks > 0 {
            let noun = if looks == 1 { "finding that was" } else { "findings that were" };
            let told = format!("A note will tell of {looks} {noun} to be looked at.");
            lines.extend(wrapped(&told, cells, Meaning::Deviation));
        }
        lines.push(Strip::default());
        lines.push(
            Strip::of("Type ", Meaning::Title).and(expected, Meaning::Warning).and(" to start it.", Meaning::Title),
        );
        let problem =
            self.typed.problem.as_deref().map(|why| wrapped(why, cells, Meaning::Problem)).unwrap_or_default();
        let most = usize::from(body.height.saturating_sub(5)).saturating_sub(problem.len());
        // The question stands last and must be seen.
        let skip = lines.len().saturating_sub(most);
        let lines: Vec<Strip> = lines.into_iter().skip(skip).collect();
        let rows = u16::try_from(lines.len() + problem.len().max(1)).unwrap_or(0);
        let height = (rows + 3).min(body.height);
        let place = Rect::new(body.x + (body.width - wide) / 2, body.y + (body.height - height) / 2, wide, height);
        let around = Rect { x: place.x.saturating_sub(1), width: place.width + 2, ..place };
        paint.fill(around.intersection(body), Meaning::Text);
        let frame = Frame { title: "Which environment is this?", right: "", is_focused: true, edge: Edge::Whole };
        let inside = paint.frame(place, &frame);
        let inside = Rect { x: inside.x + 1, width: inside.width.saturating_sub(2), ..inside };
        paint.strips(inside, &lines, 0);
        let y = inside.y + u16::try_from(lines.len()).unwrap_or(0);
        paint.put((inside.x, y), 2, "> ", Meaning::Focus);
        let field = Rect { x: inside.x + 2, y, width: inside.width.saturating_sub(2), height: 1 };
        draw_field(&self.typed, field.intersection(paint.buffer.area), paint);
        paint.strips(Rect { y: y + 1, height: inside.bottom().saturating_sub(y + 1), ..inside }, &problem, 0);
    }
}
