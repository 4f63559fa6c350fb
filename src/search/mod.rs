//! What is found in the records of many journals: words, a step, a deviation.
//!
//! A record is looked at as it lies in the file before anything of it is decoded, so that most cost little. The hash chain is
//! not checked here: whoever lists the runs has done so, and says up to which record a journal is good.

mod find;
mod text;
mod wanted;

pub use find::{Hit, Search, search};
pub use wanted::{Wanted, Way};

#[cfg(test)]
mod tests;
