//! A glance at a runbook: what a list shows of it, without reading the rest.

use serde::Deserialize;

/// What stands at the top of a runbook, as far as it is there. Nothing in it has been checked.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Head {
    /// For people.
    pub title: String,
    /// Its revision.
    pub revision: String,
    /// Which system it is about.
    pub system: String,
    /// What it does, in a sentence.
    pub summary: String,
    /// How long it is planned to take, in minutes.
    pub minutes: Option<u32>,
}

/// Reads the keys before the first table; `None` when they are no TOML, or not of their types.
pub fn head(source: &str) -> Option<Head> {
    let is_table = |line: &&str| line.trim_start().starts_with('[');
    let end = source.split_inclusive('\n').take_while(|line| !is_table(line)).map(str::len).sum::<usize>();
    // A line of a text may begin like a table: then only the whole is TOML.
    let parsed = || toml::from_str(&source[..end]).or_else(|_| toml::from_str(source)).ok();
    plain(&source[..end]).or_else(parsed)
}

/// The same where each line is a key with a plain text or number, as mostly they are: a list of runbooks is on the first
/// screen, and TOML takes its time. `None`: it takes TOML to tell.
fn plain(top: &str) -> Option<Head> {
    let mut head = Head::default();
    let mut known: Vec<&str> = Vec::new();
    for line in top.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let (key, value) = line.split_once('=').map(|(key, value)| (key.trim_end(), value.trim_start()))?;
        if key.is_empty() || known.contains(&key) || !key.bytes().all(|byte| byte.is_ascii_lowercase()) {
            return None;
        }
        known.push(key);
        let text = || {
            let text = value.strip_prefix('"')?.strip_suffix('"')?;
            let is_plain = |c: char| c != '"' && c != '\\' && !c.is_control();
            text.chars().all(is_plain).then(|| text.to_owned())
        };
        let number = || {
            let is_plain = !value.starts_with('0') && value.bytes().all(|byte| byte.is_ascii_digit());
            is_plain.then(|| value.parse().ok()).flatten()
        };
        match key {
            "title" => head.title = text()?,
            "revision" => head.revision = text()?,
            "system" => head.system = text()?,
            "summary" => head.summary = text()?,
            "minutes" => head.minutes = Some(number()?),
            _ => drop(text().or_else(|| number().map(|number: u32| number.to_string()))?),
        }
    }
    Some(head)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_read_plainly_is_what_toml_says() {
        let values = [
            "\"a\"",
            "\"\"",
            "\"a\" # b",
            "\"a\" # \"b\"",
            "\"a\\n\"",
            "\"\"\"a\"\"\"",
            "'a'",
            "\"ä \t b\"",
            "7",
            "07",
            "0",
            "1_000",
            "-1",
            "4294967296",
            "7.5",
            "true",
            "[\"a\"]",
            "{}",
            "\"a",
            "\"",
            "",
            "\"a\"b\"",
        ];
        let mut told = 0;
        for key in ["title", "minutes", "id", "format", "Title", "ti tle", "a.b", "\"title\"", ""] {
            for value in values {
                for text in [
                    format!("{key} = {value}\n"),
                    format!("  {key}={value}\r\nrevision = \"1\"\n"),
                    format!("{key} = {value}\n{key} = {value}"),
                    format!("system = \"a\"\n\n# {key} = {value}"),
                ] {
                    let Some(head) = plain(&text) else { continue };
                    assert_eq!(toml::from_str::<Head>(&text), Ok(head), "{text:?}");
                    told += 1;
                }
            }
        }
        assert!(told > 10, "{told}");
    }

    #[test]
    fn the_top_of_a_runbook_is_read_whatever_follows() {
        let shipped = include_str!("../../runbooks/vault-ha-upgrade.toml");
        let (book, _) = crate::runbook::parse(shipped);
        let (book, found) = (book.unwrap(), head(shipped).unwrap());
        assert_eq!((&found.title, &found.revision, &found.system), (&book.title, &book.revision, &book.system));
        assert_eq!((&found.summary, found.minutes), (&book.summary, book.minutes));
        let cases = [
            ("title = \"A\"\n[[phase]]\nnot toml", Some("A")),
            ("title = \"\"\"\n[a]\nb\"\"\"\nminutes = 3", Some("[a]\nb")),
            ("title = 3", None),
            ("title = \"A", None),
            ("", Some("")),
        ];
        for (source, title) in cases {
            assert_eq!(head(source).map(|head| head.title), title.map(str::to_owned), "{source}");
        }
    }
}
