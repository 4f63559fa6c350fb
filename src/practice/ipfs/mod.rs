//! A simulated IPFS Cluster: peers with an IPFS daemon beside each, raft or crdt between them. Pure, seeded, told the time.
//!
//! `state` is the model, `pins` what is pinned, `disk` what lies in a peer's folder (which is the truth whenever its
//! process is down), `releases` what differs by version. `transitions` is what passing time does, with `raft`, `crdt` and
//! `pinning`; `processes` how peers start and end. `http` (with `answers` and `bodies`) and `kubo` are the two HTTP faces
//! of a node (`NODE` its REST API, `NODE/ipfs` the IPFS daemon's), `commands` (with `units`, `service`, `control`) the
//! command face, `faults` what can be made to go wrong.
//!
//! Assumed of the place: one systemd unit `ipfs-cluster` per host (Type=notify, no automatic restart, run as `ipfs`), its
//! folder `/home/ipfs/.ipfs-cluster`, the binaries in `/usr/local/bin`, all hosts in one network that nothing filters.

mod answers;
mod bodies;
mod commands;
mod control;
mod crdt;
mod disk;
mod faults;
mod harm;
mod http;
mod kubo;
mod pinning;
mod pins;
mod processes;
mod raft;
mod releases;
mod service;
mod site;
mod state;
mod state_commands;
mod system;
mod transitions;
mod units;

#[cfg(test)]
mod tests;

pub use state::{Consensus, IpfsCluster, Options};
