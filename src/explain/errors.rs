//! Errors: the text is refused.

use crate::explain::Explanation;

/// By code.
pub const ERRORS: &[Explanation] = &[
    Explanation {
        code: "bad-duration",
        title: "a duration that is none",
        why: "A duration is written in days, hours, minutes, seconds and milliseconds: `90s`, `1h 30m`, `250ms`. What must hold for some time needs a `timeout` that is longer than that.",
        bad: r#"[[phase.step]]
id    = "a"
title = "Look at it"
wait  = "1 hour and a half"
"#,
        good: r#"[[phase.step]]
id    = "a"
title = "Look at it"
wait  = "1h 30m"
"#,
    },
    Explanation {
        code: "bad-name",
        title: "a name that cannot be one",
        why: "Names stand in expressions, in paths and in the journal. They are made of lower-case letters, digits, `-` and `_`.",
        bad: r#"[[phase.step]]
id    = "Step One"
title = "Look at it"
confirm = "Done?"
"#,
        good: r#"[[phase.step]]
id    = "step-one"
title = "Look at it"
confirm = "Done?"
"#,
    },
    Explanation {
        code: "bad-number",
        title: "a number out of its range",
        why: "`minutes` is a whole number from 1 to 44640, which is a month. The `coverage` of a soak is one of 1 to 99 percent: where no gap is allowed at all, write `hold`.",
        bad: r#"minutes = 0
"#,
        good: r#"minutes = 45
"#,
    },
    Explanation {
        code: "bad-type",
        title: "an input of another type than is needed",
        why: "A command is an input of type `command`, a secret one of type `secret`: nothing else is run, or kept out of the journal.",
        bad: r#"[inputs.stop]
type   = "text"
prompt = "How is it stopped?"

[[phase.step]]
id    = "a"
title = "Look at it"
run   = "stop"
"#,
        good: r#"[inputs.stop]
type   = "command"
prompt = "How is it stopped?"

[[phase.step]]
id    = "a"
title = "Look at it"
run    = "stop"
expect = { holds = ".exit == 0", why = "It must end well." }
"#,
    },
    Explanation {
        code: "bad-value",
        title: "a value that is not one of those it can be",
        why: "The key takes certain values only; the help of the finding names them.",
        bad: r#"[inputs.storage]
type    = "choice"
options = ["raft", "other"]
prompt  = "Storage"
default = "consul"
"#,
        good: r#"[inputs.storage]
type    = "choice"
options = ["raft", "other"]
prompt  = "Storage"
default = "other"
"#,
    },
    Explanation {
        code: "does-not-fit",
        title: "a value of a site file does not fit the runbook",
        why: "A site serves several runbooks. For the one that is set up, the value at this place is not of the kind that its input takes, is misspelt, or the site is for another system. Mend it in the site file; `piton run RUNBOOK --site FILE` says the same.",
        bad: "",
        good: "",
    },
    Explanation {
        code: "duplicate",
        title: "a name that is there already",
        why: "Phases have names of their own over the plan and all rollback plans, steps within their phase, and so on: a journal that names one of two alike could not be read.",
        bad: r#"[[phase.step]]
id    = "a"
title = "Look at it"
confirm = "Done?"

[[phase.step]]
id    = "a"
title = "Look at it"
confirm = "Done?"
"#,
        good: r#"[[phase.step]]
id    = "a"
title = "Look at it"
confirm = "Done?"

[[phase.step]]
id    = "b"
title = "Look at it"
confirm = "Done?"
"#,
    },
    Explanation {
        code: "empty",
        title: "a text or command with nothing in it",
        why: "What is shown must say something, and what runs must name a program.",
        bad: r#"[[phase.step]]
id    = "a"
title = "Look at it"
confirm = " "
"#,
        good: r#"[[phase.step]]
id    = "a"
title = "Look at it"
confirm = "Is it done?"
"#,
    },
    Explanation {
        code: "expression",
        title: "an expression that cannot be taken",
        why: "Expressions are the part of jq that reads values and nothing else: no clock, no file, no environment, no definitions. The finding points at what is outside of it.",
        bad: r#"[[phase.step]]
id    = "a"
title = "Look at it"
check = 'now > 0'
"#,
        good: r#"[[phase.step]]
id    = "a"
title = "Look at it"
check = '.run.elapsed > 60'
"#,
    },
    Explanation {
        code: "format",
        title: "the format is missing or not known",
        why: "The first line says how the rest is to be read: `format = 1`.",
        bad: "",
        good: "",
    },
    Explanation {
        code: "hidden-character",
        title: "a character that cannot be seen",
        why: "Characters that turn the direction of reading, or take no room, make a text read differently from what it says. Remove them, comments included. One that only takes no room is advice: some scripts need it.",
        bad: r#"summary = "Safe\u202e"
"#,
        good: r#"summary = "Safe"
"#,
    },
    Explanation {
        code: "later",
        title: "something is used before it is there",
        why: "A condition or a `requires` can only look at steps and answers that come before it: it could never be met. A `restart` only leads back: to a phase of its own plan that comes before, or to its own. In a phase with `order = \"any\"` a step reads only what it `requires` gives it: another step of the phase may not have been taken yet.",
        bad: r#"[[phase.step]]
id    = "a"
title = "Look at it"
requires = "b"
confirm  = "Done?"

[[phase.step]]
id    = "b"
title = "Look at it"
confirm = "Done?"
"#,
        good: r#"[[phase.step]]
id    = "b"
title = "Look at it"
confirm = "Done?"

[[phase.step]]
id    = "a"
title = "Look at it"
requires = "b"
confirm  = "Done?"
"#,
    },
    Explanation {
        code: "misplaced-key",
        title: "a key that belongs to another action or type",
        why: "Such a key would have no effect where it stands. A `restart` has no place in a phase with `order = \"any\"`: nobody could tell what was done before it.",
        bad: r#"[[phase.step]]
id    = "a"
title = "Look at it"
confirm = "Done?"
expect  = ".exit == 0"
"#,
        good: r#"[[phase.step]]
id    = "a"
title = "Look at it"
run    = ["server", "status"]
expect = { holds = ".exit == 0", why = "It must end well." }
"#,
    },
    Explanation {
        code: "missing-key",
        title: "something that must be there is not",
        why: "The finding names the key, and the part of the runbook that needs it.",
        bad: r#"[[phase.step]]
id      = "a"
confirm = "Done?"
"#,
        good: r#"[[phase.step]]
id    = "a"
title = "Look at it"
confirm = "Done?"
"#,
    },
    Explanation {
        code: "no-action",
        title: "a step without an action",
        why: "Every step has exactly one action: confirm, ask, run, check, wait, choose, release or restart. What is only to be read is a `text` of the step that needs it.",
        bad: r#"[[phase.step]]
id    = "a"
title = "Look at it"
text  = "Think about it."
"#,
        good: r#"[[phase.step]]
id    = "a"
title = "Look at it"
text    = "Think about it."
confirm = "What speaks against it?"
"#,
    },
    Explanation {
        code: "not-a-line",
        title: "a text of several lines where one is meant",
        why: "Titles and prompts are one line on the screen. Longer explanations go into `text`.",
        bad: r#"[[phase.step]]
id      = "a"
title   = """
Look
at it"""
confirm = "Done?"
"#,
        good: r#"[[phase.step]]
id    = "a"
title = "Look at it"
confirm = "Done?"
"#,
    },
    Explanation {
        code: "plain-text",
        title: "a value in a text that is shown as it stands",
        why: "Only titles, texts, cautions, prompts and arguments of steps, and titles of phases, can hold `{{ … }}`. Elsewhere the braces would be shown.",
        bad: r#"summary = "To {{ .inputs.version }}"
"#,
        good: r#"summary = "To the version that is asked for"
"#,
    },
    Explanation {
        code: "secret",
        title: "an expression reads a secret",
        why: "What an expression reads can be shown and is kept in the journal. A secret is handed to what needs it, as a header or a variable: `{ input = \"token\" }`.",
        bad: r#"[inputs.token]
type   = "secret"
prompt = "Token"

[[phase.step]]
id    = "a"
title = "Look at it"
run   = ["server", "login", "{{ .inputs.token }}"]
"#,
        good: r#"[inputs.token]
type   = "secret"
prompt = "Token"

[[phase.step]]
id    = "a"
title = "Look at it"
run    = ["server", "login"]
env    = { SERVER_TOKEN = { input = "token" } }
expect = { holds = ".exit == 0", why = "It must end well." }
"#,
    },
    Explanation {
        code: "site-file",
        title: "a site file where a runbook is needed",
        why: "A file with `name` or `environment`, and without the keys of a runbook, says what a place binds. Name a runbook, and give it the place: `piton run RUNBOOK --site FILE`.",
        bad: "",
        good: "",
    },
    Explanation {
        code: "toml",
        title: "the text is not TOML",
        why: "TOML is what runbooks and site files are written in. One mistake can make several findings; begin with the first.",
        bad: r#"[[phase.step]]
id    = "a"
title = "Look at it"
confirm = "Done?
"#,
        good: r#"[[phase.step]]
id    = "a"
title = "Look at it"
confirm = "Done?"
"#,
    },
    Explanation {
        code: "too-long",
        title: "a file or a text that is too long",
        why: "A runbook may have a mebibyte, a text 64 KiB. Split it.",
        bad: "",
        good: "",
    },
    Explanation {
        code: "too-many",
        title: "more of something than can be",
        why: "The finding names the limit. Split the runbook, or let a phase with `for_each` walk a list.",
        bad: "",
        good: "",
    },
    Explanation {
        code: "two-actions",
        title: "a step with two actions",
        why: "A step is confirmed, or fails, as a whole. Make two steps of it.",
        bad: r#"[[phase.step]]
id    = "a"
title = "Look at it"
run     = ["server", "status"]
confirm = "Done?"
"#,
        good: r#"[[phase.step]]
id    = "a"
title = "Look at it"
run    = ["server", "status"]
expect = { holds = ".exit == 0", why = "It must end well." }

[[phase.step]]
id    = "b"
title = "Look at it"
confirm = "Done?"
"#,
    },
    Explanation {
        code: "two-questions",
        title: "a probe that asks two things",
        why: "A probe asks by `http`, by `tcp` or by `command`. Make two probes of it.",
        bad: r#"[[health]]
id     = "port"
title  = "Port"
every  = "2s"
ok     = ".open"
fields = { open = ".refused | not" }
tcp    = "127.0.0.1:80"
http   = { url = "http://127.0.0.1" }
"#,
        good: r#"[[health]]
id     = "port"
title  = "Port"
every  = "2s"
ok     = ".open"
fields = { open = ".refused | not" }
tcp    = "127.0.0.1:80"
"#,
    },
    Explanation {
        code: "unknown-heading",
        title: "a heading that the document does not have",
        why: "The headings in `[source]` say what the runbook owes of its document. One that is misspelt owes nothing.",
        bad: r#"[source]
document = "Upgrading Vault"
headings = ["HA Instalations"]
"#,
        good: r#"[source]
document = "Upgrading Vault"
headings = ["HA Installations"]
"#,
    },
    Explanation {
        code: "unknown-key",
        title: "a key that is not of the format",
        why: "A key that is misspelt would have no effect. The help names one that is like it, or all that are known.",
        bad: r#"[[phase.step]]
id    = "a"
title = "Look at it"
confrim = "Done?"
confirm = "Done?"
"#,
        good: r#"[[phase.step]]
id    = "a"
title = "Look at it"
confirm = "Done?"
"#,
    },
    Explanation {
        code: "unknown-mistake",
        title: "a mistake that the document is not known to have",
        why: "`mends` names mistakes of the document that the step mends; the help of the finding names those that are known.",
        bad: "",
        good: "",
    },
    Explanation {
        code: "unknown-name",
        title: "a name that names nothing",
        why: "An input, step, probe or answer is used that the runbook does not have, or an expression reads something that is not there where it stands.",
        bad: r#"[[phase.step]]
id    = "a"
title = "Look at it"
check = '.inputs.version == "2"'
"#,
        good: r#"[inputs.version]
type   = "text"
prompt = "Version"

[[phase.step]]
id    = "a"
title = "Look at it"
check = '.inputs.version == "2"'
"#,
    },
    Explanation {
        code: "unknown-obligation",
        title: "an obligation that the document does not have",
        why: "The ids in `source` are those that `piton coverage` lists for the document. Ids of your own may be anything that is not like one of them.",
        bad: r#"[source]
document = "Upgrading Vault"
headings = ["HA Installations"]

[[phase]]
id    = "prepare"
title = "Prepare"

[[phase.step]]
id    = "a"
title = "Look at it"
source  = ["VLT-HA-99"]
confirm = "Done?"
"#,
        good: r#"[source]
document = "Upgrading Vault"
headings = ["HA Installations"]

[[phase]]
id    = "prepare"
title = "Prepare"

[[phase.step]]
id    = "a"
title = "Look at it"
source  = ["VLT-HA-13"]
confirm = "Done?"
"#,
    },
    Explanation {
        code: "unreadable",
        title: "a file that cannot be read",
        why: "It is no plain file, too long, not UTF-8, or may not be read. The finding says which.",
        bad: "",
        good: "",
    },
    Explanation {
        code: "wrong-type",
        title: "a value of another kind than the key takes",
        why: "A text stands in quotes, a list in brackets, a table in braces or under its own heading.",
        bad: r#"[[phase.step]]
id    = "a"
title = "Look at it"
confirm = true
"#,
        good: r#"[[phase.step]]
id    = "a"
title = "Look at it"
confirm = "Done?"
"#,
    },
];
