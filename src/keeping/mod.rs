//! Keeping runs: which of them may go, what became of those that went, and a run as one file that verifies by itself.
//!
//! Nothing is deleted without a record of it: `keeping.jsonl` beside the folders of the runs is chained as a journal is, and a
//! run is written down there, with the hash of its last record, before the first of its files goes ([`Keeper`]). What may go is
//! decided by a [`Policy`], pure. A run as one file is a plain tar of its folder with the sums of all its files at the end
//! ([`pack`], [`unpack`]): `tar` and `sha256sum` take it apart and check it, too.

mod file;
mod pack;
mod policy;
mod tar;
mod unpack;

pub use file::{Hold, KEEPING_FORMAT, Keeper, KeepingError, KeepingEvent, KeepingRecord, Kept, WentAlong, kept};
pub use pack::{Packed, pack};
pub use policy::{Fate, Policy, Reason, damage};
pub use tar::is_archive;
pub use unpack::{Sum, Unpacked, unpack};

#[cfg(test)]
mod tests;
