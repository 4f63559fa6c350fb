//! What speaks against a journal whose chain is whole: that it lies in another run's folder, and that its records cannot have
//! followed from each other. One place for everybody who trusts a journal.

use std::path::Path;

use crate::cli::error::CliError;
use crate::engine::{Event, Record, Story};
use crate::journal::{Integrity, Misnamed, RunDir, Verification, folder_of, read_along};

/// Reads along in a journal.
#[derive(Default)]
pub struct Doubts {
    dir: Option<RunDir>,
    misnamed: Option<Misnamed>,
    story: Story,
}

impl Doubts {
    /// Of the journal in that file, which is held against the name of its folder where it lies in one.
    pub fn of(journal: &Path) -> Self {
        Self { dir: folder_of(journal), ..Self::default() }
    }

    /// Takes the next record in. Those of changed conditions and remarks may be left out.
    pub fn take(&mut self, record: &Record) {
        if let (Event::RunOpened(opened), Some(dir)) = (&record.event, &self.dir) {
            self.misnamed = dir.misnamed(&opened.run);
        }
        self.story.take(record);
    }

    /// That it lies in another run's folder, in words.
    pub fn misnamed(&self) -> Option<String> {
        self.misnamed.as_ref().map(ToString::to_string)
    }

    /// That its records cannot have followed from each other, in words.
    pub fn contradiction(&self) -> Option<String> {
        self.story.found().map(|found| format!("CONTRADICTS ITSELF at {found}"))
    }

    /// Why it could not be held against its runbook.
    pub fn unread(&self) -> Option<&str> {
        self.story.unread()
    }

    /// All that speaks against it.
    pub fn told(&self) -> Vec<String> {
        self.misnamed().into_iter().chain(self.contradiction()).collect()
    }
}

/// A journal as it was found, and what speaks against it.
pub struct Looked {
    /// Its chain.
    pub found: Verification,
    /// The rest.
    pub doubts: Doubts,
}

impl Looked {
    /// Why nobody may say that it is good: the first of all reasons. An end that a crash has torn is none.
    pub fn against(&self) -> Option<String> {
        let broken = match &self.found.integrity {
            Integrity::Whole | Integrity::TornTail { .. } => None,
            Integrity::Damaged { line, what } => Some(format!("it is DAMAGED at line {line}: {what}")),
            Integrity::NeverOpened => Some("it holds not one whole record".into()),
            Integrity::NewerFormat { found } => Some(format!("it is written in format {found}: use a newer piton")),
        };
        broken.or_else(|| self.doubts.told().into_iter().next())
    }
}

/// Reads the journal of that run once.
///
/// # Errors
/// It cannot be read, or is no plain file.
pub fn look(dir: &RunDir) -> Result<Looked, CliError> {
    look_along(dir, &|_| true)
}

/// The same as long as `more`, which is told how many bytes more were read, says that it is to go on; what was looked at when
/// that ended it is not all of it.
///
/// # Errors
/// See [`look`].
pub fn look_along(dir: &RunDir, more: &dyn Fn(u64) -> bool) -> Result<Looked, CliError> {
    let path = dir.plain_journal().map_err(CliError::failed)?;
    let mut doubts = Doubts::of(&path);
    let read = read_along(&path, &mut |raw, outline| {
        outline.record().into_iter().for_each(|record| doubts.take(record));
        more(raw.length + 1)
    });
    Ok(Looked { found: read.map_err(CliError::failed)?, doubts })
}
