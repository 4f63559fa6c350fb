//! The house rules as tests: who may import whom, how long a file or a function is, words that may not stay.
//!
//! All findings are told at once, as `file:line`.

mod imports;
mod rules;
mod source;

use std::path::Path;

use source::{Source, files};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn rust_files(folders: &[&str]) -> Vec<Source> {
    folders
        .iter()
        .flat_map(|folder| files(&root().join(folder), &[".rs"]))
        .map(|path| Source::read(root(), &path))
        .collect()
}

fn assert_none(findings: &[String]) {
    assert!(findings.is_empty(), "{} findings\n{}", findings.len(), findings.join("\n"));
}

#[test]
fn parts_import_only_what_the_table_lets_them() {
    assert_none(&imports::findings(&rust_files(&["src"])));
}

#[test]
fn files_and_functions_are_short_and_finished() {
    let findings: Vec<String> = rust_files(&["src", "tests", "benches"]).iter().flat_map(rules::findings).collect();
    assert_none(&findings);
}

#[test]
fn no_file_names_a_path_of_one_machine() {
    let endings = [".rs", ".toml", ".md", ".py", ".sh", ".c", ".hcl", ".jq", ".jsonl", "run", ".snap", ".txt"];
    let mut findings = Vec::new();
    for path in files(root(), &endings) {
        let name = path.strip_prefix(root()).expect("it was found below the root").display().to_string();
        // What is not text is judged by what of it reads as text.
        let bytes = std::fs::read(&path).unwrap_or_else(|error| panic!("{name}: {error}"));
        findings.extend(rules::machine_paths(&name, &String::from_utf8_lossy(&bytes)));
    }
    assert_none(&findings);
}

#[test]
fn each_rule_for_people_under_pressure_names_tests_that_there_are() {
    let table = std::fs::read_to_string(root().join("RULES.md")).expect("the table of the rules");
    let tests: std::collections::BTreeSet<String> =
        rust_files(&["src", "tests"]).iter().flat_map(Source::tests).collect();
    let rows: Vec<&str> =
        table.lines().filter(|line| line.starts_with("| ") && line.as_bytes()[2].is_ascii_digit()).collect();
    let mut findings = Vec::new();
    for (number, row) in (1..).zip(&rows) {
        if !row.starts_with(&format!("| {number} |")) {
            findings.push(format!("RULES.md: row {number} is missing before {row}"));
        }
        let shown = row.split('|').nth(3).unwrap_or_default();
        let names: Vec<&str> =
            shown.split('`').skip(1).step_by(2).filter(|name| name.len() > 20 || name.starts_with("a_")).collect();
        if names.is_empty() && !shown.contains("In part") {
            findings.push(format!("RULES.md: rule {number} is shown by nothing"));
        }
        findings.extend(
            names.iter().filter(|name| !tests.contains(**name)).map(|name| format!("RULES.md: no test {name}")),
        );
    }
    assert_eq!(rows.len(), 32);
    assert_none(&findings);
}
