//! `gitlab-rails runner`: the snippets that documents tell an operator to run.

use crate::practice::CommandResult;
use crate::practice::host::{Arguments, Call, failed, printed};

use super::state::{Gitlab, Migration, Status};

const CLASS: &str = "Gitlab::Database::BackgroundMigration::BatchedMigration";

impl Gitlab {
    /// `gitlab-rails runner [-e production] CODE`.
    pub(super) fn rails(&mut self, index: usize, call: &Call<'_>) -> CommandResult {
        if let Some(refused) = self.boots(index, call) {
            return refused;
        }
        let boot = self.about(20, 60);
        let given = Arguments::parse(call.words, "e", &["environment"]);
        match given.operands.split_first() {
            Some((verb, code)) if verb == "runner" && !code.is_empty() => {
                let code = code.join(" ");
                self.snippet(self.nodes[index].instance, code.trim().trim_end_matches(';')).lasting(boot)
            }
            Some((verb, _)) if verb == "console" => failed(1, "gitlab-rails: the console wants a terminal"),
            _ => failed(1, "Usage: gitlab-rails runner [options] [<'Some.ruby(code)'> | <filename.rb> | -]"),
        }
    }

    fn snippet(&mut self, instance: usize, code: &str) -> CommandResult {
        let plain = code.strip_prefix("puts ").map(str::trim);
        // Of main alone, as the class asks the database of its connection.
        let main = &self.instances[instance].data.databases[0].migrations;
        let count = |wanted: &dyn Fn(&Migration) -> bool| main.iter().filter(|one| wanted(one)).count();
        let shown = match plain.map(|code| code.strip_prefix(CLASS).unwrap_or(code)) {
            Some(".queued.count") => {
                Some(count(&|one| matches!(one.status, Status::Active | Status::Paused)).to_string())
            }
            Some(".with_status(:failed).count" | ".failed.count") => {
                Some(count(&|one| one.status == Status::Failed).to_string())
            }
            Some("Gitlab::BackgroundMigration.remaining") => Some("0".into()),
            Some("Gitlab::VERSION") => {
                let version = self.console(instance).and_then(|index| self.nodes[index].package.version().cloned());
                version.map(|version| self.full(&version))
            }
            Some("Sidekiq::Stats.new.enqueued" | "Sidekiq::Queue.all.sum(&:size)") => {
                Some(self.instances[instance].queue.to_string())
            }
            Some("Gitlab.maintenance_mode?") => Some(self.instances[instance].data.maintenance.to_string()),
            _ => None,
        };
        if let Some(shown) = shown {
            return printed(&format!("{shown}\n"));
        }
        let setting = code.trim_start_matches("::").strip_prefix("Gitlab::CurrentSettings.update!(maintenance_mode: ");
        match setting {
            Some("true)") => self.instances[instance].data.maintenance = true,
            Some("false)") => self.instances[instance].data.maintenance = false,
            _ => return self.act_on_migration(instance, code),
        }
        printed("")
    }

    /// What the page of background migrations does by its buttons.
    fn act_on_migration(&mut self, instance: usize, code: &str) -> CommandResult {
        let unknown = || {
            failed(1, &format!("(eval):1:in `<main>': gitlab-rails: this code is not simulated: {code} (NameError)"))
        };
        let Some((number, action)) = code
            .strip_prefix(CLASS)
            .and_then(|rest| rest.strip_prefix(".find("))
            .and_then(|rest| rest.split_once(")."))
        else {
            return unknown();
        };
        let Ok(id) = number.parse::<u64>() else { return unknown() };
        match self.tell_migration(instance, id, action) {
            Some(true) => printed(""),
            Some(false) => unknown(),
            None => failed(1, &format!("ActiveRecord::RecordNotFound: Couldn't find {CLASS} with 'id'={id}")),
        }
    }

    /// Pauses, resumes, retries or ends a migration. `None`: there is none of that number; false: no such action.
    pub(super) fn tell_migration(&mut self, instance: usize, id: u64, action: &str) -> Option<bool> {
        let now = self.now;
        let data = &mut self.instances[instance].data;
        let all = data.databases.iter_mut().flat_map(|database| database.migrations.iter_mut());
        let migration = all.into_iter().find(|one| one.id == id)?;
        match action {
            "retry_failed_jobs!" if migration.status == Status::Failed => {
                // What it stumbled over comes again unless it was mended.
                migration.status = Status::Active;
                migration.done = migration.batches.saturating_sub(migration.failed_jobs.max(1));
                migration.failed_jobs = 0;
                migration.last = now;
            }
            "pause!" | "pause" => migration.status = Status::Paused,
            "execute!" | "resume" => migration.status = Status::Active,
            "finish!" => {
                migration.status = Status::Finished;
                // What its jobs had not moved, or failed to, is lost when the next version drops the old column.
                let left = migration.batches.saturating_sub(migration.done).max(migration.failed_jobs);
                data.missing_uploads += u64::from(left) * 10;
            }
            _ => return Some(false),
        }
        Some(true)
    }
}
