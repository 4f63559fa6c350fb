//! The IPFS daemon beside a peer: its RPC API, the command `ipfs`, and its unit.

use serde_json::{Map, Value, json};

use crate::practice::host::{Call, Place, failed, printed};
use crate::practice::{CommandResult, Request, Response};

use super::state::IpfsCluster;

const JSON: &str = "application/json";

impl IpfsCluster {
    /// Answers one request to the IPFS daemon of a host.
    pub(super) fn serve_daemon(&mut self, index: usize, request: &Request) -> Response {
        if !self.peers[index].daemon.is_up {
            return Response::Refused;
        }
        let Some(path) = request.path.strip_prefix("/api/v0/") else { return missing() };
        let path = path.trim_end_matches('/');
        let Some(body) = self.daemon_answer(index, path) else { return missing() };
        if request.method != "POST" {
            return Response::Answer {
                status: 405,
                content_type: "text/plain; charset=utf-8",
                headers: vec![("allow", "OPTIONS, POST".into())],
                body: b"405 - Method Not Allowed\n".to_vec(),
            };
        }
        Response::Answer {
            status: 200,
            content_type: JSON,
            headers: Vec::new(),
            body: format!("{body}\n").into_bytes(),
        }
    }

    /// What the daemon says to a command of its API; `None`: it has none of that name.
    fn daemon_answer(&self, index: usize, command: &str) -> Option<Value> {
        let peer = &self.peers[index];
        let daemon = &peer.daemon;
        Some(match command {
            "id" => json!({
                "ID": daemon.id,
                "PublicKey": "CAESIPractice",
                "Addresses": [
                    format!("/ip4/127.0.0.1/tcp/4001/p2p/{}", daemon.id),
                    format!("/ip4/{}/tcp/4001/p2p/{}", peer.address, daemon.id),
                ],
                "AgentVersion": format!("kubo/{}/", daemon.version),
                "Protocols": ["/ipfs/bitswap/1.2.0", "/ipfs/id/1.0.0", "/ipfs/ping/1.0.0"],
            }),
            "version" => json!({
                "Version": daemon.version.as_str(), "Commit": "", "Repo": "15", "System": "amd64/linux",
                "Golang": "go1.22.2",
            }),
            "swarm/peers" => {
                let near = self.daemons_near(index);
                let others = self.peers.iter().filter(|other| near.contains(&other.daemon.id));
                let line = |other: &super::state::Peer| json!({ "Addr": format!("/ip4/{}/tcp/4001", other.address), "Peer": other.daemon.id });
                json!({ "Peers": others.map(line).collect::<Vec<_>>() })
            }
            "pin/ls" => {
                let pins = daemon.pinned.iter().map(|cid| (cid.clone(), json!({ "Type": "recursive" })));
                json!({ "Keys": pins.collect::<Map<_, _>>() })
            }
            "repo/stat" => json!({
                "RepoSize": 1_048_576 * daemon.pinned.len(), "StorageMax": 10_000_000_000_u64,
                "NumObjects": 40 * daemon.pinned.len(), "RepoPath": "/home/ipfs/.ipfs", "Version": "fs-repo@15",
            }),
            _ => return None,
        })
    }

    /// The command `ipfs`.
    pub(super) fn ipfs_command(&mut self, call: &Call<'_>) -> CommandResult {
        let Place::Node(index) = call.shell.place else { return failed(127, "bash: ipfs: command not found") };
        let words: Vec<&str> = call.words.iter().map(String::as_str).collect();
        let daemon = &self.peers[index].daemon;
        match words.as_slice() {
            ["version"] | ["--version"] => return printed(&format!("ipfs version {}\n", daemon.version)),
            ["version", "-n" | "--number"] => return printed(&format!("{}\n", daemon.version)),
            [] | ["--help" | "-h" | "help"] => {
                return printed(
                    "USAGE\n  ipfs - Global p2p merkle-dag filesystem.\n\n  ipfs [<flags>] <command> [<arg>] ...\n",
                );
            }
            _ => {}
        }
        if !daemon.is_up {
            return failed(1, "Error: no IPFS repo found in /home/operator/.ipfs.\nplease run: 'ipfs init'");
        }
        let command = words.iter().filter(|word| !word.starts_with('-')).copied().collect::<Vec<_>>().join("/");
        let Some(body) = self.daemon_answer(index, &command) else {
            return failed(1, &format!("Error: unknown command \"{}\"", words.join(" ")));
        };
        printed(&match command.as_str() {
            "swarm/peers" => {
                let line = |peer: &Value| {
                    format!(
                        "{}/p2p/{}\n",
                        peer["Addr"].as_str().unwrap_or_default(),
                        peer["Peer"].as_str().unwrap_or_default()
                    )
                };
                body["Peers"].as_array().into_iter().flatten().map(line).collect()
            }
            "pin/ls" => {
                let keys = body["Keys"].as_object().into_iter().flatten();
                keys.map(|(cid, _)| format!("{cid} recursive\n")).collect()
            }
            _ => format!("{body:#}\n"),
        })
    }
}

fn missing() -> Response {
    Response::Answer {
        status: 404,
        content_type: "text/plain; charset=utf-8",
        headers: Vec::new(),
        body: b"404 page not found\n".to_vec(),
    }
}
