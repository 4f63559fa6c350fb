//! What the screens cost: start, a key, and nothing at all, against the floor program in the same terminal.

use std::path::Path;
use std::time::Duration;

use piton::clock::monotonic;

use super::headless::{BY_HAND, book};
use super::report::Figure;
use super::support::binary::Home;
use super::support::pty::{Start, Terminal};

/// How many starts of each.
const STARTS: usize = 40;
/// How many keys of each.
const KEYS: usize = 100;
const SOON: Duration = Duration::from_secs(20);
/// For how long nothing is done.
const IDLE: Duration = Duration::from_secs(10);

fn floor() -> Start {
    floor_with(&[])
}

fn floor_with(more: &[&str]) -> Start {
    let program = std::env::current_exe().expect("this program has a path");
    Start::new(&program.display().to_string(), &[&["floor"], more].concat())
}

/// What the library shows when it is ready, and a run of [`super::headless::book`].
const LIBRARY: &str = "15 runbooks";
const RUN: &str = "Step 1";

/// P1, P3 and P6.
pub fn figures(folder: &Path) -> Vec<Figure> {
    let home = Home::new();
    let library = || home.terminal(&[]);
    let books = [200, 5_000].map(|steps| book(folder, &format!("screen-{steps}"), steps, BY_HAND));
    // What is on disk lies on one disk for both.
    let (disk, live) = (home.path().display().to_string(), || home.terminal(&["run", &books[0]]));
    let run = |number: usize| home.terminal(&["practice", &books[number]]);
    let mut figures = vec![
        start("start to the library against the floor's start", (&library, LIBRARY), &floor),
        start("start to a run of 200 steps against a floor that is on disk", (&live, RUN), &|| floor_with(&[&disk])),
        keys("a key to the change of a run of 200 steps", &|| run(0)),
        keys("a key to the change of a run of 5,000 steps", &|| run(1)),
    ];
    figures.extend(idle(&library));
    figures
}

fn started(start: Start, useful: &str) -> (Terminal, Duration) {
    let began = monotonic();
    let terminal = start.spawn();
    terminal.wait_text(useful, SOON);
    (terminal, began.elapsed())
}

/// From the start of the program to the first useful screen.
fn start(what: &str, (ours, useful): (&impl Fn() -> Start, &str), floor: &impl Fn() -> Start) -> Figure {
    let (mut mine, mut limit) = (Vec::new(), Vec::new());
    for _ in 0..STARTS {
        limit.push(started(floor(), "row 1").1);
        mine.push(started(ours(), useful).1);
    }
    Figure::ratio("P1", what, &mine, &limit, 1.5)
}

/// From a key that moves the selection to the first change of the screen.
fn keys(what: &str, ours: &impl Fn() -> Start) -> Figure {
    let (floor, _) = started(floor(), "row 1");
    let (piton, _) = started(ours(), RUN);
    let (mut mine, mut limit) = (Vec::new(), Vec::new());
    for round in 0..KEYS {
        let key = if round % 2 == 0 { "down" } else { "up" };
        limit.push(answered(&floor, key));
        mine.push(answered(&piton, key));
    }
    Figure::ratio("P3", what, &mine, &limit, 1.5)
}

fn answered(terminal: &Terminal, key: &str) -> Duration {
    let before = terminal.settled();
    let began = monotonic();
    terminal.key(key);
    assert!(terminal.changed(&before, SOON).is_some(), "{key} shows nothing\n{}", terminal.describe());
    began.elapsed()
}

/// What is done while nothing happens.
fn idle(ours: &impl Fn() -> Start) -> Vec<Figure> {
    let (piton, _) = started(ours(), LIBRARY);
    piton.settled();
    // Threads that have read the library end by themselves ten seconds later.
    std::thread::sleep(IDLE + Duration::from_secs(2));
    let (bytes, switches, cpu) = (piton.raw().len(), wake_ups(&piton), piton.cpu());
    // Nothing is awaited: that nothing comes is what is measured.
    std::thread::sleep(IDLE);
    let seconds = IDLE.as_secs_f64();
    let written = (piton.raw().len() - bytes) as f64 / seconds;
    let woken = wake_ups(&piton).saturating_sub(switches) as f64 / seconds;
    let computed = (piton.cpu() - cpu).as_secs_f64() * 100.0 / seconds;
    vec![
        Figure::count("P6", "wake-ups a second while nothing happens", woken, 0.0),
        Figure::count("P6", "bytes a second while nothing happens", written, 0.0),
        Figure::count("P6", "% of a processor while nothing happens", computed, 0.0),
    ]
}

/// How often the program's threads have gone to sleep so far.
fn wake_ups(terminal: &Terminal) -> u64 {
    let tasks = format!("/proc/{}/task", terminal.pid().as_raw_nonzero());
    let threads = std::fs::read_dir(tasks).expect("the program runs").flatten();
    let count = |status: String| -> u64 {
        let line = status.lines().find_map(|line| line.strip_prefix("voluntary_ctxt_switches:").map(str::to_owned));
        line.and_then(|line| line.trim().parse().ok()).unwrap_or(0)
    };
    threads.filter_map(|thread| std::fs::read_to_string(thread.path().join("status")).ok()).map(count).sum()
}
