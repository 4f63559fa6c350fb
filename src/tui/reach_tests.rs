//! The mouse in every scene of the gallery: a double click confirms nothing twice, the wheel scrolls what keys scroll, and
//! what a key does a click can do.

use std::collections::{BTreeMap, BTreeSet};

use crossterm::event::{KeyModifiers, MouseButton, MouseEvent, MouseEventKind};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::engine::Verdict;
use crate::tui::app::{App, draw, update};
use crate::tui::gallery_tests::{Scene, all};
use crate::tui::keymap::{Action, Context};
use crate::tui::message::{Effect, Instants, Message};
use crate::tui::palette::takes_a_list;
use crate::tui::spot::{Press, Spot};
use crate::tui::stage_tests::{Stage, event, look, picture};
use crate::tui::theme::UNICODE;

const SIZE: (u16, u16) = (120, 40);

fn open(scene: Scene, size: (u16, u16)) -> App {
    let mut app = scene(size, look("dark", &UNICODE));
    app.derive();
    update(&mut app, Message::Shown);
    app
}

fn spots(app: &App) -> Vec<Spot> {
    let area = Rect::new(0, 0, app.size.0, app.size.1);
    draw(app, area, &mut Buffer::empty(area))
}

/// Later by so many milliseconds, as a person is who looked in between or did not.
fn later(app: &mut App, ms: u64) {
    let now = Instants { real_ms: app.now.real_ms + ms, ..app.now };
    update(app, Message::Now(now));
}

fn mouse(app: &mut App, kind: MouseEventKind, (column, row): (u16, u16)) -> Vec<Effect> {
    let effects = update(app, Message::Mouse(MouseEvent { kind, column, row, modifiers: KeyModifiers::NONE }));
    app.derive();
    update(app, Message::Shown);
    effects
}

fn is_recorded(effect: &Effect) -> bool {
    matches!(effect, Effect::Propose(_) | Effect::Begin(_) | Effect::Sign(_))
}

/// Two clicks a tenth of a second apart, on every key and row that can be pressed.
#[test]
fn a_double_click_never_does_two_things_that_are_recorded() {
    let mut clicks = 0;
    for (name, scene) in all() {
        for spot in spots(&open(scene, (80, 24))) {
            let at = (spot.place.x, spot.place.y);
            let mut app = open(scene, (80, 24));
            later(&mut app, 5_000);
            let left = MouseEventKind::Down(MouseButton::Left);
            let first = mouse(&mut app, left, at).iter().filter(|effect| is_recorded(effect)).count();
            assert!(first <= 1, "{name}: {spot:?}");
            later(&mut app, 100);
            let second = mouse(&mut app, left, at);
            let is_again = first > 0 && second.iter().any(is_recorded);
            assert!(!is_again, "{name}: {spot:?}: {second:?}");
            clicks += 1;
        }
    }
    assert!(clicks > 400, "{clicks}");
}

/// Who comes back by a click has to look first: the second click of a double click finds other keys where it falls.
#[test]
fn a_click_leads_back_to_the_current_step_and_the_next_one_acts_after_a_pause() {
    for hint in [". returns", "enter return"] {
        let mut stage = Stage::open(SIZE);
        stage.press("down");
        stage.real_ms += 5_000;
        let before = stage.records.len();
        stage.click_on(hint, 30);
        assert!(stage.run().is_at_current(), "{hint}: {}", stage.picture());
        stage.real_ms += 100;
        stage.click_on("n note", 30);
        stage.click_on("enter cautions read", 30);
        assert!(stage.run().dialog.is_none() && stage.records.len() == before, "{hint}: {}", stage.picture());
        stage.real_ms += 700;
        stage.click_on("n note", 30);
        assert!(stage.run().dialog.is_some(), "{hint}: {}", stage.picture());
    }
}

/// Every key that the status line tells can be clicked there.
#[test]
fn the_keys_that_the_status_line_tells_are_pressed_by_a_click() {
    let mut stage = Stage::open(SIZE);
    stage.press("down");
    stage.press("s");
    assert!(stage.picture().contains("back to the current step first (.)"), "{}", stage.picture());
    stage.real_ms += 5_000;
    stage.click_on(".)", 30);
    assert!(stage.run().is_at_current(), "{}", stage.picture());
    let mut stage = Stage::open(SIZE);
    stage.all_well();
    stage.look_at_health();
    ["vault-1", "vault-2"].into_iter().for_each(|node| stage.sample(node, Verdict::Bad, ""));
    stage.look_at_health();
    let told = stage.picture();
    assert!(told.contains("more (!)") || told.contains("+1 (!)"), "{told}");
    stage.real_ms += 5_000;
    stage.click_on("!)", 30);
    assert!(stage.run().over.is_some(), "{}", stage.picture());
}

/// Where keys scroll, the wheel does, too, at some place of the screen.
#[test]
fn the_wheel_scrolls_wherever_a_key_does() {
    let mut stuck = Vec::new();
    for (name, scene) in all() {
        // Time that passes changes a screen by itself: no longer is a key held that opened it.
        let looked_at = || {
            let mut app = open(scene, (80, 24));
            later(&mut app, 5_000);
            app.derive();
            update(&mut app, Message::Shown);
            app
        };
        let before = picture(&looked_at());
        let is_scrolled = |key: &str| {
            let mut app = looked_at();
            update(&mut app, Message::Key(event(key)));
            app.derive();
            picture(&app) != before
        };
        let is_turned = |kind| {
            (3..22).step_by(3).any(|row| {
                let mut app = looked_at();
                mouse(&mut app, kind, (20, row));
                picture(&app) != before
            })
        };
        if ["down", "pgdn", "up", "pgup"].into_iter().any(is_scrolled)
            && ![MouseEventKind::ScrollDown, MouseEventKind::ScrollUp].into_iter().any(is_turned)
        {
            stuck.push(name);
        }
    }
    // There a key only takes away why the value was not taken.
    assert_eq!(stuck, ["value_wrong"]);
}

/// Every action of the keymap, in at least one scene where its keys hold: its key stands there and can be clicked, or the
/// menu that holds it can, or the wheel does the same.
#[test]
fn what_a_key_does_the_mouse_can_do() {
    let mut reached: BTreeMap<String, bool> = BTreeMap::new();
    for (_, scene) in all() {
        let app = open(scene, SIZE);
        let pressed: BTreeSet<String> = spots(&app)
            .into_iter()
            .filter_map(|spot| if let Press::Key(key) = spot.press { Some(key) } else { None })
            .collect();
        let mut contexts = if app.pick.is_some() { vec![Context::Pick] } else { app.screen.contexts() };
        contexts.push(Context::Everywhere);
        let has = |key: &str| pressed.contains(key);
        let menu = app.keymap.shown(Action::Palette, Context::Everywhere);
        let is_listed = takes_a_list(&app) && app.pick.is_none() && has(&menu);
        for binding in contexts.iter().flat_map(|context| app.keymap.of(*context)) {
            use Action::{Down, PageDown, PageUp, Up};
            let is_wheel = matches!(binding.action, Up | Down | PageUp | PageDown);
            let is_there = binding.keys.iter().any(|key| has(&key.to_string()));
            let name = format!("{:?} {:?}", binding.context, binding.action);
            *reached.entry(name).or_default() |= is_wheel || is_there || is_listed;
        }
    }
    // What the mouse does in another way: rows and cells are clicked, the wheel goes to the ends, the close is the other word.
    let otherwise = ["Overview Left", "Overview Right", "Sites First", "Sites Last"].into_iter();
    let otherwise = otherwise.chain(["Practise PreviousPane", "Debrief Leave"]);
    // In a text that is typed the keyboard is at hand.
    let otherwise = otherwise.chain(["SetUp Left", "SetUp Right", "SetUp Undo", "SetUp Redo"]);
    let otherwise: BTreeSet<_> = otherwise.chain(["Dialog Redo", "Note Redo", "SetUp Later"]).collect();
    let missing: BTreeSet<_> = reached.iter().filter(|(_, is)| !**is).map(|(name, _)| name.as_str()).collect();
    assert_eq!(missing, otherwise);
}
