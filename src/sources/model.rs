//! A document and what it asks for.

use serde::Deserialize;

/// One document of one system.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// The system it is about, as runbooks name it: `vault`, `nomad`, ….
    pub system: String,
    /// Which document it is.
    pub document: Document,
    /// Its headings with what stands under each, in its order.
    pub headings: Vec<Heading>,
    /// Where following it to the letter would go wrong today.
    pub mistakes: Vec<Mistake>,
}

/// Which document it is.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Document {
    /// Its title, as runbooks name it in `[source]`.
    pub title: String,
    /// Which version or time of it was read.
    pub edition: String,
    /// How it stands to today's practice.
    pub note: String,
}

/// A heading of the document.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Heading {
    /// From the document's title down to the heading itself; never empty.
    pub path: Vec<String>,
    /// What stands directly under it.
    #[serde(rename = "obligation")]
    pub obligations: Vec<Obligation>,
}

/// One thing that the document asks of whoever follows it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Obligation {
    /// Its stable name, such as `VLT-HA-05`: system, part of the document, number.
    pub id: String,
    /// What sort of thing it is.
    pub kind: Kind,
    /// What it asks, in words of our own.
    pub asks: String,
}

/// The sorts of obligation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Something is done or written down.
    Step,
    /// Something is looked at, and what is seen decides on going on.
    Check,
    /// A danger that must be known before the action it belongs to.
    Caution,
    /// Something that holds throughout: an order, a limit, a prohibition.
    Rule,
    /// A person chooses between ways or states how things are here, and the procedure depends on it.
    Decision,
    /// How to get back.
    Rollback,
    /// Something to know or to expect; nothing is to be done about it.
    Information,
}

impl Kind {
    /// The word of the files.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Step => "step",
            Self::Check => "check",
            Self::Caution => "caution",
            Self::Rule => "rule",
            Self::Decision => "decision",
            Self::Rollback => "rollback",
            Self::Information => "information",
        }
    }
}

/// Something in the document that a runbook must not repeat.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mistake {
    /// Its stable name.
    pub id: String,
    /// What the document says, or leaves unsaid.
    pub says: String,
    /// What is right.
    pub right: String,
    /// The obligations that it touches; never empty.
    pub obligations: Vec<String>,
}

/// An obligation and where it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Found<'s> {
    /// The document.
    pub source: &'s Source,
    /// The heading.
    pub heading: &'s Heading,
    /// The obligation itself.
    pub obligation: &'s Obligation,
}

impl Heading {
    /// The heading itself, without those above it.
    pub fn title(&self) -> &str {
        self.path.last().map_or("", String::as_str)
    }
}

impl Source {
    /// Every obligation in the order of the document.
    pub fn obligations(&self) -> impl Iterator<Item = Found<'_>> {
        self.headings.iter().flat_map(move |heading| {
            heading.obligations.iter().map(move |obligation| Found { source: self, heading, obligation })
        })
    }

    /// The obligation of that id.
    pub fn find(&self, id: &str) -> Option<Found<'_>> {
        self.obligations().find(|found| found.obligation.id == id)
    }

    /// The heading of that title; titles are unique within a document.
    pub fn heading(&self, title: &str) -> Option<&Heading> {
        self.headings.iter().find(|heading| heading.title() == title)
    }

    /// The mistake of that id.
    pub fn mistake(&self, id: &str) -> Option<&Mistake> {
        self.mistakes.iter().find(|mistake| mistake.id == id)
    }

    /// The mistakes that touch the obligation of that id.
    pub fn mistakes_about(&self, id: &str) -> impl Iterator<Item = &Mistake> {
        self.mistakes.iter().filter(move |mistake| mistake.obligations.iter().any(|touched| touched == id))
    }
}
