//! What the faces say in which state, and what becomes of a cluster that is treated well or badly.

mod commands;
mod estate;
mod http;
mod properties;
mod sequences;

use std::time::Duration;

use serde_json::Value;

use crate::practice::bench_tests::{Bench, status};
use crate::practice::{Response, System};

use super::{Options, Vault};

/// A cluster with its own clock and short ways to ask it.
pub(super) type Lab = Bench<Vault>;

impl Bench<Vault> {
    pub(super) fn new(nodes: usize) -> Self {
        Self::with(Options::with_nodes(nodes))
    }

    pub(super) fn with(options: Options) -> Self {
        Self::of(|now| Vault::new(options, now))
    }

    pub(super) fn pass(&mut self, millis: u64) -> &mut Self {
        self.pass_millis(millis)
    }

    pub(super) fn ask(&mut self, node: &str, method: &str, target: &str, token: &str, body: &str) -> Response {
        let token = [("x-vault-token", token)];
        self.send(node, method, target, if token[0].1.is_empty() { &[] } else { &token }, body)
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
        self.system.nodes().iter().map(|node| self.health(node)).collect()
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
