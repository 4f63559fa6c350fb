//! What a cluster says of its part in a replication: modes, states, who is connected.

use serde_json::{Value, json};

use crate::clock::Timestamp;
use crate::practice::host::printed;
use crate::practice::{CommandResult, Response};

use super::bodies::{cluster_address, enveloped};
use super::cli::{Call, pretty, table};
use super::http::{answer, no_content};
use super::state::{Node, Vault};

/// The other end of a link, as its active node was last heard.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Peer {
    /// The name under which a secondary was enabled.
    pub(super) id: String,
    pub(super) node: String,
    pub(super) api: String,
    pub(super) cluster_address: String,
    pub(super) is_connected: bool,
    pub(super) heard: Timestamp,
}

impl Peer {
    /// The node of that cluster as its peers know it.
    pub(super) fn of(id: &str, node: &Node, at: Timestamp) -> Self {
        Self {
            id: id.to_owned(),
            node: node.name.clone(),
            api: node.api.clone(),
            cluster_address: cluster_address(node),
            is_connected: true,
            heard: at,
        }
    }

    fn body(&self) -> Value {
        json!({
            "node_id": self.id,
            "api_address": self.api,
            "cluster_address": self.cluster_address,
            "connection_status": if self.is_connected { "connected" } else { "disconnected" },
            "last_heartbeat": self.heard,
        })
    }
}

/// What a cluster is in one of the two sorts of replication.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) enum Side {
    #[default]
    Disabled,
    Primary {
        secondaries: Vec<Peer>,
    },
    Secondary {
        /// `stream-wals`, `merkle-diff`, `merkle-sync` or `idle`.
        state: &'static str,
        primary: Peer,
        /// How far it has the primary's log.
        remote_wal: u64,
    },
}

impl Side {
    fn mode(&self) -> &'static str {
        match self {
            Self::Disabled => "disabled",
            Self::Primary { .. } => "primary",
            Self::Secondary { .. } => "secondary",
        }
    }
}

/// A cluster's part in a replication; of a cluster that is in none both sides are disabled.
#[derive(Clone, Debug, Default)]
pub(super) struct Replication {
    pub(super) performance: Side,
    pub(super) dr: Side,
    /// Somebody has asked it to recover, and nobody has seen to that yet.
    pub(super) recover: bool,
}

impl Replication {
    /// Whether it keeps a copy for a disaster, and serves nobody.
    pub(super) fn is_dr_secondary(&self) -> bool {
        matches!(self.dr, Side::Secondary { .. })
    }

    /// The modes as `sys/health` names them: performance, disaster recovery.
    pub(super) fn modes(&self) -> (&'static str, &'static str) {
        (self.performance.mode(), self.dr.mode())
    }
}

impl Vault {
    /// Whether that unsealed standby answers reads: it must know whom it follows, and serve at all.
    pub(super) fn is_performance_standby(&self, index: usize) -> bool {
        self.is_enterprise()
            && !self.nodes[index].sealed
            && !self.replication.is_dr_secondary()
            && self.active().is_some_and(|active| active != index)
            && self.following(index).is_some()
    }

    /// What a node says of the replication: a standby asks the active one.
    pub(super) fn replication_answer(&self, index: usize, path: &str, asked: &str) -> Response {
        let active = if self.active() == Some(index) { Some(index) } else { self.following(index) };
        let Some(active) = active else { return self.nobody_active(index, asked) };
        let performance = self.side_body(active, &self.replication.performance, "performance");
        let dr = self.side_body(active, &self.replication.dr, "dr");
        let data = match path {
            "sys/replication/dr/status" => dr,
            "sys/replication/performance/status" => performance,
            _ => json!({ "dr": dr, "performance": performance }),
        };
        answer(200, &enveloped(data, &self.request_id()))
    }

    fn side_body(&self, active: usize, side: &Side, sort: &str) -> Value {
        let wal = self.nodes[active].data.index;
        match side {
            Side::Disabled => json!({ "mode": "disabled" }),
            Side::Primary { secondaries } => {
                let mut body = json!({
                    "cluster_id": self.cluster_id,
                    "known_secondaries": secondaries.iter().map(|peer| &peer.id).collect::<Vec<_>>(),
                    "last_reindex_epoch": "0",
                    "last_wal": wal,
                    "mode": "primary",
                    "primary_cluster_addr": "",
                    "secondaries": secondaries.iter().map(Peer::body).collect::<Vec<_>>(),
                    "state": "running",
                });
                body[format!("last_{sort}_wal")] = json!(wal);
                body
            }
            Side::Secondary { state, primary, remote_wal } => json!({
                "cluster_id": self.cluster_id,
                "connection_state": if primary.is_connected { "ready" } else { "transient_failure" },
                "known_primary_cluster_addrs": [primary.cluster_address],
                "last_reindex_epoch": "0",
                "last_remote_wal": remote_wal,
                "mode": "secondary",
                "primaries": [primary.body()],
                "primary_cluster_addr": primary.cluster_address,
                "secondary_id": self.options.name,
                "state": state,
            }),
        }
    }

    /// A secondary that has stopped following is asked to try again.
    pub(super) fn recover_by_api(&mut self, active: usize, _asked: &str) -> Response {
        let at = self.now;
        self.replication.recover = true;
        self.nodes[active].log_server(at, "INFO", "replication: recovery was requested");
        no_content()
    }

    /// `vault read sys/replication/…status`.
    pub(super) fn read_replication(&mut self, call: &Call, path: &str) -> CommandResult {
        match self.fetch(call, "GET", path, "", &format!("reading {path}")) {
            Ok(body) if call.json => printed(&pretty(&body)),
            Ok(body) => {
                let mut rows = vec![vec!["Key".to_owned(), "Value".to_owned()], vec!["---".into(), "-----".into()]];
                let fields = body["data"].as_object().into_iter().flatten();
                rows.extend(fields.map(|(name, value)| vec![name.clone(), as_the_client_prints(value)]));
                printed(&table(&rows))
            }
            Err(result) => result,
        }
    }

    /// `vault write -f sys/replication/…recover`.
    pub(super) fn recover(&mut self, call: &Call, path: &str) -> CommandResult {
        match self.fetch(call, "PUT", path, "", &format!("writing data to {path}")) {
            Ok(_) => printed(&format!("Success! Data written to: {path}\n")),
            Err(result) => result,
        }
    }
}

/// Maps and lists as the client's tables show them: `map[state:running]`, `[west]`.
fn as_the_client_prints(value: &Value) -> String {
    match value {
        Value::Object(fields) => {
            let shown: Vec<String> =
                fields.iter().map(|(name, value)| format!("{name}:{}", as_the_client_prints(value))).collect();
            format!("map[{}]", shown.join(" "))
        }
        Value::Array(items) => {
            format!("[{}]", items.iter().map(as_the_client_prints).collect::<Vec<_>>().join(" "))
        }
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}
