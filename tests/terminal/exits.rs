//! Every way in which the program can end or stand still: the terminal is left as it was found.

use piton::engine::Leaving;
use rustix::process::Signal;

use crate::support::pty::{Exit, Start, Terminal};
use crate::support::turn;
use crate::terminal::{AT_ONCE, Place, READY, SOON, SUSPENDED};

/// A way to end.
enum Way {
    /// The first key asks, the second one answers.
    Keys([&'static str; 2]),
    Signal(Signal),
    /// A panic: in which part, and what it says.
    #[cfg(debug_assertions)]
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
        #[cfg(debug_assertions)]
        Way::Panic(part, said) => {
            let terminal = start
                .with(|command| {
                    command.env("PITON_TEST_PANIC", part);
                })
                .spawn();
            terminal.wait_text(said, SOON);
            terminal
        }
    }
}

#[test]
fn in_every_way_of_ending_the_terminal_is_given_back_and_the_sitting_closed() {
    let table = [
        (Way::Keys(["q", "y"]), SUSPENDED, Leaving::Left),
        (Way::Keys(["ctrl-c", "y"]), SUSPENDED, Leaving::Left),
        (Way::Keys(["ctrl-c", "ctrl-c"]), SUSPENDED, Leaving::Left),
        (Way::Signal(Signal::TERM), SUSPENDED, Leaving::Interrupted),
        (Way::Signal(Signal::HUP), SUSPENDED, Leaving::Interrupted),
        (Way::Signal(Signal::INT), SUSPENDED, Leaving::Interrupted),
        (Way::Signal(Signal::QUIT), SUSPENDED, Leaving::Interrupted),
    ];
    for (way, status, how) in table {
        assert_left_clean(&way, status, how);
    }
}

/// A panic is an error: status 1. Only a debug build panics on demand.
#[cfg(debug_assertions)]
#[test]
fn after_a_panic_the_terminal_is_given_back_and_the_sitting_closed() {
    let failed = Exit { code: Some(1), signal: None };
    assert_left_clean(&Way::Panic("ui", "a bug in the drawing task"), failed, Leaving::Interrupted);
    assert_left_clean(&Way::Panic("task", "a bug in a background task"), failed, Leaving::Interrupted);
    // The thread that would end the program breaks as well.
    assert_left_clean(&Way::Panic("both", "a bug in a background task"), failed, Leaving::Interrupted);
}

#[track_caller]
fn assert_left_clean(way: &Way, status: Exit, how: Leaving) {
    let place = Place::new();
    let mut terminal = end(&place, way);
    let exit = terminal.wait_exit(AT_ONCE);
    assert_eq!(exit, status, "{}", terminal.describe());
    terminal.assert_restored();
    let drawn = terminal.census(|census| census.count("csi ?h"));
    assert!(drawn >= 3, "it had taken the terminal: {drawn} modes");
    let told = format!("go on with: piton resume {}", place.home.run().id());
    assert!(terminal.screen().contains(&told), "{}", terminal.describe());
    place.assert_sitting_closed(how);
}

#[test]
fn the_library_is_left_with_a_clean_terminal_and_status_0() {
    for key in ["q", "esc", "ctrl-c"] {
        let place = Place::new();
        let mut terminal = place.start(&[]).spawn();
        terminal.wait_text("Upgrade a Vault HA cluster", SOON);
        terminal.key(key);
        assert_eq!(terminal.wait_exit(AT_ONCE), Exit { code: Some(0), signal: None }, "{key}");
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
    let terminal = shell.with(|command| place.home.settle(command)).spawn();
    terminal.wait_text(READY, SOON);
    terminal
}

#[test]
fn stopped_by_its_key_it_gives_the_terminal_to_the_shell_and_takes_it_again() {
    let place = Place::new();
    let mut terminal = in_a_shell(&place);
    let before = terminal.settled();
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
        terminal.wait_for("the whole screen as it was", SOON, |screen| turn::is_same(screen, &before));
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
    place.assert_sitting_closed(Leaving::Left);
}

#[test]
fn stopped_by_a_signal_it_comes_back_with_the_whole_screen() {
    let place = Place::new();
    let mut terminal = place.practice(3);
    let before = terminal.settled();
    terminal.signal(Signal::TSTP);
    terminal.wait_stopped(SOON);
    terminal.wait_for("the main screen", SOON, |screen| screen.trim().is_empty());
    terminal.assert_restored();
    terminal.signal(Signal::CONT);
    terminal.wait_for("the whole screen as it was", SOON, |screen| turn::is_same(screen, &before));
    // Stopped in the way that cannot be noticed, and continued: it draws all of it again.
    let written = terminal.raw().len();
    terminal.signal(Signal::STOP);
    terminal.wait_stopped(SOON);
    terminal.signal(Signal::CONT);
    terminal.wait_written(written, SOON);
    terminal.wait_for("the whole screen as it was", SOON, |screen| turn::is_same(screen, &before));
    terminal.signal(Signal::TERM);
    assert_eq!(terminal.wait_exit(AT_ONCE), SUSPENDED);
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
fn without_a_terminal_the_run_is_left_suspended() {
    let place = Place::new();
    let output = place.home.output(&["practice", "vault-ha-upgrade"]);
    assert_eq!(output.status.code(), Some(40), "{output:?}");
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(told.contains("terminal") && told.contains("resume"), "{told}");
    assert!(!output.stdout.contains(&0x1b) && !output.stderr.contains(&0x1b));
    place.assert_sitting_closed(Leaving::Interrupted);
}

/// A file of which nothing but its end is on the disk: reading it takes longer than anybody waits.
fn endless(place: &Place) -> String {
    let path = place.write("big", "");
    let file = std::fs::File::options().write(true).open(&path).expect("the test's own file");
    file.set_len(4 << 40).expect("a file may have holes");
    path
}

#[test]
fn a_file_that_is_read_bars_neither_leaving_nor_the_end_of_the_program() {
    for signal in [None, Some(Signal::TERM)] {
        let place = Place::new();
        let big = endless(&place);
        let mut terminal = place.practice(2);
        terminal.key("e");
        terminal.wait_text("Attach", SOON);
        terminal.type_text(&big);
        terminal.type_text("\x14");
        terminal.wait_text("no copy is kept", SOON);
        terminal.key("enter");
        terminal.wait_text("reading the file", SOON);
        terminal.wait_text(" left; esc ends it", SOON);
        match signal {
            Some(signal) => terminal.signal(signal),
            None => {
                terminal.key("ctrl-c");
                terminal.wait_text("Leave the run?", SOON);
                terminal.key("y");
            }
        }
        assert_eq!(terminal.wait_exit(AT_ONCE), SUSPENDED, "{}", terminal.describe());
        terminal.assert_restored();
        place.assert_sitting_closed(if signal.is_some() { Leaving::Interrupted } else { Leaving::Left });
    }
}
