//! The bodies: JSON field by field as the real server writes it, and the metrics.

use serde_json::{Map, Value, json};

use crate::clock::Timestamp;
use crate::practice::host::Version;

use super::notes::build_time;
use super::state::{Cockroach, Identity, Membership, Row, SQL_PORT};

impl Cockroach {
    /// The row that a host's server would write now.
    fn own_row(&self, host: usize) -> Row {
        match self.member_on(host) {
            Some(member) => self.row(member, self.now),
            None => Row { leaders: 44, leaseholders: 44, ranges: 44, live_bytes: 90_112, ..Row::default() },
        }
    }

    fn own_id(&self, host: usize) -> u32 {
        match self.identity_on(host) {
            Some(Identity::Member(member)) => self.members[member].id,
            Some(Identity::Alone) => 1,
            Some(Identity::Waiting) | None => 0,
        }
    }

    /// A server about itself: the body of `/_status/details/local`, and of `/health` in old versions.
    pub(super) fn details(&self, host: usize) -> Value {
        let name = &self.hosts[host].name;
        let build = self.hosts[host].run().map_or_else(|| Version::new(&self.options.old), |run| run.build.clone());
        json!({
            "nodeId": self.own_id(host),
            "address": address(name),
            "buildInfo": build_info(&build),
        })
    }

    /// The body of `/_status/nodes`.
    pub(super) fn nodes_body(&self, host: usize) -> Value {
        if self.member_on(host).is_none() {
            return json!({ "nodes": [], "livenessByNodeId": {} });
        }
        let nodes: Vec<Value> = self.belonging().map(|member| self.node_body(member)).collect();
        let mut body = json!({ "nodes": nodes });
        // The 1.0 series did not have it.
        if self.hosts[host].run().is_some_and(|run| run.build >= Version::new("2.0")) {
            let told = (0..self.members.len())
                .map(|member| (self.members[member].id.to_string(), json!(self.liveness(member) as u8)));
            body["livenessByNodeId"] = Value::Object(told.collect::<Map<_, _>>());
        }
        body
    }

    /// What is known of one member: the row that it wrote last.
    pub(super) fn node_body(&self, member: usize) -> Value {
        let (told, row) = (&self.members[member], &self.members[member].row);
        let host = &self.hosts[told.host];
        let build = Version::new(row.build.trim_start_matches('v'));
        let series = super::upgrade::series(build.as_str());
        let (major, minor) = series.split_once('.').unwrap_or((&series, "0"));
        let number = |text: &str| text.parse::<u32>().unwrap_or(0);
        let command = host.run().map_or(&host.command, |run| &run.command);
        json!({
            "desc": {
                "nodeId": told.id,
                "address": address(&host.name),
                "attrs": { "attrs": [] },
                "locality": { "tiers": [] },
                "ServerVersion": { "majorVal": number(major), "minorVal": number(minor), "patch": 0, "internal": 0 },
                "buildTag": row.build,
                "startedAt": nanoseconds(row.started_at),
                "clusterName": "",
                "sqlAddress": address(&host.name),
                "httpAddress": { "networkField": "tcp", "addressField": format!("{}:8080", host.name) },
            },
            "buildInfo": build_info(&build),
            "startedAt": nanoseconds(row.started_at),
            "updatedAt": nanoseconds(row.updated_at),
            "metrics": { "sys.uptime": row.updated_at.since(row.started_at).as_secs() },
            "storeStatuses": [{
                "desc": {
                    "storeId": told.id,
                    "attrs": { "attrs": [] },
                    "node": { "nodeId": told.id, "address": address(&host.name) },
                    "capacity": {
                        "capacity": host.files.size.to_string(),
                        "available": self.available(told.host).to_string(),
                        "rangeCount": row.ranges,
                        "leaseCount": row.leaseholders,
                    },
                },
                "metrics": {
                    "ranges": row.ranges,
                    "replicas": row.ranges,
                    "ranges.unavailable": row.unavailable,
                    "ranges.underreplicated": row.underreplicated,
                    "replicas.leaders": row.leaders,
                    "replicas.leaseholders": row.leaseholders,
                    "livebytes": row.live_bytes,
                },
            }],
            "args": command,
            "env": [],
            "activity": {},
            "numCpus": 8,
            "totalSystemMemory": "33675718656",
        })
    }

    /// The body of `/api/v2/nodes/`.
    pub(super) fn nodes_v2(&self, host: usize) -> Value {
        if self.member_on(host).is_none() {
            return json!({ "nodes": [] });
        }
        let node = |member: usize| {
            let told = &self.members[member];
            let series = super::upgrade::series(told.row.build.trim_start_matches('v'));
            let (major, minor) = series.split_once('.').unwrap_or((&series, "0"));
            json!({
                "node_id": told.id,
                "address": { "network_field": "tcp", "address_field": self.sql_address(member) },
                "attrs": { "attrs": [] },
                "locality": { "tiers": [] },
                "ServerVersion": { "major": major.parse().unwrap_or(0), "minor": minor.parse().unwrap_or(0), "patch": 0, "internal": 0 },
                "build_tag": told.row.build,
                "started_at": told.row.started_at.as_millis() * 1_000_000,
                "cluster_name": "",
                "sql_address": { "network_field": "tcp", "address_field": self.sql_address(member) },
                "metrics": {},
                "total_system_memory": 33_675_718_656_u64,
                "num_cpus": 8,
                "updated_at": told.row.updated_at.as_millis() * 1_000_000,
                "liveness_status": self.liveness(member) as u8,
            })
        };
        json!({ "nodes": self.belonging().map(node).collect::<Vec<_>>() })
    }

    /// The body of `/_status/critical_nodes`: whose loss would cost some range its majority, and what lacks something.
    pub(super) fn critical_nodes(&self) -> Value {
        let range = |range: &super::ranges::Range| json!({ "rangeId": range.id.to_string(), "config": { "voters": range.replicas.len() } });
        let lost: Vec<Value> = self.ranges.iter().filter(|told| !self.has_quorum(told)).map(range).collect();
        let short: Vec<Value> =
            self.ranges.iter().filter(|told| self.has_quorum(told) && self.is_short(told)).map(range).collect();
        let gone: Vec<u32> = self
            .belonging()
            .filter(|&member| !self.is_available(member))
            .map(|member| self.members[member].id)
            .collect();
        // While ranges lack a replica, each of the nodes that hold the rest is one too many to lose.
        let critical: Vec<Value> = self
            .belonging()
            .filter(|&member| !short.is_empty() && self.is_available(member))
            .map(|member| json!({ "nodeId": self.members[member].id, "address": address(&self.hosts[self.members[member].host].name) }))
            .collect();
        json!({
            "criticalNodes": critical,
            "report": {
                "underReplicated": short,
                "overReplicated": [],
                "violatingConstraints": [],
                "unavailable": lost,
                "unavailableNodeIds": gone,
            },
        })
    }

    /// The body of `/_admin/v1/liveness`.
    pub(super) fn liveness_body(&self) -> Value {
        let record = |member: usize| {
            let told = &self.members[member];
            let expires = told.expires.unwrap_or(self.now.plus(std::time::Duration::from_secs(7)));
            json!({
                "nodeId": told.id,
                "epoch": "3",
                "expiration": { "wallTime": nanoseconds(expires), "logical": 0 },
                "draining": told.draining,
                "membership": match told.membership {
                    Membership::Active => 0,
                    Membership::Decommissioning => 1,
                    Membership::Decommissioned => 2,
                },
            })
        };
        let records: Vec<Value> = (0..self.members.len()).map(record).collect();
        let statuses = (0..self.members.len())
            .map(|member| (self.members[member].id.to_string(), json!(self.liveness(member) as u8)));
        json!({ "livenesses": records, "statuses": statuses.collect::<Map<_, _>>() })
    }

    /// The metrics of a host's server, as Prometheus reads them.
    pub(super) fn metrics(&self, host: usize) -> String {
        let row = self.own_row(host);
        let id = self.own_id(host);
        let newer = self.hosts[host].run().is_some_and(|run| run.build >= Version::new("22.2"));
        let store = if newer { format!("store=\"{id}\",node_id=\"{id}\"") } else { format!("store=\"{id}\"") };
        let node = if newer { format!("{{node_id=\"{id}\"}}") } else { String::new() };
        let mut text = String::new();
        let mut gauge = |name: &str, help: &str, labels: &str, value: u64| {
            text.push_str(&format!("# HELP {name} {help}\n# TYPE {name} gauge\n{name}{labels} {value}\n"));
        };
        let labels = format!("{{{store}}}");
        gauge("ranges", "Number of ranges", &labels, row.ranges);
        gauge(
            "ranges_unavailable",
            "Number of ranges with fewer live replicas than needed for quorum",
            &labels,
            row.unavailable,
        );
        gauge(
            "ranges_underreplicated",
            "Number of ranges with fewer live replicas than the replication target",
            &labels,
            row.underreplicated,
        );
        gauge("replicas", "Number of replicas", &labels, row.ranges);
        gauge("replicas_leaders", "Number of raft leaders", &labels, row.leaders);
        gauge("replicas_leaseholders", "Number of lease holders", &labels, row.leaseholders);
        gauge("livebytes", "Number of bytes of live data (keys plus values)", &labels, row.live_bytes);
        gauge("capacity", "Total storage capacity", &labels, self.hosts[host].files.size);
        gauge("capacity_available", "Available storage capacity", &labels, self.available(host));
        let member = self.member_on(host);
        let live = self.belonging().filter(|&other| self.is_available(other)).count() as u64;
        gauge("liveness_livenodes", "Number of live nodes in the cluster", &node, live);
        let takes = member.is_some_and(|member| self.takes_clients(member));
        let taking = self.belonging().filter(|&other| self.takes_clients(other)).count().max(1) as u64;
        gauge("sql_conns", "Number of open SQL connections", &node, if takes { 96 / taking } else { 0 });
        gauge("sys_uptime", "Process uptime", &node, self.now.since(row.started_at).as_secs());
        let served = self.clients.tally.served as u64 / taking;
        gauge("sql_query_count", "Number of SQL queries executed", &node, served);
        text
    }
}

fn address(name: &str) -> Value {
    json!({ "networkField": "tcp", "addressField": format!("{name}:{SQL_PORT}") })
}

fn build_info(build: &Version) -> Value {
    json!({
        "goVersion": "go1.19.13",
        "tag": format!("v{build}"),
        "time": build_time(build.as_str()),
        "revision": build.commit(),
        "cgoCompiler": "gcc 6.5.0",
        "cgoTargetTriple": "x86_64-pc-linux-gnu",
        "platform": "linux amd64",
        "distribution": "CCL",
        "type": "release",
        "channel": "official-binary",
        "dependencies": null,
    })
}

/// A whole number of 64 bits, which JSON carries as a text.
fn nanoseconds(at: Timestamp) -> String {
    format!("{}000000", at.as_millis())
}
