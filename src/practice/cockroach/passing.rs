//! What passing time does: processes come up and go, records expire, leases and replicas move, status rows are written.

use std::time::Duration;

use crate::clock::Timestamp;

use super::ranges::Range;
use super::state::{Cockroach, Membership, Process, Row};

/// How often the background does something.
pub(super) const TICK: Duration = Duration::from_secs(5);

/// Happenings worked through in one call; beyond it the rest of the gap is taken as uneventful.
const MOST_AT_ONCE: usize = 40_000;

/// Bytes that the application writes in a second, to each range of its own.
const BYTES_A_SECOND: u64 = 380;

/// Something that is to happen at a known time.
#[derive(Clone, Copy, Debug)]
enum Due {
    Process(usize),
    Ready(usize),
    Settle,
    Tick,
}

impl Cockroach {
    /// Works off everything that is due until `now`.
    pub(super) fn pass_time(&mut self, now: Timestamp) {
        for _ in 0..MOST_AT_ONCE {
            let (at, due) = self.next_due();
            if at > now {
                break;
            }
            self.go_to(at);
            match due {
                Due::Process(host) => self.process_moves(host, at),
                Due::Ready(host) => self.announce(host, at),
                Due::Settle => self.settle(at),
                Due::Tick if self.is_calm() => {
                    self.calm_tick(at);
                    continue;
                }
                Due::Tick => self.tick(at),
            }
            self.has_changed();
            self.watch_servers(at);
            self.note_harm(at);
        }
        self.go_to(now);
        self.next_tick = self.next_tick.max(now);
    }

    /// Lets the time up to `at` pass without anything happening, but that clients go on asking.
    fn go_to(&mut self, at: Timestamp) {
        let at = self.now.max(at);
        self.serve_clients(at);
        self.now = at;
    }

    /// When a process will begin to listen, or end, without anybody doing anything.
    pub(super) fn next_process_change(&self) -> Option<Timestamp> {
        (0..self.hosts.len()).filter_map(|host| self.process_due(host)).min()
    }

    fn process_due(&self, host: usize) -> Option<Timestamp> {
        match &self.hosts[host].process {
            Process::Down { again, .. } => *again,
            Process::Starting { until, .. } => Some(*until),
            Process::Up { leaving, .. } => leaving.as_ref().map(|leaving| leaving.until),
        }
    }

    fn next_due(&self) -> (Timestamp, Due) {
        let mut next = (self.next_tick, Due::Tick);
        let mut offer = |at: Option<Timestamp>, due: Due| {
            if let Some(at) = at.filter(|at| *at < next.0) {
                next = (at, due);
            }
        };
        for (index, host) in self.hosts.iter().enumerate() {
            offer(self.process_due(index), Due::Process(index));
            if let Process::Up { run, ready, frozen: false, leaving: None, .. } = &host.process {
                offer((!run.is_announced).then_some(*ready), Due::Ready(index));
            }
        }
        for member in &self.members {
            offer(member.expires.filter(|at| *at > self.now), Due::Settle);
        }
        offer(self.next_caught_up(), Due::Settle);
        next
    }

    /// Every few seconds: leases and replicas move, half of the members write their rows, the version may advance.
    fn tick(&mut self, at: Timestamp) {
        self.ticks += 1;
        self.next_tick = at.plus(TICK);
        self.judge(at);
        if self.has_system_quorum() {
            self.balance_leases();
            self.move_replicas(at);
            self.retire(at);
            self.advance_upgrade(at);
        }
        for member in 0..self.members.len() {
            if (self.ticks + member as u64).is_multiple_of(2) && self.is_up(member) && self.has_system_quorum() {
                self.write_row(member, at);
            }
        }
    }

    /// Whether nothing has happened for so long that nothing follows from it any more.
    fn is_calm(&self) -> bool {
        let is_well = |member: usize| {
            self.is_up(member) && self.takes_clients(member) && self.members[member].membership == Membership::Active
        };
        self.restless_until <= self.now && self.unplaceable == 0 && self.belonging().all(is_well)
    }

    /// Everyday life: rows are written anew, now and then a lease moves.
    fn calm_tick(&mut self, at: Timestamp) {
        self.ticks += 1;
        self.next_tick = at.plus(TICK);
        if self.drift.between(0, 60) == 0 {
            self.balance_leases();
        }
        self.advance_upgrade(at);
        for index in 0..self.members.len() {
            if (self.ticks + index as u64).is_multiple_of(2) && self.is_up(index) {
                let leases = self.leases(index);
                let row = &mut self.members[index].row;
                (row.updated_at, row.leaders, row.leaseholders) = (at, leases, leases);
                row.live_bytes = live_bytes(row.user_ranges, at);
            }
        }
    }

    /// A member that decommissions and has nothing left is done.
    fn retire(&mut self, at: Timestamp) {
        for index in 0..self.members.len() {
            if self.members[index].membership == Membership::Decommissioning && self.replicas(index) == 0 {
                self.members[index].membership = Membership::Decommissioned;
                self.settle(at);
            }
        }
    }

    /// A member writes down how it is.
    pub(super) fn write_row(&mut self, member: usize, at: Timestamp) {
        self.members[member].row = self.row(member, at);
    }

    /// How a member is.
    pub(super) fn row(&self, member: usize, at: Timestamp) -> Row {
        let host = &self.hosts[self.members[member].host];
        let started_at = match &host.process {
            Process::Up { since, .. } => *since,
            Process::Starting { .. } | Process::Down { .. } => self.members[member].row.started_at,
        };
        let (unavailable, underreplicated) = self.counted(member);
        let leaseholders = self.leases(member);
        let is_mine =
            |range: &&Range| !range.is_system && range.replicas.iter().any(|replica| replica.member == member);
        let user_ranges = self.ranges.iter().filter(is_mine).count() as u64;
        Row {
            build: format!("v{}", self.build(member)),
            started_at,
            updated_at: at,
            leaders: leaseholders,
            leaseholders,
            ranges: self.replicas(member),
            unavailable,
            underreplicated,
            user_ranges,
            live_bytes: live_bytes(user_ranges, at),
        }
    }
}

/// Bytes that live on a store with so many ranges of the application: what was there, and what was written since.
fn live_bytes(user_ranges: u64, at: Timestamp) -> u64 {
    let seconds = at.as_millis().unsigned_abs() / 1_000 % 50_000_000;
    user_ranges * (4_200_000 + BYTES_A_SECOND * seconds / 4_000)
}
