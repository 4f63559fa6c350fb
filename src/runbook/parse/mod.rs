//! Text to [`Runbook`](crate::runbook::Runbook): every finding in one pass, never stopping at the first.
//!
//! Each file reads one part of the format and leaves behind the expressions it met with their places; what they name
//! is checked once everything is read (`check`).

mod action;
mod book;
mod defer;
mod disturb;
mod each;
mod health;
mod input;
mod phase;
mod reader;
mod restart;
mod soak;
mod verify;
mod watch;

pub(crate) use book::parse_with;
pub use book::{MAX_BOOK_BYTES, parse};
pub(crate) use phase::Counted;
pub(crate) use reader::{Met, Place, Reader, Sees};
