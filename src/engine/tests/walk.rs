//! A walk from its beginning to its end: what follows by itself, fails, and is given up.

use super::*;

#[test]
fn a_calm_walk_ends_completed() {
    let mut walk = Walk::opened();
    assert_eq!(walk.key().to_string(), "prepare/notes");
    walk.do_first();
    walk.do_first();
    assert_eq!(walk.key().to_string(), "nodes[n2]/stop");
    for node in ["n2", "n3"] {
        walk.do_first();
        walk.do_first();
        assert!(walk.state.is_running());
        walk.finish(0);
        assert_eq!(walk.key().to_string(), format!("nodes[{node}]/back"));
        walk.pass(9);
        assert_eq!(walk.key().to_string(), format!("nodes[{node}]/back"));
        walk.pass(1);
        walk.pass(60);
    }
    walk.do_first();
    assert_eq!(walk.allowed().first(), Some(&Allowed::Close));
    walk.do_first();
    assert_eq!(walk.state.closed.as_ref().map(|closed| closed.outcome), Some(Outcome::Completed));
    assert_eq!(walk.state.answers["word"], json!("stopped"));
    assert_eq!(walk.state.counts().not_applicable, 1);
    let left: Vec<_> = walk.state.conditions.keys().map(ToString::to_string).collect();
    assert_eq!(left, ["guard/one-away"], "what a finished step waited for is not carried along");
}

#[test]
fn a_run_with_a_step_that_is_not_accounted_for_is_not_closed() {
    let mut walk = Walk::opened();
    let mut refused = 0;
    while walk.state.counts().pending + walk.state.counts().current > 0 {
        assert!(!walk.allowed().contains(&Allowed::Close), "{}", walk.key());
        assert!(walk.propose(Proposal::Close).is_err(), "{}", walk.key());
        refused += 1;
        let first = walk.allowed().into_iter().next();
        match first {
            _ if walk.state.is_running() => walk.finish(0),
            Some(Allowed::ReadCautions(_) | Allowed::Confirm(_) | Allowed::Answer(_) | Allowed::Run(_)) => {
                walk.do_first();
            }
            // What is sensed or waited for comes by itself.
            _ => walk.pass(10),
        }
    }
    assert!(refused > 10, "{refused}");
    walk.must(Proposal::Close);
}

#[test]
fn a_failed_command_interrupts_and_can_be_tried_again() {
    let mut walk = at_stop();
    walk.do_first();
    walk.do_first();
    walk.finish(3);
    let key = walk.key();
    assert_eq!(walk.state.step(&key).map(|step| step.status), Some(StepStatus::Failed));
    assert_eq!(walk.allowed().first(), Some(&Allowed::Retry(key)));
    walk.do_first();
    walk.do_first();
    walk.finish(0);
    assert_eq!(walk.key().step.as_str(), "back");
}

#[test]
fn who_cancels_a_command_stands_in_the_journal() {
    let mut walk = at_stop();
    walk.do_first();
    walk.do_first();
    let Some(Allowed::Cancel(job)) = walk.allowed().first().cloned() else { panic!("{:?}", walk.allowed()) };
    walk.must(Proposal::Cancel { job });
    let last = walk.records.last().expect("there are some");
    assert_eq!((&last.event, &*last.by), (&Event::CancelAsked { step: walk.key() }, "maria@bastion"));
    let printed = Printed::default();
    walk.must(Proposal::Finished { job, ended: Ended::Cancelled, elapsed_ms: 5, output: None, printed });
    let known = walk.state.step(&walk.key()).expect("it is a step");
    assert_eq!((known.status, &*known.said), (StepStatus::Failed, "cancelled by maria@bastion"));
    // Of another attempt that is not so.
    walk.do_first();
    walk.do_first();
    walk.finish(2);
    let known = walk.state.step(&walk.key()).expect("it is a step");
    assert!(!known.said.contains("cancelled"), "{}", known.said);
}

#[test]
fn a_sensed_step_can_only_be_overridden_and_restarts_when_it_flaps() {
    let mut walk = at_stop();
    walk.do_first();
    walk.do_first();
    walk.finish(0);
    let key = walk.key();
    let skip = Proposal::Skip { step: key.clone(), reason: "no time".into() };
    assert_eq!(walk.propose(skip), Err(Refusal::SensedOnly));
    let confirm = Proposal::Confirm { step: key.clone(), said: "ok".into() };
    assert!(matches!(walk.propose(confirm), Err(Refusal::WrongAction(_))));
    walk.pass(8);
    walk.see([true, false, true]);
    walk.see([true; 3]);
    walk.pass(8);
    assert_eq!(walk.key(), key, "the hold starts anew after a break");
    walk.pass(2);
    assert_eq!(walk.key().step.as_str(), "rest");
    let key = walk.key();
    assert_eq!(walk.propose(Proposal::Skip { step: key.clone(), reason: "no".into() }), Err(Refusal::SensedOnly));
    walk.must(Proposal::CutWait { step: key, reason: "in a hurry".into() });
    assert_eq!(walk.state.deviations.len(), 1);
}

#[test]
fn a_wait_that_begins_with_something_observed_is_a_check_with_hold_and_starts_again_when_that_flaps() {
    let mut walk = at_stop();
    walk.do_first();
    walk.do_first();
    walk.moment.board = board([true, false, true]);
    walk.finish(0);
    let key = walk.key();
    assert_eq!(key.to_string(), "nodes[n2]/back");
    let left = |walk: &Walk| match gate(&walk.runbook, &walk.state, &key, walk.moment.at) {
        Gate::Closed(holds) => match holds[..] {
            [Hold::Holding { left }] => Some(left.as_secs()),
            _ => None,
        },
        Gate::Open => Some(0),
    };
    // However long the step has been the current one: the time counts from what was observed.
    walk.pass(60);
    assert_eq!(left(&walk), None, "it has not been observed yet");
    walk.see([true; 3]);
    walk.pass(9);
    assert_eq!(left(&walk), Some(1));
    walk.see([true, false, true]);
    walk.see([true; 3]);
    assert_eq!(left(&walk), Some(10), "it flapped: from the beginning");
    walk.pass(10);
    assert_ne!(walk.key(), key);
}

#[test]
fn nothing_follows_from_one_condition_before_all_were_evaluated() {
    let mut walk = at_stop();
    walk.do_first();
    walk.do_first();
    walk.finish(0);
    walk.pass(9);
    // The hold has run out at the very moment at which the node is seen to be gone.
    walk.moment.at = walk.moment.at.plus(Duration::from_secs(2));
    walk.moment.board = board([true, false, true]);
    let condition = ConditionId::Health(ProbeId::new("node"), Some("n2".into()));
    walk.must(Proposal::Observe { condition, truth: Tri::False, why: String::new(), seen: Value::Null });
    walk.sense();
    assert_eq!(walk.key().step.as_str(), "back");
}

#[test]
fn a_check_has_its_time_in_each_sitting_anew() {
    let mut walk = at_stop();
    walk.do_first();
    walk.do_first();
    walk.see([true, false, true]);
    walk.finish(0);
    walk.must(Proposal::Leave { how: Leaving::Interrupted });
    walk.moment.at = walk.moment.at.plus(Duration::from_secs(3600));
    walk.sit();
    let status = |walk: &Walk| walk.state.step(&walk.key()).map(|step| step.status);
    assert_eq!(status(&walk), Some(StepStatus::Current), "nobody has looked yet");
    walk.pass(300);
    assert_eq!(status(&walk), Some(StepStatus::Failed));
}

#[test]
fn a_step_after_a_loop_can_require_a_step_of_every_item() {
    let with = BOOK.replace(
        "options = [\"fine\", \"broken\"]",
        "options = [\"fine\", \"broken\"]\nrequires = [{ step = \"nodes/back\" }]",
    );
    let (runbook, told) = parse(&with);
    let runbook = runbook.unwrap_or_else(|| panic!("{told:?}"));
    let mut walk = Walk::of(runbook);
    for _ in 0..200 {
        if walk.state.current.as_ref().is_some_and(|key| key.step.as_str() == "look") {
            break;
        }
        if walk.state.is_running() {
            walk.finish(0)
        } else {
            walk.pass(61)
        }
        let is_forward = |choice: &Allowed| {
            matches!(choice, Allowed::ReadCautions(_) | Allowed::Confirm(_) | Allowed::Answer(_) | Allowed::Run(_))
        };
        if walk.allowed().first().is_some_and(is_forward)
            && walk.state.current.as_ref().is_some_and(|k| k.step.as_str() != "look")
        {
            walk.do_first();
        }
    }
    let key = walk.key();
    assert_eq!(key.step.as_str(), "look");
    assert_eq!(gate(&walk.runbook, &walk.state, &key, walk.moment.at), Gate::Open);
}

#[test]
fn a_check_fails_after_its_timeout() {
    let mut walk = at_stop();
    walk.do_first();
    walk.do_first();
    walk.see([true, false, true]);
    walk.finish(0);
    walk.pass(299);
    assert_eq!(walk.state.step(&walk.key()).map(|step| step.status), Some(StepStatus::Current));
    walk.pass(1);
    assert_eq!(walk.state.step(&walk.key()).map(|step| step.status), Some(StepStatus::Failed));
}

#[test]
fn stale_evidence_holds_back() {
    let mut walk = at_stop();
    walk.do_first();
    walk.pass(2 * 3600 + 1);
    let closed = gate(&walk.runbook, &walk.state, &walk.key(), walk.moment.at);
    assert!(matches!(closed, Gate::Closed(holds) if matches!(holds[..], [Hold::Stale { .. }])));
}

#[test]
fn going_back_accounts_for_what_is_left_and_ends_rolled_back() {
    let mut walk = at_stop();
    let undo = || Proposal::RollBack { plan: RollbackId::new("undo"), reason: "it is bad".into() };
    assert!(matches!(walk.propose(undo()), Err(Refusal::Unknown(_))), "nothing to go back from yet");
    walk.do_first();
    walk.do_first();
    walk.finish(0);
    walk.must(undo());
    walk.sense();
    assert_eq!(walk.key().to_string(), "undo/undo");
    walk.do_first();
    walk.do_first();
    assert_eq!(walk.state.closed.as_ref().map(|closed| closed.outcome), Some(Outcome::RolledBack));
}

#[test]
fn an_abandoned_run_accounts_for_every_step() {
    let mut walk = at_stop();
    walk.must(Proposal::Abandon { reason: "the window is over".into() });
    let counts = walk.state.counts();
    assert_eq!(counts.pending + counts.current + counts.failed, 0);
    assert_eq!(walk.state.closed.as_ref().map(|closed| closed.outcome), Some(Outcome::Abandoned));
    assert_eq!(walk.propose(Proposal::Close), Err(Refusal::Closed));
}

#[test]
fn a_new_sitting_knows_nothing_until_it_has_sensed() {
    let mut walk = at_stop();
    walk.do_first();
    walk.must(Proposal::Leave { how: Leaving::Interrupted });
    let events = walk.proposal_for(&Allowed::Run(walk.key())).unwrap();
    assert!(matches!(walk.propose(events), Err(Refusal::NotNow(_))), "nobody sits there");
    for row in &mut walk.moment.board.rows {
        row.age_ms = None;
        row.verdict = Verdict::Unknown;
    }
    walk.sit();
    assert!(!walk.allowed().iter().any(|allowed| matches!(allowed, Allowed::Run(_))));
    walk.see([true; 3]);
    assert!(walk.allowed().iter().any(|allowed| matches!(allowed, Allowed::Run(_))));
}
