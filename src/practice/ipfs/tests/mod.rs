//! What the faces say in which state, and what becomes of a cluster that is treated well or badly.

mod commands;
mod faults;
mod harm;
mod http;
mod sequences;

use serde_json::{Value, json};

use crate::practice::bench_tests::Bench;
use crate::practice::{CommandResult, FaultError, Response, System};

use super::{Consensus, IpfsCluster, Options};

/// A cluster with its own clock and short ways to ask it.
pub(super) type Lab = Bench<IpfsCluster>;

/// What an answer is made of: status, content type, headers, body.
pub(super) type Parts = (u16, &'static str, Vec<(&'static str, String)>, String);

impl Bench<IpfsCluster> {
    pub(super) fn raft() -> Self {
        Self::with(Options::with_peers(3))
    }

    pub(super) fn crdt() -> Self {
        Self::with(Options { consensus: Consensus::Crdt, ..Options::with_peers(3) })
    }

    pub(super) fn with(options: Options) -> Self {
        Self::of(|now| IpfsCluster::new(options, now))
    }

    pub(super) fn pass(&mut self, seconds: u64) -> &mut Self {
        self.pass_millis(seconds * 1_000)
    }

    pub(super) fn ask(&mut self, node: &str, method: &str, target: &str, headers: &[(&str, &str)]) -> Response {
        self.send(node, method, target, headers, "")
    }

    pub(super) fn fault(&mut self, name: &str, arguments: Value) -> Result<(), FaultError> {
        self.try_fault(name, &arguments)
    }

    /// Runs a line with quotes and blanks on a host.
    pub(super) fn on(&mut self, node: &str, line: &str) -> CommandResult {
        let words = ["ssh", node, line].map(str::to_owned);
        let result = self.system.command(&words, self.now);
        self.pass(result.takes_ms / 1_000 + 1);
        result
    }

    /// Runs a line on every host, which must do well.
    pub(super) fn everywhere(&mut self, line: &str) {
        for number in 1..=3 {
            self.done(&format!("ssh cluster-{number} {line}"));
        }
    }

    /// The parts of an answer; status 0 when refused, 1 when silent.
    pub(super) fn parts(&mut self, node: &str, method: &str, target: &str) -> Parts {
        match self.ask(node, method, target, &[]) {
            Response::Answer { status, content_type, headers, body } => {
                (status, content_type, headers, String::from_utf8(body).unwrap())
            }
            Response::Refused => (0, "", Vec::new(), String::new()),
            Response::Silent => (1, "", Vec::new(), String::new()),
        }
    }

    /// The objects of a GET, in either form of a list.
    pub(super) fn get(&mut self, node: &str, target: &str) -> Vec<Value> {
        let (_, _, _, body) = self.parts(node, "GET", target);
        let found: Vec<Value> = serde_json::Deserializer::from_str(&body).into_iter().map(Result::unwrap).collect();
        match found.as_slice() {
            [Value::Array(items)] => items.clone(),
            _ => found,
        }
    }

    /// Pins that the peer knows; `None`: it does not answer.
    pub(super) fn pins(&mut self, node: &str) -> Option<usize> {
        match self.parts(node, "GET", "/allocations").0 {
            200 => Some(self.get(node, "/allocations").len()),
            204 => Some(0),
            _ => None,
        }
    }

    /// Of each peer that it lists: its name, or `!` and the error.
    pub(super) fn seen(&mut self, node: &str) -> Vec<String> {
        let told = |peer: &Value| match peer["error"].as_str() {
            Some("") => peer["peername"].as_str().unwrap().to_owned(),
            error => format!("!{}", error.unwrap()),
        };
        let mut seen: Vec<String> = self.get(node, "/peers").iter().map(told).collect();
        seen.sort();
        seen
    }

    pub(super) fn id(&mut self, node: &str) -> String {
        let index = self.system.find(node).unwrap();
        self.system.peers[index].id.clone()
    }

    pub(super) fn strike(&mut self, name: &str, node: &str) {
        self.fault(name, json!({ "node": node })).unwrap();
    }

    pub(super) fn journal(&mut self, node: &str) -> String {
        self.done(&format!("ssh {node} sudo journalctl -u ipfs-cluster -o cat"))
    }

    /// Fetches and unpacks the target's programs, and puts them into their place.
    pub(super) fn install(&mut self, node: &str, version: &str) {
        for program in ["ipfs-cluster-service", "ipfs-cluster-ctl"] {
            let file = format!("{program}_v{version}_linux-amd64.tar.gz");
            let url = format!("https://dist.ipfs.tech/{program}/v{version}/{file}");
            self.done(&format!("ssh {node} curl -fsSL --output-dir /var/tmp -O {url}"));
            self.done(&format!("ssh {node} tar -xzf /var/tmp/{file} -C /var/tmp"));
            self.done(&format!("ssh {node} sudo install -m 0755 -t /usr/local/bin /var/tmp/{program}/{program}"));
        }
    }
}
