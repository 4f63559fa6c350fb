//! Steps that concern all items at once, with real commands: in a terminal that dies, and on autopilot.

use std::path::Path;
use std::time::Duration;

use piton::engine::{Ended, Event};

use crate::support::binary::Home;
use crate::support::operator::started;
use crate::support::pty::Terminal;

const SOON: Duration = Duration::from_secs(20);

/// The action key acts only after it was let go for this long.
const LET_GO: Duration = Duration::from_millis(750);

/// Three commands, each of which waits until it is told how to end.
fn book(folder: &Path) -> String {
    let told = folder.display();
    format!(
        r#"format = 1
id = "all"
title = "All at once"
revision = "1"
system = "demo"
summary = "Three at once."
[[phase]]
id = "all"
title = "All at once"
for_each = '["one", "two", "three"] | .[]'
order = "together"
[[phase.step]]
id = "work"
title = "Work on all {{{{ .nodes | length }}}}"
run = ["sh", "-c", "echo $0 begins; until [ -s {told}/$0 ]; do sleep 0.05; done; exit $(cat {told}/$0)", "{{{{ .node }}}}"]
[[phase.step]]
id = "seen"
title = "See what they did"
confirm = "Done?"
"#
    )
}

fn tell(home: &Home, item: &str, exit: u8) {
    std::fs::write(home.path().join(item), exit.to_string()).expect("the test's folder can be written to");
}

fn key(terminal: &Terminal, name: &str) {
    terminal.settled();
    terminal.changed(&terminal.screen(), LET_GO);
    terminal.key(name);
}

#[test]
fn what_runs_for_all_outlives_the_program_and_only_what_failed_runs_again() {
    let home = Home::new();
    let file = home.path().join("all.toml");
    std::fs::write(&file, book(home.path())).expect("it can be written");
    let mut terminal = started(home.terminal(&["run", &file.display().to_string()]).size(40, 120).spawn());
    terminal.wait_text("3 commands, all at once", SOON);
    key(&terminal, "enter");
    terminal.wait_text("y run it", SOON);
    key(&terminal, "y");
    terminal.wait_text("3 running", SOON);
    terminal.wait_text("one begins", SOON);
    tell(&home, "one", 0);
    terminal.wait_text("2 running · 1 done", SOON);
    terminal.kill();
    terminal.wait_exit(SOON);
    // Nobody watches while the second one ends.
    tell(&home, "two", 7);

    let run = home.run().id();
    let mut terminal = home.terminal(&["resume", &run]).size(40, 120).spawn();
    terminal.wait_text("You were here", SOON);
    key(&terminal, "enter");
    terminal.wait_text("1 failed · 1 running · 1 done", SOON);
    tell(&home, "three", 0);
    terminal.wait_text("1 of 3 not as expected: two: exit status 7", SOON);
    tell(&home, "two", 0);
    key(&terminal, "r");
    terminal.wait_text("1 command", SOON);
    key(&terminal, "enter");
    terminal.wait_text("y run it", SOON);
    key(&terminal, "y");
    terminal.wait_text("See what they did", SOON);
    terminal.wait_text("enter confirm", SOON);
    key(&terminal, "q");
    terminal.wait_text("Leave the run?", SOON);
    key(&terminal, "y");
    terminal.wait_exit(SOON);

    let records = home.records();
    let ended: Vec<_> = records
        .iter()
        .filter_map(|record| match &record.event {
            Event::CommandFinished { item: Some(item), ended, output: Some(output), .. } => {
                Some((item.as_str(), ended.clone(), output.file.clone()))
            }
            _ => None,
        })
        .collect();
    let expected = [("one", 0), ("two", 7), ("three", 0), ("two", 0)];
    assert_eq!(
        ended.iter().map(|(item, ended, _)| (*item, ended.clone())).collect::<Vec<_>>(),
        expected.map(|(item, status)| (item, Ended::Exit(status)))
    );
    for (item, _, file) in &ended {
        let kept = std::fs::read_to_string(home.run().output_dir().join(file)).expect("each has a file of its own");
        assert_eq!(kept, format!("{item} begins\n"));
    }
    let starts = records.iter().filter(|record| matches!(record.event, Event::CommandStarted { .. })).count();
    assert_eq!(starts, 4, "what had succeeded was not done again");
}

#[test]
fn the_autopilot_prints_a_line_for_each_that_ended() {
    let home = Home::new();
    let book = include_str!("crash/short.toml");
    let file = home.path().join("short.toml");
    std::fs::write(&file, book).expect("it can be written");
    let output = home.output(&["practice", &file.display().to_string(), "--autopilot", "--speed", "100"]);
    let printed = String::from_utf8(output.stdout).expect("piton prints UTF-8");
    assert_eq!(output.status.code(), Some(0), "{printed}");
    for told in [
        "run all   all/who-all: 3 commands, at most 32 at once",
        "done      all/who-all: vault-1: exit status 0",
        "done      all/who-all: vault-2: exit status 0",
        "done      all/who-all: vault-3: exit status 0",
        "sensed    all/seen-all",
    ] {
        assert!(printed.contains(told), "{told} is not in {printed}");
    }
}
