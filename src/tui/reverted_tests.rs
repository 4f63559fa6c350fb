//! A check that had passed and is not so any more.

use crate::engine::{ConditionId, Event, Mode, Proposal, StepStatus, Tri, Verdict};
use crate::tui::screen::run::alarm::What;
use crate::tui::screens_tests::at_both_sizes;
use crate::tui::stage_tests::{Stage, look, words};
use crate::tui::theme::UNICODE;

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

/// The end of the plan is reached, and what its last check sensed is not so any more.
fn at_the_end() -> Stage {
    let book = "format = 1\nid = \"end\"\ntitle = \"End\"\nsystem = \"demo\"\n\
        [[health]]\nid = \"vault\"\ntcp = \"localhost:1\"\nok = \"true\"\n\
        [[phase]]\nid = \"all\"\ntitle = \"All\"\n\
        [[phase.step]]\nid = \"well\"\ntitle = \"See it well\"\ncheck = '.health.vault[0].verdict == \"ok\"'\n\
        [[phase.step]]\nid = \"look\"\ntitle = \"Name it\"\n\
        ask = { name = \"it\", prompt = \"Which?\", type = \"text\" }\n";
    let book = crate::runbook::parse(book).0.expect("it is a runbook");
    let mut stage = Stage::of(book, (80, 24), look("dark", &UNICODE), Mode::Live);
    let check = ConditionId::Check(stage.state.current.clone().expect("the check is current"));
    let observe = |stage: &mut Stage, truth| {
        let (condition, why) = (check.clone(), String::new());
        stage.propose(Proposal::Observe { condition, truth, why, seen: serde_json::Value::Null });
        stage.propose(Proposal::Advance);
    };
    observe(&mut stage, Tri::True);
    let step = stage.state.current.clone().expect("the question is current");
    stage.propose(Proposal::Answer { step, value: "so".into(), file: None });
    observe(&mut stage, Tri::False);
    stage.show();
    stage
}

#[test]
fn at_the_end_of_the_plan_it_is_what_is_looked_at_told_and_overridden() {
    let mut stage = at_the_end();
    assert!(stage.picture().contains("1.1 See it well"), "{}", stage.picture());
    stage.press("w");
    let told = words(&stage.picture());
    let named = "the run is not closed while See it well in the phase All is not as it was sensed";
    assert!(told.contains(named), "{told}");
    stage.press("esc");
    stage.press("o");
    stage.type_text("it is taken out of service");
    stage.press("enter");
    assert_eq!(stage.state.counts().overridden, 1, "{}", stage.picture());
    assert!(stage.picture().contains("close the run"), "{}", stage.picture());
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
