//! What ends the program, as people and scripts see it.

use std::fmt;

/// The exit status of a run that waits to be resumed.
pub const SUSPENDED: u8 = 40;

/// Whose fault it is, which decides the exit status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The call was wrong: status 2.
    Usage,
    /// Something in the world was wrong: status 1.
    Failed,
    /// The run waits to be resumed: status 40.
    Suspended,
}

/// An error with what to do about it.
#[derive(Debug)]
pub struct CliError {
    /// Whose fault.
    pub kind: Kind,
    /// What, where and why.
    pub message: String,
    /// What to do.
    pub hints: Vec<String>,
}

impl CliError {
    /// Something in the world was wrong.
    pub fn failed(message: impl fmt::Display) -> Self {
        Self { kind: Kind::Failed, message: message.to_string(), hints: Vec::new() }
    }

    /// The call was wrong.
    pub fn usage(message: impl fmt::Display) -> Self {
        Self { kind: Kind::Usage, message: message.to_string(), hints: Vec::new() }
    }

    /// The run waits to be resumed.
    pub fn suspended(message: impl fmt::Display) -> Self {
        Self { kind: Kind::Suspended, message: message.to_string(), hints: Vec::new() }
    }

    /// Adds what to do.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }

    /// The status the program ends with.
    pub const fn exit_status(&self) -> u8 {
        match self.kind {
            Kind::Usage => 2,
            Kind::Failed => 1,
            Kind::Suspended => SUSPENDED,
        }
    }
}

impl fmt::Display for CliError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = if self.kind == Kind::Suspended { "suspended" } else { "error" };
        write!(f, "{word}: {}", self.message)?;
        for hint in &self.hints {
            write!(f, "\nhint: {hint}")?;
        }
        Ok(())
    }
}
