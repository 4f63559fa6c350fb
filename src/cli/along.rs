//! What a journal says of itself that its signatures and reviews must agree with, noted while it is read.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::cli::verify::{Judged, Trusted};
use crate::clock::Timestamp;
use crate::engine::{Event, Mode};
use crate::journal::{Noted, Outline, RunSummary, Signature, Statement};
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
}

impl Along {
    /// Before the first record.
    pub fn of(noted: &[Noted]) -> Self {
        Self {
            run: None,
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
        }
    }

    /// Takes the next record in.
    pub fn take(&mut self, record: &Outline) {
        if let Some(Event::RunOpened(opened)) = record.record().map(|record| &record.event) {
            self.run = Some(clean_line(&opened.run).into());
            self.is_practice = opened.mode == Mode::Practice;
        }
        if let Some(at) = self.at.get_mut(&record.seq()) {
            *at = Some(record.at());
        }
    }

    /// Whether that is the name of the run, as far as one is known.
    pub fn is_named(&self, run: &str) -> bool {
        self.run.as_ref().is_none_or(|named| *named == clean_line(run))
    }

    /// A signature that fits must be one of this run, and be made after what it covers.
    pub fn held_against(&self, signature: Signature, mut judged: Judged) -> (Signature, Judged) {
        let statement = signature.read.as_ref().ok().filter(|_| judged.trust != Trusted::Bad);
        if let Some(why) = statement.and_then(|(statement, _)| self.against(statement)) {
            (judged.trust, judged.whose, judged.principals, judged.upto) = (Trusted::Bad, None, None, 0);
            judged.told = format!("BAD: {why}");
        }
        (signature, judged)
    }

    fn against(&self, statement: &Statement) -> Option<String> {
        let Statement { run, records, at, .. } = statement;
        if !self.is_named(run) {
            let named = self.run.as_deref().unwrap_or_default();
            return Some(format!("it is of the run {run}, the journal that of {named}"));
        }
        let written = self.at.get(records).copied().flatten().filter(|_| !self.is_practice)?;
        let is_early = written.since(*at) > MAX_STEP;
        is_early.then(|| format!("it states {at}, before record {records}, which it covers, was written: {written}"))
    }
}
