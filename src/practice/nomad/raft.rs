//! The servers' log: who leads, who votes, who has which entries.

use std::time::Duration;

use super::events::Event;
use super::state::{Gossip, Nomad, Peer, Stuck};

/// Entries after which a snapshot is made.
const SNAPSHOT_EVERY: u64 = 8_192;
/// A follower that is no further behind than this has all that there is after one exchange.
const ONE_EXCHANGE: u64 = 64;

impl Nomad {
    /// Whether a server takes part in the replication: it works, and nothing hinders it.
    pub(super) fn takes_part(&self, server: usize) -> bool {
        self.agents[server].works() && self.servers[server].stuck.is_none()
    }

    /// Whether a server hears the leader, when there is one.
    pub(super) fn hears(&self, server: usize) -> bool {
        self.agents[server].works() && self.servers[server].stuck != Some(Stuck::Port)
    }

    /// The peers that count: as the leader knows them, else as the one with the longest log does.
    pub(super) fn configuration(&self) -> &[Peer] {
        let longest = || {
            let works = |server: &usize| self.agents[*server].works();
            let reach = |server: &usize| (self.servers[*server].term, self.servers[*server].index);
            (0..self.servers.len()).filter(works).max_by_key(reach)
        };
        let source = self.leader.or_else(longest);
        source.map_or(&[], |server| &self.servers[server].peers)
    }

    /// The server that a peer is.
    pub(super) fn server_by_id(&self, id: &str) -> Option<usize> {
        self.servers.iter().position(|server| server.id == id)
    }

    /// Whether that server is one of the peers that vote.
    pub(super) fn has_vote(&self, server: usize) -> bool {
        let id = &self.servers[server].id;
        self.configuration().iter().any(|peer| peer.votes && peer.id == *id)
    }

    /// Whether enough of the voters take part.
    pub(super) fn has_quorum(&self) -> bool {
        let voters: Vec<&Peer> = self.configuration().iter().filter(|peer| peer.votes).collect();
        let is_there = |peer: &&&Peer| self.server_by_id(&peer.id).is_some_and(|server| self.takes_part(server));
        2 * voters.iter().filter(is_there).count() > voters.len()
    }

    /// Draws the consequences of a server that came or went.
    pub(super) fn settle(&mut self) {
        if let Some(leader) = self.leader {
            let has_lost = !self.takes_part(leader) || !self.has_quorum() || !self.has_vote(leader);
            if has_lost {
                self.lose_leader(leader);
            }
        }
        if self.leader.is_none() && !self.is_election_due {
            self.is_election_due = true;
            self.election += 1;
            let number = self.election;
            self.plan_within(1_000, 3_800, Event::Elect { number });
        }
    }

    fn lose_leader(&mut self, leader: usize) {
        let (now, name) = (self.now, self.rpc(leader));
        self.leader = None;
        if self.agents[leader].works() {
            self.agents[leader].log(now, "WARN", "nomad.raft: failed to contact quorum of nodes, stepping down");
            self.agents[leader].log(now, "INFO", "nomad: cluster leadership lost");
        }
        for server in 0..self.servers.len() {
            if server != leader && self.agents[server].works() {
                let line = format!("nomad.raft: heartbeat timeout reached, starting election: last-leader-addr={name}");
                self.agents[server].log(now, "WARN", &line);
            }
        }
    }

    /// Elects a leader when there can be one; tries again otherwise.
    pub(super) fn elect(&mut self, number: u64) {
        if number != self.election {
            return;
        }
        self.is_election_due = false;
        if self.leader.is_some() {
            return;
        }
        let votes = |server: &usize| self.takes_part(*server) && self.has_vote(*server);
        let candidates: Vec<usize> = (0..self.servers.len()).filter(votes).collect();
        let reach = |server: usize| (self.servers[server].term, self.servers[server].index);
        let best = candidates.iter().map(|server| reach(*server)).max();
        let heirs: Vec<usize> = candidates.iter().copied().filter(|server| Some(reach(*server)) == best).collect();
        if heirs.is_empty() || !self.has_quorum() {
            self.term += u64::from(!candidates.is_empty());
            return self.settle_later();
        }
        let drawn = self.random.between(0, heirs.len() as u64 - 1) as usize;
        self.win(heirs[drawn], candidates.len());
    }

    fn settle_later(&mut self) {
        // Without a quorum every candidate asks again and again, and nothing comes of it.
        self.is_election_due = true;
        self.election += 1;
        let number = self.election;
        self.plan_within(1_000, 2_000, Event::Elect { number });
    }

    fn win(&mut self, winner: usize, votes: usize) {
        let now = self.now;
        self.term += 1;
        self.leader = Some(winner);
        self.leader_since = now;
        let running = self.agents[winner].running().cloned();
        let server = &mut self.servers[winner];
        server.term = self.term;
        server.index += 1;
        if let Some(version) = running {
            server.format = server.format.clone().max(version);
        }
        let line = format!("nomad.raft: election won: term={} tally={votes}", self.term);
        self.agents[winner].log(now, "INFO", &line);
        self.agents[winner].log(now, "INFO", "nomad: cluster leadership acquired");
        self.replicate();
        // Whoever is a member and no peer yet is taken in by the new leader.
        for server in 0..self.servers.len() {
            if self.servers[server].gossip == Gossip::Alive {
                self.add_peer(server);
            }
            if self.servers[server].gossip == Gossip::Left {
                self.drop_peer(server);
            }
        }
        self.leader_takes_clients();
        self.plan_within(300, 900, Event::Judge);
    }

    /// A second's work of the cluster.
    pub(super) fn work(&mut self) {
        self.settle();
        if let Some(leader) = self.leader {
            let entries = self.random.between(1, 5);
            self.servers[leader].index += entries;
        }
        self.replicate();
    }

    /// Writes one entry, as every change does.
    pub(super) fn write(&mut self) -> u64 {
        if let Some(leader) = self.leader {
            self.servers[leader].index += 1;
        }
        self.replicate();
        self.index()
    }

    /// Brings the followers nearer to the leader.
    fn replicate(&mut self) {
        let Some(leader) = self.leader else { return };
        let now = self.now;
        let source = self.servers[leader].clone();
        if source.index - source.snapshot_index > SNAPSHOT_EVERY {
            self.servers[leader].snapshot_index = source.index - 12;
        }
        for server in 0..self.servers.len() {
            let is_peer = source.peers.iter().any(|peer| peer.id == self.servers[server].id);
            if server == leader || !is_peer || !self.hears(server) {
                continue;
            }
            self.servers[server].contact = Some(now);
            if !self.takes_part(server) {
                continue;
            }
            let speed = self.random.between(200, 2_000);
            let speed = self.servers[server].pace.unwrap_or(speed);
            let follower = &mut self.servers[server];
            follower.term = source.term;
            follower.peers.clone_from(&source.peers);
            if follower.index < source.snapshot_index && follower.pace.is_none() {
                // What is no longer in the log comes as a snapshot.
                follower.index = source.snapshot_index;
                follower.snapshot_index = source.snapshot_index;
            } else if source.index.saturating_sub(follower.index) <= ONE_EXCHANGE {
                follower.index = source.index;
            } else {
                follower.index = source.index.min(follower.index + speed);
            }
            if follower.index == source.index {
                follower.pace = None;
                follower.format.clone_from(&source.format);
            }
            if follower.index - follower.snapshot_index > SNAPSHOT_EVERY {
                follower.snapshot_index = follower.index - 7;
            }
        }
    }

    /// The leader takes a server in, without a vote at first.
    pub(super) fn add_peer(&mut self, server: usize) {
        let Some(leader) = self.leader else { return };
        let (id, address) = (self.servers[server].id.clone(), self.rpc(server));
        let peers = &mut self.servers[leader].peers;
        if peers.iter().any(|peer| peer.id == id) {
            return;
        }
        // The same address under another id is a server that lost its state.
        peers.retain(|peer| peer.address != address);
        peers.push(Peer { id, address: address.clone(), votes: false });
        self.note_rejoined(server);
        self.servers[leader].index += 1;
        self.servers[server].healthy = false;
        self.servers[server].judged_since = self.now;
        let now = self.now;
        let line = format!("nomad.raft: added peer, starting replication: peer={}", self.servers[server].id);
        self.agents[leader].log(now, "INFO", &line);
    }

    /// The leader takes a server out.
    pub(super) fn drop_peer(&mut self, server: usize) {
        let id = self.servers[server].id.clone();
        self.drop_peer_by_id(&id);
    }

    /// The leader takes a peer out, whoever it is.
    pub(super) fn drop_peer_by_id(&mut self, id: &str) {
        let Some(leader) = self.leader else { return };
        let known = self.servers[leader].peers.len();
        self.servers[leader].peers.retain(|peer| peer.id != id);
        if self.servers[leader].peers.len() == known {
            return;
        }
        self.servers[leader].index += 1;
        let now = self.now;
        let line = format!("nomad.raft: removed peer, stopping replication: peer={id} last-index={}", self.index());
        self.agents[leader].log(now, "INFO", &line);
        self.replicate();
        self.settle();
    }

    /// Empty servers that have found each other begin a cluster of their own, once they are as many as expected.
    pub(super) fn bootstrap(&mut self) {
        let is_new = |server: &usize| {
            self.takes_part(*server) && self.servers[*server].peers.is_empty() && self.servers[*server].index == 0
        };
        let new: Vec<usize> = (0..self.servers.len()).filter(is_new).collect();
        let is_another = (0..self.servers.len()).any(|server| self.takes_part(server) && !new.contains(&server));
        if is_another || self.leader.is_some() || new.is_empty() || new.len() < self.options.servers {
            return;
        }
        let peer =
            |server: &usize| Peer { id: self.servers[*server].id.clone(), address: self.rpc(*server), votes: true };
        let peers: Vec<Peer> = new.iter().map(peer).collect();
        for server in new {
            self.servers[server].peers.clone_from(&peers);
            self.servers[server].index = 1;
            self.servers[server].term = 1;
        }
        self.forget_everything();
        self.settle();
    }

    /// Those to whom nothing is replicated say so, and the leader of those whom it does not reach.
    pub(super) fn complain(&mut self) {
        let Some(leader) = self.leader else { return };
        let now = self.now;
        for server in 0..self.servers.len() {
            let is_peer = self.servers[leader].peers.iter().any(|peer| peer.id == self.servers[server].id);
            if server == leader || !is_peer {
                continue;
            }
            let id = &self.servers[server].id;
            let (address, name) = (self.rpc(server), id.clone());
            if self.agents[server].works() && self.servers[server].stuck == Some(Stuck::Disk) {
                let line = "nomad.raft: failed to append to logs: error=\"write /opt/nomad/data/server/raft/raft.db: no space left on device\"";
                self.agents[server].log(now, "ERROR", line);
            }
            if !self.takes_part(server) {
                let why = match self.servers[server].stuck {
                    Some(Stuck::Disk) => "rejected",
                    Some(Stuck::Port) => "dial tcp: i/o timeout",
                    None => "dial tcp: connect: connection refused",
                };
                let line = format!(
                    "nomad.raft: failed to appendEntries to: peer=\"{{Voter {name} {address}}}\" error=\"{why}\""
                );
                self.agents[leader].log(now, "ERROR", &line);
            }
        }
    }

    /// The last entry that a majority of the voters has.
    pub(super) fn committed(&self) -> u64 {
        let voters = self.configuration().iter().filter(|peer| peer.votes);
        let index = |peer: &Peer| self.server_by_id(&peer.id).map_or(0, |server| self.servers[server].index);
        let mut indexes: Vec<u64> = voters.map(index).collect();
        indexes.sort_unstable();
        indexes.get(indexes.len().saturating_sub(1) / 2).copied().unwrap_or(0)
    }

    /// How long ago a server heard of the leader.
    pub(super) fn silence(&self, server: usize) -> Option<Duration> {
        let since = self.servers[server].contact.map(|at| self.now.since(at));
        match self.leader {
            Some(leader) if leader == server => Some(Duration::ZERO),
            // Heartbeats come many times a second; how many milliseconds ago the last one was follows from the time.
            Some(_) if self.hears(server) && since.is_some() => {
                let spread = (self.now.as_millis().unsigned_abs() / 7 + server as u64 * 13) % 60;
                Some(Duration::from_micros(4_000 + spread * 1_237))
            }
            _ => since,
        }
    }
}
