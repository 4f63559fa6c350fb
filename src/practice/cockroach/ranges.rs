//! Ranges: where their replicas lie, who holds their leases, which of them lack something.

use std::time::Duration;

use crate::clock::Timestamp;
use crate::practice::host::Random;

use super::disk::{FOR_BALANCE, FOR_WHAT_IS_LOST};
use super::state::{Cockroach, Membership};

/// Ranges of the system itself; where there are five nodes they have five replicas.
const SYSTEM_RANGES: usize = 32;

/// Ranges of the application.
const USER_RANGES: usize = 58;

/// After that long without quorum a replica refuses instead of waiting.
const BREAKER: Duration = Duration::from_mins(1);

/// One copy of a range.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Replica {
    /// The member on whose store it lies.
    pub(super) member: usize,
    /// From when on it has all that the others have, while its member is up.
    pub(super) caught_up: Timestamp,
}

/// A piece of the key space.
#[derive(Clone, Debug)]
pub(super) struct Range {
    pub(super) id: u32,
    pub(super) is_system: bool,
    pub(super) replicas: Vec<Replica>,
    /// The member that serves it.
    pub(super) lease: Option<usize>,
    /// Since when it has had no quorum.
    pub(super) lost: Option<Timestamp>,
}

/// The ranges of a new cluster, evenly spread.
pub(super) fn spread(members: usize, random: &mut Random) -> Vec<Range> {
    let count = SYSTEM_RANGES + USER_RANGES + random.between(0, 8) as usize;
    (0..count)
        .map(|number| {
            let is_system = number < SYSTEM_RANGES;
            let copies = if is_system && members >= 5 { 5 } else { members.min(3) };
            let first = random.between(0, members.max(1) as u64 - 1) as usize;
            let replicas: Vec<Replica> = (0..copies)
                .map(|step| Replica { member: (first + step) % members.max(1), caught_up: Timestamp::default() })
                .collect();
            let lease = replicas.get(number % copies.max(1)).map(|replica| replica.member);
            Range { id: number as u32 + 1, is_system, replicas, lease, lost: None }
        })
        .collect()
}

impl Cockroach {
    /// Whether that replica takes part.
    fn is_ready(&self, replica: &Replica) -> bool {
        self.is_up(replica.member) && replica.caught_up <= self.now
    }

    /// Whether a majority of its replicas takes part.
    pub(super) fn has_quorum(&self, range: &Range) -> bool {
        2 * range.replicas.iter().filter(|replica| self.is_ready(replica)).count() > range.replicas.len()
    }

    /// Whether the ranges without which nothing else works have a majority.
    pub(super) fn has_system_quorum(&self) -> bool {
        self.ranges.iter().filter(|range| range.is_system).all(|range| self.has_quorum(range))
    }

    /// How many replicas a range ought to have.
    fn wanted(&self, range: &Range) -> usize {
        let nodes = self.members.iter().filter(|member| member.membership == Membership::Active).count();
        if range.is_system && nodes >= 5 { 5 } else { 3.min(self.hosts.len()) }
    }

    /// Whether it has fewer whole replicas on live nodes than it ought to have.
    pub(super) fn is_short(&self, range: &Range) -> bool {
        let is_whole = |replica: &&Replica| self.is_available(replica.member) && self.is_ready(replica);
        range.replicas.iter().filter(is_whole).count() < self.wanted(range) || u64::from(range.id) <= self.unplaceable
    }

    /// The member that counts a range: the first one that is up.
    pub(super) fn teller(&self, range: &Range) -> Option<usize> {
        range.replicas.iter().map(|replica| replica.member).find(|&member| self.is_up(member))
    }

    /// How many ranges that member counts as unavailable and as short of a replica.
    pub(super) fn counted(&self, member: usize) -> (u64, u64) {
        let told = self.ranges.iter().filter(|range| self.teller(range) == Some(member));
        told.fold((0, 0), |(lost, short), range| {
            (lost + u64::from(!self.has_quorum(range)), short + u64::from(self.is_short(range)))
        })
    }

    /// How many leases a member holds.
    pub(super) fn leases(&self, member: usize) -> u64 {
        self.ranges.iter().filter(|range| range.lease == Some(member)).count() as u64
    }

    /// How many replicas lie on a member's store.
    pub(super) fn replicas(&self, member: usize) -> u64 {
        let lies = |range: &&Range| range.replicas.iter().any(|replica| replica.member == member);
        self.ranges.iter().filter(lies).count() as u64
    }

    /// Leases whose holder is gone for good go to another replica; those of a node that drains are handed over.
    pub(super) fn pass_leases(&mut self, at: Timestamp) {
        for index in 0..self.ranges.len() {
            let range = &self.ranges[index];
            let keeps = range.lease.is_some_and(|holder| {
                let is_there = self.is_up(holder) || self.is_available(holder);
                is_there && !self.members[holder].draining && self.members[holder].membership == Membership::Active
            });
            if keeps || !self.has_quorum(range) {
                continue;
            }
            let may_hold = |replica: &&Replica| {
                self.is_ready(replica)
                    && self.is_available(replica.member)
                    && !self.members[replica.member].draining
                    && replica.caught_up <= at
            };
            let able: Vec<usize> = range.replicas.iter().filter(may_hold).map(|replica| replica.member).collect();
            if !able.is_empty() {
                let drawn = self.drift.between(0, able.len() as u64 - 1) as usize;
                self.ranges[index].lease = Some(able[drawn]);
            }
        }
    }

    /// Some leases move from whoever holds most to whoever holds fewest.
    pub(super) fn balance_leases(&mut self) {
        let able: Vec<usize> = self.belonging().filter(|&member| self.may_take(member)).collect();
        let most = able.iter().copied().max_by_key(|&member| self.leases(member));
        let fewest = able.iter().copied().min_by_key(|&member| self.leases(member));
        let (Some(most), Some(fewest)) = (most, fewest) else { return };
        let surplus = self.leases(most).saturating_sub(self.leases(fewest));
        // Even in balance one moves now and then, with the load.
        let moves = if surplus > 4 { self.drift.between(1, 3) } else { u64::from(self.drift.between(0, 60) == 0) };
        for _ in 0..moves {
            let now = self.now;
            let fits = |range: &Range| {
                range.lease == Some(most)
                    && range.replicas.iter().any(|replica| replica.member == fewest && replica.caught_up <= now)
            };
            let Some(range) = self.ranges.iter_mut().find(|range| fits(range)) else { return };
            range.lease = Some(fewest);
        }
    }

    /// Whether a member can be given leases and replicas.
    fn may_take(&self, member: usize) -> bool {
        self.takes_clients(member)
            && self.is_available(member)
            && self.members[member].membership == Membership::Active
            && !self.hosts[self.members[member].host].trouble.disk_full
    }

    /// Replicas of dead and of leaving nodes are made anew where there is none yet; what is overfull gives some away.
    pub(super) fn move_replicas(&mut self, at: Timestamp) {
        let mut left = self.drift.between(2, 6);
        for index in 0..self.ranges.len() {
            if left == 0 {
                break;
            }
            let Some((from, to)) = self.next_move(index) else { continue };
            let range = &mut self.ranges[index];
            if let Some(replica) = range.replicas.iter_mut().find(|replica| replica.member == from) {
                *replica = Replica { member: to, caught_up: at };
            }
            if range.lease == Some(from) {
                range.lease = None;
            }
            left -= 1;
        }
        // Whoever gives a replica away has given its lease away before.
        self.pass_leases(at);
        self.weigh();
    }

    fn next_move(&self, index: usize) -> Option<(usize, usize)> {
        let range = &self.ranges[index];
        if !self.has_quorum(range) {
            return None;
        }
        let lies = |member: usize| range.replicas.iter().any(|replica| replica.member == member);
        let must_go =
            |member: usize| self.dead_since(member).is_some() || self.members[member].membership != Membership::Active;
        let homes = range.replicas.iter().map(|replica| replica.member);
        let lost = homes.clone().find(|&member| must_go(member));
        let limit = if lost.is_some() { FOR_WHAT_IS_LOST } else { FOR_BALANCE };
        let takes = |member: usize| self.may_take(member) && self.has_room(self.members[member].host, limit);
        let free = self.belonging().filter(|&member| !lies(member) && takes(member));
        let to = free.min_by_key(|&member| self.replicas(member))?;
        if let Some(from) = lost {
            return Some((from, to));
        }
        // A copy is made before the other one is removed, so that nothing is ever short by this.
        let from = homes.filter(|&member| self.may_take(member)).max_by_key(|&member| self.replicas(member))?;
        (self.replicas(from) > self.replicas(to) + 1 + self.ranges.len() as u64 / 20).then_some((from, to))
    }

    /// The replicas of a member that comes back have to catch up with what was written meanwhile.
    pub(super) fn fall_behind(&mut self, member: usize, at: Timestamp) {
        let slow = self.hosts[self.members[member].host].trouble.catch_up;
        let longest = self.fate.between(20_000, 50_000) + slow.as_millis() as u64;
        let mine: Vec<usize> = (0..self.ranges.len())
            .filter(|&range| self.ranges[range].replicas.iter().any(|replica| replica.member == member))
            .collect();
        self.restless_until = self.restless_until.max(at.plus(Duration::from_millis(longest + 60_000)));
        for (place, &index) in mine.iter().enumerate() {
            let wait = 4_000 + (longest - 4_000) * (place as u64 + 1) / mine.len() as u64;
            let replicas = &mut self.ranges[index].replicas;
            if let Some(replica) = replicas.iter_mut().find(|replica| replica.member == member) {
                replica.caught_up = at.plus(Duration::from_millis(wait));
            }
        }
    }

    /// Notes since when ranges have been without quorum.
    pub(super) fn trip_breakers(&mut self, at: Timestamp) {
        for index in 0..self.ranges.len() {
            let is_lost = !self.has_quorum(&self.ranges[index]);
            let range = &mut self.ranges[index];
            range.lost = if is_lost { range.lost.or(Some(at)) } else { None };
        }
    }

    /// A range that keeps a client waiting or turns it away: its id, and how long the client waits.
    pub(super) fn obstacle(&self, of_the_system: bool) -> Option<(u32, Duration)> {
        let lost = self.ranges.iter().find(|range| (range.is_system || !of_the_system) && !self.has_quorum(range))?;
        let waited = lost.lost.map_or(Duration::ZERO, |since| self.now.since(since));
        Some((lost.id, BREAKER.saturating_sub(waited)))
    }

    /// When the next replica will have caught up, which may bring quorum.
    pub(super) fn next_caught_up(&self) -> Option<Timestamp> {
        let lost = self.ranges.iter().filter(|range| range.lost.is_some());
        let times = lost.flat_map(|range| &range.replicas).map(|replica| replica.caught_up);
        times.filter(|at| *at > self.now).min()
    }
}
