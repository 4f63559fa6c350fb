//! What proves a verdict: a signature of the reviewer that covers it, and nothing else.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use piton::engine::{Counts, Event, Leaving, Outcome};
use piton::journal::{RunDir, sha256_hex};
use serde_json::Value;

use crate::support::binary::Home;
use crate::support::runs::{at, begin, chained_anew, note};

struct Stage {
    home: Home,
    run: RunDir,
}

impl Stage {
    /// A closed live run of maria's, and a list of signers that knows jo's key.
    fn new() -> Self {
        let home = Home::new();
        let (run, mut journal, _) = begin(&home.state());
        journal.append(at(1), "maria@bastion", vec![note("a remark")]).expect("it can be written");
        let (outcome, reason, counts) = (Outcome::Completed, String::new(), Counts::default());
        let closed = Event::RunClosed { outcome, reason, counts };
        let left = Event::SittingClosed { how: Leaving::Left };
        journal.append(at(2), "maria@bastion", vec![left, closed]).expect("it can be written");
        let stage = Self { home, run };
        let mut keygen = Command::new("ssh-keygen");
        let made = keygen.args(["-q", "-t", "ed25519", "-N", "", "-C", "jo", "-f"]).arg(stage.key()).status();
        assert!(made.expect("ssh-keygen is needed: install Debian's openssh-client").success());
        let public = fs::read_to_string(stage.key().with_extension("pub")).expect("it was made");
        let config = stage.home.path().join(".config/piton");
        fs::create_dir_all(&config).expect("an own folder");
        fs::write(config.join("allowed_signers"), format!("jo@example.org {public}")).expect("an own folder");
        stage
    }

    fn key(&self) -> PathBuf {
        self.home.path().join("key")
    }

    fn of(&self, user: &str, args: &[&str]) -> (i32, String) {
        let output = self.home.command(args).env("USER", user).output().expect("it starts");
        let said = [output.stdout, output.stderr].map(|said| String::from_utf8_lossy(&said).into_owned()).concat();
        (output.status.code().expect("it ends by itself"), said)
    }

    #[track_caller]
    fn says(&self, user: &str, args: &[&str], status: i32, words: &str) -> String {
        let found = self.of(user, args);
        assert!(found.0 == status && found.1.contains(words), "{args:?}, {status}, {words:?}: {found:?}");
        found.1
    }

    fn sign(&self, user: &str) -> String {
        let key = self.key().display().to_string();
        self.says(user, &["sign", &self.run.id(), "--as", "reviewer", "--key", &key], 0, "signed with")
    }

    fn reviewed(&self) -> Vec<Value> {
        let report = self.of("maria", &["report", &self.run.id(), "--format", "json"]).1;
        let report: Value = serde_json::from_str(&report).expect("JSON");
        report["reviews"].as_array().expect("a list").clone()
    }
}

#[test]
fn a_verdict_is_unproven_until_its_reviewer_has_signed_it() {
    let stage = Stage::new();
    let id = stage.run.id();
    let unproven = "unproven: no good signature covers it";
    stage.says("jo", &["review", &id, "--verdict", "accepted"], 0, "the verdict is unproven until it is signed");
    stage.says("jo", &["review", &id], 0, unproven);
    stage.says("jo", &["verify", &id], 0, unproven);
    assert!(stage.says("jo", &["report", &id], 0, "| unproven |").contains("**accepted**"));
    stage.says("jo", &["report", &id, "--format", "html"], 0, "<td>unproven</td>");
    assert_eq!(stage.reviewed()[0]["signed_by"], Value::Null);
    // A signature as operator covers the journal, not the verdict.
    let key = stage.key().display().to_string();
    stage.says("jo", &["sign", &id, "--key", &key], 0, "signed with");
    stage.says("jo", &["verify", &id], 0, unproven);
    assert!(stage.sign("jo").contains("with the review of jo: 2 lines, head="));
    let told = "signed by jo@example.org";
    stage.says("jo", &["verify", &id], 0, told);
    stage.says("jo", &["review", &id], 0, told);
    stage.says("jo", &["report", &id], 0, told);
    let reviewed = stage.reviewed();
    assert_eq!((&reviewed[0]["signed_by"], &reviewed[0]["is_operator"]), (&"jo@example.org".into(), &false.into()));
    // What is said after it is not covered; a later verdict is one of its own.
    stage.says("jo", &["review", &id, "--comment", "thanks"], 0, "head=");
    stage.says("jo", &["verify", &id], 0, told);
    stage.says("jo", &["review", &id, "--verdict", "rejected", "--why", "no"], 0, "head=");
    stage.says("jo", &["verify", &id], 0, unproven);
    let archive = stage.home.path().join("a.tar").display().to_string();
    stage.sign("jo");
    stage.says("jo", &["journals", "archive", &id, &archive], 0, "sha256=");
    stage.says("jo", &["verify", &archive], 0, "rejected by jo@");
    // The review that was signed must stay.
    let review = stage.run.path().join("reviews/jo.jsonl");
    fs::remove_file(&review).expect("it is there");
    stage.says("jo", &["verify", &id], 1, "BAD: the review of 2 lines that was signed with it is not there as it was");
}

#[test]
fn whoever_writes_a_review_in_another_s_name_proves_nothing() {
    let stage = Stage::new();
    let id = stage.run.id();
    stage.says("jo", &["review", &id, "--verdict", "accepted"], 0, "head=");
    stage.sign("jo");
    let review = stage.run.path().join("reviews/jo.jsonl");
    let text = fs::read_to_string(&review).expect("it is there");
    let forged = chained_anew(&text.replace("\"by\":\"jo@", "\"by\":\"chief@"));
    assert_ne!(sha256_hex(forged.as_bytes()), sha256_hex(text.as_bytes()));
    fs::write(review.with_file_name("chief.jsonl"), forged).expect("an own folder");
    let said = stage.says("jo", &["verify", &id], 0, "accepted by chief@");
    let of =
        |name: &str| said.lines().find(|line| line.contains(&format!("accepted by {name}@"))).expect(name).to_owned();
    assert!(of("chief").contains("unproven") && of("jo").contains("signed by jo@example.org"), "{said}");
}

#[test]
fn that_the_reviewer_is_the_operator_is_told() {
    let stage = Stage::new();
    let id = stage.run.id();
    stage.says("maria", &["review", &id, "--verdict", "accepted"], 0, "head=");
    let told = "the reviewer is the operator";
    stage.says("maria", &["verify", &id], 0, told);
    stage.says("maria", &["review", &id], 0, told);
    stage.says("maria", &["report", &id], 0, told);
    stage.says("maria", &["report", &id, "--format", "html"], 0, told);
    assert_eq!(stage.reviewed()[0]["is_operator"], true);
}
