//! A disk that takes its time: nothing on the screen waits for it.

use std::time::Duration;

use piton::engine::Event;

use crate::support::fault::under_faults;
use crate::terminal::{Place, SOON, head};

/// Every sync of the journal takes that long.
const SYNC: Duration = Duration::from_secs(2);
const PLAN: &str = "fdatasync:1+:delay=2000";

#[test]
fn keys_are_answered_while_each_sync_takes_seconds_and_the_screen_says_that_it_is_saving() {
    let place = Place::new();
    let caution =
        "[[phase.step]]\nid = \"first\"\ntitle = \"Read it\"\ncaution = \"Mind the gap.\"\nconfirm = \"Minded?\"\n";
    let other = "[[phase.step]]\nid = \"other\"\ntitle = \"The other\"\nconfirm = \"What is the other?\"\n";
    let book = place.write("slow.toml", head("slow") + caution + other);
    let start = place.start(&["practice", &book]).with(|command| {
        under_faults(command, PLAN, "journal.jsonl", None);
    });
    let terminal = start.spawn();
    terminal.wait_text("enter cautions read", SOON);
    terminal.key("enter");
    terminal.wait_text("saving", SYNC / 2);
    for (key, shown) in [("down", "What is the other?"), ("up", "Mind the gap."), ("down", "What is the other?")] {
        terminal.key(key);
        let screen = terminal.wait_text(shown, SYNC / 2);
        assert!(screen.contains("saving"), "the record was on disk before the key was answered\n{screen}");
    }
    terminal.wait_for("the record on disk", SOON, |screen| !screen.contains("saving"));
    let is_read = |event: &Event| matches!(event, Event::CautionsRead { .. });
    assert!(place.records().iter().any(|record| is_read(&record.event)));
}
