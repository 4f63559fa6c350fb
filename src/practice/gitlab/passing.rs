//! What passing time does: Sidekiq drains its queues, and batched background migrations take one batch after another.

use std::time::Duration;

use crate::clock::Timestamp;
use crate::practice::host::Version;

use super::state::{Gitlab, Migration, Status};

/// Schedulers look once a minute.
const MINUTE: Duration = Duration::from_secs(60);
/// A migration takes a batch no more often than this.
const BETWEEN_BATCHES: Duration = Duration::from_secs(120);
/// So many migrations of a database are at work at a time, each on a table of its own.
const AT_A_TIME: usize = 2;
/// Minutes worked through in one call; beyond it the rest of the gap is taken as uneventful.
const MOST_AT_ONCE: usize = 20_000;
/// Jobs that Sidekiq does in a minute, and that come up in a minute.
const DRAINED: u64 = 900;

impl Gitlab {
    /// Works off everything that is due until `now`.
    pub(super) fn pass_time(&mut self, now: Timestamp) {
        for _ in 0..MOST_AT_ONCE {
            if self.next_minute > now {
                break;
            }
            self.now = self.now.max(self.next_minute);
            self.next_minute = self.next_minute.plus(MINUTE);
            for instance in 0..self.instances.len() {
                self.minute(instance);
            }
        }
        self.now = self.now.max(now);
        self.next_minute = self.next_minute.max(self.now);
        self.note_harm();
    }

    /// When a node begins to listen without anybody doing anything.
    pub(super) fn next_listening(&self) -> Option<Timestamp> {
        let doors = self.nodes.iter().filter_map(|node| node.service("nginx"));
        doors.filter(|door| door.up && door.since > self.now).map(|door| door.since).min()
    }

    /// Whether the jobs of an instance are done: by a Sidekiq whose code fits the data, with what it needs.
    fn works(&self, instance: usize) -> bool {
        let version = &self.instances[instance].data.version;
        let sidekiq = self.nodes.iter().filter(|node| node.instance == instance && node.answers("sidekiq", self.now));
        let fits = |code: &Version| code == version || self.is_half_way(instance);
        sidekiq.filter_map(|node| node.service("sidekiq")).any(|service| fits(&service.code))
            && self.serves(instance, "postgresql")
            && self.serves(instance, "redis")
    }

    fn minute(&mut self, instance: usize) {
        let works = self.works(instance);
        let arrived = if self.serves(instance, "puma") { self.fate.between(20, 80) } else { 0 };
        let state = &mut self.instances[instance];
        state.queue += arrived;
        if !works {
            return;
        }
        state.queue = state.queue.saturating_sub(DRAINED);
        // Read-only for everybody, which goes for these as well.
        if state.data.maintenance {
            return;
        }
        let now = self.now;
        for database in &mut state.data.databases {
            if database.held_until > now {
                continue;
            }
            let mut tables: Vec<&str> = Vec::new();
            for migration in database.migrations.iter_mut().filter(|one| one.status == Status::Active) {
                if tables.len() < AT_A_TIME && !tables.contains(&migration.job.table) {
                    tables.push(migration.job.table);
                    take_batch(migration, now);
                }
            }
        }
    }
}

/// One more batch, when it is time for one. When all are used up and a job failed, the migration has failed.
fn take_batch(migration: &mut Migration, now: Timestamp) {
    if now.since(migration.last) < BETWEEN_BATCHES {
        return;
    }
    migration.last = now;
    migration.done += 1;
    if migration.stumbles {
        migration.failed_jobs += 1;
    }
    if migration.done >= migration.batches {
        migration.status = if migration.failed_jobs > 0 { Status::Failed } else { Status::Finished };
    }
}

impl Migration {
    /// How much of it is done, in percent.
    pub(super) fn progress(&self) -> f64 {
        match self.status {
            Status::Finished | Status::Finalized => 100.0,
            _ => f64::from(self.done * 1_000 / self.batches.max(1)) / 10.0,
        }
    }
}
