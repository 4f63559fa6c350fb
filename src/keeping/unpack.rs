//! An archive of a run, read and checked.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::path::{Component, Path};

use crate::fs::{self, FsError};
use crate::journal::{CopyError, RunDir, sha256_of};
use crate::keeping::pack::SUMS;
use crate::keeping::tar::{BLOCK, Header, filling};

/// How many files an archive may hold.
const MAX_FILES: usize = 100_000;

/// The longest list of sums, in bytes.
const MAX_SUMS: u64 = 32 * 1024 * 1024;

/// What a file in an archive is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sum {
    /// Lower-case hex sha256.
    pub sha256: String,
    /// Its size in bytes.
    pub bytes: u64,
}

/// What was found in an archive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unpacked {
    /// The run's name.
    pub run: String,
    /// Each file by its name in the run's folder, the list of sums left out.
    pub files: BTreeMap<String, Sum>,
    /// What is wrong; nothing: every file is as the list of sums says.
    pub problem: Option<String>,
}

/// Reads an archive from its beginning to its end, holds every file against the list of sums, and writes the journal and what was
/// left beside it (signatures, reviews) into a folder of the run's name below `to`, so that they can be checked. Nothing else is
/// written, and nothing outside of that folder.
///
/// # Errors
/// The archive cannot be read, or what is taken from it cannot be written.
pub fn unpack(path: &Path, to: &Path) -> Result<Unpacked, FsError> {
    let file = fs::open_plain(path)?;
    let mut unpacked = Unpacked { run: String::new(), files: BTreeMap::new(), problem: None };
    let mut reading = Reading { source: BufReader::with_capacity(1 << 16, file), to, sums: None };
    let read = reading.all(&mut unpacked);
    match read {
        Ok(()) => {}
        Err(Trouble::Archive(what)) => unpacked.problem = Some(what),
        Err(Trouble::Read(error)) if error.kind() == io::ErrorKind::UnexpectedEof => {
            unpacked.problem = Some("it is cut off".into());
        }
        Err(Trouble::Read(error)) => return Err(FsError::new("read", path, error)),
        Err(Trouble::Write(error)) => return Err(error),
    }
    if unpacked.problem.is_none() {
        unpacked.problem = against(&unpacked.files, reading.sums.as_deref().unwrap_or_default());
    }
    Ok(unpacked)
}

enum Trouble {
    Archive(String),
    Read(io::Error),
    Write(FsError),
}

impl From<io::Error> for Trouble {
    fn from(error: io::Error) -> Self {
        Self::Read(error)
    }
}

impl From<FsError> for Trouble {
    fn from(error: FsError) -> Self {
        Self::Write(error)
    }
}

struct Reading<'p> {
    source: BufReader<File>,
    to: &'p Path,
    sums: Option<String>,
}

impl Reading<'_> {
    fn all(&mut self, unpacked: &mut Unpacked) -> Result<(), Trouble> {
        let wrong = |what: &str| Err(Trouble::Archive(what.to_owned()));
        loop {
            let mut block = [0; BLOCK];
            self.source.read_exact(&mut block)?;
            let Some(header) = Header::read(&block).map_err(Trouble::Archive)? else { break };
            if self.sums.is_some() {
                return wrong("something stands behind its list of sums");
            }
            let Some((run, name)) = named(&header.name) else {
                return wrong("a name in it is none of a file in a run's folder");
            };
            if unpacked.run.is_empty() {
                run.clone_into(&mut unpacked.run);
            }
            if unpacked.run != run || unpacked.files.len() >= MAX_FILES || unpacked.files.contains_key(name) {
                return wrong("it holds more than one run, one file twice, or too many files");
            }
            if is_folder_too(&unpacked.files, name) {
                return wrong("one name in it is that of a file and of a folder");
            }
            if name == SUMS {
                self.take_sums(header.bytes)?;
            } else {
                let sum = self.take(&header, run, name)?;
                unpacked.files.insert(name.to_owned(), sum);
            }
            let mut rest = [0; BLOCK];
            let filled = &mut rest[..usize::try_from(filling(header.bytes)).unwrap_or_default()];
            self.source.read_exact(filled)?;
            if !is_zeros(filled) {
                return wrong("something stands between its files");
            }
        }
        // The end is two blocks of zeros; programs fill up behind them.
        let mut rest = [0; BLOCK];
        self.source.read_exact(&mut rest)?;
        if !is_zeros(&rest) || !self.ends_in_zeros()? {
            return wrong("something stands behind its end");
        }
        if self.sums.is_none() {
            return wrong("it has no list of sums");
        }
        Ok(())
    }

    /// Whether nothing but zeros is left.
    fn ends_in_zeros(&mut self) -> io::Result<bool> {
        loop {
            let piece = self.source.fill_buf()?;
            if piece.is_empty() || !is_zeros(piece) {
                return Ok(piece.is_empty());
            }
            let length = piece.len();
            self.source.consume(length);
        }
    }

    fn take_sums(&mut self, bytes: u64) -> Result<(), Trouble> {
        if bytes > MAX_SUMS {
            return Err(Trouble::Archive("its list of sums is too long".into()));
        }
        let mut text = String::new();
        let read = self.source.by_ref().take(bytes).read_to_string(&mut text);
        read.map_err(|_| Trouble::Archive("its list of sums is not text".into()))?;
        self.sums = Some(text);
        Ok(())
    }

    /// Hashes a file, and writes it where it can be checked when it is one of those that are.
    fn take(&mut self, header: &Header, run: &str, name: &str) -> Result<Sum, Trouble> {
        let is_checked = name == "journal.jsonl" || name.starts_with("signatures/") || name.starts_with("reviews/");
        let mut from = self.source.by_ref().take(header.bytes);
        let (mut out, mut to): (Box<dyn Write>, _) = (Box::new(io::sink()), self.to.to_owned());
        if is_checked {
            let path = RunDir::new(self.to.join(run)).path().join(name);
            fs::ensure_folder(path.parent().unwrap_or(self.to))?;
            out = Box::new(fs::create_private(&path)?);
            to = path;
        }
        let copied = sha256_of(&mut from, &mut out).map_err(|error| match error {
            CopyError::Read(error) => Trouble::Read(error),
            CopyError::Write(error) => Trouble::Write(FsError::new("write", &to, error)),
        });
        let (sha256, bytes) = copied?;
        if bytes != header.bytes {
            return Err(Trouble::Read(io::ErrorKind::UnexpectedEof.into()));
        }
        Ok(Sum { sha256, bytes })
    }
}

/// The run and the name in its folder, both harmless as parts of a path.
fn named(name: &str) -> Option<(&str, &str)> {
    let (run, within) = name.split_once('/')?;
    (is_name(run) && within.split('/').all(is_plain)).then_some((run, within))
}

/// Whether that is harmless as the name of a run's folder.
pub fn is_name(run: &str) -> bool {
    is_plain(run) && !run.starts_with('.')
}

fn is_plain(part: &str) -> bool {
    let mut parts = Path::new(part).components();
    let is_one = matches!(parts.next(), Some(Component::Normal(only)) if only == part) && parts.next().is_none();
    is_one && !part.contains(['\0', '\\', '\n'])
}

/// Whether that name is the folder of a file that is known, or has one for a folder.
fn is_folder_too(files: &BTreeMap<String, Sum>, name: &str) -> bool {
    let below = format!("{name}/");
    let is_above = files.range(below.clone()..).next().is_some_and(|(next, _)| next.starts_with(&below));
    is_above || name.match_indices('/').any(|(at, _)| files.contains_key(&name[..at]) || &name[..at] == SUMS)
}

fn is_zeros(bytes: &[u8]) -> bool {
    bytes.iter().all(|byte| *byte == 0)
}

/// What differs from the list of sums.
fn against(files: &BTreeMap<String, Sum>, sums: &str) -> Option<String> {
    let mut listed: BTreeMap<&str, &str> = BTreeMap::new();
    for line in sums.lines() {
        let Some((sha256, name)) = line.split_once("  ") else {
            return Some("a line of its list of sums is none".into());
        };
        if listed.insert(name, sha256).is_some() {
            return Some(format!("its list of sums names {name} twice"));
        }
    }
    if let Some(name) = listed.keys().find(|name| !files.contains_key(**name)) {
        return Some(format!("{name} is missing"));
    }
    files.iter().find_map(|(name, sum)| match listed.get(name.as_str()) {
        None => Some(format!("{name} is not in its list of sums")),
        Some(sha256) if *sha256 != sum.sha256 => Some(format!("{name} is not what its list of sums says")),
        Some(_) => None,
    })
}
