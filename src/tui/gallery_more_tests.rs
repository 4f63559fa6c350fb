//! The rest of the gallery: the dialogs, lists and states that come up more seldom. With [`SCENES`] every kind of them is
//! there, which a test holds against the types.

use std::time::Duration;

use crate::engine::{Ended, Mode, Verdict};
use crate::runbook::{Runbook, parse};
use crate::session::Update;
use crate::tui::app::{App, update};
use crate::tui::decision_tests::deciding;
use crate::tui::gallery_tests::{Scene, looked, looked_at, run, shown, tell};
use crate::tui::journals_tests::entries;
use crate::tui::message::{Effect, Message};
use crate::tui::replay_tests::{self, recording};
use crate::tui::screen::library::tests as library;
use crate::tui::screen::run::layout::Pane;
use crate::tui::screen::setup::tests as setup;
use crate::tui::sign_tests::keys;
use crate::tui::stage_tests::{Stage, event, picture, runbook};
use crate::tui::theme::Look;
use crate::tui::together_tests::{restarting, running};
use crate::tui::verified_tests::{say, second, seen};
use crate::tui::{
    absent_tests, back_tests, defer_tests, pick_tests, restart_tests, reverted_tests, room_tests, take_up_tests,
};

/// What is not in [`super::gallery_tests::SCENES`].
pub const MORE: [(&str, Scene); 55] = [
    ("library_changes", |size, look| {
        shown(size, look, |app| {
            library::furnish(app);
            press(app, &["c"]);
            drop(update(app, Message::Changes(Ok(Box::new(library::changed())))));
        })
    }),
    ("library_broken", |size, look| {
        shown(size, look, |app| drop(update(app, Message::Library(vec![library::broken()]))))
    }),
    ("library_filtered", |size, look| {
        shown(size, look, |app| {
            library::furnish(app);
            press(app, &["/", "h", "a"]);
        })
    }),
    ("library_reading", |size, look| {
        shown(size, look, |app| {
            library::furnish(app);
            press(app, &["up", "up", "up", "enter"]);
            let (run, took) = ("2026-11-21-nomad-7qf3".to_owned(), Duration::from_secs(2));
            drop(update(app, Message::ReadingJournal { run, done: 30_000_000, all: 120_000_000, took }));
        })
    }),
    ("journals_filtered", |size, look| {
        shown(size, look, |app| {
            press(app, &["J"]);
            update(app, Message::Journals(entries()));
            press(app, &["/", "m", "a", "r"]);
        })
    }),
    ("form_wrong", |size, look| {
        shown(size, look, |app| {
            tell(app, setup::questions());
            press(app, &["n", "e", "w"]);
            let problem = Some("not a version such as 1.17.3".into());
            drop(update(app, Message::Checked { input: "target".into(), text: "new".into(), problem }));
        })
    }),
    ("before_well", |size, look| {
        shown(size, look, |app| {
            use crate::session::preflight::Mark;
            tell(app, setup::ready());
            setup::tell(app, setup::found(true, &[Mark::Ok, Mark::Ok], 1));
        })
    }),
    ("before_stop", |size, look| {
        shown(size, look, |app| {
            use crate::session::preflight::Mark;
            tell(app, setup::ready());
            setup::tell(app, setup::found(true, &[Mark::Stop, Mark::Look, Mark::Ok], 1));
        })
    }),
    ("practice", |size, look| {
        let mut stage = Stage::of(runbook(), size, look, Mode::Practice);
        stage.all_well();
        stage.prepare();
        stage.app
    }),
    ("browsing", |size, look| run(size, look, |stage| ["down"; 3].iter().for_each(|key| stage.press(key)))),
    ("health_alone", |size, look| alone(size, look, Pane::Health)),
    ("guards_alone", |size, look| alone(size, look, Pane::Guards)),
    ("steps_alone", |size, look| alone(size, look, Pane::Steps)),
    ("plain_step", |size, look| of(back_tests::book(), size, look, |_| {})),
    ("command_plain", |size, look| of(back_tests::book(), size, look, |stage| stage.press("enter"))),
    ("commands_together", |size, look| {
        let mut stage = looked_at(restarting(size, 3), look);
        stage.press("enter");
        stage.app
    }),
    ("running", |size, look| looked(room_tests::running(size), look)),
    ("cancel", |size, look| {
        let mut stage = looked_at(room_tests::running(size), look);
        stage.press("x");
        stage.app
    }),
    ("output_alone", |size, look| {
        let mut stage = looked_at(room_tests::running(size), look);
        focus(&mut stage, Pane::Output);
        stage.press("z");
        stage.app
    }),
    ("output_failed", |size, look| {
        let mut stage = looked_at(room_tests::running(size), look);
        stage.finish(Ended::Exit(100));
        stage.app
    }),
    ("together_failed", |size, look| {
        let mut stage = looked_at(running(size, 3), look);
        stage.print_item("peer-3", "Job for ipfs-cluster.service failed.\nSee the journal.\n");
        stage.end_item("peer-3", Ended::Exit(1), 12_400);
        stage.end_item("peer-1", Ended::Lost, 0);
        stage.end_item("peer-2", Ended::Exit(0), 8_000);
        stage.app
    }),
    ("value_wrong", |size, look| {
        run(size, look, |stage| {
            ["enter", "enter", "1", "enter", "enter", "enter"].iter().for_each(|key| stage.press(key));
        })
    }),
    ("choice_missing", |size, look| run(size, look, |stage| ["enter"; 3].iter().for_each(|key| stage.press(key)))),
    ("acknowledge", |size, look| {
        run(size, look, |stage| {
            held(stage);
            stage.press("a");
        })
    }),
    ("override", |size, look| {
        run(size, look, |stage| {
            held(stage);
            stage.press("o");
            stage.type_text("the probe is wrong");
        })
    }),
    ("overridden", |size, look| {
        run(size, look, |stage| {
            held(stage);
            stage.press("o");
            stage.type_text("the probe is wrong");
            ["enter", "s"].iter().for_each(|key| stage.press(key));
            stage.type_text("no time");
            ["enter", "up", "up"].iter().for_each(|key| stage.press(key));
        })
    }),
    ("waiting", |size, look| run(size, look, resting)),
    ("cut_wait", |size, look| {
        run(size, look, |stage| {
            resting(stage);
            stage.press("c");
        })
    }),
    ("reverted", |size, look| run(size, look, reverted_tests::reverted)),
    ("put_off", |size, look| {
        run(size, look, |stage| {
            defer_tests::deferrable(stage);
            stage.press("d");
            stage.type_text("they sleep");
        })
    }),
    ("was_put_off", |size, look| {
        run(size, look, |stage| {
            defer_tests::deferrable(stage);
            stage.press("d");
            stage.type_text("they sleep");
            ["enter", "up"].iter().for_each(|key| stage.press(key));
        })
    }),
    ("any_order", |size, look| {
        run(size, look, |stage| {
            take_up_tests::round(stage);
            stage.press("down");
        })
    }),
    ("restart", |size, look| {
        of(parsed(restart_tests::BOOK), size, look, |stage| {
            (0..2).for_each(|_| restart_tests::run(stage));
            ["enter", "2", "enter", "enter", "enter"].iter().for_each(|key| stage.press(key));
            stage.type_text("vault-2 still has the old version");
        })
    }),
    ("too_old", |size, look| {
        let mut stage = looked_at(restart_tests::evidence(size), look);
        restart_tests::run(&mut stage);
        stage.wait(3 * 3600);
        stage.all_well();
        stage.app
    }),
    ("roll_back", |size, look| {
        of(back_tests::book(), size, look, |stage| {
            back_tests::failed(stage);
            stage.press("b");
        })
    }),
    ("way_back", |size, look| of(back_tests::book(), size, look, gone_back)),
    ("abandon", |size, look| {
        of(back_tests::book(), size, look, |stage| {
            back_tests::failed(stage);
            stage.press("A");
        })
    }),
    ("close", |size, look| {
        of(back_tests::book(), size, look, |stage| {
            walked_back(stage);
            stage.press("Q");
        })
    }),
    ("outcome", |size, look| {
        of(back_tests::book(), size, look, |stage| {
            walked_back(stage);
            ["Q", "y"].iter().for_each(|key| stage.press(key));
        })
    }),
    ("statement_to_sign", |size, look| run(size, look, to_sign)),
    ("keys_of_release", |size, look| {
        run(size, look, |stage| {
            to_sign(stage);
            stage.press("ctrl-s");
            let Some(Effect::FindKeys(of)) = stage.effects.last().cloned() else { panic!("no keys are looked for") };
            stage.tell(Message::Keys(of, keys()));
        })
    }),
    ("dispute", |size, look| {
        let mut stage = seen(size, look);
        say(&mut stage, "open");
        stage.press("D");
        stage.type_text("kim");
        stage.press("enter");
        stage.app
    }),
    ("to_verify", |size, look| {
        let mut stage = seen(size, look);
        say(&mut stage, "open");
        second(&mut stage, "enter", "kim");
        say(&mut stage, "shut");
        stage.press("V");
        stage.app
    }),
    ("find_step", |size, look| run(size, look, |stage| find(stage, Pane::Steps, "vault"))),
    ("find_node", |size, look| run(size, look, |stage| find(stage, Pane::Health, "vault"))),
    ("find_output", |size, look| {
        run(size, look, |stage| {
            pick_tests::printing(stage);
            find(stage, Pane::Output, "line 4");
        })
    }),
    ("copy", |size, look| run(size, look, |stage| stage.press("y"))),
    ("find_record", |size, look| {
        replay(size, look, |stage| {
            stage.press("/");
            stage.type_text("confirmed");
        })
    }),
    ("replay_asks", |size, look| replay(size, look, |stage| ["#", "7"].iter().for_each(|key| stage.press(key)))),
    ("replay_why", |size, look| replay(size, look, |stage| ["f", "w"].iter().for_each(|key| stage.press(key)))),
    ("halted", |size, look| {
        run(size, look, |stage| {
            stage.tell(Message::Session(Update::Halted("no space left on device: journal.jsonl".into())));
        })
    }),
    ("stalled", |size, look| {
        let mut stage = Stage::of(runbook(), size, look, Mode::Live);
        stage.prepare();
        stage.app
    }),
    ("absent", |size, look| {
        let mut stage = looked_at(absent_tests::stage(size), look);
        absent_tests::hour(&mut stage);
        stage.press_at_once("enter");
        stage.app
    }),
    ("note_long", |size, look| {
        run(size, look, |stage| {
            stage.press("n");
            (1..=30).for_each(|line| {
                stage.type_text(&format!("line {line} of a long note"));
                stage.press("enter");
            });
        })
    }),
    ("why_soak", |size, look| {
        let mut stage = looked_at(crate::tui::soak_tests::soaked(size, 3), look);
        stage.press("w");
        stage.app
    }),
];

fn press(app: &mut App, keys: &[&str]) {
    keys.iter().for_each(|key| drop(update(app, Message::Key(event(key)))));
}

fn parsed(text: &str) -> Runbook {
    let (book, told) = parse(text);
    book.unwrap_or_else(|| panic!("{told:?}"))
}

fn of(book: Runbook, size: (u16, u16), look: Look, play: impl FnOnce(&mut Stage)) -> App {
    let mut stage = Stage::of(book, size, look, Mode::Live);
    stage.all_well();
    play(&mut stage);
    stage.app
}

fn focus(stage: &mut Stage, pane: Pane) {
    for _ in 0..5 {
        if stage.run().focus == pane {
            return;
        }
        stage.press("tab");
    }
    panic!("{pane:?} never has the keys: {}", stage.picture());
}

fn alone(size: (u16, u16), look: Look, pane: Pane) -> App {
    run(size, look, |stage| {
        held(stage);
        focus(stage, pane);
        stage.press("z");
    })
}

fn find(stage: &mut Stage, pane: Pane, words: &str) {
    focus(stage, pane);
    stage.press("/");
    stage.type_text(words);
}

/// Held back by two nodes that are away.
fn held(stage: &mut Stage) {
    stage.prepare();
    for node in ["vault-2", "vault-3"] {
        stage.sample(node, Verdict::Bad, "");
    }
    stage.look_at_health();
}

/// At the wait, after everything before it was left out.
fn resting(stage: &mut Stage) {
    stage.prepare();
    for _ in 0..12 {
        if stage.state.current.as_ref().is_some_and(|key| key.step.as_str() == "rest") {
            return stage.wait(20);
        }
        stage.press("o");
        stage.type_text("known");
        stage.press("enter");
    }
    panic!("{}", stage.picture());
}

fn gone_back(stage: &mut Stage) {
    back_tests::failed(stage);
    stage.press("b");
    stage.type_text("the second node does not stop");
    stage.press("enter");
}

fn walked_back(stage: &mut Stage) {
    gone_back(stage);
    (0..3).for_each(|_| say(stage, "yes"));
}

/// A release whose statement lies in a file, to be signed.
fn to_sign(stage: &mut Stage) {
    deciding(stage, 2);
    for key in ["enter", "2", "enter", "enter", "j", "enter", "o", "k", "ctrl-s"] {
        stage.press(key);
    }
}

fn replay(size: (u16, u16), look: Look, play: impl FnOnce(&mut replay_tests::Stage)) -> App {
    let mut stage = replay_tests::Stage::looking(recording(&replay_tests::small()), size, look);
    play(&mut stage);
    stage.app
}

/// What must be typed before a critical command is said of one that can still run, and never as the gap in its name.
#[test]
fn what_is_to_be_typed_is_told_only_while_it_can_be() {
    let told = "You must type";
    let scene = |name: &str| MORE.iter().find(|(of, _)| *of == name).map(|(_, scene)| *scene).expect("it is there");
    let drawn = |name: &str| {
        picture(&scene(name)((120, 40), crate::tui::stage_tests::look("dark", &crate::tui::theme::UNICODE)))
    };
    assert!(drawn("steps_alone").contains("Stop Vault") && drawn("practice").contains("You must type vault-2 to run"));
    let ahead = drawn("browsing");
    assert!(ahead.contains("You must type the name of its target to run this"), "{ahead}");
    let at_work = |stage: &mut Stage| {
        stage.prepare();
        stage.press("enter");
        stage.type_text("vault-2");
        stage.press("enter");
    };
    let look = crate::tui::stage_tests::look("dark", &crate::tui::theme::UNICODE);
    let running = picture(&run((120, 40), look, at_work));
    assert!(running.contains("its command has been running") && !running.contains(told), "{running}");
    let over = drawn("overridden");
    assert!(over.contains("the probe is wrong") && !over.contains(told), "{over}");
}

/// Nothing more can be proposed to it, so it is the bar that says what is left to do, to the mouse as well.
#[test]
fn a_closed_run_that_is_looked_at_says_how_it_is_left() {
    for size in [(80, 24), (120, 40)] {
        let look = crate::tui::stage_tests::look("dark", &crate::tui::theme::UNICODE);
        let mut effects = Vec::new();
        let app = of(back_tests::book(), size, look, |stage| {
            walked_back(stage);
            ["Q", "y", "esc"].iter().for_each(|key| stage.press(key));
            assert!(stage.run().dialog.is_none());
            stage.press("q");
            effects.clone_from(&stage.effects);
        });
        assert!(matches!(effects.last(), Some(Effect::Leave(_))), "{effects:?}");
        let bar = picture(&app).lines().rev().take(2).collect::<String>();
        assert!(bar.contains("q leave") && bar.contains("S sign"), "{bar}");
    }
}

/// A click on it opens the question of that key, as a click on the bar does.
#[test]
fn a_key_that_the_status_line_names_can_be_clicked() {
    let mut at_the_end = false;
    of(back_tests::book(), (120, 40), crate::tui::stage_tests::look("dark", &crate::tui::theme::UNICODE), |stage| {
        walked_back(stage);
        let area = ratatui::layout::Rect::new(0, 0, 120, 40);
        let spots = crate::tui::app::draw(&stage.app, area, &mut ratatui::buffer::Buffer::empty(area));
        let line = stage.picture().lines().rev().nth(2).unwrap_or_default().replace('"', "");
        let at = line.find("Q closes the run").unwrap_or_else(|| panic!("{line}"));
        let column = u16::try_from(line[..at].chars().count()).unwrap();
        let place = ratatui::layout::Position::new(column, 37);
        let is_its = |spot: &crate::tui::spot::Spot| spot.place.contains(place);
        at_the_end = spots.iter().any(|spot| is_its(spot) && spot.press == crate::tui::spot::Press::Key("Q".into()));
    });
    assert!(at_the_end);
}
