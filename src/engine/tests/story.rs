//! Records that were changed and chained anew: what cannot have happened is found where it stands.

use super::verified::{key, verify, walked};
use super::*;

/// A closed run in which a second person has verified what was done.
fn closed() -> Vec<Record> {
    let mut walk = walked();
    for step in ["stop", "sensed"] {
        walk.must(verify(step, "kim"));
        walk.sense();
    }
    walk.must(Proposal::Close);
    walk.records
}

/// What is said of these records, numbered anew as whoever changes them would.
fn found(records: &[Record]) -> Option<Contradiction> {
    let mut story = Story::default();
    for (seq, record) in (1..).zip(records) {
        story.take(&Record { seq, ..record.clone() });
    }
    assert_eq!(story.unread(), None);
    story.found().cloned()
}

#[track_caller]
fn contradicts(records: &[Record], words: &str) {
    let found = found(records).unwrap_or_else(|| panic!("{words}: nothing was found"));
    assert!(found.to_string().contains(words), "{words}: {found}");
}

fn place(records: &[Record], is_it: impl Fn(&Event) -> bool) -> usize {
    records.iter().position(|record| is_it(&record.event)).expect("it is there")
}

fn without(records: &[Record], is_it: impl Fn(&Event) -> bool) -> Vec<Record> {
    let mut records = records.to_vec();
    records.remove(place(&records, is_it));
    records
}

fn changed(records: &[Record], change: impl Fn(&mut Record)) -> Vec<Record> {
    let mut records = records.to_vec();
    records.iter_mut().for_each(change);
    records
}

fn releases(step: &str) -> impl Fn(&Event) -> bool {
    let step = key(step);
    move |event| matches!(event, Event::HoldReleased { step: of, .. } if *of == step)
}

#[test]
fn a_verification_that_was_taken_out_moved_or_made_by_the_doer_is_found() {
    let records = closed();
    assert_eq!(found(&records), None);
    let conditions = |event: &Event| matches!(event, Event::ConditionChanged { .. });
    let bare: Vec<Record> = records.iter().filter(|record| !conditions(&record.event)).cloned().collect();
    assert_eq!(found(&bare), None, "conditions may be left out");
    contradicts(&without(&records, releases("stop")), "all/stop is to be verified by a second person");
    contradicts(&without(&records, releases("read")), "while another step was not over");
    let by_doer = changed(&records, |record| {
        if let Event::HoldReleased { released_by, .. } = &mut record.event {
            *released_by = "Maria".into();
        }
    });
    contradicts(&by_doer, "Maria on all/read");
    let mut moved = records.clone();
    let verified = moved.remove(place(&moved, releases("stop")));
    let done = place(&moved, |event| matches!(event, Event::CommandFinished { .. }));
    moved.insert(done, verified);
    contradicts(&moved, &format!("record {}: ", done + 1));
    // Whoever verified it had done it, says another name in the record of the deed.
    let renamed = changed(&records, |record| {
        if matches!(record.event, Event::StepConfirmed { .. }) {
            record.by = "lee@bastion".into();
        }
    });
    contradicts(&renamed, "lee@bastion did it while maria@bastion sat there");
}

#[test]
fn an_end_that_the_steps_do_not_come_to_is_found() {
    let records = closed();
    let skipped = |event: &Event| matches!(event, Event::StepSkipped { .. });
    contradicts(&without(&records, skipped), "all/again is left behind without a word");
    let ends = |change: fn(&mut Outcome, &mut Counts)| {
        changed(&records, |record| {
            if let Event::RunClosed { outcome, counts, .. } = &mut record.event {
                change(outcome, counts);
            }
        })
    };
    contradicts(&ends(|outcome, _| *outcome = Outcome::Completed), "it is called completed, and was completed with");
    contradicts(&ends(|outcome, _| *outcome = Outcome::RolledBack), "it is called rolled back");
    contradicts(&ends(|_, counts| counts.skipped = 0), "its numbers of steps are not those");
    let failed = changed(&records, |record| {
        if let Event::CommandFinished { ended, .. } = &mut record.event {
            *ended = Ended::Exit(1);
        }
    });
    contradicts(&failed, "command 1 is called a success: exit status 1");
    let nobody = without(&records, |event| matches!(event, Event::SittingOpened { .. }));
    contradicts(&nobody, "nobody sat at the run then");
}

#[test]
fn a_hold_point_that_nobody_released_is_found() {
    let text = r#"
format = 1
id = "held"
title = "Held"
system = "demo"
rollback = []

[[phase]]
id = "all"
title = "All"
[[phase.step]]
id = "read"
title = "Read"
confirm = "Read?"
[[phase.step]]
id = "second"
title = "Let another look"
release = "the second operator"
[[phase.step]]
id = "end"
title = "End"
confirm = "Over?"
"#;
    let (book, told) = parse(text);
    let mut walk = Walk::of(book.unwrap_or_else(|| panic!("{told:#?}")));
    for _ in 0..3 {
        walk.do_first();
    }
    walk.must(Proposal::Close);
    assert_eq!(found(&walk.records), None);
    let released = |event: &Event| matches!(event, Event::HoldReleased { .. });
    let step = walk.records[place(&walk.records, released)].event.step().cloned();
    contradicts(&without(&walk.records, released), "not over");
    // Neither does it help to take out all that was recorded of the step.
    let none: Vec<Record> =
        walk.records.iter().filter(|record| record.event.step() != step.as_ref()).cloned().collect();
    contradicts(&none, "it was not the turn of");
}

#[test]
fn a_command_that_was_done_is_not_run_again() {
    let records = closed();
    let done = place(&records, |event| matches!(event, Event::CommandFinished { .. }));
    let began = place(&records, |event| matches!(event, Event::StepBegan { step, .. } if *step == key("stop")));
    let again = |events: Vec<Event>| {
        let mut records = records.clone();
        let like = records[began].clone();
        records.splice(done + 1..=done, events.into_iter().map(|event| Record { event, ..like.clone() }));
        records
    };
    let (step, started) = (key("stop"), records[done - 1].event.clone());
    assert!(matches!(started, Event::CommandStarted { .. }), "{started:?}");
    contradicts(&again(vec![started]), "all/stop");
    contradicts(&again(vec![Event::StepBegan { step: step.clone(), attempt: 2 }]), "all/stop");
    contradicts(&again(vec![Event::StepRetried { step: step.clone(), attempt: 2 }]), "all/stop");
    let renewed = vec![step.clone()];
    contradicts(&again(vec![Event::StepsRenewed { step: key("sensed"), renewed }]), "record");
    contradicts(&again(vec![Event::StepPutBack { step, instead: key("end") }]), "all/stop");
}

#[test]
fn what_nobody_verified_was_once_written_down_as_overridden_and_counted_so() {
    let mut walk = walked();
    for step in ["stop", "sensed"] {
        walk.must(Proposal::Override { step: key(step), reason: "nobody is there".into() });
        walk.sense();
    }
    walk.must(Proposal::Close);
    assert_eq!(found(&walk.records), None);
    let once = changed(&walk.records, |record| match &mut record.event {
        Event::VerificationWaived { step, reason, board } => {
            let (step, reason, board) = (step.clone(), reason.clone(), board.clone());
            record.event = Event::StepOverridden { step, reason, board };
        }
        Event::RunClosed { counts, .. } => {
            counts.done -= 2;
            counts.overridden += 2;
        }
        _ => {}
    });
    assert_eq!(found(&once), None);
    let other = changed(&once, |record| {
        if let Event::RunClosed { counts, .. } = &mut record.event {
            counts.done -= 1;
            counts.overridden += 1;
        }
    });
    contradicts(&other, "its numbers of steps are not those of the run");
}
