//! The format: what is taken, what is refused and how that is told.

use std::path::{Path, PathBuf};

use piton::diagnostic::render_all;
use piton::runbook::parse;

fn data() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data")
}

fn sample() -> String {
    std::fs::read_to_string(data().join("sample.toml")).unwrap()
}

#[test]
fn the_sample_runbook_is_taken_without_a_finding() {
    let source = sample();
    let (book, findings) = parse(&source);
    assert_eq!(render_all(&findings, &source, false), "");
    let book = book.unwrap();
    assert_eq!(book.phases.iter().map(|phase| phase.steps.len()).collect::<Vec<_>>(), [4, 4]);
    assert_eq!((book.inputs.len(), book.health.len(), book.guards.len(), book.rollbacks.len()), (12, 3, 1, 1));
    assert_eq!(book.text, source);
}
