//! What the faces say in which state, and what becomes of a region that is treated well or badly.

mod commands;
mod faults;
mod http;
mod sequences;

use std::time::Duration;

use serde_json::{Map, Value};

use crate::clock::Timestamp;
use crate::practice::{CommandResult, Request, Response, System};

use super::{Nomad, Options};

/// A region with its own clock and short ways to ask it.
pub(super) struct Lab {
    pub(super) nomad: Nomad,
    pub(super) now: Timestamp,
}

impl Lab {
    pub(super) fn new() -> Self {
        Self::with(Options::default())
    }

    pub(super) fn with(options: Options) -> Self {
        let now = Timestamp::from_millis(1_795_228_870_000);
        Self { nomad: Nomad::new(options, now), now }
    }

    pub(super) fn pass(&mut self, millis: u64) -> &mut Self {
        self.now = self.now.plus(Duration::from_millis(millis));
        self.nomad.advance(self.now);
        self
    }

    /// Runs a line whose words hold no blanks, and lets it take its time.
    pub(super) fn run(&mut self, line: &str) -> CommandResult {
        let words: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
        let result = self.nomad.command(&words, self.now);
        self.pass(result.takes_ms);
        result
    }

    /// Runs a line that must succeed.
    pub(super) fn done(&mut self, line: &str) -> String {
        let result = self.run(line);
        assert_eq!(result.exit, 0, "{line}: {result:?}");
        result.stdout
    }

    pub(super) fn request(node: &str, method: &str, target: &str, body: &str) -> Request {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        Request {
            node: node.into(),
            method: method.into(),
            path: path.into(),
            query: query.into(),
            headers: Vec::new(),
            body: body.as_bytes().to_vec(),
        }
    }

    pub(super) fn ask(&mut self, node: &str, method: &str, target: &str, body: &str) -> Response {
        self.nomad.answer(&Self::request(node, method, target, body), self.now)
    }

    /// Status and JSON of a GET; 0 when refused, 1 when silent.
    pub(super) fn get(&mut self, node: &str, target: &str) -> (u16, Value) {
        match self.ask(node, "GET", target, "") {
            Response::Refused => (0, Value::Null),
            Response::Silent => (1, Value::Null),
            Response::Answer { status, body, .. } => (status, serde_json::from_slice(&body).unwrap_or(Value::Null)),
        }
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
        let servers: Vec<String> = self.nomad.nodes().into_iter().filter(|name| name.contains("server")).collect();
        servers.into_iter().find(|server| self.state(server) == "Leader").unwrap_or_default()
    }

    /// Lets time pass until `holds`, and tells how long it took; fails after `limit` milliseconds.
    pub(super) fn until(&mut self, limit: u64, holds: impl Fn(&mut Self) -> bool) -> u64 {
        let began = self.now;
        while !holds(self) {
            assert!(self.now.since(began) <= Duration::from_millis(limit), "not within {limit} ms");
            self.pass(50);
        }
        u64::try_from(self.now.since(began).as_millis()).unwrap()
    }

    pub(super) fn fault(&mut self, name: &str, arguments: &Value) {
        let arguments: Map<String, Value> = arguments.as_object().cloned().unwrap_or_default();
        self.nomad.fault(name, &arguments, self.now).unwrap();
    }
}
