//! The laws of a run, by tables and by properties.

#[path = "began_tests.rs"]
mod began;
#[path = "ending_tests.rs"]
mod ending;
#[path = "nested_tests.rs"]
mod nested;
#[path = "restart_tests.rs"]
mod restart;

use std::time::Duration;

use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::scope::{command_of, target_of};
use super::*;
use crate::clock::Timestamp;
use crate::runbook::{GuardId, PhaseId, ProbeId, RollbackId, Runbook, StepKey, parse};

#[path = "defer_tests.rs"]
mod defer;
#[path = "disturb_tests.rs"]
mod disturb;
#[path = "sight_tests.rs"]
mod sight;
#[path = "soak_tests.rs"]
mod soak;
#[path = "together_tests.rs"]
mod together;

use together::{assert_approved, together_book};

const BOOK: &str = r#"
format = 1
id = "demo"
title = "Demo"
revision = "1"
system = "demo"
summary = "A small walk."

[inputs.nodes]
type = "nodes"
prompt = "Nodes"
fields = ["api"]

[inputs.stop]
type = "command"
prompt = "Stop"
default = ["stop", "{{ .node.name }}"]

[[health]]
id = "node"
title = "Nodes"
each = ".inputs.nodes[]"
every = "2s"
timeout = "1s"
http = { url = "{{ .node.api }}/health" }
fields = { role = ".body.role" }
ok = '.role == "active" or .role == "standby"'

[[guard]]
id = "one-away"
title = "At most one node is away"
holds = '[.health.node[] | select(.verdict != "ok")] | length <= 1'
why = "Two away cost the quorum."
blocks = ["nodes/stop"]

[[phase]]
id = "prepare"
title = "Prepare"
[[phase.step]]
id = "notes"
title = "Read the notes"
note = "They differ by version."
ask = { name = "notes", prompt = "What applies?", type = "text" }
[[phase.step]]
id = "never"
title = "Skip what does not apply"
when = { holds = "false", why = "not here" }
confirm = "Seen?"

[[phase]]
id = "nodes"
title = "Each standby"
for_each = '.health.node[] | select(.role == "standby") | .node'
[[phase.step]]
id = "stop"
title = "Stop {{ .node.name }}"
caution = "The service is reduced."
requires = [{ step = "prepare/notes", within = "2h" }]
gate = { holds = '.node.name as $n | [.health.node[] | select(.node.name == $n)] | .[0].role == "standby"', why = "it is active" }
critical = true
run = "stop"
capture = { word = '.stdout | split(" ") | .[0]' }
[[phase.step]]
id = "back"
title = "See it back"
check = '.node.name as $n | [.health.node[] | select(.node.name == $n)] | .[0].verdict == "ok"'
hold = "10s"
timeout = "5m"
[[phase.step]]
id = "rest"
title = "Let it rest"
wait = "1m"

[[phase]]
id = "verify"
title = "Verify"
[[phase.step]]
id = "look"
title = "Look at it"
confirm = "What do you see?"
options = ["fine", "broken"]

[[rollback]]
id = "undo"
title = "put the old one back"
when = '.passed.stop // false'
[[rollback.phase]]
id = "undo"
title = "Undo"
[[rollback.phase.step]]
id = "undo"
title = "Undo it"
confirm = "Undone?"
"#;

fn book() -> Runbook {
    let (runbook, diagnostics) = parse(BOOK);
    runbook.unwrap_or_else(|| panic!("{diagnostics:#?}"))
}

fn opened(runbook: &Runbook) -> Box<RunOpened> {
    let node = |n: u8| json!({ "name": format!("n{n}"), "api": format!("http://n{n}") });
    let mut inputs = Map::new();
    inputs.insert("nodes".into(), json!([node(1), node(2), node(3)]));
    inputs.insert("stop".into(), json!(["stop", "{{ .node.name }}"]));
    Box::new(RunOpened {
        format: JOURNAL_FORMAT,
        run: "2026-11-21-demo-aaaa".into(),
        runbook: runbook.id.clone(),
        title: runbook.title.clone(),
        revision: runbook.revision.clone(),
        text: runbook.text.clone(),
        sha256: runbook.sha256.clone(),
        mode: Mode::Practice,
        inputs,
        site: None,
        practice: None,
        operator: "maria".into(),
        host: "bastion".into(),
        version: "0".into(),
    })
}

/// A board on which these nodes are ok; n1 is the active one.
fn board(ok: [bool; 3]) -> Board {
    let rows = ok.iter().zip(1u8..).map(|(ok, n)| {
        let role = if n == 1 { "active" } else { "standby" };
        let mut fields = Map::new();
        fields.insert("role".into(), if *ok { json!(role) } else { Value::Null });
        Row {
            probe: ProbeId::new("node"),
            node: Some(format!("n{n}")),
            verdict: if *ok { Verdict::Ok } else { Verdict::Bad },
            why: String::new(),
            age_ms: Some(500),
            fields,
            item: json!({ "name": format!("n{n}"), "api": format!("http://n{n}") }),
        }
    });
    Board { rows: rows.collect() }
}

/// A run that keeps its records, with the shell's part played by hand.
struct Walk {
    runbook: Runbook,
    state: RunState,
    records: Vec<Record>,
    moment: Moment,
}

impl Walk {
    fn opened() -> Self {
        Self::of(book())
    }

    fn unopened(runbook: Runbook) -> Self {
        let state = RunState::new(&runbook);
        let moment = Moment { at: Timestamp::from_millis(1_000_000), board: board([true; 3]) };
        Self { runbook, state, records: Vec::new(), moment }
    }

    fn of(runbook: Runbook) -> Self {
        let mut walk = Self::unopened(runbook);
        let head = opened(&walk.runbook);
        walk.must(Proposal::Open(head));
        walk.sit();
        walk
    }

    fn sit(&mut self) {
        let sit = Proposal::Sit {
            operator: "maria".into(),
            host: "bastion".into(),
            pid: 1,
            face: "test".into(),
            version: "0".into(),
        };
        self.must(sit);
        self.sense();
    }

    fn propose(&mut self, proposal: Proposal) -> Result<(), Refusal> {
        let events = decide(&self.runbook, &self.state, proposal, &self.moment)?;
        for event in events {
            let seq = self.state.seq + 1;
            let record = Record { seq, at: self.moment.at, prev: String::new(), by: "maria@bastion".into(), event };
            self.state.apply(&record);
            self.records.push(record);
        }
        Ok(())
    }

    fn must(&mut self, proposal: Proposal) {
        if let Err(refusal) = self.propose(proposal.clone()) {
            panic!("{proposal:?}: {refusal}\n{:?}", self.state.current);
        }
    }

    /// What the session does whenever something changed.
    fn sense(&mut self) {
        for _ in 0..100 {
            if self.state.closed.is_some() {
                return;
            }
            let before = self.state.seq;
            for condition in watched(&self.runbook, &self.state) {
                let told = evaluate(&self.runbook, &self.state, &self.moment.board, &condition, self.moment.at);
                if let Some((truth, why, _)) = told {
                    self.must(Proposal::Observe { condition, truth, why, seen: Value::Null });
                }
            }
            self.must(Proposal::Advance);
            if self.state.seq == before {
                return;
            }
        }
        panic!("it never settles");
    }

    fn pass(&mut self, seconds: u64) {
        self.moment.at = self.moment.at.plus(Duration::from_secs(seconds));
        self.sense();
    }

    fn see(&mut self, ok: [bool; 3]) {
        self.moment.board = board(ok);
        self.sense();
    }

    fn key(&self) -> StepKey {
        self.state.current.clone().expect("a step is current")
    }

    fn allowed(&self) -> Vec<Allowed> {
        allowed(&self.runbook, &self.state, &self.moment)
    }

    fn finish(&mut self, status: i32) {
        self.finish_any(0, status);
    }

    fn finish_any(&mut self, which: usize, status: i32) {
        let running = &self.state.running[which % self.state.running.len()];
        let (job, stdout) = (running.job, if running.item.is_some() { "started it" } else { "stopped it" });
        let printed = Printed { stdout: stdout.into(), stderr: String::new() };
        self.must(Proposal::Finished { job, ended: Ended::Exit(status), elapsed_ms: 5, output: None, printed });
        self.sense();
    }

    /// The proposal that stands for something allowed, with good arguments.
    fn proposal_for(&self, choice: &Allowed) -> Option<Proposal> {
        let reason = || "because".to_owned();
        Some(match choice.clone() {
            Allowed::ReadCautions(step) => Proposal::ReadCautions { step },
            Allowed::Confirm(step) => Proposal::Confirm { step, said: "fine".into() },
            Allowed::Answer(step) => Proposal::Answer { step, value: json!("none"), file: None },
            Allowed::Choose(step) => Proposal::Choose { step, choice: "stay".into() },
            Allowed::Release(step) => Proposal::Release { step, released_by: "jo".into(), said: "the plan".into() },
            Allowed::Run(step) if is_together(&self.runbook, &step) => {
                let (book, board, at) = (&self.runbook, &self.moment.board, self.moment.at);
                let shown = commands_of(book, &self.state, board, &step, at, usize::MAX);
                let typed = Some(target_of(book, &self.state, &step));
                Proposal::RunAll { step, shown: shown.expect("they render").expect("they are several"), typed }
            }
            Allowed::Run(step) => {
                let shown = command_of(&self.runbook, &self.state, &self.moment.board, &step, self.moment.at);
                let shown = shown.expect("it renders").expect("it runs something");
                let typed = step.item.clone();
                Proposal::Run { step, shown, typed }
            }
            Allowed::Restart(step) => Proposal::Restart { step, reason: reason() },
            Allowed::Retry(step) => Proposal::Retry { step },
            Allowed::Skip(step) => Proposal::Skip { step, reason: reason() },
            Allowed::Defer(step) => Proposal::Defer { step, reason: reason() },
            Allowed::Override(step) => Proposal::Override { step, reason: reason() },
            Allowed::CutWait(step) => Proposal::CutWait { step, reason: reason() },
            Allowed::Acknowledge(condition) => Proposal::Acknowledge { condition, reason: reason() },
            Allowed::Note => Proposal::Note { step: None, text: "a remark".into() },
            Allowed::RollBack(plan) => Proposal::RollBack { plan, reason: reason() },
            Allowed::Close => Proposal::Close,
            Allowed::Abandon => Proposal::Abandon { reason: reason() },
            Allowed::Cancel(job) => Proposal::Cancel { job },
            Allowed::Leave => return None,
        })
    }

    fn do_first(&mut self) {
        let choice = self.allowed().first().cloned().expect("something is allowed");
        let proposal = self.proposal_for(&choice).expect("it can be proposed");
        self.must(proposal);
        self.sense();
    }

    fn fold(&self, records: &[Record]) -> RunState {
        RunState::fold(&self.runbook, records)
    }
}

#[test]
fn a_calm_walk_ends_completed() {
    let mut walk = Walk::opened();
    assert_eq!(walk.key().to_string(), "prepare/notes");
    walk.do_first();
    walk.do_first();
    assert_eq!(walk.key().to_string(), "nodes[n2]/stop");
    for node in ["n2", "n3"] {
        walk.do_first();
        walk.do_first();
        assert!(walk.state.is_running());
        walk.finish(0);
        assert_eq!(walk.key().to_string(), format!("nodes[{node}]/back"));
        walk.pass(9);
        assert_eq!(walk.key().to_string(), format!("nodes[{node}]/back"));
        walk.pass(1);
        walk.pass(60);
    }
    walk.do_first();
    assert_eq!(walk.allowed().first(), Some(&Allowed::Close));
    walk.do_first();
    assert_eq!(walk.state.closed.as_ref().map(|closed| closed.outcome), Some(Outcome::Completed));
    assert_eq!(walk.state.answers["word"], json!("stopped"));
    assert_eq!(walk.state.counts().not_applicable, 1);
    let left: Vec<_> = walk.state.conditions.keys().map(ToString::to_string).collect();
    assert_eq!(left, ["guard/one-away"], "what a finished step waited for is not carried along");
}

fn at_stop() -> Walk {
    let mut walk = Walk::opened();
    walk.do_first();
    walk.do_first();
    walk
}

#[test]
fn the_action_is_inert_until_its_cautions_were_read() {
    let walk = at_stop();
    let run = walk.proposal_for(&Allowed::Run(walk.key())).unwrap();
    assert_eq!(decide(&walk.runbook, &walk.state, run, &walk.moment), Err(Refusal::CautionsUnread));
}

#[test]
fn a_critical_step_wants_the_targets_name_and_fresh_samples() {
    let mut walk = at_stop();
    walk.do_first();
    let key = walk.key();
    let Some(Proposal::Run { step, shown, .. }) = walk.proposal_for(&Allowed::Run(key)) else { panic!() };
    let typed = |typed: Option<&str>| Proposal::Run {
        step: step.clone(),
        shown: shown.clone(),
        typed: typed.map(str::to_owned),
    };
    assert_eq!(walk.propose(typed(None)), Err(Refusal::NotTheTarget("n2".into())));
    assert_eq!(walk.propose(typed(Some("n3"))), Err(Refusal::NotTheTarget("n2".into())));
    let mut other = shown.clone();
    other.argv.push("--force".into());
    let swapped = Proposal::Run { step: step.clone(), shown: other, typed: Some("n2".into()) };
    assert_eq!(walk.propose(swapped), Err(Refusal::NotAsShown));
    for row in &mut walk.moment.board.rows {
        row.age_ms = Some(10_001);
    }
    let told = "its samples are older than ten seconds: ask node again, then run it";
    assert_eq!(walk.propose(typed(Some("n2"))), Err(Refusal::GateClosed(told.into())));
    walk.moment.board = board([true; 3]);
    assert_eq!(walk.propose(typed(Some("n2"))), Ok(()));
}

#[test]
fn a_broken_guard_holds_back_until_it_is_acknowledged_or_mended() {
    let mut walk = at_stop();
    walk.do_first();
    walk.see([false, true, false]);
    let guard = ConditionId::Guard(GuardId::new("one-away"));
    assert!(walk.allowed().contains(&Allowed::Acknowledge(guard.clone())));
    assert!(!walk.allowed().iter().any(|allowed| matches!(allowed, Allowed::Run(_))));
    walk.must(Proposal::Acknowledge { condition: guard, reason: "planned".into() });
    assert!(walk.allowed().iter().any(|allowed| matches!(allowed, Allowed::Run(_))));
    walk.see([true; 3]);
    walk.see([false, true, false]);
    assert!(!walk.allowed().iter().any(|allowed| matches!(allowed, Allowed::Run(_))), "it must be said anew");
}

#[test]
fn a_gate_on_unknown_stays_closed() {
    let mut walk = at_stop();
    walk.do_first();
    for row in &mut walk.moment.board.rows {
        row.verdict = Verdict::Unknown;
        row.fields.clear();
    }
    walk.sense();
    assert!(!walk.allowed().iter().any(|allowed| matches!(allowed, Allowed::Run(_))));
}

/// A board on which this node gives no answer.
fn silent(node: usize) -> Board {
    let mut board = board([true; 3]);
    let row = &mut board.rows[node];
    row.verdict = Verdict::Unknown;
    row.why = "no answer within 2s".into();
    row.fields.clear();
    board
}

fn health(node: &str) -> ConditionId {
    ConditionId::Health(ProbeId::new("node"), Some(node.into()))
}

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
    assert_eq!(told, "the phase nodes cannot open: health/node[n3] is unknown: no answer within 2s");
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
    let [deviation] = &walk.state.deviations[..] else { panic!("{:?}", walk.state.deviations) };
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

#[test]
fn a_failed_command_interrupts_and_can_be_tried_again() {
    let mut walk = at_stop();
    walk.do_first();
    walk.do_first();
    walk.finish(3);
    let key = walk.key();
    assert_eq!(walk.state.step(&key).map(|step| step.status), Some(StepStatus::Failed));
    assert_eq!(walk.allowed().first(), Some(&Allowed::Retry(key)));
    walk.do_first();
    walk.do_first();
    walk.finish(0);
    assert_eq!(walk.key().step.as_str(), "back");
}

#[test]
fn a_sensed_step_can_only_be_overridden_and_restarts_when_it_flaps() {
    let mut walk = at_stop();
    walk.do_first();
    walk.do_first();
    walk.finish(0);
    let key = walk.key();
    let skip = Proposal::Skip { step: key.clone(), reason: "no time".into() };
    assert_eq!(walk.propose(skip), Err(Refusal::SensedOnly));
    let confirm = Proposal::Confirm { step: key.clone(), said: "ok".into() };
    assert!(matches!(walk.propose(confirm), Err(Refusal::WrongAction(_))));
    walk.pass(8);
    walk.see([true, false, true]);
    walk.see([true; 3]);
    walk.pass(8);
    assert_eq!(walk.key(), key, "the hold starts anew after a break");
    walk.pass(2);
    assert_eq!(walk.key().step.as_str(), "rest");
    let key = walk.key();
    assert_eq!(walk.propose(Proposal::Skip { step: key.clone(), reason: "no".into() }), Err(Refusal::SensedOnly));
    walk.must(Proposal::CutWait { step: key, reason: "in a hurry".into() });
    assert_eq!(walk.state.deviations.len(), 1);
}

#[test]
fn a_wait_that_begins_with_something_observed_is_a_check_with_hold_and_starts_again_when_that_flaps() {
    let mut walk = at_stop();
    walk.do_first();
    walk.do_first();
    walk.moment.board = board([true, false, true]);
    walk.finish(0);
    let key = walk.key();
    assert_eq!(key.to_string(), "nodes[n2]/back");
    let left = |walk: &Walk| match gate(&walk.runbook, &walk.state, &key, walk.moment.at) {
        Gate::Closed(holds) => match holds[..] {
            [Hold::Holding { left }] => Some(left.as_secs()),
            _ => None,
        },
        Gate::Open => Some(0),
    };
    // However long the step has been the current one: the time counts from what was observed.
    walk.pass(60);
    assert_eq!(left(&walk), None, "it has not been observed yet");
    walk.see([true; 3]);
    walk.pass(9);
    assert_eq!(left(&walk), Some(1));
    walk.see([true, false, true]);
    walk.see([true; 3]);
    assert_eq!(left(&walk), Some(10), "it flapped: from the beginning");
    walk.pass(10);
    assert_ne!(walk.key(), key);
}

#[test]
fn nothing_follows_from_one_condition_before_all_were_evaluated() {
    let mut walk = at_stop();
    walk.do_first();
    walk.do_first();
    walk.finish(0);
    walk.pass(9);
    // The hold has run out at the very moment at which the node is seen to be gone.
    walk.moment.at = walk.moment.at.plus(Duration::from_secs(2));
    walk.moment.board = board([true, false, true]);
    let condition = ConditionId::Health(ProbeId::new("node"), Some("n2".into()));
    walk.must(Proposal::Observe { condition, truth: Tri::False, why: String::new(), seen: Value::Null });
    walk.sense();
    assert_eq!(walk.key().step.as_str(), "back");
}

#[test]
fn a_check_has_its_time_in_each_sitting_anew() {
    let mut walk = at_stop();
    walk.do_first();
    walk.do_first();
    walk.see([true, false, true]);
    walk.finish(0);
    walk.must(Proposal::Leave { how: Leaving::Interrupted });
    walk.moment.at = walk.moment.at.plus(Duration::from_secs(3600));
    walk.sit();
    let status = |walk: &Walk| walk.state.step(&walk.key()).map(|step| step.status);
    assert_eq!(status(&walk), Some(StepStatus::Current), "nobody has looked yet");
    walk.pass(300);
    assert_eq!(status(&walk), Some(StepStatus::Failed));
}

#[test]
fn a_step_after_a_loop_can_require_a_step_of_every_item() {
    let with = BOOK.replace(
        "options = [\"fine\", \"broken\"]",
        "options = [\"fine\", \"broken\"]\nrequires = [{ step = \"nodes/back\" }]",
    );
    let (runbook, told) = parse(&with);
    let runbook = runbook.unwrap_or_else(|| panic!("{told:?}"));
    let mut walk = Walk::of(runbook);
    for _ in 0..200 {
        if walk.state.current.as_ref().is_some_and(|key| key.step.as_str() == "look") {
            break;
        }
        if walk.state.is_running() {
            walk.finish(0)
        } else {
            walk.pass(61)
        }
        let is_forward = |choice: &Allowed| {
            matches!(choice, Allowed::ReadCautions(_) | Allowed::Confirm(_) | Allowed::Answer(_) | Allowed::Run(_))
        };
        if walk.allowed().first().is_some_and(is_forward)
            && walk.state.current.as_ref().is_some_and(|k| k.step.as_str() != "look")
        {
            walk.do_first();
        }
    }
    let key = walk.key();
    assert_eq!(key.step.as_str(), "look");
    assert_eq!(gate(&walk.runbook, &walk.state, &key, walk.moment.at), Gate::Open);
}

#[test]
fn a_check_fails_after_its_timeout() {
    let mut walk = at_stop();
    walk.do_first();
    walk.do_first();
    walk.see([true, false, true]);
    walk.finish(0);
    walk.pass(299);
    assert_eq!(walk.state.step(&walk.key()).map(|step| step.status), Some(StepStatus::Current));
    walk.pass(1);
    assert_eq!(walk.state.step(&walk.key()).map(|step| step.status), Some(StepStatus::Failed));
}

#[test]
fn stale_evidence_holds_back() {
    let mut walk = at_stop();
    walk.do_first();
    walk.pass(2 * 3600 + 1);
    let closed = gate(&walk.runbook, &walk.state, &walk.key(), walk.moment.at);
    assert!(matches!(closed, Gate::Closed(holds) if matches!(holds[..], [Hold::Stale { .. }])));
}

#[test]
fn going_back_accounts_for_what_is_left_and_ends_rolled_back() {
    let mut walk = at_stop();
    let undo = || Proposal::RollBack { plan: RollbackId::new("undo"), reason: "it is bad".into() };
    assert!(matches!(walk.propose(undo()), Err(Refusal::Unknown(_))), "nothing to go back from yet");
    walk.do_first();
    walk.do_first();
    walk.finish(0);
    walk.must(undo());
    walk.sense();
    assert_eq!(walk.key().to_string(), "undo/undo");
    walk.do_first();
    walk.do_first();
    assert_eq!(walk.state.closed.as_ref().map(|closed| closed.outcome), Some(Outcome::RolledBack));
}

#[test]
fn an_abandoned_run_accounts_for_every_step() {
    let mut walk = at_stop();
    walk.must(Proposal::Abandon { reason: "the window is over".into() });
    let counts = walk.state.counts();
    assert_eq!(counts.pending + counts.current + counts.failed, 0);
    assert_eq!(walk.state.closed.as_ref().map(|closed| closed.outcome), Some(Outcome::Abandoned));
    assert_eq!(walk.propose(Proposal::Close), Err(Refusal::Closed));
}

#[test]
fn a_new_sitting_knows_nothing_until_it_has_sensed() {
    let mut walk = at_stop();
    walk.do_first();
    walk.must(Proposal::Leave { how: Leaving::Interrupted });
    let events = walk.proposal_for(&Allowed::Run(walk.key())).unwrap();
    assert!(matches!(walk.propose(events), Err(Refusal::NotNow(_))), "nobody sits there");
    for row in &mut walk.moment.board.rows {
        row.age_ms = None;
        row.verdict = Verdict::Unknown;
    }
    walk.sit();
    assert!(!walk.allowed().iter().any(|allowed| matches!(allowed, Allowed::Run(_))));
    walk.see([true; 3]);
    assert!(walk.allowed().iter().any(|allowed| matches!(allowed, Allowed::Run(_))));
}

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
            Row { node: Some(format!("n{n}")), fields, ..row.clone() }
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
    let inputs = &mut walk.state.opened.as_mut().unwrap().inputs;
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
    walk.state.opened.as_mut().unwrap().inputs["nodes"] = json!(nodes);
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
    assert_eq!(told, "the phase nodes cannot open: the item n2 is larger than 16 KiB");
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

/// The small walk with a decision, what hangs on it, and a hold point, all in its first phase.
fn decided_book() -> Runbook {
    let more = r#"
[[phase.step]]
id = "how"
title = "Decide how"
choose = [{ is = "stay", title = "Upgrade where it is" }, { is = "move-on", title = "Move to new machines" }]
[[phase.step]]
id = "machines"
title = "Order the machines"
when = { holds = '.choices.how == "move-on"', why = "nothing moves" }
confirm = "Ordered?"
[[phase.step]]
id = "second"
title = "Let another look"
release = "the second operator"

[[phase]]
id = "nodes"
"#;
    let (runbook, told) = parse(&BOOK.replace("\n[[phase]]\nid = \"nodes\"\n", more));
    runbook.unwrap_or_else(|| panic!("{told:#?}"))
}

impl Walk {
    /// At the decision, or behind it.
    fn deciding(choice: Option<&str>) -> Self {
        let mut walk = Self::of(decided_book());
        walk.do_first();
        walk.do_first();
        if let Some(choice) = choice {
            walk.must(Proposal::Choose { step: walk.key(), choice: choice.into() });
            walk.sense();
        }
        walk
    }

    fn release(&mut self, name: &str, said: &str) -> Result<(), Refusal> {
        self.propose(Proposal::Release { step: self.key(), released_by: name.into(), said: said.into() })
    }

    fn sit_as(&mut self, operator: &str) {
        self.must(Proposal::Leave { how: Leaving::Left });
        let (operator, host, face) = (operator.to_owned(), "bastion".to_owned(), "test".to_owned());
        self.must(Proposal::Sit { operator, host, pid: 1, face, version: "0".into() });
        self.sense();
    }
}

#[test]
fn what_hangs_on_a_decision_follows_it() {
    let mut walk = Walk::deciding(None);
    assert_eq!(walk.key().to_string(), "prepare/how");
    assert_eq!(walk.allowed().first(), Some(&Allowed::Choose(walk.key())));
    let fly = Proposal::Choose { step: walk.key(), choice: "fly".into() };
    assert_eq!(walk.propose(fly), Err(Refusal::NotAnOption("stay, move-on".into())));
    let confirm = Proposal::Confirm { step: walk.key(), said: "stay".into() };
    assert_eq!(walk.propose(confirm), Err(Refusal::WrongAction("choose")));
    for (choice, next) in [("stay", "prepare/second"), ("move-on", "prepare/machines")] {
        let walk = Walk::deciding(Some(choice));
        assert_eq!(walk.key().to_string(), next);
        assert_eq!(walk.state.choices["how"].way, choice);
        assert_eq!(walk.fold(&walk.records), walk.state);
    }
    walk.must(Proposal::Skip { step: walk.key(), reason: "later".into() });
    walk.sense();
    assert_eq!(walk.key().to_string(), "prepare/second", "without a decision none of its ways is taken");
}

#[test]
fn what_was_decided_for_one_item_does_not_stand_for_the_next() {
    let asked = "choose = [{ is = \"stay\", title = \"Stay\" }, { is = \"move-on\", title = \"Move\" }]";
    let (runbook, told) = parse(&BOOK.replace("wait = \"1m\"", asked));
    let mut walk = Walk::of(runbook.unwrap_or_else(|| panic!("{told:#?}")));
    let mut decided = Vec::new();
    while decided.len() < 2 {
        match walk.key().step.as_str() {
            "rest" => {
                let step = walk.key();
                assert_eq!(walk.state.choices.len(), 0, "{step}");
                let reason = "not now".to_owned();
                let choose = Proposal::Choose { step: step.clone(), choice: "stay".into() };
                walk.must(if decided.is_empty() { choose } else { Proposal::Skip { step, reason } });
                decided.push(walk.state.choices.get("rest").map(|chosen| chosen.way.clone()));
                walk.sense();
            }
            "back" => walk.pass(10),
            _ if walk.state.is_running() => walk.finish(0),
            _ => walk.do_first(),
        }
    }
    assert_eq!(decided, [Some("stay".to_owned()), None]);
}

#[test]
fn a_hold_point_is_released_by_another_person_than_the_one_who_acts() {
    let mut walk = Walk::deciding(Some("stay"));
    for same in ["maria", " Maria ", "MARIA@bastion", "maria@elsewhere"] {
        assert_eq!(walk.release(same, "all of it"), Err(Refusal::SamePerson("maria".into())), "{same}");
    }
    for bad in ["", "  ", "@bastion", "jo\nmaria", &"j".repeat(201)] {
        assert!(matches!(walk.release(bad, "all of it"), Err(Refusal::BadText(_))), "{bad}");
    }
    assert!(matches!(walk.release("jo", " "), Err(Refusal::BadText(_))));
    let key = walk.key();
    assert_eq!(walk.release(" Jo Doe ", "the plan"), Ok(()));
    let event = walk.records.iter().rev().find_map(|record| match &record.event {
        Event::HoldReleased { step, released_by, said, .. } => Some((step.clone(), released_by.clone(), said.clone())),
        _ => None,
    });
    assert_eq!(event, Some((key.clone(), "Jo Doe".into(), "the plan".into())));
    assert_eq!(walk.state.step(&key).map(|step| step.said.as_str()), Some("released by Jo Doe: the plan"));
    assert_eq!(walk.state.deviations, []);
}

#[test]
fn whoever_acted_before_in_another_sitting_does_not_release() {
    let mut walk = Walk::deciding(Some("stay"));
    walk.sit_as("jo");
    assert_eq!(walk.release("Jo", "it"), Err(Refusal::SamePerson("jo".into())));
    assert_eq!(walk.release("maria", "it"), Err(Refusal::SamePerson("maria".into())), "she decided in it");
    assert_eq!(walk.release("kim", "it"), Ok(()));

    // Who started a command has acted too, although piton records its end.
    let mut walk = at_stop();
    walk.do_first();
    walk.do_first();
    walk.finish(0);
    let stop = "nodes[n2]/stop".parse().unwrap();
    assert_eq!(walk.state.step(&stop).map(|step| step.actors.clone()), Some(vec!["maria@bastion".into()]));
    assert_eq!(may_release(&walk.state, &"nodes[n3]/rest".parse().unwrap(), "kim"), Ok("kim".into()));
}

/// One thing that may befall a run.
#[derive(Clone, Debug)]
enum Blow {
    Choose(usize),
    Pass(u64),
    See([bool; 3]),
    Silent(usize),
    Finish(usize, i32),
    LeaveAndReturn,
    Wild(usize),
}

fn blow() -> impl Strategy<Value = Blow> {
    prop_oneof![
        8 => any::<usize>().prop_map(Blow::Choose),
        3 => (0u64..400).prop_map(Blow::Pass),
        3 => any::<[bool; 3]>().prop_map(Blow::See),
        2 => (0usize..3).prop_map(Blow::Silent),
        6 => (any::<usize>(), prop_oneof![3 => Just(0), 1 => Just(1)]).prop_map(|(which, status)| Blow::Finish(which, status)),
        1 => Just(Blow::LeaveAndReturn),
        2 => any::<usize>().prop_map(Blow::Wild),
    ]
}

/// How many nodes are taken together; `None`: the walk with the decision instead.
fn many() -> impl Strategy<Value = Option<usize>> {
    prop_oneof![1 => Just(None), 1 => (0usize..4).prop_map(Some), 1 => (30usize..40).prop_map(Some)]
}

impl Walk {
    /// A walk that meets blows; that which takes nodes together is at its beginning or already there.
    fn suffering(many: Option<usize>) -> Self {
        match many {
            None => Self::of(decided_book()),
            Some(0) => Self::of(together_book()),
            Some(nodes) => together::at_agree(nodes),
        }
    }

    fn suffer(&mut self, blow: &Blow) {
        match blow {
            Blow::Choose(index) => {
                let allowed = self.allowed();
                let usual = allowed.iter().filter(|allowed| !matches!(allowed, Allowed::Abandon | Allowed::Leave));
                let usual: Vec<_> = usual.cloned().collect();
                let proposal = (!usual.is_empty()).then(|| self.proposal_for(&usual[index % usual.len()])).flatten();
                if let Some(proposal) = proposal {
                    self.must(proposal);
                    self.sense();
                }
            }
            Blow::Pass(seconds) => self.pass(*seconds),
            Blow::See(ok) => self.see(*ok),
            Blow::Silent(node) => {
                self.moment.board = silent(*node);
                self.sense();
            }
            Blow::Finish(which, status) if self.state.is_running() => self.finish_any(*which, *status),
            Blow::Finish(..) => {}
            Blow::LeaveAndReturn if self.state.closed.is_none() => {
                self.must(Proposal::Leave { how: Leaving::Interrupted });
                self.sit();
            }
            Blow::LeaveAndReturn => {}
            Blow::Wild(index) => self.try_anything(*index),
        }
    }

    /// Proposes something about any step at all; it is refused exactly when it is not allowed.
    fn try_anything(&mut self, index: usize) {
        let keys: Vec<_> = self.state.phases.iter().flat_map(|phase| phase.keys()).map(|(key, _)| key).collect();
        let key = keys[index % keys.len()].clone();
        let kinds = [
            Allowed::ReadCautions(key.clone()),
            Allowed::Confirm(key.clone()),
            Allowed::Answer(key.clone()),
            Allowed::Choose(key.clone()),
            Allowed::Release(key.clone()),
            Allowed::Restart(key.clone()),
            Allowed::Retry(key.clone()),
            Allowed::Skip(key.clone()),
            Allowed::Defer(key.clone()),
            Allowed::Override(key.clone()),
            Allowed::CutWait(key),
            Allowed::Acknowledge(health("n2")),
            Allowed::Close,
        ];
        let choice = &kinds[(index / keys.len()) % kinds.len()];
        let is_allowed = self.allowed().contains(choice);
        let proposal = self.proposal_for(choice).expect("all of these can be proposed");
        let taken = decide(&self.runbook, &self.state, proposal.clone(), &self.moment);
        let is_taken = taken.as_ref().is_ok_and(|events| !events.is_empty());
        assert_eq!(is_taken, is_allowed, "{proposal:?} → {taken:?} while {:?}", self.allowed());
    }

    fn assert_valid(&self) {
        let state = &self.state;
        // A step that failed on a plan that was left, or in a run that was given up, stays failed.
        let now: Vec<_> = state
            .walked()
            .filter(|_| state.closed.is_none())
            .flat_map(|phase| phase.keys())
            .filter(|(_, step)| matches!(step.status, StepStatus::Current | StepStatus::Failed))
            .map(|(key, _)| key)
            .collect();
        assert!(now.len() <= 1, "two current steps: {now:?}");
        assert_eq!(now.first(), state.current.as_ref());
        assert!(state.running.len() <= MAX_AT_ONCE);
        assert!(state.batch.is_none() || !state.running.is_empty(), "nothing runs, and yet it is not over");
        if state.closed.is_some() {
            assert!(!state.is_running());
            let counts = state.counts();
            assert_eq!(counts.pending + counts.current + counts.deferred, 0, "closed with unaccounted steps");
            let may_have_failed = matches!(
                state.closed.as_ref().map(|closed| closed.outcome),
                Some(Outcome::RolledBack | Outcome::Abandoned)
            );
            assert!(counts.failed == 0 || may_have_failed, "closed as if nothing had failed");
        }
        for (key, step) in state.counted().flat_map(|phase| phase.keys()) {
            let is_sensed = self.runbook.step(&key.phase, &key.step).is_some_and(|step| step.action.is_sensed());
            assert!(!(is_sensed && step.status == StepStatus::Skipped), "{key} was skipped");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn any_sequence_of_proposals_leaves_a_valid_state(
        many in many(),
        blows in prop::collection::vec(blow(), 1..60),
    ) {
        let mut walk = Walk::suffering(many);
        for blow in &blows {
            walk.suffer(blow);
            walk.assert_valid();
        }
        assert_approved(&walk.records);
        prop_assert_eq!(walk.fold(&walk.records), walk.state.clone());
    }

    #[test]
    fn folding_a_prefix_and_going_on_equals_never_having_stopped(
        many in many(),
        blows in prop::collection::vec(blow(), 1..40),
        cut in any::<prop::sample::Index>(),
    ) {
        let mut walk = Walk::suffering(many);
        for blow in &blows {
            walk.suffer(blow);
        }
        let cut = cut.index(walk.records.len() + 1);
        let mut state = walk.fold(&walk.records[..cut]);
        for record in &walk.records[cut..] {
            state.apply(record);
        }
        prop_assert_eq!(state, walk.state.clone());
    }

    #[test]
    fn records_survive_json(many in many(), blows in prop::collection::vec(blow(), 1..20)) {
        let mut walk = Walk::suffering(many);
        for blow in &blows {
            walk.suffer(blow);
        }
        for record in &walk.records {
            let line = serde_json::to_string(record).unwrap();
            let read: Record = serde_json::from_str(&line).unwrap();
            prop_assert_eq!(serde_json::to_string(&read).unwrap(), line);
        }
    }
}
