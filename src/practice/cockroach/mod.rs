//! A simulated CockroachDB cluster: pure, seeded, told the time.
//!
//! `state` is the model: hosts with a process, members of the cluster with a store, ranges with replicas and leases.
//! `passing` is what time does to it, with `liveness`, `ranges`, `disk`, `upgrade` (cluster version and finalization) and
//! `clients` (the application's load) and `balancer` (through which it comes); `processes` is how servers start, drain and end, `notes` what they print.
//! `http` (with `bodies`) and the command face (`machine`, `units`, `web`, `cli`, `nodes`, `status`, `sql`, `statements`,
//! `tables`) are how it is asked. `faults` makes things go wrong, `harm` tells what harm is done.
//!
//! Assumed of the place: the vendor's unit `cockroach` on each host (Type=notify, started again ten seconds after a
//! crash, never after `systemctl stop`), the binary at `/usr/local/bin/cockroach`, one store per host, a balancer before
//! the cluster that an application writes through, and a bastion on which the operator has the client of the old version,
//! certificates and an external connection `backups`.

mod balancer;
mod bodies;
mod cli;
mod clients;
mod disk;
mod faults;
mod harm;
mod http;
mod liveness;
mod machine;
mod nodes;
mod notes;
mod passing;
mod processes;
mod ranges;
mod site;
mod sql;
mod state;
mod statements;
mod status;
mod system;
mod tables;
mod units;
mod upgrade;
mod web;

#[cfg(test)]
mod tests;

pub use clients::Tally;
pub use state::{Cockroach, Options};
