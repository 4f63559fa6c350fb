use super::*;
use crate::clock::FixedClock;
use crate::exec::{Reply, ScriptedRunner};
use crate::journal::Store;
use crate::runbook::parse;
use serde_json::Map;
use tokio::runtime::Handle;

/// A run of a book with this health and these guards.
fn opening(health: &str, site: Option<(&str, &str)>) -> Opening {
    let (runbook, told) = parse(&format!(
        "format = 1\nid = \"demo\"\ntitle = \"Demo\"\nsystem = \"vault\"\n[inputs.from]\ntype = \"version\"\nprompt = \
         \"From\"\n{health}\n[[phase]]\nid = \"only\"\ntitle = \"Only\"\n[[phase.step]]\nid = \"step\"\ntitle = \
         \"Step\"\nconfirm = \"Done?\"\n"
    ));
    let runbook = Arc::new(runbook.unwrap_or_else(|| panic!("{told:?}")));
    let seen =
        |(name, word): (&str, &str)| SiteSeen { name: name.into(), environment: word.into(), colour: "red".into() };
    let inputs = Map::from_iter([("from".to_owned(), json!("1.16.2"))]);
    Opening { runbook, inputs, site: site.map(seen), practice: None }
}

const COMMAND: &str = "[[health]]\nid = \"version\"\ntitle = \"Version\"\ncommand = [\"vault\", \"version\"]\n\
    ok = \".version != null\"\nfields = { version = '.stdout | trim' }\n\
    [[guard]]\nid = \"same\"\ntitle = \"All run the version of before\"\n\
    holds = '.inputs.from as $from | all(.health.version[]; .version == $from)'\nwhy = \"They must.\"\nblocks = [\"run\"]\n";

fn who() -> Who {
    Who { operator: "maria".into(), host: "bastion".into(), face: "test" }
}

fn world(runner: ScriptedRunner) -> World {
    let clock = Arc::new(FixedClock::at(Timestamp::from_millis(1_795_228_870_000)));
    World { runtime: Handle::current(), clock, runner: Arc::new(runner) }
}

async fn look(root: &std::path::Path, opening: &Opening, world: &World, is_accepted: bool) -> Preflight {
    let (store, remembered, who) = (Store::open(root), Remembered::default(), who());
    let prepared = Preparation { store: &store, remembered: &remembered, opening, who: &who, world };
    prepared.look(is_accepted).await.unwrap()
}

fn told(found: &Preflight) -> Vec<String> {
    found.found.iter().map(|one| format!("{} {}: {}", one.mark.word(), one.about, one.told)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_runs_only_once_it_was_listed_and_accepted() {
    let place = tempfile::tempdir().unwrap();
    let opening = opening(COMMAND, None);
    let world = world(ScriptedRunner::new());
    let before = look(place.path(), &opening, &world, false).await;
    assert_eq!(
        before.commands,
        [Unasked {
            whose: "version".into(),
            argv: vec!["vault".into(), "version".into()],
            filled: vec![vec![]; 2],
            is_secret: false
        }]
    );
    assert!(!before.is_asked && !told(&before).iter().any(|line| line.contains("probe") || line.contains("guard")));
    let after = look(place.path(), &opening, &world, true).await;
    assert!(
        after.is_asked && told(&after).iter().any(|line| line.starts_with("look probe: version")),
        "{:?}",
        told(&after)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_seen_is_held_against_what_the_runbook_expects() {
    let place = tempfile::tempdir().unwrap();
    for (seen, expected) in [("1.16.2", Mark::Ok), ("1.17.3", Mark::Look)] {
        let reply = Reply::exit(0).stdout(&format!("{seen}\n"));
        let script = ScriptedRunner::new().answering(&["vault", "version"], reply);
        let found = look(place.path(), &opening(COMMAND, None), &world(script), true).await;
        for about in ["version", "guard"] {
            let mark = found.found.iter().find(|one| one.about == about).map(|one| one.mark);
            assert_eq!(mark, Some(expected), "{seen} {about}: {:?}", told(&found));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_journal_that_cannot_be_written_and_a_place_that_is_held_stop_it() {
    let place = tempfile::tempdir().unwrap();
    let opening = opening("", Some(("prod-eu", "PRODUCTION")));
    let world = world(ScriptedRunner::new());
    let well = look(place.path(), &opening, &world, false).await;
    assert!(well.is_asked && well.note().is_none() && !well.is_stopped(), "{:?}", told(&well));
    let first = launch::begin(
        &Store::open(place.path()),
        &crate::journal::Remembered::default(),
        Opening { inputs: Map::new(), ..self::opening("", Some(("prod-eu", "PRODUCTION"))) },
        &who(),
        self::world(ScriptedRunner::new()),
    )
    .unwrap();
    let held = look(place.path(), &opening, &world, false).await;
    assert!(held.is_stopped() && told(&held)[0].contains("held by maria on bastion"), "{:?}", told(&held));
    let (session, mut updates) = (first.session, first.updates);
    session.leave(crate::engine::Leaving::Left);
    while updates.recv().await.is_some() {}
    let open = look(place.path(), &opening, &world, false).await;
    assert!(!open.is_stopped() && open.note().is_some_and(|note| note.contains("is not closed")), "{:?}", told(&open));
    std::fs::write(place.path().join("file"), "").unwrap();
    let nowhere = look(&place.path().join("file/state"), &opening, &world, false).await;
    assert!(nowhere.is_stopped() && told(&nowhere)[0].starts_with("stop journal"), "{:?}", told(&nowhere));
}

#[test]
fn the_name_is_typed_that_the_site_gives() {
    let site = |word: &str| SiteSeen { name: "prod-eu".into(), environment: word.into(), colour: "red".into() };
    for (site, typed, fits) in [
        (Some(site("PRODUCTION")), "PRODUCTION", true),
        (Some(site("PRODUCTION")), " production ", true),
        (Some(site("PRODUCTION")), "STAGING", false),
        (Some(site("PRODUCTION")), "", false),
        (Some(site("")), "prod-eu", true),
        (Some(site("")), "live", false),
        (None, "live", true),
        (None, "yes", false),
    ] {
        assert_eq!(confirm(site.as_ref(), typed).is_ok(), fits, "{site:?} {typed}");
    }
    let why = confirm(Some(&site("PRODUCTION")), "staging").unwrap_err();
    assert_eq!(why, "\"staging\" was typed, PRODUCTION is expected: nothing was started");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_else_is_there_is_not_said_to_be_nobody_where_the_runs_cannot_be_listed() {
    let place = tempfile::tempdir().unwrap();
    std::fs::write(place.path().join("runs"), "").unwrap();
    let found =
        look(place.path(), &opening("", Some(("prod-eu", "PRODUCTION"))), &world(ScriptedRunner::new()), false).await;
    let marks = |about: &str| found.found.iter().find(|one| one.about == about).map(|one| one.mark);
    assert_eq!((marks("others"), marks("clock")), (Some(Mark::Look), Some(Mark::Look)), "{:?}", told(&found));
    assert!(!told(&found).join(" ").contains("nobody"), "{:?}", told(&found));
}
