//! What the REST API tells: peers, pins, links, pings.

use serde_json::{Map, Value, json};

use crate::clock::Timestamp;

use super::crdt::PING_LASTS;
use super::pinning::refused;
use super::pins::Pin;
use super::releases;
use super::state::IpfsCluster;

/// Which pins are to be listed.
pub(super) struct Asked<'a> {
    pub(super) is_local: bool,
    /// The statuses that are asked for; none: all.
    pub(super) filter: &'a [&'a str],
}

impl Asked<'_> {
    /// Whether it is asked for anything that only the IPFS daemon knows.
    pub(super) fn asks_daemon(&self) -> bool {
        self.filter.is_empty() || self.filter.iter().any(|word| matches!(*word, "pinned" | "unexpectedly_unpinned"))
    }

    fn wants(&self, status: &str) -> bool {
        let is_meant = |word: &&str| match *word {
            "error" => status.ends_with("_error"),
            "queued" => status.ends_with("_queued"),
            word => word == status,
        };
        self.filter.is_empty() || self.filter.iter().any(is_meant)
    }
}

/// What a peer tells of a pin.
struct Told {
    status: String,
    error: String,
    attempts: u32,
    at: String,
}

impl IpfsCluster {
    /// What a running peer says of itself.
    pub(super) fn id_body(&self, index: usize) -> Value {
        let peer = &self.peers[index];
        let version = peer.running().map(|launch| launch.version.clone());
        let Some(version) = version else { return Value::Null };
        let members = self.members(index);
        let local = format!("/ip4/127.0.0.1/tcp/9096/p2p/{}", peer.id);
        let others: Vec<String> =
            members.iter().filter(|&&other| other != index).map(|&other| self.peers[other].multiaddress()).collect();
        json!({
            "id": peer.id,
            "addresses": [local, peer.multiaddress()],
            "cluster_peers": self.ids(&members),
            "cluster_peers_addresses": others,
            "version": version.as_str(),
            "commit": "",
            "rpc_protocol_version": releases::protocol(&version),
            "error": "",
            "ipfs": self.daemon_body(index),
            "peername": peer.name,
        })
    }

    /// What a peer knows of the IPFS daemon beside it.
    fn daemon_body(&self, index: usize) -> Value {
        let peer = &self.peers[index];
        match peer.daemon.is_up {
            true => json!({
                "id": peer.daemon.id,
                "addresses": [
                    format!("/ip4/127.0.0.1/tcp/4001/p2p/{}", peer.daemon.id),
                    format!("/ip4/{}/tcp/4001/p2p/{}", peer.address, peer.daemon.id),
                ],
                "error": "",
            }),
            false => json!({ "addresses": [], "error": refused("id") }),
        }
    }

    /// What a peer says of all whom it counts to its cluster, itself first.
    pub(super) fn peers_bodies(&self, index: usize) -> Vec<Value> {
        let mut members = self.members(index);
        members.sort_by_key(|&other| other != index);
        let body = |&other: &usize| match self.connects(index, other) {
            true => self.id_body(other),
            false => json!({
                "id": self.peers[other].id,
                "addresses": [],
                "cluster_peers": [],
                "cluster_peers_addresses": [],
                "version": "",
                "commit": "",
                "rpc_protocol_version": "",
                "error": self.why_not(index, other),
                "ipfs": { "addresses": [], "error": "" },
                "peername": "",
            }),
        };
        members.iter().map(body).collect()
    }

    /// The state of one pin, on all peers or on that one.
    pub(super) fn pin_body(&self, index: usize, pin: &Pin, is_local: bool) -> Value {
        let members = if is_local { vec![index] } else { self.members(index) };
        let told = |other: usize| (other, self.told(index, other, pin));
        self.pin_of(index, pin, members.into_iter().map(told))
    }

    /// The same for the list of all pins: each peer tells what is asked for, and who cannot, is in error for every pin
    /// that others tell of. `None`: nobody tells of this one.
    pub(super) fn listed_body(&self, index: usize, pin: &Pin, asked: &Asked<'_>) -> Option<Value> {
        let members = if asked.is_local { vec![index] } else { self.members(index) };
        let (able, unable): (Vec<usize>, Vec<usize>) = members.into_iter().partition(|&other| {
            self.connects(index, other) && (self.peers[other].daemon.is_up || !asked.asks_daemon())
        });
        let mut told: Vec<(usize, Told)> = able
            .into_iter()
            .map(|other| (other, self.told(index, other, pin)))
            // Only one that is asked for by name is looked up where the daemon is away.
            .filter(|(_, told)| told.status != "cluster_error" && asked.wants(&told.status))
            .collect();
        if told.is_empty() {
            return None;
        }
        told.extend(unable.into_iter().map(|other| {
            let error = match self.connects(index, other) {
                true => format!("could not get pinset from IPFS: {}", refused("pin/ls?stream=true&type=recursive")),
                false => self.why_not(index, other),
            };
            (other, Told { status: "cluster_error".into(), error, attempts: 0, at: self.now.to_string() })
        }));
        Some(self.pin_of(index, pin, told.into_iter()))
    }

    fn pin_of(&self, index: usize, pin: &Pin, told: impl Iterator<Item = (usize, Told)>) -> Value {
        let is_old = self.peers[index].running().is_none_or(|launch| !releases::streams(&launch.version));
        let mut map = Map::new();
        for (other, told) in told {
            let peer = &self.peers[other];
            let mut entry = json!({
                "peername": peer.name,
                "ipfs_peer_id": peer.daemon.id,
                "status": told.status,
                "timestamp": told.at,
                "error": told.error,
                "attempt_count": told.attempts,
                "priority_pin": false,
            });
            if is_old {
                entry["cid"] = json!({ "/": pin.cid });
                entry["peer"] = json!(peer.id);
            }
            map.insert(peer.id.clone(), entry);
        }
        let cid = if is_old { json!({ "/": pin.cid }) } else { json!(pin.cid) };
        json!({
            "cid": cid,
            "name": pin.name,
            "allocations": pin.allocations,
            "origins": [],
            "created": pin.added,
            "metadata": null,
            "peer_map": map,
        })
    }

    /// What one peer learns from another one of a pin.
    fn told(&self, index: usize, other: usize, pin: &Pin) -> Told {
        let now = self.now.to_string();
        let plain = |status: &str| Told { status: status.into(), error: String::new(), attempts: 0, at: now.clone() };
        if !pin.is_kept_by(&self.peers[other].id) {
            return plain("remote");
        }
        if !self.connects(index, other) {
            return Told { error: self.why_not(index, other), ..plain("cluster_error") };
        }
        if !self.peers[other].memory.pins.contains_key(&pin.cid) {
            return plain("unpinned");
        }
        let (status, error, attempts) = self.status(other, pin);
        let doing = self.peers[other].memory.doing.get(&pin.cid);
        let at = doing.map_or_else(|| pin.added.clone(), |doing| doing.at.to_string());
        Told { status, error, attempts, at }
    }

    /// Who is linked with whom.
    pub(super) fn graph_body(&self, index: usize) -> Value {
        let near: Vec<usize> = self.members(index).into_iter().filter(|&other| self.connects(index, other)).collect();
        let mut graph = json!({
            "cluster_id": self.peers[index].id,
            "id_to_peername": {},
            "ipfs_links": {},
            "cluster_links": {},
            "cluster_trust_links": {},
            "cluster_to_ipfs": {},
        });
        for &other in &near {
            let peer = &self.peers[other];
            let linked: Vec<usize> = self.members(other).into_iter().filter(|&to| to != other).collect();
            graph["id_to_peername"][&peer.id] = json!(peer.name);
            graph["cluster_links"][&peer.id] = json!(self.ids(&linked));
            graph["cluster_trust_links"][&peer.id] = json!(true);
            if peer.daemon.is_up {
                graph["cluster_to_ipfs"][&peer.id] = json!(peer.daemon.id);
                graph["ipfs_links"][&peer.daemon.id] = json!(self.daemons_near(other));
            }
        }
        graph
    }

    /// The ids of the IPFS daemons that a peer's daemon is connected with.
    pub(super) fn daemons_near(&self, index: usize) -> Vec<String> {
        let others = self.peers.iter().enumerate().filter(|(other, peer)| {
            *other != index && peer.daemon.is_up && !peer.is_cut_off && !self.peers[index].is_cut_off
        });
        others.map(|(_, peer)| peer.daemon.id.clone()).collect()
    }

    /// The last pings that a peer has heard.
    pub(super) fn ping_bodies(&self, index: usize) -> Vec<Value> {
        let heard = &self.peers[index].memory.heard;
        heard.iter().map(|(&from, &(sent, at))| self.metric(from, sent, at, self.ping_counts(index, from))).collect()
    }

    fn metric(&self, from: usize, sent: i64, at: Timestamp, is_valid: bool) -> Value {
        let peer = &self.peers[from];
        let value = json!({ "peername": peer.name, "ipfs_id": peer.daemon.id });
        json!({
            "name": "ping",
            "peer": peer.id,
            "value": value.to_string(),
            "expire": nanoseconds(sent + PING_LASTS.as_millis() as i64),
            "valid": is_valid,
            "weight": 0,
            "partitionable": false,
            "received_at": nanoseconds(at.as_millis()),
        })
    }

    /// Peers whose pings ran out, the last one first.
    pub(super) fn alert_bodies(&self, index: usize) -> Vec<Value> {
        let alerts = self.peers[index].memory.alerts.iter().rev();
        let body = |&(from, sent, at): &(usize, i64, Timestamp)| {
            let mut alert = self.metric(from, sent, at, true);
            alert["triggered_at"] = json!(at.to_string());
            alert
        };
        alerts.map(body).collect()
    }
}

fn nanoseconds(millis: i64) -> i64 {
    millis.saturating_mul(1_000_000)
}
