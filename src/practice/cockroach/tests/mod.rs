//! What the faces say in which state, and what becomes of a cluster that is treated well or badly.

mod commands;
mod http;
mod sequences;

use std::time::Duration;

use serde_json::{Map, Value};

use crate::clock::Timestamp;
use crate::practice::host::Version;
use crate::practice::{CommandResult, Request, Response, System};

use super::{Cockroach, Options};

/// What every client is told, so that it can connect.
pub(super) const CERTS: &str = "--certs-dir=/home/operator/.cockroach-certs";

/// A cluster with its own clock and short ways to ask it.
pub(super) struct Lab {
    pub(super) cluster: Cockroach,
    pub(super) now: Timestamp,
}

impl Lab {
    pub(super) fn new(nodes: usize) -> Self {
        Self::with(Options::with_nodes(nodes))
    }

    pub(super) fn with(options: Options) -> Self {
        let now = Timestamp::from_millis(1_795_228_870_000);
        Self { cluster: Cockroach::new(options, now), now }
    }

    pub(super) fn pass(&mut self, seconds: u64) -> &mut Self {
        self.now = self.now.plus(Duration::from_secs(seconds));
        self.cluster.advance(self.now);
        self
    }

    /// Runs a line as a shell would take it apart, and lets it take its time.
    pub(super) fn run(&mut self, line: &str) -> CommandResult {
        let words: Vec<String> = vec!["sh".into(), "-c".into(), line.into()];
        let result = self.cluster.command(&words, self.now);
        self.now = self.now.plus(Duration::from_millis(result.takes_ms));
        self.cluster.advance(self.now);
        result
    }

    /// Runs a line that must succeed, and gives what it printed.
    pub(super) fn done(&mut self, line: &str) -> String {
        let result = self.run(line);
        assert_eq!(result.exit, 0, "{line}: {result:?}");
        result.stdout
    }

    /// Runs a statement through that node.
    pub(super) fn sql(&mut self, node: &str, statement: &str) -> CommandResult {
        self.run(&format!("cockroach sql --format=csv --host={node}:26257 {CERTS} --execute=\"{statement}\""))
    }

    pub(super) fn ask(&mut self, node: &str, method: &str, target: &str, cookie: &str) -> Response {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let headers = match cookie {
            "" => Vec::new(),
            cookie => vec![("cookie".to_owned(), cookie.to_owned())],
        };
        let request = Request {
            node: node.into(),
            method: method.into(),
            path: path.into(),
            query: query.into(),
            headers,
            body: Vec::new(),
        };
        self.cluster.answer(&request, self.now)
    }

    /// Status and JSON of a GET; 0 when refused, 1 when silent.
    pub(super) fn get(&mut self, node: &str, target: &str) -> (u16, Value) {
        match self.ask(node, "GET", target, "") {
            Response::Refused => (0, Value::Null),
            Response::Silent => (1, Value::Null),
            Response::Answer { status, body, .. } => (status, serde_json::from_slice(&body).unwrap_or(Value::Null)),
        }
    }

    pub(super) fn ready(&mut self, node: &str) -> u16 {
        self.get(node, "/health?ready=1").0
    }

    /// The status of all nodes as one node tells it: a map of column to cell for each.
    pub(super) fn status(&mut self, node: &str) -> Vec<Map<String, Value>> {
        let text = self.done(&format!("cockroach node status --all --format=csv --host={node}:26257 {CERTS}"));
        let mut lines = text.lines();
        let headers: Vec<&str> = lines.next().unwrap().split(',').collect();
        let row = |line: &str| {
            let cells = line.split(',').map(Value::from);
            headers.iter().map(|header| (*header).to_owned()).zip(cells).collect()
        };
        lines.map(row).collect()
    }

    /// The sum of a column over all nodes.
    pub(super) fn sum(&mut self, node: &str, column: &str) -> u64 {
        self.status(node).iter().map(|row| row[column].as_str().unwrap().parse::<u64>().unwrap()).sum()
    }

    pub(super) fn fault(&mut self, name: &str, arguments: Value) {
        let Value::Object(arguments) = arguments else { panic!("an object") };
        self.cluster.fault(name, &arguments, self.now).unwrap();
    }

    /// Lets time pass until `holds`, and tells how many seconds it took; fails after `limit`.
    pub(super) fn until(&mut self, limit: u64, holds: impl Fn(&mut Self) -> bool) -> u64 {
        let began = self.now;
        while !holds(self) {
            assert!(self.now.since(began).as_secs() <= limit, "not within {limit} s");
            self.pass(1);
        }
        self.now.since(began).as_secs()
    }

    /// Brings the target version into place on a node, from the archive on.
    pub(super) fn stage(&mut self, node: &str) {
        let Options { target, .. } = self.cluster.options.clone();
        let archive = format!("cockroach-v{target}.linux-amd64");
        self.done(&format!(
            "ssh {node} curl -fsSLo /var/tmp/{archive}.tgz https://binaries.cockroachdb.com/{archive}.tgz"
        ));
        self.done(&format!("ssh {node} tar -xzf /var/tmp/{archive}.tgz -C /var/tmp"));
    }

    /// Stop, keep, replace, start; each must succeed.
    pub(super) fn exchange(&mut self, node: &str) {
        let Options { old, target, .. } = self.cluster.options.clone();
        self.done(&format!("ssh {node} sudo systemctl stop cockroach"));
        self.done(&format!("ssh {node} sudo cp -pn /usr/local/bin/cockroach /usr/local/bin/cockroach_v{old}"));
        let source = format!("/var/tmp/cockroach-v{target}.linux-amd64/cockroach");
        self.done(&format!("ssh {node} sudo install -m 0755 {source} /usr/local/bin/cockroach"));
        self.done(&format!("ssh {node} sudo systemctl start cockroach"));
    }

    /// Every node upgraded as it should be.
    pub(super) fn upgrade(&mut self) {
        for node in self.cluster.nodes() {
            self.stage(&node);
            self.exchange(&node);
            let other = self.cluster.nodes().into_iter().find(|other| *other != node).unwrap();
            self.until(180, |lab| lab.sum(&other, "ranges_underreplicated") == 0);
            self.pass(60);
        }
    }

    /// The version that the cluster has reached, as that node tells it.
    pub(super) fn reached(&mut self, node: &str) -> String {
        let result = self.sql(node, "SHOW CLUSTER SETTING version");
        result.stdout.lines().last().unwrap_or_default().to_owned()
    }
}

/// Options of the default cluster with other versions.
pub(super) fn versions(old: &str, target: &str) -> Options {
    assert!(Version::new(old) < Version::new(target));
    Options { old: old.into(), target: target.into(), ..Options::default() }
}
