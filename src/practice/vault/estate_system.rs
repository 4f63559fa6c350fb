//! Several clusters as one [`System`], and as the hosts of one bastion.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Map, Value, json};

use crate::clock::Timestamp;
use crate::practice::host::{ACCOUNT, Call, Files, Hosts, Listed, Log, Order, Place, Shell, Signal, Unit, Url, run};
use crate::practice::{CommandResult, FaultError, Harm, Request, Response, System};

use super::estate::{Estate, Part};
use super::trial::Trial;
use super::trouble::FAULTS;

/// The faults of one cluster, and those of what lies between several.
const ALL_FAULTS: [(&str, &str); FAULTS.len() + 2] = {
    let mut all = [("", ""); FAULTS.len() + 2];
    let mut index = 0;
    while index < FAULTS.len() {
        all[index] = FAULTS[index];
        index += 1;
    }
    all[index] = ("stuck", "`cluster`: this secondary stops following its primary until it is told to recover");
    all[index + 1] = ("way-out", "`node`: the way out of this test node is opened; without it that of all");
    all
};

/// Faults that concern the bastion or every cluster.
const OF_ALL: [&str; 2] = ["disk-full", "slow-election"];

impl System for Estate {
    fn advance(&mut self, now: Timestamp) {
        self.pass_time(now);
    }

    fn listens(&self, node: &str) -> bool {
        self.find(node).is_some_and(|(cluster, _)| self.clusters[cluster].1.listens(node))
    }

    fn wakes_at(&self) -> Option<Timestamp> {
        self.clusters.iter().filter_map(|(_, vault)| vault.wakes_at()).min()
    }

    fn place(&mut self, node: &str, address: &str) {
        if let Some((cluster, _)) = self.find(node) {
            self.clusters[cluster].1.place(node, address);
        }
        self.tell_links();
    }

    fn answer(&mut self, request: &Request, now: Timestamp) -> Response {
        self.pass_time(now);
        let response = self.serve(request);
        match response {
            Response::Answer { status, content_type, headers, .. } if request.method == "HEAD" => {
                Response::Answer { status, content_type, headers, body: Vec::new() }
            }
            response => response,
        }
    }

    fn command(&mut self, argv: &[String], now: Timestamp) -> CommandResult {
        self.pass_time(now);
        let result = run(self, &Shell::on(Place::Bastion), argv, 0);
        for (_, vault) in &mut self.clusters {
            vault.look_at_binaries();
            vault.note_harm(vault.now);
        }
        result
    }

    fn harm(&mut self) -> Vec<Harm> {
        let mut told = self.harms.take();
        for (part, vault) in &mut self.clusters {
            let name = vault.options.name.clone();
            let own = vault.trouble.harms.take().into_iter().filter(|harm| match part {
                // What is done to a test cluster hurts nobody.
                Part::Trial => false,
                // It serves nobody.
                Part::DrSecondary => harm.kind != "no-active-node",
                Part::Primary | Part::PerformanceSecondary | Part::Real => true,
            });
            told.extend(own.map(|harm| match harm.about.is_empty() {
                true => Harm { about: name.clone(), told: harm.told.map(|told| of(&name, told)), ..harm },
                false => harm,
            }));
        }
        told.sort_by_key(|harm| harm.at);
        told
    }

    fn faults(&self) -> &'static [(&'static str, &'static str)] {
        &ALL_FAULTS
    }

    fn fault(&mut self, name: &str, arguments: &Map<String, Value>, now: Timestamp) -> Result<(), FaultError> {
        self.pass_time(now);
        let text = |key: &str| arguments.get(key).and_then(Value::as_str);
        let wrong = |problem: &str| FaultError::Argument { fault: name.to_owned(), problem: problem.to_owned() };
        match name {
            "stuck" => {
                let wanted = text("cluster").unwrap_or_default();
                let is_meant = |secondary: usize| self.clusters[secondary].1.options.name == wanted;
                let meant = self.links.iter().position(|link| is_meant(link.secondary));
                self.links[meant.ok_or_else(|| wrong("`cluster` is a secondary"))?].stick();
                self.tell_links();
                Ok(())
            }
            "way-out" => {
                let is_test = |meant: &(usize, usize)| self.clusters[meant.0].0 == Part::Trial;
                let node = match arguments.get("node") {
                    None => None,
                    Some(_) => {
                        let meant = text("node").and_then(|node| self.find(node)).filter(is_test);
                        Some(meant.ok_or_else(|| wrong("`node` is a test node"))?.1)
                    }
                };
                let trial = self.trial.as_mut().ok_or_else(|| wrong("there is no test cluster"))?;
                trial.set_way(node, true);
                Ok(())
            }
            name if OF_ALL.contains(&name) => {
                (0..self.clusters.len()).try_for_each(|cluster| self.strike(cluster, name, arguments))
            }
            _ => {
                // "active" is that of the primary, or of the test cluster: both come last.
                let last = self.clusters.len() - 1;
                let cluster = text("node").and_then(|node| self.find(node)).map_or(last, |(cluster, _)| cluster);
                self.strike(cluster, name, arguments)
            }
        }
    }

    fn nodes(&self) -> Vec<String> {
        self.clusters.iter().flat_map(|(_, vault)| vault.nodes()).collect()
    }

    fn inputs(&self, address: &dyn Fn(&str) -> String) -> Map<String, Value> {
        match self.trial.is_some() {
            true => self.rehearsal_inputs(address),
            false => self.replication_inputs(address),
        }
    }
}

/// What is told of a cluster without naming it, of the cluster of that name.
fn of(name: &str, told: String) -> String {
    if name.is_empty() { told } else { format!("{name}: {told}") }
}

impl Estate {
    fn strike(&mut self, cluster: usize, name: &str, arguments: &Map<String, Value>) -> Result<(), FaultError> {
        self.lend(cluster, |vault| vault.set_fault(name, arguments, vault.now))
    }

    fn members(&self, wanted: impl Fn(Part) -> bool, address: &dyn Fn(&str) -> String) -> Vec<Value> {
        let chosen = self.clusters.iter().filter(|(part, _)| wanted(*part));
        let rows = chosen.flat_map(|(part, vault)| {
            vault.nodes.iter().map(move |node| {
                json!({
                    "name": node.name, "api": address(&node.name), "ssh": node.name,
                    "cluster": vault.options.name, "part": part.word(), "storage": "raft",
                })
            })
        });
        rows.collect()
    }

    fn replication_inputs(&self, address: &dyn Fn(&str) -> String) -> Map<String, Value> {
        let options = &self.clusters[0].1.options;
        let active = "-address={{ .node.cluster as $c | .health.vault[] | select(.node.cluster == $c and .role == \
                      \"active\") | .node.api }}";
        object(json!({
            "members": self.members(|_| true, address),
            "from": options.old,
            "target": options.target,
            "mlock": options.mlock,
            "backup_folder": format!("/home/{ACCOUNT}"),
            "unseal": ["unseal-vault", "{{ .node.name }}"],
            "restore": [
                "restore-vault", "{{ .node.name }}",
                "{{ .inputs.backup_folder }}/{{ .node.cluster }}-before-{{ .inputs.target }}.snap",
            ],
            "cluster_history": ["vault", "version-history", "-format=json", active],
            "cluster_autopilot": ["vault", "operator", "raft", "autopilot", "state", "-format=json", active],
        }))
    }

    fn rehearsal_inputs(&self, address: &dyn Fn(&str) -> String) -> Map<String, Value> {
        let options = &self.clusters[0].1.options;
        object(json!({
            "nodes": self.members(|part| part == Part::Real, address),
            "trial": self.members(|part| part == Part::Trial, address),
            "third_party": true,
            "outside": Trial::outside(),
            "rehearsed": if self.clusters[0].1.nodes.len() == 1 { "vault-single-upgrade" } else { "vault-ha-upgrade" },
            "from": options.old,
            "target": options.target,
            "storage": "raft",
            "copy_file": format!("/home/{ACCOUNT}/vault-rehearsal.snap"),
            "unseal": ["unseal-vault", "{{ .node.name }}"],
            "wipe": ["wipe-vault", "{{ .node.name }}"],
        }))
    }
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(fields) => fields,
        _ => Map::new(),
    }
}

impl Hosts for Estate {
    fn now(&self) -> Timestamp {
        self.now
    }

    fn host(&self, name: &str) -> Option<usize> {
        self.find(name).map(|(cluster, node)| self.first_of(cluster) + node)
    }

    fn host_name(&self, index: usize) -> String {
        let (cluster, node) = self.at(index);
        self.clusters[cluster].1.host_name(node)
    }

    fn environment(&self, place: Place) -> BTreeMap<String, String> {
        match place {
            Place::Bastion => BTreeMap::new(),
            Place::Node(index) => {
                let (cluster, node) = self.at(index);
                self.clusters[cluster].1.environment(Place::Node(node))
            }
        }
    }

    fn program(&mut self, call: &Call<'_>) -> Option<CommandResult> {
        self.trial_program(call.shell, call.name, call.words)
            .or_else(|| self.own_program(call.shell, call.name, call.words))
    }

    fn files(&mut self, place: Place) -> Option<&mut Files> {
        let Place::Node(index) = place else { return None };
        let (cluster, node) = self.at(index);
        self.clusters[cluster].1.files(Place::Node(node))
    }

    fn web(&mut self, place: Place, url: &Url, request: Request) -> Option<(Response, Duration)> {
        // A machine's own address is its own; every other one is looked for in all clusters.
        let here = match place {
            Place::Node(index) => Some(self.at(index)),
            Place::Bastion => None,
        };
        let asked = (0..self.clusters.len()).filter_map(|cluster| {
            let place = here.filter(|(own, _)| *own == cluster).map_or(Place::Bastion, |(_, node)| Place::Node(node));
            self.clusters[cluster].1.served_by(place, url)
        });
        let served: Vec<Option<String>> = asked.collect();
        match served.iter().flatten().next() {
            Some(node) => Some((self.serve(&Request { node: node.clone(), ..request }), Duration::ZERO)),
            None => (!served.is_empty()).then_some((Response::Refused, Duration::ZERO)),
        }
    }

    fn units(&self, index: usize) -> Vec<Unit> {
        let (cluster, node) = self.at(index);
        self.clusters[cluster].1.units(node)
    }

    fn order(&mut self, index: usize, unit: &str, order: Order) -> CommandResult {
        let (cluster, node) = self.at(index);
        self.lend(cluster, |vault| vault.order(node, unit, order))
    }

    fn journal(&self, index: usize, unit: &str) -> Option<&Log> {
        let (cluster, node) = self.at(index);
        self.clusters[cluster].1.journal(node, unit)
    }

    fn processes(&self, index: usize) -> Vec<Listed> {
        let (cluster, node) = self.at(index);
        self.clusters[cluster].1.processes(node)
    }

    fn signal(&mut self, index: usize, pid: u32, signal: Signal) {
        let (cluster, node) = self.at(index);
        self.lend(cluster, |vault| vault.signal(node, pid, signal));
    }
}
