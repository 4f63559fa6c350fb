//! What it costs to read journals: one of a million records, and ten thousand of them.

use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use piton::clock::{Timestamp, monotonic};
use piton::engine::{Board, ConditionId, Event, Item, Mode, Record, Tri};
use piton::journal::{Holder, Journal, RunDir, Store, sha256_hex, verify};
use piton::runbook::{PhaseId, ProbeId, Runbook, StepId, StepKey};
use serde_json::{Map, json};

use super::report::Figure;
use super::scale::{mebibytes, nodes, opened, sat};
use super::support::binary::Home;
use super::support::pty::Terminal;

/// How many steps the run has.
const STEPS: usize = 200;
/// How many runs make a long list.
const RUNS: usize = 10_000;
/// How often what takes seconds is measured.
const ROUNDS: usize = 5;
/// How many seeks are made.
const SEEKS: usize = 40;
const SOON: Duration = Duration::from_secs(120);
/// What a screen has for a frame, sixty times a second.
const FRAME: Duration = Duration::from_millis(16);

fn at(millis: i64) -> Timestamp {
    Timestamp::from_millis(1_795_228_870_000 + millis)
}

fn book() -> Runbook {
    use std::fmt::Write as _;
    let mut text = "format = 1\nid = \"watch\"\ntitle = \"Watch it\"\nrevision = \"1\"\nsystem = \"vault\"\nsummary = \"Long.\"\nrollback = []\n\n[inputs.nodes]\ntype = \"nodes\"\nprompt = \"Nodes\"\nfields = [\"api\"]\n\n[[health]]\nid = \"vault\"\ntitle = \"Vault\"\neach = \".inputs.nodes[]\"\nevery = \"2s\"\ntimeout = \"1s\"\nhttp = { url = \"{{ .node.api }}/v1/sys/health\" }\nfields = { role = '.status', version = '.status' }\nok = '.role == 200'\n\n[[phase]]\nid = \"p\"\ntitle = \"All\"\n".to_owned();
    for step in 1..=STEPS {
        let _ =
            write!(text, "\n[[phase.step]]\nid = \"s{step}\"\ntitle = \"Step {step}\"\nconfirm = \"What was seen?\"\n");
    }
    let (book, findings) = piton::runbook::parse(&text);
    book.unwrap_or_else(|| panic!("{findings:?}"))
}

/// A run of so many records, as a cluster that is watched for long makes them: rows of the board that turn, and now and
/// then a step. It was left before its end.
fn long(store: &Store, records: usize) -> RunDir {
    let (book, nodes) = (book(), nodes(5));
    let holder = Holder { operator: "maria".into(), host: "bastion".into(), pid: std::process::id(), since: at(0) };
    let dir = store.begin(Mode::Live, at(0), "watch").expect("a fresh folder");
    let inputs = Map::from_iter([("nodes".to_owned(), json!(nodes))]);
    let Event::RunOpened(head) = opened(&dir.id(), &book, inputs) else { unreachable!("as it was made") };
    let (mut journal, _) = Journal::create(&dir, &holder, at(0), "maria@bastion", *head).expect("a fresh journal");
    journal.sync_later();
    let items = vec![Item { name: None, value: json!(null) }];
    journal
        .append(at(0), "maria@bastion", vec![sat(), Event::PhaseBound { phase: PhaseId::new("p"), items }])
        .expect("the disk of a bench");
    let every = (records / STEPS).max(5);
    let (mut events, mut step) = (Vec::new(), 0);
    for number in 4..records {
        let key = |step: usize| StepKey { phase: PhaseId::new("p"), item: None, step: StepId::new(format!("s{step}")) };
        events.push(match number % every {
            0 if step + 1 < STEPS => {
                step += 1;
                Event::StepBegan { step: key(step), attempt: 1 }
            }
            1 if step > 0 && number > every => {
                let said = format!("as it should be, seen at look {number}");
                Event::StepConfirmed { step: key(step), doer: None, said, board: Board::default() }
            }
            _ => turned(number),
        });
        let now = at(number as i64 * 500);
        let of_a_person = events.pop_if(|event| !matches!(event, Event::ConditionChanged { .. }));
        if of_a_person.is_some() || events.len() == 1_000 {
            journal.append(now, "piton", std::mem::take(&mut events)).expect("the disk of a bench");
        }
        if let Some(event) = of_a_person {
            journal.append(now, "maria@bastion", vec![event]).expect("the disk of a bench");
        }
    }
    let end = at(records as i64 * 500);
    journal.append(end, "piton", events).expect("the disk of a bench");
    let left = Event::SittingClosed { how: piton::engine::Leaving::Left };
    journal.append(end, "maria@bastion", vec![left]).expect("the disk of a bench");
    journal.sync().expect("the disk of a bench");
    dir
}

fn turned(number: usize) -> Event {
    let (node, is_ok) = (format!("vault-{}", number % 5 + 1), (number / 5).is_multiple_of(2));
    let (truth, why) = if is_ok { (Tri::True, "") } else { (Tri::False, "it answers with 503: sealed") };
    let status = if is_ok { 200 } else { 503 };
    Event::ConditionChanged {
        condition: ConditionId::Health(ProbeId::new("vault"), Some(node)),
        truth,
        why: why.into(),
        seen: json!({ "verdict": if is_ok { "ok" } else { "bad" }, "fields": { "role": status, "version": status } }),
    }
}

/// The store of a home.
fn store(home: &Home) -> Store {
    let root = home.state();
    std::fs::create_dir_all(&root).expect("a fresh folder");
    Store::open(root)
}

fn timed<T>(what: impl FnOnce() -> T) -> (T, Duration) {
    let began = monotonic();
    let made = what();
    (made, began.elapsed())
}

fn sha256sum(path: &Path) -> Duration {
    let run = || Command::new("sha256sum").arg(path).stdout(Stdio::null()).status().expect("coreutils are there");
    let (status, took) = timed(run);
    assert!(status.success());
    took
}

/// The least that verifying is: every line read as a record, and hashed.
fn parse_and_hash(path: &Path) -> Duration {
    let read = || {
        let (mut lines, mut line) = (BufReader::new(File::open(path).expect("it was written")), Vec::new());
        let mut head = String::new();
        while lines.read_until(b'\n', &mut line).expect("it can be read") > 0 {
            line.pop();
            let record: Record = serde_json::from_slice(&line).expect("it is a record");
            assert!(record.seq == 1 || record.prev == head);
            head = sha256_hex(&line);
            line.clear();
        }
    };
    timed(read).1
}

/// P9, P15, P16 and what the reviewer's screens must keep with a million records and ten thousand runs.
pub fn figures(_: &Path) -> Vec<Figure> {
    let mut figures = hundred_thousand();
    figures.extend(million());
    figures.extend(ten_thousand());
    figures
}

fn hundred_thousand() -> Vec<Figure> {
    let home = Home::new();
    let dir = long(&store(&home), 100_000);
    let path = dir.journal_path();
    let (mut ours, mut limit) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        limit.push(parse_and_hash(&path));
        ours.push(timed(|| verify(&path).expect("it is whole")).1);
    }
    let what = "verify 100,000 records against a loop of parse and sha256";
    let mut figures = vec![Figure::ratio("P15", what, &ours, &limit, 1.3)];
    let terminal = home.terminal(&["replay", &dir.id()]).spawn();
    terminal.wait_text("REPLAY", SOON);
    seeks(&terminal, 100_000, 10);
    figures.push(memory("P9", "memory (PSS, MiB) of a replay of 100,000 records", &terminal, 16.0));
    drop(terminal);
    let short = Home::new();
    let dir = long(&store(&short), 10_000);
    let holder = Holder { operator: "maria".into(), host: "bastion".into(), pid: std::process::id(), since: at(0) };
    let (mut ours, mut limit) = (Vec::new(), Vec::new());
    for _ in 0..2 * ROUNDS {
        limit.push(parse_and_hash(&dir.journal_path()));
        ours.push(timed(|| Journal::open(&dir, &holder).expect("it is open").records.len()).1);
    }
    figures.push(Figure::ratio("P16", "open 10,000 records to resume, against that loop", &ours, &limit, 2.0));
    let most = Duration::from_millis(100);
    figures.push(Figure::ratio("P16", "and against 100 ms", &ours, &[most; 2 * ROUNDS], 1.0));
    figures
}

fn memory(id: &'static str, what: &str, terminal: &Terminal, goal: f64) -> Figure {
    let pid = terminal.pid().as_raw_nonzero();
    let value = mebibytes(&format!("/proc/{pid}/smaps_rollup"), "Pss:");
    let (what, ours) = (what.to_owned(), format!("{value:.1} MiB"));
    Figure { id, what, ours, limit: String::new(), value, goal, is_count: true }
}

/// Goes to so many records all over the journal: from the last key to the changed screen.
fn seeks(terminal: &Terminal, records: usize, count: usize) -> Vec<Duration> {
    let goes = |round: usize| {
        let to = (round + 1) * 7_919 * 97 % (records - 10) + 5;
        terminal.key("#");
        terminal.type_text(&to.to_string());
        terminal.wait_text(&format!(": {to}_"), SOON);
        let began = monotonic();
        terminal.key("enter");
        terminal.wait_text(&format!("#{to} of"), SOON);
        began.elapsed()
    };
    (0..count).map(goes).collect()
}

fn million() -> Vec<Figure> {
    let home = Home::new();
    let dir = long(&store(&home), 1_000_000);
    let path = dir.journal_path();
    let (mut verified, mut opened, mut limit) = (Vec::new(), Vec::new(), Vec::new());
    let mut figures = Vec::new();
    for round in 0..ROUNDS {
        limit.push(sha256sum(&path));
        let run = || home.command(&["verify", &dir.id()]).stdout(Stdio::null()).status().expect("it starts");
        let (status, took) = timed(run);
        assert!(status.success());
        verified.push(took);
        let began = monotonic();
        let terminal = home.terminal(&["replay", &dir.id()]).spawn();
        terminal.wait_text("REPLAY", SOON);
        opened.push(began.elapsed());
        if round + 1 == ROUNDS {
            let went = seeks(&terminal, 1_000_000, SEEKS);
            let worst = went.iter().max().copied().unwrap_or_default();
            figures.push(Figure::ratio(
                "P28",
                "a seek in 1,000,000 records, against 16 ms",
                &went,
                &[FRAME; SEEKS],
                1.0,
            ));
            figures.push(Figure::ratio("P28", "the slowest of 40, likewise", &[worst], &[FRAME], 2.0));
            figures.push(memory("P28", "memory (PSS, MiB) of that replay", &terminal, 64.0));
            let pid = terminal.pid().as_raw_nonzero();
            let peak = mebibytes(&format!("/proc/{pid}/status"), "VmHWM:");
            eprintln!("peak of a replay of 1,000,000 records: {peak:.1} MiB");
        }
    }
    let bytes = std::fs::metadata(&path).expect("it was written").len();
    eprintln!("a journal of 1,000,000 records has {} MB", bytes / 1_000_000);
    let what = "verify 1,000,000 records against sha256sum";
    let shown = "show 1,000,000 records in a replay against sha256sum";
    figures.insert(0, Figure::ratio("P27", what, &verified, &limit, 1.5));
    figures.insert(1, Figure::ratio("P27", shown, &opened, &limit, 2.0));
    figures
}

/// Ten thousand runs: copies of a short one, each under its own name and with a word of its own.
fn runs(home: &Home) -> PathBuf {
    let store = store(home);
    let first = long(&store, 200);
    let text = std::fs::read_to_string(first.journal_path()).expect("it was written");
    let folder = first.path().parent().expect("it lies in one").to_owned();
    for number in 1..RUNS {
        let dir = store.begin(Mode::Live, at(number as i64 * 60_000), "watch").expect("a fresh folder");
        // A chain of its own: the name of the run and a word stand in it.
        let (mut prev, mut out) = ("0".repeat(64), Vec::new());
        for line in text.lines() {
            let mut line = line.replace(&first.id(), &dir.id()).replace("at look 151", &format!("at look w{number}w"));
            let begin = line.find("\"prev\":\"").expect("every record names it") + 8;
            line.replace_range(begin..begin + 64, &prev);
            prev = sha256_hex(line.as_bytes());
            out.extend_from_slice(line.as_bytes());
            out.push(b'\n');
        }
        File::create(dir.journal_path()).and_then(|mut file| file.write_all(&out)).expect("the disk of a bench");
    }
    folder
}

fn ten_thousand() -> Vec<Figure> {
    let home = Home::new();
    let folder = runs(&home);
    let mut figures = Vec::new();
    let began = monotonic();
    let terminal = home.terminal(&[]).spawn();
    terminal.wait_text("runbooks", SOON);
    terminal.key("J");
    let first = terminal.wait_text("watch-", SOON);
    drop(first);
    let shown = began.elapsed();
    terminal.wait_text("10000 runs", SOON);
    let listed = began.elapsed();
    let all = || {
        let mut hash = Command::new("sh");
        hash.arg("-c").arg("cat */journal.jsonl | sha256sum").current_dir(&folder).stdout(Stdio::null());
        assert!(hash.status().expect("it starts").success());
    };
    let hashed = timed(all).1;
    figures.push(Figure::ratio(
        "P29",
        "the first of 10,000 runs on the screen, against 500 ms",
        &[shown],
        &[Duration::from_millis(500)],
        1.0,
    ));
    figures.push(Figure::ratio(
        "P29",
        "all of them verified and listed, against sha256sum of all",
        &[listed],
        &[hashed],
        4.0,
    ));
    figures.push(searched(&terminal, &folder));
    figures.push(memory("P30", "memory (PSS, MiB) of the list meanwhile", &terminal, 64.0));
    figures
}

/// A word that stands in one of them, from the first letter that is typed until all were looked through.
fn searched(terminal: &Terminal, folder: &Path) -> Figure {
    let (mut found, mut through, mut limit) = (Vec::new(), Vec::new(), Vec::new());
    for round in 0..ROUNDS {
        let word = format!("w{}w", 9_000 - round * 7);
        let grep = || Command::new("grep").args(["-rliF", &word]).arg(folder).output().expect("grep is there");
        limit.push(timed(grep).1);
        terminal.key("/");
        let before = monotonic();
        terminal.type_text(&word);
        terminal.wait_text("1 in their records", SOON);
        found.push(before.elapsed());
        terminal.wait_for("the end of the search", SOON, |screen| !screen.contains("looking"));
        through.push(before.elapsed());
        terminal.key("esc");
        terminal.settled();
    }
    eprintln!("found after {found:?}");
    Figure::ratio("P30", "a word typed, found in 10,000 journals, against grep -rliF", &through, &limit, 1.5)
}
