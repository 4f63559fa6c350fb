//! What harm is done, in the terms of the cluster: noted from how it stands, never from what was typed.

use std::collections::BTreeSet;

use crate::clock::Timestamp;
use crate::practice::host::Version;

use super::disk::{self, FOLDER, Place};
use super::state::{Consensus, IpfsCluster, Process};

impl IpfsCluster {
    /// Notes what harm began or ended. Called after everything that changes something.
    pub(super) fn note_harm(&mut self, at: Timestamp) {
        let closed = self.told_closed();
        self.ledger.stands("takes-no-pins", "", closed, at);
        let versions = self.told_versions();
        self.ledger.stands("two-versions", "", versions, at);
        let lost = self.told_lost();
        self.ledger.stands("pins-lost", "", lost, at);
        for index in 0..self.peers.len() {
            let name = self.peers[index].name.clone();
            let away = self.told_away(index);
            self.ledger.stands("away", &name, away, at);
            let alone = self.told_alone(index);
            self.ledger.stands("cluster-of-its-own", &name, alone, at);
            let missing = self.told_missing(index);
            self.ledger.stands("pins-missing", &name, missing, at);
            let failing = self.told_failing(index);
            self.ledger.stands("pins-in-error", &name, failing, at);
        }
    }

    /// Whether a peer takes pins and unpins.
    fn takes_pins(&self, index: usize) -> bool {
        self.peers[index].is_ready()
            && match self.options.consensus {
                Consensus::Crdt => true,
                Consensus::Raft => self.leader(index).is_some(),
            }
    }

    fn told_closed(&self) -> Option<String> {
        let is_open = (0..self.peers.len()).any(|index| self.takes_pins(index));
        (!is_open).then(|| "no peer takes pins: nothing can be pinned or unpinned".to_owned())
    }

    fn told_versions(&self) -> Option<String> {
        let running = self.peers.iter().filter_map(|peer| peer.running()).map(|launch| launch.version.as_str());
        let versions: BTreeSet<&str> = running.collect();
        let named: Vec<&str> = versions.into_iter().collect();
        (named.len() > 1).then(|| format!("peers of {} run beside each other", named.join(" and ")))
    }

    fn told_away(&self, index: usize) -> Option<String> {
        let name = &self.peers[index].name;
        match &self.peers[index].process {
            Process::Up { frozen: true, .. } => Some(format!("{name} does not answer")),
            Process::Up { ready: None, .. } => Some(format!("{name} is up and no part of a cluster")),
            Process::Up { .. } => None,
            _ => Some(format!("{name} is down")),
        }
    }

    /// Whether a peer that belongs to a cluster does not belong to that of another one, which is no smaller.
    fn told_alone(&self, index: usize) -> Option<String> {
        let counts = |peer: usize| {
            self.options.consensus == Consensus::Raft
                && self.peers[peer].is_ready()
                && self.peers[peer].memory.notices_removal.is_none()
        };
        if !counts(index) {
            return None;
        }
        let size = |peer: usize| self.peers[peer].memory.peerset.len();
        let is_apart = |other: usize| {
            other != index
                && counts(other)
                && size(index) <= size(other)
                && !self.peers[index].memory.peerset.contains(&other)
        };
        let apart = (0..self.peers.len()).any(is_apart);
        apart.then(|| format!("{} runs as a cluster of its own beside the others", self.peers[index].name))
    }

    fn told_missing(&self, index: usize) -> Option<String> {
        let peer = &self.peers[index];
        if !self.takes_pins(index) || peer.memory.notices_removal.is_some() {
            return None;
        }
        let missing = self.wanted.iter().filter(|cid| !peer.memory.pins.contains_key(*cid)).count();
        let all = self.wanted.len();
        (missing > 0).then(|| format!("{} does not know {missing} of {all} pins", peer.name))
    }

    fn told_failing(&self, index: usize) -> Option<String> {
        let peer = &self.peers[index];
        if !peer.is_ready() {
            return None;
        }
        if !peer.daemon.is_up {
            let kept = peer.memory.pins.values().filter(|pin| pin.is_kept_by(&peer.id)).count();
            return Some(format!("the IPFS daemon of {} is down, and {kept} pins are out of its reach", peer.name));
        }
        let failing = peer.memory.doing.values().filter(|doing| doing.status == "pin_error").count();
        (failing > 0).then(|| format!("{failing} pins are in error on {}", peer.name))
    }

    /// The pins in a state that lies on a peer's disk under its own name.
    fn on_disk(&self, index: usize) -> BTreeSet<String> {
        let place = self.place(FOLDER, &Version::new(&self.options.old));
        let found = disk::load(&self.peers[index].files, &place).and_then(|(saved, _)| saved.ok());
        found.map(|saved| saved.pins.into_iter().map(|pin| pin.cid).collect()).unwrap_or_default()
    }

    fn told_lost(&self) -> Option<String> {
        let is_whole = |index: usize| self.wanted.iter().all(|cid| self.peers[index].memory.pins.contains_key(cid));
        if (0..self.peers.len()).any(|index| self.peers[index].is_alive() && is_whole(index)) {
            return None;
        }
        let lost = self.in_no_state();
        let runs = (0..self.peers.len()).any(|index| self.takes_pins(index));
        // What a disaster took before is harm only once a cluster runs without it.
        if lost.is_empty() || (!runs && lost.iter().all(|cid| self.lost_before.contains(*cid))) {
            return None;
        }
        let kept = if self.has_copy(&lost) { "a copy or a backup has them" } else { "no copy and no backup has them" };
        Some(format!("{} of {} pins are in no peer's state any more; {kept}", lost.len(), self.wanted.len()))
    }

    /// The pins that are in no peer's state, neither in its memory nor under its own name on its disk.
    fn in_no_state(&self) -> Vec<&String> {
        let mut known: BTreeSet<String> = (0..self.peers.len()).flat_map(|index| self.on_disk(index)).collect();
        known.extend(self.peers.iter().flat_map(|peer| peer.memory.pins.keys().cloned()));
        self.wanted.iter().filter(|cid| !known.contains(*cid)).collect()
    }

    /// Where practice begins after a disaster: what is in no state now is nobody's doing in it.
    pub(super) fn note_disaster(&mut self) {
        if self.options.is_broken {
            self.lost_before = self.in_no_state().into_iter().cloned().collect();
        }
    }

    /// Whether these pins stand in some file beside the states: a backup, a copy, an export.
    fn has_copy(&self, pins: &[&String]) -> bool {
        let place = self.place(FOLDER, &Version::new(&self.options.old));
        let holds = |files: &crate::practice::host::Files, state: Option<String>| {
            let is_beside = |path: &String| {
                let path = format!("/{path}");
                state.as_ref().is_none_or(|state| !path.starts_with(&format!("{state}/")))
            };
            files.tree("/").iter().filter(|(path, _)| is_beside(path)).any(|(_, entry)| {
                let text = entry.text();
                pins.iter().all(|cid| text.contains(cid.as_str()))
            })
        };
        holds(&self.bastion, None) || self.peers.iter().any(|peer| holds(&peer.files, Some(place.data())))
    }

    /// A newer version is started on a state of which there is no copy.
    pub(super) fn note_uncopied(&mut self, index: usize, place: &Place, version: &Version, at: Timestamp) {
        let old = Version::new(&self.options.old);
        if *version <= old || place.folder != FOLDER {
            return;
        }
        let state = self.on_disk(index);
        let pins: Vec<&String> = state.iter().collect();
        if !pins.is_empty() && !self.has_copy(&pins) {
            let name = self.peers[index].name.clone();
            let told = format!("{name} was started on {version}, and there is no copy of its {} pins", pins.len());
            self.ledger.done("no-copy", &name, told, at);
        }
    }

    /// A peer has found no leader in its time, and ends.
    pub(super) fn note_gave_up(&mut self, index: usize, at: Timestamp) {
        let peer = &self.peers[index];
        let wait = peer.running().map_or(0, |launch| launch.settings.wait_for_leader / 1_000);
        let name = peer.name.clone();
        let told = format!("{name} found no leader within {wait} s, gave up and shut down");
        self.ledger.done("gave-up", &name, told, at);
    }

    /// A peer was torn down in the middle of its work.
    pub(super) fn note_torn(&mut self, index: usize, at: Timestamp) {
        let name = self.peers[index].name.clone();
        self.ledger.done("state-torn", &name, format!("{name} was torn down as it ended; its state is torn"), at);
    }
}
