//! The encoding that all of ssh shares: fixed bytes, big-endian numbers, byte strings with their length before them.

use crate::signature::SignatureError;

/// What is left to read. No length is believed before the bytes are there.
pub struct Wire<'a> {
    rest: &'a [u8],
}

impl<'a> Wire<'a> {
    /// All of `bytes`.
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    /// So many bytes.
    pub fn bytes(&mut self, count: usize) -> Result<&'a [u8], SignatureError> {
        let (taken, rest) = self.rest.split_at_checked(count).ok_or(SignatureError::Damaged("it ends too early"))?;
        self.rest = rest;
        Ok(taken)
    }

    /// A number of 32 bits.
    pub fn number(&mut self) -> Result<u32, SignatureError> {
        let bytes = self.bytes(4)?;
        Ok(bytes.iter().fold(0, |number, byte| number << 8 | u32::from(*byte)))
    }

    /// A string of bytes.
    pub fn string(&mut self) -> Result<&'a [u8], SignatureError> {
        let length = self.number()?;
        self.bytes(usize::try_from(length).unwrap_or(usize::MAX))
    }

    /// A string that is text.
    pub fn text(&mut self) -> Result<&'a str, SignatureError> {
        std::str::from_utf8(self.string()?).map_err(|_| SignatureError::Damaged("a name in it is not text"))
    }

    /// A positive number of any length, big-endian, without leading zeros.
    pub fn positive(&mut self) -> Result<&'a [u8], SignatureError> {
        let wrong = SignatureError::Damaged("a number in it is not written as ssh writes them");
        match self.string()? {
            [0, number @ ..] if number.first().is_some_and(|first| *first >= 0x80) => Ok(number),
            number if number.first().is_some_and(|first| (1..0x80).contains(first)) => Ok(number),
            _ => Err(wrong),
        }
    }

    /// That nothing is left.
    pub fn end(self) -> Result<(), SignatureError> {
        if self.rest.is_empty() { Ok(()) } else { Err(SignatureError::Damaged("something follows its end")) }
    }
}

/// Appends a string of bytes. What is framed here is short.
pub fn put_string(to: &mut Vec<u8>, bytes: &[u8]) {
    to.extend(u32::try_from(bytes.len()).unwrap_or(u32::MAX).to_be_bytes());
    to.extend(bytes);
}
