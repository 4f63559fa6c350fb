//! A test cluster's surroundings: the way out of it, the leases in a copy of the real data, and the people who walk the
//! rehearsed upgrade in another terminal.
//!
//! Assumed of the place: the way out of every test node is shut when the rehearsal begins, and on the bastion lie the
//! scripts `trial-network` (shuts and opens it), `walk-upgrade` and `walk-back` (stand for that other run).

use std::collections::{BTreeSet, VecDeque};
use std::time::Duration;

use serde_json::{Value, json};

use crate::clock::Timestamp;
use crate::practice::CommandResult;
use crate::practice::host::{ACCOUNT, Place, Shell, failed, printed, run};

use super::estate::{Estate, Part};

/// The systems that Vault issues credentials of, and the internet: name and address.
const OUTSIDE: [(&str, &str); 3] = [
    ("cloud", "https://cloud.example.com"),
    ("orders-db", "http://192.0.2.17:5432"),
    ("internet", "https://198.51.100.1"),
];

/// Leases that lie in the data: whose credential, its id, and how long after the copying it expires there.
const LEASES: [(&str, &str, u64); 6] = [
    ("orders-db", "database/creds/orders-web/4kQ1", 25),
    ("cloud", "aws/creds/backup/x8Zr", 60),
    ("orders-db", "database/creds/orders-jobs/pB7t", 100),
    ("cloud", "aws/creds/reports/2mVd", 180),
    ("orders-db", "database/creds/orders-web/9sLc", 330),
    ("cloud", "aws/creds/deploy/Hq5n", 600),
];

/// How often a revocation that failed is tried again.
const AGAIN: Duration = Duration::from_secs(30);

/// The test cluster holds a copy of the real data.
const COPY: &str = "copy-left";

/// A lease as the copy knows it.
#[derive(Clone, Debug)]
struct Lease {
    of: &'static str,
    id: &'static str,
    due: Timestamp,
}

/// What lies around the test cluster.
#[derive(Clone, Debug)]
pub(super) struct Trial {
    /// The test nodes with a way out.
    open: BTreeSet<usize>,
    nodes: usize,
    /// What the copy has not revoked yet; `None`: there is no copy.
    leases: Option<Vec<Lease>>,
    /// What those who walk the upgrade do next, and when.
    to_do: VecDeque<(Timestamp, String)>,
}

impl Trial {
    /// Every way out is shut, and there is no copy.
    pub(super) fn new(nodes: usize) -> Self {
        Self { open: BTreeSet::new(), nodes, leases: None, to_do: VecDeque::new() }
    }

    /// Opens or shuts the way out of a node; `None`: of all.
    pub(super) fn set_way(&mut self, node: Option<usize>, is_open: bool) {
        for index in (0..self.nodes).filter(|&index| node.is_none_or(|node| node == index)) {
            match is_open {
                true => self.open.insert(index),
                false => self.open.remove(&index),
            };
        }
    }

    /// What the runbook is bound to as what must not be reached.
    pub(super) fn outside() -> Vec<Value> {
        OUTSIDE.map(|(name, url)| json!({ "name": name, "url": url })).to_vec()
    }
}

impl Estate {
    /// The programs of a place with a test cluster; `None`: it has none of that name.
    pub(super) fn trial_program(&mut self, shell: &Shell, name: &str, words: &[String]) -> Option<CommandResult> {
        self.trial.as_ref()?;
        match (name, shell.place) {
            ("curl", place) => Some(self.curl(place, words)),
            ("trial-network", Place::Bastion) => Some(self.network_script(words)),
            ("walk-upgrade", Place::Bastion) => Some(self.walk_upgrade()),
            ("walk-back", Place::Bastion) => Some(self.walk_back()),
            _ => None,
        }
    }

    fn curl(&self, place: Place, words: &[String]) -> CommandResult {
        let Some(url) = words.iter().find(|word| word.contains("://")) else {
            return failed(2, "curl: try 'curl --help' for more information");
        };
        let host = url.split("//").nth(1).unwrap_or(url).split(['/', ':']).next().unwrap_or_default();
        if !OUTSIDE.iter().any(|(_, known)| known.contains(host)) {
            return failed(6, &format!("curl: (6) Could not resolve host: {host}"));
        }
        let limit = words.iter().position(|word| word == "--max-time" || word == "-m");
        let limit =
            limit.and_then(|at| words.get(at + 1)?.parse::<f64>().ok()).filter(|limit| (0.0..1e4).contains(limit));
        let is_open = match place {
            Place::Bastion => true,
            Place::Node(index) => match self.at(index) {
                (cluster, node) if self.clusters[cluster].0 == Part::Trial => {
                    self.trial.as_ref().is_none_or(|trial| trial.open.contains(&node))
                }
                _ => true,
            },
        };
        match is_open {
            // A database does not speak HTTP, and hangs up.
            true if url.starts_with("http:") => failed(52, "curl: (52) Empty reply from server"),
            true => printed("").lasting(Duration::from_millis(80)),
            false => failed(28, &format!("curl: (28) Failed to connect to {host}: Timeout was reached"))
                .lasting(Duration::from_secs_f64(limit.unwrap_or(130.0))),
        }
    }

    fn network_script(&mut self, words: &[String]) -> CommandResult {
        const USAGE: &str = "usage: trial-network shut|open [NODE]";
        let (verb, node) = match words {
            [verb] => (verb, None),
            [verb, node] => (verb, Some(node)),
            _ => return failed(64, USAGE),
        };
        let index = match node.map(|node| (node, self.find(node))) {
            None => None,
            Some((_, Some((cluster, index)))) if self.clusters[cluster].0 == Part::Trial => Some(index),
            Some((node, _)) => return failed(1, &format!("trial-network: {node}: no test node")),
        };
        let is_open = match verb.as_str() {
            "shut" => false,
            "open" => true,
            _ => return failed(64, USAGE),
        };
        if let Some(trial) = &mut self.trial {
            trial.set_way(index, is_open);
        }
        let whose = node.map_or("every test node", String::as_str);
        printed(&format!("the way out of {whose} is {verb}\n")).lasting(Duration::from_millis(900))
    }

    /// The test nodes with the active one last.
    fn trial_order(&self) -> Vec<String> {
        let Some((_, vault)) = self.clusters.iter().find(|(part, _)| *part == Part::Trial) else { return Vec::new() };
        let mut order: Vec<usize> = (0..vault.nodes.len()).collect();
        order.sort_by_key(|index| vault.active() == Some(*index));
        order.into_iter().map(|index| vault.nodes[index].name.clone()).collect()
    }

    /// Those who walk the upgrade have something to do: what, and how long after what comes before it.
    fn schedule(&mut self, deeds: Vec<(u64, String)>, what: &str) -> CommandResult {
        let Some(trial) = &mut self.trial else { return failed(1, "") };
        if !trial.to_do.is_empty() {
            return failed(1, "they are still at it");
        }
        let mut at = self.now;
        for (seconds, line) in deeds {
            at = at.plus(Duration::from_secs(seconds));
            trial.to_do.push_back((at, line));
        }
        printed(&format!(
            "{what} has begun in another terminal; it takes about {} s\n",
            at.since(self.now).as_secs() + 20
        ))
    }

    fn walk_upgrade(&mut self) -> CommandResult {
        let order = self.trial_order();
        let Some((_, vault)) = self.clusters.iter().find(|(part, _)| *part == Part::Trial) else {
            return failed(1, "");
        };
        let (target, package) = (vault.options.target.clone(), vault.package());
        let mut deeds = Vec::new();
        if let Some(active) = order.last() {
            let save = "vault operator raft snapshot save";
            deeds.push((2, format!("{save} -address=http://{active}:8200 /home/{ACCOUNT}/trial-before-{target}.snap")));
        }
        for node in &order {
            deeds.push((4, format!("ssh {node} sudo systemctl stop vault")));
            deeds.push((5, format!("ssh {node} sudo apt-get install -y {package}={target}-1")));
            deeds.push((7, format!("ssh {node} sudo setcap cap_ipc_lock=+ep /usr/bin/vault")));
            deeds.push((1, format!("ssh {node} sudo systemctl start vault")));
            deeds.push((2, format!("unseal-vault {node}")));
            deeds.push((15, "true".into()));
        }
        self.schedule(deeds, "the upgrade of the test cluster")
    }

    fn walk_back(&mut self) -> CommandResult {
        let order = self.trial_order();
        let target = self.clusters[0].1.options.target.clone();
        let mut deeds = Vec::new();
        deeds.extend(order.iter().map(|node| (4, format!("ssh {node} sudo systemctl stop vault"))));
        let put_back = |node: &String| (5, format!("restore-vault {node} /home/{ACCOUNT}/trial-before-{target}.snap"));
        deeds.extend(order.iter().map(put_back));
        deeds.extend(order.iter().map(|node| (2, format!("ssh {node} sudo systemctl start vault"))));
        deeds.extend(order.iter().map(|node| (3, format!("unseal-vault {node}"))));
        self.schedule(deeds, "the way back of the test cluster")
    }

    /// What the others do, and what becomes of the leases in a copy.
    pub(super) fn pass_trial(&mut self, at: Timestamp) {
        while let Some(line) = self.due_deed(at) {
            let words: Vec<String> = line.split(' ').map(str::to_owned).collect();
            run(self, &Shell::on(Place::Bastion), &words, 0);
        }
        self.pass_leases(at);
    }

    fn due_deed(&mut self, at: Timestamp) -> Option<String> {
        let to_do = &mut self.trial.as_mut()?.to_do;
        to_do.front().filter(|(due, _)| *due <= at)?;
        to_do.pop_front().map(|(_, line)| line)
    }

    fn pass_leases(&mut self, at: Timestamp) {
        let [(Part::Real, real), (Part::Trial, copy)] = self.clusters.as_mut_slice() else { return };
        let Some(trial) = &mut self.trial else { return };
        let is_copy = real.cluster_id == copy.cluster_id && copy.nodes.iter().any(|node| !node.is_empty);
        if is_copy && trial.leases.is_none() {
            let lease = |(of, id, after)| Lease { of, id, due: at.plus(Duration::from_secs(after)) };
            trial.leases = Some(LEASES.map(lease).to_vec());
        }
        if let (Some(active), Some(leases)) = (copy.active(), &mut trial.leases) {
            let is_out = trial.open.contains(&active);
            let node = &mut copy.nodes[active];
            for lease in leases.iter_mut().filter(|lease| lease.due <= at) {
                if is_out {
                    node.log_server(at, "INFO", &format!("expiration: revoked lease: lease_id={}", lease.id));
                    let told = format!("the copy revoked {} at {}, which a real client uses", lease.id, lease.of);
                    self.harms.done("revoked", lease.of, told, at);
                } else {
                    let why = "dial tcp: i/o timeout";
                    let line = format!("expiration: failed to revoke lease: lease_id={} error=\"{why}\"", lease.id);
                    node.log_server(at, "ERROR", &line);
                    lease.due = at.plus(AGAIN);
                }
            }
            leases.retain(|lease| !is_out || lease.due > at);
        }
        let told = is_copy.then(|| "the test cluster holds a copy of the real data".to_owned());
        self.harms.stands(COPY, "", told, at);
    }
}
