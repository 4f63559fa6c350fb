//! What is said of a run afterwards, and where it is told.

use std::path::Path;

use crate::support::binary::Home;
use crate::support::runs::journal_of;

struct Stage {
    home: Home,
    run: String,
    folder: std::path::PathBuf,
}

impl Stage {
    fn new() -> Self {
        let home = Home::new();
        let dir = journal_of(home.state().as_path(), 12);
        Self { run: dir.id(), folder: dir.path().to_owned(), home }
    }

    fn piton(&self, args: &[&str]) -> (i32, String) {
        let output = self.home.output(args);
        let said = [output.stdout, output.stderr].map(|said| String::from_utf8_lossy(&said).into_owned()).concat();
        (output.status.code().expect("it ends by itself"), said)
    }

    #[track_caller]
    fn review(&self, args: &[&str]) -> String {
        let (status, said) = self.piton(&[&["review", &self.run], args].concat());
        assert_eq!(status, 0, "{said}");
        said
    }
}

fn all_bytes(folder: &Path) -> Vec<u8> {
    std::fs::read(folder.join("journal.jsonl")).expect("the test's journal")
}

#[test]
fn a_review_is_told_by_itself_by_verify_and_in_every_report_and_changes_nothing_of_the_run() {
    let stage = Stage::new();
    let before = all_bytes(&stage.folder);
    assert!(stage.review(&[]).contains("nobody has reviewed this run yet"));
    stage.review(&["--comment", "why \u{1b}[31mso\u{202e} long?", "--record", "7"]);
    stage.review(&["--comment", "a | table, <b>and</b> a page"]);
    let said = stage.review(&["--verdict", "remarks", "--why", "see record 7"]);
    assert!(said.contains("accepted with remarks (as it stood at record 12): see record 7"), "{said}");
    assert_eq!(all_bytes(&stage.folder), before);
    let told = stage.review(&[]);
    for words in ["on record 7: why ␛[31mso<U+202E> long?", "a | table", "accepted with remarks", "maria@"] {
        assert!(told.contains(words), "{words}: {told}");
    }
    let lines = stage.review(&["--json"]);
    let lines: Vec<serde_json::Value> = lines.lines().map(|line| serde_json::from_str(line).expect(line)).collect();
    assert_eq!(lines.len(), 4);
    assert_eq!(lines[3]["event"]["verdict_given"]["seen"]["records"], 12);
    let (status, said) = stage.piton(&["verify", &stage.run]);
    assert!(status == 0 && said.contains("maria.jsonl: whole records=4"), "{said}");
    let markdown = stage.piton(&["report", &stage.run]).1;
    assert!(markdown.contains("## Review") && markdown.contains("**accepted with remarks**"), "{markdown}");
    assert!(markdown.contains("a \\| table"), "{markdown}");
    let html = stage.piton(&["report", &stage.run, "--format", "html"]).1;
    assert!(html.contains("&lt;b&gt;and&lt;/b&gt;") && html.contains("<a href=\"#r7\">#7</a>"), "{html}");
    let json: serde_json::Value =
        serde_json::from_str(&stage.piton(&["report", &stage.run, "--format", "json"]).1).expect("JSON");
    assert_eq!(json["reviews"][0]["record"], 7);
    assert_eq!(json["reviews"][2]["verdict"], "accepted with remarks");
}

#[test]
fn a_review_of_records_that_are_no_longer_so_is_told_as_such() {
    let stage = Stage::new();
    stage.review(&["--verdict", "accepted"]);
    let whole = String::from_utf8(all_bytes(&stage.folder)).expect("text");
    let cut: String = whole.split_inclusive('\n').take(9).collect();
    std::fs::write(stage.folder.join("journal.jsonl"), cut).expect("the test's folder can be written to");
    let (status, said) = stage.piton(&["verify", &stage.run]);
    assert!(status == 1 && said.contains("BAD: it is of another run or of other records"), "{said}");
    let markdown = stage.piton(&["report", &stage.run]).1;
    assert!(markdown.contains("is of another run, or of other records than those of this journal"), "{markdown}");
}

#[test]
fn a_review_of_which_nothing_is_left_or_that_is_of_another_run_is_bad() {
    let stage = Stage::new();
    stage.review(&["--comment", "one"]);
    let file = stage.folder.join("reviews/maria.jsonl");
    let whole = std::fs::read_to_string(&file).expect("it was made");
    let opened = whole.split_inclusive('\n').next().expect("its first line");
    let other = opened.replace(&stage.run, "2026-01-01-other-0000");
    assert_ne!(other, opened);
    for (left, words) in [
        ("", "DAMAGED at line 1: there is not one whole line"),
        (&whole[..20], "DAMAGED at line 1: there is not one whole line"),
        (&other, "BAD: it is of another run or of other records"),
    ] {
        std::fs::write(&file, left).expect("it can be written to");
        let (status, said) = stage.piton(&["verify", &stage.run]);
        assert!(status == 1 && said.contains(words), "{left:?}: {said}");
    }
    // A crash may have come before its first line: it is begun again.
    std::fs::write(&file, "").expect("it can be written to");
    stage.review(&["--comment", "two"]);
    assert_eq!(stage.piton(&["verify", &stage.run]).0, 0);
}

#[test]
fn what_says_nothing_is_not_taken_and_a_damaged_review_is_not_added_to() {
    let stage = Stage::new();
    for (args, status, words) in [
        (&["--verdict", "rejected"][..], 1, "say why"),
        (&["--comment", ""], 1, "say why"),
        (&["--comment", "x", "--record", "13"], 1, "there is no record 13"),
        (&["--comment", "x", "--verdict", "accepted"], 2, "cannot be used with"),
        (&["--record", "3"], 2, "--comment"),
    ] {
        let found = stage.piton(&[&["review", &stage.run], args].concat());
        assert!(found.0 == status && found.1.contains(words), "{args:?}: {found:?}");
    }
    assert!(!stage.folder.join("reviews/maria.jsonl").exists(), "nothing was written");
    stage.review(&["--comment", "one"]);
    let file = stage.folder.join("reviews/maria.jsonl");
    let text = std::fs::read_to_string(&file).expect("it was made");
    std::fs::write(&file, text.replace("review_opened", "review_0pened")).expect("it can be written to");
    let (status, said) = stage.piton(&["review", &stage.run, "--comment", "two"]);
    assert!(status == 1 && said.contains("DAMAGED") || said.contains("damaged review"), "{said}");
    assert_eq!(stage.piton(&["review", &stage.run]).0, 1);
    assert_eq!(stage.piton(&["verify", &stage.run]).0, 1);
}
