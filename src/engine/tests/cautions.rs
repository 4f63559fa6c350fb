//! Cautions that repeat in a loop.

use super::*;

const LOOP: &str = r#"
format = 1
id = "loop"
title = "Loop"
system = "demo"

[inputs.nodes]
type = "nodes"
prompt = "Nodes"
fields = ["api"]

[[health]]
id = "node"
each = ".inputs.nodes[]"
tcp = "{{ .node.api }}"
ok = "true"

[[phase]]
id = "first"
title = "First"
[[phase.step]]
id = "stop"
title = "Look"
caution = "The service is reduced."
confirm = "Seen?"

[[phase]]
id = "nodes"
title = "Each"
for_each = ".inputs.nodes[]"
[[phase.step]]
id = "stop"
title = "Stop it"
warning = "Data of {{ .node.name }} is lost."
caution = "The service is reduced."
confirm = "Stopped?"
[[phase.step]]
id = "start"
title = "Start it"
caution = "The service is reduced."
confirm = "Started?"
[[phase.step]]
id = "again"
title = "Go back"
restart = "nodes"
"#;

fn opened() -> Walk {
    Walk::of(parse(LOOP).0.expect("it is a runbook"))
}

/// What is folded of the current step's cautions: for which item each was read before.
fn folded(walk: &Walk) -> Vec<Option<String>> {
    let (book, state, board, at) = (&walk.runbook, &walk.state, &walk.moment.board, walk.moment.at);
    let texts = cautions_of(book, state, board, &walk.key(), at);
    texts.iter().map(|text| read_for(state, &walk.key(), text).map(str::to_owned)).collect()
}

fn seen(item: &str) -> Option<String> {
    Some(item.to_owned())
}

/// Reads the cautions, states what was seen, and leaves the way back of the loop out.
fn walk_step(walk: &mut Walk) {
    if walk.key().step.as_str() == "again" {
        let step = walk.key();
        walk.must(Proposal::Skip { step, reason: "not now".into() });
        return walk.sense();
    }
    walk.do_first();
    walk.do_first();
}

#[test]
fn only_what_the_same_person_read_word_for_word_in_the_same_step_of_an_earlier_item_is_known() {
    let mut walk = opened();
    assert_eq!(folded(&walk), [None]);
    walk_step(&mut walk);
    assert_eq!(walk.key().to_string(), "nodes[n1]/stop");
    assert_eq!(folded(&walk), [None, None], "another step warned of the same");
    walk_step(&mut walk);
    assert_eq!(folded(&walk), [None]);
    walk_step(&mut walk);
    walk_step(&mut walk);
    assert_eq!(walk.key().to_string(), "nodes[n2]/stop");
    assert_eq!(folded(&walk), [None, seen("n1")], "the text that names the node differs");
    assert!(walk.state.step(&walk.key()).is_some_and(|known| !known.cautions_read));
    assert_eq!(
        walk.propose(Proposal::Confirm { step: walk.key(), said: "fine".into() }),
        Err(Refusal::CautionsUnread),
        "it is read for each item"
    );
    walk.do_first();
    assert_eq!(folded(&walk), [None, seen("n1")], "it stays as it was when it was read");
    // Of the first item it is still told in full, whoever looks back.
    let first = StepKey { item: seen("n1"), ..walk.key() };
    assert_eq!(read_for(&walk.state, &first, "The service is reduced."), None);
    let again = RunState::fold(&walk.runbook, &walk.records);
    assert_eq!(again, walk.state);
}

#[test]
fn another_person_and_whoever_goes_back_to_the_phase_reads_it_in_full() {
    let mut walk = opened();
    (0..4).for_each(|_| walk_step(&mut walk));
    assert_eq!(folded(&walk), [None, seen("n1")]);
    walk.must(Proposal::Leave { how: Leaving::Left });
    let (operator, host, face, version) = ("kim".into(), "bastion".into(), "test".into(), "0".into());
    walk.must(Proposal::Sit { operator, host, pid: 2, face, version });
    walk.sense();
    assert_eq!(folded(&walk), [None, None]);
    walk.must(Proposal::Leave { how: Leaving::Left });
    walk.sit();
    assert_eq!(folded(&walk), [None, seen("n1")]);
    walk_step(&mut walk);
    walk_step(&mut walk);
    let step = walk.key();
    walk.must(Proposal::Restart { step, reason: "once more".into() });
    walk.sense();
    for _ in 0..3 {
        walk_step(&mut walk);
    }
    assert_eq!(walk.key().to_string(), "nodes[n2]/stop");
    assert_eq!(folded(&walk), [None, seen("n1")], "read anew since");
    let own = StepKey { item: seen("n1"), ..walk.key() };
    assert_eq!(read_for(&walk.state, &own, "The service is reduced."), None);
}

#[test]
fn records_without_texts_fold_nothing() {
    let mut walk = opened();
    (0..4).for_each(|_| walk_step(&mut walk));
    let line = serde_json::to_string(&walk.records).unwrap();
    assert_eq!(line.matches("\"texts\"").count(), 3, "{line}");
    for record in &mut walk.records {
        if let Event::CautionsRead { texts, .. } = &mut record.event {
            texts.clear();
        }
    }
    walk.state = RunState::fold(&walk.runbook, &walk.records);
    assert_eq!(folded(&walk), [None, None]);
}

const CHANGING: &str = r#"
format = 1
id = "change"
title = "Change"
system = "demo"

[[health]]
id = "active"
tcp = "localhost:1"
ok = "true"

[[phase]]
id = "one"
title = "One"
[[phase.step]]
id = "stop"
title = "Stop one"
warning = "The active node is {{ .health.active[0].role }}: do NOT stop that one."
caution = "It runs since {{ .run.elapsed }} s."
confirm = "Stopped?"
"#;

/// A board on which that node is the active one.
fn active(node: &str) -> Board {
    let fields = Map::from_iter([("role".to_owned(), json!(node))]);
    let (probe, item) = (ProbeId::new("active"), Value::Null);
    let said = Said { probe, node: None, verdict: Verdict::Ok, why: String::new(), fields, item };
    Board { rows: vec![said.aged(Some(7))] }
}

#[test]
fn a_caution_that_reads_otherwise_than_when_it_was_read_is_read_again() {
    let mut walk = Walk::unopened(parse(CHANGING).0.expect("it is a runbook"));
    walk.moment.board = active("n2");
    let head = super::opened(&walk.runbook);
    walk.must(Proposal::Open(head));
    walk.sit();
    walk.do_first();
    walk.pass(30);
    assert!(matches!(walk.allowed()[0], Allowed::Confirm(_)), "that time passes does not count");
    walk.moment.board = active("n1");
    assert_eq!(walk.allowed()[0], Allowed::ReadCautions(walk.key()));
    let confirm = |walk: &Walk| Proposal::Confirm { step: walk.key(), said: "stopped".into() };
    assert_eq!(walk.propose(confirm(&walk)), Err(Refusal::CautionsChanged));
    // It is as it was when it was read.
    walk.moment.board = active("n2");
    assert!(matches!(walk.allowed()[0], Allowed::Confirm(_)));
    // What never stands still is read so often, and then it is enough.
    for node in ["n1", "n3"] {
        walk.moment.board = active(node);
        walk.do_first();
    }
    walk.moment.board = active("n4");
    let step = walk.key();
    assert_eq!(walk.state.step(&step).map(|known| known.readings), Some(3));
    walk.must(confirm(&walk));
    assert_eq!(walk.fold(&walk.records), walk.state);
    // As it was once recorded nothing is compared.
    for record in &mut walk.records {
        if let Event::CautionsRead { texts, .. } = &mut record.event {
            texts.clear();
        }
    }
    let state = RunState::fold(&walk.runbook, &walk.records[..walk.records.len() - 1]);
    assert!(!has_changed(&walk.runbook, &state, &walk.moment.board, &step, walk.moment.at));
}
