//! Public keys of ssh, and what they sign with.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use ring::digest::{SHA256, digest};
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, ED25519, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_2048_8192_SHA512,
    RsaPublicKeyComponents, UnparsedPublicKey,
};

use crate::signature::wire::Wire;
use crate::signature::{SignatureError, order};

/// What the name of a key on a security key ends in.
const ON_TOKEN: &str = "@openssh.com";

/// The lengths of an rsa key that are taken, in bits.
const RSA_BITS: std::ops::RangeInclusive<usize> = 2048..=8192;

/// A public key as it stands in a signature.
pub struct PublicKey<'a> {
    /// The name of its type, such as `ssh-ed25519`.
    pub kind: &'a str,
    blob: &'a [u8],
    numbers: Numbers<'a>,
    /// For which application a security key signs.
    application: Option<&'a [u8]>,
}

enum Numbers<'a> {
    Ed25519(&'a [u8]),
    P256(&'a [u8]),
    P384(&'a [u8]),
    Rsa { e: &'a [u8], n: &'a [u8] },
}

impl<'a> PublicKey<'a> {
    /// Reads a key, all of it.
    pub fn read(blob: &'a [u8]) -> Result<Self, SignatureError> {
        let mut wire = Wire::new(blob);
        let kind = wire.text()?;
        let numbers = match kind {
            "ssh-ed25519" | "sk-ssh-ed25519@openssh.com" => Numbers::Ed25519(of_large_order(wire.string()?)?),
            "ecdsa-sha2-nistp256" | "sk-ecdsa-sha2-nistp256@openssh.com" => {
                Numbers::P256(point(&mut wire, "nistp256")?)
            }
            "ecdsa-sha2-nistp384" => Numbers::P384(point(&mut wire, "nistp384")?),
            "ssh-rsa" => {
                let (e, n) = (wire.positive()?, wire.positive()?);
                let bits = n.len() * 8 - n.first().map_or(0, |first| first.leading_zeros() as usize);
                if !RSA_BITS.contains(&bits) {
                    return Err(SignatureError::RsaBits(bits));
                }
                Numbers::Rsa { e, n }
            }
            other => return Err(SignatureError::Unsupported(other.to_owned())),
        };
        let application = if kind.ends_with(ON_TOKEN) { Some(wire.string()?) } else { None };
        wire.end()?;
        Ok(Self { kind, blob, numbers, application })
    }

    /// `SHA256:…`, as `ssh-keygen -l` prints it.
    pub fn fingerprint(&self) -> String {
        format!("SHA256:{}", STANDARD_NO_PAD.encode(digest(&SHA256, self.blob)))
    }

    /// Whether `signature` is this key's of `message`.
    pub fn verify(&self, message: &[u8], signature: &[u8]) -> Result<(), SignatureError> {
        let mut wire = Wire::new(signature);
        let kind = wire.text()?;
        let is_its = match &self.numbers {
            Numbers::Rsa { .. } => matches!(kind, "rsa-sha2-256" | "rsa-sha2-512"),
            _ => kind == self.kind,
        };
        if !is_its {
            // `ssh-rsa` among them: it signs by SHA-1.
            return Err(SignatureError::Unsupported(kind.to_owned()));
        }
        let made = wire.string()?;
        let on_token;
        let message = match self.application {
            None => message,
            // What the token knows of the message is its hash; it adds how it was asked, and how often.
            Some(application) => {
                let flags_and_counter = wire.bytes(5)?;
                let hashes = (digest(&SHA256, application), digest(&SHA256, message));
                on_token = [hashes.0.as_ref(), flags_and_counter, hashes.1.as_ref()].concat();
                &on_token
            }
        };
        wire.end()?;
        let verified = match self.numbers {
            Numbers::Ed25519(key) => {
                // The first half is a point too. No honest signer comes upon such a one.
                of_large_order(made.get(..order::POINT_BYTES).unwrap_or_default())?;
                UnparsedPublicKey::new(&ED25519, key).verify(message, made)
            }
            Numbers::P256(key) => {
                UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, key).verify(message, &two_numbers(made, 32)?)
            }
            Numbers::P384(key) => {
                UnparsedPublicKey::new(&ECDSA_P384_SHA384_FIXED, key).verify(message, &two_numbers(made, 48)?)
            }
            Numbers::Rsa { e, n } => {
                let by = if kind == "rsa-sha2-256" { &RSA_PKCS1_2048_8192_SHA256 } else { &RSA_PKCS1_2048_8192_SHA512 };
                RsaPublicKeyComponents { n, e }.verify(by, message, &padded(made, n.len())?)
            }
        };
        verified.map_err(|_| SignatureError::DoesNotFit)
    }
}

/// A point of ed25519, unless it is one of the few that fit every text; `ring` checks whatever else makes it one.
fn of_large_order(point: &[u8]) -> Result<&[u8], SignatureError> {
    if order::is_small(point) { Err(SignatureError::SmallOrder) } else { Ok(point) }
}

/// The point of an ecdsa key on the curve of that name.
fn point<'a>(wire: &mut Wire<'a>, curve: &str) -> Result<&'a [u8], SignatureError> {
    if wire.text()? == curve { wire.string() } else { Err(SignatureError::Damaged("its key names two curves")) }
}

/// The two numbers of an ecdsa signature, each of so many bytes.
fn two_numbers(made: &[u8], bytes: usize) -> Result<Vec<u8>, SignatureError> {
    let mut wire = Wire::new(made);
    let (r, s) = (wire.positive()?, wire.positive()?);
    wire.end()?;
    Ok([padded(r, bytes)?, padded(s, bytes)?].concat())
}

/// A number with zeros before it.
fn padded(number: &[u8], bytes: usize) -> Result<Vec<u8>, SignatureError> {
    let zeros = bytes.checked_sub(number.len()).ok_or(SignatureError::Damaged("a number in it is too large"))?;
    Ok([&vec![0; zeros], number].concat())
}
