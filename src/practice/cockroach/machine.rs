//! The command face: the cluster as hosts that are reached from the bastion.

use std::time::Duration;

use crate::clock::Timestamp;
use crate::practice::CommandResult;
use crate::practice::host::{
    Call, Entry, Files, Hosts, Listed, Log, Order, Place, Shell, Signal, Unit, Version, failed, run,
};

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
        self.find(name)
    }

    fn host_name(&self, index: usize) -> String {
        self.hosts[index].name.clone()
    }

    fn program(&mut self, call: &Call<'_>) -> Option<CommandResult> {
        match call.name {
            "curl" => self.curl(call),
            _ => self.program_file(call),
        }
    }

    fn files(&mut self, place: Place) -> Option<&mut Files> {
        Some(match place {
            Place::Bastion => &mut self.bastion,
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
        vec![self.unit(index)]
    }

    fn order(&mut self, index: usize, _unit: &str, order: Order) -> CommandResult {
        self.obey(index, order)
    }

    fn reload_units(&mut self, index: usize) {
        self.load_unit(index);
    }

    fn journal(&self, index: usize, _unit: &str) -> Option<&Log> {
        Some(&self.hosts[index].log)
    }

    fn processes(&self, index: usize) -> Vec<Listed> {
        let node = &self.hosts[index];
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
        self.deliver(index, signal, at);
    }
}
