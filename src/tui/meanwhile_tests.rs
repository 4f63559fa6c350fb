//! What is to be watched while a step is done: beside its action, whatever else is on the screen.

use std::sync::Arc;

use ratatui::layout::Rect;

use crate::engine::{Ended, Mode, Verdict};
use crate::runbook::{GuardId, ProbeId, Watch};
use crate::tui::replay_tests;
use crate::tui::stage_tests::{Stage, look, picture, run_action, runbook, step};
use crate::tui::theme::{Look, UNICODE};

/// From the smallest screen on which something is confirmed to a large one.
const SIZES: [(u16, u16); 8] = [(40, 10), (59, 24), (60, 15), (80, 24), (99, 30), (100, 28), (120, 40), (200, 60)];

/// A step that says what is to be watched, and is asked whether its command is to run.
pub fn watching(size: (u16, u16), look: Look) -> Stage {
    let mut book = runbook();
    let mut stop = step("stop", "Stop Vault on vault-2", run_action(&["systemctl", "stop", "vault"]));
    stop.watch = vec![Watch::Probe(ProbeId::new("vault")), Watch::Guard(GuardId::new("one-away"))];
    book.phases[0].steps.insert(0, stop);
    let mut stage = Stage::of(book, size, look, Mode::Live);
    stage.all_well();
    stage.look_at_health();
    stage.press("enter");
    stage
}

fn dark(size: (u16, u16)) -> Stage {
    watching(size, look("dark", &UNICODE))
}

/// The command runs, and a node is bad.
fn at_work(size: (u16, u16)) -> Stage {
    let mut stage = dark(size);
    // On a small screen the command is read first.
    for _ in 0..20 {
        stage.press("down");
    }
    stage.press("y");
    assert!(stage.state.is_running(), "{size:?}: {}", stage.picture());
    stage.sample("vault-3", Verdict::Bad, "");
    stage.look_at_health();
    stage
}

/// The rows in which it stands, as they are drawn.
fn band(stage: &Stage) -> String {
    let (columns, rows) = stage.app.size;
    let watch = stage.run().panes(Rect::new(0, 0, columns, rows)).watch;
    let picture = stage.picture();
    let lines = picture.lines().skip(usize::from(watch.y)).take(usize::from(watch.height));
    lines.map(|line| line.trim_matches('"').trim()).collect::<Vec<_>>().join("\n")
}

#[test]
fn what_is_watched_stays_beside_the_action_whatever_is_done_on_the_screen() {
    for size in SIZES {
        let mut stage = at_work(size);
        let told = band(&stage);
        assert!(
            told.starts_with(if size.0 < 58 { "watch:" } else { "meanwhile watch:" }),
            "{size:?} {told}\n{}",
            stage.picture()
        );
        assert!(told.contains('✘'), "{size:?}: what is bad is told or counted first: {told}");
        // Panes, one alone, the overview, the alarms, another step, a place further down.
        let keys =
            ["tab", "tab", "z", "tab", "tab", "tab", "z", "m", "esc", "!", "esc", "down", "pgdn", "end", "up", "c"];
        for key in keys {
            stage.press(key);
            assert_eq!(band(&stage), told, "{size:?} {key}\n{}", stage.picture());
        }
    }
}

#[test]
fn dialogs_menu_and_help_leave_what_is_watched_in_view() {
    for size in SIZES.into_iter().filter(|size| size.1 >= 24) {
        for key in ["n", "w", "x", "e", "q", ":", "?"] {
            let mut stage = at_work(size);
            let told = band(&stage);
            stage.press(key);
            assert_eq!(band(&stage), told, "{size:?} {key}\n{}", stage.picture());
        }
    }
}

#[test]
fn before_its_command_runs_what_is_watched_is_left_in_view_on_low_screens_too() {
    for rows in 12..24 {
        for key in ["n", "w", "e", "q", ":", "?"] {
            let mut stage = dark((80, rows));
            stage.press("esc");
            let told = band(&stage);
            assert!(!told.is_empty(), "{rows}");
            stage.press(key);
            assert_eq!(band(&stage), told, "{rows} {key}\n{}", stage.picture());
        }
    }
}

#[test]
fn while_a_command_runs_what_opens_leaves_what_is_watched_on_low_screens_too() {
    for size in [(80, 14), (80, 15), (80, 17), (80, 20)] {
        for key in ["n", "?", ":"] {
            let mut stage = at_work(size);
            let told = band(&stage);
            stage.press(key);
            assert_eq!(band(&stage), told, "{size:?} {key}\n{}", stage.picture());
        }
    }
}

#[test]
fn the_dialog_of_a_command_says_what_to_watch_and_the_step_says_it_before_and_after() {
    for size in [(80, 24), (120, 40)] {
        let mut stage = dark(size);
        let picture = stage.picture();
        assert!(picture.contains("meanwhile watch: Vault; At most one"), "{picture}");
        assert!(band(&stage).contains("✔ At most one"), "{picture}");
        stage.press("y");
        stage.finish(Ended::Exit(0));
        let picture = stage.picture();
        assert!(!picture.contains("meanwhile watch"), "the next step watches nothing: {picture}");
        stage.press("up");
        let picture = stage.picture();
        assert!(picture.contains("meanwhile watch: Vault; At most one"), "{picture}");
    }
}

#[test]
fn what_there_is_no_room_for_is_counted_and_what_is_not_well_comes_first() {
    let mut stage = at_work((40, 10));
    assert_eq!(band(&stage), "watch:  ✘ vault-3 (Vaul… bad  ✔ 3 well");
    for node in ["vault-1", "vault-2"] {
        stage.sample(node, Verdict::Bad, "");
    }
    stage.look_at_health();
    assert_eq!(band(&stage), "watch:  ! 4 not well");
    let mut stage = at_work((80, 24));
    stage.sample("vault-1", Verdict::Unknown, "");
    stage.look_at_health();
    let told = band(&stage);
    assert!(told.starts_with("meanwhile watch:  ✘ vault-3 (Vault) bad"), "{told}");
    let (bad, unknown) = (told.find("vault-3"), told.find("? vault-1"));
    assert!(unknown.is_none() || bad < unknown, "{told}");
    for (columns, rows) in [(40, 1), (60, 1), (78, 2), (118, 3), (198, 3)] {
        let lines = stage.run().watching().lines(columns, rows, &Look::plain());
        assert!(lines.len() <= rows && lines.iter().all(|line| line.width() <= columns), "{columns} {lines:?}");
    }
}

#[test]
fn a_replay_shows_what_was_to_be_watched_as_it_was_recorded() {
    let stage = at_work((120, 40));
    let played = (Arc::clone(&stage.runbook), stage.records.clone());
    let mut replay = replay_tests::Stage::looking(replay_tests::recording(&played), (120, 40), look("dark", &UNICODE));
    replay.press("end");
    let drawn = picture(&replay.app);
    let told = drawn.lines().find(|line| line.contains("meanwhile watch:")).expect("it stands there");
    assert!(told.contains("At most one node is away"), "{told}");
    replay.press("z");
    assert!(picture(&replay.app).contains("meanwhile watch:"));
}
