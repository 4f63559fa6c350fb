//! Who is there, as the servers tell each other.

use super::events::Event;
use super::state::{Gossip, Nomad};

impl Nomad {
    /// Sets what gossip says of a server, and has every server that works write it down.
    fn tell(&mut self, server: usize, gossip: Gossip) {
        if self.servers[server].gossip == gossip {
            return;
        }
        let now = self.now;
        self.servers[server].gossip = gossip;
        self.servers[server].gossip_since = now;
        let (name, ip) = (self.full_name(server), self.agents[server].ip.clone());
        let (level, event, doing) = match gossip {
            Gossip::Alive => ("INFO", "EventMemberJoin", "adding server"),
            Gossip::Failed => ("INFO", "EventMemberFailed", "removing server"),
            Gossip::Left => ("INFO", "EventMemberLeave", "removing server"),
            Gossip::Leaving | Gossip::Unknown => return,
        };
        for other in 0..self.servers.len() {
            if self.agents[other].works() {
                self.agents[other].log(now, level, &format!("nomad: serf: {event}: {name} {ip}"));
                let line = format!("nomad: {doing}: server=\"{name} (Addr: {ip}:4647) (DC: dc1)\"");
                self.agents[other].log(now, level, &line);
            }
        }
    }

    /// A server that has started finds the others, and the leader takes it in.
    pub(super) fn join(&mut self, server: usize, pid: u32) {
        if !self.agents[server].works() || self.agents[server].pid() != pid {
            return;
        }
        let others = (0..self.servers.len()).filter(|other| *other != server && self.agents[*other].works()).count();
        if self.agents[server].works() {
            self.servers[server].build = self.agents[server].running().map(ToString::to_string).unwrap_or_default();
            if self.servers[server].gossip == Gossip::Alive {
                self.is_back(server);
            }
            self.tell(server, Gossip::Alive);
            let now = self.now;
            let line = format!("nomad: serf: attempting to join: servers={others}");
            self.agents[server].log(now, "INFO", &line);
        }
        if self.leader.is_some() {
            self.add_peer(server);
        }
        self.bootstrap();
        self.settle();
    }

    /// A server is back before it was missed: the others see its new build, the leader sends it entries again.
    fn is_back(&mut self, server: usize) {
        let (now, name, id) = (self.now, self.full_name(server), self.servers[server].id.clone());
        for other in (0..self.servers.len()).filter(|other| *other != server) {
            if self.agents[other].works() {
                self.agents[other].log(now, "INFO", &format!("nomad: serf: EventMemberUpdate: {name}"));
            }
        }
        if let Some(leader) = self.leader.filter(|leader| *leader != server) {
            let line = format!("nomad.raft: pipelining replication: peer=\"{{Voter {id} {}}}\"", self.rpc(server));
            self.agents[leader].log(now, "INFO", &line);
        }
    }

    /// The leader notices at its next heartbeat that a peer's process is gone.
    pub(super) fn misses_heartbeat(&mut self, server: usize) {
        let Some(leader) = self.leader.filter(|leader| *leader != server && self.agents[*leader].works()) else {
            return;
        };
        let (now, address) = (self.now, self.rpc(server));
        if self.servers[leader].peers.iter().any(|peer| peer.address == address) {
            let line = format!(
                "nomad.raft: failed to heartbeat to: peer={address} backoff time=10ms error=\"dial tcp {address}: connect: \
                 connection refused\""
            );
            self.agents[leader].log(now, "WARN", &line);
        }
    }

    /// The process of a server is gone without a farewell: it will be missed after a while.
    pub(super) fn fall_silent(&mut self, server: usize) {
        if self.servers[server].gossip == Gossip::Alive {
            let pid = self.agents[server].pid();
            self.plan_within(15_000, 45_000, Event::Missed { server, pid });
        }
    }

    /// The others give a server up.
    pub(super) fn is_missed(&mut self, server: usize, pid: u32) {
        let is_watched = (0..self.servers.len()).any(|other| other != server && self.agents[other].works());
        // One that came back and went again is missed by the later plan.
        let is_same = self.agents[server].pid() == pid;
        if is_same && !self.agents[server].works() && self.servers[server].gossip == Gossip::Alive && is_watched {
            let now = self.now;
            for other in (0..self.servers.len()).filter(|other| *other != server) {
                if self.agents[other].works() {
                    let line =
                        format!("nomad: memberlist: Suspect {} has failed, no acks received", self.full_name(server));
                    self.agents[other].log(now, "INFO", &line);
                }
            }
            self.tell(server, Gossip::Failed);
        }
    }

    /// A server says farewell, or is forced out after it had failed.
    pub(super) fn part(&mut self, server: usize) {
        self.note_dropped(server);
        self.tell(server, Gossip::Left);
        self.drop_peer(server);
    }

    /// `force-leave` for a full name; a name that nobody knows changes nothing.
    pub(super) fn force_leave(&mut self, name: &str, prune: bool) {
        let Some(server) = (0..self.servers.len()).find(|server| self.full_name(*server) == name) else { return };
        match self.servers[server].gossip {
            Gossip::Failed => self.part(server),
            // Whoever is alive hears of it and objects; a process that is gone cannot.
            Gossip::Alive if self.agents[server].works() => {
                self.tell(server, Gossip::Leaving);
                self.plan_within(800, 2_500, Event::Objects { server });
            }
            Gossip::Alive => {
                self.tell(server, Gossip::Leaving);
                self.plan_within(15_000, 45_000, Event::Objects { server });
            }
            Gossip::Leaving | Gossip::Left | Gossip::Unknown => {}
        }
        if prune && self.servers[server].gossip == Gossip::Left {
            self.servers[server].gossip = Gossip::Unknown;
        }
    }

    /// A server that was forced out while alive objects; one whose process is gone has left.
    pub(super) fn objects(&mut self, server: usize) {
        if self.servers[server].gossip != Gossip::Leaving {
            return;
        }
        match self.agents[server].works() {
            true => {
                self.tell(server, Gossip::Alive);
                self.note_forced(server);
            }
            false => self.part(server),
        }
    }
}
