//! How servers start, drain and end.

use std::time::Duration;

use crate::clock::Timestamp;
use crate::practice::host::{Place, Signal, Version};

use super::state::{Cockroach, Identity, Leaving, Process, Run, USER};

/// How long systemd waits before it starts a server anew that has crashed.
const RESTART_AFTER: Duration = Duration::from_secs(10);

/// No start takes longer until clients are taken.
const LONGEST_START: Duration = Duration::from_secs(9);

/// A server whose clock is that far off ends itself.
pub(super) const CLOCK_LIMIT: Duration = Duration::from_millis(400);

/// How a server is to be started.
#[derive(Clone, Debug)]
pub(super) struct Start {
    /// Its command line, program first.
    pub(super) command: Vec<String>,
    pub(super) user: String,
    pub(super) is_unit: bool,
}

/// Why a server cannot be started at all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Unstartable {
    /// systemd's number for it.
    Exec(&'static str),
}

impl Cockroach {
    /// Starts the host's unit unless a process is there. How long until it takes clients or has failed.
    pub(super) fn start_unit(&mut self, host: usize, at: Timestamp) -> Duration {
        match &mut self.hosts[host].process {
            Process::Down { .. } => {}
            Process::Starting { until, .. } => return until.since(at),
            Process::Up { ready, leaving: None, .. } => return ready.since(at),
            Process::Up { leaving: Some(leaving), .. } => {
                leaving.then_start = true;
                return leaving.until.since(at) + LONGEST_START;
            }
        }
        let start = Start { command: self.hosts[host].command.clone(), user: USER.into(), is_unit: true };
        match self.start(host, start, at) {
            Ok(wait) => wait,
            Err(Unstartable::Exec(why)) => {
                let line = format!("cockroach.service: Failed at step EXEC spawning {}: {why}", self.program_of(host));
                let node = &mut self.hosts[host];
                node.note(at, line);
                node.process = Process::Down { failed: true, again: Some(at.plus(RESTART_AFTER)) };
                Duration::from_millis(60)
            }
        }
    }

    fn program_of(&self, host: usize) -> String {
        self.hosts[host].command.first().cloned().unwrap_or_default()
    }

    /// Starts a server. How long until it takes clients or has failed.
    pub(super) fn start(&mut self, host: usize, start: Start, at: Timestamp) -> Result<Duration, Unstartable> {
        let program = start.command.first().cloned().unwrap_or_default();
        let build = match self.files_at(Place::Node(host)).get(&program) {
            None => return Err(Unstartable::Exec("No such file or directory")),
            Some(entry) if entry.mode & 0o111 == 0 => return Err(Unstartable::Exec("Permission denied")),
            Some(entry) => match entry.as_program() {
                Some((name, version)) if name == "cockroach" => Version::new(&version),
                _ => return Err(Unstartable::Exec("Exec format error")),
            },
        };
        self.next_pid += self.fate.between(3, 90) as u32;
        let (identity, told, fails) = self.enlist(host, &start, &build);
        let wait = if fails.is_some() { self.fate.millis(300, 900) } else { self.fate.millis(700, 2_000) };
        let joins = self.fate.millis(1_500, 7_000);
        self.note_unsaved(host, identity, &build, at);
        let run = Run {
            pid: self.next_pid,
            build,
            user: start.user,
            command: start.command,
            is_unit: start.is_unit,
            identity,
            told,
            is_announced: false,
        };
        let whole = if fails.is_some() { wait } else { wait + joins };
        self.hosts[host].last_pid = run.pid;
        self.hosts[host].process = Process::Starting { run, until: at.plus(wait), joins, fails };
        Ok(whole)
    }

    /// The time that a starting or ending process needed is over.
    pub(super) fn process_moves(&mut self, host: usize, at: Timestamp) {
        match self.hosts[host].process.clone() {
            Process::Starting { fails: Some(why), run, .. } => {
                self.tell_failure(host, at, &why);
                self.end(host, true, run.is_unit, at);
            }
            Process::Starting { run, joins, .. } => {
                let ready = at.plus(joins);
                self.hosts[host].process =
                    Process::Up { run: run.clone(), since: at, ready, frozen: false, leaving: None };
                if let Identity::Member(member) = run.identity {
                    self.members[member].draining = false;
                    self.fall_behind(member, at);
                }
                self.settle(at);
            }
            Process::Up { leaving: Some(leaving), run, .. } => {
                self.tell_drained(host, at);
                self.end(host, leaving.exit != 0, false, at);
                if leaving.then_start && run.is_unit {
                    self.start_unit(host, at);
                }
            }
            Process::Down { again: Some(_), .. } => {
                self.hosts[host].process = Process::Down { failed: true, again: None };
                self.start_unit(host, at);
            }
            Process::Down { .. } | Process::Up { .. } => {}
        }
    }

    /// A server that has joined takes clients, and says so.
    pub(super) fn announce(&mut self, host: usize, at: Timestamp) {
        if let Process::Up { run, .. } = &mut self.hosts[host].process {
            run.is_announced = true;
        }
        self.tell_start(host, at);
        self.settle(at);
    }

    /// Sends a signal to the host's server; without effect when there is none. How long until it has taken effect.
    pub(super) fn deliver(&mut self, host: usize, signal: Signal, at: Timestamp) -> Duration {
        match (signal, self.hosts[host].process.clone()) {
            (_, Process::Down { .. }) | (Signal::Harmless | Signal::Hangup, _) => Duration::ZERO,
            (Signal::Terminate | Signal::Interrupt, Process::Up { frozen: false, leaving: None, .. }) => {
                self.drain_and_end(host, signal, at)
            }
            (Signal::Terminate | Signal::Interrupt, Process::Up { frozen: true, .. }) => Duration::ZERO,
            // A second signal, or one before it listens, ends it at once.
            (Signal::Terminate | Signal::Interrupt | Signal::Kill | Signal::Deadly(_), process) => {
                let is_second = matches!(process, Process::Up { leaving: Some(_), .. });
                if is_second && matches!(signal, Signal::Terminate | Signal::Interrupt) {
                    self.hosts[host].note(at, "received additional signal: initiating hard shutdown");
                }
                let is_unit = self.hosts[host].run().is_some_and(|run| run.is_unit);
                self.note_killed(host, at);
                self.end(host, true, is_unit && !is_second, at);
                Duration::from_millis(10)
            }
            (Signal::Freeze | Signal::Thaw, Process::Up { run, since, ready, frozen: was_frozen, leaving }) => {
                let frozen = signal == Signal::Freeze;
                if frozen == was_frozen {
                    return Duration::ZERO;
                }
                self.hosts[host].process = Process::Up { run, since, ready, frozen, leaving };
                if !frozen && let Some(member) = self.member_on(host) {
                    self.fall_behind(member, at);
                }
                self.settle(at);
                Duration::ZERO
            }
            (Signal::Freeze | Signal::Thaw, Process::Starting { .. }) => Duration::ZERO,
        }
    }

    /// It takes no more clients, gives its leases away, and ends.
    fn drain_and_end(&mut self, host: usize, signal: Signal, at: Timestamp) -> Duration {
        let wait = self.fate.millis(3_000, 20_000) + self.hosts[host].trouble.drain;
        let exit = i32::from(signal == Signal::Interrupt);
        let name = if signal == Signal::Interrupt { "interrupt" } else { "terminated" };
        self.tell_draining(host, at, name);
        let member = self.member_on(host);
        if let Process::Up { leaving, .. } = &mut self.hosts[host].process {
            *leaving = Some(Leaving { until: at.plus(wait), exit, then_start: false });
        }
        if let Some(member) = member {
            self.members[member].draining = true;
            self.notice_late();
        }
        self.settle(at);
        wait
    }

    /// The process is gone. `again`: systemd starts it anew.
    pub(super) fn end(&mut self, host: usize, failed: bool, again: bool, at: Timestamp) {
        let node = &mut self.hosts[host];
        node.last_pid = node.pid();
        node.process = Process::Down { failed, again: again.then(|| at.plus(RESTART_AFTER)) };
        self.settle(at);
    }

    /// Which server a start makes, what that is called, and why it will end instead.
    fn enlist(&mut self, host: usize, start: &Start, build: &Version) -> (Identity, &'static str, Option<String>) {
        let flags = super::units::Flags::of(&start.command);
        let known = (0..self.members.len())
            .find(|&member| self.members[member].host == host && self.members[member].store == flags.store);
        let Some(security) = flags.security(self.options.secure) else {
            let why = "cannot load certificates.\nCheck your certificate settings, set --certs-dir, or use --insecure for \
                       insecure clusters.\n\nproblem using security settings: no certificates found; does certs dir exist?";
            return (Identity::Waiting, "", Some(why.into()));
        };
        if !flags.is_single && flags.join.is_empty() && Version::new("20.1") <= *build {
            let why = "no --join flags provided to 'cockroach start'\nHINT: Consider using 'cockroach init' or 'cockroach \
                       start-single-node' instead";
            return (Identity::Waiting, "", Some(why.into()));
        }
        if let Some(why) = self.hindrance(host) {
            return (Identity::Waiting, "", Some(why));
        }
        if let Some(member) = known {
            let gone = self.members[member].membership == super::state::Membership::Decommissioned;
            let why = match gone {
                true => Some(format!("n{} was previously decommissioned; rejoin refused", self.members[member].id)),
                false => self.misfit(build, &flags.store),
            };
            return (Identity::Member(member), "restarted pre-existing node", why);
        }
        if flags.is_single || flags.join.is_empty() {
            return (Identity::Alone, "initialized new cluster", None);
        }
        let finds = flags.join.iter().any(|name| {
            let other = self.find(name.split(':').next().unwrap_or_default());
            other.is_some_and(|other| other != host && security && self.member_on(other).is_some())
        });
        if !finds {
            return (Identity::Waiting, "waiting", None);
        }
        if let Some(why) = self.misfit(build, &flags.store) {
            return (Identity::Waiting, "", Some(why));
        }
        let id = self.members.iter().map(|member| member.id).max().unwrap_or(0) + 1;
        self.members.push(super::state::member(host, id, &flags.store));
        (Identity::Member(self.members.len() - 1), "initialized new node, joined pre-existing cluster", None)
    }

    /// What of the host itself keeps a server from running.
    fn hindrance(&self, host: usize) -> Option<String> {
        let trouble = &self.hosts[host].trouble;
        if trouble.disk_full {
            return Some("store <no-attributes>: no space left on device: write: disk full".into());
        }
        (trouble.clock_off >= CLOCK_LIMIT).then(|| {
            "clock synchronization error: this node is more than 500ms away from at least half of the known nodes \
             (0 of 2 are within the offset)"
                .into()
        })
    }
}
