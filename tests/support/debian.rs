//! Programs of Debian that tests need, unpacked into the target folder: neither root nor a service is needed.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The folder in which that package of Debian is unpacked, once.
pub fn unpacked(package: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(package);
    std::fs::create_dir_all(&folder).expect("the target folder can be written");
    let lock = File::create(folder.join("lock")).expect("the target folder can be written");
    lock.lock().expect("a local file can be locked");
    let unpacked = folder.join("unpacked");
    if !unpacked.is_dir() {
        download(package, &folder);
        let file = std::fs::read_dir(&folder).expect("an own folder").flatten().map(|entry| entry.path());
        let file = file.into_iter().find(|path| path.extension().is_some_and(|end| end == "deb"));
        let file = file.expect("apt-get has put the package there");
        let begun = folder.join("begun");
        assert!(run(Command::new("dpkg-deb").arg("-x").arg(&file).arg(&begun)), "{file:?} cannot be unpacked");
        std::fs::rename(&begun, &unpacked).expect("an own folder can be renamed");
        std::fs::remove_file(file).expect("an own file can be removed");
    }
    unpacked
}

fn download(package: &str, folder: &Path) {
    let apt = |args: &[&str]| run(Command::new("apt-get").args(args).current_dir(folder));
    if apt(&["download", "-q", package]) {
        return;
    }
    // A bare machine has no lists of packages; lists of one's own need no root.
    let lists = folder.join("lists");
    std::fs::create_dir_all(lists.join("partial")).expect("the target folder can be written");
    let lists = format!("Dir::State::Lists={}", lists.display());
    let cache = format!("Dir::Cache={}", folder.join("cache").display());
    let own = ["-q", "-o", lists.as_str(), "-o", cache.as_str()];
    // Hooks of a machine may fail without root although the lists have come: what counts is the download.
    let _ = apt(&[&own[..], &["update"]].concat());
    let done = apt(&[&own[..], &["download", package]].concat());
    assert!(done, "these tests need Debian's package {package}, and apt-get cannot download it (see above)");
}

fn run(command: &mut Command) -> bool {
    command.status().is_ok_and(|status| status.success())
}
