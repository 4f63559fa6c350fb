//! The real program in a terminal: how it is left, what it costs, what it lets through.

mod exits;
mod hostile;
mod idle;
mod interrupt;
mod keys;
mod own;
mod panes;
mod signing;
mod sizes;
mod slow;
mod vanish;

use std::fmt::Write as _;
use std::time::Duration;

use piton::engine::{Event, Leaving, Record};
use piton::journal::Integrity;

use crate::support::binary::{Home, records};
use crate::support::pty::{Exit, Start, Terminal};

const SOON: Duration = Duration::from_secs(10);
/// How long the end may take.
const AT_ONCE: Duration = Duration::from_secs(1);
/// The end of a run that can be gone on with.
const SUSPENDED: Exit = Exit { code: Some(40), signal: None };

/// What the status line says as soon as a step of one's own can be walked.
const READY: &str = "enter confirm";

/// A home for the program, and the files of a test.
struct Place {
    home: Home,
}

impl Place {
    fn new() -> Self {
        Self { home: Home::new() }
    }

    /// Writes a file of the test; its path.
    fn write(&self, name: &str, bytes: impl AsRef<[u8]>) -> String {
        let path = self.home.path().join(name);
        std::fs::write(&path, bytes).expect("the test's folder can be written to");
        path.display().to_string()
    }

    /// The program in a terminal.
    fn start(&self, args: &[&str]) -> Start {
        self.home.terminal(args).with(|command| {
            command.env("RUST_BACKTRACE", "0").current_dir(self.home.path());
        })
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
    fn records(&self) -> Vec<Record> {
        let (records, found) = records(&self.home.run());
        assert_eq!(found.integrity, Integrity::Whole, "{found:?}");
        records
    }

    /// The last record says how the sitting ended.
    #[track_caller]
    fn assert_sitting_closed(&self, how: Leaving) {
        let last = self.records().pop().map(|record| record.event);
        assert_eq!(last, Some(Event::SittingClosed { how }));
    }
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
