//! Keys that are held, and many keys at once.

use std::time::Duration;

use piton::engine::Event;

use crate::support::operator::started;
use crate::support::pty::Terminal;
use crate::terminal::{Place, SOON, head, quiet};

/// What is written when this much has passed without a byte is all that is written.
const STILL: Duration = Duration::from_secs(1);

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
id     = "decide"
title  = "Decide on a way"
choose = [{ is = "left", title = "Go left" }, { is = "right", title = "Go right" }]

[[phase.step]]
id      = "second"
title   = "Let another look"
release = "a second pair of eyes"

[[phase.step]]
id      = "last"
title   = "The last step"
confirm = "All well?"
"#
}

/// How many things a person confirmed or began, and how many commands ran.
fn confirmed(place: &Place) -> usize {
    let is_confirming = |event: &Event| {
        use Event::{AnswerGiven, CautionsRead, ChoiceMade, CommandStarted, HoldReleased, RunClosed, StepConfirmed};
        matches!(
            event,
            StepConfirmed { .. }
                | AnswerGiven { .. }
                | ChoiceMade { .. }
                | HoldReleased { .. }
                | CommandStarted { .. }
                | RunClosed { .. }
                | CautionsRead { .. }
        )
    };
    place.records().iter().filter(|record| is_confirming(&record.event)).count()
}

#[test]
fn holding_the_action_key_confirms_nothing_and_never_goes_two_steps() {
    let place = Place::new();
    let book = place.write("kinds.toml", every_kind());
    let terminal = started(place.start(&["run", &book]).spawn());
    terminal.wait_text("Mind the gap.", SOON);
    // What the screen says before the key is held, what is typed, what was confirmed after it was held twice.
    let walk = [
        // Reading the caution is all that the key does by itself; then it opens the empty field.
        ("Mind the gap.", "", 1),
        ("state what was seen", "yes", 2),
        ("a number choose", "1", 3),
        ("─ Answer ─", "3", 4),
        ("y run it", "yyyyyyyyyy", 5),
        ("critical: type kinds to run it", "", 5),
        ("type the target's name", "kinds", 6),
        ("a number choose", "2", 7),
        ("the person who releases it gives a name", "jo", 7),
        ("state what was looked at", "all of it", 8),
        ("state what was seen", "", 8),
    ];
    for (shown, typed, done) in walk {
        terminal.wait_text(shown, SOON);
        terminal.type_text(typed);
        for _ in 0..2 {
            hold_enter(&terminal);
            terminal.wait_still(STILL, SOON);
        }
        assert_eq!(confirmed(&place), done, "after {shown:?}\n{}", terminal.describe());
    }
}

/// Forty steps down and up again, with the pages of the list between them.
#[test]
fn a_key_that_moves_the_selection_is_drawn_in_few_bytes() {
    let place = Place::new();
    let terminal = place.practice(200);
    let before = terminal.wait_still(STILL, SOON);
    let moves: Vec<usize> = (2..=41).chain((1..=40).rev()).collect();
    for (number, step) in moves.iter().enumerate() {
        terminal.key(if number < 40 { "down" } else { "up" });
        terminal.wait_text(&format!("What is thing {step}?"), SOON);
    }
    let each = (terminal.wait_still(STILL, SOON) - before) / moves.len();
    println!("{each} bytes a key");
    assert!(each <= 300, "{each} bytes a key");
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
    println!("{all} bytes for a thousand keys, {one} for one");
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
    assert_eq!(confirmed(&place), 0, "nothing was typed");
    terminal.wait_text("─ Answer ─", SOON);
    terminal.type_text("fine");
    hold_enter(&terminal);
    terminal.wait_text("1/5", SOON);
    hold_enter(&terminal);
    terminal.wait_still(STILL, SOON);
    assert_eq!(confirmed(&place), 1, "one statement was typed");
}

/// The same of a terminal that says which key is held: a press, what it repeats, and that it was let go.
#[test]
fn a_key_that_the_terminal_tells_to_be_held_confirms_no_two_steps() {
    let place = Place::new();
    let terminal = place.practice(5);
    let hold = || {
        let held = format!("\x1b[13;1:1u{}\x1b[13;1:3u", "\x1b[13;1:2u".repeat(50));
        terminal.type_text(&held);
        terminal.wait_still(STILL, SOON);
    };
    terminal.wait_text("What is thing 1?", SOON);
    (0..2).for_each(|_| hold());
    assert_eq!(confirmed(&place), 0, "nothing was typed");
    terminal.wait_text("─ Answer ─", SOON);
    terminal.type_text("fine");
    hold();
    terminal.wait_text("1/5", SOON);
    hold();
    assert_eq!(confirmed(&place), 1, "one statement was typed");
}

/// Two clicks at once on what opens a question, and where its answer then stands.
#[test]
fn a_double_click_confirms_no_two_steps() {
    let place = Place::new();
    let terminal = place.practice(5);
    terminal.wait_text("What is thing 1?", SOON);
    let click = |text: &str, times: usize| {
        let screen = terminal.settled();
        let (row, line) =
            screen.lines().enumerate().filter(|(_, line)| line.contains(text)).last().expect("it is there");
        let column = line[..line.rfind(text).expect("it is in it")].chars().count();
        let report = format!("\x1b[<0;{0};{1}M\x1b[<0;{0};{1}m", column + 1, row + 1);
        terminal.type_text(&report.repeat(times));
        terminal.wait_still(STILL, SOON);
    };
    click("enter confirm", 2);
    terminal.wait_text("─ Answer ─", SOON);
    assert_eq!(confirmed(&place), 0, "nothing was typed");
    terminal.type_text("fine");
    click("enter record it", 2);
    terminal.wait_text("1/5", SOON);
    assert_eq!(confirmed(&place), 1, "one statement was typed");
}

#[test]
fn a_long_paste_arrives_whole_without_another_key() {
    let place = Place::new();
    let terminal = place.practice(3);
    terminal.key("n");
    terminal.wait_text("ctrl-s", SOON);
    let text: String = (0..2_000).map(|number| format!("{number} ")).collect();
    terminal.type_text(&format!("\x1b[200~{text}the end\x1b[201~"));
    terminal.wait_text("1999 the end", SOON);
    terminal.key("ctrl-s");
    terminal.wait_for("the note taken", SOON, |screen| !screen.contains("1999 the end"));
    terminal.wait_still(STILL, SOON);
    let noted = place.records().into_iter().rev().find_map(|record| match record.event {
        Event::NoteAdded { text, .. } => Some(text),
        _ => None,
    });
    assert_eq!(noted, Some(text + "the end"));
}
