//! One writer at a time, and who it is. The system lets go of the lock when its holder dies, however it dies.

use std::fmt;
use std::fs::{File, TryLockError};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;
use std::thread;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::clock::Timestamp;
use crate::fs::{self, FsError};
use crate::journal::error::JournalError;

/// How often a held lock is tried, and how far apart: somebody who only looks holds it for a moment. Together well
/// under 100 ms.
const TRIES: u32 = 4;
const PAUSE: Duration = Duration::from_millis(10);

/// The longest text of a holder, in bytes.
const MAX_HOLDER_BYTES: u64 = 4096;

/// Who holds a lock.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holder {
    /// The operator.
    pub operator: String,
    /// The host piton runs on.
    pub host: String,
    /// Its process there.
    pub pid: u32,
    /// Since when.
    pub since: Timestamp,
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} on {}, process {}, since {}", self.operator, self.host, self.pid, self.since)
    }
}

/// A held lock; dropping it lets go.
#[derive(Debug)]
pub struct Lock {
    file: File,
}

impl Lock {
    /// Takes the lock in the file at `path` for `holder`, or tells who has it, within 100 ms.
    pub fn take(path: &Path, holder: &Holder) -> Result<Self, JournalError> {
        let mut file = fs::open_or_create_private(path)?;
        for attempt in 1.. {
            match file.try_lock() {
                Ok(()) => break,
                Err(TryLockError::Error(error)) => return Err(FsError::new("lock", path, error).into()),
                Err(TryLockError::WouldBlock) if attempt < TRIES => thread::sleep(PAUSE),
                Err(TryLockError::WouldBlock) => {
                    return Err(JournalError::Held { path: path.to_owned(), holder: read_holder(&mut file) });
                }
            }
        }
        write_holder(&mut file, holder).map_err(|error| FsError::new("write", path, error))?;
        Ok(Self { file })
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // The file stays: removing it would let two writers lock two files of one name. Only the name in it goes.
        let _ = self.file.set_len(0);
        // Closing alone would not do: a child that another thread has forked and that has not yet become its program
        // holds a copy of this file, and with it the lock.
        let _ = self.file.unlock();
    }
}

/// Who holds the lock in the file at `path`: `None` when nobody does, or when it cannot be told.
pub fn holder_of(path: &Path) -> Option<Holder> {
    let mut file = fs::open_read(path).ok()?;
    match file.try_lock_shared() {
        Err(TryLockError::WouldBlock) => read_holder(&mut file),
        _ => None,
    }
}

fn write_holder(file: &mut File, holder: &Holder) -> io::Result<()> {
    let mut text = serde_json::to_vec(holder)?;
    text.push(b'\n');
    file.set_len(0)?;
    file.seek(SeekFrom::Start(0))?;
    file.write_all(&text)
}

fn read_holder(file: &mut File) -> Option<Holder> {
    let mut text = Vec::new();
    file.seek(SeekFrom::Start(0)).ok()?;
    file.take(MAX_HOLDER_BYTES).read_to_end(&mut text).ok()?;
    serde_json::from_slice(&text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_is_let_go_although_a_forked_child_still_has_a_copy_of_its_file() {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("lock");
        let holder = Holder { operator: "maria".into(), host: "bastion".into(), pid: 1, since: Timestamp::default() };
        let lock = Lock::take(&path, &holder).unwrap();
        let copy = lock.file.try_clone().unwrap();
        assert_eq!(holder_of(&path), Some(holder.clone()));
        drop(lock);
        assert_eq!(holder_of(&path), None);
        drop(Lock::take(&path, &holder).unwrap());
        drop(copy);
    }
}
