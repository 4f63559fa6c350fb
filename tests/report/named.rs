//! What is told of a name or a path that is none, and of a single run.

use crate::support::binary::Home;

/// What piton says, and its status.
fn piton(home: &Home, args: &[&str]) -> (i32, String) {
    let output = home.command(args).output().expect("piton starts");
    let said = [output.stdout, output.stderr].map(|said| String::from_utf8_lossy(&said).into_owned()).concat();
    (output.status.code().expect("it ends by itself"), said)
}

#[test]
fn a_path_that_is_not_there_and_a_folder_of_no_run_are_told_as_that() {
    let home = Home::new();
    let (status, said) = piton(&home, &["verify", "/no/such/path"]);
    assert!(status == 1 && said.contains("there is no file or folder /no/such/path: check the path"), "{said}");
    assert!(said.contains("a run is given by its name"), "{said}");
    let folder = home.path().display().to_string();
    let (status, said) = piton(&home, &["verify", &folder]);
    assert!(status == 1 && said.contains("is not that of a run: there is no journal.jsonl in it"), "{said}");
    let (status, said) = piton(&home, &["verify", "nosuch"]);
    assert!(status == 1 && said.contains("no run begins with \"nosuch\""), "{said}");
}

#[test]
fn the_titles_of_all_runbooks_stand_below_each_other_on_80_columns() {
    let (status, said) = piton(&Home::new(), &["list"]);
    assert_eq!(status, 0, "{said}");
    let begins = |line: &str| line.find("  ").map(|gap| gap + line[gap..].len() - line[gap..].trim_start().len());
    let first = said.lines().next().and_then(begins);
    for line in said.lines() {
        assert_eq!(begins(line), first, "{line}");
        assert!(line.chars().count() <= 80, "{line}");
    }
}

#[test]
fn the_one_time_of_one_run_is_told_once_and_its_name_is_known_for_one() {
    let home = Home::new();
    let book = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/crash/short.toml");
    let (status, said) = piton(&home, &["practice", book, "--autopilot"]);
    assert_eq!(status, 0, "{said}");
    let run = home.run().id();
    let (status, said) = piton(&home, &["stats", &run]);
    assert!(status == 1 && said.contains("that is a run; `piton stats short` tells of all runs"), "{said}");
    let (status, said) = piton(&home, &["stats", "short"]);
    assert!(status == 0 && said.contains("(1 that came to the end): ") && !said.contains("half of them"), "{said}");
    let (status, said) = piton(&home, &["debrief"]);
    assert!(status == 0 && !said.contains(" min of "), "{said}");
}
