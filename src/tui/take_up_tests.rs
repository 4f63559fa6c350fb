//! Steps that may be taken in any order.

use crate::engine::Mode;
use crate::runbook::parse;
use crate::tui::screens_tests::at_both_sizes;
use crate::tui::stage_tests::Stage;

const ANY: &str = r#"
format = 1
id = "round"
title = "A round"
system = "demo"
[[phase]]
id = "look"
title = "Look around"
order = "any"
[[phase.step]]
id = "lamp"
title = "Look at the lamp"
confirm = "Lit?"
[[phase.step]]
id = "door"
title = "Try the door"
confirm = "Shut?"
[[phase.step]]
id = "key"
title = "Take the key"
requires = ["door"]
confirm = "Taken?"
[[phase]]
id = "end"
title = "End"
[[phase.step]]
id = "one"
title = "Say goodbye"
confirm = "Said?"
[[phase.step]]
id = "two"
title = "Close the gate"
confirm = "Closed?"
"#;

pub fn round(stage: &mut Stage) {
    let (book, told) = parse(ANY);
    let book = book.unwrap_or_else(|| panic!("{told:#?}"));
    *stage = Stage::of(book, stage.app.size, stage.app.look.clone(), Mode::Live);
}

fn current(stage: &Stage) -> String {
    stage.run().state.current.as_ref().map(ToString::to_string).unwrap_or_default()
}

#[test]
fn steps_in_any_order_have_bullets_and_the_others_numbers() {
    at_both_sizes("steps_in_any_order", round);
    at_both_sizes("a_step_that_may_be_taken_up", |stage| {
        round(stage);
        stage.press("down");
    });
    at_both_sizes("a_step_that_was_taken_up", |stage| {
        round(stage);
        stage.press("down");
        stage.press("i");
        assert_eq!(current(stage), "look/door");
        assert!(stage.run().is_at_current());
    });
    let mut stage = Stage::open((120, 40));
    round(&mut stage);
    stage.press("down");
    let drawn = stage.picture();
    assert!(drawn.contains("• Try the door") && drawn.contains("i take up"), "{drawn}");
    stage.press("down");
    stage.press("down");
    let drawn = stage.picture();
    assert!(drawn.contains("1 Say goodbye") && drawn.contains("• Take the key"), "{drawn}");
    assert!(!drawn.contains("i take up"), "{drawn}");
    stage.press("m");
    let drawn = stage.picture();
    assert!(drawn.contains("1 Say goodbye") && drawn.contains("• Take the key"), "{drawn}");
}

#[test]
fn only_what_may_be_taken_up_is_and_the_reason_is_told() {
    let mut stage = Stage::open((120, 40));
    round(&mut stage);
    let refused = |stage: &mut Stage, why: &str| {
        stage.press("i");
        let drawn = stage.picture();
        assert!(drawn.contains(why) && current(stage) == "look/lamp", "{drawn}");
    };
    refused(&mut stage, "this step is the current one");
    stage.press("down");
    stage.press("down");
    refused(&mut stage, "this step cannot be taken up now");
    stage.press("down");
    refused(&mut stage, "only a step of the same phase");
    stage.press(".");
    stage.press("down");
    stage.press("i");
    assert_eq!(current(&stage), "look/door");
    // What comes after it is followed, as after any current step.
    for key in ["enter", "y", "enter"] {
        stage.press(key);
    }
    assert_eq!(current(&stage), "look/lamp");
    assert!(stage.run().is_at_current(), "{}", stage.picture());
}
