//! The path and the query of a request, as every face reads them.

use super::{Request, Response};

/// A path as it was sent, percent-decoded; `None`: it cannot be.
pub(super) fn decoded(path: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(path.len());
    let mut rest = path.bytes();
    while let Some(byte) = rest.next() {
        match byte {
            b'%' => {
                let mut digit = || rest.next().and_then(|byte| char::from(byte).to_digit(16));
                bytes.push((digit()? << 4 | digit()?) as u8);
            }
            other => bytes.push(other),
        }
    }
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

/// What a server written in Go answers to a path with `//`, `.` or `..` in it: where the clean one is.
pub(super) fn sent_on(request: &Request) -> Option<Response> {
    let mut parts: Vec<&str> = Vec::new();
    for part in request.path.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    let slash = if request.path.ends_with('/') && !parts.is_empty() { "/" } else { "" };
    let clean = format!("/{}{slash}", parts.join("/"));
    if clean == request.path {
        return None;
    }
    let query = if request.query.is_empty() { String::new() } else { format!("?{}", request.query) };
    let location = format!("{clean}{query}");
    let is_read = matches!(request.method.as_str(), "GET" | "HEAD");
    let body = if is_read { format!("<a href=\"{location}\">Moved Permanently</a>.\n\n") } else { String::new() };
    Some(Response::Answer {
        status: 301,
        content_type: if is_read { "text/html; charset=utf-8" } else { "" },
        headers: vec![("location", location)],
        body: body.into_bytes(),
    })
}

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
    use super::{decoded, sent_on, value};
    use crate::practice::{Request, Response};

    #[test]
    fn a_path_is_decoded_and_made_clean() {
        for (sent, path) in [("/v1/sys/he%61lth", Some("/v1/sys/health")), ("/a%2", None), ("/a%zz", None)] {
            assert_eq!(decoded(sent).as_deref(), path, "{sent}");
        }
        for (path, clean) in [
            ("/v1/sys//health", Some("/v1/sys/health?a=1")),
            ("/v1/./sys/../x/", Some("/v1/x/?a=1")),
            ("//", Some("/?a=1")),
            ("/v1/sys/health", None),
            ("/", None),
        ] {
            let (node, method, path, query) = (String::new(), "GET".into(), path.to_owned(), "a=1".into());
            let request = Request { node, method, path, query, headers: Vec::new(), body: Vec::new() };
            let location = sent_on(&request).map(|response| match response {
                Response::Answer { status: 301, headers, .. } => headers[0].1.clone(),
                other => panic!("{other:?}"),
            });
            assert_eq!(location.as_deref(), clean, "{}", request.path);
        }
    }

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
