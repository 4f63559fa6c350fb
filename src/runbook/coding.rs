//! The native filters that write a text in another alphabet: base64 and the percent signs of addresses.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jaq_core::native::{Fun, bome, run, v};
use jaq_core::{Error, ValR};
use jaq_json::Val;
use jaq_std::ValT as _;

use crate::runbook::jq::Jq;

/// What `@base64`, `@base64d` and `@uri` of the prelude call.
pub(crate) fn funs() -> impl Iterator<Item = Fun<Jq>> {
    [
        run(("encode_base64", v(0), |cv| bome(bytes(&cv.1).map(|bytes| Val::from(STANDARD.encode(bytes)))))),
        run(("decode_base64", v(0), |cv| bome(decoded(&cv.1)))),
        run(("encode_uri", v(0), |cv| bome(bytes(&cv.1).map(|bytes| Val::from(with_percents(bytes)))))),
    ]
    .into_iter()
}

fn bytes(value: &Val) -> Result<&[u8], jaq_json::Error> {
    value.as_utf8_bytes().ok_or_else(|| Error::typ(value.clone(), "text"))
}

fn decoded(value: &Val) -> ValR<Val> {
    STANDARD.decode(bytes(value)?).map(Val::utf8_str).map_err(Error::str)
}

/// All but the unreserved characters of RFC 3986 as `%XX`.
fn with_percents(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for &byte in bytes {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            text.push(char::from(byte));
        } else {
            text.push_str(&format!("%{byte:02X}"));
        }
    }
    text
}
