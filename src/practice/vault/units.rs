//! The unit `vault` of a node: what it is doing, and what becomes of an order.

use std::time::Duration;

use crate::practice::CommandResult;
use crate::practice::host::{Order, Unit, UnitState, failed, printed};

use super::signals::Signal;
use super::state::{BINARY, Process, Vault};

impl Vault {
    /// The unit as systemd sees it.
    pub(super) fn unit(&self, index: usize) -> Unit {
        let node = &self.nodes[index];
        Unit {
            name: "vault".into(),
            description: "\"HashiCorp Vault - A tool for managing secrets\"".into(),
            file: "/lib/systemd/system/vault.service".into(),
            state: match node.process {
                Process::Down { failed: false } => UnitState::Inactive,
                Process::Down { failed: true } => UnitState::Failed,
                Process::Starting { .. } => UnitState::Activating,
                Process::Up { .. } => UnitState::Active,
                Process::Stopping { .. } => UnitState::Deactivating,
            },
            pid: node.pid(),
            program: "vault".into(),
            command: format!("{BINARY} server -config=/etc/vault.d/vault.hcl"),
            is_enabled: true,
            has_process: !matches!(node.process, Process::Down { .. }),
            properties: Vec::new(),
        }
    }

    /// What becomes of an order of systemctl.
    pub(super) fn obey(&mut self, index: usize, order: Order) -> CommandResult {
        match order {
            Order::Start { wait: true } => self.start_unit(index),
            Order::Start { wait: false } => {
                self.start(index, self.now);
                printed("")
            }
            Order::Stop => self.stop_unit(index),
            Order::Restart => self.restart_unit(index),
            Order::Kill(signal) => {
                self.deliver(index, signal.into(), self.now);
                printed("")
            }
            Order::Reload => {
                self.deliver(index, Signal::Harmless, self.now);
                printed("")
            }
            Order::Enable | Order::Disable => printed(""),
        }
    }

    fn start_unit(&mut self, index: usize) -> CommandResult {
        let wait = self.start(index, self.now) + Duration::from_millis(20);
        self.started(index, wait)
    }

    /// The unit tells systemd when it listens, so a start that fails is seen at once.
    fn started(&self, index: usize, wait: Duration) -> CommandResult {
        let will_fail = match self.nodes[index].process {
            Process::Down { .. } | Process::Stopping { .. } if self.nodes[index].binary().is_none() => true,
            Process::Starting { fails, .. } => fails,
            Process::Stopping { .. } => self.options.mlock && !self.nodes[index].ipc_lock,
            Process::Down { .. } | Process::Up { .. } => false,
        };
        match will_fail {
            true => failed(
                1,
                "Job for vault.service failed because the control process exited with error code.\n\
                 See \"systemctl status vault.service\" and \"journalctl -xeu vault.service\" for details.",
            ),
            false => printed(""),
        }
        .lasting(wait)
    }

    fn stop_unit(&mut self, index: usize) -> CommandResult {
        if let Process::Down { .. } = self.nodes[index].process {
            self.nodes[index].process = Process::Down { failed: false };
            return printed("");
        }
        // systemd sends SIGCONT along with the signal, so that a frozen process sees it.
        self.deliver(index, Signal::Thaw, self.now);
        let wait = self.deliver(index, Signal::Shutdown, self.now);
        printed("").lasting(wait + Duration::from_millis(30))
    }

    fn restart_unit(&mut self, index: usize) -> CommandResult {
        let stopped = Duration::from_millis(self.stop_unit(index).takes_ms);
        let wait = self.start(index, self.now);
        self.started(index, stopped.max(wait))
    }
}
