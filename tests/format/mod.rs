//! The format: what is taken, what is refused and how that is told.

mod explain;
mod page;

use std::path::PathBuf;
use std::time::Duration;

use piton::clock::monotonic;
use piton::diagnostic::{Diagnostic, render_all};
use piton::library;
use piton::runbook::{Action, PhaseId, StepId, Truth, parse};
use serde_json::json;

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn text(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn in_file(findings: Vec<Diagnostic>, file: &str) -> Vec<Diagnostic> {
    findings.into_iter().map(|finding| finding.in_file(file)).collect()
}

#[test]
fn the_sample_runbook_is_taken_without_a_finding() {
    let source = text("tests/data/sample.toml");
    let (book, findings) = parse(&source);
    assert_eq!(render_all(&findings, &source, false), "");
    let book = book.unwrap();
    assert_eq!(book.phases.iter().map(|phase| phase.steps.len()).collect::<Vec<_>>(), [4, 4]);
    assert_eq!((book.inputs.len(), book.health.len(), book.guards.len(), book.rollbacks.len()), (12, 3, 1, 1));
    assert_eq!(book.text, source);
    assert_eq!(book.sha256.len(), 64);
}

#[test]
fn the_shipped_runbooks_are_taken_as_they_lie_in_their_folder() {
    let library = library::Library::open(&[]).unwrap();
    for entry in library.entries() {
        assert_eq!(entry.source(), text(&format!("runbooks/{}.toml", entry.id)));
        assert_eq!(render_all(entry.findings(), &entry.source(), false), "");
    }
}

/// What the upgrade of Vault asks before the active node is shut down, on clusters of which something is not known.
#[test]
fn the_hand_over_of_the_vault_runbook_opens_on_evidence_alone() {
    let library = library::Library::open(&[]).unwrap();
    let entry = library.find("vault-ha-upgrade").unwrap();
    let book = entry.runbook().unwrap();
    let step = book.step(&PhaseId::new("active"), &StepId::new("hand-over")).unwrap();
    let gate = &step.gate.as_ref().unwrap().holds;
    let guard = &book.guards.iter().find(|guard| guard.id.as_str() == "never-newer-to-older").unwrap().holds;
    let heirs = match &book.step(&PhaseId::new("active"), &StepId::new("heirs")).unwrap().action {
        Action::Check { holds, .. } => holds.clone(),
        _ => panic!("heirs is a check"),
    };
    let told = |change: &dyn Fn(&mut serde_json::Value)| {
        let node = |name: &str, role: &str, version: &str| json!({ "node": { "name": name }, "verdict": "ok", "role": role, "version": version });
        let view = |name: &str, state: &str| json!({ "node": { "name": name }, "verdict": "ok", "state": state, "leader": "http://a", "applied": 100, "committed": 100 });
        let mut scope = json!({
            "inputs": { "storage": "raft", "target": "1.17.3", "from": "1.16.2", "lag": 10 },
            "node": { "name": "a" },
            "health": {
                "vault": [node("a", "active", "1.16.2"), node("b", "standby", "1.17.3"), node("c", "standby", "1.17.3")],
                "leader": [view("a", "leads"), view("b", "follows"), view("c", "follows")],
            },
        });
        change(&mut scope);
        [gate, &heirs, guard].map(|expr| expr.truth(&scope) == Truth::True)
    };
    assert_eq!(told(&|_| {}), [true; 3]);
    // An older heir, a sealed one, one that trails.
    assert_eq!(told(&|scope| scope["health"]["vault"][1]["version"] = json!("1.16.1")), [false; 3]);
    assert_eq!(told(&|scope| scope["health"]["vault"][1]["role"] = json!("sealed")), [false, false, true]);
    assert_eq!(told(&|scope| scope["health"]["leader"][1]["applied"] = json!(89)), [false, false, true]);
    // A node that says nothing, and indexes and leaders that nobody knows.
    let silent = |scope: &mut serde_json::Value| {
        scope["health"]["vault"][1] = json!({ "node": { "name": "b" }, "verdict": "unknown" })
    };
    assert_eq!(told(&silent), [false; 3]);
    assert_eq!(told(&|scope| scope["health"]["leader"][0]["committed"] = json!(null)), [false, false, true]);
    assert_eq!(told(&|scope| scope["health"]["leader"][1]["applied"] = json!(null)), [false, false, true]);
    let nameless = |scope: &mut serde_json::Value| {
        (0..3).for_each(|row| scope["health"]["leader"][row]["leader"] = json!(""));
    };
    assert_eq!(told(&nameless), [false, false, true]);
    // Another storage has no such indexes.
    let other = |scope: &mut serde_json::Value| {
        scope["inputs"]["storage"] = json!("other");
        (0..3).for_each(|row| scope["health"]["leader"][row]["committed"] = json!(null));
    };
    assert_eq!(told(&other), [true; 3]);
}

/// Every broken runbook has beside it what is told about it. With `PITON_WRITE_EXPECTED=1` the files are written anew:
/// read them before they are committed.
#[test]
fn every_broken_runbook_is_told_as_expected() {
    let folder = root().join("tests/data/broken");
    let mut names: Vec<String> = std::fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter_map(|name| name.strip_suffix(".toml").map(str::to_owned))
        .collect();
    names.sort();
    assert!(names.len() >= 35, "{names:?}");
    let mut wrong = Vec::new();
    for name in names {
        let source = std::fs::read_to_string(folder.join(format!("{name}.toml"))).unwrap();
        let (book, findings) = parse(&source);
        assert!(book.is_none() && findings.iter().any(Diagnostic::is_error), "{name} was taken");
        let told = render_all(&in_file(findings, &format!("{name}.toml")), &source, false) + "\n";
        let beside = folder.join(format!("{name}.txt"));
        if std::env::var_os("PITON_WRITE_EXPECTED").is_some() {
            std::fs::write(&beside, &told).unwrap();
        }
        if std::fs::read_to_string(&beside).unwrap_or_default() != told {
            wrong.push(told);
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n----\n"));
}

/// A diagnostic or a valid runbook, in bounded time, and every diagnostic can be shown.
fn must_end_well(source: &str) {
    let start = monotonic();
    let (book, findings) = parse(source);
    assert!(start.elapsed() < Duration::from_secs(30), "{:?}: {source}", start.elapsed());
    assert_eq!(book.is_none(), findings.iter().any(Diagnostic::is_error), "{source}");
    for finding in findings.iter().take(1) {
        let shown = finding.render(source, false);
        assert!(shown.chars().all(|c| c == '\n' || !c.is_control()), "{shown:?}");
    }
}

/// Does `work` for every number below `count`, on all cores.
fn on_all_cores(count: usize, work: impl Fn(usize) + Sync) {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for core in 0..cores {
            let work = &work;
            scope.spawn(move || (core..count).step_by(cores).for_each(work));
        }
    });
}

/// How thorough the long tests are: all of it with `PITON_THOROUGH=1`, otherwise what fits into seconds.
fn is_thorough() -> bool {
    std::env::var_os("PITON_THOROUGH").is_some()
}

#[test]
fn every_truncation_ends_well() {
    let sample = text("tests/data/sample.toml");
    on_all_cores(sample.len(), |end| {
        if let Some(source) = sample.get(..end) {
            must_end_well(source);
        }
    });
    let shipped = text("runbooks/vault-ha-upgrade.toml");
    let step = if is_thorough() { 1 } else { 41 };
    on_all_cores(shipped.len() / step, |index| {
        if let Some(source) = shipped.get(..index * step) {
            must_end_well(source);
        }
    });
}

/// Numbers that are the same on every machine (xorshift).
struct Random(u64);

impl Random {
    fn seeded(seed: usize) -> Self {
        let mut random = Self((seed as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
        for _ in 0..4 {
            random.below(2);
        }
        random
    }

    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % limit.max(1) as u64).unwrap()
    }

    fn boundary(&mut self, text: &str) -> usize {
        let mut at = self.below(text.len() + 1);
        while !text.is_char_boundary(at) {
            at -= 1;
        }
        at
    }

    /// A piece of `text`, mostly short.
    fn piece(&mut self, text: &str) -> std::ops::Range<usize> {
        let start = self.boundary(text);
        let longest = [4, 40, 400][self.below(3)];
        let mut end = (start + self.below(longest)).min(text.len());
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        start..end.max(start)
    }

    /// `source` with one to three small changes: something left out, put in, doubled, swapped or moved.
    fn mutated(&mut self, source: &str) -> String {
        const WORDS: &[&str] = &[
            "\"",
            "'",
            "\"\"\"",
            "[",
            "]",
            "[[",
            "{",
            "}",
            "=",
            "\n",
            ".",
            "|",
            "{{",
            "}}",
            "#",
            "\\",
            "\\u202e",
            "\u{202e}",
            "\u{1b}",
            "\0",
            "1",
            "-",
            "true",
            "999999999999999999999",
            "é",
            "[[phase]]\n",
            "[[phase.step]]\n",
            "id = \"x\"\n",
            "..",
            "(",
            ")",
            "def f: f;",
            "range(1e9)",
            "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[",
            "wait = \"1s\"\n",
            "a.b.c.d.e = 1\n",
        ];
        let mut text = source.to_owned();
        for _ in 0..=self.below(3) {
            let piece = self.piece(&text);
            let at = self.boundary(&text);
            let content = text[piece.clone()].to_owned();
            match self.below(4) {
                0 => text.replace_range(piece, ""),
                1 => text.insert_str(at, &content),
                2 => text.insert_str(at, WORDS[self.below(WORDS.len())]),
                _ => text.replace_range(piece, WORDS[self.below(WORDS.len())]),
            }
        }
        text
    }
}

#[test]
fn ten_thousand_mutations_end_well() {
    let (sample, shipped) = (text("tests/data/sample.toml"), text("runbooks/vault-ha-upgrade.toml"));
    on_all_cores(10_000, |seed| {
        let source = if seed % 8 == 0 || is_thorough() { &shipped } else { &sample };
        must_end_well(&Random::seeded(seed).mutated(source));
    });
}

#[test]
fn a_huge_or_crowded_runbook_is_refused_quickly() {
    let head = "format = 1\nid = \"x\"\ntitle = \"X\"\nsystem = \"s\"\n";
    let fill = |part: &str, bytes: usize| format!("{head}{}", part.repeat(bytes / part.len()));
    for (what, source) in [
        ("10 MB", fill("# a comment\n", 10_000_000)),
        ("one long line", format!("{head}summary = \"{}\"", "x".repeat(1_000_000))),
        ("many phases", fill("[[phase]]\n", 1_000_000)),
        ("many inputs", format!("{head}{}", (0..30_000).map(|n| format!("[inputs.a{n}]\n")).collect::<String>())),
        ("many unknown keys", format!("{head}{}", (0..80_000).map(|n| format!("k{n} = 1\n")).collect::<String>())),
        (
            "many expressions",
            format!(
                "{head}[[phase]]\nid = \"p\"\ntitle = \"P\"\n{}",
                "[[phase.step]]\ncheck = \"now\"\n".repeat(30_000)
            ),
        ),
        ("many brackets", fill("[", 1_000_000)),
        ("deep tables", format!("{head}{}", fill("a.", 1_000_000))),
        ("many quotes", fill("\"", 1_000_000)),
    ] {
        let start = monotonic();
        let (book, findings) = parse(&source);
        let elapsed = start.elapsed();
        assert!(elapsed < Duration::from_secs(20), "{what}: {elapsed:?}");
        assert!(book.is_none() && (1..=101).contains(&findings.len()), "{what}: {}", findings.len());
        findings[0].render(&source, false);
    }
}
