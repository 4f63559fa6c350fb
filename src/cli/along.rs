//! What a journal says of itself that its signatures and reviews must agree with, noted while it is read.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crate::cli::verify::{Judged, Trusted};
use crate::clock::Timestamp;
use crate::engine::{Event, Mode, person_of};
use crate::journal::{Noted, Outline, RunSummary, Signature, Statement};
use crate::runbook::alike::are_one;
use crate::text::clean_line;

/// How much a clock may have been set back between the last record and a signature of it.
const MAX_STEP: Duration = Duration::from_secs(60);

/// The run's name, and when the records were written of which something was noted.
#[derive(Default)]
pub struct Along {
    run: Option<String>,
    /// The time of a practice run goes at another speed than that of whoever signs.
    is_practice: bool,
    at: BTreeMap<u64, Option<Timestamp>>,
    /// Who sat at the run.
    sat: BTreeSet<String>,
}

impl Along {
    /// Before the first record.
    pub fn of(noted: &[Noted]) -> Self {
        Self {
            run: None,
            sat: BTreeSet::new(),
            is_practice: false,
            at: noted.iter().filter_map(|noted| Some((noted.records?, None))).collect(),
        }
    }

    /// What a list of runs knows: the time of the last record only.
    pub fn of_summary(run: &RunSummary) -> Self {
        Self {
            run: Some(clean_line(&run.dir.name()).into()),
            is_practice: run.opening.as_ref().is_some_and(|opening| opening.mode == Mode::Practice),
            at: BTreeMap::from([(run.records, run.last_at)]),
            sat: run.sat.iter().chain(run.opening.iter().map(|opening| &opening.operator)).cloned().collect(),
        }
    }

    /// Takes the next record in.
    pub fn take(&mut self, record: &Outline) {
        match record.record().map(|record| &record.event) {
            Some(Event::RunOpened(opened)) => {
                self.run = Some(clean_line(&opened.run).into());
                self.is_practice = opened.mode == Mode::Practice;
                self.sat.insert(opened.operator.clone());
            }
            Some(Event::SittingOpened { operator, .. }) => _ = self.sat.insert(operator.clone()),
            _ => {}
        }
        if let Some(at) = self.at.get_mut(&record.seq()) {
            *at = Some(record.at());
        }
    }

    /// Whether that is the name of the run, as far as one is known.
    pub fn is_named(&self, run: &str) -> bool {
        self.run.as_ref().is_none_or(|named| *named == clean_line(run))
    }

    /// Whether somebody of that name, or of one that is the same person's, sat at the run.
    pub fn has_sat(&self, by: &str) -> bool {
        self.sat.iter().any(|sat| are_one(person_of(sat), person_of(by)))
    }

    /// A signature must be one of this run, which says more than that its records are others; one that fits must be made after
    /// what it covers.
    pub fn held_against(&self, signature: Signature, mut judged: Judged) -> (Signature, Judged) {
        let statement = signature.read.as_ref().ok().map(|(statement, _)| statement);
        let is_bad = judged.trust == Trusted::Bad;
        let why = statement.and_then(|statement| {
            self.of_another(statement).or_else(|| if is_bad { None } else { self.too_early(statement) })
        });
        if let Some(why) = why {
            (judged.trust, judged.whose, judged.principals, judged.upto) = (Trusted::Bad, None, None, 0);
            judged.told = format!("BAD: {why}");
        }
        (signature, judged)
    }

    fn of_another(&self, statement: &Statement) -> Option<String> {
        let Statement { run, role, by, .. } = statement;
        let named = self.run.as_deref().filter(|_| !self.is_named(run))?;
        Some(format!("it is of the run {run}, the journal that of {named} ({} {by:?})", role.word()))
    }

    fn too_early(&self, statement: &Statement) -> Option<String> {
        let Statement { records, at, .. } = statement;
        let written = self.at.get(records).copied().flatten().filter(|_| !self.is_practice)?;
        let is_early = written.since(*at) > MAX_STEP;
        is_early.then(|| format!("it states {at}, before record {records}, which it covers, was written: {written}"))
    }
}
