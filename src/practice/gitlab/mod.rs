//! A simulated GitLab of the Linux package, and a test instance beside it: pure, seeded, told the time.
//!
//! `state` is the model and `setup` how it begins; `passing` is what time does to it (batched background migrations,
//! Sidekiq's queues), `hop` what reconfiguring and migrating do, `faults` what can be made to go wrong, `harm` what comes of it. `http` (with
//! `readiness`) is its web face. The command face is `machine`, and behind it `control` (`gitlab-ctl`), `packages`
//! (`apt-get`, `dpkg`), `rake` with `check` and `doctor`, `backup`, `console` (`gitlab-rails`), `psql`, and `site` with `snapshots`: the
//! scripts that the place has on its bastion.
//!
//! Assumed of the place: Debian; one data node (PostgreSQL with the databases main and ci, Redis, Gitaly) and one or two
//! application nodes, or one node that carries everything; the first application node migrates the databases.

mod backup;
mod check;
mod console;
mod control;
mod doctor;
mod faults;
mod harm;
mod hop;
mod http;
mod machine;
mod packages;
mod passing;
mod psql;
mod rake;
mod readiness;
mod setup;
mod site;
mod snapshots;
mod state;
mod stops;
mod system;

#[cfg(test)]
mod tests;

pub use state::{Gitlab, Options};
