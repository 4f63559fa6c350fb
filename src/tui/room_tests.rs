//! Where the room of a small screen goes: to what a command printed, as soon as that is what matters.

use insta::assert_snapshot;

use crate::engine::{Ended, Mode};
use crate::runbook::{Runbook, parse};
use crate::session::Update;
use crate::tui::message::Message;
use crate::tui::stage_tests::{Stage, look};
use crate::tui::theme::UNICODE;

const BOOK: &str = r#"
format = 1
id = "gitlab-upgrade"
title = "Upgrade GitLab"
system = "gitlab"

[[phase]]
id = "leg"
title = "Each leg"
[[phase.step]]
id = "install"
title = "Install the package"
run = ["apt-get", "install", "gitlab-ee=17.8.7-ee.0"]
text = """
The package stops what it replaces and starts it again.

It looks at the migrations first, and refuses to go on while one of them is not finished."""
warning = "From here on the database may be of the new form. The old version cannot be started on it."
caution = "Users see errors until the new version has started."
[[phase.step]]
id = "look"
title = "Look at what it said"
confirm = "Did it end well?"
[[phase.step]]
id = "more"
title = "Look at the rest"
text = """
1. one
2. two
3. three
4. four
5. five
6. six
7. seven
8. eight
9. nine"""
confirm = "All of it?"
"#;

const PRINTED: &str = "Preparing to unpack gitlab-ee_17.8.7-ee.0_amd64.deb ...\nChecking for unfinished migrations\n\
    Expected batched background migration for the given configuration to be marked as 'finished', but it is 'active': \
    {job_class_name: \"BackfillPartitionedTable\", table_name: :ci_builds}\nE: the package was refused\n\n";

fn book() -> Runbook {
    let (book, told) = parse(BOOK);
    book.unwrap_or_else(|| panic!("{told:?}"))
}

pub fn running(size: (u16, u16)) -> Stage {
    let mut stage = Stage::of(book(), size, look("dark", &UNICODE), Mode::Live);
    for key in ["enter", "enter", "enter", "y"] {
        stage.press(key);
    }
    let job = stage.state.running.first().expect("it runs").job;
    stage.tell(Message::Session(Update::Printed(job, PRINTED.as_bytes().to_vec())));
    stage
}

#[test]
fn what_a_failed_command_printed_has_the_room_and_read_cautions_one_line() {
    let mut stage = running((80, 24));
    assert_snapshot!("output_running_80x24", stage.picture());
    stage.finish(Ended::Exit(100));
    assert_snapshot!("output_failed_80x24", stage.picture());
    assert!(stage.picture().contains("read: WARNING, CAUTION"));
    let mut wide = running((120, 40));
    wide.finish(Ended::Exit(100));
    assert_snapshot!("output_failed_120x40", wide.picture());
}

#[test]
fn a_question_has_the_output_that_it_is_about_below_it_as_far_as_there_is_room() {
    let mut stage = running((80, 24));
    stage.finish(Ended::Exit(0));
    assert_snapshot!("output_asked_about_80x24", stage.picture());
    stage.press("enter");
    stage.type_text("yes");
    stage.press("enter");
    let picture = stage.picture();
    assert!(picture.contains("Output of 1.1: E: the package was refused"), "{picture}");
}
