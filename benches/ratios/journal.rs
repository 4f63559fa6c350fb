//! What it costs to record a decision: against one raw write and one `fdatasync`.

use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, ExitCode};
use std::time::Duration;

use piton::clock::{Timestamp, monotonic};
use piton::engine::{Event, JOURNAL_FORMAT, Mode, RunOpened};
use piton::journal::{Holder, Journal, Store, sha256_hex};
use piton::runbook::RunbookId;
use serde_json::Map;

use super::report::Figure;
use super::support::fault::under_faults;

/// How many appends of each kind make a round.
const ROUND: u32 = 10;
/// How many rounds.
const ROUNDS: u32 = 60;

fn at(millis: i64) -> Timestamp {
    Timestamp::from_millis(1_795_228_870_000 + millis)
}

fn begin(root: &Path) -> Journal {
    let text = "format = 1\n".to_owned();
    let holder = Holder { operator: "bench".into(), host: "here".into(), pid: std::process::id(), since: at(0) };
    let dir = Store::open(root).begin(Mode::Live, at(0), "bench").expect("a fresh folder");
    let opened = RunOpened {
        format: JOURNAL_FORMAT,
        run: dir.id(),
        runbook: RunbookId::new("bench"),
        title: "Bench".into(),
        revision: "1".into(),
        sha256: sha256_hex(text.as_bytes()),
        text,
        mode: Mode::Live,
        inputs: Map::new(),
        site: None,
        practice: None,
        operator: "bench".into(),
        host: "here".into(),
        version: env!("CARGO_PKG_VERSION").into(),
    };
    Journal::create(&dir, &holder, at(0), "bench@here", opened).expect("a fresh journal").0
}

/// A record of about 380 bytes.
fn event() -> Event {
    Event::NoteAdded { step: None, text: "what was seen, in the operator's own words; ".repeat(5) }
}

/// Appends so many events to a journal in `root`: run under the counting library.
pub fn child(root: &str, count: &str) -> ExitCode {
    let mut journal = begin(Path::new(root));
    for millis in 1..=count.parse().unwrap_or(0) {
        journal.append(at(millis), "bench@here", vec![event()]).expect("the disk of a bench");
    }
    ExitCode::SUCCESS
}

/// P10 and P11.
pub fn figures(folder: &Path) -> Vec<Figure> {
    vec![wall(folder), calls(folder, "write"), calls(folder, "fdatasync")]
}

/// Calls for each recorded decision: 40 decisions against 20, so that what a run needs once falls out.
fn calls(folder: &Path, call: &str) -> Figure {
    let count = |decisions: u32| {
        let root = folder.join(format!("calls-{call}-{decisions}"));
        let log = root.with_extension("log");
        let mut command = Command::new(std::env::current_exe().expect("this program has a path"));
        command.arg("append").arg(&root).arg(decisions.to_string());
        let status = under_faults(&mut command, "", "journal.jsonl", Some(&log)).status().expect("it starts");
        assert!(status.success(), "the appending child failed");
        let log = std::fs::read_to_string(log).expect("the library has logged");
        log.lines().filter(|line| line.split(' ').next() == Some(call)).count()
    };
    let each = (count(40) as f64 - count(20) as f64) / 20.0;
    Figure::count("P10", &format!("{call} calls for a recorded decision"), each, 1.0)
}

fn wall(folder: &Path) -> Figure {
    let root = folder.join("wall");
    let mut journal = begin(&root);
    let mut raw = OpenOptions::new().create(true).append(true).open(root.join("raw")).expect("a fresh file");
    let line = {
        let text = serde_json::to_string(&event()).expect("an event is JSON");
        format!("{{\"seq\":1,\"at\":\"{}\",\"prev\":\"{}\",\"by\":\"b\",\"event\":{text}}}\n", at(0), "0".repeat(64))
    };
    let (mut ours, mut limit) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        limit.push(timed(|| append_raw(&mut raw, &line)));
        ours.push(timed(|| drop(journal.append(at(1), "bench@here", vec![event()]).expect("the disk of a bench"))));
    }
    Figure::ratio("P11", "a recorded decision against one write and fdatasync", &ours, &limit, 1.15)
}

fn append_raw(file: &mut File, line: &str) {
    file.write_all(line.as_bytes()).and_then(|()| file.sync_data()).expect("the disk of a bench");
}

/// The mean of one round.
fn timed(mut once: impl FnMut()) -> Duration {
    let began = monotonic();
    for _ in 0..ROUND {
        once();
    }
    began.elapsed() / ROUND
}

/// One write and one `fdatasync` of this moment's disk: the middle of so many.
pub fn disk(folder: &Path, count: usize) -> Duration {
    let path = folder.join("disk");
    let mut file = OpenOptions::new().create(true).append(true).open(path).expect("a fresh file");
    let line = "x".repeat(380);
    let mut times: Vec<Duration> = (0..count)
        .map(|_| {
            let began = monotonic();
            append_raw(&mut file, &line);
            began.elapsed()
        })
        .collect();
    times.sort();
    times[times.len() / 2]
}
