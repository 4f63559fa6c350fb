//! What every simulated host has in common: a shell, ssh and sudo, systemd, processes, files, seeded chance.
//!
//! A simulator implements [`Hosts`] and hands what was typed to [`run`]. The order in which a command is looked for:
//! what every shell has (`ssh`, `sudo`, `env`, `sh -c`, `echo` …), the simulator's own [`Hosts::program`], then on a host
//! systemd and processes, then what filters text, then, where the place has [`Files`], the programs that deal with files.

mod archive;
mod arguments;
mod builtin;
mod command;
mod copying;
mod edit;
mod fetch;
mod files;
mod filters;
mod grep;
mod hosts;
mod journal;
mod line;
mod pattern;
mod processes;
mod random;
mod reading;
mod remote;
mod room;
mod shell;
mod sums;
mod systemd;
mod version;

#[cfg(test)]
mod shell_tests;
#[cfg(test)]
mod tests;

pub use arguments::Arguments;
pub use command::{ACCOUNT, BASTION, failed, printed, run};
pub use edit::sed;
pub use fetch::Url;
pub use files::{Entry, Files};
pub use hosts::{Beside, Call, Hosts, Place, Shell};
pub use journal::{Log, day};
pub use processes::{Listed, Signal};
pub use random::Random;
pub use systemd::{Order, Unit, UnitState};
pub use version::Version;
