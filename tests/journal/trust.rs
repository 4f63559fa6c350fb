//! Journals whose chain is whole and that are not to be trusted all the same: another run's, and such as cannot have happened.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use piton::engine::{Counts, Event, Outcome};
use piton::journal::RunDir;
use serde_json::Value;

use super::signing::ONE_STEP;
use crate::support::binary::Home;
use crate::support::runs::{at, begin, chained_anew, note};

struct Stage {
    home: Home,
    key: PathBuf,
}

impl Stage {
    fn new() -> Self {
        let home = Home::new();
        let key = home.path().join("key");
        let mut keygen = Command::new("ssh-keygen");
        let made = keygen.args(["-q", "-t", "ed25519", "-N", "", "-C", "maria", "-f"]).arg(&key).status();
        assert!(made.expect("ssh-keygen is needed: install Debian's openssh-client").success());
        Self { home, key }
    }

    fn piton(&self, args: &[&str]) -> (i32, String) {
        let output = self.home.output(args);
        let said = [output.stdout, output.stderr].map(|said| String::from_utf8_lossy(&said).into_owned()).concat();
        (output.status.code().expect("it ends by itself"), said)
    }

    /// The same with another status, or without these words, is a failure of the test.
    #[track_caller]
    fn says(&self, args: &[&str], status: i32, words: &str) -> String {
        let found = self.piton(args);
        assert!(found.0 == status && found.1.contains(words), "{args:?}, {status}, {words:?}: {found:?}");
        found.1
    }

    fn key(&self) -> &str {
        self.key.to_str().expect("a path of the test is text")
    }

    /// A closed live run of so many remarks.
    fn live(&self, remarks: usize) -> RunDir {
        let (dir, mut journal, _) = begin(&self.home.state());
        for number in 1..=remarks {
            journal.append(at(1), "maria@bastion", vec![note(&format!("remark number {number}"))]).unwrap();
        }
        let (outcome, reason, counts) = (Outcome::Completed, String::new(), Counts::default());
        journal.append(at(2), "maria@bastion", vec![Event::RunClosed { outcome, reason, counts }]).unwrap();
        dir
    }

    /// A practice run of one step, walked to its end.
    fn practised(&self) -> RunDir {
        let before: Vec<String> = self.home.runs().iter().map(RunDir::id).collect();
        let book = self.home.path().join("book.toml");
        fs::write(&book, ONE_STEP).expect("the test's folder can be written to");
        let (status, said) = self.piton(&["practice", book.to_str().expect("text"), "--autopilot"]);
        assert_eq!(status, 0, "{said}");
        self.home.runs().into_iter().find(|run| !before.contains(&run.id())).expect("one was opened")
    }

    /// The same, whose records cannot have followed from each other: its one step was not done.
    fn contradicting(&self) -> RunDir {
        let dir = self.practised();
        let mut lines = lines(&dir);
        let done = lines.iter().position(|line| line["event"]["step_confirmed"].is_object()).expect("it was done");
        lines[done]["event"] = serde_json::json!({ "note_added": { "step": null, "text": "nothing" } });
        chain_anew(&dir, &lines);
        dir
    }
}

fn lines(dir: &RunDir) -> Vec<Value> {
    let text = fs::read_to_string(dir.journal_path()).expect("an own file");
    text.lines().map(|line| serde_json::from_str(line).expect("a record")).collect()
}

/// Writes these records as a journal whose chain is whole.
fn chain_anew(dir: &RunDir, records: &[Value]) {
    let text: String = records.iter().map(|record| format!("{record}\n")).collect();
    fs::write(dir.journal_path(), chained_anew(&text)).expect("an own file");
}

/// Copies what one run's folder holds over another's.
fn put_over(from: &Path, to: &Path) {
    fs::remove_dir_all(to).expect("an own folder");
    assert!(Command::new("cp").arg("-r").arg(from).arg(to).status().expect("cp is there").success());
}

#[test]
fn another_run_s_journal_in_a_run_s_folder_is_told_wherever_it_is_trusted() {
    let stage = Stage::new();
    let (good, bad) = (stage.live(3), stage.live(3));
    stage.says(&["sign", &good.id(), "--key", stage.key()], 0, "signed with");
    stage.says(&["journals"], 0, &bad.id());
    put_over(good.path(), bad.path());
    let told = format!("the journal is that of the run {}", good.id());
    let paths = [bad.id(), bad.path().display().to_string(), bad.journal_path().display().to_string()];
    for path in &paths {
        let said = stage.says(&["verify", path], 1, &format!("NOT OF THIS RUN: {told}"));
        assert!(!said.contains("signature 00000005-operator") || !said.contains(": BAD"), "{said}");
    }
    // From within its folder, too.
    let mut within = stage.home.command(&["verify", "journal.jsonl"]);
    let output = within.current_dir(bad.path()).output().expect("it starts");
    assert!(output.status.code() == Some(1) && String::from_utf8_lossy(&output.stdout).contains(&told), "{output:?}");
    let listed = stage.says(&["journals"], 0, &told);
    assert_eq!(listed.matches(&told).count(), 1, "{listed}");
    let json = stage.says(&["journals", "--json"], 0, &bad.id());
    let of = |id: &str| -> Value {
        let line = json.lines().find(|line| line.contains(&format!("\"run\":\"{id}\""))).expect(id);
        serde_json::from_str(line).expect(line)
    };
    assert!(of(&bad.id())["integrity"].as_str().expect("a text").contains(&told), "{json}");
    assert_eq!(of(&bad.id())["is_of_this_run"], false);
    assert_eq!(of(&good.id())["is_of_this_run"], true);
    stage.says(&["review", &bad.id(), "--verdict", "accepted"], 1, &told);
    stage.says(&["review", &bad.id(), "--verdict", "remarks", "--why", "x"], 1, &told);
    assert!(!bad.path().join("reviews").exists());
    stage.says(&["sign", &bad.id(), "--key", stage.key()], 1, &told);
    stage.says(&["sign", &bad.id(), "--unsigned"], 1, &told);
    let archive = stage.home.path().join("a.tar").display().to_string();
    stage.says(&["journals", "archive", &bad.id(), &archive], 1, &told);
    assert!(!Path::new(&archive).exists());
    stage.says(&["diff", &good.id(), &bad.id()], 1, "journal: NOT OF THIS RUN");
    let report = stage.says(&["report", &bad.id()], 0, &told);
    assert!(report.contains("- **Note:** "), "{report}");
    stage.says(&["report", &bad.id(), "--format", "html"], 0, &told);
    // Nobody goes on with it, nor is it told what it came to.
    let bytes = fs::read(bad.journal_path()).expect("an own file");
    for args in [&["resume", &bad.id(), "--plain"][..], &["debrief", &bad.id()], &["debrief", &bad.id(), "--json"]] {
        stage.says(args, 1, &told);
    }
    assert_eq!(fs::read(bad.journal_path()).expect("an own file"), bytes);
    let statistics = stage.says(&["stats", "vault-ha-upgrade", "--json"], 0, &told);
    let statistics: Value = serde_json::from_str(&statistics).expect("JSON");
    assert_eq!(statistics["live"]["runs"], 1, "{statistics}");
}

#[test]
fn another_run_s_journal_is_neither_gone_on_with_nor_debriefed_nor_counted_among_the_attempts() {
    let stage = Stage::new();
    let (good, bad) = (stage.practised(), stage.practised());
    put_over(good.path(), bad.path());
    let told = format!("NOT OF THIS RUN: the journal is that of the run {}", good.id());
    stage.says(&["debrief", &bad.id()], 1, &told);
    stage.says(&["debrief", &bad.id(), "--json"], 1, &told);
    let said = stage.says(&["debrief", &good.id(), "--json"], 0, &good.id());
    let debrief: Value = serde_json::from_str(&said).expect("JSON");
    assert_eq!(debrief["history"].as_array().map(Vec::len), Some(1), "it is no attempt of its own: {said}");
    // The latest one, where nobody names one, is one that can be told.
    stage.says(&["debrief"], 0, &good.id());
    // One that is open.
    let lines = lines(&bad);
    chain_anew(&bad, &lines[..lines.len() - 1]);
    let bytes = fs::read(bad.journal_path()).expect("an own file");
    for args in [&["resume", &bad.id(), "--autopilot"][..], &["resume", &bad.id(), "--plain"]] {
        stage.says(args, 1, &told);
    }
    assert_eq!(fs::read(bad.journal_path()).expect("an own file"), bytes, "nothing is added to it");
}

#[test]
fn a_journal_that_lies_elsewhere_is_held_against_no_name() {
    let stage = Stage::new();
    let dir = stage.live(3);
    let elsewhere = stage.home.path().join("elsewhere");
    for (folder, status) in [("ticket-4711", 0), (&*dir.id(), 0), ("2026-11-21-vault-ha-2345", 1)] {
        let to = elsewhere.join(folder);
        fs::create_dir_all(&to).expect("an own folder");
        fs::copy(dir.journal_path(), to.join("journal.jsonl")).expect("an own file");
        let found = stage.piton(&["verify", &to.display().to_string()]);
        assert_eq!(found.0, status, "{folder}: {found:?}");
    }
    // A file of another name is nobody's in particular.
    let copy = elsewhere.join("2026-11-21-vault-ha-2345/copy.jsonl");
    fs::copy(dir.journal_path(), &copy).expect("an own file");
    assert_eq!(stage.piton(&["verify", &copy.display().to_string()]).0, 0);
}

#[test]
fn a_story_that_cannot_have_happened_is_asked_wherever_a_journal_is_trusted() {
    let stage = Stage::new();
    let (good, bad) = (stage.practised(), stage.contradicting());
    let told = "CONTRADICTS ITSELF at record";
    stage.says(&["verify", &bad.id()], 1, told);
    stage.says(&["sign", &bad.id(), "--key", stage.key()], 1, told);
    stage.says(&["sign", &bad.id(), "--unsigned"], 1, told);
    assert!(!bad.path().join("signatures").exists());
    stage.says(&["review", &bad.id(), "--verdict", "accepted"], 1, told);
    stage.says(&["review", &bad.id(), "--verdict", "rejected", "--why", "made up"], 0, told);
    stage.says(&["diff", &good.id(), &bad.id()], 1, told);
    let json = stage.piton(&["diff", &good.id(), &bad.id(), "--json"]).1;
    let json: Value = serde_json::from_str(&json).expect("JSON");
    assert!(json["runs"][1]["contradiction"].is_string() && json["runs"][0]["contradiction"].is_null(), "{json}");
    stage.says(&["stats", "one-step"], 0, told);
    let archive = stage.home.path().join("a.tar").display().to_string();
    stage.says(&["journals", "archive", &bad.id(), &archive], 0, told);
    // Nothing of it is known to be so: it goes as a damaged one does.
    stage.says(&["journals", "prune", "--keep", "0", "--runbook", "one-step", "--dry-run"], 1, told);
    let said = stage.says(&["journals", "prune", "--keep", "0", "--runbook", "one-step"], 1, told);
    assert!(said.contains("--unverified lets it go") && bad.path().exists() && !good.path().exists(), "{said}");
    stage.says(&["journals", "prune", "--keep", "0", "--unverified"], 0, "1 went");
    let gone = stage.says(&["journals", "--gone", "--json"], 0, &bad.id());
    let verified = |id: &str| {
        let line = gone.lines().find(|line| line.contains("\"pruned\"") && line.contains(id)).expect(id);
        serde_json::from_str::<Value>(line).expect(line)["event"]["pruned"]["is_verified"].clone()
    };
    assert_eq!((verified(&good.id()), verified(&bad.id())), (true.into(), false.into()), "{gone}");
}

#[test]
fn what_is_no_journal_is_called_so_and_not_a_damaged_one() {
    let stage = Stage::new();
    let dir = stage.live(3);
    let archive = stage.home.path().join("run.tar");
    let shown = archive.display().to_string();
    stage.says(&["journals", "archive", &dir.id(), &shown], 0, "sha256=");
    for command in [&["report", &shown][..], &["report", &shown, "--format", "cast"], &["diff", &shown, &dir.id()]] {
        let status = if command[0] == "diff" { 2 } else { 1 };
        stage.says(command, status, "is an archive of a run: `tar -xf` takes");
    }
    assert!(Command::new("gzip").arg("-k").arg(&archive).status().expect("gzip is needed").success());
    let write = |name: &str, bytes: &[u8]| {
        let path = stage.home.path().join(name);
        fs::write(&path, bytes).expect("an own file");
        path.display().to_string()
    };
    let random: Vec<u8> = (1_u32..4_000).map(|n| n.wrapping_mul(2_654_435_761).to_be_bytes()[0]).collect();
    for (file, words) in [
        (format!("{shown}.gz"), "NO JOURNAL: it is packed by gzip: unpack it first"),
        (write("random", &random), "NO JOURNAL: it is no journal of piton"),
        (write("text", b"2026-11-22 nothing\nof the kind\n"), "NO JOURNAL: it is no journal of piton"),
        (write("json", b"{\"name\":\"other\"}\n"), "NO JOURNAL: it is no journal of piton"),
        // What was emptied, or cut off in its first line, may have been one.
        (write("empty", b""), "not one whole record: the run never came to be"),
        (write("zeros", &[0; 600]), "not one whole record: the run never came to be"),
        (write("cut", b"{\"seq\":1,\"at\":\"20"), "not one whole record: the run never came to be"),
    ] {
        stage.says(&["verify", &file], 1, words);
    }
    let journal = fs::read(dir.journal_path()).expect("an own file");
    let changed = [b"x", &journal[1..]].concat();
    stage.says(&["verify", &write("changed", &changed)], 1, "DAMAGED at line 1");
}

#[test]
fn what_cannot_be_written_says_so() {
    let stage = Stage::new();
    let dir = stage.live(3);
    for command in [&["report"][..], &["report", "--format", "html"], &["verify"]] {
        let mut command = stage.home.command(&[command, &[&dir.id()]].concat());
        let full = fs::File::options().write(true).open("/dev/full").expect("there is one");
        let output = command.stdout(full).output().expect("it starts");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.code() == Some(1) && said.contains("cannot write the output: No space left"), "{said}");
    }
}

#[test]
fn files_that_a_damaged_journal_may_name_are_not_called_strange() {
    let stage = Stage::new();
    let (status, said) = stage.piton(&["practice", "vault-single-upgrade", "--autopilot"]);
    assert_eq!(status, 0, "{said}");
    let dir = stage.home.run();
    let kept = fs::read_dir(dir.output_dir()).expect("commands were run").count();
    let text = fs::read_to_string(dir.journal_path()).expect("an own file");
    let changed: Vec<String> =
        text.lines().enumerate().map(|(at, line)| if at == 4 { "x".into() } else { line.to_owned() }).collect();
    fs::write(dir.journal_path(), changed.join("\n") + "\n").expect("an own file");
    let archive = stage.home.path().join("run.tar").display().to_string();
    stage.says(&["journals", "archive", &dir.id(), &archive], 0, "is not to be trusted: it is DAMAGED at line 5");
    let said = stage.says(&["verify", &archive], 1, "DAMAGED at line 5");
    assert!(kept > 1 && !said.contains("NOT RECORDED"), "{said}");
    assert!(said.contains(&format!("{kept} files are named by no record before the damage")), "{said}");
}
