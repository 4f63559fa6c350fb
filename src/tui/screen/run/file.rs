//! A file that somebody gave is read: how far that is, and how it is ended. Nothing of it is recorded before.

use std::time::Duration;

use crate::engine::{FileSeen, Proposal};
use crate::tui::dialog::{Ask, Dialog};
use crate::tui::message::Effect;
use crate::tui::screen::run::Run;
use crate::tui::tell::reading;

/// Told when the reading was ended.
const ENDED: &str = "the file is not read on: nothing was recorded";

/// A file that is being read.
#[derive(Debug)]
pub struct FileRead {
    path: String,
    /// How far that is; none before the first byte.
    far: Option<String>,
}

impl Run {
    /// Has done what a dialog asks for; what it proposes in the end is pending until then.
    pub(super) fn ask_for(&mut self, effect: Effect) -> Vec<Effect> {
        match &effect {
            Effect::AnswerFile { step, value } => {
                let (step, value) = (step.clone(), value.clone());
                self.read_file(value.as_str().unwrap_or_default());
                self.pending = Some(Proposal::Answer { step, value, file: None });
            }
            Effect::Attach { step, path, .. } => {
                let (step, path) = (step.clone(), path.clone());
                let file = FileSeen { bytes: 0, sha256: String::new() };
                self.read_file(&path);
                self.pending = Some(Proposal::Attach { step, path, file, kept: None });
            }
            Effect::ReadSignature(_) | Effect::Edit(_) | Effect::Complete(_) => {}
            _ => self.dialog = None,
        }
        vec![effect]
    }

    fn read_file(&mut self, path: &str) {
        self.file = Some(FileRead { path: path.to_owned(), far: None });
    }

    /// So many bytes of that file were read in that time, and so many it has.
    pub fn file_is_at(&mut self, path: &str, (done, all): (u64, u64), took: Duration) {
        if let Some(file) = self.file.as_mut().filter(|file| file.path == path) {
            file.far = (done > 0).then(|| format!(" {}", reading(done, all, took)));
        }
    }

    /// That file was read to its end: what it is proposed as, or what went wrong. One that is not waited for any more
    /// counts for nothing.
    pub fn file_was_read(&mut self, path: &str, read: Result<Proposal, String>) -> Vec<Effect> {
        if self.is_leaving() || self.file.take_if(|file| file.path == path).is_none() {
            return Vec::new();
        }
        match read {
            Ok(proposal) => {
                // What the session answers is compared with it.
                self.pending = Some(proposal.clone());
                vec![Effect::Propose(proposal)]
            }
            Err(why) => {
                self.refuse(&why);
                Vec::new()
            }
        }
    }

    /// Ends the reading of a file, if one is read.
    pub(super) fn read_no_further(&mut self) -> Vec<Effect> {
        if self.file.take().is_none() {
            return Vec::new();
        }
        self.pending = None;
        self.notice = Some(ENDED.into());
        vec![Effect::StopReading]
    }

    /// What something waits for that was given: the reading of a file, or the disk.
    pub fn saving_told(&self) -> Option<String> {
        self.pending.as_ref()?;
        let Some(FileRead { path, far }) = &self.file else {
            return Some("saving: it counts when it is on disk".into());
        };
        let far = far.as_deref().unwrap_or(", no byte yet");
        Some(format!("reading the file{far}; esc ends it: {path}"))
    }

    /// Whether the dialog leads out of something: what is being saved never bars that.
    pub(super) const fn is_way_out(&self) -> bool {
        matches!(self.dialog, Some(Dialog::Ask(Ask::Leave | Ask::Cancel(..))))
    }
}

#[cfg(test)]
#[path = "file_tests.rs"]
mod tests;
