//! A journal that is played back shows what the live screen showed: the same model fed with the same records.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crossterm::event::{KeyModifiers, MouseButton, MouseEvent, MouseEventKind};
use insta::assert_snapshot;

use crate::clock::Timestamp;
use crate::engine::{Event, Record, RunState};
use crate::journal::{Integrity, Lines, More, Store, read_records};
use crate::practice::{Shape, system};
use crate::runbook::{self, Runbook};
use crate::session::Who;
use crate::session::stepped::{Walk, walk};
use crate::tui::app::{App, update};
use crate::tui::backstage::Recording;
use crate::tui::keymap::Keymap;
use crate::tui::message::{Effect, Instants, Message};
use crate::tui::screen::Screen;
use crate::tui::screen::replay::Replay;
use crate::tui::screen::replay::tape::Tape;
use crate::tui::stage_tests::{event, look, picture};
use crate::tui::theme::{ASCII, Look, UNICODE};
use crate::{library, scenario};

/// The records of a journal and its runbook.
pub type Played = (Arc<Runbook>, Vec<Record>);

pub fn golden() -> Vec<(String, Played)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/journals");
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "jsonl"));
    files.sort();
    let played = files.into_iter().map(|path| {
        let (records, _) = read_records(&path).unwrap();
        (path.file_name().unwrap().to_string_lossy().into_owned(), (book_of(&records), records))
    });
    played.collect()
}

/// The runbook of these records.
pub fn book_of(records: &[Record]) -> Arc<Runbook> {
    let Event::RunOpened(opened) = &records[0].event else { panic!("it begins with the opening") };
    // Those that were written for the format's sake hold no runbook that could be walked.
    let shipped = || library::Library::open(&[]).unwrap().find("vault-ha-upgrade").unwrap().runbook().unwrap().clone();
    runbook::parse(&opened.text).0.map_or_else(shipped, Arc::new)
}

/// A practice run, on the right or the wrong way of a scenario, without a socket. Each is walked once: it is the same
/// every time.
pub fn walked(name: &str, scenario: &str, is_right: bool) -> Played {
    static WALKED: Mutex<BTreeMap<(String, String, bool), Played>> = Mutex::new(BTreeMap::new());
    let key = (name.to_owned(), scenario.to_owned(), is_right);
    if let Some(played) = WALKED.lock().unwrap().get(&key) {
        return played.clone();
    }
    let played = walk_anew(name, scenario, is_right);
    WALKED.lock().unwrap().insert(key, played.clone());
    played
}

fn walk_anew(name: &str, scenario: &str, is_right: bool) -> Played {
    let book = library::Library::open(&[]).unwrap().find(name).unwrap().runbook().unwrap().clone();
    let scenario = scenario::find(name, scenario).unwrap();
    let began = "2026-11-21T02:00:00.000Z".parse().unwrap();
    let (nodes, seed) = (scenario.nodes.unwrap_or(3), scenario.seed.unwrap_or(1));
    let system = system(&book.system, &Shape { runbook: book.id.as_str(), nodes, seed, versions: &[] }, began).unwrap();
    let way = if is_right { Some(&scenario.right) } else { scenario.wrong.as_ref() };
    let it = Walk { runbook: book.clone(), system, nodes, scenario: Some(&scenario), seed, way, began };
    let folder = tempfile::tempdir().unwrap();
    let who = Who { operator: "trainee".into(), host: "bastion".into(), face: "plain" };
    let mut records = walk(&Store::open(folder.path()), it, &who, &mut |_| true).unwrap().records;
    // What is random of a name is no matter here.
    if let Event::RunOpened(opened) = &mut records[0].event {
        opened.run = "2026-11-21-practice-7qf3".into();
    }
    (book, records)
}

/// The tape of these records, which lie in no file.
fn tape(book: &Arc<Runbook>, records: &[Record]) -> Tape {
    let mut tape = Tape::new(book.clone(), Lines::default());
    tape.extend(records);
    tape
}

pub fn recording((runbook, records): &Played) -> Recording {
    Recording {
        tape: tape(runbook, records),
        integrity: Integrity::Whole,
        doubtful: None,
        misnamed: None,
        folder: Some(PathBuf::from("/state/piton/practice/2026-11-21-practice-7qf3")),
        is_running: false,
        follower: None,
    }
}

pub fn app(size: (u16, u16)) -> App {
    let mut app = App::new(look("dark", &UNICODE), Keymap::standard());
    app.size = size;
    app
}

/// A replay on a screen.
pub struct Stage {
    pub app: App,
    pub real_ms: u64,
    pub effects: Vec<Effect>,
}

impl Stage {
    /// The screen before anything is shown.
    pub fn new(size: (u16, u16)) -> Self {
        Self { app: app(size), real_ms: 1_000, effects: Vec::new() }
    }

    pub fn open(recording: Recording, at: Option<u64>, size: (u16, u16)) -> Self {
        let mut stage = Self::new(size);
        stage.tell(Message::Recording(Ok((Box::new(recording), at))));
        stage
    }

    /// The same in another look.
    pub fn looking(recording: Recording, size: (u16, u16), look: Look) -> Self {
        let mut app = app(size);
        app.look = look;
        let mut stage = Self { app, real_ms: 1_000, effects: Vec::new() };
        stage.tell(Message::Recording(Ok((Box::new(recording), None))));
        stage
    }

    pub fn tell(&mut self, message: Message) {
        let now = Instants { run: Timestamp::default(), real_ms: self.real_ms };
        update(&mut self.app, Message::Now(now));
        let effects = update(&mut self.app, message);
        self.effects.extend(effects);
        update(&mut self.app, Message::Now(now));
        self.app.derive();
        update(&mut self.app, Message::Shown);
    }

    pub fn press(&mut self, key: &str) {
        self.real_ms += 100;
        self.tell(Message::Key(event(key)));
    }

    pub fn type_text(&mut self, text: &str) {
        for c in text.chars() {
            self.press(&c.to_string());
        }
    }

    pub fn replay(&mut self) -> &mut Replay {
        match &mut self.app.screen {
            Screen::Replay(replay) => replay,
            _ => panic!("no replay is on the screen"),
        }
    }

    pub fn at(&mut self) -> usize {
        self.replay().at
    }

    pub fn stand(&mut self, at: usize) {
        self.replay().stand(at);
        self.tell(Message::Woken);
    }

    fn mouse(&mut self, kind: MouseEventKind, (column, row): (u16, u16)) {
        self.tell(Message::Mouse(MouseEvent { kind, column, row, modifiers: KeyModifiers::NONE }));
    }
}

/// What a stage shows, without what is unlike from run to run.
pub fn shown(stage: &Stage) -> String {
    picture(&stage.app)
}

pub fn small() -> Played {
    walked("vault-ha-upgrade", "wrong-share", false)
}

#[test]
fn a_replay_in_pictures() {
    let played = small();
    let failed =
        played.1.iter().position(|record| matches!(record.event, Event::StepFailed { .. })).unwrap() as u64 + 1;
    for size in [(80, 24), (120, 40)] {
        let name = |what: &str| format!("replay_{what}_{}x{}", size.0, size.1);
        let mut stage = Stage::open(recording(&played), None, size);
        assert_snapshot!(name("begins"), shown(&stage));
        stage.stand(usize::try_from(failed).unwrap());
        assert_snapshot!(name("failed"), shown(&stage));
        stage.press("w");
        assert_snapshot!(name("why"), shown(&stage));
        stage.press("esc");
        stage.press("#");
        stage.press("7");
        assert_snapshot!(name("asks"), shown(&stage));
        stage.press("esc");
        stage.press("end");
        assert_snapshot!(name("ends"), shown(&stage));
    }
    let stage = Stage::open(recording(&played), Some(failed), (200, 60));
    assert_snapshot!("replay_failed_200x60", shown(&stage));
    let mut ascii = Stage::open(recording(&played), Some(failed), (80, 24));
    ascii.app.look = look("mono", &ASCII);
    assert_snapshot!("replay_failed_ascii_80x24", shown(&ascii));
}

#[test]
fn every_key_of_a_replay_does_what_it_says_and_proposes_nothing() {
    let played = small();
    let (all, marks) = (played.1.len(), tape(&played.0, &played.1).marks);
    let mut stage = Stage::open(recording(&played), None, (120, 40));
    assert_eq!(stage.at(), 1);
    for (key, at) in
        [("right", 2), ("l", 3), ("left", 2), ("h", 1), ("left", 1), ("end", all), ("right", all), ("home", 1)]
    {
        stage.press(key);
        assert_eq!(stage.at(), at, "{key}");
    }
    use crate::tui::screen::replay::marks::Kind;
    for (next, previous, kind) in [
        ("d", "D", Some(Kind::Deviation)),
        ("f", "F", Some(Kind::Failure)),
        ("g", "G", Some(Kind::Guard)),
        ("o", "O", Some(Kind::Note)),
        ("s", "S", Some(Kind::Sitting)),
        ("b", "B", Some(Kind::Back)),
        ("n", "N", None),
    ] {
        let of: Vec<usize> =
            marks.marks.iter().filter(|(_, of)| kind.is_none_or(|kind| kind == *of)).map(|(at, _)| *at).collect();
        stage.press("home");
        for at in &of {
            stage.press(next);
            assert_eq!(stage.at(), *at, "{next}");
        }
        stage.press(next);
        assert_eq!(stage.at(), of.last().copied().unwrap_or(1), "there is none after the last");
        assert!(shown(&stage).contains("there is no "), "{}", shown(&stage));
        stage.press("end");
        for at in of.iter().rev().filter(|at| **at < all) {
            stage.press(previous);
            assert_eq!(stage.at(), *at, "{previous}");
        }
    }
    for (typed, at) in [("17", 17), ("1", 1), ("0", 1), ("999999", 1)] {
        stage.press("#");
        typed.chars().for_each(|digit| stage.press(&digit.to_string()));
        stage.press("enter");
        assert_eq!(stage.at(), at, "{typed}");
        if typed.parse::<usize>().unwrap() > all || typed == "0" {
            // What was typed stands there to be put right, and esc ends the typing, not the replay.
            let told = shown(&stage);
            assert!(told.contains("there is no such record") && told.contains(&format!(": {typed}_")), "{told}");
            stage.press("esc");
            assert_eq!((stage.at(), stage.app.exit.is_none()), (at, true));
        }
    }
    // Every letter there is, in every place: nothing but looking is ever asked for.
    for at in [1, all / 2, all] {
        stage.stand(at);
        for key in ('a'..='z').chain('A'..='Z').chain("0123456789./:;,+-=#".chars()).filter(|c| !"qQ".contains(*c)) {
            stage.press(&key.to_string());
            stage.press("esc");
            if !matches!(stage.app.screen, Screen::Replay(_)) || stage.app.exit.is_some() {
                stage = Stage::open(recording(&played), Some(at as u64), (120, 40));
            }
        }
        for key in ["enter", "tab", "up", "down", "pgup", "pgdn", "tab", "up"] {
            stage.press(key);
        }
    }
    let is_looking = |effect: &Effect| {
        matches!(
            effect,
            Effect::ReadOutput(_)
                | Effect::ReadBeside(_)
                | Effect::Quit
                | Effect::Redraw
                | Effect::ReadSizes
                | Effect::KeepSizes(_)
        )
    };
    assert!(stage.effects.iter().all(is_looking), "{:?}", stage.effects);
}

#[test]
fn it_plays_in_the_time_that_lay_between_and_long_gaps_are_shortened() {
    let (book, mut records) = small();
    records.truncate(6);
    let begin = records[0].at;
    for (record, seconds) in records.iter_mut().zip([0, 20, 20, 50, 7_250, 7_260]) {
        record.at = begin.plus(Duration::from_secs(seconds));
    }
    let mut stage = Stage::open(recording(&(book, records)), None, (120, 40));
    assert!(shown(&stage).contains("paused x10"));
    let wait = |stage: &mut Stage, ms: u64| {
        stage.real_ms += ms;
        stage.tell(Message::Woken);
        stage.at()
    };
    stage.press("space");
    assert!(shown(&stage).contains("playing x10"), "{}", shown(&stage));
    assert_eq!(wait(&mut stage, 1_900), 1);
    // Two records of one moment come together.
    assert_eq!(wait(&mut stage, 100), 3);
    assert_eq!(wait(&mut stage, 2_900), 3);
    assert_eq!(wait(&mut stage, 100), 4);
    assert!(shown(&stage).contains("next after 2 h, shortened: in 5 s"), "{}", shown(&stage));
    assert_eq!(wait(&mut stage, 4_900), 4);
    assert_eq!(wait(&mut stage, 200), 5);
    // A key that looks does not stop it, one that goes does.
    stage.press("tab");
    assert!(stage.replay().is_playing());
    assert_eq!(wait(&mut stage, 1_000), 6);
    assert!(!stage.replay().is_playing(), "it stops at the end");
    stage.press("space");
    assert_eq!(stage.at(), 1, "and begins anew");
    for _ in 0..20 {
        stage.press("+");
    }
    assert_eq!(stage.replay().speed(), 1_000);
    assert!(wait(&mut stage, 80) >= 4);
    stage.press("left");
    assert!(!stage.replay().is_playing());
    for _ in 0..20 {
        stage.press("-");
    }
    assert_eq!(stage.replay().speed(), 1);
}

#[test]
fn the_mouse_seeks_on_the_timeline() {
    let played = small();
    let all = played.1.len();
    for size in [(80, 24), (120, 40), (200, 60)] {
        let mut stage = Stage::open(recording(&played), None, size);
        let row = size.1 - 2;
        stage.mouse(MouseEventKind::Down(MouseButton::Left), (size.0 - 2, row));
        assert_eq!(stage.at(), all);
        stage.mouse(MouseEventKind::Drag(MouseButton::Left), (size.0 / 2, 3));
        let middle = stage.at();
        assert!(middle > all / 4 && middle < all * 3 / 4, "{middle}");
        stage.mouse(MouseEventKind::Drag(MouseButton::Left), (0, row));
        assert_eq!(stage.at(), 1);
        stage.mouse(MouseEventKind::Up(MouseButton::Left), (0, row));
        // Elsewhere it does as in a run.
        stage.mouse(MouseEventKind::Drag(MouseButton::Left), (size.0 / 2, row));
        stage.mouse(MouseEventKind::Down(MouseButton::Left), (5, 5));
        stage.mouse(MouseEventKind::ScrollDown, (5, 5));
        assert_eq!(stage.at(), 1);
    }
}

#[test]
fn what_is_recorded_meanwhile_is_followed_as_long_as_one_stands_at_the_end() {
    let (book, records) = small();
    let all = records.len();
    let early = (book, records[..50].to_vec());
    let mut stage = Stage::open(Recording { is_running: true, ..recording(&early) }, None, (120, 40));
    stage.replay().is_followed = true;
    stage.press("end");
    assert!(shown(&stage).contains("intact, still running") && shown(&stage).contains("following"));
    let more =
        |from: usize, to: usize| Message::ReadOn(Ok(More { records: records[from..to].to_vec(), ..More::default() }));
    stage.tell(more(50, 60));
    assert_eq!(stage.at(), 60);
    stage.press("left");
    stage.tell(more(60, 90));
    assert_eq!(stage.at(), 59, "whoever has gone back stays there");
    stage.press("end");
    stage.tell(more(90, all));
    assert_eq!(stage.at(), all);
    assert!(shown(&stage).contains(" intact ") && !stage.replay().is_followed, "{}", shown(&stage));
    let whole = Stage::open(recording(&(early.0.clone(), records.clone())), Some(all as u64), (120, 40));
    assert_eq!(shown(&stage), shown(&whole), "the same as if it had been read at once");
    let damage = Some(Integrity::Damaged { line: 51, what: "changed".into() });
    let mut stage = Stage::open(Recording { is_running: true, ..recording(&early) }, Some(50), (120, 40));
    stage.tell(Message::ReadOn(Ok(More { damage, ..More::default() })));
    assert!(shown(&stage).contains("BROKEN at line 51"), "{}", shown(&stage));
}

#[test]
fn what_hostile_records_hold_is_shown_as_text() {
    let (book, mut records) = small();
    for record in &mut records {
        match &mut record.event {
            Event::StepFailed { why, .. } => *why = "\x1b]0;gone\x07\u{202e}\n\r\t".repeat(2_000),
            Event::ConditionChanged { why, .. } => *why = "\u{9b}31m".into(),
            Event::StepConfirmed { said, .. } => *said = "\u{200b}".repeat(5_000),
            _ => {}
        }
        record.by = "\x1b[2J@\u{202e}host".into();
    }
    let all = records.len();
    // A picture fails on a cell that a terminal would obey.
    for size in [(60, 15), (80, 24), (120, 40)] {
        let mut stage = Stage::open(recording(&(book.clone(), records.clone())), None, size);
        for at in 1..=all {
            stage.stand(at);
            picture(&stage.app);
        }
    }
}

/// Where one goes in a long journal does not matter: the way from the nearest state that was kept is short.
#[test]
fn a_leap_in_a_long_journal_takes_few_records_in() {
    let (book, records) = small();
    let mut long = records.clone();
    let notes: Vec<Record> =
        records.iter().filter(|record| matches!(record.event, Event::ConditionChanged { .. })).cloned().collect();
    while long.len() < 20_000 {
        long.extend(notes.iter().cloned());
    }
    for (number, record) in (1..).zip(&mut long) {
        record.seq = number;
    }
    let tape = tape(&book, &long);
    let mut state = RunState::new(&book);
    let mut from = 0;
    for to in [19_999, 1, 10_000, 9_999, 12_345, 400] {
        state = tape.brought(&state, from, to).unwrap();
        assert_eq!(state.seq, to as u64);
        from = to;
    }
    assert!(state == RunState::fold(&book, &long[..400]));
    assert!(tape.longest_way() <= 2048, "{}", tape.longest_way());
}

#[test]
fn a_record_is_found_by_what_it_says_and_gone_to() {
    for size in [(80, 24), (120, 40)] {
        let mut stage = Stage::open(recording(&small()), None, size);
        stage.press("/");
        stage.type_text("confirmed");
        assert_snapshot!(format!("replay_search_{}x{}", size.0, size.1), shown(&stage));
        let before = stage.replay().at;
        stage.press("enter");
        assert!(stage.replay().at > before);
        assert!(matches!(stage.replay().record.event, Event::StepConfirmed { .. }));
        // Where one is among the hits stands before the hit itself, not in its place.
        let (at, all) = (stage.at(), small().1.len());
        let told = shown(&stage);
        assert!(told.contains("1 of ") && told.contains(&format!("#{at} of {all} ")), "{told}");
        assert!(told.contains("n N hit") && told.contains("esc end search"), "{told}");
    }
    let mut stage = Stage::open(recording(&small()), None, (120, 40));
    stage.press(":");
    stage.type_text("last record");
    stage.press("enter");
    assert!(stage.replay().is_at_end());
    stage.press("y");
    assert!(shown(&stage).contains("record: #"));
}
