//! The real binary with a home of its own.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use piton::engine::Record;
use piton::journal::{RunDir, Verification, read_records};
use tempfile::TempDir;

use super::pty::Start;

/// The program under test.
pub const PITON: &str = env!("CARGO_BIN_EXE_piton");

/// A home directory that nobody else uses. Dropping it removes it.
pub struct Home {
    folder: TempDir,
}

impl Home {
    /// A fresh one.
    pub fn new() -> Self {
        Self { folder: TempDir::with_prefix_in("home-", env!("CARGO_TARGET_TMPDIR")).expect("a folder can be made") }
    }

    /// The folder, for the files of a test.
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Makes a command live here.
    pub fn settle(&self, command: &mut Command) {
        let home = self.folder.path();
        command.env("HOME", home).env("XDG_STATE_HOME", home.join("state")).env("USER", "maria").env("TZ", "UTC");
        for name in ["XDG_CONFIG_HOME", "XDG_DATA_HOME", "SUDO_USER", "LOGNAME", "VAULT_TOKEN", "BAO_TOKEN"] {
            command.env_remove(name);
        }
    }

    /// The binary with these arguments, without a terminal.
    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(PITON);
        command.args(args).stdin(std::process::Stdio::null());
        self.settle(&mut command);
        command
    }

    /// Runs the binary to its end without a terminal.
    pub fn output(&self, args: &[&str]) -> Output {
        self.command(args).output().expect("the binary starts")
    }

    /// The binary with these arguments, in a terminal.
    pub fn terminal(&self, args: &[&str]) -> Start {
        Start::new(PITON, args).with(|command| self.settle(command))
    }

    /// The same, where ctrl-c is heard also when whoever started the tests has it unheard, as a shell does of what it starts
    /// behind it.
    pub fn terminal_with_ctrl_c(&self, args: &[&str]) -> Start {
        let heard = [&["--default-signal=INT", PITON][..], args].concat();
        Start::new("env", &heard).with(|command| self.settle(command))
    }

    /// Everything that piton has written.
    pub fn state(&self) -> PathBuf {
        self.folder.path().join("state/piton")
    }

    /// The folders of all runs, practice runs included, in the order of their names.
    pub fn runs(&self) -> Vec<RunDir> {
        let mut found = Vec::new();
        for kind in ["runs", "practice"] {
            let Ok(entries) = std::fs::read_dir(self.state().join(kind)) else { continue };
            let folders = entries.flatten().map(|entry| entry.path());
            found.extend(folders.filter(|path| path.join("journal.jsonl").is_file()));
        }
        found.sort();
        found.into_iter().map(RunDir::new).collect()
    }

    /// The only run.
    #[track_caller]
    pub fn run(&self) -> RunDir {
        let runs = self.runs();
        assert_eq!(runs.len(), 1, "one run was opened: {:?}", runs.iter().map(RunDir::id).collect::<Vec<_>>());
        runs.into_iter().next().expect("there is one")
    }

    /// The records of the only run, as far as they are there.
    pub fn records(&self) -> Vec<Record> {
        self.runs().first().map(|run| records(run).0).unwrap_or_default()
    }

    /// Panics when one of these texts stands in a file that piton has written.
    #[track_caller]
    pub fn assert_nowhere(&self, secrets: &[String]) {
        let mut folders = vec![self.folder.path().to_owned()];
        let mut files = 0;
        while let Some(folder) = folders.pop() {
            for path in std::fs::read_dir(&folder).expect("an own folder").map(|entry| entry.expect("readable").path())
            {
                if path.is_dir() {
                    folders.push(path);
                } else {
                    files += 1;
                    assert_without(&path, &std::fs::read(&path).expect("an own file"), secrets);
                }
            }
        }
        assert!(files > 0, "a run writes files");
    }
}

fn assert_without(path: &Path, bytes: &[u8], secrets: &[String]) {
    for secret in secrets {
        let is_there = bytes.windows(secret.len()).any(|window| window == secret.as_bytes());
        assert!(!is_there, "a secret stands in {}", path.display());
    }
}

/// The whole records of a run and what its journal is.
pub fn records(run: &RunDir) -> (Vec<Record>, Verification) {
    read_records(&run.journal_path()).unwrap_or_else(|error| panic!("{error}"))
}
