//! Whole journeys, from the library to the closing of the run, each walked twice: by the keyboard alone, and by the mouse
//! alone but for the texts. What each step takes is counted, printed and asserted.

use std::time::Duration;

use piton::engine::{Event, Outcome, Record};
use piton::journal::Integrity;

use crate::support::binary::{Home, records};
use crate::support::hand::{By, Hand, Took};
use crate::support::pty::{Exit, Terminal};

const SOON: Duration = Duration::from_secs(20);
const DONE: Exit = Exit { code: Some(0), signal: None };

/// A runbook with one step of each kind that is usual. `more`: what else stands in it.
fn book(id: &str, more: &str, steps: &str) -> String {
    format!(
        "format = 1\nid = \"{id}\"\ntitle = \"A short walk\"\nrevision = \"1\"\nsystem = \"vault\"\nsummary = \"By hand.\"\n{more}\n\
         [[phase]]\nid = \"all\"\ntitle = \"All of it\"\n{steps}"
    )
}

const LOOK: &str = "[[phase.step]]\nid = \"look\"\ntitle = \"Look at it\"\nconfirm = \"How is it?\"\n";
const AGAIN: &str = "[[phase.step]]\nid = \"again\"\ntitle = \"Look again\"\nconfirm = \"And now?\"\n";

fn write(home: &Home, name: &str, text: &str) -> String {
    let path = home.path().join(name);
    std::fs::write(&path, text).expect("the test's folder can be written to");
    path.display().to_string()
}

/// Lays a runbook where the library finds it.
fn shelve(home: &Home, text: &str) {
    let folder = home.path().join(".config/piton/runbooks");
    std::fs::create_dir_all(&folder).expect("the test's folder can be written to");
    std::fs::write(folder.join("short.toml"), text).expect("the test's folder can be written to");
}

/// Finds that runbook in the library, and leaves the cursor on it.
#[track_caller]
fn find_it(hand: &mut Hand<'_>) {
    hand.part("find it in the library");
    hand.press("/ find", "only what holds");
    hand.say("a short walk");
    hand.press("enter keep", "enter set up");
}

fn spawn(home: &Home, arguments: &[&str]) -> Terminal {
    home.terminal(arguments).size(40, 120).spawn()
}

/// The records of the only run, of an intact journal, and how it was closed.
#[track_caller]
fn closed(home: &Home) -> (Vec<Record>, Outcome) {
    let (records, found) = records(&home.run());
    assert_eq!(found.integrity, Integrity::Whole);
    let outcome = records.iter().find_map(|record| match &record.event {
        Event::RunClosed { outcome, .. } => Some(*outcome),
        _ => None,
    });
    (records, outcome.expect("it was closed"))
}

/// Tells what each part took, and asserts it of the routine ones: their name begins with the action.
fn tell(walk: &str, by: By, took: &[Took]) {
    for Took { what, presses, texts } in took.iter().filter(|took| !took.what.is_empty()) {
        println!("{walk} by {by:?}: {what}: {presses} presses, {texts} texts");
        if what.starts_with("confirm") {
            // One opens the question; the other ends the statement, as its full stop does.
            assert_eq!((*presses, *texts), (2, 1), "{what}");
        }
        if what.starts_with("answer") || what.starts_with("run") {
            assert!(*presses <= 3, "{what}: {presses}");
        }
        if what.starts_with("find it") {
            // Two to find it; two more to begin a practice run, or to come to the look before a live one.
            assert!(*presses <= 4 && *texts == 1, "{what}: {presses}, {texts}");
        }
        if what == "begin" {
            assert_eq!((*presses, *texts), (2, 1), "{what}");
        }
    }
}

/// Confirms a step with a statement.
#[track_caller]
fn confirm(hand: &mut Hand<'_>, what: &str, then: &str) {
    hand.part(&format!("confirm {what}"));
    hand.press("enter confirm", "─ Answer ─");
    hand.say("as it should be");
    hand.press("enter record it", then);
}

/// Begins a live run whose set-up shows nothing to be looked at.
#[track_caller]
fn begin(hand: &mut Hand<'_>, then: &str) {
    hand.part("begin");
    hand.press("enter go on", "Type live to start it.");
    hand.say("live");
    hand.press("enter start", then);
}

#[track_caller]
fn close(hand: &mut Hand<'_>) {
    hand.part("close");
    hand.press("Q close", "Sure?");
    hand.press("y yes", "The run is closed");
    hand.press("enter leave", "");
}

/// A rehearsal from its first step to its debrief.
fn a_practice_run(by: By) {
    let home = Home::new();
    let steps = [
        "[[phase.step]]\nid = \"read\"\ntitle = \"Mind it\"\ncaution = \"Mind the gap.\"\nconfirm = \"Minded?\"\n",
        "[[phase.step]]\nid = \"which\"\ntitle = \"Choose one\"\nconfirm = \"Which?\"\noptions = [\"this\", \"that\"]\n",
        "[[phase.step]]\nid = \"host\"\ntitle = \"Ask for its name\"\nrun = [\"ssh\", \"vault-1\", \"hostname\"]\n",
        LOOK,
    ];
    let more = "[inputs.nodes]\ntype = \"nodes\"\nprompt = \"Nodes\"\n";
    shelve(&home, &book("short", more, &steps.concat()));
    let mut terminal = spawn(&home, &[]);
    let mut hand = Hand::at(&terminal, by);
    find_it(&mut hand);
    hand.press("p practise", "enter start");
    hand.press("enter start", "enter cautions read");
    hand.part("read the caution");
    hand.press("enter cautions read", "enter confirm");
    confirm(&mut hand, "with a caution", "Which?");
    hand.part("answer one of two");
    hand.press("enter answer", "Which one?");
    hand.choose("2", "2  that");
    hand.press("enter record it", "enter run");
    hand.part("run a command");
    hand.press("enter run", "This will run");
    hand.press("y run it", "How is it?");
    confirm(&mut hand, "the last", "Q close");
    hand.part("close");
    hand.press("Q close", "Sure?");
    hand.press("y yes", "Debrief");
    hand.scroll();
    hand.press("enter leave", "");
    tell("practice", by, &hand.took);
    assert_eq!(terminal.wait_exit(SOON), DONE);
    let (records, outcome) = closed(&home);
    assert_eq!(outcome, Outcome::Completed);
    assert!(records.iter().any(|record| matches!(&record.event, Event::StepConfirmed { said, .. } if said == "that")));
}

/// The form is filled, and a gate that does not hold is waited for.
fn a_gate_that_is_waited_for(by: By) {
    let home = Home::new();
    let flag = home.path().join("flag");
    let more = format!(
        "[inputs.target]\ntype = \"version\"\nprompt = \"Version to upgrade to\"\n\
         [[health]]\nid = \"up\"\ntitle = \"Up\"\nevery = \"500ms\"\ncommand = [\"test\", \"-e\", \"{}\"]\n\
         fields = {{ exit = \".exit\" }}\nok = \".exit == 0\"\n",
        flag.display()
    );
    let gate = "gate = { holds = '.health.up[0].verdict == \"ok\"', why = \"It must be up.\" }\n";
    shelve(&home, &book("gated", &more, &format!("{LOOK}{gate}")));
    let mut terminal = spawn(&home, &[]);
    let mut hand = Hand::at(&terminal, by);
    find_it(&mut hand);
    hand.part("set up");
    hand.press("enter set up", "Version to upgrade to");
    terminal.wait_text("Version to upgrade to", SOON);
    hand.say("1.17.3");
    hand.press("enter next", "enter look before the start");
    hand.press("enter look before the start", "y allow these");
    hand.press("y allow these", "a go on all the same");
    hand.press("a go on all the same", "Type live to start it.");
    hand.say("live");
    hand.press("enter start", "It must be up.");
    hand.part("why it is held");
    hand.press("w why", "─ Why ─");
    hand.press("esc back", "It must be up.");
    hand.part("what can be done, all of it");
    hand.press(": menu", "─ Commands ─");
    hand.press("esc close", "It must be up.");
    hand.part("the overview");
    match by {
        By::Keys => drop(hand.press("m", "Overview")),
        By::Mouse => {
            hand.press(": menu", "─ Commands ─");
            hand.say("overview");
            hand.press("enter do it", "─ Overview ─");
        }
    }
    hand.press("esc back", "It must be up.");
    std::fs::write(&flag, "").expect("the test's folder can be written to");
    confirm(&mut hand, "once the gate holds", "Q close");
    close(&mut hand);
    tell("gate", by, &hand.took);
    assert_eq!(terminal.wait_exit(SOON), DONE);
    assert_eq!(closed(&home).1, Outcome::Completed);
}

/// A step is left out with a reason, a note is written, and the run ends with a deviation.
fn a_deviation_with_its_reason(by: By) {
    let home = Home::new();
    shelve(&home, &book("two", "", &[LOOK, AGAIN].concat()));
    let mut terminal = spawn(&home, &[]);
    let mut hand = Hand::at(&terminal, by);
    find_it(&mut hand);
    hand.press("enter set up", "enter look before the start");
    hand.press("enter look before the start", "enter go on");
    begin(&mut hand, "How is it?");
    hand.part("skip with a reason");
    hand.press("s skip", "Skip the step");
    hand.say("it is not there");
    hand.press("enter record it", "And now?");
    hand.part("note");
    hand.press("n note", "─ Note ─");
    hand.say("all quiet otherwise");
    hand.press("ctrl-s write it", "n note");
    hand.part("begin and think better of it");
    hand.press("enter confirm", "─ Answer ─");
    hand.press("esc back", "enter confirm");
    confirm(&mut hand, "the other", "Q close");
    close(&mut hand);
    tell("deviation", by, &hand.took);
    assert_eq!(terminal.wait_exit(SOON), Exit { code: Some(10), signal: None });
    let (records, outcome) = closed(&home);
    assert_eq!(outcome, Outcome::CompletedWithDeviations);
    let is_noted =
        |record: &Record| matches!(&record.event, Event::NoteAdded { text, .. } if text == "all quiet otherwise");
    assert!(records.iter().any(is_noted));
}

/// Half way the plan is left for the way back, which is walked to its end.
fn a_way_back(by: By) {
    let home = Home::new();
    let back = "[[rollback]]\nid = \"undo\"\ntitle = \"Undo it\"\n[[rollback.phase]]\nid = \"undo-it\"\ntitle = \"Undo\"\n\
                [[rollback.phase.step]]\nid = \"undone\"\ntitle = \"Undo all\"\nconfirm = \"Undone?\"\n";
    shelve(&home, &book("back", "", &[LOOK, AGAIN, back].concat()));
    let mut terminal = spawn(&home, &[]);
    let mut hand = Hand::at(&terminal, by);
    find_it(&mut hand);
    hand.press("enter set up", "enter look before the start");
    hand.press("enter look before the start", "enter go on");
    begin(&mut hand, "How is it?");
    confirm(&mut hand, "the first", "And now?");
    hand.part("roll back with a reason");
    hand.press("b roll back", "─ Roll back ─");
    hand.say("it went wrong");
    hand.press("enter record it", "Undone?");
    confirm(&mut hand, "of the way back", "Q close");
    close(&mut hand);
    tell("way back", by, &hand.took);
    assert_eq!(terminal.wait_exit(SOON), Exit { code: Some(20), signal: None });
    assert_eq!(closed(&home).1, Outcome::RolledBack);
}

/// The program is killed; the run is gone on with from the library, and given up in the end.
fn a_run_that_is_gone_on_with_after_a_kill(by: By) {
    let home = Home::new();
    shelve(&home, &book("cut", "", &[LOOK, AGAIN].concat()));
    let mut terminal = spawn(&home, &[]);
    let mut hand = Hand::at(&terminal, by);
    find_it(&mut hand);
    hand.press("enter set up", "enter look before the start");
    hand.press("enter look before the start", "enter go on");
    begin(&mut hand, "How is it?");
    confirm(&mut hand, "before the kill", "And now?");
    let took = hand.took.clone();
    terminal.kill();
    terminal.wait_exit(SOON);
    let mut terminal = spawn(&home, &[]);
    let mut hand = Hand::at(&terminal, by);
    hand.took.extend(took);
    hand.part("go on from the library");
    terminal.wait_text("A short walk", SOON);
    hand.press("enter go on", "You were here");
    hand.press("enter go on from here", "And now?");
    hand.part("abandon with a reason");
    hand.press("A abandon", "─ Abandon the run ─");
    hand.say("another day");
    hand.press("enter record it", "The run is closed");
    hand.press("enter leave", "");
    tell("kill", by, &hand.took);
    assert_eq!(terminal.wait_exit(SOON), Exit { code: Some(30), signal: None });
    let (records, outcome) = closed(&home);
    assert_eq!(outcome, Outcome::Abandoned);
    let said = records.iter().filter(|record| matches!(record.event, Event::StepConfirmed { .. })).count();
    assert_eq!(said, 1, "what was said before the kill counts");
}

/// A run of the past is found among all runs and played back, from record to record.
fn a_replay(by: By) {
    let home = Home::new();
    let file = write(&home, "past.toml", &book("past", "", LOOK));
    let mut terminal = spawn(&home, &["run", &file]);
    let mut hand = Hand::at(&terminal, By::Keys);
    begin(&mut hand, "How is it?");
    confirm(&mut hand, "to be replayed", "Q close");
    close(&mut hand);
    terminal.wait_exit(SOON);
    let count = closed(&home).0.len();
    let mut terminal = spawn(&home, &[]);
    let mut hand = Hand::at(&terminal, by);
    hand.part("to the replay");
    hand.press("J all runs", "A short walk");
    hand.press("enter replay", &format!("#1 of {count}"));
    hand.part("to its end, record by record");
    for record in 2..=count {
        // Two keys share one word there.
        match by {
            By::Keys => drop(hand.press("right", &format!("#{record} of {count}"))),
            By::Mouse => drop(hand.press("right record", &format!("#{record} of {count}"))),
        }
    }
    hand.part("why, and the keys");
    hand.press("w why", "─ Why ─");
    hand.press("esc back", "q leave");
    hand.press("? help", "─ Keys ─");
    hand.choose("esc", "─ Keys ─");
    hand.press("q leave", "");
    tell("replay", by, &hand.took);
    terminal.wait_exit(SOON);
    assert_eq!(closed(&home).0.len(), count, "nothing was recorded by looking");
}

#[test]
fn a_practice_run_by_the_keyboard() {
    a_practice_run(By::Keys);
}

#[test]
fn a_practice_run_by_the_mouse() {
    a_practice_run(By::Mouse);
}

#[test]
fn a_gate_that_is_waited_for_by_the_keyboard() {
    a_gate_that_is_waited_for(By::Keys);
}

#[test]
fn a_gate_that_is_waited_for_by_the_mouse() {
    a_gate_that_is_waited_for(By::Mouse);
}

#[test]
fn a_deviation_with_its_reason_by_the_keyboard() {
    a_deviation_with_its_reason(By::Keys);
}

#[test]
fn a_deviation_with_its_reason_by_the_mouse() {
    a_deviation_with_its_reason(By::Mouse);
}

#[test]
fn a_way_back_by_the_keyboard() {
    a_way_back(By::Keys);
}

#[test]
fn a_way_back_by_the_mouse() {
    a_way_back(By::Mouse);
}

#[test]
fn a_run_that_is_gone_on_with_after_a_kill_by_the_keyboard() {
    a_run_that_is_gone_on_with_after_a_kill(By::Keys);
}

#[test]
fn a_run_that_is_gone_on_with_after_a_kill_by_the_mouse() {
    a_run_that_is_gone_on_with_after_a_kill(By::Mouse);
}

#[test]
fn a_replay_by_the_keyboard() {
    a_replay(By::Keys);
}

#[test]
fn a_replay_by_the_mouse() {
    a_replay(By::Mouse);
}

/// A key that repeats while it is held, as a keyboard repeats it: never two steps, and none without what is to be said.
#[test]
fn a_held_enter_never_confirms_two_steps() {
    let home = Home::new();
    let file = write(&home, "held.toml", &book("held", "", &[LOOK, AGAIN].concat()));
    let terminal = spawn(&home, &["run", &file]);
    let mut hand = Hand::at(&terminal, By::Keys);
    begin(&mut hand, "How is it?");
    hand.press("enter confirm", "─ Answer ─");
    hand.say("well");
    // Every 40 ms, for two seconds: what is drawn meanwhile is looked at, nothing is waited for.
    let (repeat, mut screen) = (Duration::from_millis(40), terminal.screen());
    for _ in 0..50 {
        terminal.key("enter");
        let until = piton::clock::monotonic() + repeat;
        while let Some(left) = until.checked_duration_since(piton::clock::monotonic()).filter(|left| !left.is_zero()) {
            screen = terminal.changed(&screen, left).unwrap_or(screen);
        }
    }
    terminal.wait_text("And now?", SOON);
    let confirmed = home.records().iter().filter(|record| matches!(record.event, Event::StepConfirmed { .. })).count();
    assert_eq!(confirmed, 1, "one statement was typed");
}
