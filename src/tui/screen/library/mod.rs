//! The library: unfinished runs first, then the runbooks, with a preview of the one under the cursor, and what changed in
//! it since its last run.

mod diff;
mod draw;
mod list;
mod preview;

pub use list::Library;

#[cfg(test)]
#[path = "library_tests.rs"]
pub(in crate::tui) mod tests;
