//! A whole signature: what it says of itself, and whether it is one of a text.

use ring::digest::{SHA256, SHA512, digest};

use crate::signature::wire::{Wire, put_string};
use crate::signature::{SignatureError, armor, key::PublicKey};

/// What a signature and the frame that is signed begin with.
const MAGIC: &[u8] = b"SSHSIG";

/// The only version there is.
const VERSION: u32 = 1;

/// A signature that fits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checked {
    /// The type of the key, such as `ssh-ed25519`.
    pub key_type: String,
    /// The fingerprint of the key, `SHA256:…`.
    pub fingerprint: String,
    /// Lower-case hex sha256 of the text that is signed.
    pub sha256: String,
    /// The signature as ssh-keygen writes it.
    pub armored: String,
}

/// Checks that `armored` is a signature of `message` for `namespace`.
///
/// # Errors
/// It is none, or one of something else, or of a kind that is not known here.
pub fn check(armored: &str, namespace: &str, message: &[u8]) -> Result<Checked, SignatureError> {
    let bytes = armor::open(armored)?;
    let mut wire = Wire::new(&bytes);
    if wire.bytes(MAGIC.len())? != MAGIC {
        return Err(SignatureError::Damaged("it does not begin as one"));
    }
    if wire.number()? != VERSION {
        return Err(SignatureError::Damaged("it is of a version that is not known"));
    }
    let key = wire.string()?;
    let found = wire.text()?;
    if !wire.string()?.is_empty() {
        return Err(SignatureError::Damaged("something stands in its reserved field"));
    }
    let hash = wire.text()?;
    let signature = wire.string()?;
    wire.end()?;
    let hashed_by = match hash {
        "sha512" => &SHA512,
        "sha256" => &SHA256,
        other => return Err(SignatureError::Unsupported(other.to_owned())),
    };
    if found != namespace {
        return Err(SignatureError::Namespace { found: found.to_owned(), wanted: namespace.to_owned() });
    }
    let key = PublicKey::read(key)?;
    let mut framed = MAGIC.to_vec();
    for part in [found.as_bytes(), b"", hash.as_bytes(), digest(hashed_by, message).as_ref()] {
        put_string(&mut framed, part);
    }
    key.verify(&framed, signature)?;
    let sha256 = digest(&SHA256, message).as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    let (key_type, fingerprint, armored) = (key.kind.to_owned(), key.fingerprint(), armor::close(&bytes));
    Ok(Checked { key_type, fingerprint, sha256, armored })
}
