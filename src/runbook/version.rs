//! Versions: a text becomes numbers and words that compare in the right order.

/// One part of a pre-release: numbers sort before words.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// A run of digits.
    Number(u64),
    /// A run of anything else.
    Word(String),
}

/// A version such as `1.17.3`, `v24.1.0-rc.2` or `1.16.1+ent`.
///
/// Ordered by its numbers, then a pre-release before its release. Build metadata is not kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version {
    /// Two to four numbers, padded with zeros: `1.17` equals `1.17.0`.
    pub numbers: [u64; 4],
    /// The parts of the pre-release; empty for a release.
    pub pre: Vec<Part>,
}

impl Version {
    /// Reads a version; `None` when `text` is not one.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let text = text.strip_prefix('v').unwrap_or(text);
        let (text, metadata) = text.split_once('+').map_or((text, None), |(text, rest)| (text, Some(rest)));
        if text.len() > 64 || metadata.is_some_and(|metadata| !is_identifiers(metadata)) {
            return None;
        }
        let (core, pre) = text.split_once('-').map_or((text, None), |(core, pre)| (core, Some(pre)));
        let mut numbers = [0; 4];
        let mut count = 0;
        for part in core.split('.') {
            if !part.bytes().all(|byte| byte.is_ascii_digit()) || part.len() > 18 {
                return None;
            }
            *numbers.get_mut(count)? = part.parse().ok()?;
            count += 1;
        }
        if count < 2 || pre.is_some_and(|pre| !is_identifiers(pre)) {
            return None;
        }
        Some(Self { numbers, pre: pre.map(parts).unwrap_or_default() })
    }
}

fn is_identifiers(text: &str) -> bool {
    text.len() <= 64
        && text.split('.').all(|word| {
            !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
        })
}

/// `rc.2`, `rc2` and `rc-2` come to the same parts, so that `rc2` sorts before `rc10`.
fn parts(pre: &str) -> Vec<Part> {
    let mut parts = Vec::new();
    for word in pre.split(['.', '-', '_']) {
        let mut rest = word;
        while let Some(first) = rest.bytes().next() {
            let digits = first.is_ascii_digit();
            let end = rest.bytes().position(|byte| byte.is_ascii_digit() != digits).unwrap_or(rest.len());
            let (run, tail) = rest.split_at(end);
            rest = tail;
            parts.push(match run.parse() {
                Ok(number) if digits && run.len() <= 18 => Part::Number(number),
                _ => Part::Word(run.to_owned()),
            });
        }
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_with_prefix_prerelease_and_metadata() {
        for (text, numbers) in [
            ("1.17.3", [1, 17, 3, 0]),
            ("v24.1", [24, 1, 0, 0]),
            ("1.16.1+ent.hsm", [1, 16, 1, 0]),
            ("17.0.1-ee.0", [17, 0, 1, 0]),
            ("2.6.1\n", [2, 6, 1, 0]),
            ("1.2.3.4", [1, 2, 3, 4]),
        ] {
            assert_eq!(Version::parse(text).unwrap().numbers, numbers, "{text}");
        }
    }

    #[test]
    fn other_texts_are_not_versions() {
        for text in [
            "",
            "1",
            "v",
            "latest",
            "1.",
            ".1",
            "1.2.3.4.5",
            "1.x",
            "1.2-",
            "1.2+",
            "1..2",
            "1.2 3",
            "-1.2",
            "1.2.99999999999999999999",
        ] {
            assert_eq!(Version::parse(text), None, "{text}");
        }
    }
}
