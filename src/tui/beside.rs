//! What others left beside a journal: signatures, verdicts and remarks, as they were found to be. What is said of them is
//! what was checked, and never more.

use crate::clock::Timestamp;
use crate::engine::person_of;
use crate::review::Verdict;
use crate::text::counted;
use crate::tui::theme::{Look, Meaning};
use crate::tui::widget::paint::Strip;
use crate::tui::widget::step::wrapped;
use crate::tui::wrap::cut;

/// The most cells that a name has where there is little room.
const NAME_CELLS: usize = 16;

/// Whether a signature is one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trust {
    /// It fits, and the list of signers says whose it is.
    Good,
    /// It fits, but whose it is nobody knows.
    Unknown,
    /// It does not fit.
    Bad,
    /// It was not held against the records.
    NotCompared,
    /// Nobody has signed what was written to be signed.
    NotSigned,
}

/// A signature of the journal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignatureSeen {
    /// What it was found to be.
    pub trust: Trust,
    /// Whose it is, by the list of signers; of a good one only.
    pub whose: String,
    /// Up to which record it reaches.
    pub upto: u64,
    /// In words.
    pub told: String,
}

/// What a reviewer came to; the last one of each counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerdictSeen {
    /// Who, as the review says: nothing proves it.
    pub by: String,
    /// When.
    pub at: Timestamp,
    /// The verdict.
    pub verdict: Verdict,
    /// Why.
    pub text: String,
    /// How many records the journal had then.
    pub upto: u64,
    /// Whether the review is whole and of these records.
    pub is_held: bool,
    /// Whose good signature covers it; without one anybody may have written it who can write to the run's folder.
    pub signed_by: Option<String>,
    /// Whether the reviewer sat at the run.
    pub is_operator: bool,
}

impl VerdictSeen {
    /// How it looks: nothing that is unproven looks good.
    const fn meaning(&self) -> Meaning {
        match (self.verdict, &self.signed_by) {
            (Verdict::Accepted, None) => Meaning::Note,
            (verdict, _) => verdict_meaning(verdict),
        }
    }

    /// What proves it, in a few words, and whose it is.
    fn proof(&self) -> String {
        let own = if self.is_operator { "the operator's own, " } else { "" };
        match &self.signed_by {
            Some(whose) => format!("{own}signed by {whose}"),
            None => format!("{own}unproven"),
        }
    }
}

/// A remark of a reviewer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remark {
    /// Who, as the review says.
    pub by: String,
    /// When.
    pub at: Timestamp,
    /// On which record; `None`: on the whole run.
    pub record: Option<u64>,
    /// The remark.
    pub text: String,
}

/// All that lies beside a journal.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Beside {
    /// The signatures, by how far they reach.
    pub signatures: Vec<SignatureSeen>,
    /// The verdicts that count.
    pub verdicts: Vec<VerdictSeen>,
    /// The remarks, in the order of their times.
    pub remarks: Vec<Remark>,
    /// What is wrong with the reviews.
    pub troubles: Vec<String>,
    /// Why it could not be looked at.
    pub unread: Option<String>,
}

impl Beside {
    /// What could not be looked at, and why.
    pub fn unread(why: String) -> Self {
        Self { unread: Some(why), ..Self::default() }
    }

    /// Whether there is nothing to say of it.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Who signed and what the reviewer came to, in a few words each, for a journal of so many records.
    pub fn words(&self, records: u64, is_short: bool) -> Vec<(String, Meaning)> {
        let unread = self.unread.as_ref().map(|_| ("signatures not checked".to_owned(), Meaning::Deviation));
        let trouble = (!self.troubles.is_empty()).then(|| ("BAD review".to_owned(), Meaning::Alarm));
        let verdict = self.verdict_words(records, is_short).filter(|_| trouble.is_none());
        let signed = self.signature_words(records, is_short);
        unread.into_iter().chain(signed).chain(trouble).chain(verdict).collect()
    }

    /// The gravest first: one that is bad says more than one that is good; and whose one is that nobody knows is said
    /// beside one that is good.
    fn signature_words(&self, records: u64, is_short: bool) -> Vec<(String, Meaning)> {
        let of = |trust| self.signatures.iter().filter(move |signature| signature.trust == trust);
        let furthest =
            |trust| of(trust).max_by_key(|signature| signature.upto).map(|best| (best, of(trust).count() - 1));
        let more = |more: usize| if more > 0 { format!(" +{more}") } else { String::new() };
        if let Some((_, others)) = furthest(Trust::Bad) {
            return vec![(format!("BAD signature{}", more(others)), Meaning::Alarm)];
        }
        // One that reaches further says more.
        let good = furthest(Trust::Good).map(|(best, others)| {
            let name = if is_short { cut(&best.whose, NAME_CELLS, "..").into_owned() } else { best.whose.clone() };
            (format!("good{}: {name}{}", upto(best.upto, records), more(others)), Meaning::Ok)
        });
        let unknown = furthest(Trust::Unknown).map(|(best, others)| match (good.is_some(), is_short) {
            (true, true) => format!("{} UNKNOWN", others + 1),
            (true, false) => counted(others + 1, "UNKNOWN signer"),
            (false, _) => format!("UNKNOWN signer{}{}", upto(best.upto, records), more(others)),
        });
        let unknown = unknown.map(|told| (told, Meaning::Deviation));
        if good.is_some() || unknown.is_some() {
            return good.into_iter().chain(unknown).collect();
        }
        let not_compared = furthest(Trust::NotCompared).map(|(best, _)| upto(best.upto, records));
        not_compared.map(|upto| (format!("signature{upto} not compared"), Meaning::Dim)).into_iter().collect()
    }

    fn verdict_words(&self, records: u64, is_short: bool) -> Option<(String, Meaning)> {
        let gravity = |verdict: &&VerdictSeen| (verdict.verdict as u8, verdict.at);
        let gravest = self.verdicts.iter().max_by_key(gravity)?;
        let more = if self.verdicts.len() > 1 { format!(" +{}", self.verdicts.len() - 1) } else { String::new() };
        let (long, short) = (gravest.verdict.word(), verdict_word(gravest.verdict));
        let upto = upto(gravest.upto, records);
        let told = if is_short {
            let own = if gravest.is_operator { " own" } else { "" };
            let proof = if gravest.signed_by.is_some() { "" } else { " unproven" };
            format!("{short}{own}{proof}{upto}{more}")
        } else {
            format!("{long}{upto}: {}, {}{more}", person_of(&gravest.by), gravest.proof())
        };
        Some((told, gravest.meaning()))
    }

    /// A letter for the signatures and one for the reviews, for a list; blank where there are none.
    pub fn letters(&self) -> [(&'static str, Meaning); 2] {
        let is_there = |trust| self.signatures.iter().any(|signature| signature.trust == trust);
        let signed = match () {
            () if is_there(Trust::Bad) => ("!", Meaning::Alarm),
            () if is_there(Trust::Unknown) => ("?", Meaning::Deviation),
            () if is_there(Trust::Good) => ("S", Meaning::Ok),
            () if is_there(Trust::NotCompared) => ("s", Meaning::Dim),
            () if self.unread.is_some() => ("?", Meaning::Deviation),
            () => (" ", Meaning::Text),
        };
        let gravest = self.verdicts.iter().max_by_key(|given| (given.verdict as u8, given.signed_by.is_none()));
        let reviewed = match gravest.map(|given| (given.verdict, given.meaning())) {
            _ if !self.troubles.is_empty() => ("!", Meaning::Alarm),
            Some((Verdict::Accepted, meaning)) => ("A", meaning),
            Some((Verdict::AcceptedWithRemarks, meaning)) => ("R", meaning),
            Some((Verdict::Rejected, meaning)) => ("X", meaning),
            None if self.remarks.is_empty() => (" ", Meaning::Text),
            None => ("r", Meaning::Note),
        };
        [signed, reviewed]
    }

    /// The remarks on that record.
    pub fn remarks_on(&self, record: u64) -> impl Iterator<Item = &Remark> {
        self.remarks.iter().filter(move |remark| remark.record == Some(record))
    }

    /// All of it in full: what is said of the record first at which one stands.
    pub fn lines(&self, record: u64, cells: usize, look: &Look) -> Vec<Strip> {
        let mut lines = Vec::new();
        let mut part = |title: String, told: Vec<(String, Meaning)>| {
            if told.is_empty() {
                return;
            }
            if !lines.is_empty() {
                lines.push(Strip::default());
            }
            lines.extend(wrapped(&title, cells, Meaning::Title));
            for (text, meaning) in told {
                lines.extend(wrapped(&text, cells, meaning));
            }
        };
        let whose = |by: &str, at: Timestamp| format!("{by} {}", look.second_of_day(at));
        let said = |remark: &Remark| format!("{}: {}", whose(&remark.by, remark.at), remark.text);
        let on_this = self.remarks_on(record).map(|remark| (said(remark), Meaning::Note)).collect();
        part(format!("Said of this record, #{record}"), on_this);
        let troubles = self.unread.iter().chain(&self.troubles);
        part("What is wrong".into(), troubles.map(|told| (told.clone(), Meaning::Problem)).collect());
        let verdicts = self.verdicts.iter().map(|given| {
            let text = if given.text.is_empty() { String::new() } else { format!(": {}", given.text) };
            let held = if given.is_held { "" } else { " (of other records than these, or of a damaged review)" };
            let whose = whose(&given.by, given.at);
            let (word, upto, proof) = (given.verdict.word(), given.upto, given.proof());
            let told = format!("{whose} {word} as it stood at #{upto} ({proof}){held}{text}");
            (told, if given.is_held { given.meaning() } else { Meaning::Problem })
        });
        part("Reviewed by".into(), verdicts.collect());
        let signed = self.signatures.iter().map(|signature| (signature.told.clone(), trust_meaning(signature.trust)));
        part("Signatures".into(), signed.collect());
        let on_all = self.remarks.iter().filter(|remark| remark.record.is_none());
        part("Said of the whole run".into(), on_all.map(|remark| (said(remark), Meaning::Note)).collect());
        let others = self.remarks.iter().filter(|remark| remark.record.is_some_and(|on| on != record));
        let others = others.map(|remark| (format!("#{} {}", remark.record.unwrap_or(0), said(remark)), Meaning::Text));
        part("Said of other records".into(), others.collect());
        if lines.is_empty() {
            lines.extend(wrapped("Nobody has signed or reviewed this run.", cells, Meaning::Text));
        }
        lines
    }
}

/// Up to where it reaches, when that is not the end.
fn upto(upto: u64, records: u64) -> String {
    if upto == records { String::new() } else { format!(" up to #{upto}") }
}

const fn verdict_word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Accepted => "accepted",
        Verdict::AcceptedWithRemarks => "remarks",
        Verdict::Rejected => "rejected",
    }
}

const fn verdict_meaning(verdict: Verdict) -> Meaning {
    match verdict {
        Verdict::Accepted => Meaning::Ok,
        Verdict::AcceptedWithRemarks => Meaning::Deviation,
        Verdict::Rejected => Meaning::Alarm,
    }
}

const fn trust_meaning(trust: Trust) -> Meaning {
    match trust {
        Trust::Good => Meaning::Ok,
        Trust::Unknown => Meaning::Deviation,
        Trust::Bad => Meaning::Problem,
        Trust::NotCompared | Trust::NotSigned => Meaning::Dim,
    }
}
