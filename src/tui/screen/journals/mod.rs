//! All runs of this machine, the latest first; one of them can be replayed.

mod columns;

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use crossterm::event::{KeyEvent, MouseEvent, MouseEventKind};
use ratatui::layout::Rect;

use crate::text::counted;
use crate::tui::app::App;
use crate::tui::backstage::{JournalEntry, RecordFound};
use crate::tui::beside::Beside;
use crate::tui::filter::Filter;
use crate::tui::keymap::{Action, Context};
use crate::tui::message::Effect;
use crate::tui::screen::journals::columns::{Columns, Widest};
use crate::tui::spot::Press;
use crate::tui::tell;
use crate::tui::theme::{Look, Meaning};
use crate::tui::widget::keybar::{draw_keys, draw_status};
use crate::tui::widget::paint::{Edge, Frame, Paint, Strip};
use crate::tui::widget::step::wrapped;
use crate::tui::wrap::width;

/// From how many characters on the records are searched, too.
const LEAST_SEARCHED: usize = 2;

/// The state of the list.
#[derive(Debug, Default)]
pub struct Journals {
    entries: Vec<JournalEntry>,
    /// What a filter looks at of each of them.
    texts: Vec<String>,
    /// The places of those that are shown: what is listed of them holds every word of the filter, or a record does.
    shown: Vec<usize>,
    /// How wide what is told of them is.
    widest: Widest,
    filter: Filter,
    /// The words that are looked for in the records.
    searched: String,
    is_searching: bool,
    /// The record of each run that holds these words, by the run's name.
    hits: HashMap<String, RecordFound>,
    /// The place of the chosen one among those that are shown.
    chosen: usize,
    is_read: bool,
    /// Why they cannot be listed.
    unlisted: Option<String>,
    /// How far the reading of the runs is.
    far: Option<String>,
    /// The run whose journal is being read, and how far that is.
    busy: Option<(String, String)>,
    /// What was done last.
    told: Option<String>,
    problem: Option<String>,
}

impl Journals {
    /// Takes in some of the runs while the others are still being read, which were so many before. They come as they are
    /// read, and stand where they will stand.
    pub fn take_some(&mut self, first: usize, entries: Vec<JournalEntry>, all: usize, took: Duration) {
        if self.is_read || first > self.entries.len() {
            return;
        }
        let before = self.chosen().map(|entry| entry.run.clone());
        let done = first + entries.len();
        // What was listed before stays until all are read again.
        let again: HashSet<&str> = entries.iter().map(|entry| entry.run.as_str()).collect();
        let known = std::mem::take(&mut self.entries).into_iter().zip(std::mem::take(&mut self.texts));
        let mut known: Vec<_> = known.filter(|(entry, _)| !again.contains(entry.run.as_str())).collect();
        known.extend(entries.into_iter().map(|entry| {
            let text = entry.text();
            (entry, text)
        }));
        known.sort_by(|(one, _), (other, _)| (other.opened, &other.run).cmp(&(one.opened, &one.run)));
        (self.entries, self.texts) = known.into_iter().unzip();
        self.far = Some(tell::far(done as u64, all as u64, took, |rate| format!("{rate} runs")));
        self.show(before);
    }

    /// Takes in the runs.
    pub fn take(&mut self, entries: Vec<JournalEntry>) -> Vec<Effect> {
        let before = self.chosen().map(|entry| entry.run.clone());
        self.far = None;
        self.texts = entries.iter().map(JournalEntry::text).collect();
        (self.entries, self.is_read, self.unlisted) = (entries, true, None);
        self.show(before);
        self.searched.clear();
        self.search()
    }

    /// Takes in why the runs cannot be listed.
    pub fn take_unlisted(&mut self, why: String) {
        (self.far, self.is_read) = (None, true);
        self.unlisted = Some(why);
    }

    /// Takes in runs with records that hold what is looked for.
    pub fn found(&mut self, words: &str, found: Vec<RecordFound>, is_done: bool) {
        if words != self.searched {
            return;
        }
        self.is_searching = !is_done;
        let before = self.chosen().map(|entry| entry.run.clone());
        self.hits.extend(found.into_iter().map(|found| (found.run.clone(), found)));
        self.show(before);
    }

    /// Finds out which runs are shown; the one of that name stays chosen.
    fn show(&mut self, chosen: Option<String>) {
        let words = self.filter.words();
        let is_shown = |(entry, text): (&JournalEntry, &String)| {
            words.iter().all(|word| text.contains(word.as_str())) || self.hits.contains_key(&entry.run)
        };
        let all = self.entries.iter().zip(&self.texts).enumerate();
        self.shown = all.filter(|(_, pair)| is_shown(*pair)).map(|(at, _)| at).collect();
        self.widest = Widest::of(self.shown.iter().map(|at| &self.entries[*at]));
        let again = chosen.and_then(|run| self.shown.iter().position(|at| self.entries[*at].run == run));
        self.chosen = again.unwrap_or(self.chosen).min(self.shown.len().saturating_sub(1));
    }

    /// Looks for the words of the filter in the records, when they are others than before.
    fn search(&mut self) -> Vec<Effect> {
        let words = self.filter.words().join(" ");
        // One letter stands in nearly every record.
        let words = if words.chars().count() < LEAST_SEARCHED { String::new() } else { words };
        if words == self.searched || !self.is_read {
            return Vec::new();
        }
        self.searched.clone_from(&words);
        self.is_searching = !words.is_empty();
        if !self.hits.is_empty() {
            self.hits.clear();
            self.show(None);
        }
        vec![Effect::Search(words)]
    }

    /// What lies beside the journals was looked at.
    pub fn take_besides(&mut self, besides: Vec<(String, Beside)>) {
        let mut besides: HashMap<String, Beside> = besides.into_iter().collect();
        for entry in &mut self.entries {
            entry.beside = besides.remove(&entry.run).unwrap_or_default();
        }
        let before = self.chosen().map(|entry| entry.run.clone());
        self.texts = self.entries.iter().map(JournalEntry::text).collect();
        self.show(before);
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

    fn chosen(&self) -> Option<&JournalEntry> {
        self.entries.get(*self.shown.get(self.chosen)?)
    }

    /// Takes a key.
    pub fn on(&mut self, action: Option<Action>, key: KeyEvent, size: (u16, u16)) -> Vec<Effect> {
        if self.filter.is_typing() {
            let (is_taken, effects) = self.narrow(|filter| filter.take(action, key));
            if is_taken {
                return effects;
            }
        }
        let page = usize::from(size.1.saturating_sub(6)).max(1);
        let last = self.shown.len().saturating_sub(1);
        match action {
            Some(Action::Up) => self.choose(self.chosen.saturating_sub(1)),
            Some(Action::Down) => self.choose((self.chosen + 1).min(last)),
            Some(Action::PageUp) => self.choose(self.chosen.saturating_sub(page)),
            Some(Action::PageDown) => self.choose((self.chosen + page).min(last)),
            Some(Action::Filter) => self.filter.begin(),
            Some(Action::Leave) => return vec![Effect::Quit],
            Some(Action::Back) if self.busy.is_some() => return self.read_no_further(),
            Some(Action::Back) if !self.filter.is_empty() => return self.narrow(Filter::clear).1,
            // Nobody waits for the rest of them any more.
            Some(Action::Back) => return vec![Effect::StopReading, Effect::ReadLibrary],
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
    pub fn paste(&mut self, text: &str) -> Vec<Effect> {
        self.narrow(|filter| filter.paste(text)).1
    }

    /// Changes the filter: what is listed is narrowed at once, and the records are searched behind.
    fn narrow<T>(&mut self, change: impl FnOnce(&mut Filter) -> T) -> (T, Vec<Effect>) {
        let before = self.filter.words();
        let changed = change(&mut self.filter);
        (self.problem, self.told) = (None, None);
        if self.filter.words() == before {
            return (changed, Vec::new());
        }
        self.chosen = 0;
        let effects = self.search();
        self.show(None);
        (changed, effects)
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
        let at = self.hits.get(&run).map(|hit| hit.seq);
        self.problem = None;
        self.busy = Some((run.clone(), String::new()));
        vec![at.map_or(Effect::Replay(run.clone()), |at| Effect::ReplayAt(run, at))]
    }

    /// So far the journal of that run was read.
    pub fn reading_at(&mut self, run: &str, far: &str) {
        if let Some((_, known)) = self.busy.as_mut().filter(|(of, _)| of == run) {
            far.clone_into(known);
        }
    }

    /// Whether a journal is waited for.
    pub fn is_waiting(&self) -> bool {
        self.busy.is_some()
    }

    fn read_no_further(&mut self) -> Vec<Effect> {
        self.told = self.busy.take().map(|(run, _)| format!("the journal of {run} is not read on"));
        vec![Effect::StopReading]
    }

    /// A click on the row so many from the first: it is chosen, and opened when it was chosen before.
    pub fn click(&mut self, row: usize) -> Vec<Effect> {
        if row >= self.shown.len() {
            return Vec::new();
        }
        if self.chosen == row {
            return self.open();
        }
        self.choose(row);
        Vec::new()
    }

    /// Goes to that row; what was told of another run goes.
    fn choose(&mut self, row: usize) {
        if std::mem::replace(&mut self.chosen, row) != row {
            (self.problem, self.told) = (None, None);
        }
    }

    /// Takes what the mouse did.
    pub fn on_mouse(&mut self, mouse: MouseEvent) {
        let last = self.shown.len().saturating_sub(1);
        match mouse.kind {
            MouseEventKind::ScrollDown => self.choose((self.chosen + 1).min(last)),
            MouseEventKind::ScrollUp => self.choose(self.chosen.saturating_sub(1)),
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
        let edge = Edge::of(area.width);
        let (shown, all) = (self.shown.len(), self.entries.len());
        let runs = counted(all, "run");
        let right = match (&self.unlisted, self.filter.is_empty()) {
            (Some(_), _) => "not known".to_owned(),
            (None, true) => runs,
            (None, false) => format!("{shown} of {runs}"),
        };
        let inside = paint.frame(list, &Frame { title: "Journals", right: &right, is_focused: true, edge });
        self.draw_list(inside, paint);
        let preview = Rect { y: list.bottom(), height: low, ..body };
        let inside = paint.frame(preview, &Frame { title: "Run", right: "", is_focused: false, edge });
        let text = Rect { x: inside.x + 1, width: inside.width.saturating_sub(2), ..inside };
        let hit = |entry: &JournalEntry| self.hits.get(&entry.run);
        let lines = self.chosen().map(|entry| preview_of(entry, hit(entry), usize::from(text.width), paint.look));
        paint.strips(text, &lines.unwrap_or_default(), 0);
        self.draw_bars(app, area, paint);
    }

    fn draw_list(&self, area: Rect, paint: &mut Paint<'_>) {
        if self.shown.is_empty() {
            let told = match (self.is_read, self.entries.is_empty()) {
                (false, _) => "reading",
                (true, true) if self.unlisted.is_some() => "which runs there are cannot be told",
                (true, true) => "no runs yet: a runbook opens one, from the library, best a practice run first",
                (true, false) if self.is_searching => "looking in their records",
                (true, false) => "none of them holds that",
            };
            paint.put((area.x + 1, area.y), area.width, told, Meaning::Dim);
            return;
        }
        let found = self.hits.values().map(|hit| width(&mark(hit))).max().unwrap_or(0);
        // A letter for signatures, one for reviews, and a blank; where nothing was signed or reviewed it takes no room.
        let marks = if self.entries.iter().all(|entry| entry.beside.is_empty()) { 0 } else { 3 };
        let columns = Columns::fit(self.widest, found, usize::from(area.width.saturating_sub(4 + marks)));
        let height = usize::from(area.height);
        let top = self.chosen.saturating_sub(height / 2).min(self.shown.len().saturating_sub(height));
        for (y, (index, at)) in (area.y..area.bottom()).zip(self.shown.iter().enumerate().skip(top)) {
            let entry = &self.entries[*at];
            let place = Rect { x: area.x + 3 + marks, y, width: area.width.saturating_sub(4 + marks), height: 1 };
            for (x, (letter, meaning)) in (area.x + 3..area.x + 3 + marks).zip(entry.beside.letters()) {
                paint.put((x, y), 1, letter, meaning);
            }
            paint.spot(Rect { x: area.x, width: area.width, ..place }, Press::Row(index));
            let strip = columns.row(entry, self.hits.get(&entry.run), paint.look);
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

    /// What `esc` does.
    fn back_word(&self) -> &'static str {
        match (&self.busy, self.filter.is_empty()) {
            (Some(_), _) => "stop reading",
            (None, true) => "library",
            (None, false) => "show all",
        }
    }

    /// What narrows the list, and how the search in the records goes.
    fn narrowed(&self) -> Option<Strip> {
        let told = match (self.is_searching, self.hits.len()) {
            _ if self.searched.is_empty() => String::new(),
            (true, 0) => "   looking in the records".to_owned(),
            (true, many) => format!("   {many} in their records, looking on"),
            (false, 0) => "   no record holds it".to_owned(),
            (false, many) => format!("   {many} in their records"),
        };
        Some(self.filter.told()?.and(told, Meaning::Dim))
    }

    fn draw_bars(&self, app: &App, area: Rect, paint: &mut Paint<'_>) {
        let busy = self.busy.as_ref().map(|(run, far)| match far.is_empty() {
            true => format!("reading the journal of {run}"),
            // Which one it is stands in the list.
            false => format!("reading the journal {far}"),
        });
        let busy = busy.or_else(|| self.far.as_ref().map(|far| format!("reading the runs {far}")));
        let problem = self.problem.as_deref().or(self.unlisted.as_deref());
        draw_status(area, (problem, busy.as_deref().or(self.told.as_deref())), self.narrowed(), paint);
        let bar = Rect { y: area.bottom() - 1, height: 1, ..area };
        let typing = [(Action::Act, Context::Filter, "keep"), (Action::Back, Context::Filter, "show all")];
        let is_hit = self.chosen().is_some_and(|entry| self.hits.contains_key(&entry.run));
        let listed = [
            (Action::Act, Context::Journals, if is_hit { "replay there" } else { "replay" }),
            (Action::Filter, Context::Journals, "filter"),
            (Action::Sign, Context::Journals, "sign"),
            (Action::Palette, Context::Everywhere, "menu"),
            (Action::Help, Context::Everywhere, "help"),
            (Action::Back, Context::Journals, self.back_word()),
            (Action::Leave, Context::Journals, "leave"),
        ];
        // Where there is no run, nothing can be done with one.
        let is_bare = self.is_read && self.entries.is_empty();
        let of_none = [Action::Help, Action::Back, Action::Leave];
        let listed: Vec<_> = listed.into_iter().filter(|(action, ..)| !is_bare || of_none.contains(action)).collect();
        draw_keys(app, bar, if self.filter.is_typing() { typing.iter() } else { listed.iter() }, paint);
    }
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

/// Which record of it holds what is looked for.
fn mark(hit: &RecordFound) -> String {
    format!("#{}", hit.seq)
}

fn preview_of(entry: &JournalEntry, hit: Option<&RecordFound>, cells: usize, look: &Look) -> Vec<Strip> {
    let dot = format!(" {} ", look.glyphs.dot);
    let mut lines = wrapped(&entry.title, cells, Meaning::Title);
    if let Some(hit) = hit {
        let told = format!("record {}: {}", hit.seq, hit.told);
        // The rest of a long one is told by the replay.
        lines.extend(wrapped(&told, cells, Meaning::Input).into_iter().take(2));
    }
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
        counted(entry.records, "record"),
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
