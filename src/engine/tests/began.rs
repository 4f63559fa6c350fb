//! Going back over exactly what was changed.

use super::*;

/// Five nodes one after the other, and a way back over those that were stopped, the last first.
const FIVE: &str = r#"
format = 1
id = "five"
title = "Five"
system = "demo"

[inputs.nodes]
type = "nodes"
prompt = "Nodes"

[[phase]]
id = "nodes"
title = "Each node"
for_each = ".inputs.nodes[]"
[[phase.step]]
id = "agree"
title = "Agree on {{ .node.name }}"
confirm = "Agreed?"
[[phase.step]]
id = "stop"
title = "Stop {{ .node.name }}"
run = ["stop", "{{ .node.name }}"]
[[phase.step]]
id = "look"
title = "Look at {{ .node.name }}"
confirm = "Seen?"

[[phase]]
id = "switch"
title = "Switch over"
[[phase.step]]
id = "switch"
title = "Switch"
confirm = "Switched?"

[[rollback]]
id = "undo"
title = "start what was stopped"
when = '.began."nodes/stop" | length > 0'
[[rollback.phase]]
id = "undo"
title = "Undo"
for_each = '.began."nodes/stop" | reverse | .[]'
[[rollback.phase.step]]
id = "start"
title = "Start {{ .node.name }}"
run = ["start", "{{ .node.name }}"]
"#;

fn five() -> Walk {
    let (runbook, told) = parse(FIVE);
    let mut walk = Walk::unopened(runbook.unwrap_or_else(|| panic!("{told:#?}")));
    let mut head = opened(&walk.runbook);
    let nodes: Vec<_> = (1..=5).map(|n| json!({ "name": format!("n{n}") })).collect();
    head.inputs.insert("nodes".into(), json!(nodes));
    walk.must(Proposal::Open(head));
    walk.sit();
    walk
}

impl Walk {
    fn begun(&self, name: &str) -> Vec<String> {
        let expr =
            crate::runbook::Expr::compile(&format!(".began.{name:?}[] | if . == null then \"it\" else .name end"));
        let scope = super::super::scope::scope(&self.state, &self.moment.board, &Value::Null, self.moment.at, "began");
        let names = expr.unwrap().all(&scope, 100).unwrap();
        names.iter().map(|name| name.as_str().unwrap().to_owned()).collect()
    }

    /// Does the first natural thing until that step is the current one.
    fn walk_to(&mut self, step: &str) {
        for _ in 0..100 {
            if self.state.current.as_ref().is_some_and(|key| key.to_string() == step) {
                return;
            }
            if self.state.is_running() { self.finish(0) } else { self.do_first() }
        }
        panic!("{step} never comes");
    }

    pub(super) fn end(&mut self, ended: Ended) {
        let job = self.state.running.first().expect("a command runs").job;
        self.must(Proposal::Finished { job, ended, elapsed_ms: 1, output: None, printed: Printed::default() });
        self.sense();
    }
}

#[test]
fn three_of_five_are_gone_over_backwards() {
    let mut walk = five();
    assert_eq!(walk.begun("nodes/stop"), [""; 0]);
    walk.walk_to("nodes[n3]/stop");
    walk.do_first();
    walk.end(Ended::Exit(1));
    assert_eq!(walk.begun("nodes/stop"), ["n1", "n2", "n3"]);
    walk.must(Proposal::RollBack { plan: RollbackId::new("undo"), reason: "n3 does not stop".into() });
    walk.sense();
    let mut started = Vec::new();
    while walk.state.current.is_some() {
        started.push(walk.key().to_string());
        walk.do_first();
        walk.finish(0);
    }
    assert_eq!(started, ["undo[n3]/start", "undo[n2]/start", "undo[n1]/start"]);
    assert_eq!(walk.begun("undo/start"), ["n3", "n2", "n1"]);
    walk.do_first();
    assert_eq!(walk.state.closed.as_ref().map(|closed| closed.outcome), Some(Outcome::RolledBack));
    assert_eq!(walk.fold(&walk.records), walk.state);
}

#[test]
fn a_command_that_was_started_has_begun_however_it_ended() {
    for (ended, is_begun) in [
        (Ended::Exit(0), true),
        (Ended::Exit(1), true),
        (Ended::Signal(9), true),
        (Ended::TimedOut, true),
        (Ended::Cancelled, true),
        (Ended::Lost, true),
        (Ended::NotStarted("no such program".into()), false),
    ] {
        let mut walk = five();
        walk.walk_to("nodes[n1]/stop");
        assert_eq!(walk.begun("nodes/stop"), [""; 0], "it is only looked at");
        walk.do_first();
        assert_eq!(walk.begun("nodes/stop"), ["n1"], "it runs");
        walk.end(ended.clone());
        assert_eq!(walk.begun("nodes/stop").len(), usize::from(is_begun), "{ended:?}");
        let offered = offered_rollback(&walk.runbook, &walk.state, &walk.moment);
        assert_eq!(offered.is_some(), is_begun, "{ended:?}");
    }
    // A second attempt that cannot be started takes the first one not back.
    let mut walk = five();
    walk.walk_to("nodes[n1]/stop");
    walk.do_first();
    walk.end(Ended::Exit(1));
    walk.do_first();
    walk.do_first();
    walk.end(Ended::NotStarted("gone".into()));
    assert_eq!(walk.begun("nodes/stop"), ["n1"]);
}

#[test]
fn what_a_person_says_or_overrides_has_begun_and_what_is_skipped_has_not() {
    let mut walk = five();
    walk.must(Proposal::Skip { step: walk.key(), reason: "no".into() });
    walk.sense();
    walk.must(Proposal::Override { step: walk.key(), reason: "by hand".into() });
    walk.walk_to("nodes[n2]/stop");
    walk.must(Proposal::Skip { step: walk.key(), reason: "no".into() });
    walk.walk_to("nodes[n3]/agree");
    assert_eq!(walk.begun("nodes/agree"), ["n2"]);
    assert_eq!(walk.begun("nodes/stop"), ["n1"]);
    assert_eq!(walk.begun("nodes/look"), ["n1", "n2"]);
    assert_eq!(walk.begun("switch/switch"), [""; 0]);
    walk.walk_to("switch/switch");
    walk.do_first();
    assert_eq!(walk.begun("switch/switch"), ["it"], "without a loop there is nothing to tell apart");
}

#[test]
fn one_can_go_back_while_a_step_has_failed_waits_or_none_is_current_but_not_while_a_command_runs() {
    let back = Allowed::RollBack(RollbackId::new("undo"));
    let is_taken = |walk: &Walk| {
        let proposal = Proposal::RollBack { plan: RollbackId::new("undo"), reason: "enough".into() };
        let taken = decide(&walk.runbook, &walk.state, proposal, &walk.moment).is_ok();
        assert_eq!(walk.allowed().contains(&back), taken);
        taken
    };
    let with_more = |more: &str| {
        let text = FIVE.replace("confirm = \"Switched?\"", more);
        let (runbook, told) = parse(&text);
        let mut walk = five();
        walk.runbook = runbook.unwrap_or_else(|| panic!("{told:#?}"));
        walk
    };
    let mut walk = five();
    walk.walk_to("nodes[n1]/stop");
    assert!(!is_taken(&walk), "nothing was changed");
    walk.do_first();
    assert!(!is_taken(&walk), "a command runs");
    walk.end(Ended::Cancelled);
    assert!(is_taken(&walk), "it has failed");
    let mut walk = with_more("wait = \"1h\"");
    walk.walk_to("switch/switch");
    assert!(is_taken(&walk), "it waits");
    let mut walk = with_more("check = '.run.elapsed > 1000000'");
    walk.walk_to("switch/switch");
    assert!(is_taken(&walk), "it is sensed");
    let mut walk = with_more(
        "when = '.health.nobody | length > 0'\nconfirm = \"Switched?\"\n[[health]]\nid = \"nobody\"\ntitle = \"Nobody\"\nevery = \"1s\"\ntimeout = \"1s\"\ntcp = \"localhost:1\"\nok = \"true\"\n[[phase]]\nid = \"last\"\ntitle = \"Last\"\n[[phase.step]]\nid = \"last\"\ntitle = \"Last\"\nconfirm = \"Done?\"\n",
    );
    // Its only row has not been answered yet.
    let row = board([true; 3]).rows.remove(0);
    let mut row = row.aged(None);
    (row.probe, row.node) = (ProbeId::new("nobody"), None);
    walk.moment.board.rows = vec![row];
    while walk.state.current.is_some() || walk.state.is_running() {
        if walk.state.is_running() { walk.finish(0) } else { walk.do_first() }
    }
    assert!(stalled(&walk.runbook, &walk.state, &walk.moment).is_some());
    assert!(is_taken(&walk), "no step is current");
    walk.must(Proposal::RollBack { plan: RollbackId::new("undo"), reason: "enough".into() });
    assert_eq!(walk.key().to_string(), "undo[n5]/start");
}
