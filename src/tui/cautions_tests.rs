//! Cautions that repeat in a loop, on the screen.

use crate::engine::{Event, Mode, Verdict, cautions_of};
use crate::runbook::{Runbook, parse};
use crate::tui::stage_tests::{Stage, look};
use crate::tui::theme::{ASCII, Look, UNICODE};

const BOOK: &str = r#"
format = 1
id = "loop"
title = "Restart the nodes"
system = "demo"

[inputs.nodes]
type = "nodes"
prompt = "Nodes"

[[phase]]
id = "nodes"
title = "Each node"
for_each = ".inputs.nodes[]"
[[phase.step]]
id = "stop"
title = "Stop {{ .node.name }}"
warning = "What {{ .node.name }} has not written yet is lost."
caution = """
Open connections are cut, and whoever is connected must connect anew.

A client that does not is told of an error each time."""
note = "It takes a minute."
confirm = "What does its log show?"
"#;

fn book() -> Runbook {
    let (book, told) = parse(BOOK);
    book.unwrap_or_else(|| panic!("{told:?}"))
}

/// At the step of the second node, that of the first was walked.
pub fn at_second(size: (u16, u16), look: Look) -> Stage {
    let mut stage = Stage::of(book(), size, look, Mode::Live);
    assert!(!stage.picture().contains("as read for"));
    while !stage.state.step(stage.state.current.as_ref().unwrap()).unwrap().cautions_read {
        stage.press("enter");
    }
    stage.press("enter");
    stage.type_text("it stopped");
    stage.press("enter");
    stage
}

#[test]
fn a_caution_that_repeats_in_a_loop_folds_to_one_line_and_is_never_hidden() {
    let mut stage = at_second((120, 40), look("dark", &UNICODE));
    let picture = stage.picture();
    assert!(picture.contains("What vault-2 has not written yet is lost."), "it differs: {picture}");
    assert!(picture.contains("CAUTION as read for vault-1: Open connections are cut"), "{picture}");
    assert!(picture.contains("NOTE as read for vault-1: It takes a minute."), "{picture}");
    assert!(!picture.contains("A client that does not"), "{picture}");
    assert!(picture.contains("C in full"), "{picture}");
    // One key shows it whole, and folds it again.
    stage.press("C");
    let picture = stage.picture();
    assert!(picture.contains("A client that does not") && picture.contains("C fold"), "{picture}");
    assert!(!picture.contains("as read for"), "{picture}");
    stage.press("C");
    assert!(!stage.picture().contains("A client that does not"));
    // It is read for this node all the same.
    stage.press("enter");
    let read = stage.records.iter().filter(|record| matches!(record.event, Event::CautionsRead { .. })).count();
    assert_eq!(read, 2);
    assert!(stage.run().dialog.is_none());
    // Looked back at, the first stands there in full.
    stage.press("up");
    let picture = stage.picture();
    assert!(picture.contains("A client that does not") && !picture.contains("as read for"), "{picture}");
}

#[test]
fn folded_cautions_on_a_small_screen_without_unicode() {
    for size in [(80, 24), (60, 16)] {
        let stage = at_second(size, look("mono", &ASCII));
        let picture = stage.picture();
        assert!(picture.contains("CAUTION as read for vault-1: "), "{picture}");
        assert!(picture.is_ascii() || !picture.contains('…'), "{picture}");
    }
}

#[test]
fn what_is_recorded_is_what_was_on_the_screen() {
    let mut stage = at_second((120, 40), look("dark", &UNICODE));
    stage.press("enter");
    let key = stage.state.current.clone().unwrap();
    let moment = &stage.run().view.moment;
    let texts = cautions_of(&stage.runbook, &stage.state, &moment.board, &key, moment.at);
    let known: Vec<_> = stage.run().view.page.cautions.iter().map(|shown| shown.text.clone()).collect();
    assert_eq!(known, texts);
    assert_eq!(stage.run().view.page.cautions[1].read_for.as_deref(), Some("vault-1"));
}

#[test]
fn where_nothing_is_folded_the_key_says_so() {
    let mut stage = Stage::of(book(), (120, 40), look("dark", &UNICODE), Mode::Live);
    assert!(!stage.picture().contains("C in full"));
    stage.press("C");
    assert!(stage.picture().contains("no caution of this step is folded"));
}

#[test]
fn a_dialog_closes_when_a_caution_reads_otherwise_than_when_it_was_read() {
    let warning = "warning = \"The active one is {{ .health.vault[0].role }}.\"\nnote = \"It takes a minute.\"";
    let probe =
        "[[health]]\nid = \"vault\"\neach = \".inputs.nodes[]\"\ntcp = \"localhost:1\"\nok = \"true\"\n\n[[phase]]";
    let text = BOOK.replace("note = \"It takes a minute.\"", warning).replacen("[[phase]]", probe, 1);
    let text = text.replacen("warning = \"What {{ .node.name }} has not written yet is lost.\"\n", "", 1);
    let mut stage = Stage::of(parse(&text).0.expect("it is a runbook"), (120, 40), look("dark", &UNICODE), Mode::Live);
    stage.sample("vault-1", Verdict::Ok, "standby");
    while !stage.state.step(stage.state.current.as_ref().unwrap()).unwrap().cautions_read {
        stage.press("enter");
    }
    stage.press("enter");
    assert!(stage.run().dialog.is_some(), "{}", stage.picture());
    stage.sample("vault-1", Verdict::Ok, "active");
    let picture = stage.picture();
    assert!(stage.run().dialog.is_none() && picture.contains("the cautions read otherwise now"), "{picture}");
    assert!(picture.contains("The active one is active."), "{picture}");
    stage.press("enter");
    stage.press("enter");
    assert!(stage.run().dialog.is_some(), "{}", stage.picture());
}
