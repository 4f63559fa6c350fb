//! Signatures made with ssh keys, in OpenSSH's SSHSIG format (`ssh-keygen -Y sign`), as it is described in OpenSSH's
//! `PROTOCOL.sshsig`. Pure: bytes in, a key or a reason out.
//!
//! What is signed is not the text but a frame around its hash, which names the occasion (the *namespace*): a signature
//! made for one occasion, or to log in somewhere, is none for another. Keys of type ed25519, ecdsa (nistp256, nistp384)
//! and rsa (from 2048 bits, SHA-2), and the security keys of the first two. Who a key belongs to tells a
//! list of signers.

mod armor;
mod error;
mod key;
mod order;
mod signers;
mod sshsig;
mod wire;

pub use armor::{BEGIN, END};
pub use error::SignatureError;
pub use signers::{Signers, SignersError, Trust};
pub use sshsig::{Checked, check};

#[cfg(test)]
pub(crate) mod tests;

#[cfg(test)]
mod signers_tests;
