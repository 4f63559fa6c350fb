//! The disks that the stores lie on: what the replicas take of them, and from when on a store takes no more.

use crate::clock::Timestamp;

use super::state::Cockroach;

/// What a replica takes.
const REPLICA: u64 = 64 << 20;

/// What else lies on a host's disk.
pub(super) const USUAL: u64 = 15 << 30;

/// How full a disk may be, in thousandths, for a store to be given what was lost elsewhere, and for it to be given what
/// is merely spread more evenly (`kv.allocator.max_disk_utilization_threshold` and its sibling).
pub(super) const FOR_WHAT_IS_LOST: u64 = 950;
pub(super) const FOR_BALANCE: u64 = 925;

impl Cockroach {
    fn taken(&self, host: usize) -> u64 {
        let mine = (0..self.members.len()).filter(|&member| self.members[member].host == host);
        self.hosts[host].other + REPLICA * mine.map(|member| self.replicas(member)).sum::<u64>()
    }

    /// Whether one more replica fits on that host's disk without filling it beyond so many thousandths.
    pub(super) fn has_room(&self, host: usize, limit: u64) -> bool {
        self.taken(host) + REPLICA <= self.hosts[host].files.size / 1_000 * limit
    }

    /// How full that host's disk is, in percent, rounded up as `df` does.
    pub(super) fn fullness(&self, host: usize) -> u64 {
        (100 * self.taken(host)).div_ceil(self.hosts[host].files.size.max(1))
    }

    /// Bytes that are left on that host's disk.
    pub(super) fn available(&self, host: usize) -> u64 {
        self.hosts[host].files.size.saturating_sub(self.taken(host))
    }

    /// The disks as they are seen on the hosts follow what lies on the stores.
    pub(super) fn weigh(&mut self) {
        for host in 0..self.hosts.len() {
            self.hosts[host].files.taken = self.taken(host);
        }
    }

    /// Something else takes so much of a host's disk that only so many more replicas find room there.
    pub(super) fn narrow(&mut self, host: usize, replicas: u64) {
        let limit = self.hosts[host].files.size / 1_000 * FOR_WHAT_IS_LOST;
        let others = self.taken(host) - self.hosts[host].other;
        self.hosts[host].other = limit.saturating_sub(others + REPLICA * replicas);
        self.weigh();
    }

    /// `systemd-tmpfiles` removes what lies in `/var/tmp`.
    pub(super) fn clean_staging(&mut self, host: usize, at: Timestamp) {
        let node = &mut self.hosts[host];
        let lying = node.files.tree("/var/tmp");
        for (name, _) in lying.iter().filter(|(name, _)| !name.is_empty()) {
            node.files.take(&format!("/var/tmp/{name}"));
        }
        node.note(at, "systemd-tmpfiles-clean.service: Deactivated successfully.");
    }
}
