//! `gitlab-rake`: which task does what, and what each needs.

use std::time::Duration;

use crate::practice::CommandResult;
use crate::practice::host::{Call, failed, printed};

use super::state::{Gitlab, Status};

/// What the wrappers say when Rails is not configured on a machine.
pub(super) fn no_rails(wrapper: &str, file: &str) -> CommandResult {
    failed(
        1,
        &format!(
            "/usr/bin/{wrapper} error: could not load /opt/gitlab/etc/{file}\n\
             Either you are not allowed to read the file, or it does not exist yet.\n\
             You can generate it with:   sudo gitlab-ctl reconfigure"
        ),
    )
}

impl Gitlab {
    /// Whether a program of Rails can be started there; if not, what is said.
    pub(super) fn boots(&self, index: usize, call: &Call<'_>) -> Option<CommandResult> {
        let node = &self.nodes[index];
        if !node.role.has_rails() || node.services.is_empty() || !(call.shell.is_root() || call.shell.user == "git") {
            return Some(no_rails(call.name, "gitlab-rails-rc"));
        }
        let refused = |what: &str| {
            let text = format!("rake aborted!\n{what}\n\n(See full trace by running task with --trace)");
            Some(failed(1, &text).lasting(Duration::from_secs(25)))
        };
        if !self.serves(node.instance, "postgresql") {
            return refused(
                "ActiveRecord::ConnectionNotEstablished: connection to server on socket \
                 \"/var/opt/gitlab/postgresql/.s.PGSQL.5432\" failed: No such file or directory\n\tIs the server running \
                 locally and accepting connections on that socket?",
            );
        }
        if !self.serves(node.instance, "redis") {
            return refused("Redis::CannotConnectError: Connection refused - connect(2) (redis://localhost:6379)");
        }
        None
    }

    /// `gitlab-rake TASK …`.
    pub(super) fn rake(&mut self, index: usize, call: &Call<'_>) -> CommandResult {
        if let Some(refused) = self.boots(index, call) {
            return refused;
        }
        let mut tasks = call.words.iter().filter(|word| !word.starts_with('-') && !word.contains('=')).cloned();
        let boot = self.about(20, 55);
        let Some(task) = tasks.next() else {
            return failed(1, "rake aborted!\nDon't know how to build task 'default' (See the list of available tasks with `rake --tasks`)").lasting(boot);
        };
        let instance = self.nodes[index].instance;
        let (name, arguments) = task.split_once('[').unwrap_or((&task, ""));
        let mut result = match name {
            "gitlab:check" => self.check(index),
            "gitlab:env:info" => self.describe(index),
            "gitlab:doctor:secrets" => self.doctor(index),
            "db:migrate:status" => self.schema_status(instance),
            "db:migrate" | "gitlab:db:configure" => self.migrate_task(index),
            "gitlab:uploads:check" => self.files_check(instance, "Uploads", 4_218),
            "gitlab:lfs:check" => self.files_check(instance, "LFS objects", 317),
            "gitlab:artifacts:check" => self.files_check(instance, "Job artifacts", 9_140),
            "gitlab:git:fsck" => printed("Running Git fsck on 212 repositories\nDone.\n"),
            "gitlab:elastic:list_pending_migrations" => printed("There are no pending migrations.\n"),
            "gitlab:backup:create" => self.back_up(index, &skipped(call.words), None),
            "gitlab:backup:restore" => self.restore(index, call),
            "gitlab:background_migrations:status" => self.background_status(instance, None),
            "gitlab:background_migrations:status:main" => self.background_status(instance, Some("main")),
            "gitlab:background_migrations:status:ci" => self.background_status(instance, Some("ci")),
            "gitlab:background_migrations:finalize" => failed(1, "Please specify the database"),
            "gitlab:background_migrations:finalize:main" => self.finalize(instance, "main", arguments),
            "gitlab:background_migrations:finalize:ci" => self.finalize(instance, "ci", arguments),
            other => failed(
                1,
                &format!(
                    "rake aborted!\nDon't know how to build task '{other}' (See the list of available tasks with `rake --tasks`)\n\n(See full trace by running task with --trace)"
                ),
            ),
        };
        result.takes_ms += u64::try_from(boot.as_millis()).unwrap_or(0);
        result
    }

    fn background_status(&self, instance: usize, only: Option<&str>) -> CommandResult {
        let mut text = String::new();
        for database in &self.instances[instance].data.databases {
            if only.is_some_and(|only| only != database.name) {
                continue;
            }
            text.push_str(&format!("Database: {}\n", database.name));
            for migration in &database.migrations {
                let job = migration.job;
                text.push_str(&format!(
                    "{:<10} | {},{},{},{}\n",
                    migration.status.word(),
                    job.class,
                    job.table,
                    job.column,
                    job.arguments
                ));
            }
        }
        printed(&text)
    }

    /// Does what is left of one migration at once.
    fn finalize(&mut self, instance: usize, database: &str, arguments: &str) -> CommandResult {
        let plain = arguments.trim_end_matches(']').replace(['\'', '"'], "");
        let mut parts = plain.split(',');
        let (class, table, column) = (parts.next(), parts.next(), parts.next());
        let (Some(class), Some(table), Some(column), Some(_)) = (class, table, column, parts.next()) else {
            return failed(1, "Must specify job_arguments as an argument");
        };
        let databases = &mut self.instances[instance].data.databases;
        let known = databases.iter_mut().find(|known| known.name == database);
        let migrations = known.map(|known| known.migrations.iter_mut()).into_iter().flatten();
        let is_meant = |job: super::state::Job| (job.class, job.table, job.column) == (class, table, column);
        let Some(migration) = migrations.rev().find(|one| is_meant(one.job)) else {
            return failed(1, "Could not find batched background migration for the given configuration");
        };
        if migration.stumbles {
            migration.status = Status::Failed;
            return failed(
                1,
                "rake aborted!\nGitlab::Database::BackgroundMigration::BatchedMigrationRunner::FailedToFinalize: Batched \
                 background migration failed: see the failed jobs",
            );
        }
        let left = u64::from(migration.batches - migration.done.min(migration.batches));
        migration.done = migration.batches;
        migration.status = Status::Finalized;
        printed("Done.\n").lasting(Duration::from_secs(20 * left + 5))
    }

    fn schema_status(&self, instance: usize) -> CommandResult {
        let mut text = String::new();
        for database in &self.instances[instance].data.databases {
            text.push_str(&format!(
                "\ndatabase: {}\n\n Status   Migration ID    Migration Name\n{}\n",
                database.physical,
                "-".repeat(50)
            ));
            for row in &database.schema {
                let state = if row.is_up { "  up  " } else { " down " };
                text.push_str(&format!(" {state}   {}  {}\n", row.id, row.name));
            }
            text.push('\n');
        }
        printed(&text)
    }

    fn migrate_task(&mut self, index: usize) -> CommandResult {
        let instance = self.nodes[index].instance;
        let Some(version) = self.nodes[index].package.version().cloned() else { return failed(1, "") };
        match self.migrate(instance, &version) {
            Ok(true) => {
                printed("main: == FinalizeBackfill: migrated (0.0181s)\nci: == FinalizeBackfill: migrated (0.0175s)\n")
                    .lasting(Duration::from_secs(30))
            }
            Ok(false) => printed(""),
            Err(why) => failed(
                1,
                &format!(
                    "rake aborted!\nStandardError: An error has occurred, all later migrations canceled:\n\n{why}"
                ),
            )
            .lasting(Duration::from_secs(30)),
        }
    }

    fn files_check(&self, instance: usize, what: &str, count: u64) -> CommandResult {
        let missing = if what == "Uploads" { self.instances[instance].data.missing_uploads } else { 0 };
        let half = count / 2;
        printed(&format!(
            "Checking integrity of {what}\n- 1..{half}: Failures: {missing}\n- {}..{count}: Failures: 0\nDone!\n",
            half + 1
        ))
        .lasting(Duration::from_secs(40))
    }
}

/// The parts that `SKIP=a,b` leaves out.
pub(super) fn skipped(words: &[String]) -> Vec<&str> {
    let named = words.iter().filter_map(|word| word.strip_prefix("SKIP="));
    named.flat_map(|list| list.split(',')).collect()
}
