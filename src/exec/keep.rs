//! The files of one job in the run's output folder.
//!
//! - `N.held`: who holds the command: the supervisor's process number; it keeps the file locked while it lives, so
//!   that a number that was given to another process fools nobody.
//! - `N.out`: what the command printed, both streams as they came, without secrets.
//! - `N.end.json`: how it ended; written last, whole or not at all.

use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::engine::{Ended, JobId, Output, Printed};
use crate::exec::capture::hex;

/// How a held command ended: the content of `N.end.json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct End {
    pub ended: Ended,
    pub elapsed_ms: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output: Option<Output>,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub stdout: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub stderr: String,
}

impl End {
    /// An end without output.
    pub fn bare(ended: Ended) -> Self {
        Self { ended, elapsed_ms: 0, output: None, stdout: String::new(), stderr: String::new() }
    }

    /// What expressions see of it.
    pub fn printed(&self) -> Printed {
        Printed { stdout: self.stdout.clone(), stderr: self.stderr.clone() }
    }
}

/// Who may act on a job.
#[derive(Debug)]
pub(crate) enum Claim {
    /// This process, for as long as it keeps the file.
    Ours(File),
    /// Another living one.
    Taken(File),
}

/// Names and opens the files of one job.
#[derive(Clone, Debug)]
pub(crate) struct Files {
    folder: PathBuf,
    job: JobId,
}

impl Files {
    pub fn new(folder: &Path, job: JobId) -> Self {
        Self { folder: folder.to_owned(), job }
    }

    /// The name of the file that people read.
    pub fn output_name(&self) -> String {
        format!("{}.out", self.job.0)
    }

    pub fn output(&self) -> PathBuf {
        self.folder.join(self.output_name())
    }

    pub fn end(&self) -> PathBuf {
        self.folder.join(format!("{}.end.json", self.job.0))
    }

    pub fn held(&self) -> PathBuf {
        self.folder.join(format!("{}.held", self.job.0))
    }

    /// Makes the folder if it is not there, for its owner alone.
    pub fn make_folder(&self) -> io::Result<()> {
        DirBuilder::new().recursive(true).mode(0o700).create(&self.folder)
    }

    /// Takes the job if nobody else holds it. Whoever has it may write `N.out` and `N.end.json`.
    pub fn claim(&self) -> io::Result<Claim> {
        let held = private().create(true).truncate(false).read(true).open(self.held())?;
        match held.try_lock() {
            Ok(()) => Ok(Claim::Ours(held)),
            Err(TryLockError::WouldBlock) => Ok(Claim::Taken(held)),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }

    /// Writes into a claimed file whose process holds the job.
    pub fn sign(mut held: &File, pid: u32) -> io::Result<()> {
        held.set_len(0)?;
        held.rewind()?;
        held.write_all(format!("{pid}\n").as_bytes())
    }

    /// The process that signed, once it has.
    pub fn signed_by(mut held: &File) -> Option<i32> {
        let mut text = String::new();
        held.rewind().ok()?;
        held.read_to_string(&mut text).ok()?;
        text.strip_suffix('\n')?.parse().ok()
    }

    /// Creates the empty output file; one that is there already is an error.
    pub fn create_output(&self) -> io::Result<File> {
        private().create_new(true).open(self.output())
    }

    /// Writes the end: after a crash it is there whole or not at all.
    pub fn write_end(&self, end: &End) -> io::Result<()> {
        let temporary = self.folder.join(format!("{}.end.tmp", self.job.0));
        let mut file = private().create(true).truncate(true).open(&temporary)?;
        file.write_all(&serde_json::to_vec(end)?)?;
        file.sync_all()?;
        fs::rename(temporary, self.end())?;
        File::open(&self.folder)?.sync_all()
    }

    /// The end, if it has been written. One that cannot be read counts as not known.
    pub fn read_end(&self) -> Option<End> {
        let text = fs::read(self.end()).ok()?;
        Some(serde_json::from_slice(&text).unwrap_or_else(|_| End::bare(Ended::Lost)))
    }

    /// What is there of the output of a job whose holder vanished.
    pub fn leftover(&self) -> Option<Output> {
        let mut file = File::open(self.output()).ok()?;
        let (mut hash, mut buffer, mut bytes) = (Sha256::new(), vec![0; 64 * 1024], 0);
        loop {
            match file.read(&mut buffer) {
                Ok(0) => break,
                Ok(count) => {
                    hash.update(&buffer[..count]);
                    bytes += count as u64;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(_) => return None,
            }
        }
        Some(Output { file: self.output_name(), bytes, sha256: hex(&hash.finalize()), left_out_bytes: 0 })
    }
}

/// Files for their owner alone.
fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true).mode(0o600);
    options
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_one_can_hold_a_job_and_the_other_sees_who() {
        let folder = tempfile::tempdir().unwrap();
        let files = Files::new(folder.path(), JobId(3));
        let Claim::Ours(held) = files.claim().unwrap() else { panic!("nobody else is there") };
        let Claim::Taken(seen) = files.claim().unwrap() else { panic!("it is held") };
        assert_eq!(Files::signed_by(&seen), None);
        Files::sign(&held, 4711).unwrap();
        assert_eq!(Files::signed_by(&seen), Some(4711));
        drop((held, seen));
        assert!(matches!(files.claim().unwrap(), Claim::Ours(_)));
    }

    #[test]
    fn an_end_survives_a_round_trip_and_a_broken_one_is_lost() {
        let folder = tempfile::tempdir().unwrap();
        let files = Files::new(folder.path(), JobId(1));
        assert_eq!(files.read_end(), None);
        let end = End { elapsed_ms: 12, stdout: "a\u{1b}\"b\n".into(), ..End::bare(Ended::Signal(9)) };
        files.write_end(&end).unwrap();
        assert_eq!(files.read_end(), Some(end));
        fs::write(files.end(), "{\"ended\":").unwrap();
        assert_eq!(files.read_end().map(|end| end.ended), Some(Ended::Lost));
    }
}
