//! A simulated Vault HA cluster with integrated storage: pure, seeded, told the time.
//!
//! `state` is the model, `transitions` what passing time does to it, `signals` how processes start and end, `seal` the
//! unsealing by shares, `trouble` what can go wrong and the harm that is done. `http` (with `bodies`) and `commands` (with `units`, `cli`, `machine`, `site`) are its two faces.
//!
//! `estate` holds several such clusters: those of a replication, which `links` bind together and `replication` lets them
//! tell of, or a real and a test cluster with its surroundings (`trial`).
//!
//! Assumed of the place: one systemd unit `vault` per node (Type=notify, no automatic restart, no ambient capability),
//! the binary at `/usr/bin/vault` from a package, a bastion on which the operator has a token, and three scripts of the
//! site there: `unseal-vault` stands for its way of asking the key holders, `restore-vault` puts a node's data back,
//! `wipe-vault` destroys it.

mod bodies;
mod cli;
mod commands;
mod estate;
mod estate_system;
mod http;
mod links;
mod machine;
mod queries;
mod replication;
mod seal;
mod signals;
mod site;
mod state;
mod system;
mod transitions;
mod trial;
mod trouble;
mod units;

#[cfg(test)]
mod tests;

pub use estate::Estate;
pub use state::{Options, Vault};
