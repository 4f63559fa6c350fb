//! Whether a journal lies in the folder of its own run: a run's folder is called after it, and everybody who names a run names
//! its folder. The chain holds as well in the folder of another.

use std::fmt;
use std::path::Path;

use crate::journal::store::{RunDir, is_run_id};

/// A journal in the folder of another run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Misnamed {
    /// The run that the journal says to be of.
    pub run: String,
    /// The run that its folder is called after.
    pub folder: String,
}

impl fmt::Display for Misnamed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { run, folder } = self;
        write!(f, "NOT OF THIS RUN: the journal is that of the run {run}, in the folder of {folder}")
    }
}

impl RunDir {
    /// That a journal which says to be of `run` lies in the folder of another. A folder whose name is none that piton gives to a
    /// run, or begins with this one, may be called as anybody likes.
    pub fn misnamed(&self, run: &str) -> Option<Misnamed> {
        // What was typed may be a link, or a dot.
        self.misnamed_as(run).or_else(|| RunDir::new(self.path().canonicalize().ok()?).misnamed_as(run))
    }

    /// The same by that name of the folder alone: those of a store are no links.
    pub(super) fn misnamed_as(&self, run: &str) -> Option<Misnamed> {
        let folder = Some(self.id()).filter(|name| is_run_id(name) && !name.starts_with(run))?;
        Some(Misnamed { run: run.to_owned(), folder })
    }
}

/// The folder of the run whose journal that file is, as far as its name says that it is one.
pub fn folder_of(journal: &Path) -> Option<RunDir> {
    let is_journal = journal.file_name().is_some_and(|name| name == "journal.jsonl");
    let above = journal.parent().filter(|_| is_journal)?;
    // A file alone lies where one is.
    let here = above.as_os_str().is_empty();
    Some(RunDir::new(if here { Path::new(".") } else { above }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_held_against_its_name_where_that_is_one_of_a_run() {
        let run = "2026-11-22-vault-ha-bwga";
        let is_misnamed = |folder: &str| RunDir::new(Path::new("/nowhere").join(folder)).misnamed(run).is_some();
        for own in
            [run, "2026-11-22-vault-ha-bwga-back", "2026-11-22-vault-ha-bwga.old", "kept", "ticket-4711", "", "x"]
        {
            assert!(!is_misnamed(own), "{own}");
        }
        for other in ["2026-11-22-vault-ha-q6jy", "2026-11-21-vault-ha-bwga", "2026-11-22-nomad-clients-bwga"] {
            assert!(is_misnamed(other), "{other}");
        }
    }

    #[test]
    fn only_a_journal_lies_in_the_folder_of_a_run() {
        assert_eq!(folder_of(Path::new("journal.jsonl")), Some(RunDir::new(".")));
        assert_eq!(folder_of(Path::new("a/journal.jsonl")), Some(RunDir::new("a")));
        assert_eq!(folder_of(Path::new("a/copy.jsonl")), None);
    }
}
