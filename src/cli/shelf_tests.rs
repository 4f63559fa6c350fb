use super::*;
use crate::clock::Timestamp;
use crate::engine::{Event, PracticeSeen, RunOpened, SiteSeen};
use crate::journal::{Holder, Journal, sha256_hex};
use crate::runbook::{RunbookId, parse};
use crate::tui::screen::replay::marks::{Kind, Marks};
use serde_json::{Map, json};

const BOOK: &str = "format = 1\nid = \"own\"\ntitle = \"Own\"\nrevision = \"1\"\nsystem = \"vault\"\n[inputs.target]\ntype = \"version\"\n\
    prompt = \"To\"\n[inputs.token]\ntype = \"secret\"\nprompt = \"Token\"\n[[phase]]\nid = \"p\"\ntitle = \"P\"\n[[phase.step]]\n\
    id = \"s\"\ntitle = \"S\"\nconfirm = \"?\"\n";

/// A run in that store, opened at that hour; closed when it has an outcome.
fn run(store: &Store, hour: i64, text: &str, scenario: Option<&str>, outcome: Option<Outcome>) -> RunDir {
    let mode = if scenario.is_some() { Mode::Practice } else { Mode::Live };
    let at = Timestamp::from_millis(hour * 3_600_000);
    let dir = store.begin(mode, at, "own").unwrap();
    let holder = Holder { operator: "maria".into(), host: "bastion".into(), pid: 1, since: at };
    let practice = scenario.map(|name| PracticeSeen {
        nodes: 3,
        seed: 1,
        scenario: (!name.is_empty()).then(|| name.to_owned()),
        ports: vec![],
    });
    let target = format!("1.{hour}.0");
    let opened = RunOpened {
        format: 1,
        run: dir.id(),
        runbook: RunbookId::new("own"),
        title: "Own".into(),
        revision: "1".into(),
        sha256: sha256_hex(text.as_bytes()),
        text: text.to_owned(),
        mode,
        inputs: Map::from_iter([("target".to_owned(), json!(target)), ("token".to_owned(), json!({ "env": "TOKEN" }))]),
        site: (mode == Mode::Live).then(|| SiteSeen {
            name: "lab".into(),
            environment: "LAB".into(),
            colour: "red".into(),
        }),
        practice,
        operator: "maria".into(),
        host: "bastion".into(),
        version: "0.1.0".into(),
    };
    let (mut journal, _) = Journal::create(&dir, &holder, at, "maria@bastion", opened).unwrap();
    if let Some(outcome) = outcome {
        let closed = Event::RunClosed { outcome, reason: String::new(), counts: Default::default() };
        journal.append(at, "maria@bastion", vec![closed]).unwrap();
    }
    dir
}

#[test]
fn the_last_live_run_counts_and_a_text_that_is_another_is_marked_and_told() {
    let place = tempfile::tempdir().unwrap();
    let store = Store::open(place.path().join("state"));
    let folder = place.path().join("books");
    std::fs::create_dir(&folder).unwrap();
    std::fs::write(folder.join("own.toml"), BOOK).unwrap();
    let library = Library::open(&[folder]).unwrap();
    let (memory, book) = (Memory::default(), parse(BOOK).0.unwrap());
    let past = |memory: &Memory| memory.past(&store, &library).into_iter().find(|past| past.runbook == "own").unwrap();
    assert_eq!(past(&memory), Past { runbook: "own".into(), ..Past::default() });
    assert!(memory.changed(&store, &book).is_err());
    run(&store, 1, BOOK, Some(""), Some(Outcome::Completed));
    assert!(past(&memory).last.is_some_and(|last| last.is_practice));
    let older = BOOK.replace("\"S\"", "\"Look\"");
    let live = run(&store, 2, &older, None, Some(Outcome::Completed));
    run(&store, 3, BOOK, Some(""), None);
    let seen = past(&memory);
    let last = seen.last.unwrap();
    assert_eq!((last.run, last.place.as_str(), last.is_well, seen.is_changed), (live.id(), "LAB lab", true, true));
    let changed = memory.changed(&store, &book).unwrap();
    assert_eq!((changed.changes.len(), changed.changes[0].name.as_str()), (1, "p/s"));
}

#[test]
fn points_are_told_by_scenario_of_what_was_walked_to_an_end() {
    let place = tempfile::tempdir().unwrap();
    let (store, memory) = (Store::open(place.path()), Memory::default());
    for (hour, scenario, outcome) in [
        (1, "hung", Some(Outcome::Completed)),
        (2, "hung", Some(Outcome::Abandoned)),
        (3, "", Some(Outcome::Completed)),
        (4, "oom", None),
    ] {
        run(&store, hour, BOOK, Some(scenario), outcome);
    }
    let known = memory.list(&store);
    let scores = memory.scores(&known, "own");
    let told: Vec<(&str, u32, i64)> = scores
        .iter()
        .map(|score| (score.scenario.as_str(), score.attempts, score.last_at.as_millis() / 3_600_000))
        .collect();
    assert_eq!(told, [("", 1, 3), ("hung", 2, 2)]);
    assert!(scores[1].best >= scores[1].last);
    assert_eq!(memory.scores(&known, "other"), []);
}

#[test]
fn earlier_values_are_those_of_this_runbook_and_site_and_never_of_a_secret() {
    let place = tempfile::tempdir().unwrap();
    let (store, memory) = (Store::open(place.path()), Memory::default());
    for hour in [1, 2, 2, 3] {
        run(&store, hour, BOOK, None, Some(Outcome::Completed));
    }
    run(&store, 9, BOOK, Some(""), None);
    let book = parse(BOOK).0.unwrap();
    let site = crate::site::parse("name = \"lab\"").0.unwrap();
    let known = memory.list(&store);
    let history = crate::cli::setup::history(&known, &book, Some(&site));
    let bound = crate::site::bind(&book, &[], Some(&site), &Map::new()).unwrap();
    let asked = crate::cli::setup::questions(&book, &bound, &history);
    assert_eq!(asked[0].history, ["1.3.0", "1.2.0", "1.1.0"]);
    assert!(asked[1].history.is_empty(), "nothing of a secret is offered");
    assert!(crate::cli::setup::history(&known, &book, None).is_empty());
}

/// Giving up is one deed: the list of runs, a replay, a report, a debrief and a comparison count the same.
#[test]
fn what_a_run_leaves_undone_that_is_given_up_is_counted_nowhere() {
    let place = tempfile::tempdir().unwrap();
    let store = Store::open(place.path().join("state"));
    let golden = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/debrief/wrong.jsonl");
    let text = std::fs::read_to_string(golden).unwrap();
    let records: Vec<crate::engine::Record> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let dir = store.begin(Mode::Practice, records[0].at, "own").unwrap();
    let holder = Holder { operator: "maria".into(), host: "bastion".into(), pid: 1, since: records[0].at };
    let Event::RunOpened(mut head) = records[0].event.clone() else { panic!("{:?}", records[0]) };
    head.sha256 = sha256_hex(head.text.as_bytes());
    let (mut journal, _) = Journal::create(&dir, &holder, records[0].at, &records[0].by, *head).unwrap();
    for record in &records[1..] {
        journal.append(record.at, &record.by, vec![record.event.clone()]).unwrap();
    }
    drop(journal);
    let library = Library::open(&[]).unwrap();
    let book = library.find("vault-ha-upgrade").unwrap().runbook().unwrap().clone();
    let state = crate::engine::RunState::fold(&book, &records);
    assert_eq!((state.deviations.len(), state.own_deviations().count()), (24, 4));
    let listed = store.list().unwrap();
    assert_eq!(listed[0].deviations.total(), 4, "{:?}", listed[0].deviations);
    let debrief = crate::debrief::debrief(&book, None, &records).unwrap();
    assert_eq!(debrief.deviations.len(), 4);
    let mut gathered = crate::compare::Gathered::new(Some(&book));
    records.iter().for_each(|record| gathered.take(record));
    assert_eq!(gathered.end().unwrap().deviations.len(), 4);
    let overruled = crate::search::Wanted::words("").overruling(Some(None));
    let closed = state.closed.as_ref().map(|closed| (closed.outcome, closed.at));
    let everything = crate::search::Search { wanted: &overruled, records: u64::MAX, closed, goes_on: &|_| true };
    let mut hits = 0;
    let mut each = |_| {
        hits += 1;
        true
    };
    crate::search::search(&dir.journal_path(), &everything, &mut each).unwrap();
    assert_eq!(hits, 4);
    let mut marks = Marks::default();
    for (number, record) in records.iter().enumerate() {
        marks.take(number, record.at, Kind::of(&record.event));
        marks.leave_undone(number, record);
    }
    assert_eq!(marks.count(Kind::Deviation), 4);
}

/// A file that is TOML, one that is none, and one of which not even the top can be read.
#[test]
fn a_runbook_that_does_not_load_has_a_name_places_and_help_and_stands_behind_the_others() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path().join("books");
    std::fs::create_dir(&folder).unwrap();
    std::fs::write(folder.join("a-key.toml"), BOOK.replace("confirm", "confrim")).unwrap();
    std::fs::write(folder.join("b-torn.toml"), "format = 1\ntitle = \"Torn\n").unwrap();
    std::fs::write(folder.join("c-bytes.toml"), [0xff, 0xfe, 0x00]).unwrap();
    std::fs::write(folder.join("d-own.toml"), BOOK).unwrap();
    let library = Library::open(&[folder]).unwrap();
    let stage = crate::cli::backstage::Stage::of(library, Store::open(place.path().join("state")));
    let listed = crate::tui::Backstage::library(&stage);
    let is_broken: Vec<bool> = listed.iter().map(|entry| !entry.problems.is_empty()).collect();
    assert!(is_broken.is_sorted() && listed.len() > 4, "{is_broken:?}");
    let broken = &listed[listed.len() - 3..];
    let ids: Vec<&str> = broken.iter().map(|entry| entry.id.as_str()).collect();
    assert_eq!(ids, ["a-key", "b-torn", "c-bytes"]);
    assert_eq!((broken[0].title.as_str(), broken[0].system.as_str()), ("Own", "vault"));
    let told = broken[0].problems.join("\n");
    assert!(told.contains("line 18, column 1: a step has no key `confrim`\nhelp: did you mean `confirm`?"), "{told}");
    assert!(broken[1].problems[0].starts_with("line 2, column "), "{:?}", broken[1].problems);
    assert!(broken[2].problems[0].contains("not UTF-8"), "{:?}", broken[2].problems);
}

/// Nothing is told of runs as if there were none where they cannot be listed.
#[test]
fn runs_that_cannot_be_listed_are_not_none() {
    let place = tempfile::tempdir().unwrap();
    std::fs::write(place.path().join("runs"), "").unwrap();
    let store = Store::open(place.path());
    assert!(Memory::default().past(&store, &Library::open(&[]).unwrap()).is_empty());
    let changed = Memory::default().changed(&store, &parse(BOOK).0.unwrap()).unwrap_err();
    let stage = crate::cli::backstage::Stage::of(Library::open(&[]).unwrap(), store);
    let open = crate::tui::Backstage::resumable(&stage).unwrap_err();
    let all = crate::tui::Backstage::journals(&stage, &mut |_, _| (), &|| true).unwrap_err();
    for told in [changed, open, all] {
        assert!(told.starts_with("the runs of this machine are not known: ") && told.contains("/runs: "), "{told}");
    }
}
