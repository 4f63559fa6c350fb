//! The run: pure. State is the fold of records; proposals become events or refusals.
//!
//! Absent here: input and output, a clock, threads, texts longer than a fragment.

pub mod event;
pub mod observe;
pub mod proposal;

pub use event::*;
pub use observe::*;
pub use proposal::*;
