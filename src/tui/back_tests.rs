//! Going back, as it is shown and asked for.

use insta::assert_snapshot;

use crate::engine::{Ended, Mode, Outcome};
use crate::runbook::{Runbook, parse};
use crate::tui::stage_tests::{Stage, look, words};
use crate::tui::theme::UNICODE;

const BOOK: &str = r#"
format = 1
id = "vault-ha-upgrade"
title = "Upgrade a Vault HA cluster"
system = "vault"

[inputs.nodes]
type = "nodes"
prompt = "Nodes"

[[health]]
id = "vault"
title = "Vault"
each = ".inputs.nodes[]"
every = "2s"
timeout = "2s"
tcp = "{{ .node.name }}:8200"
ok = "true"

[[phase]]
id = "nodes"
title = "Each node"
for_each = ".inputs.nodes[]"
[[phase.step]]
id = "stop"
title = "Stop {{ .node.name }}"
run = ["stop", "{{ .node.name }}"]

[[rollback]]
id = "undo"
title = "start the stopped nodes again, the last one first"
when = '.began."nodes/stop" | length > 0'
[[rollback.phase]]
id = "undo"
title = "Start what was stopped"
for_each = '.began."nodes/stop" | reverse | .[]'
[[rollback.phase.step]]
id = "start"
title = "Start {{ .node.name }}"
confirm = "Started?"
[[rollback.phase]]
id = "check"
title = "Look at the cluster"
[[rollback.phase.step]]
id = "look"
title = "Look"
confirm = "Well?"
"#;

pub fn book() -> Runbook {
    let (book, told) = parse(BOOK);
    book.unwrap_or_else(|| panic!("{told:#?}"))
}

fn at_both_sizes(name: &str, play: impl Fn(&mut Stage)) {
    for size in [(80, 24), (120, 40)] {
        let mut stage = Stage::of(book(), size, look("dark", &UNICODE), Mode::Live);
        stage.all_well();
        play(&mut stage);
        assert_snapshot!(format!("{name}_{}x{}", size.0, size.1), stage.picture());
    }
}

/// Runs the command that is offered.
fn run(stage: &mut Stage) {
    stage.press("enter");
    stage.press("y");
}

/// Two nodes stopped, the second not as it should.
pub fn failed(stage: &mut Stage) {
    run(stage);
    stage.finish(Ended::Exit(0));
    run(stage);
    stage.finish(Ended::Exit(1));
}

#[test]
fn the_header_tells_what_going_back_means_now() {
    at_both_sizes("no_way_back", |_| {});
    at_both_sizes("way_back_offered", failed);
    at_both_sizes("way_back_explained", |stage| {
        failed(stage);
        stage.press("w");
    });
}

#[test]
fn going_back_says_what_it_means_and_asks_why() {
    at_both_sizes("going_back", |stage| {
        failed(stage);
        stage.press("b");
    });
    at_both_sizes("gone_back", |stage| {
        failed(stage);
        stage.press("b");
        stage.press("enter");
        stage.type_text("the second node does not stop");
        stage.press("enter");
    });
}

#[test]
fn giving_up_says_what_stays_changed_and_what_failed_by_title() {
    at_both_sizes("giving_up", |stage| {
        failed(stage);
        stage.press("A");
    });
    at_both_sizes("given_up", |stage| {
        failed(stage);
        stage.press("A");
        stage.type_text("not today");
        stage.press("enter");
    });
}

#[test]
fn what_is_left_behind_on_the_way_back_is_not_counted_as_done() {
    at_both_sizes("walked_back", |stage| {
        failed(stage);
        stage.press("b");
        stage.type_text("the second node does not stop");
        stage.press("enter");
        for _ in 0..3 {
            stage.press("enter");
            stage.type_text("yes");
            stage.press("enter");
        }
        stage.press("Q");
    });
}

#[test]
fn leaving_a_step_out_names_those_that_need_it() {
    let text = BOOK.replace("confirm = \"Well?\"", "confirm = \"Well?\"\nrequires = [{ step = \"undo/start\" }]");
    let (book, told) = parse(&text);
    let mut stage =
        Stage::of(book.unwrap_or_else(|| panic!("{told:?}")), (120, 40), look("dark", &UNICODE), Mode::Live);
    stage.all_well();
    failed(&mut stage);
    stage.press("b");
    stage.type_text("back");
    stage.press("enter");
    stage.press("s");
    let picture = stage.picture();
    assert!(picture.contains("B2.1 Look needs it: it can then only be overridden."), "{picture}");
}

#[test]
fn a_way_back_that_cannot_be_told_is_not_told_to_be_none() {
    let (book, told) = parse(&BOOK.replace("length > 0'", "length > \"x\" + 1'"));
    let book = book.unwrap_or_else(|| panic!("{told:#?}"));
    for size in [(80, 24), (120, 40)] {
        let mut stage = Stage::of(book.clone(), size, look("dark", &UNICODE), Mode::Live);
        stage.all_well();
        failed(&mut stage);
        let picture = stage.picture();
        assert!(
            picture.contains("back: cannot be told") || picture.contains("rollback now: cannot be told"),
            "{picture}"
        );
        stage.press("b");
        assert!(
            stage.picture().contains("whether there is a way back cannot be told now; w tells why"),
            "{}",
            stage.picture()
        );
        assert!(stage.run().ways_back_told(true)[0].contains("not now: it cannot be told"));
    }
}

#[test]
fn ways_back_are_told_in_words_and_with_their_rule_when_all_is_wanted() {
    for size in [(80, 24), (120, 40)] {
        let mut stage = Stage::of(book(), size, look("dark", &UNICODE), Mode::Live);
        stage.all_well();
        stage.press("w");
        let told = words(&stage.picture());
        assert!(told.contains("not now: this is not so: Stop (each) was begun"), "{}", stage.picture());
        assert!(!told.contains(".began"), "{}", stage.picture());
        stage.press("down");
        assert!(stage.run().ways_back_told(true).iter().any(|line| line.starts_with("  its rule: .began.")), "{told}");
    }
}

#[test]
fn one_does_not_go_back_while_a_command_runs_and_is_told_what_to_do() {
    let mut stage = Stage::of(book(), (120, 40), look("dark", &UNICODE), Mode::Live);
    stage.all_well();
    stage.press("b");
    assert!(stage.picture().contains("there is no way back now; w tells why"), "{}", stage.picture());
    run(&mut stage);
    assert!(stage.picture().contains("rollback now: start the stopped nodes"), "{}", stage.picture());
    stage.press("b");
    assert!(stage.picture().contains("end it first with x"), "{}", stage.picture());
    assert!(stage.run().dialog.is_none());
    stage.finish(Ended::Cancelled);
    stage.press("b");
    stage.type_text("enough");
    stage.press("enter");
    for _ in 0..2 {
        stage.press("enter");
        stage.type_text("yes");
        stage.press("enter");
    }
    stage.press("Q");
    stage.press("y");
    assert_eq!(stage.state.closed.as_ref().map(|closed| closed.outcome), Some(Outcome::RolledBack));
}
