//! Clients as the servers know them: they beat, they are given up, they come back.

use std::time::Duration;

use crate::practice::host::Entry;

use super::events::Event;
use super::state::{AllocStatus, CLIENT_STATE, Ghost, NodeStatus, Nomad};

/// How much longer than its time to live the servers wait for a client.
const GRACE: Duration = Duration::from_secs(10);
/// How long a new leader waits for every client.
const FAILOVER: Duration = Duration::from_mins(5);

impl Nomad {
    /// When it last beat, as a client that works tells it.
    pub(super) fn last_beat(&self, client: usize) -> Duration {
        let known = &self.clients[client];
        let period = u64::try_from(known.ttl.as_millis()).unwrap_or(1).max(1) * 2 / 3;
        let since = u64::try_from(self.now.since(known.last_beat).as_millis()).unwrap_or(0);
        Duration::from_millis(since % period)
    }

    /// A client's process is gone or frozen: from its last beat on the servers wait for it.
    pub(super) fn stops_beating(&mut self, client: usize) {
        if self.clients[client].expires.is_some() {
            return;
        }
        let left = self.clients[client].ttl.saturating_sub(self.last_beat(client)) + GRACE;
        let at = self.now.plus(left);
        self.clients[client].expires = Some(at);
        self.plan(at, Event::Expire { client });
    }

    /// A new leader knows nothing of the last beats and gives everybody time.
    pub(super) fn leader_takes_clients(&mut self) {
        let at = self.now.plus(FAILOVER);
        for client in 0..self.clients.len() {
            if self.clients[client].expires.is_some() && self.clients[client].status == NodeStatus::Ready {
                self.clients[client].expires = Some(at);
                self.plan(at, Event::Expire { client });
            }
        }
    }

    /// A client's time is over: what ran there is placed anew.
    pub(super) fn expire(&mut self, client: usize) {
        if self.clients[client].status == NodeStatus::Initializing {
            return;
        }
        let host = self.host_of(client);
        let is_due = self.clients[client].expires.is_some_and(|at| at <= self.now);
        if !is_due || self.agents[host].works() {
            return;
        }
        if self.leader.is_none() {
            // Nobody is there to give it up; who comes waits anew.
            return;
        }
        let (now, id) = (self.now, self.clients[client].id.clone());
        self.clients[client].expires = None;
        self.clients[client].status = NodeStatus::Down;
        self.touch(client);
        if let Some(leader) = self.leader {
            self.agents[leader].log(now, "WARN", &format!("nomad.heartbeat: node TTL expired: node_id={id}"));
        }
        let lost = self.allocs.iter().filter(|alloc| alloc.client == client && alloc.is_active()).count();
        self.note_lost(client, lost);
        for alloc in 0..self.allocs.len() {
            if self.allocs[alloc].client == client && self.allocs[alloc].is_active() {
                self.allocs[alloc].status = AllocStatus::Lost;
                self.allocs[alloc].changed = now;
                if self.allocs[alloc].is_wanted {
                    self.allocs[alloc].is_wanted = false;
                    let (job, number) = (self.allocs[alloc].job, self.allocs[alloc].number);
                    self.replace(job, number);
                }
            }
        }
    }

    /// A client that has started, or goes on, is known to the servers.
    pub(super) fn register(&mut self, client: usize, pid: u32) {
        let host = self.host_of(client);
        if !self.agents[host].works() || self.agents[host].pid() != pid {
            return;
        }
        if self.leader.is_none() {
            return self.plan_within(1_000, 3_000, Event::Register { client, pid });
        }
        self.know_id(client);
        let now = self.now;
        let version = self.agents[host].running().map(ToString::to_string).unwrap_or_default();
        let file = format!("{CLIENT_STATE}/state.db");
        self.agents[host].files.put(&file, Entry::file(version.clone(), "nomad", now));
        let was_down = self.clients[client].status != NodeStatus::Ready;
        let ttl = self.random.millis(10_000, 20_000);
        let known = &mut self.clients[client];
        known.version = version;
        known.status = NodeStatus::Ready;
        known.expires = None;
        known.last_beat = now;
        known.ttl = ttl;
        self.touch(client);
        self.agents[host].log(now, "INFO", "client: node registration complete");
        if was_down {
            self.serve_blocked();
            self.place_system(client);
        }
    }

    /// A client whose state was moved away is a new one; what ran on the old one is lost to it.
    fn know_id(&mut self, client: usize) {
        let (now, host) = (self.now, self.host_of(client));
        let file = format!("{CLIENT_STATE}/client-id");
        let kept = self.agents[host].files.get(&file).map(|entry| entry.text().trim().to_owned());
        if kept.as_deref() == Some(self.clients[client].id.as_str()) {
            return;
        }
        let id = match kept {
            Some(id) => id,
            None => self.uuid(),
        };
        self.agents[host].files.put(&file, Entry::file(id.clone(), "nomad", now));
        for alloc in 0..self.allocs.len() {
            if self.allocs[alloc].client == client && self.allocs[alloc].is_active() {
                self.allocs[alloc].status = AllocStatus::Lost;
            }
        }
        let (gone, version) = (self.clients[client].id.clone(), self.clients[client].version.clone());
        if !self.is_blank {
            self.ghosts.push(Ghost { id: gone, client, version });
        }
        let known = &mut self.clients[client];
        known.id = id;
        known.is_eligible = true;
        known.drain = None;
        known.last_drain = None;
        known.status = NodeStatus::Initializing;
    }

    /// A change of a client is an entry of the log.
    pub(super) fn touch(&mut self, client: usize) {
        self.clients[client].modify_index = self.write();
    }
}
