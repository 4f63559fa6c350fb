//! The whole model of the screens: one `update`, one `view`, no input or output.

use std::sync::Arc;

use crossterm::event::KeyEventKind;
use ratatui::Frame;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::config::Notify;
use crate::debrief::Debrief;
use crate::engine::Event;
use crate::session::{Launched, Update};
use crate::tui::backstage::{Exit, Recording};
use crate::tui::hands::{on_key, on_mouse, on_paste};
use crate::tui::keymap::Keymap;
use crate::tui::message::{Effect, Instants, Message, RecordedOutput};
use crate::tui::notify::worth_telling;
use crate::tui::pick::PickList;
use crate::tui::screen::debrief::DebriefScreen;
use crate::tui::screen::practise::Practise;
use crate::tui::screen::replay;
use crate::tui::screen::run::sizes::Sizes;
use crate::tui::screen::run::{Run, Wakes};
use crate::tui::screen::setup::SetUp;
use crate::tui::screen::{self, Screen};
use crate::tui::sign;
use crate::tui::spot::Spot;
use crate::tui::tell;
use crate::tui::theme::Look;

/// The smallest terminal on which lists and forms are shown, in columns and rows.
pub const SMALLEST: (u16, u16) = (60, 15);

/// The smallest on which a run is shown, one pane at a time, and its steps can be confirmed.
pub const SMALLEST_RUN: (u16, u16) = (40, 10);

/// The model.
pub struct App {
    /// How the panes of a run share the room, once that is known.
    pub sizes: Option<Sizes>,
    /// What is on the screen.
    pub screen: Screen,
    /// Why ssh-keygen did not sign: what is typed may be meant for it and is taken nowhere, until a key that types nothing.
    pub refused: Option<String>,
    /// How far the help was scrolled, while it is open.
    pub help: Option<usize>,
    /// What is picked from, while that lies over the screen.
    pub pick: Option<Box<PickList>>,
    /// Columns and rows.
    pub size: (u16, u16),
    /// The terminal was too small, and nothing has been drawn on it since it is large enough.
    pub is_hidden: bool,
    /// What time it is.
    pub now: Instants,
    /// How it looks.
    pub look: Look,
    /// What keys mean.
    pub keymap: Keymap,
    /// Whether the terminal may be asked to put texts into the clipboard.
    pub may_copy: bool,
    /// How the end of a long wait is told to somebody who looks elsewhere.
    pub notify: Notify,
    /// Whether something changed since it was last drawn.
    pub is_dirty: bool,
    /// Set when the program is to end.
    pub exit: Option<Exit>,
}

impl App {
    /// A model that shows the library, still empty.
    pub fn new(look: Look, keymap: Keymap) -> Self {
        Self {
            sizes: None,
            screen: Screen::Library(Box::default()),
            refused: None,
            help: None,
            pick: None,
            size: (80, 24),
            is_hidden: false,
            now: Instants::default(),
            look,
            keymap,
            may_copy: true,
            notify: Notify::Off,
            is_dirty: true,
            exit: None,
        }
    }

    /// Shows a run.
    pub fn enter(&mut self, launched: &Launched) {
        self.now.run = launched.clock.now();
        self.screen = Screen::Run(Box::new(Run::new(launched, self.now, self.size)));
        self.help = None;
        self.pick = None;
        self.is_dirty = true;
    }

    /// All of the terminal.
    pub fn area(&self) -> Rect {
        Rect::new(0, 0, self.size.0, self.size.1)
    }

    /// What a menu or the help may cover of it: not what is watched while a step is done, where there is room for both.
    pub fn open_area(&self) -> Rect {
        match &self.screen {
            Screen::Run(run) => run.open_area(self.area()),
            Screen::Replay(replay) => replay.run.open_area(self.area()),
            _ => self.area(),
        }
    }

    /// Whether the terminal is large enough to confirm anything, and what is confirmed can be seen on it.
    pub fn is_large_enough(&self) -> bool {
        self.has_room() && !self.is_hidden
    }

    fn has_room(&self) -> bool {
        let smallest = self.screen.smallest();
        self.size.0 >= smallest.0 && self.size.1 >= smallest.1
    }

    /// When the screen has to be looked at again although nothing happened.
    pub fn wakes(&self) -> Wakes {
        match &self.screen {
            Screen::Run(run) => run.wakes(self.now),
            Screen::Replay(replay) => replay.wakes(self.now.real_ms),
            _ => Wakes::default(),
        }
    }

    /// Derives what follows from what was taken in: once before a frame, not once a message.
    pub fn derive(&mut self) {
        match &mut self.screen {
            Screen::Run(run) => run.derive(self.now),
            Screen::Replay(replay) => {
                // What is shown is of the time of the record at which the replay stands.
                self.now.run = replay.now();
                replay.run.derive(self.now);
            }
            _ => {}
        }
    }

    /// All that is known has been drawn.
    pub fn was_drawn(&mut self) {
        if let Screen::Run(run) = &mut self.screen {
            run.was_drawn(self.now);
        }
    }

    /// Whether the last frame shows all that is known still, when nothing but answers of probes has come since.
    pub fn is_drawn(&self) -> bool {
        matches!(&self.screen, Screen::Run(run) if run.is_drawn(self.now))
    }

    /// Tells something in the status line.
    pub fn notify(&mut self, notice: &str) {
        self.is_dirty = true;
        match &mut self.screen {
            Screen::Run(run) => run.notice = Some(notice.to_owned()),
            Screen::Replay(replay) => replay.notice = Some(notice.to_owned()),
            _ => {}
        }
    }

    /// How it ended, as far as it is known now.
    pub fn exit_now(&self) -> Exit {
        match &self.screen {
            Screen::Run(run) => run.exit(),
            Screen::Debrief(debrief) => debrief.run.exit(),
            _ => Exit::default(),
        }
    }
}

/// Takes one message in and says what is to be done about it.
pub fn update(app: &mut App, message: Message) -> Vec<Effect> {
    match message {
        Message::Now(now) => {
            app.now = now;
            if let Screen::Replay(replay) = &app.screen {
                app.now.run = replay.now();
            }
            return Vec::new();
        }
        Message::Woken => return woken(app),
        Message::Shown => return shown(app),
        _ => app.is_dirty = true,
    }
    let effects = match message {
        Message::Key(key) if key.kind == KeyEventKind::Release => Vec::new(),
        Message::Key(key) => on_key(app, key),
        Message::Paste(text) => on_paste(app, &text),
        Message::Mouse(mouse) => on_mouse(app, mouse),
        Message::Resized(columns, rows) => {
            resized(app, (columns, rows));
            Vec::new()
        }
        Message::Session(update) => on_session(app, update),
        Message::Launched(Ok(launched)) => {
            app.enter(&launched);
            let output = recorded_output(&launched).map(Effect::ReadOutput);
            share_room(app).into_iter().chain(output).collect()
        }
        Message::Debriefed(told) => {
            debriefed(app, told);
            Vec::new()
        }
        about_a_file @ (Message::Recorded(..)
        | Message::StatementKept { .. }
        | Message::SignatureRead(_)
        | Message::ReleaseSigned(_)
        | Message::Edited(_)
        | Message::Completed { .. }
        | Message::ReadingFile { .. }
        | Message::FileRead(..)) => on_file(app, about_a_file),
        beside @ (Message::Keys(..) | Message::Signed(_) | Message::Beside(..)) => on_beside(app, beside),
        Message::Recording(recording) => on_recording(app, recording),
        Message::Sizes(sizes) => {
            // What was drawn meanwhile is younger.
            app.sizes.get_or_insert(sizes);
            share_room(app).into_iter().collect()
        }
        Message::ReadOn(more) => replay::read_on(app, more),
        about_a_list => on_lists(app, about_a_list),
    };
    if effects.contains(&Effect::Quit) && app.exit.is_none() {
        app.exit = Some(app.exit_now());
    }
    effects
}

/// What lies beside a journal was read, or is to be laid there.
fn on_beside(app: &mut App, message: Message) -> Vec<Effect> {
    match message {
        Message::Keys(run, keys) => sign::offer(app, &run, &keys),
        Message::Beside(folder, read) => replay::beside(app, &folder, read),
        Message::Signed(signed) => return sign::signed(app, signed),
        _ => {}
    }
    Vec::new()
}

/// What was asked for is on the screen.
fn shown(app: &mut App) -> Vec<Effect> {
    app.is_hidden = false;
    match &mut app.screen {
        // What lies below a list has not been seen.
        Screen::Run(run) if app.pick.is_none() => {
            run.was_shown();
            Vec::new()
        }
        Screen::Library(library) => library.was_shown(),
        _ => Vec::new(),
    }
}

fn resized(app: &mut App, size: (u16, u16)) {
    app.is_hidden |= !app.has_room();
    app.size = size;
    if !app.has_room() {
        app.pick = None;
    }
    match &mut app.screen {
        Screen::Run(run) => run.resize(app.size),
        Screen::Replay(replay) => replay.resize(app.size),
        _ => {}
    }
}

/// A journal was read: it is shown with the sizes of the panes that are known.
fn on_recording(app: &mut App, read: Result<(Box<Recording>, Option<u64>), String>) -> Vec<Effect> {
    let effects = replay::recording(app, read);
    share_room(app).into_iter().chain(effects).collect()
}

/// The run on the screen is shown with the sizes that are remembered; they are asked for when they are not known yet.
fn share_room(app: &mut App) -> Option<Effect> {
    let run = match &mut app.screen {
        Screen::Run(run) => run.as_mut(),
        Screen::Replay(replay) => &mut replay.run,
        _ => return None,
    };
    match app.sizes {
        Some(sizes) => run.set_sizes(sizes),
        None => return Some(Effect::ReadSizes),
    }
    None
}

/// A moment that the screen waited for has come.
fn woken(app: &mut App) -> Vec<Effect> {
    match &mut app.screen {
        Screen::Run(run) => {
            app.is_dirty = true;
            let effects = run.look_again(app.now);
            if effects.contains(&Effect::Quit) && app.exit.is_none() {
                app.exit = Some(app.exit_now());
            }
            effects
        }
        Screen::Replay(replay) => {
            // A journal that is followed is looked at often, and seldom has anything new.
            let (is_new, effects) = replay.look_again(app.now.real_ms);
            app.is_dirty |= is_new;
            effects
        }
        _ => {
            app.is_dirty = true;
            Vec::new()
        }
    }
}

/// What the rehearsal came to is shown instead of the run; where it cannot be told, the run stays.
fn debriefed(app: &mut App, told: Result<Box<Debrief>, String>) {
    let screen = std::mem::replace(&mut app.screen, Screen::Library(Box::default()));
    app.screen = match (screen, told) {
        (Screen::Run(run), Ok(debrief)) => Screen::Debrief(Box::new(DebriefScreen::new(run, *debrief))),
        (screen, _) => screen,
    };
}

/// What was read or written for the run.
fn on_file(app: &mut App, message: Message) -> Vec<Effect> {
    let run = match (&mut app.screen, &message) {
        (Screen::Run(run), _) => run.as_mut(),
        (Screen::Replay(replay), _) => &mut replay.run,
        (Screen::SetUp(set_up), Message::Completed { typed, found }) => return set_up.completed(typed, found),
        _ => return Vec::new(),
    };
    match message {
        Message::Recorded(of, tail) => run.take_recorded(of, tail),
        Message::StatementKept { name, kept } => run.statement_kept(&name, kept),
        Message::SignatureRead(read) => return run.signature_read(read),
        Message::ReleaseSigned(read) => return run.release_signed(read),
        Message::ReadingFile { path, done, all, took } => run.file_is_at(&path, (done, all), took),
        Message::FileRead(path, read) => return run.file_was_read(&path, read),
        Message::Edited(written) => run.edited(written),
        Message::Completed { typed, found } => run.completed(&typed, &found),
        _ => {}
    }
    Vec::new()
}

/// The output that was on the screen when the run was left: that of the last command.
fn recorded_output(launched: &Launched) -> Option<RecordedOutput> {
    let last = launched.records.iter().rev().find_map(|record| match &record.event {
        Event::CommandStarted { .. } => Some(None),
        Event::CommandFinished { step, job, output, .. } => Some(output.as_ref().map(|output| (step, job, output))),
        _ => None,
    });
    let (step, job, output) = last??;
    RecordedOutput::of(*job, step, output, Some(&launched.folder))
}

fn on_lists(app: &mut App, message: Message) -> Vec<Effect> {
    match (message, &mut app.screen) {
        (Message::Glanced(entries, open), Screen::Library(library)) => library.glance(entries, open),
        (Message::Resumable(open), Screen::Library(library)) => library.take_open(open),
        (Message::Unlisted(why), Screen::Journals(journals)) => journals.take_unlisted(why),
        (Message::Library(entries), Screen::Library(library)) => library.take(entries),
        (Message::Past(past), Screen::Library(library)) => library.take_past(past),
        (Message::Changes(told), Screen::Library(library)) => library.compared(told),
        (Message::Journals(entries), Screen::Journals(journals)) => {
            let mut effects = journals.take(entries);
            effects.push(Effect::ReadBesides);
            return effects;
        }
        (Message::SomeJournals { first, entries, all, took }, Screen::Journals(journals)) => {
            journals.take_some(first, entries, all, took);
        }
        (Message::ReadingJournal { run, done, all, took }, Screen::Library(library)) => {
            library.resuming_at(&run, &tell::reading(done, all, took));
        }
        (Message::ReadingJournal { run, done, all, took }, Screen::Journals(journals)) => {
            journals.reading_at(&run, &tell::reading(done, all, took));
        }
        (Message::Besides(besides), Screen::Journals(journals)) => journals.take_besides(besides),
        (Message::Found { words, found, is_done }, Screen::Journals(journals)) => {
            journals.found(&words, found, is_done)
        }
        (Message::SetUp(Ok(questions)), Screen::SetUp(set_up)) => return set_up.with_site(*questions),
        (Message::SetUp(Ok(questions)), _) if questions.is_practice => {
            app.screen = Screen::Practise(Box::new(Practise::new(*questions)));
        }
        (Message::SetUp(Ok(questions)), _) => {
            let (set_up, effects) = SetUp::new(*questions);
            app.screen = Screen::SetUp(Box::new(set_up));
            return effects;
        }
        (Message::SetUp(Err(why)) | Message::Launched(Err(why)), Screen::Library(library)) => {
            library.refuse(why);
            return library.unread();
        }
        (Message::SetUp(Err(why)) | Message::Launched(Err(why)), Screen::SetUp(set_up)) => set_up.refuse(why),
        (Message::Launched(Err(why)), Screen::Practise(practise)) => practise.refuse(why),
        (Message::Preflight(number, found), Screen::SetUp(set_up)) => set_up.found(number, found),
        (Message::Checked { input, text, problem }, Screen::SetUp(set_up)) => set_up.checked(&input, &text, problem),
        _ => {}
    }
    Vec::new()
}

fn on_session(app: &mut App, update: Update) -> Vec<Effect> {
    match &mut app.screen {
        Screen::Run(run) => {
            let was_open = run.state.closed.is_none();
            let records = match &update {
                Update::Recorded(records) if app.notify != Notify::Off => Some(Arc::clone(records)),
                _ => None,
            };
            let mut effects = run.on_update(update, app.now);
            effects.extend(records.and_then(|records| worth_telling(run, &records)).map(Effect::Notify));
            let is_practice = run.state.opened.as_ref().is_some_and(|opened| opened.practice.is_some());
            if was_open && is_practice && run.state.closed.is_some() {
                effects.push(Effect::Debrief(run.folder.clone()));
            }
            effects
        }
        Screen::Debrief(debrief) => debrief.run.on_update(update, app.now),
        _ => Vec::new(),
    }
}

/// Draws the model.
pub fn view(app: &App, frame: &mut Frame<'_>) {
    let area = frame.area();
    draw(app, area, frame.buffer_mut());
}

/// [`view`] on a bare buffer; gives what a click would press there.
pub fn draw(app: &App, area: Rect, buffer: &mut Buffer) -> Vec<Spot> {
    screen::draw(app, area, buffer)
}
