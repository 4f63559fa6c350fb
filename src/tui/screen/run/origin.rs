//! Where a step comes from in its document, and where it leaves it.

use crate::runbook::{Runbook, Step};
use crate::sources;

/// A mistake of the document that a step does not repeat.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mended {
    /// Its id.
    pub id: String,
    /// What the document says, and what is right; `None` for a document that piton does not know.
    pub told: Option<(String, String)>,
}

/// Document, heading and ids: each id under its own heading when the document is known.
pub(super) fn source(runbook: &Runbook, step: &Step) -> String {
    let Some(named) = &runbook.source else { return step.source.join(", ") };
    let document = named.document.as_str();
    let headed = |heading: &str| match heading {
        "" => document.to_owned(),
        heading if heading == document => document.to_owned(),
        heading => format!("{document} › {heading}"),
    };
    let known = sources::of_document(&runbook.system, document);
    let only = if let [heading] = named.headings.as_slice() { heading } else { "" };
    let mut under: Vec<(&str, Vec<&str>)> = Vec::new();
    for id in &step.source {
        let heading = known.and_then(|source| source.find(id)).map_or(only, |found| found.heading.title());
        match under.iter_mut().find(|(other, _)| *other == heading) {
            Some((_, ids)) => ids.push(id),
            None => under.push((heading, vec![id])),
        }
    }
    let mut told = Vec::new();
    for (index, (heading, ids)) in under.iter().enumerate() {
        // The document is named once.
        let place = if index == 0 || heading.is_empty() { headed(heading) } else { (*heading).to_owned() };
        told.push(format!("{place} · {}", ids.join(", ")));
    }
    if told.is_empty() { headed(only) } else { told.join("; ") }
}

/// The document's mistakes that a step mends, with what is right.
pub(super) fn mends(runbook: &Runbook, step: &Step) -> Vec<Mended> {
    let document = runbook.source.as_ref().and_then(|named| sources::of_document(&runbook.system, &named.document));
    let mended = |id: &String| {
        let mistake = document.and_then(|source| source.mistake(id));
        Mended { id: id.clone(), told: mistake.map(|mistake| (mistake.says.clone(), mistake.right.clone())) }
    };
    step.mends.iter().map(mended).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn book(step: &str, document: &str) -> Runbook {
        let text = include_str!("../../../../runbooks/vault-ha-upgrade.toml");
        let text = text.replacen("source   = [\"VLT-HA-04\", \"VLT-HA-05\"]", step, 1);
        let text = text.replacen("document = \"Upgrading Vault\"", &format!("document = {document:?}"), 1);
        let (book, findings) = crate::runbook::parse(&text);
        book.unwrap_or_else(|| panic!("{findings:?}"))
    }

    fn stop(book: &Runbook) -> &Step {
        let mut steps = book.phases.iter().flat_map(|phase| &phase.steps);
        steps.find(|step| step.id.as_str() == "stop").unwrap()
    }

    #[test]
    fn a_step_names_the_heading_of_each_obligation_that_it_carries() {
        for (ids, document, told) in [
            (
                r#"["VLT-HA-04", "VLT-HA-05"]"#,
                "Upgrading Vault",
                "Upgrading Vault › HA Installations · VLT-HA-04, VLT-HA-05",
            ),
            (
                r#"["VLT-HA-04", "VLT-TST-01", "VLT-HA-05"]"#,
                "Upgrading Vault",
                "Upgrading Vault › HA Installations · VLT-HA-04, VLT-HA-05; Testing the Upgrade · VLT-TST-01",
            ),
            (r#"["OURS"]"#, "Upgrading Vault", "Upgrading Vault · OURS"),
            (r#"["VLT-HA-04"]"#, "Our own page", "Our own page · VLT-HA-04"),
            ("[]", "Upgrading Vault", "Upgrading Vault"),
        ] {
            let book = book(&format!("source = {ids}"), document);
            assert_eq!(source(&book, stop(&book)), told);
        }
    }

    #[test]
    fn a_mended_mistake_is_told_with_what_is_right() {
        let mending = r#"mends = ["vault-step-down"]"#;
        let known = book(mending, "Upgrading Vault");
        let [mended] = &mends(&known, stop(&known))[..] else { panic!("one is mended") };
        assert_eq!(mended.id, "vault-step-down");
        let (says, right) = mended.told.as_ref().unwrap();
        assert!(says.contains("step down") && right.starts_with("Do not use step-down"), "{mended:?}");
        let strange = book(mending, "Our own page");
        assert_eq!(mends(&strange, stop(&strange)), [Mended { id: "vault-step-down".into(), told: None }]);
    }
}
