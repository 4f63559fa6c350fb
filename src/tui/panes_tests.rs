//! Panes that are shown alone, and panes whose edges are moved.

use crossterm::event::{KeyModifiers, MouseButton, MouseEvent, MouseEventKind};
use insta::assert_snapshot;

use crate::engine::Mode;
use crate::runbook::{Guard, GuardId};
use crate::tui::app::update;
use crate::tui::message::{Effect, Message};
use crate::tui::replay_tests::{Stage as Replayed, recording, walked};
use crate::tui::screen::run::layout::Pane;
use crate::tui::screen::run::sizes::Sizes;
use crate::tui::stage_tests::{Stage, look, runbook};
use crate::tui::theme::{ASCII, UNICODE};

fn stage(size: (u16, u16)) -> Stage {
    let mut stage = Stage::open(size);
    stage.all_well();
    stage.effects.clear();
    stage
}

fn mouse(stage: &mut Stage, kind: MouseEventKind, column: u16, row: u16) {
    stage.tell(Message::Mouse(MouseEvent { kind, column, row, modifiers: KeyModifiers::NONE }));
}

fn kept(stage: &Stage) -> Vec<Sizes> {
    let kept = stage.effects.iter().filter_map(|effect| match effect {
        Effect::KeepSizes(sizes) => Some(*sizes),
        _ => None,
    });
    kept.collect()
}

#[test]
fn a_pane_is_shown_alone_and_all_of_them_again() {
    for size in [(80, 24), (120, 40), (200, 60)] {
        let mut stage = stage(size);
        let before = stage.picture();
        while stage.run().focus != Pane::Health {
            stage.press("tab");
        }
        stage.press("z");
        let panes = stage.run().panes_on_screen();
        assert_eq!(panes.health, panes.body);
        assert_snapshot!(format!("health_alone_{}x{}", size.0, size.1), stage.picture());
        stage.press("tab");
        let panes = stage.run().panes_on_screen();
        assert_eq!(panes.guards, panes.body, "the keys go round, and what has them is shown");
        stage.press("z");
        while stage.run().focus != Pane::Step {
            stage.press("tab");
        }
        assert_eq!(stage.picture(), before);
    }
}

#[test]
fn a_step_that_has_no_pane_now_is_shown_before_it_can_be_confirmed() {
    for (size, is_alone) in [((80, 24), false), ((80, 24), true), ((120, 40), true)] {
        let mut stage = stage(size);
        stage.press("tab");
        while stage.run().focus != Pane::Guards {
            stage.press("tab");
        }
        if is_alone {
            stage.press("z");
        }
        let records = stage.records.len();
        stage.press("enter");
        assert_eq!(stage.records.len(), records, "{size:?}: the cautions were not on the screen");
        assert!(stage.run().dialog.is_none());
        assert_eq!(stage.run().focus, Pane::Step);
        assert!(stage.picture().contains("WARNING"), "{}", stage.picture());
        stage.press_at_once("enter");
        assert_eq!(stage.records.len(), records, "the key was held");
        for _ in 0..3 {
            stage.press("enter");
        }
        assert!(stage.records.len() > records);
    }
}

#[test]
fn the_pane_that_has_the_keys_becomes_wider_and_higher_and_the_sizes_are_remembered() {
    let mut stage = stage((120, 40));
    let before = stage.run().panes_on_screen();
    stage.press("tab");
    stage.press(">");
    assert_eq!(stage.run().panes_on_screen().steps.width, before.steps.width + 4);
    stage.press("tab");
    assert_eq!(stage.run().focus, Pane::Health);
    stage.press("]");
    stage.press("<");
    let after = stage.run().panes_on_screen();
    assert_eq!(after.health.height, before.health.height + 2);
    assert_eq!(after.steps.width, before.steps.width + 8, "{before:?} {after:?}");
    assert_snapshot!("panes_drawn_120x40", stage.picture());
    let sizes = *kept(&stage).last().unwrap();
    assert_eq!(stage.app.sizes, Some(sizes));
    // The next sitting has them from the start.
    let mut next = Stage::open((120, 40));
    assert!(next.effects.contains(&Effect::ReadSizes));
    next.tell(Message::Sizes(Sizes::parse(&sizes.text()).unwrap()));
    let shown = next.run().panes_on_screen();
    assert_eq!((shown.steps.width, shown.health.height), (after.steps.width, after.health.height));
    stage.press("0");
    assert_eq!(stage.run().sizes, Sizes::default());
    assert_eq!(kept(&stage).last(), Some(&Sizes::default()));
}

#[test]
fn beside_each_other_health_and_guards_share_the_width() {
    let mut stage = stage((200, 60));
    let before = stage.run().panes_on_screen();
    for key in ["tab", "tab", "<"] {
        stage.press(key);
    }
    let after = stage.run().panes_on_screen();
    assert_eq!(after.guards.width, before.guards.width + 4, "{before:?} {after:?}");
    assert_eq!(after.steps.width, before.steps.width);
}

#[test]
fn below_the_steps_the_guards_are_as_high_as_they_are_long_and_the_board_has_the_width() {
    for (columns, rows) in [(100, 28), (120, 40), (189, 50)] {
        let mut stage = stage((columns, rows));
        let panes = stage.run().panes_on_screen();
        assert!(panes.are_guards_below_steps() && panes.health.right() == columns, "{panes:?}");
        assert_eq!(panes.guards.bottom(), panes.health.bottom());
        assert!(panes.steps.height >= 2 * panes.guards.height, "{panes:?}");
        for key in ["tab", "tab", "tab", "]"] {
            stage.press(key);
        }
        assert_eq!(stage.run().focus, Pane::Guards);
        assert_eq!(stage.run().panes_on_screen().guards, panes.guards);
        assert!(stage.picture().contains("the rows that they need, a quarter at most"), "{}", stage.picture());
        stage.press(">");
        assert_eq!(stage.run().panes_on_screen().guards.width, panes.guards.width + 4);
    }
}

#[test]
fn what_lies_above_and_below_of_the_guards_stands_on_their_edge() {
    for (size, shows) in [((80, 24), false), ((120, 40), true), ((200, 60), true)] {
        let mut book = runbook();
        let guard = book.guards[0].clone();
        book.guards = (1..=60)
            .map(|n| Guard { id: GuardId::new(format!("g{n}")), title: format!("Guard number {n}"), ..guard.clone() })
            .collect();
        let mut stage = Stage::of(book, size, look("dark", &UNICODE), Mode::Live);
        stage.all_well();
        let edge = |stage: &Stage| {
            let panes = stage.run().panes_on_screen();
            let row = stage.picture().lines().nth(usize::from(panes.guards.y)).unwrap_or_default().to_owned();
            let row: String = row.trim_matches('"').chars().skip(usize::from(panes.guards.x)).collect();
            (row, usize::from(panes.text(panes.guards).height))
        };
        if shows {
            let (told, rows) = edge(&stage);
            assert!(told.contains(&format!(" {} more below ", 60 - rows)), "{size:?}: {told}");
        }
        while stage.run().focus != Pane::Guards {
            stage.press("tab");
        }
        let (told, rows) = edge(&stage);
        assert!(told.contains(&format!(" {} more below ", 60 - rows)), "{size:?}: {told}");
        for _ in 0..3 {
            stage.press("down");
        }
        let told = edge(&stage).0;
        assert!(told.contains(&format!(" 3 more above · {} more below ", 57 - rows)), "{size:?}: {told}");
        stage.press("end");
        let told = edge(&stage).0;
        assert!(told.contains(&format!(" {} more above ", 60 - rows)) && !told.contains("below"), "{size:?}: {told}");
        assert!(stage.picture().contains("Guard number 60"), "{}", stage.picture());
        stage.press("up");
        assert!(edge(&stage).0.contains(" 1 more below "), "one key moves it: {}", edge(&stage).0);
    }
}

#[test]
fn the_mouse_draws_an_edge_and_writes_once_it_is_let_go() {
    let mut stage = stage((120, 40));
    let panes = stage.run().panes_on_screen();
    let left = MouseButton::Left;
    mouse(&mut stage, MouseEventKind::Down(left), panes.steps.right() - 1, 10);
    for column in [50, 55, 60, 30] {
        mouse(&mut stage, MouseEventKind::Drag(left), column, 12);
    }
    assert_eq!(stage.run().panes_on_screen().steps.width, 30);
    assert_eq!(kept(&stage), []);
    mouse(&mut stage, MouseEventKind::Up(left), 30, 12);
    assert_eq!(kept(&stage).len(), 1);
    mouse(&mut stage, MouseEventKind::Drag(left), 70, 12);
    assert_eq!(stage.run().panes_on_screen().steps.width, 30, "it was let go");
    let health = stage.run().panes_on_screen().health;
    mouse(&mut stage, MouseEventKind::Down(left), health.x + 5, health.y);
    mouse(&mut stage, MouseEventKind::Drag(left), health.x + 5, 15);
    assert_eq!(stage.run().panes_on_screen().health.y, 15);
    mouse(&mut stage, MouseEventKind::Drag(left), health.x + 5, 0);
    let panes = stage.run().panes_on_screen();
    assert!(panes.step.height >= 4, "{panes:?}");
}

#[test]
fn sizes_that_come_after_the_first_were_drawn_do_not_undo_them() {
    let mut stage = stage((120, 40));
    stage.press("tab");
    stage.press(">");
    let drawn = stage.run().sizes;
    update(&mut stage.app, Message::Sizes(Sizes { steps: Some(900), ..Sizes::default() }));
    assert_eq!(stage.run().sizes, drawn);
}

#[test]
fn a_key_pressed_before_moved_panes_were_on_the_screen_confirms_nothing() {
    let mut stage = stage((120, 40));
    let records = stage.records.len();
    stage.real_ms += 2_000;
    stage.tell_unseen(Message::Sizes(Sizes { steps: Some(700), ..Sizes::default() }));
    assert!(stage.tell_unseen(Message::Key(crate::tui::stage_tests::event("enter"))).is_empty());
    assert_eq!(stage.records.len(), records);
}

#[test]
fn a_replay_has_the_same_keys_for_its_panes() {
    let played = walked("vault-ha-upgrade", "wrong-share", true);
    let mut stage = Replayed::open(recording(&played), Some(20), (120, 40));
    let before = stage.replay().run.panes_on_screen();
    stage.press("tab");
    stage.press(">");
    assert_eq!(stage.replay().run.panes_on_screen().steps.width, before.steps.width + 4);
    stage.press("z");
    let panes = stage.replay().run.panes_on_screen();
    assert_eq!(panes.steps, panes.body);
}

#[test]
fn any_sizes_of_screen_and_panes_are_drawn() {
    for drawn in [1, 500, 999] {
        let sizes = Sizes { steps: Some(drawn), output: Some(drawn), low: Some(drawn), guards: Some(drawn) };
        for key in ["tab", "z", "m"] {
            let mut stage = Stage::of(runbook(), (120, 40), look("mono", &ASCII), Mode::Live);
            stage.all_well();
            stage.tell(Message::Sizes(sizes));
            stage.press(key);
            for size in [(0, 0), (1, 1), (39, 9), (40, 10), (61, 16), (99, 27), (100, 28), (300, 100), (120, 40)] {
                stage.tell(Message::Resized(size.0, size.1));
                stage.picture();
            }
            stage.app.look = look("dark", &UNICODE);
        }
    }
}

#[test]
fn columns_are_named_where_the_title_of_their_probe_reaches_over_them() {
    for (title, named) in [
        ("Nodes", "Nodes        role    version"),
        ("Leader and peers as each of the nodes sees them", "as each of the nodes sees them  role · version"),
    ] {
        let mut book = runbook();
        book.health[0].title = title.into();
        let mut stage = Stage::of(book, (120, 40), look("dark", &UNICODE), Mode::Live);
        stage.all_well();
        stage.look_at_health();
        for key in ["tab", "tab", "z"] {
            stage.press(key);
        }
        let picture = stage.picture();
        assert!(picture.contains(named), "{picture}");
    }
}

#[test]
fn on_a_narrow_screen_as_many_keys_have_their_word_as_there_is_room_for() {
    for (columns, words) in
        [(80, ["n note", "A abandon", "q leave"]), (50, ["n note", "A abandon", "q"]), (40, ["n note", "A", "q"])]
    {
        let stage = stage((columns, 14));
        let picture = stage.picture();
        let line = picture.lines().find(|line| line.contains(": menu")).unwrap();
        assert!(words.iter().all(|word| line.contains(word)), "{columns}: {line}");
    }
}
