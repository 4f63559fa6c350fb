//! Files that people give: evidence, looked at once, and signatures; and the file of what is to be signed.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use crate::engine::Proposal;
use crate::journal::RunDir;
use crate::journal::file_seen;
use crate::runbook::StepKey;
use crate::session::Session;
use crate::tui::message::Message;
use serde_json::Value;

/// How much of a signature's file is read: far more than there is in one.
const MAX_SIGNATURE_BYTES: u64 = 64 * 1024;

/// The longest file of which a copy is kept.
const MAX_KEPT_BYTES: u64 = 16 * 1024 * 1024;

/// How many names of a folder are looked through.
const MAX_ENTRIES: usize = 20_000;

/// Reads the file that `value` names and proposes it as the answer; what went wrong, if it cannot be read.
pub fn look_at_file(session: Option<&Session>, step: StepKey, value: Value) -> Option<Message> {
    let path = value.as_str().unwrap_or_default();
    match file_seen(Path::new(path)) {
        Ok(file) => {
            session?.propose(Proposal::Answer { step, value, file: Some(file) });
            None
        }
        Err(error) => Some(Message::Unreadable(format!("cannot read {path}: {error}"))),
    }
}

/// Looks at a file and proposes it as evidence; what went wrong, if it cannot be read or kept.
pub fn attach(
    session: Option<&Session>,
    folder: PathBuf,
    step: Option<StepKey>,
    path: String,
    is_kept: bool,
) -> Option<Message> {
    let of = Path::new(&path);
    let seen = if is_kept {
        let kept = RunDir::new(folder).keep_evidence(of, MAX_KEPT_BYTES).map_err(|error| error.to_string());
        kept.map(|(name, file)| (file, Some(name)))
    } else {
        file_seen(of).map(|file| (file, None)).map_err(|error| format!("cannot read {path}: {error}"))
    };
    match seen {
        Ok((file, kept)) => {
            session?.propose(Proposal::Attach { step, path, file, kept });
            None
        }
        Err(why) => Some(Message::Unreadable(why)),
    }
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
    let read = || -> std::io::Result<String> {
        let file = open(path)?;
        let mut text = String::new();
        file.take(MAX_SIGNATURE_BYTES).read_to_string(&mut text)?;
        Ok(text)
    };
    read().map_err(|error| format!("cannot read {}: {error}", path.display()))
}

/// Opens a file that is one; anything else could be waited for without end.
fn open(path: &Path) -> std::io::Result<File> {
    if !std::fs::metadata(path)?.is_file() {
        return Err(std::io::Error::other("it is not a file"));
    }
    File::open(path)
}
