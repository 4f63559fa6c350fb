//! The list of all runs, and the way from it into a replay and back.

use insta::assert_snapshot;

use crate::clock::Timestamp;
use crate::tui::backstage::JournalEntry;
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
        stage.tell(Message::Recording(Ok((Box::new(recording(&small())), None))));
        assert!(shown(&stage).contains(" REPLAY "), "{}", shown(&stage));
        stage.press("esc");
        assert!(shown(&stage).contains("piton  journals") && shown(&stage).contains("3 runs"));
        stage.press("esc");
        assert_eq!(stage.effects.last(), Some(&Effect::ReadLibrary));
        assert!(shown(&stage).contains("piton  runbooks"));
    }
}
