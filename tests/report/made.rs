//! `piton report` and `piton show` from outside: golden reports, journals that are not whole, files that are not what they were.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use serde_json::Value;

use super::page::{assert_markdown, assert_page};
use super::{PLANTED, data, forms, piton, printed, records, report};

const FORMATS: [&str; 3] = ["md", "html", "json"];

/// A run's folder with the first bytes of the golden journal, changed by `change`.
fn folder(change: impl FnOnce(&mut Vec<u8>)) -> tempfile::TempDir {
    let place = tempfile::tempdir().unwrap();
    let mut bytes = fs::read(data("report/live/journal.jsonl")).unwrap();
    change(&mut bytes);
    fs::write(place.path().join("journal.jsonl"), bytes).unwrap();
    place
}

fn end_of_line(bytes: &[u8], line: usize) -> usize {
    bytes.iter().enumerate().filter(|(_, byte)| **byte == b'\n').nth(line - 1).expect("there are so many lines").0 + 1
}

fn told(folder: &Path, format: &str) -> String {
    printed(&["report", &folder.to_string_lossy(), "--format", format])
}

#[test]
fn the_golden_journal_gives_the_golden_reports() {
    for format in FORMATS {
        let (file, text) = (data(&format!("report/live.{format}")), told(&data("report/live"), format));
        let golden = fs::read_to_string(&file).unwrap_or_default();
        let differs = golden.lines().zip(text.lines()).find(|(golden, line)| golden != line);
        assert!(
            golden == text,
            "{}: {differs:#?}\n`piton report tests/data/report/live --format {format}`",
            file.display()
        );
        assert!(!text.contains(PLANTED), "{format}");
        assert!(text.contains("PITON_TEST_TOKEN"), "{format}: where a secret is found is told");
        assert!(!text.contains("vault.service failed"), "{format}: no output of a command");
    }
}

#[test]
fn a_run_is_found_by_folder_and_by_file_and_told_as_markdown_without_a_format() {
    let folder = data("report/live");
    let file = folder.join("journal.jsonl");
    assert_eq!(printed(&["report", &folder.to_string_lossy()]), printed(&["report", &file.to_string_lossy()]));
    assert_eq!(printed(&["report", &folder.to_string_lossy()]), told(&folder, "md"));
}

#[test]
fn a_report_changes_nothing_where_it_reads() {
    let place = folder(|bytes| bytes.truncate(5_000));
    let before = fs::read(place.path().join("journal.jsonl")).unwrap();
    FORMATS.iter().for_each(|format| drop(told(place.path(), format)));
    let names: Vec<_> = fs::read_dir(place.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(names, ["journal.jsonl"]);
    assert_eq!(fs::read(place.path().join("journal.jsonl")).unwrap(), before);
}

#[test]
fn what_is_open_torn_or_broken_is_told_as_far_as_it_is_whole_and_says_so_at_the_top() {
    type Change = fn(&mut Vec<u8>);
    let cases: [(&str, Change, &[&str], usize); 4] = [
        ("open", |bytes| bytes.truncate(end_of_line(bytes, 20)), &["not closed", "waits to be resumed"], 20),
        ("torn", |bytes| bytes.truncate(end_of_line(bytes, 20) + 30), &["torn at line 21", "not closed"], 20),
        (
            "broken",
            |bytes| {
                let at = end_of_line(bytes, 20) - 5;
                bytes[at] ^= 1;
            },
            &["BROKEN at line 2"],
            19,
        ),
        ("newer tail", |bytes| bytes.extend_from_slice(b"{}\n"), &["BROKEN at line 46"], 45),
    ];
    for (name, change, words, count) in cases {
        let place = folder(change);
        for format in FORMATS {
            let text = told(place.path(), format);
            let head = text.find(if format == "html" {
                "<main>"
            } else if format == "md" {
                "| Run |"
            } else {
                "\"heading\""
            });
            let top = &text[..head.expect("it has a heading")];
            assert!(words.iter().all(|word| top.contains(word)), "{name} {format}: {top}");
        }
        let value: Value = serde_json::from_str(&told(place.path(), "json")).unwrap();
        let records = value["heading"]["record_count"].as_u64().unwrap();
        assert!(records.abs_diff(count as u64) <= 1, "{name}: {records}");
        assert_eq!(value["records"].as_array().unwrap().len() as u64, records, "{name}");
    }
}

#[test]
fn what_is_no_journal_is_an_error() {
    let home = tempfile::tempdir().unwrap();
    let empty = folder(Vec::clear);
    let other = folder(|bytes| *bytes = b"hello\nthere\n".to_vec());
    for (name, why) in [
        (empty.path().to_string_lossy(), "no whole record"),
        (other.path().to_string_lossy(), "is no journal of piton"),
        ("no-such-run".into(), "no run"),
        ("/dev/zero".into(), "device"),
    ] {
        let output = piton(home.path(), &["report", &name]);
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(1), "{name}: {told}");
        assert!(output.stdout.is_empty() && told.contains(why), "{name}: {told}");
    }
}

#[test]
fn a_file_elsewhere_is_not_looked_at_whatever_the_journal_names() {
    let place = tempfile::tempdir().unwrap();
    let run = place.path().join("run");
    fs::create_dir_all(run.join("output")).unwrap();
    fs::write(place.path().join("journal.jsonl"), b"stopped\n").unwrap();
    fs::write(run.join("journal.jsonl"), b"stopped\n").unwrap();
    symlink(place.path().join("journal.jsonl"), run.join("output/link")).unwrap();
    let pipe = run.join("output/pipe");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let elsewhere =
        ["../journal.jsonl", "/etc/hostname", "..", ".", "", "a/../link"].map(|name| (name, "not_looked_at"));
    // Something else in the place of the file is not followed either, and is not what was recorded.
    for (file, now) in elsewhere.into_iter().chain([("link", "differs"), ("pipe", "differs")]) {
        rechained(&run, "3.out", file);
        let value: Value = serde_json::from_str(&told(&run, "json")).unwrap();
        let kept = value["evidence"].as_array().unwrap().iter().find(|kept| kept["seq"] == 33).unwrap();
        assert_eq!(kept["now"], now, "{file}");
    }
}

/// Writes the golden journal into `run` with another text in place of one, its chain made anew.
fn rechained(run: &Path, from: &str, to: &str) {
    let mut lines: Vec<String> = Vec::new();
    let mut prev = "0".repeat(64);
    for line in fs::read_to_string(data("report/live/journal.jsonl")).unwrap().lines() {
        let mut record: Value = serde_json::from_str(line).unwrap();
        record["prev"] = prev.clone().into();
        let line = serde_json::to_string(&record).unwrap().replace(&format!("\"{from}\""), &format!("\"{to}\""));
        prev = piton::journal::sha256_hex(line.as_bytes());
        lines.push(line + "\n");
    }
    fs::write(run.join("journal.jsonl"), lines.concat()).unwrap();
}

#[test]
fn every_runbook_is_a_paper_with_all_its_steps_and_blanks() {
    let home = tempfile::tempdir().unwrap();
    let library = piton::library::Library::open(&[]).unwrap();
    for entry in library.entries() {
        let book = entry.runbook().expect("what is part of piton has no errors");
        for format in ["md", "html"] {
            let output = piton(home.path(), &["show", &entry.id, "--format", format]);
            assert_eq!(output.status.code(), Some(0), "{}", entry.id);
            let text = String::from_utf8(output.stdout).unwrap();
            if format == "md" {
                assert_markdown(&text)
            } else {
                assert_page(&text)
            };
            let phases = book.phases.iter().chain(book.rollbacks.iter().flat_map(|plan| &plan.phases));
            let steps = phases.map(|phase| phase.steps.len()).sum::<usize>();
            let blanks = if format == "md" {
                text.matches("| who | reading |").count()
            } else {
                text.matches(">Reading</th>").count()
            };
            assert_eq!(blanks, steps, "{} {format}: room to write for each step", entry.id);
            let cautions =
                book.phases.iter().flat_map(|phase| &phase.steps).map(|step| step.cautions.len()).sum::<usize>();
            assert!(
                text.matches("CAUTION").count() + text.matches("WARNING").count() + text.matches("NOTE").count()
                    >= cautions
            );
            for id in book.phases.iter().flat_map(|phase| &phase.steps).flat_map(|step| &step.source) {
                assert!(text.contains(id.as_str()), "{} {format}: {id}", entry.id);
            }
        }
    }
    let output = piton(home.path(), &["show", "no-such-runbook"]);
    assert_eq!(output.status.code(), Some(1));
}

#[test]
fn a_report_and_a_paper_say_who_did_it() {
    let records = records("journals/format-1-people.jsonl");
    let made = report(&records);
    let step = made.phases[1].steps.first().expect("it was walked");
    assert_eq!((step.doer.as_deref(), step.by.as_str()), (Some("the network team of prod-eu"), "maria@bastion"));
    for (form, text) in forms(&made) {
        let who = "the network team of prod-eu; said by maria@bastion";
        assert!(form == "json" || text.contains(who), "{form}: {text}");
        assert!(text.contains("it flows again (done by the network team of prod-eu)"), "{form}: {text}");
    }
    let (book, _) = piton::runbook::parse(&book_of(&records));
    let paper = piton::report::paper_markdown(&piton::report::paper(&book.expect("it is a runbook")));
    assert!(paper.contains("Done by the network team of \u{2039}run.site\u{203a}, not by the operator"), "{paper}");
}

#[test]
fn a_report_and_a_paper_say_what_was_to_be_watched_meanwhile() {
    let mut records = records("journals/format-1-people.jsonl");
    let piton::engine::Event::RunOpened(opened) = &mut records[0].event else { panic!("it was opened") };
    let guard = "[[guard]]\nid = \"dry\"\ntitle = \"The floor is dry\"\nholds = \"true\"\nwhy = \"It runs over.\"\n";
    let watched = opened.text.replacen("[[phase.step]]", "[[phase.step]]\nwatch = [\"dry\"]", 1);
    opened.text = watched.replacen("[[phase]]", &format!("{guard}\n[[phase]]"), 1);
    let made = report(&records);
    assert_eq!(made.phases[0].steps[0].watch, ["The floor is dry"]);
    for (form, text) in forms(&made) {
        let told = if form == "json" { "The floor is dry" } else { "to be watched meanwhile: The floor is dry" };
        assert!(text.contains(told), "{form}: {text}");
    }
    let (book, _) = piton::runbook::parse(&book_of(&records));
    let paper = piton::report::paper_markdown(&piton::report::paper(&book.expect("it is a runbook")));
    assert!(paper.contains("Meanwhile watch: The floor is dry."), "{paper}");
}

#[test]
fn a_report_and_a_paper_say_who_verified_what_and_what_nobody_did() {
    let records = records("journals/format-1-people.jsonl");
    let made = report(&records);
    let valve = made.phases[1].steps.last().expect("it was walked");
    assert_eq!(valve.verify.as_deref(), Some("independent"));
    assert_eq!(valve.verified.as_deref(), Some("verified independently by kim: the handle is across"));
    assert_eq!(
        made.releases.iter().map(|release| release.verifies.as_deref()).collect::<Vec<_>>(),
        [Some("peer"), Some("independent")]
    );
    for (form, text) in forms(&made) {
        assert!(text.contains("confirmed at the same moment by jo: it is open"), "{form}: {text}");
        assert!(form == "json" || text.contains("kim (independent verification)"), "{form}: {text}");
        assert!(!text.contains("NOT VERIFIED"), "{form}");
    }
    // As it stood before the second person came.
    let before = report(&records[..records.len() - 3]);
    for (form, text) in forms(&before) {
        assert!(form == "json" || text.contains("shut; NOT VERIFIED by a second person"), "{form}: {text}");
    }
    let (book, _) = piton::runbook::parse(&book_of(&records));
    let paper = piton::report::paper_markdown(&piton::report::paper(&book.expect("it is a runbook")));
    for line in
        ["A second person confirms it at the same moment. Name and", "Another person verifies it later, by looking"]
    {
        assert!(paper.contains(line), "{line}: {paper}");
    }
}

#[test]
fn a_report_tells_that_a_second_person_saw_something_else_as_a_deviation() {
    let records = records("journals/format-1-disputed.jsonl");
    let made = report(&records);
    let told: Vec<_> =
        made.deviations.iter().map(|one| (one.seq, one.way.as_str(), one.by.as_str(), one.reason.as_str())).collect();
    assert_eq!(
        told,
        [
            (6, "disputed", "maria@bastion", "jo saw something else: it is shut"),
            (13, "disputed", "maria@bastion", "Jo Döe saw something else: the handle is along the pipe"),
            (19, "disputed", "maria@bastion", "jo saw something else: the lock is open"),
        ]
    );
    let valve = &made.phases[0].steps[1];
    let walks: Vec<_> = valve.attempts.iter().map(|walk| walk.status.as_str()).collect();
    assert_eq!((valve.status.as_str(), &walks[..]), ("done", &["done", "failed", "done", "failed", "done"][..]));
    for (form, text) in forms(&made) {
        assert!(text.contains("DISPUTED"), "{form}: {text}");
        assert!(text.contains("by jo, who saw: the lock is open"), "{form}: {text}");
        assert!(text.contains("completed with deviations"), "{form}");
    }
    // As it stood while it was disputed: it does not look done.
    let before = report(&records[..19]);
    assert_eq!(before.phases[0].steps[1].status, "failed");
    for (form, text) in forms(&before) {
        assert!(text.contains("jo saw something else: the lock is open"), "{form}: {text}");
    }
}

#[test]
fn a_report_tells_what_nobody_verified_and_who_acted_while_piton_sensed() {
    let records = records("journals/format-1-waived.jsonl");
    let made = report(&records);
    let [waived] = &made.deviations[..] else { panic!("{:?}", made.deviations) };
    assert_eq!((waived.seq, waived.way.as_str(), waived.by.as_str()), (10, "waived", "maria@bastion"));
    let [open, valve] = &made.phases[0].steps[..] else { panic!("{:?}", made.phases) };
    assert_eq!(open.doer.as_deref(), Some("the gatekeeper"));
    assert_eq!((valve.status.as_str(), valve.said.as_str(), valve.verified.as_deref()), ("done", "shut", None));
    assert_eq!(valve.waived.as_deref(), Some("waived by maria@bastion: nobody is there until Monday"));
    assert!(made.never_verified.is_empty(), "that is said where it was waived");
    for (form, text) in forms(&made) {
        let is_json = form == "json";
        let told = "shut; NOT VERIFIED by a second person: waived by maria@bastion: nobody is there until Monday";
        assert!(is_json || text.contains(told), "{form}: {text}");
        assert!(is_json || text.contains("the gatekeeper; sensed by piton"), "{form}: {text}");
        assert!(text.contains("VERIFICATION WAIVED"), "{form}: {text}");
    }
    // So it was recorded before there was a record of its own for that.
    let mut old = records.clone();
    old[9].event = serde_json::from_str(
        r#"{"step_overridden":{"step":"all/valve","reason":"nobody is there until Monday","board":[]}}"#,
    )
    .expect("it is an event");
    let valve = report(&old).phases[0].steps[1].clone();
    assert_eq!((valve.status.as_str(), valve.said.as_str()), ("done", "shut"));
    assert_eq!(valve.waived.as_deref(), Some("waived by maria@bastion: nobody is there until Monday"));
    // The run went back before anybody came: nobody ever will.
    let mut back = records[..9].to_vec();
    back.push(piton::engine::Record {
        seq: 10,
        event: serde_json::from_str(r#"{"rollback_entered":{"plan":"undo","reason":"it was wrong","board":[]}}"#)
            .expect("it is an event"),
        ..records[9].clone()
    });
    let made = report(&back);
    assert_eq!(made.never_verified, ["all/valve"]);
    for (form, text) in forms(&made) {
        let told = if form == "json" { "\"never_verified\"" } else { "Done, and never verified by a second person: " };
        assert!(text.contains(told), "{form}: {text}");
    }
}

/// The text of the runbook that a journal holds.
fn book_of(records: &[piton::engine::Record]) -> String {
    match &records[0].event {
        piton::engine::Event::RunOpened(opened) => opened.text.clone(),
        other => panic!("it begins with its opening, not with {other:?}"),
    }
}
