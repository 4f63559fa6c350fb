//! The cluster as a [`System`].

use serde_json::{Map, Value};

use crate::clock::Timestamp;
use crate::practice::{CommandResult, FaultError, Harm, Request, Response, System};

use super::faults::FAULTS;
use super::state::{IpfsCluster, Process};

impl System for IpfsCluster {
    fn advance(&mut self, now: Timestamp) {
        self.pass_time(now);
    }

    fn listens(&self, node: &str) -> bool {
        match node.strip_suffix("/ipfs") {
            Some(name) => self.find(name).is_some_and(|index| self.peers[index].daemon.is_up),
            None => self.find(node).is_some_and(|index| matches!(self.peers[index].process, Process::Up { .. })),
        }
    }

    fn wakes_at(&self) -> Option<Timestamp> {
        self.next_process_change()
    }

    fn answer(&mut self, request: &Request, now: Timestamp) -> Response {
        self.pass_time(now);
        let answer = self.serve(request);
        if request.method != "GET" {
            self.note_harm(self.now);
        }
        answer
    }

    fn command(&mut self, argv: &[String], now: Timestamp) -> CommandResult {
        self.pass_time(now);
        let result = self.run_on_bastion(argv);
        self.note_harm(self.now);
        result
    }

    fn harm(&mut self) -> Vec<Harm> {
        self.ledger.take()
    }

    fn nodes(&self) -> Vec<String> {
        self.peers.iter().flat_map(|peer| [peer.name.clone(), format!("{}/ipfs", peer.name)]).collect()
    }

    fn inputs(&self, address: &dyn Fn(&str) -> String) -> Map<String, Value> {
        self.bindings(address)
    }

    fn faults(&self) -> &'static [(&'static str, &'static str)] {
        FAULTS
    }

    fn fault(&mut self, name: &str, arguments: &Map<String, Value>, now: Timestamp) -> Result<(), FaultError> {
        self.pass_time(now);
        let set = self.go_wrong(name, arguments);
        self.note_harm(self.now);
        set
    }
}
