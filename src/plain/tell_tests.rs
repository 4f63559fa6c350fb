//! What records say, in whole words.

use serde_json::Value;

use super::*;
use crate::clock::Timestamp;
use crate::engine::{Board, Counts, Ended, Item, JobId, Outcome};
use crate::plain::ask::{Purpose, Question};
use crate::plain::speak::Mouth;
use crate::runbook::{RollbackId, parse};

const BOOK: &str = "format = 1\nid = \"told\"\ntitle = \"Told\"\nsystem = \"demo\"\n[[phase]]\nid = \"one\"\n\
    title = \"One\"\n[[phase.step]]\nid = \"stop\"\ntitle = \"Stop it\"\nrun = [\"true\"]\n\
    [[phase.step]]\nid = \"go\"\ntitle = \"Go\"\nrequires = [{ step = \"stop\" }]\nconfirm = \"Gone?\"\n\
    [[rollback]]\nid = \"undo\"\ntitle = \"Put it back\"\n[[rollback.phase]]\nid = \"back\"\ntitle = \"Back\"\n\
    [[rollback.phase.step]]\nid = \"see\"\ntitle = \"See\"\nconfirm = \"What?\"\n";

fn key() -> StepKey {
    "one/stop".parse().expect("a step")
}

/// What is told once the phase has opened and that has happened.
fn told<T>(events: Vec<Event>, tell: impl FnOnce(Told<'_>) -> T) -> T {
    let (runbook, told) = parse(BOOK);
    let runbook = runbook.unwrap_or_else(|| panic!("{told:?}"));
    let moment = Moment { at: Timestamp::default(), board: Board::default() };
    let mut state = RunState::new(&runbook);
    let record = |seq, event| Record { seq, at: moment.at, prev: String::new(), by: "maria@vm".into(), event };
    let items = vec![Item { name: None, value: Value::Null }];
    let opened = Event::PhaseBound { phase: PhaseId::new("one"), items };
    for (at, event) in std::iter::once(opened).chain(events).enumerate() {
        state.apply(&record(at as u64 + 1, event));
    }
    tell(Told { runbook: &runbook, state: &state, moment: &moment, directory: "/home/maria" })
}

/// What is said of it.
fn said(event: Event) -> String {
    let record = Record { seq: 2, at: Timestamp::default(), prev: String::new(), by: "maria@vm".into(), event };
    told(Vec::new(), |told| told.record(&record))
}

/// What is said before that question is answered.
fn asked(events: Vec<Event>, question: &Question) -> String {
    let mut out = Vec::new();
    told(events, |told| question.say(told, &mut Mouth::new(&mut out, String::new(), false)));
    String::from_utf8(out).expect("it is text")
}

#[test]
fn what_is_asked_for_tells_what_it_comes_to() {
    let skip = asked(Vec::new(), &Question::Reason(Purpose::Skip(key())));
    assert!(skip.contains("What needs it can then only be overridden: step 1.2 \"Go\"."), "{skip}");
    let abandon = Question::Reason(Purpose::Abandon);
    let none = asked(Vec::new(), &abandon);
    assert!(none.contains("Steps that will be skipped: 2.") && none.contains("No command was run and no"), "{none}");
    let failed = || {
        let began = Event::StepBegan { step: key(), attempt: 1 };
        vec![began, Event::StepFailed { step: key(), why: "exit status 1".into() }]
    };
    let some = asked(failed(), &abandon);
    assert!(some.contains("Steps that will be skipped: 1, that stay failed: 1."), "{some}");
    assert!(some.contains("This run does not undo what was changed by: step 1.1 \"Stop it\"."), "{some}");
    let skipped = Event::StepSkipped { step: key(), reason: "no time".into(), board: Board::default() };
    let close = asked(vec![Event::StepBegan { step: key(), attempt: 1 }, skipped], &Question::Close);
    assert!(close.contains("Not every step was done: 1 skipped; with 1 skip."), "{close}");
    assert!(asked(failed(), &Question::Close).contains("Failed: step 1.1 \"Stop it\"."));
}

#[test]
fn what_was_left_behind_on_the_way_back_is_told_as_that() {
    let why = "the run went back: it broke".to_owned();
    let left = told(vec![Event::StepNotApplicable { step: key(), why }], |told| told.counts());
    assert_eq!(left, "Steps: 1 left behind when it went back, 1 pending.");
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
