use std::time::Duration;

use crate::engine::{FileSeen, Leaving, Mode, Proposal};
use crate::tui::dialog::{Ask, Dialog};
use crate::tui::message::{Effect, Message};
use crate::tui::stage_tests::{Stage, look, run_action, runbook, step};
use crate::tui::theme::UNICODE;

/// A command is running, and a file is being read that is to be evidence.
fn reading() -> Stage {
    let mut book = runbook();
    book.phases[0].steps.insert(0, step("stop", "Stop Vault on vault-2", run_action(&["systemctl", "stop", "vault"])));
    let mut stage = Stage::of(book, (100, 30), look("dark", &UNICODE), Mode::Live);
    stage.all_well();
    stage.look_at_health();
    stage.press("enter");
    stage.press("y");
    stage.press("e");
    stage.type_text("/big");
    stage.press("enter");
    stage.tell(Message::ReadingFile {
        path: "/big".into(),
        done: 1_250_000_000,
        all: 41_943_040_000,
        took: Duration::from_secs(5),
    });
    stage
}

fn read_to_its_end(stage: &mut Stage) {
    let file = FileSeen { bytes: 7, sha256: "0f".repeat(32) };
    let step = stage.state.current.clone();
    let proposal = Proposal::Attach { step, path: "/big".into(), file, kept: None };
    stage.tell(Message::FileRead("/big".into(), Ok(proposal)));
}

#[test]
fn the_reading_of_a_file_tells_how_far_it_is_and_esc_ends_it() {
    let mut stage = reading();
    let picture = stage.picture();
    assert!(
        picture.contains("reading the file [                    ] 2 %, 250.0 MB/s, 2 min 42 s left; esc ends it"),
        "{picture}"
    );
    assert!(!picture.contains("saving"), "{picture}");
    stage.press("esc");
    assert!(stage.effects.contains(&Effect::StopReading));
    assert!(stage.run().dialog.is_none() && stage.run().pending.is_none());
    assert!(stage.picture().contains("nothing was recorded"), "{}", stage.picture());
    // It had come to its end just then.
    let before = stage.records.len();
    read_to_its_end(&mut stage);
    assert_eq!(stage.records.len(), before);
    stage.press("n");
    assert!(matches!(stage.run().dialog, Some(Dialog::Note(_))), "what comes next is taken");
}

#[test]
fn a_run_is_left_while_a_file_is_read() {
    let mut stage = reading();
    stage.press("ctrl-c");
    assert!(matches!(stage.run().dialog, Some(Dialog::Ask(Ask::Leave))), "{}", stage.picture());
    stage.press("y");
    assert!(stage.effects.contains(&Effect::Leave(Leaving::Left)));
}

#[test]
fn a_command_is_cancelled_while_a_file_is_read() {
    let mut stage = reading();
    // The dialog of the file has the keys: another one takes its place, and is closed.
    stage.press("ctrl-c");
    stage.press("esc");
    assert!(stage.run().file.is_some(), "staying in the run does not end the reading");
    stage.press("x");
    assert!(matches!(stage.run().dialog, Some(Dialog::Ask(Ask::Cancel(..)))), "{}", stage.picture());
    // What is recorded meanwhile does not take the question away.
    read_to_its_end(&mut stage);
    assert!(stage.run().pending.is_none());
    stage.press("y");
    assert!(stage.effects.iter().any(|effect| matches!(effect, Effect::Cancel(_))));
}

#[test]
fn esc_ends_the_reading_when_its_dialog_is_gone() {
    let mut stage = reading();
    stage.press("ctrl-c");
    stage.press("esc");
    stage.press("esc");
    assert!(stage.effects.contains(&Effect::StopReading));
    assert!(stage.run().pending.is_none());
}
