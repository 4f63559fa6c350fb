//! `piton check --explain`: what is behind a code.

use crate::cli::error::CliError;
use crate::explain::{all, of};
use crate::runbook::nearest::nearest;

/// The longest line of prose.
const WIDTH: usize = 80;

/// `piton check --explain [CODE]`: the entry of that code, or every code with its title.
///
/// # Errors
/// There is no such code.
pub fn explain(code: Option<&str>) -> Result<u8, CliError> {
    let Some(code) = code else {
        for entry in all() {
            let word = if entry.is_advice() { "advice" } else { "error" };
            super::print(&format!("{word:<7} {:<20} {}", entry.code, entry.title));
        }
        return Ok(0);
    };
    match of(code) {
        Some(entry) => super::print(&entry.text(WIDTH)),
        None => return Err(unknown(code)),
    }
    Ok(0)
}

fn unknown(code: &str) -> CliError {
    let codes: Vec<&str> = all().map(|entry| entry.code).collect();
    let error = CliError::usage(format!("there is no code {code:?}"));
    let error = match nearest(code, codes.iter().copied()) {
        Some(near) => error.hint(format!("did you mean {near}?")),
        None => error,
    };
    error.hint(format!("the codes are {}", codes.join(", ")))
}
