//! `apt-get install`: the two packages of Nomad.

use std::time::Duration;

use crate::practice::CommandResult;
use crate::practice::host::{Arguments, Call, Entry, Version, failed, printed};

use super::state::{BINARY, Nomad};

/// What apt-get prints first.
const HEAD: &str = "Reading package lists...\nBuilding dependency tree...\nReading state information...\n";

/// The package that holds a version.
fn package_of(version: &Version) -> &'static str {
    if version.as_str().contains("+ent") { "nomad-enterprise" } else { "nomad" }
}

impl Nomad {
    pub(super) fn apt(&mut self, call: &Call<'_>, host: usize) -> CommandResult {
        let given = Arguments::parse(call.words, "ot", &["option"]);
        let packages = match given.operands.split_first() {
            Some((verb, packages)) if verb == "install" => packages,
            Some((verb, _)) if verb == "update" && call.shell.is_root() => {
                return printed("Reading package lists...\n");
            }
            Some((verb, _)) if verb == "update" => return locked(),
            _ => {
                return failed(
                    100,
                    "E: Invalid operation (this cluster knows apt-get update and apt-get install alone)",
                );
            }
        };
        if !call.shell.is_root() {
            return locked();
        }
        let [package] = packages else { return failed(100, "E: Unable to locate package") };
        let (name, wanted) = package.split_once('=').map_or((package.as_str(), None), |(name, it)| (name, Some(it)));
        let offered = [&self.options.old, &self.options.target].map(|text| Version::new(text));
        let of_package: Vec<&Version> = offered.iter().filter(|version| package_of(version) == name).collect();
        let Some(newest) = of_package.iter().max() else {
            return failed(100, &format!("E: Unable to locate package {name}"));
        };
        let wanted = wanted.unwrap_or(newest.as_str());
        let wanted = wanted.strip_suffix("-1").unwrap_or(wanted);
        let Some(version) = of_package.iter().find(|version| version.as_str() == wanted) else {
            return failed(100, &format!("E: Version '{wanted}-1' for '{name}' was not found"));
        };
        let (version, installed) = ((*version).clone(), self.agents[host].installed());
        if installed.as_ref() == Some(&version) {
            let text = format!(
                "{HEAD}{name} is already the newest version ({version}-1).\n\
                 0 upgraded, 0 newly installed, 0 to remove and 9 not upgraded.\n"
            );
            return printed(&text).lasting(Duration::from_millis(900));
        }
        if given.has(&["s", "simulate", "dry-run", "just-print", "no-act"]) {
            let text = format!("{HEAD}Inst {name} ({version}-1 stable)\nConf {name} ({version}-1 stable)\n");
            return printed(&text).lasting(Duration::from_millis(900));
        }
        if !given.has(&["y", "yes", "assume-yes"]) {
            return CommandResult { exit: 1, ..printed(&format!("{HEAD}Do you want to continue? [Y/n] Abort.\n")) };
        }
        let same = installed.as_ref().filter(|known| package_of(known) == name);
        if same.is_some_and(|known| version < *known) && !given.has(&["allow-downgrades"]) {
            return failed(100, "E: Packages were downgraded and -y was used without --allow-downgrades.");
        }
        self.unpack(host, &version, installed.as_ref())
    }

    fn unpack(&mut self, host: usize, version: &Version, installed: Option<&Version>) -> CommandResult {
        let name = package_of(version);
        let mut wait = self.random.millis(3_000, 6_000);
        let mut text = HEAD.to_owned();
        match installed {
            None => text.push_str("0 upgraded, 1 newly installed, 0 to remove and 9 not upgraded.\n"),
            Some(known) if package_of(known) == name && version < known => {
                text.push_str("0 upgraded, 0 newly installed, 1 downgraded, 0 to remove and 9 not upgraded.\n");
            }
            Some(known) if package_of(known) == name => {
                text.push_str("1 upgraded, 0 newly installed, 0 to remove and 9 not upgraded.\n");
            }
            Some(known) => {
                // The other edition's package takes its service away with it.
                let other = package_of(known);
                text.push_str(&format!(
                    "The following packages will be REMOVED:\n  {other}\n0 upgraded, 1 newly installed, 1 to remove and 9 \
                     not upgraded.\nRemoving {other} ({known}-1) ...\n"
                ));
                wait += self.stop_unit(host);
                self.agents[host].is_enabled = false;
            }
        }
        let over = installed.map(|known| format!(" over ({known}-1)")).unwrap_or_default();
        text.push_str(&format!(
            "Preparing to unpack .../{name}_{version}-1_amd64.deb ...\nUnpacking {name} ({version}-1){over} ...\n\
             Setting up {name} ({version}-1) ...\n"
        ));
        let program = Entry::program("nomad", version.as_str(), "root", self.now);
        self.agents[host].files.put(BINARY, program);
        printed(&text).lasting(wait)
    }
}

fn locked() -> CommandResult {
    failed(
        100,
        "E: Could not open lock file /var/lib/dpkg/lock-frontend - open (13: Permission denied)\n\
         E: Unable to acquire the dpkg frontend lock (/var/lib/dpkg/lock-frontend), are you root?",
    )
}
