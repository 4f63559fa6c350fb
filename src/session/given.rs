//! Files that people give: read here, so that what is proposed of one is what it was at that moment.

use std::path::Path;

use serde_json::Value;

use crate::engine::Proposal;
use crate::journal::{AttachError, RunDir, at_home, attached, file_seen};
use crate::runbook::StepKey;
use crate::runbook::value::others_home;

/// Told how many bytes were read, and of how many; says whether to read on.
pub type Each<'a> = &'a mut dyn FnMut(u64, u64) -> bool;

/// Reads the file that `value` names: what is proposed as the answer.
///
/// # Errors
/// It cannot be read, or did not stay as it was; for people.
pub fn answer(step: StepKey, value: &Value, each: Each<'_>) -> Result<Proposal, String> {
    let path = at_home(value.as_str().unwrap_or_default());
    if let Some(why) = others_home(&path) {
        return Err(why);
    }
    let seen = file_seen(Path::new(&path), each).map_err(|error| format!("cannot read {path}: {error}"))?;
    Ok(Proposal::Answer { step, value: Value::String(path), file: Some(seen) })
}

/// Reads a file, and keeps a copy of it in the folder of that run, if one is named: what is proposed as evidence.
///
/// # Errors
/// It cannot be read or kept, did not stay as it was, or is too long for a copy.
pub fn evidence(
    kept_in: Option<&RunDir>,
    step: Option<StepKey>,
    path: &str,
    each: Each<'_>,
) -> Result<Proposal, AttachError> {
    let path = at_home(path);
    if let Some(why) = others_home(&path) {
        return Err(AttachError::Failed(why));
    }
    let (file, kept) = attached(kept_in, &path, each)?;
    Ok(Proposal::Attach { step, path, file, kept })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_home_of_somebody_else_is_not_looked_up_and_that_is_said() {
        let mut on = |_, _| true;
        let step: StepKey = "one/step".parse().expect("a step");
        let why = answer(step, &"~jo/file".into(), &mut on).expect_err("it is no path of a file");
        assert!(why.contains("~jo is not looked up") && why.contains("whole path"), "{why}");
        match evidence(None, None, "~jo/file", &mut on) {
            Err(AttachError::Failed(why)) => assert!(why.contains("~jo is not looked up"), "{why}"),
            other => panic!("{other:?}"),
        }
    }
}
