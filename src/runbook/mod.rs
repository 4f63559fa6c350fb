//! The runbook format: pure, never touches a file.

pub mod expr;
pub mod id;
pub mod model;
pub mod value;

pub use expr::{EvalError, Expr, ExprError, Template, Truth};
pub use id::{GuardId, InputId, PhaseId, ProbeId, RollbackId, RunbookId, StepId, StepKey};
pub use model::*;
