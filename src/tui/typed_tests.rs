//! What people type as evidence: reasons, statements and answers, in text areas; and how the screen tells of their keys.

use crate::engine::Event;
use crate::tui::dialog::Dialog;
use crate::tui::key::Key;
use crate::tui::message::Message;
use crate::tui::screen::Screen;
use crate::tui::stage_tests::Stage;

const LONG: &str = "The release notes name nothing that this cluster has: no HSM, no namespaces, no Consul storage; the \
                    change of the default lease was looked at with the owners of all five applications on Friday.";

/// A run at the question what the snapshot is called, which wants one line, or at the statement behind it.
fn asked(size: (u16, u16), is_statement: bool) -> Stage {
    let mut stage = Stage::open(size);
    stage.all_well();
    ["enter", "enter", "1", "enter", "enter"].into_iter().for_each(|key| stage.press(key));
    if is_statement {
        stage.type_text("before-1.17");
        ["enter", "enter"].into_iter().for_each(|key| stage.press(key));
    }
    assert!(matches!(stage.run().dialog, Some(Dialog::State(_))), "{}", stage.picture());
    stage
}

fn typed(stage: &mut Stage) -> String {
    let Screen::Run(run) = &mut stage.app.screen else { panic!("the run is not on the screen") };
    run.dialog.as_mut().and_then(Dialog::field).map(|field| field.text()).unwrap_or_default()
}

fn last(stage: &Stage, what: impl Fn(&Event) -> Option<String>) -> Option<String> {
    stage.records.iter().rev().find_map(|record| what(&record.event))
}

#[test]
fn a_reason_is_seen_whole_and_keeps_its_lines() {
    let mut stage = Stage::open((80, 24));
    stage.all_well();
    stage.press("s");
    stage.tell(Message::Paste(LONG.into()));
    let picture = stage.picture();
    assert!(picture.contains("The release notes") && picture.contains("on Friday."), "{picture}");
    assert!(picture.contains("Why? A reason is required."), "{picture}");
    stage.press("ctrl-j");
    stage.type_text("Maria");
    stage.press("up");
    stage.press("home");
    stage.type_text("1. ");
    stage.press("enter");
    let reason =
        last(&stage, |event| if let Event::StepSkipped { reason, .. } = event { Some(reason.clone()) } else { None });
    let (one, other) = reason.as_deref().and_then(|reason| reason.split_once('\n')).unwrap_or_default();
    assert_eq!((one.replace("1. ", "").as_str(), other), (LONG, "Maria"));
    // Where it is told in one line it is one.
    let line = stage.picture().lines().find(|line| line.contains('␊')).map(str::to_owned);
    assert!(line.is_none_or(|line| !line.contains('\n')));
}

#[test]
fn a_statement_has_lines_and_an_answer_that_is_a_value_has_one() {
    let mut stage = asked((80, 24), true);
    stage.type_text("vault-1");
    stage.tell(Message::Key("alt-enter".parse::<Key>().unwrap().event()));
    stage.type_text("by its own word");
    stage.press("enter");
    let said =
        last(&stage, |event| if let Event::StepConfirmed { said, .. } = event { Some(said.clone()) } else { None });
    assert_eq!(said.as_deref(), Some("vault-1\nby its own word"));

    let mut stage = asked((80, 24), false);
    stage.type_text("before");
    stage.press("ctrl-j");
    stage.type_text("-1.17");
    assert_eq!(typed(&mut stage), "before-1.17");
    assert!(!stage.picture().contains("ctrl-j"), "{}", stage.picture());
    stage.tell(Message::Edited(Ok("three\nshort\nlines\n".into())));
    assert_eq!(typed(&mut stage), "three short lines");
    assert!(stage.picture().contains("several lines became one"), "{}", stage.picture());
}

#[test]
fn a_dialog_that_is_typed_into_names_its_keys_and_their_help_is_true() {
    let mut stage = asked((120, 40), true);
    let picture = stage.picture();
    for offer in ["enter record it", "esc back", "f1 keys", "ctrl-j line", "ctrl-o editor", "ctrl-_ undo"] {
        assert!(picture.contains(offer), "{offer}\n{picture}");
    }
    stage.press("?");
    assert_eq!(typed(&mut stage), "?");
    stage.press("f1");
    let picture = stage.picture();
    assert!(picture.contains("f1                help"), "{picture}");
    assert!(!picture.contains("?, f1") && !picture.contains("all commands of this screen"), "{picture}");
    stage.press("f1");
    stage.press("esc");
    stage.press("n");
    assert!(stage.picture().contains("f1 keys   ctrl-o editor"), "{}", stage.picture());
    stage.press("esc");
    stage.press("e");
    assert!(stage.picture().contains("f1 keys"), "{}", stage.picture());
}

#[test]
fn a_click_puts_the_cursor_where_it_is() {
    for key in ["n", "s"] {
        let mut stage = Stage::open((80, 24));
        stage.all_well();
        stage.press(key);
        stage.tell(Message::Paste(LONG.into()));
        stage.click_on("the change of", 0);
        stage.type_text("and ");
        assert_eq!(typed(&mut stage), LONG.replace("the change of", "and the change of"), "{key}");
        stage.click_on("HSM", 0);
        (0..3).for_each(|_| stage.press("backspace"));
        assert!(typed(&mut stage).contains("has: HSM, no namespaces"), "{}", typed(&mut stage));
    }
}

#[test]
fn the_number_of_an_answer_opens_the_question_with_it_chosen() {
    let mut stage = Stage::open((120, 40));
    stage.all_well();
    stage.press("2");
    assert!(stage.run().dialog.is_none(), "cautions come first: {}", stage.picture());
    stage.press("enter");
    let before = stage.records.len();
    stage.press("3");
    stage.press("esc");
    stage.press("2");
    let Some(Dialog::Choose(choice)) = &stage.run().dialog else { panic!("{}", stage.picture()) };
    assert_eq!((choice.chosen, stage.records.len()), (Some(1), before), "nothing is recorded by it");
    stage.press("2");
    assert_eq!(stage.records.len(), before);
    stage.press("enter");
    let said =
        last(&stage, |event| if let Event::StepConfirmed { said, .. } = event { Some(said.clone()) } else { None });
    assert_eq!(said.as_deref(), Some("no"));
    // What is typed has no numbers.
    stage.press("1");
    assert!(stage.run().dialog.is_none(), "{}", stage.picture());
}

#[test]
fn what_scrolls_or_was_seen_is_offered_only_where_there_is_something() {
    let mut stage = Stage::open((120, 40));
    stage.all_well();
    stage.press("w");
    assert!(!stage.picture().contains("up scroll"), "{}", stage.picture());
    stage.press("esc");
    stage.press("!");
    let picture = stage.picture();
    assert!(!picture.contains("are seen") && !picture.contains("go there"), "{picture}");
}

/// What a text area tells above itself of what is not in view of it.
fn beyond(stage: &Stage) -> String {
    let picture = stage.picture();
    let line = picture.lines().find(|line| line.contains(" more above") || line.contains(" more below"));
    line.map(|line| line.trim_matches(['"', '│', ' ']).to_owned()).unwrap_or_default()
}

#[test]
fn a_text_area_tells_how_much_of_it_lies_above_and_below() {
    for (size, rows) in [((80, 24), 8), ((120, 40), 8), ((80, 15), 7)] {
        let mut stage = Stage::open(size);
        stage.all_well();
        stage.press("n");
        assert_eq!(beyond(&stage), "", "{size:?}: nothing is typed");
        let lines: Vec<String> = (1..=rows).map(|line| format!("line {line}")).collect();
        stage.tell(Message::Paste(lines.join("\n")));
        assert_eq!(beyond(&stage), "", "{size:?}: all of it is in view: {}", stage.picture());
        stage.tell(Message::Paste("\nand another\nand the last".into()));
        assert_eq!(beyond(&stage), "2 more above", "{size:?} {}", stage.picture());
        (0..=rows).for_each(|_| stage.press("up"));
        assert_eq!(beyond(&stage), "2 more below", "{size:?} {}", stage.picture());
        // A line that is broken on the screen counts as often as it is broken.
        stage.tell(Message::Paste(LONG.repeat(2)));
        let told = beyond(&stage);
        assert!(told.ends_with(" more below"), "{size:?}: {told} {}", stage.picture());
        let below: usize = told.rsplit(' ').nth(2).and_then(|count| count.parse().ok()).unwrap_or_default();
        assert!(below > 2, "{size:?}: {told}");
    }
}
