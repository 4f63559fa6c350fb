//! What all shipped runbooks keep to: an example site for each, and choices that rest on what was observed.

use std::collections::BTreeMap;
use std::path::Path;

use piton::library::{Library, read_site};
use piton::runbook::{Action, Phase, Runbook, Step};
use piton::site::bind;
use serde_json::Map;

fn phases(book: &Runbook) -> impl Iterator<Item = &Phase> {
    book.phases.iter().chain(book.rollbacks.iter().flat_map(|plan| &plan.phases))
}

#[test]
fn each_has_an_example_site_that_is_named_after_it_and_leaves_nothing_to_ask() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("runbooks/sites");
    let library = Library::open(&[]).expect("what is built in is there");
    let mut examples = BTreeMap::new();
    for file in std::fs::read_dir(&folder).expect("the folder is there") {
        let path = file.expect("its entries can be read").path();
        let name = path.file_name().expect("a file has a name").to_string_lossy().into_owned();
        let (source, site, findings) = read_site(&path).expect("it can be read");
        let site = site.unwrap_or_else(|| panic!("{name}: {findings:?}"));
        assert!(findings.is_empty(), "{name}: {findings:?}");
        let named = source.lines().next().and_then(|line| line.strip_prefix("# Binds ")).unwrap_or_default();
        let entry = library.entries().iter().filter(|entry| name.starts_with(&*entry.id));
        let entry = entry.max_by_key(|entry| entry.id.len()).unwrap_or_else(|| panic!("{name} names no runbook"));
        assert!(named.split([' ', ',', ':']).next() == Some(&*entry.id), "{name} says of itself: {named}");
        let book = entry.runbook().expect("it is taken");
        let bound = bind(book, &[], Some(&site), &Map::new()).unwrap_or_else(|problems| panic!("{name}: {problems:?}"));
        assert!(bound.missing.is_empty(), "{name} leaves open {:?}", bound.missing);
        assert!(bound.unused.is_empty(), "{name} binds what the runbook does not know: {:?}", bound.unused);
        assert!(bound.inputs.contains_key("from"), "{name}: every upgrade begins somewhere");
        examples.insert(name, site);
    }
    for entry in library.entries() {
        assert!(examples.contains_key(&format!("{}-example.toml", entry.id)), "{} has no example", entry.id);
    }
}

/// The versions that a text reads from the inputs: what somebody typed, not what was seen.
fn typed(source: &str) -> Vec<&'static str> {
    [".inputs.from", ".inputs.target"].into_iter().filter(|input| source.contains(input)).collect()
}

/// Whether a text reads what a probe, a command or an earlier step has seen.
fn is_observed(source: &str) -> bool {
    [".health", ".answers", ".began", ".steps"].iter().any(|seen| source.contains(seen))
}

/// Whether a step compares that input with what it sees, and passes only when they agree.
fn verifies(step: &Step, input: &str) -> bool {
    match &step.action {
        Action::Check { holds, .. } => is_observed(holds.source()) && holds.source().contains(input),
        Action::Run { expect: Some(expect), .. } => {
            expect.holds.source().contains(".stdout") && expect.holds.source().contains(input)
        }
        _ => false,
    }
}

/// A `when` that chooses by a typed version may do so only behind a step that it requires and that has held the input
/// against what runs, or against what the file says of itself.
#[test]
fn where_versions_differ_they_choose_by_the_observed_one() {
    let library = Library::open(&[]).expect("what is built in is there");
    let (mut observed, mut verified) = (0, 0);
    for entry in library.entries() {
        let book = entry.runbook().expect("it is taken");
        for phase in phases(book) {
            let of_phase = phase.when.iter().map(|when| (when.holds.source(), None));
            let of_steps = phase.steps.iter().filter_map(|step| Some((step.when.as_ref()?.holds.source(), Some(step))));
            for (when, step) in of_phase.chain(of_steps) {
                if is_observed(when) {
                    observed += usize::from(when.contains("version") || !typed(when).is_empty());
                    continue;
                }
                for input in typed(when) {
                    let required = step.iter().flat_map(|step| &step.requires);
                    let has_seen = required
                        .filter_map(|needed| book.step(&needed.phase, &needed.step))
                        .any(|needed| verifies(needed, input));
                    let name = step.map_or("", |step| step.id.as_str());
                    assert!(has_seen, "{} {}/{name} believes what was typed: {when}", book.id, phase.id);
                    verified += 1;
                }
            }
        }
        for input in &book.inputs {
            let argv = format!("{:?}", input.default);
            let chooses = argv.split("{{").skip(1).filter_map(|part| part.split("}}").next());
            for part in chooses.filter(|part| part.contains("if ")) {
                assert!(typed(part).is_empty() || is_observed(part), "{} inputs.{}: {part}", book.id, input.id);
            }
        }
    }
    assert!(observed >= 10 && verified >= 7, "they do choose by versions: {observed}, {verified}");
}
