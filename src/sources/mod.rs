//! What the vendors' documents ask for, as data: every obligation under its heading, with a stable id, in words of our
//! own. Runbooks name the ids that their steps carry; `coverage` holds the two against each other.

mod model;
mod parse;

use std::sync::LazyLock;

use crate::packed::SOURCES;

pub use model::{Document, Found, Heading, Kind, Mistake, Obligation, Source};
pub use parse::{SourceError, parse_all};

static ALL: LazyLock<Vec<Source>> = LazyLock::new(|| read().expect("a test reads what is built in"));

/// Reads what is part of the program.
fn read() -> Result<Vec<Source>, SourceError> {
    let files: Vec<_> = SOURCES.iter().map(|packed| (format!("{}.toml", packed.name), packed.text())).collect();
    let files: Vec<_> = files.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
    parse_all(&files)
}

/// Every document that piton knows.
pub fn all() -> &'static [Source] {
    &ALL
}

/// The obligation of that id, whichever document it belongs to.
pub fn find(id: &str) -> Option<Found<'static>> {
    all().iter().find_map(|source| source.find(id))
}

/// The document of that system with exactly that title.
pub fn of_document(system: &str, title: &str) -> Option<&'static Source> {
    all().iter().find(|source| source.system == system && source.document.title == title)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn every_obligation_of_the_five_documents_is_there_once() {
        let all = read().unwrap_or_else(|error| panic!("{error}"));
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        for found in all.iter().flat_map(Source::obligations) {
            let id = &found.obligation.id;
            *counts.entry(&id[..id.rfind('-').unwrap()]).or_default() += 1;
        }
        let expected = [
            ("CRD-GEN", 2),
            ("CRD-MON", 4),
            ("CRD-PRE", 10),
            ("CRD-ROL", 19),
            ("GLB-BAK", 6),
            ("GLB-PLN", 9),
            ("GLB-PRE", 6),
            ("GLB-RBK", 5),
            ("GLB-RST", 6),
            ("GLB-SUP", 9),
            ("IPC-BST", 9),
            ("IPC-DR", 8),
            ("IPC-GEN", 2),
            ("IPC-STD", 7),
            ("IPC-TRB", 6),
            ("NMD-ADD", 3),
            ("NMD-CHK", 5),
            ("NMD-CK4", 1),
            ("NMD-CLI", 4),
            ("NMD-END", 1),
            ("NMD-ENT", 2),
            ("NMD-GEN", 2),
            ("NMD-PRO", 3),
            ("NMD-RMV", 7),
            ("VLT-GEN", 5),
            ("VLT-HA", 19),
            ("VLT-REP", 5),
            ("VLT-SNG", 5),
            ("VLT-TST", 4),
        ];
        assert_eq!(counts, BTreeMap::from(expected));
        let systems: Vec<(&str, usize)> = all.iter().map(|s| (s.system.as_str(), s.obligations().count())).collect();
        assert_eq!(systems, [("cockroachdb", 35), ("gitlab", 41), ("ipfs-cluster", 32), ("nomad", 28), ("vault", 38)]);
        assert_eq!(all.iter().map(|source| source.obligations().count()).sum::<usize>(), 174);
    }

    /// The numbers of a group run from 01 without a hole, so that none was lost on the way.
    #[test]
    fn the_numbers_of_a_group_have_no_hole_and_stand_in_order() {
        let mut last: BTreeMap<&str, usize> = BTreeMap::new();
        for found in all().iter().flat_map(Source::obligations) {
            let (group, number) = found.obligation.id.rsplit_once('-').unwrap();
            let next = last.entry(group).or_default();
            *next += 1;
            assert_eq!(number, format!("{next:02}"), "{group}");
        }
    }

    #[test]
    fn an_id_leads_to_its_document_and_heading() {
        let found = find("VLT-HA-05").unwrap();
        assert_eq!(found.source.document.title, "Upgrading Vault");
        assert_eq!(found.heading.title(), "HA Installations");
        assert_eq!(found.obligation.kind, Kind::Step);
        assert_eq!(find("VLT-HA-99"), None);
        assert!(of_document("vault", "Upgrading Vault").is_some());
        assert!(of_document("nomad", "Upgrading Vault").is_none());
    }
}
