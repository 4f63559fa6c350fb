//! What of an answer's headers comes before the body, and what behind it.

/// Headers: names in lower case, and values.
type Headers = Vec<(&'static str, String)>;

/// Parts the headers of an answer into those before the body and those that a header `trailer` announces, which follow it.
pub fn parted(headers: Headers) -> (Headers, Headers) {
    let announced = headers.iter().find(|(name, _)| *name == "trailer").map(|(_, names)| names.to_lowercase());
    let Some(announced) = announced else { return (headers, Vec::new()) };
    headers.into_iter().partition(|(name, _)| announced.split(", ").all(|known| known != *name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_announced_follows_the_body_and_nothing_else_does() {
        let plain = vec![("x-one", "1".to_owned())];
        assert_eq!(parted(plain.clone()), (plain.clone(), Vec::new()));
        let announced =
            vec![("trailer", "X-End, X-Two".to_owned()), ("x-one", "1".to_owned()), ("x-end", "2".to_owned())];
        let (before, behind) = parted(announced);
        assert_eq!(before, [("trailer", "X-End, X-Two".to_owned()), ("x-one", "1".to_owned())]);
        assert_eq!(behind, [("x-end", "2".to_owned())]);
    }
}
