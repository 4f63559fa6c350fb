//! How agents start, end and freeze.

use std::time::Duration;

use crate::practice::host::{Entry, Signal, Version};

use super::events::Event;
use super::state::{CLIENT_STATE, LICENSE, Nomad, Process, SERVER_STATE, SETTINGS};

/// How long systemd waits before it starts a process again that has failed.
const AGAIN_AFTER: Duration = Duration::from_secs(2);

impl Nomad {
    /// Starts the installed binary unless a process is there. How long until it listens or has failed.
    pub(super) fn start(&mut self, host: usize) -> Duration {
        match self.agents[host].process.clone() {
            Process::Down { .. } => {}
            Process::Up { .. } => return Duration::ZERO,
            Process::Starting { until, .. } => return until.since(self.now),
            Process::Stopping { pid, version, until, leaves, .. } => {
                self.agents[host].process = Process::Stopping { pid, version, until, leaves, then_start: true };
                return until.since(self.now);
            }
        }
        let Some(version) = self.agents[host].installed() else { return Duration::ZERO };
        let fails = self.hindrance(host, &version);
        let wait = if fails.is_some() { self.random.millis(150, 400) } else { self.random.millis(400, 1_200) };
        let wait = wait + self.agents[host].slowness;
        self.next_pid += 1;
        let (pid, until) = (self.next_pid, self.now.plus(wait));
        self.agents[host].process = Process::Starting { pid, version, until, fails };
        self.plan(until, Event::Process { host, pid });
        wait
    }

    /// Why this version would not start there.
    fn hindrance(&self, host: usize, version: &Version) -> Option<String> {
        let agent = &self.agents[host];
        if version.as_str().contains("+ent") {
            let is_licensed = agent.files.get(LICENSE).is_some_and(|entry| !entry.bytes().is_empty());
            if !is_licensed {
                return Some(
                    "Error starting agent: server setup failed: failed to initialize enterprise licensing: \
                             no license found in license_path or license environment variables"
                        .into(),
                );
            }
        }
        match (self.server_of(host), self.client_of(host)) {
            (Some(server), _) if self.has_server_state(host) && *version < self.servers[server].format => {
                Some(format!(
                    "Error starting agent: server setup failed: failed to start Raft: failed to restore snapshot: \
                 unrecognized snapshot type (state was written by {})",
                    self.servers[server].format
                ))
            }
            (_, Some(_)) => {
                let state = agent.files.get(&format!("{CLIENT_STATE}/state.db")).map(Entry::text);
                let is_newer = state.is_some_and(|written| Version::new(written.trim()) > *version);
                is_newer.then(|| "Error starting agent: client setup failed: failed to restore state".into())
            }
            _ => None,
        }
    }

    fn has_server_state(&self, host: usize) -> bool {
        self.agents[host].files.get(&format!("{SERVER_STATE}/raft/raft.db")).is_some()
    }

    /// The time that a starting or stopping process needed is over.
    pub(super) fn process_moves(&mut self, host: usize, pid: u32) {
        if self.agents[host].pid() != pid {
            return;
        }
        match self.agents[host].process.clone() {
            Process::Starting { until, .. } | Process::Stopping { until, .. } if until > self.now => {}
            Process::Starting { fails: Some(why), .. } => {
                let now = self.now;
                self.agents[host].log.push(now, pid, format!("==> {why}"));
                self.agents[host].last_pid = pid;
                self.agents[host].process = Process::Down { failed: true };
            }
            Process::Starting { version, .. } => self.is_up(host, pid, version),
            Process::Stopping { leaves, then_start, .. } => {
                self.is_gone(host, !leaves);
                if then_start {
                    self.start(host);
                }
            }
            Process::Down { .. } | Process::Up { .. } => {}
        }
    }

    fn is_up(&mut self, host: usize, pid: u32, version: Version) {
        let now = self.now;
        self.agents[host].process = Process::Up { pid, version: version.clone(), since: now, frozen: false };
        self.read_settings(host);
        let agent = &mut self.agents[host];
        agent.log.push(now, pid, format!("==> Nomad agent configuration:      Version: {version}"));
        agent.log.push(now, pid, "==> Nomad agent started! Log data will stream in below:");
        if let Some(server) = self.server_of(host) {
            if !self.has_server_state(host) {
                self.forget_state(server);
            }
            self.servers[server].contact = None;
            self.note_version(server);
            let agent = &mut self.agents[host];
            agent.log(now, "INFO", "nomad.raft: entering follower state: leader-address= leader-id=");
            self.plan_within(250, 1_400, Event::Join { server, pid });
            self.settle();
        }
        if let Some(client) = self.client_of(host) {
            self.plan_within(300, 1_800, Event::Register { client, pid });
        }
    }

    /// A server that finds no state of its own is a new one.
    fn forget_state(&mut self, server: usize) {
        let (now, id) = (self.now, self.uuid());
        let known = &mut self.servers[server];
        known.id = id;
        (known.term, known.index, known.snapshot_index) = (0, 0, 0);
        known.peers.clear();
        known.format = Version::new("0");
        let files = &mut self.agents[server].files;
        files.put(&format!("{SERVER_STATE}/raft/raft.db"), Entry::file("raft\n", "nomad", now));
    }

    /// What an agent takes from its settings when it starts.
    fn read_settings(&mut self, host: usize) {
        let text = self.agents[host].files.get(SETTINGS).map(Entry::text).unwrap_or_default();
        let says = |name: &str| {
            text.lines()
                .filter_map(|line| line.split_once('='))
                .any(|(key, value)| key.trim() == name && value.trim() == "true")
        };
        self.agents[host].leaves_on = (says("leave_on_interrupt"), says("leave_on_terminate"));
    }

    /// The process is gone; `failed`: with a status other than 0.
    fn is_gone(&mut self, host: usize, failed: bool) {
        let agent = &mut self.agents[host];
        agent.last_pid = agent.pid();
        agent.process = Process::Down { failed };
        if let Some(server) = self.server_of(host) {
            self.misses_heartbeat(server);
            self.fall_silent(server);
            self.settle();
        }
        if let Some(client) = self.client_of(host) {
            self.stops_beating(client);
        }
    }

    /// Sends a signal to the agent; without effect when there is none. `by_systemd`: it is not started again. How long
    /// until it has taken effect.
    pub(super) fn deliver(&mut self, host: usize, signal: Signal, by_systemd: bool) -> Duration {
        match (signal, self.agents[host].process.clone()) {
            (Signal::Interrupt | Signal::Terminate, Process::Up { pid, version, frozen: false, .. }) => {
                let (on_interrupt, on_terminate) = self.agents[host].leaves_on;
                let leaves = if signal == Signal::Interrupt { on_interrupt } else { on_terminate };
                self.ends(host, pid, version, leaves, by_systemd)
            }
            (Signal::Interrupt | Signal::Terminate, Process::Stopping { until, leaves: false, .. }) => {
                until.since(self.now)
            }
            (
                Signal::Interrupt | Signal::Terminate | Signal::Kill | Signal::Deadly(_),
                Process::Starting { .. } | Process::Stopping { .. } | Process::Up { .. },
            ) if !matches!(
                (signal, &self.agents[host].process),
                (Signal::Interrupt | Signal::Terminate, Process::Up { .. })
            ) =>
            {
                self.dies(host, by_systemd);
                Duration::from_millis(10)
            }
            (Signal::Freeze, Process::Up { pid, version, since, frozen: false }) => {
                self.agents[host].process = Process::Up { pid, version, since, frozen: true };
                self.falls_still(host);
                Duration::ZERO
            }
            (Signal::Thaw, Process::Up { pid, version, since, frozen: true }) => {
                self.agents[host].process = Process::Up { pid, version, since, frozen: false };
                if let Some(server) = self.server_of(host) {
                    self.plan_within(200, 900, Event::Join { server, pid });
                }
                if let Some(client) = self.client_of(host) {
                    self.plan_within(200, 900, Event::Register { client, pid });
                }
                self.settle();
                Duration::ZERO
            }
            (Signal::Hangup, Process::Up { frozen: false, .. }) => {
                let now = self.now;
                self.agents[host].log(now, "INFO", "agent: reloading configuration");
                Duration::ZERO
            }
            _ => Duration::ZERO,
        }
    }

    fn ends(&mut self, host: usize, pid: u32, version: Version, leaves: bool, by_systemd: bool) -> Duration {
        let now = self.now;
        let wait = if leaves { self.random.millis(1_500, 5_000) } else { self.random.millis(100, 1_500) };
        let until = now.plus(wait);
        let line = if leaves {
            "Caught signal: interrupt\n    Gracefully shutting down agent..."
        } else {
            "Caught signal: interrupt"
        };
        self.agents[host].log.push(now, pid, format!("==> {line}"));
        // Whoever says farewell ends with status 0, and systemd lets it be; another end is a failure to it.
        let again = !leaves && !by_systemd;
        self.agents[host].process = Process::Stopping { pid, version, until, leaves, then_start: false };
        self.plan(until, Event::Process { host, pid });
        if again {
            self.plan(until.plus(AGAIN_AFTER), Event::Again { host });
        }
        match self.server_of(host) {
            Some(server) if leaves => {
                self.settle();
                self.part(server);
            }
            Some(_) => self.settle(),
            None => {}
        }
        wait
    }

    fn dies(&mut self, host: usize, by_systemd: bool) {
        self.is_gone(host, true);
        if !by_systemd {
            self.plan(self.now.plus(AGAIN_AFTER), Event::Again { host });
        }
    }

    fn falls_still(&mut self, host: usize) {
        if let Some(server) = self.server_of(host) {
            self.fall_silent(server);
            self.settle();
        }
        if let Some(client) = self.client_of(host) {
            self.stops_beating(client);
        }
    }

    /// systemd starts what has failed, unless somebody was faster.
    pub(super) fn start_again(&mut self, host: usize) {
        if self.agents[host].process == (Process::Down { failed: true }) {
            self.start(host);
        }
    }
}
