#![allow(unused)]
// What many runbooks, many nodes and many steps cost.

use std::fmt::Write as _;
use std::path::Path;
use std::time::Duration;

use piton::clock::{Timestamp, monotonic};
use piton::engine::{
    Board, ConditionId, Event, Item, JOURNAL_FORMAT, Leaving, Mode, Record, Row, RunOpened, RunState, Sight, Tri,
    Verdict, evaluate_at, watched,
};
use piton::journal::{Holder, Journal, Store, sha256_hex};
use piton::library::Library;
use piton::runbook::{PhaseId, ProbeId, Runbook, StepId, StepKey};
use serde_json::{Map, Value, json};

/// How many runbooks a library has.
const BOOKS: usize = 1000;
/// How many steps one of them has, and one pass of a long run.
const STEPS: usize = 200;
/// How many nodes a large cluster has.
const NODES: usize = 1000;
/// How many passes make a run of 10,000 steps.
const PASSES: usize = 50;
/// How many rounds of what takes milliseconds.
const ROUNDS: usize = 40;
/// What a screen has for a frame, sixty times a second.
const FRAME: Duration = Duration::from_micros(16_667);
const SOON: Duration = Duration::from_secs(20);

/// A runbook as they are written: a probe, a guard, and steps of the kinds that there are, in phases of twenty.
fn written(name: &str) -> String {
    let mut text = format!(
        r#"format   = 1
id       = "{name}"
title    = "Upgrade a cluster"
revision = "1"
system   = "vault"
summary  = "One node after the other."

[inputs.nodes]
type   = "nodes"
prompt = "Every node"
fields = ["api", "ssh"]

[inputs.target]
type   = "version"
prompt = "Version to upgrade to"

[[health]]
id       = "node"
title    = "Nodes"
each     = ".inputs.nodes[]"
every    = "2s"
timeout  = "2s"
http     = {{ url = "{{{{ .node.api }}}}/health" }}
fields   = {{ role = 'if .refused then "down" elif .body.sealed then "sealed" else "up" end', version = ".body.version" }}
ok       = '.role == "up"'

[[guard]]
id     = "one-away"
title  = "At most one node is away"
holds  = '[.health.node[] | select(.verdict != "ok")] | length <= 1'
why    = "Two away cost the quorum."
blocks = ["run"]

[[rollback]]
id    = "back"
title = "Put the old version back"
[[rollback.phase]]
id    = "back"
title = "Back"
[[rollback.phase.step]]
id      = "back"
title   = "Put it back"
confirm = "What was put back?"
"#
    );
    for step in 0..STEPS {
        if step % 20 == 0 {
            let phase = step / 20;
            let each = if phase % 2 == 1 { "\nfor_each = \".inputs.nodes[]\"" } else { "" };
            let _ = write!(text, "\n[[phase]]\nid = \"p{phase}\"\ntitle = \"Phase {phase}\"{each}\n");
        }
        let _ = write!(text, "\n[[phase.step]]\nid = \"s{step}\"\ntitle = \"Look at number {step}\"\n{}", action(step));
    }
    text
}

fn action(step: usize) -> &'static str {
    match step % 4 {
        0 => "text = \"It is on {{ .inputs.target }}, or on the way to it.\"\nconfirm = \"What was seen?\"\n",
        1 => {
            "caution = \"The service is reduced.\"\nrun = [\"ssh\", \"{{ .inputs.nodes[0].ssh }}\", \"systemctl\", \"is-active\", \"vault\"]\ntimeout = \"30s\"\nexpect = { holds = '.exit == 3 and (.stdout | trim) != \"active\"', why = \"No process may be left.\" }\n"
        }
        2 => {
            "check = '.inputs.target as $t | all(.health.node[]; .verdict == \"ok\" and .version == $t)'\nhold = \"10s\"\ntimeout = \"5m\"\nwhy = \"All nodes must be up.\"\n"
        }
        _ => {
            "gate = { holds = 'all(.health.node[]; .verdict == \"ok\")', why = \"A node is away.\" }\nconfirm = \"What was done?\"\noptions = [\"all\", \"nothing\"]\n"
        }
    }
}

fn at(millis: i64) -> Timestamp {
    Timestamp::from_millis(1_795_228_870_000 + millis)
}

fn opened(run: &str, book: &Runbook, inputs: Map<String, Value>) -> Event {
    Event::RunOpened(Box::new(RunOpened {
        format: JOURNAL_FORMAT,
        run: run.into(),
        runbook: book.id.clone(),
        title: book.title.clone(),
        revision: book.revision.clone(),
        sha256: book.sha256.clone(),
        text: book.text.clone(),
        mode: Mode::Live,
        inputs,
        site: None,
        practice: None,
        operator: "maria".into(),
        host: "bastion".into(),
        version: env!("CARGO_PKG_VERSION").into(),
    }))
}

fn sat() -> Event {
    let (operator, host) = ("maria".into(), "bastion".into());
    Event::SittingOpened { operator, host, pid: 1, face: "bench".into(), version: "0".into() }
}

fn nodes(count: usize) -> Vec<Value> {
    (1..=count)
        .map(|n| json!({ "name": format!("vault-{n}"), "api": format!("https://vault-{n}.example.net:8200"), "ssh": format!("vault-{n}.example.net") }))
        .collect()
}

/// The shipped runbook of a Vault cluster, at the stop of its first standby.
fn at_the_stop(nodes: &[Value]) -> (std::sync::Arc<Runbook>, RunState) {
    let entry = Library::open(&[]).and_then(|library| library.find("vault-ha-upgrade")).expect("it is shipped");
    let book = entry.runbook().expect("it has no error").clone();
    let mut inputs = Map::new();
    inputs.insert("nodes".into(), nodes.into());
    for (name, value) in
        [("from", json!("1.16.2")), ("target", json!("1.17.3")), ("storage", json!("raft")), ("lag", json!(10))]
    {
        inputs.insert(name.into(), value);
    }
    let (phase, step) = (PhaseId::new("standbys"), StepId::new("stop"));
    let item = |node: &Value| Item { name: node["name"].as_str().map(str::to_owned), value: node.clone() };
    let items: Vec<Item> = nodes.iter().skip(1).map(item).collect();
    let key = StepKey { phase: phase.clone(), item: items[0].name.clone(), step };
    let mut state = RunState::new(&book);
    let events = [
        opened("bench", &book, inputs),
        sat(),
        Event::PhaseBound { phase, items },
        Event::StepBegan { step: key, attempt: 1 },
    ];
    for (event, seq) in events.into_iter().zip(1..) {
        state.apply(&Record { seq, at: at(0), prev: String::new(), by: "maria@bastion".into(), event });
    }
    (book, state)
}

/// What the two probes of that runbook tell of as many nodes, all well.
fn board(nodes: &[Value]) -> Board {
    let row = |probe: &str, node: &Value, fields: Value| Row {
        probe: ProbeId::new(probe),
        node: node["name"].as_str().map(str::to_owned),
        verdict: Verdict::Ok,
        why: String::new(),
        age_ms: Some(900),
        fields: fields.as_object().cloned().unwrap_or_default(),
        item: node.clone(),
    };
    let first = |node: &Value| node["name"] == "vault-1";
    let role = |node: &Value| if first(node) { "active" } else { "standby" };
    let state = |node: &Value| if first(node) { "leads" } else { "follows" };
    let health = nodes.iter().map(|node| row("vault", node, json!({ "role": role(node), "version": "1.16.2" })));
    let leader = "https://vault-1.example.net:8200";
    let leaders = nodes.iter().map(|node| {
        row("leader", node, json!({ "state": state(node), "leader": leader, "applied": 4711, "committed": 4711 }))
    });
    Board { rows: health.chain(leaders).collect() }
}

fn main() {
    let args: Vec<String> = std::env::args().collect();
    let n: usize = args[2].parse().unwrap();
    match args[1].as_str() {
        "toml" => {
            for _ in 0..n {
                let t = written("book-1");
                let table: toml::Table = toml::from_str(&t).unwrap();
                assert!(table.contains_key("phase"));
            }
        }
        "written" => {
            for _ in 0..n {
                assert!(written("book-1").len() > 3);
            }
        }
        "parse" => {
            for _ in 0..n {
                let t = written("book-1");
                let (b, f) = piton::runbook::parse(&t);
                assert!(b.is_some() && f.is_empty());
            }
        }
        "lib" => {
            let dir = tempfile::TempDir::new().unwrap();
            for i in 0..n {
                std::fs::write(dir.path().join(format!("book-{i}.toml")), written(&format!("book-{i}"))).unwrap();
            }
            let library = Library::open(&[dir.path().to_path_buf()]).unwrap();
            for entry in &library.entries()[..n] {
                assert!(entry.runbook().is_some() && entry.findings().is_empty());
            }
        }
        "gate" | "all" | "none" => {
            let nodes = nodes(NODES);
            let ((book, state), board) = (at_the_stop(&nodes), board(&nodes));
            let watched = watched(&book, &state);
            for _ in 0..n {
                let mut sight = Sight::new(&board);
                for condition in watched.iter().filter(|id| args[1] == "all" || matches!(id, ConditionId::Gate(_))) {
                    let t0 = std::time::Instant::now();
                    if args[1] == "none" {
                        continue;
                    }
                    let (truth, why, _) = evaluate_at(&book, &state, &mut sight, condition, at(1)).unwrap();
                    assert_eq!(truth, Tri::True, "{condition}: {why}");
                    eprintln!("{condition} {:?}", t0.elapsed());
                }
            }
        }
        _ => panic!(),
    }
}
