//! Health: asks every probe again and again and says what its answers come to.
//!
//! Law: no answer, a stale, forbidden or unreadable answer is unknown, never healthy. A probe cannot tell a simulated
//! cluster from a real one.
//!
//! [`targets`] makes the list of what is asked, a [`Monitor`] asks and sends samples, a [`BoardKeeper`] keeps the
//! latest of each.

mod board;
mod command;
mod direct;
mod exposition;
mod http;
mod monitor;
mod probe;
mod prometheus;
mod recall;
mod target;
mod tcp;
mod tls;
mod verdict;

pub use board::{Beat, BoardKeeper};
pub use direct::{Direct, Reply};
pub use monitor::Monitor;
pub use probe::Prober;
pub use target::{HeaderText, HttpQuestion, Metrics, Question, Target, targets};
pub use verdict::repeats_fields;
