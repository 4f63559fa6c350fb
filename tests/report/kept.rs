//! `piton journals archive`, `prune` and `--gone` from outside.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use piton::engine::{Counts, Event, Outcome};
use piton::journal::{Holder, Lock, RunDir};

use super::data;
use crate::support::binary::Home;
use crate::support::runs::{at, begin, note};

pub(super) struct Stage {
    pub(super) home: Home,
}

impl Stage {
    pub(super) fn new() -> Self {
        Self { home: Home::new() }
    }

    pub(super) fn piton(&self, args: &[&str]) -> (i32, String) {
        let output = self.home.output(args);
        let said = [output.stdout, output.stderr].map(|said| String::from_utf8_lossy(&said).into_owned()).concat();
        (output.status.code().expect("it ends by itself"), said)
    }

    /// A live run of some records that is closed, or not.
    pub(super) fn live(&self, is_closed: bool) -> RunDir {
        let (dir, mut journal, _) = begin(&self.home.state());
        journal.append(at(1), "maria@bastion", vec![note("a remark")]).unwrap();
        if is_closed {
            let (outcome, reason, counts) = (Outcome::Completed, String::new(), Counts::default());
            let closed = Event::RunClosed { outcome, reason, counts };
            journal.append(at(2), "maria@bastion", vec![closed]).unwrap();
        }
        dir
    }

    /// A run with kept output, as a run of this home.
    fn with_output(&self) -> RunDir {
        let to = self.home.state().join("runs/2026-11-21-vault-two-standbys-7qf3");
        for name in ["", "output"] {
            fs::create_dir_all(to.join(name)).unwrap();
            for entry in fs::read_dir(data("report/live").join(name)).unwrap().map(|entry| entry.unwrap()) {
                if entry.path().is_file() {
                    fs::copy(entry.path(), to.join(name).join(entry.file_name())).unwrap();
                }
            }
        }
        RunDir::new(to)
    }

    pub(super) fn names(&self) -> Vec<String> {
        self.home.runs().iter().map(RunDir::id).collect()
    }

    pub(super) fn file(&self, name: &str) -> (PathBuf, String) {
        let path = self.home.path().join(name);
        (path.clone(), path.to_string_lossy().into_owned())
    }
}

#[test]
fn an_archive_verifies_by_itself_and_with_tar_and_sha256sum_alone() {
    let stage = Stage::new();
    let dir = stage.live(true);
    let (path, file) = stage.file("run.tar");
    let (status, said) = stage.piton(&["journals", "archive", &dir.id(), &file]);
    assert!(status == 0 && said.contains("sha256="), "{said}");
    let (status, said) = stage.piton(&["verify", &file]);
    assert!(
        status == 0 && said.contains("archive of ") && said.contains("whole, closed: completed records=3 head="),
        "{said}"
    );
    let script = format!("tar -xf {file} && cd {} && sha256sum --quiet -c SHA256SUMS", dir.id());
    let taken = Command::new("sh").arg("-c").arg(script).current_dir(stage.home.path()).output().unwrap();
    assert!(taken.status.success(), "{taken:?}");
    let unpacked = stage.home.path().join(dir.id()).join("journal.jsonl");
    assert_eq!(fs::read(unpacked).unwrap(), fs::read(dir.journal_path()).unwrap());
    assert_eq!(stage.piton(&["journals", "archive", &dir.id(), &file]).0, 1, "what is there is not written over");
    let (status, said) = stage.piton(&["journals", "--gone"]);
    assert!(status == 0 && said.contains(&format!("archived {}", dir.id())), "{said}");
    assert!(stage.piton(&["journals"]).1.contains("0 deleted, 1 archived"));
    let whole = fs::read(&path).unwrap();
    for (what, bytes) in [
        ("cut off", whole[..whole.len() / 2].to_vec()),
        ("changed", {
            let mut bytes = whole.clone();
            bytes[700] ^= 1;
            bytes
        }),
    ] {
        fs::write(&path, bytes).unwrap();
        let (status, said) = stage.piton(&["verify", &file]);
        assert!(status == 1 && said.contains("DAMAGED archive"), "{what}: {said}");
    }
}

#[test]
fn what_the_journal_names_must_be_in_the_archive_as_it_was_recorded() {
    let stage = Stage::new();
    let dir = stage.with_output();
    let (_, file) = stage.file("run.tar");
    assert_eq!(stage.piton(&["journals", "archive", &dir.id(), &file]).0, 0);
    let (status, said) = stage.piton(&["verify", &file]);
    let kept = fs::read_dir(dir.output_dir()).unwrap().count();
    // The golden run has lost some of its files on purpose; what is there is as it says.
    assert_eq!(status == 0, !said.contains("NOT AS RECORDED"), "{said}");
    let some = fs::read_dir(dir.output_dir()).unwrap().next().map(|entry| entry.unwrap().path());
    if let Some(some) = some {
        fs::write(&some, "something else").unwrap();
        let (_, other) = stage.file("other.tar");
        assert_eq!(stage.piton(&["journals", "archive", &dir.id(), &other]).0, 0);
        let (status, said) = stage.piton(&["verify", &other]);
        assert!(status == 1 && said.contains("NOT AS RECORDED"), "{kept}: {said}");
    }
}

#[test]
fn nothing_is_deleted_without_a_record_and_nothing_that_must_stay() {
    let stage = Stage::new();
    let (closed, open) = (stage.live(true), stage.live(false));
    let practised = stage.piton(&["practice", "vault-single-upgrade", "--autopilot"]);
    assert_eq!(practised.0, 0, "{}", practised.1);
    let broken = stage.live(true);
    let mut bytes = fs::read(broken.journal_path()).unwrap();
    let second = bytes.iter().position(|byte| *byte == b'\n').unwrap() + 40;
    bytes[second] ^= 1;
    fs::write(broken.journal_path(), bytes).unwrap();
    let before = stage.names();
    for parts in ["", "--live --unverified", "--dry-run", "--runbook vault-ha-upgrade --live"] {
        let typed: Vec<&str> = ["journals", "prune"].into_iter().chain(parts.split_whitespace()).collect();
        let (status, said) = stage.piton(&typed);
        assert!(
            status == 2 && said.contains("<--keep <N>|--older-than <AGE>|--damaged <RUN>>"),
            "{parts}: a policy is needed: {said}"
        );
    }
    let (status, said) = stage.piton(&["journals", "prune", "--keep", "0", "--dry-run"]);
    assert!(status == 1 && said.contains("1 would go, 3 stay that would have to go"), "{said}");
    assert_eq!((stage.names(), stage.home.state().join("keeping.jsonl").exists()), (before.clone(), false));
    let (_, said) = stage.piton(&["journals", "prune", "--keep", "0"]);
    assert!(said.contains("1 went") && said.contains("--live lets it go"), "{said}");
    assert_eq!(stage.names().len(), 3);
    // Somebody sits there.
    let holder = Holder { operator: "jo".into(), host: "desk".into(), pid: 1, since: at(0) };
    let lock = Lock::take(&closed.lock_path(), &holder).unwrap();
    let all = ["journals", "prune", "--older-than", "0d", "--live"];
    let (_, said) = stage.piton(&all);
    assert!(said.contains("0 went") && said.contains("is at it") && said.contains("cannot be told"), "{said}");
    drop(lock);
    let (_, said) = stage.piton(&all);
    assert!(said.contains("1 went") && !closed.path().exists(), "{said}");
    let (status, said) = stage.piton(&["journals", "prune", "--keep", "0", "--live", "--unverified"]);
    assert!(status == 1 && said.contains("it is live and not closed"), "{said}");
    let mut left = vec![open.id(), broken.id()];
    left.sort();
    assert_eq!(stage.names(), left, "a live run that is not known to be closed never goes");
    let (status, said) = stage.piton(&["journals", "--gone"]);
    let told = |name: &String| said.contains(&format!("deleted {name} "));
    assert!(status == 0 && before.iter().filter(|name| !left.contains(name)).all(told), "{said}");
    assert!(said.contains("whole records=3"), "{said}");
}

#[test]
fn as_long_as_it_cannot_be_written_down_nothing_goes() {
    let stage = Stage::new();
    let (one, other) = (stage.live(true), stage.live(true));
    fs::write(stage.home.state().join("keeping.jsonl"), "{\"no\":\"record\"}\n").unwrap();
    let (status, said) = stage.piton(&["journals", "prune", "--keep", "0", "--live"]);
    assert!(status == 1 && said.contains("nothing is deleted as long as it cannot be written down"), "{said}");
    assert!(one.path().exists() && other.path().exists());
    let (status, said) = stage.piton(&["journals", "--gone"]);
    assert!(status == 1 && said.contains("DAMAGED at line 1"), "{said}");
    let (status, said) = stage.piton(&["journals"]);
    assert!(status == 0 && said.contains("DAMAGED at line 1") && said.contains(&one.id()), "{said}");
}

#[test]
fn what_others_left_beside_a_run_is_written_down_with_it_before_it_goes() {
    let stage = Stage::new();
    let (reviewed, bare) = (stage.live(true), stage.live(true));
    let (key, path) = stage.file("key");
    let made = Command::new("ssh-keygen").args(["-q", "-t", "ed25519", "-N", "", "-f", &path]).status();
    assert!(made.expect("ssh-keygen is needed: install Debian's openssh-client").success() && key.exists());
    for role in ["operator", "witness"] {
        assert_eq!(stage.piton(&["sign", &reviewed.id(), "--key", &path, "--as", role]).0, 0);
    }
    // A text that nobody has signed is no signature.
    assert_eq!(stage.piton(&["sign", &reviewed.id(), "--unsigned"]).0, 0);
    assert_eq!(stage.piton(&["review", &reviewed.id(), "--verdict", "accepted"]).0, 0);
    let host = stage.piton(&["review", &reviewed.id()]).1;
    let by = host.split_whitespace().next().unwrap();
    let told = format!("with 2 signatures and 1 review ({by} accepted)");
    let all = ["journals", "prune", "--keep", "0", "--live"];
    let (_, said) = stage.piton(&[&all[..], &["--dry-run"]].concat());
    let of = |said: &str, name: &str| said.lines().find(|line| line.contains(name)).unwrap_or_default().to_owned();
    assert!(of(&said, &reviewed.id()).contains(&told) && !of(&said, &bare.id()).contains("with"), "{said}");
    let (status, said) = stage.piton(&all);
    assert!(status == 0 && of(&said, &reviewed.id()).contains(&told), "{said}");
    let (_, said) = stage.piton(&["journals", "--gone"]);
    assert!(of(&said, &reviewed.id()).contains(&told) && !of(&said, &bare.id()).contains("with"), "{said}");
    let (_, said) = stage.piton(&["journals", "--gone", "--json"]);
    let event = |name: &str| {
        let line: serde_json::Value = serde_json::from_str(&of(&said, name)).unwrap();
        line["event"]["pruned"]["beside"].clone()
    };
    let beside = serde_json::json!({ "signatures": 2, "reviews": 1, "verdicts": [format!("{by} accepted")] });
    assert_eq!((event(&reviewed.id()), event(&bare.id())), (beside, serde_json::Value::Null));
}
