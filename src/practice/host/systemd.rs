//! `systemctl`, with the exit statuses of the real one.

use crate::practice::CommandResult;

use super::command::{failed, printed};
use super::journal::journalctl;
use super::{Arguments, Call, Hosts, Signal};

/// What a unit is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnitState {
    /// Not there, as it should be.
    Inactive,
    /// Not there: it did not end well.
    Failed,
    /// On its way up.
    Activating,
    /// There.
    Active,
    /// On its way down.
    Deactivating,
}

impl UnitState {
    /// The word of `is-active`.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Inactive => "inactive",
            Self::Failed => "failed",
            Self::Activating => "activating",
            Self::Active => "active",
            Self::Deactivating => "deactivating",
        }
    }

    /// The word in brackets.
    const fn inner(self) -> &'static str {
        match self {
            Self::Inactive => "dead",
            Self::Failed => "failed",
            Self::Activating => "start",
            Self::Active => "running",
            Self::Deactivating => "stop-sigterm",
        }
    }
}

/// A unit as systemd sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unit {
    /// Its name, without `.service`.
    pub name: String,
    /// Its description, with the quotes that it may have.
    pub description: String,
    /// Where its file lies.
    pub file: String,
    /// What it is doing.
    pub state: UnitState,
    /// The number of its main process, of the last one when there is none.
    pub pid: u32,
    /// The name of that process.
    pub program: String,
    /// Its command line.
    pub command: String,
    /// Whether it is started when the host starts.
    pub is_enabled: bool,
    /// Whether a process is there.
    pub has_process: bool,
    /// Further properties for `systemctl show`, which come before the usual ones of that name.
    pub properties: Vec<(String, String)>,
}

impl Unit {
    /// A property as `systemctl show` prints it; empty when there is none.
    fn property(&self, name: &str) -> String {
        if let Some((_, value)) = self.properties.iter().find(|(known, _)| known == name) {
            return value.clone();
        }
        match name {
            "Id" | "Names" => format!("{}.service", self.name),
            "Description" => self.description.clone(),
            "LoadState" => "loaded".into(),
            "ActiveState" => self.state.word().into(),
            "SubState" => self.state.inner().into(),
            "FragmentPath" => self.file.clone(),
            "UnitFileState" => if self.is_enabled { "enabled" } else { "disabled" }.into(),
            "MainPID" => if self.has_process { self.pid } else { 0 }.to_string(),
            "Result" => if self.state == UnitState::Failed { "exit-code" } else { "success" }.into(),
            "KillSignal" => "15".into(),
            "Restart" => "no".into(),
            "NRestarts" => "0".into(),
            _ => String::new(),
        }
    }
}

/// What a unit is told to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// Come up; `wait`: the command ends when it has.
    Start {
        /// Not with `--no-block`.
        wait: bool,
    },
    /// End.
    Stop,
    /// End and come up.
    Restart,
    /// Read its settings anew.
    Reload,
    /// A signal to its processes.
    Kill(Signal),
    /// Be started when the host starts.
    Enable,
    /// Not be started when the host starts.
    Disable,
}

/// What can be asked of a unit, whether there is one of that name or not.
const VERBS: [&str; 16] = [
    "is-active",
    "is-failed",
    "is-enabled",
    "status",
    "show",
    "cat",
    "start",
    "stop",
    "restart",
    "try-restart",
    "condrestart",
    "reload",
    "kill",
    "enable",
    "disable",
    "reset-failed",
];

/// `None`: it is none of these commands.
pub(super) fn run(hosts: &mut dyn Hosts, index: usize, call: &Call<'_>) -> Option<CommandResult> {
    Some(match call.name {
        "systemctl" => systemctl(hosts, index, call),
        "service" => service(hosts, index, call),
        "journalctl" => journalctl(hosts, index, call),
        _ => return None,
    })
}

/// `service UNIT VERB`.
fn service(hosts: &mut dyn Hosts, index: usize, call: &Call<'_>) -> CommandResult {
    match call.words {
        [unit, verb] => systemctl(hosts, index, &Call { words: &[verb.clone(), unit.clone()], ..*call }),
        _ => failed(1, "Usage: service < option > | --status-all | [ service_name [ command | --full-restart ] ]"),
    }
}

fn systemctl(hosts: &mut dyn Hosts, index: usize, call: &Call<'_>) -> CommandResult {
    let given = Arguments::parse(call.words, "snoptH", &["signal", "property", "lines", "type", "state", "kill-who"]);
    let signal = match given.value(&["s", "signal"]).map(Signal::parse) {
        None if given.has(&["s", "signal"]) => return failed(1, "Failed to parse signal string."),
        None => Signal::Terminate,
        Some(Some(known)) => known,
        Some(None) => {
            let name = given.value(&["signal"]).map(|name| format!(" {name}")).unwrap_or_default();
            return failed(1, &format!("Failed to parse signal string{name}."));
        }
    };
    let is_failed = given.has(&["failed"]) || given.value(&["state"]) == Some("failed");
    let (verb, names) = match given.operands.split_first() {
        _ if given.has(&["h", "help"]) => return printed("systemctl [OPTIONS...] COMMAND ...\n"),
        Some((verb, _)) if verb == "daemon-reload" => return reload(hosts, index, call),
        None if given.has(&["version"]) => return printed("systemd 252 (252.31-1~deb12u1)\n"),
        None => return list(hosts, index, is_failed),
        Some((verb, _)) if matches!(verb.as_str(), "list-units" | "list-unit-files") => {
            return list(hosts, index, is_failed);
        }
        Some((verb, _)) if !VERBS.contains(&verb.as_str()) => {
            return failed(1, &format!("Unknown command verb '{verb}'."));
        }
        Some((verb, names)) => (verb.as_str(), names),
    };
    if names.is_empty() {
        return failed(1, "Too few arguments.");
    }
    let mut total = CommandResult { exit: if verb == "is-active" { 3 } else { 0 }, ..CommandResult::default() };
    for name in names {
        let name = name.strip_suffix(".service").unwrap_or(name);
        let result = one(hosts, index, call, (verb, name), signal, &given);
        total.stdout.push_str(&result.stdout);
        total.stderr.push_str(&result.stderr);
        total.takes_ms += result.takes_ms;
        total.exit = match verb {
            // One that is active suffices.
            "is-active" if total.exit == 0 || result.exit == 0 => 0,
            "is-active" => result.exit,
            _ => total.exit.max(result.exit),
        };
    }
    total
}

fn one(
    hosts: &mut dyn Hosts,
    index: usize,
    call: &Call<'_>,
    (verb, name): (&str, &str),
    signal: Signal,
    given: &Arguments,
) -> CommandResult {
    let Some(unit) = hosts.units(index).into_iter().find(|unit| unit.name == name) else {
        return missing(verb, name);
    };
    let order = match verb {
        "is-active" => return told(unit.state.word(), if unit.state == UnitState::Active { 0 } else { 3 }, given),
        "is-failed" => return told(unit.state.word(), i32::from(unit.state != UnitState::Failed), given),
        "is-enabled" if unit.is_enabled => return told("enabled", 0, given),
        "is-enabled" => return told("disabled", 1, given),
        "status" => return status(hosts, index, &unit, given),
        "show" => return show(&unit, given),
        "cat" => return printed(&file(&unit)),
        "start" => Order::Start { wait: !given.has(&["no-block"]) },
        "stop" => Order::Stop,
        "try-restart" | "condrestart" if !unit.has_process => return printed(""),
        "restart" | "try-restart" | "condrestart" => Order::Restart,
        "reload" => Order::Reload,
        "kill" => Order::Kill(signal),
        "enable" => Order::Enable,
        "disable" => Order::Disable,
        "reset-failed" => Order::Reload,
        other => return failed(1, &format!("Unknown command verb '{other}'.")),
    };
    if !call.shell.is_root() {
        return failed(
            4,
            &format!(
                "Failed to {verb} {name}.service: Interactive authentication required.\n\
                 See system logs and 'systemctl status {name}.service' for details."
            ),
        );
    }
    // That it failed is forgotten; the process, if there is one, is told nothing.
    if verb == "reset-failed" {
        return printed("");
    }
    let done = hosts.order(index, name, order);
    let is_now = given.has(&["now"]) && done.exit == 0;
    match order {
        Order::Enable if is_now => after(done, hosts.order(index, name, Order::Start { wait: true })),
        Order::Disable if is_now => after(done, hosts.order(index, name, Order::Stop)),
        _ => done,
    }
}

/// One result after another.
fn after(first: CommandResult, second: CommandResult) -> CommandResult {
    CommandResult {
        exit: second.exit,
        stdout: first.stdout + &second.stdout,
        stderr: first.stderr + &second.stderr,
        takes_ms: first.takes_ms + second.takes_ms,
    }
}

fn reload(hosts: &mut dyn Hosts, index: usize, call: &Call<'_>) -> CommandResult {
    match call.shell.is_root() {
        true => {
            hosts.reload_units(index);
            printed("")
        }
        false => failed(1, "Failed to reload daemon: Interactive authentication required."),
    }
}

fn told(word: &str, exit: i32, given: &Arguments) -> CommandResult {
    let stdout = if given.has(&["q", "quiet"]) { String::new() } else { format!("{word}\n") };
    CommandResult { exit, ..printed(&stdout) }
}

fn list(hosts: &dyn Hosts, index: usize, is_failed: bool) -> CommandResult {
    let mut text = String::from("  UNIT LOAD ACTIVE SUB DESCRIPTION\n");
    let is_meant = |unit: &Unit| !is_failed || unit.state == UnitState::Failed;
    for unit in hosts.units(index).into_iter().filter(is_meant) {
        let Unit { name, state, description, .. } = &unit;
        text.push_str(&format!("  {name}.service loaded {} {} {description}\n", state.word(), state.inner()));
    }
    printed(&text)
}

fn status(hosts: &dyn Hosts, index: usize, unit: &Unit, given: &Arguments) -> CommandResult {
    let (sign, exit) = match unit.state {
        UnitState::Active => ("●", 0),
        UnitState::Inactive => ("○", 3),
        UnitState::Failed => ("×", 3),
        UnitState::Activating | UnitState::Deactivating => ("●", 3),
    };
    let inner = match unit.state {
        UnitState::Failed => "Result: exit-code",
        state => state.inner(),
    };
    let enabled = if unit.is_enabled { "enabled" } else { "disabled" };
    let Unit { name, description, file, pid, program, command, .. } = unit;
    let mut text = format!(
        "{sign} {name}.service - {description}\n\
         \x20    Loaded: loaded ({file}; {enabled}; preset: enabled)\n\
         \x20    Active: {} ({inner})\n\
         \x20  Main PID: {pid} ({program})\n\
         \x20    CGroup: /system.slice/{name}.service\n",
        unit.state.word()
    );
    if unit.state == UnitState::Active {
        text.push_str(&format!("             └─{pid} {command}\n"));
    }
    text.push('\n');
    let count = given.value(&["n", "lines"]).and_then(|text| text.parse().ok()).unwrap_or(10);
    let host = hosts.host_name(index);
    let log = hosts.journal(index, name);
    text.push_str(&log.map(|log| log.told(Some((&host, program)), count, Default::default())).unwrap_or_default());
    CommandResult { exit, ..printed(&text) }
}

fn show(unit: &Unit, given: &Arguments) -> CommandResult {
    const USUAL: [&str; 11] = [
        "Restart",
        "NRestarts",
        "MainPID",
        "Result",
        "KillSignal",
        "Id",
        "Description",
        "LoadState",
        "ActiveState",
        "SubState",
        "UnitFileState",
    ];
    let asked: Vec<&str> = match given.value(&["p", "property"]) {
        Some(names) => names.split(',').collect(),
        None => USUAL.to_vec(),
    };
    let bare = given.has(&["value"]);
    let line = |name: &&str| match bare {
        true => format!("{}\n", unit.property(name)),
        false => format!("{name}={}\n", unit.property(name)),
    };
    printed(&asked.iter().map(line).collect::<String>())
}

fn file(unit: &Unit) -> String {
    format!(
        "# {}\n[Unit]\nDescription={}\n\n[Service]\nExecStart={}\nKillSignal={}\nRestart={}\n\n[Install]\n\
         WantedBy=multi-user.target\n",
        unit.file,
        unit.description,
        unit.command,
        unit.property("KillSignal"),
        unit.property("Restart"),
    )
}

/// What systemctl says about a unit that is not there.
fn missing(verb: &str, name: &str) -> CommandResult {
    match verb {
        "is-active" | "is-failed" => CommandResult { exit: 4, ..printed("inactive\n") },
        "is-enabled" | "enable" | "disable" => {
            failed(1, &format!("Failed to get unit file state for {name}.service: No such file or directory"))
        }
        "status" => failed(4, &format!("Unit {name}.service could not be found.")),
        "show" => printed(&format!("Id={name}.service\nLoadState=not-found\nActiveState=inactive\nSubState=dead\n")),
        "start" => failed(5, &format!("Failed to start {name}.service: Unit {name}.service not found.")),
        verb => failed(5, &format!("Failed to {verb} {name}.service: Unit {name}.service not loaded.")),
    }
}
