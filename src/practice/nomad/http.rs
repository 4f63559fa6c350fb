//! The HTTP face: which path answers what, in which state of the agent.

use std::time::Duration;

use serde_json::{Value, json};

use crate::practice::query::sent_on;
use crate::practice::{Request, Response};

use super::answers::{flag, json, no_leader, nothing, parameter, text};
use super::state::{Nomad, Process};

/// How long a request is held while there is no leader.
const HOLD: Duration = Duration::from_secs(5);

/// Who has to answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Needs {
    /// The agent that is asked.
    Agent,
    /// Any server.
    Server,
    /// The leader, unless a stale answer is good enough.
    Leader,
}

impl Nomad {
    /// Answers one request at the present time of the model.
    pub(super) fn serve(&mut self, request: &Request) -> Response {
        let Some(host) = self.find(&request.node) else { return Response::Refused };
        match self.agents[host].process {
            Process::Up { frozen: true, .. } => return Response::Silent,
            Process::Up { .. } => {}
            Process::Down { .. } | Process::Starting { .. } | Process::Stopping { .. } => return Response::Refused,
        }
        if let Some(response) = sent_on(request) {
            return response;
        }
        let Some(path) = request.path.strip_prefix("/v1/") else { return outside(&request.path) };
        let parts: Vec<&str> = path.split('/').collect();
        let Some((needs, methods)) = route(&parts) else {
            return Response::Answer { status: 404, content_type: "", headers: Vec::new(), body: Vec::new() };
        };
        if !methods.contains(&request.method.as_str()) {
            return text(405, "Invalid method");
        }
        if !self.may(request, &parts) {
            return text(403, "Permission denied");
        }
        let is_stale = flag(request, "stale") && request.method == "GET";
        match needs {
            Needs::Agent => {}
            Needs::Server | Needs::Leader if self.client_of(host).is_some() && self.any_server().is_none() => {
                return text(500, "no servers");
            }
            Needs::Leader if !is_stale && !self.reaches_leader(host) => return no_leader(),
            Needs::Server | Needs::Leader => {}
        }
        let response = self.answer_known(host, &parts, request);
        if request.method == "GET" && needs == Needs::Leader { self.fresh(host, response) } else { response }
    }

    /// How long the request is held before it is answered.
    pub(super) fn holds_back(&self, request: &Request) -> Duration {
        let parts: Vec<&str> = request.path.trim_start_matches("/v1/").split('/').collect();
        let host = self.find(&request.node);
        let is_held = matches!(route(&parts), Some((Needs::Leader, _)))
            && !flag(request, "stale")
            && host.is_some_and(|host| self.agents[host].works() && !self.reaches_leader(host));
        if is_held { HOLD } else { Duration::ZERO }
    }

    /// A server that works.
    pub(super) fn any_server(&self) -> Option<usize> {
        (0..self.servers.len()).find(|server| self.agents[*server].works())
    }

    /// Whether an agent can have the leader answer.
    fn reaches_leader(&self, host: usize) -> bool {
        match (self.leader, self.server_of(host)) {
            (None, _) => false,
            (Some(_), None) => true,
            (Some(leader), Some(server)) => {
                leader == server || (self.hears(server) && self.servers[server].contact.is_some())
            }
        }
    }

    /// Whether access control lets it pass.
    fn may(&self, request: &Request, parts: &[&str]) -> bool {
        let Some(token) = &self.options.token else { return true };
        let is_open = matches!(parts, ["agent", "health"] | ["status", _] | ["metrics"] | ["regions"]);
        is_open
            || request.headers.iter().any(|(name, value)| match name.as_str() {
                "x-nomad-token" => value == token,
                "authorization" => value.strip_prefix("Bearer ") == Some(token),
                _ => false,
            })
    }

    fn answer_known(&mut self, host: usize, parts: &[&str], request: &Request) -> Response {
        match parts {
            ["agent", "health"] => self.health(host, request),
            ["agent", "self"] => json(200, &self.self_body(host)),
            ["agent", "members"] => json(200, &self.members_body(host)),
            ["agent", "servers"] => json(200, &self.server_addresses()),
            ["agent", "force-leave"] => self.forced(host, request),
            ["status", "leader"] => json(200, &json!(self.leader_address(host))),
            ["status", "peers"] => json(200, &self.peer_addresses()),
            ["regions"] => json(200, &json!([super::state::REGION])),
            ["metrics"] => self.metrics(host, request),
            ["operator", "raft", "configuration"] => json(200, &self.configuration_body(host)),
            ["operator", "raft", "peer"] => self.peer_removed(request),
            ["operator", "autopilot", "health"] => {
                json(if self.is_all_healthy() { 200 } else { 429 }, &self.autopilot_body())
            }
            ["operator", "autopilot", "configuration"] => json(200, &self.autopilot_settings()),
            ["operator", "snapshot"] if request.method == "GET" => self.snapshot_answer(),
            ["operator", "snapshot"] => self.restore(&request.body),
            ["operator", "license"] => self.license_answer(host),
            ["nodes"] => json(200, &self.nodes_body(&parameter(request, "prefix").unwrap_or_default())),
            ["node", id, rest @ ..] => self.one_node(id, rest, request),
            ["jobs"] => json(200, &self.jobs_body(&parameter(request, "prefix").unwrap_or_default())),
            ["job", id] if request.method == "DELETE" => self.job_stopped(id),
            ["job", id] => self.job_answer(id),
            ["job", id, "allocations"] => {
                json(200, &self.allocs_body(|cluster, alloc| cluster.jobs[alloc.job].id == *id))
            }
            ["allocations"] => json(200, &self.allocs_body(|_, _| true)),
            ["allocation", id] => self.alloc_answer(id),
            ["evaluations"] => json(200, &self.evaluations_body(&parameter(request, "status").unwrap_or_default())),
            _ => nothing(),
        }
    }

    fn health(&self, host: usize, request: &Request) -> Response {
        let kind = parameter(request, "type");
        let wanted = |name: &str| {
            request.query.is_empty() || !request.query.contains("type=") || {
                request.query.split('&').any(|pair| pair == format!("type={name}"))
            }
        };
        let (is_server, is_client) = (self.server_of(host).is_some(), self.client_of(host).is_some());
        let mut body = serde_json::Map::new();
        if wanted("server") && (is_server || kind.is_some()) {
            let message = match (is_server, self.leader_address(host).is_empty()) {
                (false, _) => "server not enabled",
                (true, true) => "no leader",
                (true, false) => "ok",
            };
            body.insert("server".into(), json!({ "ok": message == "ok", "message": message }));
        }
        if wanted("client") && (is_client || kind.is_some()) {
            let message = match (is_client, self.any_server().is_some()) {
                (false, _) => "client not enabled",
                (true, false) => "no known servers",
                (true, true) => "ok",
            };
            body.insert("client".into(), json!({ "ok": message == "ok", "message": message }));
        }
        let is_fine = body.values().all(|part| part["ok"] == true);
        let body = Value::Object(body);
        if is_fine { json(200, &body) } else { text(500, &body.to_string()) }
    }

    fn forced(&mut self, host: usize, request: &Request) -> Response {
        if self.client_of(host).is_some() {
            return text(501, "Server is not enabled on this agent");
        }
        match parameter(request, "node").filter(|name| !name.is_empty()) {
            None => text(400, "missing node to force leave"),
            Some(name) => {
                self.force_leave(&name, flag(request, "prune"));
                nothing()
            }
        }
    }
}

impl Nomad {
    fn peer_removed(&mut self, request: &Request) -> Response {
        let (id, address) = (parameter(request, "id"), parameter(request, "address"));
        let found = self.configuration().iter().find(|peer| {
            id.as_ref().is_some_and(|id| *id == peer.id)
                || address.as_ref().is_some_and(|address| *address == peer.address)
        });
        let Some(peer) = found.cloned() else {
            return match id.or(address) {
                None => text(
                    400,
                    "Must specify either ?id with the server's ID or ?address with IP:port of peer to remove.",
                ),
                Some(named) => text(500, &format!("id {named:?} was not found in the Raft configuration")),
            };
        };
        self.drop_peer_by_id(&peer.id);
        nothing()
    }
}

/// Who answers a path, and to which methods.
fn route(parts: &[&str]) -> Option<(Needs, &'static [&'static str])> {
    const GET: &[&str] = &["GET"];
    const PUT: &[&str] = &["PUT", "POST"];
    Some(match parts {
        ["agent", "health" | "self" | "servers"] | ["metrics"] => (Needs::Agent, GET),
        ["agent", "members"] | ["status", "leader" | "peers"] | ["regions"] => (Needs::Server, GET),
        ["agent", "force-leave"] => (Needs::Agent, PUT),
        ["operator", "autopilot", "health" | "configuration"] | ["operator", "raft", "configuration"] => {
            (Needs::Leader, GET)
        }
        ["operator", "raft", "peer"] => (Needs::Leader, &["DELETE"]),
        ["operator", "snapshot"] => (Needs::Leader, &["GET", "PUT", "POST"]),
        ["operator", "license"] => (Needs::Agent, GET),
        ["nodes" | "jobs" | "allocations" | "evaluations"] | ["allocation" | "node", _] => (Needs::Leader, GET),
        ["job", _] => (Needs::Leader, &["GET", "DELETE"]),
        ["job" | "node", _, "allocations"] => (Needs::Leader, GET),
        ["node", _, "drain" | "eligibility"] => (Needs::Leader, PUT),
        _ => return None,
    })
}

impl Nomad {
    fn autopilot_settings(&self) -> Value {
        json!({
            "CleanupDeadServers": self.cleans_up, "LastContactThreshold": "200ms", "MaxTrailingLogs": 250, "MinQuorum": 0,
            "ServerStabilizationTime": "10s", "EnableRedundancyZones": false, "DisableUpgradeMigration": false,
            "EnableCustomUpgrades": false, "CreateIndex": 5, "ModifyIndex": 5,
        })
    }
}

/// What lies outside the API.
fn outside(path: &str) -> Response {
    match path {
        "/" => Response::Answer {
            status: 307,
            content_type: "text/html; charset=utf-8",
            headers: vec![("location", "/ui/".into())],
            body: b"<a href=\"/ui/\">Temporary Redirect</a>.\n\n".to_vec(),
        },
        path if path == "/ui" || path.starts_with("/ui/") => Response::Answer {
            status: 200,
            content_type: "text/html; charset=utf-8",
            headers: Vec::new(),
            body: b"<!DOCTYPE html><title>Nomad</title>\n".to_vec(),
        },
        _ => Response::Answer { status: 404, content_type: "", headers: Vec::new(), body: Vec::new() },
    }
}
