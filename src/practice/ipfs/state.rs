//! The model: hosts with files, a peer's process and an IPFS daemon; what a running peer holds in its memory.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crate::clock::Timestamp;
use crate::practice::host::{Entry, Files, Log, Random, Version};
use crate::practice::{Ledger, Shape};

use super::disk;
use super::pins::{self, Pin};

/// Where the programs lie on every host.
pub(super) const BIN: &str = "/usr/local/bin";

/// The account of the peers.
pub(super) const ACCOUNT: &str = "ipfs";

/// How the peers agree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Consensus {
    /// By a leader and a majority.
    Raft,
    /// By merging.
    Crdt,
}

impl Consensus {
    /// Its name in configurations.
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Raft => "raft",
            Self::Crdt => "crdt",
        }
    }
}

/// What cluster to build.
#[derive(Clone, Debug)]
pub struct Options {
    /// The peers' names; names are made unique by the caller.
    pub peers: Vec<String>,
    /// The version that runs.
    pub old: String,
    /// The version to upgrade to.
    pub target: String,
    /// How the peers agree.
    pub consensus: Consensus,
    /// Pins at the beginning.
    pub pins: u64,
    /// Whether clients add pins meanwhile.
    pub is_used: bool,
    /// Whether disaster has struck: every peer is down, and only the first one still has the whole state.
    pub is_broken: bool,
    /// Name and password that the REST API asks for.
    pub credentials: Option<(String, String)>,
    /// Everything that is left to chance follows from it.
    pub seed: u64,
}

impl Options {
    /// A raft cluster of that many peers, `cluster-1` its leader.
    pub fn with_peers(count: usize) -> Self {
        Self {
            peers: (1..=count).map(|number| format!("cluster-{number}")).collect(),
            old: "1.0.8".into(),
            target: "1.1.4".into(),
            consensus: Consensus::Raft,
            pins: 46,
            is_used: true,
            is_broken: false,
            credentials: None,
            seed: 1,
        }
    }

    /// What a runbook is practised on.
    pub fn of(shape: &Shape<'_>) -> Self {
        let is_broken = shape.runbook == "ipfs-cluster-recovery";
        let usual = Self::with_peers(usize::from(shape.nodes));
        Self { is_used: !is_broken, is_broken, seed: shape.seed, ..usual }
    }
}

/// From which unit a process was started.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum UnitName {
    /// The unit of every host.
    Usual,
    /// One that is gone with its process.
    Join,
    /// None: it was typed.
    Hand,
}

/// How a process was started.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Launch {
    pub(super) pid: u32,
    pub(super) version: Version,
    pub(super) unit: UnitName,
    pub(super) command: String,
    /// The id of the peer that it asks to be let in, and its address as it was typed.
    pub(super) bootstrap: Option<(String, String)>,
    /// As its configuration said when it started.
    pub(super) settings: disk::Settings,
}

/// A peer's process.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Process {
    /// Not there. `failed`: it did not end as it should.
    Down { failed: bool },
    /// Started, not listening yet; `fails`: it will exit with these last words instead.
    Starting { launch: Launch, until: Timestamp, fails: Option<String> },
    /// Listening. `ready`: since when it is part of its cluster. `gives_up`: when it ends unless it has become so.
    Up { launch: Launch, since: Timestamp, ready: Option<Timestamp>, gives_up: Option<Timestamp>, frozen: bool },
    /// Its API closed, not gone yet. `cleans`: it puts its state away at the end; `signals`: how many it was sent.
    Stopping { launch: Launch, until: Timestamp, cleans: bool, failed: bool, then_start: bool, signals: u8 },
}

/// What a peer does about a pin at present.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Doing {
    /// `pin_queued`, `pinning`, `pin_error` or `unpinning`.
    pub(super) status: &'static str,
    /// When it changes; `None`: only by being tried again.
    pub(super) until: Option<Timestamp>,
    pub(super) at: Timestamp,
    pub(super) error: String,
    pub(super) attempts: u32,
}

/// What a running peer knows.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Memory {
    pub(super) pins: BTreeMap<String, Pin>,
    /// With crdt: what was unpinned, so that it does not come back.
    pub(super) gone: BTreeSet<String>,
    /// With raft: who belongs to the cluster.
    pub(super) peerset: Vec<usize>,
    pub(super) leader: Option<usize>,
    pub(super) term: u64,
    pub(super) index: u64,
    /// Whether it waits to be let in.
    pub(super) is_staging: bool,
    pub(super) doing: BTreeMap<String, Doing>,
    /// When a removed peer will notice.
    pub(super) notices_removal: Option<Timestamp>,
    /// When it takes over what others know.
    pub(super) syncs_at: Option<Timestamp>,
    pub(super) next_ping: Timestamp,
    pub(super) next_state_sync: Timestamp,
    pub(super) next_recover: Timestamp,
    /// When each peer was last heard, by that peer's clock in milliseconds and by ours.
    pub(super) heard: BTreeMap<usize, (i64, Timestamp)>,
    /// Peers whose pings ran out, with the time of their last one.
    pub(super) alerts: Vec<(usize, i64, Timestamp)>,
}

/// The IPFS daemon beside a peer.
#[derive(Clone, Debug)]
pub(super) struct Daemon {
    pub(super) id: String,
    pub(super) version: Version,
    pub(super) pid: u32,
    pub(super) is_up: bool,
    pub(super) pinned: BTreeSet<String>,
    pub(super) log: Log,
}

/// One machine.
#[derive(Clone, Debug)]
pub(super) struct Peer {
    pub(super) name: String,
    pub(super) id: String,
    pub(super) address: String,
    pub(super) files: Files,
    pub(super) process: Process,
    pub(super) memory: Memory,
    pub(super) daemon: Daemon,
    pub(super) log: Log,
    pub(super) join_log: Log,
    pub(super) last_pid: u32,
    /// The last start of the transient unit, as long as the unit is known.
    pub(super) join: Option<Launch>,
    /// The usual unit's last start found the folder taken by another process.
    pub(super) is_locked_out: bool,
    /// Whether no other peer reaches it.
    pub(super) is_cut_off: bool,
    /// Whether ssh reaches it.
    pub(super) is_reachable: bool,
    /// How far its clock is off, in milliseconds.
    pub(super) clock_off: i64,
    /// Something starts it again this long after it ended.
    pub(super) comes_back: Option<Duration>,
    pub(super) comes_back_at: Option<Timestamp>,
    /// Whether that is systemd, which leaves alone what it was told to stop.
    pub(super) is_kept_up: bool,
    pub(super) was_told_to_stop: bool,
    /// Milliseconds by which converting a state takes longer there.
    pub(super) slow_conversion: u64,
    /// Whether its lists break off.
    pub(super) breaks_off: bool,
}

impl Peer {
    /// How its process was started, when it listens.
    pub(super) fn running(&self) -> Option<&Launch> {
        match &self.process {
            Process::Up { launch, .. } => Some(launch),
            _ => None,
        }
    }

    /// How its process was started, when there is one.
    pub(super) fn launched(&self) -> Option<&Launch> {
        match &self.process {
            Process::Up { launch, .. } | Process::Starting { launch, .. } | Process::Stopping { launch, .. } => {
                Some(launch)
            }
            Process::Down { .. } => None,
        }
    }

    /// Whether it listens and is not held.
    pub(super) fn is_alive(&self) -> bool {
        matches!(self.process, Process::Up { frozen: false, .. })
    }

    /// Whether it is part of its cluster.
    pub(super) fn is_ready(&self) -> bool {
        matches!(self.process, Process::Up { frozen: false, ready: Some(_), .. })
    }

    /// Writes a line as its own logger does, into the journal of the unit that it was started from.
    pub(super) fn log(&mut self, at: Timestamp, level: &str, source: &str, line: &str) {
        let (pid, unit) = self.launched().map_or((self.last_pid, UnitName::Usual), |launch| (launch.pid, launch.unit));
        let text = format!("{at}\t{level}\t{source}\t{line}");
        match unit {
            UnitName::Usual => self.log.push(at, pid, text),
            UnitName::Join | UnitName::Hand => self.join_log.push(at, pid, text),
        }
    }

    /// The address at which other peers reach it.
    pub(super) fn multiaddress(&self) -> String {
        format!("/ip4/{}/tcp/9096/p2p/{}", self.address, self.id)
    }
}

/// A simulated cluster.
#[derive(Clone, Debug)]
pub struct IpfsCluster {
    pub(super) options: Options,
    pub(super) random: Random,
    pub(super) now: Timestamp,
    pub(super) peers: Vec<Peer>,
    /// The files of the machine from which the hosts are reached.
    pub(super) bastion: Files,
    pub(super) next_election: Option<Timestamp>,
    pub(super) elections: u64,
    pub(super) next_pin: Option<Timestamp>,
    /// How many pins were ever made.
    pub(super) made: u64,
    pub(super) next_pid: u32,
    /// Whether what is fetched is spoilt on the way.
    pub(super) spoils_downloads: bool,
    /// The ids of all that is pinned, as the users know it.
    pub(super) wanted: BTreeSet<String>,
    /// Of those, what was in no peer's state before anybody did anything.
    pub(super) lost_before: BTreeSet<String>,
    /// What harm stands, and what was done.
    pub(super) ledger: Ledger,
}

impl IpfsCluster {
    /// A cluster at `now`: up for a month and whole, or broken when the options say so.
    pub fn new(options: Options, now: Timestamp) -> Self {
        let month = Timestamp::from_millis(now.as_millis().saturating_sub(30 * 86_400_000));
        let mut cluster = Self {
            random: Random::new(options.seed),
            now,
            peers: Vec::new(),
            bastion: Files::new(month),
            next_election: None,
            elections: 0,
            next_pin: None,
            made: 0,
            next_pid: 4_100,
            spoils_downloads: false,
            wanted: BTreeSet::new(),
            lost_before: BTreeSet::new(),
            ledger: Ledger::default(),
            options,
        };
        for number in 0..cluster.options.peers.len() {
            let peer = cluster.machine(number, month);
            cluster.peers.push(peer);
        }
        let pins: Vec<Pin> = (0..cluster.options.pins).map(|_| cluster.new_pin(month)).collect();
        cluster.wanted = pins.iter().map(|pin| pin.cid.clone()).collect();
        cluster.set_up(&pins, month);
        cluster.next_pin = cluster.options.is_used.then(|| now.plus(Duration::from_secs(70)));
        cluster
    }

    fn machine(&mut self, number: usize, since: Timestamp) -> Peer {
        let seed = self.options.seed;
        let name = self.options.peers[number].clone();
        let kubo = Version::new("0.28.0");
        let mut files = Files::new(since);
        for program in super::releases::PROGRAMS {
            files.put(&format!("{BIN}/{program}"), Entry::program(program, &self.options.old, "root", since));
        }
        files.put(&format!("{BIN}/ipfs"), Entry::program("ipfs", kubo.as_str(), "root", since));
        files.put("/home/ipfs", Entry::folder(ACCOUNT, since));
        Peer {
            id: pins::peer_id(seed, number as u64),
            address: format!("10.0.0.{}", number + 1),
            files,
            process: Process::Down { failed: false },
            memory: Memory::default(),
            daemon: Daemon {
                id: pins::peer_id(seed, 1_000 + number as u64),
                version: kubo,
                pid: 610 + number as u32,
                is_up: true,
                pinned: BTreeSet::new(),
                log: Log::default(),
            },
            log: Log::default(),
            join_log: Log::default(),
            last_pid: 800 + number as u32,
            join: None,
            is_locked_out: false,
            is_cut_off: false,
            is_reachable: true,
            clock_off: 0,
            comes_back: None,
            comes_back_at: None,
            is_kept_up: false,
            was_told_to_stop: false,
            slow_conversion: 0,
            breaks_off: false,
            name,
        }
    }

    /// A pin that was never made before.
    pub(super) fn new_pin(&mut self, at: Timestamp) -> Pin {
        let number = self.made;
        self.made += 1;
        let seed = self.options.seed;
        let mut random = Random::new(seed ^ number.wrapping_mul(0x2545_f491));
        let count = self.peers.len() as u64;
        let (replicas, allocations) = match random.between(0, 2) {
            0 if count > 2 => {
                let first = random.between(0, count - 1);
                let ids = [first, (first + 1) % count].map(|index| self.peers[index as usize].id.clone());
                ((1, 2), ids.to_vec())
            }
            _ => ((-1, -1), Vec::new()),
        };
        let what = ["dataset", "site", "backup", "photos", "release"][random.between(0, 4) as usize];
        Pin {
            cid: pins::cid(seed, number),
            name: format!("{what}-{number}"),
            replicas,
            allocations,
            added: at.to_string(),
        }
    }

    /// The peer of that name.
    pub(super) fn find(&self, name: &str) -> Option<usize> {
        self.peers.iter().position(|peer| peer.name == name)
    }

    /// The peer with that id.
    pub(super) fn with_id(&self, id: &str) -> Option<usize> {
        self.peers.iter().position(|peer| peer.id == id)
    }

    /// The ids of these peers.
    pub(super) fn ids(&self, peers: &[usize]) -> Vec<String> {
        peers.iter().filter_map(|index| self.peers.get(*index)).map(|peer| peer.id.clone()).collect()
    }

    /// Whether two running peers hear and understand each other.
    pub(super) fn connects(&self, one: usize, other: usize) -> bool {
        let [left, right] = [&self.peers[one], &self.peers[other]];
        if one == other {
            return left.is_alive();
        }
        let are_near = left.is_alive() && right.is_alive() && !left.is_cut_off && !right.is_cut_off;
        let speaks = |peer: &Peer| peer.running().map(|launch| super::releases::protocol(&launch.version));
        are_near && speaks(left) == speaks(right)
    }

    /// A number for the next process.
    pub(super) fn new_pid(&mut self) -> u32 {
        self.next_pid += 1;
        self.next_pid
    }
}

/// The file by which a process holds its folder.
pub(super) fn lock_file(at: Timestamp) -> Entry {
    Entry::file("", ACCOUNT, at)
}
