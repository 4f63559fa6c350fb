//! Versions such as `1.17.3`, compared by number.

use std::cmp::Ordering;
use std::fmt;

/// A version: its text, and the numbers it is compared by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version {
    text: String,
    numbers: Vec<u64>,
}

impl Version {
    /// Reads `text`; what is not a number counts as 0, so every text is some version.
    pub fn new(text: &str) -> Self {
        let plain = text.split(['+', '-']).next().unwrap_or_default();
        Self { text: text.to_owned(), numbers: plain.split('.').map(|part| part.parse().unwrap_or(0)).collect() }
    }

    /// The text it was read from.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// A stand-in for the commit that a binary of this version names: 40 hex digits.
    pub fn commit(&self) -> String {
        let seed = self
            .text
            .bytes()
            .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
        format!("{seed:016x}{:016x}{:08x}", seed.rotate_left(21).wrapping_mul(31), seed >> 32)
    }

    /// A stand-in for the day that a binary of this version was built.
    pub fn build_date(&self) -> String {
        let minor = self.numbers.get(1).copied().unwrap_or(0);
        let patch = self.numbers.get(2).copied().unwrap_or(0);
        format!("20{:02}-{:02}-{:02}T14:28:45Z", 16 + minor / 2, 1 + patch % 12, 1 + (minor + patch) % 28)
    }
}

impl PartialOrd for Version {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Version {
    fn cmp(&self, other: &Self) -> Ordering {
        self.numbers.cmp(&other.numbers).then_with(|| self.text.cmp(&other.text))
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}
