//! What `piton check --explain` says of each code, held against what the code base does.

use std::collections::BTreeSet;
use std::path::Path;

use piton::diagnostic::Diagnostic;
use piton::explain::{self, Explanation};
use piton::runbook::{lint, parse};
use piton::{coverage, library};

/// Codes that are not shown by a few lines of a runbook.
const WITHOUT_EXAMPLE: &[&str] = &[
    "config",
    "does-not-fit",
    "file-name",
    "format",
    "key-lost",
    "key-twice",
    "keymap",
    "more",
    "site-file",
    "theme",
    "too-long",
    "too-many",
    "unknown-mistake",
    "unreadable",
];

/// An example as a whole runbook: with a head, and with a phase and a way back if it has none.
fn whole(example: &str) -> String {
    let has = |part: &str| example.lines().any(|line| line.starts_with(part));
    let head = "format = 1\nid = \"example\"\ntitle = \"Example\"\nsystem = \"vault\"\n";
    let phase = "[[phase]]\nid = \"example\"\ntitle = \"Example\"\n";
    let step = "[[phase.step]]\nid = \"example\"\ntitle = \"Look at it\"\nsource = []\nconfirm = \"Done?\"\n";
    let (before, steps) = match example.find("[[phase") {
        Some(at) => example.split_at(at),
        None => (example, step),
    };
    let phase = if has("[[phase]]") { "" } else { phase };
    // What is about the way back, or shows one, brings it along.
    let is_about_it = has("[[rollback") || (example.contains("install-server") && has("[[phase]]"));
    let back = "[[rollback]]\nid = \"example-back\"\ntitle = \"Back\"\nsource = []\n[[rollback.phase]]\nid = \"back\"\ntitle = \"Back\"\n[[rollback.phase.step]]\nid = \"back\"\ntitle = \"Go back\"\nconfirm = \"Done?\"\n";
    format!("{head}{before}\n{phase}{steps}\n{}", if is_about_it { "" } else { back })
}

fn findings(text: &str) -> Vec<Diagnostic> {
    let (book, mut findings) = parse(text);
    findings.extend(book.iter().flat_map(coverage::check));
    findings.extend(book.iter().flat_map(lint::check));
    findings
}

#[test]
fn each_bad_example_gives_its_code_and_nothing_else_and_each_good_one_gives_nothing() {
    for Explanation { code, bad, good, .. } in explain::all() {
        assert_eq!(bad.is_empty(), WITHOUT_EXAMPLE.contains(code), "{code}");
        if bad.is_empty() {
            continue;
        }
        let found = findings(&whole(bad));
        let codes: BTreeSet<&str> = found.iter().map(|finding| finding.code).collect();
        // A line that a shell reads is said in itself; a text that is not TOML may have more to say.
        assert!(codes.contains(code) && (codes.len() == 1 || *code == "toml"), "{code}: {found:?}");
        let is_advice = explain::of(code).is_some_and(Explanation::is_advice);
        assert!(found.iter().any(|finding| finding.code == *code && finding.is_error() != is_advice), "{found:?}");
        assert_eq!(findings(&whole(good)), [], "{code}");
    }
}

/// Every text in the shipped code that is given as a code.
fn emitted(folder: &Path, codes: &mut BTreeSet<String>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() {
            emitted(&path, codes);
        } else if name.ends_with(".rs") && !name.ends_with("tests.rs") {
            let text = std::fs::read_to_string(&path).unwrap();
            let shipped = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
            for call in ["error(", "advice(", ".helped(", ".report("] {
                codes.extend(shipped.match_indices(call).filter_map(|(at, _)| code_of(&shipped[at + call.len()..])));
            }
        }
    }
}

/// The code, when it is the first argument of the call.
fn code_of(arguments: &str) -> Option<String> {
    let (code, rest) = arguments.trim_start().strip_prefix('"')?.split_once('"')?;
    let is_code = !code.is_empty() && code.chars().all(|c| c.is_ascii_lowercase() || c == '-');
    (is_code && rest.trim_start().starts_with(',')).then(|| code.to_owned())
}

#[test]
fn every_code_that_can_be_given_is_explained_and_every_explained_one_can_be_given() {
    let mut codes = BTreeSet::new();
    emitted(&super::root().join("src"), &mut codes);
    let explained: BTreeSet<String> = explain::all().map(|entry| entry.code.to_owned()).collect();
    let missing: Vec<_> = codes.difference(&explained).collect();
    let stale: Vec<_> = explained.difference(&codes).collect();
    assert!(missing.is_empty(), "src/explain has no entry for {missing:?}");
    assert!(stale.is_empty(), "nothing gives {stale:?} any more: take the entries out of src/explain");
}

#[test]
fn the_library_shows_advice() {
    let text = whole("[[phase.step]]\nid = \"a\"\ntitle = \"Look at it\"\nrun = [\"true\"]\n");
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("example.toml");
    std::fs::write(&path, &text).unwrap();
    let entry = library::read_file(&path).unwrap();
    let codes: Vec<&str> = entry.findings().iter().map(|finding| finding.code).collect();
    assert!(entry.runbook().is_some());
    assert_eq!(codes, ["no-expect"]);
}
