//! A loop in a loop.

use std::sync::Arc;

use super::*;
use crate::runbook::Truth;

const CLUSTERS: &str = r#"
format = 1
id = "clusters"
title = "Clusters"
system = "demo"

[inputs.clusters]
type = "nodes"
prompt = "Clusters"

[[health]]
id = "node"
title = "Nodes"
each = ".inputs.nodes[]"
every = "2s"
timeout = "1s"
tcp = "{{ .node.name }}:1"
ok = "true"

[inputs.nodes]
type = "nodes"
prompt = "Nodes"
fields = ["cluster"]

[[phase]]
id = "keys"
title = "Keys"
for_each = ".inputs.clusters[]"
[[phase.step]]
id = "backup"
title = "Back up {{ .node.name }}"
confirm = "Done?"

[[phase]]
id = "nodes"
title = "Each cluster"
for_each = [".inputs.clusters[]", '.group.name as $c | .health.node[] | select(.node.cluster == $c) | .node']
when = ".group.use"
[[phase.step]]
id = "stop"
title = "Stop {{ .node.name }} of {{ .group.name }}"
requires = ["keys/backup"]
critical = true
run = ["stop", "{{ .group.name }}", "{{ .node.name }}"]
[[phase.step]]
id = "look"
title = "Look"
confirm = "Well?"

[[phase]]
id = "after"
title = "After"
for_each = ".inputs.clusters[]"
[[phase.step]]
id = "all"
title = "All"
requires = ["nodes/look"]
confirm = "All?"
"#;

/// Rows of nodes, each in a cluster, of which some give no answer.
fn rows(nodes: &[(&str, &str, bool)]) -> Board {
    let row = |(cluster, name, is_known): &(&str, &str, bool)| {
        let said = Said {
            probe: ProbeId::new("node"),
            node: Some(format!("{cluster}-{name}")),
            verdict: if *is_known { Verdict::Ok } else { Verdict::Unknown },
            why: if *is_known { String::new() } else { "no answer".into() },
            fields: Map::new(),
            item: json!({ "name": name, "cluster": cluster }),
        };
        said.aged(Some(1))
    };
    Board { rows: nodes.iter().map(row).collect() }
}

const ALL: &[(&str, &str, bool)] = &[("eu", "a", true), ("eu", "b", true), ("us", "a", true), ("us", "b", true)];

pub(super) fn clusters(text: &str, names: &[(&str, bool)]) -> Walk {
    let (runbook, told) = parse(text);
    let mut walk = Walk::unopened(runbook.unwrap_or_else(|| panic!("{told:#?}")));
    walk.moment.board = rows(ALL);
    let mut head = opened(&walk.runbook);
    let all: Vec<_> = names.iter().map(|(name, is_used)| json!({ "name": name, "use": is_used })).collect();
    head.inputs.insert("clusters".into(), json!(all));
    walk.must(Proposal::Open(head));
    walk.sit();
    walk
}

/// A step of an item inside another.
pub(super) fn in_a_group() -> Walk {
    let mut walk = clusters(CLUSTERS, &[("eu", true)]);
    walk.walk_until("nodes");
    assert!(walk.state.group(&walk.key()).is_some());
    walk
}

impl Walk {
    fn phase_items(&self, phase: &str) -> Vec<String> {
        let phase = self.state.phases.iter().find(|known| known.id.as_str() == phase).unwrap();
        phase.items.iter().map(|item| item.item.name.clone().unwrap_or_default()).collect()
    }

    /// Every step that becomes current, until one of that phase is the next or all are walked.
    fn walk_until(&mut self, phase: &str) -> Vec<String> {
        let mut walked: Vec<String> = Vec::new();
        for _ in 0..200 {
            let Some(key) = self.state.current.clone().filter(|key| key.phase.as_str() != phase) else { break };
            if walked.last() != Some(&key.to_string()) {
                walked.push(key.to_string());
            }
            if self.state.is_running() { self.finish(0) } else { self.do_first() }
        }
        walked
    }
}

#[test]
fn each_group_is_bound_when_its_turn_comes_and_walked_item_by_item() {
    let mut walk = clusters(CLUSTERS, &[("eu", true), ("us", true)]);
    walk.walk_until("nodes");
    assert_eq!(walk.phase_items("nodes"), ["eu/a", "eu/b", "us"], "the second waits for its turn");
    assert_eq!(walk.key().to_string(), "nodes[eu/a]/stop");
    assert_eq!(
        command_of(&walk.runbook, &walk.state, &walk.moment.board, &walk.key(), walk.moment.at).unwrap().unwrap().argv,
        ["stop", "eu", "a"]
    );
    // Until then, the second loses a node, and the first is not looked at again.
    walk.moment.board = rows(&[("eu", "c", true), ("us", "b", true)]);
    let walked = walk.walk_until("after");
    let steps = ["eu/a", "eu/b", "us/b"].map(|item| [format!("nodes[{item}]/stop"), format!("nodes[{item}]/look")]);
    assert_eq!(walked, steps.concat());
    let bound: Vec<_> = walk
        .records
        .iter()
        .filter_map(|record| match &record.event {
            Event::GroupBound { group, items, .. } => Some((group.as_str(), items.len())),
            _ => None,
        })
        .collect();
    assert_eq!(bound, [("eu", 2), ("us", 1)]);
    walk.walk_until("");
    walk.must(Proposal::Close);
    assert_eq!(walk.state.closed.as_ref().map(|closed| closed.outcome), Some(Outcome::Completed));
    assert_eq!(walk.fold(&walk.records), walk.state);
}

#[test]
fn a_critical_step_wants_the_whole_path_of_its_item() {
    let mut walk = clusters(CLUSTERS, &[("eu", true)]);
    walk.walk_until("nodes");
    let Some(Proposal::Run { step, shown, typed }) = walk.proposal_for(&Allowed::Run(walk.key())) else { panic!() };
    assert_eq!(typed.as_deref(), Some("eu/a"));
    let short = Proposal::Run { step, shown, typed: Some("a".into()) };
    assert_eq!(walk.propose(short), Err(Refusal::NotTheTarget("eu/a".into())));
}

#[test]
fn a_group_without_items_is_bound_to_none_and_one_that_does_not_apply_is_not_even_asked() {
    let mut walk = clusters(CLUSTERS, &[("nobody", true), ("off", false), ("us", true)]);
    walk.walk_until("nodes");
    assert_eq!(walk.key().to_string(), "nodes[us/a]/stop");
    assert_eq!(walk.phase_items("nodes"), ["off", "us/a", "us/b"]);
    let of = |group: &str| {
        walk.records.iter().any(|record| matches!(&record.event, Event::GroupBound { group: of, items, .. } if of == group && items.is_empty()))
    };
    assert!(of("nobody") && !of("off"));
    assert_eq!(
        walk.state.step(&"nodes[off]/stop".parse().unwrap()).map(|step| step.status),
        Some(StepStatus::NotApplicable)
    );
}

#[test]
fn a_group_does_not_open_while_a_node_is_silent_until_a_person_goes_on_without_it() {
    let mut walk = clusters(CLUSTERS, &[("eu", true), ("us", true)]);
    walk.walk_until("nodes");
    walk.moment.board = rows(&[("eu", "a", true), ("us", "a", true), ("us", "b", false)]);
    let walked = walk.walk_until("after");
    assert_eq!(walked.last().map(String::as_str), Some("nodes[eu/b]/look"));
    let told = stalled(&walk.runbook, &walk.state, &walk.moment).unwrap();
    assert_eq!(told, "the phase \"Each cluster\" cannot open for us: health/node[us-b] is unknown: no answer");
    let silent = ConditionId::Health(ProbeId::new("node"), Some("us-b".into()));
    assert_eq!(walk.allowed().first(), Some(&Allowed::Acknowledge(silent.clone())));
    walk.must(Proposal::Acknowledge { condition: silent, reason: "on the bench".into() });
    assert_eq!(walk.key().to_string(), "nodes[us/a]/stop");
    assert_eq!(walk.state.deviations.len(), 1);
}

#[test]
fn what_is_required_of_a_group_is_looked_for_around_and_inside() {
    let mut walk = clusters(CLUSTERS, &[("eu", true), ("us", true)]);
    walk.must(Proposal::Skip { step: walk.key(), reason: "no".into() });
    walk.walk_until("nodes");
    let hold = |walk: &Walk, item: &str| {
        let key: StepKey = item.parse().unwrap();
        gate(&walk.runbook, &walk.state, &key, walk.moment.at)
    };
    let missing = |step: &str| Gate::Closed(vec![Hold::Missing(step.parse().unwrap())]);
    assert_eq!(hold(&walk, "nodes[eu/a]/stop"), missing("keys[eu]/backup"));
    for _ in 0..2 {
        walk.must(Proposal::Override { step: walk.key(), reason: "so".into() });
        walk.sense();
        walk.must(Proposal::Skip { step: walk.key(), reason: "so".into() });
        walk.sense();
    }
    assert_eq!(walk.key().to_string(), "nodes[us/a]/stop");
    assert_eq!(hold(&walk, "nodes[us/a]/stop"), Gate::Open);
    walk.walk_until("after");
    let both = ["nodes[eu/a]/look", "nodes[eu/b]/look"].map(|step| Hold::Missing(step.parse().unwrap()));
    assert_eq!(hold(&walk, "after[eu]/all"), Gate::Closed(both.to_vec()));
    assert_eq!(hold(&walk, "after[us]/all"), Gate::Open);
}

#[test]
fn the_limits_hold_over_all_groups() {
    let text =
        CLUSTERS.replace(".health.node[] | select(.node.cluster == $c) | .node", "$c + (.inputs.many[] | .name)");
    let text = text.replace("[inputs.nodes]", "[inputs.many]\ntype = \"nodes\"\nprompt = \"Many\"\n\n[inputs.nodes]");
    let mut walk = clusters(&text, &[("eu", true), ("us", true)]);
    let many: Vec<_> = (0..6_000).map(|n| json!({ "name": format!("n{n}") })).collect();
    Arc::make_mut(walk.state.opened.as_mut().unwrap()).inputs.insert("many".into(), json!(many));
    walk.walk_until("nodes");
    assert_eq!(walk.phase_items("nodes").len(), 6_001);
    let phase = walk.state.phases.iter_mut().find(|phase| phase.id.as_str() == "nodes").unwrap();
    for step in phase.items.iter_mut().filter(|item| item.group == Some(0)).flat_map(|item| &mut item.steps) {
        Arc::make_mut(step).status = StepStatus::Done;
    }
    walk.state.current = None;
    let told = stalled(&walk.runbook, &walk.state, &walk.moment).unwrap();
    assert_eq!(
        told,
        "the phase \"Each cluster\" cannot open for us: with 6000 items more the phase would have more than 10000"
    );
    // A journal made by hand does not fill the memory either.
    let item = |n: u32| Item { name: Some(n.to_string()), value: Value::Null };
    let event = |group: &str| Event::GroupBound {
        phase: PhaseId::new("nodes"),
        group: group.into(),
        items: (0..500_000).map(item).collect(),
    };
    let mut state = walk.state.clone();
    for group in ["us", "us", "eu", "nobody"] {
        state.apply(&Record {
            seq: 9,
            at: Timestamp::default(),
            prev: String::new(),
            by: String::new(),
            event: event(group),
        });
    }
    assert!(state.counts().pending + state.counts().done <= 100_010);
}

#[test]
fn expressions_of_a_nested_phase_see_both_items() {
    let walk = clusters(CLUSTERS, &[("eu", true)]);
    let mut walk = walk;
    walk.walk_until("nodes");
    let holds = crate::runbook::Expr::compile(
        ".group.name == \"eu\" and .node.name == \"a\" and (.steps | has(\"nodes[eu/a]/stop\"))",
    )
    .unwrap();
    let scope =
        super::super::scope::step_scope(&walk.state, &walk.moment.board, &walk.key(), walk.moment.at, holds.source());
    assert_eq!(holds.truth(&scope), Truth::True);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn any_sequence_in_a_nested_loop_leaves_a_valid_state(
        choices in prop::collection::vec((0usize..12, 0usize..16), 1..60),
        cut in any::<prop::sample::Index>(),
    ) {
        let mut walk = clusters(CLUSTERS, &[("eu", true), ("off", false), ("us", true)]);
        for (choice, silent) in &choices {
            let mut nodes = ALL.to_vec();
            if let Some(node) = nodes.get_mut(*silent) {
                node.2 = false;
            }
            walk.moment.board = rows(&nodes);
            walk.sense();
            if walk.state.is_running() { walk.finish(i32::from(*choice == 0)) } else { walk.suffer(&Blow::Choose(*choice)) }
            walk.suffer(&Blow::Wild(choice * 31 + silent));
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

/// With a way back over what was stopped, in which names stand without their groups.
fn with_way_back() -> String {
    let back = r#"
[[rollback]]
id = "undo"
title = "Start them again"
when = '.began."nodes/stop" | length > 0'
[[rollback.phase]]
id = "tell"
title = "Tell"
[[rollback.phase.step]]
id = "tell"
title = "Tell"
confirm = "Told?"
[[rollback.phase]]
id = "start"
title = "Start"
for_each = '.began."nodes/stop" | reverse[]'
[[rollback.phase.step]]
id = "start"
title = "Start {{ .node.name }}"
confirm = "Started?"
"#;
    format!("{CLUSTERS}{back}")
}

#[test]
fn a_way_back_over_two_items_of_one_name_is_not_entered() {
    let mut walk = clusters(&with_way_back(), &[("eu", true), ("us", true)]);
    let (plan, reason) = (RollbackId::new("undo"), "enough".to_owned());
    let back = Allowed::RollBack(plan.clone());
    walk.at("nodes[eu/b]/look");
    assert!(walk.allowed().contains(&back), "a and b of eu are two");
    walk.at("nodes[us/a]/look");
    assert!(!walk.allowed().contains(&back), "no step of it could open");
    let refused = walk.propose(Proposal::RollBack { plan: plan.clone(), reason: reason.clone() });
    let why = "the way back undo cannot be told: the phase \"Start\" cannot open: two items are named a";
    assert_eq!(refused, Err(Refusal::Undecided(why.into())));
    let told: Vec<_> = ways_back(&walk.runbook, &walk.state, &walk.moment).map(|(_, truth)| truth).collect();
    assert_eq!(told, [Truth::Unknown("the phase \"Start\" cannot open: two items are named a".into())]);
    // The plan goes on.
    walk.at("nodes[us/b]/look");

    let mut walk = clusters(&with_way_back(), &[("us", true)]);
    walk.at("nodes[us/b]/look");
    walk.must(Proposal::RollBack { plan, reason });
    walk.sense();
    walk.do_first();
    assert_eq!(walk.key().to_string(), "start[b]/start");
}

#[test]
fn nor_is_one_that_names_an_item_twice_by_itself() {
    let twice = with_way_back().replace("| reverse[]'", "| .[], .[]'");
    let nested = "[\".inputs.clusters[]\", '.group.name as $c | .health.node[] | select(.node.cluster == $c) | .node']";
    let flat = twice.replace(nested, "'.health.node[] | .node'").replace("when = \".group.use\"\n", "");
    let flat = flat.replace(".group.name", ".node.cluster");
    let mut walk = clusters(&flat, &[("eu", true)]);
    walk.moment.board = rows(&[("eu", "a", true)]);
    walk.at("nodes[a]/look");
    let refused = walk.propose(Proposal::RollBack { plan: RollbackId::new("undo"), reason: "enough".into() });
    assert!(matches!(refused, Err(Refusal::Undecided(_))), "{refused:?}");
}
