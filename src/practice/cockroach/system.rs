//! The cluster as a [`System`].

use serde_json::{Map, Value};

use crate::clock::Timestamp;
use crate::practice::{CommandResult, FaultError, Harm, Request, Response, System};

use super::state::{Cockroach, Process};

impl System for Cockroach {
    fn advance(&mut self, now: Timestamp) {
        self.pass_time(now);
    }

    fn listens(&self, node: &str) -> bool {
        self.find(node).is_some_and(|host| matches!(self.hosts[host].process, Process::Up { .. }))
    }

    fn wakes_at(&self) -> Option<Timestamp> {
        self.next_process_change()
    }

    fn place(&mut self, node: &str, address: &str) {
        if let Some(host) = self.find(node) {
            address.clone_into(&mut self.hosts[host].http);
        }
    }

    fn answer(&mut self, request: &Request, now: Timestamp) -> Response {
        self.pass_time(now);
        // The port speaks in the clear, whether or not the cluster is a secure one.
        self.serve(request, false)
    }

    fn command(&mut self, argv: &[String], now: Timestamp) -> CommandResult {
        self.pass_time(now);
        let result = self.run_on_bastion(argv);
        self.has_changed();
        self.watch_servers(self.now);
        self.note_harm(self.now);
        result
    }

    fn nodes(&self) -> Vec<String> {
        self.hosts.iter().map(|host| host.name.clone()).collect()
    }

    fn inputs(&self, address: &dyn Fn(&str) -> String) -> Map<String, Value> {
        self.bindings(address)
    }

    fn harm(&mut self) -> Vec<Harm> {
        self.ledger.take()
    }

    fn faults(&self) -> &'static [(&'static str, &'static str)] {
        super::faults::FAULTS
    }

    fn fault(&mut self, name: &str, arguments: &Map<String, Value>, now: Timestamp) -> Result<(), FaultError> {
        self.pass_time(now);
        let set = self.set_fault(name, arguments);
        self.has_changed();
        self.note_harm(self.now);
        set
    }
}
