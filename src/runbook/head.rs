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
    toml::from_str(&source[..end]).or_else(|_| toml::from_str(source)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

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
