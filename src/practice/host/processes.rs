//! Processes: `ps`, `pgrep`, `pidof`, `kill`, `pkill`.

use crate::clock::Timestamp;
use crate::practice::CommandResult;

use super::command::{failed, printed};
use super::pattern::{Style as Pattern, compile};
use super::{Arguments, Beside, Call, Hosts, Shell, day};

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
        "pgrep" => pgrep(hosts, index, call),
        "pkill" | "killall" => pkill(hosts, index, call),
        "kill" => kill(hosts, index, call),
        _ => return None,
    })
}

/// The numbers that what was typed gets in the table of processes, from here on.
pub(super) const OWN_PIDS: u32 = 91_204;

/// When the machine was started, in days before what is asked now.
const UP_DAYS: i64 = 41;

/// One line of the table.
struct Row {
    pid: u32,
    parent: u32,
    user: String,
    name: String,
    command: String,
    state: &'static str,
    started: Timestamp,
    /// Milliseconds on the processor.
    busy_ms: u64,
}

/// All that runs on a host: what counts there, and what was typed, for as long as that runs.
fn table(hosts: &dyn Hosts, index: usize, shell: &Shell) -> Vec<Row> {
    let now = hosts.now();
    let booted = Timestamp::from_millis(now.as_millis().saturating_sub(UP_DAYS * 86_400_000));
    let units = hosts.units(index);
    let started = |pid: u32| {
        let told = units.iter().filter_map(|unit| hosts.journal(index, &unit.name)?.first_of(pid));
        told.min().unwrap_or(booted)
    };
    let own = |at: usize, beside: &Beside| Row {
        pid: OWN_PIDS + at as u32,
        parent: if at == 0 { OWN_PIDS - 2 } else { OWN_PIDS },
        user: beside.user.clone(),
        name: cut(beside.command.split(' ').next().and_then(|word| word.rsplit('/').next()).unwrap_or_default())
            .to_owned(),
        command: beside.command.clone(),
        state: if beside.command.starts_with("ps ") || beside.command == "ps" { "R" } else { "S" },
        started: now,
        busy_ms: 0,
    };
    let init = Row {
        pid: 1,
        parent: 0,
        user: "root".into(),
        name: "systemd".into(),
        command: "/sbin/init".into(),
        state: "Ss",
        started: booted,
        busy_ms: 9_000,
    };
    let listed = hosts.processes(index).into_iter().map(|process| {
        let started = started(process.pid);
        Row {
            pid: process.pid,
            parent: 1,
            user: process.user,
            name: process.name,
            command: process.command,
            state: if process.is_frozen { "Tsl" } else { "Ssl" },
            started,
            // A share of the time that it has been there.
            busy_ms: now.since(started).as_millis() as u64 / 40,
        }
    });
    let typed = shell.beside.iter().enumerate().map(|(at, beside)| own(at, beside));
    std::iter::once(init).chain(listed).chain(typed).collect()
}

fn ps(hosts: &dyn Hosts, index: usize, call: &Call<'_>) -> CommandResult {
    let mut words = call.words.to_vec();
    // The style of BSD has no dash: `aux`, `ax`, `axu`.
    let is_bsd = words.first().is_some_and(|word| word.chars().all(|c| "auxwfej".contains(c)));
    if is_bsd && let Some(first) = words.first_mut() {
        *first = format!("-{first}");
    }
    let given = Arguments::parse(&words, "Copqt", &["format", "pid", "sort"]);
    let rows = table(hosts, index, call.shell);
    let format = given.value(&["o", "format"]);
    let by_pid = given.value(&["p", "q", "pid"]).or_else(|| given.operands.first().map(String::as_str));
    let is_meant = |row: &&Row| match (given.value(&["C"]), by_pid) {
        (Some(name), _) => row.name == cut(name),
        (None, Some(pids)) => pids.split(',').any(|pid| pid.parse() == Ok(row.pid)),
        // Without being asked for more it shows those of its own terminal.
        (None, None) => given.has(&["e", "A", "a", "x"]) || row.pid >= OWN_PIDS,
    };
    let found: Vec<&Row> = rows.iter().filter(is_meant).collect();
    let style = match () {
        () if format.is_some() => Style::Chosen,
        () if given.has(&["u"]) && is_bsd => Style::Users,
        () if given.has(&["f", "F"]) && !is_bsd => Style::Full,
        () if is_bsd => Style::States,
        () => Style::Short,
    };
    let head = match (style, format) {
        (_, Some(format)) if format.contains('=') => String::new(),
        (_, Some(format)) => format!("{}\n", format.to_uppercase().replace(',', " ").replace("ARGS", "COMMAND")),
        (style, None) => style.head().to_owned(),
    };
    let text: String = found.iter().map(|row| style.line(row, format.unwrap_or_default(), hosts.now())).collect();
    CommandResult { exit: i32::from(found.is_empty()), ..printed(&format!("{head}{text}")) }
}

/// Which columns `ps` shows.
#[derive(Clone, Copy)]
enum Style {
    /// `ps`.
    Short,
    /// `ps ax`.
    States,
    /// `ps aux`.
    Users,
    /// `ps -ef`.
    Full,
    /// `ps -o`.
    Chosen,
}

impl Style {
    const fn head(self) -> &'static str {
        match self {
            Self::Short | Self::Chosen => "    PID TTY          TIME CMD\n",
            Self::States => "    PID TTY      STAT   TIME COMMAND\n",
            Self::Users => "USER         PID %CPU %MEM    VSZ   RSS TTY      STAT START   TIME COMMAND\n",
            Self::Full => "UID          PID    PPID  C STIME TTY          TIME CMD\n",
        }
    }

    fn line(self, row: &Row, format: &str, now: Timestamp) -> String {
        let Row { pid, parent, user, name, command, state, busy_ms, .. } = row;
        let (minutes, seconds) = (busy_ms / 60_000, busy_ms / 1_000 % 60);
        let clock = format!("{:02}:{:02}:{seconds:02}", minutes / 60, minutes % 60);
        // What is longer than its column is shown by its first letters and a plus.
        let user = if user.len() > 8 { format!("{}+", user.get(..7).unwrap_or(user)) } else { user.clone() };
        match self {
            Self::Short => format!("{pid:>7} ?        {clock} {name}\n"),
            Self::States => format!("{pid:>7} ?        {state:<4} {minutes:>3}:{seconds:02} {command}\n"),
            Self::Users => {
                let (memory, size, resident) = row.memory();
                let share = if *busy_ms > 0 { "2.5" } else { "0.0" };
                let start = start(row.started, now);
                format!(
                    "{user:<8} {pid:>7} {share:>4} {memory:>4} {size:>6} {resident:>5} ?        {state:<4} {start} \
                     {minutes:>3}:{seconds:02} {command}\n"
                )
            }
            Self::Full => {
                let start = start(row.started, now);
                let share = if *busy_ms > 0 { 2 } else { 0 };
                format!("{user:<8} {pid:>7} {parent:>7}  {share} {start} ?        {clock} {command}\n")
            }
            Self::Chosen => columns(row, format, now, &clock),
        }
    }
}

impl Row {
    /// Its share of the memory, and kilobytes of addresses and of memory.
    fn memory(&self) -> (&'static str, u32, u32) {
        match self.pid {
            1 => ("0.1", 168_204, 12_880),
            pid if pid >= OWN_PIDS => ("0.0", 6_332, 2_104),
            pid => ("4.6", 1_286_400 + pid % 97 * 1_024, 371_200 + pid % 89 * 128),
        }
    }
}

/// When it was started: the time of this day, or the day.
fn start(at: Timestamp, now: Timestamp) -> String {
    let (then, today) = (at.to_string(), now.to_string());
    match then.get(..10) == today.get(..10) {
        true => then.get(11..16).unwrap_or_default().to_owned(),
        false => day(at).get(..6).unwrap_or_default().replace(' ', ""),
    }
}

/// The columns of `ps -o`, for those that are usually asked.
fn columns(row: &Row, format: &str, now: Timestamp, clock: &str) -> String {
    let cell = |column: &str| match column.trim_end_matches('=') {
        "pid" => row.pid.to_string(),
        "args" | "cmd" | "command" => row.command.clone(),
        "comm" | "ucmd" => row.name.clone(),
        "user" | "euser" | "ruser" => row.user.clone(),
        "ppid" => row.parent.to_string(),
        "stat" => row.state.into(),
        "state" | "s" => row.state.get(..1).unwrap_or_default().into(),
        "start" | "stime" | "start_time" => start(row.started, now),
        "etimes" => now.since(row.started).as_secs().to_string(),
        "time" | "cputime" => clock.to_owned(),
        "rss" => row.memory().2.to_string(),
        "vsz" => row.memory().1.to_string(),
        "tty" | "tt" => "?".into(),
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
    let around = if is_exact { ("^", "$") } else { ("", "") };
    let regex = compile(&[pattern], Pattern::Extended, around, given.has(&["i", "ignore-case"]))
        .map_err(|why| failed(2, &format!("pgrep: {why}")))?;
    let is_meant = |process: &Listed| regex.is_match(if is_full { &process.command } else { &process.name });
    Ok(hosts.processes(index).into_iter().filter(is_meant).collect())
}

fn pgrep(hosts: &dyn Hosts, index: usize, call: &Call<'_>) -> CommandResult {
    let given = Arguments::parse(call.words, "uUgPd", &["user"]);
    let mut found = match matching(hosts, index, &given) {
        Ok(found) => found,
        Err(result) => return result,
    };
    if let (true, false, Some(pattern)) =
        (given.has(&["f", "full"]), given.has(&["x", "exact"]), given.operands.first())
    {
        found.extend(typed(call.shell, pattern));
    }
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

/// What was typed and has that in its command line. `pgrep` leaves out itself alone, not the shell or the `sudo` around it.
fn typed(shell: &Shell, pattern: &str) -> impl Iterator<Item = Listed> {
    let regex = compile(&[pattern], Pattern::Extended, ("", ""), false).ok();
    shell.beside.iter().enumerate().filter_map(move |(at, beside)| {
        let is_itself = beside.command.split([' ', '/']).next() == Some("pgrep");
        (!is_itself && regex.as_ref().is_some_and(|regex| regex.is_match(&beside.command))).then(|| Listed {
            pid: OWN_PIDS + at as u32,
            user: beside.user.clone(),
            name: cut(beside.command.split(' ').next().unwrap_or_default()).to_owned(),
            command: beside.command.clone(),
            is_frozen: false,
        })
    })
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
