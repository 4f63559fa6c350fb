//! Crdt: every peer has its own copy, and whoever meets merges. Also pings, by which peers know of each other.

use std::time::Duration;

use crate::clock::Timestamp;

use super::state::{Consensus, IpfsCluster};

/// How long a ping counts.
pub(super) const PING_LASTS: Duration = Duration::from_secs(30);
/// How often a peer pings.
const PING_EVERY: Duration = Duration::from_secs(15);

impl IpfsCluster {
    /// Merges what a peer has with what those have whom it reaches, both ways.
    pub(super) fn merge(&mut self, index: usize, at: Timestamp) {
        let near: Vec<usize> = (0..self.peers.len()).filter(|&other| self.connects(index, other)).collect();
        let mut pins = std::collections::BTreeMap::new();
        let mut gone = std::collections::BTreeSet::new();
        for &other in &near {
            let memory = &self.peers[other].memory;
            pins.extend(memory.pins.clone());
            gone.extend(memory.gone.iter().cloned());
        }
        pins.retain(|cid, _| !gone.contains(cid));
        for other in near {
            let memory = &mut self.peers[other].memory;
            if memory.pins == pins && memory.gone == gone {
                continue;
            }
            (memory.pins, memory.gone) = (pins.clone(), gone.clone());
            self.save(other, at);
            self.track_missing(other, at);
        }
    }

    /// A peer tells all whom it reaches that it lives.
    pub(super) fn ping(&mut self, index: usize, at: Timestamp) {
        let sent = at.as_millis() + self.peers[index].clock_off;
        let near: Vec<usize> = (0..self.peers.len()).filter(|&other| self.hears(other, index)).collect();
        for other in near {
            let memory = &mut self.peers[other].memory;
            memory.heard.insert(index, (sent, at));
        }
        self.note_lost(index, at);
        self.peers[index].memory.next_ping = at.plus(PING_EVERY);
    }

    /// Pings are understood whatever protocol is spoken for everything else.
    fn hears(&self, index: usize, from: usize) -> bool {
        let [left, right] = [&self.peers[index], &self.peers[from]];
        left.is_alive() && right.is_alive() && (index == from || (!left.is_cut_off && !right.is_cut_off))
    }

    /// Writes an alert when a peer's ping ran out.
    fn note_lost(&mut self, index: usize, at: Timestamp) {
        let now = at.as_millis() + self.peers[index].clock_off;
        let lost: Vec<(usize, i64)> = self.peers[index]
            .memory
            .heard
            .iter()
            .filter(|(from, (sent, _))| **from != index && is_over(*sent, now))
            .map(|(from, (sent, _))| (*from, *sent))
            .collect();
        // With `disable_repinning`, as every configuration here has it, whoever handles alerts stops after the first one.
        if let ([(from, sent), ..], true) = (lost.as_slice(), self.peers[index].memory.alerts.is_empty()) {
            let line = format!("metric alert for ping: Peer: {}.", self.peers[*from].id);
            self.peers[index].memory.alerts.push((*from, *sent, at));
            self.peers[index].log(at, "WARN", "cluster", &line);
        }
    }

    /// Whether the last ping of a peer still counts for another one, whose clock decides.
    pub(super) fn ping_counts(&self, index: usize, from: usize) -> bool {
        let now = self.now.as_millis() + self.peers[index].clock_off;
        self.peers[index].memory.heard.get(&from).is_some_and(|(sent, _)| !is_over(*sent, now))
    }

    /// Whether a peer counts another one to its cluster.
    pub(super) fn sees(&self, index: usize, other: usize) -> bool {
        index == other
            || match self.options.consensus {
                Consensus::Raft => self.peers[index].memory.peerset.contains(&other),
                Consensus::Crdt => self.ping_counts(index, other),
            }
    }

    /// Those whom a peer counts to its cluster, with itself.
    pub(super) fn members(&self, index: usize) -> Vec<usize> {
        (0..self.peers.len()).filter(|&other| self.sees(index, other)).collect()
    }
}

fn is_over(sent: i64, now: i64) -> bool {
    now - sent > PING_LASTS.as_millis() as i64
}
