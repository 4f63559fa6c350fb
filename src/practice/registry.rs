//! Which systems are simulated: the one place where a further one is added.

use std::sync::{Arc, Mutex};

use crate::clock::Timestamp;

use super::System;
use super::cockroach::{self, Cockroach};
use super::gitlab::{self, Gitlab};
use super::ipfs::{self, IpfsCluster};
use super::nomad::{self, Nomad};
use super::vault::{Estate, Options, Vault};

/// What cluster is wanted.
#[derive(Clone, Copy, Debug)]
pub struct Shape<'a> {
    /// The id of the runbook that is to be practised: a simulator may set its cluster up for it.
    pub runbook: &'a str,
    /// How many nodes, in the sense of the system (of Nomad, the servers).
    pub nodes: u8,
    /// Everything that is left to chance follows from it.
    pub seed: u64,
    /// The versions of the way: the one that runs, the stops, the target; empty: what the simulator usually has. A
    /// simulator that knows one way only leaves them alone.
    pub versions: &'a [String],
}

/// A simulated cluster as those hold it who ask it and tell it.
pub type Shared = Arc<Mutex<dyn System>>;

/// How a simulated cluster is made.
type Make = fn(&Shape<'_>, Timestamp) -> Shared;

/// Every simulated system by the name that runbooks give it.
const SYSTEMS: &[(&str, Make)] = &[
    ("cockroachdb", cockroachdb),
    ("gitlab", gitlab),
    ("ipfs-cluster", ipfs_cluster),
    ("nomad", nomad),
    ("vault", vault),
];

fn nomad(shape: &Shape<'_>, began: Timestamp) -> Shared {
    shared(Nomad::new(nomad::Options::of(shape), began))
}

fn ipfs_cluster(shape: &Shape<'_>, began: Timestamp) -> Shared {
    shared(IpfsCluster::new(ipfs::Options::of(shape), began))
}

fn cockroachdb(shape: &Shape<'_>, began: Timestamp) -> Shared {
    shared(Cockroach::new(cockroach::Options::of(shape), began))
}

fn vault(shape: &Shape<'_>, began: Timestamp) -> Shared {
    let nodes = usize::from(shape.nodes);
    match shape.runbook {
        "vault-replication-upgrade" => shared(Estate::replicated(nodes, shape.seed, began)),
        "vault-upgrade-rehearsal" => shared(Estate::rehearsal(nodes, shape.seed, began)),
        _ => shared(Vault::new(Options { seed: shape.seed, ..Options::with_nodes(nodes) }, began)),
    }
}

fn gitlab(shape: &Shape<'_>, began: Timestamp) -> Shared {
    shared(Gitlab::new(gitlab::Options::of(shape), began))
}

fn shared(system: impl System + 'static) -> Shared {
    Arc::new(Mutex::new(system))
}

/// A cluster of that system as it was at `began`; `None`: there is no simulator for it.
pub fn system(name: &str, shape: &Shape<'_>, began: Timestamp) -> Option<Shared> {
    let (_, make) = SYSTEMS.iter().find(|(known, _)| *known == name)?;
    Some(make(shape, began))
}

/// Whether there is a simulator for that system.
pub fn is_simulated(name: &str) -> bool {
    SYSTEMS.iter().any(|(known, _)| *known == name)
}

/// The names of the simulated systems.
pub fn simulated() -> impl Iterator<Item = &'static str> {
    SYSTEMS.iter().map(|(name, _)| *name)
}
