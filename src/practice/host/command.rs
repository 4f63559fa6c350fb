//! Who runs what where, and what a shell says when it cannot.

use std::time::Duration;

use crate::practice::CommandResult;

use super::edit::sed;
use super::line::is_name;
use super::remote::{secure_copy, ssh};
use super::shell::run_line;
use super::{Call, Hosts, Place, Shell, archive, builtin, copying, fetch, filters, processes, reading, sums, systemd};

/// The name of the machine on which the operator sits.
pub const BASTION: &str = "bastion";

/// The account that the operator has everywhere.
pub const ACCOUNT: &str = "operator";

/// How many commands, shells and `$(…)` may be one within the other.
pub(super) const DEEPEST: usize = 64;

/// Runs one command with its words apart; `words` that are empty do nothing. `depth` counts the commands around it.
pub fn run(hosts: &mut dyn Hosts, shell: &Shell, words: &[String], depth: usize) -> CommandResult {
    let Some((typed, rest)) = words.split_first() else { return CommandResult::default() };
    let name = typed.rsplit('/').next().unwrap_or_default();
    let call = Call { shell, typed, name, words: rest, depth };
    if depth > DEEPEST {
        return failed(126, &format!("bash: {typed}: too many levels of commands within commands"));
    }
    match name {
        "ssh" => ssh(hosts, shell, rest, depth + 1),
        "scp" => secure_copy(hosts, &call),
        "sudo" => sudo(hosts, &call),
        "env" => env(hosts, &call),
        "watch" => watch(hosts, &call),
        "timeout" => timeout(hosts, &call),
        "xargs" => xargs(hosts, &call),
        "bash" | "sh" if rest.len() == 2 && rest[0].starts_with('-') && rest[0].ends_with('c') => {
            let is_terminal = shell.is_terminal || rest[0].contains('i');
            run_line(hosts, &Shell { is_terminal, ..shell.started() }, &rest[1], depth + 1)
        }
        _ => common(hosts, &call),
    }
}

/// The programs in the order in which they are looked for.
fn common(hosts: &mut dyn Hosts, call: &Call<'_>) -> CommandResult {
    if let Some(result) = builtin::always(hosts, call) {
        return result;
    }
    if let Some(result) = hosts.program(call) {
        return result;
    }
    if let Place::Node(index) = call.shell.place {
        let result = systemd::run(hosts, index, call).or_else(|| processes::run(hosts, index, call));
        if let Some(result) = result {
            return result;
        }
    }
    if let Some(result) = filters::run(hosts, call).or_else(|| fetch::run(hosts, call)) {
        return result;
    }
    if let Some(files) = hosts.files(call.shell.place) {
        if call.name == "sed" {
            return sed(files, call);
        }
        let result = reading::run(hosts, call)
            .or_else(|| copying::run(hosts, call))
            .or_else(|| sums::run(hosts, call))
            .or_else(|| archive::run(hosts, call));
        if let Some(result) = result {
            return result;
        }
    }
    builtin::else_where(hosts, call).unwrap_or_else(|| unknown(call.typed))
}

fn sudo(hosts: &mut dyn Hosts, call: &Call<'_>) -> CommandResult {
    let Call { shell, words, depth, .. } = *call;
    if shell.place == Place::Bastion {
        return failed(1, &format!("{ACCOUNT} is not in the sudoers file."));
    }
    let mut rest = words;
    let mut user = "root".to_owned();
    while let Some(option) = rest.first().filter(|word| word.starts_with('-')) {
        let takes_value = matches!(option.as_str(), "-u" | "-g" | "--user" | "--group");
        match option.strip_prefix("--user=") {
            Some(named) => named.clone_into(&mut user),
            None if matches!(option.as_str(), "-u" | "--user") => user = rest.get(1).cloned().unwrap_or_default(),
            None => {}
        }
        rest = rest.get(if takes_value { 2 } else { 1 }..).unwrap_or_default();
    }
    // sudo resets the environment unless told otherwise.
    let is_kept = words.iter().take_while(|word| word.starts_with('-')).any(|word| word == "-E");
    let mut inner = Shell { user, ..shell.clone() };
    if !is_kept {
        inner.environment.clear();
    }
    rest = assigned(&mut inner, rest);
    let Some(program) = rest.first() else {
        return failed(1, "usage: sudo [-ABbEHknPS] [-u user] [command [arg ...]]");
    };
    let result = run(hosts, &inner, rest, depth + 1);
    match result.exit {
        127 if result.stderr.starts_with("bash:") => failed(1, &format!("sudo: {program}: command not found")),
        _ => result,
    }
}

fn env(hosts: &mut dyn Hosts, call: &Call<'_>) -> CommandResult {
    let mut inner = call.shell.clone();
    match assigned(&mut inner, call.words) {
        [] => printed(&inner.environment.iter().map(|(name, value)| format!("{name}={value}\n")).collect::<String>()),
        rest => run(hosts, &inner, rest, call.depth + 1),
    }
}

/// `watch [-n SECONDS] COMMAND`: what its first look shows; then it goes on until it is broken off.
fn watch(hosts: &mut dyn Hosts, call: &Call<'_>) -> CommandResult {
    let mut rest = call.words;
    let mut every = "2.0".to_owned();
    while let Some(option) = rest.first().filter(|word| word.starts_with('-')) {
        let takes_value = matches!(option.as_str(), "-n" | "--interval");
        if takes_value {
            every = rest.get(1).cloned().unwrap_or_default();
        }
        rest = rest.get(if takes_value { 2 } else { 1 }..).unwrap_or_default();
    }
    if rest.is_empty() {
        return failed(1, "Usage:\n watch [options] command");
    }
    let line = rest.join(" ");
    let shown = run_line(hosts, &call.shell.started(), &line, call.depth + 1);
    let text = format!("Every {every}s: {line}\n\n{}{}", shown.stdout, shown.stderr);
    printed(&text).lasting(Duration::from_hours(24))
}

/// `timeout SECONDS COMMAND`.
fn timeout(hosts: &mut dyn Hosts, call: &Call<'_>) -> CommandResult {
    let [limit, rest @ ..] = call.words else { return failed(125, "timeout: missing operand") };
    let seconds = limit.strip_suffix('s').unwrap_or(limit).parse::<f64>().ok().filter(|time| (0.0..1e6).contains(time));
    let Some(limit) = seconds.map(Duration::from_secs_f64).filter(|_| !rest.is_empty()) else {
        return failed(125, &format!("timeout: invalid time interval '{limit}'"));
    };
    let result = run(hosts, call.shell, rest, call.depth + 1);
    match Duration::from_millis(result.takes_ms) > limit && !limit.is_zero() {
        // What a simulated command does it does at once; it is only not waited for.
        true => CommandResult { exit: 124, ..result }.lasting(limit),
        false => result,
    }
}

/// `xargs [COMMAND]`: with the words that come in behind it.
fn xargs(hosts: &mut dyn Hosts, call: &Call<'_>) -> CommandResult {
    let mut rest = call.words;
    let mut is_left_out = false;
    while let Some(option) = rest.first().filter(|word| word.starts_with('-')) {
        match option.as_str() {
            "-r" | "--no-run-if-empty" => is_left_out = true,
            other => return failed(1, &format!("xargs: practice: '{other}' is not simulated")),
        }
        rest = &rest[1..];
    }
    let typed = call.shell.stdin.clone().unwrap_or_default();
    let given: Vec<String> = typed.split_whitespace().map(str::to_owned).collect();
    if given.is_empty() && is_left_out {
        return CommandResult::default();
    }
    let command = if rest.is_empty() { vec!["echo".to_owned()] } else { rest.to_vec() };
    let shell = Shell { stdin: None, ..call.shell.clone() };
    let result = run(hosts, &shell, &[command, given].concat(), call.depth + 1);
    match result.exit {
        0 => result,
        126 | 127 => result,
        _ => CommandResult { exit: 123, ..result },
    }
}

/// Sets the `NAME=value` words in front; what follows them.
pub(super) fn assigned<'w>(shell: &mut Shell, words: &'w [String]) -> &'w [String] {
    let mut rest = words;
    while let Some((name, value)) = rest.first().and_then(|word| assignment(word)) {
        shell.environment.insert(name.to_owned(), value.to_owned());
        rest = &rest[1..];
    }
    rest
}

fn assignment(word: &str) -> Option<(&str, &str)> {
    word.split_once('=').filter(|(name, _)| is_name(name))
}

/// A result that only prints.
pub fn printed(stdout: &str) -> CommandResult {
    CommandResult { stdout: stdout.to_owned(), takes_ms: 20, ..CommandResult::default() }
}

/// A result with nothing on the standard output; the text is given without its last newline.
pub fn failed(exit: i32, stderr: &str) -> CommandResult {
    let stderr = if stderr.is_empty() { String::new() } else { format!("{stderr}\n") };
    CommandResult { exit, stdout: String::new(), stderr, takes_ms: 20 }
}

/// What a shell says to a name that is no command.
fn unknown(name: &str) -> CommandResult {
    match name.contains('/') {
        true => failed(127, &format!("bash: {name}: No such file or directory")),
        false => failed(127, &format!("bash: {name}: command not found")),
    }
}

impl CommandResult {
    /// The same, taking that long.
    #[must_use]
    pub fn lasting(mut self, time: Duration) -> Self {
        self.takes_ms = u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        self
    }
}
