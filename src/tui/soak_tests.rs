//! Pictures of a soak: running, with a gap behind it, started again, left, resumed and over.

use std::sync::Arc;
use std::time::Duration;

use insta::assert_snapshot;

use crate::engine::{Event, Mode, Proposal, Verdict};
use crate::runbook::{Action, Soak, Worse, Worst};
use crate::session::Update;
use crate::tui::message::Message;
use crate::tui::replay_tests;
use crate::tui::stage_tests::{Stage, expr, look, picture, runbook, step, words};
use crate::tui::theme::UNICODE;

const SIZES: [(u16, u16); 2] = [(80, 24), (120, 40)];

const HOUR: u64 = 3600;

/// A run whose first step soaks for a day, right after its first answers.
fn soaking(size: (u16, u16)) -> Stage {
    let mut book = runbook();
    let soak = Soak {
        length: Duration::from_secs(24 * HOUR),
        coverage: 50,
        worst: Some(Worst {
            title: "nodes that are away".into(),
            is: expr(r#"[.health.vault[] | select(.verdict != "ok")] | length"#),
            side: Worse::Higher,
        }),
    };
    let check = Action::Check {
        holds: expr(r#"[.health.vault[] | select(.verdict == "ok")] | length >= 2"#),
        hold: Duration::ZERO,
        soak: Some(Box::new(soak)),
        timeout: None,
        why: "A day under load shows what an hour does not.".into(),
    };
    book.phases[0].steps = vec![step("soak", "See it well for a day", check)];
    let mut stage = Stage::of(book, size, look("dark", &UNICODE), Mode::Live);
    stage.all_well();
    stage
}

/// Time passes while every probe answers.
fn watch(stage: &mut Stage, hours: u64) {
    for _ in 0..hours * 6 {
        stage.clock.advance(Duration::from_secs(600));
        for (node, role) in [("vault-1", "active"), ("vault-2", "standby"), ("vault-3", "standby")] {
            stage.answer(node, Verdict::Ok, role);
        }
        stage.look_at_conditions();
        stage.propose(Proposal::NoteSoak { seen: None });
    }
}

/// The same after so many hours that were seen.
pub fn soaked(size: (u16, u16), hours: u64) -> Stage {
    let mut stage = soaking(size);
    watch(&mut stage, hours);
    stage.propose(Proposal::NoteSoak { seen: Some(1.into()) });
    stage.tell(Message::Woken);
    stage
}

fn at_both_sizes(name: &str, play: impl Fn(&mut Stage)) {
    for size in SIZES {
        let mut stage = soaking(size);
        play(&mut stage);
        assert_snapshot!(format!("{name}_{}x{}", size.0, size.1), stage.picture());
    }
}

#[test]
fn a_soak_tells_how_much_of_it_was_seen_and_when_it_can_pass() {
    at_both_sizes("a_soak", |stage| {
        watch(stage, 3);
        stage.propose(Proposal::NoteSoak { seen: Some(1.into()) });
        stage.tell(Message::Woken);
    });
}

#[test]
fn the_worst_value_on_the_screen_does_not_wait_for_its_record() {
    let mut stage = soaking((120, 40));
    let all = |stage: &mut Stage, verdict: Verdict| {
        for node in ["vault-1", "vault-2", "vault-3"] {
            stage.answer(node, verdict, "standby");
        }
        stage.look_at_conditions();
    };
    let told = |stage: &Stage, told: &str| assert!(stage.picture().contains(told), "{}", stage.picture());
    // It starts again: what was met until then is forgotten.
    for _ in 0..2 {
        all(&mut stage, Verdict::Bad);
        told(&stage, "its time counts from");
        stage.wait(1);
        all(&mut stage, Verdict::Ok);
        told(&stage, "worst value of nodes that are away: 0");
        let records = stage.records.len();
        stage.answer("vault-3", Verdict::Bad, "");
        told(&stage, "worst value of nodes that are away: 1");
        stage.answer("vault-3", Verdict::Ok, "standby");
        told(&stage, "worst value of nodes that are away: 1");
        assert_eq!(stage.records.len(), records, "the record comes when it is due");
        stage.wait(1);
    }
}

#[test]
fn who_leaves_a_soak_is_told_what_becomes_of_it() {
    at_both_sizes("a_soak_is_left", |stage| {
        watch(stage, 1);
        stage.press("q");
    });
}

#[test]
fn who_comes_back_to_a_soak_is_told_how_it_stands() {
    let back = |stage: &mut Stage| {
        watch(stage, 2);
        stage.clock.advance(Duration::from_secs(20 * HOUR));
        stage.resume();
    };
    at_both_sizes("a_soak_is_resumed", back);
    at_both_sizes("a_soak_with_a_gap", |stage| {
        back(stage);
        stage.press("enter");
        stage.all_well();
    });
}

#[test]
fn a_soak_that_starts_again_says_so() {
    at_both_sizes("a_soak_starts_again", |stage| {
        watch(stage, 5);
        stage.sample("vault-1", Verdict::Bad, "");
        stage.sample("vault-2", Verdict::Bad, "");
        stage.wait(60);
    });
}

#[test]
fn a_soak_that_is_over_tells_what_it_came_to() {
    at_both_sizes("a_soak_is_over", |stage| {
        watch(stage, 24);
        stage.press("up");
    });
}

#[test]
fn a_soak_stands_still_when_nothing_can_be_recorded() {
    for size in SIZES {
        let mut stage = soaking(size);
        watch(&mut stage, 3);
        stage.tell(Message::Session(Update::Halted("no space left on device: journal.jsonl".into())));
        let told = |stage: &Stage| stage.run().view.page.soak.clone();
        let before = told(&stage);
        assert!(before.is_some() && stage.picture().contains("soaks for 3 h of 24 h"), "{}", stage.picture());
        for _ in 0..6 {
            stage.clock.advance(Duration::from_secs(600));
            stage.answer("vault-1", Verdict::Ok, "active");
            stage.answer("vault-2", Verdict::Bad, "");
            stage.tell(Message::Woken);
        }
        assert_eq!(told(&stage), before);
        assert!(stage.picture().contains("soaks for 3 h of 24 h"), "{}", stage.picture());
    }
}

#[test]
fn a_step_whose_rule_holds_and_that_has_only_time_to_go_is_not_told_as_held_back() {
    for size in [(80, 24), (120, 40)] {
        let mut stage = Stage::open(size);
        stage.all_well();
        stage.prepare();
        stage.restart_standby();
        let begun = stage.records.iter().rposition(|record| matches!(record.event, Event::StepBegan { .. })).unwrap();
        let played = (Arc::clone(&stage.runbook), stage.records[..=begun].to_vec());
        let mut replay = replay_tests::Stage::open(replay_tests::recording(&played), None, size);
        replay.press("end");
        replay.press("w");
        let told = words(&picture(&replay.app));
        let expected =
            "what 2.3 Ready as a standby (vault-2) waits for holds; it must hold for 10 s, all of that to go";
        assert!(told.contains(expected) && !told.contains("held back"), "{}", picture(&replay.app));
        stage.wait(2);
        stage.press("w");
        let told = words(&stage.picture());
        let expected =
            "what 2.3 Ready as a standby (vault-2) waits for has held for 2 s; it must hold for 10 s, 8 s to go";
        assert!(told.contains(expected), "{}", stage.picture());
        assert!(!told.contains("held back"), "{}", stage.picture());
        // Without it the time begins anew.
        stage.sample("vault-3", Verdict::Bad, "");
        assert!(words(&stage.picture()).contains("is held back"), "{}", stage.picture());
    }
    let mut book = runbook();
    book.phases = book.phases.split_off(2);
    let mut stage = Stage::open((80, 24));
    stage = Stage::of(book, stage.app.size, stage.app.look.clone(), Mode::Live);
    stage.all_well();
    stage.wait(15);
    stage.press("w");
    let told = words(&stage.picture());
    assert!(told.contains("1.1 Let it rest has 45 s to go"), "{}", stage.picture());
    assert!(!told.contains("held back"), "{}", stage.picture());
}
