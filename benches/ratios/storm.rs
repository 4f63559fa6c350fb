//! More than a person does: a thousand keys at once, and a terminal that takes size after size.

use std::path::Path;
use std::time::Duration;

use super::headless::{BY_HAND, book};
use super::report::Figure;
use super::support::binary::Home;
use super::support::pty::{Start, Terminal};
use super::support::sizes::{ODD, storm};
use super::support::turn::is_same;
use super::watched::{Costs, FLOOR, SOON, floor, started};

/// How often each is done.
const ROUNDS: usize = 5;
/// How many sizes come one after the other, and how soon: as fast as somebody drags the edge of a window.
const SIZES: usize = 300;
const APART: Duration = Duration::from_millis(10);
/// What is written when this much has passed without a byte is all that is written.
const STILL: Duration = Duration::from_millis(500);
/// What a run shows when it is ready.
const RUN: &str = "Step 1";

/// P5, P19 and R14.
pub fn figures(folder: &Path) -> Vec<Figure> {
    let home = Home::new();
    let book = book(folder, "storm", 200, BY_HAND);
    let ours = || home.terminal(&["practice", &book]);
    let mut figures = keys(&ours);
    figures.extend(sizes(&ours));
    figures
}

/// A thousand keys, of which each moves the selection in a list of 200 rows: in the end it is a hundred below the first.
fn thousand() -> String {
    let (down, up) = ("\x1b[B".repeat(150), "\x1b[A".repeat(150));
    format!("{0}{0}{0}{1}", down.clone() + &up, "\x1b[B".repeat(100))
}

/// P5: what a thousand keys cost that come at once.
fn keys(ours: &impl Fn() -> Start) -> Vec<Figure> {
    let flooded = |start: Start, useful: &str, last: &str| {
        let (terminal, _) = started(start, useful);
        terminal.wait_still(STILL, SOON);
        let before = Costs::of(&terminal);
        terminal.type_text(&thousand());
        terminal.wait_text(last, SOON);
        terminal.wait_still(STILL, SOON);
        terminal.wait_text(last, SOON);
        Costs::of(&terminal).since(&before)
    };
    let (mut times, mut floors, mut bytes) = (Vec::new(), Vec::new(), (0, 0));
    for _ in 0..ROUNDS {
        let (limit, mine) = (flooded(floor(), FLOOR, "> row 101 "), flooded(ours(), RUN, "Step 101"));
        times.push(mine.time());
        floors.push(limit.time());
        bytes = (bytes.0 + mine.bytes, bytes.1 + limit.bytes);
    }
    let rounds = ROUNDS as f64;
    let (mine, limit) = (bytes.0 as f64 / rounds, bytes.1 as f64 / rounds);
    let told = (format!("{mine:.0} B"), format!("{limit:.0} B"));
    vec![
        Figure::of("P5", "bytes for a thousand keys at once, against the floor's", told, mine / limit, 0.25),
        Figure::ratio("P5", "computing for a thousand keys at once, likewise", &times, &floors, 0.25),
    ]
}

/// P19 and R14: one size after the other, then the first again.
fn sizes(ours: &impl Fn() -> Start) -> Vec<Figure> {
    let (mut times, mut floors, mut others, mut fallen) = (Vec::new(), Vec::new(), 0, 0);
    for _ in 0..ROUNDS {
        floors.push(stormed(&started(floor(), FLOOR).0).0);
        let (piton, _) = started(ours(), RUN);
        piton.key("down");
        let (time, is_same) = stormed(&piton);
        times.push(time);
        others += u32::from(!is_same);
        fallen += ODD.into_iter().filter(|size| !survives(&piton, *size)).count();
    }
    vec![
        Figure::ratio("P19", "computing for a storm of 300 sizes, against the floor's", &times, &floors, 3.0),
        Figure::count("P19", "storms after which the screen is another", f64::from(others), 0.0),
        Figure::count("R14", "odd sizes, from 0x0 to 65535x1, that are not survived", fallen as f64, 0.0),
    ]
}

/// What a storm costs, and whether the screen is the same after it.
fn stormed(terminal: &Terminal) -> (Duration, bool) {
    terminal.wait_still(STILL, SOON);
    let (screen, before) = (terminal.screen(), Costs::of(terminal));
    for (rows, cols) in storm(SIZES) {
        terminal.resize(rows, cols);
        std::thread::sleep(APART);
    }
    terminal.resize(40, 120);
    terminal.wait_still(STILL, SOON);
    // The clock may have gone on meanwhile.
    (Costs::of(terminal).since(&before).time(), is_same(&terminal.screen(), &screen))
}

/// Whether the program shows the same as before when its terminal has had that size.
fn survives(terminal: &Terminal, (rows, cols): (u16, u16)) -> bool {
    let screen = terminal.screen();
    terminal.resize(rows, cols);
    terminal.settled();
    terminal.resize(40, 120);
    terminal.settled();
    terminal.is_running() && is_same(&terminal.screen(), &screen)
}
