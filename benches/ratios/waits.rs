//! What nobody should wait for: the disk before a key is answered, and the end of the program.

use std::fmt::Write as _;
use std::path::Path;
use std::time::Duration;

use piton::clock::monotonic;
use rustix::process::Signal;

use super::headless::{BY_HAND, book};
use super::report::Figure;
use super::support::binary::Home;
use super::support::fault::under_faults;
use super::support::operator::started as begun;
use super::support::polled::{Tells, probes, serve};
use super::support::pty::Terminal;
use super::watched::{SOON, started};

/// How many keys of each.
const KEYS: usize = 100;
/// How many probes change what is recorded, each of them each second: so a record is being written at any time.
const PROBES: usize = 5;
/// How often a program is ended.
const ENDS: usize = 10;
/// What the end may take.
const END: Duration = Duration::from_millis(50);
/// Every sync of the journal takes 200 ms.
const SLOW: &str = "fdatasync:1+:delay=200";

/// P12 and P18.
pub fn figures(folder: &Path) -> Vec<Figure> {
    let mut figures = disk(folder);
    figures.extend(ends(folder));
    figures
}

/// A runbook whose steps are told apart by their texts, beside probes that flap.
fn flapping(folder: &Path) -> String {
    let mut text = "format = 1\nid = \"flapping\"\ntitle = \"Bench\"\nrevision = \"1\"\nsystem = \"vault\"\nsummary = \"Flaps.\"\n\n[[phase]]\nid = \"p\"\ntitle = \"All\"\n".to_owned();
    for step in 1..=200 {
        let _ = write!(
            text,
            "\n[[phase.step]]\nid = \"s{step}\"\ntitle = \"Step {step}\"\nconfirm = \"What is number {step}?\"\n"
        );
    }
    text.push_str(&probes(PROBES, serve(Tells::Flaps)));
    let path = folder.join("flapping.toml");
    std::fs::write(&path, text).expect("a fresh file");
    path.display().to_string()
}

/// P12: keys while each sync takes 200 ms, against keys while none is slow.
fn disk(folder: &Path) -> Vec<Figure> {
    let book = flapping(folder);
    let (quick, slow) = (Home::new(), Home::new());
    let preloaded = |home: &Home, plan: &str| {
        home.terminal(&["run", &book]).with(|command| {
            under_faults(command, plan, "journal.jsonl", None);
        })
    };
    let (quick_run, slow_run) = (begun(preloaded(&quick, "").spawn()), begun(preloaded(&slow, SLOW).spawn()));
    for run in [&quick_run, &slow_run] {
        // Before the first step began no step is selected.
        run.wait_text("1 current", SOON);
    }
    let (mut ours, mut limit) = (Vec::new(), Vec::new());
    let from = [&quick, &slow].map(|home| home.records().len());
    for round in 0..KEYS {
        let (key, shown) = if round % 2 == 0 { ("down", 2) } else { ("up", 1) };
        limit.push(moved(&quick_run, key, shown));
        ours.push(moved(&slow_run, key, shown));
    }
    let recorded = [&quick, &slow].map(|home| home.records().len());
    assert!(recorded[1] > from[1] + KEYS / 10, "the disk had nothing to do: {from:?}, {recorded:?}");
    vec![
        Figure::ratio("P12", "a key while each sync takes 200 ms, against a quick disk", &ours, &limit, 1.2),
        Figure::count("P12", "answers being saved without the screen saying so", f64::from(unsaid(&slow_run)), 0.0),
    ]
}

/// From a key to the text of the step that it leads to.
fn moved(terminal: &Terminal, key: &str, shown: u32) -> Duration {
    terminal.settled();
    let began = monotonic();
    terminal.key(key);
    terminal.wait_text(&format!("What is number {shown}?"), SOON);
    began.elapsed()
}

/// Whether it is not said that an answer is being saved.
fn unsaid(terminal: &Terminal) -> bool {
    terminal.key("enter");
    terminal.wait_text("─ Answer ─", SOON);
    terminal.type_text("fine");
    terminal.wait_text("fine", SOON);
    terminal.key("enter");
    let is_either = |screen: &str| screen.contains("saving") || screen.contains("1/200");
    !terminal.wait_for("what became of the answer", SOON, is_either).contains("saving")
}

/// P18: from the key or the signal to the moment at which the program is gone, with no child running.
fn ends(folder: &Path) -> Vec<Figure> {
    let home = Home::new();
    let book = book(folder, "ends", 200, BY_HAND);
    let library = || started(home.terminal(&[]), "15 runbooks").0;
    let run = || started(home.terminal(&["practice", &book]), "enter ").0;
    let leaving = |terminal: &Terminal| {
        terminal.key("q");
        terminal.wait_text("Leave the run?", SOON);
        // What is asked is answered only after a pause.
        std::thread::sleep(Duration::from_millis(800));
    };
    let ended = |what: &str, start: &dyn Fn() -> Terminal, before: &dyn Fn(&Terminal), end: &dyn Fn(&Terminal)| {
        let times: Vec<Duration> = (0..ENDS)
            .map(|_| {
                let mut terminal = start();
                terminal.settled();
                before(&terminal);
                let began = monotonic();
                end(&terminal);
                terminal.wait_exit(SOON);
                began.elapsed()
            })
            .collect();
        Figure::ratio("P18", what, &times, &[END; ENDS], 1.0)
    };
    let term = |terminal: &Terminal| terminal.signal(Signal::TERM);
    vec![
        ended("q in the library to gone, against 50 ms", &library, &|_| (), &|terminal| terminal.key("q")),
        ended("y in a run that is left to gone, likewise", &run, &leaving, &|terminal| terminal.key("y")),
        ended("SIGTERM in a run to gone, likewise", &run, &|_| (), &term),
    ]
}
