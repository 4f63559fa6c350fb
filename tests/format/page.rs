//! The page that describes the format.

use std::collections::BTreeSet;

use piton::diagnostic::render_all;
use piton::runbook::lint;

use super::{root, text};

#[test]
fn its_parts_are_one_runbook_that_is_taken_without_advice() {
    let page = text("FORMAT.md");
    let parts = page.split("```toml\n").skip(1).filter_map(|part| part.split("```").next());
    let source: String = parts.collect();
    let (book, findings, advice) = lint::parse(&source);
    assert_eq!(render_all(&[findings, advice].concat(), &source, false), "");
    assert!(book.is_some_and(|book| !book.phases.is_empty() && !book.rollbacks.is_empty()));
}

#[test]
fn it_has_a_word_on_every_key() {
    let page = text("FORMAT.md");
    let broken = std::fs::read_dir(root().join("tests/data/broken")).unwrap().map(|entry| entry.unwrap().path());
    let told = broken.filter(|path| path.extension().is_some_and(|ending| ending == "txt"));
    let told: String = told.map(|path| std::fs::read_to_string(path).unwrap()).collect();
    let takes = told.lines().filter_map(|line| line.split("it takes: ").nth(1));
    let keys: BTreeSet<&str> = takes.flat_map(|keys| keys.split(", ")).collect();
    assert!(keys.len() > 40, "{keys:?}");
    let is_there = |key: &&str| {
        let ways = [format!("`{key}`"), format!("[[{key}]]"), format!(" {key} = ")];
        ways.iter().any(|way| page.contains(way))
    };
    let missing: Vec<_> = keys.into_iter().filter(|key| !is_there(key)).collect();
    assert_eq!(missing, Vec::<&str>::new());
}
