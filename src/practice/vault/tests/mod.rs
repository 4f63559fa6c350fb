//! What the faces say in which state, and what becomes of a cluster that is treated well or badly.

mod commands;
mod http;
mod properties;
mod sequences;

use std::time::Duration;

use serde_json::Value;

use crate::clock::Timestamp;
use crate::practice::{CommandResult, Request, Response, System};

use super::{Options, Vault};

/// A cluster with its own clock and short ways to ask it.
pub(super) struct Lab {
    pub(super) vault: Vault,
    pub(super) now: Timestamp,
}

impl Lab {
    pub(super) fn new(nodes: usize) -> Self {
        Self::with(Options::with_nodes(nodes))
    }

    pub(super) fn with(options: Options) -> Self {
        let now = Timestamp::from_millis(1_795_228_870_000);
        Self { vault: Vault::new(options, now), now }
    }

    pub(super) fn pass(&mut self, millis: u64) -> &mut Self {
        self.now = self.now.plus(Duration::from_millis(millis));
        self.vault.advance(self.now);
        self
    }

    /// Runs a line whose words hold no blanks, and lets it take its time.
    pub(super) fn run(&mut self, line: &str) -> CommandResult {
        let words: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
        self.run_words(&words)
    }

    pub(super) fn run_words(&mut self, words: &[String]) -> CommandResult {
        let result = self.vault.command(words, self.now);
        self.pass(result.takes_ms);
        result
    }

    pub(super) fn ask(&mut self, node: &str, method: &str, target: &str, token: &str, body: &str) -> Response {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let headers = match token {
            "" => Vec::new(),
            token => vec![("x-vault-token".to_owned(), token.to_owned())],
        };
        let request = Request {
            node: node.into(),
            method: method.into(),
            path: path.into(),
            query: query.into(),
            headers,
            body: body.as_bytes().to_vec(),
        };
        self.vault.answer(&request, self.now)
    }

    /// Status and JSON of a GET without a token; 0 when refused, 1 when silent.
    pub(super) fn get(&mut self, node: &str, target: &str) -> (u16, Value) {
        status(self.ask(node, "GET", target, "", ""))
    }

    pub(super) fn health(&mut self, node: &str) -> u16 {
        self.get(node, "/v1/sys/health").0
    }

    /// The health codes of all nodes, in order.
    pub(super) fn all(&mut self) -> Vec<u16> {
        self.vault.nodes().iter().map(|node| self.health(node)).collect()
    }

    pub(super) fn leader_of(&mut self, node: &str) -> String {
        self.get(node, "/v1/sys/leader").1["leader_address"].as_str().unwrap_or("?").to_owned()
    }

    /// Lets time pass until `holds`, and tells how long it took; fails after `limit` milliseconds.
    pub(super) fn until(&mut self, limit: u64, holds: impl Fn(&mut Self) -> bool) -> u64 {
        let began = self.now;
        while !holds(self) {
            assert!(self.now.since(began) <= Duration::from_millis(limit), "not within {limit} ms: {:?}", self.all());
            self.pass(10);
        }
        u64::try_from(self.now.since(began).as_millis()).unwrap()
    }

    /// Stop, replace, allow, start, unseal; each must succeed.
    pub(super) fn upgrade(&mut self, node: &str) {
        for line in [
            format!("ssh {node} sudo systemctl stop vault"),
            format!("ssh {node} sudo apt-get install -y vault=1.17.3-1"),
            format!("ssh {node} sudo setcap cap_ipc_lock=+ep /usr/bin/vault"),
            format!("ssh {node} sudo systemctl start vault"),
            format!("unseal-vault {node}"),
        ] {
            let result = self.run(&line);
            assert_eq!(result.exit, 0, "{line}: {result:?}");
        }
    }
}

pub(super) fn status(response: Response) -> (u16, Value) {
    match response {
        Response::Refused => (0, Value::Null),
        Response::Silent => (1, Value::Null),
        Response::Answer { status, body, .. } => (status, serde_json::from_slice(&body).unwrap_or(Value::Null)),
    }
}
