//! Every code that a diagnostic can have, with what is behind it and how it is mended.

mod advice;
mod errors;
mod errors_own;
mod errors_walk;
mod table;

pub use advice::ADVICE;
pub use errors::ERRORS;
pub use errors_own::ERRORS_OWN;
pub use errors_walk::ERRORS_WALK;
pub use table::{Explanation, all, of};
