//! Who acts, on the screen, when it is not the operator.

use crate::engine::Mode;
use crate::runbook::parse;
use crate::tui::stage_tests::{Stage, look};
use crate::tui::theme::UNICODE;

const BOOK: &str = r#"
format = 1
id = "others"
title = "Have others act"
system = "demo"

[[phase]]
id = "all"
title = "All"
[[phase.step]]
id = "route"
title = "Have the traffic routed back"
actor = "the network team of {{ .run.site }}"
caution = "They need ten minutes."
confirm = "What did they say?"
[[phase.step]]
id = "own"
title = "Look yourself"
confirm = "What do you see?"
"#;

#[test]
fn who_acts_is_said_on_the_step_in_the_list_and_in_the_record() {
    for size in [(120, 40), (80, 24)] {
        let book = parse(BOOK).0.expect("it is a runbook");
        let mut stage = Stage::of(book, size, look("dark", &UNICODE), Mode::Live);
        let picture = stage.picture();
        assert!(picture.contains("Done by the network team of prod-eu, not by you"), "{picture}");
        assert!(picture.contains("[them]"), "{picture}");
        stage.press("enter");
        stage.press("enter");
        let picture = stage.picture();
        assert!(picture.contains("What did they say? (done by the network team of prod-eu)"), "{picture}");
        stage.type_text("it flows again");
        stage.press("enter");
        let picture = stage.picture();
        assert!(!picture.contains("not by you"), "{picture}");
        stage.press("up");
        let picture = stage.picture();
        assert!(picture.contains("by maria@bastion, done by the network"), "{picture}");
    }
}
