//! Why a signature is not taken.

use crate::signature::armor::{BEGIN, END};

/// Why a signature is not taken: what it is, and what to do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// There is no beginning of one.
    #[error("that is no ssh signature: one begins with {BEGIN}; paste all that ssh-keygen printed")]
    None,
    /// Its end is missing.
    #[error("the signature is not all there: its last line is {END}; paste all of it")]
    Incomplete,
    /// There is more than one.
    #[error("there are two signatures: paste one")]
    Two,
    /// It does not read as one.
    #[error("the signature is damaged, {0}: paste all of it anew, or make it anew")]
    Damaged(&'static str),
    /// It was made for another occasion.
    #[error("it was made for {found:?}: sign again with -n {wanted}")]
    Namespace {
        /// For which.
        found: String,
        /// For which it should be.
        wanted: String,
    },
    /// A type of key, hash or signature that is not known here.
    #[error("{0:?} is not supported: sign with a key of type ed25519, ecdsa (nistp256, nistp384) or rsa")]
    Unsupported(String),
    /// An rsa key that is too short or too long.
    #[error("an rsa key of {0} bits is not supported, 2048 to 8192 are: sign with another key")]
    RsaBits(usize),
    /// An ed25519 point whose multiples soon repeat, as the key or in the signature.
    #[error("it fits more than one text: a point in it is of small order; sign with a key that ssh-keygen made")]
    SmallOrder,
    /// It is a signature, but of something else, or of another key.
    #[error("the signature is not one of this statement: sign the file as it stands now, unchanged")]
    DoesNotFit,
}
