//! A file that was given is read: how far that is, and how it is ended. Nothing of it is recorded before.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crate::clock::monotonic;
use crate::engine::Proposal;
use crate::plain::dialogue::Dialogue;
use crate::plain::tell::duration;
use crate::session::given::Each;
use crate::text::{amount, pace};

/// A reading that takes longer is told of.
const LONG: Duration = Duration::from_secs(1);

/// How often it is told after that.
const SAID_EVERY: Duration = Duration::from_secs(10);

/// A file that is being read.
pub(super) struct FileRead {
    path: String,
    far: Arc<Far>,
    began: Instant,
    said: Option<Instant>,
}

/// How far it is, and whether it is still wanted.
#[derive(Default)]
struct Far {
    is_ended: AtomicBool,
    done: AtomicU64,
    all: AtomicU64,
}

/// What came of the reading of a file.
pub(super) struct WasRead {
    far: Arc<Far>,
    read: Result<Proposal, String>,
}

impl FileRead {
    fn told(&self) -> String {
        let (done, all) = (self.far.done.load(Ordering::Relaxed), self.far.all.load(Ordering::Relaxed));
        let far = if all == 0 { "no byte yet".into() } else { told_far((done, all), self.began.elapsed()) };
        format!("The file {} is being read, {far}. Type back to end that; leave and cancel are taken too.", self.path)
    }
}

/// How far the reading of so many bytes has come in that time, and how long the rest takes if it goes on like that.
fn told_far((done, all): (u64, u64), took: Duration) -> String {
    let told = format!("{} of {}, {} percent", amount(done), amount(all), done.saturating_mul(100) / all.max(1));
    match pace(done, all, took) {
        Some((rate, left)) => format!("{told}, {} a second, about {} left", amount(rate), duration(left)),
        None => told,
    }
}

impl Drop for FileRead {
    fn drop(&mut self) {
        self.far.is_ended.store(true, Ordering::Relaxed);
    }
}

impl Dialogue<'_> {
    /// Reads a file by `read`; `pending` is what that comes to, but for what is seen of it.
    pub(super) fn read_file(
        &mut self,
        path: String,
        pending: Proposal,
        read: impl FnOnce(Each<'_>) -> Result<Proposal, String> + Send + 'static,
    ) {
        self.pending = Some(pending);
        let far = Arc::new(Far::default());
        let (files, at) = (self.files.clone(), Arc::clone(&far));
        self.file = Some(FileRead { path, far, began: monotonic(), said: None });
        // Not on a thread of the runtime: a disk that does not answer must not hold up the end of the program.
        std::thread::spawn(move || {
            let read = read(&mut |done, all| {
                at.done.store(done, Ordering::Relaxed);
                at.all.store(all.max(done), Ordering::Relaxed);
                !at.is_ended.load(Ordering::Relaxed)
            });
            // The dialogue may have ended meanwhile.
            let _ = files.send(WasRead { far: at, read });
        });
    }

    /// A file was read to its end. One that is not waited for any more counts for nothing.
    pub(super) fn file_was_read(&mut self, was_read: WasRead) {
        if self.file.take_if(|file| Arc::ptr_eq(&file.far, &was_read.far)).is_none() {
            return;
        }
        match was_read.read {
            Ok(proposal) => {
                // What the session answers is compared with it.
                self.pending = Some(proposal.clone());
                self.session.propose(proposal);
            }
            Err(why) => self.refused(&why),
        }
    }

    /// Says from time to time that a file is being read, and how far; whether that was said.
    pub(super) fn say_reading(&mut self) -> bool {
        let Some(file) = &mut self.file else { return false };
        let is_due = file.said.map_or(file.began.elapsed() >= LONG, |said| said.elapsed() >= SAID_EVERY);
        let was_said = is_due || file.said.is_some();
        if is_due {
            file.said = Some(monotonic());
            let told = file.told();
            self.mouth.say(&told);
        }
        was_said
    }

    /// A line while a file is being read: whether it was for that.
    pub(super) fn while_reading(&mut self, text: &str) -> bool {
        let word = text.trim().to_lowercase();
        let Some(file) = &self.file else { return false };
        if !["back", "no", "cancel", "leave"].contains(&word.as_str()) {
            let told = file.told();
            self.mouth.say(&told);
            return true;
        }
        (self.file, self.pending, self.question) = (None, None, None);
        self.is_new = true;
        self.mouth.say("The file is not read on. Nothing is recorded.");
        // The other two go on to what they are for.
        ["back", "no"].contains(&word.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn how_far_a_file_is_read_is_told_with_rate_and_time_left() {
        let told = told_far((1_000_000_000, 41_000_000_000), Duration::from_secs(10));
        assert_eq!(told, "1.0 GB of 41.0 GB, 2 percent, 100.0 MB a second, about 6 minutes 40 seconds left");
        assert_eq!(told_far((0, 9), Duration::from_secs(1)), "0 B of 9 B, 0 percent");
        assert_eq!(told_far((9, 9), Duration::ZERO), "9 B of 9 B, 100 percent");
    }
}
