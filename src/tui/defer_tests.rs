//! Steps that are put off.

use crate::engine::{Mode, Proposal};
use crate::runbook::Action;
use crate::tui::stage_tests::{Stage, look, runbook, step, text};
use crate::tui::theme::UNICODE;

use crate::tui::screens_tests::at_both_sizes;

/// At a step that may be put off until the last phase opens.
pub fn deferrable(stage: &mut Stage) {
    let mut book = runbook();
    let prompt = text("Who was told?");
    let mut tell = step("tell", "Tell the customers", Action::Confirm { prompt, options: vec![] });
    tell.defer = Some(crate::runbook::PhaseId::new("verify"));
    book.phases[0].steps[0] = tell;
    *stage = Stage::of(book, stage.app.size, stage.app.look.clone(), Mode::Live);
    stage.all_well();
}

#[test]
fn a_step_that_is_put_off() {
    at_both_sizes("a_step_that_may_be_put_off", deferrable);
    at_both_sizes("putting_a_step_off", |stage| {
        deferrable(stage);
        stage.press("d");
        stage.type_text("they sleep");
    });
    at_both_sizes("a_step_that_was_put_off", |stage| {
        deferrable(stage);
        stage.press("d");
        stage.type_text("they sleep");
        stage.press("enter");
        stage.press("up");
    });
}

const PUT_OFF: &str = r#"
format = 1
id = "put-off"
title = "Put off"
system = "demo"
[[phase]]
id = "prepare"
title = "Prepare"
[[phase.step]]
id = "tell"
title = "Tell the customers"
defer = "finish"
confirm = "Who was told?"
[[phase.step]]
id = "look"
title = "Look"
confirm = "Well?"
[[phase]]
id = "finish"
title = "Finish"
[[phase.step]]
id = "last"
title = "Look at all"
confirm = "Well?"
"#;

#[test]
fn a_step_that_is_due_is_not_said_to_be_put_off() {
    let (book, told) = crate::runbook::parse(PUT_OFF);
    let book = book.unwrap_or_else(|| panic!("{told:#?}"));
    let mut stage = Stage::of(book, (120, 40), look("dark", &UNICODE), Mode::Live);
    let says = |stage: &Stage| {
        let (picture, words) =
            (stage.picture(), ["may be put off", "may not be put off: it is due before 2 Finish opens"]);
        words.map(|words| picture.contains(words))
    };
    let confirm = |stage: &mut Stage| {
        let step = stage.state.current.clone().expect("a step is current");
        stage.propose(Proposal::Confirm { step, said: "well".into() });
        stage.show();
    };
    assert_eq!(says(&stage), [true, false]);
    stage.press("d");
    stage.type_text("they sleep");
    stage.press("enter");
    confirm(&mut stage);
    assert_eq!(stage.state.current.as_ref().map(ToString::to_string), Some("prepare/tell".into()));
    assert_eq!(says(&stage), [false, true]);
    confirm(&mut stage);
    stage.press("up");
    stage.press("up");
    let shown = stage.run().view.page.key.as_ref().map(ToString::to_string);
    assert_eq!(shown, Some("prepare/tell".into()));
    assert_eq!(says(&stage), [false, false], "nothing is left to do about it");
}
