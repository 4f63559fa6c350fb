//! A check that had passed and is not so any more.

use crate::engine::{Event, StepStatus, Verdict};
use crate::tui::screen::run::alarm::What;
use crate::tui::screens_tests::at_both_sizes;
use crate::tui::stage_tests::Stage;

/// The second node was seen back; while the command on the third is looked at, it goes away again.
pub fn reverted(stage: &mut Stage) {
    stage.all_well();
    stage.look_at_health();
    stage.prepare();
    stage.restart_standby();
    stage.all_well();
    while !stage.records.iter().any(|record| matches!(record.event, Event::CheckPassed { .. })) {
        stage.wait(1);
        stage.all_well();
    }
    stage.sample("vault-2", Verdict::Bad, "");
    stage.look_at_health();
    stage.look_at_conditions();
}

fn stage() -> Stage {
    let mut stage = Stage::open((120, 40));
    reverted(&mut stage);
    stage
}

#[test]
fn a_check_that_has_reverted() {
    at_both_sizes("a_check_that_has_reverted", reverted);
    at_both_sizes("why_a_command_waits_for_what_has_reverted", |stage| {
        reverted(stage);
        stage.press("w");
    });
    at_both_sizes("going_on_although_something_has_reverted", |stage| {
        reverted(stage);
        stage.press("a");
        stage.type_text("it is taken out of service");
    });
}

#[test]
fn what_has_reverted_is_seen_in_the_list_the_counts_the_alarms_and_why() {
    let mut stage = stage();
    let picture = stage.picture();
    assert!(picture.contains("↺ 1 reverted"), "{picture}");
    let marked = |what: &str| picture.lines().any(|line| line.contains("↺") && line.contains(what));
    assert!(marked("Each standby") && marked("vault-2"), "{picture}");
    assert!(picture.contains("is not so any more"), "{picture}");
    assert!(stage.run().view.alarms.iter().any(|alarm| alarm.what == What::Reverted));
    stage.press("w");
    assert!(stage.picture().contains("is held back:"), "{}", stage.picture());
    assert!(stage.picture().contains("is not so any more"), "{}", stage.picture());
    stage.press("esc");
    stage.press("!");
    assert!(stage.picture().contains("is not so any more"), "{}", stage.picture());
}

#[test]
fn it_is_overridden_where_it_is_looked_at_and_nowhere_else() {
    let mut stage = stage();
    let at = stage.state.reverted().next().cloned().expect("it has reverted");
    stage.press("up");
    while stage.run().browsed.as_ref() != Some(&at) {
        stage.press("up");
    }
    let picture = stage.picture();
    let row = picture.lines().find(|line| line.contains("↺ 3 Ready as a standby"));
    assert!(row.is_some_and(|row| row.contains("reverted")), "{picture}");
    stage.press("o");
    stage.type_text("it is taken out of service");
    stage.press("enter");
    assert_eq!(stage.state.step(&at).map(|step| step.status), Some(StepStatus::Overridden));
    assert_eq!(stage.state.deviations.len(), 1);
}
