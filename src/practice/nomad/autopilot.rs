//! Autopilot: judges every server, gives votes to the steady ones, takes dead ones out.

use std::time::Duration;

use super::state::{Gossip, Nomad};

/// Entries by which a healthy server may trail.
const MAX_TRAILING: u64 = 250;
/// How long a newcomer must have been healthy before it votes.
const STABILIZATION: Duration = Duration::from_secs(10);
/// Health is judged every two seconds; votes and dead servers are looked at every fifth time.
const LOOK_EVERY: u64 = 5;
/// When a server that has left is forgotten.
const REAP_AFTER: Duration = Duration::from_hours(24);

impl Nomad {
    /// Autopilot's look at the servers.
    pub(super) fn judge(&mut self) {
        self.ticks += 1;
        let now = self.now;
        for server in 0..self.servers.len() {
            let is_healthy = self.is_healthy(server);
            let known = &mut self.servers[server];
            if known.healthy != is_healthy {
                (known.healthy, known.judged_since) = (is_healthy, now);
            }
            if known.gossip == Gossip::Left && now.since(known.gossip_since) >= REAP_AFTER {
                known.gossip = Gossip::Unknown;
            }
        }
        if self.leader.is_some() && self.ticks.is_multiple_of(LOOK_EVERY) {
            self.complain();
            self.promote();
            self.prune();
        }
    }

    fn is_healthy(&self, server: usize) -> bool {
        let Some(leader) = self.leader else { return false };
        let (known, first) = (&self.servers[server], &self.servers[leader]);
        known.gossip == Gossip::Alive
            && self.takes_part(server)
            && known.term == first.term
            && first.index.saturating_sub(known.index) <= MAX_TRAILING
    }

    fn promote(&mut self) {
        let Some(leader) = self.leader else { return };
        let now = self.now;
        for server in 0..self.servers.len() {
            let known = &self.servers[server];
            let is_steady = known.healthy && now.since(known.judged_since) >= STABILIZATION;
            let (id, address) = (known.id.clone(), self.rpc(server));
            let peers = &mut self.servers[leader].peers;
            if let Some(peer) = peers.iter_mut().find(|peer| is_steady && !peer.votes && peer.id == id) {
                peer.votes = true;
                self.servers[leader].index += 1;
                let line = format!(
                    "nomad.autopilot: Promoting server: id={id} address={address} name={}",
                    self.full_name(server)
                );
                self.agents[leader].log(now, "INFO", &line);
            }
        }
    }

    /// Takes failed servers out, as long as they are the smaller part of the voters.
    fn prune(&mut self) {
        let Some(leader) = self.leader.filter(|_| self.cleans_up) else { return };
        let voters = self.servers[leader].peers.iter().filter(|peer| peer.votes).count();
        let is_dead = |server: &usize| {
            let is_peer = self.servers[leader].peers.iter().any(|peer| peer.id == self.servers[*server].id);
            is_peer && self.servers[*server].gossip == Gossip::Failed
        };
        let dead: Vec<usize> = (0..self.servers.len()).filter(is_dead).collect();
        if dead.is_empty() || dead.len() > voters.saturating_sub(1) / 2 {
            return;
        }
        let now = self.now;
        for server in dead {
            let line = format!(
                "nomad.autopilot: attempting removal of failed server node: id={} name={}",
                self.servers[server].id,
                self.full_name(server)
            );
            self.agents[leader].log(now, "INFO", &line);
            self.part(server);
        }
    }

    /// How many voters may fail before the quorum does.
    pub(super) fn tolerance(&self) -> usize {
        let peers = self.configuration();
        let voters = peers.iter().filter(|peer| peer.votes);
        let is_healthy = |id: &str| self.server_by_id(id).is_some_and(|server| self.servers[server].healthy);
        let (all, healthy) =
            voters.fold((0, 0), |(all, healthy), peer| (all + 1, healthy + usize::from(is_healthy(&peer.id))));
        usize::saturating_sub(healthy, all / 2 + 1)
    }

    /// Whether every peer is healthy.
    pub(super) fn is_all_healthy(&self) -> bool {
        let is_healthy = |id: &str| self.server_by_id(id).is_some_and(|server| self.servers[server].healthy);
        !self.configuration().is_empty() && self.configuration().iter().all(|peer| is_healthy(&peer.id))
    }
}
