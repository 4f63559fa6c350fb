//! Archives and prunes where odd things lie in the way: pipes, links, full disks, damage, and a crash in the middle.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;

use piton::engine::{Counts, Event, Mode, Outcome};
use piton::journal::{Journal, RunDir, Store};
use piton::runbook::RunbookId;

use super::kept::Stage;
use crate::support::binary::PITON;
use crate::support::runs::{at, head, holder, journal_of};

const ALL: [&str; 6] = ["journals", "prune", "--keep", "0", "--live", "--unverified"];

/// What a shell says that runs `script` with piton as `$P`, and its status; 124 when it does not end by itself.
fn shell(stage: &Stage, script: &str) -> (i32, String) {
    let mut command = Command::new("timeout");
    command.args(["20", "sh", "-c", script]).env("P", PITON);
    stage.home.settle(&mut command);
    let output = command.output().expect("there is a shell");
    let said = [output.stdout, output.stderr].map(|said| String::from_utf8_lossy(&said).into_owned()).concat();
    (output.status.code().unwrap_or(-1), said)
}

fn practise(stage: &Stage) -> RunDir {
    let before = stage.names();
    let (status, said) = stage.piton(&["practice", "vault-single-upgrade", "--autopilot"]);
    assert_eq!(status, 0, "{said}");
    stage.home.runs().into_iter().find(|run| !before.contains(&run.id())).unwrap()
}

fn make_newer(dir: &RunDir) {
    let text = fs::read_to_string(dir.journal_path()).unwrap();
    fs::write(dir.journal_path(), text.replacen("\"format\":1", "\"format\":2", 1)).unwrap();
}

#[test]
fn a_live_run_that_is_not_known_to_be_closed_never_goes_and_nothing_of_a_newer_format() {
    let stage = Stage::new();
    let runs: Vec<RunDir> = (0..5).map(|_| stage.live(false)).collect();
    let text = fs::read_to_string(runs[0].journal_path()).unwrap();
    fs::write(runs[0].journal_path(), text.replacen("maria", "mario", 2)).unwrap();
    fs::write(runs[1].journal_path(), "").unwrap();
    make_newer(&runs[2]);
    fs::remove_file(runs[3].journal_path()).unwrap();
    // In the wrong folder, but its record says what it is.
    let moved = stage.home.state().join("practice").join(runs[4].id());
    fs::create_dir_all(moved.parent().unwrap()).unwrap();
    fs::rename(runs[4].path(), &moved).unwrap();
    let newer = practise(&stage);
    make_newer(&newer);
    // Its record says practice, but it lies where live runs lie.
    let strayed = practise(&stage);
    let text = fs::read_to_string(strayed.journal_path()).unwrap();
    let astray = stage.home.state().join("runs").join(strayed.id());
    fs::rename(strayed.path(), &astray).unwrap();
    fs::write(astray.join("journal.jsonl"), text.lines().take(3).map(|line| format!("{line}\n")).collect::<String>())
        .unwrap();
    let (status, said) = stage.piton(&ALL);
    assert!(status == 1 && said.contains("0 went, 7 stay that would have to go"), "{said}");
    let left: Vec<&Path> = runs[..4].iter().map(RunDir::path).chain([&*moved, newer.path(), &*astray]).collect();
    assert!(left.iter().all(|path| path.exists()), "{said}");
    assert!(said.contains("format 2") && said.contains("whether it is closed cannot be told"), "{said}");
}

