//! What becomes of pins: they are agreed upon, queued, fetched by the IPFS daemons, fail and are tried again.

use std::time::Duration;

use crate::clock::Timestamp;

use super::pins::Pin;
use super::state::{Consensus, Doing, IpfsCluster};

/// What a failed call to the IPFS daemon says.
pub(super) fn refused(call: &str) -> String {
    format!("Post \"http://127.0.0.1:5001/api/v0/{call}\": dial tcp 127.0.0.1:5001: connect: connection refused")
}

impl IpfsCluster {
    /// Adds or changes a pin by asking that peer. `Err`: why it is not.
    pub(super) fn commit_pin(&mut self, asked: usize, pin: &Pin, at: Timestamp) -> Result<(), String> {
        let reached = self.reached(asked)?;
        self.wanted.insert(pin.cid.clone());
        for index in reached {
            let memory = &mut self.peers[index].memory;
            memory.index += 1;
            memory.gone.remove(&pin.cid);
            memory.pins.insert(pin.cid.clone(), pin.clone());
            self.save(index, at);
            self.track(index, pin, at);
        }
        Ok(())
    }

    /// Takes a pin away by asking that peer. `Err`: why it is not.
    pub(super) fn commit_unpin(&mut self, asked: usize, cid: &str, at: Timestamp) -> Result<(), String> {
        let reached = self.reached(asked)?;
        self.wanted.remove(cid);
        for index in reached {
            let memory = &mut self.peers[index].memory;
            memory.index += 1;
            memory.pins.remove(cid);
            memory.doing.remove(cid);
            if self.options.consensus == Consensus::Crdt {
                memory.gone.insert(cid.to_owned());
            }
            if self.peers[index].daemon.is_up {
                self.peers[index].daemon.pinned.remove(cid);
            }
            self.save(index, at);
        }
        Ok(())
    }

    /// Whom a change that is made at that peer reaches.
    fn reached(&self, asked: usize) -> Result<Vec<usize>, String> {
        let middle = match self.options.consensus {
            Consensus::Crdt => asked,
            Consensus::Raft => {
                self.leader(asked).ok_or("timed out waiting for leader: context deadline exceeded".to_owned())?
            }
        };
        let belongs = |other: &usize| match self.options.consensus {
            Consensus::Crdt => true,
            Consensus::Raft => self.peers[*other].memory.leader == Some(middle),
        };
        Ok((0..self.peers.len()).filter(|&other| self.connects(middle, other)).filter(belongs).collect())
    }

    /// A peer looks after a pin of the state.
    fn track(&mut self, index: usize, pin: &Pin, at: Timestamp) {
        let peer = &self.peers[index];
        if !pin.is_kept_by(&peer.id) || peer.daemon.pinned.contains(&pin.cid) {
            return;
        }
        let until = Some(at.plus(self.random.millis(400, 3_000)));
        let doing = Doing { status: "pin_queued", until, at, error: String::new(), attempts: 0 };
        self.peers[index].memory.doing.insert(pin.cid.clone(), doing);
    }

    /// A peer looks after all pins that its daemon does not have.
    pub(super) fn track_missing(&mut self, index: usize, at: Timestamp) {
        let peer = &self.peers[index];
        let is_new = |pin: &&Pin| !peer.memory.doing.contains_key(&pin.cid);
        let pins: Vec<Pin> = peer.memory.pins.values().filter(is_new).cloned().collect();
        for pin in pins {
            self.track(index, &pin, at);
        }
    }

    /// What a peer does about a pin comes to its next stage.
    pub(super) fn pin_moves(&mut self, index: usize, cid: &str, at: Timestamp) {
        let is_up = self.peers[index].daemon.is_up;
        let wait = self.random.millis(1_500, 12_000);
        let Some(doing) = self.peers[index].memory.doing.get_mut(cid) else { return };
        doing.at = at;
        match doing.status {
            _ if !is_up => {
                *doing = Doing {
                    status: "pin_error",
                    until: None,
                    at,
                    error: refused(&format!("pin/add?arg={cid}&progress=true")),
                    attempts: doing.attempts + 1,
                };
            }
            "pin_queued" => {
                doing.status = "pinning";
                doing.attempts += 1;
                doing.until = Some(at.plus(wait));
            }
            _ => {
                self.peers[index].memory.doing.remove(cid);
                self.peers[index].daemon.pinned.insert(cid.to_owned());
            }
        }
    }

    /// Tries again what failed; the ids of these pins.
    pub(super) fn recover(&mut self, index: usize, only: Option<&str>, at: Timestamp) -> Vec<String> {
        let is_up = self.peers[index].daemon.is_up;
        let id = self.peers[index].id.clone();
        let peer = &mut self.peers[index];
        let is_meant = |cid: &str| only.is_none_or(|wanted| wanted == cid);
        let mut tried = Vec::new();
        for pin in peer.memory.pins.values().filter(|pin| is_meant(&pin.cid) && pin.is_kept_by(&id)) {
            let failed = peer.memory.doing.get(&pin.cid).map(|doing| (doing.status == "pin_error", doing.attempts));
            let attempts = match failed {
                Some((true, attempts)) => attempts,
                None if is_up && !peer.daemon.pinned.contains(&pin.cid) => 0,
                // Without its daemon a peer cannot tell what is there: one that is asked for by name is tried all the same.
                None if !is_up && only.is_some() => 0,
                _ => continue,
            };
            let until = Some(at.plus(Duration::from_millis(400)));
            let doing = Doing { status: "pin_queued", until, at, error: String::new(), attempts };
            peer.memory.doing.insert(pin.cid.clone(), doing);
            tried.push(pin.cid.clone());
        }
        tried
    }

    /// What a peer has to say of a pin: status and error.
    pub(super) fn status(&self, index: usize, pin: &Pin) -> (String, String, u32) {
        let peer = &self.peers[index];
        if let Some(doing) = peer.memory.doing.get(&pin.cid) {
            return (doing.status.to_owned(), doing.error.clone(), doing.attempts);
        }
        let (status, error) = match () {
            () if !pin.is_kept_by(&peer.id) => ("remote", String::new()),
            () if !peer.daemon.is_up => ("cluster_error", refused(&format!("pin/ls?arg={}", pin.cid))),
            () if peer.daemon.pinned.contains(&pin.cid) => ("pinned", String::new()),
            () => (
                "unexpectedly_unpinned",
                "the item should be pinned but it is not listed as such by IPFS (possibly it was removed)".to_owned(),
            ),
        };
        (status.to_owned(), error, 0)
    }

    /// A client of the cluster adds a pin, where it finds a peer that answers.
    pub(super) fn client_pins(&mut self, at: Timestamp) {
        let wait = self.random.millis(150_000, 400_000);
        let ready = (0..self.peers.len()).find(|&index| self.peers[index].is_ready());
        let Some(asked) = ready else {
            // Who finds nobody comes back later.
            self.next_pin = Some(at.plus(Duration::from_mins(10)));
            return;
        };
        self.next_pin = Some(at.plus(wait));
        let pin = self.new_pin(at);
        // Refused without a leader: the client will try another one next time.
        let _committed = self.commit_pin(asked, &pin, at);
    }
}
