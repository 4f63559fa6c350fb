//! The runbook format: pure, never touches a file.

pub mod alike;
mod allow;
#[cfg(test)]
pub(crate) mod books_tests;
pub mod changes;
pub mod check;
mod coding;
mod compare;
mod direct;
pub mod expr;
mod filters;
pub mod head;
pub mod id;
mod jq;
pub mod lint;
pub mod model;
mod native;
pub mod nearest;
mod number;
pub mod parse;
pub mod parts;
mod pattern;
pub(crate) mod raw;
pub mod reads;
pub mod ready;
mod tabular;
pub mod takes;
pub mod template;
mod unknown;
pub mod value;
pub mod version;
pub mod words;

pub use expr::{EvalError, Expr, ExprError, Truth};
pub use head::{Head, head};
pub use id::{GuardId, InputId, PhaseId, ProbeId, RollbackId, RunbookId, StepId, StepKey};
pub use model::*;
pub(crate) use native::shorten;
pub use parse::parse;
pub use reads::Reads;
pub use ready::{Ready, Shared};
pub use template::Template;
pub use version::Version;
