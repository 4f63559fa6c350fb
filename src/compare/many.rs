//! Many runs of one runbook: how they ended, how long their steps took, what was overruled and what failed most.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::clock::Timestamp;
use crate::compare::run::{Deviated, Run};

/// How many sorts of deviations and failures are told.
const MOST: usize = 20;

/// What many runs of one runbook came to. Live runs and practice are never taken together: each has its own.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Statistics {
    /// How many runs.
    pub runs: usize,
    /// When the first of them was opened.
    pub first_at: Timestamp,
    /// And the last.
    pub last_at: Timestamp,
    /// How they ended, or that they are open, with how many did.
    pub outcomes: BTreeMap<String, usize>,
    /// How many there are of each revision.
    pub revisions: BTreeMap<String, usize>,
    /// How many there are of each text, the latest text first: one revision may stand over several.
    pub texts: Vec<Text>,
    /// How long the runbook plans for it, as the latest run knows.
    pub planned_ms: Option<u64>,
    /// From the first to the last record, of those that came to the end of the plan.
    pub lasted: Option<Spread>,
    /// Of that, while somebody sat there.
    pub sat: Option<Spread>,
    /// Each step, for all its items together, in the order of the latest run.
    pub steps: Vec<StepTimes>,
    /// What was overruled, the most frequent first.
    pub deviations: Vec<Often>,
    /// What failed, the most frequent first.
    pub failures: Vec<Often>,
}

/// A text of the runbook.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Text {
    /// The revision that stands in it.
    pub revision: String,
    /// Lower-case hex sha256 of it.
    pub sha256: String,
    /// How many runs are of it.
    pub runs: usize,
    /// When the last of them was opened.
    pub last_at: Timestamp,
}

/// How times are spread, in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Spread {
    /// How many times there are.
    pub count: usize,
    /// The shortest.
    pub least_ms: u64,
    /// A quarter is not longer.
    pub quarter_ms: u64,
    /// A half is not longer.
    pub median_ms: u64,
    /// Three quarters are not longer.
    pub three_quarters_ms: u64,
    /// The longest.
    pub most_ms: u64,
}

/// The times of a step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct StepTimes {
    /// Its name, `phase/step`.
    pub step: String,
    /// Of each time that it came to be done; `None`: it never did.
    pub took: Option<Spread>,
    /// How often it ended otherwise, or not: by how it stands.
    pub others: BTreeMap<String, usize>,
}

/// Something that happened more than once, perhaps.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Often {
    /// In which way: `skip`, `override`, …; `failed`.
    pub way: String,
    /// The step or condition, for all items together.
    pub subject: String,
    /// How often.
    pub times: usize,
    /// In how many runs.
    pub runs: usize,
    /// In which run last.
    pub last_run: String,
    /// The reason there.
    pub last_reason: String,
}

/// Runs that are being counted.
#[derive(Debug, Default)]
pub struct Counting {
    latest: Option<(Timestamp, Option<u64>, Vec<String>)>,
    first_at: Option<Timestamp>,
    runs: usize,
    outcomes: BTreeMap<String, usize>,
    revisions: BTreeMap<String, usize>,
    texts: BTreeMap<(String, String), (usize, Timestamp)>,
    lasted: Vec<u64>,
    sat: Vec<u64>,
    steps: BTreeMap<String, (Vec<u64>, BTreeMap<String, usize>)>,
    deviations: BTreeMap<(String, String), Often>,
    failures: BTreeMap<(String, String), Often>,
    /// When the run was opened that an entry of those two tells last.
    told_at: BTreeMap<(String, String), Timestamp>,
}

impl Counting {
    /// Takes in a run.
    pub fn take(&mut self, run: &Run) {
        self.runs += 1;
        *self.outcomes.entry(run.outcome.clone()).or_default() += 1;
        *self.revisions.entry(run.revision.clone()).or_default() += 1;
        let text = self.texts.entry((run.revision.clone(), run.sha256.clone())).or_insert((0, run.opened_at));
        *text = (text.0 + 1, text.1.max(run.opened_at));
        if run.outcome.starts_with("completed") {
            self.lasted.push(run.lasted_ms);
            self.sat.push(run.sat_ms);
        }
        let (mut order, mut seen) = (Vec::new(), BTreeSet::new());
        for step in &run.steps {
            let name = of_all_items(&step.step);
            if seen.insert(name.clone()) {
                order.push(name.clone());
            }
            let (took, others) = self.steps.entry(name).or_default();
            match step.status.as_str() {
                "done" => took.push(step.took_ms),
                other => *others.entry(other.to_owned()).or_default() += 1,
            }
        }
        self.first_at = Some(self.first_at.map_or(run.opened_at, |first| first.min(run.opened_at)));
        if self.latest.as_ref().is_none_or(|(at, ..)| *at <= run.opened_at) {
            self.latest = Some((run.opened_at, run.planned_ms, order));
        }
        count(&mut self.deviations, &mut self.told_at, run, &run.deviations);
        count(&mut self.failures, &mut self.told_at, run, &run.failures);
    }

    /// What they came to; `None`: there was no run.
    pub fn end(self) -> Option<Statistics> {
        let (last_at, planned_ms, order) = self.latest?;
        let mut steps = self.steps;
        let known: Vec<_> = order.into_iter().filter_map(|name| steps.remove_entry(&name)).collect();
        let times = |(step, (took, others)): (String, (Vec<u64>, _))| StepTimes { step, took: spread(took), others };
        Some(Statistics {
            runs: self.runs,
            first_at: self.first_at.unwrap_or(last_at),
            last_at,
            outcomes: self.outcomes,
            revisions: self.revisions,
            texts: texts(self.texts),
            planned_ms,
            lasted: spread(self.lasted),
            sat: spread(self.sat),
            steps: known.into_iter().chain(steps).map(times).collect(),
            deviations: most(self.deviations),
            failures: most(self.failures),
        })
    }
}

fn texts(all: BTreeMap<(String, String), (usize, Timestamp)>) -> Vec<Text> {
    let text = |((revision, sha256), (runs, last_at))| Text { revision, sha256, runs, last_at };
    let mut all: Vec<Text> = all.into_iter().map(text).collect();
    all.sort_by_key(|text| std::cmp::Reverse(text.last_at));
    all
}

type Counted = BTreeMap<(String, String), Often>;

fn count(all: &mut Counted, told_at: &mut BTreeMap<(String, String), Timestamp>, run: &Run, found: &[Deviated]) {
    let mut here = BTreeSet::new();
    for deviated in found {
        let key = (deviated.way.clone(), of_all_items(&deviated.subject));
        let (way, subject) = key.clone();
        let often = all.entry(key.clone()).or_insert_with(|| Often {
            way,
            subject,
            times: 0,
            runs: 0,
            last_run: String::new(),
            last_reason: String::new(),
        });
        often.times += 1;
        often.runs += usize::from(here.insert(key.clone()));
        let last = told_at.entry(key).or_insert(run.opened_at);
        if *last <= run.opened_at {
            *last = run.opened_at;
            (often.last_run, often.last_reason) = (run.run.clone(), deviated.reason.clone());
        }
    }
}

fn most(all: Counted) -> Vec<Often> {
    let mut all: Vec<Often> = all.into_values().collect();
    all.sort_by_key(|often| std::cmp::Reverse((often.runs, often.times)));
    all.truncate(MOST);
    all
}

/// A step's or condition's name without its item: `standbys[vault-2]/stop` is `standbys/stop`.
fn of_all_items(name: &str) -> String {
    match (name.find('['), name.rfind(']')) {
        (Some(from), Some(to)) if from < to => format!("{}{}", &name[..from], &name[to + 1..]),
        _ => name.to_owned(),
    }
}

/// Quartiles by the nearest rank: each is a time that was really taken.
fn spread(mut times: Vec<u64>) -> Option<Spread> {
    times.sort_unstable();
    let rank = |quarters: usize| times.get((times.len() * quarters).div_ceil(4).saturating_sub(1)).copied();
    Some(Spread {
        count: times.len(),
        least_ms: *times.first()?,
        quarter_ms: rank(1)?,
        median_ms: rank(2)?,
        three_quarters_ms: rank(3)?,
        most_ms: *times.last()?,
    })
}
