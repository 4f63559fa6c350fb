//! Pictures of every screen at 80×24 and 120×40.

use insta::assert_snapshot;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::engine::{Ended, Mode, Output, Printed, Proposal, Verdict};
use crate::runbook::Runbook;
use crate::session::Update;
use crate::tui::app::{App, update};
use crate::tui::backstage::{LibraryEntry, OpenRun};
use crate::tui::keymap::{Context, Keymap};
use crate::tui::message::{Effect, Message};
use crate::tui::stage_tests::{Stage, event, expr, look, picture, read_again, runbook};
use crate::tui::tell;
use crate::tui::theme::{ASCII, UNICODE};
use crate::tui::widget::paint::Paint;
use crate::tui::widget::status::key_of;

const SIZES: [(u16, u16); 2] = [(80, 24), (120, 40)];

pub fn at_both_sizes(name: &str, play: impl Fn(&mut Stage)) {
    for size in SIZES {
        let mut stage = Stage::open(size);
        play(&mut stage);
        assert_snapshot!(format!("{name}_{}x{}", size.0, size.1), stage.picture());
    }
}

fn library(size: (u16, u16)) -> App {
    let mut app = App::new(look("dark", &UNICODE), Keymap::standard());
    app.size = size;
    let vault = LibraryEntry {
        id: "vault-ha-upgrade".into(),
        title: "Upgrade a Vault HA cluster".into(),
        revision: "1".into(),
        system: "vault".into(),
        summary: "Every standby first, then hand over to an upgraded standby, then the old active node.".into(),
        minutes: Some(45),
        origin: "built in".into(),
        has_practice: true,
        ..LibraryEntry::default()
    };
    let broken = LibraryEntry {
        id: "own".into(),
        origin: "/etc/piton/own.toml".into(),
        problems: vec!["line 3, column 1: unknown key `stepp`\nhelp: did you mean `step`?".into()],
        ..LibraryEntry::default()
    };
    let open = OpenRun {
        run: "2026-11-20-vault-ha-3kd9".into(),
        title: "Upgrade a Vault HA cluster".into(),
        place: "PRODUCTION prod-eu".into(),
        last: crate::clock::Timestamp::from_millis(1_795_140_000_000),
        standing: "suspended, 38 records".into(),
        step: "standbys[vault-2]/stop".into(),
        operator: "maria@bastion".into(),
        ..OpenRun::default()
    };
    update(&mut app, Message::Glanced(Vec::new(), vec![open]));
    update(&mut app, Message::Library(vec![vault, broken]));
    app
}

#[test]
fn the_library() {
    for size in SIZES {
        let mut app = library(size);
        update(&mut app, Message::Key(event("down")));
        assert_snapshot!(format!("library_{}x{}", size.0, size.1), picture(&app));
    }
}

#[test]
fn a_runbook_that_does_not_load_is_told_and_not_started() {
    let mut app = library((80, 24));
    update(&mut app, Message::Key(event("down")));
    update(&mut app, Message::Key(event("down")));
    assert!(update(&mut app, Message::Key(event("enter"))).is_empty());
    assert!(picture(&app).contains("unknown key `stepp`"));
}

/// A long journal is read before its run is gone on with: it is told how far that is, and it can be ended.
#[test]
fn a_run_that_is_resumed_tells_how_far_its_journal_is_read() {
    let mut app = library((80, 24));
    update(&mut app, Message::Key(event("up")));
    let run = || "2026-11-20-vault-ha-3kd9".to_owned();
    assert_eq!(update(&mut app, Message::Key(event("enter"))), [Effect::Resume(run())]);
    let reading = |run, done| {
        let took = std::time::Duration::from_secs(2);
        Message::ReadingJournal { run, done, all: 120_000_000, took }
    };
    update(&mut app, reading("another".into(), 90_000_000));
    update(&mut app, reading(run(), 30_000_000));
    let shown = picture(&app);
    assert!(shown.contains("25 %, 15.0 MB/s, 6 s left") && shown.contains("esc stop reading"), "{shown}");
    assert_eq!(update(&mut app, Message::Key(event("esc"))), [Effect::StopReading]);
    update(&mut app, Message::Launched(Err("it is not gone on with".into())));
    let shown = picture(&app);
    assert!(shown.contains("it is not gone on with") && shown.contains("enter go on"), "{shown}");
}

#[test]
fn a_run_with_cautions() {
    at_both_sizes("run_caution", Stage::all_well);
}

#[test]
fn a_run_with_a_failing_gate() {
    at_both_sizes("run_gate", |stage| {
        stage.all_well();
        stage.prepare();
        stage.sample("vault-2", Verdict::Bad, "");
        stage.sample("vault-3", Verdict::Bad, "");
    });
}

#[test]
fn a_board_that_does_not_fit_tells_how_much_is_below_and_begins_with_what_is_not_ok() {
    let mut stage = Stage::open((120, 40));
    stage.all_well();
    stage.sample("vault-3", Verdict::Bad, "");
    let run = stage.run();
    let health = run.health();
    let area = Rect::new(0, 0, 60, 2);
    assert_eq!(
        [health.beyond(area, 0), health.beyond(area, 1), health.beyond(Rect { height: 9, ..area }, 0)],
        [(0, 1), (1, 0), (0, 0)]
    );
    let mut buffer = Buffer::empty(area);
    health.draw(area, 0, &mut Paint::new(&mut buffer, &look("dark", &UNICODE)));
    let first: String = (0..60).map(|x| buffer[(x, 0)].symbol()).collect();
    assert!(first.starts_with("vault-3 ✘ bad"), "{first}");
}

#[test]
fn why_a_gate_is_closed() {
    at_both_sizes("why", |stage| {
        stage.all_well();
        stage.prepare();
        stage.sample("vault-2", Verdict::Bad, "");
        stage.press("w");
    });
}

#[test]
fn the_confirm_dialog() {
    at_both_sizes("confirm", |stage| {
        stage.press("enter");
        stage.press("enter");
    });
}

#[test]
fn the_dialog_of_a_critical_command() {
    at_both_sizes("command_critical", |stage| {
        stage.all_well();
        stage.prepare();
        stage.press("enter");
        stage.type_text("vault");
        stage.press("enter");
    });
}

#[test]
fn a_running_command_with_output() {
    at_both_sizes("command_running", |stage| {
        stage.all_well();
        stage.prepare();
        stage.press("enter");
        stage.type_text("vault-2");
        stage.press("enter");
        let output = b"stopping \x1b[31mvault\x1b[0m.service\n10%\r100%\nunit stopped\n".to_vec();
        stage.tell(Message::Session(Update::Printed(crate::engine::JobId(1), output)));
    });
}

#[test]
fn a_failed_step_offers_what_is_possible() {
    at_both_sizes("failed", |stage| {
        stage.all_well();
        stage.prepare();
        stage.press("enter");
        stage.type_text("vault-2");
        stage.press("enter");
        stage.finish(Ended::Exit(5));
    });
}

/// What stands in the action bar: its two lines.
fn bar(stage: &Stage) -> String {
    let picture = stage.picture();
    let lines: Vec<&str> = picture.lines().collect();
    lines[lines.len() - 2..].join("\n")
}

#[test]
fn everything_that_the_engine_allows_is_in_the_bar() {
    type Play = fn(&mut Stage);
    let plays: [(&str, Play); 5] = [
        ("cautions", |_| {}),
        ("a closed gate", |stage| {
            stage.prepare();
            stage.sample("vault-2", Verdict::Bad, "");
            stage.sample("vault-3", Verdict::Bad, "");
        }),
        ("a command", |stage| {
            stage.prepare();
            stage.press("enter");
            stage.type_text("vault-2");
            stage.press("enter");
        }),
        ("a failed step", |stage| {
            stage.prepare();
            stage.press("enter");
            stage.type_text("vault-2");
            stage.press("enter");
            stage.finish(Ended::Exit(5));
        }),
        ("a wait", |stage| {
            stage.prepare();
            for key in ["r", "s"] {
                stage.press(key);
            }
        }),
    ];
    for size in [(60, 15), (80, 24), (100, 28), (120, 40)] {
        for (name, play) in plays {
            let mut stage = Stage::open(size);
            stage.all_well();
            play(&mut stage);
            stage.press("esc");
            let bar = bar(&stage);
            for allowed in &stage.run().view.allowed {
                let key = stage.app.keymap.shown(key_of(allowed).0, Context::Run);
                let (full, short) = tell::offer(allowed);
                let is_there = [full, short].iter().any(|word| bar.contains(&format!("{key} {word}")));
                assert!(is_there, "{size:?} {name}: {allowed:?} is not in\n{bar}");
            }
        }
    }
}

#[test]
fn why_no_step_can_open_stands_where_the_step_would_be() {
    at_both_sizes("stalled", |stage| {
        stage.prepare();
        assert!(stage.run().view.stalled.is_some());
    });
}

#[test]
fn a_list_that_no_answer_will_change_is_not_waited_for() {
    let mut book = runbook();
    book.phases[1].for_each = Some(expr("{ api: \"https://vault-1\" }"));
    let mut stage = Stage::of(book, (80, 24), look("dark", &UNICODE), Mode::Live);
    stage.all_well();
    stage.prepare();
    let picture = stage.picture();
    assert!(picture.contains("the phase \"Each standby\" cannot open: an item has no usable name"), "{picture}");
    assert!(picture.contains("Nothing changes here by waiting"), "{picture}");
    assert!(picture.contains("Go back if something was changed"), "{picture}");
}

#[test]
fn nobody_is_told_to_go_back_where_there_is_no_way_back() {
    let stuck = |book: &mut Runbook| book.phases[1].for_each = Some(expr("{ api: \"https://vault-1\" }"));
    let mut book = runbook();
    stuck(&mut book);
    book.rollbacks.clear();
    let mut stage = Stage::of(book, (120, 40), look("dark", &UNICODE), Mode::Live);
    stage.all_well();
    stage.prepare();
    let picture = stage.picture();
    assert!(picture.contains("Nothing changes here by waiting"), "{picture}");
    assert!(!picture.contains("Go back") && picture.contains("Give the run up"), "{picture}");
    // On the way back there is none either.
    let mut book = runbook();
    stuck(&mut book);
    let phase = book.phases.remove(1);
    book.rollbacks[0].phases = vec![phase];
    let mut stage = Stage::of(book, (120, 40), look("dark", &UNICODE), Mode::Live);
    stage.all_well();
    stage.press("b");
    stage.type_text("enough");
    stage.press("enter");
    let picture = stage.picture();
    assert!(picture.contains("Nothing changes here by waiting"), "{picture}");
    assert!(!picture.contains("Go back") && picture.contains("Do by hand what is left"), "{picture}");
    stage.press("b");
    assert!(stage.picture().contains("this is the way back already"), "{}", stage.picture());
}

#[test]
fn the_output_of_the_last_command_is_there_again_after_resuming() {
    let mut stage = Stage::open((80, 24));
    stage.all_well();
    stage.prepare();
    stage.press("enter");
    stage.type_text("vault-2");
    stage.press("enter");
    let job = stage.state.running.first().unwrap().job;
    let output = Output { file: "../1.out".into(), bytes: 9, sha256: String::new(), left_out_bytes: 0 };
    let ended = Ended::Exit(5);
    stage.propose(Proposal::Finished { job, ended, elapsed_ms: 1, output: Some(output), printed: Printed::default() });
    stage.effects.clear();
    stage.resume();
    let asked = stage.effects.iter().find_map(|effect| match effect {
        Effect::ReadOutput(of) => Some(of.clone()),
        _ => None,
    });
    let asked = asked.unwrap();
    let file = asked.file.as_ref().unwrap();
    assert!(file.ends_with("output/1.out") && !file.display().to_string().contains(".."));
    stage.tell(Message::Recorded(asked.clone(), Ok(read_again(b"unit \x1b[31mis\x1b[0m gone\n"))));
    stage.press("enter");
    assert!(stage.picture().contains("unit is gone"), "{}", stage.picture());
    // What a command prints now is not overwritten by what one printed earlier.
    stage.tell(Message::Recorded(asked, Err("cannot read it".into())));
    assert!(stage.picture().contains("unit is gone"));
}

#[test]
fn a_halted_journal() {
    at_both_sizes("halted", |stage| {
        stage.all_well();
        stage.tell(Message::Session(Update::Halted("no space left on device: journal.jsonl".into())));
    });
}

#[test]
fn the_card_on_resuming() {
    at_both_sizes("resume_card", |stage| {
        stage.all_well();
        stage.prepare();
        stage.resume();
        stage.sample("vault-1", Verdict::Ok, "active");
        stage.sample("vault-2", Verdict::Bad, "");
    });
}

#[test]
fn the_note_the_help_and_the_leave_question() {
    at_both_sizes("note", |stage| {
        stage.press("n");
        stage.type_text("seen a slow disk on vault-2");
    });
    at_both_sizes("help", |stage| stage.press("?"));
    at_both_sizes("leave", |stage| stage.press("q"));
}

#[test]
fn practice_in_mono_and_ascii() {
    for size in SIZES {
        let mut stage = Stage::of(runbook(), size, look("mono", &ASCII), Mode::Practice);
        stage.all_well();
        stage.prepare();
        stage.sample("vault-2", Verdict::Bad, "");
        let picture = stage.picture();
        assert!(picture.is_ascii(), "{picture}");
        assert_snapshot!(format!("mono_ascii_{}x{}", size.0, size.1), picture);
    }
}

#[test]
fn a_browsed_step_keeps_the_current_one_in_sight() {
    at_both_sizes("browsing", |stage| {
        stage.all_well();
        stage.press("down");
        stage.press("down");
        stage.press("down");
    });
}

#[test]
fn every_size_is_survived_and_a_small_one_confirms_nothing() {
    for size in [
        (0, 0),
        (1, 1),
        (5, 1),
        (39, 40),
        (120, 9),
        (20, 5),
        (40, 10),
        (59, 40),
        (120, 14),
        (65_535, 1),
        (60, 15),
        (300, 100),
    ] {
        let mut stage = Stage::open((80, 24));
        stage.tell(Message::Resized(size.0, size.1));
        let before = stage.records.len();
        if size.0 <= 300 {
            let picture = stage.picture();
            let is_small = size.0 < 40 || size.1 < 10;
            assert_eq!(picture.contains("too small"), is_small && size.0 > 15, "{size:?}");
            for key in ["enter", "enter", "1", "enter", "s", "x", "enter", "y"] {
                stage.press(key);
            }
            assert_eq!(stage.records.len() == before, is_small, "{size:?}");
        }
        stage.tell(Message::Resized(80, 24));
        assert!(!stage.picture().contains("too small"));
    }
}
