//! The command face: the cluster as hosts that are reached from the bastion.

use std::time::Duration;

use crate::clock::Timestamp;
use crate::practice::CommandResult;
use crate::practice::host::{
    Call, Entry, Files, Hosts, Listed, Log, Order, Place, Shell, Signal, Unit, Version, failed, run,
};

use super::balancer::BALANCER;
use super::state::{Cockroach, Process};

/// Where a program is looked for that was typed without a path.
const PATHS: [&str; 3] = ["/usr/local/sbin", "/usr/local/bin", "/usr/bin"];

impl Cockroach {
    /// Runs what was typed on the bastion.
    pub(super) fn run_on_bastion(&mut self, words: &[String]) -> CommandResult {
        run(self, &Shell::on(Place::Bastion), words, 0)
    }

    /// A file that was named as a program; `None`: there is none, and something else may be meant.
    fn program_file(&mut self, call: &Call<'_>) -> Option<CommandResult> {
        let files = self.files_at(call.shell.place);
        let entry = match call.typed.contains('/') {
            true => files.get(call.typed)?,
            false => PATHS.iter().find_map(|folder| files.get(&format!("{folder}/{}", call.name)))?,
        };
        if entry.is_folder() {
            return Some(failed(126, &format!("bash: {}: Is a directory", call.typed)));
        }
        if entry.mode & 0o111 == 0 {
            return Some(failed(126, &format!("bash: {}: Permission denied", call.typed)));
        }
        match entry.as_program() {
            Some((name, version)) if name == "cockroach" => Some(self.cockroach(call, &Version::new(&version))),
            _ => Some(failed(126, &format!("bash: {}: cannot execute binary file: Exec format error", call.typed))),
        }
    }
}

impl Hosts for Cockroach {
    fn now(&self) -> Timestamp {
        self.now
    }

    fn host(&self, name: &str) -> Option<usize> {
        self.find(name).or_else(|| (name == BALANCER).then_some(self.hosts.len()))
    }

    fn host_name(&self, index: usize) -> String {
        self.hosts.get(index).map_or_else(|| BALANCER.to_owned(), |host| host.name.clone())
    }

    fn program(&mut self, call: &Call<'_>) -> Option<CommandResult> {
        match call.name {
            "curl" => self.curl(call),
            // Whatever was copied there: it is no node.
            _ if matches!(call.shell.place, Place::Node(index) if self.is_balancer(index)) => self.on_balancer(call),
            _ => self.program_file(call),
        }
    }

    fn files(&mut self, place: Place) -> Option<&mut Files> {
        Some(match place {
            Place::Bastion => &mut self.bastion,
            Place::Node(index) if self.is_balancer(index) => &mut self.balancer.files,
            Place::Node(index) => &mut self.hosts[index].files,
        })
    }

    fn download(&mut self, _place: Place, url: &str) -> Result<Entry, (i32, String)> {
        self.vendor(url)
    }

    fn download_time(&self, _place: Place, url: &str) -> Duration {
        match url.ends_with(".tgz") {
            true => self.download.0,
            false => Duration::from_millis(300),
        }
    }

    fn units(&self, index: usize) -> Vec<Unit> {
        vec![if self.is_balancer(index) { self.balancer_unit() } else { self.unit(index) }]
    }

    fn order(&mut self, index: usize, _unit: &str, order: Order) -> CommandResult {
        if self.is_balancer(index) { self.obey_balancer(order) } else { self.obey(index, order) }
    }

    fn reload_units(&mut self, index: usize) {
        if !self.is_balancer(index) {
            self.load_unit(index);
        }
    }

    fn journal(&self, index: usize, _unit: &str) -> Option<&Log> {
        Some(self.hosts.get(index).map_or(&self.balancer.log, |host| &host.log))
    }

    fn processes(&self, index: usize) -> Vec<Listed> {
        let Some(node) = self.hosts.get(index) else {
            let unit = Some(self.balancer_unit()).filter(|unit| unit.has_process);
            let listed = |unit: Unit| Listed {
                pid: unit.pid,
                user: "haproxy".into(),
                name: unit.program,
                command: unit.command,
                is_frozen: false,
            };
            return unit.map(listed).into_iter().collect();
        };
        let listed = node.run().map(|run| Listed {
            pid: run.pid,
            user: run.user.clone(),
            name: "cockroach".into(),
            command: run.command.join(" "),
            is_frozen: matches!(node.process, Process::Up { frozen: true, .. }),
        });
        listed.into_iter().collect()
    }

    fn signal(&mut self, index: usize, _pid: u32, signal: Signal) {
        let at = self.now;
        if !self.is_balancer(index) {
            self.deliver(index, signal, at);
        }
    }
}
