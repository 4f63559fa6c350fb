//! What the tests need from outside.

pub mod fault;
pub mod runs;
