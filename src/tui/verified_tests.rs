//! A second person on the screen: at the same moment, and later.

use crate::engine::{Event, Mode, Outcome, StepStatus};
use crate::runbook::books_tests::TWO_PEOPLE;
use crate::runbook::parse;
use crate::tui::stage_tests::{Stage, look};
use crate::tui::theme::{Look, UNICODE};
use crate::tui::widget::ending;

fn stage(size: (u16, u16)) -> Stage {
    seen(size, look("dark", &UNICODE))
}

pub fn seen(size: (u16, u16), look: Look) -> Stage {
    let (book, told) = parse(TWO_PEOPLE);
    Stage::of(book.unwrap_or_else(|| panic!("{told:?}")), size, look, Mode::Live)
}

/// Stated by one person, before the other one says so too.
pub fn stated(size: (u16, u16), look: Look) -> Stage {
    let mut stage = seen(size, look);
    say(&mut stage, "open");
    stage
}

pub fn say(stage: &mut Stage, words: &str) {
    stage.press("enter");
    stage.type_text(words);
    stage.press("enter");
}

/// Opens the dialog with that key, and a second person states what is seen.
pub fn second(stage: &mut Stage, key: &str, name: &str) {
    stage.press(key);
    stage.type_text(name);
    stage.press("enter");
    stage.type_text("I see it too");
    stage.press("enter");
}

#[test]
fn two_people_confirm_at_the_same_moment() {
    for size in [(120, 40), (80, 24)] {
        let mut stage = stage(size);
        assert!(stage.picture().contains("A second person confirms at the same moment"), "{}", stage.picture());
        say(&mut stage, "open");
        let picture = stage.picture();
        assert!(picture.contains("Stated by maria@bastion: open. Now a second person"), "{picture}");
        let words = if size.0 == 80 { "enter confirm by another  " } else { "enter confirm by another…  " };
        assert!(picture.contains(words) && picture.contains("D dispute"), "{picture}");
        assert_eq!(stage.state.current.as_ref().unwrap().to_string(), "all/read");
        stage.press("enter");
        let picture = stage.picture();
        assert!(picture.contains("The name of who verifies it:"), "{picture}");
        stage.type_text("maria");
        stage.press("enter");
        assert!(stage.picture().contains("another person must"), "{}", stage.picture());
        stage.press("esc");
        second(&mut stage, "enter", "kim");
        assert_eq!(stage.state.current.as_ref().unwrap().to_string(), "all/shut");
        stage.press("up");
        let picture = stage.picture();
        assert!(picture.contains("confirmed at the same moment by kim: I see it too"), "{picture}");
    }
}

#[test]
fn the_run_waits_for_another_person_to_verify_it_and_is_closed_then() {
    let mut stage = stage((120, 40));
    say(&mut stage, "open");
    second(&mut stage, "enter", "kim");
    say(&mut stage, "shut");
    let picture = stage.picture();
    assert!(picture.contains("1 to verify") && picture.contains("2nd due"), "{picture}");
    assert!(picture.contains("? 2 Shut"), "it is not told as what went well: {picture}");
    assert!(picture.contains("V verify…"), "{picture}");
    say(&mut stage, "all is well");
    let picture = stage.picture();
    assert!(picture.contains("1 to be verified by another person before the run is closed: V"), "{picture}");
    assert!(!picture.contains("close the run"), "{picture}");
    stage.press("Q");
    assert!(stage.state.closed.is_none());
    stage.press("V");
    assert!(!stage.picture().contains("held now"), "nothing holds it: {}", stage.picture());
    stage.press("esc");
    // The action key leads there, too.
    second(&mut stage, "enter", "kim");
    assert!(stage.state.unverified.is_empty(), "{}", stage.picture());
    assert!(
        matches!(&stage.records.last().unwrap().event, Event::HoldReleased { released_by, .. } if released_by == "kim")
    );
    stage.press("Q");
    stage.press("y");
    assert_eq!(stage.state.closed.as_ref().unwrap().outcome, Outcome::Completed);
}

#[test]
fn it_is_verified_while_the_run_goes_on_or_overruled_at_its_end() {
    let mut stage = stage((120, 40));
    say(&mut stage, "open");
    second(&mut stage, "enter", "kim");
    say(&mut stage, "shut");
    second(&mut stage, "V", "kim");
    assert!(stage.state.unverified.is_empty(), "{}", stage.picture());
    assert_eq!(stage.state.current.as_ref().unwrap().to_string(), "all/end");

    let mut stage = self::stage((120, 40));
    say(&mut stage, "open");
    second(&mut stage, "enter", "kim");
    say(&mut stage, "shut");
    say(&mut stage, "all is well");
    stage.press("o");
    let picture = stage.picture();
    assert!(picture.contains("Go on without a second person"), "{picture}");
    assert!(picture.contains("1.2 Shut the valve stays done as it is, and nobody has verified it."), "{picture}");
    stage.type_text("nobody is there");
    stage.press("enter");
    let shut = &stage.state.phases[0].items[0].steps[1];
    assert_eq!((shut.status, shut.said.as_str()), (StepStatus::Done, "shut"), "nothing of what was done is denied");
    assert!(stage.state.unverified.is_empty() && stage.state.deviations.len() == 1);
    stage.press("up");
    let picture = stage.picture();
    assert!(picture.contains("no 2nd") && !picture.contains("2nd due"), "{picture}");
    let told = "Not verified by a second person: waived by maria@bastion: nobody";
    assert!(picture.contains(told) && !picture.contains("the run is not completed before"), "{picture}");
    stage.press("Q");
    let picture = stage.picture();
    assert!(picture.contains("with 1 waived"), "{picture}");
    stage.press("y");
    assert_eq!(stage.state.closed.as_ref().unwrap().outcome, Outcome::CompletedWithDeviations);
}

#[test]
fn who_verifies_sees_what_is_asked_and_at_the_same_moment_what_was_stated() {
    for size in [(120, 40), (80, 24)] {
        let mut stage = stated(size, look("dark", &UNICODE));
        for key in ["enter", "D"] {
            stage.press(key);
            let picture = stage.picture();
            let told = ["It asks: Which position?", "Stated by maria@bastion: open", "The name of who "];
            assert!(told.iter().all(|told| picture.contains(told)), "{key}: {picture}");
            stage.press("esc");
        }
        second(&mut stage, "enter", "kim");
        say(&mut stage, "shut");
        let is_at = |stage: &mut Stage, title: &str| stage.run().view.page.title == title;
        assert!(is_at(&mut stage, "Look at it"));
        // The page goes to what is verified, and comes back.
        for end in ["esc", "enter"] {
            stage.press("V");
            let picture = stage.picture();
            assert!(picture.contains("It asks: How does it stand?") && !picture.contains("Stated by"), "{picture}");
            assert!(is_at(&mut stage, "Shut the valve"), "{picture}");
            if end == "enter" {
                stage.type_text("kim");
                stage.press("enter");
                assert!(stage.picture().contains("It asks: How does it stand?"), "{}", stage.picture());
                stage.type_text("across");
            }
            stage.press(end);
            assert!(is_at(&mut stage, "Look at it"), "{}", stage.picture());
        }
        assert!(stage.state.unverified.is_empty());
    }
}

const UNDONE: &str = r#"
format = 1
id = "undone"
title = "Undone"
system = "demo"

[[phase]]
id = "all"
title = "All"
[[phase.step]]
id = "shut"
title = "Shut the valve"
irreversible = true
verify = "independent"
confirm = "How does it stand?"
[[phase.step]]
id = "go"
title = "Go on"
caution = "It is loud."
irreversible = true
confirm = "Gone?"

[[rollback]]
id = "undo"
title = "open it again"
when = ".passed.shut"
[[rollback.phase]]
id = "undo"
title = "Undo"
[[rollback.phase.step]]
id = "undo"
title = "Open it"
confirm = "Open?"
"#;

#[test]
fn what_stays_unverified_is_said_before_the_plan_is_left_and_at_the_close() {
    let (book, told) = parse(UNDONE);
    let book = book.unwrap_or_else(|| panic!("{told:?}"));
    let mut stage = Stage::of(book, (120, 40), look("dark", &UNICODE), Mode::Live);
    say(&mut stage, "shut");
    stage.press("enter");
    assert!(stage.state.phases[0].items[0].steps[1].cautions_read, "{}", stage.picture());
    let unverified = "Nobody will have verified: 1.1 Shut the valve.";
    stage.press("A");
    let picture = stage.picture();
    assert!(picture.contains(unverified), "{picture}");
    let changed = "This run does not undo what was changed by: 1.1 Shut the valve.";
    assert!(picture.contains(changed), "only its cautions were read: {picture}");
    stage.press("esc");
    stage.press("b");
    let picture = stage.picture();
    assert!(picture.contains(unverified), "{picture}");
    stage.type_text("it was wrong");
    stage.press("enter");
    let picture = stage.picture();
    assert!(picture.contains("on the way back") && !picture.contains("to verify"), "{picture}");
    say(&mut stage, "open");
    stage.press("Q");
    let never = "ever verified by a second person: 1.1 Shut the valve";
    let told = ending::close(stage.run());
    assert!(told.contains(&format!("N{never}.")), "{told}");
    stage.press("y");
    assert!(stage.picture().contains(&format!("n{never}")), "{}", stage.picture());
}

/// A second person opens the dialog for something else, and says what is seen.
fn otherwise(stage: &mut Stage, name: &str, words: &str) {
    stage.press("D");
    stage.type_text(name);
    stage.press("enter");
    stage.type_text(words);
    stage.press("enter");
}

#[test]
fn a_peer_who_sees_something_else_says_so_and_the_step_has_failed() {
    for size in [(120, 40), (80, 24)] {
        let mut stage = stated(size, look("dark", &UNICODE));
        assert!(stage.picture().contains("D dispute"), "{}", stage.picture());
        stage.press("D");
        let picture = stage.picture();
        assert!(picture.contains("Another person sees something else"), "{picture}");
        assert!(picture.contains("The name of who sees something else:"), "{picture}");
        stage.type_text("kim");
        stage.press("enter");
        let picture = stage.picture();
        assert!(picture.contains("What do you see instead?") && !picture.contains("ctrl-s"), "{picture}");
        stage.press("enter");
        assert!(stage.picture().contains("state what is seen instead"), "{}", stage.picture());
        stage.press("ctrl-s");
        assert!(stage.picture().contains("What do you see instead?"), "nothing is signed of it");
        stage.type_text("shut");
        stage.press("enter");
        let picture = stage.picture();
        assert!(picture.contains("failed: kim saw something else: shut"), "{picture}");
        assert!(picture.contains("r retry") && stage.state.deviations.len() == 1, "{picture}");
        stage.press("r");
        assert_eq!(stage.state.phases[0].items[0].steps[0].status, StepStatus::Current);
    }
}

#[test]
fn what_was_done_before_does_not_look_done_once_another_saw_something_else() {
    let mut stage = stage((120, 40));
    say(&mut stage, "open");
    second(&mut stage, "enter", "kim");
    say(&mut stage, "shut");
    otherwise(&mut stage, "kim", "the handle is along the pipe");
    assert_eq!(stage.state.current.as_ref().unwrap().to_string(), "all/shut", "{}", stage.picture());
    let picture = stage.picture();
    assert!(picture.contains("✘ 2 Shut the valve") && !picture.contains("2nd due"), "{picture}");
    assert!(picture.contains("failed: kim saw something else: the handle is along the pipe"), "{picture}");
    assert!(picture.contains("verify it by another look"), "{picture}");
    stage.press("Q");
    assert!(stage.state.closed.is_none());
    // Another look finds it good; that they did not see the same stays.
    second(&mut stage, "V", "jo");
    assert_eq!(stage.state.current.as_ref().unwrap().to_string(), "all/end", "{}", stage.picture());
    say(&mut stage, "all is well");
    stage.press("Q");
    stage.press("y");
    assert_eq!(stage.state.closed.as_ref().unwrap().outcome, Outcome::CompletedWithDeviations);
}

#[test]
fn what_was_sensed_is_told_by_its_rule_and_not_by_the_words_of_its_failure() {
    let check = "check = '.run.mode == \"live\"'\nwhy = \"It is a rehearsal.\"";
    let (book, told) = parse(&TWO_PEOPLE.replace("confirm = \"How does it stand?\"", check));
    for size in [(120, 40), (80, 24)] {
        let book = book.clone().unwrap_or_else(|| panic!("{told:?}"));
        let mut stage = Stage::of(book, size, look("dark", &UNICODE), Mode::Live);
        say(&mut stage, "open");
        second(&mut stage, "enter", "kim");
        let picture = stage.picture();
        assert!(picture.contains("passes by itself once its rule holds; if it does not:"), "{picture}");
        stage.look_at_conditions();
        stage.press("V");
        let picture = stage.picture();
        for told in ["It was sensed that this holds: .run.mode == \"live\"", "If it does not: It is a rehearsal."] {
            assert!(picture.contains(told), "{told}: {picture}");
        }
    }
}
