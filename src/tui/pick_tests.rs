//! What lies over a screen to pick from: commands, steps, lines, records, texts.

use insta::assert_snapshot;

use crate::config::Notify;
use crate::engine::{FileSeen, JobId, Mode, Proposal, Verdict};
use crate::session::Update;
use crate::tui::app::update;
use crate::tui::book_tests::runbook;
use crate::tui::dialog::Dialog;
use crate::tui::keymap::{Action, Context};
use crate::tui::message::{Effect, Message};
use crate::tui::palette::against;
use crate::tui::pick::Gives;
use crate::tui::rebind::rebound;
use crate::tui::stage_tests::{Stage, event, look};
use crate::tui::theme::ASCII;

const SIZES: [(u16, u16); 3] = [(80, 24), (120, 40), (200, 60)];

fn stage(size: (u16, u16)) -> Stage {
    let mut stage = Stage::open(size);
    stage.all_well();
    stage.press("enter");
    stage
}

fn at_all_sizes(name: &str, play: impl Fn(&mut Stage)) {
    for size in SIZES {
        let mut stage = stage(size);
        play(&mut stage);
        assert_snapshot!(format!("{name}_{}x{}", size.0, size.1), stage.picture());
    }
}

#[test]
fn the_menu_holds_every_command_and_says_of_each_why_it_is_not_possible_now() {
    at_all_sizes("menu", |stage| stage.press(":"));
    let mut plain = Stage::of(runbook(), (80, 24), look("mono", &ASCII), Mode::Live);
    plain.all_well();
    plain.press(":");
    plain.type_text("wai");
    assert_snapshot!("menu_typed_ascii_80x24", plain.picture());
    let list = plain.app.pick.as_ref().unwrap();
    let run = plain.app.keymap.of(Context::Run).count() + plain.app.keymap.of(Context::Everywhere).count();
    assert_eq!(list.rows.len(), run - 1, "all but the menu itself");
}

#[test]
fn what_is_picked_goes_the_way_of_its_key() {
    let mut stage = stage((120, 40));
    stage.press(":");
    stage.type_text("note");
    stage.press("enter");
    assert!(stage.app.pick.is_none());
    assert!(matches!(stage.run().dialog, Some(Dialog::Note(_))));
    stage.type_text("seen");
    stage.press("ctrl-s");
    assert!(stage.records.iter().any(|record| matches!(record.event, crate::engine::Event::NoteAdded { .. })));
}

#[test]
fn what_overrules_is_asked_for_its_reason_all_the_same() {
    let mut stage = stage((120, 40));
    let before = stage.records.len();
    stage.press(":");
    stage.type_text("leave the step out");
    stage.press("enter");
    assert!(matches!(stage.run().dialog, Some(Dialog::Reason(_))));
    stage.press("enter");
    assert_eq!(stage.records.len(), before);
}

#[test]
fn what_is_not_possible_now_is_not_done_and_tells_why() {
    let mut stage = stage((120, 40));
    stage.press(":");
    stage.type_text("end the running");
    stage.press("enter");
    assert!(stage.app.pick.as_ref().is_some_and(|list| list.problem.is_some()), "{}", stage.picture());
    assert!(stage.picture().contains("no command is running"), "{}", stage.picture());
}

/// The words of the bar and the names of the actions are known to the menu, and what is possible comes first.
#[test]
fn the_menu_knows_the_words_that_stand_on_the_screen() {
    for (typed, expected) in [
        ("confirm", Action::Act),
        ("skip", Action::Skip),
        ("override", Action::Override),
        ("roll", Action::RollBack),
        ("rollback", Action::RollBack),
        ("abandon", Action::Abandon),
        ("retry", Action::Retry),
        ("zoom", Action::Zoom),
        ("quit", Action::Leave),
        ("exit", Action::Leave),
        ("copy", Action::Copy),
        ("sign", Action::Sign),
    ] {
        let mut stage = stage((120, 40));
        stage.press(":");
        stage.type_text(typed);
        let list = stage.app.pick.as_ref().unwrap();
        let first = list.row().map(|row| row.gives.clone());
        assert_eq!(first, Some(Gives::Do(expected)), "{typed}: {}", stage.picture());
    }
    let mut stage = stage((120, 40));
    stage.press(":");
    stage.type_text("run");
    let list = stage.app.pick.as_ref().unwrap();
    let is_possible = |at: &usize| match &list.rows[*at].gives {
        Gives::Do(action) => against(&stage.app, *action).is_none(),
        _ => false,
    };
    assert!(list.found.iter().any(|at| !is_possible(at)) && is_possible(&list.found[0]), "{}", stage.picture());
    stage.type_text(" no such thing");
    stage.press("enter");
    assert_eq!(stage.picture().matches("nothing fits").count(), 1, "{}", stage.picture());
}

#[test]
fn each_action_that_is_not_possible_has_its_own_reason() {
    let mut stage = stage((120, 40));
    for (key, expected) in [
        ("r", "only a step that failed is tried again"),
        ("d", "the runbook does not let this step be put off"),
        ("c", "only a wait for a set time is cut short"),
        ("a", "nothing holds this step back"),
        ("x", "no command is running"),
        ("Q", "steps are left"),
        ("V", "nothing waits for a second person to verify it"),
    ] {
        stage.press(key);
        assert!(stage.picture().contains(expected), "{key}: {}", stage.picture());
    }
}

#[test]
fn a_held_enter_picks_once_and_confirms_nothing() {
    let mut stage = stage((120, 40));
    let before = stage.records.len();
    stage.press(":");
    stage.type_text("ask every probe");
    stage.press("enter");
    assert!(stage.effects.contains(&Effect::SenseNow));
    for _ in 0..50 {
        stage.press_at_once("enter");
    }
    assert!(stage.run().dialog.is_none());
    assert_eq!(stage.records.len(), before);
}

#[test]
fn a_step_that_came_below_the_menu_is_looked_at_before_it_is_acted_on() {
    let mut stage = stage((120, 40));
    stage.press(":");
    stage.type_text("what the step asks");
    let step = stage.state.current.clone().unwrap();
    stage.propose(Proposal::Skip { step: step.clone(), reason: "by another way".into() });
    assert_ne!(stage.state.current, Some(step));
    stage.press("enter");
    assert!(stage.app.pick.is_none() && stage.run().dialog.is_none(), "{}", stage.picture());
    stage.press("enter");
    assert!(stage.run().dialog.is_some());
}

#[test]
fn a_step_is_found_by_a_part_of_its_name_and_looked_at() {
    at_all_sizes("search_steps", |stage| {
        stage.press("/");
        stage.type_text("stop");
    });
    let mut stage = stage((120, 40));
    stage.press("/");
    stage.type_text("stop");
    let Some(Gives::Look(step)) = stage.app.pick.as_ref().unwrap().row().map(|row| row.gives.clone()) else {
        panic!("no step was found: {}", stage.picture())
    };
    stage.press("enter");
    assert_eq!(stage.run().shown_step(), Some(step));
    assert!(!stage.run().is_at_current());
    stage.press(".");
    assert!(stage.run().is_at_current());
}

pub fn printing(stage: &mut Stage) {
    stage.prepare();
    let lines: Vec<String> = (1..=200).map(|line| format!("line {line} of the output")).collect();
    let job = stage.state.running.first().map_or(JobId(0), |job| job.job);
    let bytes = format!("{}\n", lines.join("\n")).into_bytes();
    stage.tell(Message::Session(Update::Printed(job, bytes)));
}

#[test]
fn a_line_of_the_output_is_found_and_shown() {
    let mut stage = stage((120, 40));
    printing(&mut stage);
    for _ in 0..4 {
        if stage.run().focus == crate::tui::screen::run::layout::Pane::Output {
            break;
        }
        stage.press("tab");
    }
    stage.press("/");
    stage.type_text("line 42");
    assert_snapshot!("search_output_120x40", stage.picture());
    stage.press("enter");
    assert!(stage.picture().contains("line 42 of the output"));
    assert!(stage.run().printed().up > 100);
}

#[test]
fn one_of_several_texts_is_copied_and_what_was_copied_is_told() {
    at_all_sizes("copy", |stage| stage.press("y"));
    let mut stage = stage((120, 40));
    stage.press("y");
    stage.type_text("run");
    stage.press("enter");
    assert!(stage.effects.contains(&Effect::Copy("2026-11-21-vault-ha-7qf3".into())));
    assert!(stage.picture().contains("✔ given to the terminal's clipboard: run, 24 bytes"), "{}", stage.picture());
    stage.app.may_copy = false;
    stage.press("y");
    stage.press("enter");
    assert!(stage.picture().contains("copy = false"));
}

#[test]
fn what_lies_over_the_screen_takes_pastes_and_closes_on_a_screen_that_is_too_small() {
    let mut stage = stage((120, 40));
    stage.press(":");
    stage.tell(Message::Paste("note\n\u{1b}[31m".into()));
    assert_eq!(stage.app.pick.as_ref().unwrap().typed, "note[31m");
    stage.picture();
    stage.tell(Message::Resized(39, 9));
    assert!(stage.app.pick.is_none());
}

#[test]
fn nothing_is_picked_over_a_dialog_or_a_text_that_is_typed() {
    let mut stage = stage((120, 40));
    stage.press("n");
    stage.type_text(":/y");
    assert!(stage.app.pick.is_none());
    assert!(stage.picture().contains(":/y"));
    stage.press("esc");
    stage.press("w");
    stage.press(":");
    assert!(stage.app.pick.is_none());
}

#[test]
fn the_keys_that_stand_on_the_screen_are_those_of_the_user() {
    let mut stage = stage((120, 40));
    let own = "[[key]]\ncontext = \"dialog\"\naction = \"back\"\nkeys = [\"f4\"]\n\
               [[key]]\ncontext = \"run\"\naction = \"note\"\nkeys = [\"u\"]\n";
    stage.app.keymap = rebound(own).unwrap();
    stage.press("w");
    assert!(stage.picture().contains("f4 back"), "{}", stage.picture());
    stage.tell(Message::Key(crossterm::event::KeyEvent::new(
        crossterm::event::KeyCode::F(4),
        crossterm::event::KeyModifiers::NONE,
    )));
    assert!(stage.run().dialog.is_none());
    stage.press("u");
    assert!(matches!(stage.run().dialog, Some(Dialog::Note(_))));
}

#[test]
fn a_text_is_written_in_an_editor_and_recorded_only_when_that_is_confirmed() {
    let mut stage = stage((120, 40));
    let before = stage.records.len();
    stage.press("n");
    stage.type_text("begun");
    stage.press("ctrl-o");
    assert!(stage.effects.contains(&Effect::Edit("begun".into())));
    stage.tell(Message::Edited(Ok("begun\nand gone on\u{1b}[31m".into())));
    assert!(stage.picture().contains("and gone on\u{241b}[31m"), "{}", stage.picture());
    assert_eq!(stage.records.len(), before);
    stage.press("ctrl-_");
    assert!(!stage.picture().contains("and gone on") && stage.picture().contains("begun"), "{}", stage.picture());
    stage.press("ctrl-r");
    stage.press("ctrl-s");
    assert_eq!(stage.records.len(), before + 1);

    stage.press("s");
    stage.press("ctrl-o");
    stage.type_text("a disk is full");
    stage.tell(Message::Edited(Ok(String::new())));
    let emptied = stage.picture();
    assert!(emptied.contains("the editor left nothing: ctrl-_ brings back what was there"), "{emptied}");
    stage.press("ctrl-_");
    assert!(
        stage.picture().contains("a disk is full") && !stage.picture().contains("left nothing"),
        "{}",
        stage.picture()
    );
    stage.tell(Message::Edited(Err("the editor failed".into())));
    assert!(stage.picture().contains("the editor failed"));
    stage.press("esc");
    stage.tell(Message::Edited(Ok("what was meant for a dialog that is gone".into())));
    assert!(matches!(stage.run().dialog, Some(Dialog::Note(_))));
    assert_eq!(stage.records.len(), before + 1);
    // Under what lies there now it is not lost either.
    stage.press("esc");
    stage.press("w");
    stage.tell(Message::Edited(Ok("and what comes under another dialog".into())));
    assert!(stage.picture().contains("it is in your next note here, n"), "{}", stage.picture());
    stage.press("esc");
    stage.press("n");
    assert!(stage.picture().contains("and what comes under another dialog"), "{}", stage.picture());
}

#[test]
fn the_menu_of_the_other_screens() {
    let mut app = crate::tui::app::App::new(look("dark", &ASCII), crate::tui::keymap::Keymap::standard());
    app.size = (80, 24);
    update(&mut app, Message::Key(event(":")));
    assert_snapshot!("menu_library_80x24", crate::tui::stage_tests::picture(&app));
    update(&mut app, Message::Key(event("esc")));
    let effects = {
        update(&mut app, Message::Key(event(":")));
        for c in "all runs".chars() {
            update(&mut app, Message::Key(event(&c.to_string())));
        }
        update(&mut app, Message::Key(event("enter")))
    };
    assert_eq!(effects, [Effect::ReadJournals]);
    update(&mut app, Message::Key(event(":")));
    for c in "replay".chars() {
        update(&mut app, Message::Key(event(&c.to_string())));
    }
    let picture = crate::tui::stage_tests::picture(&app);
    assert!(picture.contains("no run is chosen"), "{picture}");
}

#[test]
fn nothing_moves_by_itself_where_that_is_not_wanted() {
    let mut stage = stage((120, 40));
    let has_history = |stage: &Stage| stage.picture().contains('▂');
    assert!(has_history(&stage));
    stage.app.look.is_still = true;
    assert!(!has_history(&stage));
}

#[test]
fn a_file_is_attached_with_its_path_written_out_and_its_hash_recorded() {
    at_all_sizes("attach", |stage| {
        stage.press("e");
        stage.type_text("/var/log/va");
    });
    let mut stage = stage((120, 40));
    stage.press("e");
    stage.press("enter");
    assert!(stage.picture().contains("a file is needed"));
    stage.type_text("/tmp/gr");
    stage.press("tab");
    assert!(stage.effects.contains(&Effect::Complete("/tmp/gr".into())));
    let found = vec!["/tmp/graph-1.png".to_owned(), "/tmp/graph-2.png".to_owned()];
    stage.tell(Message::Completed { typed: "/tmp/gr".into(), found });
    stage.type_text("1.png");
    stage.press("ctrl-t");
    assert!(stage.picture().contains("no copy is kept"));
    stage.press("enter");
    let step = stage.state.current.clone();
    let wanted = Effect::Attach { step: step.clone(), path: "/tmp/graph-1.png".into(), is_kept: false };
    assert_eq!(stage.effects.last(), Some(&wanted));
    assert!(stage.picture().contains("reading the file, no byte yet"), "{}", stage.picture());
    let file = FileSeen { bytes: 9, sha256: "0f".repeat(32) };
    let path = "/tmp/graph-1.png".to_owned();
    let proposal = Proposal::Attach { step, path: path.clone(), file, kept: None };
    stage.tell(Message::FileRead(path, Ok(proposal)));
    assert!(stage.run().dialog.is_none());
    assert!(stage.picture().contains("evidence: /tmp/graph-1.png, 9 bytes, sha256 0f0f0f0f"), "{}", stage.picture());
}

#[test]
fn a_file_that_cannot_be_read_is_told_and_the_dialog_stays() {
    let mut stage = stage((80, 24));
    let before = stage.records.len();
    stage.press("e");
    stage.type_text("/nowhere");
    stage.press("enter");
    stage.tell(Message::FileRead("/nowhere".into(), Err("cannot read /nowhere: it is not there".into())));
    assert!(stage.picture().contains("cannot read /nowhere"), "{}", stage.picture());
    assert!(matches!(stage.run().dialog, Some(Dialog::Attach(_))));
    assert_eq!(stage.records.len(), before);
}

#[test]
fn the_end_of_a_guard_is_told_only_where_that_is_wanted() {
    let told = |notify| {
        let mut stage = stage((120, 40));
        stage.app.notify = notify;
        stage.sample("vault-2", Verdict::Bad, "");
        stage.sample("vault-3", Verdict::Bad, "");
        stage.effects.iter().any(|effect| matches!(effect, Effect::Notify(_)))
    };
    assert!(told(Notify::Bell));
    assert!(!told(Notify::Off));
}
