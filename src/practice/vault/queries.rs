//! Query strings, and what `sys/health` makes of them.

/// The pairs of a query string, percent-decoded, in order.
pub(super) fn pairs(query: &str) -> Vec<(String, String)> {
    query
        .split('&')
        .filter(|part| !part.is_empty())
        .map(|part| {
            let (name, value) = part.split_once('=').unwrap_or((part, ""));
            (decode(name), decode(value))
        })
        .collect()
}

/// The first value of that name.
pub(super) fn value(query: &str, name: &str) -> Option<String> {
    pairs(query).into_iter().find(|(known, _)| known == name).map(|(_, value)| value)
}

/// The state of a node as `sys/health` tells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    /// Keys to be given.
    Sealed,
    /// Unsealed, not in duty.
    Standby,
    /// In duty.
    Active,
}

/// The status code for `standing`; `None`: a value in the query is none.
pub(super) fn health_code(query: &str, standing: Standing) -> Option<u16> {
    let mut codes = [("activecode", 200), ("standbycode", 429), ("sealedcode", 503)];
    for (name, code) in &mut codes {
        if let Some(text) = value(query, name) {
            *code = number(&text)?;
        }
    }
    for name in ["uninitcode", "drsecondarycode", "performancestandbycode", "removedcode", "haunhealthycode"] {
        if let Some(text) = value(query, name) {
            number(&text)?;
        }
    }
    let standby_ok = flag(query, "standbyok")?;
    flag(query, "perfstandbyok")?;
    Some(match standing {
        Standing::Active => codes[0].1,
        Standing::Standby if standby_ok => codes[0].1,
        Standing::Standby => codes[1].1,
        Standing::Sealed => codes[2].1,
    })
}

fn number(text: &str) -> Option<u16> {
    let code: i64 = text.parse().ok()?;
    // The real server panics on a code that HTTP does not know and drops the request.
    Some(u16::try_from(code).ok().filter(|code| (200..=999).contains(code)).unwrap_or(500))
}

fn flag(query: &str, name: &str) -> Option<bool> {
    match value(query, name).as_deref() {
        None | Some("0" | "f" | "F" | "false" | "FALSE" | "False") => Some(false),
        Some("" | "1" | "t" | "T" | "true" | "TRUE" | "True") => Some(true),
        Some(_) => None,
    }
}

fn decode(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        match byte {
            b'+' => bytes.push(b' '),
            b'%' => {
                let digits = (rest.next(), rest.next());
                let digit = |byte: Option<u8>| byte.and_then(|byte| char::from(byte).to_digit(16));
                match (digit(digits.0), digit(digits.1)) {
                    (Some(high), Some(low)) => bytes.push((high << 4 | low) as u8),
                    _ => bytes.push(b'?'),
                }
            }
            other => bytes.push(other),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
