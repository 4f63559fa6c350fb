//! What all shipped runbooks keep to: an example site for each, and choices that rest on what was observed.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use piton::library::{Library, read_site};
use piton::runbook::{Action, Expr, Phase, PhaseId, Runbook, Step, StepId, Truth};
use piton::site::bind;
use serde_json::{Map, Value, json};

fn phases(book: &Runbook) -> impl Iterator<Item = &Phase> {
    book.phases.iter().chain(book.rollbacks.iter().flat_map(|plan| &plan.phases))
}

fn shipped(id: &str) -> Arc<Runbook> {
    let library = Library::open(&[]).expect("what is built in is there");
    library.find(id).expect("it is built in").runbook().expect("it is taken").clone()
}

/// What an expression of a runbook gives.
#[track_caller]
fn value(source: &str, scope: &Value) -> Value {
    let expr = Expr::compile(source).unwrap_or_else(|error| panic!("{source}: {error:?}"));
    expr.one(scope).unwrap_or_else(|error| panic!("{source}: {error} of {scope}"))
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

/// What each document tells to look at, as the probe and the fields of its answers that show it.
const PANES: &[(&str, &str, &[&str])] = &[
    ("vault-ha-upgrade", "vault", &["role", "version"]),
    ("vault-ha-upgrade", "leader", &["leader", "applied", "committed"]),
    ("vault-single-upgrade", "vault", &["role", "version"]),
    ("vault-replication-upgrade", "vault", &["role", "version"]),
    ("vault-replication-upgrade", "replication", &["dr", "performance", "state"]),
    ("vault-upgrade-rehearsal", "reach", &["way"]),
    ("nomad-servers-in-place", "server", &["state", "build", "index", "peers", "leader"]),
    ("nomad-servers-in-place", "raft", &["voters"]),
    ("nomad-servers-add-remove", "server", &["state", "build", "index", "peers", "leader"]),
    ("nomad-enterprise", "server", &["state", "build", "index", "peers", "leader"]),
    ("nomad-clients", "client", &["status", "version", "draining", "places"]),
    ("cockroachdb-rolling-upgrade", "status", &["unavailable", "underreplicated", "builds", "dead", "listed"]),
    ("cockroachdb-rolling-upgrade", "series", &["reached"]),
    ("ipfs-cluster-standard", "peer", &["version", "state"]),
    ("ipfs-cluster-standard", "peers", &["listed", "troubled", "versions"]),
    ("ipfs-cluster-standard", "pins", &["pins"]),
    ("ipfs-cluster-bootstrap", "peers", &["listed", "troubled", "versions"]),
    ("ipfs-cluster-bootstrap", "pins", &["pins"]),
    ("ipfs-cluster-recovery", "peers", &["listed", "troubled", "versions"]),
    ("ipfs-cluster-recovery", "pins", &["pins"]),
    ("gitlab-before-upgrade", "migrations", &["database", "unfinished", "failed", "paused"]),
    ("gitlab-upgrade", "migrations", &["database", "unfinished", "failed", "paused"]),
    ("gitlab-upgrade", "package", &["version", "edition"]),
    ("gitlab-backup-rehearsal", "test", &["state"]),
];

#[test]
fn each_shows_what_its_document_tells_to_look_at() {
    let library = Library::open(&[]).expect("what is built in is there");
    let shown: BTreeSet<_> = PANES.iter().map(|(book, ..)| *book).collect();
    let known: BTreeSet<_> = library.entries().iter().map(|entry| &*entry.id).collect();
    assert_eq!(shown, known, "every shipped runbook has a row");
    for (book, probe, fields) in PANES {
        let known = shipped(book);
        let probe = known.health.iter().find(|known| known.id.as_str() == *probe);
        let probe = probe.unwrap_or_else(|| panic!("{book} has no such probe"));
        assert!(probe.each.is_some(), "{book} {}: every node is asked", probe.id);
        let told: BTreeSet<_> = probe.fields.iter().map(|(name, _)| name.as_str()).collect();
        assert!(fields.iter().all(|field| told.contains(field)), "{book} {}: {told:?}", probe.id);
    }
}

#[test]
fn each_says_how_long_it_takes_what_to_mind_and_how_to_go_back() {
    let library = Library::open(&[]).expect("what is built in is there");
    for entry in library.entries() {
        let book = entry.runbook().expect("it is taken");
        assert!(book.minutes.is_some(), "{}: planned minutes", book.id);
        let says_so = book.text.lines().any(|line| line.trim_end() == "rollback = []");
        assert_eq!(book.rollbacks.is_empty(), says_so, "{}: a way back, or the word that none is needed", book.id);
        assert!(
            says_so || phases(book).flat_map(|phase| &phase.steps).any(|step| !step.cautions.is_empty()),
            "{}",
            book.id
        );
    }
}

/// The legs of an upgrade and whether they leave out a stop that every instance must make.
#[test]
fn the_path_of_gitlab_leaves_out_no_required_stop() {
    for (book, phase, step) in [("gitlab-before-upgrade", "path", "path"), ("gitlab-upgrade", "prepare", "path")] {
        let book = shipped(book);
        let Some(Step { action: Action::Check { holds, .. }, .. }) =
            book.step(&PhaseId::new(phase), &StepId::new(step))
        else {
            panic!("{}: {phase}/{step} is a check", book.id)
        };
        let stops =
            book.inputs.iter().find(|input| input.id.as_str() == "stops").and_then(|input| input.default.clone());
        for (from, target, legs, fits) in [
            ("17.5.5", "17.11.7", &["17.8.7", "17.11.7"][..], true),
            ("17.5.5", "17.11.7", &["17.11.7"], false),
            ("17.5.5", "17.11.7", &["17.8.7"], false),
            ("17.5.5", "17.11.7", &["17.11.7", "17.8.7", "17.11.7"], false),
            ("17.5.5", "17.11.7", &["17.8", "17.11.7"], false),
            ("17.8.7", "17.9.3", &["17.9.3"], true),
            // 16.0 to 16.2 are for some instances only; 16.3 is for all.
            ("15.11.13", "16.7.10", &["16.3.9", "16.7.10"], true),
            ("15.11.13", "16.7.10", &["16.2.11", "16.7.10"], false),
            ("16.11.10", "18.2.8", &["17.3.7", "17.5.5", "17.8.7", "17.11.7", "18.2.8"], true),
        ] {
            let legs: Vec<_> = legs.iter().map(|version| json!({ "name": version, "version": version })).collect();
            let inputs = json!({ "from": from, "target": target, "legs": legs, "stops": stops });
            let told = value(holds.source(), &json!({ "inputs": inputs, "health": {} }));
            assert_eq!(told, json!(fits), "{}: {from} to {target} by {legs:?}", book.id);
        }
    }
}

/// Of a cluster in which the first of three was done, the second is down on the way and the third was not touched.
#[test]
fn ways_back_go_over_what_was_changed_alone_and_over_what_is_down_first() {
    let node = |n: u8| json!({ "name": format!("n{n}") });
    let row = |n: u8, version: Value, verdict: &str, more: Value| {
        let mut row = json!({ "node": node(n), "verdict": verdict, "version": version, "build": version });
        let (row_map, more) = (row.as_object_mut().expect("an object"), more.as_object().cloned().unwrap_or_default());
        row_map.extend(more);
        row
    };
    let rows = json!([
        row(1, json!("2.0.0"), "ok", json!({ "state": "follower", "role": "standby" })),
        row(2, Value::Null, "bad", json!({ "state": "down", "role": "down" })),
        row(3, json!("1.0.0"), "ok", json!({ "state": "leader", "role": "active" })),
    ]);
    let touched = json!([node(1), node(2)]);
    let none = json!([]);
    let nodes = json!([node(1), node(2), node(3)]);
    for (book, phase, probes, began) in [
        ("vault-ha-upgrade", "undo", &["vault"][..], &["standbys/stop", "standbys/replace"][..]),
        ("nomad-servers-in-place", "undo", &["server"], &["followers/replace", "followers/restart"]),
        ("nomad-enterprise", "undo", &["server"], &["followers/replace", "followers/restart"]),
        ("nomad-clients", "undo", &["client", "agent"], &["each-client/replace"]),
        ("cockroachdb-rolling-upgrade", "again", &[], &["roll/stop"]),
    ] {
        let book = shipped(book);
        let phase = phases(&book).find(|known| known.id.as_str() == phase).expect("the phase is there");
        let items = phase.for_each.as_ref().expect("it is a loop").source();
        let mut all: Map<String, Value> = phases(&book)
            .flat_map(|phase| phase.steps.iter().map(|step| (format!("{}/{}", phase.id, step.id), none.clone())))
            .collect();
        all.extend(began.iter().map(|step| ((*step).to_owned(), touched.clone())));
        let health: Map<String, Value> = probes.iter().map(|probe| ((*probe).to_owned(), rows.clone())).collect();
        let inputs = json!({ "from": "1.0.0", "target": "2.0.0", "nodes": nodes, "servers": nodes });
        let scope = json!({ "inputs": inputs, "began": all, "health": health });
        let taken = value(&format!("[{items}] | map(.name)"), &scope);
        let expected = if probes.is_empty() { json!(["n1", "n2"]) } else { json!(["n2", "n1"]) };
        assert_eq!(taken, expected, "{} {}", book.id, phase.id);
    }
}

/// What a step's `when` comes to.
#[track_caller]
fn applies(book: &str, phase: &str, step: &str, scope: &Value) -> Truth {
    let book = shipped(book);
    let step = book.step(&PhaseId::new(phase), &StepId::new(step)).expect("the step is there");
    step.when.as_ref().expect("it has a `when`").holds.truth(scope)
}

/// The inputs say otherwise than the cluster: the cluster is right.
#[test]
fn a_choice_by_version_follows_what_runs_whatever_was_typed() {
    for (builds, target, step, kept_back) in [
        (json!("v23.1.14"), "23.1.15", Truth::False, Truth::False),
        (json!("v23.1.14"), "23.2.4", Truth::True, Truth::True),
        (json!("v23.1.14 v23.2.4"), "23.2.4", Truth::True, Truth::True),
        (json!("v2.0.7"), "2.1.6", Truth::True, Truth::True),
        (json!("v1.0.7"), "1.1.9", Truth::True, Truth::False),
    ] {
        let health = json!({ "status": [{ "builds": builds }, { "builds": null }] });
        let inputs = json!({ "from": "9.9.9", "target": target });
        let scope = json!({ "inputs": inputs, "health": health, "steps": {} });
        let told = applies("cockroachdb-rolling-upgrade", "prepare", "series", &scope);
        assert_eq!(told, step, "{builds} to {target}");
        let word = if told == Truth::False { "not_applicable" } else { "done" };
        let scope = json!({ "inputs": inputs, "health": health, "steps": { "prepare/series": word } });
        for step in ["keep-back", "kept-back"] {
            assert_eq!(
                applies("cockroachdb-rolling-upgrade", "prepare", step, &scope),
                kept_back,
                "{builds} to {target}"
            );
        }
    }
    let silent = json!({ "inputs": { "target": "23.2.4" }, "health": { "status": [{ "builds": null }] } });
    let told = applies("cockroachdb-rolling-upgrade", "prepare", "series", &silent);
    assert!(matches!(told, Truth::Unknown(_)), "nobody tells, so that the step is not left out: {told:?}");

    for book in ["nomad-servers-in-place", "nomad-enterprise", "nomad-servers-add-remove"] {
        for (build, expected) in [("1.3.16", Truth::False), ("1.4.0", Truth::True), ("1.7.7+ent", Truth::True)] {
            let row = |name: &str, build: Value| json!({ "node": { "name": name }, "build": build });
            // A new server is up already: it is the old ones' keys that are copied.
            let newer = if book.ends_with("remove") { json!("1.8.4") } else { Value::Null };
            let rows = json!([row("old", json!(build)), row("new", newer)]);
            let inputs = json!({ "from": "0.1.0", "keyring": null, "old": [{ "name": "old" }] });
            let scope = json!({ "inputs": inputs, "health": { "server": rows } });
            assert_eq!(applies(book, "prepare", "keyring-by-hand", &scope), expected, "{book} {build}");
        }
    }
}

/// Words that tell what happened; a choice or an answer may be told so, as what was said.
const HAPPENED: [&str; 3] = [" was ", " were ", " been "];
const SAID: [&str; 6] =
    ["not decided", "not chosen", "not answered", "not stated", "was stated that", "was not found failed"];

#[test]
fn why_a_step_is_left_out_tells_nothing_that_happened_where_its_condition_looks_at_nothing_that_did() {
    let library = Library::open(&[]).expect("what is built in is there");
    let (mut looked_at, mut faults) = (0, Vec::new());
    for entry in library.entries() {
        let book = entry.runbook().expect("it is taken");
        let whens = phases(book).flat_map(|phase| {
            let of_steps = phase.steps.iter().filter_map(|step| Some((step.id.to_string(), step.when.as_ref()?)));
            phase.when.iter().map(|when| (phase.id.to_string(), when)).chain(of_steps)
        });
        for (name, when) in whens {
            let source = when.holds.source();
            if [".health", ".steps", ".began", ".passed"].iter().any(|seen| source.contains(seen)) {
                continue;
            }
            looked_at += 1;
            let is_told = HAPPENED.iter().any(|word| when.why.contains(word));
            if is_told && !SAID.iter().any(|said| when.why.contains(said)) {
                faults.push(format!("{}: {name}: {}", entry.id, when.why));
            }
        }
    }
    assert_eq!(faults, Vec::<String>::new());
    assert!(looked_at > 120, "{looked_at}");
}
