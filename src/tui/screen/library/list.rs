//! The state of the library screen, and what keys and the mouse do to it.

use crossterm::event::{KeyEvent, MouseButton, MouseEvent, MouseEventKind};
use ratatui::layout::Rect;

use crate::tui::backstage::{LibraryEntry, OpenRun};
use crate::tui::filter::Filter;
use crate::tui::keymap::{Action, Context, Keymap};
use crate::tui::message::Effect;
use crate::tui::screen::library::diff::Diff;
use crate::tui::shelf::{Changed, Past};
use crate::tui::widget::keybar::{Offer, body, key_at};
use crate::tui::widget::paint::Edge;

/// From which width on the preview stands beside the list.
const WIDE: u16 = 100;

/// Why a run is not gone on with whose journal is another run's.
const OF_ANOTHER: &str = "its journal is that of another run";

/// The state of the library screen.
#[derive(Debug, Default)]
pub struct Library {
    pub(super) entries: Vec<LibraryEntry>,
    pub(super) open: Vec<OpenRun>,
    pub(super) past: Vec<Past>,
    /// Why the runs of this machine cannot be listed: nothing is said of them as if there were none.
    pub(super) unlisted: Option<String>,
    /// The place of the chosen one among those that are shown.
    pub(super) chosen: usize,
    /// Somebody moved the cursor.
    has_moved: bool,
    pub(super) filter: Filter,
    /// The keys go to the preview, which is scrolled so far.
    pub(super) preview: Option<usize>,
    pub(super) diff: Option<Diff>,
    pub(super) is_read: bool,
    /// It was seen at a glance only, and nobody checks it yet.
    is_to_check: bool,
    /// Nobody looks at what became of the runbooks yet.
    is_to_look_back: bool,
    pub(super) busy: Option<String>,
    /// The run whose journal is read to go on with it.
    resuming: Option<String>,
    pub(super) problem: Option<String>,
}

/// What is under the cursor.
#[derive(Clone, Copy)]
pub(super) enum Item<'a> {
    Run(&'a OpenRun),
    Runbook(&'a LibraryEntry),
}

impl Item<'_> {
    /// Whether anything can be started with it, as far as it was looked at.
    fn is_usable(&self) -> bool {
        match self {
            Self::Run(run) => !run.is_misnamed,
            Self::Runbook(entry) => entry.problems.is_empty(),
        }
    }

    /// Its place among the parts of the list.
    fn part(&self) -> usize {
        match self {
            Self::Run(run) => usize::from(run.is_misnamed),
            Self::Runbook(_) => 2,
        }
    }

    /// What it is known by when the list changes.
    fn key(&self) -> (bool, String) {
        match self {
            Self::Run(run) => (true, run.run.clone()),
            Self::Runbook(entry) => (false, format!("{} {}", entry.id, entry.origin)),
        }
    }
}

/// The name of a runbook's file, without its folder.
pub(super) fn file_of(entry: &LibraryEntry) -> &str {
    let name = entry.origin.rsplit('/').next().unwrap_or_default();
    if name.is_empty() { &entry.id } else { name }
}

impl Library {
    /// Takes in what can be told at a glance, and the runs that can be gone on with.
    pub fn glance(&mut self, entries: Vec<LibraryEntry>, open: Vec<OpenRun>) {
        (self.is_to_check, self.is_to_look_back) = (true, true);
        self.unlisted = None;
        // The first of the runs is what is mostly wanted: as long as nobody moved, it is what is chosen.
        self.open = open;
        self.take(entries);
    }

    /// Takes in the runs that can be gone on with, where they come behind the rest, or why they cannot be listed.
    pub fn take_open(&mut self, open: Result<Vec<OpenRun>, String>) {
        self.unlisted = None;
        match open {
            Ok(open) => self.keeping(|library| library.open = open),
            Err(why) => self.unlisted = Some(why),
        }
    }

    /// Takes in the runbooks, checked.
    pub fn take(&mut self, entries: Vec<LibraryEntry>) {
        self.is_read = true;
        self.keeping(|library| library.entries = entries);
        // Nobody chose what cannot be started: it only came first.
        if !self.has_moved && self.chosen().is_some_and(|item| !item.is_usable()) {
            self.chosen = self.shown().iter().position(Item::is_usable).unwrap_or(0);
        }
    }

    /// Takes in what became of the runbooks.
    pub fn take_past(&mut self, past: Vec<Past>) {
        self.past = past;
    }

    /// Changes the list; the same entry stays under the cursor.
    fn keeping<T>(&mut self, change: impl FnOnce(&mut Self) -> T) -> T {
        let before = self.chosen().map(|item| item.key());
        let changed = change(self);
        let again = before.and_then(|key| self.shown().iter().position(|item| item.key() == key));
        self.chosen = again.unwrap_or(self.chosen).min(self.shown().len().saturating_sub(1));
        changed
    }

    /// It is on the screen: what takes longer may begin.
    pub fn was_shown(&mut self) -> Vec<Effect> {
        let mut effects = Vec::new();
        if std::mem::take(&mut self.is_to_check) {
            effects.push(Effect::CheckLibrary);
        }
        if std::mem::take(&mut self.is_to_look_back) {
            effects.push(Effect::ReadPast);
        }
        effects
    }

    /// Something could not be done; why.
    pub fn refuse(&mut self, why: String) {
        (self.busy, self.resuming) = (None, None);
        self.problem = Some(why);
    }

    /// So far the journal of that run was read, which is to be gone on with.
    pub fn resuming_at(&mut self, run: &str, far: &str) {
        if self.resuming.as_deref() == Some(run) {
            self.busy = Some(format!("resuming: reading the journal {far}"));
        }
    }

    /// What is to be done where it is shown without having been read: a run was asked for first, and cannot be set up.
    pub fn unread(&self) -> Vec<Effect> {
        if self.is_read { Vec::new() } else { vec![Effect::ReadLibrary] }
    }

    /// Shows what is different from the last run, or why that cannot be told.
    pub fn compared(&mut self, told: Result<Box<Changed>, String>) {
        self.busy = None;
        match told {
            Ok(changed) => self.diff = Some(Diff::new(*changed)),
            Err(why) => self.problem = Some(why),
        }
    }

    /// Where a key is looked up.
    pub fn contexts(&self) -> Vec<Context> {
        vec![match () {
            () if self.filter.is_typing() => Context::Filter,
            () if self.diff.is_some() => Context::Changes,
            () => Context::Library,
        }]
    }

    /// Whether a character goes into the filter.
    pub fn is_typing(&self) -> bool {
        self.filter.is_typing()
    }

    /// Those that hold every word of the filter: runs, then runbooks, of each those first in which the words stand out most.
    pub(super) fn shown(&self) -> Vec<Item<'_>> {
        let all = self.open.iter().map(Item::Run).chain(self.entries.iter().map(Item::Runbook));
        if self.filter.is_empty() {
            return all.collect();
        }
        let mut fitting: Vec<_> = all.filter_map(|item| Some((self.fit(item)?, item))).collect();
        fitting.sort_by_key(|(fit, item)| (item.part(), *fit));
        fitting.into_iter().map(|(_, item)| item).collect()
    }

    /// How well it fits the filter: the less the better; `None`: not every word of it is there.
    fn fit(&self, item: Item<'_>) -> Option<usize> {
        match item {
            Item::Run(run) => self.filter.fit(&[&run.run, &run.title, &run.place], ""),
            Item::Runbook(entry) => {
                self.filter.fit(&[&entry.id, &entry.title, &entry.system, file_of(entry)], &entry.summary)
            }
        }
    }

    /// The place of the one that fits best: of a run and a runbook that fit alike the run.
    fn best(&self) -> usize {
        let fits = self.shown().into_iter().enumerate().filter_map(|(at, item)| Some((self.fit(item)?, at)));
        fits.min().map_or(0, |(_, at)| at)
    }

    pub(super) fn chosen(&self) -> Option<Item<'_>> {
        self.shown().get(self.chosen).copied()
    }

    /// What became of that runbook on this machine.
    pub(super) fn past_of(&self, id: &str) -> Option<&Past> {
        self.past.iter().find(|past| past.runbook == id)
    }

    /// Takes a key.
    pub fn on_key(&mut self, action: Option<Action>, key: KeyEvent, size: (u16, u16)) -> Vec<Effect> {
        if self.filter.is_typing() && self.narrow(|filter| filter.take(action, key)) {
            return Vec::new();
        }
        action.map(|action| self.on(action, size)).unwrap_or_default()
    }

    /// Does what an action asks for.
    pub fn on(&mut self, action: Action, size: (u16, u16)) -> Vec<Effect> {
        let page = usize::from(size.1.saturating_sub(6)).max(1);
        if let Some(diff) = &mut self.diff {
            match action {
                Action::Leave => return vec![Effect::Quit],
                Action::Back | Action::Act => self.diff = None,
                _ => diff.scroll(action, page),
            }
            return Vec::new();
        }
        let by = match action {
            Action::Up => -1,
            Action::Down => 1,
            Action::PageUp => -isize::try_from(page).unwrap_or(1),
            Action::PageDown => isize::try_from(page).unwrap_or(1),
            Action::First => isize::MIN,
            Action::Last => isize::MAX,
            _ => 0,
        };
        match action {
            Action::Up | Action::Down | Action::PageUp | Action::PageDown | Action::First | Action::Last => {
                self.turn(by)
            }
            Action::NextPane => self.preview = if self.preview.is_none() { Some(0) } else { None },
            Action::Filter => {
                self.filter.begin();
                self.preview = None;
            }
            // What came of it is told by whoever reads.
            Action::Back if self.resuming.take().is_some() => return vec![Effect::StopReading],
            Action::Back if self.preview.is_some() => self.preview = None,
            Action::Back if !self.filter.is_empty() => self.narrow(Filter::clear),
            Action::Leave | Action::Back => return vec![Effect::Quit],
            Action::Journals => return vec![Effect::ReadJournals],
            Action::Changes => return self.compare(),
            Action::Act | Action::Practice => return self.open(action == Action::Practice),
            _ => {}
        }
        Vec::new()
    }

    /// Moves the cursor, or the preview where that has the keys.
    fn turn(&mut self, by: isize) {
        if let Some(scroll) = &mut self.preview {
            *scroll = scroll.saturating_add_signed(by).min(2_000);
            return;
        }
        let last = self.shown().len().saturating_sub(1);
        self.chosen = self.chosen.saturating_add_signed(by).min(last);
        self.has_moved = true;
    }

    /// Takes pasted text into the filter.
    pub fn paste(&mut self, text: &str) {
        self.narrow(|filter| filter.paste(text));
    }

    fn narrow<T>(&mut self, change: impl FnOnce(&mut Filter) -> T) -> T {
        self.problem = None;
        let before = self.filter.words();
        let changed = self.keeping(|library| change(&mut library.filter));
        // Who types asks for what fits best; who shows all again keeps what was found.
        if !self.filter.is_empty() && self.filter.words() != before {
            (self.chosen, self.preview) = (self.best(), None);
        }
        changed
    }

    fn compare(&mut self) -> Vec<Effect> {
        let Some(Item::Runbook(entry)) = self.chosen().filter(|_| self.busy.is_none()) else { return Vec::new() };
        let (id, title) = (entry.id.clone(), entry.title.clone());
        if self.past_of(&id).is_none_or(|past| past.last.is_none()) {
            // That they cannot be listed is told as long as it is so.
            let never = "it was never run here: there is nothing to compare it with".to_owned();
            self.problem = Some(never).filter(|_| self.unlisted.is_none());
            return Vec::new();
        }
        self.problem = None;
        self.busy = Some(format!("comparing {title} with its last run"));
        vec![Effect::Compare(id)]
    }

    /// Why an action does nothing at this moment; `None` when it does something.
    pub fn against(&self, action: Action) -> Option<&'static str> {
        match (action, self.chosen()) {
            (Action::Act | Action::Practice | Action::Changes, None) => Some("nothing is chosen"),
            (Action::Act | Action::Practice | Action::Changes, _) if self.busy.is_some() => {
                Some("something is being opened")
            }
            (Action::Practice | Action::Changes, Some(Item::Run(_))) => {
                Some("an unfinished run is chosen, not a runbook")
            }
            (Action::Act, Some(Item::Run(run))) if run.is_misnamed => Some(OF_ANOTHER),
            (Action::Practice, Some(Item::Runbook(entry))) if !entry.has_practice => {
                Some("there is no simulated cluster for this runbook")
            }
            (Action::Act | Action::Practice, Some(Item::Runbook(entry))) if !entry.problems.is_empty() => {
                Some("this runbook does not load: the preview tells why")
            }
            _ => None,
        }
    }

    fn open(&mut self, is_practice: bool) -> Vec<Effect> {
        if self.busy.is_some() {
            return Vec::new();
        }
        let (busy, effect) = match self.chosen() {
            Some(Item::Run(_)) if is_practice => return Vec::new(),
            Some(Item::Run(run)) if run.is_misnamed => {
                self.problem = Some(format!("it cannot be gone on with: {OF_ANOTHER}"));
                return Vec::new();
            }
            Some(Item::Run(run)) => (format!("resuming {}", run.run), Effect::Resume(run.run.clone())),
            Some(Item::Runbook(entry)) => {
                let problem = match entry.problems.first() {
                    Some(problem) => Some(format!("{} does not load: {problem}", file_of(entry))),
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
        self.resuming = if let Effect::Resume(run) = &effect { Some(run.clone()) } else { None };
        vec![effect]
    }

    /// The keys that are offered.
    pub(super) fn offers(&self) -> Vec<Offer> {
        let library = Context::Library;
        if self.filter.is_typing() {
            return vec![(Action::Act, Context::Filter, "keep"), (Action::Back, Context::Filter, "show all")];
        }
        if self.diff.is_some() {
            return vec![
                (Action::Down, Context::Changes, "line down"),
                (Action::PageDown, Context::Changes, "page down"),
                (Action::Back, Context::Changes, "library"),
            ];
        }
        if self.resuming.is_some() {
            return vec![(Action::Back, library, "stop reading"), (Action::Leave, library, "leave")];
        }
        let mut keys: Vec<Offer> = match self.chosen() {
            Some(Item::Run(run)) if !run.is_misnamed => vec![(Action::Act, library, "go on")],
            Some(Item::Runbook(entry)) if entry.has_practice && entry.problems.is_empty() => {
                vec![(Action::Act, library, "set up"), (Action::Practice, library, "practise")]
            }
            Some(Item::Runbook(entry)) if entry.problems.is_empty() => vec![(Action::Act, library, "set up")],
            // What does not load cannot be set up, nor another run's journal be gone on with; where nothing is found there
            // is nothing.
            _ => Vec::new(),
        };
        if !self.filter.is_empty() {
            keys.push((Action::Back, library, "show all"));
        }
        if let Some(Item::Runbook(entry)) = self.chosen()
            && self.past_of(&entry.id).is_some_and(|past| past.is_changed)
        {
            keys.push((Action::Changes, library, "changed"));
        }
        // The menu is in the help as well; what is only possible now comes first where not all fits on 80 columns.
        let has_room = keys.len() <= 2;
        keys.extend([(Action::Filter, library, "find"), (Action::Journals, library, "all runs")]);
        keys.extend(has_room.then_some((Action::Palette, Context::Everywhere, "menu")));
        keys.push((Action::Help, Context::Everywhere, "help"));
        keys.push((Action::Leave, library, "leave"));
        keys
    }

    /// The word that is offered for an action now.
    pub fn words_for(&self, action: Action) -> &'static str {
        self.offers().into_iter().find(|(offered, ..)| *offered == action).map_or("", |(.., word)| word)
    }

    /// What went wrong, or cannot be known.
    pub(super) fn wrong(&self) -> Option<&str> {
        self.problem.as_deref().or(self.unlisted.as_deref())
    }

    /// Where list and preview stand: above what is told of what went wrong.
    pub(super) fn panes(&self, area: Rect) -> (Rect, Rect) {
        let body = body(area, self.wrong());
        if area.width >= WIDE {
            let left = body.width * 62 / 100;
            (Rect { width: left, ..body }, Rect { x: body.x + left, width: body.width - left, ..body })
        } else {
            let low = body.height * 45 / 100;
            (Rect { height: body.height - low, ..body }, Rect { y: body.bottom() - low, height: low, ..body })
        }
    }

    /// Takes what the mouse did. A click chooses, another one on the same opens; one on a key is that key.
    pub fn on_mouse(&mut self, mouse: MouseEvent, size: (u16, u16), keymap: &Keymap) -> Vec<Effect> {
        let area = Rect::new(0, 0, size.0, size.1);
        let (list, preview) = self.panes(area);
        let is_in = |place: Rect| place.contains((mouse.column, mouse.row).into());
        match mouse.kind {
            MouseEventKind::ScrollDown | MouseEventKind::ScrollUp => {
                let action = if mouse.kind == MouseEventKind::ScrollDown { Action::Down } else { Action::Up };
                let had_keys = self.preview;
                self.preview = if is_in(preview) && self.diff.is_none() { had_keys.or(Some(0)) } else { None };
                return self.on(action, size);
            }
            MouseEventKind::Down(MouseButton::Left) if mouse.row + 1 == size.1 => {
                return match key_at(keymap, &self.offers(), mouse.column) {
                    Some(action) if self.filter.is_typing() => {
                        self.narrow(|filter| filter.on(action));
                        Vec::new()
                    }
                    Some(action) => self.on(action, size),
                    None => Vec::new(),
                };
            }
            MouseEventKind::Down(MouseButton::Left) if self.diff.is_none() && is_in(list) => {
                let inside = Edge::of(area.width).inside(list);
                if let Some(index) = self.row_at(inside, mouse.row) {
                    let is_again = index == self.chosen && self.preview.is_none();
                    (self.chosen, self.preview, self.has_moved) = (index, None, true);
                    return if is_again { self.open(false) } else { Vec::new() };
                }
            }
            MouseEventKind::Down(MouseButton::Left) if self.diff.is_none() && is_in(preview) => {
                self.preview = self.preview.or(Some(0));
            }
            _ => {}
        }
        Vec::new()
    }
}
