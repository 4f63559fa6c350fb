//! The files beside a journal: those that it names, and whether they are still what was recorded; those that it does not.

use std::collections::BTreeSet;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use crate::cli::error::CliError;
use crate::cli::progress::Progress;
use crate::engine::{Event, JobId, Record};
use crate::fs;
use crate::journal::file_seen;
use crate::report::FileNow;

/// A file that a record names: what a command printed, or a copy of what was attached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    /// The record.
    pub record: u64,
    /// The file's name in the run's folder.
    pub name: String,
    /// Its size.
    pub bytes: u64,
    /// Lower-case hex sha256 of it.
    pub sha256: String,
}

impl Named {
    /// What that record names.
    pub fn of(record: &Record) -> Option<Self> {
        let (name, bytes, sha256) = match &record.event {
            Event::CommandFinished { output: Some(output), .. } => {
                (format!("output/{}", output.file), output.bytes, output.sha256.clone())
            }
            Event::EvidenceAttached { file, kept: Some(kept), .. } => (kept.clone(), file.bytes, file.sha256.clone()),
            _ => return None,
        };
        Some(Self { record: record.seq, name, bytes, sha256 })
    }

    /// Where it lies in that folder; `None` of a name that leads elsewhere: the journal may be anybody's.
    fn within(&self, folder: &Path) -> Option<PathBuf> {
        let (above, name) = self.name.split_once('/')?;
        let is_plain = Path::new(name).file_name().is_some_and(|plain| plain == name);
        (is_plain && matches!(above, "output" | "evidence")).then(|| folder.join(above).join(name))
    }

    /// What it is now in that folder; `None` of a name that leads elsewhere.
    ///
    /// # Errors
    /// Somebody ended the reading.
    pub fn now(&self, folder: &Path) -> Result<Option<FileNow>, CliError> {
        let Some(path) = self.within(folder) else { return Ok(None) };
        match fs::look(&path) {
            Ok(None) => return Ok(Some(FileNow::Missing)),
            // Something else in its place is not it.
            Ok(Some(known)) if !known.is_file() || known.len() != self.bytes => return Ok(Some(FileNow::Differs)),
            Ok(Some(_)) => {}
            Err(error) if error.source.kind() == ErrorKind::NotADirectory => return Ok(Some(FileNow::Missing)),
            Err(_) => return Ok(Some(FileNow::NotLookedAt)),
        }
        let mut progress = Progress::new(&path);
        let seen = file_seen(&path, &mut |done, _| progress.at(done));
        progress.end()?;
        Ok(Some(match seen {
            Ok(seen) if seen.sha256 == self.sha256 && seen.bytes == self.bytes => FileNow::Same,
            Ok(_) => FileNow::Differs,
            Err(_) => FileNow::NotLookedAt,
        }))
    }

    /// Why it is not as it was recorded, in words; `None` when it is.
    ///
    /// # Errors
    /// Somebody ended the reading.
    pub fn against(&self, folder: &Path) -> Result<Option<String>, CliError> {
        let Self { record, name, .. } = self;
        let why = match self.now(folder)? {
            Some(FileNow::Same) => return Ok(None),
            Some(FileNow::Differs) if !self.within(folder).is_some_and(|path| is_file(&path)) => " is no plain file",
            Some(FileNow::Differs) => "",
            Some(FileNow::Missing) => " is missing",
            Some(FileNow::NotLookedAt) => " cannot be read",
            None => " is no name of a file that is kept",
        };
        Ok(Some(format!("{name}{why} (record {record})")))
    }
}

fn is_file(path: &Path) -> bool {
    fs::look(path).is_ok_and(|known| known.is_some_and(|known| known.is_file()))
}

/// What a journal explains of the files beside it, noted while it is read.
#[derive(Clone, Debug, Default)]
pub struct Explained {
    names: BTreeSet<String>,
    jobs: BTreeSet<JobId>,
}

impl Explained {
    /// Takes the next record in.
    pub fn take(&mut self, record: &Record) {
        self.names.extend(Named::of(record).map(|named| named.name));
        match &record.event {
            Event::CommandStarted { job, .. } => _ = self.jobs.insert(*job),
            Event::TailSetAside { file, .. } => _ = self.names.insert(file.clone()),
            _ => {}
        }
    }

    /// Whether a file of that name belongs beside the journal: a record names it, a command that it tells of may have left it,
    /// or it is what piton lays there.
    pub fn explains(&self, name: &str) -> bool {
        let is_of_job = |name: &str| {
            let (job, kind) = name.split_once('.').unwrap_or_default();
            let is_known = job.parse().is_ok_and(|number| self.jobs.contains(&JobId(number)));
            is_known && matches!(kind, "out" | "held" | "end.json" | "end.tmp")
        };
        let is_signature = |name: &str| name.strip_suffix(".sig").unwrap_or(name).ends_with(".txt");
        let is_review = |name: &str| {
            let begin = name.split_once(".jsonl.torn-").map_or(name.strip_suffix(".jsonl"), |(begin, _)| Some(begin));
            begin.is_some_and(|begin| !begin.is_empty())
        };
        match name.split_once('/') {
            _ if self.names.contains(name) => true,
            None => name == "journal.jsonl" || name.starts_with("journal.torn-") || is_release(name),
            Some((_, name)) if name.contains('/') => false,
            Some(("output", name)) => is_of_job(name),
            Some(("signatures", name)) => is_signature(name),
            Some(("reviews", name)) => is_review(name),
            Some(_) => false,
        }
    }
}

/// Whether that is the statement of a release, `release-<n>-<hash>.txt`, or its signature.
fn is_release(name: &str) -> bool {
    let text = name.strip_suffix(".sig").unwrap_or(name);
    let Some(middle) = text.strip_prefix("release-").and_then(|rest| rest.strip_suffix(".txt")) else { return false };
    let Some((number, sum)) = middle.split_once('-') else { return false };
    let is_number = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    is_number && !sum.is_empty() && sum.bytes().all(|byte| byte.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_piton_lays_beside_a_journal_is_explained_and_nothing_else() {
        let mut explained = Explained::default();
        explained.jobs.insert(JobId(3));
        explained.names.insert("evidence/abc-plan.pdf".into());
        for name in [
            "journal.jsonl",
            "journal.torn-12-abcdef01",
            "release-12-abcdef01.txt",
            "release-12-abcdef01.txt.sig",
            "output/3.out",
            "output/3.held",
            "output/3.end.json",
            "evidence/abc-plan.pdf",
            "signatures/00000012-operator-abcdef01.txt",
            "signatures/00000012-operator-abcdef01.txt.sig",
            "reviews/jo.jsonl",
            "reviews/jo.jsonl.torn-abcdef01",
        ] {
            assert!(explained.explains(name), "{name}");
        }
        for name in [
            "lock",
            "notes.txt",
            "release-x-abcdef01.txt",
            "output/4.out",
            "output/3.sh",
            "output/evil.out",
            "evidence/evil.pdf",
            "reviews/jo.lock",
            "reviews/.jsonl",
            "reviews/a/jo.jsonl",
            "signatures/\u{1b}[31m",
            "other/journal.jsonl",
        ] {
            assert!(!explained.explains(name), "{name}");
        }
    }
}
