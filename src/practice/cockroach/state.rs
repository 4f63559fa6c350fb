//! The model: hosts and their processes, members and their stores, ranges, settings.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::clock::Timestamp;
use crate::practice::host::{Entry, Files, Log, Place, Random, Version};
use crate::practice::{Ledger, Shape};

use super::balancer::Balancer;
use super::clients::Clients;
use super::ranges::{Range, spread};
use super::upgrade::Upgrade;

/// Where the server's binary lies on every host.
pub(super) const BINARY: &str = "/usr/local/bin/cockroach";

/// Where a host's store lies.
pub(super) const STORE: &str = "/var/lib/cockroach";

/// Where the operator's certificates lie, on the bastion and on every host.
pub(super) const CERTS: &str = "/home/operator/.cockroach-certs";

/// The port of SQL and of the nodes among themselves.
pub(super) const SQL_PORT: u16 = 26_257;

/// The account of the server.
pub(super) const USER: &str = "cockroach";

/// What cluster to build.
#[derive(Clone, Debug)]
pub struct Options {
    /// The hosts' names. Names are made unique by the caller.
    pub hosts: Vec<String>,
    /// The version that runs, without `v`.
    pub old: String,
    /// The version that can be fetched too, without `v`.
    pub target: String,
    /// Whether the cluster demands certificates.
    pub secure: bool,
    /// Everything that is left to chance follows from it.
    pub seed: u64,
}

impl Options {
    /// A cluster of that many hosts.
    pub fn with_nodes(count: usize) -> Self {
        Self { hosts: (1..=count).map(|number| format!("crdb-{number}")).collect(), ..Self::default() }
    }

    /// The cluster on which a runbook is practised.
    pub fn of(shape: &Shape<'_>) -> Self {
        Self { seed: shape.seed, ..Self::with_nodes(usize::from(shape.nodes)) }
    }
}

impl Default for Options {
    fn default() -> Self {
        Self {
            hosts: (1..=3).map(|number| format!("crdb-{number}")).collect(),
            old: "23.1.14".into(),
            target: "23.2.4".into(),
            secure: true,
            seed: 1,
        }
    }
}

/// Which server of which cluster a process is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Identity {
    /// A member of the cluster, by its number.
    Member(usize),
    /// The one server of a cluster of its own.
    Alone,
    /// It found nobody to join and waits to be initialized.
    Waiting,
}

/// A server process.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Run {
    pub(super) pid: u32,
    pub(super) build: Version,
    pub(super) user: String,
    /// Its command line, program first.
    pub(super) command: Vec<String>,
    /// Whether systemd holds it.
    pub(super) is_unit: bool,
    pub(super) identity: Identity,
    /// What its start is called in its own output.
    pub(super) told: &'static str,
    /// Whether it has said that it takes clients.
    pub(super) is_announced: bool,
}

/// A process that drains before it ends.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Leaving {
    pub(super) until: Timestamp,
    /// Exit status.
    pub(super) exit: i32,
    /// systemd starts it anew afterwards.
    pub(super) then_start: bool,
}

/// What there is of a server on a host.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Process {
    /// Nothing. `failed`: it did not end well; `again`: when systemd starts it anew.
    Down { failed: bool, again: Option<Timestamp> },
    /// Started, not listening yet; `joins`: how long after that it takes clients; `fails`: why it will end instead.
    Starting { run: Run, until: Timestamp, joins: Duration, fails: Option<String> },
    /// Listening. Clients are taken from `ready` on.
    Up { run: Run, since: Timestamp, ready: Timestamp, frozen: bool, leaving: Option<Leaving> },
}

/// What of a host makes its server unlike others.
#[derive(Clone, Debug, Default)]
pub(super) struct Trouble {
    /// A drain takes that much longer.
    pub(super) drain: Duration,
    /// Its replicas need that much longer to catch up.
    pub(super) catch_up: Duration,
    /// Nothing can be written to its store any more.
    pub(super) disk_full: bool,
    /// How far its clock is off.
    pub(super) clock_off: Duration,
}

/// One machine.
#[derive(Clone, Debug)]
pub(super) struct Host {
    pub(super) name: String,
    /// The base URL of its HTTP port.
    pub(super) http: String,
    pub(super) files: Files,
    /// Bytes of its disk that something else than replicas takes.
    pub(super) other: u64,
    /// What the unit starts, program first.
    pub(super) command: Vec<String>,
    pub(super) process: Process,
    pub(super) log: Log,
    pub(super) last_pid: u32,
    pub(super) trouble: Trouble,
}

impl Host {
    /// The process that listens or is on its way.
    pub(super) fn run(&self) -> Option<&Run> {
        match &self.process {
            Process::Down { .. } => None,
            Process::Starting { run, .. } | Process::Up { run, .. } => Some(run),
        }
    }

    /// Its process id, of the last one when there is none.
    pub(super) fn pid(&self) -> u32 {
        self.run().map_or(self.last_pid, |run| run.pid)
    }

    /// The process that listens, unless SIGSTOP holds it.
    pub(super) fn working(&self) -> Option<&Run> {
        match &self.process {
            Process::Up { run, frozen: false, .. } => Some(run),
            _ => None,
        }
    }

    /// Writes a line to the unit's journal.
    pub(super) fn note(&mut self, at: Timestamp, line: impl Into<String>) {
        let pid = self.pid();
        self.log.push(at, pid, line);
    }
}

/// What a member is to the cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Membership {
    Active,
    Decommissioning,
    Decommissioned,
}

impl Membership {
    /// The word in the tables.
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Decommissioning => "decommissioning",
            Self::Decommissioned => "decommissioned",
        }
    }
}

/// What a member last wrote down of itself; all members read it.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Row {
    pub(super) build: String,
    pub(super) started_at: Timestamp,
    pub(super) updated_at: Timestamp,
    pub(super) leaders: u64,
    pub(super) leaseholders: u64,
    pub(super) ranges: u64,
    pub(super) unavailable: u64,
    pub(super) underreplicated: u64,
    /// Of its ranges, those of the application.
    pub(super) user_ranges: u64,
    pub(super) live_bytes: u64,
}

/// A node in the sense of the cluster: a store with an id.
#[derive(Clone, Debug)]
pub(super) struct Member {
    pub(super) id: u32,
    /// On which host its store lies.
    pub(super) host: usize,
    /// Where there.
    pub(super) store: String,
    pub(super) membership: Membership,
    /// Whether its liveness record says that it drains.
    pub(super) draining: bool,
    /// When its liveness record expires; `None`: it is renewed.
    pub(super) expires: Option<Timestamp>,
    /// When gossip forgets it; `None`: it is told of.
    pub(super) gossiped_until: Option<Timestamp>,
    pub(super) row: Row,
}

/// A simulated cluster.
#[derive(Clone, Debug)]
pub struct Cockroach {
    pub(super) options: Options,
    /// Chance of what processes do.
    pub(super) fate: Random,
    /// Chance of what goes on in the background.
    pub(super) drift: Random,
    pub(super) now: Timestamp,
    pub(super) next_tick: Timestamp,
    pub(super) ticks: u64,
    /// Until when something may follow from what has happened.
    pub(super) restless_until: Timestamp,
    pub(super) hosts: Vec<Host>,
    pub(super) members: Vec<Member>,
    pub(super) ranges: Vec<Range>,
    /// Cluster settings that were set.
    pub(super) settings: BTreeMap<String, String>,
    pub(super) upgrade: Upgrade,
    pub(super) clients: Clients,
    pub(super) balancer: Balancer,
    /// What harm stands, and what was done.
    pub(super) ledger: Ledger,
    pub(super) bastion: Files,
    pub(super) cluster_id: String,
    pub(super) next_pid: u32,
    pub(super) next_job: u64,
    /// Jobs that were run, newest last.
    pub(super) jobs: Vec<super::statements::Job>,
    /// Backups by the address they went to.
    pub(super) backups: BTreeMap<String, Vec<String>>,
    /// How long a download takes, and whether what arrives is whole.
    pub(super) download: (Duration, bool),
    /// Ranges that lack a replica which no node can take.
    pub(super) unplaceable: u64,
}

impl Cockroach {
    /// A healthy cluster at `now`, every node up for a month.
    pub fn new(options: Options, now: Timestamp) -> Self {
        let mut random = Random::new(options.seed);
        let month = Timestamp::from_millis(now.as_millis().saturating_sub(30 * 86_400_000));
        let cluster_id = random.uuid();
        let hosts: Vec<Host> =
            (0..options.hosts.len()).map(|index| host(&options, index, month, &mut random)).collect();
        let members = (0..hosts.len()).map(|index| member(index, index as u32 + 1, STORE)).collect();
        let ranges = spread(hosts.len(), &mut random);
        let mut cluster = Self {
            fate: Random::new(options.seed ^ 0x5eed_fa7e),
            drift: Random::new(options.seed ^ 0xd21f_7000),
            now,
            next_tick: now.plus(super::passing::TICK),
            ticks: 0,
            restless_until: now.plus(Duration::from_mins(1)),
            hosts,
            members,
            ranges,
            settings: BTreeMap::new(),
            upgrade: Upgrade::reached(&options.old),
            clients: Clients::new(now),
            balancer: Balancer::new(&options.hosts, month),
            ledger: Ledger::default(),
            bastion: bastion(&options, now),
            cluster_id,
            next_pid: 31_200,
            next_job: 940_000_000_000_000_001,
            jobs: Vec::new(),
            backups: BTreeMap::new(),
            download: (Duration::from_secs(9), true),
            unplaceable: 0,
            options,
        };
        for index in 0..cluster.members.len() {
            cluster.write_row(index, now);
        }
        cluster.weigh();
        cluster
    }

    /// The host of that name.
    pub(super) fn find(&self, name: &str) -> Option<usize> {
        self.hosts.iter().position(|host| host.name == name)
    }

    /// The files at a place.
    pub(super) fn files_at(&self, place: Place) -> &Files {
        match place {
            Place::Bastion => &self.bastion,
            Place::Node(index) if self.is_balancer(index) => &self.balancer.files,
            Place::Node(index) => &self.hosts[index].files,
        }
    }

    /// The member that a host's process is, when it listens and works.
    pub(super) fn member_on(&self, host: usize) -> Option<usize> {
        match self.hosts[host].working()?.identity {
            Identity::Member(member) => Some(member),
            Identity::Alone | Identity::Waiting => None,
        }
    }

    /// Whether that member's process is there and works.
    pub(super) fn is_up(&self, member: usize) -> bool {
        self.member_on(self.members[member].host) == Some(member)
    }

    /// Whether that member's server takes SQL clients.
    pub(super) fn takes_clients(&self, member: usize) -> bool {
        let host = self.members[member].host;
        let Process::Up { ready, leaving, .. } = &self.hosts[host].process else { return false };
        self.is_up(member) && *ready <= self.now && leaving.is_none() && !self.members[member].draining
    }

    /// Where a member takes SQL.
    pub(super) fn sql_address(&self, member: usize) -> String {
        format!("{}:{SQL_PORT}", self.hosts[self.members[member].host].name)
    }

    /// The build that a member runs, or ran last.
    pub(super) fn build(&self, member: usize) -> Version {
        match self.hosts[self.members[member].host].run() {
            Some(run) if run.identity == Identity::Member(member) => run.build.clone(),
            _ => Version::new(self.members[member].row.build.trim_start_matches('v')),
        }
    }

    /// The members that belong to the cluster.
    pub(super) fn belonging(&self) -> impl Iterator<Item = usize> + '_ {
        (0..self.members.len()).filter(|&member| self.members[member].membership != Membership::Decommissioned)
    }
}

/// What a host's unit starts.
pub(super) fn usual_command(options: &Options, index: usize) -> Vec<String> {
    let name = &options.hosts[index];
    let security = if options.secure { "--certs-dir=/var/lib/cockroach-certs" } else { "--insecure" };
    let join: Vec<&str> = options.hosts.iter().map(String::as_str).collect();
    [
        BINARY,
        "start",
        security,
        &format!("--store={STORE}"),
        &format!("--advertise-addr={name}"),
        &format!("--join={}", join.join(",")),
        "--cache=.25",
        "--max-sql-memory=.25",
    ]
    .map(str::to_owned)
    .into()
}

/// A member that has just been given an id.
pub(super) fn member(host: usize, id: u32, store: &str) -> Member {
    Member {
        id,
        host,
        store: store.to_owned(),
        membership: Membership::Active,
        draining: false,
        expires: None,
        gossiped_until: None,
        row: Row::default(),
    }
}

fn host(options: &Options, index: usize, since: Timestamp, random: &mut Random) -> Host {
    let pid = 900 + random.between(0, 300) as u32;
    let command = usual_command(options, index);
    let mut files = Files::new(since);
    files.put(BINARY, Entry::program("cockroach", &options.old, "root", since));
    files.put(STORE, Entry { mode: 0o750, ..Entry::folder(USER, since) });
    files.put("/var/lib/cockroach-certs", Entry { mode: 0o700, ..Entry::folder(USER, since) });
    certificates(&mut files, options, since);
    super::units::write_unit(&mut files, &command, since);
    let run = Run {
        pid,
        build: Version::new(&options.old),
        user: USER.into(),
        command: command.clone(),
        is_unit: true,
        identity: Identity::Member(index),
        told: "restarted pre-existing node",
        is_announced: true,
    };
    Host {
        name: options.hosts[index].clone(),
        http: format!("http://{}:8080", options.hosts[index]),
        files,
        other: super::disk::USUAL,
        command,
        process: Process::Up { run, since, ready: since, frozen: false, leaving: None },
        log: Log::default(),
        last_pid: pid,
        trouble: Trouble::default(),
    }
}

fn bastion(options: &Options, at: Timestamp) -> Files {
    let mut files = Files::new(at);
    files.put(BINARY, Entry::program("cockroach", &options.old, "root", at));
    certificates(&mut files, options, at);
    files
}

fn certificates(files: &mut Files, options: &Options, at: Timestamp) {
    if options.secure {
        files.put(CERTS, Entry { mode: 0o700, ..Entry::folder("operator", at) });
        for name in ["ca.crt", "client.root.crt", "client.root.key"] {
            let text = format!("-----BEGIN PRACTICE-----\n{name}\n-----END PRACTICE-----\n");
            files.put(&format!("{CERTS}/{name}"), Entry { mode: 0o600, ..Entry::file(text, "operator", at) });
        }
    }
}
