use crate::engine::{Event, Proposal};
use crate::tui::dialog::{Ask, Dialog};
use crate::tui::message::{Effect, Message};
use crate::tui::screen::Screen;
use crate::tui::stage_tests::{Stage, event};

const TOLD: &str = "your draft of before; ctrl-u empties it";

fn typed(stage: &mut Stage) -> String {
    let Screen::Run(run) = &mut stage.app.screen else { panic!("the run is not on the screen") };
    run.dialog.as_mut().and_then(Dialog::field).map(|field| field.text()).unwrap_or_default()
}

fn notes(stage: &Stage) -> Vec<String> {
    let note = |event: &Event| if let Event::NoteAdded { text, .. } = event { Some(text.clone()) } else { None };
    stage.records.iter().filter_map(|record| note(&record.event)).collect()
}

#[test]
fn a_note_that_was_left_is_there_again_until_it_is_written() {
    let mut stage = Stage::open((80, 24));
    stage.all_well();
    stage.press("n");
    stage.type_text("vault-2 answers slowly");
    stage.press("enter");
    stage.type_text("since ten");
    stage.press("esc");
    // Another dialog has another draft, or none.
    stage.press("s");
    assert_eq!(typed(&mut stage), "");
    stage.press("esc");
    stage.press("n");
    assert_eq!(typed(&mut stage), "vault-2 answers slowly\nsince ten");
    assert!(stage.picture().contains(TOLD), "{}", stage.picture());
    stage.type_text("!");
    assert!(!stage.picture().contains(TOLD));
    stage.press("ctrl-s");
    assert_eq!(notes(&stage), ["vault-2 answers slowly\nsince ten!"]);
    stage.press("n");
    assert_eq!(typed(&mut stage), "", "what was recorded is no draft");
    stage.type_text("no");
    (0..2).for_each(|_| stage.press("backspace"));
    stage.press("esc");
    stage.press("n");
    assert!(!stage.picture().contains(TOLD), "an empty text is no draft");
}

#[test]
fn a_draft_is_emptied_by_the_key_that_it_names() {
    let mut stage = Stage::open((80, 24));
    stage.all_well();
    stage.press("s");
    stage.type_text("not in this cluster");
    stage.press("esc");
    stage.press("s");
    assert_eq!(typed(&mut stage), "not in this cluster");
    stage.press("ctrl-u");
    assert_eq!(typed(&mut stage), "");
    stage.press("esc");
    stage.press("s");
    assert!(!stage.picture().contains(TOLD));
}

/// Dialogs that start empty need no such care.
#[test]
fn a_draft_is_not_recorded_by_a_key_that_is_held_down() {
    let mut stage = Stage::open((120, 40));
    stage.all_well();
    ["enter", "enter", "1", "enter", "enter"].into_iter().for_each(|key| stage.press(key));
    assert!(matches!(stage.run().dialog, Some(Dialog::State(_))), "{}", stage.picture());
    stage.type_text("half of what was seen");
    stage.press("esc");
    let before = stage.records.len();
    stage.press("enter");
    for _ in 0..20 {
        stage.real_ms += 40;
        stage.tell(Message::Key(event("enter")));
    }
    assert!(matches!(stage.run().dialog, Some(Dialog::State(_))), "{}", stage.picture());
    assert_eq!(stage.records.len(), before, "{}", stage.picture());
    stage.press("enter");
    assert!(stage.records.len() > before, "let go and pressed again, it records what is seen: {}", stage.picture());
}

#[test]
fn who_stays_finds_what_was_open_as_it_was() {
    let mut stage = Stage::open((80, 24));
    stage.all_well();
    stage.press("s");
    stage.type_text("not in this cluster");
    let before = stage.picture();
    stage.press("ctrl-c");
    assert!(matches!(stage.run().dialog, Some(Dialog::Ask(Ask::Leave))), "{}", stage.picture());
    stage.press("esc");
    assert_eq!(stage.picture(), before);
    stage.press("ctrl-c");
    stage.press("y");
    assert!(stage.effects.iter().any(|effect| matches!(effect, Effect::Leave(_))));
}

#[test]
fn what_is_of_no_use_any_more_does_not_come_back() {
    let mut stage = Stage::open((80, 24));
    stage.all_well();
    stage.press("s");
    stage.type_text("not in this cluster");
    stage.press("ctrl-c");
    let step = stage.state.current.clone().unwrap();
    stage.propose(Proposal::Skip { step, reason: "somewhere else".into() });
    stage.press("esc");
    assert!(stage.run().dialog.is_none(), "{}", stage.picture());
}
