//! Hashes of files that a journal names.

use std::cmp::Ordering;
use std::fs::{File, Metadata};
use std::io::{self, Read, Write};
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use sha2::{Digest, Sha256};

use crate::engine::FileSeen;
use crate::fs;
use crate::journal::line::hex;

/// Lower-case hex sha256 of what is left to read, and its length in bytes.
///
/// # Errors
/// It cannot be read to its end.
pub fn digest(source: &mut impl Read) -> io::Result<(String, u64)> {
    sha256_of(source, &mut io::sink()).map_err(CopyError::into_inner)
}

/// Which of the two files of a copy did not do as it should.
#[derive(Debug)]
pub enum CopyError {
    /// What is read.
    Read(io::Error),
    /// What is written.
    Write(io::Error),
}

impl CopyError {
    /// What the system said.
    pub fn into_inner(self) -> io::Error {
        let (Self::Read(error) | Self::Write(error)) = self;
        error
    }
}

/// The same, with all that is read written to `out`.
///
/// # Errors
/// It cannot be read to its end, or written.
pub fn sha256_of(source: &mut dyn Read, out: &mut dyn Write) -> Result<(String, u64), CopyError> {
    let mut hasher = Sha256::new();
    let mut buffer = vec![0; 1 << 16];
    let mut length = 0;
    loop {
        match source.read(&mut buffer) {
            Ok(0) => return Ok((hex(&hasher.finalize()), length)),
            Ok(read) => {
                hasher.update(&buffer[..read]);
                out.write_all(&buffer[..read]).map_err(CopyError::Write)?;
                length += read as u64;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(CopyError::Read(error)),
        }
    }
}

/// Opens a file that somebody gave, for reading: a plain one; anything else could be waited for without end.
///
/// # Errors
/// It is not there, cannot be read, or is none.
pub fn plain_file(path: &Path) -> io::Result<File> {
    fs::open_plain(path).map_err(|error| error.source)
}

/// How much longer than it was at first a file may have become when it is read to its end, in bytes: one that grows
/// faster than it is read has none.
const MAX_GROWN: u64 = 64 * 1024 * 1024;

/// Size and hash of a file. `each` is told how many bytes were read, and of how many; it says whether to read on.
///
/// # Errors
/// It is not there, cannot be read to its end, or is none: a pipe could be waited for without end. Or it did not stay as it was
/// while it was read, or is gone. Or `each` ended it, as [`io::ErrorKind::Interrupted`].
pub fn file_seen(path: &Path, each: &mut dyn FnMut(u64, u64) -> bool) -> io::Result<FileSeen> {
    let (seen, place) = seen(path, u64::MAX, &mut io::sink(), each).map_err(Uncopied::into_inner)?;
    match place {
        Place::There => Ok(seen),
        Place::Replaced => Err(replaced()),
        Place::Gone => Err(io::Error::other("it is gone")),
    }
}

/// The same with all that is read written to `out`, of a file of at most so many bytes. That it is gone then is no error: it was
/// copied.
///
/// # Errors
/// See [`file_seen`]; or it is longer, or cannot be written.
pub fn file_copied(
    path: &Path,
    most: u64,
    out: &mut dyn Write,
    each: &mut dyn FnMut(u64, u64) -> bool,
) -> Result<FileSeen, Uncopied> {
    match seen(path, most, out, each)? {
        (_, Place::Replaced) => Err(Uncopied::Read(replaced())),
        (seen, Place::There | Place::Gone) => Ok(seen),
    }
}

/// Why a file is not copied.
#[derive(Debug)]
pub enum Uncopied {
    /// It has so many bytes at least.
    TooLong(u64),
    /// It cannot be read, or did not stay as it was.
    Read(io::Error),
    /// The copy cannot be written.
    Write(io::Error),
}

impl Uncopied {
    fn into_inner(self) -> io::Error {
        match self {
            Self::TooLong(bytes) => io::Error::other(format!("it has {bytes} bytes")),
            Self::Read(error) | Self::Write(error) => error,
        }
    }
}

/// What is where a file was once it has been read.
enum Place {
    There,
    Replaced,
    Gone,
}

fn seen(
    path: &Path,
    most: u64,
    out: &mut dyn Write,
    each: &mut dyn FnMut(u64, u64) -> bool,
) -> Result<(FileSeen, Place), Uncopied> {
    let source = plain_file(path).map_err(Uncopied::Read)?;
    let before = source.metadata().map_err(Uncopied::Read)?;
    let all = before.len();
    let mut watched = Watched { source, done: 0, all, each };
    let too_long = |bytes: u64| if bytes > most { Err(Uncopied::TooLong(bytes)) } else { Ok(()) };
    too_long(all)?;
    // Told before the first byte too: that one may take long.
    watched.go_on().map_err(Uncopied::Read)?;
    let mut hasher = Sha256::new();
    let mut buffer = vec![0; 1 << 16];
    loop {
        let read = watched.read(&mut buffer).map_err(Uncopied::Read)?;
        too_long(watched.done)?;
        if read == 0 {
            break;
        }
        hasher.update(&buffer[..read]);
        out.write_all(&buffer[..read]).map_err(Uncopied::Write)?;
    }
    let after = watched.source.metadata().map_err(Uncopied::Read)?;
    if let Some(how) = changed(&before, &after) {
        return Err(Uncopied::Read(unsteady(how)));
    }
    Ok((FileSeen { bytes: watched.done, sha256: hex(&hasher.finalize()) }, place(path, &after)))
}

/// How a file became another one while it was read: what was read of it was then never in it all at once.
fn changed(before: &Metadata, after: &Metadata) -> Option<&'static str> {
    let written = |about: &Metadata| (about.mtime(), about.mtime_nsec());
    match after.len().cmp(&before.len()) {
        Ordering::Greater => Some("it grew"),
        Ordering::Less => Some("it became shorter"),
        Ordering::Equal if written(before) != written(after) => Some("it was written to"),
        Ordering::Equal => None,
    }
}

/// What is at that path now, where that file was opened.
fn place(path: &Path, opened: &Metadata) -> Place {
    match std::fs::metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Place::Gone,
        Ok(now) if (now.dev(), now.ino()) != (opened.dev(), opened.ino()) => Place::Replaced,
        // What cannot be told was read all the same.
        _ => Place::There,
    }
}

fn replaced() -> io::Error {
    unsteady("another file took its place")
}

fn unsteady(how: &str) -> io::Error {
    io::Error::other(format!("{how} while it was read; give it again when it stays as it is, or a copy of it"))
}

/// What is read while somebody watches, who can end it.
struct Watched<'a, R> {
    source: R,
    done: u64,
    all: u64,
    each: &'a mut dyn FnMut(u64, u64) -> bool,
}

impl<R: Read> Watched<'_, R> {
    fn go_on(&mut self) -> io::Result<()> {
        if self.done > self.all.saturating_add(MAX_GROWN) {
            return Err(unsteady("it grew"));
        }
        let is_wanted = (self.each)(self.done, self.all);
        if is_wanted { Ok(()) } else { Err(io::ErrorKind::Interrupted.into()) }
    }

    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            match self.source.read(buffer) {
                Ok(read) => {
                    self.done += read as u64;
                    self.go_on()?;
                    return Ok(read);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => self.go_on()?,
                // What is called a file and has no end: some of those that the kernel makes up.
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    return Err(io::Error::other("it has no end: reading it would wait"));
                }
                Err(error) => return Err(error),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_is_read_tells_how_far_and_can_be_ended() {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("big");
        // Far more than could be read: nothing but its end is on the disk.
        File::create(&path).unwrap().set_len(1 << 40).unwrap();
        let mut told = Vec::new();
        let ended = file_seen(&path, &mut |done, all| {
            told.push((done, all));
            done < 200_000
        });
        assert_eq!(ended.unwrap_err().kind(), io::ErrorKind::Interrupted);
        assert_eq!(told.first(), Some(&(0, 1 << 40)));
        assert!(told.last().unwrap().0 >= 200_000 && told.len() < 100, "{told:?}");
    }

    #[test]
    fn what_is_read_has_its_size_and_hash() {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("small");
        std::fs::write(&path, "abc").unwrap();
        let seen = file_seen(&path, &mut |_, _| true).unwrap();
        assert_eq!((seen.bytes, &seen.sha256[..8]), (3, "ba7816bf"));
        // What the kernel makes up has no size beforehand.
        assert!(file_seen(Path::new("/proc/self/status"), &mut |_, _| true).unwrap().bytes > 0);
    }

    #[test]
    fn what_has_no_end_is_refused_at_once() {
        let place = tempfile::tempdir().unwrap();
        let pipe = place.path().join("pipe");
        rustix::fs::mkfifoat(rustix::fs::CWD, &pipe, rustix::fs::Mode::from_raw_mode(0o600)).unwrap();
        for path in [pipe.as_path(), Path::new("/dev/zero"), place.path()] {
            let said = file_seen(path, &mut |_, _| true).unwrap_err().to_string();
            assert!(said.contains("not a plain file"), "{}: {said}", path.display());
        }
        struct Waits;
        impl Read for Waits {
            fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
                Err(io::ErrorKind::WouldBlock.into())
            }
        }
        let mut waits = Watched { source: Waits, done: 0, all: 0, each: &mut |_, _| true };
        assert!(waits.read(&mut [0; 8]).unwrap_err().to_string().contains("no end"));
        let mut grows = Watched { source: io::repeat(0), done: 0, all: 10, each: &mut |_, _| true };
        let mut buffer = vec![0; 1 << 20];
        let said = (0..100).find_map(|_| grows.read(&mut buffer).err()).unwrap();
        assert!(said.to_string().contains("it grew"));
    }
}
