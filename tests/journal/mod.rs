//! The journal through its public interface: what it promises after crashes, faults and tampering.

mod child;
mod damage;
mod doubt;
mod faults;
mod golden;
mod hidden;
mod locks;
mod noted;
mod places;
mod proven;
mod recipes;
mod signing;
mod signing_seen;
mod tails;
mod trust;
mod writing;
