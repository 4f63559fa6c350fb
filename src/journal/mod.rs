//! The journal: append-only JSON Lines, one record a line, chained by hashes.
//!
//! `{"seq":12,"at":"2026-11-21T02:41:10.123Z","prev":"<sha256 of the previous raw line>","by":"maria@bastion","event":{…}}`
//!
//! The hash is taken over the raw bytes of the line without its newline, in lower-case hex; the first line names 64
//! zeros. So a chain can be recomputed with `sha256sum` alone. The head of a journal is the hash of its last line.
//!
//! **What the chain shows:** any change, loss, repetition or reordering of lines before the last one, unless whoever
//! changed them computed every later line anew.
//!
//! **What it does not show:** a change of the last line that leaves it a sensible record; whole lines missing at the
//! end; a chain rebuilt from some line to the end. A hash chain is no seal. What shows these is the head written down
//! elsewhere, which is why it is printed at the end of a run, or signed: see [`Comparison`] and [`Signature`].
//!
//! **Torn or damaged.** All lines of one decision are written at once and synced once. A crash may leave of them any
//! prefix, stretches of zeros, or old content of the disk. So a tail is *torn* when no later record follows it and it
//! has no newline at its end, or holds what no line holds (zeros and other control bytes in number). It was never
//! acknowledged; it is kept in a file beside and cut off when the journal is opened again. Everything else that is not
//! a whole record of the chain is *damage*, is told with its line, and nothing is ever appended to it. A whole last
//! line that no longer reads, without such traces, counts as damage: the record may have been acknowledged.
//! A line that only lost its newline cannot be told from a torn one.
//!
//! **Sync.** `append` returns after `fdatasync`. A failed write or sync ends the journal for this process: after a
//! failed sync the system may have dropped the data and yet report success the next time.

mod ahead;
mod attached;
mod chain;
mod chained;
mod digest;
mod error;
mod follow;
mod line;
mod lines;
mod lock;
mod named;
mod reader;
mod remembered;
mod several;
mod signature;
mod store;
mod summary;
mod verify;
mod writer;

pub use crate::fs::at_home;
pub use attached::{AttachError, MAX_COPIED_BYTES, attached};
pub use chain::{Chain, Fault};
pub use chained::{AppendError, Appender, ChainedEvent, ChainedFile, ChainedRecord, Found};
pub use digest::{CopyError, digest, file_seen, plain_file, sha256_of};
pub use error::JournalError;
pub use follow::{Follower, More, is_held};
pub use line::{MAX_LINE_BYTES, NO_PREVIOUS, Outline, sha256_hex};
pub use lines::Lines;
pub use lock::{Holder, Lock, holder_of};
pub use named::{Misnamed, folder_of};
pub use reader::{RawLine, Reader};
pub use remembered::{Remembered, Stamp, stamp};
pub use several::in_order;
pub use signature::{
    Comparison, Held, JOURNAL_NAMESPACE, Noted, ReviewStood, Role, Signature, Statement, Unsigned, not_looked_at,
    signature_path,
};
pub use store::{PRUNED_PREFIX, RunDir, Store};
pub use summary::{Deviations, Opening, RunSummary, SoakSeen, Standing};
pub use verify::{
    Doubt, Integrity, Verification, compare, compare_along, each_record, examine, examine_while, read_along,
    read_records, verify,
};
pub use writer::{Journal, Opened, SetAside};
