//! Archives and prunes where odd things lie in the way: pipes, links, full disks, damage, and a crash in the middle.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;

use piton::engine::{Counts, Event, Mode, Outcome};
use piton::journal::{Journal, Lock, RunDir, Store, sha256_hex};
use piton::keeping::{Keeper, KeepingEvent};
use piton::runbook::RunbookId;

use super::kept::Stage;
use crate::support::binary::PITON;
use crate::support::runs::{at, head, holder, journal_of};

const ALL: [&str; 6] = ["journals", "prune", "--keep", "0", "--live", "--unverified"];

/// What a shell says that runs `script` with piton as `$P`, and its status; 124 when it does not end by itself.
fn shell(stage: &Stage, script: &str) -> (i32, String) {
    let mut command = Command::new("timeout");
    command.args(["20", "sh", "-c", script]).env("P", PITON);
    stage.home.settle(&mut command);
    let output = command.output().expect("there is a shell");
    let said = [output.stdout, output.stderr].map(|said| String::from_utf8_lossy(&said).into_owned()).concat();
    (output.status.code().unwrap_or(-1), said)
}

fn practise(stage: &Stage) -> RunDir {
    let before = stage.names();
    let (status, said) = stage.piton(&["practice", "vault-single-upgrade", "--autopilot"]);
    assert_eq!(status, 0, "{said}");
    stage.home.runs().into_iter().find(|run| !before.contains(&run.id())).unwrap()
}

fn make_newer(dir: &RunDir) {
    let text = fs::read_to_string(dir.journal_path()).unwrap();
    fs::write(dir.journal_path(), text.replacen("\"format\":1", "\"format\":2", 1)).unwrap();
}

#[test]
fn a_live_run_that_is_not_known_to_be_closed_never_goes_and_nothing_of_a_newer_format() {
    let stage = Stage::new();
    let runs: Vec<RunDir> = (0..5).map(|_| stage.live(false)).collect();
    let text = fs::read_to_string(runs[0].journal_path()).unwrap();
    fs::write(runs[0].journal_path(), text.replacen("maria", "mario", 2)).unwrap();
    fs::write(runs[1].journal_path(), "").unwrap();
    make_newer(&runs[2]);
    fs::remove_file(runs[3].journal_path()).unwrap();
    // In the wrong folder, but its record says what it is.
    let moved = stage.home.state().join("practice").join(runs[4].id());
    fs::create_dir_all(moved.parent().unwrap()).unwrap();
    fs::rename(runs[4].path(), &moved).unwrap();
    let newer = practise(&stage);
    make_newer(&newer);
    // Its record says practice, but it lies where live runs lie.
    let strayed = practise(&stage);
    let text = fs::read_to_string(strayed.journal_path()).unwrap();
    let astray = stage.home.state().join("runs").join(strayed.id());
    fs::rename(strayed.path(), &astray).unwrap();
    fs::write(astray.join("journal.jsonl"), text.lines().take(3).map(|line| format!("{line}\n")).collect::<String>())
        .unwrap();
    let (status, said) = stage.piton(&ALL);
    assert!(status == 1 && said.contains("0 went, 7 stay that would have to go"), "{said}");
    let left: Vec<&Path> = runs[..4].iter().map(RunDir::path).chain([&*moved, newer.path(), &*astray]).collect();
    assert!(left.iter().all(|path| path.exists()), "{said}");
    assert!(said.contains("format 2") && said.contains("whether it is closed cannot be told"), "{said}");
}

#[test]
fn a_damaged_live_run_goes_only_by_its_whole_name_and_with_a_reason_that_is_written_down() {
    let stage = Stage::new();
    let runs: Vec<RunDir> = (0..6).map(|_| stage.live(false)).collect();
    let [broken, empty, open, torn, other, newer] = &runs[..] else { panic!("they are six") };
    for dir in [broken, other] {
        let text = fs::read_to_string(dir.journal_path()).unwrap();
        fs::write(dir.journal_path(), text.replacen("maria", "mario", 2)).unwrap();
    }
    fs::write(empty.journal_path(), "").unwrap();
    let text = fs::read_to_string(torn.journal_path()).unwrap();
    fs::write(torn.journal_path(), &text[..text.len() - 5]).unwrap();
    make_newer(newer);
    let prune = |name: &str, more: &[&str]| {
        stage.piton(&[&["journals", "prune", "--damaged", name, "--reason", "the disk broke"], more].concat())
    };
    for bad in [
        vec!["journals", "prune", "--damaged", "x"],
        vec!["journals", "prune", "--damaged", "x", "--reason", " "],
        vec!["journals", "prune", "--damaged", "x", "--reason", "y", "--keep", "0"],
        vec!["journals", "prune", "--keep", "0", "--reason", "y"],
    ] {
        assert_eq!(stage.piton(&bad).0, 2, "{bad:?}");
    }
    let (status, said) = stage.piton(&ALL);
    assert!(status == 1 && said.contains("--damaged with its name lets it go"), "{said}");
    let (status, said) = prune(&broken.id()[..broken.id().len() - 1], &[]);
    assert!(status == 1 && said.contains("--damaged wants the whole name"), "{said}");
    let (status, said) = prune(&broken.id(), &["--dry-run"]);
    assert!(status == 0 && broken.path().exists() && said.contains("1 would go"), "{said}");
    let (status, said) = prune(&broken.id(), &["--damaged", &empty.id()]);
    assert!(status == 0 && said.contains("2 went, 4 stay"), "{said}");
    assert!(!broken.path().exists() && !empty.path().exists() && other.path().exists());
    for (dir, why) in [(open, "`piton resume` goes on with it"), (torn, "torn its last line"), (newer, "newer piton")] {
        let (status, said) = prune(&dir.id(), &[]);
        assert!(status == 1 && dir.path().exists() && said.contains(why), "{said}");
    }
    let (status, said) = stage.piton(&["journals", "--gone"]);
    let told =
        "one of the two was changed, so record 1 is doubtful, not found whole; named as damaged: the disk broke)";
    assert!(status == 0 && said.contains("DAMAGED at line 2") && said.contains(told), "{said}");
    assert!(said.contains(&format!("deleted {} (live", empty.id())), "{said}");
}

#[test]
fn an_archive_touches_no_other_file_and_errors_tell_what_was_typed() {
    let stage = Stage::new();
    let dir = stage.live(true);
    let (path, file) = stage.file("run.tar");
    let theirs = path.with_file_name("run.tar.new");
    fs::write(&theirs, "theirs").unwrap();
    let (status, said) = stage.piton(&["journals", "archive", &dir.id(), &file]);
    assert_eq!((status, fs::read(&theirs).unwrap().as_slice()), (0, b"theirs".as_slice()), "{said}");
    let names = fs::read_dir(stage.home.path()).unwrap().map(|entry| entry.unwrap().file_name());
    let names: Vec<String> = names.map(|name| name.into_string().unwrap()).filter(|name| name != "state").collect();
    assert_eq!(names.len(), 2, "{names:?}");
    let (_, nowhere) = stage.file("none/run.tar");
    let (status, said) = stage.piton(&["journals", "archive", &dir.id(), &nowhere]);
    assert!(status == 1 && said.contains(&format!("{nowhere}: ")), "{said}");
    for within in [dir.path().join("run.tar"), dir.path().join("signatures/../run.tar")] {
        fs::create_dir_all(dir.path().join("signatures")).unwrap();
        let (status, said) = stage.piton(&["journals", "archive", &dir.id(), &within.to_string_lossy()]);
        assert!(status == 1 && said.contains("the run's own folder") && !within.exists(), "{said}");
    }
}

#[test]
fn a_pipe_or_a_link_in_the_place_of_a_journal_is_not_waited_for_and_is_told() {
    let stage = Stage::new();
    let (piped, linked, whole) = (practise(&stage), practise(&stage), practise(&stage));
    let theirs = stage.home.path().join("theirs.jsonl");
    fs::rename(linked.journal_path(), &theirs).unwrap();
    symlink(&theirs, linked.journal_path()).unwrap();
    fs::remove_file(piped.journal_path()).unwrap();
    let script = format!("mkfifo {}", piped.journal_path().display());
    assert_eq!(shell(&stage, &script).0, 0);
    for dir in [&piped, &linked] {
        let (id, path) = (dir.id(), dir.path().display().to_string());
        for typed in [
            format!("journals archive {id} {}/x.tar", stage.home.path().display()),
            format!("report {id}"),
            format!("debrief {id}"),
            format!("diff {id} {}", whole.id()),
            format!("verify {id}"),
            format!("verify {path}"),
            format!("report {id} --format cast"),
            format!("review {id} --comment x"),
        ] {
            let (status, said) = shell(&stage, &format!("exec \"$P\" {typed}"));
            // To diff, 1 is that two runs differ.
            let failed = if typed.starts_with("diff") { 2 } else { 1 };
            assert!(status == failed && said.contains(&format!("{id}/journal.jsonl: ")), "{typed}: {status} {said}");
        }
        assert_ne!(shell(&stage, &format!("exec \"$P\" sign {id} --as operator < /dev/null")).0, 124);
    }
    let (status, said) = shell(&stage, "exec \"$P\" journals prune --keep 0");
    assert!(status == 1 && said.contains("1 went") && !said.contains("meanwhile"), "{said}");
    assert_eq!(said.matches("is not a plain file").count(), 2, "{said}");
    // What was typed may be either, as ever.
    let good = theirs.display();
    let (status, said) = shell(&stage, &format!("mkfifo p; cat {good} > p & \"$P\" verify p; rm p"));
    assert!(status == 0 && said.contains("p: whole, closed: completed"), "{said}");
    let (status, said) = shell(&stage, &format!("exec \"$P\" verify {}", linked.journal_path().display()));
    assert!(status == 0 && said.contains(": whole, closed: "), "{said}");
}

#[test]
fn a_text_of_any_length_makes_no_line_that_is_then_called_damaged() {
    let stage = Stage::new();
    let dir = Store::open(stage.home.state()).begin(Mode::Live, at(0), "long").unwrap();
    let head = piton::engine::RunOpened { runbook: RunbookId::new("\u{1}ö".repeat(20_000)), ..head(&dir.id()) };
    let (mut journal, _) = Journal::create(&dir, &holder(), at(0), "maria@bastion", head).unwrap();
    let (outcome, reason, counts) = (Outcome::Completed, String::new(), Counts::default());
    journal.append(at(1), "maria@bastion", vec![Event::RunClosed { outcome, reason, counts }]).unwrap();
    drop(journal);
    let (status, said) = stage.piton(&["journals", "prune", "--keep", "0", "--live"]);
    assert!(status == 0 && said.contains("1 went"), "{said}");
    let (status, said) = stage.piton(&["journals", "--gone"]);
    assert!(status == 0 && said.contains(&dir.id()) && said.contains("whole records=2"), "{said}");
    let text = fs::read_to_string(stage.home.state().join("keeping.jsonl")).unwrap();
    assert!(text.contains("(cut: ") && text.lines().all(|line| line.len() < 64 * 1024), "it is said to be cut");
}

#[test]
fn what_a_crash_left_of_a_deleted_run_is_in_no_list_and_the_next_prune_finishes_it() {
    let stage = Stage::new();
    let (dir, other) = (stage.live(true), stage.live(true));
    let state = stage.home.state();
    let journals = [&dir, &other].map(|dir| fs::read(dir.journal_path()).unwrap());
    assert_eq!(stage.piton(&ALL).0, 0);
    let aside = |dir: &RunDir| state.join("runs").join(format!(".pruned-{}", dir.id()));
    let (left, changed) = (aside(&dir), aside(&other));
    let foreign = state.join("practice/.pruned-2026-11-20-vault-2222");
    for (folder, journal) in [(&left, &journals[0]), (&changed, &journals[0]), (&foreign, &journals[1])] {
        fs::create_dir_all(folder.join("output")).unwrap();
        fs::write(folder.join("journal.jsonl"), journal).unwrap();
    }
    let (status, said) = stage.piton(&["journals"]);
    assert!(status == 0 && !said.contains(".pruned-"), "{said}");
    let (status, said) = stage.piton(&["journals", "prune", "--keep", "9", "--dry-run"]);
    assert!(left.exists() && said.contains(&format!("would go  {} would be deleted to its end", dir.id())), "{said}");
    let told = "stays  .pruned-2026-11-20-vault-2222: nowhere is written down";
    assert!(status == 1 && said.contains(told) && said.contains("1 stays that would have to go"), "{said}");
    let (status, said) = stage.piton(&["journals", "prune", "--keep", "9"]);
    assert!(!left.exists() && said.contains(&format!("{} is now deleted to its end", dir.id())), "{said}");
    // What nobody wrote down is not deleted.
    assert!(status == 1 && foreign.exists() && said.contains(".pruned-2026-11-20-vault-2222"), "{said}");
    // Neither what is not what was written down.
    assert!(changed.exists() && said.contains("is not the one that was written down"), "{said}");
    // The last word on a run is true.
    let (_, said) = stage.piton(&["journals", "--gone"]);
    let last = said.lines().rfind(|line| line.contains(&dir.id())).unwrap();
    assert!(last.contains("deleted what was left of"), "{said}");
    // Where the journal went first, the rest goes, too.
    fs::remove_file(changed.join("journal.jsonl")).unwrap();
    assert!(stage.piton(&["journals", "prune", "--keep", "9"]).0 == 1 && !changed.exists());
}

#[test]
fn whoever_prunes_keeps_others_off_before_the_runs_are_listed() {
    let stage = Stage::new();
    let dir = stage.live(true);
    let lock = Lock::take(&stage.home.state().join("keeping.lock"), &holder()).unwrap();
    let (status, said) = stage.piton(&["journals", "prune", "--keep", "9"]);
    assert!(status == 1 && said.contains("in use elsewhere") && said.contains("keeping.lock"), "{said}");
    drop(lock);
    let (status, said) = stage.piton(&["journals", "prune", "--keep", "9"]);
    assert!(status == 0 && dir.path().exists(), "{said}");
    assert!(!stage.home.state().join("keeping.jsonl").exists(), "nothing went, and nothing is written down");
}

#[test]
fn a_run_that_was_written_down_twice_is_one_run_and_a_limit_of_files_is_told() {
    let stage = Stage::new();
    let dir = stage.live(true);
    let state = stage.home.state();
    let mut keeper = Keeper::open(&state, &holder()).unwrap();
    for _ in 0..20 {
        let (run, head) = ("2026-11-20-vault-2222".to_owned(), "ab".repeat(32));
        let (mode, runbook, standing) = ("live".to_owned(), "vault".to_owned(), "completed".to_owned());
        let (opened_at, last_at, why) = (None, None, "beyond the latest".to_owned());
        let is_verified = true;
        let event = KeepingEvent::Pruned {
            run,
            mode,
            runbook,
            standing,
            opened_at,
            last_at,
            records: 3,
            head,
            is_verified,
            why,
            beside: None,
        };
        keeper.write(at(0), event).unwrap();
    }
    drop(keeper);
    let (status, said) = stage.piton(&["journals"]);
    assert!(status == 0 && said.contains("1 deleted, 0 archived"), "{said}");
    // Nobody may write more than 4 KiB into a file: the system's signal for that is no end without a word.
    let (status, said) = shell(&stage, "ulimit -f 8; exec \"$P\" journals prune --keep 0 --live");
    assert!(status == 1 && said.contains("keeping.jsonl: ") && said.contains("make room"), "{status}: {said}");
    assert!(dir.path().exists(), "what cannot be written down stays");
}

/// An archive of these files, with a list of sums to which `more` is added.
fn tar_of(run: &str, files: &[(&str, &[u8])], more: &str) -> Vec<u8> {
    let mut sums: String = files.iter().map(|(name, bytes)| format!("{}  {name}\n", sha256_hex(bytes))).collect();
    sums.push_str(more);
    let mut tar = Vec::new();
    for (name, bytes) in files.iter().copied().chain([("SHA256SUMS", sums.as_bytes())]) {
        let mut block = [0; 512];
        let mut put = |at: usize, text: String| block[at..at + text.len()].copy_from_slice(text.as_bytes());
        put(0, format!("{run}/{name}"));
        put(100, "0000600\x000000000\x000000000\0".into());
        put(124, format!("{:011o}\0{:011o}\0        0", bytes.len(), 0));
        put(257, "ustar\x0000".into());
        let sum: u64 = block.iter().map(|byte| u64::from(*byte)).sum();
        block[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
        tar.extend(block);
        tar.extend(bytes);
        tar.extend(vec![0; bytes.len().next_multiple_of(512) - bytes.len()]);
    }
    tar.extend([0; 1024]);
    tar
}

#[test]
fn what_no_record_names_is_no_part_of_an_archive_and_no_sum_stands_there_twice() {
    let stage = Stage::new();
    let dir = stage.live(true);
    let journal = fs::read(dir.journal_path()).unwrap();
    let (path, file) = stage.file("run.tar");
    let whole: &[(&str, &[u8])] = &[("journal.jsonl", &journal), ("signatures/a.txt.sig", b"x")];
    fs::write(&path, tar_of(&dir.id(), whole, "")).unwrap();
    let (status, said) = stage.piton(&["verify", &file]);
    assert!(status == 0 && said.contains("2 files as its list of sums has them"), "{said}");
    for name in ["evidence/evil.pdf", "output/evil.out", "output/1.out", "lock", "a\u{1b}[31m"] {
        fs::write(&path, tar_of(&dir.id(), &[("journal.jsonl", &journal), (name, b"evil")], "")).unwrap();
        let (status, said) = stage.piton(&["verify", &file]);
        let shown = name.replace('\u{1b}', "␛");
        assert!(status == 1 && said.contains(&format!("NOT RECORDED: no record names {shown}")), "{said}");
    }
    let twice = format!("{}  journal.jsonl\n", sha256_hex(&journal));
    fs::write(&path, tar_of(&dir.id(), &[("journal.jsonl", &journal)], &twice)).unwrap();
    let (status, said) = stage.piton(&["verify", &file]);
    assert!(status == 1 && said.contains("its list of sums names journal.jsonl twice"), "{said}");
    // What is told of reviews is told of the archive, not of where they lay for a moment.
    assert_eq!(stage.piton(&["review", &dir.id(), "--comment", "so long?"]).0, 0);
    fs::remove_file(&path).unwrap();
    assert_eq!(stage.piton(&["journals", "archive", &dir.id(), &file]).0, 0);
    let (status, said) = stage.piton(&["verify", &file]);
    assert!(status == 0 && said.contains(&format!("{file}/reviews/maria.jsonl: whole records=2")), "{said}");
}

#[test]
fn an_archive_behind_a_link_is_verified_as_one() {
    let stage = Stage::new();
    let dir = stage.live(true);
    let (path, file) = stage.file("run.tar");
    assert_eq!(stage.piton(&["journals", "archive", &dir.id(), &file]).0, 0);
    let (link, named) = stage.file("link.tar");
    symlink(&path, link).unwrap();
    let (status, said) = stage.piton(&["verify", &named]);
    assert!(status == 0 && said.contains("archive of "), "{said}");
}

#[test]
fn a_full_disk_is_told_of_the_file_that_was_written() {
    let stage = Stage::new();
    let dir = journal_of(&stage.home.state(), 300);
    let (_, file) = stage.file("run.tar");
    // Nobody may write more than 4 KiB into a file.
    let limited = |typed: &str| shell(&stage, &format!("trap '' XFSZ; ulimit -f 8; exec \"$P\" {typed}"));
    let archive = format!("journals archive {} {file}", dir.id());
    let (status, said) = limited(&archive);
    assert!(status == 1 && said.contains(&format!("cannot write {file}: ")), "{said}");
    assert!(!said.contains("journal.jsonl") && said.contains("make room"), "{said}");
    assert_eq!(shell(&stage, &format!("exec \"$P\" {archive}")).0, 0);
    let (status, said) = limited(&format!("verify {file}"));
    assert!(status == 1 && said.contains("cannot write ") && said.contains("/journal.jsonl: "), "{said}");
    assert!(!said.contains("cannot read") && said.contains("TMPDIR"), "{said}");
}

/// The same archive with another name of the run, of the same length.
fn renamed(mut bytes: Vec<u8>, id: &str, other: &str) -> Vec<u8> {
    let mut offset = 0;
    while bytes[offset] != 0 {
        let block = &mut bytes[offset..offset + 512];
        block[..id.len()].copy_from_slice(other.as_bytes());
        block[148..156].fill(b' ');
        let sum: u64 = block.iter().map(|byte| u64::from(*byte)).sum();
        block[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
        let size = u64::from_str_radix(std::str::from_utf8(&block[124..135]).unwrap(), 8).unwrap();
        offset += 512 + usize::try_from(size.div_ceil(512) * 512).unwrap();
    }
    bytes
}

#[test]
fn an_archive_has_the_name_that_its_journal_says() {
    let stage = Stage::new();
    let dir = stage.live(true);
    let (path, file) = stage.file("run.tar");
    assert_eq!(stage.piton(&["journals", "archive", &dir.id(), &file]).0, 0);
    let last = if dir.id().ends_with('x') { 'y' } else { 'x' };
    let other = format!("{}{last}", &dir.id()[..dir.id().len() - 1]);
    fs::write(&path, renamed(fs::read(&path).unwrap(), &dir.id(), &other)).unwrap();
    let (status, said) = stage.piton(&["verify", &file]);
    assert!(status == 1 && said.contains("DAMAGED archive") && said.contains(&dir.id()), "{said}");
    // A folder that was given a name of its own is archived as the run that it is.
    let moved = dir.path().with_file_name("kept-for-the-ticket");
    fs::rename(dir.path(), moved).unwrap();
    let (_, file) = stage.file("other.tar");
    assert_eq!(stage.piton(&["journals", "archive", "kept-for", &file]).0, 0);
    let (status, said) = stage.piton(&["verify", &file]);
    assert!(status == 0 && said.contains(&format!("archive of {}", dir.id())), "{said}");
}

#[test]
fn small_things_that_are_in_the_way_are_told_as_what_they_are() {
    let stage = Stage::new();
    let dir = stage.live(true);
    fs::remove_file(dir.lock_path()).unwrap();
    fs::create_dir(dir.lock_path()).unwrap();
    let (_, file) = stage.file("run.tar");
    let (status, said) = stage.piton(&["journals", "archive", &dir.id(), &file]);
    assert!(status == 1 && said.contains("it is a folder; move it away"), "{said}");
    for moment in ["9999-12-31", "9999-12-30", "2026-11-21"] {
        let (status, said) = stage.piton(&["journals", "--until", moment]);
        assert!(status == 0, "{moment}: {said}");
    }
    for moment in ["9999-12-32", "2026-02-30", "10000-1-01"] {
        assert_eq!(stage.piton(&["journals", "--until", moment]).0, 2, "{moment}");
    }
}
