//! The recorded output of a command that ended in an earlier sitting: the last part of it, for the output pane.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;

use crate::tui::message::{Message, RecordedOutput};

/// How much of the end of the file is read, in bytes.
const MAX_TAIL_BYTES: u64 = 256 * 1024;

/// Reads the end of the file; what it holds is cleaned where it is shown.
pub fn tail_of(recorded: RecordedOutput) -> Message {
    let tail = tail(&recorded.file).map_err(|error| format!("cannot read {}: {error}", recorded.file.display()));
    Message::Recorded(recorded, tail)
}

fn tail(path: &Path) -> std::io::Result<Vec<u8>> {
    // A pipe that was put there would be waited for for ever.
    if !std::fs::symlink_metadata(path)?.is_file() {
        return Err(std::io::Error::other("it is not a file"));
    }
    let mut file = File::open(path)?;
    let left_out = file.metadata()?.len().saturating_sub(MAX_TAIL_BYTES);
    file.seek(SeekFrom::Start(left_out))?;
    let mut bytes = Vec::new();
    file.take(MAX_TAIL_BYTES).read_to_end(&mut bytes)?;
    if left_out > 0 {
        // The first line is not whole.
        let begin = bytes.iter().position(|byte| *byte == b'\n').map_or(0, |end| end + 1);
        bytes.drain(..begin);
        let told = format!("[{left_out} bytes before this are in the file only]\n");
        bytes.splice(..0, told.into_bytes());
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_whole_lines_of_the_end_are_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("1.out");
        std::fs::write(&path, "one\ntwo\n").unwrap();
        assert_eq!(tail(&path).unwrap(), b"one\ntwo\n");
        std::fs::write(&path, "a line\n".repeat(100_000)).unwrap();
        let long = String::from_utf8(tail(&path).unwrap()).unwrap();
        assert!(long.len() < 300_000);
        assert!(long.starts_with('[') && long.lines().skip(1).all(|line| line == "a line"));
        assert!(tail(folder.path()).is_err());
    }
}
