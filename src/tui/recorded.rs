//! The recorded output of a command that has ended: the last part of it, for the output pane, and whether all of it is
//! what was recorded.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;
use std::sync::Mutex;

use crate::journal::{Follower, digest};
use crate::tui::message::{Message, ReadAgain, RecordedOutput};

/// How much of the end of the file is read, in bytes.
const MAX_TAIL_BYTES: u64 = 256 * 1024;

/// Reads the end of the file; what it holds is cleaned where it is shown.
pub fn tail_of(recorded: RecordedOutput) -> Message {
    let read = match &recorded.file {
        Some(file) => read(file, &recorded).map_err(|error| format!("cannot read {}: {error}", file.display())),
        None => Err("what was printed lies in the folder of the run, and this journal lies in none".into()),
    };
    Message::Recorded(recorded, read)
}

fn read(file: &Path, recorded: &RecordedOutput) -> std::io::Result<ReadAgain> {
    Ok(ReadAgain { tail: tail(file)?, is_as_recorded: is_as_recorded(file, recorded)? })
}

/// What was recorded since in a journal that is followed; nothing while another look at it is not over, or when there is
/// nothing new.
pub fn read_on(follower: &Mutex<Follower>) -> Option<Message> {
    let more = follower.try_lock().ok()?.more();
    let is_news = more.as_ref().map_or(true, |more| !more.is_empty());
    is_news.then(|| Message::ReadOn(more.map_err(|error| error.to_string())))
}

fn is_as_recorded(file: &Path, recorded: &RecordedOutput) -> std::io::Result<bool> {
    let mut file = File::open(file)?;
    if file.metadata()?.len() != recorded.bytes {
        return Ok(false);
    }
    Ok(digest(&mut file)?.0 == recorded.sha256)
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
        // The first line is not whole; if it is all there is, a part of it is better than nothing.
        let begin = bytes.iter().position(|byte| *byte == b'\n').map_or(0, |end| end + 1);
        let begin = if begin < bytes.len() { begin } else { 0 };
        bytes.drain(..begin);
        let told = format!("[{} bytes before this are in the file only]\n", left_out + begin as u64);
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
        std::fs::write(&path, "x".repeat(400_000) + "\n").unwrap();
        let one = String::from_utf8(tail(&path).unwrap()).unwrap();
        assert!(one.starts_with("[137857 bytes before this") && one.ends_with("xxx\n"), "{}", &one[..60]);
        assert!(tail(folder.path()).is_err());
    }
}
