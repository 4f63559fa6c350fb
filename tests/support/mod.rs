//! What the tests need from outside: a terminal, a cluster, faults, a count of what was written.

pub mod binary;
pub mod census;
pub mod chromium;
pub mod debian;
pub mod fault;
pub mod hand;
pub mod http;
pub mod openbao;
pub mod operator;
pub mod polled;
pub mod prometheus;
pub mod pty;
pub mod runs;
pub mod sizes;
pub mod turn;
pub mod typist;
