//! What the tests need from outside: a terminal, a cluster, a count of what was written.

pub mod census;
pub mod http;
pub mod openbao;
pub mod pty;
