//! The instance as a [`System`].

use serde_json::{Map, Value};

use crate::clock::Timestamp;
use crate::practice::{CommandResult, FaultError, Harm, Request, Response, System};

use super::state::Gitlab;

impl System for Gitlab {
    fn advance(&mut self, now: Timestamp) {
        self.pass_time(now);
    }

    fn listens(&self, node: &str) -> bool {
        let door = self.find(node).and_then(|index| self.nodes[index].service("nginx"));
        door.is_some_and(|nginx| nginx.runs(self.now))
    }

    fn wakes_at(&self) -> Option<Timestamp> {
        self.next_listening()
    }

    fn place(&mut self, node: &str, address: &str) {
        if let Some(index) = self.find(node) {
            self.nodes[index].url = address.to_owned();
        }
    }

    fn answer(&mut self, request: &Request, now: Timestamp) -> Response {
        self.pass_time(now);
        let response = self.serve(request);
        if request.method != "GET" {
            self.note_harm();
        }
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
        self.look_after_disks();
        self.note_harm();
        result
    }

    fn harm(&mut self) -> Vec<Harm> {
        self.harms.take()
    }

    fn nodes(&self) -> Vec<String> {
        self.nodes.iter().filter(|node| node.role.has_rails()).map(|node| node.name.clone()).collect()
    }

    fn inputs(&self, address: &dyn Fn(&str) -> String) -> Map<String, Value> {
        self.bindings(address)
    }

    fn faults(&self) -> &'static [(&'static str, &'static str)] {
        super::faults::FAULTS
    }

    fn fault(&mut self, name: &str, arguments: &Map<String, Value>, now: Timestamp) -> Result<(), FaultError> {
        self.pass_time(now);
        let set = self.go_wrong(name, arguments);
        self.note_harm();
        set
    }
}
