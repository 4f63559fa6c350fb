//! Advice: the text is taken, and a person should look.

use crate::explain::Explanation;

/// By code.
pub const ADVICE: &[Explanation] = &[
    Explanation {
        code: "by-name",
        title: "a signal to every process of a name",
        why: "`pkill` and `killall` end every process on the host that is called so: a second instance, a migration, a client's shell. Stop the one unit, or the one process whose id is known.\nIt is not told of `pkill` with a file of the process id (`-F`) or of one parent (`-P`).",
        bad: r#"[[phase.step]]
id     = "stop"
title  = "Stop the server"
run    = ["ssh", "node-1", "sudo", "pkill", "server"]
expect = { holds = ".exit == 0", why = "The server must have been stopped." }
"#,
        good: r#"[[phase.step]]
id     = "stop"
title  = "Stop the server"
run    = ["ssh", "node-1", "sudo", "systemctl", "stop", "server"]
expect = { holds = ".exit == 0", why = "The server must have been stopped." }
"#,
    },
    Explanation {
        code: "caution-acts",
        title: "a caution orders an action",
        why: "A caution is read, not done: what it orders is forgotten, or done before its time, and nothing records that it was. A caution says what is at stake; what is to be done is a step in front of it.\nWhat a caution forbids (\"do not …\", \"never …\") is no order.",
        bad: r#"[[phase.step]]
id      = "stop"
title   = "Stop the server"
warning = "The port closes at once. Drain the node before."
confirm = "Is it stopped?"
"#,
        good: r#"[[phase.step]]
id      = "drain"
title   = "Drain the node"
confirm = "Is it drained?"

[[phase.step]]
id      = "stop"
title   = "Stop the server"
warning = "The port closes at once: clients of a node that was not drained are cut off."
confirm = "Is it stopped?"
"#,
    },
    Explanation {
        code: "caution-moves",
        title: "a caution reads otherwise from one second to the next",
        why: "What a caution says must still be so when its step is done: where it reads otherwise by then, it is read again. What tells how long something lasts (`.run.elapsed`, `.age`) never reads the same twice, so a caution with it is not compared, and also what else changes in it is not seen.",
        bad: r#"[[phase.step]]
id      = "stop"
title   = "Stop the server"
warning = "The run takes {{ .run.elapsed }} s by now: what is not written is lost."
confirm = "Is it stopped?"
"#,
        good: r#"[[phase.step]]
id      = "stop"
title   = "Stop the server"
warning = "What is not written is lost."
confirm = "Is it stopped?"
"#,
    },
    Explanation {
        code: "file-name",
        title: "the runbook's name is not that of its file",
        why: "A runbook is named on the command line by its file and in the journal by its `id`. When the two differ, the run that is looked for is not found.",
        bad: "",
        good: "",
    },
    Explanation {
        code: "hold-unbound",
        title: "a hold point that what changes something does not require",
        why: "Where steps may be taken in any order, what stands behind a hold point may be taken up before it. piton holds back what runs a command, is critical or irreversible, or disturbs; but who reads the runbook or its paper does not see that, and what is only confirmed is not held back. Let the step require the hold point, or put that in a phase before.",
        bad: r#"[[phase]]
id    = "switch"
title = "Switch"
order = "any"

[[phase.step]]
id      = "eyes"
title   = "Let another person look"
release = "someone of the storage team"

[[phase.step]]
id     = "switch"
title  = "Switch the traffic"
run    = ["switch", "traffic"]
expect = { holds = ".exit == 0", why = "The traffic must have been switched." }
"#,
        good: r#"[[phase]]
id    = "switch"
title = "Switch"
order = "any"

[[phase.step]]
id      = "eyes"
title   = "Let another person look"
release = "someone of the storage team"

[[phase.step]]
id       = "switch"
title    = "Switch the traffic"
requires = ["eyes"]
run      = ["switch", "traffic"]
expect   = { holds = ".exit == 0", why = "The traffic must have been switched." }
"#,
    },
    Explanation {
        code: "many-cautions",
        title: "more than three cautions on one step",
        why: "Who is warned of everything is warned of nothing. Keep what could cost data, people or service; what only explains belongs in `text`.",
        bad: r#"[[phase.step]]
id      = "stop"
title   = "Stop the server"
warning = "Its clients are cut off."
caution = ["The port closes first.", "The log may be long."]
note    = "It takes a minute."
confirm = "Is it stopped?"
"#,
        good: r#"[[phase.step]]
id      = "stop"
title   = "Stop the server"
warning = "Its clients are cut off."
text    = "The port closes first; it takes a minute."
confirm = "Is it stopped?"
"#,
    },
    Explanation {
        code: "more",
        title: "there are more findings than are shown",
        why: "After a hundred findings the rest is left out. Mend the first ones and check again.",
        bad: "",
        good: "",
    },
    Explanation {
        code: "never-fails",
        title: "a check that cannot fail",
        why: "A check that holds whatever is seen is worse than none: it puts a tick beside something that nobody looked at.\nIt is told of an expression that reads nothing or takes every exit status, of a shell line that ends in `|| true` when nothing but the exit status is looked at, and of `ps … | grep NAME`, which finds the search itself.",
        bad: r#"[[phase.step]]
id     = "gone"
title  = "Check the process ended"
run    = ["ssh", "node-1", "systemctl", "is-active", "server"]
expect = { holds = ".exit >= 0", why = "No process may be left." }
"#,
        good: r#"[[phase.step]]
id     = "gone"
title  = "Check the process ended"
run    = ["ssh", "node-1", "systemctl", "is-active", "server"]
expect = { holds = ".exit == 3", why = "No process may be left: status 3 says so." }
"#,
    },
    Explanation {
        code: "no-expect",
        title: "a command without `expect`",
        why: "Without `expect` exit status 0 counts as success. Many programs end with 0 although they did nothing, and some end with another status although all is well. Say what is expected and why; where the output tells more than the status, look at the output.",
        bad: r#"[[phase.step]]
id    = "version"
title = "Check the version"
run   = ["server", "version"]
"#,
        good: r#"[[phase.step]]
id     = "version"
title  = "Check the version"
run    = ["server", "version"]
expect = { holds = '.exit == 0 and (.stdout | contains("v2."))', why = "The file must be of version 2." }
"#,
    },
    Explanation {
        code: "no-file",
        title: "an archive that is printed",
        why: "`curl URL` prints what it fetches, with status 0. The archive then lies in the captured output instead of in a file, and the step that unpacks it finds nothing, or an old one.\nIt is told of addresses that end as archives do (`.tgz`, `.zip`, `.deb` and the like), when nothing takes the output.",
        bad: r#"[[phase.step]]
id     = "fetch"
title  = "Fetch the archive"
run    = ["ssh", "node-1", "curl", "-fsSL", "https://example.net/server-1.1.tgz"]
expect = { holds = ".exit == 0", why = "The archive must lie on the node." }
"#,
        good: r#"[[phase.step]]
id     = "fetch"
title  = "Fetch the archive"
run    = ["ssh", "node-1", "curl", "-fsSLo", "/var/tmp/server-1.1.tgz", "https://example.net/server-1.1.tgz"]
expect = { holds = ".exit == 0", why = "The archive must lie on the node." }
"#,
    },
    Explanation {
        code: "no-source",
        title: "a step that carries nothing of the document",
        why: "The runbook names the document it was made from, so every step says in `source` which of its obligations it carries. `source = []` says that the step is your own addition. The steps of a rollback plan that has a `source` need none.",
        bad: r#"[source]
document = "Upgrading the server"

[[phase]]
id    = "prepare"
title = "Prepare"

[[phase.step]]
id      = "backup"
title   = "Take a backup"
confirm = "Where is it?"
"#,
        good: r#"[source]
document = "Upgrading the server"

[[phase]]
id    = "prepare"
title = "Prepare"

[[phase.step]]
id      = "backup"
title   = "Take a backup"
source  = ["BACKUP-01"]
confirm = "Where is it?"

[[phase.step]]
id      = "call"
title   = "Call the night shift"
source  = []
confirm = "Who was called?"
"#,
    },
    Explanation {
        code: "no-way-back",
        title: "commands, and nothing to go back to",
        why: "When a run goes wrong it is too late to think of the way back. Write a rollback plan, even if it has one step that names who decides. `rollback = []` at the top says that the runbook changes nothing, so that there is nothing to go back to.",
        bad: r#"[[phase]]
id    = "change"
title = "Change"

[[phase.step]]
id     = "install"
title  = "Install the new version"
run    = ["ssh", "node-1", "install-server", "2.0"]
expect = { holds = ".exit == 0", why = "The file must be in place." }
"#,
        good: r#"[[phase]]
id    = "change"
title = "Change"

[[phase.step]]
id     = "install"
title  = "Install the new version"
run    = ["ssh", "node-1", "install-server", "2.0"]
expect = { holds = ".exit == 0", why = "The file must be in place." }

[[rollback]]
id    = "old-version"
title = "Put the old version back"

[[rollback.phase]]
id    = "back"
title = "Back"

[[rollback.phase.step]]
id     = "reinstall"
title  = "Install the old version"
run    = ["ssh", "node-1", "install-server", "1.0"]
expect = { holds = ".exit == 0", why = "The file must be in place." }
"#,
    },
    Explanation {
        code: "not-critical",
        title: "a command that destroys, behind one key",
        why: "What is deleted, purged or killed does not come back. With `critical = true` the operator types the name of what the step is about, and the gate is judged on samples that are at most ten seconds old.",
        bad: r#"[[phase.step]]
id     = "leave"
title  = "Remove the old server"
run    = ["nomad", "server", "force-leave", "old-1"]
expect = { holds = ".exit == 0", why = "It must have left." }
"#,
        good: r#"[[phase.step]]
id       = "leave"
title    = "Remove the old server"
critical = true
run      = ["nomad", "server", "force-leave", "old-1"]
expect   = { holds = ".exit == 0", why = "It must have left." }
"#,
    },
    Explanation {
        code: "shell-line",
        title: "a shell line",
        why: "What a shell makes of a line depends on quotes, variables and blanks in values, and of a pipe only the last program's status is seen. Write the program and its arguments as a list. What was filtered with a pipe is looked at in `expect`, which sees the whole output and keeps it as evidence.",
        bad: r#"[[phase.step]]
id     = "peers"
title  = "Check the peers"
run    = ["sh", "-c", "server peers | grep -c alive"]
expect = { holds = ".json == 3", why = "All three must be alive." }
"#,
        good: r#"[[phase.step]]
id     = "peers"
title  = "Check the peers"
run    = ["server", "peers"]
expect = { holds = '.exit == 0 and (.stdout | split("\n") | map(select(contains("alive"))) | length == 3)', why = "All three must be alive." }
"#,
    },
    Explanation {
        code: "two-in-title",
        title: "two actions in one title",
        why: "A step is confirmed, or fails, as a whole. With two actions in it nobody can tell afterwards which of them was done, and who is interrupted between the two loses the second.",
        bad: r#"[[phase.step]]
id      = "stop"
title   = "Stop the server and remove the package"
confirm = "Is it done?"
"#,
        good: r#"[[phase.step]]
id      = "stop"
title   = "Stop the server"
confirm = "Is it stopped?"

[[phase.step]]
id      = "remove"
title   = "Remove the package"
confirm = "Is it removed?"
"#,
    },
    Explanation {
        code: "way-back-lost",
        title: "a step that cannot be undone comes before the soak",
        why: "A check that must hold for ten minutes or more finds out whether the change is good, and a rollback plan without `when` is offered all that time. A step that cannot be undone has taken away what that plan needs. Move it behind the soak, or give the plan a `when` that ends with the step.",
        bad: r#"[[phase]]
id    = "change"
title = "Change"

[[phase.step]]
id           = "finish"
title        = "Finish the upgrade"
irreversible = true
confirm      = "Is the old form of the data gone?"

[[phase.step]]
id    = "soak"
title = "Watch for an hour"
check = ".run.elapsed > 60"
hold  = "1h"

[[rollback]]
id    = "old-version"
title = "Put the old version back"

[[rollback.phase]]
id    = "back"
title = "Back"

[[rollback.phase.step]]
id      = "reinstall"
title   = "Install the old version"
confirm = "Is it in place?"
"#,
        good: r#"[[phase]]
id    = "change"
title = "Change"

[[phase.step]]
id    = "soak"
title = "Watch for an hour"
check = ".run.elapsed > 60"
hold  = "1h"

[[phase.step]]
id           = "finish"
title        = "Finish the upgrade"
irreversible = true
confirm      = "Is the old form of the data gone?"

[[rollback]]
id    = "old-version"
title = "Put the old version back"

[[rollback.phase]]
id    = "back"
title = "Back"

[[rollback.phase.step]]
id      = "reinstall"
title   = "Install the old version"
confirm = "Is it in place?"
"#,
    },
    Explanation {
        code: "would-prompt",
        title: "a command that asks a question",
        why: "Commands run without a keyboard: one that asks waits for an answer until its time is over, or takes silence for a no. Give the answer as an option, or have the command run by hand in a `confirm` step.",
        bad: r#"[[phase.step]]
id     = "install"
title  = "Install the new version"
run    = ["ssh", "node-1", "sudo", "apt-get", "install", "server=2.0"]
expect = { holds = ".exit == 0", why = "The package must be in place." }
"#,
        good: r#"[[phase.step]]
id     = "install"
title  = "Install the new version"
run    = ["ssh", "node-1", "sudo", "apt-get", "install", "-y", "server=2.0"]
expect = { holds = ".exit == 0", why = "The package must be in place." }
"#,
    },
];
