//! What a reviewer says of a run: comments on its records and a verdict, in a journal of their own that names the hash
//! of the run's last record. The run's journal is never changed by it.
//!
//! One file a reviewer, `reviews/<name>.jsonl` in the run's folder, chained as the run's journal is: any change before
//! its last line shows.

mod file;
mod record;

pub use file::{Review, ReviewError, add, all, of};
pub use record::{REVIEW_FORMAT, ReviewEvent, ReviewRecord, Said, Seen, Verdict};

#[cfg(test)]
mod tests;
