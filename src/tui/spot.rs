//! What a click presses: every key that stands on the screen, and every row that can be chosen. They are noted while the
//! screen is drawn, so that what is clicked is what is seen; and pressing one is pressing its key, with the same rules.

use crossterm::event::{KeyCode, KeyEvent, MouseButton, MouseEvent, MouseEventKind};
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use crate::tui::app::{App, draw};
use crate::tui::dialog::Dialog;
use crate::tui::hands::{act, on_key};
use crate::tui::key::Key;
use crate::tui::keymap::{Action, Context};
use crate::tui::message::Effect;
use crate::tui::screen::Screen;
use crate::tui::screen::run::layout::Pane;
use crate::tui::widget::help::Help;

/// A place on the screen that can be pressed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spot {
    /// Where it is.
    pub place: Rect,
    /// What pressing it does.
    pub press: Press,
}

/// What pressing a place does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Press {
    /// That key, as it stands on the screen.
    Key(String),
    /// The row so many from the first, of what can be chosen there.
    Row(usize),
    /// The answer so many from the first, of those that stand in the step's pane with their numbers.
    Answer(usize),
    /// A text that is typed, which is drawn there: the cursor goes where it was pressed.
    Text(Rect),
}

/// Takes what the mouse did to what can be pressed, and to what lies over a screen; `None`: it is for the screen itself.
pub(super) fn on_mouse(app: &mut App, mouse: MouseEvent) -> Option<Vec<Effect>> {
    let wheel = match mouse.kind {
        MouseEventKind::ScrollDown => Some(Action::Down),
        MouseEventKind::ScrollUp => Some(Action::Up),
        MouseEventKind::Down(MouseButton::Left) => None,
        _ => return app.help.map(|_| Vec::new()),
    };
    if let Some(action) = wheel {
        return turned(app, action);
    }
    if app.help.is_some() {
        app.help = None;
        return Some(Vec::new());
    }
    let at = Position::new(mouse.column, mouse.row);
    let pressed = pressed(app, at)?;
    if let Screen::Run(run) = &app.screen
        && run.has_just_returned(app.now)
    {
        // The second click of a double click finds other keys there than the first.
        return Some(Vec::new());
    }
    match pressed {
        Press::Key(key) => press(app, &key),
        Press::Text(place) => Some(put_cursor(app, (at.x.saturating_sub(place.x), at.y.saturating_sub(place.y)))),
        Press::Row(row) => Some(choose(app, row)),
        Press::Answer(at) => Some(answer(app, at)),
    }
}

/// What lies under the mouse, of the screen as it is drawn now.
fn pressed(app: &mut App, at: Position) -> Option<Press> {
    app.derive();
    let area = app.area();
    let spots = draw(app, area, &mut Buffer::empty(area));
    spots.into_iter().rev().find(|spot| spot.place.contains(at)).map(|spot| spot.press)
}

/// Presses a key that stands on the screen. One that means nothing there is no key: it is never typed.
fn press(app: &mut App, key: &str) -> Option<Vec<Effect>> {
    let key: KeyEvent = key.parse::<Key>().ok()?.event();
    let mut contexts = if app.pick.is_some() { vec![Context::Pick] } else { app.screen.contexts() };
    contexts.push(Context::Everywhere);
    app.keymap.resolve(&key, &contexts)?;
    let is_away = |app: &App| matches!(&app.screen, Screen::Run(run) if !run.is_at_current());
    let was_away = is_away(app);
    let effects = on_key(app, key);
    let has_returned = was_away && !is_away(app);
    if let Screen::Run(run) = &mut app.screen
        && has_returned
    {
        run.note_return(app.now);
    }
    Some(effects)
}

/// The cursor of the text that is typed goes so many columns and rows from its corner.
fn put_cursor(app: &mut App, (column, row): (u16, u16)) -> Vec<Effect> {
    let now = app.now;
    if let Screen::Run(run) = &mut app.screen
        && !run.comes_back(None, now)
        && let Some(field) = run.dialog.as_mut().and_then(Dialog::field)
    {
        field.click(row, column);
    }
    Vec::new()
}

/// Chooses a row.
fn choose(app: &mut App, row: usize) -> Vec<Effect> {
    let now = app.now;
    match &mut app.screen {
        Screen::Run(run) => {
            if run.comes_back(None, now) {
                return Vec::new();
            }
            run.choose(row)
        }
        Screen::Replay(replay) => replay.run.choose(row),
        Screen::Journals(journals) => journals.click(row),
        _ => Vec::new(),
    }
}

/// Opens what the step asks with that answer chosen, as its number does.
fn answer(app: &mut App, at: usize) -> Vec<Effect> {
    let now = app.now;
    match &mut app.screen {
        Screen::Run(run) => {
            run.note_over(now);
            if run.is_leaving() || run.comes_back(None, now) {
                return Vec::new();
            }
            run.open_at_answer(at, now)
        }
        Screen::Replay(replay) => {
            replay.run.focus = Pane::Step;
            Vec::new()
        }
        _ => Vec::new(),
    }
}

/// The wheel over what lies over a screen, and where nothing else takes it.
fn turned(app: &mut App, action: Action) -> Option<Vec<Effect>> {
    let lines = Help::of(app).height(app.size.0);
    if let Some(scroll) = &mut app.help {
        *scroll = if action == Action::Down { (*scroll + 3).min(lines) } else { scroll.saturating_sub(3) };
        return Some(Vec::new());
    }
    if app.pick.is_some() {
        return None;
    }
    let (is_over, is_choice) = match &app.screen {
        Screen::Run(run) => (run.dialog.is_some() || run.card.is_some(), matches!(run.dialog, Some(Dialog::Choose(_)))),
        Screen::Replay(replay) => (replay.run.dialog.is_some(), false),
        Screen::Debrief(_) => (true, false),
        _ => (false, false),
    };
    let notches = if is_choice { 1 } else { 3 };
    // No key: nothing of it may be typed.
    let key = KeyEvent::from(KeyCode::Null);
    is_over.then(|| (0..notches).flat_map(|_| act(app, Some(action), key)).collect())
}
