//! Reports of runs and plans on paper: what they tell, and that nothing from outside is obeyed in them.

mod bare;
mod browser;
mod compared;
mod kept;
mod kept_odd;
mod made;
mod named;
mod page;
mod paper;
mod reviewed;
mod schema;
mod texts;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use piton::engine::{Event, Record};
use piton::journal::read_records;
use piton::report::{FileNow, Material, Report, build, html, json, markdown};

/// The value of the secret that the journal of `tests/data/report/live` refers to.
const PLANTED: &str = "hvs.PLANTEDplantedPLANTED";

fn data(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(path)
}

fn piton(home: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_piton"));
    command.args(arguments).env("HOME", home).env("XDG_STATE_HOME", home.join("state"));
    command.env("PITON_TEST_TOKEN", PLANTED).output().expect("piton starts")
}

/// What piton prints when all is well.
fn printed(arguments: &[&str]) -> String {
    let home = tempfile::tempdir().unwrap();
    let output = piton(home.path(), arguments);
    assert_eq!(output.status.code(), Some(0), "{arguments:?}: {output:?}");
    String::from_utf8(output.stdout).expect("reports are UTF-8")
}

/// The records of a journal file.
fn records(path: &str) -> Vec<Record> {
    read_records(&data(path)).unwrap().0
}

/// The report of these records, as if their journal were whole and no file of it were there.
fn report(records: &[Record]) -> Report {
    let Event::RunOpened(opened) = &records[0].event else { panic!("it begins with its opening") };
    let (book, findings) = piton::runbook::parse(&opened.text);
    let files: BTreeMap<String, FileNow> = BTreeMap::new();
    let material = Material {
        records,
        doubtful: None,
        runbook: book.as_ref().ok_or_else(|| findings[0].message.clone()),
        integrity: "intact".into(),
        misnamed: None,
        is_whole: true,
        head: "0123".into(),
        is_running: false,
        files,
        beside: piton::report::Beside::default(),
    };
    build(&material).expect("it is a run")
}

/// The report in every form.
fn forms(report: &Report) -> [(&'static str, String); 3] {
    [("md", markdown(report)), ("html", html(report)), ("json", json(report))]
}

/// Every journal of the test data, also those whose runbook this version cannot read.
const JOURNALS: [&str; 11] = [
    "report/live/journal.jsonl",
    "journals/format-1.jsonl",
    "journals/format-1-decisions.jsonl",
    "journals/format-1-disputed.jsonl",
    "journals/format-1-evidence.jsonl",
    "journals/format-1-loops.jsonl",
    "journals/format-1-order.jsonl",
    "journals/format-1-people.jsonl",
    "journals/format-1-practice.jsonl",
    "journals/format-1-signed.jsonl",
    "journals/format-1-waived.jsonl",
];
