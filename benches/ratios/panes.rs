//! What watching costs: eight panes of health that are asked each second, over nothing and over change.

use std::path::Path;
use std::time::Duration;

use super::headless::{BY_HAND, book};
use super::report::Figure;
use super::support::binary::Home;
use super::support::operator::started as begun;
use super::support::polled::{Tells, probes, serve};
use super::support::pty::Terminal;
use super::watched::{SOON, left_alone};

/// How many panes there are.
const PANES: usize = 8;
/// How many rows the terminal has, so that all of them are in view.
const ROWS: u16 = 60;
/// For how long they are watched.
const LENGTH: Duration = Duration::from_secs(10);
/// How long it takes until threads that were needed once have ended, and every age was told.
const SETTLED: Duration = Duration::from_secs(12);

/// A runbook of 200 steps that watches so many panes.
fn watching(folder: &Path, name: &str, panes: usize, port: u16) -> String {
    let path = book(folder, name, 200, BY_HAND);
    let mut text = std::fs::read_to_string(&path).expect("it was written");
    text.push_str(&probes(panes, port));
    std::fs::write(&path, text).expect("a fresh file");
    path
}

/// P7, P8 and P9.
pub fn figures(folder: &Path) -> Vec<Figure> {
    let home = Home::new();
    let watched = |name: &str, tells: Tells| {
        let book = watching(folder, name, PANES, serve(tells));
        let terminal = begun(home.terminal(&["run", &book]).size(ROWS, 120).spawn());
        terminal.wait_text(&format!("{PANES} ok"), SOON);
        assert!(terminal.screen().contains(&format!("pane-{PANES}")), "not all are in view\n{}", terminal.describe());
        std::thread::sleep(SETTLED);
        let costs = left_alone(&terminal, LENGTH);
        (terminal, costs)
    };
    let seconds = LENGTH.as_secs_f64();
    let mut figures = Vec::new();
    for (id, tells, what, percent, bytes) in [
        ("P7", Tells::TheSame, "over eight panes that stay as they are", 0.1, 0.0),
        ("P8", Tells::Counts, "over eight panes that change each second", 0.6, 2_048.0),
    ] {
        let (terminal, costs) = watched(&format!("panes-{}", id.to_lowercase()), tells);
        let computed = costs.time().as_secs_f64() * 100.0 / seconds;
        if tells == Tells::TheSame {
            let woken = costs.wake_ups() as f64 / seconds;
            // A busy machine pulls apart what is asked together.
            figures.push(Figure::measured(id, &format!("wake-ups a second {what}"), woken, 20.0));
            figures.push(memory(&terminal));
        }
        figures.push(Figure::measured(id, &format!("% of a processor {what}"), computed, percent));
        figures.push(Figure::count(id, &format!("bytes a second {what}"), costs.bytes as f64 / seconds, bytes));
    }
    figures
}

fn memory(terminal: &Terminal) -> Figure {
    let path = format!("/proc/{}/smaps_rollup", terminal.pid().as_raw_nonzero());
    let held = super::scale::mebibytes(&path, "Pss:");
    Figure::of(
        "P9",
        "memory (PSS) of a run of 200 steps with eight panes",
        (format!("{held:.1} MiB"), String::new()),
        held,
        6.0,
    )
}
