//! Which runs and which of their records fit what is asked of `piton journals`.

use serde_json::{Value, json};

use crate::cli::args_of_runs::{JournalsArguments, WayTyped};
use crate::engine::DeviationKind;
use crate::fs::FsError;
use crate::journal::{RunSummary, Standing};
use crate::search::{Hit, Search, Wanted, Way, search};
use crate::text::{clean_line, counted};

/// How many records of a run are told as text, and as JSON.
const MOST_LINES: usize = 5;
const MOST_JSON: usize = 1_000;

/// What is asked of the runs.
pub struct Narrowed<'t> {
    typed: &'t JournalsArguments,
    wanted: Wanted,
}

/// The records of a run that were looked for.
#[derive(Default)]
pub struct Found {
    hits: Vec<Hit>,
    count: usize,
    /// Why not all of them were looked at.
    failed: Option<FsError>,
}

impl<'t> Narrowed<'t> {
    /// What was typed.
    pub fn new(typed: &'t JournalsArguments) -> Self {
        let way = |way: WayTyped| {
            Way(match way {
                WayTyped::Skip => DeviationKind::Skip,
                WayTyped::Override => DeviationKind::Override,
                WayTyped::CutWait => DeviationKind::CutWait,
                WayTyped::Acknowledged => DeviationKind::Acknowledged,
                WayTyped::Deferred => DeviationKind::Deferred,
                WayTyped::Disputed => DeviationKind::Disputed,
                WayTyped::Waived => DeviationKind::Waived,
            })
        };
        let words = Wanted::words(typed.find.as_deref().unwrap_or_default());
        let wanted = words.of_step(typed.step.as_deref()).overruling(typed.deviation.map(|typed| typed.map(way)));
        Self { typed, wanted }
    }

    /// Whether records are looked for.
    pub fn is_searched(&self) -> bool {
        !self.wanted.is_any()
    }

    /// Whether every run fits.
    pub fn is_all(&self) -> bool {
        let JournalsArguments { operator, runbook, since, until, .. } = self.typed;
        self.wanted.is_any() && operator.is_none() && runbook.is_none() && since.is_none() && until.is_none()
    }

    /// Whether a run may fit by what is known without its records.
    pub fn may_be(&self, run: &RunSummary) -> bool {
        let JournalsArguments { operator, runbook, since, until, .. } = self.typed;
        let opening = run.opening.as_ref();
        let is_by = |name: &String| {
            let name = name.to_lowercase();
            let opener = opening.map(|opening| format!("{}@{}", opening.operator, opening.host));
            run.sat.iter().chain(&opener).any(|who| who.to_lowercase().contains(&name))
        };
        let overruled = || run.deviations.total() > 0;
        operator.as_ref().is_none_or(is_by)
            && runbook.as_ref().is_none_or(|name| opening.is_some_and(|opening| opening.runbook == *name))
            && since.is_none_or(|since| opening.is_some_and(|opening| opening.at >= since))
            && until.is_none_or(|until| opening.is_some_and(|opening| opening.at <= until))
            && (self.typed.deviation.is_none() || overruled())
    }

    /// The records of that run that fit; `None`: none does, though some are looked for. `goes_on` is told how many bytes more
    /// were looked at; when it says that it is enough, not all are found.
    pub fn found(&self, run: &RunSummary, goes_on: &dyn Fn(u64) -> bool) -> Option<Found> {
        let mut found = Found::default();
        if !self.is_searched() {
            return Some(found);
        }
        let most = if self.typed.json { MOST_JSON } else { MOST_LINES };
        let mut take = |hit| {
            found.count += 1;
            if found.hits.len() < most {
                found.hits.push(hit);
            }
            true
        };
        let closed = match run.standing {
            Standing::Closed(outcome) => run.last_at.map(|at| (outcome, at)),
            _ => None,
        };
        let wanted = Search { wanted: &self.wanted, records: run.records, closed, goes_on };
        // What cannot be read holds no good record: it is listed as that, by whoever lists all.
        let searched = if run.records > 0 { search(&run.dir.journal_path(), &wanted, &mut take) } else { Ok(()) };
        found.failed = searched.err();
        (found.count > 0 || found.failed.is_some()).then_some(found)
    }
}

impl Found {
    /// As lines below that of the run.
    pub fn lines(&self) -> Vec<String> {
        let told =
            |hit: &Hit| clean_line(&format!("    #{} {} {}: {}", hit.seq, hit.at, hit.by, hit.told)).into_owned();
        let mut lines: Vec<String> = self.hits.iter().map(told).collect();
        if self.count > self.hits.len() {
            lines.push(format!("    … and {}", counted(self.count - self.hits.len(), "more record")));
        }
        lines.extend(
            self.failed.iter().map(|why| clean_line(&format!("    not all was looked at: {why}")).into_owned()),
        );
        lines
    }

    /// As JSON: how many there are, and of very many the first ones.
    pub fn as_json(&self) -> Value {
        let hits = self.hits.iter().map(|hit| json!({"seq": hit.seq, "at": hit.at, "by": hit.by, "told": hit.told}));
        let failed = self.failed.as_ref().map(ToString::to_string);
        json!({ "count": self.count, "records": hits.collect::<Vec<_>>(), "failed": failed })
    }
}
