//! What harm is done, in the terms of the cluster: noted from how it stands, never from what was typed.

use std::time::Duration;

use crate::clock::Timestamp;
use crate::practice::host::Version;

use super::disk::FOR_WHAT_IS_LOST;
use super::liveness::Liveness;
use super::state::{Cockroach, Identity, Membership, Process};

/// How long a new version is watched before its upgrade is finalized.
const WATCHED: Duration = Duration::from_hours(24);

impl Cockroach {
    /// Notes what harm began or ended. Called after everything that changes something.
    pub(super) fn note_harm(&mut self, at: Timestamp) {
        let unavailable = self.told_unavailable();
        self.ledger.stands("ranges-unavailable", "", unavailable, at);
        let failing = self.told_failing();
        self.ledger.stands("requests-failing", "", failing, at);
        let builds = self.told_builds();
        self.ledger.stands("two-builds", "", builds, at);
        for host in 0..self.hosts.len() {
            let name = self.hosts[host].name.clone();
            let away = self.told_away(host);
            self.ledger.stands("away", &name, away, at);
            let stranger = self.told_stranger(host);
            self.ledger.stands("stranger", &name, stranger, at);
            let dead = self.told_dead(host);
            self.ledger.stands("counted-dead", &name, dead, at);
            let filled = self.told_filled(host);
            self.ledger.stands("disk-filled", &name, filled, at);
        }
    }

    fn told_unavailable(&self) -> Option<String> {
        let lost = self.ranges.iter().filter(|range| !self.has_quorum(range)).count();
        let all = self.ranges.len();
        let told = match self.has_system_quorum() {
            true => format!("{lost} of {all} ranges have lost their majority and answer nobody"),
            false => format!(
                "{lost} of {all} ranges have lost their majority, the system's own among them: nobody is answered"
            ),
        };
        (lost > 0).then_some(told)
    }

    fn told_failing(&self) -> Option<String> {
        let (refused, stalled) = self.lost_requests();
        let percent = |share: f64| (share * 100.0).ceil() as u64;
        match (percent(refused), percent(stalled)) {
            (0, 0) => None,
            (refused, 0) => Some(format!("{refused} % of the application's requests are refused")),
            (0, stalled) => Some(format!("{stalled} % of the application's requests wait in vain")),
            (refused, stalled) => {
                Some(format!("{refused} % of the application's requests are refused, {stalled} % wait in vain"))
            }
        }
    }

    fn told_builds(&self) -> Option<String> {
        let active = (0..self.members.len()).filter(|&member| self.members[member].membership == Membership::Active);
        let mut builds: Vec<Version> = active.map(|member| self.build(member)).collect();
        builds.sort();
        builds.dedup();
        let named: Vec<&str> = builds.iter().map(Version::as_str).collect();
        (named.len() > 1).then(|| format!("the nodes run {}", named.join(" and ")))
    }

    /// The member that a host's store was of from the beginning.
    fn first_member(&self, host: usize) -> Option<usize> {
        (0..self.members.len()).find(|&member| self.members[member].host == host)
    }

    fn told_away(&self, host: usize) -> Option<String> {
        let name = &self.hosts[host].name;
        match &self.hosts[host].process {
            Process::Up { frozen: true, .. } => Some(format!("{name} does not answer")),
            Process::Up { run, .. } => match run.identity {
                Identity::Member(member) if Some(member) == self.first_member(host) => None,
                _ => Some(format!("the node of {name} is down: another server runs there")),
            },
            Process::Starting { .. } | Process::Down { .. } => Some(format!("{name} is down")),
        }
    }

    fn told_stranger(&self, host: usize) -> Option<String> {
        let name = &self.hosts[host].name;
        let run = match &self.hosts[host].process {
            Process::Up { run, .. } => run,
            Process::Starting { .. } | Process::Down { .. } => return None,
        };
        match run.identity {
            Identity::Member(member) if Some(member) == self.first_member(host) => None,
            Identity::Member(member) => {
                Some(format!("{name} runs as the new node {}, on an empty store", self.members[member].id))
            }
            Identity::Alone => Some(format!("{name} runs as a cluster of its own")),
            Identity::Waiting => Some(format!("{name} has found nobody to join and waits for a cluster to be founded")),
        }
    }

    fn told_dead(&self, host: usize) -> Option<String> {
        let member = self.first_member(host).filter(|&member| self.liveness(member) == Liveness::Dead)?;
        let active = self.members.iter().filter(|member| member.membership == Membership::Active).count();
        let copied = if active > 3 { "its ranges are copied to others" } else { "no other node can take its ranges" };
        Some(format!(
            "node {} on {} was away for so long that it counts as dead: {copied}",
            self.members[member].id, self.hosts[host].name
        ))
    }

    fn told_filled(&self, host: usize) -> Option<String> {
        let told = || {
            let (name, percent) = (&self.hosts[host].name, self.fullness(host));
            format!("the disk of {name} is {percent} % full: its store takes no further copy of a range")
        };
        (!self.has_room(host, FOR_WHAT_IS_LOST)).then(told)
    }

    /// A server that belonged to the cluster was torn down by somebody instead of drained.
    pub(super) fn note_killed(&mut self, host: usize, at: Timestamp) {
        let is_up = matches!(self.hosts[host].process, Process::Up { .. });
        let member = self.hosts[host].run().map(|run| run.identity);
        if let (true, Some(Identity::Member(member))) = (is_up, member) {
            let leases = self.leases(member);
            let name = self.hosts[host].name.clone();
            let told = match leases {
                0 => format!("{name} was torn down before it had drained"),
                held => format!("{name} was torn down with {held} leases, before it had drained"),
            };
            self.ledger.done("killed", &name, told, at);
        }
    }

    /// A newer binary touches a store, and there is no backup of the cluster.
    pub(super) fn note_unsaved(&mut self, host: usize, identity: Identity, build: &Version, at: Timestamp) {
        let Identity::Member(member) = identity else { return };
        let before = Version::new(self.members[member].row.build.trim_start_matches('v'));
        if !before.as_str().is_empty() && before < *build && self.backups.values().all(Vec::is_empty) {
            let name = self.hosts[host].name.clone();
            self.ledger.done("no-backup", &name, format!("{name} was started on {build}, and there is no backup"), at);
        }
    }

    /// The upgrade to another series begins to be finalized: from then on no binary leads back.
    pub(super) fn note_finalizing(&mut self, series: &str, at: Timestamp) {
        let since = self.hosts.iter().filter_map(|host| match &host.process {
            Process::Up { since, .. } => Some(*since),
            _ => None,
        });
        let Some(watched) = since.max().map(|since| at.since(since)).filter(|watched| *watched < WATCHED) else {
            return;
        };
        let told = format!(
            "the upgrade to {series} is finalized {} minutes after the last node's start: no binary leads back",
            watched.as_secs() / 60
        );
        self.ledger.done("finalized-early", "", told, at);
    }
}
