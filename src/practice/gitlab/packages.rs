//! The package: `apt-get`, `apt-cache`, `apt-mark`, `dpkg`; what its scripts do before and after it is unpacked.

use std::time::Duration;

use crate::practice::CommandResult;
use crate::practice::host::{Arguments, Call, Version, failed, printed};

use super::control::refusal;
use super::setup::{MANIFEST, manifest};
use super::state::{Gitlab, Node, Package};
use super::stops::{OFFERED, minor};

const READ: &str = "Reading package lists...\nBuilding dependency tree...\nReading state information...\n";
const BROKEN: &str = "E: Sub-process /usr/bin/dpkg returned an error code (1)";

/// Everything but the database.
const OF_FILES: &[&str] = &[
    "repositories",
    "uploads",
    "builds",
    "artifacts",
    "pages",
    "lfs",
    "terraform_state",
    "registry",
    "packages",
    "ci_secure_files",
];

impl Gitlab {
    /// `None`: it is none of these commands.
    pub(super) fn packaging(&mut self, index: usize, call: &Call<'_>) -> Option<CommandResult> {
        Some(match call.name {
            "apt-get" | "apt" => self.apt(index, call),
            "apt-cache" => self.apt_cache(index, call.words),
            "apt-mark" => self.apt_mark(index, call),
            "dpkg" => self.dpkg(index, call),
            _ => return None,
        })
    }

    /// What can be installed as the lists of that machine have it, newest first.
    fn offers(&self, index: usize) -> Vec<Version> {
        let known = OFFERED.iter().map(|version| (*version).to_owned()).chain(self.offered.iter().cloned());
        let mut all: Vec<Version> =
            known.filter(|version| !self.withdrawn.contains(version)).map(|version| Version::new(&version)).collect();
        if let Some(oldest) = &self.nodes[index].lists_from {
            all.retain(|version| version >= oldest);
        }
        all.sort_by(|one, other| other.cmp(one));
        all
    }

    /// A version as the package names it.
    fn suffixed(&self, version: &Version) -> String {
        format!("{version}-{}.0", self.options.edition)
    }

    fn apt_cache(&self, index: usize, words: &[String]) -> CommandResult {
        let package = self.package();
        let source = format!("https://packages.gitlab.com/gitlab/{package}/debian bookworm/main amd64 Packages");
        let (verb, name) = match words {
            [verb, name] => (verb.as_str(), name.as_str()),
            _ => return failed(100, "E: Invalid operation"),
        };
        if name != package {
            return if verb == "madison" {
                failed(0, &format!("N: Unable to locate package {name}"))
            } else {
                printed("")
            };
        }
        match verb {
            "madison" => {
                let line = |version: &Version| format!(" {package} | {} | {source}\n", self.suffixed(version));
                printed(&self.offers(index).iter().map(line).collect::<String>()).lasting(Duration::from_millis(700))
            }
            "policy" => {
                let installed = self.nodes[index].package.version().map(|version| self.suffixed(version));
                let offers = self.offers(index);
                let newest = offers.first().map(|version| self.suffixed(version)).unwrap_or_default();
                let shown = installed.clone().unwrap_or_else(|| "(none)".into());
                let mut text = format!("{package}:\n  Installed: {shown}\n  Candidate: {newest}\n  Version table:\n");
                for version in offers.iter().map(|version| self.suffixed(version)) {
                    let sign = if Some(&version) == installed.as_ref() { "***" } else { "   " };
                    text.push_str(&format!(" {sign} {version} 500\n        500 {source}\n"));
                }
                printed(&text)
            }
            other => failed(100, &format!("E: Invalid operation {other}")),
        }
    }

    fn apt_mark(&mut self, index: usize, call: &Call<'_>) -> CommandResult {
        let package = self.package();
        let node = &mut self.nodes[index];
        match call.words {
            [verb] if verb == "showhold" => printed(&if node.held { format!("{package}\n") } else { String::new() }),
            [verb, name] if *name == package && matches!(verb.as_str(), "hold" | "unhold") => {
                if !call.shell.is_root() {
                    return failed(100, "E: Could not open file /var/lib/dpkg/status - open (13: Permission denied)");
                }
                node.held = verb == "hold";
                let word = if node.held { "set on hold" } else { "no longer on hold" };
                printed(&format!("{package} {word}.\n"))
            }
            [_, name] => failed(100, &format!("E: Unable to locate package {name}\nE: No packages found")),
            _ => failed(100, "E: No packages found"),
        }
    }

    fn apt(&mut self, index: usize, call: &Call<'_>) -> CommandResult {
        let given = Arguments::parse(call.words, "ot", &["option", "target-release"]);
        let Some((verb, names)) = given.operands.split_first() else {
            return failed(100, "E: Invalid operation");
        };
        if !call.shell.is_root() {
            return failed(
                100,
                "E: Could not open lock file /var/lib/dpkg/lock-frontend - open (13: Permission denied)\n\
                 E: Unable to acquire the dpkg frontend lock (/var/lib/dpkg/lock-frontend), are you root?",
            );
        }
        match (verb.as_str(), names) {
            ("update", []) => {
                let verb = if self.nodes[index].lists_from.take().is_some() { "Get" } else { "Hit" };
                let told =
                    format!("{verb}:1 https://packages.gitlab.com bookworm InRelease\nReading package lists...\n");
                printed(&told).lasting(Duration::from_secs(4))
            }
            ("install", [package]) => self.install(index, package, &given),
            ("install", _) => failed(100, "E: Unable to locate package"),
            ("remove", [name]) if *name == self.package() => self.remove(index, false),
            ("upgrade" | "dist-upgrade", []) => self.install(index, &self.package(), &given),
            (verb, _) => failed(100, &format!("E: Invalid operation {verb}")),
        }
    }

    /// `apt-get install PACKAGE[=VERSION]`: what apt itself looks at before dpkg runs.
    fn install(&mut self, index: usize, package: &str, given: &Arguments) -> CommandResult {
        let (name, wanted) = package.split_once('=').map_or((package, None), |(name, wanted)| (name, Some(wanted)));
        if name != self.package() {
            return failed(100, &format!("E: Unable to locate package {name}"));
        }
        let offers = self.offers(index);
        let wanted = match wanted {
            None => offers.first().cloned(),
            Some(text) => offers.into_iter().find(|version| self.suffixed(version) == text),
        };
        let Some(wanted) = wanted else {
            let asked = package.split_once('=').map_or("", |(_, asked)| asked);
            return failed(100, &format!("E: Version '{asked}' for '{name}' was not found"));
        };
        let shown = self.suffixed(&wanted);
        if given.has(&["s", "simulate", "dry-run", "just-print", "no-act"]) {
            return printed(&format!("Inst {name} ({shown} stable)\nConf {name} ({shown} stable)\n"));
        }
        let (node, now) = (&mut self.nodes[index], self.now);
        let there = node.package.version().cloned();
        if given.has(&["download-only", "d"]) {
            if node.files.free() < 2 << 30 {
                return failed(100, "E: You don't have enough free space in /var/cache/apt/archives/.");
            }
            node.fetched.push(shown.clone());
            let text = format!(
                "{READ}Get:1 https://packages.gitlab.com bookworm/main amd64 {name} {shown} [1,142 MB]\nDownload complete and in download only mode\n"
            );
            return printed(&text).lasting(Duration::from_secs(70));
        }
        if there.as_ref() == Some(&wanted) && matches!(node.package, Package::Installed(_)) {
            return printed(&format!(
                "{READ}{name} is already the newest version ({shown}).\n\
                 0 upgraded, 0 newly installed, 0 to remove and 12 not upgraded.\n"
            ));
        }
        if !given.has(&["y", "yes", "assume-yes"]) {
            let text = format!("{READ}Do you want to continue? [Y/n] Abort.\n");
            return CommandResult { exit: 1, ..printed(&text) };
        }
        if node.held && !given.has(&["allow-change-held-packages"]) {
            let why = "E: Held packages were changed and -y was used without --allow-change-held-packages.";
            return failed(100, why);
        }
        let is_lower = there.as_ref().is_some_and(|there| wanted < *there);
        if is_lower && !given.has(&["allow-downgrades"]) {
            return failed(100, "E: Packages were downgraded and -y was used without --allow-downgrades.");
        }
        let is_fetched = node.fetched.contains(&shown);
        node.log.push(now, 1, format!("apt: {name} {shown}"));
        let mut result = self.unpack(index, &wanted);
        result.stdout.insert_str(0, READ);
        result.takes_ms += if is_fetched { 0 } else { 70_000 };
        result
    }

    /// What dpkg does: the script before, the files, the script after.
    fn unpack(&mut self, index: usize, wanted: &Version) -> CommandResult {
        let (name, shown) = (self.package(), self.suffixed(wanted));
        let Some(old) = self.nodes[index].package.version().cloned() else { return self.first_install(index, wanted) };
        let mut text = String::new();
        if old != *wanted {
            text.push_str(&format!("Preparing to unpack .../{name}_{shown}_amd64.deb ...\n"));
            if let Err(why) = self.before(index, &old, wanted, &mut text) {
                let archive = format!("/var/cache/apt/archives/{name}_{shown}_amd64.deb");
                let stderr = format!(
                    "{why}dpkg: error processing archive {archive} (--unpack):\n new {name} package pre-installation \
                     script subprocess returned error exit status 1\nErrors were encountered while processing:\n \
                     {archive}\n{BROKEN}\n"
                );
                return CommandResult { exit: 100, stderr, ..printed(&text) }.lasting(Duration::from_secs(20));
            }
            text.push_str(&format!("Unpacking {name} ({shown}) over ({}) ...\n", self.suffixed(&old)));
            self.put_files(index, wanted);
        }
        text.push_str(&format!("Setting up {name} ({shown}) ...\n"));
        self.after(index, wanted, text)
    }

    fn put_files(&mut self, index: usize, version: &Version) {
        self.note_install(index, version.as_str());
        let (package, now) = (self.package(), self.now);
        let node = &mut self.nodes[index];
        node.package = Package::Unpacked(version.clone());
        node.files.put(MANIFEST, manifest(&package, version, now));
    }

    /// The script that runs before anything is changed. `Err` is what it says when it refuses.
    fn before(&mut self, index: usize, old: &Version, wanted: &Version, text: &mut String) -> Result<(), String> {
        let told = |why: &str| why.lines().map(|line| format!("gitlab preinstall: {line}\n")).collect::<String>();
        if let Some(why) = refusal(old.as_str(), wanted.as_str()) {
            self.note_skipped(index, old, wanted);
            return Err(told(&why));
        }
        if let Some(why) = self.removed_setting(index, wanted.as_str()) {
            return Err(told(&why));
        }
        let node = &self.nodes[index];
        if node.service("postgresql").is_some() && node.postgresql < 14 && minor(wanted.as_str()) >= (17, 0) {
            return Err(told(&format!(
                "Your version of PostgreSQL ({}) is too old and no longer supported by {wanted}.\nRun the following \
                 command to upgrade it:\n  sudo gitlab-ctl pg-upgrade\nUpgrade failed. Retry the upgrade after upgrading \
                 your PostgreSQL version.\n",
                node.postgresql
            )));
        }
        let is_skipped = self.nodes[index].files.get("/etc/gitlab/skip-auto-backup").is_some();
        if !self.nodes[index].role.has_rails() || is_skipped || wanted < old {
            return Ok(());
        }
        text.push_str(
            "gitlab preinstall: Automatically backing up only the GitLab SQL database (excluding everything else!)\n",
        );
        let done = self.back_up(index, OF_FILES, None);
        text.push_str(&done.stdout);
        match done.exit {
            0 => Ok(()),
            _ => Err(done.stderr
                + "gitlab preinstall: Backup failed! If you want to skip this backup, run the following command and\n\
                   gitlab preinstall: try again:\ngitlab preinstall:   sudo touch /etc/gitlab/skip-auto-backup\n"),
        }
    }

    /// The script that runs when the files are there: services down, reconfigured, services up.
    fn after(&mut self, index: usize, wanted: &Version, mut text: String) -> CommandResult {
        let name = self.package();
        let skips = self.nodes[index].files.get("/etc/gitlab/skip-auto-reconfigure").is_some();
        if skips {
            self.nodes[index].package = Package::Installed(wanted.clone());
            text.push_str("gitlab: Skipping reconfigure because /etc/gitlab/skip-auto-reconfigure exists\n");
            return printed(&text).lasting(Duration::from_secs(60));
        }
        text.push_str("Shutting down all GitLab services except those needed for migrations\n");
        for at in 0..self.nodes[index].services.len() {
            if matches!(self.nodes[index].services[at].name, "puma" | "sidekiq" | "gitlab-workhorse" | "gitlab-kas") {
                self.lower(index, at);
                text.push_str(&format!("ok: down: {}: 0s, normally up\n", self.nodes[index].services[at].name));
            }
        }
        let unpacking = self.about(70, 130);
        let done = self.reconfigure(index);
        let takes = unpacking + done.takes;
        text.push_str(&done.text);
        if !done.is_done {
            let stderr = format!(
                "dpkg: error processing package {name} (--configure):\n installed {name} package post-installation \
                 script subprocess returned error exit status 1\nErrors were encountered while processing:\n {name}\n\
                 {BROKEN}\n"
            );
            return CommandResult { exit: 100, stderr, ..printed(&text) }.lasting(takes);
        }
        // They were down or run the old code: each comes up towards the end.
        let begin = self.now.plus(takes - Duration::from_secs(5));
        for at in 0..self.nodes[index].services.len() {
            let service = &self.nodes[index].services[at];
            match service.name {
                "puma" | "sidekiq" | "gitlab-workhorse" | "gitlab-kas" => self.raise(index, at, wanted, begin),
                _ => {}
            }
        }
        text.push_str(
            "Restarting previously running GitLab services\nUpgrade complete! If your GitLab server is misbehaving try \
             running\n  sudo gitlab-ctl restart\nbefore anything else.\n",
        );
        printed(&text).lasting(takes)
    }

    /// A package that was not there before is only unpacked; it is configured by hand.
    fn first_install(&mut self, index: usize, wanted: &Version) -> CommandResult {
        let (name, shown) = (self.package(), self.suffixed(wanted));
        self.put_files(index, wanted);
        self.nodes[index].package = Package::Installed(wanted.clone());
        printed(&format!(
            "Selecting previously unselected package {name}.\nUnpacking {name} ({shown}) ...\nSetting up {name} ({shown}) \
             ...\nThank you for installing GitLab!\nConfigure your instance by: sudo gitlab-ctl reconfigure\n"
        ))
        .lasting(Duration::from_secs(75))
    }

    fn remove(&mut self, index: usize, is_quiet: bool) -> CommandResult {
        let name = self.package();
        let Some(version) = self.nodes[index].package.version().cloned() else {
            return match is_quiet {
                true => failed(
                    0,
                    &format!(
                        "dpkg: warning: ignoring request to remove {name}, only the config files of which are on the system"
                    ),
                ),
                false => printed(&format!("{READ}Package '{name}' is not installed, so not removed\n")),
            };
        };
        let node = &mut self.nodes[index];
        node.package = Package::Removed;
        node.services.clear();
        node.files.take(MANIFEST);
        printed(&format!("Removing {name} ({}) ...\n", self.suffixed(&version))).lasting(Duration::from_secs(40))
    }

    fn dpkg(&mut self, index: usize, call: &Call<'_>) -> CommandResult {
        let name = self.package();
        let words: Vec<&str> = call.words.iter().map(String::as_str).collect();
        let is_root = call.shell.is_root();
        match words.as_slice() {
            ["-l" | "--list", rest @ ..] if rest.is_empty() || rest == [name.as_str()] => {
                self.listed(&self.nodes[index])
            }
            ["-l" | "--list", other] => failed(1, &format!("dpkg-query: no packages found matching {other}")),
            ["-s" | "--status", other] if *other != name => {
                failed(1, &format!("dpkg-query: package '{other}' is not installed and no information is available"))
            }
            ["-s" | "--status", _] => {
                let (status, version) = match &self.nodes[index].package {
                    Package::Installed(version) => ("install ok installed", self.suffixed(version)),
                    Package::Unpacked(version) => ("install ok half-configured", self.suffixed(version)),
                    Package::Removed => ("deinstall ok config-files", String::new()),
                };
                printed(&format!("Package: {name}\nStatus: {status}\nVersion: {version}\n"))
            }
            _ if !is_root => failed(2, "dpkg: error: requested operation requires superuser privilege"),
            ["-r" | "--remove", other] if *other == name => self.remove(index, true),
            ["-r" | "--remove", other] => {
                failed(0, &format!("dpkg: warning: ignoring request to remove {other} which isn't installed"))
            }
            ["--configure", "-a"] => match self.nodes[index].package.clone() {
                Package::Unpacked(version) => self.unpack(index, &version),
                _ => printed(""),
            },
            _ => failed(2, "dpkg: error: need an action option"),
        }
    }

    fn listed(&self, node: &Node) -> CommandResult {
        let (state, version) = match &node.package {
            Package::Installed(version) => (if node.held { "hi" } else { "ii" }, self.suffixed(version)),
            Package::Unpacked(version) => ("iF", self.suffixed(version)),
            Package::Removed => ("rc", "-".to_owned()),
        };
        printed(&format!(
            "Desired=Unknown/Install/Remove/Purge/Hold\n\
             | Status=Not/Inst/Conf-files/Unpacked/halF-conf/Half-inst/trig-aWait/Trig-pend\n\
             |/ Err?=(none)/Reinst-required (uppercase=bad)\n\
             ||/ Name           Version      Architecture Description\n\
             +++-==============-============-============-=================================\n\
             {state}  {:<14} {version:<12} amd64        GitLab Enterprise Edition (including NGINX, Postgres, Redis)\n",
            self.package()
        ))
    }
}
