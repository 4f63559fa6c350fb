//! The model: hosts with files and a process, servers with a log, clients with allocations.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::clock::Timestamp;
use crate::practice::host::{Files, Log, Random, Version};
use crate::practice::ledger::Ledger;

use super::events::Event;
use super::options::Options;

/// The only region, and its only data centre.
pub(super) const REGION: &str = "global";
pub(super) const CENTRE: &str = "dc1";

/// Where things lie on every host.
pub(super) const BINARY: &str = "/usr/bin/nomad";
pub(super) const SETTINGS: &str = "/etc/nomad.d/nomad.hcl";
pub(super) const LICENSE: &str = "/etc/nomad.d/license.hclic";
pub(super) const SERVER_STATE: &str = "/opt/nomad/data/server";
pub(super) const CLIENT_STATE: &str = "/opt/nomad/data/client";

/// The process of an agent.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Process {
    /// Not there. `failed`: it ended with a status other than 0.
    Down { failed: bool },
    /// Started, not listening yet; `fails`: why it will exit instead.
    Starting { pid: u32, version: Version, until: Timestamp, fails: Option<String> },
    /// Listening. `frozen`: held by SIGSTOP.
    Up { pid: u32, version: Version, since: Timestamp, frozen: bool },
    /// On its way out; `leaves`: it says farewell first. `then_start`: systemd starts it again.
    Stopping { pid: u32, version: Version, until: Timestamp, leaves: bool, then_start: bool },
}

/// One host with Nomad's agent on it.
#[derive(Clone, Debug)]
pub(super) struct Agent {
    pub(super) name: String,
    pub(super) ip: String,
    pub(super) api: String,
    pub(super) files: Files,
    pub(super) process: Process,
    pub(super) last_pid: u32,
    pub(super) is_enabled: bool,
    /// What the process that runs read from its settings: leave on SIGINT, on SIGTERM.
    pub(super) leaves_on: (bool, bool),
    pub(super) log: Log,
    /// How much longer than usual a start takes.
    pub(super) slowness: Duration,
}

impl Agent {
    /// The version of the process that listens.
    pub(super) fn running(&self) -> Option<&Version> {
        match &self.process {
            Process::Up { version, .. } => Some(version),
            _ => None,
        }
    }

    /// Whether its process is there and does its work.
    pub(super) fn works(&self) -> bool {
        matches!(self.process, Process::Up { frozen: false, .. })
    }

    /// The process's id, of the last one when there is none.
    pub(super) fn pid(&self) -> u32 {
        match self.process {
            Process::Starting { pid, .. } | Process::Up { pid, .. } | Process::Stopping { pid, .. } => pid,
            Process::Down { .. } => self.last_pid,
        }
    }

    /// The version of the file that would be started.
    pub(super) fn installed(&self) -> Option<Version> {
        let (_, version) = self.files.get(BINARY)?.as_program()?;
        Some(Version::new(&version))
    }

    /// Writes a line as Nomad's own logger does: `level` such as `INFO`.
    pub(super) fn log(&mut self, at: Timestamp, level: &str, line: &str) {
        let pid = self.pid();
        self.log.push(at, pid, format!("    {at} {:<7} {line}", format!("[{level}]")));
    }
}

/// A raft peer as a configuration has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Peer {
    pub(super) id: String,
    pub(super) address: String,
    pub(super) votes: bool,
}

/// What gossip says of a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Gossip {
    /// It never was a member, or is forgotten.
    Unknown,
    Alive,
    /// Forced out while alive: it will object.
    Leaving,
    Left,
    Failed,
}

/// Why nothing is replicated to a server that works.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stuck {
    /// It hears the leader and cannot write what it hears.
    Disk,
    /// The others do not reach its port, and it not theirs.
    Port,
}

/// What makes a host a server.
#[derive(Clone, Debug)]
pub(super) struct Server {
    /// Its raft id; a new one when it starts without state.
    pub(super) id: String,
    pub(super) gossip: Gossip,
    /// Since when gossip says so.
    pub(super) gossip_since: Timestamp,
    /// The build that gossip knows of it.
    pub(super) build: String,
    /// Term and index of its last entry.
    pub(super) term: u64,
    pub(super) index: u64,
    pub(super) snapshot_index: u64,
    /// The raft peers as it knows them.
    pub(super) peers: Vec<Peer>,
    /// The newest version that has led what its log holds; an older one cannot read it.
    pub(super) format: Version,
    /// When it last heard of a leader; `None`: never since its start.
    pub(super) contact: Option<Timestamp>,
    /// Why nothing is replicated to it.
    pub(super) stuck: Option<Stuck>,
    /// Entries that it takes in a second, when it is slower than usual.
    pub(super) pace: Option<u64>,
    /// Whether it had a vote and was taken out of the peers.
    pub(super) was_dropped: bool,
    pub(super) healthy: bool,
    /// Since when autopilot judges it so.
    pub(super) judged_since: Timestamp,
}

/// A drain that goes on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Drain {
    pub(super) began: Timestamp,
    /// `None`: it waits without end.
    pub(super) deadline: Option<Timestamp>,
    pub(super) ignores_system: bool,
    pub(super) keeps_ineligible: bool,
    /// Tells this one from an earlier one.
    pub(super) number: u64,
}

/// What a client is to the servers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NodeStatus {
    Initializing,
    Ready,
    Down,
}

impl NodeStatus {
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Initializing => "initializing",
            Self::Ready => "ready",
            Self::Down => "down",
        }
    }
}

/// What makes a host a client.
#[derive(Clone, Debug)]
pub(super) struct Client {
    pub(super) id: String,
    pub(super) status: NodeStatus,
    pub(super) version: String,
    pub(super) is_eligible: bool,
    pub(super) drain: Option<Drain>,
    /// How the last drain ended: `complete` or `canceled`, and when.
    pub(super) last_drain: Option<(&'static str, Timestamp, Timestamp)>,
    /// When the servers give it up unless it beats.
    pub(super) expires: Option<Timestamp>,
    pub(super) last_beat: Timestamp,
    pub(super) ttl: Duration,
    pub(super) room: usize,
    pub(super) create_index: u64,
    pub(super) modify_index: u64,
    /// What the watcher of its drain has seen.
    pub(super) told: Vec<(Timestamp, String)>,
}

/// What kind of work a job is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Service,
    /// One on every client.
    System,
}

/// A job.
#[derive(Clone, Debug)]
pub(super) struct Job {
    pub(super) id: &'static str,
    pub(super) kind: Kind,
    pub(super) count: usize,
}

/// What an allocation is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum AllocStatus {
    Pending,
    Running,
    Complete,
    Lost,
}

impl AllocStatus {
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Running => "running",
            Self::Complete => "complete",
            Self::Lost => "lost",
        }
    }
}

/// A piece of a job on a client.
#[derive(Clone, Debug)]
pub(super) struct Alloc {
    pub(super) id: String,
    pub(super) eval: String,
    pub(super) job: usize,
    pub(super) number: usize,
    pub(super) client: usize,
    pub(super) is_wanted: bool,
    pub(super) status: AllocStatus,
    pub(super) created: Timestamp,
    pub(super) changed: Timestamp,
    pub(super) create_index: u64,
}

impl Alloc {
    /// Whether it takes up room.
    pub(super) fn is_active(&self) -> bool {
        matches!(self.status, AllocStatus::Pending | AllocStatus::Running)
    }
}

/// An evaluation that waits for room.
#[derive(Clone, Debug)]
pub(super) struct Blocked {
    pub(super) id: String,
    pub(super) job: usize,
    pub(super) number: usize,
    pub(super) since: Timestamp,
}

/// A client under an id that it no longer has: the servers wait for it in vain.
#[derive(Clone, Debug)]
pub(super) struct Ghost {
    pub(super) id: String,
    pub(super) client: usize,
    pub(super) version: String,
}

/// What a snapshot file holds.
#[derive(Clone, Debug)]
pub(super) struct Snapshot {
    pub(super) content: Vec<u8>,
    pub(super) allocs: Vec<Alloc>,
    pub(super) blocked: Vec<Blocked>,
    pub(super) index: u64,
    pub(super) format: Version,
}

/// A simulated region.
#[derive(Clone, Debug)]
pub struct Nomad {
    pub(super) options: Options,
    pub(super) random: Random,
    pub(super) now: Timestamp,
    /// The hosts: the servers first, then the clients.
    pub(super) agents: Vec<Agent>,
    pub(super) servers: Vec<Server>,
    pub(super) clients: Vec<Client>,
    /// The files of the bastion.
    pub(super) bastion: Files,
    pub(super) leader: Option<usize>,
    pub(super) leader_since: Timestamp,
    pub(super) term: u64,
    /// Which of the elections that were planned counts.
    pub(super) election: u64,
    pub(super) is_election_due: bool,
    pub(super) ticks: u64,
    pub(super) jobs: Vec<Job>,
    pub(super) allocs: Vec<Alloc>,
    pub(super) blocked: Vec<Blocked>,
    pub(super) snapshots: Vec<Snapshot>,
    pub(super) ghosts: Vec<Ghost>,
    /// The servers were built anew: they know of no job.
    pub(super) is_blank: bool,
    /// Whether autopilot takes dead servers out.
    pub(super) cleans_up: bool,
    pub(super) harms: Ledger,
    pub(super) queue: BTreeMap<(Timestamp, u64), Event>,
    pub(super) planned: u64,
    pub(super) next_pid: u32,
}

impl Nomad {
    /// The host of that name.
    pub(super) fn find(&self, name: &str) -> Option<usize> {
        self.agents.iter().position(|agent| agent.name == name)
    }

    /// The server that a host is.
    pub(super) fn server_of(&self, host: usize) -> Option<usize> {
        (host < self.servers.len()).then_some(host)
    }

    /// The client that a host is.
    pub(super) fn client_of(&self, host: usize) -> Option<usize> {
        host.checked_sub(self.servers.len()).filter(|client| *client < self.clients.len())
    }

    /// The host of a client.
    pub(super) fn host_of(&self, client: usize) -> usize {
        self.servers.len() + client
    }

    /// A server's name among all regions.
    pub(super) fn full_name(&self, server: usize) -> String {
        format!("{}.{REGION}", self.agents[server].name)
    }

    /// Where the other servers reach it.
    pub(super) fn rpc(&self, server: usize) -> String {
        format!("{}:4647", self.agents[server].ip)
    }

    /// How far the log has come.
    pub(super) fn index(&self) -> u64 {
        self.leader.map_or_else(
            || self.servers.iter().map(|server| server.index).max().unwrap_or(0),
            |leader| self.servers[leader].index,
        )
    }

    /// A text of the form of a UUID that nobody has yet.
    pub(super) fn uuid(&mut self) -> String {
        self.random.uuid()
    }
}
