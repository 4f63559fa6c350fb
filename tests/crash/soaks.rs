//! SIGKILL in the middle of a soak: it goes on, and what no record proves is a gap.

use piton::engine::{Event, Record, Soaked};

use super::walk::{SHORT_BOOK, Walk, is_closed};
use crate::support::binary::{Home, records};

/// The short runbook, with a soak of two hours before its last phase.
fn book(home: &Home) -> String {
    let text = std::fs::read_to_string(SHORT_BOOK).expect("it is beside this file");
    let soak = r#"
[[phase]]
id    = "soak"
title = "Soak"
[[phase.step]]
id    = "soak"
title = "See it well for two hours"
check = 'all(.health.vault[]; .verdict == "ok")'
soak  = "2h"
worst = { title = "nodes away", highest = '[.health.vault[] | select(.verdict != "ok")] | length' }
"#;
    let at = text.find("[[phase]]\nid    = \"first\"").expect("it has a first phase");
    let text = format!("{}{soak}\n{}", &text[..at], &text[at..]);
    let path = home.path().join("short.toml");
    // Slower probes: two hours pass in seconds.
    std::fs::write(&path, text.replace("every   = \"2s\"\ntimeout = \"2s\"", "every   = \"30s\"\ntimeout = \"20s\""))
        .unwrap();
    path.display().to_string()
}

fn soaked(records: &[Record]) -> Option<(u64, Soaked)> {
    records.iter().find_map(|record| match &record.event {
        Event::CheckPassed { held_ms, soaked: Some(soaked), .. } => Some((*held_ms, soaked.clone())),
        _ => None,
    })
}

#[test]
fn a_soak_outlives_a_kill_and_counts_what_was_proved() {
    const SPEED: &str = "1200";
    let home = Home::new();
    let book = book(&home);
    let mut walk = Walk::start(&mut home.command(&["practice", &book, "--autopilot", "--speed", SPEED]));
    // Some notes of what was seen.
    assert!(walk.until(13), "the soak takes longer than its first records");
    walk.kill();
    let run = home.run();
    let before = records(&run).0;
    let begun = before.iter().find_map(|record| match &record.event {
        Event::SoakSeen { since, .. } => Some(*since),
        _ => None,
    });
    let since = begun.expect("it soaks");
    assert_eq!(soaked(&before), None);
    let listed = String::from_utf8_lossy(&home.output(&["journals"]).stdout).into_owned();
    assert!(listed.contains("soak/soak soaks since") && listed.contains(" s of 7200 s, "), "{listed}");

    let ended = Walk::start(&mut home.command(&["resume", &run.id(), "--autopilot", "--speed", SPEED])).end();
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""));
    let after = records(&run).0;
    assert!(is_closed(&after));
    let (held_ms, soaked) = soaked(&after).expect("it passed");
    assert_eq!(soaked.since, since, "it did not start again");
    assert!(held_ms >= 7_200_000 && soaked.covered_ms < held_ms, "{held_ms} {soaked:?}");
    assert!(soaked.longest_gap_ms > 0 && soaked.covered_ms * 2 >= held_ms, "{held_ms} {soaked:?}");
    assert_eq!(soaked.worst, Some(0.into()));
}
