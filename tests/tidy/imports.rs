//! Who may import whom.

use std::collections::{BTreeMap, BTreeSet};

use super::source::Source;

/// Every other part of the crate.
const ALL: &[&str] = &["*"];

/// Layer by layer: a part, what it may import, and what it may not although `ALL` would let it.
pub const TABLE: &[(&str, &[&str], &[&str])] = &[
    ("clock", &[], &[]),
    ("fs", &[], &[]),
    ("packed", &[], &[]),
    ("text", &[], &[]),
    ("diagnostic", &["text"], &[]),
    ("explain", &[], &[]),
    ("signature", &[], &[]),
    ("runbook", &["diagnostic", "text"], &[]),
    ("practice", &["clock"], &[]),
    ("sources", &["packed"], &[]),
    ("config", &["diagnostic", "fs"], &[]),
    ("coverage", &["diagnostic", "runbook", "sources"], &[]),
    ("engine", &["clock", "runbook", "signature"], &[]),
    // Of `fs` it only asks where the home is: a path that begins there is used as it is meant.
    ("site", &["diagnostic", "fs", "runbook", "text"], &[]),
    ("import", &["diagnostic", "runbook"], &[]),
    ("library", &["coverage", "diagnostic", "fs", "packed", "runbook", "site"], &[]),
    ("journal", &["clock", "engine", "fs", "signature"], &[]),
    ("exec", &["clock", "engine", "runbook", "text"], &[]),
    ("review", &["clock", "fs", "journal"], &[]),
    ("keeping", &["clock", "engine", "fs", "journal", "text"], &[]),
    ("export", &["clock", "engine", "fs", "journal", "runbook"], &[]),
    ("health", &["clock", "engine", "exec", "runbook"], &[]),
    ("scenario", &["clock", "diagnostic", "engine", "packed", "runbook", "sources"], &[]),
    ("debrief", &["clock", "engine", "runbook", "scenario", "sources"], &[]),
    ("report", &["clock", "engine", "runbook", "sources", "text"], &[]),
    ("compare", &["clock", "engine", "report", "runbook"], &[]),
    ("search", &["clock", "engine", "fs", "journal", "report"], &[]),
    (
        "session",
        &["clock", "engine", "exec", "health", "journal", "library", "practice", "runbook", "scenario", "site"],
        &[],
    ),
    ("plain", ALL, &["cli", "fs", "tui"]),
    ("tui", ALL, &["cli", "fs", "import", "plain"]),
    ("cli", ALL, &[]),
];

/// An import of one part by another: where it stands.
pub struct Import {
    /// `file:line`.
    pub place: String,
    /// The part that imports.
    pub from: String,
    /// The part that is imported.
    pub to: String,
}

/// What is wrong with these imports.
pub fn findings(sources: &[Source]) -> Vec<String> {
    let imports: Vec<Import> = sources.iter().flat_map(imports_of).collect();
    let parts: BTreeSet<String> = sources.iter().filter_map(part_of).collect();
    let mut found: Vec<String> = imports.iter().filter_map(forbidden).collect();
    for part in &parts {
        if !TABLE.iter().any(|(name, ..)| name == part) {
            found.push(format!("src/{part}: this part has no line in the import table of tests/tidy/imports.rs"));
        }
    }
    found.extend(circles(&imports));
    found
}

fn forbidden(import: &Import) -> Option<String> {
    let (_, may, not) = TABLE.iter().find(|(name, ..)| *name == import.from)?;
    let to = import.to.as_str();
    let allowed = may.contains(&to) || (*may == ALL && !not.contains(&to));
    (!allowed).then(|| format!("{}: `{}` must not import `{to}`", import.place, import.from))
}

/// The part that a file belongs to: the first name below `src`. `lib.rs` and `main.rs` belong to none.
fn part_of(source: &Source) -> Option<String> {
    let inner = source.name.strip_prefix("src/")?;
    let part = inner.split('/').next()?.trim_end_matches(".rs");
    (part != "lib" && part != "main").then(|| part.to_owned())
}

/// Every `crate::part` of the file's shipped code, in `use` and in line, groups taken apart.
pub fn imports_of(source: &Source) -> Vec<Import> {
    let Some(from) = part_of(source) else { return Vec::new() };
    let code = source.shipped();
    let mut imports = Vec::new();
    for (at, _) in code.match_indices("crate::") {
        if code[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == '$') {
            continue;
        }
        let line = code[..at].lines().count().max(1);
        for to in first_names(&code[at + "crate::".len()..]).into_iter().filter(|to| *to != from) {
            imports.push(Import { place: format!("{}:{line}", source.name), from: from.clone(), to });
        }
    }
    imports
}

/// The first name of each path in `rest`: one, or those of a `{…}` group.
fn first_names(rest: &str) -> Vec<String> {
    let name =
        |text: &str| -> String { text.trim().chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect() };
    let Some(group) = rest.strip_prefix('{') else { return vec![name(rest)] };
    let (mut depth, mut start, mut names) = (0_usize, 0, Vec::new());
    for (at, c) in group.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth > 0 => depth -= 1,
            ',' | '}' if depth == 0 => {
                names.push(name(&group[start..at]));
                start = at + 1;
                if c == '}' {
                    break;
                }
            }
            _ => {}
        }
    }
    names.into_iter().filter(|name| !name.is_empty()).collect()
}

/// Groups of parts that import each other in a circle.
fn circles(imports: &[Import]) -> Vec<String> {
    let mut edges: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for import in imports {
        edges.entry(&import.from).or_default().insert(&import.to);
    }
    let reaches = |from: &str| {
        let mut seen: BTreeSet<&str> = BTreeSet::new();
        let mut next: Vec<&str> = edges.get(from).into_iter().flatten().copied().collect();
        while let Some(part) = next.pop() {
            if seen.insert(part) {
                next.extend(edges.get(part).into_iter().flatten());
            }
        }
        seen
    };
    let in_circle: BTreeSet<&str> = edges.keys().copied().filter(|part| reaches(part).contains(part)).collect();
    if in_circle.is_empty() { Vec::new() } else { vec![format!("src: these parts import each other: {in_circle:?}")] }
}

#[test]
fn a_forbidden_import_is_found_wherever_it_is_written() {
    let table: &[(&str, &str, usize)] = &[
        ("src/engine/gate.rs", "use crate::tui::App;", 1),
        ("src/engine/gate.rs", "use crate::{clock::Timestamp, tui::{App, X}, runbook};", 1),
        ("src/engine/gate.rs", "fn f() { crate::cli::main() }", 1),
        ("src/engine/gate.rs", "/// See crate::cli.\nuse crate::runbook::Step; const A: &str = \"crate::cli\";", 0),
        ("src/engine/gate.rs", "use crate::engine::state::A;\n#[cfg(test)]\nmod tests { use crate::cli::A; }", 0),
        ("src/engine/gate_tests.rs", "use crate::cli::A;", 0),
        ("src/tui/app.rs", "use crate::fs::read; use crate::engine::State;", 1),
        ("src/text.rs", "use crate::runbook::Step;", 1),
    ];
    for (name, text, expected) in table {
        let found = findings(&[Source::new(name, text)]);
        assert_eq!(found.len(), *expected, "{name}: {text}: {found:?}");
    }
}

#[test]
fn a_circle_is_found_although_each_import_is_allowed() {
    let sources =
        [Source::new("src/plain.rs", "use crate::cli::A;"), Source::new("src/cli/mod.rs", "use crate::plain::B;")];
    assert!(findings(&sources).iter().any(|finding| finding.contains("import each other")));
}
