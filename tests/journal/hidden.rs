//! What lies beside a journal and would go unseen: too many files, changed files, files that cannot be read, and journals of
//! another kind.

use std::fs;
use std::process::Command;

use piton::clock::Timestamp;
use piton::engine::{Counts, Event, Mode, Outcome};
use piton::journal::{Holder, Journal, NO_PREVIOUS, Role, RunDir, Statement, Store};
use piton::keeping::{Keeper, KeepingEvent};

use crate::support::binary::Home;
use crate::support::runs::{at, head, holder, journal_of};

struct Stage {
    home: Home,
    run: RunDir,
}

impl Stage {
    /// A run of twelve records.
    fn new() -> Self {
        let home = Home::new();
        let run = journal_of(&home.state(), 12);
        Self { home, run }
    }

    /// A run with kept output, as it was recorded.
    fn with_files() -> Self {
        let home = Home::new();
        let output = home.output(&["practice", "vault-single-upgrade", "--autopilot"]);
        assert_eq!(output.status.code(), Some(0), "{output:?}");
        let run = home.run();
        Self { home, run }
    }

    fn piton(&self, args: &[&str]) -> (i32, String) {
        let output = self.home.output(args);
        let said = [output.stdout, output.stderr].map(|said| String::from_utf8_lossy(&said).into_owned()).concat();
        (output.status.code().expect("it ends by itself"), said)
    }

    fn verify(&self, args: &[&str]) -> (i32, String) {
        self.piton(&[&["verify", &self.run.path().display().to_string()], args].concat())
    }
}

/// A statement that nobody has signed: by itself it is no reason to doubt a journal.
fn statement(run: &RunDir) -> String {
    let (is_practice, records, head) = (false, 12, NO_PREVIOUS.to_owned());
    let (at, role, by) = (Timestamp::from_millis(0), Role::Witness, "jo".to_owned());
    Statement { is_practice, run: run.id(), records, head, at, role, by, review: None }.to_string()
}

#[test]
fn a_signature_behind_a_thousand_files_is_not_hidden_by_them() {
    let stage = Stage::new();
    let folder = stage.run.signatures_dir();
    fs::create_dir_all(&folder).unwrap();
    for number in 0..1_000 {
        fs::write(folder.join(format!("!{number:04}.txt")), statement(&stage.run)).unwrap();
    }
    assert_eq!(stage.verify(&[]).0, 0, "as many as are looked at");
    // One whose name is as piton writes it is looked at first, wherever it stands in the list.
    let forged = folder.join("00000012-operator-abcdef01.txt");
    fs::write(&forged, "piton journal 1\n").unwrap();
    let (status, said) = stage.verify(&[]);
    assert!(status == 1 && said.contains("00000012-operator-abcdef01.txt BAD"), "{status} {}", said.len());
    assert!(said.contains("1 file was not looked at"), "{}", &said[said.len().saturating_sub(500)..]);
    fs::rename(&forged, folder.join("zz.txt")).unwrap();
    let (status, said) = stage.verify(&[]);
    assert!(status == 1 && said.contains("signatures BAD: 1 file was not looked at"), "{status}");
    let signers = stage.home.path().join("signers");
    fs::write(&signers, "").unwrap();
    let (status, said) = stage.verify(&["--signers", &signers.display().to_string(), "--signed-by", "maria"]);
    assert!(status == 1 && said.contains("1 file was not looked at"), "{status}");
    let (_, said) = stage.piton(&["report", &stage.run.id()]);
    assert!(said.contains("1 file was not looked at"), "a report warns of it");
}

#[test]
fn a_review_behind_a_thousand_files_is_not_hidden_by_them() {
    let stage = Stage::new();
    assert_eq!(stage.piton(&["review", &stage.run.id(), "--comment", "so long?"]).0, 0);
    let folder = stage.run.path().join("reviews");
    for number in 0..1_000 {
        fs::copy(folder.join("maria.jsonl"), folder.join(format!("!{number:04}.jsonl"))).unwrap();
    }
    let (status, said) = stage.verify(&[]);
    assert!(status == 1 && said.contains("1 file was not looked at"), "{status}");
}

#[test]
fn what_cannot_be_read_among_the_reviews_is_a_finding_and_the_others_are_told() {
    let stage = Stage::new();
    assert_eq!(stage.piton(&["review", &stage.run.id(), "--comment", "so long?"]).0, 0);
    let pipe = stage.run.path().join("reviews/kim.jsonl");
    assert!(Command::new("mkfifo").arg(&pipe).status().expect("mkfifo is needed").success());
    let (status, said) = stage.verify(&[]);
    assert!(status == 1 && said.contains("kim.jsonl: DAMAGED: ") && said.contains("not a plain file"), "{said}");
    assert!(said.contains("whole") && said.contains("maria.jsonl: whole records=2"), "{said}");
    let (status, said) = stage.piton(&["report", &stage.run.id()]);
    assert!(status == 0 && said.contains("kim.jsonl") && said.contains("so long?"), "{said}");
    let (status, said) = stage.piton(&["review", &stage.run.id()]);
    assert!(status == 1 && said.contains("so long?") && said.contains("kim.jsonl: DAMAGED"), "{said}");
}

#[test]
fn kept_files_that_were_changed_or_taken_away_are_a_finding_also_in_the_folder_of_a_run() {
    let stage = Stage::with_files();
    let (status, said) = stage.verify(&[]);
    assert!(status == 0 && said.contains(" kept files are as they were recorded"), "{said}");
    let (one, other) = (stage.run.output_dir().join("1.out"), stage.run.output_dir().join("2.out"));
    let mut changed = fs::read(&one).unwrap();
    changed.push(b'x');
    fs::write(&one, &changed).unwrap();
    fs::remove_file(&other).unwrap();
    let (status, said) = stage.verify(&[]);
    assert!(status == 1 && said.contains("NOT AS RECORDED: output/1.out (record "), "{said}");
    assert!(said.contains("NOT AS RECORDED: output/2.out is missing (record "), "{said}");
    // The journal alone is whole as ever.
    let (status, said) = stage.verify(&["--journal-only"]);
    assert!(status == 0 && !said.contains("RECORDED"), "{said}");
    let journal = stage.run.journal_path().display().to_string();
    assert_eq!(stage.piton(&["verify", &journal]).0, 1, "the journal of a run's folder has it beside it, too");
    let alone = stage.home.path().join("alone.jsonl");
    fs::copy(&journal, &alone).unwrap();
    assert_eq!(stage.piton(&["verify", &alone.display().to_string()]).0, 0);
    // A pipe in the place of a file is not waited for, and is not the file.
    fs::remove_file(&one).unwrap();
    assert!(Command::new("mkfifo").arg(&one).status().expect("mkfifo is needed").success());
    let (status, said) = stage.verify(&[]);
    assert!(status == 1 && said.contains("NOT AS RECORDED: output/1.out is no plain file (record "), "{said}");
    let (_, said) = stage.piton(&["report", &stage.run.path().display().to_string(), "--format", "json"]);
    assert!(said.contains("\"differs\"") && !said.contains("not_looked_at"), "{said}");
}

#[test]
fn whether_a_run_is_closed_is_told_with_how_it_ended() {
    let stage = Stage::new();
    let (status, said) = stage.verify(&[]);
    assert!(status == 0 && said.contains(": whole, NOT CLOSED records=12 head="), "{said}");
    let dir = Store::open(stage.home.state()).begin(Mode::Live, at(0), "other").unwrap();
    let (mut journal, _) = Journal::create(&dir, &holder(), at(0), "maria@bastion", head(&dir.id())).unwrap();
    let (outcome, reason, counts) = (Outcome::CompletedWithDeviations, String::new(), Counts::default());
    journal.append(at(1), "maria@bastion", vec![Event::RunClosed { outcome, reason, counts }]).unwrap();
    drop(journal);
    let (status, said) = stage.piton(&["verify", &dir.id()]);
    assert!(status == 0 && said.contains(": whole, closed: completed with deviations records=2 head="), "{said}");
}

#[test]
fn the_journals_of_keeping_and_of_reviews_are_verified_as_what_they_are() {
    let stage = Stage::new();
    let gone = stage.piton(&["journals", "--gone"]);
    assert!(gone.0 == 0 && gone.1.contains("there is no ") && gone.1.contains("keeping.jsonl"), "{gone:?}");
    let who = Holder { operator: "jo".into(), host: "desk".into(), pid: 1, since: at(0) };
    let mut keeper = Keeper::open(&stage.home.state(), &who).unwrap();
    keeper.write(at(0), KeepingEvent::NotPruned { run: "one".into(), why: "x".into() }).unwrap();
    let first = keeper.head().to_owned();
    keeper.write(at(0), KeepingEvent::NotPruned { run: "two".into(), why: "x".into() }).unwrap();
    let last = keeper.head().to_owned();
    drop(keeper);
    assert_eq!(stage.piton(&["review", &stage.run.id(), "--comment", "so long?"]).0, 0);
    let keeping = stage.home.state().join("keeping.jsonl");
    let review = stage.run.path().join("reviews/maria.jsonl");
    let (file, reviewed) = (keeping.display().to_string(), review.display().to_string());
    let (status, said) = stage.piton(&["verify", &file, &reviewed]);
    assert!(status == 0 && said.contains(&format!("keeping.jsonl: whole records=3 head={last}")), "{said}");
    assert!(said.contains("maria.jsonl: whole records=2 head="), "{said}");
    for (head, record) in [(&first, 2), (&last, 3)] {
        let (status, said) = stage.piton(&["verify", &file, "--head", head]);
        assert!(status == 0 && said.contains(&format!("the noted head is that of record {record} of 3")), "{said}");
    }
    let (status, said) = stage.piton(&["verify", &file, "--head", &"ab".repeat(32)]);
    assert!(status == 1 && said.contains("NOT AS NOTED"), "{said}");
    let (status, said) = stage.piton(&["verify", &file, "--signers", "/dev/null", "--signed-by", "jo"]);
    assert_ne!(status, 0, "nobody signs such a file: {said}");
    for path in [keeping, review] {
        let text = fs::read_to_string(&path).unwrap();
        fs::write(&path, text.replace("so long?", "so short?").replace("two", "owt").replace("one", "eno")).unwrap();
        let (status, said) = stage.piton(&["verify", &path.display().to_string()]);
        assert!(status == 0 || said.contains("DAMAGED at line"), "{said}");
    }
    let (status, said) = stage.piton(&["verify", &file]);
    assert!(status == 1 && said.contains("DAMAGED at line 3"), "{said}");
}
