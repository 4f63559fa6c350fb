//! Where a line does not name the hash of the one before it, either of the two was changed: the first is no fact.

use std::fs;
use std::path::{Path, PathBuf};

use piton::journal::{RunDir, sha256_hex, verify};
use serde_json::Value;

use crate::support::binary::Home;

fn data(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(path)
}

/// A recorded run of the test data with an override in it, as a run of a home; the number of the record of the override.
fn stage() -> (Home, RunDir, usize) {
    let home = Home::new();
    let journal = fs::read_to_string(data("report/live/journal.jsonl")).expect("it is there");
    let first: Value = serde_json::from_str(journal.lines().next().expect("it has lines")).expect("a record");
    let run = first["event"]["run_opened"]["run"].as_str().expect("a name").to_owned();
    let folder = home.state().join("runs").join(run);
    fs::create_dir_all(&folder).expect("an own folder");
    fs::write(folder.join("journal.jsonl"), &journal).expect("an own file");
    let overridden = journal.lines().position(|line| line.contains("\"step_overridden\":")).expect("it has one") + 1;
    (home, RunDir::new(folder), overridden)
}

fn said(home: &Home, args: &[&str]) -> (i32, String) {
    let output = home.output(args);
    let said = [output.stdout, output.stderr].map(|said| String::from_utf8_lossy(&said).into_owned()).concat();
    (output.status.code().expect("it ends by itself"), said)
}

fn hash_of(journal: &Path, line: usize) -> String {
    let text = fs::read_to_string(journal).expect("an own file");
    sha256_hex(text.lines().nth(line - 1).expect("there is one").as_bytes())
}

/// Changes the reason in that line, which stays a record.
fn forge(dir: &RunDir, line: usize) -> PathBuf {
    let path = dir.journal_path();
    let text = fs::read_to_string(&path).expect("an own file");
    let forged = text.lines().enumerate().map(|(at, it)| match at + 1 == line {
        false => format!("{it}\n"),
        true => {
            let mut record: Value = serde_json::from_str(it).expect("a record");
            record["event"]["step_overridden"]["reason"] = "FORGED".into();
            format!("{record}\n")
        }
    });
    fs::write(&path, forged.collect::<String>()).expect("an own file");
    path
}

#[test]
fn the_record_before_a_broken_link_is_doubtful_and_the_head_is_that_before_it() {
    let (home, dir, line) = stage();
    let id = dir.id();
    let true_head = hash_of(&dir.journal_path(), line - 1);
    let path = forge(&dir, line);
    let forged = hash_of(&path, line);
    let found = verify(&path).expect("it can be read");
    assert_eq!((found.records, found.trusted()), (line as u64, (line as u64 - 1, true_head.as_str())));
    let doubtful = format!("record {line} is doubtful");
    let before = format!("(records={} head={true_head} before record {line})", line - 1);
    let (status, told) = said(&home, &["verify", &id]);
    assert!(status == 1 && told.contains(&doubtful) && told.contains(&before), "{told}");
    let (status, told) = said(&home, &["journals"]);
    assert!(status == 0 && told.contains(&doubtful) && told.contains(&format!("{} records", line - 1)), "{told}");
    let listed: Value = serde_json::from_str(&said(&home, &["journals", "--json"]).1).expect("JSON");
    assert_eq!((&listed["head"], &listed["doubtful_record"]), (&true_head.clone().into(), &line.into()), "{listed}");
    let (status, told) = said(&home, &["diff", &id, &id, "--json"]);
    let diff: Value = serde_json::from_str(&told).expect("JSON");
    assert!(status == 1 && diff["runs"][0]["head"] == true_head.as_str(), "{diff}");
    assert_eq!(diff["runs"][0]["doubtful_record"], line);
    for forms in [&["report", &id][..], &["report", &id, "--format", "html"], &["report", &id, "--format", "json"]] {
        let (status, told) = said(&home, forms);
        assert!(status == 0 && told.contains(&doubtful) && told.contains(&true_head), "{forms:?}: {told}");
        assert!(!told.contains(&forged), "{forms:?}");
        assert_eq!(told.matches("FORGED").count(), 1, "{forms:?}: it stands among the records, and nowhere else");
    }
    let report = said(&home, &["report", &id, "--format", "json"]).1;
    let report: Value = serde_json::from_str(&report).expect("JSON");
    let records = report["records"].as_array().expect("a list");
    let is_doubtful = |record: &&Value| record["is_doubtful"] == true;
    assert_eq!(records.iter().filter(is_doubtful).map(|record| &record["seq"]).collect::<Vec<_>>(), [line]);
    assert_eq!(report["heading"]["record_count"], line - 1);
    assert_eq!(report["heading"]["doubtful_record"], line);
    let of_it = |deviation: &&Value| deviation["seq"] == line;
    assert!(report["deviations"].as_array().expect("a list").iter().find(of_it).is_none(), "{report}");
    let markdown = said(&home, &["report", &id]).1;
    assert!(markdown.contains("**DOUBTFUL**<br>"), "{markdown}");
}

#[test]
fn where_the_second_line_does_not_follow_nothing_is_certain() {
    let (home, dir, _) = stage();
    let path = dir.journal_path();
    let text = fs::read_to_string(&path).expect("an own file");
    let changed = text.replacen("\"operator\":\"", "\"operator\":\"x", 1);
    assert_ne!(changed, text);
    fs::write(&path, changed).expect("an own file");
    let (status, told) = said(&home, &["verify", &dir.id()]);
    assert!(status == 1 && told.contains("records=0 head=0000") && told.contains("record 1 is doubtful"), "{told}");
    let (status, told) = said(&home, &["report", &dir.id()]);
    assert!(status == 0 && told.contains("nothing here is certain") && told.contains("**DOUBTFUL**"), "{told}");
}
