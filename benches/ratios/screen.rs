//! What the screens cost: start, a key, and nothing at all, against the floor program in the same terminal.

use std::path::Path;
use std::time::Duration;

use super::headless::{BY_HAND, book};
use super::report::Figure;
use super::support::binary::Home;
use super::support::pty::{Answers, Start};
use super::watched::{FLOOR, answered, floor, floor_with, left_alone, started};

/// How many starts of each.
const STARTS: usize = 40;
/// How many keys of each.
const KEYS: usize = 200;
/// For how long nothing is done.
const IDLE: Duration = Duration::from_secs(10);

/// What the library shows when it is ready, and a practice run of [`super::headless::book`].
const LIBRARY: &str = "15 runbooks";
const RUN: &str = "Step 1";
/// What is shown before a live run opens, once all was looked at: that it can be written was tried by then.
const FOUND: &str = "enter go on";

/// P1 to P4, and P6.
pub fn figures(folder: &Path) -> Vec<Figure> {
    let home = Home::new();
    let library = || home.terminal(&[]);
    let books = [200, 5_000].map(|steps| book(folder, &format!("screen-{steps}"), steps, BY_HAND));
    // What is on disk lies on one disk for both.
    let (disk, before) = (home.path().display().to_string(), || home.terminal(&["run", &books[0]]));
    let run = |number: usize| home.terminal(&["practice", &books[number]]);
    let short = || run(0);
    let mute = |start: Start| start.answers(Answers::Mute);
    let mut figures = vec![
        start("P1", "start to the library against the floor's start", (&library, LIBRARY), (&floor, FLOOR), 1.5),
        start(
            "P1",
            "start to a run of 200 steps against a floor that is on disk",
            (&short, RUN),
            (&|| floor_with(&[&disk]), FLOOR),
            1.5,
        ),
        start(
            "P1",
            "start to what is found before a live one, likewise",
            (&before, FOUND),
            (&|| floor_with(&[&disk]), FLOOR),
            1.5,
        ),
        start(
            "P2",
            "start to the library where no query is answered, to one that is",
            (&|| mute(library()), LIBRARY),
            (&library, LIBRARY),
            1.2,
        ),
        start(
            "P2",
            "start to a run where no query is answered, to one that is",
            (&|| mute(short()), RUN),
            (&short, RUN),
            1.2,
        ),
    ];
    figures.extend(keys("a run of 200 steps", &|| run(0)));
    figures.extend(keys("a run of 5,000 steps", &|| run(1)));
    figures.extend(idle(&library));
    figures
}

/// A program, and what it shows when it is ready.
type Ready<'a> = (&'a dyn Fn() -> Start, &'a str);

/// From the start of the program to the first useful screen.
fn start(id: &'static str, what: &str, ours: Ready<'_>, limit: Ready<'_>, goal: f64) -> Figure {
    let (mut mine, mut theirs) = (Vec::new(), Vec::new());
    for _ in 0..STARTS {
        theirs.push(started(limit.0(), limit.1).1);
        mine.push(started(ours.0(), ours.1).1);
    }
    Figure::ratio(id, what, &mine, &theirs, goal)
}

/// From a key that moves the selection to the first change of the screen, and the bytes that it takes.
fn keys(what: &str, ours: &impl Fn() -> Start) -> [Figure; 3] {
    let (floor, _) = started(floor(), FLOOR);
    let (piton, _) = started(ours(), RUN);
    let (mut mine, mut limit) = (Vec::new(), Vec::new());
    piton.settled();
    let before = piton.raw().len();
    for round in 0..KEYS {
        // Forty down and forty up, so that the list is paged as well.
        let key = if (round / 40).is_multiple_of(2) { "down" } else { "up" };
        limit.push(answered(&floor, key));
        mine.push(answered(&piton, key));
    }
    piton.settled();
    let bytes = (piton.raw().len() - before) as f64 / KEYS as f64;
    [
        Figure::ratio("P3", &format!("a key to the change of {what}"), &mine, &limit, 1.5),
        Figure::slowest("P3", "the slowest in a hundred of them, likewise", &mine, &limit, 1.5),
        Figure::count("P4", &format!("bytes for a key that moves the selection of {what}"), bytes, 300.0),
    ]
}

/// What is done while nothing happens.
fn idle(ours: &impl Fn() -> Start) -> Vec<Figure> {
    let (piton, _) = started(ours(), LIBRARY);
    piton.settled();
    // Threads that have read the library end by themselves ten seconds later.
    std::thread::sleep(IDLE + Duration::from_secs(2));
    let costs = left_alone(&piton, IDLE);
    let seconds = IDLE.as_secs_f64();
    let (woken, written) = (costs.wake_ups() as f64 / seconds, costs.bytes as f64 / seconds);
    let computed = costs.time().as_secs_f64() * 100.0 / seconds;
    vec![
        Figure::count("P6", "wake-ups a second while nothing happens", woken, 0.0),
        Figure::count("P6", "bytes a second while nothing happens", written, 0.0),
        Figure::count("P6", "% of a processor while nothing happens", computed, 0.0),
    ]
}
