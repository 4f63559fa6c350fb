//! What holds a step back, and for how long.

use super::*;

#[test]
fn the_action_is_inert_until_its_cautions_were_read() {
    let walk = at_stop();
    let run = walk.proposal_for(&Allowed::Run(walk.key())).unwrap();
    assert_eq!(decide(&walk.runbook, &walk.state, run, &walk.moment), Err(Refusal::CautionsUnread));
}

#[test]
fn a_critical_step_wants_the_targets_name_and_fresh_samples() {
    let mut walk = at_stop();
    walk.do_first();
    let key = walk.key();
    let Some(Proposal::Run { step, shown, .. }) = walk.proposal_for(&Allowed::Run(key)) else { panic!() };
    let typed = |typed: Option<&str>| Proposal::Run {
        step: step.clone(),
        shown: shown.clone(),
        typed: typed.map(str::to_owned),
    };
    assert_eq!(walk.propose(typed(None)), Err(Refusal::NotTheTarget("n2".into())));
    assert_eq!(walk.propose(typed(Some("n3"))), Err(Refusal::NotTheTarget("n2".into())));
    let mut other = shown.clone();
    other.argv.push("--force".into());
    let swapped = Proposal::Run { step: step.clone(), shown: other, typed: Some("n2".into()) };
    assert_eq!(walk.propose(swapped), Err(Refusal::NotAsShown));
    for row in &mut walk.moment.board.rows {
        row.age_ms = Some(10_001);
    }
    let told = "its samples are older than ten seconds: ask node again, then run it";
    assert_eq!(walk.propose(typed(Some("n2"))), Err(Refusal::GateClosed(told.into())));
    walk.moment.board = board([true; 3]);
    assert_eq!(walk.propose(typed(Some("n2"))), Ok(()));
}

#[test]
fn a_broken_guard_holds_back_until_it_is_acknowledged_or_mended() {
    let mut walk = at_stop();
    walk.do_first();
    walk.see([false, true, false]);
    let guard = ConditionId::Guard(GuardId::new("one-away"));
    assert!(walk.allowed().contains(&Allowed::Acknowledge(guard.clone())));
    assert!(!walk.allowed().iter().any(|allowed| matches!(allowed, Allowed::Run(_))));
    walk.must(Proposal::Acknowledge { condition: guard, reason: "planned".into() });
    assert!(walk.allowed().iter().any(|allowed| matches!(allowed, Allowed::Run(_))));
    walk.see([true; 3]);
    walk.see([false, true, false]);
    assert!(!walk.allowed().iter().any(|allowed| matches!(allowed, Allowed::Run(_))), "it must be said anew");
}

#[test]
fn a_gate_on_unknown_stays_closed() {
    let mut walk = at_stop();
    walk.do_first();
    for row in &mut walk.moment.board.rows {
        row.verdict = Verdict::Unknown;
        row.fields.clear();
    }
    walk.sense();
    assert!(!walk.allowed().iter().any(|allowed| matches!(allowed, Allowed::Run(_))));
}

#[test]
fn what_is_false_is_unknown_while_nobody_answers_and_stays_false_when_one_does() {
    let mut walk = at_stop();
    let guard = ConditionId::Guard(GuardId::new("one-away"));
    let seen = |walk: &Walk| {
        let (truth, why, _) = evaluate(&walk.runbook, &walk.state, &walk.moment.board, &guard, walk.moment.at).unwrap();
        (truth, why)
    };
    for row in &mut walk.moment.board.rows {
        row.verdict = Verdict::Unknown;
        row.why = "no answer within 2s".into();
    }
    assert_eq!(seen(&walk), (Tri::Unknown, "nobody gives an answer: n1: no answer within 2s".into()));
    for known in [Verdict::Ok, Verdict::Degraded, Verdict::Bad] {
        walk.moment.board.rows[2].verdict = known;
        assert_eq!(seen(&walk).0, Tri::False, "{known:?}");
    }
}
