//! A record and its one raw line.

use serde::Deserialize;
use sha2::{Digest, Sha256};

use crate::engine::Record;

/// What the first record names as the line before it.
pub const NO_PREVIOUS: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// The longest line that is written or read, in bytes without its newline.
pub const MAX_LINE_BYTES: usize = 32 << 20;

/// Lower-case hex sha256.
pub fn sha256_hex(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

/// Lower-case hex.
pub(super) fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digits = bytes.iter().flat_map(|byte| [DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]]);
    let mut text = String::with_capacity(2 * bytes.len());
    text.extend(digits.map(char::from));
    text
}

/// The raw line of a record, without its newline. JSON escapes newlines, so it is one line.
pub(super) fn encode(record: &Record) -> Result<Vec<u8>, serde_json::Error> {
    serde_json::to_vec(record)
}

/// The record of a raw line, without its newline.
pub(super) fn decode(raw: &[u8]) -> Result<Record, serde_json::Error> {
    serde_json::from_slice(raw)
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
