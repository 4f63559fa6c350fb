//! `piton coverage`, from outside: what the documents ask and what the shipped runbooks carry of it.

use std::path::Path;
use std::process::{Command, Output, Stdio};

use piton::coverage::{carriers, source_of};
use piton::library::Library;
use piton::sources;
use serde_json::Value;
use tempfile::TempDir;

const BOOK: &str = include_str!("../runbooks/vault-ha-upgrade.toml");

fn piton(home: &TempDir, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_piton"));
    command.args(arguments).stdin(Stdio::null()).env("HOME", home.path());
    command.env("XDG_STATE_HOME", home.path().join("state")).env("XDG_CONFIG_HOME", home.path().join("config"));
    command.output().expect("piton starts")
}

fn home() -> TempDir {
    tempfile::tempdir().expect("a temporary folder can be made")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("piton prints UTF-8")
}

fn json(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {output:?}"))
}

fn written(home: &TempDir, book: &str) -> String {
    let file = home.path().join("vault-ha-upgrade.toml");
    std::fs::write(&file, book).expect("it can be written");
    file.display().to_string()
}

/// The ids that `uncovered` of the JSON names.
fn uncovered(told: &Value) -> Vec<&str> {
    told["uncovered"].as_array().expect("a list").iter().map(|id| id.as_str().expect("an id")).collect()
}

#[test]
fn the_shipped_runbooks_name_known_documents_and_no_unknown_obligation() {
    for entry in Library::open(&[]).expect("what is built in is there").entries() {
        let book = entry.runbook().unwrap_or_else(|| panic!("{:?}", entry.findings()));
        assert!(source_of(book).is_some(), "{}: [source] names no known document", book.id);
        for carrier in carriers(book) {
            for id in &carrier.ids {
                assert!(sources::find(id).is_some(), "{} {}: {id}", book.id, carrier.name());
            }
        }
    }
}

#[test]
fn each_shipped_runbook_carries_all_it_owes() {
    let home = home();
    for entry in Library::open(&[]).expect("what is built in is there").entries() {
        let output = piton(&home, &["coverage", &entry.id]);
        assert_eq!(output.status.code(), Some(0), "{}", text(&output.stdout));
    }
    let told = json(&piton(&home, &["coverage", "vault-ha-upgrade", "--json"]));
    assert_eq!((&told["owed"], uncovered(&told)), (&28.into(), vec![]));
    let printed = text(&piton(&home, &["coverage", "vault-ha-upgrade"]).stdout);
    assert!(printed.contains("    VLT-GEN-01  step         vault-ha-upgrade: prepare/notes, "), "{printed}");
    assert!(
        printed.ends_with("28 of 28 obligations carried\n") && !printed.contains("Carried by nothing"),
        "{printed}"
    );
}

#[test]
fn without_a_name_every_obligation_of_every_document_is_owed() {
    let home = home();
    let output = piton(&home, &["coverage", "--json"]);
    let told = json(&output);
    assert_eq!(told["owed"], 174);
    let obligations = told["obligations"].as_array().expect("a list");
    assert_eq!(obligations.len(), 174);
    let nothing = |row: &&Value| row["carried_by"].as_array().is_some_and(Vec::is_empty);
    let missing = uncovered(&told);
    assert_eq!(
        obligations.iter().filter(nothing).map(|row| row["id"].as_str().expect("an id")).collect::<Vec<_>>(),
        missing
    );
    assert_eq!(output.status.code(), Some(i32::from(!missing.is_empty())));
    let printed = text(&piton(&home, &["coverage"]).stdout);
    assert_eq!(printed.starts_with("Carried by nothing:"), !missing.is_empty(), "{printed}");
    assert!(printed.ends_with(&format!("{} of 174 obligations carried\n", 174 - missing.len())), "{printed}");
}

#[test]
fn an_obligation_that_nothing_carries_is_told_first_and_ends_with_1() {
    let home = home();
    let file = written(&home, &BOOK.replace("\"VLT-TST-01\", ", ""));
    let output = piton(&home, &["coverage", &file]);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let printed = text(&output.stdout);
    let lines: Vec<&str> = printed.lines().take(3).collect();
    assert_eq!(lines[..2], ["Carried by nothing:", "  vault: Upgrading Vault › Testing the Upgrade"]);
    assert!(lines[2].starts_with("    VLT-TST-01  step         Rehearse"), "{printed}");
    assert!(printed.ends_with("27 of 28 obligations carried\n"), "{printed}");
    assert_eq!(uncovered(&json(&piton(&home, &["coverage", &file, "--json"]))), ["VLT-TST-01"]);
}

#[test]
fn what_a_step_mends_is_listed_with_what_is_right() {
    let home = home();
    let mending = |id: &str| BOOK.replacen("[[phase.step]]\n", &format!("[[phase.step]]\nmends = [\"{id}\"]\n"), 1);
    let file = written(&home, &mending("vault-step-down"));
    let printed = text(&piton(&home, &["coverage", &file]).stdout);
    let (_, mended) = printed.split_once("Mended mistakes of the documents:\n").expect("they are listed");
    let lines: Vec<&str> = mended.lines().collect();
    assert!(lines.iter().any(|line| line.ends_with("  vault-step-down")), "{printed}");
    assert!(lines.iter().any(|line| line.starts_with("      the document says: The guide leaves open")), "{printed}");
    assert!(lines.iter().any(|line| line.starts_with("      here instead: Do not use step-down")), "{printed}");
    let told = json(&piton(&home, &["coverage", &file, "--json"]));
    let steps = told["steps"].as_array().expect("a list");
    assert!(steps.iter().any(|step| step["mends"] == serde_json::json!(["vault-step-down"])), "{told}");
    let file = written(&home, &mending("vault-stepdown"));
    let output = piton(&home, &["check", &file]);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let printed = text(&output.stdout);
    assert!(
        printed.contains("error[unknown-mistake]") && printed.contains("did you mean `vault-step-down`"),
        "{printed}"
    );
}

#[test]
fn a_wrong_id_is_an_error_of_the_check_and_of_coverage() {
    let home = home();
    let file = written(&home, &BOOK.replacen("\"VLT-HA-13\"", "\"VLT-HA-31\"", 1));
    let output = piton(&home, &["check", &file]);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let printed = text(&output.stdout);
    assert!(printed.contains("error[unknown-obligation]") && printed.contains("is `VLT-HA-19`"), "{printed}");
    let output = piton(&home, &["coverage", &file]);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert!(text(&output.stderr).contains("unknown-obligation"), "{output:?}");
}

#[test]
fn a_runbook_of_another_document_says_that_it_cannot_be_judged() {
    let home = home();
    let file = written(&home, &BOOK.replacen("document = \"Upgrading Vault\"", "document = \"Our own page\"", 1));
    assert_eq!(piton(&home, &["check", &file]).status.code(), Some(0));
    let output = piton(&home, &["coverage", &file]);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert!(text(&output.stderr).contains("names no document that piton knows"), "{output:?}");
    let unknown = piton(&home, &["coverage", "vault-ha-upgrad"]);
    assert!(text(&unknown.stderr).contains("did you mean vault-ha-upgrade"), "{unknown:?}");
}

/// Every document of the program is a file of its folder, and none lies there unread.
#[test]
fn every_file_of_obligations_is_built_in() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/sources");
    let mut files: Vec<String> = std::fs::read_dir(folder)
        .expect("the folder is there")
        .map(|entry| entry.expect("its entries can be read").file_name().to_string_lossy().into_owned())
        .collect();
    let mut known: Vec<String> = sources::all().iter().map(|source| format!("{}.toml", source.system)).collect();
    files.sort();
    known.sort();
    assert_eq!(files, known);
}
