//! A journal named by its file's name alone, in the folder where it lies.

use crate::support::binary::Home;
use crate::support::runs::journal_of;

/// What a command says and how it ends, in the folder of a run.
fn said(home: &Home, folder: &std::path::Path, args: &[&str]) -> (Option<i32>, String) {
    let output = home.command(args).current_dir(folder).output().expect("the binary starts");
    let said = [output.stdout, output.stderr].map(|said| String::from_utf8_lossy(&said).into_owned()).concat();
    (output.status.code(), said)
}

#[test]
fn a_bare_name_is_the_journal_that_lies_here() {
    let home = Home::new();
    let dir = journal_of(&home.state(), 12);
    let (here, path) = (dir.path(), dir.journal_path().display().to_string());
    // Whoever says something of a run writes beside its journal.
    for (args, told) in [
        (&["review", "journal.jsonl", "--comment", "why so long?"][..], "why so long?"),
        (&["review", "journal.jsonl"], "why so long?"),
        (&["sign", "journal.jsonl", "--unsigned"], "to be signed: "),
    ] {
        let (status, told_by) = said(&home, here, args);
        assert!(status == Some(0) && told_by.contains(told), "{args:?}: {told_by}");
    }
    assert!(here.join("reviews").is_dir() && here.join("signatures").is_dir());
    // Whoever tells of it tells the same of it under either name.
    let commands: [&[&str]; 5] = [
        &["verify", "journal.jsonl"],
        &["report", "journal.jsonl"],
        &["report", "journal.jsonl", "--format", "json"],
        &["diff", "journal.jsonl", "journal.jsonl"],
        &["review", "journal.jsonl", "--json"],
    ];
    let above = format!("{}/", here.display());
    let nameless = |told: &str| told.replace(&above, "").replace("./", "");
    for args in commands {
        let whole: Vec<&str> = args.iter().map(|arg| if *arg == "journal.jsonl" { &*path } else { *arg }).collect();
        let (status, told) = said(&home, here, args);
        assert_eq!(status, Some(0), "{args:?}: {told}");
        assert_eq!(nameless(&told), nameless(&said(&home, here, &whole).1), "{args:?}");
    }
    // One of another name lies in no run's folder: nothing is told of what is beside it, and nothing written there.
    let copy = here.join("copy.jsonl");
    std::fs::copy(&path, copy).expect("it can be copied");
    for args in [&["report", "copy.jsonl"][..], &["diff", "copy.jsonl", "journal.jsonl"], &["verify", "copy.jsonl"]] {
        assert_eq!(said(&home, here, args).0, Some(0), "{args:?}");
    }
    let (status, told) = said(&home, here, &["review", "copy.jsonl", "--comment", "x"]);
    assert!(status == Some(2) && told.contains("is not the journal of a run's folder"), "{status:?} {told}");
}
