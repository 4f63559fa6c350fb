//! What a run without a person costs for each step, each record synced: steps by hand, and steps that run a command.

use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use piton::clock::monotonic;

use super::journal::disk;
use super::report::Figure;
use super::support::binary::Home;

/// How many steps a run has.
const STEPS: u32 = 200;
/// How many steps make a phase.
const PHASE: u32 = 250;
/// How many runs of each kind.
const RUNS: usize = 3;

/// The action of a step that is done by hand.
pub const BY_HAND: &str = "confirm = \"What was seen?\"";

/// The file of a runbook of so many steps, each with this action.
pub fn book(folder: &Path, name: &str, steps: u32, action: &str) -> String {
    let mut text = format!(
        "format = 1\nid = \"{name}\"\ntitle = \"Bench\"\nrevision = \"1\"\nsystem = \"vault\"\nsummary = \"Many steps.\"\n"
    );
    for step in 1..=steps {
        if step % PHASE == 1 {
            let phase = step / PHASE + 1;
            let _ = write!(text, "\n[[phase]]\nid = \"p{phase}\"\ntitle = \"Phase {phase}\"\n");
        }
        let _ = write!(text, "\n[[phase.step]]\nid = \"s{step}\"\ntitle = \"Step {step}\"\n{action}\n");
    }
    let path = folder.join(format!("{name}.toml"));
    std::fs::write(&path, text).expect("a fresh file");
    path.display().to_string()
}

/// P13 and P14.
pub fn figures(folder: &Path) -> Vec<Figure> {
    let by_hand = book(folder, "by-hand", STEPS, BY_HAND);
    let commands = book(folder, "commands", STEPS, "run = [\"true\"]\nexpect = \".exit == 0\"");
    let (mut hand, mut run, mut syncs, mut shell) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for _ in 0..RUNS {
        let sync = disk(folder, 200);
        syncs.push(sync * 2);
        hand.push(walked(&by_hand));
        shell.push(sh() + sync * 2);
        run.push(walked(&commands));
    }
    vec![
        // A confirmed step is two decisions: the statement, and that the next step began.
        Figure::ratio("P13", "a step by hand, headless, against two synced writes", &hand, &syncs, 10.0),
        Figure::ratio("P14", "a command step in practice against sh and two synced writes", &run, &shell, 2.0),
    ]
}

/// The time of one step of an autopilot run.
fn walked(book: &str) -> Duration {
    let home = Home::new();
    let began = monotonic();
    let output = home.output(&["practice", book, "--autopilot", "--speed", "100"]);
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{told}");
    began.elapsed() / STEPS
}

/// The time of one line of a shell script that runs a command.
fn sh() -> Duration {
    let began = monotonic();
    let script = "/bin/true\n".repeat(STEPS as usize);
    assert!(Command::new("sh").args(["-c", &script]).status().expect("there is a shell").success());
    began.elapsed() / STEPS
}
