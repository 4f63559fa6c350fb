//! Piton's side of a held command: what the supervisor writes becomes reports.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::PathBuf;

use tokio::sync::mpsc::UnboundedSender;

use crate::engine::JobId;
use crate::exec::JobReport;

/// The most that is reported at one look.
const LOOK_BYTES: u64 = 256 * 1024;

/// What is still reported when more than [`LOOK_BYTES`] came since the last look.
const SKIP_TO_BYTES: u64 = 32 * 1024;

/// Reports what is appended to an output file. A command that floods it is reported in excerpts; the file has it all.
#[derive(Debug)]
pub(crate) struct Tail {
    job: JobId,
    path: PathBuf,
    file: Option<File>,
    offset: u64,
}

impl Tail {
    /// From the beginning of the file, which need not be there yet.
    pub fn new(job: JobId, path: PathBuf) -> Self {
        Self { job, path, file: None, offset: 0 }
    }

    /// Reports what is new.
    pub fn look(&mut self, reports: &UnboundedSender<JobReport>) {
        while let Some(bytes) = self.next() {
            // Nobody listens: the run is being left, the supervisor goes on.
            let _ = reports.send(JobReport::Printed { job: self.job, bytes });
        }
    }

    fn next(&mut self) -> Option<Vec<u8>> {
        if self.file.is_none() {
            self.file = Some(File::open(&self.path).ok()?);
        }
        let file = self.file.as_mut()?;
        let waiting = file.metadata().ok()?.len().saturating_sub(self.offset);
        let mut bytes = Vec::new();
        if waiting > LOOK_BYTES {
            let skipped = waiting - SKIP_TO_BYTES;
            bytes.extend_from_slice(
                format!("\n[{skipped} bytes not shown here; the output file has them]\n").as_bytes(),
            );
            self.offset += skipped;
        }
        file.seek(SeekFrom::Start(self.offset)).ok()?;
        let count = file.take(waiting.min(LOOK_BYTES)).read_to_end(&mut bytes).ok()?;
        self.offset += count as u64;
        (count > 0).then_some(bytes)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use tokio::sync::mpsc::unbounded_channel;

    use super::*;

    #[test]
    fn everything_is_reported_once_and_a_flood_in_excerpts() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("1.out");
        let (sender, mut reports) = unbounded_channel();
        let mut tail = Tail::new(JobId(1), path.clone());
        let mut seen = |tail: &mut Tail| {
            tail.look(&sender);
            let mut all = Vec::new();
            while let Ok(JobReport::Printed { bytes, .. }) = reports.try_recv() {
                all.extend(bytes);
            }
            String::from_utf8(all).unwrap()
        };
        assert_eq!(seen(&mut tail), "");
        let mut file = File::create(path).unwrap();
        file.write_all(b"one ").unwrap();
        assert_eq!(seen(&mut tail), "one ");
        assert_eq!(seen(&mut tail), "");
        file.write_all(b"two").unwrap();
        assert_eq!(seen(&mut tail), "two");
        file.write_all(&vec![b'y'; 1_000_000]).unwrap();
        file.write_all(b"end").unwrap();
        let flood = seen(&mut tail);
        assert!(flood.starts_with("\n[967235 bytes not shown here"), "{}", &flood[..60]);
        assert!(flood.ends_with("yend") && flood.len() < 40_000);
    }
}
