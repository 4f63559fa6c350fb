//! A run's folder into one file.

use std::fs::File;
use std::io::{self, BufWriter, Read, Write};
use std::path::{Path, PathBuf};

use crate::clock::Timestamp;
use crate::fs::{self, FsError};
use crate::journal::{CopyError, RunDir, digest, sha256_of};
use crate::keeping::tar::{BLOCK, Header, filling};
use crate::keeping::unpack::is_name;

/// The name of the list of all sums, in the folder of the run.
pub const SUMS: &str = "SHA256SUMS";

/// How deep folders lie in that of a run.
const MAX_DEPTH: usize = 4;

/// What was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Packed {
    /// How many files of the run are in it.
    pub files: usize,
    /// Its size.
    pub bytes: u64,
    /// Lower-case hex sha256 of it.
    pub sha256: String,
}

/// Writes all files of that run into a new file: a plain tar, with the sums of all of them at its end. Locks are left out. Whoever
/// calls it holds the run's lock, so that nobody writes to it meanwhile.
///
/// # Errors
/// Something is there already, a file cannot be read or written, or what is in the folder is no plain file.
pub fn pack(dir: &RunDir, to: &Path) -> Result<Packed, FsError> {
    if is_within(to, dir.path()) {
        let why = "it lies in the run's own folder, which is what is archived";
        return Err(FsError::new("create", to, io::Error::other(why)));
    }
    let mut files = Vec::new();
    gather(dir.path(), "", 0, &mut files)?;
    // A folder that was given another name is still the run that its journal says.
    let run = Some(dir.name()).filter(|name| is_name(name)).unwrap_or_else(|| dir.id());
    // The journal comes first: whoever looks into it need not read all.
    files.sort_by_key(|(name, _)| (name != "journal.jsonl", name.clone()));
    let mut failed = None;
    let written = fs::create_with(to, |file| {
        let mut out = BufWriter::with_capacity(1 << 16, file);
        let filled = fill(&run, &files, &mut out, &mut failed);
        filled.and_then(|()| out.flush())
    });
    // What could not be read says more than that nothing was written because of it.
    if let Some(error) = failed {
        return Err(error);
    }
    written?;
    let read_failed = |error| FsError::new("read", to, error);
    let (sha256, bytes) = digest(&mut fs::open_read(to)?).map_err(read_failed)?;
    Ok(Packed { files: files.len(), bytes, sha256 })
}

/// Whether a file would lie in that folder, whatever links lead there.
fn is_within(file: &Path, folder: &Path) -> bool {
    let above = file.parent().filter(|above| !above.as_os_str().is_empty()).unwrap_or(Path::new("."));
    // What is not there is told of when it is written to.
    let (Ok(above), Ok(folder)) = (above.canonicalize(), folder.canonicalize()) else { return false };
    above.starts_with(folder)
}

/// The names of all plain files, with their paths.
fn gather(folder: &Path, of: &str, depth: usize, files: &mut Vec<(String, PathBuf)>) -> Result<(), FsError> {
    let refuse = |path: &Path, why: &str| Err(FsError::new("archive", path, io::Error::other(why.to_owned())));
    for entry in std::fs::read_dir(folder).map_err(|error| FsError::new("list", folder, error))? {
        let path = entry.map_err(|error| FsError::new("list", folder, error))?.path();
        let Some(name) = path.file_name().and_then(|name| name.to_str()) else {
            return refuse(&path, "its name is not text");
        };
        let within = if of.is_empty() { name.to_owned() } else { format!("{of}/{name}") };
        let Some(known) = fs::look(&path)? else { continue };
        if within == "lock" || (of == "reviews" && name.ends_with(".lock")) || within == SUMS {
            continue;
        }
        if known.is_file() {
            files.push((within, path));
        } else if !known.is_dir() || depth == MAX_DEPTH {
            return refuse(&path, "it is neither a plain file nor a folder of a run");
        } else {
            gather(&path, &within, depth + 1, files)?;
        }
    }
    Ok(())
}

fn fill(run: &str, files: &[(String, PathBuf)], out: &mut dyn Write, failed: &mut Option<FsError>) -> io::Result<()> {
    let mut sums = String::new();
    for (name, path) in files {
        let mut file = match fs::open_read(path) {
            Ok(file) => file,
            Err(error) => {
                *failed = Some(error);
                return Err(io::ErrorKind::Other.into());
            }
        };
        let sha256 = put_file(&format!("{run}/{name}"), &mut file, out).map_err(|error| match error {
            CopyError::Read(error) => {
                let told = io::Error::new(error.kind(), error.to_string());
                *failed = Some(FsError::new("archive", path, error));
                told
            }
            CopyError::Write(error) => error,
        })?;
        sums.push_str(&format!("{sha256}  {name}\n"));
    }
    let put = put(&format!("{run}/{SUMS}"), sums.len() as u64, Timestamp::default(), &mut sums.as_bytes(), out);
    put.map_err(CopyError::into_inner)?;
    out.write_all(&[0; 2 * BLOCK])
}

fn put_file(name: &str, file: &mut File, out: &mut dyn Write) -> Result<String, CopyError> {
    let known = file.metadata().map_err(CopyError::Read)?;
    let written = known.modified().ok().and_then(|at| at.duration_since(std::time::UNIX_EPOCH).ok());
    let at = Timestamp::default().plus(written.unwrap_or_default());
    put(name, known.len(), at, file, out)
}

/// Writes a header and the contents; their sha256.
fn put(name: &str, bytes: u64, at: Timestamp, from: &mut dyn Read, out: &mut dyn Write) -> Result<String, CopyError> {
    let wrong = |why: &str| CopyError::Read(io::Error::other(why.to_owned()));
    let header = Header { name: name.to_owned(), bytes, at };
    let block = header.block().ok_or_else(|| wrong("its name or its size does not fit into an archive"))?;
    out.write_all(&block).map_err(CopyError::Write)?;
    let (sha256, copied) = sha256_of(&mut from.take(bytes), out)?;
    if copied != bytes {
        return Err(wrong("it became shorter while it was read"));
    }
    let filling = usize::try_from(filling(bytes)).unwrap_or_default();
    out.write_all(&[0; BLOCK][..filling]).map_err(CopyError::Write)?;
    Ok(sha256)
}
