//! The model: machines with a package and services; instances with databases and what is written in them.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::clock::Timestamp;
use crate::practice::Shape;
use crate::practice::host::{Files, Log, Random, Version};
use crate::practice::ledger::Ledger;

use super::snapshots::Snapshot;

/// What instance to build.
#[derive(Clone, Debug)]
pub struct Options {
    /// How many machines the real instance has: one that carries everything, or a data node and application nodes.
    pub machines: usize,
    /// The version that runs.
    pub from: String,
    /// The stops on the way and the target, as exact versions.
    pub legs: Vec<String>,
    /// `ee` or `ce`.
    pub edition: String,
    /// Everything that is left to chance follows from it.
    pub seed: u64,
}

impl Options {
    /// The instance for a runbook that is to be practised: as many machines as are asked for.
    pub fn of(shape: &Shape<'_>) -> Self {
        let usual = Self { seed: shape.seed, ..Self::with_machines(usize::from(shape.nodes)) };
        match shape.versions.split_first() {
            Some((from, legs)) if !legs.is_empty() => Self { from: from.clone(), legs: legs.to_vec(), ..usual },
            _ => usual,
        }
    }

    /// An instance of that many machines.
    pub fn with_machines(machines: usize) -> Self {
        Self { machines: machines.max(1), ..Self::default() }
    }
}

impl Default for Options {
    fn default() -> Self {
        Self {
            machines: 3,
            from: "17.5.5".into(),
            legs: vec!["17.8.7".into(), "17.11.7".into()],
            edition: "ee".into(),
            seed: 1,
        }
    }
}

/// The instance in use, and the one on which a restore is tried.
pub(super) const REAL: usize = 0;
pub(super) const TEST: usize = 1;

/// What a machine is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// PostgreSQL, Redis, Gitaly.
    Data,
    /// Puma, Sidekiq, Workhorse, nginx.
    Application,
    /// Both.
    Everything,
}

impl Role {
    /// Whether Rails is configured there.
    pub(super) const fn has_rails(self) -> bool {
        matches!(self, Self::Application | Self::Everything)
    }

    /// The services that are enabled there, in their order.
    pub(super) const fn services(self) -> &'static [&'static str] {
        match self {
            Self::Data => &["gitaly", "logrotate", "node-exporter", "postgresql", "redis"],
            Self::Application => {
                &["gitlab-kas", "gitlab-workhorse", "logrotate", "nginx", "node-exporter", "puma", "sidekiq"]
            }
            Self::Everything => &[
                "gitaly",
                "gitlab-kas",
                "gitlab-workhorse",
                "logrotate",
                "nginx",
                "node-exporter",
                "postgresql",
                "puma",
                "redis",
                "sidekiq",
            ],
        }
    }
}

/// A service that runit looks after.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Service {
    pub(super) name: &'static str,
    pub(super) pid: u32,
    pub(super) log_pid: u32,
    /// Whether it is wanted up. Before `since` it is not there yet.
    pub(super) up: bool,
    /// From when on its process is there; of one that is down: when it went.
    pub(super) since: Timestamp,
    /// From when on it does its work.
    pub(super) ready_at: Timestamp,
    /// When it was last stopped.
    pub(super) left: Timestamp,
    /// The version of the code that it runs.
    pub(super) code: Version,
    pub(super) frozen: bool,
}

impl Service {
    /// Whether its process is there.
    pub(super) fn runs(&self, now: Timestamp) -> bool {
        self.up && now >= self.since
    }

    /// Whether it does its work.
    pub(super) fn answers(&self, now: Timestamp) -> bool {
        self.runs(now) && now >= self.ready_at && !self.frozen
    }
}

/// What dpkg knows of the package.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Package {
    /// Removed, its configuration left.
    Removed,
    /// Unpacked, and its configuration stopped on the way.
    Unpacked(Version),
    /// In place.
    Installed(Version),
}

impl Package {
    /// The version whose files are there.
    pub(super) const fn version(&self) -> Option<&Version> {
        match self {
            Self::Removed => None,
            Self::Unpacked(version) | Self::Installed(version) => Some(version),
        }
    }
}

/// One machine.
#[derive(Clone, Debug)]
pub(super) struct Node {
    pub(super) name: String,
    pub(super) instance: usize,
    pub(super) role: Role,
    pub(super) url: String,
    pub(super) package: Package,
    pub(super) held: bool,
    pub(super) fetched: Vec<String>,
    pub(super) services: Vec<Service>,
    pub(super) files: Files,
    pub(super) log: Log,
    /// The key that Rails was configured with.
    pub(super) key: String,
    /// Whether the addresses that gitlab.rb allows have been configured, and that of the bastion is among them.
    pub(super) lists_bastion: bool,
    pub(super) deploy_page: bool,
    /// The major version of PostgreSQL that its data directory is of.
    pub(super) postgresql: u32,
    pub(super) reachable: bool,
    /// Its package lists name nothing older than this; `None`: they are whole.
    pub(super) lists_from: Option<Version>,
}

impl Node {
    /// A service of it.
    pub(super) fn service(&self, name: &str) -> Option<&Service> {
        self.services.iter().find(|service| service.name == name)
    }

    /// Whether a service of it does its work.
    pub(super) fn answers(&self, name: &str, now: Timestamp) -> bool {
        self.service(name).is_some_and(|service| service.answers(now))
    }
}

/// What became of a batched background migration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Status {
    Paused,
    Active,
    Finished,
    Failed,
    Finalizing,
    Finalized,
}

impl Status {
    /// The word that GitLab prints.
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Paused => "paused",
            Self::Active => "active",
            Self::Finished => "finished",
            Self::Failed => "failed",
            Self::Finalizing => "finalizing",
            Self::Finalized => "finalized",
        }
    }

    /// The number in the database.
    pub(super) const fn code(self) -> u8 {
        match self {
            Self::Paused => 0,
            Self::Active => 1,
            Self::Finished => 3,
            Self::Failed => 4,
            Self::Finalizing => 5,
            Self::Finalized => 6,
        }
    }

    /// Whether it holds up the next upgrade.
    pub(super) const fn is_unfinished(self) -> bool {
        !matches!(self, Self::Finished | Self::Finalized)
    }
}

/// What a batched background migration does, as its row names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Job {
    pub(super) class: &'static str,
    pub(super) table: &'static str,
    pub(super) column: &'static str,
    /// As JSON.
    pub(super) arguments: &'static str,
}

/// A batched background migration.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Migration {
    pub(super) id: u64,
    pub(super) job: Job,
    pub(super) status: Status,
    pub(super) batches: u32,
    pub(super) done: u32,
    pub(super) failed_jobs: u32,
    /// What it stumbles over; it fails at its end until that is mended.
    pub(super) stumbles: bool,
    pub(super) created: Timestamp,
    /// When its last batch was done.
    pub(super) last: Timestamp,
}

/// A schema migration that the code knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct SchemaRow {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) is_up: bool,
}

/// A database.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Database {
    pub(super) name: &'static str,
    pub(super) physical: &'static str,
    pub(super) schema: Vec<SchemaRow>,
    pub(super) migrations: Vec<Migration>,
    /// Until when GitLab holds migrations back, because the database is not well.
    pub(super) held_until: Timestamp,
}

/// Everything that a backup takes along.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Data {
    pub(super) databases: Vec<Database>,
    /// The version whose migrations have all run.
    pub(super) version: Version,
    /// The key with which its secret values were written.
    pub(super) key: String,
    /// Rows that were written with another key.
    pub(super) unreadable: u64,
    /// Of which moment it is.
    pub(super) moment: Timestamp,
    pub(super) maintenance: bool,
    /// Whether two states were mixed in it.
    pub(super) is_mixed: bool,
    /// Files that the database knows and that are not there.
    pub(super) missing_uploads: u64,
}

/// An instance.
#[derive(Clone, Debug)]
pub(super) struct Instance {
    pub(super) data: Data,
    /// Jobs that wait for Sidekiq.
    pub(super) queue: u64,
    pub(super) next_migration: u64,
}

/// A simulated GitLab.
#[derive(Clone, Debug)]
pub struct Gitlab {
    pub(super) options: Options,
    /// For what is of no consequence.
    pub(super) random: Random,
    /// For what becomes of the model: asking it changes nothing.
    pub(super) fate: Random,
    pub(super) now: Timestamp,
    pub(super) nodes: Vec<Node>,
    pub(super) instances: Vec<Instance>,
    pub(super) next_pid: u32,
    pub(super) harms: Ledger,
    /// The versions of which a whole backup of the real instance was made.
    pub(super) whole_backups: Vec<String>,
    /// When the schedulers look next, once a minute.
    pub(super) next_minute: Timestamp,
    /// What dumps hold, by the number in their file.
    pub(super) dumps: BTreeMap<u64, Data>,
    /// The latest snapshots of machines, by their names.
    pub(super) snapshots: BTreeMap<String, Snapshot>,
    /// What else lies in the pool of the snapshots: by machine and day.
    pub(super) old_snapshots: Vec<String>,
    /// Files of the bastion.
    pub(super) files: Files,
    /// What the repository offers beside the usual.
    pub(super) offered: Vec<String>,
    /// What the repository no longer offers.
    pub(super) withdrawn: Vec<String>,
    /// Whether the site's script for carrying archives over takes the configuration along.
    pub(super) carries_secrets: bool,
}

impl Gitlab {
    /// The machine of that name.
    pub(super) fn find(&self, name: &str) -> Option<usize> {
        self.nodes.iter().position(|node| node.name == name)
    }

    /// The first machine of an instance on which Rails is configured: rake tasks and migrations run there.
    pub(super) fn console(&self, instance: usize) -> Option<usize> {
        self.nodes.iter().position(|node| node.instance == instance && node.role.has_rails())
    }

    /// Whether a service does its work on any machine of the instance.
    pub(super) fn serves(&self, instance: usize, service: &str) -> bool {
        self.nodes.iter().any(|node| node.instance == instance && node.answers(service, self.now))
    }

    /// Whether a service will do its work on any machine of the instance at that time, as far as is known now.
    pub(super) fn will_serve(&self, instance: usize, name: &str, at: Timestamp) -> bool {
        let mut nodes = self.nodes.iter().filter(|node| node.instance == instance);
        nodes.any(|node| node.service(name).is_some_and(|service| service.answers(at)))
    }

    /// The version with its edition, as GitLab says it.
    pub(super) fn full(&self, version: &Version) -> String {
        match self.options.edition.as_str() {
            "ce" => version.to_string(),
            edition => format!("{version}-{edition}"),
        }
    }

    /// The name of the package.
    pub(super) fn package(&self) -> String {
        format!("gitlab-{}", self.options.edition)
    }

    /// A number for a new process.
    pub(super) fn pid(&mut self) -> u32 {
        self.next_pid += 7;
        self.next_pid
    }

    /// A time by chance that nothing hangs on, in seconds.
    pub(super) fn about(&mut self, low: u64, high: u64) -> Duration {
        self.random.millis(low * 1_000, high * 1_000)
    }
}
