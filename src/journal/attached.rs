//! A file that somebody attaches as evidence: looked at once, and copied into the run's folder where that is wanted.

use std::path::Path;

use crate::engine::FileSeen;
use crate::journal::digest::{file_seen, plain_file};
use crate::journal::store::RunDir;

/// The longest file of which a copy is kept, in bytes.
pub const MAX_COPIED_BYTES: u64 = 16 * 1024 * 1024;

/// Why a file is not attached.
#[derive(Debug, thiserror::Error)]
pub enum AttachError {
    /// It has so many bytes, too many for a copy.
    #[error("it has {0} bytes, and no more than {MAX_COPIED_BYTES} are copied")]
    TooLong(u64),
    /// It cannot be read or copied; why.
    #[error("{0}")]
    Failed(String),
}

/// Looks at the file at `path`, and copies it into the folder of the run `kept_in`, if there is one: what it is, and what the
/// copy is called. `each` is told how far the reading is, and of how much, and says whether to read on.
///
/// # Errors
/// It cannot be read, or not be copied.
pub fn attached(
    kept_in: Option<&RunDir>,
    path: &str,
    each: &mut dyn FnMut(u64, u64) -> bool,
) -> Result<(FileSeen, Option<String>), AttachError> {
    let of = Path::new(path);
    let Some(folder) = kept_in else {
        let file = file_seen(of, each).map_err(|error| AttachError::Failed(format!("cannot read {path}: {error}")))?;
        return Ok((file, None));
    };
    let bytes = plain_file(of).and_then(|file| file.metadata()).map_or(0, |known| known.len());
    if bytes > MAX_COPIED_BYTES {
        return Err(AttachError::TooLong(bytes));
    }
    let kept = folder.keep_evidence(of, MAX_COPIED_BYTES, each);
    let (name, file) = kept.map_err(|error| AttachError::Failed(error.to_string()))?;
    Ok((file, Some(name)))
}
