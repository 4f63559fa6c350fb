//! What the faces say in which state, and what becomes of a region that is treated well or badly.

mod commands;
mod faults;
mod http;
mod sequences;

use serde_json::Value;

use crate::practice::bench_tests::{Bench, request, status};
use crate::practice::{Request, Response, System};

use super::{Nomad, Options};

/// A region with its own clock and short ways to ask it.
pub(super) type Lab = Bench<Nomad>;

impl Bench<Nomad> {
    pub(super) fn new() -> Self {
        Self::with(Options::default())
    }

    pub(super) fn with(options: Options) -> Self {
        Self::of(|now| Nomad::new(options, now))
    }

    pub(super) fn pass(&mut self, millis: u64) -> &mut Self {
        self.pass_millis(millis)
    }

    pub(super) fn request(node: &str, method: &str, target: &str, body: &str) -> Request {
        request(node, method, target, &[], body)
    }

    pub(super) fn ask(&mut self, node: &str, method: &str, target: &str, body: &str) -> Response {
        self.send(node, method, target, &[], body)
    }

    /// Status and JSON of a GET; 0 when refused, 1 when silent.
    pub(super) fn get(&mut self, node: &str, target: &str) -> (u16, Value) {
        status(self.ask(node, "GET", target, ""))
    }

    /// Lets time pass until `holds`, and tells how long it took; fails after `limit` milliseconds.
    #[track_caller]
    pub(super) fn until(&mut self, limit: u64, holds: impl Fn(&mut Self) -> bool) -> u64 {
        self.until_millis((limit, 50), holds)
    }

    pub(super) fn fault(&mut self, name: &str, arguments: &Value) {
        self.try_fault(name, arguments).unwrap();
    }

    /// The state of a server as it tells it itself: `Leader`, `Follower`, …; empty when it does not answer.
    pub(super) fn state(&mut self, node: &str) -> String {
        self.get(node, "/v1/agent/self").1["stats"]["raft"]["state"].as_str().unwrap_or_default().to_owned()
    }

    pub(super) fn index(&mut self, node: &str) -> u64 {
        let text = self.get(node, "/v1/agent/self").1["stats"]["raft"]["last_log_index"].clone();
        text.as_str().and_then(|text| text.parse().ok()).unwrap_or(0)
    }

    /// What gossip says of a server, asked at another one.
    pub(super) fn member(&mut self, at: &str, name: &str) -> String {
        let body = self.get(at, "/v1/agent/members").1;
        let mut members = body["Members"].as_array().into_iter().flatten();
        let found = members.find(|member| member["Name"] == format!("{name}.global"));
        found.map_or_else(String::new, |member| member["Status"].as_str().unwrap_or_default().to_owned())
    }

    /// The voters as a server knows them.
    pub(super) fn voters(&mut self, at: &str) -> usize {
        let body = self.get(at, "/v1/operator/raft/configuration?stale").1;
        body["Servers"].as_array().into_iter().flatten().filter(|peer| peer["Voter"] == true).count()
    }

    pub(super) fn leader(&mut self) -> String {
        let servers: Vec<String> = self.system.nodes().into_iter().filter(|name| name.contains("server")).collect();
        servers.into_iter().find(|server| self.state(server) == "Leader").unwrap_or_default()
    }
}
