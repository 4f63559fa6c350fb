//! Nodes that give no answer when a loop opens.

use super::*;

/// Before the phase of the standbys, while n3 gives no answer.
fn before_the_loop() -> Walk {
    let mut walk = Walk::opened();
    walk.do_first();
    walk.moment.board = silent(2);
    walk.do_first();
    walk
}

#[test]
fn a_loop_does_not_open_while_a_node_gives_no_answer() {
    let mut walk = before_the_loop();
    assert_eq!(walk.state.current, None);
    let told = stalled(&walk.runbook, &walk.state, &walk.moment).unwrap();
    assert_eq!(told, "the phase \"Each standby\" cannot open: health/node[n3] is unknown: no answer within 2s");
    assert_eq!(walk.allowed().first(), Some(&Allowed::Acknowledge(health("n3"))));
    for other in [health("n2"), ConditionId::Guard(GuardId::new("one-away"))] {
        let other = Proposal::Acknowledge { condition: other, reason: "so what".into() };
        assert!(matches!(walk.propose(other), Err(Refusal::NotNow(_))));
    }
    // It opens by itself when the answer comes, with all nodes.
    walk.see([true; 3]);
    assert_eq!(walk.key().to_string(), "nodes[n2]/stop");
    assert_eq!(walk.state.phases[1].items.len(), 2);
    assert_eq!(walk.state.deviations, []);
}

#[test]
fn a_person_may_go_on_without_an_answer_never_invisibly() {
    let mut walk = before_the_loop();
    let mute = Proposal::Acknowledge { condition: health("n3"), reason: "  ".into() };
    assert!(matches!(walk.propose(mute), Err(Refusal::BadText(_))));
    walk.must(Proposal::Acknowledge { condition: health("n3"), reason: "n3 is on the bench".into() });
    assert_eq!(walk.key().to_string(), "nodes[n2]/stop");
    assert_eq!(walk.state.phases[1].items.len(), 1);
    let [deviation] = walk.state.deviations.iter().collect::<Vec<_>>()[..] else {
        panic!("{:?}", walk.state.deviations)
    };
    assert_eq!((deviation.kind, deviation.subject.as_str()), (DeviationKind::Acknowledged, "health/node[n3]"));
    assert_eq!(walk.fold(&walk.records), walk.state);
}

#[test]
fn every_silent_node_is_acknowledged_for_itself_and_in_each_sitting_anew() {
    let mut walk = before_the_loop();
    walk.moment.board = silent(1);
    walk.moment.board.rows[2] = silent(2).rows[2].clone();
    walk.sense();
    walk.must(Proposal::Acknowledge { condition: health("n2"), reason: "known".into() });
    assert_eq!(walk.state.current, None);
    walk.must(Proposal::Leave { how: Leaving::Left });
    walk.sit();
    let both = [Allowed::Acknowledge(health("n2")), Allowed::Acknowledge(health("n3"))];
    assert_eq!(walk.allowed()[..2], both);
    for choice in both {
        walk.must(walk.proposal_for(&choice).unwrap());
    }
    // Nobody is left in the loop: it is over, and not silently.
    assert_eq!((walk.key().to_string().as_str(), walk.state.deviations.len()), ("verify/look", 3));
}

#[test]
fn an_answer_in_between_takes_the_acknowledgement_back() {
    let mut walk = before_the_loop();
    walk.moment.board = silent(1);
    walk.moment.board.rows[2] = silent(2).rows[2].clone();
    walk.sense();
    walk.must(Proposal::Acknowledge { condition: health("n3"), reason: "known".into() });
    let seen = |truth| Proposal::Observe { condition: health("n3"), truth, why: String::new(), seen: Value::Null };
    walk.must(seen(Tri::True));
    walk.must(seen(Tri::Unknown));
    assert!(walk.allowed().contains(&Allowed::Acknowledge(health("n3"))));
}
