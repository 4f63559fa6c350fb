//! The query of a request, as every face reads it.

/// The pairs of a query string, percent-decoded, in order.
fn pairs(query: &str) -> Vec<(String, String)> {
    query
        .split('&')
        .filter(|part| !part.is_empty())
        .map(|part| {
            let (name, value) = part.split_once('=').unwrap_or((part, ""));
            (decode(name), decode(value))
        })
        .collect()
}

/// The first value of that name; a name without a value has the empty one.
pub(super) fn value(query: &str, name: &str) -> Option<String> {
    pairs(query).into_iter().find(|(known, _)| known == name).map(|(_, value)| value)
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

#[cfg(test)]
mod tests {
    use super::value;

    #[test]
    fn a_value_is_found_by_its_name_and_decoded() {
        for (query, expected) in [
            ("", None),
            ("other=1", None),
            ("name", Some("")),
            ("name=", Some("")),
            ("a=1&name=x&name=y", Some("x")),
            ("na%6de=a%2Cb+c", Some("a,b c")),
            ("name=100%", Some("100?")),
        ] {
            assert_eq!(value(query, "name").as_deref(), expected, "{query}");
        }
    }
}
