//! Signatures of every type, made here or by ssh-keygen, whole and otherwise.

use proptest::prelude::*;
use ring::digest::{SHA256, SHA512, digest};
use ring::rand::SystemRandom;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair, EcdsaSigningAlgorithm,
    Ed25519KeyPair, KeyPair as _,
};

use super::armor::{close, open};
use super::wire::put_string;
use super::{SignatureError, check};

const NAMESPACE: &str = "release@piton";
const MESSAGE: &[u8] = b"to be signed\n";
const RSA: &str = include_str!("../../tests/data/signatures/rsa-2048.sig");
const SHORT_RSA: &str = include_str!("../../tests/data/signatures/rsa-1024.sig");
const P521: &str = include_str!("../../tests/data/signatures/ecdsa-521.sig");

fn strings(parts: &[&[u8]]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for part in parts {
        put_string(&mut bytes, part);
    }
    bytes
}

/// A number as ssh writes it.
fn positive(number: &[u8]) -> Vec<u8> {
    let start = number.iter().position(|byte| *byte != 0).unwrap();
    let number = &number[start..];
    if number[0] >= 0x80 { [&[0], number].concat() } else { number.to_vec() }
}

/// The frame that is signed for this message.
fn frame(hash: &str, message: &[u8]) -> Vec<u8> {
    frame_for(NAMESPACE, hash, message)
}

fn frame_for(namespace: &str, hash: &str, message: &[u8]) -> Vec<u8> {
    let by = if hash == "sha256" { &SHA256 } else { &SHA512 };
    [b"SSHSIG".as_slice(), &strings(&[namespace.as_bytes(), b"", hash.as_bytes(), digest(by, message).as_ref()])]
        .concat()
}

fn whole(key: &[u8], hash: &str, signature: &[u8]) -> Vec<u8> {
    whole_for(NAMESPACE, key, hash, signature)
}

fn whole_for(namespace: &str, key: &[u8], hash: &str, signature: &[u8]) -> Vec<u8> {
    let rest = strings(&[key, namespace.as_bytes(), b"", hash.as_bytes(), signature]);
    [b"SSHSIG\0\0\0\x01".as_slice(), &rest].concat()
}

/// What a security key signs instead of the message.
fn on_token(application: &[u8], message: &[u8]) -> Vec<u8> {
    [digest(&SHA256, application).as_ref(), &[1, 0, 0, 0, 7], digest(&SHA256, message).as_ref()].concat()
}

fn ed25519(hash: &str) -> Vec<u8> {
    ed25519_of(NAMESPACE, hash, MESSAGE)
}

fn ed25519_of(namespace: &str, hash: &str, message: &[u8]) -> Vec<u8> {
    let pair = Ed25519KeyPair::from_seed_unchecked(&[7; 32]).unwrap();
    let key = strings(&[b"ssh-ed25519", pair.public_key().as_ref()]);
    let made = pair.sign(&frame_for(namespace, hash, message));
    whole_for(namespace, &key, hash, &strings(&[b"ssh-ed25519", made.as_ref()]))
}

/// A signature such as ssh-keygen would make.
pub(crate) fn made(namespace: &str, message: &str) -> String {
    close(&ed25519_of(namespace, "sha512", message.as_bytes()))
}

fn ed25519_on_token() -> Vec<u8> {
    let pair = Ed25519KeyPair::from_seed_unchecked(&[8; 32]).unwrap();
    let kind = b"sk-ssh-ed25519@openssh.com";
    let key = strings(&[kind, pair.public_key().as_ref(), b"ssh:"]);
    let made = pair.sign(&on_token(b"ssh:", &frame("sha512", MESSAGE)));
    whole(&key, "sha512", &[strings(&[kind, made.as_ref()]), vec![1, 0, 0, 0, 7]].concat())
}

fn ecdsa(by: &'static EcdsaSigningAlgorithm, curve: &str, has_token: bool) -> Vec<u8> {
    let random = SystemRandom::new();
    let pkcs8 = EcdsaKeyPair::generate_pkcs8(by, &random).unwrap();
    let pair = EcdsaKeyPair::from_pkcs8(by, pkcs8.as_ref(), &random).unwrap();
    let kind = if has_token { format!("sk-ecdsa-sha2-{curve}@openssh.com") } else { format!("ecdsa-sha2-{curve}") };
    let mut key = strings(&[kind.as_bytes(), curve.as_bytes(), pair.public_key().as_ref()]);
    let mut message = frame("sha512", MESSAGE);
    if has_token {
        put_string(&mut key, b"ssh:");
        message = on_token(b"ssh:", &message);
    }
    let made = pair.sign(&random, &message).unwrap();
    let (r, s) = made.as_ref().split_at(made.as_ref().len() / 2);
    let mut signature = strings(&[kind.as_bytes(), &strings(&[&positive(r), &positive(s)])]);
    if has_token {
        signature.extend([1, 0, 0, 0, 7]);
    }
    whole(&key, "sha512", &signature)
}

/// A good signature by a key of each type.
fn good() -> Vec<(&'static str, Vec<u8>)> {
    vec![
        ("ssh-ed25519", ed25519("sha512")),
        ("ssh-ed25519", ed25519("sha256")),
        ("sk-ssh-ed25519@openssh.com", ed25519_on_token()),
        ("ecdsa-sha2-nistp256", ecdsa(&ECDSA_P256_SHA256_FIXED_SIGNING, "nistp256", false)),
        ("ecdsa-sha2-nistp384", ecdsa(&ECDSA_P384_SHA384_FIXED_SIGNING, "nistp384", false)),
        ("sk-ecdsa-sha2-nistp256@openssh.com", ecdsa(&ECDSA_P256_SHA256_FIXED_SIGNING, "nistp256", true)),
        ("ssh-rsa", open(RSA).unwrap()),
    ]
}

#[test]
fn a_signature_by_a_key_of_each_type_fits_its_message_alone() {
    for (kind, bytes) in good() {
        let armored = close(&bytes);
        let checked = check(&armored, NAMESPACE, MESSAGE).unwrap_or_else(|error| panic!("{kind}: {error}"));
        assert_eq!((checked.key_type.as_str(), &checked.armored), (kind, &armored));
        assert_eq!(checked.sha256, crate::journal::sha256_hex(MESSAGE));
        assert!(checked.fingerprint.starts_with("SHA256:") && checked.fingerprint.len() == 50, "{checked:?}");
        assert_eq!(check(&armored, NAMESPACE, b"to be signed"), Err(SignatureError::DoesNotFit), "{kind}");
        let (found, wanted) = (NAMESPACE.to_owned(), "file".to_owned());
        assert_eq!(check(&armored, "file", MESSAGE), Err(SignatureError::Namespace { found, wanted }), "{kind}");
    }
    assert_eq!(
        check(RSA, NAMESPACE, MESSAGE).unwrap().fingerprint,
        "SHA256:BWnpXHdOlEXzV4CBQT9PDNYgxXxTLeGsaYm/lQtsjFo"
    );
}

#[test]
fn no_bit_of_a_signature_can_be_changed() {
    for (kind, bytes) in good() {
        // What a security key says of itself is signed too; so every single bit counts.
        for bit in 0..bytes.len() * 8 {
            let mut changed = bytes.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            assert!(check(&close(&changed), NAMESPACE, MESSAGE).is_err(), "{kind}: bit {bit}");
        }
    }
}

#[test]
fn a_signature_survives_what_terminals_do_to_its_lines() {
    let armored = close(&ed25519("sha512"));
    let table = [
        armored.replace('\n', " "),
        armored.replace('\n', "\r\n"),
        format!("\n\n  {armored}\n "),
        format!("$ ssh-keygen -Y sign\nSigning data on standard input\n{armored}$ "),
        armored.replace('\n', "\n    "),
    ];
    for text in table {
        assert_eq!(check(&text, NAMESPACE, MESSAGE).map(|checked| checked.armored).as_ref(), Ok(&armored), "{text:?}");
    }
}

#[test]
fn what_is_no_signature_is_refused_by_what_it_lacks() {
    let armored = close(&ed25519("sha512"));
    let of = |text: &str| check(text, NAMESPACE, MESSAGE).unwrap_err().to_string();
    let bytes = ed25519("sha512");
    let with = |from: &str, to: &str| {
        let at = bytes.windows(from.len()).position(|window| window == from.as_bytes()).unwrap();
        let mut changed = bytes.clone();
        changed[at..at + to.len()].copy_from_slice(to.as_bytes());
        close(&changed)
    };
    let version_2 = {
        let mut changed = bytes.clone();
        changed[9] = 2;
        close(&changed)
    };
    let table = [
        (String::new(), "no ssh signature"),
        ("ssh-ed25519 AAAA jo@laptop".into(), "no ssh signature"),
        (armored[..armored.len() - 20].to_owned(), "not all there"),
        (format!("{armored}{armored}"), "two signatures"),
        (armored.replacen("U1NI", &format!("U1NI{armored}"), 1), "two signatures"),
        (armored.replacen("U1NI", "U1-I", 1), "wrong characters"),
        (close(b""), "ends too early"),
        (close(&bytes[..bytes.len() - 1]), "ends too early"),
        (close(&[bytes.as_slice(), b"x"].concat()), "follows its end"),
        (with("SSHSIG", "SSHKEY"), "does not begin as one"),
        (version_2, "version"),
        (with("sha512", "sha384"), "\"sha384\" is not supported"),
        (with("ssh-ed25519", "ssh-ed25518"), "\"ssh-ed25518\" is not supported"),
        (P521.to_owned(), "\"ecdsa-sha2-nistp521\" is not supported"),
        (SHORT_RSA.to_owned(), "1024 bits"),
    ];
    for (text, expected) in table {
        assert!(of(&text).contains(expected), "{expected}: {}", of(&text));
    }
}

/// Every way to write down one of the eight points whose multiples soon repeat: the canonical ones, 0 and 1 with the
/// field's prime added, and each with either sign.
fn points_of_small_order() -> Vec<[u8; 32]> {
    let (mut two, mut zero, mut one) = ([0xff; 32], [0xff; 32], [0xff; 32]);
    (two[0], two[31], zero[0], zero[31], one[0], one[31]) = (0xec, 0x7f, 0xed, 0x7f, 0xee, 0x7f);
    let mut identity = [0; 32];
    identity[0] = 1;
    let of_hex =
        |hex: &str| -> [u8; 32] { std::array::from_fn(|at| u8::from_str_radix(&hex[2 * at..2 * at + 2], 16).unwrap()) };
    let eight = of_hex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05");
    let other = of_hex("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a");
    let plain = [[0; 32], identity, eight, other, two, zero, one];
    plain.into_iter().flat_map(|point| [point, std::array::from_fn(|at| point[at] | u8::from(at == 31) << 7)]).collect()
}

#[test]
fn a_key_that_fits_every_text_is_refused() {
    for point in points_of_small_order() {
        // With the neutral point as the key this one signature fits whatever is asked.
        let made = strings(&[b"ssh-ed25519", &[&point[..], &[0; 32]].concat()]);
        let whole = close(&whole(&strings(&[b"ssh-ed25519", &point]), "sha512", &made));
        let kind: &[u8] = b"sk-ssh-ed25519@openssh.com";
        let on_token = [strings(&[kind, &[&point[..], &[0; 32]].concat()]), vec![1, 0, 0, 0, 7]].concat();
        let on_token = close(&self::whole(&strings(&[kind, &point, b"ssh:"]), "sha512", &on_token));
        for armored in [whole, on_token] {
            for message in [MESSAGE, b"another", b""] {
                let refused = check(&armored, NAMESPACE, message).map_err(|error| error.to_string());
                assert!(refused.as_ref().is_err_and(|why| why.contains("small order")), "{point:02x?}: {refused:?}");
            }
        }
        // So is such a point in the signature of a good key.
        let pair = Ed25519KeyPair::from_seed_unchecked(&[7; 32]).unwrap();
        let key = strings(&[b"ssh-ed25519", pair.public_key().as_ref()]);
        let refused = check(&close(&self::whole(&key, "sha512", &made)), NAMESPACE, MESSAGE).unwrap_err().to_string();
        assert!(refused.contains("small order"), "{refused}");
    }
}

#[test]
fn nothing_may_stand_in_the_reserved_field() {
    let pair = Ed25519KeyPair::from_seed_unchecked(&[7; 32]).unwrap();
    let key = strings(&[b"ssh-ed25519", pair.public_key().as_ref()]);
    let hash = digest(&SHA512, MESSAGE);
    let frame = [b"SSHSIG".as_slice(), &strings(&[NAMESPACE.as_bytes(), b"x", b"sha512", hash.as_ref()])].concat();
    let made = strings(&[b"ssh-ed25519", pair.sign(&frame).as_ref()]);
    let rest = strings(&[&key, NAMESPACE.as_bytes(), b"x", b"sha512", &made]);
    let armored = close(&[b"SSHSIG\0\0\0\x01".as_slice(), &rest].concat());
    let refused = check(&armored, NAMESPACE, MESSAGE).map_err(|error| error.to_string());
    assert!(refused.as_ref().is_err_and(|why| why.contains("damaged") && why.contains("reserved")), "{refused:?}");
}

#[test]
fn an_rsa_signature_by_sha1_is_refused() {
    let mut bytes = open(RSA).unwrap();
    let name = b"rsa-sha2-512";
    let at = bytes.windows(name.len()).position(|window| window == name).unwrap();
    bytes[at..at + name.len()].copy_from_slice(b"ssh-rsa-sha1");
    let refused = check(&close(&bytes), NAMESPACE, MESSAGE);
    assert_eq!(refused, Err(SignatureError::Unsupported("ssh-rsa-sha1".into())));
}

proptest! {
    /// Whatever is pasted or recorded: a reason, never a panic, and never a signature.
    #[test]
    fn garbage_is_refused(
        which in 0_usize..7, cut in 0_usize..2000, at in 0_usize..2000, put in prop::collection::vec(any::<u8>(), 0..12),
    ) {
        let (kind, mut bytes) = good().swap_remove(which);
        let before = bytes.clone();
        let at = at % bytes.len();
        let end = (at + put.len()).min(bytes.len());
        bytes.splice(at..end, put);
        bytes.truncate(bytes.len().saturating_sub(cut % 3 * cut));
        if bytes != before {
            prop_assert!(check(&close(&bytes), NAMESPACE, MESSAGE).is_err(), "{}", kind);
        }
    }

    #[test]
    fn bytes_of_any_kind_are_refused(bytes in prop::collection::vec(any::<u8>(), 0..400), text in ".{0,200}") {
        prop_assert!(check(&close(&bytes), NAMESPACE, MESSAGE).is_err());
        let framed = [b"SSHSIG\0\0\0\x01".as_slice(), &bytes].concat();
        prop_assert!(check(&close(&framed), NAMESPACE, MESSAGE).is_err());
        prop_assert!(check(&text, NAMESPACE, MESSAGE).is_err());
    }
}
