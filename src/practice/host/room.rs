//! How much of this process's memory the files of one simulated machine may take.
//!
//! A machine tells of a disk of its own size. What is really held is bounded far below it: an archive of archives, or
//! a folder that is copied into itself, would else take all there is after a few commands.

use super::Entry;

/// Bytes of contents, paths and owners, those inside archives among them.
const MAX_BYTES: u64 = 64 << 20;

/// Files and folders, those inside archives among them.
const MAX_ENTRIES: u64 = 10_000;

/// How many archives may lie one within the other.
const MAX_NESTED: u32 = 64;

/// What something takes in memory.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Weight {
    /// Bytes of contents, paths and owners.
    pub(super) bytes: u64,
    /// Files and folders.
    pub(super) entries: u64,
    /// How many archives lie one within the other.
    nested: u32,
}

impl Weight {
    /// What lies at that path, with all that is inside it when it is an archive.
    pub(super) fn of(path: &str, entry: &Entry) -> Self {
        let bytes = path.len() + entry.owner.len() + entry.bytes().len();
        let own = Self { bytes: bytes as u64, entries: 1, nested: 0 };
        let inside: Self = entry.members.iter().map(|(path, entry)| Self::of(path, entry)).sum();
        let nested = if entry.members.is_empty() { 0 } else { inside.nested + 1 };
        Self { nested, ..own.and(inside) }
    }

    /// Both.
    pub(super) fn and(self, other: Self) -> Self {
        Self {
            bytes: self.bytes.saturating_add(other.bytes),
            entries: self.entries.saturating_add(other.entries),
            nested: self.nested.max(other.nested),
        }
    }

    /// The rest, when that is taken away.
    pub(super) fn without(self, other: Self) -> Self {
        let (bytes, entries) = (self.bytes.saturating_sub(other.bytes), self.entries.saturating_sub(other.entries));
        Self { bytes, entries, ..self }
    }

    /// An archive of it whose paths each begin with that: the members, and a content of theirs once more.
    pub(super) fn packed(self, name: &str) -> Self {
        let named = self.bytes.saturating_add(self.entries.saturating_mul(name.len() as u64 + 1));
        Self { bytes: named.saturating_mul(2), entries: self.entries, nested: self.nested + 1 }
    }

    /// Whether one machine may hold it.
    pub(super) fn fits(self) -> bool {
        self.bytes <= MAX_BYTES && self.entries <= MAX_ENTRIES && self.nested <= MAX_NESTED
    }
}

impl std::iter::Sum for Weight {
    fn sum<I: Iterator<Item = Self>>(weights: I) -> Self {
        weights.fold(Self::default(), Self::and)
    }
}
