//! Raft: who belongs to the cluster, who leads it, and what happens when somebody is let in, removed, or alone.

use crate::clock::Timestamp;
use crate::practice::host::Random;

use super::pins::Pin;
use super::state::{Consensus, IpfsCluster, Process};

impl IpfsCluster {
    /// Those of a peer's cluster that it reaches, with itself.
    fn group(&self, index: usize) -> Vec<usize> {
        let peerset = &self.peers[index].memory.peerset;
        let belongs = |other: &usize| self.peers[*other].memory.peerset.contains(&index);
        peerset.iter().copied().filter(|&other| self.connects(index, other)).filter(belongs).collect()
    }

    /// Whether those that it reaches are a majority of its cluster.
    fn has_quorum(&self, index: usize) -> bool {
        let size = self.peers[index].memory.peerset.len();
        size > 0 && 2 * self.group(index).len() > size
    }

    /// The leader that a peer follows, when there is one that leads.
    pub(super) fn leader(&self, index: usize) -> Option<usize> {
        let leader = self.peers[index].memory.leader?;
        let leads = self.peers[leader].memory.leader == Some(leader) && self.has_quorum(leader);
        (leads && self.group(index).contains(&leader)).then_some(leader)
    }

    /// Brings leaders and elections in line with who is there now. Called after every change.
    pub(super) fn settle(&mut self, at: Timestamp) {
        if self.options.consensus == Consensus::Crdt {
            return;
        }
        let alive: Vec<usize> = (0..self.peers.len()).filter(|&index| self.peers[index].is_alive()).collect();
        for &index in &alive {
            let leader = self.leader(index);
            self.peers[index].memory.leader = leader;
        }
        for &index in alive.iter().filter(|&&index| self.peers[index].memory.leader.is_none()).collect::<Vec<_>>() {
            // One who comes to a cluster that has a leader follows it.
            let found = self.group(index).into_iter().find_map(|other| self.leader(other));
            if let Some(leader) = found {
                self.follow(index, leader, at);
            }
        }
        let waits = alive.iter().any(|&i| self.peers[i].memory.leader.is_none() && self.has_quorum(i));
        match (waits, self.next_election) {
            (true, None) => self.next_election = Some(at.plus(self.random.millis(1_000, 3_000))),
            (false, Some(_)) => self.next_election = None,
            _ => {}
        }
    }

    /// Takes over what the leader has, and is ready soon.
    fn follow(&mut self, index: usize, leader: usize, at: Timestamp) {
        let of = self.peers[leader].memory.clone();
        let id = self.peers[leader].id.clone();
        let wait = self.random.millis(700, 2_500);
        let peer = &mut self.peers[index];
        let is_new = peer.memory.leader != Some(leader);
        peer.memory.leader = Some(leader);
        if index != leader {
            peer.memory.pins = of.pins;
            peer.memory.peerset = of.peerset;
            peer.memory.index = of.index;
        }
        peer.memory.term = of.term;
        peer.memory.is_staging = false;
        peer.memory.syncs_at = Some(at.plus(wait));
        if is_new {
            peer.log(at, "INFO", "raft", &format!("Current Raft Leader: {id}"));
        }
        self.save(index, at);
    }

    /// An election is due.
    pub(super) fn elect(&mut self, at: Timestamp) {
        self.next_election = None;
        let seeker = (0..self.peers.len()).find(|&index| {
            let peer = &self.peers[index];
            peer.is_alive() && peer.memory.leader.is_none() && self.has_quorum(index)
        });
        let Some(seeker) = seeker else { return };
        let group = self.group(seeker);
        let place = |index: usize| (self.peers[index].memory.term, self.peers[index].memory.index);
        let furthest = group.iter().map(|&index| place(index)).max();
        let able: Vec<usize> = group.iter().copied().filter(|&index| Some(place(index)) == furthest).collect();
        // By nothing but the seed and the count of elections, so that a cluster built again finds the same leader.
        self.elections += 1;
        let mut random = Random::new(self.options.seed ^ self.elections.wrapping_mul(0x9e6c_63d0_876a_9a47));
        let Some(&winner) = able.get(random.between(0, able.len().max(1) as u64 - 1) as usize) else { return };
        let memory = &mut self.peers[winner].memory;
        memory.term += 1;
        memory.index += 1;
        self.peers[winner].memory.leader = Some(winner);
        self.peers[winner].log(at, "INFO", "raft", "election won");
        for index in group {
            self.follow(index, winner, at);
        }
        self.settle(at);
    }

    /// Lets a peer in that asks another one for it. `Err`: why it is not let in.
    pub(super) fn let_in(&mut self, index: usize, target: usize, at: Timestamp) -> Result<(), String> {
        if !self.connects(index, target) {
            return Err(self.why_not(index, target));
        }
        let Some(leader) = self.leader(target) else {
            return Err("timed out waiting for leader: context deadline exceeded".into());
        };
        let mut peerset = self.peers[leader].memory.peerset.clone();
        if !peerset.contains(&index) {
            peerset.push(index);
            peerset.sort_unstable();
        }
        self.set_peerset(leader, &peerset, at);
        self.peers[index].memory.peerset = peerset;
        self.follow(index, leader, at);
        let (own, other) = (self.peers[index].id.clone(), self.peers[target].id.clone());
        self.peers[index].log(at, "INFO", "cluster", &format!("{own}: joined {other}'s cluster"));
        self.peers[target].log(at, "INFO", "cluster", &format!("Peer added {own}"));
        self.settle(at);
        Ok(())
    }

    /// Every member that the leader reaches learns who belongs to the cluster.
    fn set_peerset(&mut self, leader: usize, peerset: &[usize], at: Timestamp) {
        let group = self.group(leader);
        let reach = self.peers[leader].memory.index + 1;
        for index in group {
            let memory = &mut self.peers[index].memory;
            memory.index = reach;
            if !peerset.contains(&index) {
                let notices = at.plus(self.random.millis(800, 5_000));
                self.peers[index].memory.notices_removal = Some(notices);
                continue;
            }
            memory.peerset = peerset.to_vec();
            self.save(index, at);
        }
    }

    /// Takes a peer out of the peerset, asking `asked`. `Err`: why not.
    pub(super) fn remove_from_peerset(&mut self, asked: usize, gone: usize, at: Timestamp) -> Result<(), String> {
        if self.options.consensus == Consensus::Crdt {
            return Err("crdt consensus component cannot remove peers".into());
        }
        let Some(leader) = self.leader(asked) else {
            return Err("timed out waiting for leader: context deadline exceeded".into());
        };
        let mut peerset = self.peers[leader].memory.peerset.clone();
        if !peerset.contains(&gone) {
            let line = format!("{} is not among raft peers", self.peers[gone].id);
            self.peers[asked].log(at, "INFO", "raft", &line);
            return Ok(());
        }
        if peerset == [gone] {
            return Err("cannot remove ourselves from a 1-peer cluster".into());
        }
        peerset.retain(|&index| index != gone);
        self.set_peerset(leader, &peerset, at);
        self.settle(at);
        Ok(())
    }

    /// Gives the pins of a peer that leaves to others.
    pub(super) fn vacate(&mut self, asked: usize, gone: usize, at: Timestamp) {
        let id = self.peers[gone].id.clone();
        let line = format!("re-allocating all CIDs directly associated to {id}");
        self.peers[asked].log(at, "INFO", "cluster", &line);
        let members = self.members(asked);
        let others: Vec<String> = self.ids(&members).into_iter().filter(|other| *other != id).collect();
        let affected: Vec<Pin> =
            self.peers[asked].memory.pins.values().filter(|pin| pin.allocations.contains(&id)).cloned().collect();
        for mut pin in affected {
            pin.allocations.retain(|known| *known != id);
            let fresh = others.iter().find(|other| !pin.allocations.contains(other)).cloned();
            pin.allocations.extend(fresh);
            if (pin.allocations.len() as i64) < pin.replicas.0 {
                let line = format!("not enough peers to allocate CID {}", pin.cid);
                self.peers[asked].log(at, "ERROR", "cluster", &line);
                continue;
            }
            // Without a leader it stays where it was; the removal will fail as well.
            let _committed = self.commit_pin(asked, &pin, at);
        }
    }

    /// Why one peer cannot talk to another, as it says it.
    pub(super) fn why_not(&self, index: usize, other: usize) -> String {
        let peer = &self.peers[other];
        let speaks = |at: usize| self.peers[at].running().map(|launch| super::releases::protocol(&launch.version));
        if peer.is_alive()
            && !peer.is_cut_off
            && !self.peers[index].is_cut_off
            && let (Some(own), Some(theirs)) = (speaks(index), speaks(other))
            && own != theirs
        {
            return format!("failed to negotiate protocol: protocols not supported: [{own}]");
        }
        let why = match peer.process {
            Process::Up { .. } => "i/o timeout",
            _ => "connect: connection refused",
        };
        let address = &peer.address;
        format!(
            "failed to dial: failed to dial {}: all dials failed * [/ip4/{address}/tcp/9096] dial tcp4 {address}:9096: {why}",
            peer.id
        )
    }
}
