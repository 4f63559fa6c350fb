//! What hands do: keys, pastes and the mouse, to whatever is on the screen.

use crossterm::event::{KeyCode, KeyEvent, MouseEvent, MouseEventKind};

use crate::tui::app::App;
use crate::tui::keymap::{Action, Context};
use crate::tui::message::Effect;
use crate::tui::pick::About;
use crate::tui::screen::Screen;
use crate::tui::screen::run::sizes::Sizes;
use crate::tui::widget::help::Help;
use crate::tui::{copy, found, palette, search, sign, spot};

pub(super) fn on_key(app: &mut App, key: KeyEvent) -> Vec<Effect> {
    if sign::is_kept_off(app, &key) {
        return Vec::new();
    }
    if !app.is_large_enough() {
        return on_key_unseen(app, key);
    }
    if app.help.is_some() {
        let lines = Help::of(app).height(app.size.0);
        let Some(scroll) = &mut app.help else { return Vec::new() };
        match app.keymap.resolve(&key, &[Context::Run]) {
            Some(Action::Down) => *scroll = (*scroll + 1).min(lines),
            Some(Action::Up) => *scroll = scroll.saturating_sub(1),
            Some(Action::PageDown) => *scroll = (*scroll + 10).min(lines),
            Some(Action::PageUp) => *scroll = scroll.saturating_sub(10),
            _ => app.help = None,
        }
        return Vec::new();
    }
    if app.pick.is_some() {
        return palette::on_key(app, key);
    }
    let mut contexts = app.screen.contexts();
    contexts.push(Context::Everywhere);
    let action = app.keymap.resolve(&key, &contexts);
    act(app, action, key)
}

/// What nobody can see takes no key but those that leave, help or draw it again: on no screen, and on nothing that lies
/// over one.
fn on_key_unseen(app: &mut App, key: KeyEvent) -> Vec<Effect> {
    let mut contexts = app.screen.contexts();
    contexts.push(Context::Everywhere);
    let action = app.keymap.resolve(&key, &contexts);
    let is_typed = app.screen.is_typing() && matches!(key.code, KeyCode::Char(_));
    let is_way_out = match action {
        Some(Action::Help) => !is_typed,
        action => matches!(action, Some(Action::Leave | Action::Suspend | Action::Redraw)),
    };
    // The run keeps when its keys were pressed, and takes none of the others either.
    if is_way_out || matches!(app.screen, Screen::Run(_)) { act(app, action, key) } else { Vec::new() }
}

/// Does what an action asks for where the operator is, as its key does; without one the key is typed.
pub(super) fn act(app: &mut App, action: Option<Action>, key: KeyEvent) -> Vec<Effect> {
    // A key that is no letter cannot be meant for a field.
    let is_typed = app.screen.is_typing() && matches!(key.code, KeyCode::Char(_));
    match action {
        Some(Action::Suspend) => return vec![Effect::Suspend],
        Some(Action::Redraw) => return vec![Effect::Redraw],
        Some(Action::Help) if !is_typed => {
            app.help = Some(0);
            return Vec::new();
        }
        Some(Action::Palette | Action::Search | Action::Copy) if !is_typed && app.is_large_enough() => {
            return over(app, action);
        }
        _ => {}
    }
    let is_large_enough = app.is_large_enough();
    if is_large_enough && let Some(effects) = on_found(app, action) {
        return effects;
    }
    match &mut app.screen {
        Screen::Library(library) => library.on_key(action, key, app.size),
        Screen::Practise(practise) => practise.on(action, key),
        Screen::SetUp(set_up) => set_up.on(action, key, app.size),
        Screen::Run(run) => run.on_key(action, key, app.now, is_large_enough),
        Screen::Debrief(debrief) => debrief.on(action, app.size),
        Screen::Journals(journals) => journals.on(action, key, app.size),
        Screen::Replay(replay) => replay.on_key(action, key, app.now),
    }
    .into_iter()
    .inspect(|effect| turn_page(&mut app.screen, effect))
    .inspect(|effect| remember_one(&mut app.sizes, effect))
    .collect()
}

/// What a key does to a search that stands; `None`: it is for the screen.
fn on_found(app: &mut App, action: Option<Action>) -> Option<Vec<Effect>> {
    let action = action.filter(|_| app.screen.contexts().first() == Some(&Context::Found))?;
    if let Screen::Run(run) = &mut app.screen {
        run.note_over(app.now);
        if run.comes_back(Some(action), app.now) {
            return Some(Vec::new());
        }
    }
    let is_end = found::ends(action);
    if let Some(run) = found::run_of(app).filter(|_| is_end) {
        run.found = None;
    }
    match action {
        Action::NextHit | Action::PreviousHit => Some(found::step(app, action == Action::NextHit)),
        Action::Back => Some(Vec::new()),
        _ => None,
    }
}

/// The next run is shown with the sizes that were drawn in this one.
fn remember(app: &mut App, effects: &[Effect]) {
    effects.iter().for_each(|effect| remember_one(&mut app.sizes, effect));
}

fn remember_one(sizes: &mut Option<Sizes>, effect: &Effect) {
    if let Effect::KeepSizes(drawn) = effect {
        *sizes = Some(*drawn);
    }
}

/// Opens what is picked from.
fn over(app: &mut App, action: Option<Action>) -> Vec<Effect> {
    if let Screen::Run(run) = &mut app.screen {
        run.note_over(app.now);
        if run.comes_back(action, app.now) {
            return Vec::new();
        }
    }
    match action {
        Some(Action::Copy) => return copy::open(app),
        Some(Action::Search) => search::open(app),
        _ => palette::open(app),
    }
    Vec::new()
}

/// What is read anew is shown at once: the library, when the form or the list of runs is left, and that list.
fn turn_page(screen: &mut Screen, effect: &Effect) {
    match (effect, &mut *screen) {
        (Effect::ReadLibrary, Screen::SetUp(_) | Screen::Practise(_) | Screen::Journals(_)) => {
            *screen = Screen::Library(Box::default())
        }
        (Effect::ReadJournals, Screen::Library(_)) => *screen = Screen::Journals(Box::default()),
        (Effect::ReadJournals, Screen::Replay(replay)) => {
            let list = replay.list.take().unwrap_or_default();
            *screen = Screen::Journals(Box::new(list.again()));
        }
        _ => {}
    }
}

/// With this begins what ssh-keygen prints when it signs.
const SIGNATURE_BEGINS: &str = "-----BEGIN SSH SIGNATURE-----";

pub(super) fn on_paste(app: &mut App, text: &str) -> Vec<Effect> {
    if app.help.is_some() || app.refused.is_some() || !app.is_large_enough() {
        return Vec::new();
    }
    // A signature is for the dialog that waits for it, and no path of a key.
    let is_signature = text.contains(SIGNATURE_BEGINS);
    app.pick.take_if(|list| list.about == About::KeysOfRelease && is_signature);
    if let Some(list) = &mut app.pick {
        list.paste(text);
        return Vec::new();
    }
    match &mut app.screen {
        Screen::Debrief(_) | Screen::Replay(_) => Vec::new(),
        Screen::Library(library) => {
            library.paste(text);
            Vec::new()
        }
        Screen::Practise(practise) => {
            practise.paste(text);
            Vec::new()
        }
        Screen::Journals(journals) => journals.paste(text),
        Screen::SetUp(set_up) => set_up.paste(text),
        Screen::Run(run) => {
            run.paste(text, app.now);
            Vec::new()
        }
    }
}

pub(super) fn on_mouse(app: &mut App, mouse: MouseEvent) -> Vec<Effect> {
    // A terminal that reports a place beside its screen, or somebody who writes what looks like a report.
    if mouse.column >= app.size.0 || mouse.row >= app.size.1 {
        return Vec::new();
    }
    // What is not seen is not clicked; a border that is held is let go all the same.
    if !app.is_large_enough() && !matches!(mouse.kind, MouseEventKind::Up(_)) {
        return Vec::new();
    }
    if matches!(mouse.kind, MouseEventKind::Down(_)) {
        sign::go_on(app);
    }
    if let Some(effects) = spot::on_mouse(app, mouse) {
        return effects;
    }
    if app.pick.is_some() {
        return palette::on_mouse(app, mouse);
    }
    let (size, keymap) = (app.size, &app.keymap);
    let effects = match &mut app.screen {
        Screen::Run(run) => {
            let effects = run.on_mouse(mouse, app.now);
            remember(app, &effects);
            return effects;
        }
        Screen::Replay(replay) => {
            let effects = replay.on_mouse(mouse, app.now);
            remember(app, &effects);
            return effects;
        }
        Screen::Library(library) => library.on_mouse(mouse, size, keymap),
        Screen::Practise(practise) => practise.on_mouse(mouse, size, keymap),
        Screen::SetUp(set_up) => set_up.on_mouse(mouse, size, keymap),
        Screen::Journals(journals) => {
            journals.on_mouse(mouse);
            Vec::new()
        }
        Screen::Debrief(_) => Vec::new(),
    };
    effects.iter().for_each(|effect| turn_page(&mut app.screen, effect));
    effects
}
