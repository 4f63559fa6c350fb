//! The command face: the cluster as hosts that are reached from the bastion.

use std::collections::BTreeMap;

use crate::clock::Timestamp;
use crate::practice::CommandResult;
use crate::practice::host::{Call, Hosts, Listed, Log, Order, Place, Shell, Signal, Unit, run};

use super::state::{BINARY, Process, Vault};

impl Vault {
    /// Runs what was typed on the bastion.
    pub(super) fn run_on_bastion(&mut self, words: &[String]) -> CommandResult {
        run(self, &Shell::on(Place::Bastion), words, 0)
    }

    /// `None`: there is no such program at that place.
    pub(super) fn own_program(&mut self, shell: &Shell, name: &str, words: &[String]) -> Option<CommandResult> {
        match (name, shell.place) {
            ("vault", _) => Some(self.vault_command(shell, words)),
            (name, Place::Node(index)) => self.on_node(shell, index, name, words),
            (name, Place::Bastion) => self.on_bastion(name, words),
        }
    }
}

impl Hosts for Vault {
    fn now(&self) -> Timestamp {
        self.now
    }

    fn host(&self, name: &str) -> Option<usize> {
        self.find(name)
    }

    fn host_name(&self, index: usize) -> String {
        self.nodes[index].name.clone()
    }

    fn environment(&self, place: Place) -> BTreeMap<String, String> {
        match place {
            Place::Bastion => BTreeMap::new(),
            Place::Node(index) => BTreeMap::from([("VAULT_ADDR".to_owned(), self.nodes[index].api.clone())]),
        }
    }

    fn program(&mut self, call: &Call<'_>) -> Option<CommandResult> {
        self.own_program(call.shell, call.name, call.words)
    }

    fn units(&self, index: usize) -> Vec<Unit> {
        vec![self.unit(index)]
    }

    fn order(&mut self, index: usize, _unit: &str, order: Order) -> CommandResult {
        self.obey(index, order)
    }

    fn journal(&self, index: usize, _unit: &str) -> Option<&Log> {
        Some(&self.nodes[index].log)
    }

    fn processes(&self, index: usize) -> Vec<Listed> {
        let node = &self.nodes[index];
        match node.process {
            Process::Down { .. } => Vec::new(),
            Process::Up { .. } | Process::Starting { .. } | Process::Stopping { .. } => vec![Listed {
                pid: node.pid(),
                user: "vault".into(),
                name: "vault".into(),
                command: format!("{BINARY} server -config=/etc/vault.d/vault.hcl"),
                is_frozen: matches!(node.process, Process::Up { frozen: true, .. }),
            }],
        }
    }

    fn signal(&mut self, index: usize, _pid: u32, signal: Signal) {
        let at = self.now;
        self.deliver(index, signal.into(), at);
    }
}
