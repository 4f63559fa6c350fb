//! The unit `nomad` of a host: what it is doing, and what becomes of an order.

use std::time::Duration;

use crate::practice::CommandResult;
use crate::practice::host::{Listed, Order, Signal, Unit, UnitState, printed};

use super::state::{BINARY, Nomad, Process};

/// How its process is called.
const COMMAND: &str = "/usr/bin/nomad agent -config /etc/nomad.d";

impl Nomad {
    /// The unit as systemd sees it; none before a package brought it.
    pub(super) fn unit(&self, host: usize) -> Option<Unit> {
        let agent = &self.agents[host];
        agent.files.get(BINARY)?;
        Some(Unit {
            name: "nomad".into(),
            description: "Nomad".into(),
            file: "/lib/systemd/system/nomad.service".into(),
            state: match agent.process {
                Process::Down { failed: false } => UnitState::Inactive,
                Process::Down { failed: true } => UnitState::Failed,
                // systemd does not wait for the agent to be ready.
                Process::Starting { .. } | Process::Up { .. } => UnitState::Active,
                Process::Stopping { .. } => UnitState::Deactivating,
            },
            pid: agent.pid(),
            program: "nomad".into(),
            command: COMMAND.into(),
            is_enabled: agent.is_enabled,
            has_process: !matches!(agent.process, Process::Down { .. }),
            properties: [("KillSignal", "2"), ("KillMode", "process"), ("Restart", "on-failure"), ("Type", "simple")]
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .to_vec(),
        })
    }

    pub(super) fn listed(&self, host: usize) -> Vec<Listed> {
        let agent = &self.agents[host];
        match agent.process {
            Process::Down { .. } => Vec::new(),
            Process::Up { .. } | Process::Starting { .. } | Process::Stopping { .. } => vec![Listed {
                pid: agent.pid(),
                user: if self.server_of(host).is_some() { "nomad" } else { "root" }.into(),
                name: "nomad".into(),
                command: COMMAND.into(),
                is_frozen: matches!(agent.process, Process::Up { frozen: true, .. }),
            }],
        }
    }

    /// What becomes of an order of systemctl.
    pub(super) fn obey(&mut self, host: usize, order: Order) -> CommandResult {
        match order {
            Order::Start { .. } => {
                self.start(host);
                printed("").lasting(Duration::from_millis(40))
            }
            Order::Stop => {
                let wait = self.stop_unit(host);
                printed("").lasting(wait + Duration::from_millis(30))
            }
            Order::Restart => {
                let wait = self.stop_unit(host);
                self.start(host);
                printed("").lasting(wait + Duration::from_millis(60))
            }
            Order::Reload => {
                self.deliver(host, Signal::Hangup, false);
                printed("")
            }
            Order::Kill(signal) => {
                self.deliver(host, signal, false);
                printed("")
            }
            Order::Enable | Order::Disable => {
                self.agents[host].is_enabled = order == Order::Enable;
                let link = "/etc/systemd/system/multi-user.target.wants/nomad.service";
                let told = match order {
                    Order::Enable => format!("Created symlink {link} → /lib/systemd/system/nomad.service.\n"),
                    _ => format!("Removed \"{link}\".\n"),
                };
                CommandResult { stderr: told, ..printed("") }
            }
        }
    }

    /// Stops the unit as systemd does, which lets a frozen process see the signal. How long it takes.
    pub(super) fn stop_unit(&mut self, host: usize) -> Duration {
        match self.agents[host].process {
            Process::Down { .. } => {
                self.agents[host].process = Process::Down { failed: false };
                return Duration::ZERO;
            }
            Process::Up { frozen: true, .. } => {
                self.deliver(host, Signal::Thaw, true);
            }
            Process::Starting { .. } | Process::Up { .. } | Process::Stopping { .. } => {}
        }
        self.deliver(host, Signal::Interrupt, true)
    }
}
