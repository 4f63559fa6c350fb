//! How a cluster looks when practice begins, and what a runbook is bound to.

use std::time::Duration;

use serde_json::{Map, Value, json};
use sha2::{Digest, Sha512};

use crate::clock::Timestamp;
use crate::practice::host::{Entry, Version};

use super::disk::{self, FOLDER, Saved};
use super::pins::Pin;
use super::releases;
use super::state::{ACCOUNT, BIN, Consensus, IpfsCluster, Launch, Memory, Process, UnitName};

impl IpfsCluster {
    /// Lays out every peer's folder, and has its process run unless disaster has struck.
    pub(super) fn set_up(&mut self, pins: &[Pin], since: Timestamp) {
        let all: Vec<usize> = (0..self.peers.len()).collect();
        let addresses: Vec<String> = self.peers.iter().map(super::state::Peer::multiaddress).collect();
        for index in all {
            self.write_folder(index, &addresses, since);
            let kept: Vec<&Pin> = pins.iter().filter(|pin| pin.is_kept_by(&self.peers[index].id)).collect();
            let cids = kept.iter().map(|pin| pin.cid.clone()).collect();
            self.peers[index].daemon.pinned = cids;
            match self.options.is_broken {
                true => self.break_down(index, pins, since),
                false => self.bring_up(index, pins, since),
            }
        }
        self.pings_of_before();
    }

    fn write_folder(&mut self, index: usize, addresses: &[String], since: Timestamp) {
        let (consensus, credentials) = (self.options.consensus, self.options.credentials.clone());
        let peer = &mut self.peers[index];
        let private = |text: String| Entry { mode: 0o600, ..Entry::file(text, ACCOUNT, since) };
        peer.files.put(FOLDER, Entry { mode: 0o700, ..Entry::folder(ACCOUNT, since) });
        let configuration = disk::configuration(&peer.name, consensus, credentials.as_ref());
        peer.files.put(&format!("{FOLDER}/service.json"), private(configuration));
        let identity = json!({ "id": peer.id, "private_key": "CAESQPracticeOnly" });
        peer.files.put(&format!("{FOLDER}/identity.json"), private(format!("{identity:#}\n")));
        let own = peer.multiaddress();
        let others: Vec<String> = addresses.iter().filter(|address| **address != own).cloned().collect();
        disk::save_peerstore(&mut peer.files, FOLDER, &others, since);
    }

    /// What a peer knows of a cluster of all.
    fn known(&self, pins: &[Pin], version: &Version) -> Saved {
        Saved {
            format: releases::format(version),
            term: 3,
            index: 200 + pins.len() as u64,
            peerset: self.peers.iter().map(|peer| peer.id.clone()).collect(),
            pins: pins.to_vec(),
            gone: Vec::new(),
        }
    }

    fn bring_up(&mut self, index: usize, pins: &[Pin], since: Timestamp) {
        let version = Version::new(&self.options.old);
        let saved = self.known(pins, &version);
        let place = self.place(FOLDER, &version);
        let all: Vec<usize> = (0..self.peers.len()).collect();
        let is_raft = self.options.consensus == Consensus::Raft;
        let now = self.now;
        let peer = &mut self.peers[index];
        disk::save(&mut peer.files, &place, &saved, ACCOUNT, since);
        if is_raft {
            disk::save_snapshot(&mut peer.files, &place, &saved, ACCOUNT, since);
        }
        peer.files.put(&format!("{FOLDER}/cluster.lock"), super::state::lock_file(since));
        let settings =
            disk::settings(&peer.files, FOLDER, ACCOUNT).map_or_else(|_| disk::Settings::empty(), |(s, _)| s);
        let launch = Launch {
            pid: peer.last_pid,
            version,
            unit: UnitName::Usual,
            command: format!("{BIN}/ipfs-cluster-service daemon"),
            bootstrap: None,
            settings,
        };
        peer.process = Process::Up { launch, since, ready: Some(since), gives_up: None, frozen: false };
        let turn = Duration::from_millis(1_000 + 4_000 * index as u64);
        peer.memory = Memory {
            pins: pins.iter().map(|pin| (pin.cid.clone(), pin.clone())).collect(),
            peerset: if is_raft { all } else { Vec::new() },
            leader: is_raft.then_some(0),
            term: saved.term,
            index: saved.index,
            next_ping: now.plus(turn),
            next_state_sync: now.plus(Duration::from_mins(2) + turn),
            next_recover: now.plus(Duration::from_mins(5) + turn),
            ..Memory::default()
        };
        peer.log(since, "INFO", "cluster", "** IPFS Cluster is READY **");
    }

    /// After a disaster: the first peer has the whole state, the others an old backup of it, or nothing.
    fn break_down(&mut self, index: usize, pins: &[Pin], since: Timestamp) {
        let version = Version::new(&self.options.old);
        let place = self.place(FOLDER, &version);
        let saved = self.known(pins, &version);
        let hour = Timestamp::from_millis(self.now.as_millis().saturating_sub(3_600_000));
        let peer = &mut self.peers[index];
        if index == 0 || place.consensus == Consensus::Crdt {
            let saved = if index == 0 { saved } else { Saved { pins: Vec::new(), ..saved } };
            disk::save(&mut peer.files, &place, &saved, ACCOUNT, hour);
            if place.consensus == Consensus::Raft {
                disk::save_snapshot(&mut peer.files, &place, &saved, ACCOUNT, hour);
            }
        } else {
            // It left the cluster two weeks ago, with what was pinned by then.
            let then = Timestamp::from_millis(since.as_millis() + 14 * 86_400_000);
            let fewer = Saved { pins: pins[..pins.len() * 2 / 3].to_vec(), ..saved };
            disk::save(&mut peer.files, &place, &fewer, ACCOUNT, then);
            disk::save_snapshot(&mut peer.files, &place, &fewer, ACCOUNT, then);
            disk::clean(&mut peer.files, &place);
        }
        peer.process = Process::Down { failed: true };
        let words = "error starting cluster: no leader was found in time";
        let pid = peer.last_pid;
        peer.log.push(hour, pid, format!("{hour}\tERROR\tservice\t{words}"));
    }

    /// Everybody who runs has heard everybody else who runs.
    fn pings_of_before(&mut self) {
        let alive: Vec<usize> = (0..self.peers.len()).filter(|&index| self.peers[index].is_alive()).collect();
        let at = Timestamp::from_millis(self.now.as_millis() - 3_000);
        for &index in &alive {
            self.peers[index].memory.heard = alive.iter().map(|&from| (from, (at.as_millis(), at))).collect();
        }
    }

    /// What a runbook of this system is bound to.
    pub(super) fn bindings(&self, address: &dyn Fn(&str) -> String) -> Map<String, Value> {
        let nodes: Vec<Value> = self
            .peers
            .iter()
            .map(|peer| {
                json!({
                    "name": peer.name, "api": address(&peer.name), "ssh": peer.name,
                    "platform": releases::platforms()[0],
                })
            })
            .collect();
        let first = self.peers.first().map(|peer| peer.name.clone()).unwrap_or_default();
        let inputs = json!({
            "nodes": nodes,
            "from": self.options.old,
            "target": self.options.target,
            "consensus": self.options.consensus.word(),
            "anchor": first,
            "folder": FOLDER,
            "config": format!("{FOLDER}/service.json"),
            "state": self.place(FOLDER, &Version::new(&self.options.old)).data,
            "sums": self.sums(),
            "export_here": format!("/home/{}/ipfs-cluster-state.export", crate::practice::host::ACCOUNT),
            "holder": first,
            "first": first,
        });
        match inputs {
            Value::Object(inputs) => inputs,
            _ => Map::new(),
        }
    }

    /// The published sums of the target's archives.
    fn sums(&self) -> String {
        let archives = releases::platforms().into_iter().flat_map(|platform| {
            releases::PROGRAMS.map(|program| releases::archive(program, &self.options.target, platform))
        });
        let sum = |archive: Entry| {
            Sha512::digest(archive.bytes()).iter().map(|byte| format!("{byte:02x}")).collect::<String>()
        };
        archives.map(sum).collect::<Vec<_>>().join(" ")
    }
}
