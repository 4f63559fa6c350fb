//! The real program in a terminal: how it is left, what it costs, what it lets through.

mod exits;
mod hostile;
mod idle;
mod keys;
mod sizes;

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::Duration;

use piton::journal::{Integrity, verify};
use serde_json::Value;
use tempfile::TempDir;

use crate::support::pty::{Start, Terminal};

const SOON: Duration = Duration::from_secs(10);
const SECOND: Duration = Duration::from_secs(1);

/// What the status line says as soon as a step of one's own can be walked.
const READY: &str = "enter confirm";

/// A folder of its own for the program: its home, its journals, the files of a test.
struct Place {
    folder: TempDir,
}

impl Place {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().expect("a folder for a test") }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, bytes: impl AsRef<[u8]>) -> String {
        let path = self.path(name);
        std::fs::write(&path, bytes).expect("the test's folder can be written to");
        path.display().to_string()
    }

    fn state(&self) -> PathBuf {
        self.path("state/piton")
    }

    /// The program in a terminal.
    fn start(&self, args: &[&str]) -> Start {
        Start::new(env!("CARGO_BIN_EXE_piton"), args).with(|command| self.at_home(command))
    }

    fn at_home(&self, command: &mut Command) {
        command.env("HOME", self.folder.path()).env("XDG_STATE_HOME", self.path("state")).env("USER", "maria");
        command
            .env("RUST_BACKTRACE", "0")
            .env_remove("SUDO_USER")
            .env_remove("XDG_CONFIG_HOME")
            .env_remove("PITON_LOG");
        command.current_dir(self.folder.path());
    }

    /// The program at a pipe; all that it printed.
    fn at_pipe(&self, args: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_piton"));
        self.at_home(command.args(args));
        command.output().expect("the program starts")
    }

    /// A practice run of a runbook of so many steps by hand, before its first step. Nothing on that screen changes by
    /// itself within its first minute.
    fn practice(&self, steps: usize) -> Terminal {
        self.practice_with(steps, |start| start)
    }

    fn practice_with(&self, steps: usize, change: impl FnOnce(Start) -> Start) -> Terminal {
        let book = self.write("quiet.toml", quiet(steps));
        let terminal = change(self.start(&["practice", &book])).spawn();
        terminal.wait_text(READY, SOON);
        terminal
    }

    /// The records of the only run, from an intact journal.
    #[track_caller]
    fn records(&self) -> Vec<Value> {
        let path = self.journal();
        let found = verify(&path).expect("the journal can be read");
        assert_eq!(found.integrity, Integrity::Whole, "{found:?}");
        let text = std::fs::read_to_string(&path).expect("the journal can be read");
        text.lines().map(|line| serde_json::from_str(line).expect("a record is JSON")).collect()
    }

    /// How many records of this kind there are.
    #[track_caller]
    fn count(&self, kind: &str) -> usize {
        self.records().iter().filter(|record| record["event"].get(kind).is_some()).count()
    }

    fn journal(&self) -> PathBuf {
        let runs = |kind: &str| std::fs::read_dir(self.state().join(kind)).into_iter().flatten().flatten();
        let mut all = runs("practice").chain(runs("runs"));
        let only = all.next().expect("there is a run").path();
        assert!(all.next().is_none(), "there is one run");
        only.join("journal.jsonl")
    }

    /// The name of the only run.
    fn run(&self) -> String {
        let folder = self.journal().parent().map(Path::to_owned).expect("a journal lies in its run's folder");
        folder.file_name().expect("a run has a name").to_string_lossy().into_owned()
    }
}

/// How the last sitting of a journal ended.
fn how_left(records: &[Value]) -> &str {
    let last = records.last().expect("a run has records");
    last["event"]["sitting_closed"]["how"].as_str().unwrap_or("its last record closes no sitting")
}

/// A runbook whose steps are all done by hand, without anything to be probed.
fn quiet(steps: usize) -> String {
    let mut text = head("quiet");
    for step in 1..=steps {
        let _ = write!(
            text,
            "[[phase.step]]\nid = \"s{step}\"\ntitle = \"Look at thing {step}\"\nconfirm = \"What is thing {step}?\"\n"
        );
        if step % 300 == 0 {
            let _ = write!(text, "[[phase]]\nid = \"more-{step}\"\ntitle = \"More of it\"\n");
        }
    }
    text
}

/// The beginning of a runbook, up to its first phase.
fn head(id: &str) -> String {
    format!(
        "format = 1\nid = \"{id}\"\ntitle = \"A runbook\"\nrevision = \"1\"\nsystem = \"vault\"\nsummary = \"All by hand.\"\n\
         [[phase]]\nid = \"all\"\ntitle = \"All of it\"\n"
    )
}
