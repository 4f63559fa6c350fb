//! Every way in which the program can end or stand still, and a terminal that vanishes.

use rustix::process::Signal;

use crate::support::pty::{Exit, Hold, Start, Terminal};
use crate::terminal::{Place, READY, SECOND, SOON, how_left};

/// Status of a run that waits to be resumed.
const SUSPENDED: Exit = Exit { code: Some(40), signal: None };

/// A way to end.
enum Way {
    /// The first key asks, the second one answers.
    Keys([&'static str; 2]),
    Signal(Signal),
    /// A panic: in which part, and what it says.
    Panic(&'static str, &'static str),
}

fn end(place: &Place, way: &Way) -> Terminal {
    let book = place.write("quiet.toml", super::quiet(3));
    let start = place.start(&["practice", &book]);
    match way {
        Way::Keys([ask, answer]) => {
            let terminal = start.spawn();
            terminal.wait_text(READY, SOON);
            terminal.key(ask);
            terminal.wait_text("Leave the run?", SOON);
            terminal.key(answer);
            terminal
        }
        Way::Signal(signal) => {
            let terminal = start.spawn();
            terminal.wait_text(READY, SOON);
            terminal.signal(*signal);
            terminal
        }
        Way::Panic(part, said) => {
            let terminal = start.with(|command| drop(command.env("PITON_TEST_PANIC", part))).spawn();
            terminal.wait_text(said, SOON);
            terminal
        }
    }
}

#[test]
fn in_every_way_of_ending_the_terminal_is_given_back_and_the_sitting_closed() {
    let table = [
        (Way::Keys(["q", "y"]), SUSPENDED, "left"),
        (Way::Keys(["ctrl-c", "ctrl-c"]), SUSPENDED, "left"),
        (Way::Signal(Signal::TERM), SUSPENDED, "interrupted"),
        (Way::Signal(Signal::HUP), SUSPENDED, "interrupted"),
        (Way::Signal(Signal::INT), SUSPENDED, "interrupted"),
        (Way::Signal(Signal::QUIT), SUSPENDED, "interrupted"),
        // A panic is an error: status 1.
        (Way::Panic("ui", "a bug in the drawing task"), Exit { code: Some(1), signal: None }, "interrupted"),
        (Way::Panic("task", "a bug in a background task"), Exit { code: Some(1), signal: None }, "interrupted"),
    ];
    for (way, status, how) in table {
        let place = Place::new();
        let mut terminal = end(&place, &way);
        let exit = terminal.wait_exit(SECOND);
        assert_eq!(exit, status, "{}", terminal.describe());
        terminal.assert_restored();
        let drawn = terminal.census(|census| census.count("csi ?h"));
        assert!(drawn >= 3, "it had taken the terminal: {drawn} modes");
        let told = format!("go on with: piton resume {}", place.run());
        assert!(terminal.screen().contains(&told), "{}", terminal.describe());
        assert_eq!(how_left(&place.records()), how);
    }
}

#[test]
fn the_library_is_left_with_a_clean_terminal_and_status_0() {
    for key in ["q", "esc", "ctrl-c"] {
        let place = Place::new();
        let mut terminal = place.start(&[]).spawn();
        terminal.wait_text("vault-ha-upgrade", SOON);
        terminal.key(key);
        assert_eq!(terminal.wait_exit(SECOND), Exit { code: Some(0), signal: None }, "{key}");
        terminal.assert_restored();
    }
}

/// The program as the job of a shell that controls the terminal: the shell tells when the job has stopped, continues
/// it when a line was typed, and tells its end.
fn in_a_shell(place: &Place) -> Terminal {
    let book = place.write("quiet.toml", super::quiet(3));
    let script = "set -m; \"$@\"; echo \"stopped: $?\"; read -r line; fg >/dev/null; echo \"ended: $?\"";
    let piton = env!("CARGO_BIN_EXE_piton");
    let shell = Start::new("sh", &["-c", script, "sh", piton, "practice", &book]);
    let terminal = shell.with(|command| place.at_home(command)).spawn();
    terminal.wait_text(READY, SOON);
    terminal
}

#[test]
fn stopped_by_its_key_it_gives_the_terminal_to_the_shell_and_takes_it_again() {
    let place = Place::new();
    let mut terminal = in_a_shell(&place);
    let before = terminal.screen();
    for round in 1..=2 {
        terminal.key("ctrl-z");
        if round == 2 {
            break;
        }
        // 128 + SIGTSTP or SIGSTOP.
        terminal
            .wait_for("the shell", SOON, |screen| screen.contains("stopped: 14") || screen.contains("stopped: 147"));
        terminal.assert_restored();
        terminal.key("enter");
        terminal.wait_for("the whole screen as it was", SOON, |screen| screen == before);
    }
    // The script goes on behind its only `fg` when the job stops a second time.
    terminal.wait_text("ended: 14", SOON);
    terminal.assert_restored();
    terminal.wait_exit(SOON);
}

#[test]
fn continued_in_the_shell_its_keys_work() {
    let place = Place::new();
    let mut terminal = in_a_shell(&place);
    terminal.key("ctrl-z");
    terminal.wait_text("stopped: 14", SOON);
    terminal.key("enter");
    terminal.wait_text(READY, SOON);
    terminal.key("q");
    terminal.wait_text("Leave the run?", SOON);
    terminal.key("y");
    terminal.wait_text("ended: 40", SOON);
    terminal.wait_exit(SOON);
    terminal.assert_restored();
    assert_eq!(how_left(&place.records()), "left");
}

#[test]
fn stopped_by_a_signal_it_comes_back_with_the_whole_screen() {
    let place = Place::new();
    let mut terminal = place.practice(3);
    let before = terminal.screen();
    terminal.signal(Signal::TSTP);
    terminal.wait_for("the main screen", SOON, |screen| screen.trim().is_empty());
    terminal.assert_restored();
    terminal.signal(Signal::CONT);
    terminal.wait_for("the whole screen as it was", SOON, |screen| screen == before);
    // Stopped in the way that cannot be noticed, and continued: it draws all of it again.
    let written = terminal.raw().len();
    terminal.signal(Signal::STOP);
    terminal.signal(Signal::CONT);
    terminal.wait_for("drawn again", SOON, |screen| screen == before && terminal.raw().len() > written);
    terminal.signal(Signal::TERM);
    assert_eq!(terminal.wait_exit(SECOND), SUSPENDED);
    terminal.assert_restored();
}

#[test]
fn a_leader_of_its_session_stays_when_it_is_asked_to_stop() {
    let place = Place::new();
    let terminal = place.practice(3);
    terminal.key("ctrl-z");
    terminal.wait_text("there is no shell to go back to", SOON);
}

#[test]
fn when_the_terminal_vanishes_it_ends_at_once_and_closes_the_sitting() {
    for hold in [Hold::Leader, Hold::LeaderIgnoringHangUp, Hold::Stranger] {
        let place = Place::new();
        let mut terminal = place.practice_with(3, |start| start.hold(hold));
        let before = terminal.cpu();
        terminal.hang_up();
        assert_eq!(terminal.wait_exit(SECOND), SUSPENDED, "{hold:?}");
        let spent = terminal.cpu().saturating_sub(before);
        assert!(spent.as_millis() <= 50, "{hold:?}: {spent:?}");
        assert_eq!(how_left(&place.records()), "interrupted", "{hold:?}");
    }
}

#[test]
fn when_the_terminal_vanishes_under_the_library_it_ends_at_once() {
    for hold in [Hold::Leader, Hold::LeaderIgnoringHangUp, Hold::Stranger] {
        let place = Place::new();
        let mut terminal = place.start(&[]).hold(hold).spawn();
        terminal.wait_text("vault-ha-upgrade", SOON);
        let before = terminal.cpu();
        terminal.hang_up();
        let exit = terminal.wait_exit(SECOND);
        assert_eq!(exit.signal, None, "{hold:?}");
        let spent = terminal.cpu().saturating_sub(before);
        assert!(spent.as_millis() <= 50, "{hold:?}: {spent:?}");
    }
}
