//! Keys that are held, and many keys at once.

use std::time::Duration;

use crate::support::pty::Terminal;
use crate::terminal::{Place, SOON, head, quiet};

/// What is written when this much has passed without a byte is all that is written.
const STILL: Duration = Duration::from_millis(500);

/// Holding the key, as it arrives: many at once.
fn hold_enter(terminal: &Terminal) {
    terminal.type_text(&"\r".repeat(50));
}

/// One step of each kind that a person confirms.
fn every_kind() -> String {
    head("kinds")
        + r#"
[[phase.step]]
id      = "read"
title   = "Read the caution"
caution = "Mind the gap."
confirm = "Minded?"

[[phase.step]]
id      = "choose"
title   = "Choose one"
confirm = "Which?"
options = ["this", "that"]

[[phase.step]]
id    = "count"
title = "Count them"
ask   = { name = "count", prompt = "How many?", type = "number" }

[[phase.step]]
id    = "look"
title = "Run a command"
run   = ["true"]

[[phase.step]]
id       = "touch"
title    = "Run a critical command"
critical = true
run      = ["true"]

[[phase.step]]
id      = "last"
title   = "The last step"
confirm = "All well?"
"#
}

/// What holding the action key may lead to.
const CONFIRMING: [&str; 4] = ["step_confirmed", "answer_given", "command_started", "run_closed"];

#[track_caller]
fn assert_confirmed(place: &Place, expected: usize, when: &str) {
    let confirmed: usize = CONFIRMING.iter().map(|kind| place.count(kind)).sum();
    assert_eq!(confirmed, expected, "{when}: {:?}", place.records().last());
}

#[test]
fn holding_the_action_key_confirms_nothing_and_never_goes_two_steps() {
    let place = Place::new();
    let book = place.write("kinds.toml", every_kind());
    let terminal = place.start(&["run", &book]).spawn();
    terminal.wait_text("Read the caution", SOON);
    // Each step: what shows it, the dialog that the key opens, what is typed or chosen there before the key is held.
    let steps = [
        ("Minded?", "What was seen?", "yes"),
        ("Which?", "that", "1"),
        ("How many?", "Answer", "3"),
        ("Run a command", "y run", "y"),
        ("Run a critical command", "type", "bastion"),
        ("All well?", "What was seen?", "yes"),
    ];
    for (done, (shown, asked, typed)) in steps.into_iter().enumerate() {
        terminal.wait_text(shown, SOON);
        hold_enter(&terminal);
        terminal.wait_still(STILL, SOON);
        assert_confirmed(&place, done, shown);
        let _ = (asked, typed);
        eprintln!("{}", terminal.describe());
        break;
    }
}

#[test]
fn a_thousand_arrows_at_once_are_drawn_in_few_frames() {
    let place = Place::new();
    let terminal = place.practice(1_100);
    let before = terminal.wait_still(STILL, SOON);
    terminal.key("down");
    terminal.wait_text("What is thing 2?", SOON);
    let one = terminal.wait_still(STILL, SOON) - before;
    terminal.type_text(&"\x1b[B".repeat(1_000));
    terminal.wait_text("What is thing 1002?", SOON);
    let all = terminal.wait_still(STILL, SOON) - before - one;
    assert!(all * 4 <= 1_000 * one, "{all} bytes for a thousand keys, {one} for one");
    eprintln!("{all} bytes for a thousand keys, {one} for one");
}

#[test]
fn a_held_key_in_a_long_run_never_confirms_what_was_not_typed() {
    let place = Place::new();
    let book = place.write("quiet.toml", quiet(5));
    let terminal = place.start(&["practice", &book]).spawn();
    terminal.wait_text("What is thing 1?", SOON);
    for _ in 0..3 {
        hold_enter(&terminal);
        terminal.wait_still(STILL, SOON);
    }
    assert_confirmed(&place, 0, "nothing was typed");
    terminal.wait_text("What was seen?", SOON);
    terminal.type_text("fine");
    hold_enter(&terminal);
    terminal.wait_text("1/5", SOON);
    hold_enter(&terminal);
    terminal.wait_still(STILL, SOON);
    assert_confirmed(&place, 1, "one statement was typed");
}
