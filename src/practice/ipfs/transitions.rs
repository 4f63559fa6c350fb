//! What passing time does: processes come up and go, elections, pings, merging, pinning, clients.

use std::time::Duration;

use crate::clock::Timestamp;

use super::state::{Consensus, IpfsCluster, Process};

/// Happenings worked through in one call; beyond it the rest of the gap is taken as uneventful.
const MOST_AT_ONCE: usize = 20_000;

/// Something that is to happen at a known time.
#[derive(Clone, Debug)]
enum Due {
    Process(usize),
    GivesUp(usize),
    ComesBack(usize),
    NoticesRemoval(usize),
    Syncs(usize),
    Ping(usize),
    StateSync(usize),
    Recover(usize),
    PinMoves(usize, String),
    Election,
    Client,
}

impl IpfsCluster {
    /// Works off everything that is due until `now`.
    pub(super) fn pass_time(&mut self, now: Timestamp) {
        for _ in 0..MOST_AT_ONCE {
            let Some((at, due)) = self.next_due().filter(|(at, _)| *at <= now) else { break };
            self.now = self.now.max(at);
            self.happen(due, self.now);
            self.note_harm(self.now);
        }
        self.now = self.now.max(now);
    }

    /// When a process will begin to listen, or end, without anybody doing anything, as far as is known now.
    pub(super) fn next_process_change(&self) -> Option<Timestamp> {
        let of = |peer: &super::state::Peer| match &peer.process {
            Process::Starting { until, .. } | Process::Stopping { until, .. } => Some(*until),
            Process::Up { gives_up, .. } => [*gives_up, peer.memory.notices_removal].into_iter().flatten().min(),
            Process::Down { .. } => peer.comes_back_at,
        };
        self.peers.iter().filter_map(of).min()
    }

    fn next_due(&self) -> Option<(Timestamp, Due)> {
        let mut due: Vec<(Timestamp, Due)> = Vec::new();
        for (index, peer) in self.peers.iter().enumerate() {
            due.extend(peer.comes_back_at.map(|at| (at, Due::ComesBack(index))));
            match &peer.process {
                Process::Starting { until, .. } | Process::Stopping { until, .. } => {
                    due.push((*until, Due::Process(index)));
                }
                Process::Up { gives_up, frozen: false, .. } => {
                    due.extend(gives_up.map(|at| (at, Due::GivesUp(index))));
                    self.memory_due(index, &mut due);
                }
                Process::Up { .. } | Process::Down { .. } => {}
            }
        }
        due.extend(self.next_election.map(|at| (at, Due::Election)));
        due.extend(self.next_pin.map(|at| (at, Due::Client)));
        due.into_iter().min_by_key(|(at, _)| *at)
    }

    fn memory_due(&self, index: usize, due: &mut Vec<(Timestamp, Due)>) {
        let memory = &self.peers[index].memory;
        due.extend(memory.notices_removal.map(|at| (at, Due::NoticesRemoval(index))));
        due.extend(memory.syncs_at.map(|at| (at, Due::Syncs(index))));
        due.push((memory.next_ping, Due::Ping(index)));
        due.push((memory.next_state_sync, Due::StateSync(index)));
        due.push((memory.next_recover, Due::Recover(index)));
        let moving = memory.doing.iter().filter_map(|(cid, doing)| Some((doing.until?, cid)));
        due.extend(moving.min().map(|(at, cid)| (at, Due::PinMoves(index, cid.clone()))));
    }

    fn happen(&mut self, due: Due, at: Timestamp) {
        match due {
            Due::Process(index) => self.process_moves(index, at),
            Due::GivesUp(index) => self.give_up(index, at),
            Due::ComesBack(index) => {
                self.peers[index].comes_back_at = None;
                self.start_usual(index, at);
            }
            Due::NoticesRemoval(index) => {
                self.peers[index].memory.notices_removal = None;
                self.peers[index].log(at, "INFO", "cluster", "peer no longer in peerset. Initiating shutdown");
                self.shut_down(index, true, at);
            }
            Due::Syncs(index) => self.sync(index, at),
            Due::Ping(index) => self.ping(index, at),
            Due::StateSync(index) => {
                self.peers[index].memory.next_state_sync = at.plus(Duration::from_mins(5));
                self.track_missing(index, at);
            }
            Due::Recover(index) => {
                self.peers[index].memory.next_recover = at.plus(Duration::from_mins(12));
                self.recover(index, None, at);
            }
            Due::PinMoves(index, cid) => self.pin_moves(index, &cid, at),
            Due::Election => self.elect(at),
            Due::Client => self.client_pins(at),
        }
    }

    /// A peer that has found no leader in its time ends.
    fn give_up(&mut self, index: usize, at: Timestamp) {
        let peer = &mut self.peers[index];
        peer.log(at, "ERROR", "cluster", "***** ipfs-cluster consensus start timed out (tips below) *****");
        for line in [
            "This peer was not able to become part of the cluster.",
            "This might be due to one or several causes:",
            "  - Check the logs above this message for errors",
            "  - Check that there is connectivity to the \"peers\" multiaddresses",
            "  - Check that all cluster peers are using the same \"secret\"",
            "  - Check that this peer is reachable on its \"listen_multiaddress\" by all peers",
            "  - Check that the current cluster is healthy (has a leader). Otherwise make",
            "    sure to start enough peers so that a leader election can happen.",
            "  - Check that the peer(s) you are trying to connect to is running the",
            "    same version of IPFS-cluster.",
        ] {
            peer.log(at, "ERROR", "cluster", line);
        }
        self.note_gave_up(index, at);
        self.shut_down(index, false, at);
    }

    /// A peer has what it needs from the others; it is ready when its IPFS daemon is there, too.
    fn sync(&mut self, index: usize, at: Timestamp) {
        self.peers[index].memory.syncs_at = None;
        let again = at.plus(Duration::from_secs(2));
        match self.options.consensus {
            Consensus::Crdt => self.merge(index, at),
            Consensus::Raft => {
                let launch = self.peers[index].running().cloned();
                let staging = self.peers[index].memory.is_staging;
                if let (true, Some((id, address))) = (staging, launch.and_then(|launch| launch.bootstrap)) {
                    let target = self.with_id(&id);
                    let joined = match target {
                        Some(target) if target != index => self.let_in(index, target, at),
                        _ => Err("no route to that peer".to_owned()),
                    };
                    // One that is let in syncs once more; one that is not stays until it gives up.
                    if let Err(why) = joined {
                        let line = format!("bootstrap to {address} failed: {why}");
                        self.peers[index].log(at, "ERROR", "service", &line);
                    }
                    return;
                }
                if self.leader(index).is_none() {
                    return;
                }
            }
        }
        let members = self.members(index);
        let others: Vec<String> = self.ids(&members).into_iter().filter(|id| *id != self.peers[index].id).collect();
        let is_up = self.peers[index].daemon.is_up;
        let daemon = self.peers[index].daemon.id.clone();
        self.track_missing(index, at);
        let peer = &mut self.peers[index];
        let Process::Up { ready, gives_up, .. } = &mut peer.process else { return };
        *gives_up = None;
        if ready.is_some() {
            return;
        }
        if !is_up {
            peer.memory.syncs_at = Some(again);
            return;
        }
        *ready = Some(at);
        peer.log(at, "INFO", "cluster", "Cluster Peers (without including ourselves):");
        if others.is_empty() {
            peer.log(at, "INFO", "cluster", "    - No other peers");
        }
        for id in others {
            peer.log(at, "INFO", "cluster", &format!("    - {id}"));
        }
        peer.log(at, "INFO", "cluster", &format!("IPFS is ready. Peer ID: {daemon}"));
        peer.log(at, "INFO", "cluster", "** IPFS Cluster is READY **");
    }
}
