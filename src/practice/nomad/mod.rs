//! A simulated Nomad region: servers with raft and gossip, clients with allocations; pure, seeded, told the time.
//!
//! `state` is the model, `events` what passing time does to it; `raft` elects and replicates, `gossip` says who is
//! there, `autopilot` judges, promotes and prunes; `processes` start and end; `clients` beat and register, `placement`
//! gives work to them, `drain` takes it away. `http` (with `answers` and `bodies`) and `commands` (with `cli` and its
//! kin) are its two faces, `faults` what can be made to go wrong, `cures` what an
//! operator does about it, `harm` what comes of it.
//!
//! Assumed of the place: the package's unit `nomad` (KillSignal=SIGINT, KillMode=process, Restart=on-failure, no
//! notification of readiness), settings in `/etc/nomad.d`, state in `/opt/nomad/data`, no access control unless it is
//! asked for, one region of one data centre, `server_join` with every server of the start.

mod agentinfo;
mod answers;
mod autopilot;
mod begin;
mod bodies;
mod cli;
mod clients;
mod columns;
mod commands;
mod cures;
mod drain;
mod drains;
mod events;
mod faults;
mod gossip;
mod harm;
mod http;
mod jobs;
mod nodes;
mod operator;
mod options;
mod packages;
mod placement;
mod processes;
mod raft;
mod servers;
mod state;
mod system;
mod units;

#[cfg(test)]
mod tests;

pub use options::Options;
pub use state::Nomad;
