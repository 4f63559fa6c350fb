//! How processes start, end and freeze.

use std::time::Duration;

use crate::clock::Timestamp;
use crate::practice::host;

use super::state::{BINARY, Leadership, Process, Vault};

/// The signals that matter to the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Signal {
    /// SIGINT and SIGTERM: a proper shutdown.
    Shutdown,
    /// SIGKILL, and whatever else ends a process at once.
    Kill,
    /// SIGSTOP.
    Freeze,
    /// SIGCONT.
    Thaw,
    /// SIGHUP, SIGUSR2 and others that leave it running.
    Harmless,
}

impl From<host::Signal> for Signal {
    fn from(signal: host::Signal) -> Self {
        match signal {
            host::Signal::Interrupt | host::Signal::Terminate => Self::Shutdown,
            host::Signal::Kill | host::Signal::Deadly(_) => Self::Kill,
            host::Signal::Freeze => Self::Freeze,
            host::Signal::Thaw => Self::Thaw,
            host::Signal::Hangup | host::Signal::Harmless => Self::Harmless,
        }
    }
}

impl Vault {
    /// Sends a signal to the node's process; without effect when there is none. How long until it has taken effect.
    pub(super) fn deliver(&mut self, index: usize, signal: Signal, at: Timestamp) -> Duration {
        match (signal, self.nodes[index].process.clone()) {
            (Signal::Shutdown, Process::Up { pid, frozen: false, .. }) => self.shut_down(index, pid, at),
            (Signal::Shutdown, Process::Starting { .. }) => {
                self.end(index, false, at);
                Duration::from_millis(50)
            }
            (Signal::Shutdown, Process::Stopping { until, .. }) => until.since(at),
            (Signal::Kill, Process::Up { .. } | Process::Starting { .. } | Process::Stopping { .. }) => {
                self.note_killed(index, at);
                self.kill(index, at);
                Duration::from_millis(10)
            }
            (Signal::Freeze, Process::Up { pid, version, since, frozen: false }) => {
                self.nodes[index].process = Process::Up { pid, version, since, frozen: true };
                if self.active() == Some(index) {
                    self.abandon_lock(index, at);
                }
                self.settle(at);
                Duration::ZERO
            }
            (Signal::Thaw, Process::Up { pid, version, since, frozen: true }) => {
                self.nodes[index].process = Process::Up { pid, version, since, frozen: false };
                self.wake(index, at);
                Duration::ZERO
            }
            _ => Duration::ZERO,
        }
    }

    fn shut_down(&mut self, index: usize, pid: u32, at: Timestamp) -> Duration {
        let leaving = self.random.millis(100, 3_000);
        let was_active = self.active() == Some(index);
        let node = &mut self.nodes[index];
        node.log(at, "==> Vault shutdown triggered");
        node.log_server(at, "INFO", "core: marked as sealed");
        if was_active {
            node.log_server(at, "INFO", "core: pre-seal teardown starting");
            node.log_server(at, "INFO", "core: pre-seal teardown complete");
        }
        node.log_server(at, "INFO", "core: vault is sealed");
        node.process = Process::Stopping { pid, until: at.plus(leaving), then_start: false };
        self.lock_up(index);
        if was_active {
            let delay = self.random.millis(100, 500);
            self.release_lock(at, delay);
        }
        self.settle(at);
        leaving
    }

    /// The process ends at once, as by SIGKILL.
    pub(super) fn kill(&mut self, index: usize, at: Timestamp) {
        let was_active = self.active() == Some(index);
        self.end(index, true, at);
        if was_active {
            self.abandon_lock(index, at);
        }
    }

    /// The process is gone.
    fn end(&mut self, index: usize, failed: bool, at: Timestamp) {
        let node = &mut self.nodes[index];
        node.last_pid = node.pid();
        node.process = Process::Down { failed };
        self.lock_up(index);
        self.settle(at);
    }

    /// A process that went on after SIGSTOP finds out what has become of its duty.
    fn wake(&mut self, index: usize, at: Timestamp) {
        if let Leadership::Held { node, pid, until: Some(_) } = self.leadership
            && node == index
            // Another process of the same node has no part in the lock of the one that is gone.
            && pid == self.nodes[index].pid()
        {
            self.leadership = Leadership::Active { node, since: at };
        }
        if !self.nodes[index].sealed {
            self.join(index, at);
        }
        self.settle(at);
    }

    /// Seals the node's memory.
    pub(super) fn lock_up(&mut self, index: usize) {
        let node = &mut self.nodes[index];
        node.sealed = true;
        node.given.clear();
        node.nonce.clear();
    }

    /// Starts the installed binary unless a process is there. How long until it listens or has failed.
    pub(super) fn start(&mut self, index: usize, at: Timestamp) -> Duration {
        match self.nodes[index].process.clone() {
            Process::Down { .. } => {}
            Process::Up { .. } => return Duration::ZERO,
            Process::Starting { until, .. } => return until.since(at),
            Process::Stopping { pid, until, .. } => {
                self.nodes[index].process = Process::Stopping { pid, until, then_start: true };
                return until.since(at) + Duration::from_millis(500);
            }
        }
        if self.nodes[index].binary().is_none() {
            let node = &mut self.nodes[index];
            node.log(at, format!("vault.service: Failed to locate executable {BINARY}: No such file or directory"));
            node.process = Process::Down { failed: true };
            return Duration::from_millis(20);
        }
        let fails = self.options.mlock && !self.nodes[index].ipc_lock;
        let wait = if fails { self.random.millis(60, 120) } else { self.random.millis(200, 500) };
        self.next_pid += 1;
        let (pid, until) = (self.next_pid, at.plus(wait));
        let node = &mut self.nodes[index];
        node.process = Process::Starting { pid, version: node.installed.clone(), until, fails };
        wait
    }

    /// The time that a starting or stopping process needed is over.
    pub(super) fn process_moves(&mut self, index: usize, at: Timestamp) {
        match self.nodes[index].process.clone() {
            Process::Starting { fails: true, .. } => {
                let node = &mut self.nodes[index];
                node.log(at, "Error initializing core: Failed to lock memory: cannot allocate memory");
                node.log(at, "This usually means that the mlock syscall is not available.");
                self.end(index, true, at);
            }
            Process::Starting { pid, version, .. } => {
                let node = &mut self.nodes[index];
                node.process = Process::Up { pid, version: version.clone(), since: at, frozen: false };
                node.log(at, "==> Vault server started! Log data will stream in below:");
                node.log_server(
                    at,
                    "INFO",
                    &format!("core: Initializing version history cache for core: version={version}"),
                );
                self.lock_up(index);
                self.settle(at);
            }
            Process::Stopping { then_start, .. } => {
                self.end(index, false, at);
                if then_start {
                    self.start(index, at);
                }
            }
            Process::Down { .. } | Process::Up { .. } => {}
        }
    }
}
