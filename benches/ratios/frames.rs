//! What a frame costs in a small run and in a large one: from what has happened to the cells that are to be written.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use piton::clock::{Clock, SystemClock, Timestamp, monotonic};
use piton::engine::{Board, Moment, Proposal, Record, RunState, Sample, Verdict, decide};
use piton::health::{Target, targets};
use piton::runbook::{Runbook, parse};
use piton::session::{Launched, Session, Update};
use piton::tui::app::{App, draw, update};
use piton::tui::keymap::Keymap;
use piton::tui::message::{Instants, Message};
use piton::tui::theme::{Look, Theme};
use ratatui::buffer::Buffer;
use serde_json::{Map, Value, json};
use tokio::sync::mpsc::unbounded_channel;

use super::headless::{BY_HAND, book};
use super::report::Figure;
use super::scale::opened;

/// The size of the terminal.
const SIZE: (u16, u16) = (120, 40);
/// How many frames of each.
const FRAMES: usize = 400;
/// The probe of a row: nothing is asked, its samples are made here.
const PROBE: &str = r#"
[inputs.nodes]
type = "nodes"
prompt = "Nodes"
fields = []

[[health]]
id = "node"
title = "Nodes"
each = ".inputs.nodes[]"
every = "1s"
http = { url = "http://127.0.0.1:9/{{ .node.name }}" }
fields = { role = ".body.role", seen = ".body.seen" }
ok = '.role == "up"'
"#;

/// How many steps and how many rows of health a run has.
type Size = (usize, usize);

/// What a frame shows.
type Happening = fn(&Stage, usize) -> Message;

/// The frames of a large run against those of a small one.
pub fn figures(folder: &Path) -> Vec<Figure> {
    let (few, many) = ((10, 3), (10_000, 3));
    let (narrow, wide) = ((200, 3), (200, 1_000));
    let kinds: [(&str, Happening, [Size; 2]); 4] = [
        ("a frame after a key with 10,000 steps, against 10", key, [few, many]),
        ("a frame after a key with 1,000 probes, against 3", key, [narrow, wide]),
        ("a frame after a sample with 10,000 steps, against 10", sample, [few, many]),
        ("a frame after a sample with 1,000 probes, against 3", sample, [narrow, wide]),
    ];
    let figure = |(what, happening, sizes): (&str, Happening, [Size; 2])| {
        let [mut small, mut large] = sizes.map(|(steps, rows)| Stage::of(folder, steps, rows));
        let (mut ours, mut limit) = (Vec::new(), Vec::new());
        for number in 0..FRAMES {
            limit.push(small.frame(happening, number));
            ours.push(large.frame(happening, number));
        }
        Figure::ratio("frame", what, &ours, &limit, 2.0)
    };
    kinds.map(figure).into()
}

/// The screens of a run without a terminal.
struct Stage {
    app: App,
    targets: Vec<Target>,
    shown: Buffer,
    next: Buffer,
    real_ms: u64,
}

impl Stage {
    /// A run of so many steps with so many rows of health, all of them answered.
    fn of(folder: &Path, steps: usize, rows: usize) -> Self {
        let steps_of_all = u32::try_from(steps).expect("a number of steps");
        let path = book(folder, &format!("frames-{steps}-{rows}"), steps_of_all, BY_HAND);
        let mut text = std::fs::read_to_string(path).expect("it was written");
        let _ = text.write_str(PROBE);
        let (book, findings) = parse(&text);
        let book = Arc::new(book.unwrap_or_else(|| panic!("{findings:?}")));
        let nodes: Vec<Value> = (1..=rows).map(|row| json!({ "name": format!("node-{row}") })).collect();
        let inputs = Map::from_iter([("nodes".to_owned(), Value::from(nodes))]);
        let targets = targets(&book, &json!({ "inputs": &inputs })).expect("each of them can be asked");
        let look = Look { theme: Theme::shipped("dark").unwrap_or_else(Theme::plain), ..Look::plain() };
        let mut app = App::new(look, Keymap::standard());
        let launched = launched(book, inputs, targets.clone());
        for message in [Message::Resized(SIZE.0, SIZE.1), Message::Launched(Ok(Box::new(launched)))] {
            update(&mut app, message);
        }
        let buffer = Buffer::empty(app.area());
        let mut stage = Self { app, targets, shown: buffer.clone(), next: buffer, real_ms: 0 };
        for target in &stage.targets {
            update(&mut stage.app, told(target, 0));
        }
        stage.frame(sample, 0);
        stage
    }

    /// One thing happens, and is drawn; a second after the one before.
    fn frame(&mut self, happening: Happening, number: usize) -> Duration {
        self.real_ms += 1_000;
        let message = happening(self, number);
        let began = monotonic();
        // Every answer stays as fresh as it is.
        update(&mut self.app, Message::Now(Instants { run: Timestamp::default(), real_ms: self.real_ms }));
        update(&mut self.app, message);
        self.app.derive();
        self.next.reset();
        draw(&self.app, self.app.area(), &mut self.next);
        let cells = self.shown.diff_iter(&self.next).count();
        let took = began.elapsed();
        assert!(cells > 0, "nothing is to be seen of it");
        std::mem::swap(&mut self.shown, &mut self.next);
        took
    }
}

/// The selection moves down, or up again.
fn key(_: &Stage, number: usize) -> Message {
    let code = if (number / 5).is_multiple_of(2) { KeyCode::Down } else { KeyCode::Up };
    Message::Key(KeyEvent::new(code, KeyModifiers::NONE))
}

/// A probe that is in view tells a new number.
fn sample(stage: &Stage, number: usize) -> Message {
    told(&stage.targets[number % 3], number + 1)
}

fn told(target: &Target, number: usize) -> Message {
    let fields = json!({ "role": "up", "seen": number });
    Message::Session(Update::Sampled(Box::new(Sample {
        probe: target.probe.clone(),
        node: target.node.clone(),
        at: Timestamp::default(),
        verdict: Verdict::Ok,
        why: String::new(),
        fields: fields.as_object().cloned().unwrap_or_default(),
        elapsed: Duration::from_millis(1),
    })))
}

/// That run, at its first step; nobody records anything more.
fn launched(runbook: Arc<Runbook>, inputs: Map<String, Value>, targets: Vec<Target>) -> Launched {
    let mut state = RunState::new(&runbook);
    let mut records = Vec::new();
    let piton::engine::Event::RunOpened(head) = opened("frames", &runbook, inputs) else {
        unreachable!("as it was made")
    };
    let (operator, host) = ("maria".into(), "bastion".into());
    let sit = Proposal::Sit { operator, host, pid: 1, face: "bench".into(), version: "0".into() };
    for proposal in [Proposal::Open(head), sit, Proposal::Advance] {
        let moment = Moment { at: Timestamp::default(), board: Board::default() };
        for event in decide(&runbook, &state, proposal, &moment).expect("a run can be opened") {
            let by = "maria@bastion".to_owned();
            let record = Record { seq: state.seq + 1, at: moment.at, prev: "0".repeat(64), by, event };
            state.apply(&record);
            records.push(record);
        }
    }
    let (inbox, _) = unbounded_channel();
    let (_, updates) = unbounded_channel();
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::starting(Timestamp::default()));
    let (session, folder) = (Session::new(inbox), PathBuf::from("/nowhere"));
    Launched { session, updates, runbook, records, targets, clock, is_resumed: false, folder, directory: "/".into() }
}
