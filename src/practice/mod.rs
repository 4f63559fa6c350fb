//! Practice: simulated clusters on 127.0.0.1. Pure state machines; `server` is the only one with sockets.
//!
//! `host` is what every simulated machine has in common, `registry` says which systems there are.
//!
//! Absent here: anything of `health`, `engine` or `exec`. A probe cannot tell a simulator from the real thing.

#[cfg(test)]
mod bench_tests;
pub mod cockroach;
pub mod gitlab;
pub mod host;
pub mod ipfs;
mod ledger;
pub mod nomad;
mod query;
mod registry;
pub mod server;
mod trailers;
pub mod vault;

use std::time::Duration;

use serde_json::{Map, Value};

use crate::clock::Timestamp;

pub use ledger::Ledger;
pub use registry::{Shape, Shared, is_simulated, simulated, system};
pub use server::{Practice, PracticeError};
pub use trailers::parted;

/// An HTTP request to one simulated node.
#[derive(Clone, Debug)]
pub struct Request {
    /// Which node was asked, by name.
    pub node: String,
    /// `GET`, `PUT`, …
    pub method: String,
    /// Path without the query, percent-decoded.
    pub path: String,
    /// The query as sent, without `?`.
    pub query: String,
    /// Header names in lower case, and values.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

/// What a simulated node answers.
#[derive(Clone, Debug, PartialEq)]
pub enum Response {
    /// An answer.
    Answer {
        /// Status code.
        status: u16,
        /// Content type; empty: none is sent.
        content_type: &'static str,
        /// Further headers: names in lower case, and values. Those that a header `trailer` names follow the body.
        headers: Vec<(&'static str, String)>,
        /// Body.
        body: Vec<u8>,
    },
    /// The process is down: the connection is refused.
    Refused,
    /// The process hangs: no answer.
    Silent,
}

/// What a simulated command came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CommandResult {
    /// Exit status.
    pub exit: i32,
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
    /// How long it takes on the simulated clock, in milliseconds.
    pub takes_ms: u64,
}

/// A simulated cluster: pure, told the time, without sockets.
pub trait System: Send {
    /// Brings the state forward to `now` (elections, lock time-outs, start-ups).
    fn advance(&mut self, now: Timestamp);

    /// Whether that node's process listens at all.
    fn listens(&self, node: &str) -> bool;

    /// When the next node begins or ceases to listen by the passing of time alone, as far as is known now.
    fn wakes_at(&self) -> Option<Timestamp> {
        None
    }

    /// Tells at which base URL that node is reached; its answers name it so from then on.
    fn place(&mut self, _node: &str, _address: &str) {}

    /// How long a node holds a request back before it answers, as the system stands: it is answered out of the state of
    /// that later moment.
    fn holds(&self, _request: &Request) -> Duration {
        Duration::ZERO
    }

    /// One HTTP request to one node.
    fn answer(&mut self, request: &Request, now: Timestamp) -> Response;

    /// One command, as typed on the bastion (`ssh NODE …` reaches a node).
    fn command(&mut self, argv: &[String], now: Timestamp) -> CommandResult;

    /// The names of the nodes that have an address of their own, in order. A node with more than one port has one name
    /// for each: its own, and `NODE/FACE` for every further one. Each is asked, placed and listened on by itself.
    fn nodes(&self) -> Vec<String>;

    /// The inputs with which a runbook of this system is bound to the simulated cluster. `address` gives the base
    /// URL (`http://127.0.0.1:PORT`) of a node.
    fn inputs(&self, address: &dyn Fn(&str) -> String) -> Map<String, Value>;

    /// The harm that began or ended since this was last asked, in order.
    fn harm(&mut self) -> Vec<Harm> {
        Vec::new()
    }

    /// What can be made to go wrong, by name, and what each does in a few words with its arguments.
    fn faults(&self) -> &'static [(&'static str, &'static str)] {
        &[]
    }

    /// Makes something go wrong from now on.
    ///
    /// # Errors
    /// There is no fault of that name, or its arguments are not right.
    fn fault(&mut self, name: &str, _arguments: &Map<String, Value>, _now: Timestamp) -> Result<(), FaultError> {
        Err(FaultError::Unknown(name.to_owned()))
    }
}

/// Harm in the system's own terms, as it begins or ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Harm {
    /// Which sort: `no-active-node`.
    pub kind: &'static str,
    /// Whom it concerns; empty: the cluster.
    pub about: String,
    /// When, on the simulated clock.
    pub at: Timestamp,
    /// What happened, when it begins; `None`: it is over.
    pub told: Option<String>,
}

/// Why a fault cannot be set.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FaultError {
    /// This system has none of that name.
    #[error("there is no fault {0:?}")]
    Unknown(String),
    /// An argument is missing, of the wrong kind, or names what is not there.
    #[error("fault {fault:?}: {problem}")]
    Argument {
        /// The fault.
        fault: String,
        /// What is wrong.
        problem: String,
    },
}
