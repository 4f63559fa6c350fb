//! Processes: `ps`, `pgrep`, `pidof`, `kill`, `pkill`.

use crate::practice::CommandResult;

use super::command::{failed, printed};
use super::{Arguments, Call, Hosts};

/// The signals that matter to a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal {
    /// SIGINT.
    Interrupt,
    /// SIGTERM.
    Terminate,
    /// SIGKILL.
    Kill,
    /// Another one that ends a process at once unless it is handled, by its number (SIGQUIT 3, SIGUSR1 10, …).
    Deadly(u8),
    /// SIGSTOP.
    Freeze,
    /// SIGCONT.
    Thaw,
    /// SIGHUP.
    Hangup,
    /// One that leaves a process running.
    Harmless,
}

impl Signal {
    /// Reads `TERM`, `SIGTERM` or `15`.
    pub fn parse(word: &str) -> Option<Self> {
        let upper = word.to_ascii_uppercase();
        Some(match upper.strip_prefix("SIG").unwrap_or(&upper) {
            "TERM" | "15" => Self::Terminate,
            "INT" | "2" => Self::Interrupt,
            "KILL" | "9" => Self::Kill,
            "QUIT" | "3" => Self::Deadly(3),
            "ABRT" | "6" => Self::Deadly(6),
            "SEGV" | "11" => Self::Deadly(11),
            "USR1" | "10" => Self::Deadly(10),
            "ALRM" | "14" => Self::Deadly(14),
            "STOP" | "19" => Self::Freeze,
            "CONT" | "18" => Self::Thaw,
            "HUP" | "1" => Self::Hangup,
            "USR2" | "12" | "WINCH" | "28" | "CHLD" | "17" | "URG" | "23" | "0" => Self::Harmless,
            _ => return None,
        })
    }
}

/// A process as a host lists it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// Its number.
    pub pid: u32,
    /// The account it runs as.
    pub user: String,
    /// Its name of at most 15 characters.
    pub name: String,
    /// Its whole command line.
    pub command: String,
    /// Whether SIGSTOP holds it.
    pub is_frozen: bool,
}

/// `None`: it is none of these commands.
pub(super) fn run(hosts: &mut dyn Hosts, index: usize, call: &Call<'_>) -> Option<CommandResult> {
    Some(match call.name {
        "ps" => ps(hosts, index, call),
        "pidof" => pidof(hosts, index, call.words),
        "pgrep" => pgrep(hosts, index, call.words),
        "pkill" | "killall" => pkill(hosts, index, call),
        "kill" => kill(hosts, index, call),
        _ => return None,
    })
}

fn ps(hosts: &dyn Hosts, index: usize, call: &Call<'_>) -> CommandResult {
    let given = Arguments::parse(call.words, "CopuU", &["format", "pid"]);
    let listed = hosts.processes(index);
    if let Some(name) = given.value(&["C"]) {
        let found: Vec<&Listed> = listed.iter().filter(|process| process.name == cut(name)).collect();
        let bare = given.value(&["o", "format"]);
        let line = |process: &&Listed| match bare {
            Some(format) => columns(process, format),
            None => format!("{:>7} ?        00:01:42 {}\n", process.pid, process.name),
        };
        let head = match bare {
            None => "    PID TTY          TIME CMD\n".to_owned(),
            Some(format) if format.contains('=') => String::new(),
            Some(format) => format!("{}\n", format.to_uppercase().replace(',', " ").replace("ARGS", "COMMAND")),
        };
        let text: String = found.iter().map(line).collect();
        return CommandResult { exit: i32::from(found.is_empty()), ..printed(&format!("{head}{text}")) };
    }
    let mut text = String::from("    PID TTY      STAT   TIME COMMAND\n      1 ?        Ss     0:09 /sbin/init\n");
    for process in listed {
        let state = if process.is_frozen { "Tsl" } else { "Ssl" };
        text.push_str(&format!("{:>7} ?        {state}    1:42 {}\n", process.pid, process.command));
    }
    text.push_str(&format!("  91207 ?        R      0:00 ps # {}\n", call.shell.user));
    printed(&text)
}

/// The columns of `ps -o`, for those that are usually asked.
fn columns(process: &Listed, format: &str) -> String {
    let cell = |column: &str| match column.trim_end_matches('=') {
        "pid" => process.pid.to_string(),
        "args" | "cmd" | "command" => process.command.clone(),
        "comm" | "ucmd" => process.name.clone(),
        "user" | "euser" | "ruser" => process.user.clone(),
        "ppid" => "1".into(),
        "stat" | "state" | "s" => if process.is_frozen { "Tsl" } else { "Ssl" }.into(),
        _ => "-".into(),
    };
    format!("{}\n", format.split(',').map(cell).collect::<Vec<_>>().join(" "))
}

fn pidof(hosts: &dyn Hosts, index: usize, words: &[String]) -> CommandResult {
    let is_named =
        |process: &Listed| words.iter().any(|word| process.name == cut(word.rsplit('/').next().unwrap_or(word)));
    let mut found: Vec<u32> =
        hosts.processes(index).iter().filter(|process| is_named(process)).map(|p| p.pid).collect();
    found.reverse();
    match found.is_empty() {
        true => failed(1, ""),
        false => printed(&format!("{}\n", found.iter().map(u32::to_string).collect::<Vec<_>>().join(" "))),
    }
}

fn matching(hosts: &dyn Hosts, index: usize, given: &Arguments) -> Result<Vec<Listed>, CommandResult> {
    let [pattern] = given.operands.as_slice() else {
        return Err(failed(2, "pgrep: no matching criteria specified\nTry `pgrep --help' for more information."));
    };
    let is_full = given.has(&["f", "full"]);
    let is_exact = given.has(&["x", "exact"]);
    let is_meant = |process: &Listed| {
        let text = if is_full { &process.command } else { &process.name };
        if is_exact { text == pattern } else { text.contains(pattern.trim_start_matches('^').trim_end_matches('$')) }
    };
    Ok(hosts.processes(index).into_iter().filter(is_meant).collect())
}

fn pgrep(hosts: &dyn Hosts, index: usize, words: &[String]) -> CommandResult {
    let given = Arguments::parse(words, "uUgPd", &["user"]);
    let found = match matching(hosts, index, &given) {
        Ok(found) => found,
        Err(result) => return result,
    };
    let line = |process: &Listed| match () {
        () if given.has(&["a", "list-full"]) => format!("{} {}\n", process.pid, process.command),
        () if given.has(&["l", "list-name"]) => format!("{} {}\n", process.pid, process.name),
        () => format!("{}\n", process.pid),
    };
    match (found.is_empty(), given.has(&["c", "count"])) {
        (is_empty, true) => CommandResult { exit: i32::from(is_empty), ..printed(&format!("{}\n", found.len())) },
        (true, false) => failed(1, ""),
        (false, false) => printed(&found.iter().map(line).collect::<String>()),
    }
}

fn pkill(hosts: &mut dyn Hosts, index: usize, call: &Call<'_>) -> CommandResult {
    let mut words = call.words.to_vec();
    let mut signal = Signal::Terminate;
    if let Some(known) = words.first().and_then(|word| word.strip_prefix('-')).and_then(Signal::parse) {
        signal = known;
        words.remove(0);
    }
    let mut given = Arguments::parse(&words, "suU", &["signal"]);
    if let Some(named) = given.value(&["s", "signal"]) {
        match Signal::parse(named) {
            Some(known) => signal = known,
            None => return failed(2, &format!("pkill: Unknown signal \"{named}\".")),
        }
    }
    if call.name == "killall" {
        given.options.push(("x".into(), None));
    }
    let found = match matching(hosts, index, &given) {
        Ok(found) => found,
        Err(result) => return result,
    };
    for process in &found {
        if !call.shell.is_root() && process.user != call.shell.user {
            return failed(1, &format!("pkill: killing pid {} failed: Operation not permitted", process.pid));
        }
        hosts.signal(index, process.pid, signal);
    }
    match found.is_empty() {
        true => failed(1, ""),
        false => printed(""),
    }
}

fn kill(hosts: &mut dyn Hosts, index: usize, call: &Call<'_>) -> CommandResult {
    let (signal, pids) = match call.words {
        [flag, signal, pids @ ..] if flag == "-s" && !pids.is_empty() => (Signal::parse(signal), pids),
        [signal, pids @ ..] if signal.starts_with('-') && !pids.is_empty() => (Signal::parse(&signal[1..]), pids),
        [first, ..] if !first.starts_with('-') => (Some(Signal::Terminate), call.words),
        _ => return failed(2, "kill: usage: kill [-s sigspec | -n signum | -sigspec] pid"),
    };
    let Some(signal) = signal else { return failed(1, "bash: kill: invalid signal specification") };
    for pid in pids {
        let listed = hosts.processes(index);
        let Some(process) = listed.iter().find(|process| pid.parse() == Ok(process.pid)) else {
            return failed(1, &format!("bash: kill: ({pid}) - No such process"));
        };
        if !call.shell.is_root() && process.user != call.shell.user {
            return failed(1, &format!("bash: kill: ({pid}) - Operation not permitted"));
        }
        hosts.signal(index, process.pid, signal);
    }
    printed("")
}

/// A name as the kernel keeps it.
fn cut(name: &str) -> &str {
    name.get(..15).unwrap_or(name)
}
