//! Typing ahead, through `update` alone: what was meant for one dialog never ends another.

use std::time::Duration;

use crate::engine::{Event, Proposal, Verdict};
use crate::tui::dialog::{Ask, Dialog};
use crate::tui::message::{Effect, Message};
use crate::tui::screen::Screen;
use crate::tui::stage_tests::{Stage, event};

/// What records an overruling.
fn is_overruling(event: &Event) -> bool {
    matches!(
        event,
        Event::StepSkipped { .. }
            | Event::StepOverridden { .. }
            | Event::WaitCut { .. }
            | Event::GuardAcknowledged { .. }
            | Event::RollbackEntered { .. }
            | Event::RunClosed { .. }
    )
}

fn overruled(stage: &Stage) -> usize {
    stage.records.iter().filter(|record| is_overruling(&record.event)).count()
}

/// Types a text and ends it with the action key; so many milliseconds before each key.
fn type_ahead(stage: &mut Stage, text: &str, gap_ms: u64) {
    for c in text.chars() {
        stage.real_ms += gap_ms;
        stage.tell(Message::Key(event(c.encode_utf8(&mut [0; 4]))));
    }
    stage.real_ms += gap_ms;
    stage.tell(Message::Key(event("enter")));
}

/// A run at the first step, its cautions just read: the action key does not act again yet.
fn just_acted() -> Stage {
    let mut stage = Stage::open((120, 40));
    stage.all_well();
    stage.press("enter");
    stage
}

/// A run at its first critical command.
fn prepared() -> Stage {
    let mut stage = Stage::open((120, 40));
    stage.all_well();
    stage.prepare();
    stage
}

#[test]
fn a_name_typed_after_an_ignored_action_key_records_nothing() {
    for text in ["cluster-2", "seen at the terminal", "override it", "and so on", "because", "next"] {
        for gap_ms in [0, 20, 150, 300, 600, 699] {
            let mut stage = just_acted();
            let before = stage.records.len();
            stage.press_at_once("enter");
            let told = stage.run().notice.clone().unwrap_or_default();
            assert!(told.contains("not taken"), "an ignored key says so: {told:?}");
            type_ahead(&mut stage, text, gap_ms);
            assert_eq!(stage.records.len(), before, "{text:?} every {gap_ms} ms");
            assert!(stage.run().dialog.is_none(), "{text:?} every {gap_ms} ms");
            let told = stage.run().notice.clone().unwrap_or_default();
            assert!(told.contains("not taken"), "what was dropped is told: {told:?}");
        }
    }
}

#[test]
fn a_text_typed_at_the_run_screen_never_overrules() {
    for gap_ms in [0, 100, 300, 600] {
        let mut stage = just_acted();
        stage.real_ms += 2_000;
        type_ahead(&mut stage, "cluster-2", gap_ms);
        assert_eq!(overruled(&stage), 0, "every {gap_ms} ms");
        assert!(matches!(stage.run().dialog, Some(Dialog::Reason(_))));
        assert!(stage.picture().contains(super::ONE_GO), "{}", stage.picture());
        assert!(stage.picture().contains("enter record it after a pause"), "{}", stage.picture());
        // Seen and meant after all.
        stage.press("enter");
        assert_eq!(overruled(&stage), 1);
    }
}

#[test]
fn what_is_told_of_typing_ahead_stands_in_full_on_a_small_screen() {
    let mut stage = Stage::open((80, 24));
    stage.all_well();
    stage.press("A");
    stage.type_text("enough");
    stage.press_at_once("enter");
    assert!(stage.picture().contains(super::ONE_GO), "{}", stage.picture());
    stage.press("esc");
    for notice in [super::ONE_GO, super::TOO_SOON, super::UNSEEN, super::LOST] {
        stage.tell(Message::Woken);
        let Screen::Run(run) = &mut stage.app.screen else { panic!() };
        run.notice = Some(notice.to_owned());
        assert!(stage.picture().contains(notice), "{}", stage.picture());
    }
}

#[test]
fn a_reason_typed_after_a_look_is_recorded_by_the_first_enter() {
    let mut stage = just_acted();
    stage.press("s");
    stage.real_ms += 1_000;
    type_ahead(&mut stage, "not needed here", 80);
    assert_eq!(overruled(&stage), 1);
}

#[test]
fn what_was_lost_is_forgotten_after_a_pause() {
    let mut stage = just_acted();
    stage.press_at_once("enter");
    stage.press_at_once("s");
    assert!(stage.run().dialog.is_none());
    stage.real_ms += 680;
    stage.tell(Message::Woken);
    assert!(!stage.run().is_let_go(stage.app.now));
    let left = stage.run().wakes(stage.app.now).real_ms;
    assert_eq!(left, Some(20), "the screen is looked at again when keys act again");
    stage.press("s");
    assert!(stage.run().dialog.is_some());
}

#[test]
fn who_takes_the_wrong_key_for_a_command_is_told_where_the_right_one_stands() {
    let look = crate::tui::stage_tests::look("dark", &crate::tui::theme::UNICODE);
    let mut stage = Stage::of(crate::tui::back_tests::book(), (80, 24), look, crate::engine::Mode::Live);
    stage.press("enter");
    assert!(matches!(stage.run().dialog, Some(Dialog::Command(_))), "{}", stage.picture());
    // A key that is still held tells nothing.
    stage.press_at_once("enter");
    assert!(!stage.picture().contains("does not run it"), "{}", stage.picture());
    stage.press("enter");
    assert!(stage.picture().contains("this key does not run it: the one below does"), "{}", stage.picture());
    assert!(!stage.state.is_running());
    stage.press("y");
    assert!(stage.state.is_running(), "{}", stage.picture());
}

#[test]
fn a_pasted_reason_belongs_to_the_burst() {
    let mut stage = just_acted();
    stage.press("s");
    stage.real_ms += 10;
    stage.tell(Message::Paste("not needed".into()));
    stage.press_at_once("enter");
    assert_eq!(overruled(&stage), 0);
    stage.press("enter");
    assert_eq!(overruled(&stage), 1);
}

#[test]
fn a_paste_that_nothing_takes_says_so_and_takes_what_follows_with_it() {
    let mut stage = just_acted();
    stage.real_ms += 2_000;
    stage.tell(Message::Paste("cluster-2".into()));
    assert!(stage.run().notice.clone().unwrap_or_default().contains("nothing to paste into"));
    stage.press_at_once("enter");
    stage.press_at_once("s");
    assert!(stage.run().dialog.is_none());
}

#[test]
fn what_is_typed_when_the_run_moves_on_under_a_dialog_is_dropped() {
    let mut stage = prepared();
    stage.restart_standby();
    // A check: an override is being typed while it comes true by itself.
    stage.press("o");
    stage.real_ms += 1_000;
    for c in "the probe".chars() {
        stage.press_at_once(c.encode_utf8(&mut [0; 4]));
    }
    stage.all_well();
    // Only the run's clock goes on: for the keys it is the same burst.
    stage.clock.advance(Duration::from_secs(20));
    stage.propose(Proposal::Advance);
    stage.tell(Message::Woken);
    let before = overruled(&stage);
    assert!(stage.run().dialog.is_none(), "{}", stage.picture());
    stage.tell(Message::Key(event("s")));
    type_ahead(&mut stage, "o wrong", 0);
    assert_eq!(overruled(&stage), before);
}

#[test]
fn a_yes_amid_a_typed_text_ends_no_command() {
    let mut stage = prepared();
    stage.press("enter");
    stage.type_text("vault-2");
    stage.press("enter");
    assert!(stage.state.is_running());
    stage.real_ms += 2_000;
    type_ahead(&mut stage, "proxy-1", 100);
    assert!(!stage.effects.iter().any(|effect| matches!(effect, Effect::Cancel(_))));
    stage.press("esc");
    // Two keys that are meant.
    stage.press("x");
    assert!(matches!(stage.run().dialog, Some(Dialog::Ask(Ask::Cancel(..)))));
    stage.press_at_once("y");
    assert!(stage.effects.iter().any(|effect| matches!(effect, Effect::Cancel(_))));
}

#[test]
fn texts_at_any_pace_overrule_only_after_a_pause() {
    use proptest::prelude::*;
    let words = ["cluster-2", "seen at the terminal", "so it is", "because", "abandon", "Ask about", "yes", "proxy"];
    let play = proptest::collection::vec((0..words.len(), 0_u64..super::LET_GO_MS, 0_u8..6), 1..8);
    proptest!(ProptestConfig::with_cases(40), |(play in play)| {
        let mut stage = just_acted();
        for (word, gap_ms, also) in play {
            type_ahead(&mut stage, words[word], gap_ms);
            match also {
                0 => stage.sample("vault-2", Verdict::Bad, ""),
                1 => stage.all_well(),
                _ => {}
            }
            prop_assert_eq!(overruled(&stage), 0);
        }
        let skipped = stage.state.counts().skipped + stage.state.counts().overridden;
        prop_assert_eq!(skipped, 0);
    });
}
