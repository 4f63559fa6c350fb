//! What was sensed has to be so still when something is changed next.

use super::*;

const BOOK: &str = r#"
format = 1
id = "relied"
title = "What was sensed"
system = "demo"

[inputs.nodes]
type = "nodes"
prompt = "Nodes"
fields = ["api"]

[[health]]
id = "node"
each = ".inputs.nodes[]"
http = { url = "{{ .node.api }}/health" }
fields = { role = ".body.role" }
ok = '.role == "active" or .role == "standby"'

[[phase]]
id = "all"
title = "All"
[[phase.step]]
id = "well"
title = "See all of them well"
check = 'all(.health.node[]; .verdict == "ok")'
why = "All must carry the load."
hold = "10s"
[[phase.step]]
id = "look"
title = "Look at it"
ask = { name = "seen", prompt = "What do you see?", type = "text" }
[[phase.step]]
id = "stop"
title = "Stop it"
requires = ["well"]
run = ["stop"]
[[phase.step]]
id = "again"
title = "See them well again"
check = 'all(.health.node[]; .verdict == "ok")'
[[phase.step]]
id = "tell"
title = "Tell the others"
confirm = "What did they say?"
[[phase.step]]
id = "load"
title = "Load it"
run = ["load"]
[[phase.step]]
id = "calm"
title = "See them calm"
check = 'all(.health.node[]; .verdict == "ok")'
[[phase.step]]
id = "pull"
title = "Pull the plug"
disturbs = { health = ["node"], for = "1m" }
confirm = "Pulled?"
[[phase.step]]
id = "last"
title = "See the first one well"
check = '.health.node[0].verdict == "ok"'

[[rollback]]
id = "undo"
title = "put it back"
[[rollback.phase]]
id = "undo"
title = "Undo"
[[rollback.phase.step]]
id = "undo"
title = "Undo it"
run = ["undo"]
"#;

fn key(step: &str) -> StepKey {
    StepKey { phase: PhaseId::new("all"), item: None, step: StepId::new(step) }
}

fn confirm(step: &str) -> Proposal {
    Proposal::Confirm { step: key(step), said: "fine".into() }
}

fn answer(step: &str) -> Proposal {
    Proposal::Answer { step: key(step), value: json!("fine"), file: None }
}

fn over(step: &str) -> Proposal {
    Proposal::Override { step: key(step), reason: "it is known".into() }
}

const WELL: [bool; 3] = [true; 3];
const ILL: [bool; 3] = [true, true, false];

/// The first check has passed, and the step before the command is the current one.
fn sensed() -> Walk {
    let mut walk = Walk::of(parse(BOOK).0.expect("it is a runbook"));
    walk.pass(10);
    assert_eq!(walk.key(), key("look"));
    walk
}

impl Walk {
    fn status_of(&self, step: &str) -> StepStatus {
        self.state.step(&key(step)).expect("it is a step").status
    }

    fn refuses_to_run(&self) -> Option<String> {
        let shown = command_of(&self.runbook, &self.state, &self.moment.board, &key("stop"), self.moment.at);
        let shown = shown.expect("it renders").expect("it runs something");
        let run = Proposal::Run { step: key("stop"), shown, typed: None };
        decide(&self.runbook, &self.state, run, &self.moment).err().map(|refusal| refusal.to_string())
    }

    /// The command is started and ends well.
    fn stop(&mut self) {
        assert_eq!(self.refuses_to_run(), None);
        self.start();
    }

    fn start(&mut self) {
        let run = self.allowed().into_iter().find(|allowed| matches!(allowed, Allowed::Run(_)));
        let run = run.and_then(|run| self.proposal_for(&run)).expect("it may be started");
        self.must(run);
        self.finish(0);
    }
}

#[test]
fn what_was_sensed_and_reverts_is_open_again_and_holds_back_the_next_command() {
    let mut walk = sensed();
    walk.must(answer("look"));
    assert_eq!(walk.refuses_to_run(), None);
    walk.see(ILL);
    assert_eq!(walk.status_of("well"), StepStatus::Reverted);
    assert_eq!((walk.state.counts().done, walk.state.counts().reverted), (1, 1));
    let refusal = walk.refuses_to_run().expect("it is held back");
    assert!(refusal.contains("all/well is not so any more: All must carry the load."), "{refusal}");
    // It is the same check that is asked for, for as long as before.
    walk.see(WELL);
    walk.pass(9);
    assert_eq!(walk.status_of("well"), StepStatus::Reverted);
    assert!(walk.refuses_to_run().expect("it is held back").contains("not yet for long enough"));
    walk.pass(1);
    assert_eq!(walk.status_of("well"), StepStatus::Done);
    assert_eq!(walk.refuses_to_run(), None);
    let told = walk.records.iter().filter(|record| {
        matches!(record.event, Event::CheckReverted { .. } | Event::CheckRestored { held_ms: 10_000, .. })
    });
    assert_eq!(told.count(), 2);
}

#[test]
fn what_changes_nothing_goes_on_beside_what_has_reverted() {
    let mut walk = sensed();
    walk.see(ILL);
    assert_eq!(walk.status_of("well"), StepStatus::Reverted);
    walk.must(answer("look"));
    assert_eq!(walk.key(), key("stop"));
    assert!(walk.refuses_to_run().is_some());
}

#[test]
fn once_something_was_changed_what_was_sensed_before_is_not_looked_at() {
    let mut walk = sensed();
    walk.must(answer("look"));
    walk.stop();
    assert!(!walk.state.conditions.contains_key(&ConditionId::Check(key("well"))));
    walk.see(ILL);
    assert_eq!(walk.status_of("well"), StepStatus::Done);
}

#[test]
fn once_something_is_done_by_hand_what_was_sensed_before_is_not_looked_at() {
    let mut walk = sensed();
    walk.must(answer("look"));
    walk.stop();
    // The next check passes at once, and the step that is done by hand begins with it.
    assert_eq!(walk.key(), key("tell"));
    walk.see(ILL);
    assert_eq!(walk.status_of("again"), StepStatus::Done, "somebody may have pulled a plug");
}

#[test]
fn a_step_by_hand_waits_for_what_has_reverted_and_says_so() {
    let mut walk = sensed();
    walk.see(ILL);
    walk.must(over("look"));
    walk.must(over("stop"));
    walk.must(over("again"));
    // What says of itself that it changes nothing begins.
    walk.must(confirm("tell"));
    walk.must(over("load"));
    walk.must(over("calm"));
    assert_eq!(walk.state.current, None);
    let told = stalled(&walk.runbook, &walk.state, &walk.moment).expect("it stands still");
    assert!(told.contains("\"See all of them well\" in the phase \"All\" is not as it was sensed"), "{told}");
    walk.see(WELL);
    walk.pass(10);
    assert_eq!(walk.key(), key("pull"));
}

#[test]
fn what_has_reverted_is_overridden_with_a_reason_and_never_ticked() {
    let mut walk = sensed();
    assert!(walk.propose(over("well")).is_err(), "it is done");
    walk.see(ILL);
    assert!(walk.allowed().contains(&Allowed::Override(key("well"))));
    assert!(walk.propose(confirm("well")).is_err());
    assert!(walk.propose(Proposal::Skip { step: key("well"), reason: "no".into() }).is_err());
    walk.must(over("well"));
    assert_eq!(walk.status_of("well"), StepStatus::Overridden);
    assert_eq!(walk.key(), key("look"));
    walk.must(answer("look"));
    assert_eq!(walk.refuses_to_run(), None);
    assert_eq!(walk.state.deviations.len(), 1);
    walk.see(WELL);
    walk.pass(20);
    assert_eq!(walk.status_of("well"), StepStatus::Overridden, "it never turns green");
}

#[test]
fn who_goes_on_regardless_says_why_and_it_counts_as_overridden() {
    let mut walk = sensed();
    walk.must(answer("look"));
    let well = ConditionId::Check(key("well"));
    assert!(!walk.allowed().contains(&Allowed::Acknowledge(well.clone())));
    walk.see(ILL);
    assert!(walk.allowed().contains(&Allowed::Acknowledge(well.clone())));
    walk.must(Proposal::Acknowledge { condition: well, reason: "it is known".into() });
    assert_eq!(walk.status_of("well"), StepStatus::Overridden);
    assert_eq!(walk.state.step(&key("well")).expect("it is a step").said, "it is known");
    assert_eq!(walk.refuses_to_run(), None);
    assert_eq!(walk.state.deviations.len(), 1);
}

#[test]
fn who_comes_back_runs_nothing_before_what_was_sensed_is_sensed_anew() {
    let mut walk = sensed();
    walk.must(answer("look"));
    walk.must(Proposal::Leave { how: Leaving::Left });
    let sit = Event::SittingOpened {
        operator: "maria".into(),
        host: "bastion".into(),
        pid: 2,
        face: "test".into(),
        version: "0".into(),
    };
    let mut state = walk.state.clone();
    state.take(state.seq + 1, walk.moment.at, "maria@bastion", &sit);
    let Gate::Closed(holds) = gate(&walk.runbook, &state, &key("stop"), walk.moment.at) else { panic!("it is open") };
    assert!(matches!(&holds[..], [Hold::Reverted { truth: Tri::Unknown, .. }]), "{holds:?}");
    walk.sit();
    assert_eq!(walk.refuses_to_run(), None);
}

#[test]
fn the_run_is_not_closed_while_its_last_check_is_not_so_any_more() {
    let mut walk = sensed();
    walk.must(answer("look"));
    walk.stop();
    walk.must(confirm("tell"));
    walk.start();
    walk.must(confirm("pull"));
    walk.sense();
    assert!(walk.allowed().contains(&Allowed::Close));
    walk.see([false, true, true]);
    assert_eq!(walk.status_of("last"), StepStatus::Reverted);
    assert!(!walk.allowed().contains(&Allowed::Close));
    assert!(walk.propose(Proposal::Close).is_err());
    walk.see(WELL);
    walk.must(Proposal::Close);
}

#[test]
fn who_gives_up_or_goes_back_leaves_it_reverted() {
    let mut walk = sensed();
    walk.see(ILL);
    let mut back = sensed();
    back.see(ILL);
    walk.must(Proposal::Abandon { reason: "no".into() });
    assert_eq!(walk.status_of("well"), StepStatus::Reverted);
    assert_eq!(walk.state.counts().reverted, 1);
    back.must(Proposal::RollBack { plan: RollbackId::new("undo"), reason: "no".into() });
    back.sense();
    assert_eq!(back.status_of("well"), StepStatus::Reverted);
    assert!(back.allowed().iter().any(|allowed| matches!(allowed, Allowed::Run(_))), "the way back is free");
}
