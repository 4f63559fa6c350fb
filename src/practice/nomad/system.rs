//! The region as a [`System`].

use std::time::Duration;

use serde_json::{Map, Value, json};

use crate::clock::Timestamp;
use crate::practice::{CommandResult, FaultError, Harm, Request, Response, System};

use super::faults::FAULTS;
use super::state::{Nomad, REGION};

impl System for Nomad {
    fn advance(&mut self, now: Timestamp) {
        self.pass_time(now);
    }

    fn listens(&self, node: &str) -> bool {
        self.find(node).is_some_and(|host| self.is_listening(host))
    }

    fn wakes_at(&self) -> Option<Timestamp> {
        self.next_process_change()
    }

    fn place(&mut self, node: &str, address: &str) {
        if let Some(host) = self.find(node) {
            address.clone_into(&mut self.agents[host].api);
        }
    }

    fn holds(&self, request: &Request) -> Duration {
        self.holds_back(request)
    }

    fn answer(&mut self, request: &Request, now: Timestamp) -> Response {
        self.pass_time(now);
        let response = self.serve(request);
        if request.method != "GET" {
            self.note_harm();
        }
        response
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
        self.agents.iter().map(|agent| agent.name.clone()).collect()
    }

    fn inputs(&self, address: &dyn Fn(&str) -> String) -> Map<String, Value> {
        let named = |host: usize| {
            let name = &self.agents[host].name;
            json!({ "name": name, "api": address(name), "ssh": name })
        };
        let there = self.options.servers;
        let nodes: Vec<Value> = (0..self.clients.len())
            .map(|client| {
                let mut node = named(self.host_of(client));
                node["id"] = json!(self.clients[client].id);
                node
            })
            .collect();
        let servers: Vec<Value> = (0..there).map(named).collect();
        let new: Vec<Value> = (there..self.servers.len()).map(named).collect();
        let leader = "{{ first(.health.server[] | select(.state == \"leader\")) | .node.ssh }}";
        let mut inputs = Map::new();
        let mut put = |name: &str, value: Value| inputs.insert(name.to_owned(), value);
        put("api", json!(servers.first().map(|server| server["api"].clone()).unwrap_or_default()));
        put("old", json!(servers));
        put("new", json!(new));
        put("servers", json!(servers));
        put("nodes", json!(nodes));
        put("region", json!(REGION));
        put("from", json!(self.options.old));
        put("target", json!(self.options.target));
        put("backup", json!(format!("/home/operator/nomad-before-{}.snap", self.options.target)));
        put(
            "keyring",
            json!([
                "ssh",
                leader,
                "sudo",
                "tar",
                "--create",
                "--gzip",
                "--file=/var/tmp/nomad-keystore-before.tgz",
                "--directory=/opt/nomad/data/server",
                "keystore",
            ]),
        );
        inputs
    }

    fn faults(&self) -> &'static [(&'static str, &'static str)] {
        FAULTS
    }

    fn fault(&mut self, name: &str, arguments: &Map<String, Value>, now: Timestamp) -> Result<(), FaultError> {
        self.pass_time(now);
        let set = self.set_fault(name, arguments);
        self.note_harm();
        set
    }
}
