//! The model: nodes with a file, a process, a seal and data; and who holds the lock.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::clock::Timestamp;
use crate::practice::host::{Entry, Files, Log, Random, Version};

use super::replication::Replication;
use super::trouble::Trouble;

/// Where the binary lies on every node.
pub(super) const BINARY: &str = "/usr/bin/vault";

/// What cluster to build.
#[derive(Clone, Debug)]
pub struct Options {
    /// The name under which other clusters know this one; empty: none does.
    pub name: String,
    /// The nodes' names; the first is the active one. Names are made unique by the caller.
    pub nodes: Vec<String>,
    /// The version that runs.
    pub old: String,
    /// The version that the packages also offer.
    pub target: String,
    /// Key shares in all.
    pub shares: u8,
    /// Key shares needed to unseal.
    pub threshold: u8,
    /// Whether the server locks its memory, so that its binary needs `cap_ipc_lock`.
    pub mlock: bool,
    /// Everything that is left to chance follows from it.
    pub seed: u64,
}

impl Options {
    /// A cluster of that many nodes, `vault-1` active.
    pub fn with_nodes(count: usize) -> Self {
        Self { nodes: (1..=count).map(|number| format!("vault-{number}")).collect(), ..Self::default() }
    }
}

impl Default for Options {
    fn default() -> Self {
        Self {
            name: String::new(),
            nodes: vec!["vault-1".into(), "vault-2".into(), "vault-3".into()],
            old: "1.16.2".into(),
            target: "1.17.3".into(),
            shares: 5,
            threshold: 3,
            mlock: true,
            seed: 1,
        }
    }
}

/// A node's process.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Process {
    /// Not there. `failed`: it did not end by a proper shutdown.
    Down { failed: bool },
    /// Started, not listening yet; `fails`: it will exit instead.
    Starting { pid: u32, version: Version, until: Timestamp, fails: bool },
    /// Listening. `frozen`: stopped by SIGSTOP, connections are taken and never answered.
    Up { pid: u32, version: Version, since: Timestamp, frozen: bool },
    /// Listeners closed, not gone yet.
    Stopping { pid: u32, until: Timestamp, then_start: bool },
}

/// What a node has on disk of the replicated data.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Data {
    /// Term of the last entry.
    pub(super) term: u64,
    /// Index of the last entry.
    pub(super) index: u64,
    /// The version that last changed the structure of the data. Only a restored copy lowers it.
    pub(super) format: Version,
    /// Versions that took active duty, oldest first, with the time.
    pub(super) history: Vec<(Version, Timestamp)>,
}

/// One machine.
#[derive(Clone, Debug)]
pub(super) struct Node {
    pub(super) name: String,
    pub(super) api: String,
    pub(super) installed: Version,
    pub(super) ipc_lock: bool,
    pub(super) process: Process,
    pub(super) sealed: bool,
    pub(super) given: Vec<Vec<u8>>,
    pub(super) nonce: String,
    pub(super) data: Data,
    /// From when on it follows the active node's data, while it is unsealed.
    pub(super) synced_at: Timestamp,
    /// From when on it knows who is active, while it is unsealed.
    pub(super) knows_at: Timestamp,
    /// Until when it will not be active again.
    pub(super) barred_until: Timestamp,
    /// Since when it takes no part (down, sealed or frozen).
    pub(super) away_since: Option<Timestamp>,
    pub(super) log: Log,
    pub(super) last_pid: u32,
    /// Its data was destroyed: it is as a server that was never set up.
    pub(super) is_empty: bool,
    /// Its file system, with the binary in it.
    pub(super) files: Files,
}

impl Node {
    /// Puts a binary of that version in place; a new file has none of the capabilities of the old one.
    pub(super) fn install(&mut self, version: &Version, ipc_lock: bool, at: Timestamp) {
        self.files.put(BINARY, Entry::program("vault", version.as_str(), "root", at));
        self.installed = version.clone();
        self.ipc_lock = ipc_lock;
    }

    /// The version of the binary that lies there; `None`: there is none that can be run.
    pub(super) fn binary(&self) -> Option<Version> {
        let program = self.files.get(BINARY).and_then(Entry::as_program);
        program.filter(|(name, _)| name == "vault").map(|(_, version)| Version::new(&version))
    }

    /// The version of the process that listens.
    pub(super) fn running(&self) -> Option<&Version> {
        match &self.process {
            Process::Up { version, .. } => Some(version),
            _ => None,
        }
    }

    /// Whether it takes part: listening, answering, unsealed.
    pub(super) fn votes(&self) -> bool {
        matches!(self.process, Process::Up { frozen: false, .. }) && !self.sealed
    }

    /// How long its process has listened.
    pub(super) fn up_for(&self, now: Timestamp) -> Duration {
        match self.process {
            Process::Up { since, .. } => now.since(since),
            _ => Duration::ZERO,
        }
    }

    /// The process's id, of the last one when there is none.
    pub(super) fn pid(&self) -> u32 {
        match self.process {
            Process::Starting { pid, .. } | Process::Up { pid, .. } | Process::Stopping { pid, .. } => pid,
            Process::Down { .. } => self.last_pid,
        }
    }

    /// Writes a line to its journal.
    pub(super) fn log(&mut self, at: Timestamp, line: impl Into<String>) {
        let pid = self.pid();
        self.log.push(at, pid, line);
    }

    /// Writes a line as the server's own logger does: `level` such as `INFO`, `source` such as `core`.
    pub(super) fn log_server(&mut self, at: Timestamp, level: &str, line: &str) {
        self.log(at, format!("{at} {:<7} {line}", format!("[{level}]")));
    }
}

/// Who holds the lock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Leadership {
    /// This node, in active duty.
    Active { node: usize, since: Timestamp },
    /// A node whose process `pid` is gone or frozen without having released it; `None`: the time-out is over, but there
    /// is no quorum.
    Held { node: usize, pid: u32, until: Option<Timestamp> },
    /// Nobody; the next election, when one can be held.
    Free { next: Option<Timestamp> },
}

/// A file on the bastion.
#[derive(Clone, Debug)]
pub(super) struct File {
    pub(super) content: Vec<u8>,
    pub(super) at: Timestamp,
    /// What it holds as a snapshot; `None`: it is none.
    pub(super) snapshot: Option<Snapshot>,
}

/// What a snapshot holds.
#[derive(Clone, Debug)]
pub(super) struct Snapshot {
    pub(super) data: Data,
    /// The version that wrote it.
    pub(super) version: Version,
    /// The cluster that it was taken of, which opens with its keys and its token.
    pub(super) cluster_id: String,
    pub(super) keys: Vec<Vec<u8>>,
    pub(super) token: String,
}

/// A simulated cluster.
#[derive(Clone, Debug)]
pub struct Vault {
    pub(super) options: Options,
    pub(super) random: Random,
    pub(super) now: Timestamp,
    pub(super) nodes: Vec<Node>,
    pub(super) leadership: Leadership,
    /// How many leaders were drawn.
    pub(super) elections: u64,
    /// When an active node without quorum gives up.
    pub(super) lease_ends: Option<Timestamp>,
    pub(super) next_write: Timestamp,
    pub(super) next_pid: u32,
    pub(super) keys: Vec<Vec<u8>>,
    pub(super) token: String,
    pub(super) cluster_id: String,
    pub(super) files: BTreeMap<String, File>,
    pub(super) trouble: Trouble,
    /// Its part in a replication.
    pub(super) replication: Replication,
}

impl Vault {
    /// A healthy cluster at `now`, every node up for a month and unsealed, the first one active.
    pub fn new(options: Options, now: Timestamp) -> Self {
        let mut random = Random::new(options.seed);
        let month = Timestamp::from_millis(now.as_millis().saturating_sub(30 * 86_400_000));
        let old = Version::new(&options.old);
        let data =
            Data { term: 3, index: 4_200 + random.between(0, 900), format: old.clone(), history: vec![(old, month)] };
        let cluster_id = random.uuid();
        let keys = (1..=options.shares).map(|number| share(&mut random, number)).collect();
        let nodes: Vec<Node> =
            options.nodes.iter().map(|name| node(name, &data, month, 700 + random.between(0, 200) as u32)).collect();
        let leadership = match nodes.is_empty() {
            false => Leadership::Active { node: 0, since: month },
            true => Leadership::Free { next: None },
        };
        Self {
            random,
            now,
            nodes,
            leadership,
            elections: 0,
            lease_ends: None,
            next_write: now.plus(Duration::from_secs(3)),
            next_pid: 4_100,
            keys,
            token: "hvs.practice".into(),
            cluster_id,
            files: BTreeMap::new(),
            trouble: Trouble::default(),
            replication: Replication::default(),
            options,
        }
    }

    /// The key shares, as hex, as a key holder would type them.
    pub fn shares(&self) -> Vec<String> {
        self.keys.iter().map(|key| hex(key)).collect()
    }

    /// Whether it is the edition that can be replicated.
    pub(super) fn is_enterprise(&self) -> bool {
        self.options.old.contains("+ent")
    }

    /// The name of the package.
    pub(super) fn package(&self) -> &'static str {
        if self.is_enterprise() { "vault-enterprise" } else { "vault" }
    }

    /// The token that the API accepts.
    pub fn token(&self) -> &str {
        &self.token
    }

    /// The node of that name.
    pub(super) fn find(&self, name: &str) -> Option<usize> {
        self.nodes.iter().position(|node| node.name == name)
    }

    /// The node in active duty.
    pub(super) fn active(&self) -> Option<usize> {
        match self.leadership {
            Leadership::Active { node, .. } => Some(node),
            _ => None,
        }
    }

    /// The node that the others take for active, rightly or not.
    pub(super) fn named(&self) -> Option<usize> {
        match self.leadership {
            Leadership::Active { node, .. } | Leadership::Held { node, .. } => Some(node),
            Leadership::Free { .. } => None,
        }
    }

    /// Whether enough nodes take part.
    pub(super) fn has_quorum(&self) -> bool {
        2 * self.nodes.iter().filter(|node| node.votes()).count() > self.nodes.len()
    }
}

/// Lower-case hex of `bytes`.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn share(random: &mut Random, number: u8) -> Vec<u8> {
    let mut key = random.bytes(32);
    key.push(number);
    key
}

fn node(name: &str, data: &Data, since: Timestamp, pid: u32) -> Node {
    Node {
        name: name.to_owned(),
        api: format!("http://{name}:8200"),
        installed: data.format.clone(),
        ipc_lock: true,
        process: Process::Up { pid, version: data.format.clone(), since, frozen: false },
        sealed: false,
        given: Vec::new(),
        nonce: String::new(),
        data: data.clone(),
        synced_at: since,
        knows_at: since,
        barred_until: since,
        away_since: None,
        log: Log::default(),
        last_pid: pid,
        is_empty: false,
        files: files(name, data.format.as_str(), since),
    }
}

/// A node's file system: what the package brought, the settings, and a folder of data that is not shown.
fn files(name: &str, version: &str, at: Timestamp) -> Files {
    let settings = format!(
        "ui            = true\napi_addr      = \"http://{name}:8200\"\ncluster_addr  = \"https://{name}:8201\"\n\n\
         storage \"raft\" {{\n  path    = \"/opt/vault/data\"\n  node_id = \"{name}\"\n}}\n\n\
         listener \"tcp\" {{\n  address     = \"0.0.0.0:8200\"\n  tls_disable = true\n}}\n"
    );
    let mut files = Files::new(at);
    files.put(BINARY, Entry::program("vault", version, "root", at));
    files.put("/etc/vault.d", Entry { mode: 0o755, ..Entry::folder("vault", at) });
    files.put("/etc/vault.d/vault.hcl", Entry { mode: 0o640, ..Entry::file(settings, "vault", at) });
    files.put("/opt/vault", Entry::folder("vault", at));
    files.put("/opt/vault/data", Entry { mode: 0o700, ..Entry::folder("vault", at) });
    files.put("/etc/hostname", Entry::file(format!("{name}\n"), "root", at));
    files
}
