//! Pictures of rows that turn bad: expected, overdue, not expected, and seen.

use std::time::Duration;

use insta::assert_snapshot;

use crate::engine::{Mode, Verdict};
use crate::runbook::{Disturbance, ProbeId};
use crate::tui::stage_tests::{Stage, look, run_action, runbook, step};
use crate::tui::theme::UNICODE;

const SIZES: [(u16, u16); 2] = [(80, 24), (120, 40)];

/// A run whose only step stops vault-2, right after it did.
fn stopped(size: (u16, u16)) -> Stage {
    let mut book = runbook();
    let mut stop = step("stop", "Stop Vault on vault-2", run_action(&["systemctl", "stop", "vault"]));
    stop.disturbs =
        Some(Disturbance { probes: vec![ProbeId::new("vault")], length: Duration::from_secs(120), others: None });
    book.phases[0].steps.insert(0, stop);
    let mut stage = Stage::of(book, size, look("dark", &UNICODE), Mode::Live);
    stage.all_well();
    stage.look_at_health();
    stage.press("enter");
    stage.press("y");
    stage
}

fn at_both_sizes(name: &str, play: impl Fn(&mut Stage)) {
    for size in SIZES {
        let mut stage = stopped(size);
        play(&mut stage);
        assert_snapshot!(format!("{name}_{}x{}", size.0, size.1), stage.picture());
    }
}

fn bad(stage: &mut Stage, node: &str) {
    stage.sample(node, Verdict::Bad, "");
    stage.look_at_health();
}

#[test]
fn a_row_that_is_disturbed_is_expected_and_no_alarm() {
    at_both_sizes("a_row_expected", |stage| {
        stage.wait(1);
        bad(stage, "vault-2");
    });
}

#[test]
fn a_row_that_stays_bad_is_overdue() {
    at_both_sizes("a_row_overdue", |stage| {
        stage.wait(1);
        bad(stage, "vault-2");
        stage.wait(119);
        for node in ["vault-1", "vault-3"] {
            stage.sample(node, Verdict::Ok, "standby");
        }
        bad(stage, "vault-2");
    });
}

#[test]
fn an_unexpected_row_is_an_alarm_until_it_was_seen() {
    let unexpected = |stage: &mut Stage| {
        stage.finish(crate::engine::Ended::Exit(0));
        stage.wait(300);
        stage.all_well();
        stage.look_at_health();
        bad(stage, "vault-3");
    };
    at_both_sizes("a_row_not_expected", unexpected);
    at_both_sizes("a_row_not_expected_and_seen", |stage| {
        unexpected(stage);
        stage.press("v");
        assert!(stage.run().unseen().next().is_none());
    });
    let mut stage = stopped((80, 24));
    unexpected(&mut stage);
    stage.press("v");
    bad(&mut stage, "vault-1");
    assert_eq!(stage.run().unseen().count(), 2, "another one is told again, and the guard that it breaks");
    stage.all_well();
    stage.look_at_health();
    assert!(stage.run().unseen().next().is_none(), "what is mended needs nobody to see it");
}
