//! A signature as text: base64 between two marks.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::signature::SignatureError;

/// The line before it.
pub const BEGIN: &str = "-----BEGIN SSH SIGNATURE-----";

/// The line after it.
pub const END: &str = "-----END SSH SIGNATURE-----";

/// How many characters stand in a line, as ssh-keygen writes them.
const COLUMNS: usize = 70;

/// The longest signature in base64: several times that of the longest key.
const MAX_CHARS: usize = 32 * 1024;

/// The bytes of the one signature in a text. Where its lines end does not matter, nor what blanks a terminal put in, nor
/// what else of the terminal was copied with it.
pub fn open(text: &str) -> Result<Vec<u8>, SignatureError> {
    let (_, rest) = text.split_once(BEGIN).ok_or(SignatureError::None)?;
    let (inner, after) = rest.split_once(END).ok_or(SignatureError::Incomplete)?;
    if inner.contains(BEGIN) || after.contains(BEGIN) {
        return Err(SignatureError::Two);
    }
    let inner: Vec<u8> = inner.bytes().filter(|byte| !byte.is_ascii_whitespace()).collect();
    if inner.len() > MAX_CHARS {
        return Err(SignatureError::Damaged("it is too long"));
    }
    STANDARD.decode(inner).map_err(|_| SignatureError::Damaged("there are wrong characters in it"))
}

/// The same bytes as ssh-keygen writes them.
pub fn close(bytes: &[u8]) -> String {
    let mut text = format!("{BEGIN}\n");
    for (at, character) in STANDARD.encode(bytes).chars().enumerate() {
        if at > 0 && at % COLUMNS == 0 {
            text.push('\n');
        }
        text.push(character);
    }
    text + "\n" + END + "\n"
}
