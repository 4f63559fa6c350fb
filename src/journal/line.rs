//! A record and its one raw line.

use serde::Deserialize;
use sha2::{Digest, Sha256};

use crate::clock::Timestamp;
use crate::engine::{Glance, Record};

/// What the first record names as the line before it.
pub const NO_PREVIOUS: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// The longest line that is written or read, in bytes without its newline.
pub const MAX_LINE_BYTES: usize = 32 << 20;

const DIGITS: &[u8; 16] = b"0123456789abcdef";

/// Lower-case hex sha256.
pub fn sha256_hex(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

/// Lower-case hex.
pub(super) fn hex(bytes: &[u8]) -> String {
    let digits = bytes.iter().flat_map(|byte| [DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]]);
    let mut text = String::with_capacity(2 * bytes.len());
    text.extend(digits.map(char::from));
    text
}

/// A lower-case hex sha256 that lies in place: there is one for every line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Hash([u8; 64]);

impl Hash {
    /// Of these bytes.
    pub fn of(bytes: &[u8]) -> Self {
        let mut digits = [0; 64];
        for (pair, byte) in digits.chunks_exact_mut(2).zip(Sha256::digest(bytes)) {
            pair.copy_from_slice(&[DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]]);
        }
        Self(digits)
    }

    /// What a record names as one, where it may be one by its length.
    pub fn named(text: &str) -> Option<Self> {
        text.as_bytes().try_into().ok().map(Self)
    }

    /// As text; of what was named and is none perhaps nothing.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

/// The raw line of a record, without its newline. JSON escapes newlines, so it is one line.
pub(super) fn encode(record: &Record) -> Result<Vec<u8>, serde_json::Error> {
    serde_json::to_vec(record)
}

/// The record of a raw line, without its newline.
pub(super) fn decode(raw: &[u8]) -> Result<Record, serde_json::Error> {
    match Glance::of(raw).and_then(|glance| glance.record()) {
        Some(record) => Ok(record),
        None => serde_json::from_slice(raw),
    }
}

/// What of a line a reader wants to know.
pub(super) trait Sight: Sized + Send {
    /// It, of a raw line without its newline.
    fn of(raw: &[u8]) -> Result<Self, serde_json::Error>;

    /// What the chain asks of it.
    fn link(&self) -> Link<'_>;
}

/// What of a record is a link of the chain.
pub(super) struct Link<'r> {
    pub seq: u64,
    pub at: Timestamp,
    pub prev: &'r str,
    /// The record itself; `None` where it certainly neither opens nor closes anything, nor is signed.
    pub record: Option<&'r Record>,
}

impl<'r> Link<'r> {
    /// Of that record.
    pub fn of(record: &'r Record) -> Self {
        Self { seq: record.seq, at: record.at, prev: &record.prev, record: Some(record) }
    }
}

/// Whoever wants the records themselves.
impl Sight for Box<Record> {
    fn of(raw: &[u8]) -> Result<Self, serde_json::Error> {
        decode(raw).map(Box::new)
    }

    fn link(&self) -> Link<'_> {
        Link::of(self)
    }
}

/// A record for whoever only wants to know that it is one, and what happens but rarely.
pub enum Outline {
    /// A condition changed, or something was remarked: the others are told by [`Outline::record`].
    Plain(Plain),
    /// Any other record.
    Whole(Box<Record>),
}

/// A record of a kind of which there are many.
pub struct Plain {
    seq: u64,
    at: Timestamp,
    prev: Hash,
}

impl Outline {
    /// Its number.
    pub fn seq(&self) -> u64 {
        self.link().seq
    }

    /// Its time.
    pub fn at(&self) -> Timestamp {
        self.link().at
    }

    /// The hash that it names.
    pub fn prev(&self) -> &str {
        self.link().prev
    }

    /// The record, where it is none of those of which there are many: no changed condition and no remark.
    pub fn record(&self) -> Option<&Record> {
        self.link().record
    }
}

impl Sight for Outline {
    fn of(raw: &[u8]) -> Result<Self, serde_json::Error> {
        let plain = Glance::of(raw).and_then(|glance| {
            let Glance { seq, at, prev, .. } = glance;
            Some(Plain { seq, at, prev: Hash::named(prev)? })
        });
        plain.map_or_else(|| decode(raw).map(|record| Self::Whole(Box::new(record))), |plain| Ok(Self::Plain(plain)))
    }

    fn link(&self) -> Link<'_> {
        match self {
            Self::Plain(Plain { seq, at, prev }) => Link { seq: *seq, at: *at, prev: prev.as_str(), record: None },
            Self::Whole(record) => Link::of(record),
        }
    }
}

/// The format that a first line says it is written in, however little else of it is understood.
pub(super) fn stated_format(raw: &[u8]) -> Option<u64> {
    #[derive(Deserialize)]
    struct Head {
        event: Wrapped,
    }
    #[derive(Deserialize)]
    struct Wrapped {
        run_opened: Opened,
    }
    #[derive(Deserialize)]
    struct Opened {
        format: u64,
    }
    serde_json::from_slice::<Head>(raw).ok().map(|head| head.event.run_opened.format)
}
