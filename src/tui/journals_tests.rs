//! The list of all runs, and the way from it into a replay and back.

use std::time::Duration;

use insta::assert_snapshot;

use crate::clock::Timestamp;
use crate::tui::backstage::{JournalEntry, RecordFound};
use crate::tui::beside::Beside;
use crate::tui::message::{Effect, Message};
use crate::tui::replay_tests::{Stage, recording, shown, small};

pub fn entries() -> Vec<JournalEntry> {
    let vault = JournalEntry {
        run: "2026-11-21-vault-ha-7qf3".into(),
        title: "Upgrade a Vault HA cluster".into(),
        place: "PRODUCTION prod-eu".into(),
        operator: "maria@bastion".into(),
        opened: Some(Timestamp::from_millis(1_795_228_870_000)),
        lasted: "1h 12m".into(),
        outcome: "completed with deviations".into(),
        integrity: "intact".into(),
        deviations: 2,
        sittings: 3,
        records: 431,
        is_practice: false,
        is_closed: true,
        is_damaged: false,
        beside: Beside::default(),
    };
    let practice = JournalEntry {
        run: "2026-11-20-nomad-clients-2b4c".into(),
        title: "Upgrade Nomad clients".into(),
        place: "practice".into(),
        operator: "jo@laptop".into(),
        lasted: "42s".into(),
        outcome: "suspended".into(),
        deviations: 0,
        sittings: 1,
        records: 12,
        is_practice: true,
        is_closed: false,
        ..vault.clone()
    };
    let broken = JournalEntry {
        run: "2026-11-19-vault-ha-9x7k".into(),
        outcome: "DAMAGED".into(),
        integrity: "broken at line 12: its `prev` is not the sha256 of line 11".into(),
        is_closed: false,
        is_damaged: true,
        ..vault.clone()
    };
    vec![vault, practice, broken]
}

#[test]
fn the_list_of_all_runs_is_filtered_and_one_of_them_replayed() {
    for size in [(80, 24), (120, 40)] {
        let mut stage = Stage::new(size);
        stage.press("J");
        assert_eq!(stage.effects, [Effect::ReadJournals]);
        stage.tell(Message::Journals(entries()));
        assert_snapshot!(format!("journals_{}x{}", size.0, size.1), shown(&stage));
        stage.press("/");
        "MARIA qf".chars().for_each(|c| stage.press(&c.to_string()));
        assert_snapshot!(format!("journals_filtered_{}x{}", size.0, size.1), shown(&stage));
        assert!(shown(&stage).contains("1 of 3 runs"), "{}", shown(&stage));
        stage.press("esc");
        assert!(shown(&stage).contains("3 runs") && !shown(&stage).contains("of 3 runs"));
        stage.press("down");
        stage.press("enter");
        assert_eq!(stage.effects.last(), Some(&Effect::Replay("2026-11-20-nomad-clients-2b4c".into())));
        stage.tell(Message::Recording(Err("it holds no whole record".into())));
        assert!(shown(&stage).contains("it holds no whole record"), "{}", shown(&stage));
        stage.press("enter");
        let run = || "2026-11-20-nomad-clients-2b4c".to_owned();
        let took = Duration::from_secs(2);
        stage.tell(Message::ReadingJournal { run: run(), done: 30_000_000, all: 120_000_000, took });
        assert_snapshot!(format!("journals_reading_{}x{}", size.0, size.1), shown(&stage));
        // It can be ended; what comes all the same is not shown.
        stage.press("esc");
        assert_eq!(stage.effects.last(), Some(&Effect::StopReading));
        assert!(shown(&stage).contains("is not read on") && shown(&stage).contains("library"), "{}", shown(&stage));
        stage.tell(Message::ReadingJournal { run: run(), done: 60_000_000, all: 120_000_000, took });
        stage.tell(Message::Recording(Ok((Box::new(recording(&small())), None))));
        assert!(!shown(&stage).contains("50 %") && !shown(&stage).contains(" REPLAY "), "{}", shown(&stage));
        stage.press("enter");
        stage.tell(Message::Recording(Ok((Box::new(recording(&small())), None))));
        assert!(shown(&stage).contains(" REPLAY "), "{}", shown(&stage));
        assert!(shown(&stage).contains("esc all runs"), "{}", shown(&stage));
        stage.press("esc");
        assert!(shown(&stage).contains("piton  journals") && shown(&stage).contains("3 runs"));
        stage.press("esc");
        assert_eq!(stage.effects.last(), Some(&Effect::ReadLibrary));
        assert!(shown(&stage).contains("piton  runbooks"));
    }
}

#[test]
fn a_list_without_a_run_tells_how_one_is_made_and_offers_nothing_else() {
    for size in [(80, 24), (120, 40)] {
        let mut stage = Stage::new(size);
        stage.press("J");
        stage.tell(Message::Journals(Vec::new()));
        let seen = shown(&stage);
        assert!(
            seen.contains("no runs yet: a runbook opens one, from the library, best a practice run first"),
            "{seen}"
        );
        let keys = seen.lines().rev().find(|line| line.contains("library")).unwrap_or_default();
        assert!(!keys.contains("replay") && !keys.contains("sign") && keys.contains("esc library"), "{keys}");
    }
}

fn typed(stage: &mut Stage, text: &str) {
    text.chars().for_each(|c| stage.press(&c.to_string()));
}

fn hit(run: &str, seq: u64, told: &str) -> RecordFound {
    RecordFound { run: run.into(), seq, told: told.into() }
}

#[test]
fn what_is_typed_narrows_the_list_at_once_and_is_looked_for_in_the_records_behind() {
    for size in [(80, 24), (120, 40)] {
        let mut stage = Stage::new(size);
        stage.press("J");
        stage.tell(Message::Journals(entries()));
        stage.press("/");
        stage.effects.clear();
        typed(&mut stage, "w");
        assert_eq!(stage.effects, [], "one letter stands everywhere");
        typed(&mut stage, "indow");
        assert_eq!(stage.effects.last(), Some(&Effect::Search("window".into())));
        assert_eq!(stage.effects.len(), 5);
        assert!(shown(&stage).contains("looking in their records"), "{}", shown(&stage));
        let told = "SKIPPED standbys[vault-2]/drain: the window closes";
        let found = vec![hit("2026-11-19-vault-ha-9x7k", 57, told)];
        stage.tell(Message::Found { words: "windo".into(), found: found.clone(), is_done: false });
        assert!(!shown(&stage).contains("#57"), "what was typed before is of no matter any more");
        stage.tell(Message::Found { words: "window".into(), found, is_done: false });
        assert_snapshot!(format!("journals_found_{}x{}", size.0, size.1), shown(&stage));
        stage.tell(Message::Found { words: "window".into(), found: Vec::new(), is_done: true });
        assert!(shown(&stage).contains("1 in their records"), "{}", shown(&stage));
        stage.press("enter");
        stage.press("enter");
        assert_eq!(stage.effects.last(), Some(&Effect::ReplayAt("2026-11-19-vault-ha-9x7k".into(), 57)));
        stage.tell(Message::Recording(Ok((Box::new(recording(&small())), Some(3)))));
        assert!(shown(&stage).contains(" REPLAY "), "{}", shown(&stage));
        stage.press("esc");
        assert!(shown(&stage).contains("window") && shown(&stage).contains("#57"), "{}", shown(&stage));
        stage.press("esc");
        assert_eq!(
            stage.effects[stage.effects.len() - 1],
            Effect::Search(String::new()),
            "nobody wants to know any more"
        );
        assert!(shown(&stage).contains("3 runs") && !shown(&stage).contains("#57"));
    }
}

#[test]
fn the_chosen_run_stays_chosen_while_others_are_found() {
    let mut stage = Stage::new((80, 24));
    stage.press("J");
    stage.tell(Message::Journals(entries()));
    stage.press("/");
    typed(&mut stage, "nomad");
    stage.press("enter");
    let found = vec![hit("2026-11-21-vault-ha-7qf3", 9, "note: as with nomad")];
    stage.tell(Message::Found { words: "nomad".into(), found, is_done: true });
    assert!(shown(&stage).contains("2 of 3 runs"), "{}", shown(&stage));
    stage.press("enter");
    assert_eq!(stage.effects.last(), Some(&Effect::Replay("2026-11-20-nomad-clients-2b4c".into())));
}

#[test]
fn one_of_ten_thousand_runs_is_found_by_its_name() {
    let mut stage = Stage::new((120, 40));
    stage.press("J");
    let one = entries().remove(0);
    let many = (0..10_000).map(|number| JournalEntry { run: format!("2026-11-21-run-{number:05}"), ..one.clone() });
    stage.tell(Message::Journals(many.collect()));
    stage.press("/");
    typed(&mut stage, "run-04711");
    assert!(shown(&stage).contains("1 of 10000 runs"), "{}", shown(&stage));
}

/// They come in the order in which they are read, short journals first.
#[test]
fn runs_that_come_as_they_are_read_stand_where_they_belong() {
    let took = Duration::from_secs(4);
    let opened = |number: u8| JournalEntry {
        run: format!("2026-11-2{number}-run"),
        opened: Some(Timestamp::from_millis(i64::from(number) * 86_400_000)),
        ..entries().remove(0)
    };
    let mut stage = Stage::new((120, 40));
    stage.app.screen = crate::tui::screen::Screen::Journals(Box::default());
    let some = |first: usize, numbers: &[u8]| Message::SomeJournals {
        first,
        entries: numbers.iter().map(|number| opened(*number)).collect(),
        all: 6,
        took,
    };
    let listed = |stage: &Stage| -> String {
        let shown = shown(stage);
        let rows = shown.lines().filter_map(|line| line.split_once("2026-11-2")?.1.split_once("-run"));
        let mut numbers: String = rows.map(|(number, _)| number).collect();
        // Below the list stands the chosen one once more.
        numbers.pop();
        numbers
    };
    stage.tell(some(0, &[4, 2]));
    assert_eq!(listed(&stage), "42");
    stage.press("down");
    stage.tell(some(2, &[5, 3, 1]));
    assert_eq!(listed(&stage), "54321");
    stage.press("enter");
    assert_eq!(stage.effects.last(), Some(&Effect::Replay("2026-11-22-run".into())), "it is still the chosen one");
    stage.tell(Message::Recording(Err("it holds no whole record".into())));
    stage.tell(some(0, &[3, 4]));
    assert_eq!(listed(&stage), "54321");
}

/// Of thousands the latest are seen while the others are still read; who has chosen one keeps it.
#[test]
fn a_long_list_is_shown_while_it_is_read() {
    let (entries, took) = (entries(), Duration::from_secs(4));
    for size in [(80, 24), (120, 40)] {
        let mut stage = Stage::new(size);
        stage.app.screen = crate::tui::screen::Screen::Journals(Box::default());
        let some = |first: usize, until: usize| Message::SomeJournals {
            first,
            entries: entries[first..until].to_vec(),
            all: 10_000,
            took,
        };
        stage.tell(some(0, 2));
        stage.press("down");
        assert_snapshot!(format!("journals_some_{}x{}", size.0, size.1), shown(&stage));
        stage.tell(some(2, 3));
        assert!(shown(&stage).contains(&entries[2].run), "{}", shown(&stage));
        // Read once more after a replay: what is listed does not vanish meanwhile.
        stage.tell(some(0, 1));
        assert!(shown(&stage).contains(&entries[2].run), "{}", shown(&stage));
        stage.press("enter");
        assert_eq!(stage.effects.last(), Some(&Effect::Replay(entries[1].run.clone())));
        stage.tell(Message::Recording(Err("it holds no whole record".into())));
        stage.tell(Message::Journals(entries.clone()));
        assert!(!shown(&stage).contains("reading the runs"), "{}", shown(&stage));
        stage.press("enter");
        assert_eq!(stage.effects.last(), Some(&Effect::Replay(entries[1].run.clone())), "it is still the chosen one");
        stage.press("esc");
        stage.press("esc");
        assert!(stage.effects.ends_with(&[Effect::StopReading, Effect::ReadLibrary]), "nobody waits for the rest");
    }
}

#[test]
fn runs_that_cannot_be_listed_are_not_no_runs() {
    for size in [(80, 24), (120, 40)] {
        let mut stage = Stage::new(size);
        stage.press("J");
        let why =
            "the runs of this machine are not known: cannot list /state/runs: Permission denied; check who owns it";
        // What the library was told late is not told of this list.
        let before = shown(&stage);
        stage.tell(Message::Resumable(Err(why.into())));
        assert_eq!(shown(&stage), before);
        stage.tell(Message::Unlisted(why.into()));
        let seen = shown(&stage);
        assert!(seen.contains("cannot be told") && seen.contains("who owns it"), "{seen}");
        assert!(!seen.contains("no runs yet") && !seen.contains("0 runs"), "{seen}");
    }
}
