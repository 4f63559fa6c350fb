//! `piton replay` in a real terminal: read only, whatever the journal holds, and the terminal is left as it was found.

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use piton::engine::{Event, Record, SignatureWatch};
use piton::journal::{Follower, Integrity, Journal, MAX_LINE_BYTES, RunDir, read_records, verify};

use crate::support::binary::Home;
use crate::support::pty::{Exit, Terminal};
use crate::support::runs;

const SOON: Duration = Duration::from_secs(20);
const LEFT: Exit = Exit { code: Some(0), signal: None };

const BOOK: &str = r#"
format = 1
id = "two-steps"
title = "Two steps"
revision = "1"
system = "vault"
summary = "A command, and something to be seen."
[[phase]]
id = "all"
title = "All of it"
[[phase.step]]
id = "status"
title = "Ask for the status"
run = ["vault", "status", "-address=http://127.0.0.1:1"]
timeout = "20s"
expect = { holds = ".exit != 77", why = "It must have run." }
[[phase.step]]
id = "seen"
title = "Look at it"
confirm = "What is there?"
"#;

/// A home with one practice run that was walked to its end.
fn walked() -> (Home, RunDir) {
    let home = Home::new();
    let book = home.path().join("two-steps.toml");
    std::fs::write(&book, BOOK).expect("the test's folder can be written to");
    let output = home.output(&["practice", &book.display().to_string(), "--autopilot", "--speed", "1000"]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let run = home.run();
    (home, run)
}

/// Every file below a folder with its content.
fn files(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).expect("an own folder") {
            let path = entry.expect("readable").path();
            if path.is_dir() {
                folders.push(path)
            } else {
                drop(found.insert(path.clone(), std::fs::read(&path).expect("an own file")))
            }
        }
    }
    found
}

fn leave(mut terminal: Terminal) {
    terminal.key("q");
    assert_eq!(terminal.wait_exit(SOON), LEFT, "{}", terminal.describe());
    terminal.assert_restored();
}

#[test]
fn a_practice_run_is_replayed_from_start_to_end_and_nothing_is_written() {
    let (home, run) = walked();
    let all = read_records(&run.journal_path()).expect("it was just written").0.len();
    let before = files(&home.state());
    for name in [run.id(), run.path().display().to_string(), run.journal_path().display().to_string()] {
        let terminal = home.terminal(&["replay", &name]).spawn();
        let first = terminal.wait_text(&format!("#1 of {all}"), SOON);
        assert!(first.contains(" REPLAY ") && first.contains(" intact ") && first.contains(" PRACTICE "), "{first}");
        terminal.type_text("++++++++++");
        terminal.wait_text("x1000", SOON);
        terminal.type_text(" ");
        let last = terminal.wait_text(&format!("#{all} of {all}"), SOON);
        assert!(last.contains("the run was closed: completed"), "{last}");
        terminal.key("home");
        terminal.wait_text(&format!("#1 of {all}"), SOON);
        // A click on the right end of the timeline.
        terminal.type_text("\x1b[<0;119;39M\x1b[<0;119;39m");
        terminal.wait_text(&format!("#{all} of {all}"), SOON);
        leave(terminal);
    }
    assert!(files(&home.state()) == before, "a replay wrote something");
}

#[test]
fn the_output_is_read_again_and_a_changed_one_is_told() {
    let (home, run) = walked();
    let (records, _) = read_records(&run.journal_path()).expect("it was just written");
    let ended = |record: &Record| match &record.event {
        Event::CommandFinished { output: Some(output), .. } => Some((record.seq, output.file.clone())),
        _ => None,
    };
    let (seq, file) = records.iter().find_map(ended).expect("a command has ended");
    let at = seq.to_string();
    let start = || home.terminal(&["replay", &run.id(), "--at", &at]).spawn();
    let terminal = start();
    terminal.wait_text("as recorded", SOON);
    leave(terminal);
    // A copy of the journal is no journal of that folder, wherever it lies.
    let copy = run.path().join("copy.jsonl");
    std::fs::copy(run.journal_path(), &copy).expect("an own file");
    let terminal = home.terminal(&["replay", &copy.display().to_string(), "--at", &at]).spawn();
    terminal.wait_text("NOT BESIDE this file", SOON);
    leave(terminal);
    let path = run.output_dir().join(file);
    let mut bytes = std::fs::read(&path).expect("it was kept");
    bytes[0] ^= 1;
    std::fs::write(&path, bytes).expect("an own file");
    let terminal = start();
    terminal.wait_text("CHANGED since it was recorded", SOON);
    leave(terminal);
    std::fs::remove_file(&path).expect("an own file");
    let terminal = start();
    terminal.wait_text("NOT THERE any more", SOON);
    leave(terminal);
}

#[test]
fn a_broken_journal_is_replayed_as_far_as_it_is_whole_and_others_are_refused_with_a_reason() {
    let (home, run) = walked();
    let whole = std::fs::read(run.journal_path()).expect("it was just written");
    let lines: Vec<&[u8]> = whole.split_inclusive(|byte| *byte == b'\n').collect();
    let place = home.path().join("kept");
    let write = |bytes: &[u8]| {
        std::fs::create_dir_all(&place).expect("the test's folder can be written to");
        let path = place.join("journal.jsonl");
        std::fs::write(&path, bytes).expect("the test's folder can be written to");
        path.display().to_string()
    };
    let first = lines[..5].concat();
    let changed = [&lines[..5].concat()[..], &lines[6..].concat()].concat();
    let torn = [&first[..], b"{\"seq\":6,\"at\":\"2026"].concat();
    let controls = [&first[..], b"\x1b[2J\x1b]0;gone\x07{\"seq\":6}\n"].concat();
    let mut huge = [&first[..], b"\""].concat();
    huge.resize(huge.len() + MAX_LINE_BYTES + 9, b'x');
    huge.push(b'\n');
    for (bytes, title) in [
        (changed, "BROKEN at line 6"),
        (torn, "torn at line 6"),
        (controls, "BROKEN at line 6"),
        (huge, "BROKEN at line 6"),
        (first.clone(), "intact, open"),
    ] {
        let path = write(&bytes);
        for size in [(24, 80), (40, 120)] {
            let terminal = home.terminal(&["replay", &path]).size(size.0, size.1).spawn();
            let is_begin = |screen: &str| screen.contains(title) && screen.contains("#1 of 5");
            terminal.wait_for(title, SOON, is_begin);
            terminal.key("end");
            terminal.wait_for("the last good record", SOON, |screen| {
                screen.contains("#5 of 5") || screen.contains("! broken at line") || screen.contains("torn write")
            });
            leave(terminal);
        }
    }
    for (bytes, told) in [
        (&b""[..], "holds no whole record"),
        (b"\x1b[2J\n", "is no journal of piton"),
        (b"{\"prev\":\"\",\"event\":{}}\n", "is broken at line 1"),
        (b"{\"seq\":1}", "holds no whole record"),
    ] {
        let path = write(bytes);
        let mut terminal = home.terminal(&["replay", &path]).spawn();
        assert_eq!(terminal.wait_exit(SOON).code, Some(1), "{}", terminal.describe());
        let screen = terminal.screen().replace('\n', "");
        assert!(screen.contains(told), "{}", terminal.describe());
        terminal.assert_restored();
    }
    let mut terminal = home.terminal(&["replay", &write(&first), "--at", "6"]).spawn();
    assert_eq!(terminal.wait_exit(SOON).code, Some(2));
    let output = home.output(&["replay", &run.id()]);
    assert_eq!(output.status.code(), Some(2), "without a terminal nothing is shown: {output:?}");
}

/// A folder that may not be written to is no hindrance, and neither is somebody who holds the run.
#[test]
fn a_run_that_goes_on_is_followed_record_by_record() {
    let place = tempfile::tempdir().expect("a folder can be made");
    let home = Home::new();
    let state = home.state();
    std::fs::create_dir_all(&state).expect("an own folder");
    let (dir, mut journal, opened) = runs::begin(&state);
    drop(place);
    // The head that other tests use holds no whole runbook.
    let _ = opened;
    journal.append(runs::at(10), "maria@bastion", vec![runs::note("first")]).expect("it can be written to");
    let path = dir.journal_path();
    let found = verify(&path).expect("it was just written");
    let mut follower = Follower::after(&path, &found, SignatureWatch::default());
    assert!(follower.more().expect("it can be read").records.is_empty());
    std::fs::set_permissions(dir.path(), std::fs::Permissions::from_mode(0o500)).expect("an own folder");
    for number in 3..40_u64 {
        let text = format!("remark {number}");
        journal
            .append(runs::at(number as i64 * 10), "maria@bastion", vec![runs::note(&text)])
            .expect("it can be written to");
        let more = follower.more().expect("it can be read");
        assert!(more.damage.is_none() && more.records.len() == 1 && more.records[0].seq == number, "{more:?}");
        assert!(follower.more().expect("it can be read").records.is_empty());
    }
    assert!(!follower.is_over());
    std::fs::set_permissions(dir.path(), std::fs::Permissions::from_mode(0o700)).expect("an own folder");
}

/// However a line comes, in whatever pieces, it is taken when it is whole, and what follows it too.
#[test]
fn a_follower_takes_whole_lines_only_and_tells_damage() {
    let place = tempfile::tempdir().expect("a folder can be made");
    let dir = runs::journal_of(place.path(), 6);
    let whole = std::fs::read(dir.journal_path()).expect("it was just written");
    let path = place.path().join("growing.jsonl");
    let ends: Vec<usize> = (1..=whole.len()).filter(|end| whole[end - 1] == b'\n').collect();
    let begin = ends[1];
    std::fs::write(&path, &whole[..begin]).expect("the test's folder can be written to");
    let (records, found) = read_records(&path).expect("it can be read");
    let mut follower = Follower::after(&path, &found, SignatureWatch::default());
    let mut taken = records.len();
    for end in begin..=whole.len() {
        std::fs::write(&path, &whole[..end]).expect("the test's folder can be written to");
        let more = follower.more().expect("it can be read");
        assert!(more.damage.is_none(), "{more:?}");
        taken += more.records.len();
        assert_eq!(taken, ends.iter().filter(|line| **line <= end).count(), "at byte {end}");
    }
    let append = |bytes: &[u8]| std::fs::write(&path, [&whole[..], bytes].concat()).expect("the test's folder");
    append(&whole[ends[4]..]);
    let more = follower.more().expect("it can be read");
    assert!(matches!(more.damage, Some(Integrity::Damaged { line: 7, .. })), "{more:?}");
    assert!(follower.is_over() && follower.more().expect("it can be read").damage.is_none(), "it is told once");
    let mut follower = Follower::after(&path, &verify(&dir.journal_path()).expect("whole"), SignatureWatch::default());
    std::fs::write(&path, &whole[..begin]).expect("the test's folder can be written to");
    let more = follower.more().expect("it can be read");
    assert!(matches!(&more.damage, Some(Integrity::Damaged { what, .. }) if what.contains("shorter")), "{more:?}");
}

#[test]
fn a_replay_follows_a_run_and_stays_where_the_reader_has_gone_back() {
    let (home, run) = walked();
    // The same run as it stood in the middle, which another writer now takes to its end.
    let (records, _) = read_records(&run.journal_path()).expect("it was just written");
    let whole = std::fs::read(run.journal_path()).expect("it was just written");
    let lines: Vec<&[u8]> = whole.split_inclusive(|byte| *byte == b'\n').collect();
    let cut = records.len() - 4;
    std::fs::write(run.journal_path(), lines[..cut].concat()).expect("an own file");
    let terminal = home.terminal(&["replay", &run.id(), "--follow"]).spawn();
    terminal.wait_text(&format!("#{cut} of {cut}"), SOON);
    terminal.wait_text("following", SOON);
    let opened = Journal::open(&run, &runs::holder()).expect("nobody holds it");
    let mut journal = opened.journal;
    let last = journal.last_at();
    journal.append(last, "maria@bastion", vec![runs::note("seen from the other side")]).expect("it can be written to");
    terminal.wait_text("note: seen from the other side", SOON);
    terminal.key("left");
    terminal.wait_text(&format!("#{cut} of {}", cut + 1), SOON);
    let rest = records[cut..].iter().map(|record| record.event.clone()).collect();
    journal.append(last, &records.last().expect("it is closed").by, rest).expect("it can be written to");
    terminal.wait_text(&format!("#{cut} of {}", records.len() + 1), SOON);
    terminal.key("end");
    terminal.wait_text("the run was closed: completed", SOON);
    leave(terminal);
}

#[test]
fn the_journals_tell_how_each_run_went_and_one_is_opened_from_their_screen() {
    let (home, _) = walked();
    let listed = home.output(&["journals", "--json"]);
    let told: serde_json::Value = serde_json::from_slice(&listed.stdout).expect("one run, one line of JSON");
    assert_eq!(told["outcome"], "completed");
    assert_eq!(told["integrity"], "intact");
    assert_eq!(told["sittings"], 1);
    assert!(told["duration_ms"].is_u64() && told["deviations"] == 0, "{told}");
    let printed = home.output(&["journals"]);
    let line = String::from_utf8(printed.stdout).expect("it is text");
    for part in ["completed", "0 deviations", "1 sitting", "maria"] {
        assert!(line.contains(part), "{part}: {line}");
    }
    let terminal = home.terminal(&[]).spawn();
    terminal.wait_text("J all runs", SOON);
    terminal.type_text("J");
    terminal.wait_text("1 run", SOON);
    terminal.type_text("/completed");
    terminal.wait_text("1 of 1 run", SOON);
    terminal.key("enter");
    terminal.wait_text("enter replay", SOON);
    terminal.key("enter");
    // A frame may come in pieces: its first and its last row are waited for.
    terminal.wait_for("the replay", SOON, |screen| screen.contains(" REPLAY ") && screen.contains("space play"));
    terminal.key("esc");
    terminal.wait_for("the list", SOON, |screen| screen.contains("piton  journals") && screen.contains("enter replay"));
    leave(terminal);
}

#[test]
fn a_recording_of_the_screens_plays_in_asciinema_and_ends_as_the_replay_does() {
    let (home, run) = walked();
    let all = read_records(&run.journal_path()).expect("it was just written").0;
    let output = home.output(&["report", &run.id(), "--format", "cast", "--size", "100x30"]);
    assert!(output.status.success(), "{output:?}");
    let text = String::from_utf8(output.stdout).expect("it is text");
    let lines: Vec<serde_json::Value> = text.lines().map(|line| serde_json::from_str(line).expect(line)).collect();
    assert_eq!((&lines[0]["version"], &lines[0]["width"], &lines[0]["height"]), (&2.into(), &100.into(), &30.into()));
    let times: Vec<f64> = lines[1..].iter().map(|line| line[0].as_f64().expect("a time")).collect();
    assert!(times.is_sorted() && lines.len() > all.len() / 2, "{times:?}");
    let lasted = all[all.len() - 1].at.since(all[0].at).as_secs_f64();
    assert!(times.iter().any(|at| (at - lasted).abs() < 0.001), "the last record has its own time: {lasted} {times:?}");
    let file = home.path().join("run.cast");
    std::fs::write(&file, text).expect("the test's folder can be written to");
    let modules = crate::support::debian::unpacked("asciinema").join("usr/lib/python3/dist-packages");
    let args = ["-m", "asciinema", "play", "-s", "1000", "-i", "0.01", &file.display().to_string()];
    let player = crate::support::pty::Start::new("python3", &args).size(30, 100);
    let mut player = player
        .with(|command| {
            command.env("PYTHONPATH", &modules).env("LC_ALL", "C.UTF-8");
        })
        .spawn();
    assert_eq!(player.wait_exit(SOON), LEFT, "{}", player.describe());
    let played = player.screen();
    let terminal = home.terminal(&["replay", &run.id()]).size(30, 100).spawn();
    for number in 1..=all.len() {
        terminal.wait_text(&format!("#{number} of {}", all.len()), SOON);
        terminal.key(if number < all.len() { "right" } else { "end" });
    }
    terminal.wait_text("as recorded", SOON);
    let replayed = terminal.settled();
    assert_eq!(played.lines().collect::<Vec<_>>(), replayed.lines().collect::<Vec<_>>());
    leave(terminal);
}

#[test]
fn a_recording_holds_no_sequence_but_those_of_the_screens_and_is_refused_at_an_odd_size() {
    let (home, run) = walked();
    for size in ["79x24", "80x23", "301x40", "80x101", "80", "x", "80x24x3", "-1x24"] {
        let output = home.output(&["report", &run.id(), "--format", "cast", &format!("--size={size}")]);
        assert_eq!(output.status.code(), Some(2), "{size}: {output:?}");
    }
    let output =
        home.output(&["report", &run.id(), "--format", "cast", "--theme", "mono", "--ascii", "--size", "80x24"]);
    let text = String::from_utf8(output.stdout).expect("it is text");
    for line in text.lines().skip(1) {
        let event: serde_json::Value = serde_json::from_str(line).expect(line);
        let drawn = event[2].as_str().expect("what is drawn");
        let mut rest = drawn;
        while let Some(at) = rest.find('\u{1b}') {
            let sequence = &rest[at + 1..];
            let end = sequence.find(|c: char| c.is_ascii_alphabetic()).expect("it has an end");
            assert!(sequence.starts_with('[') && "HJmhl".contains(&sequence[end..=end]), "{sequence:?}");
            rest = &sequence[end + 1..];
        }
        assert!(drawn.replace('\u{1b}', "").chars().all(|c| !c.is_control()), "{drawn:?}");
    }
}

/// A key, and a list of signers with it where piton looks for one.
fn key_of(home: &Home, name: &str) -> String {
    let key = home.path().join("key").display().to_string();
    let mut keygen = std::process::Command::new("ssh-keygen");
    let made = keygen.args(["-q", "-t", "ed25519", "-N", "", "-f", &key]).status();
    assert!(made.expect("ssh-keygen is needed: install Debian's openssh-client").success());
    let public = std::fs::read_to_string(format!("{key}.pub")).expect("it was just made");
    let folder = home.path().join(".config/piton");
    std::fs::create_dir_all(&folder).expect("the test's folder can be written to");
    std::fs::write(folder.join("allowed_signers"), format!("{name} {public}")).expect("an own folder");
    key
}

#[test]
fn who_signed_and_what_the_reviewer_said_stands_in_the_title_and_is_read_in_full() {
    let (home, run) = walked();
    let all = read_records(&run.journal_path()).expect("it was just written").0.len();
    let (id, key) = (run.id(), key_of(&home, "maria@example.org"));
    for args in [
        &["sign", &id, "--key", &key][..],
        &["review", &id, "--comment", "why so late?", "--record", "3"],
        &["review", &id, "--verdict", "remarks", "--why", "see record 3"],
    ] {
        let output = home.output(args);
        assert!(output.status.success(), "{args:?}: {output:?}");
    }
    let terminal = home.terminal(&["replay", &id]).spawn();
    // The reviewer is the operator, and signed nothing of it.
    terminal.wait_text("good: maria@example...·remarks own unproven", SOON);
    terminal.type_text("r");
    let at = terminal.wait_text(&format!("#3 of {all}"), SOON);
    assert!(at.contains("R maria: why so late?"), "{at}");
    terminal.type_text("i");
    terminal.wait_text("accepted with remarks as it stood", SOON);
    leave(terminal);
    // From the list, where only what the list knows is said; and once a line is missing.
    let terminal = home.terminal(&[]).spawn();
    terminal.wait_text("runbooks", SOON);
    terminal.type_text("J");
    terminal.wait_text("SR: good: maria@example.org", SOON);
    terminal.type_text("q");
    let whole = std::fs::read_to_string(run.journal_path()).expect("it was written");
    let cut: String = whole.split_inclusive('\n').take(all - 1).collect();
    std::fs::write(run.journal_path(), cut).expect("an own file");
    let terminal = home.terminal(&["replay", &id]).spawn();
    let shown = terminal.wait_text("BAD signature", SOON);
    assert!(!shown.contains("good") && shown.contains("BAD review"), "{shown}");
    leave(terminal);
}

/// A journal made anew with another size of the first output that was kept; the record of that output.
fn with_output_of(run: &RunDir, bytes: u64) -> (u64, PathBuf) {
    let (mut records, _) = read_records(&run.journal_path()).expect("it was just written");
    let mut found = None;
    for record in &mut records {
        if let Event::CommandFinished { output: Some(output), .. } = &mut record.event {
            output.bytes = bytes;
            found = Some((record.seq, run.output_dir().join(&output.file)));
            break;
        }
    }
    let (mut text, mut prev) = (Vec::new(), records[0].prev.clone());
    for mut record in records {
        record.prev = prev;
        let line = serde_json::to_vec(&record).expect("a record is plain data");
        prev = piton::journal::sha256_hex(&line);
        text.extend([line, b"\n".to_vec()].concat());
    }
    std::fs::write(run.journal_path(), text).expect("an own file");
    found.expect("a command has ended")
}

#[test]
fn leaving_does_not_wait_for_a_large_file_that_is_still_being_hashed() {
    // Nothing lies in it, and yet hashing it takes a minute and more.
    const BYTES: u64 = 256 * 1024 * 1024 * 1024;
    let (home, run) = walked();
    let (seq, file) = with_output_of(&run, BYTES);
    std::fs::File::create(&file).and_then(|file| file.set_len(BYTES)).expect("a file with a hole takes no room");
    let mut terminal = home.terminal(&["replay", &run.id(), "--at", &seq.to_string()]).spawn();
    terminal.wait_text(&format!("#{seq} of "), SOON);
    // It has begun to be read once the screen that asked for it is there; another key is taken meanwhile.
    terminal.key("right");
    terminal.wait_text(&format!("#{} of ", seq + 1), SOON);
    terminal.key("q");
    assert_eq!(terminal.wait_exit(Duration::from_secs(5)), LEFT, "{}", terminal.describe());
    terminal.assert_restored();
}

#[test]
fn a_run_that_is_killed_while_it_is_followed_is_not_said_to_run_any_more() {
    let home = Home::new();
    let book = home.path().join("two-steps.toml");
    std::fs::write(&book, BOOK).expect("the test's folder can be written to");
    let walk = ["practice", &book.display().to_string(), "--plain", "--speed", "1"].map(str::to_owned);
    let mut walker = home.terminal(&walk.each_ref().map(String::as_str)).spawn();
    walker.wait_text("PRACTICE> ", SOON);
    let run = home.run();
    let follower = home.terminal(&["replay", &run.id(), "--follow"]).spawn();
    follower.wait_text("intact, still running", SOON);
    // A copy of the journal is no journal of that folder: nobody goes on with it.
    let copy = run.path().join("copy.jsonl");
    std::fs::copy(run.journal_path(), &copy).expect("an own file");
    let of_copy = home.terminal(&["replay", &copy.display().to_string(), "--follow"]).spawn();
    let shown = of_copy.wait_text("intact, ", SOON);
    assert!(shown.contains("intact, open"), "{shown}");
    leave(of_copy);
    walker.kill();
    walker.wait_exit(SOON);
    let shown = follower.wait_text("intact, open", SOON);
    assert!(!shown.contains("still running"), "{shown}");
    leave(follower);
}
