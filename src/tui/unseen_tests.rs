//! A screen that nobody can see, as the terminal is too small for it or nothing was drawn since it is large enough again,
//! takes no key, no paste and no click.

use std::collections::BTreeSet;

use crate::tui::app::{App, update};
use crate::tui::gallery_tests::all;
use crate::tui::keymap::{Action, Context};
use crate::tui::message::{Effect, Message};
use crate::tui::stage_tests::{Stage, click, event, look, picture, words};
use crate::tui::theme::UNICODE;

const SIZE: (u16, u16) = (80, 24);

/// How nothing of a screen can be seen.
#[derive(Clone, Copy, Debug)]
enum Unseen {
    TooSmall,
    NotDrawnYet,
}

fn hide(app: &mut App, how: Unseen) {
    let smallest = app.screen.smallest();
    update(app, Message::Resized(smallest.0 - 1, smallest.1));
    if let Unseen::NotDrawnYet = how {
        update(app, Message::Resized(SIZE.0, SIZE.1));
    }
}

fn show(app: &mut App) -> String {
    update(app, Message::Resized(SIZE.0, SIZE.1));
    update(app, Message::Shown);
    picture(app)
}

/// Every key of the keymap and every letter, but for those that leave or help.
fn keys(app: &App) -> BTreeSet<String> {
    let mut contexts = app.screen.contexts();
    contexts.push(Context::Everywhere);
    let bound = app.keymap.all().iter().flat_map(|binding| binding.keys.iter().map(ToString::to_string));
    let letters = ('a'..='z').chain('A'..='Z').chain('0'..='9').map(String::from);
    let is_taken = |key: &String| {
        let action = app.keymap.resolve(&event(key), &contexts);
        matches!(action, Some(Action::Leave | Action::Help | Action::Suspend | Action::Redraw))
    };
    bound.chain(letters).filter(|key| !is_taken(key)).collect()
}

#[test]
fn what_is_not_shown_takes_nothing() {
    for (name, scene) in all() {
        for how in [Unseen::TooSmall, Unseen::NotDrawnYet] {
            let mut untouched = scene(SIZE, look("dark", &UNICODE));
            hide(&mut untouched, how);
            let mut app = scene(SIZE, look("dark", &UNICODE));
            hide(&mut app, how);
            for key in keys(&app).into_iter().chain(["enter".into(), "enter".into()]) {
                let effects = update(&mut app, Message::Key(event(&key)));
                assert!(effects.is_empty(), "{name} {how:?}: {key} asks for {effects:?}");
            }
            for row in 0..app.size.1 {
                for column in [2, 20, 50, 20] {
                    let effects = update(&mut app, click(column, row));
                    assert!(effects.is_empty(), "{name} {how:?}: a click at {column},{row} asks for {effects:?}");
                }
            }
            assert!(update(&mut app, Message::Paste("PRODUCTION".into())).is_empty(), "{name} {how:?}");
            assert!(app.exit.is_none() && app.pick.is_none(), "{name} {how:?}");
            assert_eq!(show(&mut app), show(&mut untouched), "{name} {how:?}");
        }
    }
}

#[test]
fn one_can_leave_what_is_not_shown() {
    for (name, scene) in all() {
        let mut app = scene(SIZE, look("dark", &UNICODE));
        hide(&mut app, Unseen::TooSmall);
        let effects = update(&mut app, Message::Key(event("ctrl-c")));
        let is_left = |effect: &Effect| matches!(effect, Effect::Quit | Effect::Leave(_));
        assert!(effects.iter().any(is_left), "{name}: {effects:?}");
    }
}

#[test]
fn what_is_said_of_a_screen_that_is_too_small_is_not_cut() {
    let stage = Stage::open((30, 9));
    let told = words(&stage.picture());
    for part in ["make the window larger, or leave: ctrl-c", "the run goes on; nothing can be confirmed here"] {
        assert!(told.contains(part), "{told}");
    }
}
