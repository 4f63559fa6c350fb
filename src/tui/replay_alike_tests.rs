//! At every record a journal that is played back shows what the live screen showed there.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use serde_json::json;
use tokio::sync::mpsc::unbounded_channel;

use crate::clock::{Clock, FixedClock, Timestamp};
use crate::engine::{Board, ConditionId, Event, Record, Row, RunState, Sample, Tri, Verdict};
use crate::health::{Target, targets};
use crate::runbook::Runbook;
use crate::session::killed_tests::{Left, gone_back, killed};
use crate::session::{Launched, Session, Update};
use crate::tui::app::{App, draw, update};
use crate::tui::message::{Instants, Message};
use crate::tui::replay_tests::{Played, Stage, app, book_of, golden, recording, walked};
use crate::tui::screen::Screen;
use crate::tui::screen::run::Run;
use crate::tui::stage_tests::picture;

const NOTHING: &str = "nothing recorded yet";
/// The live screen, fed record by record, and with the answers of probes that these tell of.
pub struct Live {
    pub app: App,
    runbook: Arc<Runbook>,
    targets: Vec<Target>,
    clock: Arc<FixedClock>,
    records: Vec<Record>,
}

impl Live {
    pub fn new((runbook, records): &Played, size: (u16, u16)) -> Self {
        let Event::RunOpened(opened) = &records[0].event else { panic!("it begins with the opening") };
        let mut targets = targets(runbook, &json!({ "inputs": opened.inputs })).unwrap_or_default();
        // A replay knows nothing of what was asked in between: here nothing becomes stale either.
        targets.iter_mut().for_each(|target| target.every = Duration::from_secs(1_000_000_000));
        let clock = Arc::new(FixedClock::at(records[0].at));
        let runbook = runbook.clone();
        let mut live = Self { app: app(size), runbook, targets, clock, records: vec![records[0].clone()] };
        live.sit(NOTHING);
        live
    }

    fn run(&mut self) -> &mut Run {
        match &mut self.app.screen {
            Screen::Run(run) => run,
            _ => panic!("the run is not on the screen"),
        }
    }

    /// A new screen, at which nothing was sensed.
    fn sit(&mut self, why: &str) {
        let (inbox, _) = unbounded_channel();
        let (_, updates) = unbounded_channel();
        let launched = Launched {
            session: Session::new(inbox),
            updates,
            runbook: self.runbook.clone(),
            records: self.records.clone(),
            targets: self.targets.clone(),
            clock: self.clock.clone(),
            is_resumed: false,
            folder: PathBuf::from("/state/piton/practice/2026-11-21-practice-7qf3"),
            directory: "/home/maria/change-4711".into(),
        };
        let at = self.records.last().unwrap().at;
        let known: Vec<Row> = match &self.app.screen {
            Screen::Run(run) => run.keeper.board(at).rows,
            _ => Vec::new(),
        };
        update(&mut self.app, Message::Now(Instants { run: at, real_ms: 1_000 }));
        update(&mut self.app, Message::Launched(Ok(Box::new(launched))));
        for target in self.targets.clone() {
            let its = known.iter().find(|row| row.probe == target.probe && row.node == target.node);
            let why = if its.is_some_and(|row| row.why != NOTHING) { why } else { NOTHING };
            self.sample(target.probe, target.node, at, (Verdict::Unknown, why), serde_json::Map::new());
        }
        self.look();
    }

    fn look(&mut self) {
        update(&mut self.app, Message::Woken);
        self.app.derive();
    }

    fn sample(
        &mut self,
        probe: crate::runbook::ProbeId,
        node: Option<String>,
        at: Timestamp,
        (verdict, why): (Verdict, &str),
        fields: serde_json::Map<String, serde_json::Value>,
    ) {
        let sample = Sample { probe, node, at, verdict, why: why.into(), fields, elapsed: Duration::ZERO };
        self.run().keeper.take(sample);
    }

    pub fn record(&mut self, record: &Record) {
        self.records.push(record.clone());
        self.clock.advance(record.at.since(self.clock.now()));
        let now = Instants { run: record.at, real_ms: 1_000 };
        update(&mut self.app, Message::Now(now));
        update(&mut self.app, Message::Session(Update::Recorded(vec![record.clone()].into())));
        match &record.event {
            Event::SittingOpened { .. } => self.sit("not sensed in this sitting yet"),
            Event::ConditionChanged { condition: ConditionId::Health(probe, node), truth, why, seen } => {
                let verdict = match (truth, seen["verdict"].as_str()) {
                    (Tri::True, _) => Verdict::Ok,
                    (Tri::Unknown, _) => Verdict::Unknown,
                    (Tri::False, Some("degraded")) => Verdict::Degraded,
                    (Tri::False, _) => Verdict::Bad,
                };
                let fields = seen["fields"].as_object().cloned().unwrap_or_default();
                self.sample(probe.clone(), node.clone(), record.at, (verdict, why), fields);
            }
            _ => {}
        }
        let value = serde_json::to_value(&record.event).unwrap();
        let board = value.as_object().unwrap().values().next().unwrap().get("board").cloned();
        let board: Board = board.map(|board| serde_json::from_value(board).unwrap()).unwrap_or_default();
        for row in board.rows {
            // No older sample may be told to a keeper that has a younger one; ages are compared by themselves.
            let (probe, node, fields) = (row.probe.clone(), row.node.clone(), row.fields.clone());
            self.sample(probe, node, record.at, (row.verdict, &row.why), fields);
        }
        // What lies over the screen is no part of it.
        self.run().dialog = None;
        self.run().card = None;
        let (columns, rows) = self.app.size;
        let effects = update(&mut self.app, Message::Resized(columns, rows));
        assert!(effects.is_empty());
        self.look();
    }
}

/// What both must show, line by line: all but the bars, what the header says of a replay, and the health pane, whose
/// board is compared by itself.
fn common(app: &App) -> Vec<String> {
    let area = Rect::new(0, 0, app.size.0, app.size.1);
    let mut buffer = Buffer::empty(area);
    draw(app, area, &mut buffer);
    let run = match &app.screen {
        Screen::Run(run) => &**run,
        Screen::Replay(replay) => &replay.run,
        _ => panic!("no run is on the screen"),
    };
    let panes = run.panes(area);
    // Where nothing can open it was told what could be done; a replay tells what came of it.
    let step = if run.view.stalled.is_some() { panes.step } else { Rect::ZERO };
    // On a small screen the board is one line, the first of the summary.
    let board = Rect { height: panes.summary.height.min(1), ..panes.summary };
    let masked = [Rect { height: 1, ..panes.header }, panes.health, board, panes.status, panes.bar, step];
    let mut lines = Vec::new();
    for y in area.top()..area.bottom() {
        let symbols = (area.left()..area.right()).map(|x| {
            let is_masked = masked.iter().any(|masked| masked.contains(ratatui::layout::Position::new(x, y)));
            if is_masked { "~" } else { buffer[(x, y)].symbol() }
        });
        lines.push(symbols.collect::<String>());
    }
    lines
}

/// A board without the ages.
fn told(run: &Run) -> Vec<Row> {
    run.view.moment.board.rows.iter().map(|row| row.clone().aged(None)).collect()
}

fn later(line: &str) -> String {
    // What a running command prints is seen live only.
    let (live, replayed) = ("nothing printed yet", "runs at this record; what it printed can be read where it ended");
    match line.find(live).or_else(|| line.find("runs at this rec")) {
        Some(at) if line.contains(live) || line.contains(&replayed[..16]) => line[..at].to_owned(),
        _ => line.to_owned(),
    }
}

fn assert_same_at_every_record(name: &str, played: &Played, size: (u16, u16)) {
    let (book, records) = played;
    let mut live = Live::new(played, size);
    let mut stage = Stage::open(recording(played), Some(1), size);
    for (index, record) in records.iter().enumerate() {
        if index > 0 {
            live.record(record);
            stage.press("right");
        }
        let place = format!("{name}, {size:?}, record {}: {}", record.seq, crate::tui::tell::event(&record.event));
        let replay = stage.replay();
        assert_eq!(replay.record.seq, record.seq, "{name}");
        assert!(replay.run.state == live.run().state, "{place}");
        assert!(told(&replay.run) == told(live.run()), "{place}\n{:?}\n{:?}", told(&replay.run), told(live.run()));
        let replayed = &stage.replay().run;
        let is_between = replayed.replayed.as_ref().is_some_and(|replayed| replayed.ahead.is_between);
        let is_bare = !replayed.view.page.opens_next.is_empty();
        if (is_between || is_bare) && replayed.state.current.is_none() {
            // The live screen takes in the records of one decision at once, and is without a step only where none
            // can open: it never showed this.
            assert!(replayed.view.stalled.is_none(), "{place}");
            continue;
        }
        assert_eq!(replayed.view.stalled, live.run().view.stalled, "{place}");
        let (shown, lived) = (common(&stage.app), common(&live.app));
        let both = shown.iter().zip(&lived).map(|(shown, lived)| (later(shown), later(lived)));
        for (row, (shown, lived)) in both.enumerate() {
            assert_eq!(shown, lived, "row {row} of {place}\n{}\n{}", picture(&stage.app), picture(&live.app));
        }
    }
    // The same however one comes to a record: by steps, or by a leap forward or back.
    let mut leaping = Stage::open(recording(played), None, size);
    for at in [records.len(), 1, records.len() / 2, records.len() / 3, records.len(), 2] {
        leaping.stand(at);
        let walked = RunState::fold(book, &records[..at.min(records.len())]);
        assert!(leaping.replay().run.state == walked, "{name} {at}");
        let mut stepping = Stage::open(recording(played), Some(at as u64), size);
        stepping.stand(at);
        assert_eq!(picture(&leaping.app), picture(&stepping.app), "{name} {at}");
    }
}

#[test]
fn a_golden_journal_shows_at_every_record_what_the_live_screen_showed() {
    let all = golden();
    assert!(all.len() >= 4, "{}", all.len());
    for (name, played) in all {
        for size in [(80, 24), (120, 40)] {
            assert_same_at_every_record(&name, &played, size);
        }
    }
}

/// Two sittings, between which the run was killed: in one of them with a torn line.
#[test]
fn a_run_that_was_killed_shows_at_every_record_what_the_live_screens_showed() {
    for (at, left, size) in [(35, Left::Half, (120, 40)), (60, Left::Whole, (80, 24))] {
        let (book, records, _) = killed("vault-single-upgrade", "wrong-share", false, at, left);
        assert_same_at_every_record(&format!("killed {at} {left:?}"), &named(book, records), size);
    }
}

#[test]
fn a_run_that_went_back_shows_at_every_record_what_the_live_screen_showed() {
    let (book, records) = gone_back("vault-single-upgrade", "server/installed", "old-binary");
    assert!(records.iter().any(|record| matches!(record.event, Event::RollbackEntered { .. })));
    assert_same_at_every_record("gone back", &named(book, records), (120, 40));
}

/// What is random of a name is no matter here.
fn named(book: Arc<Runbook>, mut records: Vec<Record>) -> Played {
    if let Event::RunOpened(opened) = &mut records[0].event {
        opened.run = "2026-11-21-practice-7qf3".into();
    }
    (book, records)
}

#[test]
fn a_rehearsal_shows_at_every_record_what_the_live_screen_showed() {
    for (scenario, is_right, size) in [
        ("wrong-share", true, (120, 40)),
        ("wrong-share", false, (120, 40)),
        ("wrong-share", false, (80, 24)),
        ("active-killed", true, (80, 24)),
    ] {
        let played = walked("vault-ha-upgrade", scenario, is_right);
        assert_same_at_every_record(&format!("{scenario} {is_right}"), &played, size);
    }
}

/// All recorded journals of the project, and runs on the right and the wrong way of rehearsals.
fn recorded() -> Vec<(String, Played)> {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data");
    let others = ["debrief/right.jsonl", "debrief/wrong.jsonl", "report/live/journal.jsonl"].map(|name| {
        let text = std::fs::read_to_string(data.join(name)).unwrap();
        let records: Vec<Record> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        (name.to_owned(), (book_of(&records), records))
    });
    let walks = [("vault-ha-upgrade", "wrong-share", false), ("vault-ha-upgrade", "active-killed", true)];
    let walks = walks.map(|(book, scenario, is_right)| (scenario.to_owned(), walked(book, scenario, is_right)));
    golden().into_iter().chain(others).chain(walks).collect()
}

#[test]
fn between_two_records_of_one_moment_nothing_is_said_to_stand_still() {
    let (mut all, mut between) = (0, 0);
    for (name, played) in recorded() {
        let records = &played.1;
        let opens = |record: &Record| matches!(record.event, Event::StepBegan { .. } | Event::StepRetried { .. });
        let mut stage = Stage::open(recording(&played), Some(1), (120, 40));
        for (number, record) in (1..).zip(records) {
            let moment = records[number..].iter().take_while(|next| next.at == record.at);
            let next = moment.clone().position(opens).map(|at| number + 1 + at);
            if number > 1 {
                stage.press("right");
            }
            assert_eq!(stage.at(), number, "{name}");
            let place = |stage: &Stage| format!("{name} {number}\n{}", picture(&stage.app));
            let is_without = stage.replay().run.state.current.is_none();
            all += 1;
            for key in ["", "w"] {
                if !key.is_empty() {
                    stage.press(key);
                }
                let told = picture(&stage.app).replace(['\n', '"'], " ");
                if next.is_some() {
                    for false_word in ["No step can open now", "first answer of", "ask every probe", "cannot open"] {
                        assert!(!told.contains(false_word), "{false_word}: {}", place(&stage));
                    }
                }
                assert!(!told.contains("Until then: ask every probe now"), "{}", place(&stage));
                if let Some(next) = next.filter(|_| is_without) {
                    assert!(
                        told.contains(&format!("The next step opens at #{next}, in the same")),
                        "{}",
                        place(&stage)
                    );
                }
            }
            stage.press("esc");
            between += usize::from(next.is_some() && is_without);
        }
    }
    assert!(all > 700 && between > 100, "{all} {between}");
}
