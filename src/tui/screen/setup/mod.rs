//! Setting a live run up: its site, its inputs, what must be looked at before, and the name that is typed to start it.

mod before;
mod draw;
mod fields;
mod form;
mod sites;
mod state;

pub use state::SetUp;

#[cfg(test)]
#[path = "form_tests.rs"]
mod form_tests;
#[cfg(test)]
#[path = "setup_tests.rs"]
pub(in crate::tui) mod tests;
