//! A run in a few words, from one reading of its journal.

use std::path::Path;

use crate::clock::Timestamp;
use crate::engine::{DeviationKind, Event, Mode, Outcome, Record, SiteSeen, is_left_undone};
use crate::fs;
use crate::journal::line::Outline;
use crate::journal::lock::{Holder, holder_of};
use crate::journal::named::Misnamed;
use crate::journal::remembered::More;
use crate::journal::store::RunDir;
use crate::journal::verify::{Doubt, Integrity, read_along};

/// What a list of runs tells of one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunSummary {
    /// Its folder and, with it, its name.
    pub dir: RunDir,
    /// What its first record says; `None` when there is none that can be read.
    pub opening: Option<Opening>,
    /// Where it stands.
    pub standing: Standing,
    /// Who holds it now.
    pub holder: Option<Holder>,
    /// How often it went another way than its runbook.
    pub deviations: Deviations,
    /// The soak that has not come to its end, as it was last recorded.
    pub soak: Option<SoakSeen>,
    /// How many sittings it had.
    pub sittings: u32,
    /// Who sat there, as `operator@host`, in the order of the first time; of very many the first ones.
    pub sat: Vec<String>,
    /// Who sat there last.
    pub last_sat: Option<String>,
    /// The step that was begun last.
    pub step: Option<String>,
    /// How many good records it has.
    pub records: u64,
    /// The time of the last of them.
    pub last_at: Option<Timestamp>,
    /// The hash of the last of them.
    pub head: String,
    /// That the last of them may be what was changed: of it nothing is told but time and hash.
    pub doubt: Option<Doubt>,
}

impl RunSummary {
    /// Whether it can be gone on with.
    pub fn is_open(&self) -> bool {
        matches!(self.standing, Standing::Open | Standing::Torn)
    }

    /// That its journal is another run's.
    pub fn misnamed(&self) -> Option<Misnamed> {
        self.dir.misnamed_as(&self.opening.as_ref()?.run)
    }
}

/// The head of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opening {
    /// When it was opened.
    pub at: Timestamp,
    /// The run's name, as the journal says it.
    pub run: String,
    /// The runbook's name.
    pub runbook: String,
    /// Its title.
    pub title: String,
    /// Its revision.
    pub revision: String,
    /// Live or practice.
    pub mode: Mode,
    /// The place.
    pub site: Option<SiteSeen>,
    /// Who opened it.
    pub operator: String,
    /// On which host.
    pub host: String,
    /// The sha256 of the runbook's text, in lower-case hex.
    pub sha256: String,
    /// The scenario of a practice run, when it has one.
    pub scenario: Option<String>,
}

/// Where a run stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Not yet closed.
    Open,
    /// Not yet closed, and a crash cut off the last write; opening it again moves that aside.
    Torn,
    /// Closed.
    Closed(Outcome),
    /// It never came to be: not one whole record.
    NeverOpened,
    /// Damaged at that line.
    Damaged {
        /// The line.
        line: u64,
        /// What is wrong.
        what: String,
    },
    /// It is written in a format of a later piton, which this one cannot judge.
    Newer(u64),
    /// It cannot be read, and why.
    Unreadable(String),
}

/// A soak that has not come to its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SoakSeen {
    /// Its step.
    pub step: String,
    /// Since when it runs.
    pub since: Timestamp,
    /// Up to when it was looked at.
    pub until: Timestamp,
    /// For how long it was sensed to hold until then, in milliseconds.
    pub covered_ms: u64,
    /// How long it must be, in milliseconds.
    pub length_ms: u64,
}

impl SoakSeen {
    /// What that event makes of it.
    fn after(soak: Option<Self>, event: &Event) -> Option<Self> {
        match event {
            Event::SoakSeen { step, since, until, covered_ms, length_ms, .. } => {
                let (step, covered_ms, length_ms) = (step.to_string(), *covered_ms, *length_ms);
                Some(Self { step, since: *since, until: *until, covered_ms, length_ms })
            }
            Event::SoakRestarted { .. } | Event::StepBegan { .. } | Event::RunClosed { .. } => None,
            Event::CheckPassed { step, .. }
            | Event::StepOverridden { step, .. }
            | Event::StepNotApplicable { step, .. } => soak.filter(|soak| soak.step != step.to_string()),
            _ => soak,
        }
    }
}

/// How often a person overruled the runbook.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Deviations {
    /// Steps left out, but for those that were left when the run was given up.
    pub skips: u32,
    /// Steps declared done against the machine.
    pub overrides: u32,
    /// Waits ended early.
    pub cuts: u32,
    /// Guards or gates gone over.
    pub acknowledgements: u32,
    /// Steps put off.
    pub deferrals: u32,
    /// Steps of which a second person saw something else.
    pub disputes: u32,
    /// Steps that nobody verified, without which the run went on.
    pub waivers: u32,
}

impl Deviations {
    /// All together.
    pub fn total(self) -> u32 {
        let of_steps = self.skips + self.overrides + self.deferrals + self.disputes + self.waivers;
        of_steps + self.cuts + self.acknowledgements
    }

    /// `left`: the skips of one moment, which are none of their own when the run is given up at it.
    fn count(&mut self, at: Timestamp, event: &Event, left: &mut (Timestamp, u32)) {
        match event {
            Event::StepSkipped { .. } => {
                self.skips += 1;
                *left = if left.0 == at { (at, left.1 + 1) } else { (at, 1) };
            }
            Event::RunClosed { outcome, .. } if is_left_undone(DeviationKind::Skip, left.0, Some((*outcome, at))) => {
                self.skips -= left.1;
                left.1 = 0;
            }
            Event::StepOverridden { .. } => self.overrides += 1,
            Event::StepDeferred { .. } => self.deferrals += 1,
            Event::StepDisputed { .. } => self.disputes += 1,
            Event::VerificationWaived { .. } => self.waivers += 1,
            Event::WaitCut { .. } => self.cuts += 1,
            Event::GuardAcknowledged { .. } => self.acknowledgements += 1,
            _ => {}
        }
    }
}

/// How many people of a run are told.
const MOST_SAT: usize = 16;

/// Reads the journal of a run once.
pub(super) fn summarize(dir: RunDir) -> RunSummary {
    summarize_along(dir, &|_| true)
}

/// The same as long as `more`, which is told how many bytes more were read, says that it is to go on; after that nothing it
/// says counts.
pub(super) fn summarize_along(dir: RunDir, more: More<'_>) -> RunSummary {
    let mut summary = RunSummary {
        holder: holder_of(&dir.lock_path()),
        dir,
        opening: None,
        standing: Standing::NeverOpened,
        deviations: Deviations::default(),
        soak: None,
        sittings: 0,
        sat: Vec::new(),
        last_sat: None,
        step: None,
        records: 0,
        last_at: None,
        head: String::new(),
        doubt: None,
    };
    let path = summary.dir.journal_path();
    if let Some(standing) = without_journal(&path) {
        return RunSummary { standing, ..summary };
    }
    let mut telling = Telling::default();
    let verified = read_along(&path, &mut |raw, outline| {
        telling.take(outline);
        more(raw.length + 1)
    });
    let doubt = verified.as_ref().ok().and_then(|found| found.doubt.clone());
    telling.end(doubt.is_some());
    (summary.last_sat, summary.step) = (telling.last_sat, telling.step);
    summary.opening = telling.opening;
    summary.deviations = telling.deviations;
    summary.soak = telling.soak;
    (summary.sittings, summary.sat) = (telling.sittings, telling.sat);
    summary.doubt = doubt;
    match verified {
        Err(error) => summary.standing = Standing::Unreadable(error.to_string()),
        Ok(found) => {
            summary.records = found.records;
            summary.last_at = found.chain.last_at();
            summary.standing = standing(found.integrity, found.chain.closed());
            summary.head = found.head;
        }
    }
    summary
}

/// What is told of records, one after the other; the last one only when it is known to be what was written.
#[derive(Default)]
struct Telling {
    last: Option<Box<Record>>,
    opening: Option<Opening>,
    deviations: Deviations,
    soak: Option<SoakSeen>,
    sittings: u32,
    sat: Vec<String>,
    last_sat: Option<String>,
    step: Option<String>,
    left: (Timestamp, u32),
}

impl Telling {
    /// Takes the next record in. A condition that changed, or a remark, changes nothing here.
    fn take(&mut self, outline: Outline) {
        self.tell();
        if let Outline::Whole(record) = outline {
            self.last = Some(record);
        }
    }

    fn tell(&mut self) {
        let Some(record) = self.last.take() else { return };
        self.deviations.count(record.at, &record.event, &mut self.left);
        if let Event::SittingOpened { operator, host, .. } = &record.event {
            self.sittings += 1;
            let who = format!("{operator}@{host}");
            sit_down(&mut self.sat, who.clone());
            self.last_sat = Some(who);
        }
        if let Event::StepBegan { step, .. } = &record.event {
            self.step = Some(step.to_string());
        }
        self.soak = SoakSeen::after(self.soak.take(), &record.event);
        if let Some(found) = opening_of(*record) {
            self.opening = Some(found);
        }
    }

    /// Nothing follows, or something that does not vouch for the last one. Without the first nothing could be told at all.
    fn end(&mut self, is_doubtful: bool) {
        if !is_doubtful || self.opening.is_none() {
            self.tell();
        }
    }
}

/// Where a run stands that has no journal which could be read; `None` when it has one.
fn without_journal(path: &Path) -> Option<Standing> {
    match fs::look(path) {
        Ok(Some(metadata)) if metadata.is_file() => None,
        Ok(None) => Some(Standing::NeverOpened),
        Ok(Some(_)) => Some(Standing::Unreadable(format!("{} is not a plain file", path.display()))),
        Err(error) => Some(Standing::Unreadable(error.to_string())),
    }
}

/// Notes who sat there, once.
fn sit_down(sat: &mut Vec<String>, who: String) {
    if sat.len() < MOST_SAT && !sat.contains(&who) {
        sat.push(who);
    }
}

/// By what runs are sorted: the latest first.
pub(super) fn place(summary: &RunSummary) -> impl Ord + use<> {
    let opened_at = summary.opening.as_ref().map(|opening| opening.at);
    std::cmp::Reverse((opened_at, summary.dir.id()))
}

fn standing(integrity: Integrity, closed: Option<Outcome>) -> Standing {
    match (integrity, closed) {
        (Integrity::Whole, Some(outcome)) => Standing::Closed(outcome),
        (Integrity::Whole, None) => Standing::Open,
        (Integrity::TornTail { .. }, _) => Standing::Torn,
        (Integrity::NeverOpened, _) => Standing::NeverOpened,
        (Integrity::Damaged { line, what }, _) => Standing::Damaged { line, what },
        (Integrity::NewerFormat { found }, _) => Standing::Newer(found),
    }
}

fn opening_of(record: Record) -> Option<Opening> {
    let Event::RunOpened(head) = record.event else { return None };
    Some(Opening {
        at: record.at,
        run: head.run,
        runbook: head.runbook.as_str().to_owned(),
        title: head.title,
        revision: head.revision,
        mode: head.mode,
        site: head.site,
        operator: head.operator,
        host: head.host,
        sha256: head.sha256,
        scenario: head.practice.and_then(|practice| practice.scenario),
    })
}
