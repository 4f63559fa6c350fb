//! From one hit of a search to the next.

use crate::tui::dialog::Dialog;
use crate::tui::message::Message;
use crate::tui::rebind::rebound;
use crate::tui::replay_tests::{self, recording, walked};
use crate::tui::screen::Screen;
use crate::tui::stage_tests::{Stage, event};

fn searched(text: &str) -> Stage {
    let mut stage = Stage::open((120, 40));
    stage.all_well();
    stage.prepare();
    stage.press("/");
    stage.type_text(text);
    stage.press("enter");
    stage
}

fn shown(stage: &Stage) -> String {
    stage.run().shown_step().map(|key| key.to_string()).unwrap_or_default()
}

#[test]
fn it_goes_from_step_to_step_and_tells_how_many_there_are_and_that_it_begins_again() {
    let mut stage = searched("stop");
    let first = shown(&stage);
    let all = stage.run().found.as_ref().map(|found| found.all).expect("the search stands");
    assert!(all >= 2, "{}", stage.picture());
    assert!(stage.picture().contains(&format!("1 of {all} for \"stop\"; n next, N previous, esc ends it")));
    let before = stage.records.len();
    let mut seen = vec![first.clone()];
    for at in 2..=all {
        stage.press("n");
        assert!(stage.picture().contains(&format!("{at} of {all} for")), "{}", stage.picture());
        seen.push(shown(&stage));
    }
    let distinct: std::collections::BTreeSet<_> = seen.iter().collect();
    assert_eq!(distinct.len(), all, "{seen:?}");
    stage.press("n");
    assert_eq!(shown(&stage), first);
    assert!(stage.picture().contains(&format!("1 of {all}, all around for")), "{}", stage.picture());
    stage.press("N");
    assert_eq!(Some(&shown(&stage)), seen.last());
    assert!(stage.picture().contains(&format!("{all} of {all}, all around")), "{}", stage.picture());
    assert!(stage.picture().contains("end search") && !stage.picture().contains("n note"), "{}", stage.picture());
    assert_eq!(stage.records.len(), before, "looking records nothing");
    stage.press("esc");
    assert!(stage.run().found.is_none() && stage.picture().contains("n note"), "{}", stage.picture());
    stage.press("n");
    assert!(matches!(stage.run().dialog, Some(Dialog::Note(_))), "the key means again what it meant");
}

#[test]
fn what_does_something_ends_the_search_and_nothing_typed_is_no_search() {
    let mut stage = searched("stop");
    stage.press("j");
    assert!(stage.run().found.is_some(), "looking goes on");
    stage.press(".");
    assert!(stage.run().found.is_none());
    stage.press("/");
    stage.press("enter");
    assert!(stage.run().found.is_none(), "a list without a word is no search");
    let mut stage = searched("stop");
    stage.press("enter");
    assert!(stage.run().found.is_none());
    let mut stage = searched("stop");
    stage.press("/");
    stage.press("esc");
    assert!(stage.run().found.is_some(), "the one before stands");
}

#[test]
fn the_keys_are_those_of_the_users_keymap() {
    let mut stage = Stage::open((120, 40));
    let own = "[[key]]\ncontext = \"found\"\naction = \"next-hit\"\nkeys = [\"u\"]\n";
    stage.app.keymap = rebound(own).unwrap();
    stage.all_well();
    stage.prepare();
    stage.press("/");
    stage.type_text("stop");
    stage.press("enter");
    assert!(stage.picture().contains("u next, N previous"), "{}", stage.picture());
    stage.press("u");
    assert!(stage.picture().contains("2 of "), "{}", stage.picture());
}

#[test]
fn lines_of_an_output_and_records_of_a_journal_are_gone_through_too() {
    let mut stage = replay_tests::Stage::open(recording(&walked("vault-ha-upgrade", "calm", true)), None, (120, 40));
    let at = |stage: &mut replay_tests::Stage| stage.replay().at;
    stage.tell(Message::Key(event("/")));
    stage.tell(Message::Paste("confirmed".into()));
    stage.press("enter");
    let first = at(&mut stage);
    stage.press("n");
    let second = at(&mut stage);
    stage.press("n");
    assert!(first < second && second < at(&mut stage), "records in their order");
    stage.press("N");
    assert_eq!(at(&mut stage), second);
    let Screen::Replay(replay) = &stage.app.screen else { panic!("a replay") };
    let found = replay.run.found.clone().expect("the search stands");
    assert_eq!((found.at, found.is_wrapped), (2, false));
    stage.press("esc");
    assert!(stage.replay().run.found.is_none() && at(&mut stage) == second, "esc ends the search, not the replay");
}
