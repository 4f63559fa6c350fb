//! The laws of a run, by tables and by properties.

mod actor;
mod began;
mod blows;
mod bounds;
mod cautions;
mod decisions;
mod defer;
mod dispute;
mod disturb;
mod ending;
mod folding;
mod gates;
mod glance;
mod holding;
mod nested;
mod relied;
mod renew;
mod restart;
mod sight;
mod signed;
mod silence;
mod soak;
mod stated;
mod story;
mod take_up;
mod together;
mod verified;
mod walk;

use std::time::Duration;

use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::scope::{command_of, target_of};
use super::*;
use crate::clock::Timestamp;
use crate::engine::cautions::digest;
use crate::runbook::{GuardId, PhaseId, ProbeId, RollbackId, Runbook, StepId, StepKey, parse};

use blows::{Blow, blow};
use decisions::decided_book;
use together::{assert_approved, together_book};
use verified::verified_book;

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
        Said {
            probe: ProbeId::new("node"),
            node: Some(format!("n{n}")),
            verdict: if *ok { Verdict::Ok } else { Verdict::Bad },
            why: String::new(),
            fields,
            item: json!({ "name": format!("n{n}"), "api": format!("http://n{n}") }),
        }
        .aged(Some(500))
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
            let prev = self.records.last().map_or_else(|| "0".repeat(64), hash_of);
            let sits = self.state.sitting.as_ref().map(|sitting| format!("{}@{}", sitting.operator, sitting.host));
            let by = sits.unwrap_or_else(|| "maria@bastion".into());
            let record = Record { seq, at: self.moment.at, prev, by, event };
            // What was decided can have happened, whatever is walked here.
            assert_eq!(contradiction(&self.runbook, &self.state, &record), None, "{record:?}");
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
            Allowed::ReadCautions(step) => {
                let (book, board, at) = (&self.runbook, &self.moment.board, self.moment.at);
                let shown = crate::engine::cautions_of(book, &self.state, board, &step, at);
                Proposal::ReadCautions { step, shown }
            }
            Allowed::Confirm(step) => Proposal::Confirm { step, said: "fine".into() },
            Allowed::Answer(step) => Proposal::Answer { step, value: json!("none"), file: None },
            Allowed::Choose(step) => Proposal::Choose { step, choice: "stay".into() },
            Allowed::Release(step) | Allowed::Verify(step) => {
                Proposal::Release { step, released_by: "jo".into(), said: "the plan".into(), signature: None }
            }
            Allowed::Dispute(step) => Proposal::Dispute { step, disputed_by: "jo".into(), said: "it is not".into() },
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
            Allowed::Renew(step) => Proposal::Renew { step },
            Allowed::TakeUp(step) => Proposal::TakeUp { step },
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

/// The hash of a record's line, which the next one names.
fn hash_of(record: &Record) -> String {
    digest(serde_json::to_string(record).expect("it is JSON"))
}

fn at_stop() -> Walk {
    let mut walk = Walk::opened();
    walk.do_first();
    walk.do_first();
    walk
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
