//! The command face: the cluster as hosts that are reached from the bastion.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::clock::Timestamp;
use crate::practice::host::{Call, Files, Hosts, Listed, Log, Order, Place, Shell, Signal, Unit, Url, run};
use crate::practice::{CommandResult, Request, Response};

use super::state::{BINARY, Process, Vault};

impl Vault {
    /// Runs what was typed on the bastion.
    pub(super) fn run_on_bastion(&mut self, words: &[String]) -> CommandResult {
        run(self, &Shell::on(Place::Bastion), words, 0)
    }

    /// `None`: there is no such program at that place.
    pub(super) fn own_program(&mut self, shell: &Shell, name: &str, words: &[String]) -> Option<CommandResult> {
        match (name, shell.place) {
            ("vault", Place::Node(index)) if self.nodes[index].binary().is_none() => None,
            ("vault", _) => Some(self.vault_command(shell, words)),
            (name, Place::Node(index)) => self.on_node(shell, index, name, words),
            (name, Place::Bastion) => self.on_bastion(name, words),
        }
    }
}

impl Vault {
    /// The node that a URL leads to, asked from there: `Some(None)` when nothing listens where it leads.
    pub(super) fn served_by(&self, place: Place, url: &Url) -> Option<Option<String>> {
        let base = url.base();
        let by_name = self.find(&url.host);
        let node = match place {
            _ if url.scheme != "http" => None,
            Place::Node(index) if url.is_local() && url.port == 8200 => Some(index),
            _ => self.addressed(&base).or(by_name.filter(|_| url.port == 8200)),
        };
        match node {
            Some(index) => Some(Some(self.nodes[index].name.clone())),
            None => (url.is_local() || by_name.is_some()).then_some(None),
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

    fn files(&mut self, place: Place) -> Option<&mut Files> {
        match place {
            Place::Bastion => None,
            Place::Node(index) => Some(&mut self.nodes[index].files),
        }
    }

    fn web(&mut self, place: Place, url: &Url, request: Request) -> Option<(Response, Duration)> {
        let served = self.served_by(place, url)?;
        let answer = served.map(|node| self.serve(&Request { node, ..request }));
        Some((answer.unwrap_or(Response::Refused), Duration::ZERO))
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
