//! A loop in a loop and a backward edge, walked by the real binary.

use piton::engine::{RunState, StepStatus};
use piton::runbook::parse;

use crate::support::binary::{Home, PITON};

const BOOK: &str = r#"
format = 1
id = "edges"
title = "Each cluster, and once more"
revision = "1"
system = "vault"

[inputs.nodes]
type = "nodes"
prompt = "Nodes"

[[phase]]
id = "clusters"
title = "Each cluster"
for_each = ['"eu", "none", "us" | { name: . }', '.group.name as $c | .inputs.nodes[] | select($c != "none")']
[[phase.step]]
id = "look"
title = "Look at {{ .node.name }} of {{ .group.name }}"
confirm = "Well?"

[[phase]]
id = "verify"
title = "Verify"
[[phase.step]]
id = "how"
title = "Say how it is"
choose = [{ is = "again", title = "Bad" }, { is = "good", title = "Good" }]
[[phase.step]]
id = "again"
title = "Do it again"
when = '.choices.how == "again"'
restart = "clusters"

[[rollback]]
id = "undo"
title = "Look at them again, the last one first"
when = '.began."clusters/look" | length > 0'
[[rollback.phase]]
id = "undo"
title = "Undo"
for_each = '.began."clusters/look" | unique_by(.name) | reverse | .[]'
[[rollback.phase.step]]
id = "undo"
title = "Look at {{ .node.name }}"
confirm = "Well?"
"#;

#[test]
fn a_nested_loop_is_walked_twice_and_the_journal_holds_both_rounds() {
    let home = Home::new();
    let file = home.path().join("edges.toml");
    std::fs::write(&file, BOOK).expect("it can be written");
    let output = home.output(&["practice", &file.to_string_lossy(), "--autopilot", "--speed", "100"]);
    let printed = String::from_utf8_lossy(&output.stdout);
    // The one who cannot judge says "again" each time, and gives up in the end.
    assert_eq!(output.status.code(), Some(30), "{PITON}: {printed}");
    for (told, times) in [
        ("phase clusters: eu, none, us", 3),
        ("phase clusters, none: nothing to do", 3),
        ("phase clusters, us: ", 3),
        ("chose     verify/how: again", 3),
        ("RESTART   verify/again: from clusters on: as expected (autopilot)", 2),
    ] {
        assert_eq!(printed.matches(told).count(), times, "{told}: {printed}");
    }
    let (book, _) = parse(BOOK);
    let book = book.expect("it is taken");
    let state = RunState::fold(&book, &home.records());
    assert_eq!(state.before.len(), 2 * 3 + 2);
    assert!(state.before.values().all(|before| before.attempts == 2 && before.status == StepStatus::Done));
    assert_eq!(state.counts().done, 2 * 3 + 1);
    assert!(home.output(&["verify", &home.run().id()]).status.success());
}

const WAITS: &str = r#"
format = 1
id = "waits"
title = "Wait for longer than the backup is fresh"
revision = "1"
system = "vault"
rollback = []

[inputs.nodes]
type = "nodes"
prompt = "Nodes"

[[phase]]
id = "prepare"
title = "Prepare"
[[phase.step]]
id = "backup"
title = "Back up"
confirm = "Where does it lie?"
[[phase.step]]
id = "sum"
title = "Look at it"
confirm = "What is its sum?"
[[phase.step]]
id = "settle"
title = "Wait for the hour"
wait = "5m"

[[phase]]
id = "work"
title = "Work"
[[phase.step]]
id = "stop"
title = "Stop the service"
requires = [{ step = "prepare/backup", within = "4m" }, { step = "prepare/sum", within = "1h" }]
confirm = "Does it stand still?"
"#;

/// The backup becomes too old while the run waits: it is done anew, with what was seen of the old one, and the wait is not.
#[test]
fn what_became_too_old_on_the_way_is_done_anew_before_the_run_goes_on() {
    let home = Home::new();
    let file = home.path().join("waits.toml");
    std::fs::write(&file, WAITS).expect("it can be written");
    let output = home.output(&["practice", &file.to_string_lossy(), "--autopilot", "--speed", "100"]);
    let printed = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{PITON}: {printed}");
    let told: Vec<&str> = [
        "confirmed prepare/backup",
        "waited    prepare/settle",
        "RENEW     work/stop: first anew: prepare/backup, prepare/sum",
    ]
    .into_iter()
    .filter(|told| printed.contains(told))
    .collect();
    assert_eq!(told.len(), 3, "{told:?} of {printed}");
    let (book, _) = parse(WAITS);
    let state = RunState::fold(&book.expect("it is taken"), &home.records());
    let attempts: Vec<u32> = ["prepare/backup", "prepare/sum", "prepare/settle", "work/stop"]
        .into_iter()
        .map(|key| state.step(&key.parse().expect("a step's name")).map_or(0, |step| step.attempt))
        .collect();
    assert_eq!(attempts, [2, 2, 1, 1], "{printed}");
    assert_eq!((state.deviations.len(), state.counts().done), (0, 4));
    assert!(home.output(&["verify", &home.run().id()]).status.success());
}
