//! The terminal is left as it was found, whatever ends the program.

use std::time::Duration;

use piton::clock::monotonic;
use piton::engine::{Event, Leaving};
use rustix::process::Signal;

use crate::support::binary::{Home, records};
use crate::support::pty::{Exit, Hold, Terminal};

const SOON: Duration = Duration::from_secs(10);
/// How long the end may take.
const AT_ONCE: Duration = Duration::from_secs(1);
/// How long the end may compute.
const LITTLE: Duration = Duration::from_millis(50);
/// The exit status of a run that can be gone on with.
const SUSPENDED: i32 = 40;

fn practice(home: &Home, hold: Hold) -> Terminal {
    let terminal = home.terminal(&["practice", "vault-ha-upgrade"]).hold(hold).spawn();
    terminal.wait_text("enter ", SOON);
    terminal
}

/// The last record says how the sitting ended.
#[track_caller]
fn assert_sitting_closed(home: &Home, how: Leaving) {
    let (records, verification) = records(&home.run());
    let last = records.last().map(|record| record.event.clone());
    assert_eq!(last, Some(Event::SittingClosed { how }), "{verification:?}");
}

/// Whether a process is stopped.
fn is_stopped(pid: i32) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit(')').next().is_some_and(|rest| rest.trim_start().starts_with('T'))
}

#[test]
fn leaving_by_key_gives_the_terminal_back_and_says_how_to_go_on() {
    for key in ["q", "ctrl-c"] {
        let home = Home::new();
        let mut terminal = practice(&home, Hold::Leader);
        terminal.key(key);
        terminal.wait_text("Leave the run?", SOON);
        terminal.key("y");
        assert_eq!(terminal.wait_exit(AT_ONCE), Exit { code: Some(SUSPENDED), signal: None }, "{key}");
        terminal.assert_restored();
        let screen = terminal.screen();
        let run = home.run().id();
        assert!(screen.contains(&format!("piton resume {run}")), "{key}: {screen}");
        assert_sitting_closed(&home, Leaving::Left);
    }
}

#[test]
fn every_ending_signal_gives_the_terminal_back_at_once() {
    for signal in [Signal::TERM, Signal::HUP, Signal::INT, Signal::QUIT] {
        let home = Home::new();
        let mut terminal = practice(&home, Hold::Leader);
        terminal.signal(signal);
        assert_eq!(terminal.wait_exit(AT_ONCE), Exit { code: Some(SUSPENDED), signal: None }, "{signal:?}");
        terminal.assert_restored();
        assert_sitting_closed(&home, Leaving::Interrupted);
    }
}

#[test]
fn a_terminal_that_vanishes_ends_the_program_at_once_in_every_form() {
    for hold in [Hold::Leader, Hold::LeaderIgnoringHangUp, Hold::Stranger] {
        let home = Home::new();
        let mut terminal = practice(&home, hold);
        let (began, before) = (monotonic(), terminal.cpu());
        terminal.hang_up();
        let exit = terminal.wait_exit(AT_ONCE);
        let (took, computed) = (began.elapsed(), terminal.cpu().saturating_sub(before));
        assert_eq!(exit, Exit { code: Some(SUSPENDED), signal: None }, "{hold:?}");
        assert!(computed <= LITTLE, "{hold:?}: {computed:?} of computing in {took:?}");
        assert_sitting_closed(&home, Leaving::Interrupted);
    }
}

#[test]
fn stopping_and_continuing_gives_the_terminal_away_and_takes_it_back() {
    let home = Home::new();
    let mut terminal = practice(&home, Hold::Leader);
    let before = terminal.screen();
    let steps = before.lines().find(|line| line.contains("Steps")).expect("the list of steps").to_owned();
    terminal.signal(Signal::TSTP);
    terminal.wait_modes("given away", SOON, |census| census.left_behind().is_empty());
    let end = monotonic() + SOON;
    // The kernel tells nobody but the parent that a process is stopped.
    while !is_stopped(terminal.pid().as_raw_nonzero().get()) {
        assert!(monotonic() < end, "it does not stop");
        std::thread::sleep(Duration::from_millis(5));
    }
    terminal.assert_restored();
    terminal.resize(30, 100);
    terminal.signal(Signal::CONT);
    terminal.wait_modes("taken back", SOON, |census| census.is_on(1049));
    terminal.wait_for("the screen again", SOON, |screen| screen.contains("Steps") && !screen.contains(&steps));
    terminal.signal(Signal::TERM);
    terminal.wait_exit(AT_ONCE);
    terminal.assert_restored();
}

#[test]
fn without_a_terminal_the_run_is_left_suspended() {
    let home = Home::new();
    let output = home.output(&["practice", "vault-ha-upgrade"]);
    assert_eq!(output.status.code(), Some(SUSPENDED), "{output:?}");
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(told.contains("terminal") && told.contains("resume"), "{told}");
    assert!(!output.stdout.contains(&0x1b) && !output.stderr.contains(&0x1b));
}

#[test]
fn nothing_is_asked_of_the_terminal_and_nothing_odd_is_written_to_it() {
    let home = Home::new();
    let mut terminal = practice(&home, Hold::Leader);
    terminal.signal(Signal::TERM);
    terminal.wait_exit(AT_ONCE);
    terminal.census(|census| {
        assert_eq!(census.hostile().len(), 0, "{:?}", census.hostile());
        for query in ["csi n", "csi c", "csi >c", "csi ?u", "csi ?$p"] {
            assert_eq!(census.count(query), 0, "{query}: {:?}", census.kinds());
        }
    });
}

#[test]
fn a_terminal_that_is_too_small_says_so_and_confirms_nothing() {
    let home = Home::new();
    let mut terminal = practice(&home, Hold::Leader);
    let known = home.records().len();
    for (rows, cols) in [(1, 1), (4, 19), (2, 200), (200, 2), (3, 3), (10, 40)] {
        let drawn = terminal.census(|census| census.count("csi J"));
        terminal.resize(rows, cols);
        terminal.wait_modes("drawn anew", SOON, |census| census.count("csi J") > drawn);
        for key in ["enter", "1", "enter", "y"] {
            terminal.key(key);
        }
    }
    terminal.resize(40, 120);
    terminal.wait_text("Steps", SOON);
    let is_work = |event: &Event| !matches!(event, Event::ConditionChanged { .. });
    let done = home.records()[known..].iter().filter(|record| is_work(&record.event)).count();
    assert_eq!(done, 0, "{}", terminal.describe());
    terminal.signal(Signal::TERM);
    terminal.wait_exit(SOON);
    terminal.assert_restored();
}

#[test]
fn a_resize_in_a_burst_of_keys_is_not_lost() {
    let home = Home::new();
    let mut terminal = practice(&home, Hold::Leader);
    for round in 0..20 {
        // Both come at the same moment, with the key first.
        terminal.key("down");
        terminal.resize(if round % 2 == 0 { 30 } else { 40 }, 120);
        terminal.key("up");
    }
    // The last size was (40, 120): the lowest line is drawn there.
    terminal.wait_for("the whole screen", SOON, |screen| {
        screen.contains("Steps") && screen.lines().nth(39).is_some_and(|line| line.contains("journal"))
    });
    terminal.signal(Signal::TERM);
    terminal.wait_exit(SOON);
    terminal.assert_restored();
}
