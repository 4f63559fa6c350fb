//! All runs of this machine, the latest first; one of them can be replayed.

use std::collections::HashMap;

use crossterm::event::{KeyEvent, MouseEvent, MouseEventKind};
use ratatui::layout::Rect;

use crate::tui::app::App;
use crate::tui::backstage::JournalEntry;
use crate::tui::beside::Beside;
use crate::tui::filter::Filter;
use crate::tui::keymap::{Action, Context};
use crate::tui::message::Effect;
use crate::tui::spot::Press;
use crate::tui::theme::{Look, Meaning};
use crate::tui::widget::keybar::{draw_keys, draw_status};
use crate::tui::widget::paint::{Edge, Frame, Paint, Strip};
use crate::tui::widget::step::wrapped;
use crate::tui::wrap::width;

/// From which width on all is told in the list itself.
const WIDE: u16 = 100;

/// The state of the list.
#[derive(Debug, Default)]
pub struct Journals {
    entries: Vec<JournalEntry>,
    filter: Filter,
    /// The place of the chosen one among those that are shown.
    chosen: usize,
    is_read: bool,
    busy: Option<String>,
    /// What was done last.
    told: Option<String>,
    problem: Option<String>,
}

impl Journals {
    /// Takes in the runs.
    pub fn take(&mut self, entries: Vec<JournalEntry>) {
        let before = self.chosen().map(|entry| entry.run.clone());
        (self.entries, self.is_read) = (entries, true);
        let again = before.and_then(|run| self.shown().position(|entry| entry.run == run));
        self.chosen = again.unwrap_or(self.chosen).min(self.shown().count().saturating_sub(1));
    }

    /// What lies beside the journals was looked at.
    pub fn take_besides(&mut self, besides: Vec<(String, Beside)>) {
        let mut besides: HashMap<String, Beside> = besides.into_iter().collect();
        for entry in &mut self.entries {
            entry.beside = besides.remove(&entry.run).unwrap_or_default();
        }
    }

    /// A journal was signed: what was made, or why nothing was.
    pub fn signed(&mut self, signed: Result<String, String>) {
        match signed {
            Ok(told) => (self.told, self.problem) = (Some(told), None),
            Err(why) => (self.told, self.problem) = (None, Some(why)),
        }
    }

    /// Something could not be done; why.
    pub fn refuse(&mut self, why: String) {
        self.busy = None;
        self.problem = Some(why);
    }

    /// It is on the screen again.
    #[must_use]
    pub fn again(self) -> Self {
        Self { busy: None, told: None, problem: None, ..self }
    }

    /// Where a key is looked up.
    pub fn contexts(&self) -> Vec<Context> {
        vec![if self.filter.is_typing() { Context::Filter } else { Context::Journals }]
    }

    /// Whether a character goes into the filter.
    pub fn is_typing(&self) -> bool {
        self.filter.is_typing()
    }

    /// Those that hold every word of the filter.
    fn shown(&self) -> impl Iterator<Item = &JournalEntry> {
        let words = self.filter.words();
        self.entries.iter().filter(move |entry| {
            let text = entry.text();
            words.iter().all(|word| text.contains(word))
        })
    }

    fn chosen(&self) -> Option<&JournalEntry> {
        self.shown().nth(self.chosen)
    }

    /// Takes a key.
    pub fn on(&mut self, action: Option<Action>, key: KeyEvent, size: (u16, u16)) -> Vec<Effect> {
        if self.filter.is_typing() && self.narrow(|filter| filter.take(action, key)) {
            return Vec::new();
        }
        let page = usize::from(size.1.saturating_sub(6)).max(1);
        let last = self.shown().count().saturating_sub(1);
        match action {
            Some(Action::Up) => self.chosen = self.chosen.saturating_sub(1),
            Some(Action::Down) => self.chosen = (self.chosen + 1).min(last),
            Some(Action::PageUp) => self.chosen = self.chosen.saturating_sub(page),
            Some(Action::PageDown) => self.chosen = (self.chosen + page).min(last),
            Some(Action::Filter) => self.filter.begin(),
            Some(Action::Leave) => return vec![Effect::Quit],
            Some(Action::Back) if !self.filter.is_empty() => self.narrow(Filter::clear),
            Some(Action::Back) => return vec![Effect::ReadLibrary],
            Some(Action::Act) => return self.open(),
            Some(Action::Sign) => {
                self.problem = None;
                return self.chosen().map(|entry| Effect::FindKeys(entry.run.clone().into())).into_iter().collect();
            }
            _ => {}
        }
        Vec::new()
    }

    /// Takes pasted text into the filter.
    pub fn paste(&mut self, text: &str) {
        self.narrow(|filter| filter.paste(text));
    }

    fn narrow<T>(&mut self, change: impl FnOnce(&mut Filter) -> T) -> T {
        self.chosen = 0;
        (self.problem, self.told) = (None, None);
        change(&mut self.filter)
    }

    /// Why an action does nothing at this moment; `None` when it does something.
    pub fn against(&self, action: Action) -> Option<&'static str> {
        match action {
            Action::Act | Action::Sign if self.chosen().is_none() => Some("no run is chosen"),
            Action::Act if self.busy.is_some() => Some("a journal is being read"),
            _ => None,
        }
    }

    fn open(&mut self) -> Vec<Effect> {
        let Some(entry) = self.chosen().filter(|_| self.busy.is_none()) else { return Vec::new() };
        let run = entry.run.clone();
        self.problem = None;
        self.busy = Some(format!("reading the journal of {run}"));
        vec![Effect::Replay(run)]
    }

    /// A click on the row so many from the first: it is chosen, and opened when it was chosen before.
    pub fn click(&mut self, row: usize) -> Vec<Effect> {
        if row >= self.shown().count() {
            return Vec::new();
        }
        if std::mem::replace(&mut self.chosen, row) == row { self.open() } else { Vec::new() }
    }

    /// Takes what the mouse did.
    pub fn on_mouse(&mut self, mouse: MouseEvent) {
        let last = self.shown().count().saturating_sub(1);
        match mouse.kind {
            MouseEventKind::ScrollDown => self.chosen = (self.chosen + 1).min(last),
            MouseEventKind::ScrollUp => self.chosen = self.chosen.saturating_sub(1),
            _ => {}
        }
    }

    /// Draws it.
    pub fn draw(&self, app: &App, area: Rect, paint: &mut Paint<'_>) {
        paint.fill(Rect { height: 1, ..area }, Meaning::Bar);
        paint.put((area.x + 1, area.y), area.width, "piton  journals", Meaning::Bar);
        let body = Rect { y: area.y + 1, height: area.height - 3, ..area };
        let low = (body.height * 35 / 100).clamp(6, 12);
        let list = Rect { height: body.height - low, ..body };
        let edge = if area.width >= WIDE { Edge::Whole } else { Edge::Top };
        let (shown, all) = (self.shown().count(), self.entries.len());
        let noun = if all == 1 { "run" } else { "runs" };
        let right = if self.filter.is_empty() { format!("{all} {noun}") } else { format!("{shown} of {all} {noun}") };
        let inside = paint.frame(list, &Frame { title: "Journals", right: &right, is_focused: true, edge });
        self.draw_list(inside, paint);
        let preview = Rect { y: list.bottom(), height: low, ..body };
        let inside = paint.frame(preview, &Frame { title: "Run", right: "", is_focused: false, edge });
        let text = Rect { x: inside.x + 1, width: inside.width.saturating_sub(2), ..inside };
        let lines = self.chosen().map(|entry| preview_of(entry, usize::from(text.width), paint.look));
        paint.strips(text, &lines.unwrap_or_default(), 0);
        self.draw_bars(app, area, paint);
    }

    fn draw_list(&self, area: Rect, paint: &mut Paint<'_>) {
        let shown: Vec<_> = self.shown().collect();
        if shown.is_empty() {
            let told = match (self.is_read, self.entries.is_empty()) {
                (false, _) => "reading",
                (true, true) => "no runs yet",
                (true, false) => "none of them holds that",
            };
            paint.put((area.x + 1, area.y), area.width, told, Meaning::Dim);
            return;
        }
        let names = shown.iter().map(|entry| width(&entry.run)).max().unwrap_or(0).min(34);
        let words = shown.iter().map(|entry| width(&entry.outcome)).max().unwrap_or(0).min(26);
        // A letter for signatures, one for reviews, and a blank; where nothing was signed or reviewed it takes no room.
        let marks = if self.entries.iter().all(|entry| entry.beside.is_empty()) { 0 } else { 3 };
        let height = usize::from(area.height);
        let top = self.chosen.saturating_sub(height / 2).min(shown.len().saturating_sub(height));
        for (y, (index, entry)) in (area.y..area.bottom()).zip(shown.iter().enumerate().skip(top)) {
            let place = Rect { x: area.x + 3 + marks, y, width: area.width.saturating_sub(4 + marks), height: 1 };
            for (x, (letter, meaning)) in (area.x + 3..area.x + 3 + marks).zip(entry.beside.letters()) {
                paint.put((x, y), 1, letter, meaning);
            }
            paint.spot(Rect { x: area.x, width: area.width, ..place }, Press::Row(index));
            let strip = row(entry, (names, words), area.width >= WIDE, paint.look);
            if index == self.chosen {
                paint.put((area.x + 1, y), 1, paint.look.glyphs.current, Meaning::Current);
                paint.fill(place, Meaning::Selected);
                let told: String = strip.0.iter().map(|(text, _)| text.as_str()).collect();
                paint.put((place.x, y), place.width, &told, Meaning::Selected);
            } else {
                paint.strip((place.x, y), place.width, &strip);
            }
        }
    }

    fn draw_bars(&self, app: &App, area: Rect, paint: &mut Paint<'_>) {
        draw_status(
            area,
            (self.problem.as_deref(), self.busy.as_deref().or(self.told.as_deref())),
            self.filter.told(),
            paint,
        );
        let bar = Rect { y: area.bottom() - 1, height: 1, ..area };
        let typing = [(Action::Act, Context::Filter, "keep"), (Action::Back, Context::Filter, "show all")];
        let listed = [
            (Action::Act, Context::Journals, "replay"),
            (Action::Filter, Context::Journals, "filter"),
            (Action::Sign, Context::Journals, "sign"),
            (Action::Help, Context::Everywhere, "help"),
            (Action::Back, Context::Journals, if self.filter.is_empty() { "library" } else { "show all" }),
            (Action::Leave, Context::Journals, "leave"),
        ];
        draw_keys(app, bar, if self.filter.is_typing() { typing.iter() } else { listed.iter() }, paint);
    }
}

/// `1 deviation`, `3 deviations`.
fn counted(count: u32, noun: &str) -> String {
    format!("{count} {noun}{}", if count == 1 { "" } else { "s" })
}

/// How the outcome looks: only a run that is done without a deviation is green, and only while its journal is whole.
fn meaning(entry: &JournalEntry) -> Meaning {
    match (entry.is_damaged, entry.is_closed, entry.deviations) {
        (true, ..) => Meaning::Failed,
        (_, false, _) => Meaning::Current,
        (_, true, 0) if entry.outcome == "completed" => Meaning::Done,
        _ => Meaning::Deviation,
    }
}

fn row(entry: &JournalEntry, (names, words): (usize, usize), is_wide: bool, look: &Look) -> Strip {
    let padded = |text: &str, cells: usize| format!("{text}{}", " ".repeat(cells.saturating_sub(width(text))));
    let deviations = if entry.deviations == 0 { String::new() } else { format!("{} dev.", entry.deviations) };
    let place = if entry.is_practice { Meaning::Practice } else { Meaning::Title };
    let strip = Strip::of(format!("{}  ", padded(&entry.run, names)), Meaning::Text)
        .and(format!("{}  ", padded(&entry.outcome, words)), meaning(entry));
    if !is_wide {
        // The rest stands below for the chosen one.
        return strip.and(entry.place.clone(), place);
    }
    strip
        .and(format!("{}  ", padded(&deviations, 7)), Meaning::Deviation)
        .and(entry.place.clone(), place)
        .and(" ".repeat(18_usize.saturating_sub(width(&entry.place)) + 2), Meaning::Text)
        .and(entry.opened.map(|at| look.day(at)).unwrap_or_default(), Meaning::Dim)
        .and(format!("  {}  {}", padded(&entry.lasted, 8), entry.operator), Meaning::Dim)
}

fn preview_of(entry: &JournalEntry, cells: usize, look: &Look) -> Vec<Strip> {
    let dot = format!(" {} ", look.glyphs.dot);
    let mut lines = wrapped(&entry.title, cells, Meaning::Title);
    lines.extend(wrapped(&format!("{}{dot}{}", entry.run, entry.place), cells, Meaning::Text));
    let opened = entry.opened.map(|at| format!("opened {at}, here {}", look.day(at)));
    let facts: Vec<String> = [opened, Some(format!("lasted {}", entry.lasted)), Some(entry.operator.clone())]
        .into_iter()
        .flatten()
        .filter(|fact| !fact.is_empty())
        .collect();
    lines.extend(wrapped(&facts.join(&dot), cells, Meaning::Dim));
    let counts = [
        entry.outcome.clone(),
        counted(entry.deviations, "deviation"),
        counted(entry.sittings, "sitting"),
        format!("{} records", entry.records),
    ];
    lines.extend(wrapped(&counts.join(&dot), cells, meaning(entry)));
    let whole = if entry.is_damaged { Meaning::Failed } else { Meaning::Dim };
    let journal = format!("journal: {}", entry.integrity);
    let words = entry.beside.words(entry.records, false);
    if words.is_empty() {
        lines.extend(wrapped(&journal, cells, whole));
        return lines;
    }
    // The letters of the list, and what they stand for.
    let [signed, reviewed] = entry.beside.letters().map(|(letter, _)| letter);
    let told = Strip::of(journal, whole).and(format!("{dot}{signed}{reviewed}: "), Meaning::Dim);
    let between = |at: usize| if at > 0 { dot.as_str() } else { "" };
    lines.push(
        words
            .into_iter()
            .enumerate()
            .fold(told, |told, (at, (word, meaning))| told.and(between(at), Meaning::Dim).and(word, meaning)),
    );
    lines
}
