//! What many runbooks, many nodes and many steps cost.

use std::fmt::Write as _;
use std::path::Path;
use std::time::Duration;

use piton::clock::{Timestamp, monotonic};
use piton::engine::{
    Board, ConditionId, Event, Item, JOURNAL_FORMAT, Leaving, Mode, Record, RunOpened, RunState, Said, Sight, Tri,
    Verdict, evaluate_at, watched,
};
use piton::journal::{Holder, Journal, Store, sha256_hex};
use piton::library::Library;
use piton::runbook::{PhaseId, ProbeId, Runbook, StepId, StepKey};
use serde_json::{Map, Value, json};

use super::report::Figure;
use super::support::binary::Home;

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

/// P21: a folder of runbooks, read, checked and looked through by the linter, against reading them and taking their TOML
/// apart.
pub fn library(folder: &Path) -> Vec<Figure> {
    let folder = folder.join("library");
    std::fs::create_dir(&folder).expect("a fresh folder");
    for book in 0..BOOKS {
        let name = format!("book-{book}");
        std::fs::write(folder.join(format!("{name}.toml")), written(&name)).expect("a fresh file");
    }
    let began = monotonic();
    for book in 0..BOOKS {
        let text = std::fs::read_to_string(folder.join(format!("book-{book}.toml"))).expect("it is there");
        let table: toml::Table = toml::from_str(&text).expect("it is TOML");
        assert!(table.contains_key("phase"));
    }
    let limit = began.elapsed();
    let began = monotonic();
    let library = Library::open(&[folder]).expect("it is there");
    for entry in &library.entries()[..BOOKS] {
        assert!(entry.runbook().is_some() && entry.findings().is_empty(), "{:?}", entry.findings());
    }
    let what = "1,000 runbooks of 200 steps, read and checked, against their TOML";
    vec![Figure::ratio("P21", what, &[began.elapsed()], &[limit], 3.0)]
}

fn at(millis: i64) -> Timestamp {
    Timestamp::from_millis(1_795_228_870_000 + millis)
}

/// The first record of a run.
pub fn opened(run: &str, book: &Runbook, inputs: Map<String, Value>) -> Event {
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

pub fn sat() -> Event {
    let (operator, host) = ("maria".into(), "bastion".into());
    Event::SittingOpened { operator, host, pid: 1, face: "bench".into(), version: "0".into() }
}

pub fn nodes(count: usize) -> Vec<Value> {
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
    let row = |probe: &str, node: &Value, fields: Value| {
        let said = Said {
            probe: ProbeId::new(probe),
            node: node["name"].as_str().map(str::to_owned),
            verdict: Verdict::Ok,
            why: String::new(),
            fields: fields.as_object().cloned().unwrap_or_default(),
            item: node.clone(),
        };
        said.aged(Some(900))
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

/// P22: every condition that is watched at the stop of a standby, evaluated once, against a frame.
pub fn conditions(_: &Path) -> Vec<Figure> {
    let nodes = nodes(NODES);
    let ((book, state), board) = (at_the_stop(&nodes), board(&nodes));
    let watched = watched(&book, &state);
    assert!(watched.iter().any(|condition| matches!(condition, ConditionId::Gate(_))), "the stop has a gate");
    let mut figures = Vec::new();
    for gates_only in [true, false] {
        let mut ours = Vec::new();
        for _ in 0..ROUNDS {
            let began = monotonic();
            let mut sight = Sight::new(&state, &board, at(1));
            for condition in watched.iter().filter(|id| !gates_only || matches!(id, ConditionId::Gate(_))) {
                let (truth, why, _) = evaluate_at(&book, &mut sight, condition).expect("it is the book's");
                assert_eq!(truth, Tri::True, "{condition}: {why}");
            }
            ours.push(began.elapsed());
        }
        let what = if gates_only {
            "the gate of a stop over 1,000 nodes, against a frame"
        } else {
            "and all guards with it, likewise"
        };
        figures.push(Figure::ratio("P22", what, &ours, &[FRAME; ROUNDS], 0.5));
    }
    figures
}

/// A suspended live run of one phase of 200 steps, walked for so many nodes up to its last step.
fn suspended(home: &Home, passes: usize) -> String {
    let mut text = "format = 1\nid = \"long\"\ntitle = \"Long\"\nrevision = \"1\"\nsystem = \"vault\"\nsummary = \"Many steps.\"\nrollback = []\n\n[inputs.nodes]\ntype = \"nodes\"\nprompt = \"Nodes\"\nfields = []\n\n[[phase]]\nid = \"p\"\ntitle = \"Each\"\nfor_each = \".inputs.nodes[]\"\n".to_owned();
    for step in 1..=STEPS {
        let _ =
            write!(text, "\n[[phase.step]]\nid = \"s{step}\"\ntitle = \"Step {step}\"\nconfirm = \"What was seen?\"\n");
    }
    let (book, findings) = piton::runbook::parse(&text);
    let book = book.unwrap_or_else(|| panic!("{findings:?}"));
    assert_eq!(book.sha256, sha256_hex(text.as_bytes()));
    let nodes = nodes(passes);
    let holder = Holder { operator: "maria".into(), host: "bastion".into(), pid: std::process::id(), since: at(0) };
    let dir = Store::open(home.state()).begin(Mode::Live, at(0), "long").expect("a fresh folder");
    let Event::RunOpened(head) = opened(&dir.id(), &book, Map::from_iter([("nodes".to_owned(), json!(nodes))])) else {
        unreachable!("as it was made")
    };
    let (mut journal, _) = Journal::create(&dir, &holder, at(0), "maria@bastion", *head).expect("a fresh journal");
    let phase = PhaseId::new("p");
    let name = |node: &Value| node["name"].as_str().map(str::to_owned);
    let items: Vec<Item> = nodes.iter().map(|node| Item { name: name(node), value: node.clone() }).collect();
    let steps: Vec<StepKey> = items
        .iter()
        .flat_map(|item| (1..=STEPS).map(|step| (item.name.clone(), StepId::new(format!("s{step}")))))
        .map(|(item, step)| StepKey { phase: phase.clone(), item, step })
        .collect();
    let mut events = vec![sat(), Event::PhaseBound { phase, items }];
    for (index, step) in steps.iter().enumerate() {
        events.push(Event::StepBegan { step: step.clone(), attempt: 1 });
        if index + 1 < steps.len() {
            let said = "as it should be, seen at the first look".to_owned();
            events.push(Event::StepConfirmed { step: step.clone(), doer: None, said, board: Board::default() });
        }
    }
    events.push(Event::SittingClosed { how: Leaving::Left });
    journal.append(at(1), "maria@bastion", events).expect("the disk of a bench");
    dir.id()
}

/// P23: a process that has taken up such a run and shows it: what it holds, and what it held at most.
pub fn memory(_: &Path) -> Vec<Figure> {
    let [(short, short_peak), (long, long_peak)] = [1, PASSES].map(|passes| {
        let home = Home::new();
        let run = suspended(&home, passes);
        let terminal = home.terminal(&["resume", &run]).spawn();
        terminal.wait_text("Step 200", SOON);
        terminal.settled();
        let pid = terminal.pid().as_raw_nonzero();
        (mebibytes(&format!("/proc/{pid}/smaps_rollup"), "Pss:"), mebibytes(&format!("/proc/{pid}/status"), "VmHWM:"))
    });
    let figure = |what: &str, ours: f64, limit: f64, goal: f64| {
        let (told, limit) = (format!("{ours:.1} MiB"), format!("{limit:.1} MiB"));
        Figure::of("P23", what, (told, limit), ours, goal)
    };
    vec![
        figure("memory (PSS, MiB) of a run of 10,000 steps; of 200 steps", long, short, 32.0),
        figure("its peak (RSS, MiB), libraries included; of 200 steps", long_peak, short_peak, 64.0),
    ]
}

/// A line of one of the kernel's tables, told in KiB there.
pub fn mebibytes(file: &str, key: &str) -> f64 {
    let text = std::fs::read_to_string(file).expect("the program runs");
    let line = text.lines().find_map(|line| line.strip_prefix(key)).expect("the kernel tells it");
    let kibibytes: f64 = line.trim().trim_end_matches(" kB").parse().expect("a number");
    kibibytes / 1024.0
}
