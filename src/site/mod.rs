//! The site: what a place binds. Reading a site file, and binding a runbook's inputs to it.

mod bind;
mod file;

pub use bind::{BindProblem, Bound, Given, bind, check_input, meant};
pub use file::{COLOURS, Environment, MAX_SITE_BYTES, MEANS_NO, Site, is_site, parse};
