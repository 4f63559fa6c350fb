use std::path::Path;

use super::*;
use crate::clock::FixedClock;
use crate::engine::Leaving;
use crate::exec::ScriptedRunner;
use crate::runbook::parse;
use crate::session::closing;

fn opening(system: &str, site: Option<&str>) -> Opening {
    let (runbook, told) = parse(&format!(
        "format = 1\nid = \"demo\"\ntitle = \"Demo\"\nsystem = \"{system}\"\n[[phase]]\nid = \"only\"\ntitle = \"Only\"\n\
         [[phase.step]]\nid = \"step\"\ntitle = \"Step\"\nconfirm = \"Done?\"\n"
    ));
    let runbook = Arc::new(runbook.unwrap_or_else(|| panic!("{told:?}")));
    let seen = |name: &str| SiteSeen { name: name.into(), environment: "TEST".into(), colour: "red".into() };
    Opening { runbook, inputs: Map::new(), site: site.map(seen), practice: None }
}

fn who() -> Who {
    Who { operator: "maria".into(), host: "bastion".into(), face: "test" }
}

fn world() -> World {
    let clock = Arc::new(FixedClock::at(Timestamp::from_millis(1_000_000_000)));
    World { runtime: Handle::current(), clock, runner: Arc::new(ScriptedRunner::new()) }
}

fn begin_at(place: &Path, system: &str, site: Option<&str>) -> Result<Launched, LaunchError> {
    begin(&Store::open(place), &Remembered::default(), opening(system, site), &who(), world())
}

/// Takes in all that is said up to the end of the session.
async fn end(mut launched: Launched, last: Option<Proposal>) -> (String, Vec<Record>) {
    match last {
        Some(last) => launched.session.propose(last),
        None => launched.session.leave(Leaving::Left),
    }
    let mut all = Vec::new();
    while let Some(update) = launched.updates.recv().await {
        if let Update::Recorded(records) = update {
            all.extend_from_slice(&records);
            if closing(&records).is_some() {
                launched.session.leave(Leaving::Left);
            }
        }
    }
    (launched.folder.file_name().unwrap().to_string_lossy().into_owned(), all)
}

fn notes(records: &[Record]) -> Vec<String> {
    let notes = records.iter().filter_map(|record| match &record.event {
        Event::NoteAdded { text, .. } => Some(text.clone()),
        _ => None,
    });
    notes.collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn where_a_command_runs_that_names_no_directory_is_told_as_it_is() {
    let place = tempfile::tempdir().unwrap();
    let launched = begin_at(place.path(), "vault", Some("prod")).unwrap();
    assert_eq!(launched.directory, std::env::current_dir().unwrap().display().to_string());
    end(launched, None).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn other_runs_are_read_only_where_one_of_them_can_be_in_the_way() {
    let place = tempfile::tempdir().unwrap();
    let store = Store::open(place.path());
    let known = Remembered::default();
    let (first, _) = end(begin_at(place.path(), "vault", Some("prod")).unwrap(), None).await;
    known.list_live(&store).unwrap();
    // It cannot be read any more, and looks as it did.
    let journal = store.find(&first).unwrap().journal_path();
    let before = std::fs::metadata(&journal).unwrap().modified().unwrap();
    let text = std::fs::read_to_string(&journal).unwrap();
    let (head, rest) = text.split_once('\n').unwrap();
    std::fs::write(&journal, format!("{head}\n{}", "x".repeat(rest.len()))).unwrap();
    std::fs::File::options().write(true).open(&journal).unwrap().set_modified(before).unwrap();
    let again = begin(&store, &known, opening("vault", Some("prod")), &who(), world());
    assert!(matches!(again, Err(LaunchError::StandsOpen(_))), "it was read again");
    end(begin_at(place.path(), "vault", None).unwrap(), None).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_stands_open_holds_back_another_of_its_site_and_system() {
    let place = tempfile::tempdir().unwrap();
    let (first, _) = end(begin_at(place.path(), "vault", Some("prod")).unwrap(), None).await;
    match begin_at(place.path(), "vault", Some("prod")) {
        Err(error @ LaunchError::StandsOpen(_)) => {
            let told = format!("{first} of the same site and system is not closed: go on with it, or give it up there");
            assert!(error.to_string().contains(&told), "{error}");
        }
        other => panic!("{:?}", other.map(|launched| launched.folder)),
    }
    for (system, site) in [("vault", Some("test")), ("nomad", Some("prod")), ("vault", None)] {
        end(begin_at(place.path(), system, site).unwrap(), None).await;
    }

    // Whoever wants it all the same says so, and that is on record.
    let store = Store::open(place.path());
    let beside =
        begin_beside(&store, &Remembered::default(), opening("vault", Some("prod")), vec![], &who(), world()).unwrap();
    let give_up = || Some(Proposal::Abandon { reason: "a test".into() });
    let (_, records) = end(beside, give_up()).await;
    assert_eq!(notes(&records), [format!("begun although the run {first} of the same site and system is not closed")]);
    // What a person looked at before names it already, or something else.
    let looked = format!("begun although it was to be looked at: others: the run {first} is not closed");
    for (note, count) in [(looked, 1), ("begun although it was to be looked at: clock".to_owned(), 2)] {
        let opening = opening("vault", Some("prod"));
        let beside =
            begin_beside(&store, &Remembered::default(), opening, vec![note.clone()], &who(), world()).unwrap();
        let (_, records) = end(beside, give_up()).await;
        assert!(notes(&records).len() == count && notes(&records).contains(&note), "{:?}", notes(&records));
    }

    // In the folder of another run nobody goes on with it.
    let moved = place.path().join("runs/2026-11-22-demo-2345");
    std::fs::rename(place.path().join("runs").join(&first), &moved).unwrap();
    let told = begin_at(place.path(), "vault", Some("prod")).map(|launched| launched.folder).unwrap_err().to_string();
    assert!(told.contains("2026-11-22-demo-2345") && told.contains("its journal is that of another run"), "{told}");
    assert!(!told.contains("resume"), "{told}");
    std::fs::rename(moved, place.path().join("runs").join(&first)).unwrap();

    // Closed, it holds nothing back.
    let again = go_on(&store, reopen(&store, &first, &who()).unwrap(), &who(), world()).unwrap();
    end(again, give_up()).await;
    assert!(begin_at(place.path(), "vault", Some("prod")).is_ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_calls_itself_practice_and_is_live_is_not_gone_on_with() {
    let place = tempfile::tempdir().unwrap();
    let store = Store::open(place.path());
    let dir = store.begin(Mode::Practice, Timestamp::default(), "demo").unwrap();
    let head = head(&opening("vault", None), Mode::Practice, dir.id(), &who());
    let holder = who().holder(Timestamp::default());
    drop(Journal::create(&dir, &holder, Timestamp::default(), "x", head).unwrap());
    assert!(matches!(reopen(&store, &dir.id(), &who()), Err(LaunchError::NeitherNor(_))));
}
