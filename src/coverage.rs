//! Documents held against runbooks: what carries an obligation, and what a part of a runbook carries.
//!
//! A runbook owes what stands under the headings that its `[source]` names; it may carry more than that.

use std::ops::Range;

use crate::diagnostic::Diagnostic;
use crate::runbook::nearest::nearest;
use crate::runbook::{Phase, Runbook, Step};
use crate::sources::{self, Found, Source};

/// A part of a runbook that can carry obligations.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Carrier {
    /// The runbook's name.
    pub runbook: String,
    /// What it is.
    pub part: Part,
    /// Its name: `phase/step`, or that of the guard or plan.
    pub place: String,
    /// What it carries, in the author's order; empty for what the runbook adds to its document.
    pub ids: Vec<String>,
    /// The mistakes of the document that it mends; only steps do.
    pub mends: Vec<String>,
}

/// The parts of a runbook that can carry obligations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// A condition that holds through the run.
    Guard,
    /// A step of the plan or of a rollback plan.
    Step,
    /// A rollback plan as a whole.
    Rollback,
}

impl Part {
    /// The word that is shown.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Guard => "guard",
            Self::Step => "step",
            Self::Rollback => "rollback",
        }
    }
}

impl Carrier {
    /// Its name for people: a step's place alone, the others with what they are.
    pub fn name(&self) -> String {
        match self.part {
            Part::Step => self.place.clone(),
            Part::Guard | Part::Rollback => format!("{} {}", self.part.word(), self.place),
        }
    }
}

/// An obligation with what carries it.
#[derive(Clone, Debug)]
pub struct Row {
    /// The obligation.
    pub found: Found<'static>,
    /// It must be carried; otherwise it is carried beyond what the headings ask.
    pub is_owed: bool,
    /// What carries it, as indexes into [`Coverage::carriers`].
    pub carriers: Vec<usize>,
}

/// Obligations and carriers, each with the other.
#[derive(Clone, Debug)]
pub struct Coverage {
    /// Obligations in the order of their documents.
    pub rows: Vec<Row>,
    /// Carriers in the order of their runbooks: guards, plan, rollback plans.
    pub carriers: Vec<Carrier>,
}

impl Coverage {
    /// All obligations of all documents, owed by these runbooks together.
    pub fn of_all<'b>(books: impl IntoIterator<Item = &'b Runbook>) -> Self {
        Self::new(books.into_iter().flat_map(carriers).collect(), |_| true)
    }

    /// What one runbook owes by its headings, and what it carries besides. None when it names no document that is known.
    pub fn of_one(book: &Runbook) -> Option<Self> {
        let (source, headings) = source_of(book)?;
        let is_owed = |found: &Found<'_>| {
            found.source == source && headings.iter().any(|heading| heading == found.heading.title())
        };
        let mut coverage = Self::new(carriers(book), is_owed);
        coverage.rows.retain(|row| row.is_owed || !row.carriers.is_empty());
        Some(coverage)
    }

    fn new(carriers: Vec<Carrier>, is_owed: impl Fn(&Found<'_>) -> bool) -> Self {
        let row = |found: Found<'static>| {
            let carries = |carrier: &Carrier| carrier.ids.contains(&found.obligation.id);
            let carriers = (0..carriers.len()).filter(|at| carries(&carriers[*at])).collect();
            Row { found, is_owed: is_owed(&found), carriers }
        };
        let rows = sources::all().iter().flat_map(Source::obligations).map(row).collect();
        Self { rows, carriers }
    }

    /// What is owed.
    pub fn owed(&self) -> impl Iterator<Item = &Row> {
        self.rows.iter().filter(|row| row.is_owed)
    }

    /// What is owed and carried by nothing.
    pub fn uncovered(&self) -> impl Iterator<Item = &Row> {
        self.owed().filter(|row| row.carriers.is_empty())
    }
}

/// The known document that the runbook names, and the headings of it that it covers.
pub fn source_of(book: &Runbook) -> Option<(&'static Source, &[String])> {
    let named = book.source.as_ref()?;
    Some((sources::of_document(&book.system, &named.document)?, &named.headings))
}

/// Every part of the runbook that can carry an obligation.
pub fn carriers(book: &Runbook) -> Vec<Carrier> {
    let carrier = |part, place: String, ids: &[String]| {
        let runbook = book.id.as_str().to_owned();
        Carrier { runbook, part, place, ids: ids.to_vec(), mends: Vec::new() }
    };
    let steps = |phase: &Phase| -> Vec<Carrier> {
        let place = |step: &str| format!("{}/{step}", phase.id);
        let step = |step: &Step| {
            let mends = step.mends.clone();
            Carrier { mends, ..carrier(Part::Step, place(step.id.as_str()), &step.source) }
        };
        phase.steps.iter().map(step).collect()
    };
    let mut list = Vec::new();
    list.extend(book.guards.iter().map(|guard| carrier(Part::Guard, guard.id.as_str().to_owned(), &guard.source)));
    list.extend(book.phases.iter().flat_map(steps));
    for plan in &book.rollbacks {
        list.push(carrier(Part::Rollback, plan.id.as_str().to_owned(), &plan.source));
        list.extend(plan.phases.iter().flat_map(steps));
    }
    list
}

/// What is wrong with the headings and ids of a runbook that names a known document. Another document's are its author's.
pub fn check(book: &Runbook) -> Vec<Diagnostic> {
    let Some((source, headings)) = source_of(book) else { return Vec::new() };
    let titles = || source.headings.iter().map(|heading| heading.title());
    let mut findings = Vec::new();
    for heading in headings.iter().filter(|heading| source.heading(heading).is_none()) {
        let message = format!("nothing is known under the heading {heading:?} of {:?}", source.document.title);
        let finding = Diagnostic::error("unknown-heading", place_of(&book.text, heading), message);
        findings.push(match nearest(heading, titles()) {
            Some(near) => finding.with_help(format!("did you mean {near:?}?")),
            None => finding.with_help(format!("its headings are {:?}", titles().collect::<Vec<_>>())),
        });
    }
    let mut told: Vec<String> = Vec::new();
    for carrier in carriers(book) {
        let ids = carrier.ids.into_iter().map(|id| (id, check_id as Check));
        for (id, check) in ids.chain(carrier.mends.into_iter().map(|id| (id, check_mistake as Check))) {
            if !told.contains(&id) {
                findings.extend(check(book, source, &id));
                told.push(id);
            }
        }
    }
    findings
}

type Check = fn(&Runbook, &'static Source, &str) -> Option<Diagnostic>;

/// What is mended must be known to be wrong: the operator is told both what the document says and what is right.
fn check_mistake(book: &Runbook, source: &'static Source, id: &str) -> Option<Diagnostic> {
    if source.mistake(id).is_some() {
        return None;
    }
    let ids = || source.mistakes.iter().map(|mistake| mistake.id.as_str());
    let message = format!("no mistake `{id}` is known of {:?}", source.document.title);
    let help = match nearest(id, ids()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("known are {}", ids().collect::<Vec<_>>().join(", ")),
    };
    Some(Diagnostic::error("unknown-mistake", place_of(&book.text, id), message).with_help(help))
}

/// An id is one of the document, or evidently the author's own: of another prefix and like none of the document's.
fn check_id(book: &Runbook, source: &'static Source, id: &str) -> Option<Diagnostic> {
    if source.find(id).is_some() {
        return None;
    }
    let ids = || source.obligations().map(|found| found.obligation.id.as_str());
    let prefix = |id: &str| id.split('-').next().unwrap_or_default().to_owned();
    let title = &source.document.title;
    let message = match sources::find(id) {
        Some(found) => format!("`{id}` is an obligation of {:?}, not of {title:?}", found.source.document.title),
        None if nearest(id, ids()).is_some() || ids().any(|known| prefix(known) == prefix(id)) => {
            format!("{title:?} has no obligation `{id}`")
        }
        None => return None,
    };
    // Among numbers of one group the nearest is a guess; where the group ends is not.
    let group = id.rsplit_once('-').map(|(group, _)| format!("{group}-"));
    let last = group.and_then(|group| ids().filter(|known| known.starts_with(&group)).last());
    let help = match (last, nearest(id, ids())) {
        (Some(last), _) => format!("the last of its group is `{last}`"),
        (None, Some(near)) => format!("did you mean `{near}`?"),
        (None, None) => format!("`piton coverage` lists what {title:?} asks"),
    };
    Some(Diagnostic::error("unknown-obligation", place_of(&book.text, id), message).with_help(help))
}

/// Where the text stands first as a TOML string, quotes included.
fn place_of(text: &str, word: &str) -> Range<usize> {
    ['"', '\'']
        .iter()
        .map(|quote| format!("{quote}{word}{quote}"))
        .find_map(|literal| text.find(&literal).map(|at| at..at + literal.len()))
        .unwrap_or(0..0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOOK: &str = include_str!("../runbooks/vault-ha-upgrade.toml");

    fn book(text: &str) -> Runbook {
        let (book, findings) = crate::runbook::parse(text);
        book.unwrap_or_else(|| panic!("{findings:?}"))
    }

    #[test]
    fn guards_steps_plans_and_their_steps_carry() {
        let list = carriers(&book(BOOK));
        let ids = |name: &str| list.iter().find(|carrier| carrier.name() == name).unwrap().ids.clone();
        assert_eq!(ids("prepare/notes"), ["VLT-GEN-01", "VLT-HA-19"]);
        assert_eq!(ids("rollback data-and-binary"), ["VLT-GEN-03", "VLT-GEN-04", "VLT-GEN-05"]);
        assert_eq!(ids("halt/stop"), ["VLT-GEN-05"]);
        assert!(ids("verify/patience").is_empty());
    }

    #[test]
    fn a_runbook_owes_what_stands_under_its_headings_and_may_carry_more() {
        let whole = Coverage::of_one(&book(BOOK)).unwrap();
        assert_eq!((whole.owed().count(), whole.uncovered().count()), (28, 0));
        let more = BOOK.replacen("source = [\"VLT-TST-01\",", "source = [\"VLT-SNG-05\",", 1);
        let more = Coverage::of_one(&book(&more)).unwrap();
        let missing: Vec<&str> = more.uncovered().map(|row| row.found.obligation.id.as_str()).collect();
        assert_eq!((more.rows.len(), missing), (29, vec!["VLT-TST-01"]));
        let strange = book(&BOOK.replacen("document = \"Upgrading Vault\"", "document = \"Our own page\"", 1));
        assert!(Coverage::of_one(&strange).is_none());
        assert_eq!(Coverage::of_all([&strange]).owed().count(), 174);
    }

    #[test]
    fn a_step_mends_what_is_known_to_be_wrong_in_its_document() {
        let mending = |id: &str| BOOK.replacen("[[phase.step]]\n", &format!("[[phase.step]]\nmends = [\"{id}\"]\n"), 1);
        let known = book(&mending("vault-step-down"));
        assert_eq!(check(&known), []);
        let first = carriers(&known).into_iter().find(|carrier| carrier.part == Part::Step).unwrap();
        assert_eq!(first.mends, ["vault-step-down"]);
        for (id, help) in [("vault-stepdown", "did you mean `vault-step-down`?"), ("nomad-x", "known are vault-")] {
            let text = mending(id);
            let findings = check(&book(&text));
            let [finding] = &findings[..] else { panic!("{id}: {findings:?}") };
            assert_eq!((finding.code, &text[finding.span.clone()]), ("unknown-mistake", format!("\"{id}\"").as_str()));
            assert!(finding.help.as_ref().is_some_and(|told| told.contains(help)), "{finding:?}");
            let strange = text.replacen("document = \"Upgrading Vault\"", "document = \"Our own page\"", 1);
            assert_eq!(check(&book(&strange)), []);
        }
    }

    #[test]
    fn wrong_ids_and_headings_of_a_known_document_are_told_with_their_place() {
        assert_eq!(check(&book(BOOK)), []);
        for (old, new, code, told, help) in [
            (
                "\"VLT-HA-13\"",
                "\"VLT-HA-31\"",
                "unknown-obligation",
                "no obligation `VLT-HA-31`",
                "the last of its group is `VLT-HA-19`",
            ),
            ("\"VLT-HA-13\"", "\"VLT-XYZ-77\"", "unknown-obligation", "no obligation `VLT-XYZ-77`", "piton coverage"),
            ("\"VLT-HA-13\"", "\"VTL-HA-13\"", "unknown-obligation", "no obligation `VTL-HA-13`", "`VLT-HA-13`"),
            ("\"VLT-HA-13\"", "\"NMD-GEN-01\"", "unknown-obligation", "an obligation of \"Upgrading Nomad\"", ""),
            (
                "\"HA Installations\"",
                "\"HA Instalations\"",
                "unknown-heading",
                "\"HA Instalations\"",
                "\"HA Installations\"",
            ),
            ("\"HA Installations\"", "\"Other\"", "unknown-heading", "\"Other\"", "its headings are"),
        ] {
            let text = BOOK.replacen(old, new, 1);
            let findings = check(&book(&text));
            let [finding] = &findings[..] else { panic!("{new}: {findings:?}") };
            assert_eq!((finding.code, &text[finding.span.clone()]), (code, new));
            assert!(finding.is_error() && finding.message.contains(told), "{finding:?}");
            assert!(finding.help.as_ref().is_some_and(|text| text.contains(help)), "{finding:?}");
        }
        let own = BOOK.replacen("\"VLT-HA-13\"", "\"VLT-HA-13\", \"CHANGE BOARD 7\"", 1);
        assert_eq!(check(&book(&own)), []);
        let strange = BOOK.replacen("document = \"Upgrading Vault\"", "document = \"Our own page\"", 1);
        assert_eq!(check(&book(&strange.replace("VLT-HA-13", "VLT-HA-31"))), []);
    }
}
