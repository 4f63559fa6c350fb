//! Programs of Debian that tests need, unpacked into the target folder: neither root nor a service is needed.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The folder in which that package of Debian is unpacked, once.
pub fn unpacked(package: &str) -> PathBuf {
    unpacked_of(package, |_| vec![package.to_owned()])
}

/// The folder in which that package is unpacked, once, with those beside it, and with all that they need and this machine
/// does not have.
pub fn unpacked_together(package: &str, beside: &[&str]) -> PathBuf {
    unpacked_of(package, |apt| {
        let mut wanted: Vec<String> =
            beside.iter().map(|name| (*name).to_owned()).chain([package.to_owned()]).collect();
        let options = ["-s", "-qq", "--no-install-recommends", "install"];
        let told = Command::new("apt-get").args(apt).args(options).args(&wanted).output();
        let told = told.expect("these tests need Debian's apt-get");
        let told = String::from_utf8_lossy(&told.stdout).into_owned();
        let lacking = told.lines().filter_map(|line| line.strip_prefix("Inst ")?.split(' ').next().map(str::to_owned));
        wanted.extend(lacking);
        wanted.sort();
        wanted.dedup();
        wanted
    })
}

fn unpacked_of(package: &str, wanted: impl Fn(&[String]) -> Vec<String>) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(package);
    std::fs::create_dir_all(&folder).expect("the target folder can be written");
    let lock = File::create(folder.join("lock")).expect("the target folder can be written");
    lock.lock().expect("a local file can be locked");
    let unpacked = folder.join("unpacked");
    if !unpacked.is_dir() {
        download(package, &folder, wanted);
        let begun = folder.join("begun");
        let files = std::fs::read_dir(&folder).expect("an own folder").flatten().map(|entry| entry.path());
        let files = files.filter(|path| path.extension().is_some_and(|end| end == "deb"));
        for file in files.collect::<Vec<_>>() {
            assert!(run(Command::new("dpkg-deb").arg("-x").arg(&file).arg(&begun)), "{file:?} cannot be unpacked");
            std::fs::remove_file(file).expect("an own file can be removed");
        }
        std::fs::rename(&begun, &unpacked).expect("apt-get has put the package there");
    }
    unpacked
}

fn download(package: &str, folder: &Path, wanted: impl Fn(&[String]) -> Vec<String>) {
    let fetch = |options: &[String]| {
        let mut apt = Command::new("apt-get");
        run(apt.args(options).args(["download", "-q"]).args(wanted(options)).current_dir(folder))
    };
    if fetch(&[]) {
        return;
    }
    // A bare machine has no lists of packages; lists of one's own need no root.
    let lists = folder.join("lists");
    std::fs::create_dir_all(lists.join("partial")).expect("the target folder can be written");
    let lists = format!("Dir::State::Lists={}", lists.display());
    let cache = format!("Dir::Cache={}", folder.join("cache").display());
    let own = ["-q", "-o", &lists, "-o", &cache].map(str::to_owned);
    // Hooks of a machine may fail without root although the lists have come: what counts is the download.
    let _ = run(Command::new("apt-get").args(&own).arg("update"));
    assert!(fetch(&own), "these tests need Debian's package {package}, and apt-get cannot download it (see above)");
}

fn run(command: &mut Command) -> bool {
    command.status().is_ok_and(|status| status.success())
}
