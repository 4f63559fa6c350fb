//! What ends the program, as people and scripts see it.

use std::fmt;

/// The exit status of a run that waits to be resumed.
pub const SUSPENDED: u8 = 40;

/// The exit status of what ctrl-c has ended, where the signal itself does not end it.
const INTERRUPTED: u8 = 130;

/// Whose fault it is, which decides the exit status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The call was wrong: status 2.
    Usage,
    /// Something in the world was wrong: status 1.
    Failed,
    /// The run waits to be resumed: status 40.
    Suspended,
    /// Somebody pressed ctrl-c: the program ends by that signal, which shells tell as status 130.
    Interrupted,
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

    /// Somebody pressed ctrl-c.
    pub fn interrupted(message: impl fmt::Display) -> Self {
        Self { kind: Kind::Interrupted, message: message.to_string(), hints: Vec::new() }
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
            Kind::Interrupted => INTERRUPTED,
        }
    }
}

impl fmt::Display for CliError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = match self.kind {
            Kind::Suspended => "suspended",
            Kind::Interrupted => "interrupted",
            Kind::Usage | Kind::Failed => "error",
        };
        write!(f, "{word}: {}", self.message)?;
        for hint in &self.hints {
            write!(f, "\nhint: {hint}")?;
        }
        Ok(())
    }
}
