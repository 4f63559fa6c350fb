//! Files that people give: evidence, looked at once, and signatures; and the file of what is to be signed.

use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use crate::engine::Proposal;
use crate::journal::RunDir;
use crate::journal::{file_seen, plain_file};
use crate::runbook::StepKey;
use crate::tui::message::Message;
use serde_json::Value;

/// How much of a signature's file is read: far more than there is in one.
const MAX_SIGNATURE_BYTES: u64 = 64 * 1024;

/// The longest file of which a copy is kept.
const MAX_KEPT_BYTES: u64 = 16 * 1024 * 1024;

/// How many names of a folder are looked through.
const MAX_ENTRIES: usize = 20_000;

/// Told how many bytes were read, and of how many; says whether to read on.
pub type Each<'a> = &'a mut dyn FnMut(u64, u64) -> bool;

/// Reads the file that `value` names: what is proposed as the answer.
///
/// # Errors
/// It cannot be read.
pub fn look_at_file(step: StepKey, value: Value, each: Each<'_>) -> Result<Proposal, String> {
    let path = value.as_str().unwrap_or_default();
    let seen = file_seen(Path::new(path), each).map_err(|error| format!("cannot read {path}: {error}"))?;
    Ok(Proposal::Answer { step, value, file: Some(seen) })
}

/// Looks at a file: what is proposed as evidence.
///
/// # Errors
/// It cannot be read, or not be kept in the run's folder, where that is asked for.
pub fn attach(
    kept_in: Option<PathBuf>,
    step: Option<StepKey>,
    path: String,
    each: Each<'_>,
) -> Result<Proposal, String> {
    let of = Path::new(&path);
    let (file, kept) = match kept_in {
        Some(folder) => {
            let kept = RunDir::new(folder).keep_evidence(of, MAX_KEPT_BYTES, each);
            let (name, file) = kept.map_err(|error| error.to_string())?;
            (file, Some(name))
        }
        None => (file_seen(of, each).map_err(|error| format!("cannot read {path}: {error}"))?, None),
    };
    Ok(Proposal::Attach { step, path, file, kept })
}

/// The paths that begin like that, those of folders with `/` at their end.
pub fn completions(typed: String) -> Message {
    let (folder, begun) =
        typed.rsplit_once('/').map_or(("", typed.as_str()), |(_, begun)| (&typed[..typed.len() - begun.len()], begun));
    let entries = std::fs::read_dir(if folder.is_empty() { "." } else { folder });
    let mut found = Vec::new();
    for entry in entries.into_iter().flatten().take(MAX_ENTRIES).flatten() {
        // A name that is not text cannot be typed.
        let Ok(name) = entry.file_name().into_string() else { continue };
        if name.starts_with(begun) && (begun.starts_with('.') || !name.starts_with('.')) {
            let is_folder = std::fs::metadata(entry.path()).is_ok_and(|known| known.is_dir());
            found.push(format!("{folder}{name}{}", if is_folder { "/" } else { "" }));
        }
    }
    found.sort();
    Message::Completed { typed, found }
}

/// Writes what is to be signed into the run's folder.
pub fn keep(folder: PathBuf, name: String, text: &str) -> Message {
    // The same statement may be asked for again while it is being written: one after the other.
    static IS_WRITING: Mutex<()> = Mutex::new(());
    let _turn = IS_WRITING.lock().unwrap_or_else(PoisonError::into_inner);
    let kept = RunDir::new(folder).keep_statement(&name, text).map_err(|error| error.to_string());
    Message::StatementKept { name, kept }
}

/// The text of the file that holds a signature.
pub fn signature(path: &Path) -> Result<String, String> {
    let mut text = String::new();
    let read = plain_file(path).and_then(|file| file.take(MAX_SIGNATURE_BYTES).read_to_string(&mut text));
    read.map_err(|error| format!("cannot read {}: {error}", path.display()))?;
    Ok(text)
}
