//! A stage for the screens' tests: a small runbook, a pretended session without a disk, keys and pictures.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers, MouseButton, MouseEvent, MouseEventKind};
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use serde_json::{Map, Value, json};
use tokio::sync::mpsc::unbounded_channel;

use crate::clock::{Clock, FixedClock, Timestamp};
use crate::engine::{
    ConditionId, Ended, Event, JobId, Leaving, Mode, Moment, Printed, Proposal, Record, RunOpened, RunState, Sample,
    SiteSeen, Tri, Verdict, decide, evaluate, watched,
};
use crate::health::{Question, Target};
use crate::runbook::{ProbeId, Runbook};
use crate::session::{Launched, Session, Update};
use crate::tui::app::{App, update, view};
use crate::tui::keymap::Keymap;
use crate::tui::message::{Effect, Instants, Message, ReadAgain};
use crate::tui::screen::Screen;
use crate::tui::screen::run::Run;
use crate::tui::theme::{Glyphs, Look, Theme, UNICODE};

pub use crate::tui::book_tests::{expr, run_action, runbook, step, text};

/// 2026-11-21T02:41:10Z.
const START: Timestamp = Timestamp::from_millis(1_795_228_870_000);

pub fn look(theme: &str, glyphs: &'static Glyphs) -> Look {
    Look { theme: Theme::shipped(theme).unwrap(), glyphs, zone: jiff::tz::TimeZone::UTC, is_still: false }
}

pub struct Stage {
    pub app: App,
    pub runbook: Arc<Runbook>,
    pub state: RunState,
    pub records: Vec<Record>,
    pub clock: Arc<FixedClock>,
    pub real_ms: u64,
    /// What was proposed while the disk is slow.
    pub held: Vec<Proposal>,
    pub is_disk_slow: bool,
    pub effects: Vec<Effect>,
}

impl Stage {
    /// A run that was opened and at which the operator sits, on a screen of that size.
    pub fn open(size: (u16, u16)) -> Self {
        Self::of(runbook(), size, look("dark", &UNICODE), Mode::Live)
    }

    pub fn of(runbook: Runbook, size: (u16, u16), look: Look, mode: Mode) -> Self {
        let runbook = Arc::new(runbook);
        let mut stage = Self {
            app: App::new(look, Keymap::standard()),
            state: RunState::new(&runbook),
            records: vec![],
            clock: Arc::new(FixedClock::at(START)),
            real_ms: 10_000,
            held: vec![],
            is_disk_slow: false,
            effects: vec![],
            runbook,
        };
        stage.app.size = size;
        stage.enter(false);
        let nodes: Vec<_> = ["vault-1", "vault-2", "vault-3"].iter().map(|name| json!({ "name": name })).collect();
        let inputs = Map::from_iter([("nodes".to_owned(), Value::Array(nodes))]);
        let opened = RunOpened {
            format: 1,
            run: "2026-11-21-vault-ha-7qf3".into(),
            runbook: stage.runbook.id.clone(),
            title: stage.runbook.title.clone(),
            revision: "1".into(),
            text: String::new(),
            sha256: stage.runbook.sha256.clone(),
            mode,
            inputs,
            // A rehearsal is walked nowhere.
            site: (mode == Mode::Live).then(|| SiteSeen {
                name: "prod-eu".into(),
                environment: "PRODUCTION".into(),
                colour: "red".into(),
            }),
            practice: None,
            operator: "maria".into(),
            host: "bastion".into(),
            version: "0.1.0".into(),
        };
        stage.propose(Proposal::Open(Box::new(opened)));
        stage.sit();
        stage
    }

    /// Shows the run as launched: with everything recorded so far already folded.
    pub fn enter(&mut self, is_resumed: bool) {
        let (inbox, _) = unbounded_channel();
        let (_, updates) = unbounded_channel();
        let all = ["vault-1", "vault-2", "vault-3"];
        let targets = if self.runbook.health.is_empty() { &all[..0] } else { &all[..] };
        let launched = Launched {
            session: Session::new(inbox),
            updates,
            runbook: Arc::clone(&self.runbook),
            records: self.records.clone(),
            targets: targets
                .iter()
                .map(|name| Target {
                    probe: ProbeId::new("vault"),
                    title: "Vault".into(),
                    node: Some((*name).to_owned()),
                    item: json!({ "name": name }),
                    every: Duration::from_secs(2),
                    timeout: Duration::from_secs(2),
                    filled: Vec::new(),
                    question: Question::Tcp(format!("{name}:8200")),
                    fields: vec![],
                    ok: expr("true"),
                    degraded: None,
                })
                .collect(),
            clock: Arc::clone(&self.clock) as Arc<dyn Clock>,
            is_resumed,
            folder: PathBuf::from("/state/piton/runs/2026-11-21-vault-ha-7qf3"),
            directory: "/home/maria/change-4711".into(),
        };
        self.tell(Message::Launched(Ok(Box::new(launched))));
    }

    pub fn sit(&mut self) {
        self.propose(Proposal::Sit {
            operator: "maria".into(),
            host: "bastion".into(),
            pid: 1,
            face: "screen".into(),
            version: "0.1.0".into(),
        });
    }

    pub fn run(&self) -> &Run {
        match &self.app.screen {
            Screen::Run(run) => run,
            _ => panic!("the run is not on the screen"),
        }
    }

    fn moment(&self) -> Moment {
        let at = self.clock.now();
        Moment { at, board: self.run().keeper.board(at) }
    }

    /// What the session's thread does with a proposal, without a disk.
    pub fn propose(&mut self, proposal: Proposal) {
        let moment = self.moment();
        match decide(&self.runbook, &self.state, proposal.clone(), &moment) {
            Ok(events) => self.record(events),
            Err(refusal) => self.tell(Message::Session(Update::Refused(Box::new(proposal), refusal))),
        }
    }

    pub fn record(&mut self, events: Vec<Event>) {
        if events.is_empty() {
            return;
        }
        let mut new = Vec::new();
        for event in events {
            let seq = self.state.seq + 1;
            let record = Record { seq, at: self.clock.now(), prev: "0".repeat(64), by: "maria@bastion".into(), event };
            self.state.apply(&record);
            new.push(record);
        }
        self.records.extend(new.clone());
        self.tell(Message::Session(Update::Recorded(new.into())));
    }

    /// One message, followed by a frame and by what the session does about what was asked.
    pub fn tell(&mut self, message: Message) {
        let effects = self.tell_unseen(message);
        self.show();
        self.perform(effects);
    }

    pub fn tell_unseen(&mut self, message: Message) -> Vec<Effect> {
        update(&mut self.app, Message::Now(Instants { run: self.clock.now(), real_ms: self.real_ms }));
        let effects = update(&mut self.app, message);
        self.effects.extend(effects.clone());
        effects
    }

    pub fn show(&mut self) {
        self.app.derive();
        update(&mut self.app, Message::Shown);
    }

    fn perform(&mut self, effects: Vec<Effect>) {
        for effect in effects {
            if let Effect::KeepStatement { folder, name, .. } = &effect {
                self.tell(Message::StatementKept { name: name.clone(), kept: Ok(folder.join(name)) });
            }
            if let Effect::Propose(proposal) = effect {
                if matches!(proposal, Proposal::Run { .. }) {
                    // The session judges by what is known at that moment.
                    self.look_at_conditions();
                }
                if self.is_disk_slow { self.held.push(proposal) } else { self.propose(proposal) }
            }
        }
    }

    /// A key, well after the one before.
    pub fn press(&mut self, key: &str) {
        self.real_ms += 1_000;
        self.press_at_once(key);
    }

    /// A key right after the one before, as a held key repeats.
    pub fn press_at_once(&mut self, key: &str) {
        self.real_ms += 30;
        self.tell(Message::Key(event(key)));
    }

    pub fn type_text(&mut self, text: &str) {
        for c in text.chars() {
            self.tell(Message::Key(KeyEvent::new(KeyCode::Char(c), KeyModifiers::NONE)));
        }
    }

    /// Time passes, and whoever waits for it looks again.
    pub fn wait(&mut self, seconds: u64) {
        self.clock.advance(Duration::from_secs(seconds));
        self.real_ms += seconds * 1_000;
        self.propose(Proposal::Advance);
        self.tell(Message::Woken);
    }

    /// A probe answers, and the conditions that it changes are recorded.
    pub fn sample(&mut self, node: &str, verdict: Verdict, role: &str) {
        self.answer(node, verdict, role);
        self.look_at_conditions();
        self.propose(Proposal::Advance);
    }

    /// A probe answers, and nothing is made of it yet.
    pub fn answer(&mut self, node: &str, verdict: Verdict, role: &str) {
        self.tell(self.sampled(node, verdict, role));
    }

    /// That answer.
    pub fn sampled(&self, node: &str, verdict: Verdict, role: &str) -> Message {
        let fields = Map::from_iter([("role".to_owned(), json!(role)), ("version".to_owned(), json!("1.16.2"))]);
        let fields = if verdict == Verdict::Ok { fields } else { Map::new() };
        let sample = Sample {
            probe: ProbeId::new("vault"),
            node: Some(node.into()),
            at: self.clock.now(),
            verdict,
            why: if verdict == Verdict::Ok { String::new() } else { "refused".into() },
            fields,
            elapsed: Duration::from_millis(3),
        };
        Message::Session(Update::Sampled(Box::new(sample)))
    }

    /// Every verdict of the board that changed is recorded.
    pub fn look_at_health(&mut self) {
        for row in self.moment().board.rows {
            let truth = match row.verdict {
                Verdict::Ok => Tri::True,
                Verdict::Unknown => Tri::Unknown,
                Verdict::Degraded | Verdict::Bad => Tri::False,
            };
            let condition = ConditionId::Health(row.probe.clone(), row.node.clone());
            self.propose(Proposal::Observe { condition, truth, why: row.why.clone(), seen: Value::Null });
        }
    }

    pub fn look_at_conditions(&mut self) {
        for condition in watched(&self.runbook, &self.state) {
            let moment = self.moment();
            let seen = evaluate(&self.runbook, &self.state, &moment.board, &condition, moment.at);
            if let Some((truth, why, _)) = seen {
                self.propose(Proposal::Observe { condition, truth, why, seen: Value::Null });
            }
        }
        self.propose(Proposal::Advance);
    }

    pub fn all_well(&mut self) {
        self.sample("vault-1", Verdict::Ok, "active");
        self.sample("vault-2", Verdict::Ok, "standby");
        self.sample("vault-3", Verdict::Ok, "standby");
        self.look_at_conditions();
    }

    /// Walks the phase "prepare" as a person would.
    pub fn prepare(&mut self) {
        self.press("enter");
        self.press("enter");
        self.press("1");
        self.press("enter");
        self.press("enter");
        self.type_text("before-1.17");
        self.press("enter");
        self.press("enter");
        self.type_text("vault-1");
        self.press("enter");
        self.look_at_conditions();
    }

    /// Runs the two commands on vault-2 that stand before the check that waits for it.
    pub fn restart_standby(&mut self) {
        self.press("enter");
        self.type_text("vault-2");
        self.press("enter");
        self.finish(Ended::Exit(0));
        self.press("enter");
        self.press("y");
        self.finish(Ended::Exit(0));
    }

    /// The command that was started ends.
    pub fn finish(&mut self, ended: Ended) {
        let job = self.state.running.first().map_or(JobId(0), |job| job.job);
        let printed = Printed::default();
        self.propose(Proposal::Finished { job, ended, elapsed_ms: 800, output: None, printed });
        self.look_at_conditions();
    }

    /// The sitting ends and another begins, on a screen that knows only what is on disk.
    pub fn resume(&mut self) {
        self.propose(Proposal::Leave { how: Leaving::Interrupted });
        self.clock.advance(Duration::from_secs(600));
        self.enter(true);
        self.sit();
    }

    /// Clicks on the first place where that text stands, from that row on.
    pub fn click_on(&mut self, text: &str, from: usize) {
        let picture = self.picture();
        let lines = picture.lines().map(|line| line.trim_start_matches('"')).enumerate().skip(from);
        let place = |(row, line): (usize, &str)| Some((line.split_once(text)?.0.chars().count(), row));
        let found = lines.filter_map(place).next();
        let (column, row) = found.unwrap_or_else(|| panic!("{text:?} is not on the screen:\n{picture}"));
        self.tell(click(u16::try_from(column).unwrap(), u16::try_from(row).unwrap()));
    }

    /// The screen as text, with a check that no cell holds anything that a terminal would obey or hide.
    pub fn picture(&self) -> String {
        picture(&self.app)
    }
}

/// What is read again of an output that is as it was recorded.
pub fn read_again(tail: &[u8]) -> ReadAgain {
    ReadAgain { tail: tail.to_vec(), is_as_recorded: true }
}

pub fn picture(app: &App) -> String {
    let mut terminal = Terminal::new(TestBackend::new(app.size.0, app.size.1)).unwrap();
    terminal.draw(|frame| view(app, frame)).unwrap();
    for cell in terminal.backend().buffer().content() {
        let symbol = cell.symbol();
        assert!(!symbol.chars().any(char::is_control), "{symbol:?}");
        assert!(!symbol.chars().any(crate::text::is_hidden), "{symbol:?}");
        assert!(symbol.chars().count() <= 8, "{symbol:?}");
    }
    // The test backend cannot print a screen without columns.
    if app.size.0 == 0 { String::new() } else { terminal.backend().to_string() }
}

/// A click with the left button.
pub fn click(column: u16, row: u16) -> Message {
    let kind = MouseEventKind::Down(MouseButton::Left);
    Message::Mouse(MouseEvent { kind, column, row, modifiers: KeyModifiers::NONE })
}

/// The words of a picture without its frames, in one line: what is broken over lines can be looked for in it.
pub fn words(picture: &str) -> String {
    let is_frame = |c: char| matches!(c, '"' | '\u{2500}'..='\u{257f}');
    let words = picture.split(|c: char| c.is_whitespace() || is_frame(c)).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join(" ")
}

pub fn event(key: &str) -> KeyEvent {
    let (key, modifiers) = match key.strip_prefix("ctrl-") {
        Some(key) => (key, KeyModifiers::CONTROL),
        None => (key, KeyModifiers::NONE),
    };
    let code = match key {
        "enter" => KeyCode::Enter,
        "esc" => KeyCode::Esc,
        "tab" => KeyCode::Tab,
        "up" => KeyCode::Up,
        "down" => KeyCode::Down,
        "left" => KeyCode::Left,
        "right" => KeyCode::Right,
        "pgup" => KeyCode::PageUp,
        "pgdn" => KeyCode::PageDown,
        "home" => KeyCode::Home,
        "end" => KeyCode::End,
        "space" => KeyCode::Char(' '),
        "backspace" => KeyCode::Backspace,
        "f1" => KeyCode::F(1),
        _ => KeyCode::Char(key.chars().next().unwrap()),
    };
    KeyEvent::new(code, modifiers)
}
