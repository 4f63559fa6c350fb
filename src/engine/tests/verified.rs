//! Steps that a second person verifies: at the same moment, and later.

use super::*;

const BOOK: &str = r#"
format = 1
id = "two"
title = "Two people"
system = "demo"

[[health]]
id = "node"
tcp = "localhost:1"
ok = "true"

[[phase]]
id = "all"
title = "All"
[[phase.step]]
id = "read"
title = "Read the fuse"
caution = "It is hot."
verify = "peer"
confirm = "Which position?"
[[phase.step]]
id = "stop"
title = "Stop it"
verify = "independent"
run = ["stop"]
[[phase.step]]
id = "sensed"
title = "See it down"
verify = "independent"
check = "true"
[[phase.step]]
id = "end"
title = "Look at it"
requires = ["stop"]
confirm = "What do you see?"
[[phase.step]]
id = "again"
title = "Go back"
restart = "all"

[[rollback]]
id = "undo"
title = "put it back"
[[rollback.phase]]
id = "undo"
title = "Undo"
[[rollback.phase.step]]
id = "undo"
title = "Undo it"
verify = "independent"
confirm = "Undone?"
"#;

/// Two people, and what one of them does alone.
pub(super) fn verified_book() -> Runbook {
    parse(BOOK).0.expect("it is a runbook")
}

pub(super) fn opened_two() -> Walk {
    Walk::of(verified_book())
}

pub(super) fn key(step: &str) -> StepKey {
    format!("all/{step}").parse().unwrap()
}

pub(super) fn verify(step: &str, by: &str) -> Proposal {
    Proposal::Release { step: key(step), released_by: by.into(), said: "it is so".into(), signature: None }
}

pub(super) fn state_of(walk: &Walk, step: &str) -> StepState {
    walk.state.step(&key(step)).expect("it is there").clone()
}

/// Everything but the verifications; the step that leads back is left out.
pub(super) fn walked() -> Walk {
    let mut walk = opened_two();
    walk.do_first();
    walk.do_first();
    walk.must(verify("read", "kim"));
    walk.sense();
    walk.do_first();
    walk.finish(0);
    walk.do_first();
    let step = walk.key();
    walk.must(Proposal::Skip { step, reason: "not needed".into() });
    walk.sense();
    walk
}

#[test]
fn a_peer_confirms_at_the_same_moment_and_is_another_person() {
    let mut walk = opened_two();
    walk.do_first();
    walk.must(Proposal::Confirm { step: key("read"), said: "open".into() });
    walk.sense();
    assert_eq!(walk.state.current, Some(key("read")), "it is not done yet");
    assert_eq!(state_of(&walk, "read").status, StepStatus::Current);
    assert_eq!(walk.allowed()[..2], [Allowed::Release(key("read")), Allowed::Retry(key("read"))]);
    let again = walk.propose(Proposal::Confirm { step: key("read"), said: "shut".into() });
    assert!(matches!(again, Err(Refusal::NotNow(_))), "{again:?}");
    for same in ["maria", "Maria@elsewhere", ""] {
        assert!(walk.propose(verify("read", same)).is_err(), "{same:?}");
    }
    walk.must(verify("read", "kim"));
    walk.sense();
    let read = state_of(&walk, "read");
    assert_eq!((read.status, read.said.as_str(), read.by.as_str()), (StepStatus::Done, "open", "maria@bastion"));
    assert_eq!(read.verified.map(|verified| (verified.by, verified.said)), Some(("kim".into(), "it is so".into())));
    assert_eq!(walk.key(), key("stop"));
    assert_eq!(walk.fold(&walk.records), walk.state);
}

#[test]
fn what_was_stated_for_a_peer_is_stated_anew_in_another_sitting_or_when_the_other_sees_something_else() {
    let mut walk = opened_two();
    walk.do_first();
    walk.do_first();
    walk.must(Proposal::Leave { how: Leaving::Left });
    walk.sit();
    assert!(walk.propose(verify("read", "kim")).is_err(), "that moment is over");
    assert_eq!(walk.allowed()[0], Allowed::Confirm(key("read")));
    walk.do_first();
    walk.must(Proposal::Retry { step: key("read") });
    assert_eq!(walk.allowed()[0], Allowed::Confirm(key("read")));
    walk.do_first();
    walk.must(verify("read", "kim"));
    assert_eq!(state_of(&walk, "read").status, StepStatus::Done);
    assert_eq!(walk.fold(&walk.records), walk.state);
}

#[test]
fn a_run_is_not_completed_before_another_has_verified_it_independently() {
    let mut walk = walked();
    assert_eq!(walk.state.current, None);
    assert_eq!(state_of(&walk, "stop").status, StepStatus::Done, "what comes after it goes on");
    assert_eq!(walk.state.to_verify(), [key("stop"), key("sensed")]);
    assert!(!walk.allowed().contains(&Allowed::Close));
    assert_eq!(walk.propose(Proposal::Close), Err(Refusal::Unverified(2)));
    // Whoever did it, or sat there when it was sensed, is no second person.
    assert_eq!(walk.propose(verify("stop", "maria")), Err(Refusal::SamePerson("maria".into())));
    assert_eq!(walk.propose(verify("sensed", "maria")), Err(Refusal::SamePerson("maria".into())));
    let ended = state_of(&walk, "stop").ended;
    walk.pass(60);
    // The next who sits here may be that person.
    walk.must(Proposal::Leave { how: Leaving::Left });
    let (operator, host, face, version) = ("kim".into(), "bastion".into(), "test".into(), "0".into());
    walk.must(Proposal::Sit { operator, host, pid: 2, face, version });
    walk.sense();
    walk.must(verify("stop", "kim"));
    assert_eq!(state_of(&walk, "stop").ended, ended, "evidence is no fresher for it");
    walk.must(verify("sensed", "kim"));
    assert!(walk.propose(verify("sensed", "kim")).is_err(), "once");
    walk.must(Proposal::Close);
    assert_eq!(walk.state.closed.as_ref().map(|closed| closed.outcome), Some(Outcome::CompletedWithDeviations));
    let kinds = walk.records.iter().filter_map(|record| match &record.event {
        Event::HoldReleased { verifies, .. } => *verifies,
        _ => None,
    });
    use crate::runbook::Verify::{Independent, Peer};
    assert_eq!(kinds.collect::<Vec<_>>(), [Peer, Independent, Independent]);
    assert_eq!(walk.fold(&walk.records), walk.state);
}

#[test]
fn where_nobody_can_be_found_that_is_overruled_and_going_back_asks_anew() {
    let mut walk = walked();
    assert!(walk.allowed().contains(&Allowed::Override(key("stop"))));
    walk.must(Proposal::Override { step: key("stop"), reason: "nobody is there".into() });
    walk.must(Proposal::Override { step: key("sensed"), reason: "nobody is there".into() });
    walk.must(Proposal::Close);
    assert_eq!(walk.state.deviations.len(), 3);
    assert_eq!(walk.state.closed.as_ref().map(|closed| closed.outcome), Some(Outcome::CompletedWithDeviations));

    let mut walk = opened_two();
    for _ in 0..2 {
        walk.do_first();
    }
    walk.must(verify("read", "kim"));
    walk.sense();
    walk.do_first();
    walk.finish(0);
    assert_eq!(walk.key(), key("end"));
    let early = Proposal::Override { step: key("stop"), reason: "why".into() };
    assert_eq!(walk.propose(early), Err(Refusal::NotCurrent(key("stop"))), "there is time yet");
    walk.do_first();
    walk.must(Proposal::Restart { step: key("again"), reason: "once more".into() });
    walk.sense();
    assert!(walk.state.unverified.is_empty());
    assert_eq!(state_of(&walk, "read").verified, None);
    assert_eq!(walk.fold(&walk.records), walk.state);
}

#[test]
fn who_did_a_step_does_not_verify_it_whoever_said_so() {
    for kind in ["peer", "independent"] {
        let text = BOOK.replacen("verify = \"peer\"", &format!("actor = \"Jo\"\nverify = \"{kind}\""), 1);
        let mut walk = Walk::of(parse(&text).0.expect("it is a runbook"));
        walk.do_first();
        walk.must(Proposal::Confirm { step: key("read"), said: "open".into() });
        assert_eq!(walk.propose(verify("read", "jo")), Err(Refusal::SamePerson("Jo".into())), "{kind}");
        walk.must(verify("read", "kim"));
    }
}

#[test]
fn what_nobody_verified_stays_done_and_the_way_back_goes_over_it() {
    let mut walk = walked();
    let before = state_of(&walk, "stop");
    let passed = |walk: &Walk| {
        scope::scope(&walk.state, &Board::default(), &Value::Null, walk.moment.at, "passed")["passed"].clone()
    };
    assert_eq!(passed(&walk)["stop"], json!(true));
    walk.pass(60);
    walk.must(Proposal::Override { step: key("stop"), reason: "nobody is there".into() });
    let after = state_of(&walk, "stop");
    assert_eq!((after.status, &after.said, &after.by), (StepStatus::Done, &before.said, &before.by));
    assert_eq!((after.ended, after.verified), (before.ended, None), "evidence is no fresher for it");
    assert_eq!(passed(&walk)["stop"], json!(true));
    assert_eq!(walk.state.to_verify(), [key("sensed")]);
    assert!(walk.propose(verify("stop", "kim")).is_err(), "that is over");
    assert_eq!(walk.fold(&walk.records), walk.state);
}
