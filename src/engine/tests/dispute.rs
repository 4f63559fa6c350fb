//! A second person who looks and sees something else.

use super::verified::{key, opened_two, state_of, verified_book, verify};
use super::*;

fn dispute(step: &str, by: &str) -> Proposal {
    Proposal::Dispute { step: key(step), disputed_by: by.into(), said: "it is shut".into() }
}

/// The step that a peer verifies is verified, the next has run.
fn stopped() -> Walk {
    let mut walk = opened_two();
    walk.do_first();
    walk.do_first();
    walk.must(verify("read", "kim"));
    walk.sense();
    walk.do_first();
    walk.finish(0);
    walk
}

fn failed(walk: &Walk, step: &str) {
    let known = state_of(walk, step);
    assert_eq!((known.status, known.said.as_str()), (StepStatus::Failed, "kim saw something else: it is shut"));
    assert_eq!(walk.state.current, Some(key(step)));
    assert_eq!(walk.fold(&walk.records), walk.state);
}

#[test]
fn a_peer_who_sees_something_else_fails_the_step_and_both_look_again() {
    let mut walk = opened_two();
    walk.do_first();
    assert!(matches!(walk.propose(dispute("read", "kim")), Err(Refusal::NotNow(_))), "nothing was stated");
    walk.must(Proposal::Confirm { step: key("read"), said: "open".into() });
    assert!(walk.allowed().contains(&Allowed::Dispute(key("read"))));
    assert_eq!(walk.propose(dispute("read", "maria")), Err(Refusal::SamePerson("maria".into())));
    walk.must(dispute("read", "kim"));
    failed(&walk, "read");
    assert!(walk.state.unverified.is_empty() && walk.propose(verify("read", "kim")).is_err(), "that moment is over");
    assert_eq!(walk.allowed()[0], Allowed::Retry(key("read")));
    let deviations: Vec<_> = walk.state.deviations.iter().collect();
    let [deviation] = deviations[..] else { panic!("{:?}", walk.state.deviations) };
    assert_eq!((deviation.kind, deviation.by.as_str()), (DeviationKind::Disputed, "maria@bastion"));
    assert_eq!((&*deviation.subject, &*deviation.reason), ("all/read", "kim saw something else: it is shut"));
    walk.must(Proposal::Retry { step: key("read") });
    walk.must(Proposal::Confirm { step: key("read"), said: "shut".into() });
    walk.must(verify("read", "kim"));
    assert_eq!(state_of(&walk, "read").status, StepStatus::Done);
    assert_eq!(walk.fold(&walk.records), walk.state);
}

#[test]
fn what_was_done_before_is_come_back_to_at_once_where_nothing_of_the_current_step_was_begun() {
    let mut walk = stopped();
    assert_eq!(walk.key(), key("end"));
    walk.must(dispute("stop", "kim"));
    failed(&walk, "stop");
    assert_eq!(state_of(&walk, "end").status, StepStatus::Pending);
    assert!(walk.propose(Proposal::Close).is_err());
    // What requires it goes on no more, and what may be done now is what may be done of any failed step, and another look.
    let allowed = walk.allowed();
    for now in [Allowed::Retry, Allowed::Skip, Allowed::Override, Allowed::Verify, Allowed::Dispute] {
        assert!(allowed.contains(&now(key("stop"))), "{allowed:?}");
    }
    walk.must(Proposal::Retry { step: key("stop") });
    assert_eq!(walk.state.unverified.len(), 1, "only what was sensed meanwhile");
    walk.do_first();
    walk.finish(0);
    assert_eq!(walk.key(), key("end"), "the walk goes on where it was");
    assert_eq!(state_of(&walk, "stop").attempt, 2);
    let statement = release_statement(&walk.state, &key("stop"), "kim", "it is down").expect("it can be signed");
    let ended = walk.records.iter().rfind(|record| matches!(record.event, Event::CommandFinished { .. })).unwrap();
    let record = format!("record: {} {}\nstated: exit status 0\n", ended.seq, hash_of(ended));
    assert!(statement.contains(&record), "the one of the second attempt: {statement}");
    walk.must(verify("stop", "kim"));
    assert_eq!(state_of(&walk, "stop").status, StepStatus::Done);
    assert_eq!(walk.fold(&walk.records), walk.state);
}

#[test]
fn another_look_may_find_it_good_after_all_and_it_stays_a_deviation() {
    let mut walk = stopped();
    let before = state_of(&walk, "stop");
    walk.pass(60);
    walk.must(dispute("stop", "kim"));
    walk.must(dispute("stop", "jo"));
    assert_eq!(walk.state.deviations.len(), 2, "whoever looks may see something else again");
    walk.must(verify("stop", "kim"));
    let after = state_of(&walk, "stop");
    assert_eq!((after.status, &after.said, &after.by), (StepStatus::Done, &before.said, &before.by));
    assert_eq!(after.ended, before.ended, "evidence is no fresher for it");
    assert!(after.verified.is_some());
    assert_eq!(walk.key(), key("end"));
    walk.do_first();
    let step = walk.key();
    walk.must(Proposal::Skip { step, reason: "not needed".into() });
    walk.must(verify("sensed", "kim"));
    walk.must(Proposal::Close);
    assert_eq!(walk.state.closed.as_ref().map(|closed| closed.outcome), Some(Outcome::CompletedWithDeviations));
    assert_eq!(walk.fold(&walk.records), walk.state);
}

#[test]
fn the_walk_comes_back_when_the_current_step_is_over_and_from_the_end_at_once() {
    let text = BOOK_WITH_A_WAIT;
    let mut walk = Walk::of(parse(text).0.expect("it is a runbook"));
    walk.must(Proposal::Confirm { step: key("stop"), said: "down".into() });
    walk.must(Proposal::Confirm { step: key("other"), said: "down".into() });
    assert_eq!(walk.key(), key("wait"));
    // Both are disputed while the wait goes on: the first in the plan comes first.
    walk.must(dispute("other", "kim"));
    walk.must(dispute("stop", "kim"));
    assert_eq!(walk.key(), key("wait"), "a wait is not begun anew");
    assert_eq!(state_of(&walk, "stop").status, StepStatus::Failed);
    walk.pass(60);
    walk.must(Proposal::Advance);
    failed(&walk, "stop");
    walk.must(Proposal::Override { step: key("stop"), reason: "it is the lamp that is broken".into() });
    failed(&walk, "other");
    walk.must(Proposal::Leave { how: Leaving::Left });
    walk.sit();
    failed(&walk, "other");
    walk.must(verify("other", "jo"));
    walk.must(Proposal::Close);
    assert_eq!(walk.state.deviations.len(), 3);

    let mut walk = Walk::of(parse(text).0.expect("it is a runbook"));
    walk.must(Proposal::Confirm { step: key("stop"), said: "down".into() });
    walk.must(Proposal::Confirm { step: key("other"), said: "down".into() });
    walk.pass(60);
    walk.must(Proposal::Advance);
    assert_eq!(walk.state.current, None);
    walk.must(dispute("other", "kim"));
    failed(&walk, "other");
    walk.must(Proposal::Abandon { reason: "enough".into() });
    assert_eq!(state_of(&walk, "other").status, StepStatus::Failed);
    assert_eq!(walk.fold(&walk.records), walk.state);
}

/// Two steps to verify, and one that takes its time.
const BOOK_WITH_A_WAIT: &str = r#"
format = 1
id = "wait"
title = "Two people, and a wait"
system = "demo"
rollback = []
[[phase]]
id = "all"
title = "All"
[[phase.step]]
id = "stop"
title = "Stop it"
verify = "independent"
confirm = "Down?"
[[phase.step]]
id = "other"
title = "Stop the other"
verify = "independent"
confirm = "Down?"
[[phase.step]]
id = "wait"
title = "Wait"
wait = "1m"
"#;

#[test]
fn going_back_leaves_it_failed_and_the_way_back_is_disputed_just_so() {
    let mut walk = Walk::of(verified_book());
    walk.do_first();
    walk.do_first();
    walk.must(verify("read", "kim"));
    walk.sense();
    walk.do_first();
    walk.finish(0);
    walk.must(dispute("stop", "kim"));
    walk.must(Proposal::RollBack { plan: RollbackId::new("undo"), reason: "it did not stop".into() });
    assert_eq!(state_of(&walk, "stop").status, StepStatus::Failed);
    let undo: StepKey = "undo/undo".parse().unwrap();
    assert_eq!(walk.key(), undo);
    walk.must(Proposal::Confirm { step: undo.clone(), said: "undone".into() });
    assert_eq!(walk.state.current, None);
    let disputed = Proposal::Dispute { step: undo.clone(), disputed_by: "kim".into(), said: "it is not".into() };
    walk.must(disputed);
    assert_eq!(walk.key(), undo);
    assert!(walk.propose(Proposal::Close).is_err());
    assert_eq!(walk.fold(&walk.records), walk.state);
}

#[test]
fn what_runs_for_all_items_runs_for_all_of_them_again() {
    let text = r#"
format = 1
id = "all"
title = "All"
system = "demo"
rollback = []
[inputs.nodes]
type = "nodes"
prompt = "Nodes"
[[phase]]
id = "all"
title = "All"
for_each = ".inputs.nodes[]"
order = "together"
[[phase.step]]
id = "stop"
title = "Stop them"
verify = "independent"
run = ["stop", "{{ .node.name }}"]
"#;
    let mut walk = Walk::of(parse(text).0.expect("it is a runbook"));
    walk.do_first();
    for _ in 0..3 {
        walk.finish_any(0, 0);
    }
    assert_eq!(walk.state.current, None);
    walk.must(dispute("stop", "kim"));
    walk.must(Proposal::Retry { step: key("stop") });
    let again = walk.allowed()[0].clone();
    let Some(Proposal::RunAll { shown, .. }) = walk.proposal_for(&again) else { panic!("{again:?}") };
    assert_eq!(shown.len(), 3);
}
