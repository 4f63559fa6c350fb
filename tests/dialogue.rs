//! The real program as a dialogue of lines, in a pseudo-terminal and in pipes.

use std::io::{Read, Write};
use std::process::Stdio;
use std::time::Duration;

use piton::engine::{Event, Leaving, Outcome, Record};
use piton::journal::{Integrity, RunDir};
use rustix::process::Signal;

use super::support::binary::{Home, records};
use super::support::fault::under_faults;
use super::support::operator::Operator;
use super::support::pty::{Exit, Terminal};
use super::support::typist::Typist;

/// A runbook with one step of every kind.
const SHORT_BOOK: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/crash/short.toml");

/// How many times as fast as real time the simulated cluster runs.
const SPEED: &str = "100";

const LIMIT: Duration = Duration::from_secs(60);

/// Tall and wide enough that nothing is wrapped.
fn plain(home: &Home, args: &[&str]) -> Terminal {
    home.terminal(args).size(200, 400).spawn()
}

fn short(home: &Home) -> Terminal {
    plain(home, &["practice", SHORT_BOOK, "--plain", "--speed", SPEED])
}

fn exited(code: i32) -> Exit {
    Exit { code: Some(code), signal: None }
}

/// What people decided, without where the board stood and when: what both faces must record alike.
fn decisions(records: &[Record]) -> Vec<serde_json::Value> {
    let by_people = records.iter().filter(|record| record.by != "piton");
    let decided = by_people.filter(|record| {
        !matches!(
            record.event,
            Event::RunOpened(_)
                | Event::SittingOpened { .. }
                | Event::SittingClosed { .. }
                | Event::PhaseBound { .. }
                | Event::StepBegan { .. }
        )
    });
    let bare = decided.map(|record| {
        let mut event = serde_json::to_value(&record.event).expect("an event is data");
        for (_, fields) in event.as_object_mut().expect("an event has a name") {
            if let Some(fields) = fields.as_object_mut() {
                fields.remove("board");
            }
        }
        event
    });
    bare.collect()
}

#[track_caller]
fn assert_whole(run: &RunDir) -> Vec<Record> {
    let (records, found) = records(run);
    assert!(matches!(found.integrity, Integrity::Whole), "{found:?}");
    records
}

#[track_caller]
fn assert_closed(run: &RunDir, wanted: Outcome) -> Vec<Record> {
    let records = assert_whole(run);
    let closed = records.iter().find_map(|record| match &record.event {
        Event::RunClosed { outcome, .. } => Some(*outcome),
        _ => None,
    });
    assert_eq!(closed, Some(wanted));
    records
}

#[track_caller]
fn assert_left(home: &Home, how: Leaving) {
    let records = assert_whole(&home.run());
    let last = &records.last().expect("records").event;
    assert!(matches!(last, Event::SittingClosed { how: left } if *left == how), "{last:?}");
}

#[test]
fn a_walk_by_lines_records_the_decisions_that_a_walk_by_screens_does() {
    let by_lines = Home::new();
    let mut terminal = short(&by_lines);
    let said = Typist::at(&terminal).walk(|_| false);
    assert_eq!(terminal.wait_exit(LIMIT), exited(0));
    assert!(said.contains("Outcome: completed.") && said.contains(": completed · records="), "{said}");
    let lines = assert_closed(&by_lines.run(), Outcome::Completed);
    let faces = lines.iter().filter_map(|record| match &record.event {
        Event::SittingOpened { face, .. } => Some(face.as_str()),
        _ => None,
    });
    assert_eq!(faces.collect::<Vec<_>>(), ["plain"]);

    let by_screens = Home::new();
    let mut terminal = by_screens.terminal(&["practice", SHORT_BOOK, "--speed", SPEED]).spawn();
    Operator::at(&terminal).walk(LIMIT, |screen| screen.contains("enter leave"));
    terminal.key("enter");
    assert_eq!(terminal.wait_exit(LIMIT), exited(0));
    let screens = assert_closed(&by_screens.run(), Outcome::Completed);
    assert_eq!(decisions(&lines), decisions(&screens));
}

#[test]
fn every_record_is_said_once_and_in_order_without_any_control_of_the_terminal() {
    let home = Home::new();
    let mut terminal = short(&home);
    Typist::at(&terminal).walk(|_| false);
    assert_eq!(terminal.wait_exit(LIMIT), exited(0));
    let raw = String::from_utf8(terminal.raw()).expect("text");
    assert!(!raw.contains('\u{1b}'), "a control sequence was written");
    let said = raw.lines().filter_map(|line| line.strip_prefix("recorded #")?.split(' ').next()?.parse().ok());
    let told: Vec<u64> = said.collect();
    let last =
        assert_whole(&home.run()).iter().rfind(|record| matches!(record.event, Event::RunClosed { .. })).map(|r| r.seq);
    assert_eq!(told, (1..=last.expect("it is closed")).collect::<Vec<_>>());
}

#[test]
fn the_shipped_upgrade_is_walked_to_its_end_in_a_dumb_terminal() {
    let home = Home::new();
    let start = home.terminal(&["practice", "vault-ha-upgrade", "--speed", SPEED]).size(200, 400);
    let mut terminal = start
        .with(|command| {
            command.env("TERM", "dumb");
        })
        .spawn();
    Typist::at(&terminal).walk(|_| false);
    assert_eq!(terminal.wait_exit(LIMIT), exited(0), "{}", terminal.describe());
    let records = assert_closed(&home.run(), Outcome::Completed);
    let typed = records.iter().filter(|record| matches!(record.event, Event::CommandStarted { typed: Some(_), .. }));
    assert!(typed.count() > 0, "a critical command was run");
    let replay = home.terminal(&["replay", &home.run().id()]).with(|command| {
        command.env("TERM", "dumb");
    });
    let mut terminal = replay.size(24, 100).spawn();
    assert_eq!(terminal.wait_exit(LIMIT), exited(2), "{}", terminal.describe());
    assert!(terminal.screen().contains("`piton report`"), "{}", terminal.describe());
}

#[test]
fn a_killed_dialogue_is_gone_on_with_where_it_stood() {
    let home = Home::new();
    let mut terminal = short(&home);
    let mut typist = Typist::at(&terminal);
    typist.walk(|said| said.contains("Name the ticket") && said.ends_with("PRACTICE> "));
    terminal.kill();
    terminal.wait_exit(LIMIT);
    let before = home.records();
    let mut terminal = plain(&home, &["resume", "--plain", "--speed", SPEED]);
    let mut typist = Typist::at(&terminal);
    let said = typist.listen();
    assert!(said.contains("You were here before") && said.contains("\nStep 1.2 \"Name the ticket\""), "{said}");
    typist.walk(|_| false);
    assert_eq!(terminal.wait_exit(LIMIT), exited(0));
    let after = assert_closed(&home.run(), Outcome::Completed);
    assert_eq!(after[..before.len()], before);
}

#[test]
fn what_is_pasted_or_held_down_answers_one_question_at_the_most() {
    let home = Home::new();
    let terminal = short(&home);
    let mut typist = Typist::at(&terminal);
    let said = typist.say("read\nconfirm\nseen\nyes\nconfirm again");
    assert!(said.contains("Not taken: \"confirm\" was typed before this was asked. Nor are 3 more lines."), "{said}");
    let said = typist.say(&"\n".repeat(50));
    assert_eq!(said.matches("Nothing was typed").count(), 1, "{said}");
    let decided = decisions(&home.records());
    assert_eq!(decided.len(), 1, "only the cautions were read: {decided:?}");
    // An empty line is no answer to a question either.
    typist.say("confirm");
    let said = typist.say("");
    assert!(said.contains("Nothing was typed") && said.ends_with("what was seen> "), "{said}");
    assert_eq!(decisions(&home.records()).len(), 1);
}

#[test]
fn what_is_not_known_or_not_possible_records_nothing_and_is_explained() {
    let home = Home::new();
    let mut terminal = short(&home);
    let mut typist = Typist::at(&terminal);
    typist.listen();
    let before = home.records().len();
    for (line, told) in [
        ("confrim", "\"confrim\" is not known. Nothing is recorded."),
        ("confirm", "confirm is not possible now. Nothing is recorded."),
        ("run", "run is not possible now."),
        ("yes", "Nothing is asked now, so nothing is done."),
        ("\u{1b}[A", "there are control characters in it"),
        ("recorded #99 PRACTICE forged \u{202e}", "is not known"),
        ("status", "You are at step 1.1 \"Look around\"; it is current."),
        ("steps", "step 4.1 \"Rest\", pending"),
        ("why", "its cautions have not been read"),
        ("help", "What was typed before it was asked for is not taken."),
        ("output", "No command has printed anything yet."),
        ("step", "Look both ways."),
    ] {
        let said = typist.say(line);
        assert!(said.contains(told), "{line}: {said}");
        // The first line is what was typed, as the terminal shows it.
        assert!(!said.lines().skip(1).any(|line| line.starts_with("recorded #")), "{said}");
    }
    assert_eq!(home.records().len(), before);
    // A reason behind the word is asked about once more; one that is asked for is not.
    assert!(typist.say("skip not today").contains("Type yes to record it, or no."));
    assert!(typist.say("perhaps").contains("Type yes or no, as a whole word."));
    assert!(typist.say("no").contains("Taken back. Nothing is recorded."));
    assert_eq!(home.records().len(), before);
    typist.say("skip");
    assert!(typist.say("not today").contains("was SKIPPED: not today"));
    typist.say("note all is calm");
    typist.say("leave");
    typist.type_line("yes");
    assert_eq!(terminal.wait_exit(LIMIT), exited(40));
    assert!(terminal.screen().contains("go on with: piton resume "), "{}", terminal.describe());
    assert_left(&home, Leaving::Left);
}

#[test]
fn a_signal_or_the_end_of_the_input_leaves_the_run_suspended() {
    for signal in [Some(Signal::TERM), Some(Signal::HUP), Some(Signal::INT), None] {
        let home = Home::new();
        let mut terminal = short(&home);
        Typist::at(&terminal).listen();
        match signal {
            Some(signal) => terminal.signal(signal),
            None => terminal.key("ctrl-d"),
        }
        assert_eq!(terminal.wait_exit(LIMIT), exited(40), "{signal:?}");
        assert!(terminal.screen().contains("go on with: piton resume "), "{}", terminal.describe());
        terminal.assert_restored();
        assert_left(&home, Leaving::Interrupted);
    }
    let home = Home::new();
    let mut terminal = short(&home);
    Typist::at(&terminal).listen();
    terminal.hang_up();
    assert_eq!(terminal.wait_exit(LIMIT), exited(40));
    assert_left(&home, Leaving::Interrupted);
}

#[test]
fn a_file_that_is_read_is_told_of_and_bars_neither_back_nor_leave() {
    let home = Home::new();
    let mut terminal = short(&home);
    let big = home.path().join("big");
    std::fs::File::create(&big).and_then(|file| file.set_len(4 << 40)).expect("a file may have holes");
    let mut typist = Typist::at(&terminal);
    let attach = format!("attach uncopied {}", big.display());
    let told = typist.say(&attach);
    assert!(
        told.contains("is being read, ")
            && told.contains(" of 4.3 TB, 0 percent, ")
            && told.contains(" left. Type back to end that"),
        "{told}"
    );
    assert!(typist.say("confirm seen").contains("is being read, "));
    assert!(typist.say("back").contains("The file is not read on. Nothing is recorded."));
    assert!(typist.say(&attach).contains("is being read, "));
    assert!(typist.say("leave").contains("Nothing is recorded."));
    typist.say("yes");
    assert_eq!(terminal.wait_exit(Duration::from_secs(1)), exited(40), "{}", terminal.describe());
    assert_left(&home, Leaving::Left);
    assert!(!home.records().iter().any(|record| matches!(record.event, Event::EvidenceAttached { .. })));
}

#[test]
fn what_is_attached_is_copied_into_the_run_s_folder_unless_it_is_said_otherwise() {
    let home = Home::new();
    let terminal = short(&home);
    let (log, big) = (home.path().join("a log.txt"), home.path().join("big"));
    std::fs::write(&log, "what was seen\n").expect("the test's folder can be written to");
    std::fs::File::create(&big).and_then(|file| file.set_len(17 << 20)).expect("a file may have holes");
    let mut typist = Typist::at(&terminal);
    assert!(typist.say(&format!("attach {}", log.display())).contains("recorded"));
    let refused = typist.say(&format!("attach {}", big.display()));
    let instead = format!("attach uncopied {}", big.display());
    assert!(refused.contains("no more than 16 MiB are copied") && refused.contains(&instead), "{refused}");
    assert!(typist.say(&instead).contains("recorded"));
    let (folder, records) = (home.runs().remove(0), home.records());
    let attached = records.iter().filter_map(|record| match &record.event {
        Event::EvidenceAttached { path, kept, .. } => Some((path.clone(), kept.clone())),
        _ => None,
    });
    let attached: Vec<_> = attached.collect();
    let [(first, Some(copy)), (second, None)] = &attached[..] else { panic!("{attached:?}") };
    assert_eq!((first, second), (&log.display().to_string(), &big.display().to_string()));
    assert_eq!(std::fs::read(folder.path().join(copy)).expect("a copy"), b"what was seen\n");
}

#[test]
fn a_file_that_changes_while_it_is_read_is_told_and_not_attached() {
    let home = Home::new();
    let log = home.path().join("seen.log");
    std::fs::write(&log, vec![b'a'; 2 << 20]).expect("the test's folder can be written to");
    let slow = |command: &mut _| {
        under_faults(command, "read:1+:delay=100", "/seen.log", None);
    };
    let args = ["practice", SHORT_BOOK, "--plain", "--speed", SPEED];
    let terminal = home.terminal(&args).size(200, 400).with(slow).spawn();
    let mut typist = Typist::at(&terminal);
    typist.listen();
    for (line, times) in [("attach", 1), ("attach uncopied", 2)] {
        typist.type_line(&format!("{line} {}", log.display()));
        let is_said = |screen: &str, what: &str| screen.matches(what).count() == times;
        terminal.wait_for("how far it is", LIMIT, |screen| is_said(screen, "seen.log is being read, "));
        let file = std::fs::OpenOptions::new().append(true).open(&log);
        file.and_then(|mut file| file.write_all(b"more")).expect("the test's folder can be written to");
        let told = "it grew while it was read; give it again when it stays as it is";
        terminal.wait_for("that it changed", LIMIT, |screen| is_said(screen, told));
        let kept: Vec<_> = std::fs::read_dir(home.run().path().join("evidence")).expect("a folder").collect();
        assert!(kept.is_empty(), "{kept:?}");
    }
    assert!(!home.records().iter().any(|record| matches!(record.event, Event::EvidenceAttached { .. })));
}

#[test]
fn no_gate_is_told_to_be_open_where_nothing_is_recorded_any_more() {
    let home = Home::new();
    let full = |command: &mut std::process::Command| {
        under_faults(command, "write:30+:ENOSPC", "/journal.jsonl", None);
    };
    let args = ["practice", SHORT_BOOK, "--plain", "--speed", SPEED];
    let mut terminal = home.terminal(&args).size(200, 400).with(full).spawn();
    let mut typist = Typist::at(&terminal);
    typist.listen();
    let notes = (0..40).map(|_| typist.say("note more"));
    let said = notes.into_iter().find(|said| said.contains("THE JOURNAL CANNOT BE WRITTEN")).expect("the disk is full");
    let (_, since) = said.split_once("THE JOURNAL").expect("it is said");
    assert!(!since.contains("The gate is") && since.contains("You may type: leave."), "{said}");
    for word in ["status", "why", "step"] {
        let told = typist.say(word);
        assert!(told.contains("Nothing is recorded any more") && !told.contains("The gate is"), "{word}: {told}");
    }
    typist.say("leave");
    typist.type_line("yes");
    assert_eq!(terminal.wait_exit(LIMIT), exited(1));
}

#[test]
fn lines_are_broken_between_words_on_a_terminal_and_never_in_a_pipe() {
    let home = Home::new();
    let terminal = home.terminal(&["practice", SHORT_BOOK, "--plain", "--speed", SPEED]).size(200, 60).spawn();
    let mut typist = Typist::at(&terminal);
    let told = typist.say("help");
    assert!(told.lines().all(|line| line.trim_end().chars().count() <= 60), "{told}");
    assert!(told.contains("\n    "), "what is left of a line is set in: {told}");
    let all: String = told.split_whitespace().collect::<Vec<_>>().join(" ");
    let rest = "ends its wait, goes back. acknowledge: goes on although a guard or gate does not hold.";
    assert!(all.contains(rest), "no word is broken: {told}");
    let mut command = home.command(&["practice", SHORT_BOOK, "--plain", "--speed", SPEED]);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("the binary starts");
    drop(child.stdin.take());
    let mut told = String::new();
    child.stdout.take().expect("a pipe").read_to_string(&mut told).expect("text");
    child.wait().expect("it ends");
    assert!(told.lines().any(|line| line.chars().count() > 100), "{told}");
}

#[test]
fn what_the_autopilot_tells_is_broken_between_words_too() {
    let home = Home::new();
    for paced in [&[][..], &["--speed", "1000"]] {
        let args = [&["practice", SHORT_BOOK, "--autopilot"], paced].concat();
        let mut terminal = home.terminal(&args).size(200, 60).spawn();
        terminal.wait_exit(Duration::from_secs(60));
        let told = terminal.screen();
        assert!(told.contains("recorded #2 PRACTICE") && told.contains("head="), "{told}");
        // What is left of a line is set in; only a hash is longer than a line.
        let is_hash = |line: &str| line.trim().chars().all(|c| c.is_ascii_hexdigit());
        let begins = |line: &str| ["recorded #", "PRACTICE ", "  "].iter().any(|lead| line.starts_with(lead));
        let broken: Vec<&str> = told.lines().filter(|line| !begins(line) && !is_hash(line)).collect();
        assert_eq!(broken, Vec::<&str>::new(), "{told}");
    }
}

#[test]
fn a_path_may_begin_at_home() {
    let home = Home::new();
    let terminal = short(&home);
    std::fs::write(home.path().join("seen.txt"), "three\n").expect("there is room");
    let told = Typist::at(&terminal).say("attach ~/seen.txt");
    assert!(told.contains("recorded #") && !told.contains("NOT"), "{told}");
    let whole = home.path().join("seen.txt").display().to_string();
    let is_it = |event: &Event| matches!(event, Event::EvidenceAttached { path, .. } if *path == whole);
    assert!(home.records().iter().any(|record| is_it(&record.event)), "{told}");
}

#[test]
fn lines_that_lie_ready_in_a_pipe_decide_nothing() {
    let home = Home::new();
    let mut command = home.command(&["practice", SHORT_BOOK, "--plain", "--speed", SPEED]);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("the binary starts");
    let mut input = child.stdin.take().expect("a pipe");
    let all =
        [&b"read\nconfirm seen\n\xff\xfe\nabandon now\nyes\n"[..], &[b'a'; 300_000], b"\nclose\nyes\nlea"].concat();
    input.write_all(&all).expect("it reads");
    drop(input);
    let mut said = String::new();
    child.stdout.take().expect("a pipe").read_to_string(&mut said).expect("text");
    assert_eq!(child.wait().expect("it ends").code(), Some(40), "{said}");
    assert!(said.contains("Not taken: ") && said.contains("The input has ended."), "{said}");
    assert!(said.contains("go on with: piton resume "), "{said}");
    assert_eq!(decisions(&home.records()), Vec::<serde_json::Value>::new());
    assert_left(&home, Leaving::Interrupted);
}

/// One step of every kind that asks a person something, a guard that is broken, and a way back.
fn kinds() -> String {
    let step = |id: &str, rest: &str| format!("[[phase.step]]\nid = \"{id}\"\ntitle = \"Do {id}\"\n{rest}\n");
    let up = "all(.health.vault[]; .verdict == \\\"ok\\\")";
    [
        "format = 1\nid = \"kinds\"\ntitle = \"Kinds\"\nrevision = \"1\"\nsystem = \"vault\"\nsummary = \"Kinds.\"\n\
         [inputs.nodes]\ntype = \"nodes\"\nprompt = \"Nodes\"\nfields = [\"api\"]\n\
         [[health]]\nid = \"vault\"\ntitle = \"Vault\"\neach = \".inputs.nodes[]\"\nevery = \"2s\"\ntimeout = \"2s\"\n\
         http = { url = \"{{ .node.api }}/v1/sys/health\" }\nok = \".status > 0\"\nfields = { status = \".status\" }\n\
         [[guard]]\nid = \"sure\"\ntitle = \"The operator is sure\"\nholds = \".answers.sure == true\"\nwhy = \"It was said.\"\n\
         blocks = [\"run\"]\n[[phase]]\nid = \"one\"\ntitle = \"One\"\n"
            .to_owned(),
        step("sky", "confirm = \"How is the sky?\"\noptions = [\"clear\", \"cloudy\"]"),
        step("sure", "ask = { name = \"sure\", prompt = \"Sure?\", type = \"bool\" }"),
        step("file", "ask = { name = \"file\", prompt = \"Which file?\", type = \"path\" }"),
        step("way", "choose = [{ is = \"now\", title = \"At once\" }, { is = \"night\", title = \"After midnight\" }]"),
        step("second", "release = \"somebody else\""),
        step("go", &format!("critical = true\ngate = \"{up}\"\nrun = [\"ssh\", \"vault-1\", \"hostname\"]")),
        step("fails", "run = [\"ssh\", \"vault-1\", \"nonsense\"]"),
        step("rest", "wait = \"12h\""),
        step("never", "check = \"false\""),
        "[[rollback]]\nid = \"undo\"\ntitle = \"Undo it\"\n[[rollback.phase]]\nid = \"undo-it\"\ntitle = \"Undo\"\n\
         [[rollback.phase.step]]\nid = \"undone\"\ntitle = \"Undo all\"\nconfirm = \"Undone?\"\n"
            .to_owned(),
    ]
    .concat()
}

#[test]
fn every_kind_of_decision_is_taken_and_what_does_not_fit_is_not() {
    let home = Home::new();
    let (book, file) = (home.path().join("kinds.toml"), home.path().join("evidence"));
    std::fs::write(&book, kinds()).expect("it can be written");
    std::fs::write(&file, "abc").expect("it can be written");
    let file = file.to_string_lossy();
    let mut terminal = plain(&home, &["practice", &book.to_string_lossy(), "--plain", "--speed", SPEED]);
    let mut typist = Typist::at(&terminal);
    for (line, told) in [
        ("confirm", "  1, clear\n  2, cloudy\n"),
        ("raining", "Answer with one of these, or its number: clear, cloudy."),
        ("2", "was confirmed: cloudy"),
        ("answer perhaps", "Answer with one of these, or its number: yes, no."),
        ("no", "was answered: false"),
        ("answer /nowhere/at/all", "NOT recorded: cannot read /nowhere/at/all"),
        (&file, "was answered: "),
        ("choose", "  2, night: After midnight"),
        ("night", "was decided: night"),
        ("release", "another person"),
        ("Maria", "another person must release it: maria acts here"),
        ("another pair of eyes", "what was looked at"),
        ("all of it", "was released by another pair of eyes: all of it"),
        ("run", "run is not possible now."),
        ("acknowledge", "although the guard \"The operator is sure\" DOES NOT HOLD: It was said."),
        ("it is late", "ACKNOWLEDGED, the guard"),
        ("run", "target's name to run it: kinds. Or type back."),
        ("yes", "That is not the target's name."),
        ("back", "Taken back. Nothing is recorded."),
    ] {
        let said = typist.say(line);
        assert!(said.contains(told), "{line}: {told}\n{said}");
    }
    let wanted = |wanted: &'static str| move |said: &str| said.contains(wanted) && said.ends_with("PRACTICE> ");
    typist.walk(|said| said.contains("Do fails\" FAILED: ") && said.ends_with("PRACTICE> "));
    for (line, told) in [("output", "nonsense"), ("retry", "is tried again, attempt 2")] {
        let said = typist.say(line);
        assert!(said.contains(told), "{line}: {told}\n{said}");
    }
    typist.walk(wanted("Do fails\" FAILED: "));
    for (line, told) in [
        ("override it cannot work", "Type yes to record it, or no."),
        ("yes", "was OVERRIDDEN: it cannot work"),
        ("cut enough", "Type yes to record it, or no."),
        ("yes", "was cut: enough"),
        ("skip it", "skip is not possible now."),
        ("rollback", "Undo it. Steps that will not be done: "),
        ("it went wrong", "WAY BACK \"Undo it\": it went wrong"),
        ("confirm all is undone", "Type close to close the run."),
        ("close", "Type yes to close it, or no."),
    ] {
        let said = typist.say(line);
        assert!(said.contains(told), "{line}: {told}\n{said}");
    }
    typist.type_line("yes");
    assert_eq!(terminal.wait_exit(LIMIT), exited(20));
    let records = assert_closed(&home.run(), Outcome::RolledBack);
    let hashed = records.iter().find_map(|record| match &record.event {
        Event::AnswerGiven { file: Some(file), .. } => Some(file.clone()),
        _ => None,
    });
    let hashed = hashed.expect("a file was given");
    assert_eq!((hashed.bytes, &hashed.sha256[..8]), (3, "ba7816bf"));
}

/// Two steps in any order.
const ROUND: &str = r#"
format = 1
id = "round"
title = "A round"
system = "vault"
[inputs.nodes]
type = "nodes"
prompt = "Nodes"
[[phase]]
id = "look"
title = "Look around"
order = "any"
[[phase.step]]
id = "lamp"
title = "Look at the lamp"
confirm = "Lit?"
[[phase.step]]
id = "door"
title = "Try the door"
confirm = "Shut?"
"#;

#[test]
fn a_step_is_taken_up_by_its_name_where_the_order_does_not_bind() {
    let home = Home::new();
    let book = home.path().join("round.toml");
    std::fs::write(&book, ROUND).expect("it can be written");
    let mut terminal = plain(&home, &["practice", &book.to_string_lossy(), "--plain", "--speed", SPEED]);
    let mut typist = Typist::at(&terminal);
    for (line, told) in [
        ("steps", ", its steps in any order:"),
        ("take", "take door: step 1.2 \"Try the door\""),
        ("take lamp", "No step \"lamp\" may be taken up now. Nothing is recorded."),
        ("take door", "step 1.2 \"Try the door\" is taken up instead"),
        ("confirm shut", "was confirmed: shut"),
        ("take door", "take is not possible now. Nothing is recorded."),
        ("confirm lit", "Type close to close the run."),
        ("close", "Type yes to close it, or no."),
    ] {
        let said = typist.say(line);
        assert!(said.contains(told), "{line}: {told}\n{said}");
    }
    typist.type_line("yes");
    assert_eq!(terminal.wait_exit(LIMIT), exited(0));
    let records = assert_closed(&home.run(), Outcome::Completed);
    assert!(records.iter().any(|record| matches!(record.event, Event::StepPutBack { .. })));
}

const TWO_PEOPLE: &str = r#"
format = 1
id = "two"
title = "Two people"
system = "vault"
[inputs.nodes]
type = "nodes"
prompt = "Nodes"
[[phase]]
id = "all"
title = "All"
[[phase.step]]
id = "lamp"
title = "Put the lamp out"
verify = "independent"
confirm = "Out?"
[[phase.step]]
id = "door"
title = "Shut the door"
verify = "independent"
confirm = "Shut?"
"#;

#[test]
fn which_step_is_meant_is_asked_where_several_wait_for_a_second_person() {
    let home = Home::new();
    let book = home.path().join("two.toml");
    std::fs::write(&book, TWO_PEOPLE).expect("it can be written");
    let mut terminal = plain(&home, &["practice", &book.to_string_lossy(), "--plain", "--speed", SPEED]);
    let mut typist = Typist::at(&terminal);
    for (line, told) in [
        ("confirm out", "was confirmed: out"),
        ("confirm shut", "To be verified by another person: step 1.2"),
        ("verify", "verify all/lamp: step 1.1 \"Put the lamp out\""),
        ("dispute", "dispute all/door: step 1.2 \"Shut the door\""),
        ("override", "override all/door: step 1.2 \"Shut the door\""),
        ("override nobody is there", "\"nobody\" is not the name of one step that waits for a second person."),
        ("override door nobody is there", "goes on although nobody verified step 1.2 \"Shut the door\""),
        ("yes", "step 1.2 \"Shut the door\" is done and STAYS UNVERIFIED: nobody is there"),
        ("status", "Deviation: waived of step 1.2 \"Shut the door\": nobody is there"),
        ("verify", "  Out?"),
        ("step", "Step 1.1 \"Put the lamp out\""),
        ("kim", "kim, what do you see yourself of step 1.1 \"Put the lamp out\"?"),
        ("it is dark", "was verified independently by kim: it is dark"),
        ("close", "Type yes to close it, or no."),
    ] {
        let said = typist.say(line);
        assert!(said.contains(told), "{line}: {told}\n{said}");
    }
    typist.type_line("yes");
    assert_eq!(terminal.wait_exit(LIMIT), exited(10));
    let records = assert_closed(&home.run(), Outcome::CompletedWithDeviations);
    let waived = |record: &&Record| matches!(&record.event, Event::VerificationWaived { step, reason, .. } if step.to_string() == "all/door" && reason == "nobody is there");
    assert_eq!(records.iter().filter(waived).count(), 1);
}

#[test]
fn a_second_person_who_sees_something_else_says_so_and_the_walk_comes_back() {
    let home = Home::new();
    let book = home.path().join("two.toml");
    std::fs::write(&book, TWO_PEOPLE).expect("it can be written");
    let mut terminal = plain(&home, &["practice", &book.to_string_lossy(), "--plain", "--speed", SPEED]);
    let mut typist = Typist::at(&terminal);
    for (line, told) in [
        ("dispute", "dispute is not possible now. Nothing is recorded."),
        ("confirm out", "was confirmed: out"),
        ("confirm shut", "To be verified by another person: step 1.2"),
        ("dispute window", "dispute all/door: step 1.2 \"Shut the door\""),
        ("dispute door", "sees something else of step 1.2 \"Shut the door\""),
        ("kim", "kim, what do you see of step 1.2 \"Shut the door\" instead? Or type back."),
        ("it stands open", "step 1.2 \"Shut the door\" is DISPUTED: kim saw something else: it stands open"),
        ("status", "Deviation: disputed of step 1.2 \"Shut the door\": kim saw something else: it stands open"),
        ("close", "close is not possible now. Nothing is recorded."),
        ("retry", "is tried again, attempt 2"),
        ("confirm shut and locked", "To be verified by another person: step 1.2"),
        ("verify door", "is verified by another person than the one who did it."),
        ("kim", "what do you see yourself"),
        ("it is shut", "was verified independently by kim: it is shut"),
        ("verify", "step 1.1 \"Put the lamp out\" is verified by another person"),
        ("jo", "what do you see yourself"),
        ("it is dark", "Type close to close the run."),
        ("close", "Type yes to close it, or no."),
    ] {
        let said = typist.say(line);
        assert!(said.contains(told), "{line}: {told}\n{said}");
    }
    typist.type_line("yes");
    assert_eq!(terminal.wait_exit(LIMIT), exited(10));
    assert_closed(&home.run(), Outcome::CompletedWithDeviations);
}

#[test]
fn inputs_that_are_not_bound_are_told_instead_of_asked_for() {
    let home = Home::new();
    let output = home.output(&["run", "vault-ha-upgrade", "--plain"]);
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2), "{told}");
    assert!(told.contains("these inputs are not bound: ") && told.contains("--site"), "{told}");
}
