//! Evidence that becomes too old before the step that wants it is reached.

use super::*;

const FRESH: &str = r#"
format = 1
id = "fresh"
title = "Fresh"
system = "demo"

[inputs.nodes]
type = "nodes"
prompt = "Nodes"

[[phase]]
id = "prepare"
title = "Prepare"
[[phase.step]]
id = "notes"
title = "Read the notes"
confirm = "Read?"
[[phase.step]]
id = "backup"
title = "Back up"
run = ["backup"]
capture = { file = ".stdout" }
[[phase.step]]
id = "sum"
title = "Look at the backup"
ask = { name = "sum", prompt = "Which sum?", type = "text" }
[[phase.step]]
id = "by-hand"
title = "Back up by hand"
when = { holds = "false", why = "a command has done it" }
confirm = "Where?"

[[phase]]
id = "nodes"
title = "Each node"
for_each = '.inputs.nodes[] | select(.name != "n3")'
when = { holds = '.node.name as $n | any(.health.node[]; .node.name == $n and .role != null)', why = "It is down." }
[[phase.step]]
id = "connect"
title = "Connect"
run = ["connect", "{{ .node.name }}"]
[[phase.step]]
id = "stop"
title = "Stop it"
requires = [
  "prepare/notes",
  { step = "prepare/backup", within = "2h" },
  { step = "prepare/sum", within = "2h" },
  { step = "prepare/by-hand", within = "2h" },
  { step = "connect", within = "10m" },
]
run = ["stop", "{{ .node.name }}"]

[[health]]
id = "node"
title = "Nodes"
each = ".inputs.nodes[]"
http = { url = "{{ .node.api }}/health" }
fields = { role = ".body.role" }
ok = '.role != null'

[[rollback]]
id = "undo"
title = "Undo"
[[rollback.phase]]
id = "undo"
title = "Undo"
[[rollback.phase.step]]
id = "undo"
title = "Undo it"
requires = [{ step = "prepare/sum", within = "2h" }]
confirm = "Undone?"
"#;

fn walk() -> Walk {
    let (runbook, told) = parse(FRESH);
    Walk::of(runbook.unwrap_or_else(|| panic!("{told:#?}")))
}

fn stale(walk: &Walk) -> Vec<String> {
    let Gate::Closed(holds) = gate(&walk.runbook, &walk.state, &walk.key(), walk.moment.at) else { return Vec::new() };
    let name = |hold: Hold| match hold {
        Hold::Stale { step, .. } => step.to_string(),
        other => panic!("{other:?}"),
    };
    holds.into_iter().map(name).collect()
}

fn renew(walk: &mut Walk) {
    assert_eq!(walk.allowed().first(), Some(&Allowed::Renew(walk.key())), "it is what is offered first");
    walk.do_first();
}

#[test]
fn evidence_that_expires_on_the_way_is_refused_done_anew_and_the_walk_goes_on() {
    let mut walk = walk();
    walk.at("nodes[n1]/connect");
    walk.pass(2 * 3600);
    walk.at("nodes[n1]/stop");
    assert_eq!(stale(&walk), Vec::<String>::new(), "two hours are allowed");
    assert_eq!(
        walk.propose(Proposal::Renew { step: walk.key() }),
        Err(Refusal::NotNow("none of its evidence is too old"))
    );
    walk.pass(1);
    assert_eq!(stale(&walk), ["prepare/backup", "prepare/sum"]);
    let shown = command_of(&walk.runbook, &walk.state, &walk.moment.board, &walk.key(), walk.moment.at);
    let run = Proposal::Run { step: walk.key(), shown: shown.unwrap().unwrap(), typed: None };
    let Err(Refusal::GateClosed(why)) = walk.propose(run.clone()) else { panic!("it must not run") };
    assert!(why.contains("prepare/backup was done 7201 s ago, at most 7200 s are allowed"), "{why}");
    assert!(!walk.allowed().contains(&Allowed::Run(walk.key())));

    renew(&mut walk);
    assert_eq!(walk.key().to_string(), "prepare/backup");
    assert_eq!(walk.state.step(&walk.key()).map(|step| step.attempt), Some(2));
    assert_eq!(walk.status("nodes[n1]/stop"), StepStatus::Pending);
    assert_eq!(walk.status("prepare/notes"), StepStatus::Done, "nobody asked for it to be fresh");
    assert_eq!(walk.status("prepare/by-hand"), StepStatus::NotApplicable);
    let before = walk.state.before.get(&walk.key()).unwrap();
    assert_eq!((before.attempts, before.status, before.said.as_str()), (1, StepStatus::Done, "exit status 0"));
    walk.at("prepare/sum");
    walk.must(Proposal::Answer { step: walk.key(), value: json!("another"), file: None });
    walk.sense();
    assert_eq!(walk.state.answers["sum"], json!("another"));
    assert_eq!(walk.key().to_string(), "nodes[n1]/stop", "straight back to where it stood");
    assert_eq!(gate(&walk.runbook, &walk.state, &walk.key(), walk.moment.at), Gate::Open);
    assert_eq!(walk.state.step(&walk.key()).map(|step| step.attempt), Some(1));
    walk.must(run);
    walk.finish(0);
    assert_eq!(walk.key().to_string(), "nodes[n2]/connect");
    assert_eq!(walk.state.deviations, [], "it is no deviation");
    assert_eq!(walk.fold(&walk.records), walk.state);
}

#[test]
fn what_came_after_the_oldest_evidence_is_done_anew_with_it_and_what_came_before_is_not() {
    let mut walk = walk();
    walk.at("prepare/sum");
    walk.pass(3600);
    walk.at("nodes[n1]/stop");
    walk.pass(3601);
    assert_eq!(stale(&walk), ["prepare/backup", "nodes[n1]/connect"], "the sum is an hour old, and of the old backup");
    renew(&mut walk);
    let opened = |walk: &Walk| {
        let keys = walk.state.phases.iter().flat_map(PhaseState::keys);
        keys.filter(|(_, step)| !step.status.is_accounted()).map(|(key, _)| key.to_string()).take(4).collect::<Vec<_>>()
    };
    assert_eq!(opened(&walk), ["prepare/backup", "prepare/sum", "nodes[n1]/connect", "nodes[n1]/stop"]);
    walk.at("nodes[n1]/stop");
    walk.pass(601);
    assert_eq!(stale(&walk), ["nodes[n1]/connect"]);
    // Its phase is entered already: whether it applies was asked when it opened.
    walk.see([false, true, true]);
    renew(&mut walk);
    assert_eq!(walk.key().to_string(), "nodes[n1]/connect");
    assert_eq!(opened(&walk)[..2], ["nodes[n1]/connect", "nodes[n1]/stop"]);
    assert_eq!(walk.state.step(&walk.key()).map(|step| step.attempt), Some(3));
    walk.at("nodes[n1]/stop").do_first();
    walk.finish(0);
}

#[test]
fn a_step_that_has_failed_is_tried_again_first() {
    let mut walk = walk();
    walk.at("nodes[n1]/stop").do_first();
    walk.finish(1);
    walk.pass(3 * 3600);
    assert_eq!(walk.allowed().first(), Some(&Allowed::Retry(walk.key())));
    assert!(matches!(walk.propose(Proposal::Renew { step: walk.key() }), Err(Refusal::NotNow(_))));
    walk.do_first();
    renew(&mut walk);
    assert_eq!(walk.key().to_string(), "prepare/backup");
    walk.at("nodes[n1]/stop");
    assert_eq!(walk.state.step(&walk.key()).map(|step| (step.attempt, step.has_failed)), Some((2, true)));
}

/// The plan that was left is walked no more: its evidence can only be overruled.
#[test]
fn a_way_back_does_not_lead_into_the_plan_that_was_left() {
    let mut walk = walk();
    walk.at("nodes[n1]/stop");
    walk.must(Proposal::RollBack { plan: RollbackId::new("undo"), reason: "enough".into() });
    walk.sense();
    walk.pass(3 * 3600);
    assert_eq!(stale(&walk), ["prepare/sum"]);
    let allowed = walk.allowed();
    assert!(!allowed.contains(&Allowed::Renew(walk.key())) && allowed.contains(&Allowed::Override(walk.key())));
}
