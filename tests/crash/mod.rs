//! The whole program, killed, starved and lied to in the middle of a run: what was shown as recorded is never lost, and
//! nothing that was done is asked or run again.

mod disks;
mod kills;
mod soaks;
mod syncs;
mod walk;
mod writers;
