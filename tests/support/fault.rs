//! Faults of the file system, put under a child process by a preloaded library (`faultio.c`).

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// The library, compiled once.
fn library() -> &'static Path {
    static LIBRARY: OnceLock<PathBuf> = OnceLock::new();
    LIBRARY.get_or_init(|| {
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/support/faultio.c");
        let place = Path::new(env!("CARGO_TARGET_TMPDIR"));
        let (library, fresh) = (place.join("faultio.so"), place.join(format!("faultio-{}.so", std::process::id())));
        let mut compiler = Command::new("cc");
        compiler.args(["-shared", "-fPIC", "-O1", "-Wall", "-Werror", "-Wno-unused-result", "-o"]);
        let status = compiler.arg(&fresh).arg(source).status().expect("a C compiler named cc");
        assert!(status.success(), "faultio.c does not compile");
        std::fs::rename(&fresh, &library).unwrap();
        library
    })
}

/// Puts faults under `command`: `plan` as in `faultio.c` (none when empty), counting only calls on files whose path
/// holds `path`; counted calls are logged to `log`.
pub fn under_faults<'a>(command: &'a mut Command, plan: &str, path: &str, log: Option<&Path>) -> &'a mut Command {
    command.env("LD_PRELOAD", library()).env("FAULT", plan).env("FAULT_PATH", path);
    match log {
        Some(log) => command.env("FAULT_LOG", log),
        None => command.env_remove("FAULT_LOG"),
    }
}
