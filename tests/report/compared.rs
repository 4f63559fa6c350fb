//! `piton diff` from outside: what it prints, its statuses, journals that are not whole.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;
use unicode_width::UnicodeWidthStr as _;

use super::{data, piton};
use crate::support::runs::chained_anew;

/// A run's folder with that journal, changed by `change`.
fn folder(journal: &str, change: impl FnOnce(&mut Vec<u8>)) -> tempfile::TempDir {
    let place = tempfile::tempdir().unwrap();
    let mut bytes = fs::read(data(journal)).unwrap();
    change(&mut bytes);
    fs::write(place.path().join("journal.jsonl"), bytes).unwrap();
    place
}

/// Status and everything printed.
fn diff(arguments: &[&str]) -> (i32, String) {
    let home = tempfile::tempdir().unwrap();
    let output = piton(home.path(), &[&["diff"], arguments].concat());
    let said = [output.stdout, output.stderr].map(|said| String::from_utf8(said).unwrap()).concat();
    (output.status.code().unwrap(), said)
}

fn name(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

fn live() -> String {
    name(&data("report/live"))
}

#[test]
fn a_run_is_the_same_as_itself_and_the_status_says_so() {
    let (status, said) = diff(&[&live(), &live()]);
    assert!(status == 0 && said.contains("The same, but for times."), "{said}");
    let (status, said) = diff(&[&live(), &live(), "--json"]);
    let told: Value = serde_json::from_str(&said).unwrap();
    assert_eq!((status, &told["is_same"], &told["runs"][0]["is_whole"]), (0, &Value::Bool(true), &Value::Bool(true)));
}

#[test]
fn two_runs_are_told_in_eighty_columns_without_control_characters() {
    let (one, other) = (live(), name(&data("journals/format-1-loops.jsonl")));
    for arguments in [vec![&*one, &*other], vec![&*one, &*other, "--all"], vec![&*other, &*one]] {
        let (status, said) = diff(&arguments);
        assert_eq!(status, 1, "{said}");
        for part in ["outcome", "Steps: ", "Runbook: "] {
            assert!(said.contains(part), "{part}: {said}");
        }
        let wide: Vec<&str> = said.lines().filter(|line| line.width() > 80).collect();
        // A word that is longer than a line is broken, so nothing is wider.
        assert!(wide.is_empty(), "{wide:#?}");
        assert!(!said.chars().any(|c| c.is_control() && c != '\n'), "{said:?}");
    }
}

#[test]
fn what_is_torn_broken_or_empty_is_told_and_is_never_the_same() {
    let torn = folder("report/live/journal.jsonl", |bytes| bytes.truncate(bytes.len() - 9));
    let (status, said) = diff(&[&live(), &name(torn.path())]);
    assert!(status == 1 && said.contains("torn at line"), "{said}");
    let broken = folder("report/live/journal.jsonl", |bytes| {
        let third = bytes.iter().enumerate().filter(|(_, byte)| **byte == b'\n').nth(2).unwrap().0;
        bytes[third - 9] ^= 1;
    });
    // The same whole part, and something behind it that nobody knows.
    let (status, said) = diff(&[&name(broken.path()), &name(broken.path())]);
    assert!(status == 1 && said.contains("BROKEN at line") && said.contains("only its first"), "{said}");
    let empty = folder("report/live/journal.jsonl", Vec::clear);
    let (status, said) = diff(&[&live(), &name(empty.path())]);
    assert!(status == 2 && said.contains("holds no whole record"), "{said}");
    let (status, said) = diff(&[&live(), "no-such-run"]);
    assert!(status == 2 && said.contains("no run begins with"), "{said}");
    let (status, _) = diff(&[&live()]);
    assert_eq!(status, 2);
}

#[test]
fn two_runbooks_are_compared_by_name_and_by_file_and_with_what_a_run_was_walked_with() {
    let (status, said) = diff(&["vault-ha-upgrade", "vault-ha-upgrade"]);
    assert!(status == 0 && said.contains("The same text."), "{said}");
    let (status, said) = diff(&["vault-ha-upgrade", "vault-single-upgrade"]);
    assert!(status == 1 && said.contains(" added, ") && said.contains("~ head changed"), "{said}");
    let place = tempfile::tempdir().unwrap();
    let file: PathBuf = place.path().join("mine.toml");
    let sample = fs::read_to_string(data("sample.toml")).unwrap();
    fs::write(&file, format!("# a remark\n{sample}")).unwrap();
    let (status, said) = diff(&[&name(&data("sample.toml")), &name(&file)]);
    assert!(status == 1 && said.contains("only layout and comments differ"), "{said}");
    let (status, said) = diff(&[&live(), &name(&file), "--json"]);
    let told: Value = serde_json::from_str(&said).unwrap();
    assert!(status == 1 && told["of"][0].as_str().unwrap().starts_with("the run "), "{said}");
    assert!(!told["runbook"].as_array().unwrap().is_empty());
}

/// A home with a live run, the same run damaged, one cut off, one that is no journal, and two runs of practice.
fn home_of_many() -> tempfile::TempDir {
    let home = tempfile::tempdir().unwrap();
    let runs = home.path().join("state/piton/runs");
    let golden = fs::read_to_string(data("report/live/journal.jsonl")).unwrap();
    let named = |name: &str| chained_anew(&golden.replacen("2026-11-21-vault-two-standbys-7qf3", name, 1)).into_bytes();
    let [whole, broken, torn] = ["2026-11-21-whole-2222", "2026-11-22-damaged-2222", "2026-11-23-torn-2222"];
    let mut damaged = named(broken);
    let third = damaged.iter().enumerate().filter(|(_, byte)| **byte == b'\n').nth(2).unwrap().0;
    damaged[third - 9] ^= 1;
    let mut cut = named(torn);
    cut.truncate(cut.len() - 9);
    let garbage = b"\x00\xff\n{".to_vec();
    let journals = [(whole, named(whole)), (broken, damaged), (torn, cut), ("2026-11-24-garbage-2222", garbage)];
    for (name, bytes) in journals {
        fs::create_dir_all(runs.join(name)).unwrap();
        fs::write(runs.join(name).join("journal.jsonl"), bytes).unwrap();
    }
    fs::create_dir_all(runs.join("2026-11-25-nothing-2222")).unwrap();
    home
}

/// The runbook of the live run of the test data.
fn runbook() -> String {
    let first = fs::read_to_string(data("report/live/journal.jsonl")).unwrap();
    let first: Value = serde_json::from_str(first.lines().next().unwrap()).unwrap();
    first["event"]["run_opened"]["runbook"].as_str().unwrap().to_owned()
}

#[test]
fn all_runs_of_a_runbook_are_counted_as_far_as_they_are_whole_and_practice_apart() {
    let home = home_of_many();
    let name = runbook();
    let output = piton(home.path(), &["stats", &name, "--json"]);
    let told: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{output:?}"));
    assert_eq!((&told["live"]["runs"], &told["practice"]), (&Value::from(3), &Value::Null));
    assert_eq!(told["unknown_journals"], 1);
    let notices = told["notices"].to_string();
    assert!(notices.contains("2026-11-22-damaged-2222: BROKEN") && notices.contains("torn-2222: torn"), "{notices}");
    assert_eq!(told["live"]["lasted"]["count"], 1, "only the whole one came to its end");
    let output = piton(home.path(), &["stats", &name]);
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(said.contains("LIVE: 3 runs") && !said.contains("PRACTICE"), "{said}");
    assert!(said.lines().all(|line| line.width() <= 80), "{said}");
    let output = piton(home.path(), &["stats", "nothing-of-that-name"]);
    assert_eq!(output.status.code(), Some(1));

    for _ in 0..2 {
        let walked = piton(home.path(), &["practice", "vault-single-upgrade", "--autopilot"]);
        assert_eq!(walked.status.code(), Some(0), "{walked:?}");
    }
    let output = piton(home.path(), &["stats", "vault-single-upgrade"]);
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(said.contains("PRACTICE: 2 runs") && !said.contains("LIVE") && said.contains("completed 2"), "{said}");
}

#[test]
fn runs_are_found_by_their_records_and_by_what_is_listed_of_them_whatever_lies_beside() {
    let home = home_of_many();
    let journals = |arguments: &[&str]| {
        let output = piton(home.path(), &[&["journals"], arguments].concat());
        (output.status.code().unwrap(), String::from_utf8(output.stdout).unwrap())
    };
    let (status, said) = journals(&[]);
    assert!(status == 0 && said.lines().count() == 5, "each is listed: {said}");
    let (status, said) = journals(&["--deviation", "--json"]);
    let runs: Vec<Value> = said.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let names: Vec<&str> = runs.iter().map(|run| run["run"].as_str().unwrap()).collect();
    assert_eq!((status, &names[..]), (0, &["2026-11-21-whole-2222", "2026-11-23-torn-2222"][..]), "{said}");
    let found = &runs[0]["found"];
    assert_eq!(found["count"], runs[0]["deviations"]);
    let record = &found["records"][0];
    let told = record["told"].as_str().unwrap();
    // What was told of the record finds it again, and only in those two runs.
    let last = told.split(": ").last().unwrap();
    let (status, said) = journals(&["--find", last, "--deviation"]);
    assert!(status == 0 && said.contains(&format!("    #{} ", record["seq"])), "{said}");
    let (status, said) = journals(&["--find", "there is no such word anywhere"]);
    assert!(status == 1 && said.contains("none of the runs fits"), "{said}");
    let operator = runs[0]["operator"].as_str().unwrap().to_uppercase();
    for (arguments, count) in [
        (&["--operator", &operator][..], 3),
        (&["--operator", "nobody"], 0),
        (&["--since", "2099-01-01"], 0),
        (&["--until", "2099-01-01"], 3),
        (&["--since", "2020-01-01", "--runbook", &runbook()], 3),
    ] {
        let (_, said) = journals(&[arguments, &["--json"]].concat());
        assert_eq!(said.lines().count(), count, "{arguments:?}: {said}");
    }
    assert_eq!(journals(&["--since", "yesterday"]).0, 2);
}
