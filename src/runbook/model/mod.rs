//! A checked runbook: valid by construction, immutable, shared by [`std::sync::Arc`].

mod action;
mod book;
mod probe;

pub use action::*;
pub use book::*;
pub use probe::*;
