//! The library: unfinished runs first, then the runbooks, with a preview of the one under the cursor.

use crossterm::event::{MouseEvent, MouseEventKind};
use ratatui::layout::Rect;

use crate::tui::app::App;
use crate::tui::backstage::{LibraryEntry, OpenRun};
use crate::tui::keymap::{Action, Context};
use crate::tui::message::Effect;
use crate::tui::theme::{Look, Meaning};
use crate::tui::widget::paint::{Edge, Frame, Paint, Strip};
use crate::tui::widget::step::wrapped;
use crate::tui::wrap::width;

/// The state of the library screen.
#[derive(Debug, Default)]
pub struct Library {
    entries: Vec<LibraryEntry>,
    open: Vec<OpenRun>,
    chosen: usize,
    is_read: bool,
    /// It was seen at a glance only, and nobody checks it yet.
    is_to_check: bool,
    busy: Option<String>,
    problem: Option<String>,
}

/// What is under the cursor.
enum Chosen<'a> {
    Run(&'a OpenRun),
    Runbook(&'a LibraryEntry),
}

impl Library {
    /// Takes in what can be told at a glance, and the runs that can be gone on with.
    pub fn glance(&mut self, entries: Vec<LibraryEntry>, open: Vec<OpenRun>) {
        self.open = open;
        self.is_to_check = true;
        self.take(entries);
    }

    /// Takes in the runbooks, checked.
    pub fn take(&mut self, entries: Vec<LibraryEntry>) {
        (self.entries, self.is_read) = (entries, true);
        self.chosen = self.chosen.min(self.len().saturating_sub(1));
    }

    /// It is on the screen: what takes longer may begin.
    pub fn was_shown(&mut self) -> Vec<Effect> {
        if std::mem::take(&mut self.is_to_check) { vec![Effect::CheckLibrary] } else { Vec::new() }
    }

    /// Something could not be done; why.
    pub fn refuse(&mut self, why: String) {
        self.busy = None;
        self.problem = Some(why);
    }

    fn len(&self) -> usize {
        self.open.len() + self.entries.len()
    }

    fn chosen(&self) -> Option<Chosen<'_>> {
        match self.chosen.checked_sub(self.open.len()) {
            None => self.open.get(self.chosen).map(Chosen::Run),
            Some(at) => self.entries.get(at).map(Chosen::Runbook),
        }
    }

    /// Does what an action asks for.
    pub fn on(&mut self, action: Action, size: (u16, u16)) -> Vec<Effect> {
        let page = usize::from(size.1.saturating_sub(6)).max(1);
        let last = self.len().saturating_sub(1);
        match action {
            Action::Up => self.chosen = self.chosen.saturating_sub(1),
            Action::Down => self.chosen = (self.chosen + 1).min(last),
            Action::PageUp => self.chosen = self.chosen.saturating_sub(page),
            Action::PageDown => self.chosen = (self.chosen + page).min(last),
            Action::Leave => return vec![Effect::Quit],
            Action::Journals => return vec![Effect::ReadJournals],
            Action::Act | Action::Practice => return self.open(action == Action::Practice),
            _ => {}
        }
        Vec::new()
    }

    /// Why an action does nothing at this moment; `None` when it does something.
    pub fn against(&self, action: Action) -> Option<&'static str> {
        match (action, self.chosen()) {
            (Action::Act | Action::Practice, None) => Some("nothing is chosen"),
            (Action::Act | Action::Practice, _) if self.busy.is_some() => Some("something is being opened"),
            (Action::Practice, Some(Chosen::Runbook(entry))) if !entry.has_practice => {
                Some("there is no simulated cluster for this runbook")
            }
            (Action::Practice, Some(Chosen::Run(_))) => Some("an unfinished run is chosen, not a runbook"),
            (Action::Act | Action::Practice, Some(Chosen::Runbook(entry))) if !entry.problems.is_empty() => {
                Some("this runbook has errors")
            }
            _ => None,
        }
    }

    fn open(&mut self, is_practice: bool) -> Vec<Effect> {
        if self.busy.is_some() {
            return Vec::new();
        }
        let (busy, effect) = match self.chosen() {
            Some(Chosen::Run(_)) if is_practice => return Vec::new(),
            Some(Chosen::Run(run)) => (format!("resuming {}", run.run), Effect::Resume(run.run.clone())),
            Some(Chosen::Runbook(entry)) => {
                let problem = match entry.problems.first() {
                    Some(problem) => Some(problem.clone()),
                    None if is_practice && !entry.has_practice => {
                        Some("no simulated cluster of this version can stand in for what it needs".to_owned())
                    }
                    None => None,
                };
                if problem.is_some() {
                    self.problem = problem;
                    return Vec::new();
                }
                let runbook = entry.id.clone();
                (format!("reading {}", entry.title), Effect::SetUp { runbook, is_practice })
            }
            None => return Vec::new(),
        };
        self.problem = None;
        self.busy = Some(busy);
        vec![effect]
    }

    /// Takes what the mouse did.
    pub fn on_mouse(&mut self, mouse: MouseEvent, size: (u16, u16)) {
        match mouse.kind {
            MouseEventKind::ScrollDown => drop(self.on(Action::Down, size)),
            MouseEventKind::ScrollUp => drop(self.on(Action::Up, size)),
            _ => {}
        }
    }

    /// Draws it.
    pub fn draw(&self, app: &App, area: Rect, paint: &mut Paint<'_>) {
        let top = Rect { height: 1, ..area };
        paint.fill(top, Meaning::Bar);
        paint.put((area.x + 1, area.y), area.width, "piton  runbooks", Meaning::Bar);
        self.draw_bars(app, area, paint);
        let body = Rect { y: area.y + 1, height: area.height - 3, ..area };
        let is_wide = area.width >= 100;
        let (list, preview) = if is_wide {
            let left = body.width * 45 / 100;
            (Rect { width: left, ..body }, Rect { x: body.x + left, width: body.width - left, ..body })
        } else {
            let low = body.height * 45 / 100;
            (Rect { height: body.height - low, ..body }, Rect { y: body.bottom() - low, height: low, ..body })
        };
        let edge = if is_wide { Edge::Whole } else { Edge::Top };
        let noun = if self.entries.len() == 1 { "runbook" } else { "runbooks" };
        let count = format!("{} {noun}, {} unfinished", self.entries.len(), self.open.len());
        let inside = paint.frame(list, &Frame { title: "Library", right: &count, is_focused: true, edge });
        self.draw_list(inside, paint);
        let inside = paint.frame(preview, &Frame { title: "Preview", right: "", is_focused: false, edge });
        let lines = self.preview(usize::from(inside.width.saturating_sub(2)), paint.look);
        paint.strips(Rect { x: inside.x + 1, width: inside.width.saturating_sub(2), ..inside }, &lines, 0);
    }

    fn draw_list(&self, area: Rect, paint: &mut Paint<'_>) {
        if self.len() == 0 {
            let told = if self.is_read { "no runbooks" } else { "reading" };
            paint.put((area.x + 1, area.y), area.width, told, Meaning::Dim);
            return;
        }
        let mut rows: Vec<(Option<usize>, Strip)> = Vec::new();
        if !self.open.is_empty() {
            rows.push((None, Strip::of("Go on with", Meaning::Title)));
            for (index, run) in self.open.iter().enumerate() {
                let strip = Strip::of(format!("{}  ", run.run), Meaning::Current)
                    .and(format!("{}  ", run.place), Meaning::Title)
                    .and(&run.title, Meaning::Text);
                rows.push((Some(index), strip));
            }
            rows.push((None, Strip::of("Start", Meaning::Title)));
        }
        let column = self.entries.iter().map(|entry| width(&entry.system)).max().unwrap_or(0).clamp(10, 20);
        for (index, entry) in self.entries.iter().enumerate() {
            let is_whole = entry.problems.is_empty();
            let sign = if is_whole { "" } else { paint.look.glyphs.failed };
            let meaning = if is_whole { Meaning::Text } else { Meaning::Problem };
            let strip = Strip::of(format!("{:<column$} ", entry.system), Meaning::Dim)
                .and(format!("{sign}{}{}", if is_whole { "" } else { " does not load: " }, entry.title), meaning);
            rows.push((Some(self.open.len() + index), strip));
        }
        let at = rows.iter().position(|(index, _)| *index == Some(self.chosen)).unwrap_or(0);
        let height = usize::from(area.height);
        let top = at.saturating_sub(height / 2).min(rows.len().saturating_sub(height));
        for (y, (index, strip)) in (area.y..area.bottom()).zip(rows.iter().skip(top)) {
            let row = Rect { y, height: 1, ..area };
            let indent = if index.is_some() { 3 } else { 1 };
            let place = Rect { x: row.x + indent, width: row.width.saturating_sub(indent + 1), ..row };
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
            let told = format!(" {below} more below");
            let cells = u16::try_from(told.len()).unwrap_or(0).min(area.width);
            paint.put((area.right() - cells, area.bottom() - 1), cells, &told, Meaning::Dim);
        }
    }

    fn preview(&self, cells: usize, look: &Look) -> Vec<Strip> {
        let mut lines = Vec::new();
        match self.chosen() {
            Some(Chosen::Runbook(entry)) => {
                lines.extend(wrapped(&entry.title, cells, Meaning::Title));
                let minutes = entry.minutes.map(|minutes| format!(" {} {minutes} min planned", look.glyphs.dot));
                let facts = format!("{} r{}{}", entry.id, entry.revision, minutes.unwrap_or_default());
                lines.extend(wrapped(&facts, cells, Meaning::Dim));
                lines.push(Strip::default());
                lines.extend(wrapped(&entry.summary, cells, Meaning::Text));
                for problem in &entry.problems {
                    lines.push(Strip::default());
                    lines.extend(wrapped(problem, cells, Meaning::Problem));
                }
                lines.push(Strip::default());
                lines.extend(wrapped(&format!("from {}", entry.origin), cells, Meaning::Dim));
                let practice = if entry.has_practice { "can be practised against a simulated cluster" } else { "" };
                lines.extend(wrapped(practice, cells, Meaning::Dim));
            }
            Some(Chosen::Run(run)) => {
                lines.extend(wrapped(&run.title, cells, Meaning::Title));
                lines.extend(wrapped(&run.run, cells, Meaning::Current));
                lines.extend(wrapped(&run.place, cells, Meaning::Title));
                lines.push(Strip::default());
                lines.extend(wrapped(&run.standing, cells, Meaning::Text));
                let last = format!("last record {}, here {}", run.last, look.clock(run.last));
                lines.extend(wrapped(&last, cells, Meaning::Dim));
            }
            None => {}
        }
        lines
    }

    fn draw_bars(&self, app: &App, area: Rect, paint: &mut Paint<'_>) {
        let status = area.bottom() - 2;
        if let Some(problem) = &self.problem {
            let told = format!("{} {}", paint.look.glyphs.alert, problem.lines().next().unwrap_or_default());
            paint.put((area.x + 1, status), area.width - 2, &told, Meaning::Problem);
        } else if let Some(busy) = &self.busy {
            paint.put((area.x + 1, status), area.width - 2, busy, Meaning::Current);
        }
        let bar = Rect { y: area.bottom() - 1, height: 1, ..area };
        let keys: &[(Action, Context, &str)] = match self.chosen() {
            Some(Chosen::Run(_)) => &[(Action::Act, Context::Library, "go on")],
            Some(Chosen::Runbook(entry)) if entry.has_practice => {
                &[(Action::Act, Context::Library, "set up"), (Action::Practice, Context::Library, "practise")]
            }
            _ => &[(Action::Act, Context::Library, "set up")],
        };
        let rest = [
            (Action::Journals, Context::Library, "journals"),
            (Action::Help, Context::Everywhere, "help"),
            (Action::Leave, Context::Library, "leave"),
        ];
        draw_keys(app, bar, keys.iter().chain(&rest), paint);
    }
}

/// Draws an action bar of these actions.
pub fn draw_keys<'a>(
    app: &App,
    bar: Rect,
    keys: impl Iterator<Item = &'a (Action, Context, &'a str)>,
    paint: &mut Paint<'_>,
) {
    paint.fill(bar, Meaning::Bar);
    let mut x = bar.x + 1;
    for (action, context, word) in keys {
        let room = bar.right().saturating_sub(x);
        x += paint.put((x, bar.y), room, &app.keymap.shown(*action, *context), Meaning::Key) + 1;
        x += paint.put((x, bar.y), bar.right().saturating_sub(x), word, Meaning::Bar) + 3;
    }
}
