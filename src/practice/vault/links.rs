//! The links of a replication: how a secondary comes into step with its primary, and what takes it out.
//!
//! Assumed, since nobody promises it: a secondary that is older than what its primary sends does not come into step; it
//! compares and fetches again and again until it is upgraded. The versions that count are those of the active nodes.

use std::time::Duration;

use crate::clock::Timestamp;
use crate::practice::host::{Random, Version};

use super::replication::{Peer, Side};
use super::state::Vault;

/// How long a connection may be silent before the other end calls it broken.
const SILENT: Duration = Duration::from_secs(5);

/// How often a secondary that cannot read what it gets begins anew.
const ANEW: i64 = 15_000;

/// Which sort of replication.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sort {
    Performance,
    Disaster,
}

/// What a secondary does with what it gets.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Flow {
    Streams,
    /// It compares, and fetches what is missing, until then.
    CatchesUp {
        compares: Timestamp,
        fetches: Timestamp,
    },
    /// It has stopped, and waits for somebody to see to it.
    Stuck,
}

/// One secondary and its primary.
#[derive(Clone, Debug)]
pub(super) struct Link {
    pub(super) sort: Sort,
    pub(super) primary: usize,
    pub(super) secondary: usize,
    flow: Flow,
    /// The processes at both ends; another one has to connect anew.
    ends: Option<(u32, u32)>,
    /// When both ends last heard each other.
    heard: Timestamp,
    remote_wal: u64,
    peers: (Peer, Peer),
}

impl Link {
    /// A link in step at `at`.
    pub(super) fn new(sort: Sort, ends: (usize, &Vault), to: (usize, &Vault), at: Timestamp) -> Self {
        let (primary, secondary) = (ends.1, to.1);
        Self {
            sort,
            primary: ends.0,
            secondary: to.0,
            flow: Flow::Streams,
            ends: processes(primary, secondary),
            heard: at,
            remote_wal: wal(primary),
            peers: (
                Peer::of(&primary.options.name, &primary.nodes[0], at),
                Peer::of(&secondary.options.name, &secondary.nodes[0], at),
            ),
        }
    }

    /// Lets a moment pass: who hears whom, and what the secondary makes of it.
    pub(super) fn pass(&mut self, primary: &mut Vault, secondary: &mut Vault, random: &mut Random, at: Timestamp) {
        if std::mem::take(&mut secondary.replication.recover) && self.flow == Flow::Stuck {
            self.flow = catching_up(random, at);
        }
        match processes(primary, secondary) {
            Some(ends) => {
                if self.ends != Some(ends) {
                    self.ends = Some(ends);
                    if self.flow != Flow::Stuck {
                        self.flow = catching_up(random, at);
                    }
                }
                self.heard = at;
                self.follow(primary, at, is_readable(primary, secondary));
            }
            None => self.ends = None,
        }
        self.tell(primary, secondary, at);
    }

    fn follow(&mut self, primary: &Vault, at: Timestamp, is_readable: bool) {
        match self.flow {
            _ if !is_readable => {
                let half = ANEW / 2;
                let compares = Timestamp::from_millis(at.as_millis() / ANEW * ANEW + half);
                self.flow = Flow::CatchesUp { compares, fetches: Timestamp::from_millis(compares.as_millis() + half) };
            }
            Flow::CatchesUp { fetches, .. } if fetches <= at => self.flow = Flow::Streams,
            _ => {}
        }
        if self.flow == Flow::Streams {
            self.remote_wal = wal(primary);
        }
    }

    /// Whether what the primary has is there a moment later.
    pub(super) fn is_in_step(&self, at: Timestamp) -> bool {
        self.flow == Flow::Streams && self.is_connected(at)
    }

    fn is_connected(&self, at: Timestamp) -> bool {
        at.since(self.heard) < SILENT
    }

    /// The secondary stops following until somebody asks it to recover.
    pub(super) fn stick(&mut self) {
        self.flow = Flow::Stuck;
    }

    /// Has both ends say what is so.
    pub(super) fn tell(&mut self, primary: &mut Vault, secondary: &mut Vault, at: Timestamp) {
        for (vault, peer) in [(&*primary, &mut self.peers.0), (&*secondary, &mut self.peers.1)] {
            if let Some(active) = vault.active() {
                *peer = Peer::of(&peer.id, &vault.nodes[active], at);
            }
        }
        for peer in [&mut self.peers.0, &mut self.peers.1] {
            (peer.is_connected, peer.heard) = (at.since(self.heard) < SILENT, self.heard);
        }
        let state = match self.flow {
            Flow::Streams => "stream-wals",
            Flow::CatchesUp { compares, .. } if at < compares => "merkle-diff",
            Flow::CatchesUp { .. } => "merkle-sync",
            Flow::Stuck => "idle",
        };
        let told = Side::Secondary { state, primary: self.peers.0.clone(), remote_wal: self.remote_wal };
        *side(secondary, self.sort) = told;
        let of_primary = side(primary, self.sort);
        if !matches!(of_primary, Side::Primary { .. }) {
            *of_primary = Side::Primary { secondaries: Vec::new() };
        }
        if let Side::Primary { secondaries } = of_primary {
            match secondaries.iter_mut().find(|peer| peer.id == self.peers.1.id) {
                Some(peer) => peer.clone_from(&self.peers.1),
                None => secondaries.push(self.peers.1.clone()),
            }
        }
    }
}

fn side(vault: &mut Vault, sort: Sort) -> &mut Side {
    match sort {
        Sort::Performance => &mut vault.replication.performance,
        Sort::Disaster => &mut vault.replication.dr,
    }
}

fn processes(primary: &Vault, secondary: &Vault) -> Option<(u32, u32)> {
    let pid = |vault: &Vault| vault.active().map(|active| vault.nodes[active].pid());
    pid(primary).zip(pid(secondary))
}

fn wal(primary: &Vault) -> u64 {
    primary.active().map_or(0, |active| primary.nodes[active].data.index)
}

fn is_readable(primary: &Vault, secondary: &Vault) -> bool {
    let version = |vault: &Vault| vault.active().and_then(|active| vault.nodes[active].running().cloned());
    version(secondary) >= version(primary)
}

fn catching_up(random: &mut Random, at: Timestamp) -> Flow {
    let compares = at.plus(random.millis(1_500, 4_000));
    Flow::CatchesUp { compares, fetches: compares.plus(random.millis(500, 6_000)) }
}

/// The oldest version on any node of a cluster, running or about to be started.
pub(super) fn oldest(vault: &Vault) -> Option<&Version> {
    vault.nodes.iter().map(|node| node.running().unwrap_or(&node.installed)).min()
}
