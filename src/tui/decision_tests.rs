//! Decisions, hold points and their signatures.

use crate::engine::{Event, Mode, RELEASE_NAMESPACE};
use crate::runbook::{Action, Way};
use crate::signature::tests::made;
use crate::tui::dialog::Dialog;
use crate::tui::message::{Effect, Message};
use crate::tui::stage_tests::{Stage, runbook, step, text};

use crate::tui::screens_tests::at_both_sizes;

/// At a decision and, behind it, at a hold point.
pub fn deciding(stage: &mut Stage, ways: usize) {
    let way = |number: usize| {
        let is = if number == 1 { "in-place".to_owned() } else { format!("move-{number}") };
        let title = if number == 1 {
            "Replace the binary on each server, one after the other, while the others carry the load".to_owned()
        } else {
            format!("Move to new servers, group {number}")
        };
        Way { is, title }
    };
    let mut book = runbook();
    let mut how = step("how", "Decide how the servers change", Action::Choose((1..=ways).map(way).collect()));
    how.text = Some(text("New servers need twice the machines for an hour."));
    let release = Action::Release { who: "the second operator on call".into() };
    book.phases[0].steps = vec![how, step("second", "Let a second pair of eyes look at the plan", release)];
    *stage = Stage::of(book, stage.app.size, stage.app.look.clone(), Mode::Live);
    stage.all_well();
}

#[test]
fn a_decision() {
    at_both_sizes("a_decision_ahead", |stage| deciding(stage, 2));
    at_both_sizes("a_decision", |stage| {
        deciding(stage, 2);
        stage.press("enter");
        stage.press("1");
    });
    at_both_sizes("a_decision_between_many", |stage| {
        deciding(stage, 20);
        stage.press("enter");
        stage.press("1");
        stage.press("9");
    });
}

/// Clicks where that text stands on the screen: in what lies over the panes, where it stands in both.
fn click_on(stage: &mut Stage, text: &str) {
    let over = stage.picture().lines().position(|line| line.contains("Which one?")).unwrap_or(0);
    stage.real_ms += 1_000;
    stage.click_on(text, over);
}

fn chosen(stage: &Stage) -> Option<usize> {
    match &stage.run().dialog {
        Some(Dialog::Choose(choice)) => choice.chosen,
        _ => None,
    }
}

#[test]
fn a_click_on_an_option_chooses_it_as_its_number_does() {
    for size in [(80, 24), (120, 40), (80, 20)] {
        for (text, expected) in [("1  Replace", 0), ("group 2", 1)] {
            let mut stage = Stage::open(size);
            deciding(&mut stage, 2);
            let records = stage.records.len();
            click_on(&mut stage, text);
            assert_eq!(chosen(&stage), Some(expected), "{size:?} {text}: {}", stage.picture());
            // In the question itself as well.
            for (text, expected) in [("1  Replace", 0), ("group 2", 1)] {
                click_on(&mut stage, text);
                assert_eq!(chosen(&stage), Some(expected), "{size:?} {text}");
            }
            assert_eq!(stage.records.len(), records, "a click records nothing");
            stage.press("enter");
            assert!(stage.run().dialog.is_none() && stage.records.len() > records);
        }
    }
}

/// Numbers lie side by side and the journal takes nothing back: the number states, and another key records.
#[test]
fn a_number_states_and_enter_records_and_neither_does_both() {
    let mut stage = Stage::open((80, 24));
    deciding(&mut stage, 2);
    let records = stage.records.len();
    for key in ["1", "2", "2", "1"] {
        stage.press(key);
        assert_eq!(stage.records.len(), records, "{key}");
    }
    for _ in 0..5 {
        stage.press_at_once("2");
    }
    assert_eq!((stage.records.len(), chosen(&stage)), (records, Some(1)), "held, it states the same again");
    stage.press("enter");
    let after = stage.records.len();
    assert!(after > records && stage.run().dialog.is_none(), "one key more records it");
    for _ in 0..20 {
        stage.press_at_once("enter");
    }
    assert_eq!(stage.records.len(), after, "and held, it does not go on to the next step");
}

#[test]
fn a_decision_is_recorded_as_its_way_is_named() {
    let mut stage = Stage::open((80, 24));
    deciding(&mut stage, 12);
    stage.press("enter");
    stage.press("enter");
    assert!(stage.picture().contains("choose one first"));
    stage.press("1");
    stage.press("2");
    stage.press("enter");
    assert_eq!(stage.state.choices["how"].way, "move-12");
}

#[test]
fn a_hold_point() {
    let at_it = |stage: &mut Stage| {
        deciding(stage, 2);
        for key in ["enter", "2", "enter"] {
            stage.press(key);
        }
    };
    at_both_sizes("a_hold_point_ahead", at_it);
    at_both_sizes("a_hold_point", |stage| {
        at_it(stage);
        stage.press("enter");
        stage.type_text("Maria");
        stage.press("enter");
    });
    at_both_sizes("a_hold_point_named", |stage| {
        at_it(stage);
        stage.press("enter");
        stage.type_text("jo");
        stage.press("enter");
        stage.press("enter");
        stage.type_text("the plan, line by line");
    });
    at_both_sizes("a_hold_point_released", |stage| {
        at_it(stage);
        stage.press("enter");
        stage.type_text("jo");
        stage.press("enter");
        stage.press("esc");
        stage.type_text(" doe");
        stage.press("enter");
        stage.type_text("the plan, line by line");
        stage.press("enter");
        stage.press("up");
    });
    let signing = |stage: &mut Stage| {
        at_it(stage);
        stage.press("enter");
        stage.type_text("jo");
        stage.press("enter");
        stage.type_text("the plan, line by line, and the snapshot of last night");
        stage.press("ctrl-s");
    };
    at_both_sizes("a_hold_point_to_sign", signing);
    at_both_sizes("a_hold_point_signed_wrong", |stage| {
        signing(stage);
        stage.tell(Message::Paste(made("file", "else")));
        stage.press("enter");
    });
    at_both_sizes("a_hold_point_signed", |stage| {
        signing(stage);
        stage.tell(Message::Paste(made(RELEASE_NAMESPACE, &to_sign(stage))));
        stage.press("enter");
        stage.press("up");
    });
    let mut stage = Stage::open((80, 24));
    at_it(&mut stage);
    stage.press("enter");
    stage.press("esc");
    assert!(stage.run().dialog.is_none());
}

/// What the dialog shows to be signed.
fn to_sign(stage: &Stage) -> String {
    match &stage.run().dialog {
        Some(Dialog::Release(release)) => release.signing.as_ref().expect("it is being signed").statement.clone(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_signature_is_taken_as_it_comes_and_nothing_is_recorded_without_a_good_one() {
    let mut stage = Stage::open((80, 24));
    deciding(&mut stage, 2);
    for key in ["enter", "2", "enter", "enter", "j", "enter"] {
        stage.press(key);
    }
    stage.press("ctrl-s");
    assert!(stage.picture().contains("state what was looked at"), "{}", stage.picture());
    stage.type_text("ok");
    stage.press("ctrl-s");
    let records = stage.records.len();
    stage.press("enter");
    assert!(stage.picture().contains("paste the signature"), "{}", stage.picture());
    let good = made(RELEASE_NAMESPACE, &to_sign(&stage));
    stage.tell(Message::Paste(made(RELEASE_NAMESPACE, "else")));
    stage.press("enter");
    assert!(stage.picture().contains("not one of this statement"), "{}", stage.picture());
    // The path of a file that cannot be read stays, to be mended.
    stage.type_text("gone.sig");
    stage.press("enter");
    assert_eq!(stage.effects.last(), Some(&Effect::ReadSignature("gone.sig".into())));
    stage.tell(Message::SignatureRead(Err("cannot read gone.sig: no such file".into())));
    assert!(stage.picture().contains("> gone.sig") && stage.picture().contains("cannot read gone.sig"));
    // Back and forth: nothing of it is recorded, and the words stay.
    stage.press("esc");
    assert!(stage.picture().contains("> ok"), "{}", stage.picture());
    stage.press("ctrl-s");
    assert_eq!(stage.records.len(), records);
    // As a terminal sends it that does not tell a paste from keys.
    for line in good.lines() {
        stage.type_text(line);
        stage.press_at_once("enter");
    }
    let released = stage.records[records..].iter().find_map(|record| match &record.event {
        Event::HoldReleased { signature, .. } => signature.clone(),
        _ => None,
    });
    assert_eq!(released.map(|signed| signed.armored), Some(good));
    assert!(stage.run().dialog.is_none());
}

#[test]
fn two_statements_never_share_a_file() {
    let mut stage = Stage::open((80, 24));
    deciding(&mut stage, 2);
    for key in ["enter", "2", "enter", "enter", "j", "enter", "a", "ctrl-s", "esc", "b", "ctrl-s"] {
        stage.press(key);
    }
    let kept: Vec<(String, String)> = stage
        .effects
        .iter()
        .filter_map(|effect| match effect {
            Effect::KeepStatement { name, text, .. } => Some((name.clone(), text.clone())),
            _ => None,
        })
        .collect();
    let [(first, one), (second, other)] = kept.as_slice() else { panic!("{kept:?}") };
    assert!(one.ends_with("said: a\n") && other.ends_with("said: ab\n"), "{one}{other}");
    for (name, text) in [(first, one), (second, other)] {
        let sum = crate::journal::sha256_hex(text.as_bytes());
        assert!(name.starts_with("release-") && name.ends_with(&format!("-{}.txt", &sum[..8])), "{name} {sum}");
    }
    assert_ne!(first, second);
    // What is told late of the first says nothing of the second.
    stage.tell(Message::StatementKept { name: first.clone(), kept: Err("no space left".into()) });
    assert!(!stage.picture().contains("no space left"), "{}", stage.picture());
    stage.tell(Message::StatementKept { name: second.clone(), kept: Err("no space left".into()) });
    assert!(stage.picture().contains("no space left"), "{}", stage.picture());
}

#[test]
fn the_resume_card_tells_decisions_and_releases() {
    let mut stage = Stage::open((80, 24));
    deciding(&mut stage, 2);
    for key in ["enter", "2", "enter", "enter", "j", "enter", "o", "k", "enter"] {
        stage.press(key);
    }
    stage.resume();
    let picture = stage.picture();
    assert!(picture.contains("1.1 Decide how the servers change was decided:"), "{picture}");
    assert!(picture.contains("was released by j: ok"), "{picture}");
}
