//! The journal through its public interface: what it promises after crashes, faults and tampering.

mod child;
mod damage;
mod faults;
mod golden;
mod hidden;
mod locks;
mod noted;
mod places;
mod recipes;
mod signing;
mod signing_seen;
mod tails;
mod writing;
