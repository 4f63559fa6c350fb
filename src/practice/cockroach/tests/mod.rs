//! What the faces say in which state, and what becomes of a cluster that is treated well or badly.

mod commands;
mod harm;
mod http;
mod sequences;

use serde_json::{Map, Value};

use crate::practice::bench_tests::{Bench, status};
use crate::practice::host::Version;
use crate::practice::{CommandResult, Response, System};

use super::{Cockroach, Options};

/// What every client is told, so that it can connect.
pub(super) const CERTS: &str = "--certs-dir=/home/operator/.cockroach-certs";

/// A cluster with its own clock and short ways to ask it.
pub(super) type Lab = Bench<Cockroach>;

impl Bench<Cockroach> {
    pub(super) fn new(nodes: usize) -> Self {
        Self::with(Options::with_nodes(nodes))
    }

    pub(super) fn with(options: Options) -> Self {
        // A line is taken apart as a shell does it.
        let words = |line: &str| vec!["sh".into(), "-c".into(), line.into()];
        Self { words, ..Self::of(|now| Cockroach::new(options, now)) }
    }

    pub(super) fn pass(&mut self, seconds: u64) -> &mut Self {
        self.pass_millis(seconds * 1_000)
    }

    pub(super) fn ask(&mut self, node: &str, method: &str, target: &str, cookie: &str) -> Response {
        let cookie = [("cookie", cookie)];
        self.send(node, method, target, if cookie[0].1.is_empty() { &[] } else { &cookie }, "")
    }

    /// Status and JSON of a GET; 0 when refused, 1 when silent.
    pub(super) fn get(&mut self, node: &str, target: &str) -> (u16, Value) {
        status(self.ask(node, "GET", target, ""))
    }

    pub(super) fn fault(&mut self, name: &str, arguments: Value) {
        self.try_fault(name, &arguments).unwrap();
    }

    /// Lets time pass until `holds`, and tells how many seconds it took; fails after `limit`.
    #[track_caller]
    pub(super) fn until(&mut self, limit: u64, holds: impl Fn(&mut Self) -> bool) -> u64 {
        self.until_millis((limit * 1_000, 1_000), holds) / 1_000
    }

    /// Runs a statement through that node.
    pub(super) fn sql(&mut self, node: &str, statement: &str) -> CommandResult {
        self.run(&format!("cockroach sql --format=csv --host={node}:26257 {CERTS} --execute=\"{statement}\""))
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

    /// Brings the target version into place on a node, from the archive on.
    pub(super) fn stage(&mut self, node: &str) {
        let Options { target, .. } = self.system.options.clone();
        let archive = format!("cockroach-v{target}.linux-amd64");
        self.done(&format!(
            "ssh {node} curl -fsSLo /var/tmp/{archive}.tgz https://binaries.cockroachdb.com/{archive}.tgz"
        ));
        self.done(&format!("ssh {node} tar -xzf /var/tmp/{archive}.tgz -C /var/tmp"));
    }

    /// Stop, keep, replace, start; each must succeed.
    pub(super) fn exchange(&mut self, node: &str) {
        let Options { old, target, .. } = self.system.options.clone();
        self.done(&format!("ssh {node} sudo systemctl stop cockroach"));
        self.done(&format!("ssh {node} sudo cp -pn /usr/local/bin/cockroach /usr/local/bin/cockroach_v{old}"));
        let source = format!("/var/tmp/cockroach-v{target}.linux-amd64/cockroach");
        self.done(&format!("ssh {node} sudo install -m 0755 {source} /usr/local/bin/cockroach"));
        self.done(&format!("ssh {node} sudo systemctl start cockroach"));
    }

    /// Every node upgraded as it should be.
    pub(super) fn upgrade(&mut self) {
        for node in self.system.nodes() {
            self.stage(&node);
            self.exchange(&node);
            let other = self.system.nodes().into_iter().find(|other| *other != node).unwrap();
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
