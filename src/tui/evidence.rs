//! Files that people give: evidence, looked at once, and signatures; and the file of what is to be signed.

use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use crate::engine::Proposal;
use crate::journal::{AttachError, MAX_COPIED_BYTES, RunDir, at_home, plain_file};
use crate::runbook::StepKey;
use crate::runbook::value::first_unseen;
use crate::session::given::{Each, evidence};
use crate::text::amount;
use crate::tui::message::Message;

/// How much of a signature's file is read: far more than there is in one.
const MAX_SIGNATURE_BYTES: u64 = 64 * 1024;

/// How many names of a folder are looked through.
const MAX_ENTRIES: usize = 20_000;

/// Looks at a file: what is proposed as evidence.
///
/// # Errors
/// It cannot be read, or not be kept in the run's folder, where that is asked for.
pub fn attach(kept_in: Option<PathBuf>, step: Option<StepKey>, path: &str, each: Each<'_>) -> Result<Proposal, String> {
    let kept_in = kept_in.map(RunDir::new);
    evidence(kept_in.as_ref(), step, path, each).map_err(|error| match error {
        AttachError::TooLong(bytes) => too_long(bytes),
        AttachError::Failed(why) => why,
    })
}

/// Why no copy is kept of a file, and what there is instead.
fn too_long(bytes: u64) -> String {
    let (has, most) = (amount(bytes), MAX_COPIED_BYTES / (1024 * 1024));
    format!(
        "it has {has}, and no more than {most} MiB are copied: {{keep}}, then {{act}} attaches it by size and sha256, without a copy"
    )
}

/// The paths that begin like that, those of folders with `/` at their end.
pub fn completions(typed: String) -> Message {
    let meant = at_home(&typed);
    let (folder, begun) =
        meant.rsplit_once('/').map_or(("", meant.as_str()), |(_, begun)| (&meant[..meant.len() - begun.len()], begun));
    let entries = std::fs::read_dir(if folder.is_empty() { "." } else { folder });
    let mut found = Vec::new();
    for entry in entries.into_iter().flatten().take(MAX_ENTRIES).flatten() {
        // A name that is not text, or not one that can be seen, cannot be typed.
        let name = entry.file_name().into_string().ok().filter(|name| first_unseen(name).is_none());
        let Some(name) = name else { continue };
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_cannot_be_typed_is_not_written_out() {
        let home = tempfile::tempdir().unwrap();
        for name in ["plain", "two\nlines", "bell\u{7}", "turned\u{202e}"] {
            std::fs::write(home.path().join(name), "").unwrap();
        }
        let typed = format!("{}/", home.path().display());
        let Message::Completed { found, .. } = completions(typed.clone()) else { panic!("no completions") };
        assert_eq!(found, [format!("{typed}plain")]);
    }

    #[test]
    fn a_file_of_which_no_copy_is_kept_can_be_attached_without() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("big");
        std::fs::File::create(&path).unwrap().set_len(MAX_COPIED_BYTES + 1).unwrap();
        let path = path.display().to_string();
        let refused = attach(Some(home.path().join("run")), None, &path, &mut |_, _| true).unwrap_err();
        assert!(refused.contains("16.7 MB") && refused.contains("16 MiB") && refused.contains("{keep}"), "{refused}");
        assert!(attach(None, None, &path, &mut |_, _| true).is_ok());
    }
}
