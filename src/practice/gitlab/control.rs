//! `gitlab-ctl`.

use std::time::Duration;

use crate::practice::CommandResult;
use crate::practice::host::{Call, Entry, failed, printed};

use super::backup::stamp;
use super::setup::SETTINGS;
use super::state::{Gitlab, Service};
use super::stops::{left_out, minor};

/// Where saved configurations go.
const CONFIG_BACKUP: &str = "/etc/gitlab/config_backup";

/// A setting that 17.0 took away, as a fault leaves it in gitlab.rb.
pub(super) const REMOVED_SETTING: &str = "sidekiq['min_concurrency']";

impl Gitlab {
    /// `gitlab-ctl VERB …`.
    pub(super) fn control(&mut self, index: usize, call: &Call<'_>) -> CommandResult {
        let Some((verb, rest)) = call.words.split_first() else { return help(1) };
        let is_root = call.shell.is_root();
        match verb.as_str() {
            "status" if !is_root => self.status_denied(index),
            "help" | "--help" | "-h" => help(0),
            _ if !is_root => failed(1, "This command must be executed as root user"),
            "status" => self.service_status(index, rest),
            "start" | "stop" | "restart" | "hup" | "kill" | "term" | "int" => self.service_order(index, verb, rest),
            "reconfigure" => self.reconfigure_command(index),
            "tail" => self.tail(index, rest),
            "deploy-page" => self.deploy_page(index, rest),
            "backup-etc" => self.backup_etc(index, rest),
            "check-config" => self.check_config(index, rest),
            "upgrade-check" => upgrade_check(rest),
            "get-redis-master" => failed(1, "This command is only available on nodes of a Redis Sentinel set-up"),
            "pg-upgrade" => self.pg_upgrade(index),
            "service-list" => {
                let names = self.nodes[index].services.iter().map(|service| format!("{}*\n", service.name));
                printed(&names.collect::<String>())
            }
            "show-config" => printed(&self.nodes[index].files.get(SETTINGS).map(Entry::text).unwrap_or_default()),
            other => {
                CommandResult { exit: 1, ..printed(&format!("I don't know that command.\n{USAGE}(asked: {other})\n")) }
            }
        }
    }

    fn status_denied(&self, index: usize) -> CommandResult {
        let line =
            |service: &Service| format!("warning: {}: unable to open supervise/ok: access denied\n", service.name);
        let text: String = self.nodes[index].services.iter().map(line).collect();
        CommandResult { exit: 1, ..printed(&text) }
    }

    fn service_status(&self, index: usize, names: &[String]) -> CommandResult {
        let node = &self.nodes[index];
        if let Some(name) = names.first().filter(|name| node.service(name).is_none()) {
            return CommandResult { exit: 1, ..printed(&missing(name)) };
        }
        let asked = node.services.iter().filter(|service| names.is_empty() || names.iter().any(|n| n == service.name));
        let (mut text, mut down) = (String::new(), 0);
        for service in asked {
            down += i32::from(!service.runs(self.now));
            text.push_str(&self.state_of(service));
            let booted = self.now.since(service.since.min(service.left)).as_secs() + 90;
            text.push_str(&format!("; run: log: (pid {}) {booted}s\n", service.log_pid));
        }
        CommandResult { exit: down, ..printed(&text) }.lasting(Duration::from_millis(450))
    }

    fn state_of(&self, service: &Service) -> String {
        match service.runs(self.now) {
            true => {
                format!("run: {}: (pid {}) {}s", service.name, service.pid, self.now.since(service.since).as_secs())
            }
            false => {
                let wanted = if service.up { ", want up" } else { "" };
                format!("down: {}: {}s, normally up{wanted}", service.name, self.now.since(service.left).as_secs())
            }
        }
    }

    fn service_order(&mut self, index: usize, verb: &str, names: &[String]) -> CommandResult {
        let node = &self.nodes[index];
        if let Some(name) = names.first().filter(|name| node.service(name).is_none()) {
            return CommandResult { exit: 1, ..printed(&missing(name)) };
        }
        let Some(code) = node.package.version().cloned() else { return failed(1, "") };
        let mut text = String::new();
        let mut takes = Duration::from_millis(300);
        for at in 0..self.nodes[index].services.len() {
            let service = &self.nodes[index].services[at];
            let (name, up) = (service.name, service.up);
            if !names.is_empty() && !names.iter().any(|asked| asked == name) {
                continue;
            }
            let now = self.now;
            match verb {
                "stop" => {
                    self.lower(index, at);
                    text.push_str(&format!("ok: down: {name}: 0s, normally up\n"));
                }
                "start" if up => {
                    let service = &self.nodes[index].services[at];
                    let seconds = now.since(service.since).as_secs();
                    text.push_str(&format!("ok: run: {name}: (pid {}) {seconds}s\n", service.pid));
                    continue;
                }
                "hup" if name != "puma" && name != "sidekiq" => continue,
                _ => {
                    self.raise(index, at, &code, now);
                    text.push_str(&format!("ok: run: {name}: (pid {}) 0s\n", self.nodes[index].services[at].pid));
                }
            }
            takes += self.random.millis(300, 1_800);
        }
        printed(&text).lasting(takes)
    }

    fn reconfigure_command(&mut self, index: usize) -> CommandResult {
        let done = self.reconfigure(index);
        let exit = i32::from(!done.is_done);
        CommandResult { exit, ..printed(&done.text) }.lasting(done.takes)
    }

    fn tail(&self, index: usize, names: &[String]) -> CommandResult {
        let node = &self.nodes[index];
        if let Some(name) = names.first().filter(|name| node.service(name).is_none()) {
            return failed(1, &format!("tail: cannot open '/var/log/gitlab/{name}/*' for reading: No such file"));
        }
        let text = node.log.told(None, 40, Default::default());
        let wanted = |line: &&str| names.is_empty() || names.iter().any(|name| line.contains(name.as_str()));
        let lines: String = text.lines().filter(wanted).map(|line| format!("{line}\n")).collect();
        // It follows until it is stopped.
        printed(&lines).lasting(Duration::from_hours(24))
    }

    fn deploy_page(&mut self, index: usize, words: &[String]) -> CommandResult {
        let node = &mut self.nodes[index];
        if !node.role.has_rails() {
            return failed(1, "The deploy page is served by application nodes alone");
        }
        match words.first().map(String::as_str) {
            Some("up") => node.deploy_page = true,
            Some("down") => node.deploy_page = false,
            Some("status") => {
                return printed(if node.deploy_page { "Deploy page is up\n" } else { "Deploy page is down\n" });
            }
            _ => return failed(1, "Usage: gitlab-ctl deploy-page up|down|status"),
        }
        printed("")
    }

    fn backup_etc(&mut self, index: usize, words: &[String]) -> CommandResult {
        let folder = match words {
            [option, path] if matches!(option.as_str(), "-p" | "--backup-path") => path.as_str(),
            [option] => option.strip_prefix("--backup-path=").unwrap_or(CONFIG_BACKUP),
            _ => CONFIG_BACKUP,
        };
        let now = self.now;
        let files = &mut self.nodes[index].files;
        let mut text = String::new();
        if files.get(folder).is_none() {
            text.push_str(&format!("Could not find '{folder}' directory. Creating.\n"));
            files.put(folder, Entry { mode: 0o700, ..Entry::folder("root", now) });
        }
        let name = format!("gitlab_config_{}.tar", stamp(now));
        text.push_str(&format!("Running configuration backup\nCreating configuration backup archive: {name}\n"));
        let tree = files.tree("/etc/gitlab");
        let kept = tree.into_iter().filter(|(path, _)| path.split('/').next() != Some("config_backup"));
        let members: Vec<(String, Entry)> = kept
            .map(|(path, entry)| (format!("/etc/gitlab{}{path}", if path.is_empty() { "" } else { "/" }), entry))
            .collect();
        for (path, entry) in &members {
            text.push_str(&format!("{path}{}\n", if entry.is_folder() { "/" } else { "" }));
        }
        let path = format!("{folder}/{name}");
        let archive = Entry { mode: 0o600, ..Entry::archive(members, "root", now) };
        if let Err(why) = files.write(&path, archive, "root") {
            return CommandResult { exit: 1, stderr: format!("tar: {path}: Cannot write: {why}\n"), ..printed(&text) };
        }
        text.push_str(&format!(
            "Configuration backup archive complete: {path}\nKeeping all older configuration backups\n"
        ));
        printed(&text).lasting(Duration::from_secs(2))
    }

    fn check_config(&mut self, index: usize, words: &[String]) -> CommandResult {
        let version = words.iter().find_map(|word| word.strip_prefix("--version=")).or(match words {
            [option, version] if matches!(option.as_str(), "-v" | "--version") => Some(version.as_str()),
            _ => None,
        });
        let Some(version) = version else { return failed(1, "Expected argument: --version VERSION") };
        match self.removed_setting(index, version) {
            Some(text) => CommandResult { exit: 1, ..printed(&text) },
            None => printed(""),
        }
        .lasting(Duration::from_secs(9))
    }

    /// What is said of a setting in gitlab.rb that this version no longer takes.
    pub(super) fn removed_setting(&self, index: usize, version: &str) -> Option<String> {
        let text = self.nodes[index].files.get(SETTINGS)?.text();
        let is_there = text.lines().any(|line| line.trim_start().starts_with(REMOVED_SETTING));
        (is_there && minor(version) >= (17, 0)).then(|| {
            format!(
                "The following configurations in /etc/gitlab/gitlab.rb are deprecated and removed in {version}.\n\
                 Removed configurations found in gitlab.rb. Aborting reconfigure.\n\
                 * {REMOVED_SETTING} has been deprecated since 16.9 and was removed in 17.0. Use \
                 sidekiq['concurrency'] instead.\n"
            )
        })
    }

    fn pg_upgrade(&mut self, index: usize) -> CommandResult {
        let at = self.nodes[index].services.iter().position(|service| service.name == "postgresql");
        let Some(at) = at else {
            return failed(
                1,
                "Checking for an omnibus managed postgresql: NOT OK\n\
                 No currently installed PostgreSQL in the omnibus instance found.",
            );
        };
        let head = "Checking for an omnibus managed postgresql: OK\nChecking if postgresql['version'] is set: OK\n\
                    Checking if we already upgraded: ";
        let old = std::mem::replace(&mut self.nodes[index].postgresql, 16);
        if old == 16 {
            return printed(&format!("{head}OK\nThe latest version 16.8 is already running, nothing to do\n"));
        }
        let takes = self.about(120, 300);
        let code = self.nodes[index].services[at].code.clone();
        self.raise(index, at, &code, self.now.plus(takes));
        printed(&format!(
            "{head}NOT OK\nUpgrading the data ({old} to 16)\nDatabase upgrade is complete, running \
                          vacuumdb analyze\n==== Upgrade has completed ====\nPlease verify everything is working\n"
        ))
        .lasting(takes)
    }
}

/// `gitlab-ctl upgrade-check OLD NEW`.
fn upgrade_check(words: &[String]) -> CommandResult {
    match words {
        [old, new] => match refusal(old, new) {
            Some(text) => CommandResult { exit: 1, ..printed(&text) },
            None => printed(""),
        },
        _ => failed(1, "Usage: gitlab-ctl upgrade-check OLD_VERSION NEW_VERSION"),
    }
}

/// What is said when a required stop lies between two versions.
pub(super) fn refusal(old: &str, new: &str) -> Option<String> {
    left_out(old, new).map(|stop| {
        format!(
            "It seems you are upgrading from {old} to {new}.\n\
             It is required to upgrade to the latest {stop}.x version first before proceeding.\n\
             Please follow the upgrade documentation at https://docs.gitlab.com/update/#upgrade-paths\n"
        )
    })
}

fn missing(name: &str) -> String {
    format!("fail: {name}: unable to change to service directory: file does not exist\n")
}

const USAGE: &str = "omnibus-ctl: command (subcommand)\nbackup-etc\n  Backup GitLab configuration [options]\n\
                     check-config\n  Check if there are any configuration in gitlab.rb that is removed in specified \
                     version\ndeploy-page\n  Put up the deploy page\npg-upgrade\n  Upgrade the PostgreSQL DB to the \
                     latest supported version\nreconfigure\n  Reconfigure the application.\nrestart\n  Stop the services \
                     if they are running, then start them again.\nstart\n  Start services if they are down, and restart \
                     them if they stop.\nstatus\n  Show the status of all the services.\nstop\n  Stop the services, and \
                     do not restart them.\ntail\n  Watch the service logs of all enabled services.\nupgrade-check\n  \
                     Check if the upgrade is acceptable\n";

fn help(exit: i32) -> CommandResult {
    CommandResult { exit, ..printed(USAGE) }
}
