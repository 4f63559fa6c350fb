//! What keys do, through `update` alone.

use crate::engine::{ConditionId, Ended, Event, Leaving, Outcome, StepStatus, Verdict};
use crate::session::Update;
use crate::tui::app::update;
use crate::tui::dialog::Dialog;
use crate::tui::message::{Effect, Message};
use crate::tui::screen::Screen;
use crate::tui::stage_tests::{Stage, event};

fn stage() -> Stage {
    let mut stage = Stage::open((120, 40));
    stage.all_well();
    stage
}

fn last(stage: &Stage) -> &Event {
    &stage.records.last().unwrap().event
}

fn current(stage: &Stage) -> String {
    stage.state.current.as_ref().map(ToString::to_string).unwrap_or_default()
}

#[test]
fn enter_alone_never_confirms() {
    let mut stage = stage();
    for _ in 0..20 {
        stage.press("enter");
    }
    assert_eq!(current(&stage), "prepare/notes");
    assert!(matches!(stage.run().dialog, Some(Dialog::Choose(_))));
    assert!(stage.picture().contains("choose one first"));
}

#[test]
fn a_held_enter_does_not_act_twice() {
    let mut stage = stage();
    stage.press("enter");
    assert!(stage.state.step(stage.state.current.as_ref().unwrap()).unwrap().cautions_read);
    for _ in 0..200 {
        stage.press_at_once("enter");
    }
    assert!(stage.run().dialog.is_none(), "the key was never let go");
    stage.press("enter");
    assert!(stage.run().dialog.is_some());
}

#[test]
fn a_key_pressed_before_a_small_terminal_shows_the_step_again_does_nothing() {
    let mut stage = stage();
    stage.press("enter");
    stage.press("n");
    stage.type_text("a note");
    let before = stage.records.len();
    stage.tell_unseen(Message::Resized(39, 15));
    stage.tell_unseen(Message::Resized(120, 40));
    assert_eq!(stage.tell_unseen(Message::Key(event("ctrl-s"))), []);
    assert_eq!(stage.records.len(), before);
    stage.show();
    stage.press("ctrl-s");
    assert_eq!(stage.records.len(), before + 1);
}

#[test]
fn a_key_pressed_before_the_step_was_on_the_screen_does_nothing() {
    let mut stage = stage();
    stage.press("enter");
    stage.press("enter");
    stage.press("1");
    stage.is_disk_slow = true;
    stage.press("enter");
    stage.real_ms += 2_000;
    let proposal = stage.held.pop().unwrap();
    stage.is_disk_slow = false;
    let moment_records = stage.records.len();
    // The record and the next key come in one batch: no frame between them.
    let events = crate::engine::decide(
        &stage.runbook,
        &stage.state,
        proposal,
        &crate::engine::Moment { at: stage.state.at, board: Default::default() },
    )
    .unwrap();
    let mut records = Vec::new();
    for event in events {
        let seq = stage.state.seq + 1;
        let record = crate::engine::Record { seq, at: stage.state.at, prev: String::new(), by: "m@b".into(), event };
        stage.state.apply(&record);
        records.push(record);
    }
    stage.records.extend(records.clone());
    stage.tell_unseen(Message::Session(Update::Recorded(records.into())));
    assert_eq!(current(&stage), "prepare/backup");
    assert!(stage.tell_unseen(Message::Key(event("enter"))).is_empty());
    stage.show();
    assert!(stage.run().dialog.is_none());
    assert!(stage.records.len() > moment_records);
}

#[test]
fn a_tick_is_shown_only_when_it_is_recorded() {
    let mut stage = stage();
    stage.press("enter");
    stage.press("enter");
    stage.press("1");
    stage.is_disk_slow = true;
    stage.press("enter");
    assert!(stage.picture().contains("saving"));
    assert!(stage.picture().contains("current"));
    stage.press("enter");
    stage.press("enter");
    assert_eq!(stage.held.len(), 1, "nothing else is proposed meanwhile");
    stage.is_disk_slow = false;
    let proposal = stage.held.pop().unwrap();
    stage.propose(proposal);
    assert!(!stage.picture().contains("saving"));
    assert_eq!(current(&stage), "prepare/backup");
}

#[test]
fn an_empty_reason_is_not_taken_and_a_given_one_is_recorded() {
    let mut stage = stage();
    stage.press("s");
    stage.press("enter");
    assert!(stage.picture().contains("a reason is needed"));
    stage.type_text("  ");
    stage.press("enter");
    assert_eq!(current(&stage), "prepare/notes");
    stage.type_text("read yesterday");
    stage.press("enter");
    assert!(
        stage
            .records
            .iter()
            .any(|record| matches!(&record.event, Event::StepSkipped { reason, .. } if reason == "read yesterday"))
    );
    assert_eq!(current(&stage), "prepare/backup");
    assert!(stage.picture().contains("1 skip"));
}

#[test]
fn a_refused_proposal_keeps_what_was_typed() {
    let mut stage = stage();
    stage.press("s");
    stage.type_text("because");
    stage.is_disk_slow = true;
    stage.press("enter");
    let proposal = stage.held.pop().unwrap();
    let refusal = crate::engine::Refusal::NotNow("a command is running");
    stage.tell(Message::Session(Update::Refused(Box::new(proposal), refusal)));
    assert!(stage.picture().contains("a command is running"));
    assert!(stage.picture().contains("because"));
}

#[test]
fn a_critical_command_wants_the_name_of_its_target() {
    let mut stage = stage();
    stage.prepare();
    assert_eq!(current(&stage), "standbys[vault-2]/stop");
    stage.press("enter");
    stage.press("y");
    stage.press("enter");
    assert!(stage.state.running.is_empty());
    assert!(stage.picture().contains("that is not the target's name"));
    stage.press("backspace");
    stage.type_text("vault-2");
    stage.press("enter");
    let job = stage.state.running.first().unwrap();
    assert_eq!(job.command.argv, ["ssh", "vault-2", "sudo", "systemctl stop vault"]);
}

#[test]
fn another_command_wants_a_yes_that_is_not_enter() {
    let mut stage = stage();
    stage.prepare();
    stage.press("enter");
    stage.type_text("vault-2");
    stage.press("enter");
    stage.finish(Ended::Exit(0));
    assert_eq!(current(&stage), "standbys[vault-2]/start");
    stage.press("enter");
    stage.press("enter");
    stage.press("enter");
    assert!(stage.state.running.is_empty());
    stage.press("y");
    assert!(stage.state.is_running());
}

#[test]
fn a_yes_typed_before_the_command_was_on_the_screen_runs_nothing() {
    let mut stage = stage();
    stage.prepare();
    stage.press("enter");
    stage.type_text("vault-2");
    stage.press("enter");
    stage.finish(Ended::Exit(0));
    stage.real_ms += 1_000;
    stage.tell_unseen(Message::Key(event("enter")));
    assert!(stage.tell_unseen(Message::Key(event("y"))).is_empty());
    stage.show();
    assert!(!stage.tell_unseen(Message::Key(event("y"))).is_empty());
}

#[test]
fn cancelling_asks_first() {
    let mut stage = stage();
    stage.prepare();
    stage.press("enter");
    stage.type_text("vault-2");
    stage.press("enter");
    stage.press("x");
    stage.press("enter");
    assert!(!stage.effects.iter().any(|effect| matches!(effect, Effect::Cancel(_))));
    stage.press("y");
    assert!(matches!(stage.effects.last(), Some(Effect::Cancel(_))));
}

#[test]
fn a_sensed_step_cannot_be_ticked_only_overridden() {
    let mut stage = stage();
    stage.prepare();
    stage.restart_standby();
    assert_eq!(current(&stage), "standbys[vault-2]/ready");
    for key in ["enter", "esc", "s", "enter", "c", "enter", "esc"] {
        stage.press(key);
    }
    assert_eq!(current(&stage), "standbys[vault-2]/ready");
    stage.press("o");
    stage.type_text("the probe is wrong");
    stage.press("enter");
    assert_eq!(current(&stage), "standbys[vault-3]/stop");
    assert!(stage.picture().contains("override"));
}

#[test]
fn a_guard_can_be_passed_with_a_reason() {
    let mut stage = stage();
    stage.prepare();
    stage.sample("vault-2", Verdict::Bad, "");
    stage.press("enter");
    assert!(matches!(stage.run().dialog, Some(Dialog::Why(_))), "a closed gate explains itself");
    stage.press("esc");
    stage.press("a");
    stage.type_text("known: vault-2 is being replaced");
    stage.press("enter");
    assert!(matches!(last(&stage), Event::GuardAcknowledged { condition: ConditionId::Gate(_), .. }));
}

#[test]
fn a_reason_to_go_on_regardless_is_not_asked_for_when_nothing_holds_the_run_back_any_more() {
    let mut stage = stage();
    stage.prepare();
    stage.sample("vault-2", Verdict::Bad, "");
    stage.press("a");
    stage.type_text("known: vault-2");
    assert!(stage.run().dialog.is_some());
    stage.sample("vault-2", Verdict::Ok, "standby");
    assert!(stage.run().dialog.is_none(), "{}", stage.picture());
    assert!(stage.picture().contains("it does not hold the run back any more"), "{}", stage.picture());
}

#[test]
fn the_card_must_be_dismissed_before_anything_else() {
    let mut stage = stage();
    stage.prepare();
    stage.resume();
    stage.all_well();
    let before = stage.records.len();
    for key in ["s", "n", "x", "y", "b"] {
        stage.press(key);
    }
    assert!(stage.run().card.is_some() && stage.run().dialog.is_none());
    assert_eq!(stage.records.len(), before);
    stage.press("enter");
    assert!(stage.run().card.is_none());
    stage.press("n");
    assert!(stage.run().dialog.is_some());
}

#[test]
fn a_halted_run_takes_nothing_but_leave() {
    let mut stage = stage();
    stage.tell(Message::Session(Update::Halted("no space left on device".into())));
    let effects = stage.effects.len();
    for key in ["enter", "s", "o", "n", "b", "A", "Q", "enter"] {
        stage.press(key);
    }
    assert_eq!(stage.effects.len(), effects);
    assert!(stage.run().dialog.is_none());
    stage.press("q");
    stage.press("y");
    assert_eq!(stage.effects.last(), Some(&Effect::Leave(Leaving::Left)));
}

#[test]
fn leaving_asks_and_waits_for_the_end_of_the_sitting() {
    let mut stage = stage();
    stage.press("q");
    stage.press("esc");
    assert!(stage.run().dialog.is_none());
    stage.press("q");
    stage.press("y");
    assert_eq!(stage.effects.last(), Some(&Effect::Leave(Leaving::Left)));
    assert!(stage.app.exit.is_none());
    stage.tell(Message::Session(Update::Ended));
    let exit = stage.app.exit.clone().unwrap();
    assert_eq!((exit.run.as_deref(), exit.outcome), (Some("2026-11-21-vault-ha-7qf3"), None));
    assert_eq!(exit.records, stage.state.seq);
}

#[test]
fn ctrl_c_asks_and_a_second_one_leaves() {
    let mut stage = stage();
    stage.press("ctrl-c");
    assert!(matches!(stage.run().dialog, Some(Dialog::Ask(_))));
    stage.press("ctrl-c");
    assert_eq!(stage.effects.last(), Some(&Effect::Leave(Leaving::Left)));
    stage.press("ctrl-c");
    assert!(stage.app.exit.is_some(), "who does not want to wait for the disk may go");
}

#[test]
fn browsing_returns_to_the_current_step_before_it_acts() {
    let mut stage = stage();
    stage.press("down");
    stage.press("down");
    assert!(!stage.run().is_at_current());
    assert!(stage.picture().contains("current: 1.1"));
    let before = stage.records.len();
    stage.press("enter");
    assert!(stage.run().is_at_current());
    assert_eq!(stage.records.len(), before);
    stage.press("up");
    assert!(stage.run().is_at_current(), "there is nothing above the first step");
    stage.press("down");
    stage.press(".");
    assert!(stage.run().is_at_current());
}

#[test]
fn a_sensed_step_that_ends_takes_no_focus_from_one_who_reads_elsewhere() {
    let mut stage = stage();
    stage.press("n");
    stage.type_text("half a note");
    stage.sample("vault-3", Verdict::Bad, "");
    stage.press("enter");
    stage.type_text("second line");
    stage.press("ctrl-s");
    assert!(matches!(last(&stage), Event::NoteAdded { text, .. } if text == "half a note\nsecond line"));
}

#[test]
fn a_pasted_text_is_made_harmless_and_bounded() {
    let mut stage = stage();
    stage.press("n");
    stage.tell(Message::Paste("one\r\ntwo \x1b]52;c;ZXZpbA==\x07 \u{202e}three\tfour".into()));
    stage.tell(Message::Paste("x".repeat(1 << 20)));
    assert!(stage.picture().contains("longer than 64 KiB"));
    stage.press("ctrl-s");
    let Event::NoteAdded { text, .. } = last(&stage) else { panic!("no note") };
    assert!(text.starts_with("one\ntwo ␛]52;c;ZXZpbA==␇ <U+202E>three"), "{text}");
    assert!(!text.chars().any(|c| c.is_control() && c != '\n'));
}

#[test]
fn cautions_longer_than_the_pane_are_read_to_their_end_first() {
    let mut runbook = crate::tui::stage_tests::runbook();
    let long = "A long caution that goes on. ".repeat(60);
    runbook.phases[0].steps[0].cautions[0].text = crate::tui::stage_tests::text(&long);
    let look = crate::tui::stage_tests::look("dark", &crate::tui::theme::UNICODE);
    let open = || Stage::of(runbook.clone(), (80, 24), look.clone(), crate::engine::Mode::Live);
    let mut stage = open();
    assert!(stage.picture().contains("the cautions go on below"), "{}", stage.picture());
    // Beside a pane that is shown alone nothing goes on below.
    ["tab", "z"].into_iter().for_each(|key| stage.press(key));
    let alone = stage.picture();
    assert!(alone.contains("held: the cautions are unread") && !alone.contains("go on below"), "{alone}");
    let mut stage = open();
    let is_read = |stage: &Stage| stage.state.step(stage.state.current.as_ref().unwrap()).unwrap().cautions_read;
    let mut presses = 0;
    while !is_read(&stage) {
        stage.press("enter");
        presses += 1;
        assert!(presses < 20);
    }
    assert!(presses > 2, "{presses}");
}

#[test]
fn a_finished_run_is_closed_with_the_word_that_fits() {
    let mut stage = stage();
    stage.prepare();
    while !current(&stage).is_empty() {
        stage.press("o");
        stage.type_text("not today");
        stage.press("enter");
    }
    stage.press("Q");
    stage.press("enter");
    assert!(stage.state.closed.is_none());
    stage.press("y");
    assert_eq!(stage.state.closed.as_ref().unwrap().outcome, Outcome::CompletedWithDeviations);
    let picture = stage.picture();
    assert!(picture.contains("completed with deviations"), "{picture}");
    stage.press("enter");
    stage.tell(Message::Session(Update::Ended));
    assert_eq!(stage.app.exit.as_ref().unwrap().outcome, Some(Outcome::CompletedWithDeviations));
}

#[test]
fn the_mouse_looks_and_scrolls_but_confirms_nothing() {
    use crossterm::event::{KeyModifiers, MouseButton, MouseEvent, MouseEventKind};
    let mut stage = stage();
    let before = stage.records.len();
    let mouse = |kind, column, row| Message::Mouse(MouseEvent { kind, column, row, modifiers: KeyModifiers::NONE });
    stage.tell(mouse(MouseEventKind::Down(MouseButton::Left), 10, 6));
    assert_eq!(stage.run().browsed.as_ref().unwrap().to_string(), "prepare/backup");
    for row in 0..40 {
        for column in (0..120).step_by(7) {
            stage.tell(mouse(MouseEventKind::Down(MouseButton::Left), column, row));
            stage.tell(mouse(MouseEventKind::ScrollDown, column, row));
        }
    }
    assert_eq!(stage.records.len(), before);
    // Beside the screen, with a list open and without.
    for key in [":", "esc"] {
        stage.press(key);
        let seen = stage.picture();
        for kind in [MouseEventKind::Down(MouseButton::Left), MouseEventKind::Drag(MouseButton::Left)] {
            for (column, row) in [(u16::MAX, 6), (10, u16::MAX), (u16::MAX, u16::MAX), (120, 40)] {
                stage.tell(mouse(kind, column, row));
            }
        }
        assert_eq!(stage.picture(), seen);
    }
}

#[test]
fn ctrl_u_clears_to_the_start_of_the_line() {
    let mut stage = stage();
    stage.press("s");
    stage.type_text("one two");
    stage.press("left");
    stage.press("ctrl-u");
    let field = |stage: &mut Stage| match &mut stage.app.screen {
        Screen::Run(run) => run.dialog.as_mut().and_then(Dialog::field).map(|field| field.text()),
        _ => None,
    };
    assert_eq!(field(&mut stage).as_deref(), Some("o"));
    stage.press("ctrl-u");
    assert_eq!(field(&mut stage).as_deref(), Some("o"), "nothing stands before the cursor");
}

#[test]
fn a_key_about_the_current_step_does_nothing_while_another_is_looked_at() {
    let mut stage = stage();
    let before = stage.records.len();
    stage.press("down");
    for key in ["s", "o", "r", "a", "d", "c"] {
        stage.press(key);
        assert!(stage.run().dialog.is_none(), "{key}");
        let picture = stage.picture();
        assert!(picture.contains("back to the current step first (.)"), "{key}: {picture}");
        assert!(!picture.contains("s skip"), "{picture}");
    }
    // Why is told of the step that is looked at.
    stage.press("w");
    assert!(stage.picture().contains(" is pending"), "{}", stage.picture());
    stage.press("esc");
    assert_eq!(stage.records.len(), before);
    stage.press("enter");
    stage.press("s");
    assert!(matches!(stage.run().dialog, Some(Dialog::Reason(_))));
}

#[test]
fn the_help_closes_with_any_key_and_swallows_it() {
    let mut stage = stage();
    stage.press("?");
    stage.press("s");
    assert!(stage.app.help.is_none() && stage.run().dialog.is_none());
    assert_eq!(stage.state.step(stage.state.current.as_ref().unwrap()).unwrap().status, StepStatus::Current);
    update(&mut stage.app, Message::Key(event("?")));
    assert!(stage.app.help.is_some());
}
