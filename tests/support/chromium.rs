//! A real Chromium without a screen, of Debian, and axe-core: both unpacked into the target folder.

use std::ffi::OsString;
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::debian;

/// How much time passes for a page, in milliseconds of its own clock.
const BUDGET: &str = "--virtual-time-budget=20000";

/// A browser that has no way out.
pub struct Chromium {
    program: PathBuf,
    /// Where its shared libraries lie: most in one folder, some in one below it.
    libraries: OsString,
    /// Whatever asks for something from outside asks here, and gets nothing.
    outside: SocketAddr,
    /// How often.
    asked: Arc<AtomicUsize>,
}

/// What the browser said of a page.
pub struct Shown {
    /// What it printed.
    pub printed: String,
    /// What the page, and the browser about the page, wrote to the console.
    pub console: Vec<String>,
}

impl Chromium {
    /// Gets it, once.
    pub fn new() -> Self {
        // What else it needs and this machine lacks is told by apt.
        let root = debian::unpacked_together("chromium-headless-shell", &["chromium-common"]);
        let outside = TcpListener::bind("127.0.0.1:0").expect("loopback has free ports");
        let address = outside.local_addr().expect("a listener has an address");
        let asked = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&asked);
        // A page whose requests stay open would be waited for.
        std::thread::spawn(move || {
            for _gone in outside.incoming().flatten() {
                counted.fetch_add(1, Ordering::SeqCst);
            }
        });
        let program = root.join("usr/lib/chromium/chromium-headless-shell");
        let libraries = folders(&root.join("usr/lib/x86_64-linux-gnu"));
        let libraries = std::env::join_paths(libraries).expect("no folder of Debian has a colon");
        Self { program, libraries, outside: address, asked }
    }

    /// Opens a page with these options, to its end.
    #[track_caller]
    pub fn open(&self, page: &Path, options: &[&str]) -> Shown {
        let user = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a folder can be made");
        let proxy = format!("--proxy-server={}", self.outside);
        let folder = format!("--user-data-dir={}", user.path().display());
        let mut command = Command::new(&self.program);
        // The pages are our own: the sandbox would need what a container does not give.
        command.args(["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking"]);
        command.args(["--disable-component-update", "--no-first-run", "--enable-logging=stderr", BUDGET]);
        command.args([&folder, &proxy, "--proxy-bypass-list=<-loopback>"]).args(options);
        command.arg(format!("file://{}", page.display())).stdin(Stdio::null());
        if !self.libraries.is_empty() {
            command.env("LD_LIBRARY_PATH", &self.libraries);
        }
        let output = command.output().expect("the browser starts");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{}: {said}", output.status);
        let console = said.lines().filter(|line| line.contains(":CONSOLE")).map(str::to_owned).collect();
        Shown { printed: String::from_utf8_lossy(&output.stdout).into_owned(), console }
    }

    /// Fails when anything was asked for from outside since.
    #[track_caller]
    pub fn assert_asked_for_nothing(&self) {
        assert_eq!(self.asked.load(Ordering::SeqCst), 0, "something was asked for");
    }
}

/// That folder, if it is there, and all folders right below it.
fn folders(folder: &Path) -> Vec<PathBuf> {
    let Ok(below) = std::fs::read_dir(folder) else { return Vec::new() };
    let below = below.flatten().map(|entry| entry.path()).filter(|path| path.is_dir());
    std::iter::once(folder.to_owned()).chain(below).collect()
}

/// The script of axe-core.
pub fn axe() -> String {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("axe-core");
    std::fs::create_dir_all(&folder).expect("the target folder can be written");
    let lock = std::fs::File::create(folder.join("lock")).expect("the target folder can be written");
    lock.lock().expect("a local file can be locked");
    let file = folder.join("axe.min.js");
    if !file.is_file() {
        let fetch = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/report/fetch.py");
        let done = Command::new("python3").arg(fetch).arg(&file).status().is_ok_and(|status| status.success());
        assert!(done, "these tests need axe-core from the npm registry, and it cannot be fetched (see above)");
    }
    std::fs::read_to_string(file).expect("it was just fetched")
}
