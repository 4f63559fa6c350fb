//! Answers about clients.

use std::time::Duration;

use serde_json::{Value, json};

use crate::practice::{Request, Response};

use super::answers::{json, text};
use super::bodies::second;
use super::state::{CENTRE, Ghost, NodeStatus, Nomad};

impl Nomad {
    pub(super) fn nodes_body(&self, prefix: &str) -> Value {
        let is_meant = |client: &usize| self.is_known(*client) && self.clients[*client].id.starts_with(prefix);
        let clients = (0..self.clients.len()).filter(is_meant).map(|client| self.node_body(client));
        let ghosts = self.ghosts.iter().filter(|ghost| ghost.id.starts_with(prefix));
        Value::Array(clients.chain(ghosts.map(|ghost| self.ghost_body(ghost))).collect())
    }

    /// Whether the servers know a client.
    fn is_known(&self, client: usize) -> bool {
        self.clients[client].status != NodeStatus::Initializing
    }

    /// A client under its former id.
    fn ghost_body(&self, ghost: &Ghost) -> Value {
        let mut body = self.node_body(ghost.client);
        body["ID"] = json!(ghost.id);
        body["Version"] = json!(ghost.version);
        body["Status"] = json!(NodeStatus::Down.word());
        body["SchedulingEligibility"] = json!(eligibility(false));
        (body["Drain"], body["LastDrain"]) = (json!(false), Value::Null);
        body
    }

    fn node_body(&self, client: usize) -> Value {
        let (known, agent) = (&self.clients[client], &self.agents[self.host_of(client)]);
        json!({
            "ID": known.id, "Name": agent.name, "Address": agent.ip, "Datacenter": CENTRE, "NodePool": "default",
            "NodeClass": "", "Version": known.version, "Drain": known.drain.is_some(),
            "SchedulingEligibility": eligibility(known.is_eligible), "Status": known.status.word(),
            "StatusDescription": "", "LastDrain": self.last_drain(client), "Attributes": null,
            "Drivers": { "exec": { "Detected": true, "Healthy": true }, "docker": { "Detected": true, "Healthy": true } },
            "CreateIndex": known.create_index, "ModifyIndex": known.modify_index,
        })
    }

    fn last_drain(&self, client: usize) -> Value {
        let known = &self.clients[client];
        let told = |status: &str, began, ended| {
            json!({
                "StartedAt": second(began), "UpdatedAt": second(ended), "Status": status, "AccessorID": "", "Meta": null,
            })
        };
        match (&known.drain, known.last_drain) {
            (Some(drain), _) => told("draining", drain.began, drain.began),
            (None, Some((status, began, ended))) => told(status, began, ended),
            (None, None) => Value::Null,
        }
    }

    /// The client of that whole id.
    pub(super) fn client_by_id(&self, id: &str) -> Option<usize> {
        (0..self.clients.len()).find(|client| self.is_known(*client) && self.clients[*client].id == id)
    }

    pub(super) fn one_node(&mut self, id: &str, rest: &[&str], request: &Request) -> Response {
        if let (Some(ghost), true) = (self.ghosts.iter().find(|ghost| ghost.id == id), rest.is_empty()) {
            return json(200, &self.ghost_body(ghost));
        }
        let Some(client) = self.client_by_id(id) else { return text(404, "node not found") };
        match rest {
            [] => json(200, &self.whole_node(client)),
            ["allocations"] => json(200, &self.allocs_body(|_, alloc| alloc.client == client)),
            ["drain"] => self.drain_answer(client, &request.body),
            _ => self.eligibility_answer(client, &request.body),
        }
    }

    fn whole_node(&self, client: usize) -> Value {
        let mut body = self.node_body(client);
        let (known, agent) = (&self.clients[client], &self.agents[self.host_of(client)]);
        let strategy = known.drain.as_ref().map(|drain| {
            let deadline = drain.deadline.map(second);
            json!({
                "Deadline": drain.deadline.map_or(0, |at| at.since(drain.began).as_nanos() as u64),
                "IgnoreSystemJobs": drain.ignores_system, "ForceDeadline": deadline, "StartedAt": second(drain.began),
            })
        });
        body["HTTPAddr"] = json!(format!("{}:4646", agent.ip));
        body["DrainStrategy"] = json!(strategy);
        body["Attributes"] = json!({
            "nomad.version": known.version, "unique.hostname": agent.name, "kernel.name": "linux", "os.name": "debian",
            "cpu.numcores": "4", "memory.totalbytes": "16777216000",
        });
        body["StatusUpdatedAt"] = json!(known.last_beat.as_millis() / 1_000);
        body["TLSEnabled"] = json!(false);
        body
    }

    fn drain_answer(&mut self, client: usize, body: &[u8]) -> Response {
        let Ok(body) = serde_json::from_slice::<Value>(body) else { return text(400, "EOF") };
        if body.get("DrainSpec").is_none() && body.get("MarkEligible").is_none() {
            return text(400, "DrainSpec required");
        }
        match &body["DrainSpec"] {
            Value::Null => self.cancel_drain(client, body["MarkEligible"] != json!(true)),
            spec => {
                let deadline = match spec["Deadline"].as_i64().unwrap_or(0) {
                    0 => None,
                    nanos if nanos < 0 => Some(Duration::ZERO),
                    nanos => Some(Duration::from_nanos(nanos.unsigned_abs())),
                };
                self.begin_drain(client, deadline, spec["IgnoreSystemJobs"] == json!(true));
            }
        }
        self.changed(client)
    }

    fn eligibility_answer(&mut self, client: usize, body: &[u8]) -> Response {
        let body: Value = serde_json::from_slice(body).unwrap_or(Value::Null);
        let is_eligible = match body["Eligibility"].as_str() {
            Some("eligible") => true,
            Some("ineligible") => false,
            Some(other) => return text(500, &format!("invalid scheduling eligibility {other:?}")),
            None => return text(400, "invalid: missing Eligibility"),
        };
        if is_eligible && self.clients[client].drain.is_some() {
            return text(500, "can not set node's scheduling eligibility to eligible while it is draining");
        }
        self.set_eligible(client, is_eligible);
        self.changed(client)
    }

    fn changed(&self, client: usize) -> Response {
        let index = self.clients[client].modify_index;
        json(200, &json!({ "EvalIDs": null, "EvalCreateIndex": 0, "NodeModifyIndex": index, "Index": index }))
    }
}

pub(super) const fn eligibility(is_eligible: bool) -> &'static str {
    if is_eligible { "eligible" } else { "ineligible" }
}
