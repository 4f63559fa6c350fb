//! `gitlab:check` and `gitlab:env:info`: whatever they find, their status is 0.

use std::time::Duration;

use crate::practice::CommandResult;
use crate::practice::host::printed;

use super::state::Gitlab;

/// What follows every finding.
const AGAIN: &str = "  Please fix the error above and rerun the checks.\n";

impl Gitlab {
    /// `gitlab:check`.
    pub(super) fn check(&self, index: usize) -> CommandResult {
        let instance = self.nodes[index].instance;
        let mut text = String::from("Checking GitLab subtasks ...\n\n");
        text.push_str(&section("GitLab Shell", &self.shell_part(instance)));
        text.push_str(&section("Gitaly", &self.gitaly_part(instance)));
        text.push_str(&section("Sidekiq", &self.sidekiq_part(index)));
        text.push_str(&section(
            "Incoming Email",
            "Incoming Email: ... Reply by email is disabled in config/gitlab.yml\n",
        ));
        text.push_str(&section("LDAP", "LDAP: ... LDAP is disabled in config/gitlab.yml\n"));
        text.push_str(&section("GitLab App", &self.app_part(instance)));
        text.push_str("\nChecking GitLab subtasks ... Finished\n");
        printed(&text).lasting(Duration::from_secs(12))
    }

    fn shell_part(&self, instance: usize) -> String {
        let head = "GitLab Shell: ... GitLab Shell version >= 14.39.0 ? ... OK (14.39.0)\n\
                    Running /opt/gitlab/embedded/service/gitlab-shell/bin/gitlab-shell-check\n";
        match self.serves(instance, "puma") {
            true => format!(
                "{head}Internal API available: OK\nRedis available via internal API: OK\ngitlab-shell self-check successful\n"
            ),
            false => format!(
                "{head}Internal API available: FAILED - Internal API unreachable\ngitlab-shell self-check failed\n  Try \
                 fixing it:\n  Make sure GitLab is running;\n  Check the gitlab-shell configuration file:\n  sudo -u git \
                 -H editor /opt/gitlab/embedded/service/gitlab-shell/config.yml\n{AGAIN}"
            ),
        }
    }

    fn gitaly_part(&self, instance: usize) -> String {
        match self.serves(instance, "gitaly") {
            true => "Gitaly: ... default ... OK\n".into(),
            false => "Gitaly: ... default ... FAIL: 14:connections to all backends failing\n".into(),
        }
    }

    fn sidekiq_part(&self, index: usize) -> String {
        match self.nodes[index].service("sidekiq").is_some_and(|service| service.runs(self.now)) {
            true => "Sidekiq: ... Running? ... yes\nNumber of Sidekiq processes (cluster/worker) ... 1/1\n".into(),
            false => format!(
                "Sidekiq: ... Running? ... no\n  Try fixing it:\n  sudo -u git -H RAILS_ENV=production \
                 bin/background_jobs start\n  For more information see:\n  doc/install/installation.md in section \
                 \"Install Init Script\"\n  see log/sidekiq.log for possible errors\n{AGAIN}"
            ),
        }
    }

    fn app_part(&self, instance: usize) -> String {
        let migrations = match self.is_half_way(instance) {
            false => "All migrations up? ... yes\n".to_owned(),
            true => format!(
                "All migrations up? ... no\n  Try fixing it:\n  sudo -u git -H bundle exec rake db:migrate \
                 RAILS_ENV=production\n{AGAIN}"
            ),
        };
        let namespaces = match self.instances[instance].data.is_mixed {
            false => "1/1 ... yes\n1/2 ... yes\n2/3 ... yes\n".to_owned(),
            true => format!("1/1 ... yes\n1/2 ... no\n  Try fixing it:\n  Migrate global projects\n{AGAIN}"),
        };
        format!(
            "Database config exists? ... yes\nTables are truncated? ... skipped\n{migrations}\
             Database contains orphaned GroupMembers? ... no\nGitLab config exists? ... yes\n\
             GitLab config up to date? ... yes\nCable config exists? ... yes\nResque config exists? ... yes\n\
             Log directory writable? ... yes\nTmp directory writable? ... yes\nUploads directory exists? ... yes\n\
             Uploads directory has correct permissions? ... yes\nUploads directory tmp has correct permissions? ... yes\n\
             Systemd unit files or init script exist? ... skipped (omnibus-gitlab has neither init script nor systemd units)\n\
             Systemd unit files or init script up-to-date? ... skipped (omnibus-gitlab has neither init script nor systemd units)\n\
             Projects have namespace: ...\n{namespaces}Redis version >= 6.2.14? ... yes\nRuby version >= 3.0.6 ? ... yes (3.2.5)\n\
             Git user has default SSH configuration? ... yes\nActive users: ... 27\n\
             Is authorized keys file accessible? ... yes\nGitLab configured to store new projects in hashed storage? ... yes\n\
             All projects are in hashed storage? ... yes\n\
             Elasticsearch version 7.x-8.x or OpenSearch version 1.x ... skipped (Advanced Search is disabled)\n"
        )
    }

    /// `gitlab:env:info`.
    pub(super) fn describe(&self, index: usize) -> CommandResult {
        let node = &self.nodes[index];
        let Some(version) = node.package.version() else { return printed("") };
        let host = format!("{}.example.net", node.name);
        let revision: String = version.commit().chars().take(11).collect();
        printed(&format!(
            "\nSystem information\nSystem:\t\tDebian 12\nProxy:\t\tno\nCurrent User:\tgit\nUsing RVM:\tno\n\
             Ruby Version:\t3.2.5\nGem Version:\t3.6.2\nBundler Version:2.6.2\nRake Version:\t13.0.6\n\
             Redis Version:\t7.0.15\nSidekiq Version:7.2.4\nGo Version:\tunknown\n\nGitLab information\n\
             Version:\t{}\nRevision:\t{revision}\nDirectory:\t/opt/gitlab/embedded/service/gitlab-rails\n\
             DB Adapter:\tPostgreSQL\nDB Version:\t16.8\nURL:\t\thttps://{host}\n\
             HTTP Clone URL:\thttps://{host}/some-group/some-project.git\n\
             SSH Clone URL:\tgit@{host}:some-group/some-project.git\nElasticsearch:\tno\nGeo:\t\tno\nUsing LDAP:\tno\n\
             Using Omniauth:\tyes\nOmniauth Providers:\n\nGitLab Shell\nVersion:\t14.39.0\nRepository storages:\n\
             - default: \tunix:/var/opt/gitlab/gitaly/gitaly.socket\n\
             GitLab Shell path:\t\t/opt/gitlab/embedded/service/gitlab-shell\n\nGitaly\n\
             - default Address: \tunix:/var/opt/gitlab/gitaly/gitaly.socket\n- default Version: \t{version}\n\
             - default Git Version: \t2.47.1.gl1\n",
            self.full(version)
        ))
    }
}

fn section(name: &str, body: &str) -> String {
    format!("Checking {name} ...\n\n{body}\nChecking {name} ... Finished\n\n")
}
