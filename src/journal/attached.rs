//! A file that somebody attaches as evidence: looked at once, and copied into the run's folder where that is wanted.

use std::path::Path;

use crate::engine::FileSeen;
use crate::fs::{self, FsError};
use crate::journal::digest::{Uncopied, file_copied, file_seen};
use crate::journal::store::RunDir;

/// The longest file of which a copy is kept, in bytes.
pub const MAX_COPIED_BYTES: u64 = 16 * 1024 * 1024;

/// Why a file is not attached.
#[derive(Debug, thiserror::Error)]
pub enum AttachError {
    /// It has so many bytes, too many for a copy.
    #[error("it has {0} bytes, and no more than {MAX_COPIED_BYTES} are copied")]
    TooLong(u64),
    /// It cannot be read or copied; why.
    #[error("{0}")]
    Failed(String),
}

impl From<FsError> for AttachError {
    fn from(error: FsError) -> Self {
        Self::Failed(error.to_string())
    }
}

/// Looks at the file at `path`, and copies it into the folder of the run `kept_in`, if there is one: what it is, and what the
/// copy is called. It is read once, so that the copy is what was looked at. `each` is told how far the reading is, and of how
/// much, and says whether to read on.
///
/// # Errors
/// It cannot be read, or not be copied, or did not stay as it was meanwhile.
pub fn attached(
    kept_in: Option<&RunDir>,
    path: &str,
    each: &mut dyn FnMut(u64, u64) -> bool,
) -> Result<(FileSeen, Option<String>), AttachError> {
    let of = Path::new(path);
    let unread = |error| AttachError::Failed(format!("cannot read {path}: {error}"));
    let Some(run) = kept_in else {
        return Ok((file_seen(of, each).map_err(unread)?, None));
    };
    let folder = run.path().join("evidence");
    fs::ensure_private_folder(&folder)?;
    let mut seen = None;
    let name = fs::make_in(&folder, |to| {
        let file = file_copied(of, MAX_COPIED_BYTES, to, each).map_err(|error| match error {
            Uncopied::TooLong(bytes) => AttachError::TooLong(bytes),
            Uncopied::Read(error) => unread(error),
            Uncopied::Write(error) => FsError::new("write a copy into", &folder, error).into(),
        })?;
        let name = format!("{}-{}", file.sha256.get(..12).unwrap_or_default(), plain_name(of));
        seen = Some(file);
        Ok::<_, AttachError>(name)
    })?;
    let file = seen.ok_or_else(|| AttachError::Failed(format!("nothing was read of {path}")))?;
    Ok((file, Some(format!("evidence/{name}"))))
}

/// The name of a file as far as it is harmless everywhere.
fn plain_name(path: &Path) -> String {
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
    let plain: String = name.chars().map(|c| if is_plain(c) { c } else { '_' }).take(64).collect();
    plain.trim_start_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use std::fs::{File, OpenOptions};
    use std::io::{Seek as _, SeekFrom, Write as _};
    use std::os::unix::fs::PermissionsExt as _;
    use std::path::PathBuf;
    use std::time::{Duration, SystemTime};

    use super::*;
    use crate::journal::sha256_hex;

    /// A home with a run, and a file of so many bytes that was written long ago.
    fn stage(bytes: usize) -> (tempfile::TempDir, RunDir, PathBuf) {
        let home = tempfile::tempdir().unwrap();
        let run = RunDir::new(home.path().join("run"));
        fs::create_private_folder(run.path()).unwrap();
        let path = home.path().join("seen.log");
        written(&path, &vec![b'a'; bytes]);
        (home, run, path)
    }

    fn written(path: &Path, bytes: &[u8]) {
        std::fs::write(path, bytes).unwrap();
        let then = SystemTime::UNIX_EPOCH + Duration::from_secs(1);
        File::options().write(true).open(path).unwrap().set_modified(then).unwrap();
    }

    fn names(folder: &Path) -> Vec<String> {
        let names = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
        names.collect()
    }

    #[test]
    fn a_file_that_is_evidence_is_copied_under_a_harmless_name_or_refused() {
        let (home, run, _) = stage(1);
        let file = home.path().join("..a graph\u{1b}[31m.png");
        std::fs::write(&file, "picture").unwrap();
        let file = file.to_str().unwrap();
        let (seen, name) = attached(Some(&run), file, &mut |_, _| true).unwrap();
        let name = name.unwrap();
        assert_eq!(name, format!("evidence/{}-a_graph__31m.png", &sha256_hex(b"picture")[..12]));
        let copy = run.path().join(&name);
        assert_eq!(std::fs::read(&copy).unwrap(), b"picture");
        assert_eq!(std::fs::metadata(&copy).unwrap().permissions().mode() & 0o777, 0o600);
        // The same file again is the same copy.
        assert_eq!(attached(Some(&run), file, &mut |_, _| true).unwrap(), (seen, Some(name)));
        let none = home.path().join("none").display().to_string();
        for (path, why) in [(home.path().to_str().unwrap(), "not a plain file"), (&none, "cannot read")] {
            let told = attached(Some(&run), path, &mut |_, _| true).unwrap_err().to_string();
            assert!(told.contains(why), "{told}");
        }
        assert_eq!(names(&run.path().join("evidence")).len(), 1);
    }

    /// What becomes of a file while it is read: how it is called, how it comes about, and what is told; nothing: it is taken.
    type Change = (&'static str, fn(&Path), [Option<&'static str>; 2]);

    #[test]
    fn what_is_attached_is_what_was_read_and_a_file_that_did_not_stay_as_it_was_is_refused() {
        let append = |path: &Path| OpenOptions::new().append(true).open(path).unwrap().write_all(b"more").unwrap();
        let cut = |path: &Path| OpenOptions::new().write(true).open(path).unwrap().set_len(70_000).unwrap();
        let over = |path: &Path| {
            let mut file = OpenOptions::new().write(true).open(path).unwrap();
            file.seek(SeekFrom::Start(10)).and_then(|_| file.write_all(b"b")).unwrap();
        };
        let replace = |path: &Path| {
            std::fs::write(path.with_extension("new"), "another").unwrap();
            std::fs::rename(path.with_extension("new"), path).unwrap();
        };
        let remove = |path: &Path| std::fs::remove_file(path).unwrap();
        let changes: [Change; 6] = [
            ("nothing", |_| {}, [None, None]),
            ("grows", append, [Some("it grew while it was read"); 2]),
            ("cut off", cut, [Some("it became shorter while it was read"); 2]),
            ("written over", over, [Some("it was written to while it was read"); 2]),
            ("replaced", replace, [Some("another file took its place while it was read"); 2]),
            // The copy is all that is left of it.
            ("gone", remove, [Some("it is gone"), None]),
        ];
        for (called, change, told) in changes {
            for (is_kept, told) in [false, true].into_iter().zip(told) {
                let (_home, run, path) = stage(200_000);
                let earlier = attached(Some(&run), path.to_str().unwrap(), &mut |_, _| true).unwrap().1.unwrap();
                let mut is_changed = false;
                let mut each = |done: u64, _| {
                    if done > 0 && !std::mem::replace(&mut is_changed, true) {
                        change(&path);
                    }
                    true
                };
                let found = attached(is_kept.then_some(&run), path.to_str().unwrap(), &mut each);
                match (found, told) {
                    (Ok((seen, kept)), None) => {
                        assert_eq!((seen.bytes, seen.sha256), (200_000, sha256_hex(&[b'a'; 200_000])), "{called}");
                        assert_eq!(kept, is_kept.then(|| earlier.clone()), "{called}");
                    }
                    (Err(error), Some(told)) => assert!(error.to_string().contains(told), "{called} {error}"),
                    (found, _) => panic!("{called} {is_kept} {found:?}"),
                }
                // What was kept before is as it was, and nothing else is left.
                assert_eq!(std::fs::read(run.path().join(&earlier)).unwrap(), [b'a'; 200_000], "{called}");
                assert_eq!(names(&run.path().join("evidence")).len(), 1, "{called}");
            }
        }
    }

    #[test]
    fn a_file_is_too_long_for_a_copy_also_when_it_becomes_so() {
        let (_home, run, path) = stage(100_000);
        let mut each = |done, _| {
            let file = OpenOptions::new().write(true).open(&path).unwrap();
            file.set_len(if done > 0 { MAX_COPIED_BYTES + 1 } else { 100_000 }).unwrap();
            true
        };
        let error = attached(Some(&run), path.to_str().unwrap(), &mut each).unwrap_err();
        assert!(matches!(error, AttachError::TooLong(bytes) if bytes > MAX_COPIED_BYTES), "{error:?}");
        assert_eq!(names(&run.path().join("evidence")), Vec::<String>::new());
    }
}
