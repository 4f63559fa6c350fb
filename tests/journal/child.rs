//! This test binary started again as another process, so that it can be killed, starved and lied to.

use std::io::{BufRead, BufReader, Lines, Write};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};

use piton::journal::{Journal, RunDir, read_records};

use crate::support::runs;

/// What a child is to do; see [`play`].
const ROLE: &str = "PITON_TEST_ROLE";
/// With which folder.
const FOLDER: &str = "PITON_TEST_FOLDER";

/// A command that plays `role` with `folder`.
pub fn child(role: &str, folder: &Path) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["journal::child::play", "--exact", "--nocapture", "--test-threads=1"]);
    command.env(ROLE, role).env(FOLDER, folder).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// What a finished child said.
pub struct Said {
    /// The records it said were recorded.
    pub acks: Vec<u64>,
    /// Why it could not go on, each time it tried.
    pub halts: Vec<String>,
    /// What it found in the journal afterwards, as `records=N torn=…`.
    pub left: Option<String>,
    /// Whether it came to its end and told success.
    pub is_success: bool,
}

/// Runs a child to its end.
pub fn said(command: &mut Command) -> Said {
    let output = command.stdin(Stdio::null()).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let all =
        |word: &str| text.lines().filter_map(|line| line.strip_prefix(word)).map(str::to_owned).collect::<Vec<_>>();
    Said {
        acks: all("ack ").iter().map(|seq| seq.parse().unwrap()).collect(),
        halts: all("halted "),
        left: all("left ").pop(),
        is_success: output.status.success(),
    }
}

/// Starts a child and hands out its lines.
pub fn started(command: &mut Command) -> (Child, Lines<BufReader<ChildStdout>>) {
    let mut child = command.spawn().unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    (child, lines)
}

/// The child's side. Started without a role, as one of all tests, it has nothing to do.
#[test]
fn play() {
    let (Some(role), Some(folder)) = (std::env::var_os(ROLE), std::env::var_os(FOLDER)) else { return };
    let folder = Path::new(&folder);
    say("");
    match role.to_str().unwrap() {
        "begin" => {
            let (_, _, record) = runs::begin(folder);
            say(&format!("ack {}", record.seq));
        }
        "append" => append(opened(folder), 10),
        "append for ever" => append(opened(folder), u64::MAX),
        "begin and append for ever" => append(runs::begin(folder).1, u64::MAX),
        "open" => drop(opened(folder)),
        "hold" => {
            let _journal = opened(folder);
            say("held");
            // Until the parent goes away or kills.
            let _ = std::io::stdin().read_line(&mut String::new());
        }
        other => panic!("no role {other}"),
    }
}

fn opened(folder: &Path) -> Journal {
    let opened = runs::reopen(&RunDir::new(folder));
    match opened {
        Ok(opened) => opened.journal,
        Err(error) => {
            say(&format!("halted {error}"));
            std::process::exit(1);
        }
    }
}

/// Records remarks one by one. After a failure it goes on trying, for nothing may be recorded any more.
fn append(mut journal: Journal, count: u64) {
    let path = journal.dir().journal_path();
    let mut halts = 0;
    for _ in 0..count {
        match journal.append(
            journal.last_at(),
            "maria@bastion",
            vec![runs::note("a remark of some length, to be kept")],
        ) {
            Ok(records) => say(&format!("ack {}", records[0].seq)),
            Err(error) => {
                say(&format!("halted {error}"));
                halts += 1;
            }
        }
        if halts == 3 {
            drop(journal);
            let (records, verification) = read_records(&path).unwrap();
            say(&format!("left records={} {:?}", records.len(), verification.integrity));
            std::process::exit(1);
        }
    }
}

fn say(line: &str) {
    let mut out = std::io::stdout().lock();
    // A parent that is gone has seen enough.
    let _ = writeln!(out, "{line}").and_then(|()| out.flush());
}
