//! What can be made to go wrong.

use std::time::Duration;

use serde_json::{Map, Value};

use crate::practice::FaultError;
use crate::practice::host::{Entry, Version};

use super::control::REMOVED_SETTING;
use super::setup::{BASTION_ADDRESS, SETTINGS};
use super::state::{Gitlab, REAL, Status};

/// Every fault, and what it does with its arguments.
pub(super) const FAULTS: &[(&str, &str)] = &[
    ("migration-active", "a migration with many batches is put into the queue: database (main or ci), batches"),
    (
        "migration-failed",
        "a migration has failed, its cause is still there: database, cause (gone: a retry comes through)",
    ),
    ("migration-mended", "the cause of failed migrations is mended, so that a retry comes through: none"),
    ("migration-paused", "somebody paused a migration: database"),
    ("migration-finalizing", "finishing a migration by hand was interrupted: database"),
    ("service-down", "a service is stopped: node, service"),
    ("sidekiq-down", "Sidekiq is stopped on every application node, so that no migration moves: none"),
    ("address-not-listed", "the bastion is missing in a node's monitoring_whitelist, so that it is answered 404: node"),
    ("disk-full", "the disk of a node is full, so that a backup lacks parts: node"),
    ("disk-freed", "room is made on a node's disk: node"),
    ("configuration-not-carried", "the script that carries archives over leaves the configuration out: none"),
    ("snapshots-full", "the pool of the snapshots is full of old ones, which can be deleted: none"),
    ("secrets-unreadable", "values in the database were written with another key: rows"),
    ("uploads-missing", "files that the database knows are not there: files"),
    ("package-withdrawn", "the repository no longer offers a version: version"),
    (
        "lists-cut",
        "the package lists of a node name nothing older than a version, until they are fetched anew: node, version",
    ),
    ("package-newer", "the repository offers a further version, such as a later patch: version"),
    ("setting-removed", "gitlab.rb of a node holds a setting that the next major version no longer takes: node"),
    ("postgresql-old", "a node with PostgreSQL has data of version 13, which 17.0 and later no longer take: node"),
    ("database-busy", "a database is not well, so that GitLab holds its migrations back: database, minutes"),
    ("maintenance-mode", "the instance was left in maintenance mode: none"),
    ("node-unreachable", "a node cannot be reached by ssh: node"),
    ("node-reachable", "a node can be reached by ssh again: node"),
    ("puma-hangs", "Puma of a node answers nobody: node"),
];

/// What fills a disk, and what is taken on it without that.
const FILLER: &str = "/var/opt/gitlab/backups/export_of_2024.tar";
const USUAL: u64 = 21 << 30;

/// The arguments of one fault.
struct Given<'a> {
    fault: &'a str,
    arguments: &'a Map<String, Value>,
}

impl Given<'_> {
    fn wrong(&self, problem: impl Into<String>) -> FaultError {
        FaultError::Argument { fault: self.fault.to_owned(), problem: problem.into() }
    }

    fn text(&self, name: &str) -> Result<&str, FaultError> {
        let value = self.arguments.get(name).and_then(Value::as_str);
        value.ok_or_else(|| self.wrong(format!("{name} must be a text")))
    }

    fn number(&self, name: &str, otherwise: u64) -> Result<u64, FaultError> {
        match self.arguments.get(name) {
            None => Ok(otherwise),
            Some(value) => value.as_u64().ok_or_else(|| self.wrong(format!("{name} must be a number from 0 on"))),
        }
    }
}

impl Gitlab {
    /// Makes something go wrong from now on.
    pub(super) fn go_wrong(&mut self, fault: &str, arguments: &Map<String, Value>) -> Result<(), FaultError> {
        let given = Given { fault, arguments };
        match fault {
            "migration-active" | "migration-failed" | "migration-paused" | "migration-finalizing" => {
                self.spoil_migration(&given)?
            }
            "migration-mended" => {
                let databases = self.instances[REAL].data.databases.iter_mut();
                databases.flat_map(|one| one.migrations.iter_mut()).for_each(|one| one.stumbles = false);
            }
            "configuration-not-carried" => self.carries_secrets = false,
            "snapshots-full" => self.fill_pool(),
            "secrets-unreadable" => self.instances[REAL].data.unreadable = given.number("rows", 3)?,
            "uploads-missing" => self.instances[REAL].data.missing_uploads = given.number("files", 12)?,
            "package-withdrawn" => self.withdrawn.push(given.text("version")?.to_owned()),
            "lists-cut" => {
                let (index, oldest) = (self.node_of(&given)?, given.text("version")?);
                self.nodes[index].lists_from = Some(Version::new(oldest));
            }
            "package-newer" => self.offered.push(given.text("version")?.to_owned()),
            "maintenance-mode" => self.instances[REAL].data.maintenance = true,
            "sidekiq-down" => {
                for index in 0..self.nodes.len() {
                    if self.nodes[index].instance == REAL {
                        self.stop_service(index, "sidekiq");
                    }
                }
            }
            "service-down" => {
                let index = self.node_of(&given)?;
                let service = given.text("service")?.to_owned();
                if !self.stop_service(index, &service) {
                    return Err(given.wrong(format!("there is no service {service:?} on that node")));
                }
            }
            "database-busy" => {
                let database = self.database_of(&given)?;
                let minutes = given.number("minutes", 10)?.min(100_000);
                let until = self.now.plus(Duration::from_secs(60 * minutes));
                self.instances[REAL].data.databases[database].held_until = until;
            }
            "address-not-listed" | "postgresql-old" | "disk-full" | "disk-freed" | "setting-removed"
            | "node-unreachable" | "node-reachable" | "puma-hangs" => self.spoil_node(self.node_of(&given)?, fault),
            _ => return Err(FaultError::Unknown(fault.to_owned())),
        }
        Ok(())
    }

    /// Whoever removes what fills a disk has room again.
    pub(super) fn look_after_disks(&mut self) {
        for node in &mut self.nodes {
            if node.files.taken > USUAL && node.files.get(FILLER).is_none() {
                node.files.taken = USUAL;
            }
        }
    }

    fn node_of(&self, given: &Given<'_>) -> Result<usize, FaultError> {
        let name = given.text("node")?;
        self.find(name).ok_or_else(|| given.wrong(format!("there is no node {name:?}")))
    }

    /// Whether there is such a service; it is down then.
    fn stop_service(&mut self, index: usize, name: &str) -> bool {
        let at = self.nodes[index].services.iter().position(|service| service.name == name);
        at.map(|at| self.lower(index, at)).is_some()
    }

    /// The database that is named; main when none is.
    fn database_of(&self, given: &Given<'_>) -> Result<usize, FaultError> {
        let name = if given.arguments.contains_key("database") { given.text("database")? } else { "main" };
        let databases = &self.instances[REAL].data.databases;
        let found = databases.iter().position(|database| database.name == name);
        found.ok_or_else(|| given.wrong(format!("there is no database {name:?}")))
    }

    fn spoil_migration(&mut self, given: &Given<'_>) -> Result<(), FaultError> {
        let database = self.database_of(given)?;
        let batches = given.number("batches", 40)?.clamp(1, 100_000);
        self.enqueue(REAL, database, u32::try_from(batches).unwrap_or(40));
        if let Some(migration) = self.instances[REAL].data.databases[database].migrations.last_mut() {
            match given.fault {
                "migration-failed" => {
                    migration.stumbles = given.arguments.get("cause").and_then(Value::as_str) != Some("gone");
                    migration.status = Status::Failed;
                    migration.done = migration.batches;
                    migration.failed_jobs = 2.min(migration.batches);
                }
                "migration-paused" => migration.status = Status::Paused,
                "migration-finalizing" => migration.status = Status::Finalizing,
                _ => {}
            }
        }
        Ok(())
    }

    fn spoil_node(&mut self, index: usize, fault: &str) {
        let now = self.now;
        let node = &mut self.nodes[index];
        let settings = node.files.get(SETTINGS).map(Entry::text).unwrap_or_default();
        let closed = |text: String| Entry { mode: 0o600, ..Entry::file(text, "root", now) };
        match fault {
            "address-not-listed" => {
                node.lists_bastion = false;
                node.files.put(SETTINGS, closed(settings.replace(&format!(", '{BASTION_ADDRESS}'"), "")));
            }
            "disk-full" => {
                node.files.put(FILLER, Entry::file("old export\n", "root", now));
                node.files.taken = node.files.size - (1 << 30);
            }
            "disk-freed" => {
                node.files.take(FILLER);
                node.files.taken = USUAL;
            }
            "setting-removed" => node.files.put(SETTINGS, closed(format!("{settings}{REMOVED_SETTING} = 4\n"))),
            "postgresql-old" => node.postgresql = 13,
            "node-unreachable" => node.reachable = false,
            "node-reachable" => node.reachable = true,
            _ => {
                for service in node.services.iter_mut().filter(|service| service.name == "puma") {
                    service.frozen = true;
                }
            }
        }
    }
}
