//! What lies over a screen to pick from: the commands of the screen, and what is searched. A command that is picked goes
//! the way of its key, with the same questions; what is not possible now stands there with its reason.

use crossterm::event::{KeyEvent, MouseButton, MouseEvent, MouseEventKind};

use crate::tui::app::App;
use crate::tui::copy::copy;
use crate::tui::found;
use crate::tui::hands::act;
use crate::tui::keymap::{Action, Context};
use crate::tui::message::Effect;
use crate::tui::pick::{About, Gives, PickList, Picked, Row};
use crate::tui::screen::Screen;
use crate::tui::theme::Meaning;
use crate::tui::widget::pick::{place, rows_in};

/// Whether that screen lets something be picked at this moment.
pub fn takes_a_list(app: &App) -> bool {
    let over = [Context::Library, Context::Found, Context::Run, Context::Debrief, Context::Journals, Context::Replay];
    app.screen.contexts().first().is_some_and(|context| over.contains(context))
}

/// Opens the list of all that can be done here.
pub fn open(app: &mut App) {
    if !takes_a_list(app) {
        return;
    }
    let mut contexts = app.screen.contexts();
    contexts.push(Context::Everywhere);
    let mut rows = Vec::new();
    for context in contexts {
        for binding in app.keymap.of(context).filter(|binding| binding.action != Action::Palette) {
            let keys: Vec<_> = binding.keys.iter().map(ToString::to_string).collect();
            let row = Row::new(&binding.desc, keys.join(", "), Meaning::Focus, Gives::Do(binding.action));
            let names = format!("{} {}", app.screen.words_for(binding.action), name(binding.action));
            rows.push(row.called(&names, synonyms(binding.action)).later(against(app, binding.action).is_some()));
        }
    }
    app.pick = Some(Box::new(PickList::new(About::Commands, rows)));
}

/// The words of an action's name: `cut wait`.
fn name(action: Action) -> String {
    let mut name = String::new();
    for c in format!("{action:?}").chars() {
        if c.is_uppercase() && !name.is_empty() {
            name.push(' ');
        }
        name.extend(c.to_lowercase());
    }
    name
}

/// What people call it besides, who know other programs.
const fn synonyms(action: Action) -> &'static str {
    match action {
        Action::Act => "confirm answer run start choose release continue next enter",
        Action::Retry => "again redo repeat",
        Action::Skip => "omit",
        Action::Defer => "postpone delay later",
        Action::Override => "force overrule waive",
        Action::CutWait => "shorten",
        Action::Acknowledge => "ack accept",
        Action::Cancel => "kill stop abort",
        Action::RollBack => "rollback revert undo",
        Action::Abandon => "abort",
        Action::Close => "finish complete",
        Action::Leave => "quit exit suspend",
        Action::Note => "comment remark",
        Action::Attach => "upload evidence",
        Action::Copy => "clipboard yank",
        Action::Search | Action::Filter => "search filter find",
        Action::SenseNow => "refresh reload poll",
        Action::Seen => "silence mute",
        Action::Zoom => "maximize fullscreen",
        Action::Redraw => "refresh repaint",
        Action::Suspend => "background shell",
        Action::Journals => "history journals replay",
        Action::Changes => "diff",
        Action::Overview => "grid matrix",
        _ => "",
    }
}

/// Opens a list.
pub fn show(app: &mut App, list: PickList) {
    if takes_a_list(app) || matches!(list.about, About::Keys | About::KeysOfRelease) {
        app.pick = Some(Box::new(list));
    }
}

/// Why an action does nothing at this moment; `None` when it does something.
pub fn against(app: &App, action: Action) -> Option<String> {
    match &app.screen {
        Screen::Run(run) => run.against(action, app.may_copy),
        Screen::Replay(replay) => replay.against(action, app.may_copy),
        Screen::Library(library) => library.against(action).map(str::to_owned),
        Screen::Journals(journals) => journals.against(action).map(str::to_owned),
        Screen::Debrief(_) | Screen::SetUp(_) | Screen::Practise(_) => None,
    }
}

/// Takes a key while the list is open.
pub fn on_key(app: &mut App, key: KeyEvent) -> Vec<Effect> {
    let action = app.keymap.resolve(&key, &[Context::Pick]);
    let everywhere = app.keymap.resolve(&key, &[Context::Everywhere]);
    if let Screen::Run(run) = &mut app.screen {
        run.note_over(app.now);
    }
    if everywhere == Some(Action::Leave) {
        app.pick = None;
        return act(app, everywhere, key);
    }
    let page = usize::from(rows_in(place(app.open_area(), app.pick.as_deref())));
    let Some(list) = &mut app.pick else { return Vec::new() };
    let picked = list.on(action, key, page);
    take(app, picked)
}

/// Takes what the mouse did while the list is open.
pub fn on_mouse(app: &mut App, mouse: MouseEvent) -> Vec<Effect> {
    let place = place(app.open_area(), app.pick.as_deref());
    let rows = rows_in(place);
    let Some(list) = &mut app.pick else { return Vec::new() };
    match mouse.kind {
        MouseEventKind::ScrollDown => list.step_by(true, 3),
        MouseEventKind::ScrollUp => list.step_by(false, 3),
        MouseEventKind::Down(MouseButton::Left) => {
            let first = place.y + 2;
            let is_inside = mouse.column > place.x && mouse.column + 1 < place.right();
            if is_inside && (first..first + rows).contains(&mouse.row) {
                let at = list.top(usize::from(rows)) + usize::from(mouse.row - first);
                let picked = list.click(at);
                return take(app, picked);
            }
            if !place.contains(ratatui::layout::Position::new(mouse.column, mouse.row)) {
                app.pick = None;
            }
        }
        _ => {}
    }
    Vec::new()
}

fn take(app: &mut App, picked: Picked) -> Vec<Effect> {
    let gives = match picked {
        Picked::Stay => return Vec::new(),
        Picked::Close => {
            app.pick = None;
            return Vec::new();
        }
        Picked::Take(gives) => gives,
    };
    if let Gives::Do(action) = &gives
        && let Some(why) = against(app, *action)
    {
        if let Some(list) = &mut app.pick {
            list.problem = Some(app.keymap.told(&why, Context::Run));
        }
        return Vec::new();
    }
    if let Some(list) = app.pick.take() {
        found::begin(app, &list);
    }
    let effects = go(app, gives);
    if let Screen::Run(run) = &mut app.screen {
        // The key that picked is still down: it confirms nothing that comes next.
        run.note_act(app.now);
    }
    effects
}

/// Does what comes of one that was picked.
pub fn go(app: &mut App, gives: Gives) -> Vec<Effect> {
    match gives {
        Gives::Do(action) => {
            let bound = app.keymap.all().iter().find(|binding| binding.action == action);
            let key = bound.and_then(|binding| binding.keys.first()).map(|key| key.event());
            key.map(|key| act(app, Some(action), key)).unwrap_or_default()
        }
        Gives::Look(step) => match &mut app.screen {
            Screen::Run(run) => run.look_for(step),
            Screen::Replay(replay) => replay.run.look_for(step),
            _ => Vec::new(),
        },
        Gives::Line(line) => {
            match &mut app.screen {
                Screen::Run(run) => run.show_line(line),
                Screen::Replay(replay) => replay.run.show_line(line),
                _ => {}
            }
            Vec::new()
        }
        Gives::Row(probe, node) => {
            if let Some(run) = found::run_of(app) {
                run.show_row(&probe, node.as_deref());
            }
            Vec::new()
        }
        Gives::Record(record) => match &mut app.screen {
            Screen::Replay(replay) => replay.go_to(record),
            _ => Vec::new(),
        },
        Gives::Copy(what, text) => copy(app, what, text),
        Gives::Sign(signing) => vec![Effect::Sign(signing)],
    }
}
