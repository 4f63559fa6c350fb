//! What records say, in whole words.

use serde_json::Value;

use super::*;
use crate::clock::Timestamp;
use crate::engine::{Board, Counts, Ended, Item, JobId, Outcome};
use crate::runbook::{RollbackId, parse};

const BOOK: &str = "format = 1\nid = \"told\"\ntitle = \"Told\"\nsystem = \"demo\"\n[[phase]]\nid = \"one\"\n\
    title = \"One\"\n[[phase.step]]\nid = \"stop\"\ntitle = \"Stop it\"\nrun = [\"true\"]\n\
    [[rollback]]\nid = \"undo\"\ntitle = \"Put it back\"\n[[rollback.phase]]\nid = \"back\"\ntitle = \"Back\"\n\
    [[rollback.phase.step]]\nid = \"see\"\ntitle = \"See\"\nconfirm = \"What?\"\n";

fn key() -> StepKey {
    "one/stop".parse().expect("a step")
}

/// What is said of it once the phase has opened.
fn said(event: Event) -> String {
    let (runbook, told) = parse(BOOK);
    let runbook = runbook.unwrap_or_else(|| panic!("{told:?}"));
    let moment = Moment { at: Timestamp::default(), board: Board::default() };
    let mut state = RunState::new(&runbook);
    let record = |seq, event| Record { seq, at: moment.at, prev: String::new(), by: "maria@vm".into(), event };
    let items = vec![Item { name: None, value: Value::Null }];
    state.apply(&record(1, Event::PhaseBound { phase: PhaseId::new("one"), items }));
    Told { runbook: &runbook, state: &state, moment: &moment }.record(&record(2, event))
}

#[test]
fn no_record_is_told_by_the_names_of_the_runbook() {
    let stop = "step 1.1 \"Stop it\"";
    assert_eq!(said(Event::CancelAsked { step: key() }), format!("what {stop} runs was asked to end"));
    let back =
        Event::RollbackEntered { plan: RollbackId::new("undo"), reason: "it broke".into(), board: Board::default() };
    assert_eq!(said(back), "the plan was left for the WAY BACK \"Put it back\": it broke");
    let closed = Event::RunClosed { outcome: Outcome::RolledBack, reason: String::new(), counts: Counts::default() };
    assert_eq!(said(closed), "the run was closed: rolled back");
    let renewed = Event::StepsRenewed { step: key(), renewed: vec![key()] };
    assert_eq!(said(renewed), format!("{stop} waits: first this is done anew: {stop}"));
    let group = Event::GroupBound { phase: PhaseId::new("one"), group: "eu".into(), items: Vec::new() };
    assert_eq!(said(group), "phase 1 \"One\" opened in eu, for nobody");
}

#[test]
fn why_a_command_failed_is_told_once_with_the_failure_of_its_step() {
    let finished = |item: Option<&str>, ended: Ended| Event::CommandFinished {
        step: key(),
        job: JobId(1),
        item: item.map(str::to_owned),
        why: format!("{}; expected .exit == 0", ended.describe()),
        ended,
        elapsed_ms: 1,
        output: None,
        met: false,
        captured: serde_json::Map::new(),
    };
    let stop = "the command of step 1.1 \"Stop it\"";
    assert_eq!(said(finished(None, Ended::Exit(1))), format!("{stop} ended: exit status 1, not as expected"));
    // Of several commands each has its own reason.
    let of_one = format!("{stop} for n1 ended: exit status 1, not as expected; expected .exit == 0");
    assert_eq!(said(finished(Some("n1"), Ended::Exit(1))), of_one);
}
