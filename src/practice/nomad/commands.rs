//! The command face: the region as hosts that are reached from the bastion.

use std::time::Duration;

use crate::clock::Timestamp;
use crate::practice::host::{
    Call, Files, Hosts, Listed, Log, Order, Place, Shell, Signal, Unit, Url, Version, failed, run, sed,
};
use crate::practice::{CommandResult, Request, Response};

use super::state::{BINARY, Nomad};

impl Nomad {
    /// Runs what was typed on the bastion.
    pub(super) fn run_on_bastion(&mut self, words: &[String]) -> CommandResult {
        run(self, &Shell::on(Place::Bastion), words, 0)
    }
}

impl Hosts for Nomad {
    fn now(&self) -> Timestamp {
        self.now
    }

    fn host(&self, name: &str) -> Option<usize> {
        (0..self.agents.len()).find(|host| self.agents[*host].name == name || self.agents[*host].ip == name)
    }

    fn host_name(&self, index: usize) -> String {
        self.agents[index].name.clone()
    }

    fn program(&mut self, call: &Call<'_>) -> Option<CommandResult> {
        if let Some(version) = self.as_nomad(call) {
            return Some(match version {
                Ok(version) => self.client(call, version),
                Err(result) => result,
            });
        }
        match (call.name, call.shell.place) {
            ("apt-get" | "apt", Place::Node(host)) => Some(self.apt(call, host)),
            ("ufw", Place::Node(host)) => Some(self.firewall(call, host)),
            ("sed", Place::Node(host)) => Some(sed(&mut self.agents[host].files, call)),
            _ => None,
        }
    }

    fn files(&mut self, place: Place) -> Option<&mut Files> {
        match place {
            Place::Bastion => Some(&mut self.bastion),
            Place::Node(host) => Some(&mut self.agents[host].files),
        }
    }

    fn web(&mut self, place: Place, url: &Url, request: Request) -> Option<(Response, Duration)> {
        let is_known = url.is_local() || self.host(&url.host).is_some();
        if url.scheme == "https" {
            return is_known.then_some((Response::Refused, Duration::ZERO));
        }
        let Some(host) = self.addressed(&url.base(), place) else {
            return is_known.then_some((Response::Refused, Duration::ZERO));
        };
        let request = Request { node: self.agents[host].name.clone(), ..request };
        let wait = self.holds_back(&request);
        Some((self.serve(&request), wait))
    }

    fn units(&self, index: usize) -> Vec<Unit> {
        self.unit(index).into_iter().collect()
    }

    fn order(&mut self, index: usize, _unit: &str, order: Order) -> CommandResult {
        self.obey(index, order)
    }

    fn journal(&self, index: usize, _unit: &str) -> Option<&Log> {
        Some(&self.agents[index].log)
    }

    fn processes(&self, index: usize) -> Vec<Listed> {
        self.listed(index)
    }

    fn signal(&mut self, index: usize, _pid: u32, signal: Signal) {
        self.deliver(index, signal, false);
    }
}

impl Nomad {
    /// The version of the binary that is called, when it is Nomad that is called; `Err`: it cannot be run.
    fn as_nomad(&mut self, call: &Call<'_>) -> Option<Result<Version, CommandResult>> {
        let path = if call.typed.contains('/') { call.typed } else { BINARY };
        if !call.typed.contains('/') && call.name != "nomad" {
            return None;
        }
        let entry = self.files(call.shell.place)?.see(path, &call.shell.user).ok()?;
        match entry.as_program() {
            Some((name, version)) if name == "nomad" => Some(Ok(Version::new(&version))),
            Some(_) => None,
            None if call.typed.contains('/') && !is_common(path) => {
                Some(Err(failed(126, &format!("bash: {}: Permission denied", call.typed))))
            }
            None => None,
        }
    }
}

/// Whether a path is that of a common program, which this model does not keep as a file.
fn is_common(path: &str) -> bool {
    path.starts_with("/bin/")
        || path.starts_with("/usr/bin/")
        || path.starts_with("/usr/sbin/")
        || path.starts_with("/sbin/")
}
