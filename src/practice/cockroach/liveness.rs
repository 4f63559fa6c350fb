//! Liveness records and gossip: who is taken for live by the others, and since when somebody is not.

use std::time::Duration;

use crate::clock::Timestamp;

use super::state::{Cockroach, Membership, Process};

/// For how long something goes on to follow from a change.
const RESTLESS: Duration = Duration::from_mins(10);

/// What a member's liveness comes to, with the numbers of the status pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Liveness {
    Dead = 1,
    Unavailable = 2,
    Live = 3,
    Decommissioning = 4,
    Decommissioned = 5,
    Draining = 6,
}

impl Cockroach {
    /// Brings records, gossip and leases in line with who is there now. Called after every change.
    pub(super) fn settle(&mut self, at: Timestamp) {
        self.restless_until = self.restless_until.max(at.plus(RESTLESS));
        self.judge(at);
    }

    /// The same, when nothing but time has changed.
    pub(super) fn judge(&mut self, at: Timestamp) {
        let is_kept = self.has_system_quorum();
        for index in 0..self.members.len() {
            let is_up = self.is_up(index);
            let member = &mut self.members[index];
            if is_up && is_kept {
                member.expires = None;
            } else if member.expires.is_none() {
                // A record is renewed every 4.5 seconds and holds for 9.
                member.expires = Some(at.plus(self.fate.millis(4_500, 9_000)));
            }
            if is_up {
                member.gossiped_until = None;
            } else if member.gossiped_until.is_none() {
                member.gossiped_until = Some(at.plus(self.fate.millis(1_500, 3_500)));
            }
        }
        self.pass_leases(at);
        self.trip_breakers(at);
    }

    /// Whether that member's record holds.
    pub(super) fn is_available(&self, member: usize) -> bool {
        self.members[member].expires.is_none_or(|at| at > self.now)
    }

    /// Whether gossip tells of that member.
    pub(super) fn is_gossiped(&self, member: usize) -> bool {
        self.members[member].gossiped_until.is_none_or(|at| at > self.now)
    }

    /// Since when a member has counted as dead; `None`: it does not.
    pub(super) fn dead_since(&self, member: usize) -> Option<Timestamp> {
        self.members[member].expires.map(|at| at.plus(self.time_until_dead())).filter(|at| *at <= self.now)
    }

    /// How long a store may be away before its replicas are made anew elsewhere.
    pub(super) fn time_until_dead(&self) -> Duration {
        let set = self.settings.get("server.time_until_store_dead").and_then(|text| span(text));
        set.unwrap_or(Duration::from_mins(5))
    }

    /// What a member's liveness comes to.
    pub(super) fn liveness(&self, member: usize) -> Liveness {
        let told = &self.members[member];
        match told.membership {
            Membership::Decommissioned => Liveness::Decommissioned,
            _ if self.dead_since(member).is_some() => Liveness::Dead,
            Membership::Decommissioning => Liveness::Decommissioning,
            Membership::Active if !self.is_available(member) => Liveness::Unavailable,
            Membership::Active if told.draining => Liveness::Draining,
            Membership::Active => Liveness::Live,
        }
    }

    /// Why that host's server cannot be sent clients; `None`: it can.
    pub(super) fn unready(&self, host: usize) -> Option<&'static str> {
        let Process::Up { ready, leaving, .. } = &self.hosts[host].process else {
            return Some("node is not healthy");
        };
        match self.member_on(host) {
            None if self.hosts[host].run().is_some_and(|run| run.identity == super::state::Identity::Waiting) => {
                Some("node is waiting for cluster initialization")
            }
            None => None,
            Some(member) if leaving.is_some() || self.members[member].draining => Some("node is shutting down"),
            Some(member) if !self.is_available(member) => Some("node is not healthy"),
            Some(_) if *ready > self.now => Some("node is not accepting SQL clients"),
            Some(_) => None,
        }
    }
}

/// `5m0s`, `300s`, `1h30m`, as the settings write spans of time.
pub(super) fn span(text: &str) -> Option<Duration> {
    let mut total = Duration::ZERO;
    let mut rest = text.trim();
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit())?;
        let count: u32 = rest[..digits].parse().ok()?;
        let unit = rest[digits..].find(|c: char| c.is_ascii_digit()).map_or(rest.len(), |at| at + digits);
        total += match &rest[digits..unit] {
            "ms" => Duration::from_millis(1),
            "s" => Duration::from_secs(1),
            "m" => Duration::from_mins(1),
            "h" => Duration::from_hours(1),
            _ => return None,
        } * count;
        rest = &rest[unit..];
    }
    Some(total)
}

/// A span as the settings print it: in the standard form of hours, minutes and seconds.
pub(super) fn clock(span: Duration) -> String {
    let seconds = span.as_secs();
    let (hours, minutes, rest) = (seconds / 3_600, seconds / 60 % 60, seconds % 60);
    format!("{hours:02}:{minutes:02}:{rest:02}")
}
