//! The harm that is done to an instance, as its own state tells it.

use crate::practice::host::Version;

use super::setup::SECRETS;
use super::state::{Gitlab, Package, REAL, TEST};
use super::stops::left_out;

/// No application node of the real instance serves a user.
const SIGN_IN: &str = "sign-in";
/// Its databases stand between two versions.
const HALF_WAY: &str = "half-way";
/// No Sidekiq works: jobs pile up, and no migration moves.
const IDLE: &str = "jobs-idle";
/// Values in a database cannot be read.
const UNREADABLE: &str = "unreadable";
/// Two states were mixed in a database.
const MIXED: &str = "mixed";
/// What a database knows is not there.
const MISSING: &str = "data-missing";
/// The data of the instance was replaced by older data.
const LOST: &str = "data-lost";
/// A version was installed without a whole backup of the one before.
const NO_BACKUP: &str = "no-backup";
/// A version was installed without saved settings and secrets.
const NO_SECRETS: &str = "no-secrets";
/// A package was to be installed over a stop that was left out, and refused.
const SKIPPED: &str = "stop-skipped";
/// A machine's services are not all up.
const DOWN: &str = "service-down";

impl Gitlab {
    /// Notes what harm began or ended. Called after everything that changes something.
    pub(super) fn note_harm(&mut self) {
        let at = self.now;
        let told = |is_harm: bool, told: &str| is_harm.then(|| told.to_owned());
        let is_served = (0..self.nodes.len()).any(|index| self.nodes[index].instance == REAL && self.lets_in(index));
        self.harms.stands(SIGN_IN, "", told(!is_served, "nobody can sign in: no node serves"), at);
        let half_way = "the databases stand between two versions: neither can use them";
        self.harms.stands(HALF_WAY, "", told(self.is_half_way(REAL), half_way), at);
        let idle = "no Sidekiq works: jobs pile up, and no migration moves";
        self.harms.stands(IDLE, "", told(!self.serves(REAL, "sidekiq"), idle), at);
        for index in 0..self.nodes.len() {
            let node = &self.nodes[index];
            let down: Vec<&str> =
                node.services.iter().filter(|service| !service.up).map(|service| service.name).collect();
            let why = match (node.instance, &node.package) {
                (REAL, Package::Removed) => Some(format!("{} has no package", node.name)),
                (REAL, _) if !down.is_empty() => Some(format!("{} has services down: {}", node.name, down.join(", "))),
                _ => None,
            };
            let name = node.name.clone();
            self.harms.stands(DOWN, &name, why, at);
        }
        self.note_data();
    }

    /// What is wrong with the data of the real instance, and with what was restored of it.
    fn note_data(&mut self) {
        let at = self.now;
        for instance in [REAL, TEST] {
            let data = &self.instances[instance].data;
            // The one for tests has data of its own until something is restored there.
            let is_meant = instance == REAL || data.key == self.instances[REAL].data.key;
            let about = if instance == REAL { "" } else { "gitlab-test" };
            let keys = self.nodes.iter().filter(|node| node.instance == instance && node.role.has_rails());
            let is_other = is_meant && keys.into_iter().any(|node| node.key != data.key);
            let unreadable = (is_meant && (is_other || data.unreadable > 0)).then(|| match is_other {
                true => "every encrypted value is unreadable: it was written with other secrets".to_owned(),
                false => format!("encrypted values that cannot be read: {}", data.unreadable),
            });
            let mixed = (is_meant && data.is_mixed).then(|| "two states of the data are mixed".to_owned());
            let missing = (is_meant && data.missing_uploads > 0)
                .then(|| format!("rows or files that the database knows are gone: {}", data.missing_uploads));
            self.harms.stands(UNREADABLE, about, unreadable, at);
            self.harms.stands(MIXED, about, mixed, at);
            self.harms.stands(MISSING, about, missing, at);
        }
    }

    /// Whether a user can sign in at that node.
    fn lets_in(&self, index: usize) -> bool {
        let (node, now) = (&self.nodes[index], self.now);
        let has = |name: &str| node.answers(name, now);
        let fits = || node.service("puma").is_some_and(|puma| self.misfit(node.instance, &puma.code).is_none());
        !node.deploy_page
            && has("nginx")
            && has("gitlab-workhorse")
            && has("puma")
            && fits()
            && self.serves(node.instance, "postgresql")
    }

    /// The files of another version are about to be unpacked on that machine.
    pub(super) fn note_install(&mut self, index: usize, wanted: &str) {
        let is_first = !self.nodes.iter().any(|node| {
            node.instance == REAL && node.package.version().is_some_and(|version| version.as_str() == wanted)
        });
        let Some(old) = self.nodes[index].package.version().map(ToString::to_string) else { return };
        if self.nodes[index].instance != REAL || !is_first {
            return;
        }
        let (now, name) = (self.now, self.nodes[index].name.clone());
        if !self.whole_backups.contains(&old) {
            let told = format!("{wanted} was installed on {name} without a whole backup of {old}");
            self.harms.done(NO_BACKUP, "", told, now);
        }
        let is_saved = self.console(REAL).is_some_and(|console| {
            let files = &self.nodes[console].files;
            let archives = files.tree("/etc/gitlab/config_backup");
            archives.iter().any(|(_, entry)| entry.members.iter().any(|(path, _)| path == SECRETS))
        });
        if !is_saved {
            let told = format!("{wanted} was installed on {name}, and settings and secrets are saved nowhere");
            self.harms.done(NO_SECRETS, "", told, now);
        }
    }

    /// The package refuses to be installed, since a stop lies between; nothing has changed.
    pub(super) fn note_skipped(&mut self, index: usize, old: &Version, wanted: &Version) {
        let node = &self.nodes[index];
        if let Some(stop) = left_out(old.as_str(), wanted.as_str()).filter(|_| node.instance == REAL) {
            let name = node.name.clone();
            let told = format!("{wanted} refused to be installed over {old} on {name}: {stop} was left out");
            self.harms.done(SKIPPED, &name, told, self.now);
        }
    }

    /// The data of an instance was replaced by that of a backup.
    pub(super) fn note_put_back(&mut self, instance: usize) {
        if instance == REAL {
            let minutes = self.now.since(self.instances[REAL].data.moment).as_secs() / 60;
            let told = format!("what was written in the {minutes} minutes since the backup is lost");
            self.harms.done(LOST, "", told, self.now);
        }
    }
}
