//! Terminals of any size, and many of them in a row.

use std::time::Duration;

use crate::support::sizes::{ODD, storm};
use crate::support::turn;
use crate::terminal::{Place, READY, SOON};

#[test]
fn a_storm_of_sizes_ends_with_the_same_screen() {
    let place = Place::new();
    let terminal = place.practice(30);
    terminal.key("down");
    terminal.wait_text("What is thing 2?", SOON);
    let before = terminal.settled();
    for (round, size) in storm(300).into_iter().enumerate() {
        let odd = ODD.get(round / 3).filter(|_| round % 3 == 0).copied();
        let (rows, cols) = odd.unwrap_or(size);
        terminal.resize(rows, cols);
    }
    terminal.resize(40, 120);
    terminal.wait_for("the same screen", SOON, |screen| turn::is_same(screen, &before));
    assert!(terminal.is_running());
    terminal.key("q");
    terminal.wait_text("Leave the run?", SOON);
}

#[test]
fn each_odd_size_is_drawn_and_survived() {
    let place = Place::new();
    let terminal = place.practice(3);
    let before = terminal.settled();
    for (rows, cols) in ODD {
        let written = terminal.raw().len();
        terminal.resize(rows, cols);
        if rows > 0 && cols > 0 {
            terminal.wait_written(written, SOON);
        }
        terminal.resize(40, 120);
        terminal.wait_for("the same screen", SOON, |screen| turn::is_same(screen, &before));
    }
}

#[test]
fn a_terminal_that_is_too_small_says_so_and_confirms_nothing() {
    let place = Place::new();
    let terminal = place.practice(3);
    let before = terminal.settled();
    terminal.key("enter");
    let asked = terminal.wait_text("─ Answer ─", SOON);
    terminal.type_text("fine");
    let typed = terminal.wait_for("the text", SOON, |screen| screen.contains("fine") && !asked.contains("fine"));
    let records = place.records().len();
    for (rows, cols) in [(10, 39), (9, 40), (5, 20), (1, 20)] {
        terminal.resize(rows, cols);
        terminal.wait_text("too small", SOON);
        for key in ["enter", "y", "1", "s", "enter", "o", "A", "esc"] {
            terminal.key(key);
        }
        // That a key was taken shows nowhere: so it is given a while.
        terminal.wait_still(Duration::from_millis(300), SOON);
        terminal.resize(40, 120);
        terminal.wait_for("the dialog as it was", SOON, |screen| turn::is_same(screen, &typed));
        assert_eq!(place.records().len(), records, "at {cols}x{rows}");
    }
    terminal.key("esc");
    terminal.wait_for("the step again", SOON, |screen| turn::is_same(screen, &before));
    terminal.resize(15, 60);
    terminal.wait_text(READY, SOON);
}

#[test]
fn a_small_terminal_shows_one_pane_and_its_question_can_be_answered() {
    let place = Place::new();
    let terminal = place.practice(3);
    terminal.resize(10, 40);
    terminal.wait_text("What is thing 1?", SOON);
    let records = place.records().len();
    terminal.key("enter");
    terminal.wait_text("─ Answer ─", SOON);
    terminal.type_text("fine");
    terminal.wait_text("fine", SOON);
    terminal.key("enter");
    terminal.wait_text("Look at thing 2", SOON);
    assert!(place.records().len() > records);
}
