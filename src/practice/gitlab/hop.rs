//! What reconfiguring and migrating do to a machine and to its instance.

use std::time::Duration;

use crate::clock::Timestamp;
use crate::practice::host::Version;

use super::setup::{BASTION_ADDRESS, SECRETS, SETTINGS};
use super::state::{Gitlab, Migration, Package, SchemaRow, Status};
use super::stops::minor;

/// How long Puma takes to load the application, in milliseconds.
const PUMA_LOADS: (u64, u64) = (40_000, 75_000);

/// Schema migrations that each minor version brings, those that run after the code was exchanged last.
const NAMES: [[&str; 3]; 2] = [
    ["AddOrganizationIdToTopics", "CreateProjectStatesTable", "FinalizeBackfillOfIssueSearchData"],
    ["AddPartitionIdToCiVariables", "CreateCiJobRedirects", "FinalizeBackfillOfPipelineVariables"],
];

/// How a reconfiguration ended: what it printed, and whether it went well.
pub(super) struct Configured {
    pub(super) text: String,
    pub(super) is_done: bool,
    pub(super) takes: Duration,
}

/// The schema migrations that the code of a version knows in a database, all of them down.
pub(super) fn rows(version: &Version, database: usize) -> Vec<SchemaRow> {
    let (major, small) = minor(version.as_str());
    let row = |(index, name): (usize, &&str)| SchemaRow {
        id: format!("2{:03}{:02}{:02}{:06}", major, small, 10 + index, 101_500 + 37 * (index + database)),
        name: format!("{name}{major}{small}"),
        is_up: false,
    };
    NAMES[database.min(1)].iter().enumerate().map(row).collect()
}

impl Gitlab {
    /// Whether the migrations to some version began and did not come to their end.
    pub(super) fn is_half_way(&self, instance: usize) -> bool {
        let mut rows = self.instances[instance].data.databases.iter().flat_map(|database| &database.schema);
        rows.any(|row| !row.is_up)
    }

    /// What keeps the code of that version from working on the data of its instance, in the words of PostgreSQL.
    pub(super) fn misfit(&self, instance: usize, code: &Version) -> Option<&'static str> {
        let data = &self.instances[instance].data;
        if data.is_mixed {
            return Some("PG::ForeignKeyViolation : ERROR:  insert or update on table violates foreign key constraint");
        }
        if self.is_half_way(instance) || *code != data.version {
            return Some("PG::UndefinedColumn : ERROR:  column namespaces.state does not exist");
        }
        None
    }

    /// Runs the schema migrations of the code of `version`. `Err` is what stopped them.
    pub(super) fn migrate(&mut self, instance: usize, version: &Version) -> Result<bool, String> {
        let half_way = self.is_half_way(instance);
        let data = &mut self.instances[instance].data;
        // Older code does not know the newer migrations: there is nothing for it to do.
        if *version < data.version || (*version == data.version && !half_way) {
            return Ok(false);
        }
        let is_hop = minor(version.as_str()) != minor(data.version.as_str());
        for (index, database) in data.databases.iter_mut().enumerate() {
            for row in rows(version, index) {
                if !database.schema.iter().any(|known| known.id == row.id) {
                    database.schema.push(row);
                }
            }
        }
        let mut all = data.databases.iter().flat_map(|database| &database.migrations);
        let unfinished = all.find(|one| one.status.is_unfinished()).filter(|_| is_hop);
        if let Some(migration) = unfinished {
            let why = stopped(migration);
            for database in &mut data.databases {
                // Those of before the exchange have run, the one that finalizes has not.
                let count = database.schema.len();
                database.schema.iter_mut().take(count - 1).for_each(|row| row.is_up = true);
            }
            return Err(why);
        }
        for database in &mut data.databases {
            database.schema.iter_mut().for_each(|row| row.is_up = true);
            if is_hop {
                database.migrations.iter_mut().for_each(|one| one.status = Status::Finalized);
            }
        }
        data.version = version.clone();
        if is_hop {
            self.enqueue_for_hop(instance);
        }
        Ok(true)
    }

    /// Every hop puts one to four new ones into the queues.
    fn enqueue_for_hop(&mut self, instance: usize) {
        let count = self.fate.between(1, 4);
        for number in 0..count {
            let batches = u32::try_from(self.fate.between(3, 6)).unwrap_or(3);
            self.enqueue(instance, usize::from(number % 2 == 1), batches);
        }
    }

    /// `gitlab-ctl reconfigure`: settings and secrets are taken over, databases migrated, what changed is restarted.
    pub(super) fn reconfigure(&mut self, index: usize) -> Configured {
        let takes = self.about(60, 150);
        let text =
            String::from("[2026-11-21] INFO: Started Cinc Zero at chefzero://localhost:1\nStarting Cinc Client\n");
        let Some(version) = self.nodes[index].package.version().cloned() else {
            return Configured { text, is_done: false, takes };
        };
        let instance = self.nodes[index].instance;
        if let Some(why) = self.removed_setting(index, version.as_str()) {
            return Configured { text: text + &why, is_done: false, takes: Duration::from_secs(15) };
        }
        self.enable_services(index, &version);
        let key = self.key_on_disk(index).unwrap_or_default();
        let node = &mut self.nodes[index];
        let is_other = node.key != key;
        node.key = key;
        let listed = node.files.get(SETTINGS).map(|file| file.text()).unwrap_or_default();
        let lists = listed.contains(BASTION_ADDRESS);
        let is_listing = std::mem::replace(&mut node.lists_bastion, lists) != lists;
        if self.console(instance) == Some(index) {
            // Half of the time has passed when it comes to the databases.
            let migrated = match self.will_serve(instance, "postgresql", self.now.plus(takes / 2)) {
                true => self.migrate(instance, &version),
                false => Err("PG::ConnectionBad: connection to server failed: Connection refused".into()),
            };
            if let Err(why) = migrated {
                return Configured { text: text + &failure(&why), is_done: false, takes };
            }
        }
        let begin = self.now.plus(takes / 2);
        for at in 0..self.nodes[index].services.len() {
            let service = &self.nodes[index].services[at];
            let is_rails = matches!(service.name, "puma" | "sidekiq" | "gitlab-workhorse");
            if service.code != version || (is_rails && (is_other || is_listing)) {
                // What keeps data is away for a moment only.
                let begin = match service.name {
                    "postgresql" | "redis" | "gitaly" => self.now.plus(Duration::from_secs(4)),
                    // It reads its settings anew and goes on.
                    "nginx" => self.now,
                    _ => begin,
                };
                self.raise(index, at, &version, begin);
            }
        }
        self.nodes[index].package = Package::Installed(version);
        let text = format!(
            "{text}\nRunning handlers:\nRunning handlers complete\nInfra Phase complete, 27/814 resources \
                            updated in {:02} minutes {:02} seconds\ngitlab Reconfigured!\n",
            takes.as_secs() / 60,
            takes.as_secs() % 60
        );
        Configured { text, is_done: true, takes }
    }

    /// The first reconfiguration of a package sets its services up.
    fn enable_services(&mut self, index: usize, version: &Version) {
        if !self.nodes[index].services.is_empty() {
            return;
        }
        let now = self.now;
        let names = self.nodes[index].role.services();
        self.nodes[index].services = names.iter().map(|name| self.service(name, version, now)).collect();
        for at in 0..names.len() {
            self.raise(index, at, version, now.plus(Duration::from_secs(20)));
        }
    }

    /// The key in the file of secrets, when there is one.
    pub(super) fn key_on_disk(&self, index: usize) -> Option<String> {
        let text = self.nodes[index].files.get(SECRETS)?.text();
        let (_, rest) = text.split_once("\"db_key_base\": \"")?;
        Some(rest.split('"').next().unwrap_or_default().to_owned())
    }

    /// Starts a service anew, at that time, with the code of that version.
    pub(super) fn raise(&mut self, index: usize, at: usize, code: &Version, begin: Timestamp) {
        let pid = self.pid();
        let now = self.now;
        let name = self.nodes[index].services[at].name;
        let load = match name {
            "puma" => self.random.millis(PUMA_LOADS.0, PUMA_LOADS.1),
            "sidekiq" => self.random.millis(20_000, 40_000),
            "postgresql" => self.random.millis(2_000, 5_000),
            _ => self.random.millis(200, 900),
        };
        let service = &mut self.nodes[index].services[at];
        if service.runs(now) {
            service.left = now;
        }
        (service.pid, service.up, service.frozen) = (pid, true, false);
        service.since = begin;
        service.ready_at = begin.plus(load);
        service.code = code.clone();
        self.nodes[index].log.push(now, pid, format!("{name}: started"));
    }

    /// Takes a service down.
    pub(super) fn lower(&mut self, index: usize, at: usize) {
        let now = self.now;
        let service = &mut self.nodes[index].services[at];
        if service.up {
            service.up = false;
            service.left = now;
        }
    }
}

/// What stops the migrations: one that should be finished and is not. The command that it spells names no database,
/// which the task wants where there are several.
fn stopped(migration: &Migration) -> String {
    let job = migration.job;
    let escaped = job.arguments.replace(',', "\\,");
    format!(
        "Expected batched background migration for the given configuration to be marked as 'finished', but it is \
         '{}':\t{{:job_class_name=>\"{}\", :table_name=>\"{}\", :column_name=>\"{}\", :job_arguments=>{}}}\n\n\
         Finalize it manually by running the following command in a `bash` or `sh` shell:\n\n\
         \tsudo gitlab-rake gitlab:background_migrations:finalize[{},{},{},'{escaped}']\n\n\
         For more information, check the documentation\n\n\
         \thttps://docs.gitlab.com/ee/update/background_migrations.html\n",
        migration.status.word(),
        job.class,
        job.table,
        job.column,
        job.arguments,
        job.class,
        job.table,
        job.column,
    )
}

/// How Chef tells that it failed.
fn failure(why: &str) -> String {
    format!(
        "\n================================================================================\n\
         Error executing action `run` on resource 'rails_migration[gitlab-rails]'\n\
         ================================================================================\n\n\
         Mixlib::ShellOut::ShellCommandFailed\n------------------------------------\n\
         rake aborted!\nStandardError: An error has occurred, all later migrations canceled:\n\n{why}\n\
         Running handlers:\nThere was an error running gitlab-ctl reconfigure:\n\n\
         rails_migration[gitlab-rails] (gitlab::database_migrations line 51) had an error: \
         Mixlib::ShellOut::ShellCommandFailed: bash_hide_env[migrate gitlab-rails database] had an error\n\n\
         Notes:\nThe output of the failed migration is kept in /var/log/gitlab/gitlab-rails/\n"
    )
}
