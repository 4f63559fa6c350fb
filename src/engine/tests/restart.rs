//! Going back to an earlier phase.

use std::sync::Arc;

use super::*;

const AGAIN: &str = r#"
format = 1
id = "again"
title = "Again"
system = "demo"

[inputs.nodes]
type = "nodes"
prompt = "Nodes"

[[phase]]
id = "first"
title = "First"
[[phase.step]]
id = "who"
title = "Say who"
ask = { name = "who", prompt = "Who?", type = "text" }
[[phase.step]]
id = "kept"
title = "Say what is kept"
ask = { name = "kept", prompt = "What?", type = "text" }

[[phase]]
id = "nodes"
title = "Each node"
for_each = '.inputs.nodes[] | select(.name != "n9")'
[[phase.step]]
id = "stop"
title = "Stop it"
run = ["stop", "{{ .node.name }}"]
capture = { word = ".stdout" }
[[phase.step]]
id = "who"
title = "Say who again"
ask = { name = "who", prompt = "Who?", type = "text" }

[[phase]]
id = "verify"
title = "Verify"
[[phase.step]]
id = "how"
title = "Decide"
choose = [{ is = "stay", title = "Good" }, { is = "again", title = "Bad" }]
[[phase.step]]
id = "back"
title = "Do it again"
when = '.choices.how == "again"'
restart = "nodes"
[[phase.step]]
id = "end"
title = "End"
confirm = "Done?"

[[rollback]]
id = "undo"
title = "Undo"
when = '.began."nodes/stop" | length > 0'
[[rollback.phase]]
id = "undo"
title = "Undo"
[[rollback.phase.step]]
id = "look"
title = "Look"
choose = [{ is = "stay", title = "Good" }, { is = "again", title = "Bad" }]
[[rollback.phase.step]]
id = "undo-again"
title = "Undo it again"
when = '.choices.look == "again"'
restart = "undo"
"#;

fn again() -> Walk {
    let (runbook, told) = parse(AGAIN);
    Walk::of(runbook.unwrap_or_else(|| panic!("{told:#?}")))
}

impl Walk {
    pub(super) fn at(&mut self, step: &str) -> &mut Self {
        for _ in 0..100 {
            if self.state.current.as_ref().is_some_and(|key| key.to_string() == step) {
                return self;
            }
            if self.state.is_running() { self.finish(0) } else { self.do_first() }
        }
        panic!("{step} never comes");
    }

    fn chosen(&mut self, way: &str) {
        self.must(Proposal::Choose { step: self.key(), choice: way.into() });
        self.sense();
    }
}

/// Behind one round, at the edge.
fn at_the_edge() -> Walk {
    let mut walk = again();
    walk.at("verify/how").chosen("again");
    assert_eq!(walk.key().to_string(), "verify/back");
    walk
}

#[test]
fn everything_from_the_phase_on_is_opened_again_and_asked_anew() {
    let mut walk = at_the_edge();
    assert_eq!(walk.allowed().first(), Some(&Allowed::Restart(walk.key())));
    let mute = Proposal::Restart { step: walk.key(), reason: " ".into() };
    assert_eq!(walk.propose(mute), Err(Refusal::BadText("a reason is needed")));
    let opened = Arc::make_mut(walk.state.opened.as_mut().unwrap());
    opened.inputs.insert("nodes".into(), json!([{ "name": "n2" }, { "name": "n4" }]));
    walk.must(Proposal::Restart { step: walk.key(), reason: "two are old".into() });
    walk.sense();
    assert_eq!(walk.key().to_string(), "nodes[n2]/stop");
    let items: Vec<_> = walk.state.phases[1].items.iter().map(|item| item.item.name.clone().unwrap()).collect();
    assert_eq!(items, ["n2", "n4"], "the loop is asked anew");
    assert_eq!(walk.status("first/who"), StepStatus::Done);
    assert_eq!(walk.status("verify/how"), StepStatus::Pending);
    assert_eq!(walk.state.step(&walk.key()).map(|step| step.attempt), Some(2));
    assert_eq!(walk.state.choices.len(), 0);
    assert_eq!(walk.state.deviations, []);
    let before = |step: &str| walk.state.before.get(&step.parse().unwrap()).cloned();
    let stop = before("nodes[n2]/stop").unwrap();
    assert_eq!((stop.attempts, stop.status, stop.said.as_str()), (1, StepStatus::Done, "exit status 0"));
    assert_eq!(before("nodes[n1]/stop").map(|before| before.attempts), Some(1), "also of one that is in it no more");
    let edge = before("verify/back").unwrap();
    assert_eq!((edge.status, edge.said.as_str()), (StepStatus::Done, "went back to nodes: two are old"));
    assert_eq!(before("verify/end"), None);
    let names = ["who", "kept", "word"].map(|name| walk.state.answers.contains_key(name));
    assert_eq!(names, [true, true, false], "what an earlier phase gave stays");
    // Round again, and to the end.
    walk.at("verify/how").chosen("stay");
    walk.at("verify/end").do_first();
    walk.must(Proposal::Close);
    let closed = walk.state.closed.as_ref().map(|closed| closed.outcome);
    assert_eq!(closed, Some(Outcome::Completed), "going back is no deviation by itself");
}

#[test]
fn an_answer_is_again_what_the_phase_before_gave() {
    let mut walk = again();
    let give = |walk: &mut Walk, value: &str| {
        walk.must(Proposal::Answer { step: walk.key(), value: json!(value), file: None });
        walk.sense();
    };
    give(&mut walk, "first");
    for node in ["n1", "n2"] {
        walk.at(&format!("nodes[{node}]/who"));
        give(&mut walk, node);
    }
    assert_eq!(walk.state.answers["who"], json!("n2"));
    walk.at("verify/how").chosen("again");
    walk.do_first();
    assert_eq!(walk.state.answers["who"], json!("first"));
}

#[test]
fn what_was_begun_stays_begun_and_the_way_back_stays_open() {
    let mut walk = at_the_edge();
    walk.do_first();
    let offered = offered_rollback(&walk.runbook, &walk.state, &walk.moment);
    assert!(offered.is_some_and(|plan| plan.id.as_str() == "undo"));
    // A way back has its own edges, within itself.
    walk.must(Proposal::RollBack { plan: RollbackId::new("undo"), reason: "enough".into() });
    walk.sense();
    walk.chosen("again");
    walk.do_first();
    assert_eq!(walk.key().to_string(), "undo/look");
    assert_eq!(walk.status("first/who"), StepStatus::Done);
    walk.chosen("stay");
    walk.must(Proposal::Close);
    assert_eq!(walk.state.closed.as_ref().map(|closed| closed.outcome), Some(Outcome::RolledBack));
}

#[test]
fn the_edge_can_be_skipped_and_deviations_outlive_it() {
    let mut walk = again();
    walk.at("nodes[n1]/stop");
    walk.must(Proposal::Skip { step: walk.key(), reason: "off".into() });
    walk.sense();
    walk.at("verify/how").chosen("again");
    walk.do_first();
    assert_eq!(walk.state.deviations.len(), 1);
    walk.at("verify/how").chosen("again");
    walk.must(Proposal::Skip { step: walk.key(), reason: "good enough".into() });
    walk.sense();
    assert_eq!(walk.key().to_string(), "verify/end");
}

#[test]
fn an_empty_loop_can_be_opened_again() {
    let mut walk = again();
    Arc::make_mut(walk.state.opened.as_mut().unwrap()).inputs.insert("nodes".into(), json!([]));
    walk.at("verify/how").chosen("again");
    Arc::make_mut(walk.state.opened.as_mut().unwrap()).inputs.insert("nodes".into(), json!([{ "name": "n1" }]));
    walk.do_first();
    assert_eq!(walk.key().to_string(), "nodes[n1]/stop");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn any_sequence_with_an_edge_leaves_a_valid_state(
        blows in prop::collection::vec(blow(), 1..60),
        is_bad in prop::collection::vec(any::<bool>(), 8),
        cut in any::<prop::sample::Index>(),
    ) {
        let mut walk = at_the_edge();
        let mut bad = is_bad.into_iter();
        for blow in &blows {
            if walk.state.current.as_ref().is_some_and(|key| key.to_string() == "verify/how") && bad.next() == Some(true) {
                walk.chosen("again");
            }
            walk.suffer(blow);
            walk.assert_valid();
        }
        let cut = cut.index(walk.records.len() + 1);
        let mut state = walk.fold(&walk.records[..cut]);
        walk.records[cut..].iter().for_each(|record| state.apply(record));
        prop_assert_eq!(&state, &walk.state);
        for record in &walk.records {
            let line = serde_json::to_string(record).unwrap();
            let read: Record = serde_json::from_str(&line).unwrap();
            prop_assert_eq!(serde_json::to_string(&read).unwrap(), line);
        }
    }
}
