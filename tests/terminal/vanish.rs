//! A terminal that vanishes or stalls: the program ends at once, without computing, and closes the sitting.

use std::time::Duration;

use piton::clock::monotonic;
use piton::engine::Leaving;
use rustix::process::Signal;

use crate::support::pty::{Hold, Terminal};
use crate::terminal::{AT_ONCE, Place, SOON, SUSPENDED};

const HOLDS: [Hold; 3] = [Hold::Leader, Hold::LeaderIgnoringHangUp, Hold::Stranger];

/// How much the end may compute.
const LITTLE: Duration = Duration::from_millis(50);

/// Takes the terminal away and watches the end.
#[track_caller]
fn assert_ends(terminal: &mut Terminal, what: &str) -> Option<i32> {
    let (began, before) = (monotonic(), terminal.cpu());
    terminal.hang_up();
    let exit = terminal.wait_exit(AT_ONCE);
    let (took, spent) = (began.elapsed(), terminal.cpu().saturating_sub(before));
    println!("{what}: ended in {took:?}, {spent:?} of computing");
    assert_eq!(exit.signal, None, "{what}");
    assert!(spent <= LITTLE, "{what}: {spent:?} of computing");
    exit.code
}

#[test]
fn when_the_terminal_vanishes_the_run_is_left_at_once() {
    for hold in HOLDS {
        let place = Place::new();
        let mut terminal = place.practice_with(3, |start| start.hold(hold));
        assert_eq!(assert_ends(&mut terminal, &format!("{hold:?}")), SUSPENDED.code, "{hold:?}");
        place.assert_sitting_closed(Leaving::Interrupted);
    }
}

#[test]
fn when_the_terminal_vanishes_under_the_library_it_ends_at_once() {
    for hold in HOLDS {
        let place = Place::new();
        let mut terminal = place.start(&[]).hold(hold).spawn();
        terminal.wait_text("Upgrade a Vault HA cluster", SOON);
        // What the library holds is checked once it is shown.
        terminal.wait_idle(SOON);
        assert_ends(&mut terminal, &format!("library, {hold:?}"));
    }
}

/// Keys on their way and a screen that changes all the time: whatever the program is doing in that moment, reading a
/// terminal that is gone must not hold it up.
#[test]
fn when_the_terminal_vanishes_while_keys_arrive_it_ends_too() {
    for hold in HOLDS {
        for round in 0..10 {
            let place = Place::new();
            let mut terminal = place.practice_with(30, |start| start.hold(hold));
            terminal.type_text(&"jk".repeat(round * 20));
            let code = assert_ends(&mut terminal, &format!("{hold:?}, {} keys", round * 40));
            assert_eq!(code, SUSPENDED.code, "{hold:?}");
            place.assert_sitting_closed(Leaving::Interrupted);
        }
    }
}

/// A connection that takes nothing any more: the frame that waits for it must not hold up the end.
#[test]
fn a_terminal_that_takes_nothing_does_not_hold_up_the_program() {
    for signal in [Signal::TERM, Signal::HUP] {
        let place = Place::new();
        let mut terminal = place.practice(3);
        terminal.stall();
        let before = terminal.cpu();
        terminal.type_text("\x0cj\x0c");
        terminal.signal(signal);
        assert_eq!(terminal.wait_exit(AT_ONCE), SUSPENDED, "{signal:?}");
        assert!(terminal.cpu() - before <= 2 * LITTLE, "{signal:?}: {:?} of computing", terminal.cpu() - before);
        place.assert_sitting_closed(Leaving::Interrupted);
    }
}

#[test]
fn a_terminal_that_takes_nothing_and_then_vanishes_ends_the_program() {
    for hold in HOLDS {
        let place = Place::new();
        let mut terminal = place.practice_with(3, |start| start.hold(hold));
        terminal.stall();
        terminal.type_text("\x0cj\x0c");
        assert_eq!(assert_ends(&mut terminal, &format!("stalled, {hold:?}")), SUSPENDED.code, "{hold:?}");
        place.assert_sitting_closed(Leaving::Interrupted);
    }
}

/// A connection that stalls leaves the beginning of a sequence behind.
#[test]
fn a_sequence_that_never_ends_does_not_hold_up_the_program() {
    for begun in ["\x1b[200~half a paste", "\x1b[", "\x1b[<0;10", "\u{e4}\x1b[1;"] {
        let place = Place::new();
        let mut terminal = place.practice(3);
        terminal.type_text(begun);
        terminal.signal(Signal::TERM);
        assert_eq!(terminal.wait_exit(AT_ONCE), SUSPENDED, "{begun:?}");
        terminal.assert_restored();
        place.assert_sitting_closed(Leaving::Interrupted);
    }
}
