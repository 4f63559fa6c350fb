//! The application: it writes through a balancer, and notices what the operator does to the cluster.

use std::time::Duration;

use crate::clock::Timestamp;

use super::ranges::Range;
use super::state::Cockroach;

/// What the application asks for in a second.
const REQUESTS_A_SECOND: f64 = 240.0;

/// How long a balancer needs to notice that a node is gone without a word.
const NOTICED_AFTER: Duration = Duration::from_secs(4);

/// What the application has felt so far.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Tally {
    /// Requests that were answered.
    pub served: f64,
    /// Requests that were refused, because the balancer sent them to a server that was leaving or gone.
    pub refused: f64,
    /// Requests that waited in vain, because nobody served their range.
    pub stalled: f64,
    /// Seconds in which some range was without a majority.
    pub unavailable_seconds: f64,
    /// Seconds in which some range was short of a replica.
    pub short_seconds: f64,
}

/// The application.
#[derive(Clone, Debug)]
pub(super) struct Clients {
    pub(super) tally: Tally,
    /// How far it is counted.
    counted: Timestamp,
    /// How it is served until something changes; `None`: to be looked at anew.
    feels: Option<Feels>,
}

/// How the application is served at a moment.
#[derive(Clone, Copy, Debug)]
struct Feels {
    /// Of what it sends, how much reaches a server that takes it.
    reached: f64,
    /// Of that, how much waits for a range that nobody serves.
    stuck: f64,
    is_lost: bool,
    is_short: bool,
}

impl Clients {
    pub(super) fn new(now: Timestamp) -> Self {
        Self { tally: Tally::default(), counted: now, feels: None }
    }
}

impl Cockroach {
    /// What the application has felt since the cluster was set up.
    pub fn tally(&self) -> Tally {
        self.clients.tally
    }

    /// Counts what the application felt from the last count up to `at`, in which nothing changed.
    pub(super) fn serve_clients(&mut self, at: Timestamp) {
        let seconds = at.since(self.clients.counted).as_secs_f64();
        if seconds <= 0.0 {
            return;
        }
        self.clients.counted = at;
        let feels = self.clients.feels.unwrap_or_else(|| self.feel());
        self.clients.feels = Some(feels);
        let asked = REQUESTS_A_SECOND * seconds;
        let tally = &mut self.clients.tally;
        tally.refused += asked * (1.0 - feels.reached);
        tally.stalled += asked * feels.reached * feels.stuck;
        tally.served += asked * feels.reached * (1.0 - feels.stuck);
        tally.unavailable_seconds += if feels.is_lost { seconds } else { 0.0 };
        tally.short_seconds += if feels.is_short { seconds } else { 0.0 };
    }

    /// Something has changed that the application may feel.
    pub(super) fn has_changed(&mut self) {
        self.clients.feels = None;
    }

    /// What share of its requests the application loses: those that are refused, and those that wait in vain.
    pub(super) fn lost_requests(&self) -> (f64, f64) {
        let feels = self.clients.feels.unwrap_or_else(|| self.feel());
        (1.0 - feels.reached, feels.reached * feels.stuck)
    }

    fn feel(&self) -> Feels {
        let sent: Vec<usize> = (0..self.hosts.len()).filter(|&host| self.is_sent_to(host)).collect();
        let taken = sent.iter().filter(|&&host| self.takes_on(host)).count() as f64;
        let user = self.ranges.iter().filter(|range| !range.is_system).count().max(1) as f64;
        let is_stuck = |range: &&Range| {
            !range.is_system && (!self.has_quorum(range) || range.lease.is_none_or(|holder| !self.is_up(holder)))
        };
        let stuck = self.ranges.iter().filter(is_stuck).count() as f64 / user;
        Feels {
            reached: if sent.is_empty() { 0.0 } else { taken / sent.len() as f64 },
            stuck: if self.has_system_quorum() { stuck } else { 1.0 },
            is_lost: self.ranges.iter().any(|range| range.lost.is_some()),
            is_short: self.ranges.iter().any(|range| self.is_short(range)),
        }
    }

    /// A balancer that asks every two seconds sends some to a server that has just begun to drain.
    pub(super) fn notice_late(&mut self) {
        let others = self.hosts.len().max(1) as f64;
        self.clients.tally.refused += REQUESTS_A_SECOND / others;
    }

    /// Whether a server has gone without a word so lately that the balancer has not noticed.
    pub(super) fn is_gone_unnoticed(&self, host: usize) -> bool {
        self.member_of(host).is_some_and(|member| {
            let gone = self.members[member].gossiped_until;
            gone.is_some_and(|until| self.now < until.plus(NOTICED_AFTER))
        })
    }

    fn takes_on(&self, host: usize) -> bool {
        self.member_on(host).is_some_and(|member| self.takes_clients(member))
    }

    /// The member whose store the host's unit uses.
    pub(super) fn member_of(&self, host: usize) -> Option<usize> {
        (0..self.members.len()).rfind(|&member| self.members[member].host == host)
    }
}
