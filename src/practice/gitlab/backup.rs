//! `gitlab-backup create` and `gitlab-backup restore`.

use std::time::Duration;

use crate::clock::Timestamp;
use crate::practice::CommandResult;
use crate::practice::host::{Call, Entry, failed, printed};

use super::rake::skipped;
use super::setup::ARCHIVES;
use super::state::{Gitlab, REAL};

/// How an archive of a backup ends.
pub(super) const SUFFIX: &str = "_gitlab_backup.tar";

/// Room that a backup needs while it is made: gathered first, packed then.
const ROOM: u64 = 9 << 30;

/// Parts in the order in which they are dumped: name, what it is called, what of it lies in the archive.
const PARTS: [(&str, &str, &[&str]); 11] = [
    ("db", "database", &["db/database.sql.gz", "db/ci_database.sql.gz"]),
    (
        "repositories",
        "repositories",
        &["repositories/default/@hashed/6b/86.bundle", "repositories/manifests/default.toml"],
    ),
    ("uploads", "uploads", &["uploads.tar.gz"]),
    ("builds", "builds", &["builds.tar.gz"]),
    ("artifacts", "artifacts", &["artifacts.tar.gz"]),
    ("pages", "pages", &["pages.tar.gz"]),
    ("lfs", "lfs objects", &["lfs.tar.gz"]),
    ("terraform_state", "terraform states", &["terraform_state.tar.gz"]),
    ("registry", "container registry images", &["registry.tar.gz"]),
    ("packages", "packages", &["packages.tar.gz"]),
    ("ci_secure_files", "ci secure files", &["ci_secure_files.tar.gz"]),
];

/// `1795228870_2026_11_21`: seconds and day.
pub(super) fn stamp(at: Timestamp) -> String {
    let day = at.to_string().get(..10).unwrap_or_default().replace('-', "_");
    format!("{}_{day}", at.as_millis() / 1_000)
}

/// `2026-11-21 02:41:10 UTC -- TEXT`, as the backup logs.
fn line(at: Timestamp, text: &str) -> String {
    let time = at.to_string();
    let (day, rest) = time.split_once('T').unwrap_or((&time, ""));
    format!("{day} {} UTC -- {text}\n", rest.get(..8).unwrap_or(rest))
}

/// What was gathered for a backup.
#[derive(Default)]
struct Dumped {
    members: Vec<(String, Entry)>,
    text: String,
    errors: String,
}

/// A file of a backup.
fn kept(content: String, at: Timestamp) -> Entry {
    Entry { mode: 0o600, ..Entry::file(content, "git", at) }
}

impl Gitlab {
    /// `gitlab-backup create|restore`.
    pub(super) fn back_up_or_restore(&mut self, index: usize, call: &Call<'_>) -> CommandResult {
        if let Some(refused) = self.boots(index, call) {
            return refused;
        }
        let boot = u64::try_from(self.about(20, 40).as_millis()).unwrap_or(0);
        let mut result = match call.words.first().map(String::as_str) {
            Some("create") => {
                let named = call.words.iter().find_map(|word| word.strip_prefix("BACKUP="));
                self.back_up(index, &skipped(call.words), named)
            }
            Some("restore") => self.restore(index, call),
            _ => return failed(1, "usage: gitlab-backup create|restore [OPTION=VALUE...]"),
        };
        result.takes_ms += boot;
        result
    }

    /// Makes a backup; what is in `skips` is left out.
    pub(super) fn back_up(&mut self, index: usize, skips: &[&str], named: Option<&str>) -> CommandResult {
        let (now, instance) = (self.now, self.nodes[index].instance);
        let Some(version) = self.nodes[index].package.version().cloned() else { return failed(1, "") };
        let full = self.full(&version);
        let id = named.map_or_else(|| format!("{}_{full}", stamp(now)), str::to_owned);
        let number = self.fate.draw();
        let dumped = self.dump(index, skips, number);
        let information = format!(
            "---\n:backup_id: {id}\n:backup_created_at: {now}\n:gitlab_version: {full}\n:installation_type: omnibus-gitlab\n\
             :skipped: {}\n",
            skips.join(",")
        );
        let mut members = vec![("backup_information.yml".to_owned(), kept(information, now))];
        members.extend(dumped.members);
        let mut taken = self.instances[instance].data.clone();
        taken.moment = now;
        self.dumps.insert(number, taken);
        let (mut text, mut errors) = (dumped.text, dumped.errors);
        let archive = format!("{id}{SUFFIX}");
        text.push_str(&line(now, &format!("Creating backup archive: {archive} ... ")));
        let failures = errors.lines().count();
        let entry = Entry { mode: 0o600, ..Entry::archive(members, "git", now) };
        if let Err(why) = self.nodes[index].files.write(&format!("{ARCHIVES}/{archive}"), entry, "root") {
            errors.push_str(&line(now, &format!("Creating archive {archive} failed: {why}")));
            errors.push_str("rake aborted!\nBackup::Error: Backup failed\n");
            return CommandResult { exit: 1, stderr: errors, ..printed(&text) }.lasting(Duration::from_secs(60));
        }
        if failures == 0 && instance == REAL && !skips.contains(&"repositories") {
            self.whole_backups.push(version.to_string());
        }
        for told in [
            &format!("Creating backup archive: {archive} ... done"),
            "Deleting tar staging files ... done",
            "Deleting old backups ... [SKIPPED]",
            "Deleting backups/tmp ... done",
            "Warning: Your gitlab.rb and gitlab-secrets.json files contain sensitive data \nand are not included in this \
             backup. You will need these files to restore a backup.\nPlease back them up manually.",
            &format!("Backup {id} is done."),
        ] {
            text.push_str(&line(now, told));
        }
        let takes = if skips.contains(&"repositories") { self.about(20, 40) } else { self.about(150, 300) };
        CommandResult { exit: i32::from(failures > 0), stderr: errors, ..printed(&text) }.lasting(takes)
    }

    /// Dumps part after part. One that cannot be dumped is told of, and the others go on.
    fn dump(&self, index: usize, skips: &[&str], number: u64) -> Dumped {
        let now = self.now;
        let is_full = self.nodes[index].files.free() < ROOM && !skips.contains(&"repositories");
        let has_gitaly = self.serves(self.nodes[index].instance, "gitaly");
        // Rails takes its time to come up before it asks.
        let asked_at = now.plus(Duration::from_secs(20));
        let has_database = self.will_serve(self.nodes[index].instance, "postgresql", asked_at);
        let mut dumped = Dumped::default();
        for (name, called, paths) in PARTS {
            if skips.contains(&name) {
                dumped.text.push_str(&line(now, &format!("Dumping {called} ... [SKIPPED]")));
                continue;
            }
            let why = match name {
                "repositories" if !has_gitaly => Some("14:connections to all backends failing"),
                "db" if !has_database => Some("connection to server failed: Connection refused"),
                "db" | "builds" | "pages" => None,
                _ if is_full => Some("No space left on device @ rb_sysopen"),
                _ => None,
            };
            dumped.text.push_str(&line(now, &format!("Dumping {called} ... ")));
            if let Some(why) = why {
                dumped.errors.push_str(&line(now, &format!("Dumping {called} failed: {why}")));
                continue;
            }
            dumped.text.push_str(&line(now, &format!("Dumping {called} ... done")));
            for path in paths {
                for folder in path.match_indices('/').map(|(at, _)| path[..at].to_owned()) {
                    if !dumped.members.iter().any(|(known, _)| *known == folder) {
                        dumped.members.push((folder, Entry::folder("git", now)));
                    }
                }
                dumped.members.push(((*path).to_owned(), kept(format!("practice dump {number} {path}\n"), now)));
            }
        }
        dumped
    }

    /// Restores a backup onto the instance of that machine.
    pub(super) fn restore(&mut self, index: usize, call: &Call<'_>) -> CommandResult {
        let now = self.now;
        let names = self.nodes[index].files.names(ARCHIVES);
        let archives: Vec<&str> = names.iter().filter_map(|name| name.strip_suffix(SUFFIX)).collect();
        let named = call.words.iter().find_map(|word| word.strip_prefix("BACKUP="));
        let named = named.or_else(|| call.shell.variable("BACKUP"));
        let id = match (named, archives.as_slice()) {
            (_, []) => {
                let why = format!("No backups found in {ARCHIVES}");
                let hint = format!("Please make sure that file name ends with {SUFFIX}");
                return failed(1, &(line(now, &why) + &line(now, &hint)));
            }
            (Some(id), _) => id.to_owned(),
            (None, [only]) => (*only).to_owned(),
            (None, many) => {
                let listed: String = many.iter().map(|id| line(now, &format!(" {id}"))).collect();
                let text = line(now, "Found more than one backup:")
                    + &listed
                    + &line(now, "Please specify which one you want to restore:");
                return CommandResult { exit: 1, ..printed(&text) };
            }
        };
        let path = format!("{ARCHIVES}/{id}{SUFFIX}");
        let archive = match self.nodes[index].files.read(&path, "git") {
            Ok(entry) => entry.clone(),
            Err(why) if why.starts_with("No such") => {
                return failed(1, &line(now, &format!("The backup file {id}{SUFFIX} does not exist!")));
            }
            Err(why) => {
                return failed(
                    1,
                    &format!("tar: {path}: Cannot open: {why}\n{}", line(now, "Unpacking backup failed")),
                );
            }
        };
        let member = |name: &str| archive.members.iter().find(|(path, _)| path == name).map(|(_, entry)| entry.text());
        let Some(information) = member("backup_information.yml") else {
            return failed(1, &line(now, "Unpacking backup failed"));
        };
        let mut text = line(now, "Unpacking backup ... ") + &line(now, "Unpacking backup ... done");
        let theirs = information.lines().find_map(|line| line.strip_prefix(":gitlab_version: ")).unwrap_or_default();
        if let Some(mismatch) = self.mismatch(index, theirs) {
            return CommandResult { exit: 1, stderr: line(now, &mismatch), ..printed(&text) }
                .lasting(Duration::from_secs(30));
        }
        if call.shell.variable("GITLAB_ASSUME_YES") != Some("1") && !call.words.iter().any(|word| word == "force=yes") {
            text.push_str("Be sure to stop Puma, Sidekiq, and any other process that\nconnects to the database before \
                           proceeding. For Omnibus\ninstalls, see the documentation.\n\nBefore restoring the database, we \
                           will remove all existing\ntables to avoid future upgrade problems. Be aware that if you\nhave \
                           custom tables in the GitLab database these tables and all\ndata will be removed.\n\n\
                           Do you want to continue (yes/no)? ");
            return CommandResult { exit: 1, stderr: line(now, "Quitting..."), ..printed(&text) };
        }
        let dump = member("db/database.sql.gz").unwrap_or_default();
        let number = dump.split(' ').nth(2).and_then(|number| number.parse::<u64>().ok());
        text.push_str(&self.put_back(index, number, &information));
        printed(&text).lasting(self.random.millis(180_000, 330_000))
    }

    /// What is said when the version that is there is not that of the backup.
    fn mismatch(&self, index: usize, theirs: &str) -> Option<String> {
        let ours = self.nodes[index].package.version().map(|version| self.full(version)).unwrap_or_default();
        (ours != theirs).then(|| {
            format!(
                "GitLab version mismatch:\n  Your current GitLab version ({ours}) differs from the GitLab version in the \
                 backup!\n  Please switch to the following version and try again:\n  version: {theirs}\n\n\
                 Hint: git checkout v{theirs}"
            )
        })
    }

    /// Replaces the data of the instance by that of a dump.
    fn put_back(&mut self, index: usize, number: Option<u64>, information: &str) -> String {
        let (now, instance) = (self.now, self.nodes[index].instance);
        let skipped = information.lines().find_map(|line| line.strip_prefix(":skipped: ")).unwrap_or_default();
        // What runs on writes beneath the restore.
        let is_running = ["puma", "sidekiq"].iter().any(|service| {
            self.nodes
                .iter()
                .any(|node| node.instance == instance && node.service(service).is_some_and(|service| service.runs(now)))
        });
        let mut text = String::new();
        for (name, called, _) in PARTS.iter().filter(|(name, ..)| !skipped.split(',').any(|part| part == *name)) {
            text.push_str(&line(now, &format!("Restoring {called} ... ")));
            if *name == "db" {
                if let Some(data) = number.and_then(|number| self.dumps.get(&number)).cloned() {
                    self.instances[instance].data = data;
                    self.note_put_back(instance);
                    self.instances[instance].data.is_mixed |= is_running;
                }
                let next = self.instances[instance].data.databases.iter().flat_map(|one| &one.migrations).map(|m| m.id);
                self.instances[instance].next_migration = next.max().unwrap_or(40) + 1;
            }
            text.push_str(&line(now, &format!("Restoring {called} ... done")));
        }
        if skipped.split(',').any(|part| part == "uploads") {
            self.instances[instance].data.missing_uploads = 1_042;
        }
        text.push_str(&line(
            now,
            "Warning: Your gitlab.rb and gitlab-secrets.json files contain sensitive data \nand are not included in this \
             backup. You will need to restore these files manually.",
        ));
        text + &line(now, "Restore task is done.")
    }
}
