//! The cluster as a [`System`].

use serde_json::{Map, Value};

use crate::clock::Timestamp;
use crate::practice::{CommandResult, FaultError, Harm, Request, Response, System};

use super::state::{Process, Vault};
use super::trouble::FAULTS;

impl System for Vault {
    fn advance(&mut self, now: Timestamp) {
        self.pass_time(now);
    }

    fn listens(&self, node: &str) -> bool {
        self.find(node).is_some_and(|index| matches!(self.nodes[index].process, Process::Up { .. }))
    }

    fn wakes_at(&self) -> Option<Timestamp> {
        self.next_process_change()
    }

    fn place(&mut self, node: &str, address: &str) {
        if let Some(index) = self.find(node) {
            self.nodes[index].api = address.to_owned();
        }
    }

    fn answer(&mut self, request: &Request, now: Timestamp) -> Response {
        self.pass_time(now);
        let response = self.serve(request);
        self.note_harm(self.now);
        match response {
            Response::Answer { status, content_type, headers, .. } if request.method == "HEAD" => {
                Response::Answer { status, content_type, headers, body: Vec::new() }
            }
            response => response,
        }
    }

    fn command(&mut self, argv: &[String], now: Timestamp) -> CommandResult {
        self.pass_time(now);
        let result = self.run_on_bastion(argv);
        self.look_at_binaries();
        self.note_harm(self.now);
        result
    }

    fn harm(&mut self) -> Vec<Harm> {
        self.trouble.harms.take()
    }

    fn faults(&self) -> &'static [(&'static str, &'static str)] {
        FAULTS
    }

    fn fault(&mut self, name: &str, arguments: &Map<String, Value>, now: Timestamp) -> Result<(), FaultError> {
        self.pass_time(now);
        self.set_fault(name, arguments, self.now)
    }

    fn nodes(&self) -> Vec<String> {
        self.nodes.iter().map(|node| node.name.clone()).collect()
    }

    fn inputs(&self, address: &dyn Fn(&str) -> String) -> Map<String, Value> {
        self.bindings(address)
    }
}
