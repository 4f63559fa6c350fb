//! What passing time does: processes come up and go, lost leases, lock time-outs, elections, replication.

use std::time::Duration;

use crate::clock::Timestamp;

use super::state::{Data, Leadership, Process, Vault};
use crate::practice::host::Random;

/// Happenings worked through in one call; beyond it the rest of the gap is taken as uneventful.
const MOST_AT_ONCE: usize = 20_000;

/// A process that has listened for less than this still uses the long raft time-outs of its start.
pub(super) const FRESH: Duration = Duration::from_secs(30);

/// Something that is to happen at a known time.
#[derive(Clone, Copy, Debug)]
enum Due {
    Process(usize),
    LeaseEnds,
    LockTimesOut,
    Election,
    Synced(usize),
    Write,
}

impl Vault {
    /// Works off everything that is due until `now`.
    pub(super) fn pass_time(&mut self, now: Timestamp) {
        for _ in 0..MOST_AT_ONCE {
            let Some((at, due)) = self.next_due().filter(|(at, _)| *at <= now) else { break };
            self.now = self.now.max(at);
            self.happen(due, self.now);
            self.note_harm(self.now);
        }
        self.now = self.now.max(now);
        self.next_write = self.next_write.max(self.now);
        if let Leadership::Free { next: Some(next) } = self.leadership {
            self.leadership = Leadership::Free { next: Some(next.max(self.now)) };
        }
    }

    /// When a process will begin to listen, or end, without anybody doing anything.
    pub(super) fn next_process_change(&self) -> Option<Timestamp> {
        (0..self.nodes.len()).filter_map(|index| self.process_due(index)).min()
    }

    fn process_due(&self, index: usize) -> Option<Timestamp> {
        match self.nodes[index].process {
            Process::Starting { until, .. } | Process::Stopping { until, .. } => Some(until),
            Process::Down { .. } | Process::Up { .. } => None,
        }
    }

    fn next_due(&self) -> Option<(Timestamp, Due)> {
        let mut due: Vec<(Timestamp, Due)> = Vec::new();
        for (index, node) in self.nodes.iter().enumerate() {
            due.extend(self.process_due(index).map(|at| (at, Due::Process(index))));
            if node.synced_at > self.now && self.active().is_some() && node.votes() {
                due.push((node.synced_at, Due::Synced(index)));
            }
        }
        due.extend(self.lease_ends.map(|at| (at, Due::LeaseEnds)));
        match self.leadership {
            Leadership::Active { .. } => due.push((self.next_write, Due::Write)),
            Leadership::Held { until, .. } => due.extend(until.map(|at| (at, Due::LockTimesOut))),
            Leadership::Free { next } => due.extend(next.map(|at| (at, Due::Election))),
        }
        due.into_iter().min_by_key(|(at, _)| *at)
    }

    fn happen(&mut self, due: Due, at: Timestamp) {
        match due {
            Due::Process(index) => self.process_moves(index, at),
            Due::LeaseEnds => self.lose_lease(at),
            Due::LockTimesOut => self.time_out_lock(at),
            Due::Election => self.elect(at),
            Due::Synced(index) => self.follow(index),
            Due::Write => self.write(at),
        }
    }

    /// Brings lease, elections and absences in line with who takes part now. Called after every change.
    pub(super) fn settle(&mut self, at: Timestamp) {
        for node in &mut self.nodes {
            node.away_since = match (node.votes(), node.away_since) {
                (true, _) => None,
                (false, since) => since.or(Some(at)),
            };
        }
        let quorum = self.has_quorum();
        match self.leadership {
            Leadership::Active { .. } if quorum => self.lease_ends = None,
            Leadership::Active { .. } if self.lease_ends.is_none() => {
                self.lease_ends = Some(at.plus(self.random.millis(1_500, 2_500)));
            }
            Leadership::Free { next: None } if quorum => {
                let next = at.plus(self.patience(at) + self.slowness());
                self.leadership = Leadership::Free { next: Some(next) };
            }
            Leadership::Held { until: None, .. } if quorum => {
                let next = at.plus(self.patience(at) + self.slowness());
                self.leadership = Leadership::Free { next: Some(next) };
            }
            Leadership::Free { next: Some(_) } if !quorum => self.leadership = Leadership::Free { next: None },
            _ => {}
        }
    }

    /// How long nodes that have just become enough wait for a leader before they elect one.
    fn patience(&mut self, at: Timestamp) -> Duration {
        let settled = self.nodes.iter().any(|node| node.votes() && node.up_for(at) >= FRESH);
        if settled || self.nodes.len() == 1 {
            self.random.millis(500, 5_000)
        } else {
            self.random.millis(14_000, 20_000)
        }
    }

    /// The active node gives its duty up in good order: another may take it within `delay`.
    pub(super) fn release_lock(&mut self, at: Timestamp, delay: Duration) {
        self.lease_ends = None;
        self.leadership = Leadership::Free { next: Some(at.plus(delay + self.slowness())) };
        self.settle(at);
    }

    /// The active node is gone without a word: its lock stays until it times out.
    pub(super) fn abandon_lock(&mut self, node: usize, at: Timestamp) {
        self.lease_ends = None;
        let fresh = self.nodes.iter().any(|other| other.votes() && other.up_for(at) < FRESH);
        let wait = if fresh { self.random.millis(15_000, 30_000) } else { self.random.millis(6_000, 12_000) };
        let pid = self.nodes[node].pid();
        self.leadership = Leadership::Held { node, pid, until: Some(at.plus(wait + self.slowness())) };
        self.settle(at);
    }

    fn lose_lease(&mut self, at: Timestamp) {
        if let Some(index) = self.active() {
            let node = &mut self.nodes[index];
            node.log_server(at, "WARN", "storage.raft: failed to contact quorum of nodes, stepping down");
            node.log_server(at, "WARN", "core: leadership lost, stopping active operation");
            node.log_server(at, "INFO", "core: pre-seal teardown complete");
        }
        self.lease_ends = None;
        self.leadership = Leadership::Free { next: None };
        self.settle(at);
    }

    fn time_out_lock(&mut self, at: Timestamp) {
        let Leadership::Held { node, pid, .. } = self.leadership else { return };
        self.leadership = match self.has_quorum() {
            true => Leadership::Free { next: Some(at) },
            false => Leadership::Held { node, pid, until: None },
        };
    }

    fn elect(&mut self, at: Timestamp) {
        let voters: Vec<usize> = (0..self.nodes.len()).filter(|&index| self.nodes[index].votes()).collect();
        let newest = voters.iter().map(|&index| place(&self.nodes[index].data)).max();
        let able = |index: &&usize| Some(place(&self.nodes[**index].data)) == newest;
        let candidates: Vec<usize> = voters.iter().filter(able).copied().collect();
        let free: Vec<usize> = candidates.iter().copied().filter(|&i| self.nodes[i].barred_until <= at).collect();
        if !self.has_quorum() || candidates.is_empty() {
            self.leadership = Leadership::Free { next: None };
            return;
        }
        if free.is_empty() {
            let next = candidates.iter().map(|&index| self.nodes[index].barred_until).min();
            self.leadership = Leadership::Free { next };
            return;
        }
        let winner = free[self.draw(free.len())];
        if self.can_activate(winner) {
            self.activate(winner, at);
        } else {
            self.fail_to_activate(winner, &candidates, at);
        }
    }

    /// Draws one of that many candidates, by nothing but the seed and the count of elections: a cluster that is built
    /// again from a journal, some seconds of simulated time off, must find the same leader.
    fn draw(&mut self, candidates: usize) -> usize {
        self.elections += 1;
        let mut random = Random::new(self.options.seed ^ self.elections.wrapping_mul(0x9e6c_63d0_876a_9a47));
        random.between(0, candidates as u64 - 1) as usize
    }

    /// A node that is older than the data it holds cannot take up active duty.
    fn can_activate(&self, index: usize) -> bool {
        let node = &self.nodes[index];
        node.running().is_some_and(|version| *version >= node.data.format)
    }

    /// It wins the election, cannot set itself up, gives the leadership back: the cluster has no active node.
    fn fail_to_activate(&mut self, index: usize, candidates: &[usize], at: Timestamp) {
        let rescue = candidates.iter().any(|&other| self.can_activate(other));
        let wait = if rescue { Duration::from_secs(10) } else { Duration::from_millis(500) };
        self.note_older(index);
        let node = &mut self.nodes[index];
        node.data.index += 2;
        let data = node.data.clone();
        node.log_server(at, "INFO", "core: acquired lock, enabling active operation");
        node.log_server(
            at,
            "ERROR",
            "core: post-unseal setup failed: error=\"failed to load response wrapping policy: check-and-set parameter did \
             not match the current version\"",
        );
        node.log_server(at, "INFO", "core: stopping active operation");
        if rescue {
            node.barred_until = at.plus(Duration::from_secs(20));
        }
        // It leads the log all the same, so what it wrote reaches the others.
        for node in self.nodes.iter_mut().filter(|node| node.votes()) {
            node.data = data.clone();
        }
        self.leadership = Leadership::Free { next: Some(at.plus(wait)) };
    }

    fn activate(&mut self, index: usize, at: Timestamp) {
        let term = self.nodes.iter().map(|node| node.data.term).max().unwrap_or(0) + 1;
        self.leadership = Leadership::Active { node: index, since: at };
        let node = &mut self.nodes[index];
        let Some(version) = node.running().cloned() else { return };
        node.synced_at = at;
        node.data.term = term;
        node.data.index += 3;
        if version > node.data.format {
            node.data.format = version.clone();
        }
        if !node.data.history.iter().any(|(known, _)| *known == version) {
            node.data.history.push((version, at));
        }
        node.log_server(at, "INFO", "core: acquired lock, enabling active operation");
        node.log_server(at, "INFO", "core: post-unseal setup starting");
        node.log_server(at, "INFO", "core: post-unseal setup complete");
        self.spread(index, at);
        self.next_write = at.plus(Duration::from_secs(4));
        self.settle(at);
    }

    /// The others learn of the new active node: of who it is after a moment, in which they forward to nobody. It is active
    /// only once a majority has its first entries, so those that have been there for a while get them at once; the rest
    /// catch up.
    fn spread(&mut self, active: usize, at: Timestamp) {
        let others: Vec<usize> =
            (0..self.nodes.len()).filter(|&other| other != active && self.nodes[other].votes()).collect();
        let is_settled = |vault: &Self, other: usize| vault.nodes[other].up_for(at) >= Duration::from_secs(3);
        let settled = others.iter().filter(|&&other| is_settled(self, other)).count();
        let is_majority = 2 * (settled + 1) > self.nodes.len();
        for other in others {
            if is_settled(self, other) || !is_majority {
                let knows = at.plus(self.random.millis(50, 1_100));
                let node = &mut self.nodes[other];
                node.knows_at = knows;
                node.synced_at = at;
                self.follow(other);
            } else {
                let wait = self.random.millis(300, 2_600);
                self.nodes[other].synced_at = at.plus(wait);
            }
        }
    }

    /// A node that has just been unsealed finds the others and catches up.
    pub(super) fn join(&mut self, index: usize, at: Timestamp) {
        let knows = at.plus(self.random.millis(500, 2_500));
        let synced = at.plus(self.random.millis(300, 2_600));
        let node = &mut self.nodes[index];
        node.knows_at = knows;
        node.synced_at = synced;
        self.settle(at);
    }

    /// The node has all that the active one has.
    fn follow(&mut self, index: usize) {
        if let Some(active) = self.active().filter(|&active| active != index) {
            self.nodes[index].data = self.nodes[active].data.clone();
        }
    }

    /// Whether the node holds what the active one holds.
    fn is_synced(&self, index: usize) -> bool {
        self.nodes[index].votes() && self.nodes[index].synced_at <= self.now
    }

    fn write(&mut self, at: Timestamp) {
        self.next_write = at.plus(self.random.millis(5_000, 14_000));
        let entries = self.random.between(1, 3);
        let synced: Vec<usize> = (0..self.nodes.len()).filter(|&index| self.is_synced(index)).collect();
        let Some(active) = self.active() else { return };
        // An entry counts once a majority has it.
        if 2 * synced.len() > self.nodes.len() && synced.contains(&active) {
            self.nodes[active].data.index += entries;
            for index in synced {
                self.follow(index);
            }
        }
    }
}

/// How far a log reaches, for comparing.
fn place(data: &Data) -> (u64, u64) {
    (data.term, data.index)
}
