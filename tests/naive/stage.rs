//! A shipped runbook, bound to its example site whose addresses all lead to one loopback server.

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, LazyLock};

use piton::clock::{Clock, FixedClock, Timestamp};
use piton::engine::{
    Board, CommandLine, ConditionId, Ended, Event, Item, JOURNAL_FORMAT, JobId, Mode, Moment, Printed, Proposal,
    Record, RunOpened, RunState, Tri, decide, evaluate,
};
use piton::exec::{Runner, ScriptedRunner, Secrets};
use piton::health::{BoardKeeper, Prober, Target, targets};
use piton::library::{Library, read_site};
use piton::runbook::{Expr, Phase, PhaseId, Runbook, StepId, StepKey};
use piton::site::bind;
use serde_json::{Map, Value, json};

/// All that is shipped, read and checked once.
static SHIPPED: LazyLock<Vec<Arc<Runbook>>> = LazyLock::new(|| {
    let library = Library::open(&[]).expect("what is built in is there");
    let book = |entry: &piton::library::Entry| entry.runbook().cloned().expect("what is built in has no error");
    library.entries().iter().map(book).collect()
});

/// All that is shipped.
pub fn shipped() -> &'static [Arc<Runbook>] {
    &SHIPPED
}

/// The shipped runbooks whose names begin so.
pub fn shipped_as(prefix: &str) -> Vec<Arc<Runbook>> {
    let books: Vec<_> = shipped().iter().filter(|book| book.id.as_str().starts_with(prefix)).cloned().collect();
    assert!(!books.is_empty(), "no shipped runbook is named {prefix}…");
    books
}

/// Every phase of a runbook, those of its ways back included.
pub fn phases(book: &Runbook) -> impl Iterator<Item = &Phase> {
    book.phases.iter().chain(book.rollbacks.iter().flat_map(|plan| &plan.phases))
}

/// A compiled expression of a row.
pub fn expr(source: &str) -> Expr {
    Expr::compile(source).unwrap_or_else(|error| panic!("{source}: {error:?}"))
}

/// The value that an expression gives.
#[track_caller]
pub fn value(source: &str, scope: &Value) -> Value {
    expr(source).one(scope).unwrap_or_else(|error| panic!("{source}: {error} of {scope}"))
}

/// One runbook that is open.
pub struct Stage {
    /// The runbook.
    pub book: Arc<Runbook>,
    state: RunState,
    inputs: Map<String, Value>,
}

impl Stage {
    /// The runbook bound to its example site; every address of it is `address/NAME`.
    pub fn of(book: Arc<Runbook>, address: &str) -> Self {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("runbooks/sites/{}-example.toml", book.id));
        let (_, site, findings) = read_site(&file).expect("the example is there");
        let site = site.unwrap_or_else(|| panic!("{findings:?}"));
        let bound = bind(&book, &[], Some(&site), &Map::new()).unwrap_or_else(|problems| panic!("{problems:?}"));
        assert!(bound.missing.is_empty(), "{}: the example leaves open {:?}", book.id, bound.missing);
        let mut inputs = bound.inputs;
        inputs.values_mut().for_each(|value| lead(value, "any", address));
        let state = RunState::new(&book);
        let mut stage = Self { book, state, inputs };
        let opened = stage.opened();
        stage.record(Event::RunOpened(Box::new(opened)));
        stage.record(Event::SittingOpened {
            operator: "maria".into(),
            host: "bastion".into(),
            pid: 1,
            face: "test".into(),
            version: "0".into(),
        });
        stage
    }

    /// All that its probes ask.
    pub fn targets(&self) -> Vec<Target> {
        targets(&self.book, &json!({ "inputs": self.inputs })).unwrap_or_else(|problems| panic!("{problems:?}"))
    }

    /// A value that a step has asked for or captured before.
    pub fn answered(&mut self, name: &str, value: Value) {
        self.state.answers.insert(name.to_owned(), value);
    }

    /// The board of all its probes, each asked once.
    pub async fn board(&self, runner: ScriptedRunner) -> Board {
        let (targets, runner) = (self.targets(), knowing(runner));
        let clock = FixedClock::at(NOW);
        let mut keeper = BoardKeeper::new(&targets);
        for target in targets {
            keeper.take(Prober::new(target, runner.clone()).sample(&clock).await);
        }
        keeper.board(clock.now())
    }

    /// What a check or gate comes to on that board.
    pub fn truth(&self, board: &Board, condition: &ConditionId) -> (Tri, String) {
        let judged = evaluate(&self.book, &self.state, board, condition, NOW);
        let (truth, why, _) = judged.unwrap_or_else(|| panic!("{} has no {condition}", self.book.id));
        (truth, why)
    }

    /// Puts the run to that step, with this item; in a loop in a loop it is the only one of its group.
    pub fn at(&mut self, phase: &PhaseId, step: &StepId, item: Value) -> StepKey {
        const GROUP: &str = "group";
        let is_nested = phases(&self.book).any(|known| known.id == *phase && known.inner.is_some());
        let name = item["name"].as_str().map(str::to_owned);
        let inner = vec![Item { name: name.clone(), value: item }];
        let item = if is_nested {
            let outer = Item { name: Some(GROUP.into()), value: Value::Null };
            self.record(Event::PhaseBound { phase: phase.clone(), items: vec![outer] });
            self.record(Event::GroupBound { phase: phase.clone(), group: GROUP.into(), items: inner });
            name.map(|name| format!("{GROUP}/{name}"))
        } else {
            self.record(Event::PhaseBound { phase: phase.clone(), items: inner });
            name
        };
        let key = StepKey { phase: phase.clone(), item, step: step.clone() };
        self.record(Event::StepBegan { step: key.clone(), attempt: 1 });
        key
    }

    /// The first node of the runbook's inputs.
    pub fn node(&self) -> Value {
        let lists = ["nodes", "servers", "old"].iter().filter_map(|name| self.inputs.get(*name));
        lists.filter_map(|list| list.get(0)).next().cloned().unwrap_or(Value::Null)
    }

    /// Whether the step, whose command ended so, has got what it expects, and why not.
    pub fn finish(&mut self, step: &StepKey, exit: i32, stdout: &str, stderr: &str) -> (bool, String) {
        let job = JobId(self.state.jobs + 1);
        let argv = vec!["as-written".to_owned()];
        let command = CommandLine { argv, cwd: None, env: Vec::new(), timeout_ms: 1000 };
        let (step, board) = (step.clone(), Board::default());
        self.record(Event::CommandStarted { step, job, item: None, command, typed: None, board: board.clone() });
        let printed = Printed { stdout: stdout.into(), stderr: stderr.into() };
        let proposal = Proposal::Finished { job, ended: Ended::Exit(exit), elapsed_ms: 5, output: None, printed };
        let events = decide(&self.book, &self.state, proposal, &Moment { at: NOW, board });
        let finished = events.expect("a running command may end").into_iter().find_map(|event| match event {
            Event::CommandFinished { met, why, .. } => Some((met, why)),
            _ => None,
        });
        finished.expect("that is recorded")
    }

    fn record(&mut self, event: Event) {
        let seq = self.state.seq + 1;
        self.state.apply(&Record { seq, at: NOW, prev: String::new(), by: "maria@bastion".into(), event });
    }

    fn opened(&self) -> RunOpened {
        let book = &self.book;
        RunOpened {
            format: JOURNAL_FORMAT,
            run: "2026-11-21-naive-aaaa".into(),
            runbook: book.id.clone(),
            title: book.title.clone(),
            revision: book.revision.clone(),
            text: book.text.clone(),
            sha256: book.sha256.clone(),
            mode: Mode::Live,
            inputs: self.inputs.clone(),
            site: None,
            practice: None,
            operator: "maria".into(),
            host: "bastion".into(),
            version: "0".into(),
        }
    }
}

const NOW: Timestamp = Timestamp::from_millis(1_795_228_870_000);

/// Makes every address below `value` lead to the server, with the name of its table in front of the path.
fn lead(value: &mut Value, name: &str, address: &str) {
    match value {
        Value::String(text) if text.starts_with("http://") || text.starts_with("https://") => {
            *text = format!("{address}/{name}");
        }
        // The words of a command stay as they are.
        Value::Array(items) => {
            items.iter_mut().filter(|item| item.is_object()).for_each(|item| lead(item, name, address))
        }
        Value::Object(table) => {
            let name = table.get("name").and_then(Value::as_str).unwrap_or(name).to_owned();
            table.values_mut().for_each(|value| lead(value, &name, address));
        }
        _ => {}
    }
}

/// The runner with the secrets that the example sites name.
pub fn knowing(runner: ScriptedRunner) -> Arc<dyn Runner> {
    let secrets = ["NOMAD_TOKEN", "VAULT_TRIAL_TOKEN"].map(|name| (name.to_owned(), "not-a-token".to_owned()));
    Arc::new(runner.with_secrets(Secrets::of_table(HashMap::from(secrets))))
}
