//! A file that was given is read: how far that is, and how it is ended. Nothing of it is recorded before.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crate::clock::monotonic;
use crate::engine::Proposal;
use crate::plain::dialogue::Dialogue;
use crate::text::amount;

/// A reading that takes longer is told of.
const LONG: Duration = Duration::from_secs(1);

/// How often it is told after that.
const SAID_EVERY: Duration = Duration::from_secs(10);

/// Told how many bytes were read, and of how many; says whether to read on.
pub(super) type Each<'a> = &'a mut dyn FnMut(u64, u64) -> bool;

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
        let far = if all == 0 { "no byte yet".into() } else { format!("{} of {}", amount(done), amount(all)) };
        format!("The file {} is being read, {far}. Type back to end that; leave and cancel are taken too.", self.path)
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
