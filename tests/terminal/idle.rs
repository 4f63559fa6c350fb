//! What it costs when nothing happens, and what it asks of the terminal when it starts.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::time::Duration;

use piton::clock::monotonic;

use crate::support::operator::started;
use crate::support::polled::{Tells, probes, serve};
use crate::support::pty::{Answers, Terminal};
use crate::support::turn;
use crate::terminal::{Place, READY, SOON};

/// How long nothing is watched.
const WINDOW: Duration = Duration::from_secs(3);

/// How often all threads of a program gave up the processor by themselves.
fn wake_ups(terminal: &Terminal) -> BTreeMap<OsString, u64> {
    let pid = terminal.pid().as_raw_nonzero().get();
    let tasks = std::fs::read_dir(format!("/proc/{pid}/task")).expect("the program is running").flatten();
    tasks
        .map(|task| {
            let status = std::fs::read_to_string(task.path().join("status")).unwrap_or_default();
            let line = status.lines().find_map(|line| line.strip_prefix("voluntary_ctxt_switches:"));
            (task.file_name(), line.and_then(|count| count.trim().parse().ok()).unwrap_or(0))
        })
        .collect()
}

/// How often its threads were woken since; one that has ended meanwhile takes its count along.
fn woken_since(terminal: &Terminal, before: &BTreeMap<OsString, u64>) -> u64 {
    let now = wake_ups(terminal);
    now.iter().map(|(thread, count)| count.saturating_sub(before.get(thread).copied().unwrap_or(0))).sum()
}

/// How long it takes at most until the last thing that follows a key has happened: the action key acts again when it
/// was let go for 700 ms.
const STILL: Duration = Duration::from_secs(1);

/// Waits until nothing was written for that long and the minute does not turn within a window from then on: on a busy
/// machine the wait itself may last up to the turn. Gives how much was written.
fn still_away_from_the_turn(terminal: &Terminal, still: Duration, limit: Duration) -> usize {
    loop {
        let written = terminal.wait_still(still, limit);
        if turn::is_away(2 * WINDOW) {
            return written;
        }
        turn::away_from_it(still + 3 * WINDOW);
    }
}

/// That nothing happens can only be watched: for a window, after it has been still for a moment.
fn assert_idle(terminal: &Terminal) {
    let written = still_away_from_the_turn(terminal, STILL, SOON);
    let before = wake_ups(terminal);
    let after = terminal.wait_still(WINDOW, WINDOW + SOON);
    let more = String::from_utf8_lossy(&terminal.raw()[written..]).into_owned();
    assert_eq!(after, written, "written though nothing happened: {more:?}");
    let woken = woken_since(terminal, &before);
    assert!(woken <= 2, "woken {woken} times in {WINDOW:?}");
}

#[test]
fn an_idle_library_sleeps() {
    let place = Place::new();
    let terminal = place.start(&[]).spawn();
    terminal.wait_text("Upgrade a Vault HA cluster", SOON);
    assert_idle(&terminal);
}

#[test]
fn an_idle_run_sleeps_before_a_step_and_before_a_dialog() {
    let place = Place::new();
    let terminal = place.practice(3);
    assert_idle(&terminal);
    terminal.key("enter");
    terminal.wait_text("─ Answer ─", SOON);
    assert_idle(&terminal);
}

/// A live run beside eight panes of a server that tells this, once the history of each row has all of its room.
fn watching(place: &Place, tells: Tells) -> Terminal {
    let book = place.write("panes.toml", super::quiet(3) + &probes(8, serve(tells)));
    let terminal = started(place.start(&["run", &book]).size(60, 120).spawn());
    terminal.wait_for("eight full rows", 3 * SOON, |screen| {
        let is_full = |line: &&str| line.contains("pane-") && line.contains(&"▂".repeat(8));
        screen.contains("8 ok") && screen.lines().filter(is_full).count() == 8
    });
    terminal
}

/// Answers that say what was said before are no reason to draw. Eight questions a second wake a thread for the question,
/// one for the answer, one that judges and one that draws: less, because they are asked together, unless a busy machine
/// pulls them apart.
#[test]
fn eight_panes_that_are_asked_each_second_and_stay_as_they_are_write_nothing() {
    let place = Place::new();
    let terminal = watching(&place, Tells::TheSame);
    let written = still_away_from_the_turn(&terminal, 2 * STILL, 3 * SOON);
    let before = wake_ups(&terminal);
    let after = terminal.wait_still(WINDOW, WINDOW + SOON);
    let more = String::from_utf8_lossy(&terminal.raw()[written..]).into_owned();
    assert_eq!(after, written, "written though nothing changed: {more:?}");
    let woken = woken_since(&terminal, &before);
    println!("{woken} times woken in {WINDOW:?}");
    assert!(woken <= 8 * 4 * WINDOW.as_secs(), "woken {woken} times in {WINDOW:?}");
}

#[test]
fn eight_panes_that_change_each_second_write_only_what_changes() {
    let place = Place::new();
    let terminal = watching(&place, Tells::Counts);
    let before = terminal.raw().len();
    // That little comes can be seen in no other way than by looking for a while.
    std::thread::sleep(WINDOW);
    let each = (terminal.raw().len() - before) / usize::try_from(WINDOW.as_secs()).expect("a few seconds");
    println!("{each} bytes a second");
    assert!((1..=2_048).contains(&each), "{each} bytes a second");
}

/// How long it takes from the start to the first screen.
fn first_screen(answers: Answers) -> Duration {
    let place = Place::new();
    let book = place.write("quiet.toml", super::quiet(3));
    let start = place.start(&["practice", &book]).answers(answers);
    let began = monotonic();
    let terminal = start.spawn();
    terminal.wait_text(READY, SOON);
    let took = began.elapsed();
    let queries: Vec<String> = terminal.census(|census| {
        let asks =
            ["csi c", "csi >c", "csi =c", "csi n", "csi ?n", "csi ?u", "csi x", "csi t", "csi $p", "csi ?$p", "csi >q"];
        let is_query = |kind: &str| asks.contains(&kind) || kind.starts_with("osc") || kind.starts_with("dcs");
        census.kinds().keys().filter(|kind| is_query(kind)).cloned().collect()
    });
    assert!(queries.is_empty(), "it asks the terminal: {queries:?}");
    let raw = terminal.raw();
    for query in [&b"\x1b[6n"[..], b"\x1b[c", b"\x1b[0c", b"\x1b[?u", b"\x1b]", b"\x1b[14t", b"\x1b[>0q", b"\x1bP"] {
        assert!(!raw.windows(query.len()).any(|window| window == query), "{query:?}");
    }
    took
}

/// A query that is waited for costs 2 s; the bound lies far below that and above what a busy machine adds.
#[test]
fn a_terminal_that_answers_nothing_costs_nothing() {
    let best = |answers| (0..3).map(|_| first_screen(answers)).min().expect("three of them");
    let (usual, mute) = (best(Answers::Usual), best(Answers::Mute));
    assert!(mute <= usual * 2 + Duration::from_millis(300), "{mute:?} instead of {usual:?}");
}
