//! `piton diff` from outside: what it prints, its statuses, journals that are not whole.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;
use unicode_width::UnicodeWidthStr as _;

use super::{data, piton};

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
