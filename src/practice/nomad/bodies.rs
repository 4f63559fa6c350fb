//! Bodies of the answers about servers.

use serde_json::{Map, Value, json};

use crate::practice::host::Version;
use crate::practice::{Request, Response};

use super::answers::{go, json, parameter, text};
use super::state::{CENTRE, Gossip, Nomad, Peer, REGION};

impl Nomad {
    /// The leader's address as an agent knows it; empty when it knows none.
    pub(super) fn leader_address(&self, host: usize) -> String {
        let Some(leader) = self.leader else { return String::new() };
        match self.server_of(host) {
            Some(server) if server != leader && (self.servers[server].contact.is_none() || !self.hears(server)) => {
                String::new()
            }
            _ => self.rpc(leader),
        }
    }

    pub(super) fn peer_addresses(&self) -> Value {
        let mut addresses: Vec<&str> = self.configuration().iter().map(|peer| peer.address.as_str()).collect();
        addresses.sort_unstable();
        json!(addresses)
    }

    /// The servers that a client turns to.
    pub(super) fn server_addresses(&self) -> Value {
        let is_there = |server: &usize| self.servers[*server].gossip == Gossip::Alive;
        json!((0..self.servers.len()).filter(is_there).map(|server| self.rpc(server)).collect::<Vec<_>>())
    }

    pub(super) fn self_body(&self, host: usize) -> Value {
        let agent = &self.agents[host];
        let version = agent.running().cloned().unwrap_or_else(|| Version::new("0"));
        let (plain, metadata) = version.as_str().split_once('+').unwrap_or((version.as_str(), ""));
        let is_server = self.server_of(host).is_some();
        let member = match self.server_of(host) {
            Some(server) => self.member_body(server),
            None => json!({ "Name": "", "Addr": null, "Port": 0, "Status": "", "Tags": null }),
        };
        json!({
            "config": {
                "Region": REGION, "Datacenter": CENTRE, "NodeName": agent.name, "DataDir": "/opt/nomad/data",
                "BindAddr": "0.0.0.0", "LogLevel": "INFO", "EnableDebug": false,
                "LeaveOnInt": agent.leaves_on.0, "LeaveOnTerm": agent.leaves_on.1,
                "Ports": { "HTTP": 4646, "RPC": 4647, "Serf": 4648 },
                "Server": { "Enabled": is_server, "BootstrapExpect": if is_server { self.options.servers } else { 0 } },
                "Client": { "Enabled": !is_server },
                "ACL": { "Enabled": self.options.token.is_some() },
                "Version": {
                    "Version": plain, "VersionMetadata": metadata, "VersionPrerelease": "",
                    "Revision": version.commit(), "BuildDate": version.build_date(),
                },
            },
            "member": member,
            "stats": self.stats(host),
        })
    }

    /// The statistics of an agent: every value a text.
    pub(super) fn stats(&self, host: usize) -> Value {
        let runtime = json!({
            "arch": "amd64", "cpu_count": "4", "kernel.name": "linux", "max_procs": "4", "goroutines": "212",
            "version": "go1.22.2",
        });
        if let Some(client) = self.client_of(host) {
            return json!({ "client": self.client_stats(client), "runtime": runtime });
        }
        let Some(server) = self.server_of(host) else { return json!({}) };
        let leads = self.leader == Some(server);
        let count = |status: Gossip| self.servers.iter().filter(|other| other.gossip == status).count();
        let all = self.servers.iter().filter(|other| other.gossip != Gossip::Unknown).count();
        json!({
            "nomad": {
                "server": "true", "leader": leads.to_string(), "leader_addr": self.leader_address(host),
                "bootstrap": "false", "known_regions": "1",
            },
            "raft": self.raft_stats(server),
            "serf": {
                "members": all.to_string(), "failed": count(Gossip::Failed).to_string(),
                "left": count(Gossip::Left).to_string(), "health_score": "0", "event_time": "1", "member_time": "14",
                "query_time": "1", "event_queue": "0", "query_queue": "0", "intent_queue": "0", "encrypted": "true",
                "coordinate_resets": "0",
            },
            "runtime": runtime,
        })
    }

    fn client_stats(&self, client: usize) -> Value {
        let known = &self.clients[client];
        let addresses = self.server_addresses();
        let servers: Vec<&str> = addresses.as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        let allocs = self.allocs.iter().filter(|alloc| alloc.client == client && alloc.is_active()).count();
        json!({
            "node_id": known.id, "known_servers": servers.join(","), "num_allocations": allocs.to_string(),
            "last_heartbeat": go(self.last_beat(client)), "heartbeat_ttl": go(known.ttl),
        })
    }

    fn raft_stats(&self, server: usize) -> Value {
        let known = &self.servers[server];
        let leads = self.leader == Some(server);
        let hears_leader = self.leader.is_some() && self.hears(server);
        let state = match (leads, hears_leader, self.has_own_vote(server)) {
            (true, ..) => "Leader",
            (false, false, true) => "Candidate",
            (false, ..) => "Follower",
        };
        let committed = known.index.min(self.committed());
        let contact = match (leads, self.silence(server)) {
            (true, _) => "0".to_owned(),
            (false, None) => "never".to_owned(),
            (false, Some(since)) => go(since),
        };
        json!({
            "state": state, "term": known.term.max(if leads { self.term } else { 0 }).to_string(),
            "last_log_index": known.index.to_string(), "last_log_term": known.term.to_string(),
            "commit_index": committed.to_string(), "applied_index": committed.to_string(),
            "fsm_pending": "0", "last_contact": contact, "num_peers": self.peer_count(server).to_string(),
            "last_snapshot_index": known.snapshot_index.to_string(), "last_snapshot_term": known.term.to_string(),
            "protocol_version": "3", "protocol_version_min": "0", "protocol_version_max": "3",
            "snapshot_version_min": "0", "snapshot_version_max": "1",
            "latest_configuration": configuration_text(&known.peers), "latest_configuration_index": "0",
        })
    }

    /// Whether a server takes itself for a voter.
    fn has_own_vote(&self, server: usize) -> bool {
        let known = &self.servers[server];
        known.peers.iter().any(|peer| peer.votes && peer.id == known.id)
    }

    /// The other voters, for one that votes; none for one that does not.
    pub(super) fn peer_count(&self, server: usize) -> usize {
        match self.has_own_vote(server) {
            true => self.servers[server].peers.iter().filter(|peer| peer.votes).count() - 1,
            false => 0,
        }
    }

    pub(super) fn member_body(&self, server: usize) -> Value {
        let (agent, known) = (&self.agents[server], &self.servers[server]);
        let status = match known.gossip {
            Gossip::Alive => "alive",
            Gossip::Leaving => "leaving",
            Gossip::Left => "left",
            Gossip::Failed => "failed",
            // One that has just started knows itself.
            Gossip::Unknown => "alive",
        };
        let build = match known.gossip {
            Gossip::Unknown => agent.running().map(ToString::to_string).unwrap_or_default(),
            _ => known.build.clone(),
        };
        json!({
            "Name": self.full_name(server), "Addr": agent.ip, "Port": 4648, "Status": status,
            "Tags": {
                "build": build, "port": "4647", "region": REGION, "dc": CENTRE, "role": "nomad", "vsn": "1",
                "raft_vsn": "3", "id": known.id, "rpc_addr": agent.ip, "expect": self.options.servers.to_string(),
                "revision": Version::new(&build).commit(),
            },
            "ProtocolMin": 1, "ProtocolMax": 5, "ProtocolCur": 2, "DelegateMin": 2, "DelegateMax": 5, "DelegateCur": 4,
        })
    }

    pub(super) fn members_body(&self, host: usize) -> Value {
        let is_known = |server: &usize| self.servers[*server].gossip != Gossip::Unknown || *server == host;
        let members: Vec<Value> =
            (0..self.servers.len()).filter(is_known).map(|server| self.member_body(server)).collect();
        json!({
            "ServerName": self.agents[host].name, "ServerRegion": REGION, "ServerDC": CENTRE, "Members": members,
        })
    }

    /// The raft peers as an agent knows them.
    pub(super) fn configuration_body(&self, host: usize) -> Value {
        let peers: &[Peer] = match self.server_of(host) {
            Some(server) => &self.servers[server].peers,
            None => self.configuration(),
        };
        let leader = self.leader_address(host);
        let servers: Vec<Value> = peers
            .iter()
            .map(|peer| {
                let known =
                    self.server_by_id(&peer.id).filter(|server| self.servers[*server].gossip != Gossip::Unknown);
                let name = known.map_or_else(|| "(unknown)".to_owned(), |server| self.full_name(server));
                json!({
                    "ID": peer.id, "Node": name, "Address": peer.address, "Leader": peer.address == leader,
                    "Voter": peer.votes, "RaftProtocol": if known.is_some() { "3" } else { "unknown" },
                })
            })
            .collect();
        json!({ "Index": 0, "Servers": servers })
    }

    pub(super) fn autopilot_body(&self) -> Value {
        let peers = self.configuration();
        let id_of = |server: usize| self.servers[server].id.clone();
        let servers: Vec<Value> = peers
            .iter()
            .filter_map(|peer| Some((peer, self.server_by_id(&peer.id)?)))
            .map(|(peer, server)| {
                let known = &self.servers[server];
                let leads = self.leader == Some(server);
                let is_there = self.takes_part(server);
                json!({
                    "ID": known.id, "Name": self.full_name(server), "Address": self.rpc(server),
                    "SerfStatus": self.member_body(server)["Status"], "Version": known.build, "Leader": leads,
                    "LastContact": match self.silence(server) {
                        _ if leads => "0s".to_owned(),
                        Some(since) if is_there => go(since),
                        _ => "0s".to_owned(),
                    },
                    "LastTerm": if is_there { known.term } else { 0 },
                    "LastIndex": if is_there || known.stuck.is_some() { known.index } else { 0 },
                    "Healthy": known.healthy, "Voter": peer.votes, "StableSince": second(known.judged_since),
                })
            })
            .collect();
        let voters: Vec<&str> = peers.iter().filter(|peer| peer.votes).map(|peer| peer.id.as_str()).collect();
        json!({
            "Healthy": self.is_all_healthy(), "FailureTolerance": self.tolerance(),
            "Leader": self.leader.map(id_of).unwrap_or_default(), "Voters": voters, "Servers": servers,
        })
    }

    /// The metrics of an agent, as JSON or as a page for Prometheus.
    pub(super) fn metrics(&self, host: usize, request: &Request) -> Response {
        let values = self.gauges(host);
        if parameter(request, "format").as_deref() == Some("prometheus") {
            let line = |(name, value): &(&str, f64)| {
                let name = name.replace('.', "_");
                format!("# HELP {name} {name}\n# TYPE {name} gauge\n{name} {value}\n")
            };
            return text(200, &values.iter().map(line).collect::<String>());
        }
        let gauges: Vec<Value> =
            values.iter().map(|(name, value)| json!({ "Name": name, "Value": value, "Labels": {} })).collect();
        let at = self.now.to_string().replace('T', " ").replace('Z', "");
        let at = format!("{} +0000 UTC", at.get(..19).unwrap_or(&at));
        json(200, &json!({ "Timestamp": at, "Gauges": gauges, "Points": [], "Counters": [], "Samples": [] }))
    }

    fn gauges(&self, host: usize) -> Vec<(&'static str, f64)> {
        let mut values = vec![("nomad.runtime.num_goroutines", 212.0), ("nomad.runtime.alloc_bytes", 48_210_000.0)];
        if let Some(server) = self.server_of(host) {
            let known = &self.servers[server];
            values.push(("nomad.raft.appliedIndex", known.index.min(self.committed()) as f64));
            values.push(("nomad.raft.commitIndex", known.index as f64));
            values.push(("nomad.raft.peers", known.peers.len() as f64));
            values.push(("nomad.nomad.blocked_evals.total_blocked", self.blocked.len() as f64));
            if self.leader == Some(server) {
                values.push(("nomad.autopilot.healthy", f64::from(u8::from(self.is_all_healthy()))));
                values.push(("nomad.autopilot.failure_tolerance", self.tolerance() as f64));
                values.push((
                    "nomad.heartbeat.active",
                    self.clients.iter().filter(|c| c.expires.is_none()).count() as f64,
                ));
            }
        }
        if let Some(client) = self.client_of(host) {
            let running = self.allocs.iter().filter(|alloc| alloc.client == client && alloc.is_active()).count();
            values.push(("nomad.client.allocations.running", running as f64));
        }
        values
    }

    /// What an Enterprise server says of its license.
    pub(super) fn license_answer(&self, host: usize) -> Response {
        let is_enterprise = self.agents[host].running().is_some_and(|version| version.as_str().contains("+ent"));
        match is_enterprise {
            false => text(501, "Nomad Enterprise only endpoint"),
            true => json(200, &json!({ "License": license(), "ConfigOutdated": false })),
        }
    }
}

/// The license that the file holds.
pub(super) fn license() -> Map<String, Value> {
    let fields = json!({
        "LicenseID": "c3a1f6b0-8d0e-4b7e-9c52-0d5c7d5a6b11", "CustomerID": "4f2a4c1e-9f7a-4a70-8f0c-6a0c2f1d7e55",
        "InstallationID": "*", "IssueTime": "2026-01-05T00:00:00Z", "StartTime": "2026-01-05T00:00:00Z",
        "ExpirationTime": "2027-06-30T23:59:59Z", "TerminationTime": "2027-07-10T23:59:59Z", "Product": "nomad",
        "Modules": ["governance-policy"],
    });
    match fields {
        Value::Object(fields) => fields,
        _ => Map::new(),
    }
}

/// A moment to the second.
pub(super) fn second(at: crate::clock::Timestamp) -> String {
    format!("{}Z", at.to_string().get(..19).unwrap_or_default())
}

fn configuration_text(peers: &[Peer]) -> String {
    let word = |peer: &Peer| if peer.votes { "Voter" } else { "Nonvoter" };
    let told: Vec<String> = peers
        .iter()
        .map(|peer| format!("{{Suffrage:{} ID:{} Address:{}}}", word(peer), peer.id, peer.address))
        .collect();
    format!("[{}]", told.join(" "))
}
