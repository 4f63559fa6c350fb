//! How far the reading of a long journal has come, on a terminal.

use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::clock;
use crate::text::clean_line;
use crate::tui::wrap::cut;

/// From so many bytes on it is told how far the reading has come.
const LONG: u64 = 8 * 1024 * 1024;

/// How often.
const PROGRESS_EVERY: Duration = Duration::from_millis(200);

/// How far the reading of a long journal has come, on a terminal.
pub struct Progress {
    path: PathBuf,
    bytes: u64,
    began: Instant,
    told: Option<Instant>,
}

impl Progress {
    /// Of the file at that path; nothing is told of a short one.
    pub fn new(path: &Path) -> Self {
        let bytes = std::fs::metadata(path).map_or(0, |metadata| metadata.len());
        let bytes = if std::io::stderr().is_terminal() { bytes } else { 0 };
        Self { path: path.to_owned(), bytes, began: clock::monotonic(), told: None }
    }

    /// So many bytes were read.
    pub fn at(&mut self, bytes: u64) {
        if self.bytes < LONG {
            return;
        }
        let now = clock::monotonic();
        if now.duration_since(self.told.unwrap_or(self.began)) < PROGRESS_EVERY {
            return;
        }
        self.told = Some(now);
        let gone = now.duration_since(self.began).as_secs_f64();
        #[expect(clippy::cast_precision_loss, reason = "for people")]
        let (done, all) = (bytes as f64, self.bytes as f64);
        let (rate, share) = (done / gone, (done / all).min(1.0));
        let left = (all - done).max(0.0) / rate;
        let line = format!(
            "{:3.0} % · {:.0} MB/s · {left:.0} s left, ctrl-c to stop: {}",
            share * 100.0,
            rate / 1e6,
            self.path.display()
        );
        // A line that wraps would not be written over.
        let cells = crossterm::terminal::size().map_or(80, |(columns, _)| usize::from(columns).saturating_sub(1));
        let line = clean_line(&line);
        let _ = write!(std::io::stderr(), "\r{}\u{1b}[K", cut(&line, cells, "..."));
    }

    /// Takes the line away again.
    pub fn end(&self) {
        if self.told.is_some() {
            let _ = write!(std::io::stderr(), "\r\u{1b}[K");
        }
    }
}
