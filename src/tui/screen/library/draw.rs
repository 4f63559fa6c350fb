//! How the library screen is laid out.

use ratatui::layout::Rect;

use crate::text::counted;
use crate::tui::app::App;
use crate::tui::backstage::{LibraryEntry, OpenRun};
use crate::tui::keymap::{Action, Context};
use crate::tui::screen::library::list::{Item, Library, file_of};
use crate::tui::screen::library::preview::{self, Became, planned};
use crate::tui::theme::{Look, Meaning};
use crate::tui::widget::keybar::{body, draw_keys, draw_status};
use crate::tui::widget::paint::{Edge, Frame, Paint, Strip};
use crate::tui::wrap::{cut, width};

/// How many cells the word on the last run takes at the most, at the right of a row.
const LAST: usize = 26;

/// From how many cells on a row tells the planned time too, and in how many.
const ROOMY: usize = 90;
const PLANNED: usize = 10;

impl Library {
    /// Draws it.
    pub fn draw(&self, app: &App, area: Rect, paint: &mut Paint<'_>) {
        paint.fill(Rect { height: 1, ..area }, Meaning::Bar);
        paint.put((area.x + 1, area.y), area.width, "piton  runbooks", Meaning::Bar);
        match &self.diff {
            Some(diff) => diff.draw(body(area, self.wrong()), paint),
            None => self.draw_panes(app, area, paint),
        }
        self.draw_bars(app, area, paint);
    }

    fn draw_panes(&self, app: &App, area: Rect, paint: &mut Paint<'_>) {
        let (list, preview) = self.panes(area);
        let edge = Edge::of(area.width);
        let is_at_list = self.preview.is_none();
        let count = self.count();
        let inside = paint.frame(list, &Frame { title: "Library", right: &count, is_focused: is_at_list, edge });
        self.draw_list(inside, paint);
        let text = edge.text(preview);
        let lines = self.preview(usize::from(text.width), app);
        let most = lines.len().saturating_sub(usize::from(text.height));
        let from = self.preview.unwrap_or(0).min(most);
        let more = format!("{}: more below", app.keymap.shown(Action::NextPane, Context::Library));
        let right = if from < most { more.as_str() } else { "" };
        paint.frame(preview, &Frame { title: "Preview", right, is_focused: !is_at_list, edge });
        paint.strips(text, &lines, from);
    }

    /// How many there are, and how many of them are shown.
    fn count(&self) -> String {
        let broken = self.entries.iter().filter(|entry| !entry.problems.is_empty()).count();
        let broken = match broken {
            0 => String::new(),
            1 => ", 1 does not load".into(),
            broken => format!(", {broken} do not load"),
        };
        let runs = match self.unlisted {
            Some(_) => "runs not known".to_owned(),
            None => format!("{} unfinished", self.open.len()),
        };
        let all = format!("{}{broken}, {runs}", counted(self.entries.len(), "runbook"));
        if self.filter.is_empty() { all } else { format!("{} of {all}", self.shown().len()) }
    }

    /// The rows of the list; what can be chosen with its place among all that is shown.
    fn rows(&self, cells: usize, look: &Look) -> Vec<(Option<usize>, Strip)> {
        let mut rows = Vec::new();
        let shown = self.shown();
        let systems = self.entries.iter().map(|entry| width(&entry.system)).max().unwrap_or(0).clamp(10, 14);
        // With room for it what stands behind the titles stands in columns; else each title takes what its row has left.
        let behind = |entry: &LibraryEntry| {
            let (last, _, mark) = self.last(entry, true, look);
            width(&last) + width(&mark)
        };
        let widest = if cells >= ROOMY { self.entries.iter().map(behind).max().unwrap_or(0) } else { 0 };
        let (mut has_runs, mut has_others, mut has_books) = (false, false, false);
        for (index, item) in shown.iter().enumerate() {
            match item {
                Item::Run(run) if run.is_misnamed => {
                    if !std::mem::replace(&mut has_others, true) {
                        rows.push((None, Strip::of("Not to be gone on with", Meaning::Title)));
                    }
                    let strip = Strip::of(format!("{}  ", run.run), Meaning::Problem)
                        .and(format!("{} its journal is that of another run", look.glyphs.failed), Meaning::Problem);
                    rows.push((Some(index), strip));
                }
                Item::Run(run) => {
                    if !std::mem::replace(&mut has_runs, true) {
                        rows.push((None, Strip::of("Go on with", Meaning::Title)));
                    }
                    let strip = Strip::of(format!("{}  ", run.run), Meaning::Current)
                        .and(format!("{}  ", run.place), Meaning::Title)
                        .and(&run.title, Meaning::Text)
                        .and(of_run(run, look), Meaning::Dim);
                    rows.push((Some(index), strip));
                }
                Item::Runbook(entry) => {
                    if !std::mem::replace(&mut has_books, true) && (has_runs || has_others) {
                        rows.push((None, Strip::of("Start", Meaning::Title)));
                    }
                    rows.push((Some(index), self.row(entry, (systems, widest), cells, look)));
                }
            }
        }
        rows
    }

    /// What the row of a runbook tells of its last run, and whether it changed since. Where it is narrow, the day of the
    /// last run is enough: the preview tells the rest.
    fn last(&self, entry: &LibraryEntry, is_roomy: bool, look: &Look) -> (String, Meaning, String) {
        let past = self.past_of(&entry.id);
        let day = |at| {
            let day = look.day(at);
            if is_roomy { day } else { day.split(' ').next().unwrap_or_default().to_owned() }
        };
        let (last, meaning) = match past.and_then(|past| past.last.as_ref()) {
            Some(last) if last.is_practice => (format!("practised {}", day(last.at)), Meaning::Dim),
            Some(last) => {
                let meaning = if last.is_well { Meaning::Done } else { Meaning::Deviation };
                (format!("{} {}", last.outcome, day(last.at)), meaning)
            }
            None => (String::new(), Meaning::Dim),
        };
        let is_changed = past.is_some_and(|past| past.is_changed);
        let mark = if is_changed { format!("{} changed ", look.glyphs.alert) } else { String::new() };
        (cut(&last, LAST, look.glyphs.cut).into_owned(), meaning, mark)
    }

    fn row(&self, entry: &LibraryEntry, (systems, widest): (usize, usize), cells: usize, look: &Look) -> Strip {
        let head = Strip::of(format!("{} ", padded(&entry.system, systems, look)), Meaning::Dim);
        if !entry.problems.is_empty() {
            let title = if entry.title.is_empty() { String::new() } else { format!("  {}", entry.title) };
            let told = format!("{} does not load: {}", look.glyphs.failed, file_of(entry));
            return head.and(told, Meaning::Problem).and(title, Meaning::Dim);
        }
        let (last, meaning, mark) = self.last(entry, cells >= ROOMY, look);
        let minutes = entry.minutes.map(planned).unwrap_or_default();
        let behind = width(&mark) + width(&last);
        // Where it is narrow the title comes first, and the planned time where there is room behind all of it.
        let needed = systems + 3 + width(&entry.title) + 2 + behind + 2 + PLANNED;
        if cells < ROOMY && needed <= cells {
            let room = cells - needed + width(&entry.title);
            return head
                .and(format!("{}  ", padded(&entry.title, room, look)), Meaning::Text)
                .and(mark, Meaning::Caution)
                .and(last, meaning)
                .and(format!("  {minutes:>PLANNED$}"), Meaning::Dim);
        }
        let planned = if cells >= ROOMY { format!("{minutes:>PLANNED$}  ") } else { String::new() };
        let gap = " ".repeat(widest.saturating_sub(behind));
        let room = cells.saturating_sub(systems + 3 + behind.max(widest) + width(&planned));
        head.and(format!("{}  ", padded(&entry.title, room, look)), Meaning::Text)
            .and(planned, Meaning::Dim)
            .and(format!("{gap}{mark}"), Meaning::Caution)
            .and(last, meaning)
    }

    /// How many rows are in view: where they do not all fit, the line below them tells how many there are.
    fn window(rows: &[(Option<usize>, Strip)], height: usize) -> usize {
        if rows.len() > height { height.saturating_sub(1) } else { height }
    }

    /// The first row that is in view, of so many.
    fn top(&self, rows: &[(Option<usize>, Strip)], height: usize) -> usize {
        let at = rows.iter().position(|(index, _)| *index == Some(self.chosen)).unwrap_or(0);
        at.saturating_sub(height / 2).min(rows.len().saturating_sub(height))
    }

    /// What stands in that row of the screen, when it can be chosen.
    pub(super) fn row_at(&self, area: Rect, y: u16) -> Option<usize> {
        let look = Look::plain();
        let rows = self.rows(usize::from(area.width), &look);
        let at = usize::from(y.checked_sub(area.y)?);
        let height = Self::window(&rows, usize::from(area.height));
        rows.get(self.top(&rows, height) + at).filter(|_| at < height).and_then(|(index, _)| *index)
    }

    fn draw_list(&self, area: Rect, paint: &mut Paint<'_>) {
        let rows = self.rows(usize::from(area.width.saturating_sub(4)), paint.look);
        if rows.is_empty() {
            let told = match (self.is_read, self.filter.is_empty()) {
                (false, _) => "reading",
                (true, true) => "no runbooks",
                (true, false) => "none of them holds that",
            };
            paint.put((area.x + 1, area.y), area.width, told, Meaning::Dim);
            return;
        }
        let height = Self::window(&rows, usize::from(area.height));
        let top = self.top(&rows, height);
        for (y, (index, strip)) in (area.y..area.bottom()).zip(rows.iter().skip(top).take(height)) {
            let indent = if index.is_some() { 3 } else { 1 };
            let place = Rect { x: area.x + indent, y, width: area.width.saturating_sub(indent + 1), height: 1 };
            if *index == Some(self.chosen) {
                paint.put((area.x + 1, y), 1, paint.look.glyphs.current, Meaning::Current);
                paint.fill(place, Meaning::Selected);
                let told: String = strip.0.iter().map(|(text, _)| text.as_str()).collect();
                paint.put((place.x, y), place.width, &told, Meaning::Selected);
            } else {
                paint.strip((place.x, y), place.width, strip);
            }
        }
        let below = rows.len().saturating_sub(top + height);
        if below > 0 {
            let line = Rect { y: area.bottom() - 1, height: 1, width: area.width.saturating_sub(1), ..area };
            paint.put_right(line, &format!("{below} more below"), Meaning::Dim);
        }
    }

    fn preview(&self, cells: usize, app: &App) -> Vec<Strip> {
        let look = &app.look;
        match self.chosen() {
            Some(Item::Runbook(entry)) => {
                let became = match (&self.unlisted, self.past_of(&entry.id)) {
                    (Some(_), _) => Became::NotKnown,
                    (None, past) => past.map_or(Became::Nothing, Became::This),
                };
                preview::of_runbook(entry, became, cells, app)
            }
            Some(Item::Run(run)) => preview::of_run(run, cells, look),
            None => Vec::new(),
        }
    }

    fn draw_bars(&self, app: &App, area: Rect, paint: &mut Paint<'_>) {
        draw_status(area, (self.wrong(), self.busy.as_deref()), self.filter.told(), paint);
        draw_keys(app, Rect { y: area.bottom() - 1, height: 1, ..area }, self.offers().iter(), paint);
    }
}

/// Where an unfinished run stands and who was last at it, as far as the row has room for that.
fn of_run(run: &OpenRun, look: &Look) -> String {
    let told = [run.step.as_str(), run.operator.as_str()].into_iter().filter(|told| !told.is_empty());
    told.map(|told| format!(" {} {told}", look.glyphs.dot)).collect()
}

/// A text of exactly so many cells.
fn padded(text: &str, cells: usize, look: &Look) -> String {
    let text = cut(text, cells, look.glyphs.cut);
    format!("{text}{}", " ".repeat(cells.saturating_sub(width(&text))))
}
