//! The unit `cockroach` of a host, and the flags that a server is started with.

use std::time::Duration;

use crate::clock::Timestamp;
use crate::practice::CommandResult;
use crate::practice::host::{Entry, Files, Order, Signal, Unit, UnitState, failed, printed};

use super::state::{Cockroach, Process};

/// What the flags of a server come to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Flags {
    pub(super) store: String,
    pub(super) join: Vec<String>,
    /// `start-single-node`.
    pub(super) is_single: bool,
    pub(super) is_background: bool,
    certs: Option<String>,
    is_insecure: bool,
}

impl Flags {
    /// Reads a command line, program first.
    pub(super) fn of(command: &[String]) -> Self {
        let mut flags = Self { store: "cockroach-data".into(), ..Self::default() };
        let mut rest = command.iter().skip(1);
        while let Some(word) = rest.next() {
            let (name, mut value) = match word.split_once('=') {
                Some((name, value)) => (name, Some(value.to_owned())),
                None => (word.as_str(), None),
            };
            let takes_value = matches!(name, "--store" | "-s" | "--join" | "-j" | "--certs-dir");
            if takes_value && value.is_none() {
                value = rest.next().cloned();
            }
            match name {
                "start-single-node" => flags.is_single = true,
                "--background" => flags.is_background = true,
                "--insecure" => flags.is_insecure = value.as_deref() != Some("false"),
                "--certs-dir" => flags.certs = value,
                "--store" | "-s" => {
                    let value = value.unwrap_or_default();
                    let path = value.split(',').find(|part| !part.contains('=') || part.starts_with("path="));
                    path.unwrap_or_default().trim_start_matches("path=").clone_into(&mut flags.store);
                }
                "--join" | "-j" => {
                    flags.join.extend(value.unwrap_or_default().split(',').map(str::to_owned));
                }
                _ => {}
            }
        }
        flags.join.retain(|name| !name.is_empty());
        flags
    }

    /// Whether the security fits that of the cluster; `None`: certificates are needed and none are named.
    pub(super) fn security(&self, is_secure: bool) -> Option<bool> {
        match (self.is_insecure, &self.certs) {
            (true, _) => Some(!is_secure),
            (false, Some(_)) => Some(is_secure),
            (false, None) => None,
        }
    }
}

/// The file of the unit on every host.
const UNIT_FILE: &str = "/etc/systemd/system/cockroach.service";

/// The line of it that says what is started.
const START_LINE: &str = "ExecStart=";

/// The file of a unit that starts this.
pub(super) fn write_unit(files: &mut Files, command: &[String], at: Timestamp) {
    let text = format!(
        "[Unit]\nDescription=Cockroach Database cluster node\n\n[Service]\nType=notify\nUser=cockroach\n\
         {START_LINE}{}\nTimeoutStopSec=300\nRestart=always\nRestartSec=10\n\n[Install]\nWantedBy=default.target\n",
        command.join(" ")
    );
    files.put(UNIT_FILE, Entry::file(text, "root", at));
}

impl Cockroach {
    /// systemd starts what the unit's file says only once it has read it.
    pub(super) fn load_unit(&mut self, host: usize) {
        let text = self.hosts[host].files.get(UNIT_FILE).map(Entry::text).unwrap_or_default();
        let line = text.lines().find_map(|line| line.strip_prefix(START_LINE));
        if let Some(line) = line {
            self.hosts[host].command = line.split_whitespace().map(str::to_owned).collect();
        }
    }

    /// The unit as systemd sees it.
    pub(super) fn unit(&self, host: usize) -> Unit {
        let node = &self.hosts[host];
        let held = node.run().filter(|run| run.is_unit);
        let state = match &node.process {
            Process::Down { again: Some(_), .. } => UnitState::Activating,
            Process::Down { failed: true, .. } => UnitState::Failed,
            Process::Down { failed: false, .. } => UnitState::Inactive,
            _ if held.is_none() => UnitState::Inactive,
            Process::Starting { .. } => UnitState::Activating,
            Process::Up { leaving: Some(_), .. } => UnitState::Deactivating,
            Process::Up { ready, .. } if *ready > self.now => UnitState::Activating,
            Process::Up { .. } => UnitState::Active,
        };
        let property = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        Unit {
            name: "cockroach".into(),
            description: "Cockroach Database cluster node".into(),
            file: UNIT_FILE.into(),
            state,
            pid: node.pid(),
            program: "cockroach".into(),
            command: node.command.join(" "),
            is_enabled: true,
            has_process: held.is_some(),
            properties: vec![
                property("Restart", "always"),
                property("Type", "notify"),
                property("User", "cockroach"),
                property("TimeoutStopUSec", "5min"),
            ],
        }
    }

    /// What becomes of an order of systemctl.
    pub(super) fn obey(&mut self, host: usize, order: Order) -> CommandResult {
        let now = self.now;
        match order {
            Order::Start { wait: true } => {
                let wait = self.start_unit(host, now);
                self.started(host, wait)
            }
            Order::Start { wait: false } => {
                self.start_unit(host, now);
                printed("")
            }
            Order::Stop => self.stop_unit(host),
            Order::Restart => {
                let stopped = Duration::from_millis(self.stop_unit(host).takes_ms);
                let wait = self.start_unit(host, now);
                self.started(host, stopped.max(wait))
            }
            Order::Kill(signal) => {
                self.deliver(host, signal, now);
                printed("")
            }
            // The unit has no reload.
            Order::Reload => failed(
                3,
                "Failed to reload cockroach.service: Job type reload is not applicable for unit cockroach.service.",
            ),
            Order::Enable | Order::Disable => printed(""),
        }
    }

    /// The unit tells systemd when it takes clients, so a start that fails is seen at once.
    fn started(&self, host: usize, wait: Duration) -> CommandResult {
        let will_fail = match &self.hosts[host].process {
            Process::Starting { fails, .. } => fails.is_some(),
            Process::Down { .. } => true,
            Process::Up { .. } => false,
        };
        match will_fail {
            true => failed(
                1,
                "Job for cockroach.service failed because the control process exited with error code.\n\
                 See \"systemctl status cockroach.service\" and \"journalctl -xeu cockroach.service\" for details.",
            ),
            false => printed(""),
        }
        .lasting(wait + Duration::from_millis(20))
    }

    fn stop_unit(&mut self, host: usize) -> CommandResult {
        let now = self.now;
        let is_held = self.hosts[host].run().is_some_and(|run| run.is_unit);
        if let Process::Down { .. } = self.hosts[host].process {
            self.hosts[host].process = Process::Down { failed: false, again: None };
            return printed("");
        }
        if !is_held {
            return printed("");
        }
        // systemd sends SIGCONT along with the signal, so that a frozen process sees it.
        self.deliver(host, Signal::Thaw, now);
        if let Process::Up { leaving: Some(leaving), .. } = &self.hosts[host].process {
            return printed("").lasting(leaving.until.since(now));
        }
        let wait = self.deliver(host, Signal::Terminate, now);
        if let Process::Down { failed, again } = &mut self.hosts[host].process {
            (*failed, *again) = (false, None);
        }
        printed("").lasting(wait + Duration::from_millis(30))
    }
}
