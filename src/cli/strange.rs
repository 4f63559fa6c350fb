//! What a file is that is no journal, by how it begins: so that nobody is told of a damaged one.

use std::io::Read;
use std::path::Path;

use crate::fs;
use crate::keeping::is_archive;

/// So much of a file tells what it is, in bytes.
const HEAD_BYTES: u64 = 512;

/// How a file begins that gzip has packed.
const GZIP: [u8; 2] = [0x1f, 0x8b];

/// What stands near the beginning of every journal, however it was damaged in one place.
const SIGNS: [&str; 4] = ["\"seq\":", "\"prev\":", "\"event\":", "\"run_opened\":"];

/// What that file is instead of a journal. `None`: it may be one, also one that was emptied or cut off.
pub fn told(path: &Path) -> Option<&'static str> {
    // A pipe is read once.
    if !std::fs::metadata(path).is_ok_and(|known| known.is_file()) {
        return None;
    }
    if is_archive(path) {
        return Some(
            "an archive of a run: `tar -xf` takes the run's folder out of it, and `piton verify` reads it as it is",
        );
    }
    let mut head = Vec::new();
    fs::open_plain(path).ok()?.take(HEAD_BYTES).read_to_end(&mut head).ok()?;
    if head.starts_with(&GZIP) {
        return Some("packed by gzip: unpack it first");
    }
    let text = String::from_utf8_lossy(&head);
    let is_journal = SIGNS.iter().filter(|sign| text.contains(**sign)).count() > 1;
    // What a crash left of a first write may be zeros, or the beginning of a record.
    let is_torn =
        head.iter().all(|byte| *byte == 0) || text.starts_with("{\"seq\":") || "{\"seq\":".starts_with(&*text);
    (!is_journal && !is_torn).then_some("no journal of piton: it does not begin with a record")
}
