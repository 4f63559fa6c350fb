//! The harm that is done to a region, as its own state tells it.

use super::state::{AllocStatus, Gossip, NodeStatus, Nomad, Process};

/// Nobody leads: nothing is scheduled, and writes fail.
const NO_LEADER: &str = "no-leader";
/// Too few voters take part for a leader to be elected.
const NO_QUORUM: &str = "quorum-lost";
/// An agent that belongs here does not work.
const AWAY: &str = "away";
/// A server is a member and has not the log.
const BEHIND: &str = "behind";
/// A server dropped out of the raft peers and came back as another one.
const REJOINED: &str = "rejoined";
/// A server was forced out while it was alive.
const FORCED: &str = "forced-alive";
/// A server of an older version than the leader's is a member.
const OLD: &str = "old-member";
/// A process of another version was started on a server without a snapshot.
const NO_SNAPSHOT: &str = "no-snapshot";
/// Allocations were given up with their client.
const LOST: &str = "allocations-lost";
/// Work runs nowhere, for there is no room.
const WAITING: &str = "no-place";
/// A client takes no work.
const CLOSED: &str = "closed";
/// The servers know of no job.
const BLANK: &str = "jobs-lost";

/// Entries by which a server may trail that replicates.
const TRAILING: u64 = 250;

impl Nomad {
    /// Notes what harm began or ended. Called after everything that changes something.
    pub(super) fn note_harm(&mut self) {
        let at = self.now;
        let told = |is_harm: bool, told: &str| is_harm.then(|| told.to_owned());
        let (leads, has_quorum) = (self.leader.is_some(), self.leader.is_some() || self.has_quorum());
        self.harms.stands(NO_LEADER, "", told(!leads, "no server leads: nothing is scheduled, writes fail"), at);
        let quorum = (!has_quorum).then(|| {
            let voters = self.configuration().iter().filter(|peer| peer.votes);
            let (all, there) = voters.fold((0, 0), |(all, there), peer| {
                let takes_part = self.server_by_id(&peer.id).is_some_and(|server| self.takes_part(server));
                (all + 1, there + usize::from(takes_part))
            });
            format!("{there} of {all} voters are there: no leader can be elected")
        });
        self.harms.stands(NO_QUORUM, "", quorum, at);
        self.harms.stands(BLANK, "", told(self.is_blank, "the servers were built anew and know of no job"), at);
        let waiting = self.run_nowhere();
        let waiting = (waiting > 0).then(|| format!("allocations run nowhere, for no client has room: {waiting}"));
        self.harms.stands(WAITING, "", waiting, at);
        self.note_hosts();
        self.note_servers();
        for client in 0..self.clients.len() {
            let name = self.agents[self.host_of(client)].name.clone();
            let known = &self.clients[client];
            let is_closed = known.status != NodeStatus::Initializing && (!known.is_eligible || known.drain.is_some());
            self.harms.stands(CLOSED, &name, is_closed.then(|| format!("{name} takes no tasks")), at);
        }
    }

    fn note_hosts(&mut self) {
        let at = self.now;
        for host in 0..self.agents.len() {
            let agent = &self.agents[host];
            let is_member = self.server_of(host).is_some_and(|server| {
                matches!(self.servers[server].gossip, Gossip::Alive | Gossip::Failed | Gossip::Leaving)
            });
            let why = match &agent.process {
                Process::Up { frozen: true, .. } => Some("does not answer"),
                Process::Up { .. } => None,
                // One that was retired, or never set up, is missed by nobody.
                _ if !agent.is_enabled && !is_member => None,
                _ => Some("is down"),
            };
            let name = agent.name.clone();
            let told = why.map(|why| format!("{name} {why}"));
            self.harms.stands(AWAY, &name, told, at);
        }
    }

    fn note_servers(&mut self) {
        let at = self.now;
        for server in 0..self.servers.len() {
            let name = self.agents[server].name.clone();
            let is_there = self.agents[server].works() && self.servers[server].gossip == Gossip::Alive;
            let leads = self.leader.filter(|leader| is_there && *leader != server);
            let lag = leads.map_or(0, |leader| self.servers[leader].index.saturating_sub(self.servers[server].index));
            let behind = (lag > TRAILING).then(|| format!("{name} is alive, and lacks {lag} entries of the log"));
            self.harms.stands(BEHIND, &name, behind, at);
            let versions = leads.and_then(|leader| self.agents[server].running().zip(self.agents[leader].running()));
            let old = versions.filter(|(its, leaders)| its < leaders);
            let old = old.map(|(its, leaders)| format!("{name} runs {its} under a leader of {leaders}"));
            self.harms.stands(OLD, &name, old, at);
        }
    }

    /// How many pieces of jobs wait for a place and run nowhere meanwhile.
    fn run_nowhere(&self) -> usize {
        let runs = |job, number| {
            let mut allocs = self.allocs.iter();
            allocs.any(|alloc| (alloc.job, alloc.number) == (job, number) && alloc.status == AllocStatus::Running)
        };
        self.blocked.iter().filter(|blocked| !runs(blocked.job, blocked.number)).count()
    }

    /// The leader took a voter out that works.
    pub(super) fn note_dropped(&mut self, server: usize) {
        self.servers[server].was_dropped = self.has_vote(server);
    }

    /// A server that dropped out of the peers was taken in again.
    pub(super) fn note_rejoined(&mut self, server: usize) {
        if std::mem::take(&mut self.servers[server].was_dropped) {
            let name = self.agents[server].name.clone();
            let told = format!("{name} left the raft peers and came back without a vote: the quorum changed twice");
            self.harms.done(REJOINED, &name, told, self.now);
        }
    }

    /// A server that was forced out objects.
    pub(super) fn note_forced(&mut self, server: usize) {
        let name = self.agents[server].name.clone();
        let told = format!("{name} was forced out while its process ran, and came straight back");
        self.harms.done(FORCED, &name, told, self.now);
    }

    /// A server has come up.
    pub(super) fn note_version(&mut self, server: usize) {
        let is_other = self.agents[server].running().is_some_and(|version| version.as_str() != self.options.old);
        if is_other && self.snapshots.is_empty() && !self.options.servers_are_new {
            let name = self.agents[server].name.clone();
            let told = format!("{name} was started on another version, and there is no snapshot");
            self.harms.done(NO_SNAPSHOT, &name, told, self.now);
        }
    }

    /// What ran on a client was given up.
    pub(super) fn note_lost(&mut self, client: usize, count: usize) {
        if count > 0 {
            let name = self.agents[self.host_of(client)].name.clone();
            let told = format!("{name} was silent for too long; allocations given up: {count}");
            self.harms.done(LOST, &name, told, self.now);
        }
    }
}
