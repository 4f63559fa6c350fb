//! Files, so that they survive a crash and nobody else reads them; every error names the path and what to do.
//!
//! Links are not followed where piton writes: a link planted in its folders is refused.

use std::fmt;
use std::fs::{DirBuilder, File, Metadata, OpenOptions};
use std::io::{self, ErrorKind, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::OFlags;

/// The mode of every file that piton writes.
const PRIVATE_FILE: u32 = 0o600;
/// The mode of every folder that piton makes.
const PRIVATE_FOLDER: u32 = 0o700;

/// Something that could not be done with a file or folder.
#[derive(Debug)]
pub struct FsError {
    /// What was tried, as a verb: `create`, `write`.
    pub action: &'static str,
    /// With what.
    pub path: PathBuf,
    /// What the system said.
    pub source: io::Error,
}

impl FsError {
    /// An error of doing `action` with `path`.
    pub fn new(action: &'static str, path: &Path, source: io::Error) -> Self {
        Self { action, path: path.to_owned(), source }
    }

    /// What a person can do about it; empty when nothing general can be said.
    pub fn advice(&self) -> &'static str {
        match self.source.kind() {
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge => {
                "make room on that file system, or raise the quota or limit"
            }
            ErrorKind::ReadOnlyFilesystem => "mount it writable, or choose another state directory",
            ErrorKind::PermissionDenied => "check who owns it and what its mode and attributes allow",
            ErrorKind::AlreadyExists => "it is already there; choose another name",
            ErrorKind::NotFound => "check the path",
            ErrorKind::IsADirectory => "it is a folder; move it away",
            ErrorKind::NotADirectory => "a part of that path is not a folder; move it away",
            // What the system calls a loop is how it refuses any link under O_NOFOLLOW.
            _ if is_link(&self.source) => "it is a symbolic link, which is not followed here; remove it",
            _ => "",
        }
    }
}

impl fmt::Display for FsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cannot {} {}: {}", self.action, self.path.display(), self.source)?;
        match self.advice() {
            "" => Ok(()),
            advice => write!(f, "; {advice}"),
        }
    }
}

impl std::error::Error for FsError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.source)
    }
}

/// The whole file as bytes.
pub fn read(path: &Path) -> Result<Vec<u8>, FsError> {
    std::fs::read(path).map_err(|error| FsError::new("read", path, error))
}

/// The text of a plain file of at most `limit` bytes; links are followed.
pub fn read_text_up_to(path: &Path, limit: u64) -> Result<String, FsError> {
    let refuse = |why: String| FsError::new("read", path, io::Error::other(why));
    let mut bytes = Vec::new();
    let file = open_plain(path)?;
    file.take(limit + 1).read_to_end(&mut bytes).map_err(|error| FsError::new("read", path, error))?;
    if bytes.len() as u64 > limit {
        return Err(refuse(format!("it is longer than {limit} bytes")));
    }
    String::from_utf8(bytes)
        .map_err(|error| refuse(format!("it is not UTF-8 from byte {} on", error.utf8_error().valid_up_to())))
}

/// Opens a plain file for reading; links are followed. Nothing else is waited for: a pipe or a device could be without
/// end.
pub fn open_plain(path: &Path) -> Result<File, FsError> {
    let flags = OFlags::NONBLOCK | OFlags::NOCTTY;
    let open = || {
        let file = OpenOptions::new().read(true).custom_flags(flags.bits().cast_signed()).open(path)?;
        match file.metadata()? {
            known if known.is_file() => Ok(file),
            known if known.is_dir() => Err(io::Error::other("it is a folder, not a plain file")),
            _ => Err(io::Error::other("it is not a plain file")),
        }
    };
    open().map_err(|error| FsError::new("read", path, followed(path, error)))
}

/// What went wrong with a path whose links are followed.
fn followed(path: &Path, error: io::Error) -> io::Error {
    let told = match error.kind() {
        ErrorKind::NotFound if path.is_symlink() => "it is a symbolic link that leads to nothing; mend or remove it",
        _ if is_link(&error) => "its symbolic links lead round in a circle; mend or remove them",
        _ => return error,
    };
    io::Error::other(told)
}

/// Whether anything stands there, and be it a link that leads to nothing; what cannot be told is found out by reading.
pub fn is_there(path: &Path) -> bool {
    !matches!(std::fs::symlink_metadata(path), Err(error) if error.kind() == ErrorKind::NotFound)
}

/// Makes a file that was not there (0600), open for appending and reading. Anything at `path`, a link included, is
/// refused.
pub fn create_private(path: &Path) -> Result<File, FsError> {
    options().create_new(true).append(true).read(true).open(path).map_err(|error| FsError::new("create", path, error))
}

/// Opens a file that is there, for appending and reading; a link, a pipe or a device is refused.
pub fn open_append(path: &Path) -> Result<File, FsError> {
    opened(options().append(true).read(true).open(path), path)
}

/// Opens a file for reading and writing, and makes it (0600) when it is not there; a link, a pipe or a device is
/// refused.
pub fn open_or_create_private(path: &Path) -> Result<File, FsError> {
    opened(options().create(true).truncate(false).write(true).read(true).open(path), path)
}

/// Opens a file for reading that must be a plain one and no link.
pub fn open_read(path: &Path) -> Result<File, FsError> {
    opened(options().read(true).open(path), path)
}

/// Makes `path` hold what `fill` writes, or leaves it as it was: written beside it (0600), synced, renamed over it, and
/// the rename synced.
pub fn replace_with(path: &Path, fill: impl FnOnce(&mut File) -> io::Result<()>) -> Result<(), FsError> {
    let beside = beside(path);
    remove_leftover(&beside)?;
    let mut file = create_private(&beside)?;
    let filled = fill(&mut file).and_then(|()| file.sync_all()).and_then(|()| std::fs::rename(&beside, path));
    if let Err(error) = filled {
        // The error of the write is the one to tell; a leftover is removed by the next replacement.
        let _ = std::fs::remove_file(&beside);
        return Err(FsError::new("write", path, error));
    }
    sync_folder(parent(path))
}

/// How many names are tried for a file beside another one.
const TRIES: u32 = 1_000;

/// Makes a file (0600) that was not there, of what `fill` writes: under an unused name in the same folder first, synced, then
/// given its name. Whatever stands at `path` stays, also what appears there meanwhile.
pub fn create_with(path: &Path, fill: impl FnOnce(&mut File) -> io::Result<()>) -> Result<(), FsError> {
    let failed = |action, error| FsError::new(action, path, error);
    if look(path)?.is_some() {
        return Err(failed("create", ErrorKind::AlreadyExists.into()));
    }
    let (beside, mut file) = unused_in(parent(path)).map_err(|error| failed("create", error))?;
    let written = fill(&mut file).and_then(|()| file.sync_all()).map_err(|error| failed("write", error));
    let named = written.and_then(|()| rename_to_new(&beside, path).map_err(|error| failed("create", error)));
    if named.is_err() {
        // The first error is the one to tell.
        let _ = std::fs::remove_file(&beside);
    }
    named.and_then(|()| sync_folder(parent(path)))
}

/// Makes a file (0600) in a folder, or leaves the folder as it was: `fill` writes it under an unused name and gives the one that
/// it is to have, in the place of whatever has it. That it is written is synced before, that it is named after.
///
/// # Errors
/// What `fill` says; or it cannot be made, synced or named.
pub fn make_in<E: From<FsError>>(
    folder: &Path,
    fill: impl FnOnce(&mut File) -> Result<String, E>,
) -> Result<String, E> {
    let (beside, mut file) = unused_in(folder).map_err(|error| FsError::new("create a file in", folder, error))?;
    let named = fill(&mut file).and_then(|name| {
        let path = folder.join(&name);
        let named = file.sync_all().and_then(|()| std::fs::rename(&beside, &path));
        named.map_err(|error| FsError::new("write", &path, error))?;
        Ok(name)
    });
    if named.is_err() {
        // The first error is the one to tell.
        let _ = std::fs::remove_file(&beside);
    }
    let name = named?;
    sync_folder(folder)?;
    Ok(name)
}

/// A new file of a name that nothing had in that folder.
fn unused_in(folder: &Path) -> io::Result<(PathBuf, File)> {
    for number in 0..TRIES {
        let beside = folder.join(format!(".piton-{}-{number}", std::process::id()));
        match create_private(&beside).map_err(|error| error.source) {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            made => return made.map(|file| (beside, file)),
        }
    }
    Err(io::Error::other("no name for a file beside it is free"))
}

/// Gives a file another name that nothing has.
fn rename_to_new(from: &Path, to: &Path) -> io::Result<()> {
    use rustix::fs::{CWD, RenameFlags, renameat_with};
    use rustix::io::Errno;
    match renameat_with(CWD, from, CWD, to, RenameFlags::NOREPLACE) {
        // Not every file system knows of it; a second name is made only where there is none.
        Err(Errno::INVAL | Errno::NOSYS | Errno::OPNOTSUPP) => {
            std::fs::hard_link(from, to).and_then(|()| std::fs::remove_file(from))
        }
        renamed => Ok(renamed?),
    }
}

/// Makes `path` hold `bytes`, or leaves it as it was; see [`replace_with`].
pub fn replace(path: &Path, bytes: &[u8]) -> Result<(), FsError> {
    replace_with(path, |file| file.write_all(bytes))
}

/// Makes the entries of a folder durable: files made, renamed or removed in it.
pub fn sync_folder(path: &Path) -> Result<(), FsError> {
    let synced = File::open(path).and_then(|folder| folder.sync_all());
    synced.map_err(|error| FsError::new("sync", path, error))
}

/// Makes one folder (0700) that was not there, durably. That something is there is [`ErrorKind::AlreadyExists`].
pub fn create_private_folder(path: &Path) -> Result<(), FsError> {
    let made = DirBuilder::new().mode(PRIVATE_FOLDER).create(path);
    made.map_err(|error| FsError::new("create", path, error))?;
    sync_folder(parent(path))
}

/// Makes a folder and those above it (0700) where they are missing, durably. One that is there must be a folder, no
/// link, and not writable by others.
pub fn ensure_private_folder(path: &Path) -> Result<(), FsError> {
    ensure_folder(path)?;
    require_private_folder(path)
}

/// Makes a folder (0700) in one that is there, or takes the one that is there as [`ensure_private_folder`] does. It is
/// durable only once the folder above it is synced.
pub fn make_private_folder(path: &Path) -> Result<(), FsError> {
    match DirBuilder::new().mode(PRIVATE_FOLDER).create(path) {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => Err(FsError::new("create", path, error)),
        _ => require_private_folder(path),
    }
}

/// Refuses what is not a folder, is a link, or could be changed by others.
pub fn require_private_folder(path: &Path) -> Result<(), FsError> {
    let refuse = |kind, why: &str| Err(FsError::new("use", path, io::Error::new(kind, why.to_owned())));
    let metadata = std::fs::symlink_metadata(path).map_err(|error| FsError::new("open", path, error))?;
    if metadata.is_symlink() {
        return refuse(ErrorKind::Other, "it is a symbolic link, which is not followed here; remove it");
    }
    if !metadata.is_dir() {
        return refuse(ErrorKind::NotADirectory, "it is not a folder");
    }
    if metadata.permissions().mode() & 0o022 != 0 {
        return refuse(ErrorKind::PermissionDenied, "others may write to it: chmod go-w");
    }
    Ok(())
}

/// Makes the folder and those above it where they are missing; links to folders are the user's own arrangement.
pub fn ensure_folder(path: &Path) -> Result<(), FsError> {
    match std::fs::metadata(path) {
        Ok(metadata) if metadata.is_dir() => return Ok(()),
        Ok(_) => return Err(FsError::new("use", path, ErrorKind::NotADirectory.into())),
        Err(error) if error.kind() == ErrorKind::NotFound => {}
        Err(error) => return Err(FsError::new("open", path, error)),
    }
    let above = parent(path);
    if above != path {
        ensure_folder(above)?;
    }
    match create_private_folder(path) {
        // Another piton was quicker: what counts is that it is there.
        Err(error) if error.source.kind() == ErrorKind::AlreadyExists && path.is_dir() => Ok(()),
        made => made,
    }
}

/// What is known of `path` itself, links not followed; `None` when nothing is there.
pub fn look(path: &Path) -> Result<Option<Metadata>, FsError> {
    match std::fs::symlink_metadata(path) {
        Ok(metadata) => Ok(Some(metadata)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(FsError::new("open", path, error)),
    }
}

/// The names in a folder that are text, sorted; none when the folder is not there.
pub fn names(path: &Path) -> Result<Vec<String>, FsError> {
    let failed = |error| FsError::new("list", path, error);
    let entries = match std::fs::read_dir(path) {
        Ok(entries) => entries,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(failed(error)),
    };
    let mut names = Vec::new();
    for entry in entries {
        // A name that is not text is none of piton's.
        names.extend(entry.map_err(failed)?.file_name().into_string());
    }
    names.sort_unstable();
    Ok(names)
}

/// How many bytes are free on the file system of `path`, for whoever is no administrator.
pub fn free_bytes(path: &Path) -> Result<u64, FsError> {
    let found = rustix::fs::statvfs(path).map_err(|error| FsError::new("look at", path, error.into()))?;
    Ok(found.f_bavail.saturating_mul(found.f_frsize))
}

fn options() -> OpenOptions {
    let mut options = OpenOptions::new();
    // NONBLOCK: a planted pipe must not hold up the open; it has no effect on a plain file.
    let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY;
    options.mode(PRIVATE_FILE).custom_flags(flags.bits().cast_signed());
    options
}

fn opened(file: io::Result<File>, path: &Path) -> Result<File, FsError> {
    let checked = file.and_then(|file| match file.metadata()?.is_file() {
        true => Ok(file),
        false => Err(io::Error::other("it is not a plain file; remove it")),
    });
    checked.map_err(|error| FsError::new("open", path, error))
}

fn is_link(error: &io::Error) -> bool {
    error.raw_os_error() == Some(rustix::io::Errno::LOOP.raw_os_error())
}

fn parent(path: &Path) -> &Path {
    match path.parent() {
        Some(above) if above.as_os_str().is_empty() => Path::new("."),
        Some(above) => above,
        None => path,
    }
}

fn beside(path: &Path) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".new");
    path.with_file_name(name)
}

fn remove_leftover(path: &Path) -> Result<(), FsError> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(FsError::new("remove", path, error)),
        _ => Ok(()),
    }
}

/// The path that is meant: `~/` is the home of whoever typed it, as in a shell.
pub fn at_home(path: &str) -> String {
    in_home(path, std::env::var("HOME").ok().as_deref())
}

fn in_home(path: &str, home: Option<&str>) -> String {
    let rest = if path == "~" { Some("") } else { path.strip_prefix("~/") };
    let home = home.filter(|home| home.starts_with('/')).map(|home| home.trim_end_matches('/'));
    rest.zip(home).map_or_else(|| path.to_owned(), |(rest, home)| format!("{home}/{rest}"))
}

#[cfg(test)]
mod tests;
