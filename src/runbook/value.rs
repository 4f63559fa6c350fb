//! Values that people give: which text fits which kind of input.

use serde_json::Value;

use crate::runbook::model::InputKind;

/// Whether `value` is one that `kind` takes.
///
/// # Errors
/// A fragment that says what does not fit.
pub fn check_value(kind: &InputKind, value: &Value) -> Result<(), String> {
    match kind {
        InputKind::Number if value.is_number() => Ok(()),
        InputKind::Bool if value.is_boolean() => Ok(()),
        _ if value.is_string() => Ok(()),
        _ => Err("it is of another type".into()),
    }
}
