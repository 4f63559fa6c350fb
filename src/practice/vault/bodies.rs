//! The JSON bodies, field by field as the real server writes them.

use serde_json::{Map, Value, json};

use crate::clock::Timestamp;

use super::queries::Standing;
use super::state::{Node, Vault};
use super::transitions::FRESH;
use crate::practice::host::Version;

/// How long an absent node stays listed before the others notice.
const NOTICED_AFTER_MS: u64 = 10_000;

impl Vault {
    /// What that listening node is.
    pub(super) fn standing(&self, index: usize) -> Standing {
        if self.nodes[index].sealed {
            Standing::Sealed
        } else if self.replication.is_dr_secondary() {
            Standing::DrSecondary
        } else if self.is_performance_standby(index) {
            Standing::PerformanceStandby
        } else if self.active() == Some(index) {
            Standing::Active
        } else {
            Standing::Standby
        }
    }

    /// The version of the process that answers.
    pub(super) fn answering(&self, index: usize) -> &Version {
        self.nodes[index].running().unwrap_or(&self.nodes[index].installed)
    }

    /// Whom this node takes for active.
    pub(super) fn known_leader(&self, index: usize) -> Option<&Node> {
        let known = self.active() == Some(index) || self.nodes[index].knows_at <= self.now;
        self.named().filter(|_| known && !self.nodes[index].sealed).map(|named| &self.nodes[named])
    }

    pub(super) fn health_body(&self, index: usize) -> Value {
        let standing = self.standing(index);
        let version = self.answering(index);
        let (performance, dr) = match standing {
            Standing::Sealed => ("unknown", "unknown"),
            _ => self.replication.modes(),
        };
        let is_active = self.active() == Some(index);
        let mut body = json!({
            "initialized": true,
            "sealed": standing == Standing::Sealed,
            "standby": !is_active,
            "performance_standby": standing == Standing::PerformanceStandby,
            "replication_performance_mode": performance,
            "replication_dr_mode": dr,
            "server_time_utc": self.now.as_millis() / 1000,
            "version": version.as_str(),
            "enterprise": self.is_enterprise(),
        });
        if standing != Standing::Sealed {
            body["cluster_name"] = json!(self.cluster_name());
            body["cluster_id"] = json!(self.cluster_id);
        }
        if *version >= Version::new("1.17") {
            body["echo_duration_ms"] = json!(0);
            body["clock_skew_ms"] = json!(0);
        }
        body
    }

    /// A server that was never set up, or whose data is gone.
    pub(super) fn empty_health_body(&self, index: usize) -> Value {
        let mut body = self.health_body(index);
        body["initialized"] = json!(false);
        body
    }

    pub(super) fn seal_status_body(&self, index: usize) -> Value {
        let node = &self.nodes[index];
        let version = self.answering(index);
        let mut body = json!({
            "type": "shamir",
            "initialized": !node.is_empty,
            "sealed": node.sealed,
            "t": self.options.threshold,
            "n": self.options.shares,
            "progress": node.given.len(),
            "nonce": node.nonce,
            "version": version.as_str(),
            "build_date": version.build_date(),
            "migration": false,
        });
        if !node.sealed {
            body["cluster_name"] = json!(self.cluster_name());
            body["cluster_id"] = json!(self.cluster_id);
        }
        body["recovery_seal"] = json!(false);
        body["storage_type"] = json!("raft");
        body
    }

    pub(super) fn leader_body(&self, index: usize) -> Value {
        let leader = self.known_leader(index);
        let since = match self.leadership {
            super::state::Leadership::Active { node, since } if node == index => since.to_string(),
            _ => "0001-01-01T00:00:00Z".into(),
        };
        json!({
            "ha_enabled": true,
            "is_self": self.active() == Some(index),
            "active_time": since,
            "leader_address": leader.map_or("", |node| &node.api),
            "leader_cluster_address": leader.map(cluster_address).unwrap_or_default(),
            "performance_standby": self.is_performance_standby(index),
            "performance_standby_last_remote_wal": 0,
            "raft_committed_index": self.nodes[index].data.index,
            "raft_applied_index": self.nodes[index].data.index,
        })
    }

    pub(super) fn ha_status_body(&self) -> Value {
        let nodes: Vec<Value> = self
            .nodes
            .iter()
            .enumerate()
            .filter(|(_, node)| self.is_noticed(node))
            .map(|(index, node)| {
                let active = self.active() == Some(index);
                let echo = node.away_since.unwrap_or(Timestamp::from_millis(self.now.as_millis() / 5_000 * 5_000));
                let version = self.answering(index).as_str();
                json!({
                    "hostname": node.name,
                    "api_address": node.api,
                    "cluster_address": cluster_address(node),
                    "active_node": active,
                    "last_echo": if active { Value::Null } else { json!(echo) },
                    "echo_duration_ms": if active { 0 } else { 1 },
                    "clock_skew_ms": 0,
                    "version": version,
                    "upgrade_version": version,
                })
            })
            .collect();
        enveloped(json!({ "nodes": nodes }), &self.request_id())
    }

    /// Whether the others still count the node in: a node that left is missed only after ten seconds.
    fn is_noticed(&self, node: &Node) -> bool {
        node.away_since.is_none_or(|since| self.now.since(since).as_millis() < u128::from(NOTICED_AFTER_MS))
    }

    pub(super) fn configuration_body(&self, index: usize) -> Value {
        let leader = self.known_leader(index).map(|node| node.name.clone());
        let servers: Vec<Value> = self
            .nodes
            .iter()
            .map(|node| {
                json!({
                    "node_id": node.name,
                    "address": format!("{}:8201", node.name),
                    "leader": Some(&node.name) == leader.as_ref(),
                    "protocol_version": "3",
                    "voter": true,
                })
            })
            .collect();
        enveloped(json!({ "config": { "servers": servers, "index": 0 } }), &self.request_id())
    }

    pub(super) fn autopilot_data(&self) -> Value {
        let mut servers = Map::new();
        let (mut healthy_nodes, mut all) = (0_usize, true);
        for (index, node) in self.nodes.iter().enumerate() {
            let healthy = self.is_noticed(node);
            healthy_nodes += usize::from(healthy);
            all &= healthy;
            let active = self.active() == Some(index);
            let contact = match node.away_since {
                _ if active => "0s".into(),
                Some(since) => format!("{:.1}s", self.now.since(since).as_secs_f64()),
                None => format!("{}.{:02}ms", 200 + node.data.index % 700, node.data.index % 100),
            };
            servers.insert(
                node.name.clone(),
                json!({
                    "id": node.name,
                    "name": node.name,
                    "address": format!("{}:8201", node.name),
                    "node_status": "alive",
                    "last_contact": contact,
                    "last_term": node.data.term,
                    "last_index": node.data.index,
                    "healthy": healthy,
                    "stable_since": Timestamp::from_millis(self.now.as_millis() - FRESH.as_millis() as i64),
                    "status": if active { "leader" } else { "voter" },
                    "version": self.answering(index).as_str(),
                    "upgrade_version": self.answering(index).as_str(),
                    "node_type": "voter",
                }),
            );
        }
        let tolerance = healthy_nodes.saturating_sub(self.nodes.len() / 2 + 1);
        json!({
            "failure_tolerance": tolerance,
            "healthy": all,
            "leader": self.active().map_or("", |index| &self.nodes[index].name),
            "servers": servers,
            "voters": self.nodes.iter().map(|node| &node.name).collect::<Vec<_>>(),
        })
    }

    pub(super) fn history_body(&self, index: usize) -> Value {
        let history = &self.nodes[index].data.history;
        let mut info = Map::new();
        let mut previous = Value::Null;
        for (version, at) in history {
            info.insert(
                version.to_string(),
                json!({
                    "build_date": version.build_date(),
                    "previous_version": previous,
                    "timestamp_installed": at,
                }),
            );
            previous = json!(version.as_str());
        }
        let keys: Vec<&str> = history.iter().map(|(version, _)| version.as_str()).collect();
        enveloped(json!({ "keys": keys, "key_info": info }), &self.request_id())
    }

    pub(super) fn host_body(&self, index: usize) -> Value {
        let host =
            json!({ "hostname": self.nodes[index].name, "os": "linux", "platform": "debian", "platformVersion": "12" });
        enveloped(json!({ "timestamp": self.now, "host": host }), &self.request_id())
    }

    fn cluster_name(&self) -> String {
        format!("vault-cluster-{}", &self.cluster_id[..8])
    }

    /// Answers carry an id; it need not be random to be different.
    pub(super) fn request_id(&self) -> String {
        format!("{:08x}-0000-4000-8000-{:012x}", self.next_pid, self.now.as_millis())
    }
}

/// The address that the nodes use among themselves.
pub(super) fn cluster_address(node: &Node) -> String {
    format!("https://{}:8201", node.name)
}

/// The envelope of logical answers.
pub(super) fn enveloped(data: Value, request_id: &str) -> Value {
    json!({
        "request_id": request_id,
        "lease_id": "",
        "renewable": false,
        "lease_duration": 0,
        "data": data,
        "wrap_info": null,
        "warnings": null,
        "auth": null,
    })
}

/// The same with the data at the top once more, as a few old paths have it.
pub(super) fn repeated(mut body: Value) -> Value {
    let data = body["data"].clone();
    if let (Value::Object(top), Value::Object(fields)) = (&mut body, data) {
        for (name, value) in fields {
            top.entry(name).or_insert(value);
        }
    }
    body
}
