//! What can be made to go wrong.

use std::time::Duration;

use serde_json::{Map, Value};

use crate::practice::FaultError;
use crate::practice::host::{Entry, Signal, Version};

use super::processes::CLOCK_LIMIT;
use super::state::{BINARY, Cockroach, Identity, Process, Trouble, usual_command};
use super::upgrade::PRESERVE;

/// The faults and their arguments. `node` is the name of a host.
pub(super) const FAULTS: &[(&str, &str)] = &[
    ("down", "a host's server is gone and stays so until somebody starts it: node"),
    ("killed", "a host's server is killed, and systemd starts it again after ten seconds: node"),
    ("frozen", "a host's server takes connections and answers none: node"),
    ("slow-catch-up", "a host's replicas need longer to catch up after its next start: node, seconds"),
    ("slow-drain", "a host's server needs longer to drain: node, seconds"),
    ("wrong-store", "a host's unit starts its server with another, empty store: node"),
    ("no-join", "a host's unit starts its server with nobody to join: node"),
    ("single", "a host's unit founds a cluster of its own in an empty store: node"),
    ("other-flags", "a host's unit has lost a flag: node"),
    ("straggler", "a host runs the target version already: node"),
    ("slow-download", "the vendor's archive takes long to fetch: seconds"),
    ("cut-download", "the vendor's archive arrives cut off, until it is mended"),
    ("no-old-binary", "whatever was kept of the old binary on a host is gone: node"),
    ("balancer", "the balancer asks plain /health, which says nothing of draining"),
    ("released", "somebody resets what keeps the upgrade from being finalized"),
    ("underreplicated", "some ranges lack a replica that no node can take, until it is mended: ranges"),
    ("disk-full", "a host's server ends, its disk is full: node"),
    ("little-room", "a host's disk has room for so many more replicas only: node, ranges"),
    ("staging-cleaned", "what lies in /var/tmp of a host is removed: node"),
    ("clock", "a host's server ends, its clock is off: node, milliseconds"),
    ("mended", "a host is as others again, with the usual flags; without a node, what concerns all: [node]"),
];

/// An error about an argument.
type Wrong<'a> = dyn Fn(String) -> FaultError + 'a;

impl Cockroach {
    pub(super) fn set_fault(&mut self, name: &str, arguments: &Map<String, Value>) -> Result<(), FaultError> {
        let wrong = |problem: String| FaultError::Argument { fault: name.to_owned(), problem };
        let number = |argument: &str| {
            let given = arguments.get(argument).and_then(Value::as_u64);
            given.ok_or_else(|| wrong(format!("{argument} is missing or no whole number")))
        };
        if !FAULTS.iter().any(|(known, _)| *known == name) {
            return Err(FaultError::Unknown(name.to_owned()));
        }
        match name {
            "slow-download" => self.download.0 = Duration::from_secs(number("seconds")?),
            "cut-download" => self.download.1 = false,
            "balancer" => self.balance_by(false),
            "underreplicated" => self.unplaceable = number("ranges")?,
            "released" => {
                self.settings.remove(PRESERVE);
                self.upgrade.due = self.upgrade.due.min(self.now.plus(Duration::from_secs(3)));
            }
            "mended" if !arguments.contains_key("node") => {
                self.download = (Duration::from_secs(9), true);
                self.unplaceable = 0;
                self.balance_by(true);
            }
            _ => {
                let host = self.host_of(arguments, &wrong)?;
                self.fault_of_host(name, host, &number)?;
            }
        }
        Ok(())
    }

    fn host_of(&self, arguments: &Map<String, Value>, wrong: &Wrong<'_>) -> Result<usize, FaultError> {
        let named = arguments.get("node").and_then(Value::as_str).ok_or_else(|| wrong("node is missing".into()))?;
        self.find(named).ok_or_else(|| wrong(format!("there is no node {named:?}")))
    }

    fn fault_of_host(
        &mut self,
        name: &str,
        host: usize,
        number: &dyn Fn(&str) -> Result<u64, FaultError>,
    ) -> Result<(), FaultError> {
        let now = self.now;
        match name {
            "down" => self.crash(host, false),
            "killed" => self.crash(host, true),
            "frozen" => drop(self.deliver(host, Signal::Freeze, now)),
            "slow-catch-up" => self.hosts[host].trouble.catch_up = Duration::from_secs(number("seconds")?),
            "slow-drain" => self.hosts[host].trouble.drain = Duration::from_secs(number("seconds")?),
            "wrong-store" => self.reflag(host, |word| match word.starts_with("--store=") {
                true => Some("--store=/var/lib/cockroach-data".into()),
                false => Some(word),
            }),
            "no-join" => self.reflag(host, |word| Some(word).filter(|word| !word.starts_with("--join="))),
            "single" => self.reflag(host, |word| match word.as_str() {
                "start" => Some("start-single-node".into()),
                _ if word.starts_with("--store=") => Some("--store=/var/lib/cockroach-data".into()),
                _ => Some(word).filter(|word| !word.starts_with("--join=")),
            }),
            "other-flags" => self.reflag(host, |word| Some(word).filter(|word| !word.starts_with("--cache="))),
            "straggler" => self.straggle(host),
            "no-old-binary" => {
                let path = format!("{BINARY}_v{}", self.options.old);
                self.hosts[host].files.take(&path);
            }
            "disk-full" => {
                self.hosts[host].trouble.disk_full = true;
                self.hosts[host].note(now, "ERROR: store: no space left on device");
                self.crash(host, true);
            }
            "little-room" => self.narrow(host, number("ranges")?),
            "staging-cleaned" => self.clean_staging(host, now),
            "clock" => {
                self.hosts[host].trouble.clock_off = Duration::from_millis(number("milliseconds")?);
                if self.hosts[host].trouble.clock_off >= CLOCK_LIMIT {
                    self.hosts[host].note(now, "clock synchronization error: this node is more than 500ms away from at least half of the known nodes");
                    self.crash(host, true);
                }
            }
            _ => {
                self.hosts[host].trouble = Trouble::default();
                self.set_command(host, usual_command(&self.options, host));
                self.deliver(host, Signal::Thaw, now);
            }
        }
        Ok(())
    }

    fn crash(&mut self, host: usize, again: bool) {
        let now = self.now;
        if !matches!(self.hosts[host].process, Process::Down { .. }) {
            self.end(host, true, again, now);
        }
    }

    /// Changes the flags that the unit starts its server with, from its next start on.
    fn reflag(&mut self, host: usize, change: impl Fn(String) -> Option<String>) {
        let command = usual_command(&self.options, host);
        let command: Vec<String> = command.into_iter().filter_map(change).collect();
        self.set_command(host, command);
    }

    fn set_command(&mut self, host: usize, command: Vec<String>) {
        let now = self.now;
        super::units::write_unit(&mut self.hosts[host].files, &command, now);
        self.hosts[host].command = command;
    }

    /// A host that somebody upgraded before.
    fn straggle(&mut self, host: usize) {
        let (target, now) = (self.options.target.clone(), self.now);
        self.hosts[host].files.put(BINARY, Entry::program("cockroach", &target, "root", now));
        if let Process::Up { run, .. } | Process::Starting { run, .. } = &mut self.hosts[host].process {
            run.build = Version::new(&target);
            if let Identity::Member(member) = run.identity {
                self.write_row(member, now);
            }
        }
    }
}
