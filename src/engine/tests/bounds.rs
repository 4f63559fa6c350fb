//! What has no end, or is too much, has its bounds.

use std::sync::Arc;

use super::*;

#[test]
fn a_capture_without_end_fails_the_step() {
    for (stdout, ok) in [("x".repeat(64 * 1024 - 2), true), ("x".repeat(64 * 1024 - 1), false)] {
        let mut walk = at_stop();
        walk.do_first();
        walk.do_first();
        let job = walk.state.running.first().unwrap().job;
        let printed = Printed { stdout, stderr: String::new() };
        walk.must(Proposal::Finished { job, ended: Ended::Exit(0), elapsed_ms: 5, output: None, printed });
        let step = walk.state.step(&"nodes[n2]/stop".parse().unwrap()).unwrap();
        assert_eq!(step.status == StepStatus::Done, ok);
        if !ok {
            assert_eq!(step.said, "word is too large to be kept: more than 64 KiB");
        }
    }
}

#[test]
fn a_board_in_a_record_is_bounded() {
    let mut walk = at_stop();
    let row = walk.moment.board.rows[1].clone();
    walk.moment.board.rows = (0..1000)
        .map(|n| {
            let fields = json!({ "role": "standby", "log": "x".repeat(15_000) }).as_object().unwrap().clone();
            let mut row = row.clone();
            (row.node, row.fields) = (Some(format!("n{n}")), fields);
            row
        })
        .collect();
    walk.must(Proposal::Skip { step: walk.key(), reason: "because".into() });
    let line = serde_json::to_string(walk.records.last().unwrap()).unwrap();
    assert!(line.len() < 5 * 1024 * 1024, "{}", line.len());
    assert_eq!(walk.state.board.rows.len(), 1000);
    assert!(walk.state.board.rows[999].why.contains("left out"));
    assert_eq!(walk.state.board.rows[0].fields, walk.moment.board.rows[0].fields);
}

#[test]
fn a_command_without_end_is_neither_offered_nor_recorded() {
    let words = vec!["\"{{ .inputs.nodes | tojson }}\""; 80].join(", ");
    let (runbook, told) = parse(&BOOK.replace("run = \"stop\"\n", &format!("run = [\"stop\", {words}]\n")));
    let runbook = runbook.unwrap_or_else(|| panic!("{told:?}"));
    let mut walk = Walk::of(runbook);
    walk.do_first();
    walk.do_first();
    let inputs = &mut Arc::make_mut(walk.state.opened.as_mut().unwrap()).inputs;
    inputs["nodes"][0]["api"] = json!("x".repeat(16_000));
    let told = command_of(&walk.runbook, &walk.state, &walk.moment.board, &walk.key(), walk.moment.at);
    assert_eq!(told.unwrap_err().0, "the command is longer than 1 MiB");
}

#[test]
fn ten_thousand_steps_are_left_out_in_no_time() {
    let book = BOOK.replace(
        "for_each = '.health.node[] | select(.role == \"standby\") | .node'",
        "for_each = '.inputs.nodes[]'\nwhen = 'false'",
    );
    let (runbook, told) = parse(&book);
    let runbook = runbook.unwrap_or_else(|| panic!("{told:?}"));
    let mut walk = Walk::of(runbook);
    walk.do_first();
    let nodes: Vec<_> = (0..3400).map(|n| json!({ "name": format!("n{n}") })).collect();
    Arc::make_mut(walk.state.opened.as_mut().unwrap()).inputs["nodes"] = json!(nodes);
    let began = crate::clock::monotonic();
    walk.do_first();
    assert_eq!(walk.key().to_string(), "verify/look");
    assert_eq!(walk.state.counts().not_applicable, 3 * 3400 + 1);
    assert!(began.elapsed() < Duration::from_secs(20), "{:?}", began.elapsed());
}

#[test]
fn an_item_without_end_keeps_a_phase_closed() {
    let mut walk = Walk::opened();
    walk.do_first();
    walk.moment.board.rows[1].item["log"] = json!("x".repeat(17_000));
    walk.do_first();
    let told = stalled(&walk.runbook, &walk.state, &walk.moment).unwrap();
    assert_eq!(told, "the phase \"Each standby\" cannot open: the item n2 is larger than 16 KiB");
}

#[test]
fn a_long_reason_is_not_repeated_for_every_step() {
    let reason = "r".repeat(60_000);
    let mut walk = at_stop();
    walk.must(Proposal::Abandon { reason: reason.clone() });
    assert_eq!(walk.state.closed.as_ref().map(|closed| &closed.reason), Some(&reason));
    assert!(walk.state.phases.iter().flat_map(|phase| phase.keys()).all(|(_, step)| step.said.len() < 300));
}

#[test]
fn a_journal_made_by_hand_does_not_fill_the_memory() {
    let walk = at_stop();
    let item = |n: u32| Item { name: Some(n.to_string()), value: Value::Null };
    let event = Event::PhaseBound { phase: PhaseId::new("nodes"), items: (0..500_000).map(item).collect() };
    let mut state = RunState::new(&walk.runbook);
    state.apply(&Record { seq: 1, at: Timestamp::default(), prev: String::new(), by: String::new(), event });
    assert!(state.counts().pending <= 100_010, "{:?}", state.counts());
}
