//! The screens in a real terminal, before a session that records in memory: how they are left, what they cost.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use piton::clock::{Clock, SystemClock, Timestamp};
use piton::engine::{Board, Leaving, Mode, Moment, Proposal, Record, RunOpened, RunState, decide};
use piton::runbook::Runbook;
use piton::session::{Incoming, Launched, Session, Update};
use piton::tui::{Backstage, LibraryEntry, OpenRun, Options, Question, Questions, Start, TuiError, Wanted, open};
use rustix::process::Signal;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use crate::support::pty::{Answers, Exit, Hold, Start as InTerminal, Terminal};
use crate::support::turn;

const SOON: Duration = Duration::from_secs(10);
const SECOND: Duration = Duration::from_secs(1);

/// The variable that turns the test [`the_screens_for_the_other_tests`] into their program; its value is the folder
/// in which the program leaves its traces.
const STAGE: &str = "PITON_TEST_STAGE";

/// Without that variable it has nothing to do: the other tests of this file start it in a terminal of theirs.
#[test]
fn the_screens_for_the_other_tests() {
    let Some(folder) = std::env::var_os(STAGE).map(PathBuf::from) else { return };
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
    let steps = std::env::var("STEPS").ok().and_then(|steps| steps.parse().ok());
    let start = match steps {
        Some(steps) => Start::Run(Box::new(launched(steps, folder.join("left")))),
        None => Start::Library,
    };
    let shown = open(start, Arc::new(Nothing { folder: folder.clone() }), Options { report, ..Options::default() });
    let exit = runtime.block_on(shown.live());
    let told = match &exit {
        Ok(exit) => format!("interrupted={} gone={}", exit.is_interrupted, exit.is_terminal_gone),
        Err(error) => error.to_string(),
    };
    std::fs::write(folder.join("exit"), &told).expect("the test's folder can be written to");
    let is_gone = exit.as_ref().is_ok_and(|exit| exit.is_terminal_gone);
    if !is_gone {
        println!("{told}");
    }
    std::process::exit(match exit {
        Ok(exit) if exit.is_interrupted => 40,
        Ok(_) => 0,
        Err(_) => 1,
    });
}

/// What is told of a panic, and the status that follows.
fn report(error: &TuiError) -> u8 {
    eprintln!("{error}");
    1
}

/// A stage without a library, whose fields panic on demand.
struct Nothing {
    folder: PathBuf,
}

impl Backstage for Nothing {
    fn glance(&self) -> Vec<LibraryEntry> {
        Vec::new()
    }

    fn library(&self) -> Vec<LibraryEntry> {
        let one = LibraryEntry { id: "one".into(), title: "The only runbook".into(), ..LibraryEntry::default() };
        vec![one]
    }

    fn resumable(&self) -> Result<Vec<OpenRun>, String> {
        Ok(vec![])
    }

    fn set_up(&self, runbook: &str, is_practice: bool) -> Result<Questions, String> {
        let asked = vec![Question {
            input: "x".into(),
            kind: piton::runbook::InputKind::Text,
            prompt: "What now?".into(),
            default: String::new(),
            is_optional: false,
            given: String::new(),
            history: vec![],
        }];
        Ok(Questions { runbook: runbook.into(), title: "One".into(), is_practice, asked, ..Questions::default() })
    }

    fn check_input(&self, _: &str, _: &str, text: &str) -> Option<String> {
        assert!(!text.ends_with("here?"), "a bug in the drawing thread");
        if text.ends_with("elsewhere!") {
            std::thread::spawn(|| panic!("a bug in another thread"));
        }
        None
    }

    fn begin(&self, _: &Wanted) -> Result<Launched, String> {
        Ok(launched(3, self.folder.join("left")))
    }

    fn resume(&self, run: &str, _: &mut dyn FnMut(u64, u64) -> bool) -> Result<Launched, String> {
        Err(format!("there is no run {run}"))
    }
}

fn runbook(steps: usize) -> Runbook {
    let mut text = String::from(
        "format = 1\nid = \"long\"\ntitle = \"A long runbook\"\nrevision = \"1\"\nsystem = \"vault\"\nsummary = \"Long.\"\n\
         [[phase]]\nid = \"all\"\ntitle = \"All of it\"\n",
    );
    for step in 1..=steps {
        if step % 400 == 0 {
            text.push_str(&format!("[[phase]]\nid = \"more-{step}\"\ntitle = \"More of it\"\n"));
        }
        text.push_str(&format!(
            "[[phase.step]]\nid = \"s{step}\"\ntitle = \"Look at thing {step}\"\nconfirm = \"What is thing {step}?\"\n"
        ));
    }
    let (runbook, findings) = piton::runbook::parse(&text);
    runbook.unwrap_or_else(|| panic!("{findings:?}"))
}

/// A run whose records go nowhere: the session's thread keeps them in memory. How it was left is written to `left`.
fn launched(steps: usize, left: PathBuf) -> Launched {
    let runbook = Arc::new(runbook(steps));
    let clock = Arc::new(SystemClock::starting(Timestamp::default()));
    let (inbox, proposals) = unbounded_channel();
    let (speaker, updates) = unbounded_channel();
    let memory = Memory {
        state: RunState::new(&runbook),
        runbook: Arc::clone(&runbook),
        clock: Arc::clone(&clock) as Arc<dyn Clock>,
        speaker,
        delay: Duration::from_millis(std::env::var("DELAY_MS").ok().and_then(|ms| ms.parse().ok()).unwrap_or(0)),
    };
    std::thread::spawn(move || memory.live(proposals, &left));
    let (session, folder) = (Session::new(inbox), PathBuf::from("/nowhere"));
    Launched {
        session,
        updates,
        runbook,
        records: vec![],
        targets: vec![],
        clock,
        is_resumed: false,
        folder,
        directory: "/".into(),
    }
}

struct Memory {
    runbook: Arc<Runbook>,
    state: RunState,
    clock: Arc<dyn Clock>,
    speaker: UnboundedSender<Update>,
    /// How slow its disk is.
    delay: Duration,
}

impl Memory {
    fn live(mut self, mut proposals: UnboundedReceiver<Incoming>, left: &Path) {
        let opened = RunOpened {
            format: 1,
            run: "2026-11-21-long-7qf3".into(),
            runbook: self.runbook.id.clone(),
            title: self.runbook.title.clone(),
            revision: "1".into(),
            text: String::new(),
            sha256: self.runbook.sha256.clone(),
            mode: Mode::Practice,
            inputs: serde_json::Map::new(),
            site: None,
            practice: None,
            operator: "maria".into(),
            host: "bastion".into(),
            version: "0".into(),
        };
        self.propose(Proposal::Open(Box::new(opened)));
        let (operator, host) = ("maria".into(), "bastion".into());
        self.propose(Proposal::Sit { operator, host, pid: 1, face: "screen".into(), version: "0".into() });
        while let Some(incoming) = proposals.blocking_recv() {
            match incoming {
                Incoming::Propose(proposal) => self.propose(proposal),
                Incoming::Leave(how) => {
                    self.propose(Proposal::Leave { how });
                    std::fs::write(left, if how == Leaving::Left { "left" } else { "interrupted" }).expect("a trace");
                    let _ = self.speaker.send(Update::Ended);
                    return;
                }
                _ => {}
            }
        }
        std::fs::write(left, "dropped").expect("a trace");
    }

    fn propose(&mut self, proposal: Proposal) {
        let moment = Moment { at: self.clock.now(), board: Board::default() };
        let events = match decide(&self.runbook, &self.state, proposal.clone(), &moment) {
            Ok(events) => events,
            Err(refusal) => {
                let _ = self.speaker.send(Update::Refused(Box::new(proposal), refusal));
                return;
            }
        };
        std::thread::sleep(self.delay);
        let mut records = Vec::new();
        for event in events {
            let seq = self.state.seq + 1;
            let record = Record { seq, at: moment.at, prev: "0".repeat(64), by: "maria@bastion".into(), event };
            self.state.apply(&record);
            records.push(record);
        }
        let _ = self.speaker.send(Update::Recorded(records.into()));
    }
}

/// The screens in a terminal, with the folder of their traces.
struct Screens {
    terminal: Terminal,
    folder: tempfile::TempDir,
}

impl Screens {
    fn start(variables: &[(&str, &str)], hold: Hold) -> Self {
        Self::start_with(variables, |start| start.hold(hold))
    }

    fn start_with(variables: &[(&str, &str)], change: impl FnOnce(InTerminal) -> InTerminal) -> Self {
        let folder = tempfile::tempdir().expect("a folder for traces");
        let program = std::env::current_exe().expect("a test knows its own program");
        let arguments = ["screens::the_screens_for_the_other_tests", "--exact", "--nocapture", "--test-threads=1"];
        let start = InTerminal::new(&program.display().to_string(), &arguments).with(|command| {
            command.env(STAGE, folder.path()).env("RUST_BACKTRACE", "0").envs(variables.iter().copied());
        });
        let terminal = change(start).spawn();
        let is_run = variables.iter().any(|(name, _)| *name == "STEPS");
        terminal.wait_text(if is_run { "enter confirm" } else { "The only runbook" }, SOON);
        Self { terminal, folder }
    }

    fn run() -> Self {
        Self::start(&[("STEPS", "3")], Hold::Leader)
    }

    /// The set-up form with its field.
    fn form() -> Self {
        let screens = Self::start(&[], Hold::Leader);
        screens.terminal.key("enter");
        screens.terminal.wait_text("What now?", SOON);
        screens
    }

    fn trace(&self, name: &str) -> String {
        std::fs::read_to_string(self.folder.path().join(name)).unwrap_or_default()
    }
}

#[test]
fn leaving_by_keys_closes_the_sitting_and_restores_the_terminal() {
    for keys in [["q", "y"], ["ctrl-c", "ctrl-c"]] {
        let mut screens = Screens::run();
        screens.terminal.key(keys[0]);
        screens.terminal.wait_text("Leave the run?", SOON);
        screens.terminal.key(keys[1]);
        assert_eq!(screens.terminal.wait_exit(SECOND), Exit { code: Some(0), signal: None }, "{keys:?}");
        screens.terminal.assert_restored();
        assert_eq!(screens.trace("left"), "left");
    }
}

#[test]
fn every_signal_that_ends_it_closes_the_sitting_and_restores_the_terminal() {
    for signal in [Signal::TERM, Signal::HUP, Signal::INT, Signal::QUIT] {
        let mut screens = Screens::run();
        screens.terminal.signal(signal);
        assert_eq!(screens.terminal.wait_exit(SECOND), Exit { code: Some(40), signal: None }, "{signal:?}");
        screens.terminal.assert_restored();
        assert_eq!(screens.trace("left"), "interrupted");
    }
}

#[test]
fn a_disk_that_hangs_does_not_keep_a_signal_waiting_longer_than_a_second() {
    let mut screens = Screens::start(&[("STEPS", "3"), ("DELAY_MS", "3000")], Hold::Leader);
    screens.terminal.signal(Signal::TERM);
    screens.terminal.wait_exit(SECOND * 2);
    screens.terminal.assert_restored();
}

#[test]
fn a_panic_anywhere_restores_the_terminal_and_is_told_on_the_main_screen() {
    for (word, said) in [("here?", "a bug in the drawing thread"), ("elsewhere!", "a bug in another thread")] {
        let mut screens = Screens::form();
        screens.terminal.type_text(word);
        assert_eq!(screens.terminal.wait_exit(SECOND), Exit { code: Some(1), signal: None }, "{word}");
        screens.terminal.assert_restored();
        assert!(screens.terminal.screen().contains(said), "{}", screens.terminal.describe());
    }
}

#[test]
fn a_terminal_that_vanishes_ends_it_in_each_form() {
    for hold in [Hold::Leader, Hold::LeaderIgnoringHangUp, Hold::Stranger] {
        let mut screens = Screens::start(&[("STEPS", "3")], hold);
        let before = screens.terminal.cpu();
        let pid = screens.terminal.pid();
        screens.terminal.hang_up();
        let exit = screens.terminal.wait_exit(SECOND);
        assert_eq!(exit, Exit { code: Some(40), signal: None }, "{hold:?} {pid:?}");
        assert_eq!(screens.trace("left"), "interrupted", "{hold:?}");
        assert!(before < SECOND, "{before:?}");
    }
}

#[test]
fn being_stopped_and_continued_gives_the_terminal_back_and_takes_it_again() {
    let mut screens = Screens::run();
    screens.terminal.signal(Signal::TSTP);
    screens.terminal.wait_for("the main screen", SOON, |screen| !screen.contains("enter confirm"));
    wait_until_stopped(screens.terminal.pid().as_raw_nonzero().get());
    screens.terminal.signal(Signal::CONT);
    screens.terminal.wait_text("enter confirm", SOON);
    screens.terminal.key("q");
    screens.terminal.wait_text("Leave the run?", SOON);
    screens.terminal.key("y");
    screens.terminal.wait_exit(SECOND);
    screens.terminal.assert_restored();
}

/// A process that is continued before it has stopped stays stopped; a shell waits for it too.
fn wait_until_stopped(pid: i32) {
    let end = piton::clock::monotonic() + SOON;
    let is_stopped = || {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).expect("the program is there");
        stat.rsplit(')').next().is_some_and(|rest| rest.trim_start().starts_with('T'))
    };
    while !is_stopped() {
        assert!(piton::clock::monotonic() < end, "it does not stop");
        std::thread::yield_now();
    }
}

#[test]
fn odd_sizes_and_a_storm_of_them_are_survived() {
    let screens = Screens::run();
    let before = screens.terminal.screen();
    let odd = [(0, 0), (1, 1), (1, 65_535), (65_535, 1), (300, 500), (15, 60), (14, 60), (24, 80), (2, 200), (200, 2)];
    for _ in 0..30 {
        for (rows, cols) in odd {
            screens.terminal.resize(rows, cols);
        }
    }
    screens.terminal.resize(40, 120);
    screens.terminal.wait_for("the same screen", SOON, |screen| turn::is_same(screen, &before));
}

#[test]
fn nothing_is_asked_of_the_terminal() {
    let screens = Screens::start_with(&[("STEPS", "3")], |start| start.answers(Answers::Mute));
    let raw = screens.terminal.raw();
    for query in [&b"\x1b[6n"[..], b"\x1b[c", b"\x1b[?u", b"\x1b]11;?", b"\x1b[14t", b"\x1b[>0q"] {
        assert!(!raw.windows(query.len()).any(|window| window == query), "{query:?}");
    }
}

#[test]
fn an_idle_run_wakes_up_for_nothing_and_writes_nothing() {
    let screens = Screens::run();
    let pid = screens.terminal.pid().as_raw_nonzero().get();
    turn::away_from_it(Duration::from_secs(4));
    std::thread::sleep(Duration::from_millis(300));
    let (switches, bytes) = (switches(pid), screens.terminal.raw().len());
    std::thread::sleep(Duration::from_secs(3));
    assert_eq!(self::switches(pid), switches, "no thread was woken");
    assert_eq!(screens.terminal.raw().len(), bytes);
}

/// How often each thread of a process gave up the processor by itself.
fn switches(pid: i32) -> BTreeMap<String, String> {
    let tasks = std::fs::read_dir(format!("/proc/{pid}/task")).expect("the program is running");
    let of = |path: &Path| {
        let status = std::fs::read_to_string(path.join("status")).unwrap_or_default();
        status.lines().find(|line| line.starts_with("voluntary_ctxt_switches")).unwrap_or_default().to_owned()
    };
    tasks.flatten().map(|task| (task.file_name().to_string_lossy().into_owned(), of(&task.path()))).collect()
}

#[test]
fn a_thousand_keys_at_once_are_drawn_in_few_frames() {
    let screens = Screens::start(&[("STEPS", "1100")], Hold::Leader);
    let before = screens.terminal.raw().len();
    screens.terminal.type_text(&"j".repeat(1_000));
    screens.terminal.wait_text("Look at thing 1001", SOON);
    screens.terminal.wait_text("What is thing 1001?", SOON);
    let written = screens.terminal.raw().len() - before;
    assert!(written < 70_000, "{written} bytes");
}

#[test]
fn a_key_while_the_disk_is_slow_is_answered_at_once_and_the_record_later() {
    let screens = Screens::start(&[("STEPS", "5"), ("DELAY_MS", "1500")], Hold::Leader);
    screens.terminal.key("enter");
    screens.terminal.wait_text("─ Answer ─", SOON);
    screens.terminal.type_text("fine");
    screens.terminal.key("enter");
    screens.terminal.wait_text("saving", Duration::from_millis(700));
    screens.terminal.wait_text("1/5", SOON);
}

#[test]
fn a_vanished_terminal_costs_nothing_while_a_slow_disk_is_waited_for() {
    for hold in [Hold::Leader, Hold::LeaderIgnoringHangUp, Hold::Stranger] {
        let mut screens = Screens::start(&[("STEPS", "3"), ("DELAY_MS", "700")], hold);
        screens.terminal.hang_up();
        std::thread::sleep(Duration::from_millis(250));
        let before = screens.terminal.cpu();
        std::thread::sleep(Duration::from_millis(250));
        assert!(screens.terminal.is_running(), "the disk takes longer than that");
        let spent = screens.terminal.cpu() - before;
        assert!(spent <= Duration::from_millis(20), "{hold:?}: {spent:?}");
        assert_eq!(screens.terminal.wait_exit(SECOND), Exit { code: Some(40), signal: None }, "{hold:?}");
        assert_eq!(screens.trace("left"), "interrupted", "{hold:?}");
    }
}
